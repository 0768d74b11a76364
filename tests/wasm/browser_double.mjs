// A stand-in for Firefox's side of the border: just what background.js and the core call. A test changes what it
// answers; nothing in the extension knows of it.

import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

const extension = (path) => new URL(`../../extension/${path}`, import.meta.url);

// What a background takes for its global objects, one row for each that was started.
const worlds = [];
Object.assign(globalThis, { worlds });

/**
 * Starts background.js, as it ships, beside a core: the shipped one, or a text that stands in for pkg/background.js. Each
 * start has a folder of its own, since an import is remembered by its address, and keeps the stand-ins that it began with:
 * what is still under way in one of an earlier test finds its own browser, not that of the test that runs by then.
 */
export async function startBackground(core) {
  const { browser, localStorage, navigator, addEventListener, fetch } = globalThis;
  const own = { browser, localStorage, navigator, addEventListener, fetch, core: globalThis.core };
  const names = Object.keys(own).join(", ");
  worlds.push({ ...own, globalThis: Object.defineProperty(Object.create(globalThis), "navigator", { value: navigator }) });
  const inOwnWorld = async (script) => `const { ${names}, globalThis } = global.worlds[${worlds.length - 1}];\n${await script}`;
  const folder = await mkdtemp(join(tmpdir(), "sockpin-background-"));
  after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "background.cjs"), await inOwnWorld(readFile(extension("background.js"), "utf8")));
  await mkdir(join(folder, "pkg"));
  await writeFile(join(folder, "pkg/package.json"), JSON.stringify({ type: "module" }));
  await writeFile(join(folder, "pkg/background.js"), await inOwnWorld(core ?? readFile(extension("pkg/background.js"), "utf8")));
  atTopLevel = true;
  try {
    createRequire(import.meta.url)(join(folder, "background.cjs"));
  } finally {
    atTopLevel = false;
  }
}

// Whether the script itself is running, and not yet anything that it awaits.
let atTopLevel = false;

/**
 * Puts the stand-in in place and returns it. `listeners` are what background.js has registered at top level, before
 * anything that it awaits; `observers` those that hold nothing up; `later` the others that have been added since and not
 * removed.
 */
