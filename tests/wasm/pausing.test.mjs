// Pausing and the administrator's policy, with the shipped background: what is stored, shown, and ended by itself.

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { codeOf, details, installBrowser, startBackground, until } from "./browser_double.mjs";
import { data, inspect } from "./module.mjs";

const CANCEL = { cancel: true };
const OTHER = "C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=";
const leaf = [...(await data("rsa.der"))];
const PIN = inspect(new Uint8Array(leaf))[0].sha256;
const TEN_MINUTES = 600_000;

const rule = (pin, host = "chat.example.com") => ({ host, pins: [{ sha256: pin }], preflight: "off" });

/** background.js with a rule that its server does not satisfy. */
async function background(prepare = () => {}) {
  const double = installBrowser();
  double.stored.policy = { version: 1, rules: [rule(OTHER)], settings: {} };
  double.securityInfo = async () => ({ state: "secure", certificates: [{ rawDER: leaf, isBuiltInRoot: true }] });
  prepare(double);
  await startBackground();
  double.send = (message) => double.listeners.onMessage.listener(message);
  double.socket = () => double.ask("onHeadersReceived", details());
  return double;
}

test("a pause lets through, is shown, outlives the background's sleep, and ends by itself", async () => {
  mock.timers.enable({ apis: ["Date"], now: Date.UTC(2026, 0, 1) });
  const double = await background();
  assert.deepEqual(await double.socket(), CANCEL, "control");
  assert.deepEqual(await double.send({ type: "pause", length: "ten-minutes" }), { type: "done" });
  await until(() => double.badge.all === "off", "the badge");
  await until(() => double.badge[7] === null, "no count hides it");
  assert.match(double.title, /paused/);
  assert.deepEqual(await double.socket(), {});
  const { pause } = await double.send({ type: "status" });
  assert.deepEqual(pause, { began: Date.now(), until: Date.now() + TEN_MINUTES });
  assert.deepEqual(double.alarms.pause, { when: Date.now() + TEN_MINUTES });

  // The event page has slept and wakes, in the same session.
  const { session } = double;
  const woken = await background((double) => { double.session = session; });
  assert.deepEqual(await woken.socket(), {});
  mock.timers.setTime(Date.now() + TEN_MINUTES - 1);
  assert.deepEqual(await woken.socket(), {});
  mock.timers.setTime(Date.now() + 1);
  woken.listeners.onAlarm.listener({ name: "pause" });
  await until(() => woken.badge.all === "", "the badge is clear again");
  assert.deepEqual(await woken.socket(), CANCEL);
  assert.equal(woken.session.pause, undefined, "nothing of it is left");
  mock.timers.reset();
});

test("a pause is over in time though no alarm comes", async () => {
  mock.timers.enable({ apis: ["Date"], now: Date.UTC(2026, 0, 1) });
  const double = await background();
  await double.send({ type: "pause", length: "ten-minutes" });
  mock.timers.setTime(Date.now() + TEN_MINUTES);
  assert.deepEqual(await double.socket(), CANCEL);
  mock.timers.reset();
});

test("a pause until the restart has no alarm, and is ended by hand or with the session", async () => {
  const double = await background();
  await double.send({ type: "pause", length: "ten-minutes" });
  await double.send({ type: "pause", length: "until-restart" });
  assert.deepEqual(double.alarms, {});
  assert.deepEqual(await double.socket(), {});
  assert.deepEqual(await double.send({ type: "resume" }), { type: "done" });
  assert.deepEqual(await double.socket(), CANCEL);
  assert.equal(double.session.pause, undefined);
  await double.send({ type: "pause", length: "until-restart" });
  assert.deepEqual(await double.socket(), {});
  assert.deepEqual(await (await background()).socket(), CANCEL, "another session");
});

test("a pause that cannot be stored is none", async () => {
  const double = await background();
  browser.storage.session.set = async () => { throw new Error("quota"); };
  const { type, problem } = await double.send({ type: "pause", length: "until-restart" });
  assert.deepEqual([type, codeOf(problem)], ["failed", "storage"]);
  assert.deepEqual(await double.socket(), CANCEL);
});

test("a pause is ended at once, whatever the storage does", async () => {
  for (const remove of [async () => { throw new Error("disk"); }, () => new Promise(() => {})]) {
    const double = await background();
    await double.send({ type: "pause", length: "until-restart" });
    assert.deepEqual(await double.socket(), {});
    browser.storage.session.remove = remove;
    void double.send({ type: "resume" });
    await until(() => double.badge.all === "", "the badge is clear again");
    assert.deepEqual(await double.socket(), CANCEL);
  }
});

