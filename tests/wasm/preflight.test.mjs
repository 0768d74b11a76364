// The pre-flight, with a browser that answers it in every way: what is sent, how often, and what comes of it.

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { details, installBrowser, startBackground, until } from "./browser_double.mjs";
import { data, inspect } from "./module.mjs";

const CANCEL = { cancel: true };
const leaf = [...(await data("rsa.der"))];
const PIN = inspect(new Uint8Array(leaf))[0].sha256;
const OTHER = "C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=";
const secure = { state: "secure", certificates: [{ rawDER: leaf, isBuiltInRoot: true }] };

/** background.js with one rule, and a browser that sends each probe past the listeners, as Firefox does. */
async function background(pin, fields, settings = {}) {
  const double = installBrowser();
  double.stored.policy = {
    version: 1, settings,
    rules: [{ id: "r", host: "chat.example.com", pins: [{ sha256: pin }], ...fields }],
  };
  double.securityInfo = async () => secure;
  double.probes = [];
  double.answered = {};
  double.request = async (url, options) => {
    const probe = { url, options };
    double.probes.push(probe);
    // More than one answer where a proxy wants a password first.
    for (const [turn, answered] of [double.answered].flat().entries()) {
      double.turn = turn;
      const request = {
        requestId: "probe", url, method: options.method, originUrl: "moz-extension://double/background.js", tabId: -1,
        incognito: false, cookieStoreId: "firefox-default", proxyInfo: null, ...answered,
      };
      for (const event of ["onBeforeRequest", "onHeadersReceived"]) {
        probe[event] = await double.later.find(({ name }) => name === event)?.listener(request);
        if (probe[event]?.cancel) throw new TypeError("NetworkError");
      }
    }
    return new Response();
  };
  await startBackground();
  return double;
}

test("with the wrong key the socket is stopped before its handshake, with the right one it goes on", async () => {
  for (const [pin, expected] of [[PIN, {}], [OTHER, CANCEL]]) {
    const double = await background(pin);
    assert.deepEqual(await double.ask("onBeforeRequest", details()), expected);
    const [probe] = double.probes;
    assert.deepEqual(probe.onHeadersReceived, CANCEL, "no more than the headers is wanted");
    const { signal, ...options } = probe.options;
    assert.deepEqual([probe.url, options], ["https://chat.example.com/", {
      method: "HEAD", credentials: "omit", cache: "no-store", redirect: "manual", referrerPolicy: "no-referrer",
    }]);
    assert.equal(double.later.length, 0, "its listeners are gone with it");
  }
});

test("a rule that is off, flags, has expired or wants no pre-flight sends none, nor does a socket without a rule", async () => {
  for (const fields of [{ preflight: "off" }, { mode: "flag" }, { mode: "off" }, { expires: "2020-01-01" }, { host: "b.test" }]) {
    const double = await background(OTHER, fields);
    assert.deepEqual(await double.ask("onBeforeRequest", details()), {});
    assert.equal(double.probes.length, 0, JSON.stringify(fields));
  }
});

test("a storm of sockets causes one probe, whatever comes of it", async () => {
  const outcomes = {
    "the right key": [PIN, {}, {}],
    "the wrong key": [OTHER, {}, CANCEL],
    "nobody there": [OTHER, { request: async () => { throw new TypeError("NetworkError"); } }, {}],
  };
  for (const [name, [pin, change, expected]] of Object.entries(outcomes)) {
    const double = await background(pin);
    let sent = 0;
    const request = change.request ?? double.request;
    double.request = (...values) => { sent += 1; return request(...values); };
    const storm = () => Promise.all(Array.from({ length: 50 }, () => double.ask("onBeforeRequest", details())));
    for (const answer of [...await storm(), ...await storm()]) assert.deepEqual(answer, expected, name);
    assert.equal(sent, 1, name);
    const elsewhere = details({ url: "wss://chat.example.com:8443/" });
    await double.ask("onBeforeRequest", elsewhere);
    assert.equal(sent, 2, `control, ${name}: another port is another place`);
  }
});

