// Registration and the guard. Everything that decides is Rust; this file makes sure that its failure is a decision too.
//
// Firefox lets a request through when a blocking listener throws or rejects, and holds it for ever when a listener never
// settles. So every listener is wrapped: whatever goes wrong, the socket is stopped and the log says why.
//
// An answer that is given need not count: Firefox may take another extension's in its place, or this process may die. So
// a socket whose rule blocks is locked as well. Before its handshake leaves (onBeforeSendHeaders), the browser's
// Sec-WebSocket-Key is replaced by one of our own. The server's Sec-WebSocket-Accept then fits our key, not the browser's,
// and Firefox refuses the handshake (RFC 6455 section 4.1), unless our answer (onHeadersReceived) puts the value that fits
// in its place. It does so once the server's keys have been judged. No answer of ours means no socket. Over HTTP/2, which has
// no such key, a declarative rule of ours lets Firefox add an extension that it does not know to Sec-WebSocket-Extensions, so
// that it refuses the answer until ours takes that out again. src/lock.rs says more about both.
//
// | event               | the core's method | what it can do                                            |
// |---------------------|-------------------|-----------------------------------------------------------|
// | onBeforeRequest     | beforeRequest     | stop it, upgrade it; with a pre-flight, know the key first |
// | onBeforeSendHeaders | beforeSendHeaders | the same once more, since a declarativeNetRequest rule of  |
// |                     |                   | another extension makes Firefox drop all answers to the    |
// |                     |                   | first; lock it                                             |
// | onHeadersReceived   | headersReceived   | judge the chain: stop it, or open the lock                 |
// | the others          | sendHeaders, ...  | nothing; they tell the log what became of an answer        |

// Milliseconds until a decision that has not come is taken as a "no". It stands here and not with the other limits since
// it must hold before the core has loaded.
const DEADLINE_MS = 10_000;
const PAGE_ENDED = "the page has ended";
let pageEnded = false;
let instance = null;
let observing = false;
// The requests that were not simply let through. Of the others the core is told nothing but their end. An answer may
// come after its request has ended, so that nothing takes it out again: then the oldest goes.
const interfered = new Set();
const MOST_INTERFERED = 2_000;
const SOCKETS = { urls: ["ws://*/*", "wss://*/*"], types: ["websocket"] };

// Registered synchronously, at top level, before anything is awaited: only such listeners wake a sleeping event page, and
// only for such listeners does Firefox hold the requests of its own start.
const { onBeforeRequest, onBeforeSendHeaders, onHeadersReceived } = browser.webRequest;
onBeforeRequest.addListener((details) => guard("beforeRequest", details), SOCKETS, ["blocking"]);
onBeforeSendHeaders.addListener((details) => guard("beforeSendHeaders", details), SOCKETS, ["blocking", "requestHeaders"]);
onHeadersReceived.addListener((details) => guard("headersReceived", details), SOCKETS, ["blocking", "responseHeaders"]);

/** The listeners that a core has for requests of its own while they are under way. A dead core leaves none behind. */
class ProbeListeners {
  #events = new Map();

  add(event, listener, filter) {
    const headers = event === "onBeforeSendHeaders" ? ["requestHeaders"] : [];
    browser.webRequest[event].addListener(listener, filter, ["blocking", ...headers]);
    this.#events.set(listener, event);
  }

