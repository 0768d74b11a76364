// The shipped background.js with the shipped core, and a browser that answers wrongly: a ruled host's socket is stopped.
// (IndexedDB does not exist under Node, so every write of the log fails here as well.)

import assert from "node:assert/strict";
import { test } from "node:test";

import { codeOf, details, installBrowser, startBackground, until } from "./browser_double.mjs";
import { data, inspect } from "./module.mjs";
import { withTrapIn } from "./trapping.mjs";

const CANCEL = { cancel: true };
const leaf = [...(await data("rsa.der"))];
const PIN = inspect(new Uint8Array(leaf))[0].sha256;
const OTHER = "C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=";

const record = (pin, fields) => ({
  version: 1,
  rules: [{ id: "r", host: "chat.example.com", mode: "block", pins: [{ sha256: pin }], ...fields }],
  settings: {},
});
const secure = { state: "secure", certificates: [{ rawDER: leaf, isBuiltInRoot: true }] };
const unpinned = () => details({ url: "wss://other.example.com/" });

/** background.js, started anew, with this policy stored. */
async function background(policy, prepare = () => {}) {
  const double = installBrowser();
  if (policy !== undefined) double.stored.policy = policy;
  prepare(double);
  await startBackground();
  return double;
}

test("control: the right key is let go, the wrong one stopped, and the button says so", async () => {
  for (const [pin, expected, badge, title] of [[PIN, {}, "✓", "match their pins: 2"], [OTHER, CANCEL, "2", "blocked sockets of this tab: 2"]]) {
    const double = await background(record(pin));
    double.securityInfo = async (id, options) => {
      assert.deepEqual([id, options], [id, { certificateChain: true, rawDER: true }]);
      return secure;
    };
    assert.deepEqual(await double.ask("onBeforeRequest", details()), {});
    assert.deepEqual(await double.ask("onHeadersReceived", details()), expected);
    assert.deepEqual(await double.ask("onHeadersReceived", details({ requestId: "2" })), expected);
    // Asked once more, as where another extension has undone the stop: it stands, and counts once.
    assert.deepEqual(await double.ask("onHeadersReceived", details({ requestId: "2" })), expected);
    await until(() => double.badge[7] === badge && double.titles[7]?.includes(title), title);
  }
});

test("an unpinned socket is let through whatever becomes of the question for its chain, which is asked once", async () => {
  const answers = {
    "the chain": async () => secure,
    "none, ever": () => new Promise(() => {}),
    "a rejection": async () => { throw new Error("no"); },
    "an exception": () => { throw new Error("no"); },
    "rubbish": async () => ({ certificates: [1, "two", null] }),
  };
  for (const [index, [name, answer]] of Object.entries(answers).entries()) {
    // Cores that came before still note what they have seen.
    const host = `${index}.example.com`;
    const socket = (fields) => details({ url: `wss://${host}/`, ...fields });
    const double = await background(record(OTHER));
    // And for the server's own certificate, which is all that Firefox shows under an exception: later would be too late.
    let asked = 0;
    let askedForLeaf = 0;
    double.securityInfo = (...values) => {
      if (values[1].certificateChain) asked += 1;
      else askedForLeaf += 1;
      return answer(...values);
    };
    assert.deepEqual(await double.ask("onBeforeRequest", socket()), {}, name);
    for (const requestId of ["1", "2", "3"]) {
      assert.deepEqual(await double.ask("onHeadersReceived", socket({ requestId })), {}, name);
    }
    assert.deepEqual([asked, askedForLeaf], [1, 1], name);
    await double.ask("onHeadersReceived", socket({ url: "wss://private.example.com/", incognito: true }));
    assert.deepEqual([asked, askedForLeaf], [1, 1], "not about a private window's");
    await double.ask("onBeforeRequest", details({ url: "ws://other.example.com/" }));
    if (name === "none, ever") continue;
    const line = () => double.session.seen?.split("\n").find((line) => line.startsWith(`${host}\t443\t3\t`));
    await until(line, `three were seen: ${name}`);
    const digest = line().split("\t").at(-1).split(" ")[0];
    assert.equal(`chain/${digest}` in double.session, name === "the chain", name);
    assert.ok(!double.session.seen.includes("private.example.com"));
  }
});

test("ws:// to a ruled host is upgraded", async () => {
  const double = await background(record(PIN));
  assert.deepEqual(await double.ask("onBeforeRequest", details({ url: "ws://chat.example.com/" })), { upgradeToSecure: true });
  assert.deepEqual(await double.ask("onHeadersReceived", details({ url: "ws://chat.example.com/" })), CANCEL);
});

