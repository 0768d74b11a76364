//! Chromium's [static pins](https://chromium.googlesource.com/chromium/src/+/main/net/http/transport_security_state_static_pins.json):
//! its two files, one behind the other, each below its name. The JSON names keys, and the other says what they are.

use std::collections::HashMap;
use std::fmt::Write as _;

use crate::host::PatternScope;
use crate::pin::Pin;
use crate::rule::{LabelledPin, Rule};
use crate::time::UnixMillis;

pub(super) fn write(rules: &[&Rule], now: UnixMillis) -> String {
    let mut keys = Keys::default();
    let (mut sets, mut entries) = (Vec::new(), Vec::new());
    for (rule, number) in rules.iter().zip(1..) {
        let (pins, denied) = (keys.names(rule.pins()), keys.names(rule.denied()));
        sets.push(format!(
            "    {{\"name\": \"set{number}\", \"static_spki_hashes\": [{pins}], \"bad_static_spki_hashes\": [{denied}]}}"
        ));
        let (name, below) = (rule.host().base(), rule.host().scope() == PatternScope::Subtree);
        entries
            .push(format!("    {{\"name\": \"{name}\", \"include_subdomains\": {below}, \"pins\": \"set{number}\"}}"));
    }
    // Chromium takes no notice of pins whose list is older than ten weeks.
    let seconds = now.as_millis().div_euclid(1_000);
    format!(
        "// transport_security_state_static_pins.json\n\
         {{\n  \"pinsets\": [\n{}\n  ],\n  \"entries\": [\n{}\n  ]\n}}\n\n\
         # transport_security_state_static.pins\n\
         PinsListTimestamp\n{seconds}\n{}",
        sets.join(",\n"),
        entries.join(",\n"),
        keys.listed
    )
}

/// The keys of the other file, by number.
#[derive(Default)]
struct Keys {
    numbers: HashMap<Pin, usize>,
    listed: String,
}

impl Keys {
    /// What these are called there, where they are listed from now on.
    fn names(&mut self, pins: &[LabelledPin]) -> String {
        let mut name = |pin: &LabelledPin| {
            let next = self.numbers.len().saturating_add(1);
            let number = *self.numbers.entry(pin.sha256).or_insert_with(|| {
                let _ = write!(self.listed, "\nKey{next}\n{}\n", pin.sha256);
                next
            });
            format!("\"Key{number}\"")
        };
        pins.iter().map(&mut name).collect::<Vec<_>>().join(", ")
    }
}
