// Loads the core and hands the page to it. A page whose core cannot start says so, and what that means.
//
// It stands before all else that a page loads: what takes longest is begun first.

const { page, ahead } = document.currentScript.dataset;

// Markup and style sheets.
const loaded = new Promise((resolve) => addEventListener("load", resolve));

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

// Asks `storage.local` for what the page reads first. The core takes the answer once it hears of changes itself; what has changed
// before, or could not be read, it asks for.
const ask = (key) => {
  const { onChanged } = browser.storage.local;
  let answer = Promise.try(() => browser.storage.local.get(key)).catch(() => {});
  const forget = (changes) => {
    if (key in changes) answer = undefined;
  };
  onChanged.addListener(forget);
  return () => {
    onChanged.removeListener(forget);
    return answer;
  };
};

const start = async () => {
  // Both parts of the core at once: the module is compiled while its JavaScript is read.
  const parts = [import("./pkg/pages.js"), WebAssembly.compileStreaming(fetch("pkg/pages_bg.wasm"))];
  const take = ahead && ask(ahead);
  const [core, module] = await Promise.all([...parts, loaded]);
  await core.default({ module_or_path: module });
  await core[page](take);
};

start().catch((error) => loaded.then(() => fail(error)));