const wrongAnswers = {
  "rejecting": async () => { throw new Error("no"); },
  "throwing": () => { throw new Error("no"); },
  "nothing": async () => undefined,
  "null": async () => null,
  "a string": async () => "secure",
  "an empty chain, twice": async () => ({ state: "secure", certificates: [] }),
  "rubbish for certificates": async () => ({ certificates: [1, "two", null] }),
  "a broken connection": async () => ({ ...secure, state: "broken" }),
  "a thousand certificates": async () => ({ state: "secure", certificates: Array(1000).fill(secure.certificates[0]) }),
  "a 5 MB certificate": async () => ({ state: "secure", certificates: [{ rawDER: Array(5_000_000).fill(0x30), isBuiltInRoot: true }] }),
  "getters that throw": async () => ({ get certificates() { throw new Error("no"); } }),
};
for (const [name, securityInfo] of Object.entries(wrongAnswers)) {
  test(`getSecurityInfo answering with ${name} stops the socket`, async () => {
    // The pinned key, and exempt local roots: nothing but the bad answer is in the way.
    const double = await background(record(PIN, { localRoots: "exempt" }));
    double.securityInfo = securityInfo;
    assert.deepEqual(await double.ask("onHeadersReceived", details()), CANCEL);
    double.securityInfo = async () => secure;
    assert.deepEqual(await double.ask("onHeadersReceived", details()), {}, "control: a good answer is taken");
  });
}

test("under a certificate exception the leaf is asked for by itself", async () => {
  for (const [pin, expected] of [[PIN, {}], [OTHER, CANCEL]]) {
    const double = await background(record(pin));
    const exception = { state: "secure", isUntrusted: true, overridableErrorCategory: "trust_error" };
    double.securityInfo = async (id, { certificateChain }) =>
      ({ ...exception, certificates: certificateChain ? [] : secure.certificates });
    assert.deepEqual(await double.ask("onHeadersReceived", details()), expected);
  }
});

const broken = {
  "no JSON of a policy": { rules: 5 },
  "without rules": { version: 1 },
  "a string": "policy",
  "text that is cut off": JSON.stringify(record(OTHER)).slice(0, -1),
  "null": null,
  "with a bad rule": record("AAAA"),
};
for (const [name, policy] of Object.entries(broken)) {
  test(`a stored policy that is ${name} stops every socket and is not touched`, async () => {
    const double = await background(structuredClone(policy));
    double.securityInfo = async () => secure;
    for (const socket of [details(), unpinned()]) {
      assert.deepEqual(await double.ask("onBeforeRequest", socket), CANCEL);
      assert.deepEqual(await double.ask("onHeadersReceived", socket), CANCEL);
    }
    await until(() => double.badge.all === "!", "the badge");
    const send = (message) => double.listeners.onMessage.listener(message);
    const refused = await send({ type: "saveRule", rule: { host: "a.test", mode: "off" } });
    assert.equal(refused.type, "failed");
    assert.deepEqual(double.stored.policy, policy);

    assert.deepEqual(await send({ type: "resetPolicy" }), { type: "done" });
    const [aside] = Object.keys(double.stored).filter((key) => key.startsWith("policy-set-aside-"));
    assert.deepEqual(double.stored[aside], policy, "it is kept aside");
    assert.deepEqual(await double.ask("onBeforeRequest", unpinned()), {});
    await until(() => double.badge.all === "", "the badge is clear again");
  });
}

const newer = {
  "a version": [{ version: 2, rules: [], more: "things" }, "policy-newer"],
  "a version, as text": [JSON.stringify({ version: 2, rules: 5 }), "policy-newer"],
  "a field": [{ ...record(OTHER), more: "things" }, "policy-field-newer"],
  "a field of a rule, as text": [JSON.stringify(record(OTHER, { colour: "red" })), "policy-field-newer"],
  "a setting": [{ ...record(OTHER), settings: { theme: "dark" } }, "policy-field-newer"],
};
for (const [name, [policy, code]] of Object.entries(newer)) {
  test(`a stored policy with ${name} of a newer version stops every socket and cannot be replaced`, async () => {
    const double = await background(structuredClone(policy));
    assert.deepEqual(await double.ask("onBeforeRequest", unpinned()), CANCEL);
    for (const message of [{ type: "resetPolicy" }, { type: "saveRule", rule: { host: "a.test", mode: "off" } }]) {
      const answer = await double.listeners.onMessage.listener(message);
      assert.deepEqual([answer.type, codeOf(answer.problem)], ["failed", code]);
    }
    assert.deepEqual(double.stored, { policy });
  });
}

