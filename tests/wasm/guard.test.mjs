// The guard of background.js with a core that fails in every way a core can: whatever it does, the socket is stopped.

import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { details, installBrowser, startBackground, until } from "./browser_double.mjs";

const CANCEL = { cancel: true };
/** The events that hold a socket up, and what each is given beside its usual details. */
const GATES = { onBeforeRequest: [], onBeforeSendHeaders: ["requestHeaders"], onHeadersReceived: ["responseHeaders"] };

// A core of ours that does what `core` says, the one that was set when its background was started.
const CORE = `
  export const initSync = () => core.load();
  export const __wbg_reset_state = () => core.load();
  export const Background = { start: (...values) => core.start(...values) };
`;
// The smallest module there is: its magic number and its version.
const EMPTY_WASM = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

// More than there are steps from the page's end to the answer, and all of them within one turn of the event loop.
const MICROTASKS = 50;

/** Starts background.js with this core; what the core does not say works and lets everything go. `loads` counts its instances. */
async function background(core, prepare = () => {}) {
  const double = installBrowser();
  prepare(double);
  let reads = 0;
  double.readWasm = async () => { reads += 1; await core.read?.(reads); return EMPTY_WASM; };
  const instance = {
    beforeRequest: async () => ({}),
    beforeSendHeaders: async () => ({}),
    headersReceived: async () => ({}),
    guardStopped: async (...call) => { core.stopped?.push(call); return CANCEL; },
    message: async () => ({ type: "done" }),
  };
  double.loads = 0;
  globalThis.core = {
    load: () => { double.loads += 1; },
    start: async (onPanic, probeListeners) =>
      core.start?.(onPanic, instance, double.loads, probeListeners) ?? { ...instance, ...core },
  };
  await startBackground(CORE);
  return double;
}

beforeEach(() => mock.timers.reset());

test("the listeners are registered at top level, before anything is awaited, for sockets of every kind", async () => {
  const { listeners } = await background({ read: () => new Promise(() => {}) });
  for (const [event, headers] of Object.entries(GATES)) {
    const [filter, extra] = listeners[event].rest;
    assert.deepEqual(filter, { urls: ["ws://*/*", "wss://*/*"], types: ["websocket"] });
    assert.deepEqual(extra, ["blocking", ...headers]);
  }
  const events = [...Object.keys(GATES), "onMessage", "onAlarm", "onAdded", "onRemoved", "windows.onRemoved", "onInstalled", "onUpdateAvailable"];
  assert.deepEqual(Object.keys(listeners), events);
});

test("a script that ends half-way, for want of an API, judges all the same", async () => {
  for (const missing of ["alarms", "permissions"]) {
    const rejects = async () => { throw new Error("rejected"); };
    const core = { headersReceived: async () => CANCEL, beforeRequest: rejects, beforeSendHeaders: rejects };
    let double;
    const withoutIt = background(core, (installed) => { double = installed; delete browser[missing]; });
    await assert.rejects(withoutIt, TypeError, missing);
    for (const event of Object.keys(GATES)) {
      assert.deepEqual(await double.ask(event, details()), CANCEL, `${missing}, ${event}`);
    }
  }
});

test("a script that ends right behind its listeners judges all the same", async () => {
  const rejects = async () => { throw new Error("rejected"); };
  const core = { beforeRequest: rejects, beforeSendHeaders: rejects, headersReceived: async () => CANCEL };
  let double;
  const prepare = (installed) => { double = installed; globalThis.addEventListener = () => { throw new TypeError("no events"); }; };
  await assert.rejects(background(core, prepare), /no events/);
  for (const event of Object.keys(GATES)) {
    assert.deepEqual(await double.ask(event, details()), CANCEL, event);
    assert.deepEqual(await double.ask(event), CANCEL, `${event}, no event at all`);
  }
});

test("control: a core that lets go is obeyed", async () => {
  const double = await background({});
  for (const event of Object.keys(GATES)) assert.deepEqual(await double.ask(event, details()), {}, event);
});

test("control: what can be answered at once is answered at once, and what cannot is waited for", async () => {
  let answer;
  const later = new Promise((resolve) => { answer = resolve; });
  const double = await background({ beforeRequest: () => ({}), beforeSendHeaders: () => CANCEL, headersReceived: () => later });
  assert.deepEqual(await double.ask("onBeforeRequest", details()), {}, "while the core is loading");
  const given = (event) => double.listeners[event].listener(details());
  assert.deepEqual([given("onBeforeRequest"), given("onBeforeSendHeaders")], [{}, CANCEL]);
  const promised = given("onHeadersReceived");
  assert.ok(promised instanceof Promise);
  answer({});
  assert.deepEqual(await promised, {});
});