export function installBrowser() {
  const listeners = {};
  const observers = {};
  const later = [];
  const register = (name) => ({
    addListener: (listener, ...rest) => {
      if (atTopLevel) listeners[name] = { listener, rest };
      else if (!rest[1]?.includes("blocking")) observers[name] = listener;
      else later.push({ name, listener, rest });
    },
    removeListener: (listener) => {
      const place = later.findIndex((added) => added.listener === listener);
      if (place >= 0) later.splice(place, 1);
    },
  });
  const double = {
    listeners,
    observers,
    later,
    /** A request over the network: by default nobody is there. */
    request: async (url, options) => { throw new TypeError(`NetworkError: ${options.method} ${url}`); },
    pageListeners: {},
    stored: {},
    /** What `localStorage` holds; a database of its own. */
    local: {},
    session: {},
    alarms: {},
    /** The rules of `declarativeNetRequest`, which the browser keeps. */
    declared: [],
    declare: async ({ removeRuleIds, addRules }) => {
      double.declared = [...double.declared.filter(({ id }) => !removeRuleIds.includes(id)), ...addRules];
    },
    everySite: true,
    privateWindows: true,
    managed: async () => { throw new Error("Managed storage manifest not found"); },
    badge: {},
    title: "",
    /** By tab. */
    titles: {},
    popup: {},
    isOnline: true,
    securityInfo: async () => { throw new Error("no request with this id"); },
    storageGet: async (key) => (key in double.stored ? { [key]: double.stored[key] } : {}),
    storageSet: async (items) => { Object.assign(double.stored, structuredClone(items)); },
    readWasm: () => readFile(extension("pkg/background_bg.wasm")),
    /** What the browser does with a blocking listener: the answer, or that it would let the request through. */
    async ask(event, details) {
      try {
        return await listeners[event].listener(details);
      } catch (error) {
        return { letThrough: String(error) };
      }
    },
  };
  globalThis.browser = {
    webRequest: {
      onBeforeRequest: register("onBeforeRequest"),
      onBeforeSendHeaders: register("onBeforeSendHeaders"),
      onSendHeaders: register("onSendHeaders"),
      onAuthRequired: register("onAuthRequired"),
      onHeadersReceived: register("onHeadersReceived"),
      onResponseStarted: register("onResponseStarted"),
      onErrorOccurred: register("onErrorOccurred"),
      onCompleted: register("onCompleted"),
      getSecurityInfo: (...values) => double.securityInfo(...values),
    },
    runtime: {
      onMessage: register("onMessage"),
      onUpdateAvailable: register("onUpdateAvailable"),
      onInstalled: register("onInstalled"),
      sendMessage: async () => { throw new Error("no page is open"); },
      getPlatformInfo: async () => ({ os: "linux" }),
      getURL: (path) => `moz-extension://double/${path}`,
    },
    storage: {
      local: { get: (key) => double.storageGet(key), set: (items) => double.storageSet(items) },
      session: {
        get: async (keys) =>
          Object.fromEntries([keys].flat().filter((key) => key in double.session).map((key) => [key, double.session[key]])),
        set: async (items) => { Object.assign(double.session, structuredClone(items)); },
        remove: async (key) => { delete double.session[key]; },
        getKeys: async () => Object.keys(double.session),
      },
      managed: { get: () => double.managed() },
    },
    declarativeNetRequest: {
      getDynamicRules: async ({ ruleIds } = {}) =>
        structuredClone(double.declared.filter(({ id }) => ruleIds === undefined || ruleIds.includes(id))),
      updateDynamicRules: async (update) => double.declare(structuredClone(update)),
    },
    alarms: {
      onAlarm: register("onAlarm"),
      create: (name, when) => { double.alarms[name] = when; },
      clear: async (name) => delete double.alarms[name],
    },
    permissions: { onAdded: register("onAdded"), onRemoved: register("onRemoved"), contains: async () => double.everySite },
    extension: { isAllowedIncognitoAccess: async () => double.privateWindows },
    i18n: { getMessage },
    tabs: { query: async () => [{ id: 7 }], onRemoved: register("tabs.onRemoved") },
    windows: { onRemoved: register("windows.onRemoved") },
    action: {
      getBadgeText: async ({ tabId }) => double.badge[tabId] ?? "",
      setBadgeText: async ({ tabId, text }) => { double.badge[tabId ?? "all"] = text; },
      getPopup: async ({ tabId }) => double.popup[tabId] ?? "moz-extension://double/popup.html",
      setPopup: async ({ tabId, popup }) => { double.popup[tabId] = `moz-extension://double/${popup}`; },
      setBadgeBackgroundColor: async () => {},
      setTitle: async ({ tabId, title }) => { if (tabId === undefined) double.title = title; else double.titles[tabId] = title; },
    },
  };
  globalThis.localStorage = {
    getItem: (key) => double.local[key] ?? null,
    setItem: (key, value) => { double.local[key] = String(value); },
  };
  globalThis.navigator = { get onLine() { return double.isOnline; } };
  globalThis.addEventListener = (name, listener) => { double.pageListeners[name] = listener; };
  globalThis.fetch = async (url, options) =>
    String(url).startsWith("https:") ? double.request(url, options) : new Response(await double.readWasm());
  return double;
}

const messages = JSON.parse(await readFile(extension("_locales/en/messages.json"), "utf8"));

/** As Firefox does it: named placeholders, each one of the substitutions; nothing where there is no such message. */
function getMessage(id, substitutions) {
  const { message = "", placeholders = {} } = messages[id] ?? {};
  const value = (_, name) => substitutions[placeholders[name.toLowerCase()].content.slice(1) - 1];
  return message.replace(/\$([A-Z]+)\$/g, value);
}

/** The code of an error that has crossed: `"code"`, or `{code: {facts}}`. */
export const codeOf = (error) => (typeof error === "string" ? error : Object.keys(error)[0]);

export const details = (fields) => ({
  requestId: "1", url: "wss://chat.example.com/socket?secret", tabId: 7, incognito: false,
  documentUrl: "https://page.example/path", ...fields,
});

/** Until a condition holds: by turns of the event loop, for as long as a busy machine may need. */
export async function until(condition, what) {
  const begun = performance.now();
  while (performance.now() - begun < 60_000) {
    if (condition()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`never came true: ${what}`);
}