test("rules that are stored as an object hold, and a change stores them with its own as text", async () => {
  const old = JSON.parse(await data("policy-1.json"));
  const double = await background(structuredClone(old));
  double.securityInfo = async () => secure;
  const pinned = details({ url: "wss://pinned.sockpin.test/" });
  assert.deepEqual(await double.ask("onHeadersReceived", pinned), CANCEL);
  assert.deepEqual(double.stored.policy, old, "reading changes nothing");
  const saved = await double.listeners.onMessage.listener({ type: "saveRule", rule: { host: "a.test", mode: "off" } });
  assert.equal(saved.type, "saved");
  const { version, rules, settings } = JSON.parse(double.stored.policy);
  assert.deepEqual([version, settings, rules.length], [old.version, old.settings, old.rules.length + 1]);
  for (const [index, rule] of old.rules.entries()) assert.deepEqual({ ...rule, ...rules[index] }, rule);
  const { stored, local } = double;
  const woken = await background(undefined, (double) => Object.assign(double, { stored, local }));
  woken.securityInfo = async () => secure;
  assert.deepEqual(await woken.ask("onHeadersReceived", pinned), CANCEL);
  assert.deepEqual(await woken.ask("onBeforeRequest", unpinned()), {});
});

test("all that is stored is asked for before any answer is awaited", async () => {
  const events = [];
  const slow = (name, get) => async (...keys) => {
    events.push(name);
    await new Promise((resolve) => setTimeout(resolve, 5));
    events.push("answer");
    return get(...keys);
  };
  const double = await background(record(OTHER), (double) => {
    double.storageGet = slow("local", double.storageGet);
    double.managed = slow("managed", async () => ({}));
    browser.storage.session.get = slow("session", browser.storage.session.get);
  });
  assert.deepEqual(await double.ask("onBeforeRequest", unpinned()), {});
  const asked = new Set(events.slice(0, events.indexOf("answer")));
  assert.deepEqual([...asked].sort(), ["local", "managed", "session"]);
});

test("stored rules that are gone stop every socket, and are not taken for none", async () => {
  const send = (double, message) => double.listeners.onMessage.listener(message);
  const rule = { host: "chat.example.com", mode: "off" };
  const ways = {
    "read": () => background(record(PIN)),
    "saved": async () => {
      const double = await background();
      assert.equal((await send(double, { type: "saveRule", rule })).type, "saved");
      return double;
    },
  };
  // The instance of a test before may still write down what it has judged: half a second after, and into this browser.
  const kept = ({ stored }) => Object.keys(stored).filter((key) => !["records-1", "last-chains-1"].includes(key));
  for (const [name, stored] of Object.entries(ways)) {
    const before = await stored();
    assert.deepEqual(await before.ask("onBeforeRequest", unpinned()), {}, name);
    const double = await background(undefined, (double) => { double.local = before.local; });
    assert.deepEqual(await double.ask("onBeforeRequest", unpinned()), CANCEL, name);
    assert.deepEqual(await double.ask("onHeadersReceived", unpinned()), CANCEL, name);
    await until(() => double.badge.all === "!", "the badge");
    assert.match(double.title, /rules are gone/);
    assert.equal(codeOf((await send(double, { type: "saveRule", rule })).problem), "policy-lost", name);
    assert.deepEqual(kept(double), [], name);

    assert.deepEqual(await send(double, { type: "resetPolicy" }), { type: "done" });
    assert.deepEqual(await double.ask("onBeforeRequest", unpinned()), {}, name);
    assert.deepEqual(kept(double), ["policy", "history-1"], name);
  }
});

test("a localStorage that fails keeps no rule from being in force", async () => {
  const failing = { getItem() { throw new Error("no"); }, setItem() { throw new Error("no"); } };
  const double = await background(record(OTHER), () => { globalThis.localStorage = failing; });
  double.securityInfo = async () => secure;
  assert.deepEqual(await double.ask("onHeadersReceived", details()), CANCEL);
  assert.deepEqual(await double.ask("onHeadersReceived", unpinned()), {});
});

