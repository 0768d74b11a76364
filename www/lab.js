// Loads the core and hands the page to it. The text of the page stands without it.

// The languages of pkg/_locales; the first is for everyone else.
const CATALOGUES = ["en", "de"];

const fail = (error) => {
  // A panic has put its own words there.
  document.getElementById("failure-detail").textContent ||= String(error);
  document.getElementById("failure").hidden = false;
};

// A panic in Rust arrives here: the instance is dead from then on.
addEventListener("error", (event) => {
  if (event.error instanceof WebAssembly.RuntimeError) fail(event.error);
});

try {
  const core = await import("./pkg/lab.js");
  await core.default();
  const languages = [...navigator.languages];
  const language = languages.map((tag) => tag.split("-")[0]).find((tag) => CATALOGUES.includes(tag)) ?? CATALOGUES[0];
  const catalogue = await fetch(`pkg/_locales/${language}/messages.json`);
  await core.labPage(await catalogue.text(), languages);
} catch (error) {
  fail(error);
}