  remove(listener) {
    // When this page ends, the browser's API may have ended before it: then there is nothing to take away.
    try { browser.webRequest[this.#events.get(listener)].removeListener(listener); } catch {}
    this.#events.delete(listener);
  }

  clear() {
    for (const listener of this.#events.keys()) this.remove(listener);
  }
}

/** One instance of the core, from its loading to its end. */
class CoreInstance {
  static #begun = false;
  // Who waits for an answer. A dead core gives none, so they are told by its end.
  #waiting = new Set();
  #probeListeners = new ProbeListeners();
  started = null;

  constructor() {
    this.core = this.#load();
    this.core.then((core) => { this.started = core; observe(); }, (error) => end(this, error));
  }

  async #load() {
    const [module, wasm] = await Promise.all([import("./pkg/background.js"), compile("./pkg/background_bg.wasm")]);
    // From here to the start nothing is awaited: one that took too long must not take the place of a newer one.
    if (instance !== this) throw new Error("this instance came too late");
    if (CoreInstance.#begun) module.__wbg_reset_state();
    else module.initSync({ module: wasm });
    CoreInstance.#begun = true;
    return module.Background.start((message) => end(this, new Error(message)), this.#probeListeners);
  }

  /** The answer, or a promise of it where something must be waited for. */
  call(method, ...values) {
    const answer = this.started ? this.started[method](...values) : this.core.then((core) => core[method](...values));
    if (!(answer instanceof Promise)) return answer;
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject);
      answer.then(resolve, reject).finally(() => this.#waiting.delete(reject));
    });
  }

  end(error) {
    for (const reject of this.#waiting) reject(error);
    this.#probeListeners.clear();
  }
}

async function compile(path) {
  const response = await fetch(path);
  return WebAssembly.compile(await response.arrayBuffer());
}

function currentInstance() {
  if (pageEnded) throw new Error(PAGE_ENDED);
  return instance ??= new CoreInstance();
}

/** Drops an instance that has failed: whoever waits for it is told, and the next call gets a new one. */
function end(which, error) {
  which.end(error);
  if (instance === which) instance = null;
}

// A trap that is no panic (stack or memory exhausted) is thrown in a task of its own, where no promise sees it.
for (const event of ["error", "unhandledrejection"]) {
  addEventListener(event, ({ error, reason }) => {
    const thrown = error ?? reason;
    if (instance && isTrap(thrown)) end(instance, thrown);
  });
}

// When this page ends (Firefox quits, or puts it to sleep), Firefox lets every request through that still waits for its answer. An
// answer that is given at this moment still counts.
addEventListener("pagehide", () => { pageEnded = true; instance?.end(new Error(PAGE_ENDED)); });

function isTrap(error) {
  return error instanceof WebAssembly.RuntimeError || error?.name === "InternalError";
}

class DeadlinePassed extends Error {}

/** Asks the core; an instance that has failed is dropped. Gives the answer, or a promise of it that does not wait for ever. */
function ask(method, ...values) {
  const current = currentInstance();
  try {
    const answer = current.call(method, ...values);
    return answer instanceof Promise ? inTime(current, answer) : answer;
  } catch (error) {
    throw failed(current, error);
  }
}

async function inTime(current, answer) {
  let timer;
  const deadline = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new DeadlinePassed(`no answer within ${DEADLINE_MS} ms`)), DEADLINE_MS);
  });
  try {
    return await Promise.race([answer, deadline]);
  } catch (error) {
    throw failed(current, error);
  } finally {
    clearTimeout(timer);
  }
}

function failed(current, error) {
  // One that is still loading by now may never have loaded; the next call tries anew.
  if (isTrap(error) || !current.started) end(current, error);
  return error;
}

/** Most sockets have their answer at once: promises and a timer would take longer than the decision does. */
function guard(method, details) {
  try {
    const answer = ask(method, details);
    if (!(answer instanceof Promise)) return decided(details, answer);
    return answer.then((decision) => decided(details, decision)).catch((error) => refused(details, error));
  } catch (error) {
    return refused(details, error);
  }
}

function decided(details, decision) {
  // To Firefox, nothing at all means "let it through"; the core says that with an object.
  if (typeof decision !== "object" || decision === null) throw new TypeError("the core gave no decision");
  if (Object.keys(decision).length > 0) rememberInterference(details);
  return decision;
}

function refused(details, error) {
  rememberInterference(details);
  if (!pageEnded) stopped(details, error);
  return { cancel: true };
}

