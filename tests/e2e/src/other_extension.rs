//! Another extension, as any other author's: one that answers the events of sockets, or declares rules for them, as a test
//! tells it to, and remembers what it has been asked.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::firefox::Firefox;

/// Its add-on id.
pub const ID: &str = "other@extension.test";
/// The origin that test profiles give it.
pub const UUID: &str = "07e40e47-8d1c-4f0e-9a3b-07e4e7e00002";

/// Its unpacked folder; removed when this is dropped.
pub struct OtherExtension {
    folder: TempDir,
}

/// What it has been asked since the last time: the event, and the address of the socket.
pub type Asked = Vec<(String, String)>;

impl OtherExtension {
    /// Makes the folder.
    pub fn make() -> Result<Self> {
        let folder = TempDir::with_prefix("sockpin-other-").context("could not create a folder")?;
        let files = [
            ("manifest.json", manifest().to_string()),
            ("background.js", BACKGROUND.to_owned()),
            (PAGE, "<!doctype html><meta charset=utf-8><title>Another extension</title>".to_owned()),
        ];
        for (name, text) in files {
            let file = folder.path().join(name);
            fs::write(&file, text).with_context(|| format!("could not write {}", file.display()))?;
        }
        Ok(Self { folder })
    }

    /// Where it is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Firefox {
    /// Lets it listen to these events of sockets from now on, and to no other: behind every extension that listens already.
    /// Until it is told otherwise it answers nothing.
    pub async fn other_listens(&self, events: &[&str]) -> Result<()> {
        self.tell_other(json!({ "type": "listen", "events": events })).await.map(drop)
    }

    /// Lets each of its listeners answer like this, by the names in `BACKGROUND`. Its place among all listeners stays.
    /// `elsewhere` is the address of another socket, for answers that name one.
    pub async fn other_answers(&self, answers: &[&str], elsewhere: &str) -> Result<()> {
        self.tell_other(json!({ "type": "answer", "answers": answers, "elsewhere": elsewhere })).await.map(drop)
    }

    /// What it has been asked since this was last called.
    pub async fn other_was_asked(&self) -> Result<Asked> {
        let asked = self.tell_other(json!({ "type": "asked" })).await?;
        serde_json::from_value(asked).context("the other extension told something else")
    }

    /// Puts these rules of `declarativeNetRequest` in the place of those that it has declared.
    pub async fn other_declares(&self, rules: &[Value]) -> Result<()> {
        self.run_in_page(&page(), DECLARE, vec![json!(rules)])
            .await
            .with_context(|| format!("the other extension could not declare {rules:?}"))
            .map(drop)
    }

    /// How many of its rules match a socket to each of these addresses.
    pub async fn other_matches(&self, urls: &[&str]) -> Result<Vec<usize>> {
        let matches = self.run_in_page(&page(), MATCHES, vec![json!(urls)]).await?;
        serde_json::from_value(matches).context("the other extension told something else")
    }

    async fn tell_other(&self, message: Value) -> Result<Value> {
        self.run_in_page(&page(), "return browser.runtime.sendMessage(arguments[0])", vec![message.clone()])
            .await
            .with_context(|| format!("the other extension did not answer {message}"))
    }
}

fn page() -> String {
    format!("moz-extension://{UUID}/{PAGE}")
}

/// The page from which it is told what to do.
const PAGE: &str = "page.html";

fn manifest() -> Value {
    json!({
        "manifest_version": 3,
        "name": "Another extension",
        "version": "1.0",
        "browser_specific_settings": { "gecko": { "id": ID } },
        "permissions": [
            "declarativeNetRequest", "declarativeNetRequestFeedback", "webRequest", "webRequestAuthProvider", "webRequestBlocking",
            "webRequestFilterResponse",
        ],
        "host_permissions": ["<all_urls>"],
        "background": { "scripts": ["background.js"] },
    })
}

/// A test sets `extensions.background.idle.timeout` so that this page does not fall asleep: then it would forget, and its
/// place among the listeners would be another.
const BACKGROUND: &str = r#"
const SOCKETS = { urls: ["ws://*/*", "wss://*/*"], types: ["websocket"] };
const EXTRA = {
    onBeforeRequest: ["blocking"],
    onBeforeSendHeaders: ["blocking", "requestHeaders"],
    onHeadersReceived: ["blocking", "responseHeaders"],
    onAuthRequired: ["blocking"],
};
const LATE_MS = 1_000;
let [listeners, answers, elsewhere, asked] = [[], [], null, []];
// The keys of the pages' handshakes, by request.
const keys = new Map();

const late = (answer) => new Promise((resolve) => setTimeout(() => resolve(answer), LATE_MS));
const value = (headers, name) => headers.find((header) => header.name.toLowerCase() === name)?.value;
// Over HTTP/2 there are no such headers: then none is added.
const replaced = (headers, name, value) =>
    headers.map((header) => header.name.toLowerCase() === name ? { name: header.name, value } : header);