const failures = {
  "rejects": async () => { throw new Error("rejected"); },
  "throws": () => { throw new TypeError("thrown"); },
  "throws nothing at all": () => { throw undefined; },
  "answers with nothing": async () => undefined,
  "answers with null": async () => null,
  "answers with true": async () => true,
  "answers at once with nothing": () => undefined,
  "answers at once with null": () => null,
  "answers at once with true": () => true,
  "traps": () => { throw new WebAssembly.RuntimeError("unreachable"); },
};
for (const [name, fail] of Object.entries(failures)) {
  test(`a core that ${name} stops the socket, and the log is told`, async () => {
    const stopped = [];
    const double = await background({ beforeRequest: fail, beforeSendHeaders: fail, headersReceived: fail, stopped });
    for (const event of Object.keys(GATES)) {
      assert.deepEqual(await double.ask(event, details()), CANCEL);
    }
    await until(() => stopped.length === 3, "all were written down");
    assert.deepEqual(stopped.map(([, reason]) => reason), Array(3).fill("internal-error"));
    // By now the core has started, and fails within the listener itself.
    for (const event of Object.keys(GATES)) {
      assert.deepEqual(await double.ask(event, details()), CANCEL);
    }
    await until(() => stopped.length === 6, "all were written down once more");
  });
}

test("a core that never answers is not waited for", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const stopped = [];
  const double = await background({ headersReceived: () => new Promise(() => {}), stopped });
  const answer = double.ask("onHeadersReceived", details());
  await until(() => double.loads === 1, "loaded");
  let settled = false;
  answer.then(() => { settled = true; });
  mock.timers.tick(9_999);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(settled, false, "it is held, not let go, until then");
  mock.timers.tick(1);
  assert.deepEqual(await answer, CANCEL);
  await until(() => stopped.length === 1, "it was written down");
  assert.equal(stopped[0][1], "deadline");
});

test("a panic is known at once, everybody waiting is told, and a new instance does the next", async () => {
  let panic;
  const stopped = [];
  const double = await background({
    stopped,
    start: (onPanic, instance, life) => {
      if (life > 1) return instance;
      panic = onPanic;
      return { ...instance, headersReceived: () => new Promise(() => {}) };
    },
  });
  const waiting = [1, 2, 3].map(() => double.ask("onHeadersReceived", details()));
  await until(() => panic, "started");
  panic("index out of bounds");
  assert.deepEqual(await Promise.all(waiting), [CANCEL, CANCEL, CANCEL]);
  await until(() => stopped.length === 3, "all were written down, by the second instance");
  assert.equal(double.loads, 2);
  assert.deepEqual(await double.ask("onHeadersReceived", details()), {}, "control: the second instance works");
});

test("the listeners of a core's probes end with it", async () => {
  let panic;
  const double = await background({
    start: (onPanic, instance, life, probeListeners) => {
      if (life > 1) return instance;
      panic = onPanic;
      for (const event of ["onBeforeRequest", "onAuthRequired"]) probeListeners.add(event, () => {}, { urls: ["https://*/*"] });
      return instance;
    },
  });
  assert.deepEqual(await double.ask("onBeforeRequest", details()), {});
  assert.deepEqual(double.later.map(({ name }) => name), ["onBeforeRequest", "onAuthRequired"]);
  assert.deepEqual(double.later[0].rest, [{ urls: ["https://*/*"] }, ["blocking"]]);
  panic("index out of bounds");
  assert.deepEqual(double.later, []);
});

test("what an event that holds nothing up does to the core stops no socket, and a trap in it ends the core", async () => {
  const tells = [];
  const double = await background({
    start: (_, instance, life) => ({
      ...instance,
      headersReceived: async () => CANCEL,
      sendHeaders: () => { tells.push(life); throw life > 1 ? new Error("no") : new WebAssembly.RuntimeError("unreachable"); },
    }),
  });
  assert.deepEqual(await double.ask("onHeadersReceived", details()), CANCEL);
  for (const lives of [1, 2, 2]) {
    double.observers.onSendHeaders(details());
    await until(() => tells.at(-1) === lives, "told");
    assert.deepEqual(await double.ask("onBeforeRequest", details()), {}, "the next socket");
    assert.equal(double.loads, 2);
    tells.length = 0;
  }
});

test("the core is told of the requests that it has answered, and of the others their end alone", async () => {
  const told = [];
  const double = await background({
    beforeRequest: async ({ requestId }) => (requestId === "stopped" ? CANCEL : {}),
    beforeSendHeaders: async ({ requestId }) => (requestId === "locked" ? { requestHeaders: [] } : {}),
    headersReceived: async () => { throw new Error("no"); },
    ...Object.fromEntries(["sendHeaders", "responseStarted", "ended"].map((method) =>
      [method, ({ requestId }) => { told.push(`${method} ${requestId}`); }])),
  });
  const tell = (requestId) => {
    for (const event of ["onSendHeaders", "onResponseStarted", "onErrorOccurred"]) double.observers[event](details({ requestId }));
  };
  for (const [event, requestId] of [
    ["onBeforeRequest", "stopped"], ["onBeforeSendHeaders", "locked"], ["onBeforeRequest", "free"], ["onHeadersReceived", "failed"],
  ]) {
    await double.ask(event, details({ requestId }));
    tell(requestId);
  }
  const all = (requestId) => ["sendHeaders", "responseStarted", "ended"].map((method) => `${method} ${requestId}`);
  await until(() => told.length >= 10, "told");
  assert.deepEqual(told, [...all("stopped"), ...all("locked"), "ended free", ...all("failed")]);
});