test("a pause begins though no alarm can be set, and no alarm keeps it from being ended", async () => {
  const double = await background();
  browser.alarms.create = () => { throw new Error("no alarms"); };
  browser.alarms.clear = () => new Promise(() => {});
  assert.deepEqual(await double.send({ type: "pause", length: "ten-minutes" }), { type: "done" });
  assert.deepEqual(await double.socket(), {});
  assert.deepEqual(await double.send({ type: "resume" }), { type: "done" });
  assert.deepEqual(await double.socket(), CANCEL);
});

test("the badge says that there is a pause though the tabs cannot be listed", async () => {
  const double = await background();
  browser.tabs.query = async () => { throw new Error("no tabs"); };
  await double.send({ type: "pause", length: "until-restart" });
  await until(() => double.badge.all === "off" && /paused/.test(double.title), "the badge");
});

const rubbish = [undefined, null, "until-restart", { began: "now" }, { began: 5, until: "never" }, { until: 9e15 }];
test("what is stored for a pause and is none pauses nothing", async () => {
  for (const pause of rubbish) {
    const double = await background((double) => { double.session = { pause }; });
    assert.deepEqual(await double.socket(), CANCEL, JSON.stringify(pause));
  }
  const control = await background((double) => { double.session = { pause: { began: 5, until: null } }; });
  assert.deepEqual(await control.socket(), {});
});

test("an administrator's rule holds though the user's would let go, and forbids pausing", async () => {
  const double = await background((double) => {
    double.stored.policy.rules = [rule(PIN)];
    double.managed = async () => ({
      rules: [rule(OTHER), { host: "*.com" }], settings: { pausing: "forbidden", administrator: "Example Ltd" },
    });
  });
  assert.deepEqual(await double.socket(), CANCEL);
  const refused = await double.send({ type: "pause", length: "ten-minutes" });
  assert.deepEqual([refused.type, codeOf(refused.problem)], ["failed", "pause-forbidden"]);
  assert.deepEqual(await double.socket(), CANCEL);
  await until(() => double.badge.all === "!" && /administrator/.test(double.title), "the badge says that a part was refused");
  const { administrator, rules, refused: refusedParts, pausing } = await double.send({ type: "status" });
  assert.deepEqual([administrator, rules, refusedParts, pausing], ["Example Ltd", 2, 1, "forbidden"]);
});

test("without an administrator's policy the user's alone holds, and where it cannot be known every socket is stopped", async () => {
  const absent = {
    "there is none": (double) => { double.managed = async () => { throw new Error("Managed storage manifest not found"); }; },
    "there is no such storage": () => { delete browser.storage.managed; },
    "it is empty": (double) => { double.managed = async () => ({}); },
  };
  for (const [name, prepare] of Object.entries(absent)) {
    const double = await background((double) => { double.stored.policy.rules = [rule(PIN)]; prepare(double); });
    assert.deepEqual(await double.socket(), {}, name);
  }
  for (const managed of [async () => { throw new Error("disk"); }, () => { throw new Error("disk"); }, async () => 5, async () => undefined]) {
    const double = await background((double) => { double.stored.policy.rules = [rule(PIN)]; double.managed = managed; });
    assert.deepEqual(await double.socket(), CANCEL, String(managed));
    await until(() => double.badge.all === "!", "the badge");
    double.managed = async () => ({});
    assert.deepEqual(await double.socket(), {}, "until it answers");
  }
});

test("what the browser does not let Sockpin see is said on the badge", async () => {
  const double = await background((double) => { double.privateWindows = false; });
  await until(() => /private windows/.test(double.title), "the tooltip");
  assert.equal(double.badge.all, "", "most people have it so: no alarm");
  double.everySite = false;
  double.listeners.onRemoved.listener({ origins: ["<all_urls>"] });
  await until(() => double.badge.all === "!", "the badge");
  const { access } = await double.send({ type: "status" });
  assert.deepEqual(access, { everySite: false, privateWindows: false });
  double.everySite = true;
  double.privateWindows = true;
  double.listeners.onAdded.listener({ origins: ["<all_urls>"] });
  await until(() => double.badge.all === "" && double.title === "", "all is well again");
});