test("an answer is not kept across a change of the rules", async () => {
  const double = await background(PIN);
  await double.ask("onBeforeRequest", details());
  const saved = await double.listeners.onMessage.listener({ type: "saveRule", rule: { host: "b.test", mode: "off" } });
  assert.equal(saved.type, "saved");
  await double.ask("onBeforeRequest", details());
  assert.equal(double.probes.length, 2);
});

const otherRoads = {
  "a private window": [{ incognito: true }, "private-window"],
  "another container": [{ cookieStoreId: "firefox-container-1" }, "container"],
};
for (const [name, [fields]] of Object.entries(otherRoads)) {
  test(`for a socket of ${name} none is sent`, async () => {
    for (const [preflight, expected] of [["prefer", {}], ["require", CANCEL]]) {
      const double = await background(PIN, { preflight });
      assert.deepEqual(await double.ask("onBeforeRequest", details(fields)), expected);
      assert.equal(double.probes.length, 0);
    }
  });
}

const plain = { proxyInfo: { type: "http", host: "proxy.example", port: 8080 } };
const overTls = { proxyInfo: { type: "https", host: "proxy.example", port: 8443 } };
const wants = { statusCode: 407 };
const insecure = { state: "insecure" };

test("a proxy that wants a password is not taken for the server, nor the server for the proxy", async () => {
  for (const [proxy, info, expected] of [
    [plain, insecure, {}],
    [plain, secure, CANCEL],
    [overTls, secure, {}],
    [{}, insecure, CANCEL],
    [{}, secure, CANCEL],
  ]) {
    const double = await background(OTHER);
    double.securityInfo = async () => info;
    assert.deepEqual(await double.ask("onHeadersReceived", details({ ...proxy, ...wants })), expected);
    assert.deepEqual(await double.ask("onHeadersReceived", details({ ...proxy, statusCode: 101 })), CANCEL, "control");
  }
});

test("of a probe the answer counts that no password is wanted for; else the last may stop, and vouches for nothing", async () => {
  for (const [pin, preflight, proxy, infos, expected] of [
    [PIN, "require", plain, [insecure, secure], {}],
    [OTHER, "prefer", plain, [insecure, secure], CANCEL],
    // The proxy's own key is not the pinned one, the server's is.
    [PIN, "require", overTls, [{ certificates: [{ rawDER: [1, 2, 3] }] }, secure], {}],
    [OTHER, "prefer", overTls, [secure, secure], CANCEL],
    // Not asked again: the proxy gets no password, or there is somebody beyond it who passes himself off as it.
    [OTHER, "prefer", plain, [insecure], {}],
    [OTHER, "prefer", overTls, [secure], CANCEL],
    [OTHER, "prefer", plain, [secure], CANCEL],
    // A proxy with the pinned key is not the server.
    [PIN, "prefer", overTls, [secure], {}],
    [PIN, "require", overTls, [secure], CANCEL],
  ]) {
    const double = await background(pin, { preflight });
    double.securityInfo = async () => infos[double.turn];
    double.answered = infos.map((_, turn) => ({ ...proxy, ...(turn ? { statusCode: 200 } : wants) }));
    const name = JSON.stringify([pin === PIN, preflight, proxy, infos.length]);
    assert.deepEqual(await double.ask("onBeforeRequest", details(proxy)), expected, name);
  }
});

test("a probe goes by the socket's own proxy or not at all", async () => {
  const proxyInfo = { type: "socks", host: "127.0.0.1", port: 1080, proxyDNS: true };
  for (const [socket, probe, isSent] of [
    [proxyInfo, proxyInfo, true],
    [proxyInfo, { ...proxyInfo, port: 1081 }, false],
    [proxyInfo, null, false],
    [null, proxyInfo, false],
    [{ type: "direct" }, null, true],
  ]) {
    const double = await background(PIN, { preflight: "require" });
    double.answered = { proxyInfo: probe };
    const answer = await double.ask("onBeforeRequest", details({ proxyInfo: socket }));
    assert.deepEqual(answer, isSent ? {} : CANCEL);
    assert.deepEqual(double.probes[0].onBeforeRequest, isSent ? {} : CANCEL, "before it has left");
  }
});

