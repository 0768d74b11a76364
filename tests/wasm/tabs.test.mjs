// The sockets of each tab, as the background keeps them for the popup: with the shipped core, and a browser that answers
// wrongly. No socket waits for any of it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { details, installBrowser, startBackground, until } from "./browser_double.mjs";

const unpinned = (fields) => details({ url: "wss://other.example.com/", documentId: "page", ...fields });
const rows = (double, tab = 7) => (double.session[`tab/${tab}`] ?? "").split("\n").slice(1, -1);
const states = (double) => rows(double).map((row) => row.split("\t").toSpliced(4, 3).join(" ").trim());

async function background(prepare = () => {}) {
  const double = installBrowser();
  prepare(double);
  await startBackground();
  assert.deepEqual(await double.ask("onBeforeRequest", unpinned()), {});
  return double;
}

test("what has become of a tab's sockets is kept for its popup, and goes with the tab", async () => {
  const double = await background();
  await double.ask("onHeadersReceived", unpinned());
  await until(() => rows(double).length === 1, "one row");
  assert.deepEqual(states(double), ["wss other.example.com 443 1 not-pinned"]);
  assert.match(double.popup[7], /popup\.html\?tab=7$/);

  // The browser says later that it came to nothing, and of another request too.
  for (const requestId of ["1", "2"]) {
    double.observers.onErrorOccurred(unpinned({ requestId, error: "NS_ERROR_NET_RESET" }));
  }
  await until(() => rows(double).some((row) => row.split("\t")[3] === "2"), "both in one row");
  assert.deepEqual(states(double), ["wss other.example.com 443 2 failed NS_ERROR_NET_RESET"]);

  // Firefox forgets the popup when another page is there.
  delete double.popup[7];
  double.observers.onErrorOccurred(unpinned({ requestId: "3", error: "NS_BINDING_ABORTED" }));
  await double.ask("onHeadersReceived", unpinned({ requestId: "4", documentId: "next" }));
  await until(() => /not-pinned/.test(rows(double).join()), "the next page's");
  assert.deepEqual(states(double), ["wss other.example.com 443 1 not-pinned"]);

  // One that is being closed is still listed.
  browser.tabs.query = async () => [{ id: 7 }, { id: 9, incognito: true }];
  double.session["tab/9"] = "private\t0\t\t\t\n";
  await double.observers["tabs.onRemoved"](9);
  assert.ok(!("tab/9" in double.session), "the tab that is being closed is kept");

  double.session["tab/8"] = "private\t0\t\t\t\n";
  await double.listeners["windows.onRemoved"].listener(8);
  await until(() => !("tab/8" in double.session), "the closed tab's to be gone");
  assert.ok("tab/7" in double.session, "which is open");
});

test("an answer that opens nothing is a failure with its status, and what is sent elsewhere fails where it was to go", async () => {
  const double = await background();
  const ends = [
    ["onCompleted", { statusCode: 403, statusLine: "HTTP/1.1 403 Forbidden" }, "wss other.example.com 443 1 failed HTTP 403"],
    ["onCompleted", { statusCode: 200, statusLine: "HTTP/1.1 200 OK" }, "wss other.example.com 443 1 failed HTTP 200"],
    ["onCompleted", { statusCode: 101, statusLine: "HTTP/1.1 101" }, "wss other.example.com 443 2 not-pinned"],
    ["onCompleted", { statusCode: 200, statusLine: "HTTP/2.0 200" }, "wss other.example.com 443 2 not-pinned"],
    ["onErrorOccurred", { url: "wss://elsewhere.example.com/", error: "NS_ERROR_NET_ON_RECEIVING_FROM" },
      "wss other.example.com 443 1 failed NS_ERROR_NET_ON_RECEIVING_FROM"],
  ];
  for (const [number, [event, told]] of ends.entries()) {
    const requestId = String(number);
    await double.ask("onHeadersReceived", unpinned({ requestId }));
    double.observers[event](unpinned({ requestId, ...told }));
  }
  const expected = [...new Set(ends.map(([, , row]) => row))].sort();
  await until(() => states(double).sort().join() === expected.join(), "the rows");
});

test("tabs that were closed while the background slept are forgotten when it starts", async () => {
  const double = await background((double) => { double.session["tab/9"] = "private\t0\t\t\t\n"; });
  await until(() => !("tab/9" in double.session), "the closed tab's to be gone");
});

test("the popups of tabs that were there before say so, and go on saying so until Firefox forgets them", async () => {
  for (const [reason, expected] of [["install", /popup\.html\?&earlier$/], ["update", /popup\.html\?&earlier$/], ["browser_update", /^$/]]) {
    const double = await background();
    await double.listeners.onInstalled.listener({ reason });
    assert.match(double.popup[7] ?? "", expected, reason);
    await double.ask("onHeadersReceived", unpinned());
    await until(() => rows(double).length === 1, "one row");
    assert.match(double.popup[7], reason === "browser_update" ? /popup\.html\?tab=7$/ : /popup\.html\?tab=7&earlier$/);
    // What is noted already stays.
    await double.listeners.onInstalled.listener({ reason: "update" });
    assert.match(double.popup[7], /popup\.html\?tab=7&earlier$/);
    delete double.popup[7];
    await double.ask("onHeadersReceived", unpinned({ requestId: "2", documentId: "next" }));
    await until(() => /popup\.html\?tab=7$/.test(double.popup[7] ?? ""), "the popup of the next page");
  }
});

test("so do those of one that is enabled again, which no event tells; what an event wakes, or has slept, is not", async () => {
  const events = {
    nothing: () => {},
    socket: (double) => double.ask("onBeforeRequest", unpinned()),
    browserUpdate: (double) => double.listeners.onInstalled.listener({ reason: "browser_update" }),
    updateAvailable: (double) => double.listeners.onUpdateAvailable.listener({ version: "2" }),
  };
  const rows = [
    ["nothing", {}, /popup\.html\?&earlier$/], ["nothing", { sealed: true }, /^$/],
    ["socket", {}, /^$/], ["browserUpdate", {}, /^$/], ["updateAvailable", {}, /^$/],
  ];
  for (const [event, session, expected] of rows) {
    const double = installBrowser();
    Object.assign(double.session, session, { "tab/9": "private\t0\t\t\t\n" });
    await startBackground();
    await events[event](double);
    // The last thing that it does at its start.
    await until(() => !("tab/9" in double.session), "the closed tab's to be gone");
    assert.match(double.popup[7] ?? "", expected, event);
  }
});

test("whatever the browser makes of what is noted, a socket has its answer", async () => {
  const never = () => new Promise(() => {});
  const rejects = async () => { throw new Error("no"); };
  const throws = () => { throw new Error("no"); };
  const rubbish = async () => ({ length: -1 });
  for (const answer of [never, rejects, throws, rubbish]) {
    for (const broken of ["getPopup", "setPopup"]) {
      const double = await background(() => { browser.action[broken] = answer; });
      for (let request = 0; request < 3; request += 1) {
        assert.deepEqual(await double.ask("onHeadersReceived", unpinned({ requestId: String(request) })), {});
      }
    }
    for (const broken of ["getKeys", "set"]) {
      const double = await background(() => { browser.storage.session[broken] = answer; });
      assert.deepEqual(await double.ask("onHeadersReceived", unpinned()), {});
      double.listeners["windows.onRemoved"].listener(8);
      assert.deepEqual(await double.ask("onHeadersReceived", unpinned({ requestId: "2" })), {});
    }
  }
});