for (const [name, storageGet] of Object.entries({
  "rejects": async () => { throw new Error("disk"); },
  "throws": () => { throw new Error("disk"); },
  "answers with nothing": async () => undefined,
  "answers with null": async () => null,
  "answers with a number": async () => 5,
})) {
  test(`a storage that ${name} stops every socket until it answers`, async () => {
    const double = await background(record(PIN), (double) => { double.storageGet = storageGet; });
    double.securityInfo = async () => secure;
    for (const socket of [details(), unpinned()]) {
      assert.deepEqual(await double.ask("onBeforeRequest", socket), CANCEL);
      assert.deepEqual(await double.ask("onHeadersReceived", socket), CANCEL);
    }
    await until(() => double.badge.all === "!", "the badge");
    double.storageGet = async (key) => ({ [key]: double.stored[key] });
    assert.deepEqual(await double.ask("onBeforeRequest", unpinned()), {});
    assert.deepEqual(await double.ask("onHeadersReceived", details()), {});
    await until(() => double.badge.all === "", "the badge is clear again");
  });
}

test("a missing or truncated wasm file stops every socket", async () => {
  for (const readWasm of [
    async () => { throw new Error("file not found"); },
    async () => (await data("../../extension/pkg/background_bg.wasm")).subarray(0, 5000),
    async () => Buffer.alloc(0),
  ]) {
    const double = await background(record(PIN), (double) => { double.readWasm = readWasm; });
    assert.deepEqual(await double.ask("onBeforeRequest", unpinned()), CANCEL);
    await until(() => double.badge.all === "!", "the badge");
  }
});

test("a core that traps in mid-request stops that socket, and a new instance judges the next", async () => {
  const wasm = await withTrapIn("background_headersReceived");
  const double = await background(record(PIN), (double) => { double.readWasm = async () => wasm; });
  double.securityInfo = async () => secure;
  for (let time = 1; time <= 3; time++) {
    // The pinned key: nothing but the trap is in the way.
    assert.deepEqual(await double.ask("onHeadersReceived", details()), CANCEL);
    await until(() => double.badge[7] === String(time), "a new instance has counted it");
    assert.deepEqual(await double.ask("onBeforeRequest", details()), {}, "control: what does not trap works");
  }
  assert.notEqual(double.badge.all, "!");
});

test("an event that is none stops the socket", async () => {
  const double = await background(record(PIN));
  for (const event of [undefined, null, {}, { requestId: "1" }, { url: "wss://a.test" }, details({ url: "wss://a..b" })]) {
    assert.deepEqual(await double.ask("onBeforeRequest", event), CANCEL);
  }
});

test("a rule is in force when its saving has been answered, and not when it could not be stored", async () => {
  const double = await background();
  double.securityInfo = async () => secure;
  const send = (message) => double.listeners.onMessage.listener(message);
  const rule = { host: "wss://chat.example.com/x", pins: [{ sha256: `sha256//${OTHER}`, label: "theirs" }] };
  assert.deepEqual(await double.ask("onHeadersReceived", details()), {});

  double.storageSet = async () => { throw new Error("QuotaExceededError"); };
  const failed = await send({ type: "saveRule", rule });
  assert.deepEqual(failed, { type: "failed", problem: { storage: { detail: "QuotaExceededError" } } });
  assert.deepEqual(await double.ask("onHeadersReceived", details()), {});

  double.storageSet = async (items) => { Object.assign(double.stored, structuredClone(items)); };
  const saved = await send({ type: "saveRule", rule });
  assert.equal(saved.type, "saved");
  assert.deepEqual(await double.ask("onHeadersReceived", details()), CANCEL);
  const stored = () => JSON.parse(double.stored.policy);
  assert.deepEqual(Object.keys(stored()), ["version", "rules", "settings"]);
  // What has its default is not stored.
  const { id, host, mode, pins, created, updated } = saved.rule;
  assert.deepEqual(stored().rules, [{ id, host, mode, pins, created, updated }]);
  assert.deepEqual(saved.rule.pins, [{ sha256: OTHER, label: "theirs" }]);

  const refused = await send({ type: "saveRule", rule: { host: "*.com", pins: [{ sha256: "x" }] } });
  assert.deepEqual(refused, { type: "refused", errors: [
    { field: "host", index: null, error: { "host-wildcard-top-level": { base: "com" } } },
    { field: "pins", index: 0, error: { "pin-encoding": { text: "x" } } },
  ] });
  // Two changes at once: each is made on what the other has stored.
  const both = await Promise.all(["a.test", "b.test"].map((host) => send({ type: "saveRule", rule: { host, mode: "off" } })));
  assert.deepEqual(both.map(({ type }) => type), ["saved", "saved"]);
  assert.equal(stored().rules.length, 3);

  assert.deepEqual(await send({ type: "deleteRule", id: saved.rule.id }), { type: "done" });
  assert.deepEqual(await double.ask("onHeadersReceived", details()), {});
});