test("without an answer `prefer` goes on to the handshake, and `require` stops", async () => {
  for (const [preflight, expected] of [["prefer", {}], ["require", CANCEL]]) {
    for (const request of [
      async () => { throw new TypeError("NetworkError"); },
      async () => new Response(),
      () => { throw new Error("thrown"); },
    ]) {
      const double = await background(PIN, { preflight });
      double.request = request;
      assert.deepEqual(await double.ask("onBeforeRequest", details()), expected, `${preflight}, ${request}`);
    }
  }
});

test("without a network there is no answer to be kept: the next socket asks again", async () => {
  const double = await background(PIN, { preflight: "require" });
  const own = double.request;
  double.isOnline = false;
  double.request = async () => { throw new TypeError("NetworkError"); };
  assert.deepEqual(await double.ask("onBeforeRequest", details()), CANCEL);
  double.isOnline = true;
  double.request = own;
  assert.deepEqual(await double.ask("onBeforeRequest", details()), {});

  const control = await background(PIN, { preflight: "require" });
  const answering = control.request;
  control.request = async () => { throw new TypeError("NetworkError"); };
  assert.deepEqual(await control.ask("onBeforeRequest", details()), CANCEL);
  control.request = answering;
  assert.deepEqual(await control.ask("onBeforeRequest", details()), CANCEL, "control: what failed online is kept");
});

test("a probe that never ends is given up in time, aborted, and counts as no answer", async () => {
  for (const [preflight, expected] of [["prefer", {}], ["require", CANCEL]]) {
    const double = await background(PIN, { preflight });
    let signal;
    double.request = (url, options) => { signal = options.signal; return new Promise(() => {}); };
    mock.timers.enable({ apis: ["setTimeout"] });
    const answer = double.ask("onBeforeRequest", details());
    await until(() => signal, "sent");
    mock.timers.tick(5_000);
    await until(() => signal.aborted, "aborted");
    // The log cannot be written under Node, and is waited for.
    mock.timers.tick(3_000);
    assert.deepEqual(await answer, expected);
    mock.timers.reset();
    assert.equal(double.later.length, 0, "its listeners are gone with it");
  }
});

test("an answer over HTTP/3, by which no socket travels, is none", async () => {
  for (const [statusLine, preflight, expected] of [
    ["HTTP/3.0 200", "require", CANCEL], ["HTTP/3.0 200", "prefer", {}], ["HTTP/2.0 200", "require", {}], ["HTTP/1.1 200 OK", "require", {}],
  ]) {
    const double = await background(PIN, { preflight });
    double.answered = { statusLine };
    assert.deepEqual(await double.ask("onBeforeRequest", details()), expected, `${statusLine}, ${preflight}`);
  }
});

test("what an earlier probe has left behind answers no later one", async () => {
  const double = await background(OTHER);
  const own = double.request;
  double.request = async (url, options) => {
    const late = { requestId: "earlier", url, method: "HEAD", originUrl: "moz-extension://double/background.js", incognito: false };
    const answer = await double.later.find(({ name }) => name === "onHeadersReceived").listener(late);
    assert.deepEqual(answer, CANCEL);
    double.securityInfo = async (id) => { assert.equal(id, "probe"); return secure; };
    return own(url, options);
  };
  assert.deepEqual(await double.ask("onBeforeRequest", details()), CANCEL);
});

test("a probe of which the browser does not tell the key stops the socket", async () => {
  for (const securityInfo of [async () => { throw new Error("no"); }, async () => undefined, async () => ({ certificates: 5 })]) {
    const double = await background(PIN);
    double.securityInfo = securityInfo;
    assert.deepEqual(await double.ask("onBeforeRequest", details()), CANCEL);
  }
});

test("requests that are not its own are let go at once", async () => {
  const double = await background(PIN);
  const own = double.request;
  const foreign = [];
  double.request = async (url, options) => {
    for (const fields of [
      { originUrl: "https://page.example/" }, { method: "GET" }, { url: "https://chat.example.com/path" },
      { url: "https://other.example/" }, { originUrl: undefined },
    ]) {
      for (const { listener } of double.later) {
        const details = { requestId: "2", url, method: "HEAD", originUrl: "moz-extension://double/x", incognito: false };
        foreign.push(await listener({ ...details, ...fields }));
      }
    }
    return own(url, options);
  };
  await double.ask("onBeforeRequest", details());
  assert.equal(foreign.length, 15);
  for (const answer of foreign) assert.deepEqual(answer, {});
});
