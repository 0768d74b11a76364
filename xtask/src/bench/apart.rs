//! The handshake once more, with extensions between the ones that do less and Sockpin: what each step adds in the page.

use anyhow::{Context, Result};
use sockpin_e2e::demo::{Demo, PINNED};

use super::Bench;
use super::browser::{Browser, Came, in_turn, quit_all, start_all};
use super::handshake::{self, PINNED_OFF, SOCKETS, TURNS, UNCOUNTED, WITHOUT_RULE};
use super::report::{Measurements, Unit};
use super::table::Section;
use super::variant::{NOTHING, SECURITY_INFO, SOCKPIN, Variant};

const DEAF_UNSEALED: &str = "Sockpin, answered before its core, unsealed";
const DEAF: &str = "Sockpin, answered before its core";
const HANDING_BACK: &str = "security-info, handing headers back";
const SEALED: &str = "security-info, handing headers back, sealed";

/// What is added, in which case, and the variants with it and without it.
const STEPS: [(&str, &str, &str, &str); 8] = [
    ("Sockpin is loaded, and its listeners answer without asking its core", WITHOUT_RULE, DEAF_UNSEALED, NOTHING),
    ("the seal of other hosts", WITHOUT_RULE, DEAF, DEAF_UNSEALED),
    ("the core is asked", WITHOUT_RULE, SOCKPIN, DEAF),
    ("all of it", WITHOUT_RULE, SOCKPIN, NOTHING),
    ("the headers of request and answer are handed back, unchanged", PINNED_OFF, HANDING_BACK, SECURITY_INFO),
    ("a declarative rule adds a header to the answer", PINNED_OFF, SEALED, HANDING_BACK),
    ("Sockpin instead of that", PINNED_OFF, SOCKPIN, SEALED),
    ("all of it", PINNED_OFF, SOCKPIN, SECURITY_INFO),
];

pub(super) async fn measure(bench: &Bench) -> Result<Section> {
    let plain = bench.variants.named(&[NOTHING, SECURITY_INFO, SOCKPIN]);
    let find = |name: &str| plain.iter().find(|variant| variant.name == name).context("a variant is missing");
    let between = [
        find(SOCKPIN)?.with_script(&[ANSWER_AT_ONCE, SEAL_NOTHING].concat())?.called(DEAF_UNSEALED),
        find(SOCKPIN)?.with_script(ANSWER_AT_ONCE)?.called(DEAF),
        find(SECURITY_INFO)?.with_script(HAND_BACK)?.called(HANDING_BACK),
        find(SECURITY_INFO)?.with_script(&[HAND_BACK, &seal(PINNED)].concat())?.called(SEALED),
    ];
    let variants: Vec<&Variant> = plain.into_iter().chain(&between).collect();
    let mut measured = Measurements::default();
    for _ in 0..bench.rounds {
        let demo = Demo::start().await?;
        let cases = handshake::cases(&demo)?;
        let browsers = start_all(&variants, &demo).await?;
        for browser in &browsers {
            handshake::store_rules(browser, &demo).await?;
            for (_, url) in cases.iter().filter(|(case, _)| is_in(browser, case)) {
                handshake::warm(browser, url).await?;
            }
        }
        for turn in 0..TURNS {
            for (case, url) in &cases {
                for browser in in_turn(&browsers, turn).filter(|browser| is_in(browser, case)) {
                    let samples = browser.sockets(url, UNCOUNTED + SOCKETS, Came::Open).await?;
                    let samples = samples.map(|samples| samples.into_iter().skip(UNCOUNTED).collect());
                    measured.record(case, browser.variant.name, samples);
                }
            }
        }
        quit_all(browsers).await?;
    }

    let line = |(text, case, with, without)| {
        measured.difference(&format!("{case}: {text}"), case, with, without, Unit::Milliseconds)
    };
    Ok(Section {
        title: "Handshake, taken apart",
        about: format!(
            "What each step adds to the milliseconds in the page from `new WebSocket` to `open`, the background awake: \
             differences within the same turn. Samples of each variant: {}, {SOCKETS} in a turn.",
            bench.rounds * TURNS * SOCKETS,
        ),
        lines: STEPS.into_iter().map(line).collect(),
        goals: Vec::new(),
        variants: vec!["adds"],
    })
}

/// Whether a variant is a part of a case. One that is sealed and does not ask its core can open no pinned socket.
fn is_in(browser: &Browser<'_>, case: &str) -> bool {
    STEPS.iter().any(|&(_, of, with, without)| of == case && [with, without].contains(&browser.variant.name))
}

/// Runs before Sockpin's background: its listeners for sockets answer as one without rules would, and the core is loaded
/// but not asked.
const ANSWER_AT_ONCE: &str = r"
for (const name of ['onBeforeRequest', 'onBeforeSendHeaders', 'onHeadersReceived']) {
    const event = browser.webRequest[name];
    const add = event.addListener.bind(event);
    Object.defineProperty(event, 'addListener', { value: (listener, filter, ...rest) => add(
        filter.types.includes('websocket') ? () => ({}) : listener, filter, ...rest) });
}
";

/// The same, for the browser's declarative rules.
const SEAL_NOTHING: &str = r"
Object.defineProperty(browser.declarativeNetRequest, 'updateDynamicRules', { value: async () => {} });
";

/// Runs before `security-info`: its answers hand back the headers that it was given.
const HAND_BACK: &str = r"
for (const [name, list] of [['onBeforeSendHeaders', 'requestHeaders'], ['onHeadersReceived', 'responseHeaders']]) {
    const event = browser.webRequest[name];
    const add = event.addListener.bind(event);
    Object.defineProperty(event, 'addListener', { value: (listener, ...rest) => add((details) => {
        const headers = { [list]: details[list] };
        const answer = listener(details);
        return answer instanceof Promise ? answer.then(() => headers) : headers;
    }, ...rest) });
}
";

/// As Sockpin seals, with a header that Firefox does not look at.
fn seal(host: &str) -> String {
    format!(
        r#"
browser.declarativeNetRequest.updateSessionRules({{ addRules: [{{
    id: 1,
    condition: {{ resourceTypes: ["websocket"], requestDomains: ["{host}", "{host}."] }},
    action: {{
        type: "modifyHeaders",
        responseHeaders: [{{ header: "X-Sealed", operation: "append", value: "sealed" }}],
    }},
}}] }});
"#
    )
}
