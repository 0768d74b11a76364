//! [`TrustKit`](https://github.com/datatheorem/TrustKit)'s configuration as JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::host::PatternScope;
use crate::rule::{Mode, Rule};

#[derive(Serialize)]
struct Configuration {
    #[serde(rename = "TSKPinnedDomains")]
    domains: BTreeMap<String, Domain>,
}

#[derive(Serialize)]
struct Domain {
    #[serde(rename = "TSKIncludeSubdomains")]
    includes_subdomains: bool,
    #[serde(rename = "TSKExcludeSubdomainFromParentPolicy", skip_serializing_if = "Option::is_none")]
    is_excluded: Option<bool>,
    #[serde(rename = "TSKEnforcePinning", skip_serializing_if = "Option::is_none")]
    is_enforced: Option<bool>,
    #[serde(rename = "TSKExpirationDate", skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    #[serde(rename = "TSKPublicKeyHashes", skip_serializing_if = "Vec::is_empty")]
    hashes: Vec<String>,
}

pub(super) fn write(rules: &[&Rule]) -> String {
    let domain = |rule: &&Rule| {
        let is_judged = rule.mode() != Mode::Off;
        let domain = Domain {
            includes_subdomains: rule.host().scope() == PatternScope::Subtree,
            is_excluded: (!is_judged).then_some(true),
            is_enforced: is_judged.then_some(rule.mode() == Mode::Block),
            expires: rule.expires().filter(|_| is_judged).map(|date| date.to_string()),
            hashes: rule.pins().iter().filter(|_| is_judged).map(|pin| pin.sha256.to_base64()).collect(),
        };
        (rule.host().base().to_string(), domain)
    };
    let configuration = Configuration { domains: rules.iter().map(domain).collect() };
    // Nothing in it can fail to be written.
    serde_json::to_string_pretty(&configuration).map(|json| json + "\n").unwrap_or_default()
}
