// The lock at the border: the shipped background.js and core, the headers that they take and give, and what they make of
// the events that tell what Firefox did with an answer.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { codeOf, details, installBrowser, startBackground, until } from "./browser_double.mjs";
import { data, inspect } from "./module.mjs";

const CANCEL = { cancel: true };
const leaf = [...(await data("rsa.der"))];
const PIN = inspect(new Uint8Array(leaf))[0].sha256;
const OTHER = "C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=";
// The example of RFC 6455 section 1.3.
const PAGE_KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const PAGE_ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/** As a server computes it (RFC 6455 section 4.2.2), by another implementation than ours. */
const acceptOf = (key) => createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");

async function background(pin, fields = {}) {
  const double = installBrowser();
  double.stored.policy = {
    version: 1, settings: {},
    rules: [{ id: "r", host: "chat.example.com", pins: [{ sha256: pin }], preflight: "off", ...fields }],
  };
  double.securityInfo = async () => ({ state: "secure", certificates: [{ rawDER: leaf, isBuiltInRoot: true }] });
  await startBackground();
  return double;
}

const requestHeaders = (key = PAGE_KEY) => [
  { name: "Host", value: "chat.example.com" }, { name: "sec-websocket-key", value: key },
  { name: "Cookie", value: "secret" },
];

/** The answer of a server that has been sent this key. */
const answered = (accept, fields) => details({
  statusCode: 101, statusLine: "HTTP/1.1 101 Switching Protocols",
  responseHeaders: [{ name: "Upgrade", value: "websocket" }, { name: "Sec-WebSocket-Accept", value: accept }],
  ...fields,
});

async function sentKey(double, fields) {
  const answer = await double.ask("onBeforeSendHeaders", details({ requestHeaders: requestHeaders(), ...fields }));
  return answer.requestHeaders?.find(({ name }) => name === "Sec-WebSocket-Key")?.value;
}

test("control: our own reckoning is the RFC's", () => assert.equal(acceptOf(PAGE_KEY), PAGE_ACCEPT));

test("the page's key is replaced by a random one, all other headers stay, and only our yes brings the page its answer", async () => {
  const double = await background(PIN);
  const keys = new Set();
  for (const requestId of ["a", "b", "c"]) {
    const event = details({ requestId, requestHeaders: requestHeaders() });
    assert.deepEqual(await double.ask("onBeforeRequest", event), {});
    const { requestHeaders: sent, ...rest } = await double.ask("onBeforeSendHeaders", event);
    assert.deepEqual(rest, {});
    const [host, cookie, { name, value }] = sent;
    assert.deepEqual([host.value, cookie.value, name, sent.length], ["chat.example.com", "secret", "Sec-WebSocket-Key", 3]);
    assert.match(value, /^[A-Za-z0-9+/]{22}==$/);
    keys.add(value);
    const answer = await double.ask("onHeadersReceived", answered(acceptOf(value), { requestId }));
    assert.deepEqual(answer, {
      responseHeaders: [{ name: "Upgrade", value: "websocket" }, { name: "Sec-WebSocket-Accept", value: PAGE_ACCEPT }],
    });
  }
  assert.equal(keys.size, 3, "no key is used twice");
  assert.ok(!keys.has(PAGE_KEY));
});

test("sockets that no rule would stop keep their headers", async () => {
  for (const [fields, event] of [
    [{}, { url: "wss://other.example.com/" }], [{ mode: "flag" }, {}], [{ mode: "off" }, {}], [{ expires: "2020-01-01" }, {}],
  ]) {
    const double = await background(PIN, fields);
    const socket = { requestHeaders: requestHeaders(), ...event };
    assert.deepEqual(await double.ask("onBeforeSendHeaders", details(socket)), {}, JSON.stringify(fields));
    assert.deepEqual(await double.ask("onHeadersReceived", answered(PAGE_ACCEPT, event)), {}, JSON.stringify(fields));
  }
});

