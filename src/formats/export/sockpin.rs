//! Sockpin's own JSON, as it is stored but for the settings, and laid out for people.

use serde::Serialize;

use crate::policy::POLICY_VERSION;
use crate::rule::Rule;

#[derive(Serialize)]
struct Document<'a> {
    version: u64,
    rules: &'a [&'a Rule],
}

pub(super) fn write(rules: &[&Rule]) -> String {
    let document = Document { version: POLICY_VERSION, rules };
    // Nothing in it can fail to be written.
    serde_json::to_string_pretty(&document).map(|json| json + "\n").unwrap_or_default()
}