test("an answer that comes after the guard has given up is marked as one", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  let asked;
  const double = await background({ headersReceived: (details) => { asked = details; return new Promise(() => {}); } });
  const answer = double.ask("onHeadersReceived", details());
  await until(() => asked, "asked");
  assert.equal(asked.gaveUp, undefined, "control: not before");
  mock.timers.tick(10_000);
  assert.deepEqual(await answer, CANCEL);
  assert.equal(asked.gaveUp, true);
});

test("a trap that no promise sees is known from the page's error event", async () => {
  const double = await background({
    start: (_, instance, life) => (life > 1 ? instance : { ...instance, headersReceived: () => new Promise(() => {}) }),
  });
  const waiting = double.ask("onHeadersReceived", details());
  await until(() => double.loads === 1, "loaded");
  await new Promise((resolve) => setImmediate(resolve));
  double.pageListeners.error({ error: new WebAssembly.RuntimeError("memory access out of bounds") });
  assert.deepEqual(await waiting, CANCEL);
});

test("what is held when the page ends is stopped at that moment, and so is what comes after", async () => {
  const [stopped, asked] = [[], []];
  const never = (details) => { asked.push(details); return new Promise(() => {}); };
  const double = await background({ beforeRequest: never, headersReceived: never, stopped });
  const held = ["onBeforeRequest", "onHeadersReceived"].map((event) => double.ask(event, details()));
  await until(() => asked.length === 2, "the core has been asked");
  double.pageListeners.pagehide();
  // No timer, no turn of the event loop: what is answered later is not heard.
  let answers;
  Promise.all(held).then((all) => { answers = all; });
  for (let turn = 0; turn < MICROTASKS; turn += 1) await null;
  assert.deepEqual(answers, [CANCEL, CANCEL]);
  assert.deepEqual(await double.ask("onBeforeRequest", details()), CANCEL);
  assert.deepEqual([asked.length, stopped.length, double.loads], [2, 0, 1]);
});

test("what is held when the page ends is stopped though the browser's API has ended before it", async () => {
  let asked;
  const double = await background({
    start: (_, instance, life, probeListeners) => {
      probeListeners.add("onBeforeRequest", () => {}, { urls: ["https://*/*"] });
      return { ...instance, headersReceived: (details) => { asked = details; return new Promise(() => {}); } };
    },
  });
  const held = double.ask("onHeadersReceived", details());
  await until(() => asked, "the core has been asked, with a probe under way");
  let tried = 0;
  browser.webRequest.onBeforeRequest.removeListener = () => { tried += 1; throw new Error("can't access dead object"); };
  try { double.pageListeners.pagehide(); } catch { /* Nobody hears it. */ }
  let answer;
  held.then((given) => { answer = given; });
  for (let turn = 0; turn < MICROTASKS; turn += 1) await null;
  assert.deepEqual([answer, tried], [CANCEL, 1]);
});

test("a core that cannot be loaded stops every socket, says so on the badge, and is tried again", async () => {
  const double = await background({ read: (count) => { if (count < 4) throw new Error("not found"); } });
  assert.deepEqual(await double.ask("onBeforeRequest", details()), CANCEL);
  await until(() => double.badge.all === "!", "the badge");
  assert.match(double.title, /WebSockets are stopped: not found/);
  const failed = await double.listeners.onMessage.listener({ type: "status" });
  assert.deepEqual(failed, { type: "failed", problem: { "core-failed": { detail: "not found" } } });
  assert.deepEqual(await double.ask("onBeforeRequest", details()), {}, "control: once it loads, it is obeyed");
});

test("a core whose loading never ends is dropped, so that the next socket may find another", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  let late;
  const double = await background({ read: (count) => (count === 1 ? new Promise((resolve) => { late = resolve; }) : undefined) });
  const answer = double.ask("onBeforeRequest", details());
  mock.timers.tick(10_000);
  assert.deepEqual(await answer, CANCEL);
  assert.deepEqual(await double.ask("onBeforeRequest", details()), {});
  assert.equal(double.loads, 1);
  const compiled = mock.method(WebAssembly, "compile");
  late();
  await until(() => compiled.mock.callCount() > 0, "it goes on");
  await compiled.mock.calls[0].result;
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(double.loads, 1, "one that comes late does not take its place");
});
