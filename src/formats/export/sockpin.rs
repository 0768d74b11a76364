//! Sockpin's own JSON, as it is stored but for the settings: a line for each rule, so that two files can be compared.

use crate::policy::POLICY_VERSION;
use crate::rule::Rule;

pub(super) fn write(rules: &[&Rule]) -> String {
    // Nothing in a rule can fail to be written.
    let lines: Vec<_> = rules.iter().map(|rule| serde_json::to_string(rule).unwrap_or_default()).collect();
    let separator = if lines.is_empty() { "" } else { "\n" };
    format!("{{\"version\": {POLICY_VERSION}, \"rules\": [{separator}{}{separator}]}}\n", lines.join(",\n"))
}

/// What such a file is, for its JSON schema.
#[cfg(feature = "schema")]
#[derive(schemars::JsonSchema)]
#[expect(dead_code, reason = "only its schema is made")]
#[schemars(title = "Rules of Sockpin", deny_unknown_fields)]
pub(super) struct Document {
    /// The version of this form.
    version: u64,
    /// Every rule.
    rules: Vec<crate::rule::RuleDocument>,
}
