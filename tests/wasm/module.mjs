// The generated module as any Node program would load it, and the fixtures that it is held against.

import { readFile } from "node:fs/promises";

import { initSync, inspect, judge } from "../../extension/pkg/sockpin.js";

initSync({ module: await readFile(new URL("../../extension/pkg/sockpin_bg.wasm", import.meta.url)) });

export { inspect, judge };
export const data = (name) => readFile(new URL(`../data/${name}`, import.meta.url));