test("a request whose headers are odd is stopped", async () => {
  const double = await background(PIN);
  const odd = [undefined, null, "headers", [], [null, 5], [{ name: "Sec-WebSocket-Key" }], [{ name: "Host", value: "x" }]];
  for (const [requestId, requestHeaders] of odd.entries()) {
    const event = details({ requestId: String(requestId), requestHeaders });
    assert.deepEqual(await double.ask("onBeforeSendHeaders", event), CANCEL, JSON.stringify(requestHeaders));
  }
  const withoutRandom = Object.getOwnPropertyDescriptor(globalThis, "crypto");
  Object.defineProperty(globalThis, "crypto", { configurable: true, value: { getRandomValues() { throw new Error("no"); } } });
  try {
    assert.equal(await sentKey(double, { requestId: "random" }), undefined);
  } finally {
    Object.defineProperty(globalThis, "crypto", withoutRandom);
  }
  assert.ok(await sentKey(double, { requestId: "good" }), "control");
});

test("an answer that does not fit the key that was sent is stopped", async () => {
  const double = await background(PIN);
  const lists = {
    "the page's own": () => answered(PAGE_ACCEPT).responseHeaders,
    "another": () => answered("b3RoZXI=").responseHeaders,
    "none": () => [{ name: "Upgrade", value: "websocket" }],
    "no headers": () => undefined,
    "rubbish": () => [null, { name: 5 }],
  };
  for (const [name, responseHeaders] of Object.entries(lists)) {
    await sentKey(double, { requestId: name });
    const event = answered("", { requestId: name, responseHeaders: responseHeaders() });
    assert.deepEqual(await double.ask("onHeadersReceived", event), CANCEL, name);
  }
});

test("cleartext that another extension has kept from being upgraded is not sent", async () => {
  const double = await background(PIN);
  const event = details({ url: "ws://chat.example.com/", requestHeaders: requestHeaders() });
  assert.deepEqual(await double.ask("onBeforeRequest", event), { upgradeToSecure: true });
  assert.deepEqual(await double.ask("onBeforeSendHeaders", event), CANCEL);
  await until(() => double.badge[7] === "1", "one on the badge");
});

const ask = (double, message) => double.listeners.onMessage.listener(message);

test("a stop that has been undone is on the badge and the pages until it is dismissed, also across a sleep", async () => {
  for (const [accept, how] of [[undefined, "held"], [PAGE_ACCEPT, "opened"]]) {
    const double = await background(OTHER);
    const key = await sentKey(double);
    assert.deepEqual(await double.ask("onHeadersReceived", answered(acceptOf(key))), CANCEL);
    assert.equal((await ask(double, { type: "status" })).overruling, null, "control: so far it is honoured");
    double.observers.onResponseStarted(answered(accept ?? acceptOf(key)));
    await until(() => double.session.overruling, "stored");
    assert.deepEqual([double.session.overruling.how, double.session.overruling.host], [how, "chat.example.com"]);
    await until(() => double.badge.all === "!", "the badge");
    assert.match(double.title, /^Another extension/);

    const { session } = double;
    const later = installBrowser();
    Object.assign(later, { session, stored: double.stored });
    await startBackground();
    assert.equal((await ask(later, { type: "status" })).overruling.how, how, "after a sleep");
    await until(() => later.badge.all === "!", "the badge of the new instance");
    assert.deepEqual(await ask(later, { type: "dismissOverruling" }), { type: "done" });
    assert.equal(later.session.overruling, undefined);
    await until(() => later.badge.all === "", "no badge any more");
  }
});

test("over HTTP/2 an answer of 200 opens, over HTTP/1.1 it does not", async () => {
  for (const [statusLine, how] of [["HTTP/2.0 200", "opened"], ["HTTP/1.1 200 OK", null]]) {
    const double = await background(OTHER);
    const event = { statusCode: 200, statusLine, responseHeaders: [] };
    // The browser says nothing of a key over HTTP/2; the request had one all the same.
    await sentKey(double);
    assert.deepEqual(await double.ask("onHeadersReceived", answered("", event)), CANCEL);
    double.observers.onResponseStarted(answered("", event));
    if (how) await until(() => double.session.overruling, "stored");
    assert.equal((await ask(double, { type: "status" })).overruling?.how ?? null, how, statusLine);
  }
});

