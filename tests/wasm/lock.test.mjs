// The lock at the border: the shipped background.js and core, the headers that they take and give, and what they make of
// the events that tell what Firefox did with an answer.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { details, installBrowser, startBackground, until } from "./browser_double.mjs";
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
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal((await ask(double, { type: "status" })).overruling?.how ?? null, how, statusLine);
  }
});

test("a request that was stopped and is sent all the same is told", async () => {
  const double = await background(OTHER, { preflight: "require" });
  assert.deepEqual(await double.ask("onBeforeRequest", details()), CANCEL);
  double.observers.onSendHeaders(details());
  assert.equal((await ask(double, { type: "status" })).overruling.how, "sent");
});
