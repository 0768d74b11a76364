//! Another extension answers the same events, or declares rules for the same requests. Here is what it does in each row;
//! how a row is tried is [`crate::beside`]'s.

use crate::beside::{Case, Counts, Does, RightKey, walk};
use crate::hosts::Route;
use crate::matrix::{Expect, Group, Scenario};

macro_rules! rows {
    ($($name:literal => $expect:ident $case:expr),* $(,)?) => {
        &[$(Scenario {
            name: $name,
            expect: Expect::$expect,
            run: |stage| {
                const CASE: Case = $case;
                Box::pin(walk(stage, CASE))
            },
        }),*]
    };
}

pub(crate) const GROUP: Group = Group {
    name: "Another extension",
    scenarios: rows![
        "answers `onBeforeRequest` with a redirect" => Blocked stops(BEFORE_REQUEST, REDIRECTS),
        "answers `onBeforeRequest` with `cancel`" => Blocked stops(BEFORE_REQUEST, &[&["cancel"]]),
        "answers `onBeforeRequest` with `upgradeToSecure`" => Blocked
            Case { opens: OVER_TLS, ..answers(BEFORE_REQUEST, &[&["upgrade"]]) },
        "answers `onBeforeRequest` late" => Blocked answers(BEFORE_REQUEST, &[&["late"]]),
        "throws or rejects in `onBeforeRequest`" => Blocked answers(BEFORE_REQUEST, FAILURES),
        "answers `onBeforeRequest` with nonsense" => Blocked answers(BEFORE_REQUEST, NONSENSE),

        "answers `onBeforeSendHeaders` with a redirect" => Blocked stops(BEFORE_SEND_HEADERS, REDIRECTS),
        "answers `onBeforeSendHeaders` with `cancel`" => Blocked stops(BEFORE_SEND_HEADERS, &[&["cancel"]]),
        "answers `onBeforeSendHeaders` with one header more" => Blocked
            Case { header: true, ..answers(BEFORE_SEND_HEADERS, &[&["requestHeader"]]) },
        "answers `onBeforeSendHeaders` with another `Sec-WebSocket-Key`" => Blocked
            breaks_http1(Does::Answers(BEFORE_SEND_HEADERS, &[&["otherKey"]])),
        "answers `onBeforeSendHeaders` late" => Blocked answers(BEFORE_SEND_HEADERS, &[&["late"]]),
        "throws or rejects in `onBeforeSendHeaders`" => Blocked answers(BEFORE_SEND_HEADERS, FAILURES),
        "answers `onBeforeSendHeaders` with nonsense" => Blocked answers(BEFORE_SEND_HEADERS, NONSENSE),

        "answers `onHeadersReceived` with a redirect" => Blocked
            redirects(HEADERS_RECEIVED, &[&["ownUrl"], &["ownUrlInClear"], &["elsewhere"], &["lateOwnUrl"]]),
        "answers `onHeadersReceived` with `cancel`" => Blocked stops(HEADERS_RECEIVED, &[&["cancel"]]),
        "answers `onHeadersReceived` with one header more" => Blocked answers(HEADERS_RECEIVED, &[&["responseHeader"]]),
        "answers `onHeadersReceived` with another `Sec-WebSocket-Accept`" => Blocked
            breaks_http1(Does::Answers(HEADERS_RECEIVED, &[&["otherAccept"]])),
        "answers `onHeadersReceived` with the `Sec-WebSocket-Accept` that the page waits for" => Blocked
            answers(&["onBeforeSendHeaders", "onHeadersReceived"], &[&["rememberKey", "pagesAccept"]]),
        "answers with it, and redirects" => Blocked redirects(FORGING, &[&["rememberKey", "pagesAccept", "ownUrl"]]),
        "answers `onHeadersReceived` without `Sec-WebSocket-Extensions`" => Blocked
            answers(HEADERS_RECEIVED, &[&["withoutExtensions"]]),
        "answers without it, and redirects" => Blocked UNSEALED,
        "answers without it, and redirects, over HTTP/2 with `preflight` `off`" => NotProtected
            Case { counts: Counts::Lost, ..UNSEALED },
        "forges both on purpose, and redirects" => Blocked FORGED,
        "forges both on purpose, and redirects, with `preflight` `off`" => NotProtected
            Case { counts: Counts::Lost, ..FORGED },
        "answers `onHeadersReceived` late" => Blocked answers(HEADERS_RECEIVED, &[&["late"]]),
        "throws or rejects in `onHeadersReceived`" => Blocked answers(HEADERS_RECEIVED, FAILURES),
        "answers `onHeadersReceived` with nonsense" => Blocked answers(HEADERS_RECEIVED, NONSENSE),

        "asks for the answer's body (`filterResponseData`), and redirects at its headers" => Blocked
            redirects(&["onBeforeRequest", "onHeadersReceived"], FILTERED),

        "answers `onAuthRequired` with a password" => Blocked
            Case { asks_for_password: true, ..answers(AUTH_REQUIRED, &[&["password"]]) },

        "declares a `redirect` that changes nothing" => Blocked declares(REMOVE_PARAMS),
        "does that, and answers `onHeadersReceived` with a redirect" => Blocked NOT_SEALED,
        "does that, and answers `onHeadersReceived` with a redirect, over HTTP/2 with `preflight` `off`" => NotProtected
            Case { counts: Counts::Lost, ..NOT_SEALED },
        "declares `upgradeScheme`, and answers `onHeadersReceived` with a redirect" => Blocked NOT_SEALED_EITHER,
        "declares `upgradeScheme`, and so answers, over HTTP/2 with `preflight` `off`" => NotProtected
            Case { counts: Counts::Lost, ..NOT_SEALED_EITHER },
        "declares a `redirect` elsewhere" => Blocked
            Case { opens: &[], right_key: RightKey::Either, ..declares(ELSEWHERE) },
        "declares `upgradeScheme`" => Blocked Case { opens: OVER_TLS, ..declares(UPGRADE_SCHEME) },
        "declares `block`" => Blocked Case { opens: &[], right_key: RightKey::Either, ..declares(BLOCK) },
        "declares `allow`" => Blocked declares(ALLOW),
        "declares `modifyHeaders`" => Blocked Case { header: true, ..declares(MODIFY_HEADERS) },
        "declares `modifyHeaders` with another `Sec-WebSocket-Key` or `-Accept`" => Blocked
            breaks_http1(Does::Declares(MODIFY_HANDSHAKE)),
        "declares `modifyHeaders` without `Sec-WebSocket-Extensions`" => Blocked declares(MODIFY_EXTENSIONS),
    ],
};

