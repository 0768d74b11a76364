//! Chromium's [static pins](https://chromium.googlesource.com/chromium/src/+/main/net/http/transport_security_state_static_pins.json):
//! its two files, one behind the other, each below its name. The JSON names keys, and the other says what they are.

use crate::host::PatternScope;
use crate::pin::Pin;
use crate::rule::{LabelledPin, Rule};
use crate::time::UnixMillis;

pub(super) fn write(rules: &[&Rule], now: UnixMillis) -> String {
    let mut keys: Vec<Pin> =
        rules.iter().flat_map(|rule| rule.pins().iter().chain(rule.denied())).map(|pin| pin.sha256).collect();
    keys.sort_unstable();
    keys.dedup();
    let (mut sets, mut entries) = (Vec::new(), Vec::new());
    for (rule, number) in rules.iter().zip(1..) {
        let (pins, denied) = (names(rule.pins(), &keys), names(rule.denied(), &keys));
        sets.push(format!(
            "    {{\"name\": \"set{number}\", \"static_spki_hashes\": [{pins}], \"bad_static_spki_hashes\": [{denied}]}}"
        ));
        let (name, below) = (rule.host().base(), rule.host().scope() == PatternScope::Subtree);
        entries
            .push(format!("    {{\"name\": \"{name}\", \"include_subdomains\": {below}, \"pins\": \"set{number}\"}}"));
    }
    // Chromium takes no notice of pins whose list is older than ten weeks.
    let seconds = now.as_millis().div_euclid(1_000);
    let named = |(key, number): (&Pin, u32)| format!("\nKey{number}\n{key}\n");
    let keys: String = keys.iter().zip(1..).map(named).collect();
    format!(
        "// transport_security_state_static_pins.json\n\
         {{\n  \"pinsets\": [\n{}\n  ],\n  \"entries\": [\n{}\n  ]\n}}\n\n\
         # transport_security_state_static.pins\n\
         PinsListTimestamp\n{seconds}\n{keys}",
        sets.join(",\n"),
        entries.join(",\n")
    )
}

/// The names of keys in the other file.
fn names(pins: &[LabelledPin], keys: &[Pin]) -> String {
    let name = |pin: &LabelledPin| {
        let place = keys.binary_search(&pin.sha256).unwrap_or_default();
        format!("\"Key{}\"", place.saturating_add(1))
    };
    pins.iter().map(name).collect::<Vec<_>>().join(", ")
}
