// Loads the core and hands the page to it. The text of the page stands without it.

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
  await core.labPage();
} catch (error) {
  fail(error);
}
