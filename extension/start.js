// Loads the core and hands the page to it. A page whose core cannot start says so, and what that means.
//
// It stands before all else that a page loads: what takes longest is begun first.

const { page, ahead } = document.currentScript.dataset;

// The markup, with its texts in words. Elements within a text are its arguments, in their order.
const translated = new Promise((resolve) => addEventListener("DOMContentLoaded", resolve)).then(() => {
  const say = (id, values) => browser.i18n.getMessage(id, values) || id;
  document.documentElement.lang = say("language");
  document.documentElement.dir = say("direction");
  const translate = (root) => {
    for (const template of root.querySelectorAll("template")) translate(template.content);
    for (const element of root.querySelectorAll("[data-i18n]")) {
      const values = [...element.children];
      // No message has this character.
      const words = say(element.dataset.i18n, values.map((_, place) => `\u0001${place}\u0001`)).split("\u0001");
      element.replaceChildren(...words.map((part, place) => (place % 2 ? values[part] : part)));
    }
    for (const attribute of ["aria-label", "title", "placeholder", "alt"]) {
      for (const element of root.querySelectorAll(`[data-i18n-${attribute}]`)) {
        element.setAttribute(attribute, say(element.getAttribute(`data-i18n-${attribute}`)));
      }
    }
  };
  translate(document);
});

// The style sheets as well.
const loaded = new Promise((resolve) => addEventListener("load", resolve));

const fail = (error) => {
  // What puts the markup into words may be what has failed.
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
  const [core, module] = await Promise.all([...parts, translated, loaded]);
  await core.default({ module_or_path: module });
  await core[page](take);
};

start().catch((error) => loaded.then(() => fail(error)));