/** Writes down that the guard has stopped a socket; where even that fails, the badge says that Sockpin does not work. */
async function stopped(details, error) {
  try {
    // What the core still finds out about this event has no say any more, and must not be written down.
    details.gaveUp = true;
    await ask("guardStopped", details, error instanceof DeadlinePassed ? "deadline" : "internal-error");
  } catch (second) {
    browser.action.setBadgeText({ text: "!" });
    browser.action.setTitle({ title: browser.i18n.getMessage("button_core_failed", [String(second?.message ?? second)]) });
  }
}

/** The next socket finds out what is wrong with the core, and stops. */
async function wake() { try { await ask("wake"); } catch {} }

/** What was noted of a tab goes with it; where that fails, it goes when the core starts again. */
async function tabsClosed(tab) { try { await ask("tabsClosed", tab); } catch {} }

/** What pages have opened by now nobody has seen: their popups say so. */
async function installed() { try { await ask("installed"); } catch {} }

async function answer(message) {
  try {
    return await ask("message", message);
  } catch (error) {
    return { type: "failed", problem: { "core-failed": { detail: String(error?.message ?? error) } } };
  }
}

function rememberInterference(details) {
  if (interfered.size >= MOST_INTERFERED) interfered.delete(interfered.values().next().value);
  interfered.add(details?.requestId);
}

/**
 * Lets the core know what becomes of its answers. Not at top level: a socket that ends must not wake a sleeping page, which
 * has nothing to learn from that. Firefox hears of these listeners before it hears any answer.
 */
function observe() {
  if (observing) return;
  observing = true;
  const tell = (method) => (details) => {
    const current = instance;
    const isEnd = method === "ended";
    if (!interfered.has(details.requestId) && !isEnd) return;
    if (isEnd) interfered.delete(details.requestId);
    if (current?.started) try { current.call(method, details); } catch (error) { failed(current, error); }
  };
  const { onSendHeaders, onResponseStarted, onErrorOccurred, onCompleted } = browser.webRequest;
  onSendHeaders.addListener(tell("sendHeaders"), SOCKETS);
  onResponseStarted.addListener(tell("responseStarted"), SOCKETS, ["responseHeaders"]);
  onErrorOccurred.addListener(tell("ended"), SOCKETS);
  onCompleted.addListener(tell("ended"), SOCKETS);
  browser.tabs.onRemoved.addListener((tab) => tabsClosed(tab));
}

let listensForClicks = false;

/** A click on a notification shows the log, and in it the newest entry of the host that the notification is about. */
function listenForClicks() {
  if (listensForClicks || !browser.notifications) return;
  listensForClicks = true;
  browser.notifications.onClicked.addListener((host) => browser.tabs.create({ url: `popup.html#${encodeURIComponent(host)}` }));
}

// The first event needs the core, so its loading begins now.
currentInstance();

// Behind all that the guard needs: what throws from here on takes no decision with it.
browser.runtime.onMessage.addListener((message) => answer(message));
// None of these decides anything: a pause has run out, or the browser lets Sockpin see more or less than before.
browser.alarms.onAlarm.addListener(() => wake());
browser.permissions.onAdded.addListener(() => { wake(); listenForClicks(); });
browser.permissions.onRemoved.addListener(() => wake());
// `notifications` is there once a person has given its permission: at the start, or from then on.
listenForClicks();
// Nothing of a private window outlives it, even while this page sleeps; a tab alone does not wake it. Android has no windows.
if (browser.windows) browser.windows.onRemoved.addListener(() => tabsClosed());
else browser.tabs.onRemoved.addListener((tab) => tabsClosed(tab));
// A core that hears of no event takes Sockpin for enabled anew, so that it is woken also where there is nothing to be done.
browser.runtime.onInstalled.addListener(({ reason }) => (reason === "browser_update" ? wake() : installed()));
// A listener makes Firefox keep an update for its next start. Put in place at once, the old version would be gone for a
// moment before the new one listens, and sockets would pass unseen.
browser.runtime.onUpdateAvailable.addListener(() => wake());
