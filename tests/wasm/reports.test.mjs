// Reports to a collector, with a network and a storage that fail: no socket waits for them, and none is told twice.

import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";

import { details, installBrowser, startBackground, until } from "./browser_double.mjs";
import { data } from "./module.mjs";

const CANCEL = { cancel: true };
const COLLECTOR = "https://reports.example.net/sockpin";
const OTHER = "C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=";
const secure = { state: "secure", certificates: [{ rawDER: [...(await data("rsa.der"))], isBuiltInRoot: true }] };
const rule = (host, fields) => ({ id: host, host, mode: "block", preflight: "off", pins: [{ sha256: OTHER }], ...fields });
const KEPT = "reports-1";

/** background.js, started anew, with these rules. `sent` are the reports that were sent; each gets its answer from `network`. */
async function background(rules, { network = async () => new Response("", { status: 200 }), ...prepared } = {}) {
  const double = installBrowser();
  double.stored.policy = JSON.stringify({ version: 1, rules });
  double.securityInfo = async () => secure;
  double.sent = [];
  double.network = network;
  double.request = async (url, options) => {
    assert.equal(options.method, "POST");
    double.sent.push({ url, options });
    return double.network(url, options);
  };
  Object.assign(double, prepared);
  await startBackground();
  return double;
}

const socket = (double, host, fields) => double.ask("onHeadersReceived", details({ url: `wss://${host}/`, ...fields }));
const failures = (double) => double.stored[KEPT]?.split("\n")[0].split("\t")[4];

test("a report goes to the rule's collector and to nobody else, once, without a person's traces", async () => {
  const requestHeaders = [{ name: "Origin", value: "moz-extension://x" }, { name: "Accept", value: "*/*" }];
  const own = { method: "POST", originUrl: "moz-extension://double/_generated.html", requestHeaders };
  const requests = [
    own, { ...own, requestHeaders: undefined },
    ...[{ method: "GET" }, { originUrl: "https://a.test/" }, { originUrl: undefined }].map((other) => ({ ...own, ...other })),
  ];
  const listening = [];
  // The listener is there only while the report is under way.
  const network = async () => {
    listening.push(...double.later.map((added) => ({ ...added, answers: requests.map((request) => added.listener(request)) })));
    return new Response("", { status: 200 });
  };
  const double = await background([rule("told.example", { reportUri: COLLECTOR }), rule("silent.example")], { network });
  assert.deepEqual(await socket(double, "silent.example", { requestId: "1" }), CANCEL);
  assert.deepEqual(await socket(double, "told.example", { requestId: "2", incognito: true }), CANCEL);
  assert.deepEqual(await socket(double, "told.example", { requestId: "3" }), CANCEL);
  assert.deepEqual(await socket(double, "told.example", { requestId: "4" }), CANCEL);
  await until(() => double.stored[KEPT]?.startsWith("told\t"), "it is known as told");
  assert.deepEqual(await socket(double, "told.example", { requestId: "5" }), CANCEL);
  const [{ url, options }] = double.sent;
  const { signal, body, ...rest } = options;
  assert.equal(url, COLLECTOR);
  assert.deepEqual(rest, {
    method: "POST", headers: { "content-type": "application/json" }, credentials: "omit", cache: "no-store",
    redirect: "error", referrerPolicy: "no-referrer",
  });
  assert.ok(signal instanceof AbortSignal);
  assert.equal(JSON.parse(body).hostname, "told.example");
  assert.ok(!body.includes("page.example"));
  assert.equal(double.sent.length, 1);

  // What would tell one browser from all others is taken out of this request, and of no other.
  const [{ name, answers, rest: [filter, extra] }] = listening;
  assert.deepEqual([name, filter.tabId, extra], ["onBeforeSendHeaders", -1, ["blocking", "requestHeaders"]]);
  assert.deepEqual(answers, [{ requestHeaders: [requestHeaders[1]] }, CANCEL, {}, {}, {}]);
  assert.deepEqual(double.later, [], "it is gone with the request");
});

afterEach(() => mock.timers.reset());