test("a request that was stopped and is sent all the same is told", async () => {
  const double = await background(OTHER, { preflight: "require" });
  assert.deepEqual(await double.ask("onBeforeRequest", details()), CANCEL);
  double.observers.onSendHeaders(details());
  await until(() => double.session.overruling, "stored");
  assert.equal((await ask(double, { type: "status" })).overruling.how, "sent");
});

const SEAL = "sockpin-lock; closed";
/** Asks for a change of the rules, and gives the answer once the seal follows it. */
async function change(double, message) {
  const answer = await ask(double, message);
  await until(() => double.session.sealed === true || answer.type === "failed", "the seal");
  return answer;
}
const save = (double, rule) => change(double, { type: "saveRule", rule: { pins: [{ sha256: OTHER }], ...rule } });
/** The domains of each part, and of the rule with the marks of the parts none. */
const MARK = /^[0-9a-f]{32}\.sealed\.invalid$/;
const isOfMarks = ({ condition }) => condition.requestDomains.every((domain) => MARK.test(domain));
const parts = (double) => double.declared.filter((rule) => !isOfMarks(rule));
const domains = (double) => parts(double).map(({ condition }) => condition.requestDomains.toSorted());

test("the answers of hosts whose rules block are sealed by a declarative rule, which follows the rules", async () => {
  const double = await background(PIN);
  await until(() => double.declared.length === 2, "sealed at the start");
  assert.deepEqual(parts(double), [{
    id: 1,
    condition: { resourceTypes: ["websocket"], requestDomains: ["chat.example.com", "chat.example.com."] },
    action: {
      type: "modifyHeaders",
      responseHeaders: [{ header: "Sec-WebSocket-Extensions", operation: "append", value: SEAL }],
    },
  }]);
  await until(() => double.session.sealed === true, "and remembered for the session");
  await save(double, { host: "b.test" });
  assert.deepEqual(domains(double), [["b.test", "b.test.", "chat.example.com", "chat.example.com."]]);
  await save(double, { host: "flagged.test", mode: "flag" });
  assert.equal(domains(double)[0].length, 4);
  await change(double, { type: "deleteRule", id: "r" });
  assert.deepEqual(domains(double), [["b.test", "b.test."]]);
  const { rule } = await save(double, { host: "c.test" });
  await save(double, { ...rule, mode: "off" });
  assert.deepEqual(domains(double), [["b.test", "b.test."]]);
  const [{ id }] = JSON.parse(double.stored.policy).rules;
  await change(double, { type: "deleteRule", id });
  assert.deepEqual(double.declared, [], "nor the marks");
});

