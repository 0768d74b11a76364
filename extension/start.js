// Loads the core and hands the page to it. A page whose core cannot start says so, and what that means.

const fail = (error) => {
  // Whatever else puts texts into words may be what has failed.
  document.documentElement.lang = browser.i18n.getMessage("language");
  document.documentElement.dir = browser.i18n.getMessage("direction");
  for (const part of document.querySelectorAll("#failure [data-i18n]")) part.textContent = browser.i18n.getMessage(part.dataset.i18n);
  // A panic has put its own words there.
  document.getElementById("failure-detail").textContent ||= String(error);
  document.getElementById("failure").hidden = false;
};

// A panic in Rust arrives here: the instance is dead from then on.
addEventListener("error", (event) => {
  if (event.error instanceof WebAssembly.RuntimeError) fail(event.error);
});

// Both parts of the core at once: the module is compiled while its JavaScript is read.
const parts = [import("./pkg/pages.js"), WebAssembly.compileStreaming(fetch("pkg/pages_bg.wasm"))];

export async function start(page) {
  try {
    const [core, module] = await Promise.all(parts);
    await core.default({ module_or_path: module });
    await core[page]();
  } catch (error) {
    fail(error);
  }
}