const networks = {
  "never answers": () => new Promise(() => {}),
  "throws": () => { throw new Error("no"); },
  "rejects": async () => { throw new TypeError("NetworkError"); },
  "answers with nothing": async () => undefined,
  "refuses": async () => new Response("", { status: 403 }),
};
for (const [name, network] of Object.entries(networks)) {
  test(`a socket does not wait for a collector that ${name}`, async () => {
    // The clock stands still: how long it waits does not depend on how long anything takes.
    mock.timers.enable({ apis: ["Date"], now: Date.now() });
    const double = await background([rule("told.example", { reportUri: COLLECTOR })], { network });
    assert.deepEqual(await socket(double, "told.example"), CANCEL);
    await until(() => double.sent.length === 1, "it was tried");
    assert.deepEqual(await socket(double, "told.example", { requestId: "2" }), CANCEL);
    assert.deepEqual(await socket(double, "other.example", { requestId: "3" }), {});
    if (name === "never answers") return assert.equal(failures(double), "0");
    await until(() => failures(double) === "1", "it waits");
    const wait = double.alarms.reports.when - Date.now();
    assert.ok(wait > 50_000 && wait <= 60_000, `tried again in ${wait} ms`);
    assert.equal(double.sent.length, 1);
  });
}

test("what waits is sent by the background that wakes, and not where the rule names it no longer", async () => {
  for (const [reportUri, count] of [[COLLECTOR, 1], [undefined, 0]]) {
    const before = await background([rule("told.example", { reportUri: COLLECTOR })], { network: networks.refuses });
    await socket(before, "told.example");
    await until(() => failures(before) === "1", "it waits");
    const fields = before.stored[KEPT].split("\n")[0].split("\t");
    fields[3] = "1";
    const text = `${fields.join("\t")}\n`;
    const stored = { policy: JSON.stringify({ version: 1, rules: [rule("told.example", { reportUri })] }), [KEPT]: text };
    const double = await background([], { stored });
    await until(() => double.stored[KEPT] !== text, "it was looked at");
    assert.equal(double.sent.length, count);
    assert.equal(double.stored[KEPT].startsWith("told\t"), count === 1);
  }
});

for (const [name, broken] of Object.entries({
  "cannot be read": { storageGet: (double) => async (key) => {
    if (key === KEPT) throw new Error("disk");
    return key in double.stored ? { [key]: double.stored[key] } : {};
  } },
  "cannot be written": { storageSet: () => async () => { throw new Error("disk"); } },
})) {
  test(`a storage that ${name} keeps no report from being sent, and no socket from its answer`, async () => {
    const double = await background([rule("told.example", { reportUri: COLLECTOR })]);
    for (const [method, make] of Object.entries(broken)) double[method] = make(double);
    for (const requestId of ["1", "2", "3"]) {
      assert.deepEqual(await socket(double, "told.example", { requestId }), CANCEL);
    }
    await until(() => double.sent.length > 0, "it was sent");
    assert.deepEqual(await socket(double, "told.example", { requestId: "4" }), CANCEL);
    assert.equal(double.sent.length, 1);
  });
}

test("a notification that cannot be shown, or is not wanted, changes nothing", async () => {
  let shown = [];
  for (const [name, notifications, expected] of [
    ["without the permission", undefined, 0],
    ["that throws", { onClicked: { addListener() {} }, create: () => { throw new Error("no"); } }, 0],
    ["that works", { onClicked: { addListener() {} }, create: async (id, { title }) => { shown.push([id, title]); } }, 1],
  ]) {
    shown = [];
    const double = await background([rule("a.example"), rule("b.example")], { local: { notifications: "true" } });
    globalThis.browser.notifications = notifications;
    for (const requestId of ["1", "2"]) assert.deepEqual(await socket(double, "a.example", { requestId }), CANCEL, name);
    const told = double.local.notified;
    assert.equal(told.split("\n").length, 2, name);
    await until(() => shown.length === expected, name);
    if (expected) assert.deepEqual(shown, [["a.example:443", "A connection to a.example was blocked"]]);
    double.local.notifications = "false";
    await socket(double, "b.example", { requestId: "3" });
    assert.equal(double.local.notified, told, name);
  }
});
