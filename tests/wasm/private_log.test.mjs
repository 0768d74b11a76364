// The log of private windows, with the shipped core: when a socket has its answer, and when the log goes. (IndexedDB does not exist
// under Node, so what went there would be said as a problem of the log.)

import assert from "node:assert/strict";
import { test } from "node:test";

import { details, installBrowser, startBackground, until } from "./browser_double.mjs";

const CANCEL = { cancel: true };
const PRIVATE = [{ id: 7, incognito: true }];
const policy = {
  version: 1,
  rules: [{ id: "r", host: "**.example.com", pins: [{ sha256: "C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=" }] }],
  settings: {},
};
const socket = (requestId) => details({ requestId, incognito: true });
const logProblem = async (double) => (await double.listeners.onMessage.listener({ type: "status" })).logProblem;
const kept = (double) => double.session["private-log"]?.split("\n").slice(1, -1) ?? [];

/** With a private window open, in which each socket to the ruled host is stopped: its certificates are not known. */
async function background(prepare = () => {}) {
  const double = installBrowser();
  double.stored.policy = policy;
  browser.tabs.query = async () => PRIVATE;
  prepare(double);
  await startBackground();
  return double;
}

test("a socket is answered once its entry is in memory, which a core that begins anew goes on with", async () => {
  const double = await background();
  const { set } = browser.storage.session;
  let write;
  browser.storage.session.set = (items) =>
    "private-log" in items ? new Promise((resolve) => { write = () => resolve(set(items)); }) : set(items);
  let answer;
  const answered = double.ask("onHeadersReceived", socket("1")).then((given) => { answer = given; });
  await until(() => write, "the entry to be written");
  assert.equal(answer, undefined);
  write();
  await answered;
  assert.deepEqual(answer, CANCEL);
  assert.match(kept(double).join(), /chat\.example\.com/);

  const { session } = double;
  const later = await background((double) => { double.session = session; });
  assert.deepEqual(await later.ask("onHeadersReceived", socket("2")), CANCEL);
  assert.equal(kept(later).length, 1);
  assert.match(kept(later)[0], /"count":2/);
  assert.deepEqual([Object.keys(later.stored), await logProblem(later)], [["policy"], null]);
  // The control: of an ordinary window.
  assert.deepEqual(await later.ask("onHeadersReceived", details({ requestId: "3" })), CANCEL);
  assert.equal(kept(later).length, 1);
  assert.notEqual(await logProblem(later), null);
});

test("it goes with the last private window, also what is written while that is closed", async () => {
  const double = await background();
  assert.deepEqual(await double.ask("onHeadersReceived", socket("1")), CANCEL);
  await double.listeners["windows.onRemoved"].listener(8);
  assert.equal(kept(double).length, 1, "one of two was closed");
  browser.tabs.query = async () => [{ id: 8, incognito: false }];
  await double.listeners["windows.onRemoved"].listener(9);
  await until(() => !("private-log" in double.session), "it to be gone");
  const { set } = browser.storage.session;
  let written = 0;
  browser.storage.session.set = (items) => { written += "private-log" in items; return set(items); };
  assert.deepEqual(await double.ask("onHeadersReceived", socket("2")), CANCEL);
  assert.equal(written, 1);
  await until(() => !("private-log" in double.session), "the late one to be gone");

  const slept = await background((double) => {
    double.session["private-log"] = "0\n1\tchat.example.com\t1\t{}\t{}\t\n5\tx\t1\t{\"count\":1,\"first\":1,\"last\":1,\"pages\":[],\"elsewhere\":0}\t{}\t\n";
    browser.tabs.query = async () => [];
  });
  await until(() => !("private-log" in slept.session), "what was there when the background slept to be gone");
});

test("whatever the storage does, a socket is stopped", async () => {
  const broken = [async () => { throw new Error("no"); }, () => { throw new Error("no"); }, async () => 5];
  for (const name of ["get", "set", "remove"]) {
    for (const answer of broken) {
      const double = await background();
      assert.deepEqual(await double.ask("onBeforeRequest", socket("1")), {});
      browser.storage.session[name] = answer;
      browser.tabs.query = answer;
      assert.deepEqual(await double.ask("onHeadersReceived", socket("1")), CANCEL, name);
    }
  }
});