const ALL: &[Route] = &[Route::Http1, Route::Http2, Route::Clear];
const OVER_TLS: &[Route] = &[Route::Http1, Route::Http2];

/// It leaves sockets alone.
const HARMLESS: Case = Case {
    does: Does::Declares(&[]),
    also_declares: "[]",
    asks_for_password: false,
    opens: ALL,
    header: false,
    right_key: RightKey::Opens,
    passes_sockpin: false,
    lost: &[],
    counts: Counts::Kept,
};

const fn answers(events: &'static [&'static str], answers: &'static [&'static [&'static str]]) -> Case {
    Case { does: Does::Answers(events, answers), ..HARMLESS }
}

const fn declares(rules: &'static [&'static str]) -> Case {
    Case { does: Does::Declares(rules), ..HARMLESS }
}

const fn stops(events: &'static [&'static str], answers: &'static [&'static [&'static str]]) -> Case {
    Case { does: Does::Answers(events, answers), opens: &[], right_key: RightKey::Either, ..HARMLESS }
}

/// What the page's key has to fit is not in a handshake over HTTP/2.
const fn breaks_http1(does: Does) -> Case {
    Case { does, opens: &[Route::Http2], right_key: RightKey::Either, ..HARMLESS }
}

/// Firefox cannot follow it, and lets the socket go on without another look at what the listeners behind have answered.
const fn redirects(events: &'static [&'static str], answers: &'static [&'static [&'static str]]) -> Case {
    Case { does: Does::Answers(events, answers), right_key: RightKey::Either, passes_sockpin: true, ..HARMLESS }
}

