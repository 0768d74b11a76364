// The generated module as any Node program would load it, and the fixtures that it is held against.

import { readFile } from "node:fs/promises";

import { initSync, inspect, judge } from "../../www/pkg/lab.js";

initSync({ module: await readFile(new URL("../../www/pkg/lab_bg.wasm", import.meta.url)) });

export { inspect, judge };
export const data = (name) => readFile(new URL(`../data/${name}`, import.meta.url));