test("of many hosts Firefox is told some at a time, later only of those that have changed, and none is unsealed meanwhile", async () => {
  const double = installBrowser();
  const host = (number) => `host-${number}.test`;
  const rule = (number) => ({ id: `${number}`, host: host(number), pins: [{ sha256: OTHER }] });
  const many = Array.from({ length: 10_000 }, (_, number) => rule(number));
  const store = (rules) => { double.stored.policy = { version: 1, settings: {}, rules }; };
  const { declare } = double;
  const updates = [];
  const all = () => new Set(parts(double).flatMap(({ condition }) => condition.requestDomains));
  double.declare = async (update) => {
    await declare(update);
    updates.push({ told: update.addRules.filter((rule) => !isOfMarks(rule)).length, marks: double.declared.some(isOfMarks), all: all() });
  };
  const starts = async (rules) => {
    updates.length = 0;
    store(rules);
    double.session = {};
    await startBackground();
    await until(() => double.session.sealed === true, "sealed");
  };

  await starts(many.slice(0, 1));
  assert.deepEqual(updates.map(({ told, marks }) => ({ told, marks })), [{ told: 1, marks: true }]);
  await starts(many);
  assert.deepEqual(updates.map(({ told, marks }) => ({ told, marks })), [{ told: 8, marks: false }, { told: 8, marks: true }]);
  assert.ok(updates.every(({ all }) => all.has(host(0))), "sealed all the time");
  assert.equal(all().size, 20_000);
  const sealed = structuredClone(double.declared);

  await starts(many);
  assert.deepEqual(updates, [], "nothing is written where nothing has changed");
  await save(double, { host: "one-more.test" });
  assert.deepEqual(updates.map(({ told, marks }) => ({ told, marks })), [{ told: 1, marks: true }]);
  assert.ok(all().has("one-more.test") && all().size === 20_002);
  await starts(many);
  assert.deepEqual(double.declared.toSorted((a, b) => a.id - b.id), sealed.toSorted((a, b) => a.id - b.id));

  double.declare = async (update) => { await declare(update); double.declare = async () => { throw new Error("cut off"); }; };
  double.declared = [];
  double.session = {};
  await startBackground();
  await until(() => double.declared.length === 8, "half of it");
  double.declare = declare;
  await starts(many);
  assert.deepEqual(double.declared.toSorted((a, b) => a.id - b.id), sealed.toSorted((a, b) => a.id - b.id));

  double.declare = declare;
  await starts(many.slice(0, 1));
  assert.deepEqual([domains(double), double.declared.length], [[["host-0.test", "host-0.test."]], 2]);
});

test("changes in a row wait for no seal, and the last of them is sealed", async () => {
  const double = await background(PIN);
  await until(() => double.session.sealed === true, "sealed at the start");
  const { declare } = double;
  let go;
  double.declare = (update) => new Promise((resolve) => { go = () => resolve(declare(update)); });
  const saved = (number) => ask(double, { type: "saveRule", rule: { host: `${number}.test`, pins: [{ sha256: OTHER }] } });
  assert.equal((await saved("a")).type, "saved");
  await until(() => go, "the first is being sealed");
  const first = go;
  go = undefined;
  for (const name of ["b", "c"]) assert.equal((await saved(name)).type, "saved");
  first();
  await until(() => go, "what came since is being sealed");
  assert.equal(double.session.sealed, undefined, "the first seal is not all of it");
  double.declare = declare;
  go();
  await until(() => double.session.sealed === true, "all of it");
  assert.deepEqual(domains(double).flat().filter((domain) => !domain.endsWith(".")), ["a.test", "b.test", "c.test", "chat.example.com"]);
});

test("the seal is compared once a session, and after a change that was cut off", async () => {
  for (const [session, expected] of [[{ sealed: true }, 0], [{}, 1]]) {
    const double = installBrowser();
    let read = 0;
    const { getDynamicRules } = browser.declarativeNetRequest;
    browser.declarativeNetRequest.getDynamicRules = (filter) => { read += 1; return getDynamicRules(filter); };
    double.stored.policy = { version: 1, settings: {}, rules: [{ id: "r", host: "chat.example.com", pins: [{ sha256: OTHER }] }] };
    double.session = session;
    await startBackground();
    await ask(double, { type: "status" });
    await until(() => double.session.sealed === true, "remembered");
    assert.equal(read, expected, JSON.stringify(session));
  }
  const double = await background(PIN);
  await until(() => double.session.sealed === true, "sealed");
  double.storageSet = async () => { throw new Error("cut off"); };
  await save(double, { host: "b.test" });
  assert.equal(double.session.sealed, undefined, "the next start compares");
});

test("what is sealed stays so while the rules cannot be read", async () => {
  const double = installBrowser();
  double.declared = [{ id: 1, condition: { requestDomains: ["a.test"] } }];
  double.stored.policy = "{";
  await startBackground();
  assert.equal(codeOf((await ask(double, { type: "status" })).problem), "policy-syntax");
  assert.deepEqual(domains(double), [["a.test"]]);
});