/// Over HTTP/2 there is no key that would have to fit.
const UNSEALED: Case = Case {
    lost: &[Route::Http2],
    ..redirects(&["onHeadersReceived", "onHeadersReceived"], &[&["withoutExtensions", "ownUrl"]])
};

/// Where such a rule is obeyed, Firefox obeys no rule about headers, Sockpin's own among them.
const NOT_SEALED: Case = Case {
    also_declares: r#"[{ "id": 1, "condition": { "urlFilter": "*" }, "action": { "type": "redirect",
        "redirect": { "transform": { "queryTransform": { "removeParams": ["utm_source"] } } } } }]"#,
    lost: &[Route::Http2],
    ..redirects(HEADERS_RECEIVED, &[&["ownUrl"]])
};

/// To such rules a `wss:` address is an `https:` one.
const NOT_SEALED_EITHER: Case = Case {
    also_declares: r#"[{ "id": 1, "condition": { "urlFilter": "|https://" }, "action": { "type": "upgradeScheme" } }]"#,
    ..NOT_SEALED
};

const FORGED: Case = Case { lost: OVER_TLS, ..redirects(FORGING, &[&["rememberKey", "forged", "ownUrl"]]) };
const FORGING: &[&str] = &["onBeforeSendHeaders", "onHeadersReceived", "onHeadersReceived"];

const BEFORE_REQUEST: &[&str] = &["onBeforeRequest"];
const BEFORE_SEND_HEADERS: &[&str] = &["onBeforeSendHeaders"];
const HEADERS_RECEIVED: &[&str] = &["onHeadersReceived"];
const AUTH_REQUIRED: &[&str] = &["onAuthRequired"];

const REDIRECTS: &[&[&str]] = &[&["ownUrl"], &["elsewhere"], &["lateOwnUrl"]];
/// None of these is an answer to Firefox.
const FAILURES: &[&[&str]] = &[
    &["rejectsUndefined"],
    &["rejectsNull"],
    &["rejectsString"],
    &["rejectsObject"],
    &["rejectsError"],
    &["throws"],
    &["throwsNull"],
];
const FILTERED: &[&[&str]] = &[&["filterPasses", "ownUrl"], &["filterCloses", "ownUrl"]];
const NONSENSE: &[&[&str]] = &[&["text"], &["number"], &["unknownField"], &["wrongTypes"]];

