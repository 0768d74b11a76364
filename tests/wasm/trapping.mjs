// A copy of the shipped module in which one exported function traps: the fault is in the copy, not in what ships.

import { readFile } from "node:fs/promises";

const UNREACHABLE = 0x00, NOP = 0x01, END = 0x0b;
const SECTION = { import: 2, export: 7, code: 10 };

/** The module's bytes with `unreachable` for the body of the export (WebAssembly core specification, section 5). */
export async function withTrapIn(name) {
  const bytes = new Uint8Array(await readFile(new URL("../../extension/pkg/background_bg.wasm", import.meta.url)));
  let at = 0;
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  const sections = {};
  for (at = 8; at < bytes.length;) {
    const id = bytes[at++];
    const size = number();
    sections[id] ??= at;
    at += size;
  }

  const module = await WebAssembly.compile(bytes);
  const imported = WebAssembly.Module.imports(module).filter(({ kind }) => kind === "function").length;
  at = sections[SECTION.export];
  let index;
  for (let left = number(); left > 0; left--) {
    const length = number();
    const exported = new TextDecoder().decode(bytes.subarray(at, at + length));
    at += length;
    const kind = bytes[at++];
    const value = number();
    if (kind === 0 && exported === name) index = value - imported;
  }
  if (index === undefined) throw new Error(`the module exports no function ${name}`);

  at = sections[SECTION.code];
  number();
  for (let body = 0; ; body++) {
    const size = number();
    if (body === index) {
      // No locals, then the trap, filled up to the size that stands before it.
      bytes.fill(NOP, at, at + size);
      bytes.set([0, UNREACHABLE], at);
      bytes[at + size - 1] = END;
      return bytes;
    }
    at += size;
  }
}