const base64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));
// RFC 6455 section 4.2.2.
async function accepting(key) {
    const text = new TextEncoder().encode(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
    return base64(await crypto.subtle.digest("SHA-1", text));
}

// The answer to the page's own key.
const fitting = async ({ requestId, responseHeaders }) =>
    replaced(responseHeaders, "sec-websocket-accept", await accepting(keys.get(requestId)));
const without = (headers, name) => headers.filter((header) => header.name.toLowerCase() !== name);

// What stands between a request and whoever reads its answer.
const filtered = (act) => ({ requestId, url }) => {
    const filter = browser.webRequest.filterResponseData(requestId);
    filter.onstart = () => {
        asked.push(["filterResponseData", url]);
        act(filter);
    };
};

const ANSWERS = {
    nothing: () => undefined,
    ownUrl: ({ url }) => ({ redirectUrl: url }),
    ownUrlInClear: ({ url }) => ({ redirectUrl: url.replace(/^wss:/, "ws:") }),
    elsewhere: () => ({ redirectUrl: elsewhere }),
    cancel: () => ({ cancel: true }),
    upgrade: () => ({ upgradeToSecure: true }),
    requestHeader: ({ requestHeaders }) => ({ requestHeaders: [...requestHeaders, { name: "X-Other", value: "1" }] }),
    otherKey: ({ requestHeaders }) => ({ requestHeaders: replaced(requestHeaders, "sec-websocket-key", "b3RoZXIgZXh0ZW5zaW9uIQ==") }),
    rememberKey: ({ requestId, requestHeaders }) => { keys.set(requestId, value(requestHeaders, "sec-websocket-key")); },
    responseHeader: ({ responseHeaders }) => ({ responseHeaders: [...responseHeaders, { name: "X-Other", value: "1" }] }),
    otherAccept: ({ responseHeaders }) => ({ responseHeaders: replaced(responseHeaders, "sec-websocket-accept", "bm90IHdoYXQgZml0cyBhbnkga2V5") }),
    pagesAccept: async (details) => ({ responseHeaders: await fitting(details) }),
    withoutExtensions: ({ responseHeaders }) => ({ responseHeaders: without(responseHeaders, "sec-websocket-extensions") }),
    forged: async (details) => ({ responseHeaders: without(await fitting(details), "sec-websocket-extensions") }),
    password: () => ({ authCredentials: { username: "user", password: "secret" } }),
    filterPasses: filtered((filter) => filter.disconnect()),
    filterCloses: filtered((filter) => filter.close()),
    rejectsUndefined: () => Promise.reject(),
    rejectsNull: () => Promise.reject(null),
    rejectsString: () => Promise.reject("no"),
    rejectsObject: () => Promise.reject({ cancel: false }),
    rejectsError: () => Promise.reject(new Error("no")),
    throws: () => { throw new Error("no"); },
    throwsNull: () => { throw null; },
    late: () => late({}),
    lateOwnUrl: ({ url }) => late({ redirectUrl: url }),
    text: () => "cancel",
    number: () => Promise.resolve(7),
    unknownField: () => ({ cancel: false, nobodyKnows: "this" }),
    wrongTypes: () => ({ cancel: "", redirectUrl: {}, requestHeaders: "none", responseHeaders: 7 }),
};

function listen(events) {
    for (const [event, listener] of listeners) browser.webRequest[event].removeListener(listener);
    answers = events.map(() => "nothing");
    listeners = events.map((event, place) => [event, (details) => {
        asked.push([event, details.url]);
        return ANSWERS[answers[place]](details);
    }]);
    for (const [event, listener] of listeners) browser.webRequest[event].addListener(listener, SOCKETS, EXTRA[event]);
}

browser.runtime.onMessage.addListener(async (message) => {
    switch (message.type) {
        case "listen":
            listen(message.events);
            break;
        case "answer":
            for (const name of message.answers) if (!ANSWERS[name]) throw new Error(`there is no answer ${name}`);
            ({ answers, elsewhere } = message);
            break;
        case "asked": {
            const all = asked;
            asked = [];
            return all;
        }
    }
    // By way of the process that calls the listeners: when it has answered this, it knows them.
    return browser.runtime.getPlatformInfo();
});
"#;

const DECLARE: &str = r"
const [addRules] = arguments;
const { getSessionRules, updateSessionRules } = browser.declarativeNetRequest;
return getSessionRules().then((rules) => updateSessionRules({ removeRuleIds: rules.map(({ id }) => id), addRules }));
";

/// Firefox asks such rules about the request of the handshake, whose address begins with `http`.
const MATCHES: &str = r"
const [urls] = arguments;
const matched = async (socket) => {
    const url = socket.replace(/^ws/, 'http');
    const { matchedRules } = await browser.declarativeNetRequest.testMatchOutcome({ url, type: 'websocket' });
    return matchedRules.length;
};
return Promise.all(urls.map(matched));
";