/// As extensions that remove tracking parameters have it.
const REMOVE_PARAMS: &[&str] = &[
    r#"[{ "id": 1, "action": { "type": "redirect", "redirect": { "transform": { "queryTransform": { "removeParams": ["fbclid"] } } } },
        "condition": { "urlFilter": "*" } }]"#,
    r#"[{ "id": 1, "action": { "type": "redirect", "redirect": { "transform": { "queryTransform": { "removeParams": ["fbclid"] } } } },
        "condition": { "urlFilter": "*", "resourceTypes": ["main_frame", "sub_frame", "xmlhttprequest", "websocket"] } }]"#,
    r#"[{ "id": 1, "action": { "type": "redirect", "redirect": { "transform": { "queryTransform": { "removeParams": ["fbclid"] } } } },
        "condition": { "requestDomains": ["sockpin.test"] } }]"#,
];
const ELSEWHERE: &[&str] = &[
    r#"[{ "id": 1, "action": { "type": "redirect", "redirect": { "transform": { "host": "elsewhere.sockpin.test" } } },
        "condition": { "urlFilter": "*" } }]"#,
    r#"[{ "id": 1, "action": { "type": "redirect", "redirect": { "url": "https://elsewhere.sockpin.test/" } },
        "condition": { "urlFilter": "*", "resourceTypes": ["websocket"] } }]"#,
];
const UPGRADE_SCHEME: &[&str] = &[
    r#"[{ "id": 1, "action": { "type": "upgradeScheme" }, "condition": { "urlFilter": "*" } },
        { "id": 2, "action": { "type": "block" }, "condition": { "urlFilter": "fbclid" } }]"#,
    r#"[{ "id": 1, "action": { "type": "upgradeScheme" }, "condition": { "resourceTypes": ["websocket"] } },
        { "id": 2, "action": { "type": "block" }, "condition": { "urlFilter": "fbclid" } }]"#,
];
const BLOCK: &[&str] = &[
    r#"[{ "id": 1, "action": { "type": "block" }, "condition": { "urlFilter": "*" } }]"#,
    r#"[{ "id": 1, "action": { "type": "block" }, "condition": { "resourceTypes": ["websocket"] } }]"#,
];
/// Without it the rule below it would stop every socket.
const ALLOW: &[&str] = &[
    r#"[{ "id": 1, "action": { "type": "allow" }, "condition": { "urlFilter": "*" }, "priority": 2 },
        { "id": 2, "action": { "type": "block" }, "condition": { "urlFilter": "*" } },
        { "id": 3, "action": { "type": "block" }, "condition": { "urlFilter": "fbclid" }, "priority": 3 }]"#,
    r#"[{ "id": 1, "action": { "type": "allow" }, "condition": { "resourceTypes": ["websocket"] }, "priority": 2 },
        { "id": 2, "action": { "type": "block" }, "condition": { "urlFilter": "*" } },
        { "id": 3, "action": { "type": "block" }, "condition": { "urlFilter": "fbclid" }, "priority": 3 }]"#,
];
const MODIFY_HEADERS: &[&str] = &[
    r#"[{ "id": 1, "action": { "type": "modifyHeaders", "requestHeaders": [{ "header": "X-Other", "operation": "set", "value": "1" }] },
        "condition": { "urlFilter": "*" } },
        { "id": 2, "action": { "type": "block" }, "condition": { "urlFilter": "fbclid" } }]"#,
    r#"[{ "id": 1, "action": { "type": "modifyHeaders", "requestHeaders": [{ "header": "X-Other", "operation": "set", "value": "1" }],
        "responseHeaders": [{ "header": "X-Other", "operation": "set", "value": "1" }] },
        "condition": { "resourceTypes": ["websocket"] } },
        { "id": 2, "action": { "type": "block" }, "condition": { "urlFilter": "fbclid" } }]"#,
];
const MODIFY_HANDSHAKE: &[&str] = &[
    r#"[{ "id": 1, "action": { "type": "modifyHeaders",
        "requestHeaders": [{ "header": "Sec-WebSocket-Key", "operation": "set", "value": "b3RoZXIgZXh0ZW5zaW9uIQ==" }] },
        "condition": { "resourceTypes": ["websocket"] } },
        { "id": 2, "action": { "type": "block" }, "condition": { "urlFilter": "fbclid" } }]"#,
    r#"[{ "id": 1, "action": { "type": "modifyHeaders",
        "responseHeaders": [{ "header": "Sec-WebSocket-Accept", "operation": "set", "value": "bm90IHdoYXQgZml0cyBhbnkga2V5" }] },
        "condition": { "urlFilter": "*" } },
        { "id": 2, "action": { "type": "block" }, "condition": { "urlFilter": "fbclid" } }]"#,
];
const MODIFY_EXTENSIONS: &[&str] = &[
    r#"[{ "id": 1, "action": { "type": "modifyHeaders",
        "responseHeaders": [{ "header": "Sec-WebSocket-Extensions", "operation": "remove" }] },
        "condition": { "urlFilter": "*" }, "priority": 1000000 },
        { "id": 2, "action": { "type": "block" }, "condition": { "urlFilter": "fbclid" } }]"#,
    r#"[{ "id": 1, "action": { "type": "modifyHeaders",
        "requestHeaders": [{ "header": "Sec-WebSocket-Extensions", "operation": "remove" }],
        "responseHeaders": [{ "header": "Sec-WebSocket-Extensions", "operation": "remove" }] },
        "condition": { "resourceTypes": ["websocket"] }, "priority": 1000000 },
        { "id": 2, "action": { "type": "block" }, "condition": { "urlFilter": "fbclid" } }]"#,
];