test("a host that Firefox refuses leaves the others sealed, and a seal that cannot be put on is said", async () => {
  const double = await background(PIN, {});
  await until(() => double.session.sealed === true, "sealed");
  const declare = double.declare;
  double.declare = async (update) => {
    if (update.addRules.some(({ condition }) => condition.requestDomains.includes("1.2.3"))) throw new Error("not a canonical domain");
    return declare(update);
  };
  double.stored.policy.rules.push({ id: "odd", host: "1.2.3", pins: [{ sha256: OTHER }] });
  await save(double, { host: "b.test" });
  assert.ok(domains(double)[0].includes("b.test"));
  assert.equal((await ask(double, { type: "status" })).sealProblem, null);

  double.declare = async () => { throw new Error("no"); };
  await ask(double, { type: "saveRule", rule: { host: "d.test", pins: [{ sha256: OTHER }] } });
  let status;
  await until(() => { ask(double, { type: "status" }).then((answer) => { status = answer; }); return status?.sealProblem; }, "it is said");
  assert.equal(codeOf(status.sealProblem), "storage");
  assert.equal(double.session.sealed, undefined);
  double.declare = declare;
  await save(double, { host: "e.test" });
  assert.equal((await ask(double, { type: "status" })).sealProblem, null);
});

test("a sealed answer is unsealed for whoever is let go, and for nobody else", async () => {
  const sealed = (accept, fields) => answered(accept, {
    responseHeaders: [
      { name: "sec-websocket-accept", value: accept }, { name: "sec-websocket-extensions", value: `permessage-deflate, ${SEAL}` },
    ],
    ...fields,
  });
  const right = await background(PIN);
  const key = await sentKey(right);
  assert.deepEqual((await right.ask("onHeadersReceived", sealed(acceptOf(key)))).responseHeaders, [
    { name: "Sec-WebSocket-Extensions", value: "permessage-deflate" }, { name: "Sec-WebSocket-Accept", value: PAGE_ACCEPT },
  ]);
  const below = { url: "wss://below.chat.example.com/", requestId: "2" };
  assert.deepEqual((await right.ask("onHeadersReceived", sealed(PAGE_ACCEPT, below))).responseHeaders, [
    { name: "sec-websocket-accept", value: PAGE_ACCEPT }, { name: "Sec-WebSocket-Extensions", value: "permessage-deflate" },
  ]);
  const wrong = await background(OTHER);
  await sentKey(wrong);
  assert.deepEqual(await wrong.ask("onHeadersReceived", sealed("x")), CANCEL);
});

test("facts that come after the guard has given up are not written down as another verdict", async () => {
  for (const [fields, next, badge] of [[{ mode: "flag" }, {}, "⚑1"], [{}, CANCEL, "1"]]) {
    const double = await background(OTHER, fields);
    let answerNow;
    const { securityInfo } = double;
    double.securityInfo = (...values) => new Promise((resolve) => { answerNow = () => resolve(securityInfo(...values)); });
    const event = details({ statusCode: 101, statusLine: "HTTP/1.1 101 Switching Protocols" });
    const asked = double.ask("onHeadersReceived", event);
    await until(() => answerNow, "asked for the facts");
    event.gaveUp = true;
    answerNow();
    assert.deepEqual(await asked, CANCEL, JSON.stringify(fields));
    // Nor counted: the one after it is the first.
    double.securityInfo = securityInfo;
    assert.deepEqual(await double.ask("onHeadersReceived", details({ requestId: "2" })), next, JSON.stringify(fields));
    await until(() => double.badge[7] === badge, `${badge} on the badge`);
  }
});

test("the seal of a version with another text is replaced", async () => {
  const double = installBrowser();
  const other = { type: "modifyHeaders", responseHeaders: [{ header: "sec-websocket-extensions", operation: "append", value: "older; closed" }] };
  double.declared = [{ id: 1, condition: { requestDomains: ["chat.example.com", "chat.example.com."] }, action: other }];
  double.stored.policy = { version: 1, settings: {}, rules: [{ id: "r", host: "chat.example.com", pins: [{ sha256: OTHER }] }] };
  await startBackground();
  await until(() => double.session.sealed === true, "compared");
  assert.deepEqual(double.declared.map(({ action }) => action.responseHeaders[0].value), [SEAL, SEAL]);
});
