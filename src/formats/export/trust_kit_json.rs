//! [`TrustKit`](https://github.com/datatheorem/TrustKit)'s configuration as JSON.

use crate::host::PatternScope;
use crate::rule::{Mode, Rule};

pub(super) fn write(rules: &[&Rule]) -> String {
    let domains: Vec<_> = rules.iter().map(|rule| domain(rule)).collect();
    format!("{{\n  \"TSKPinnedDomains\": {{\n{}\n  }}\n}}\n", domains.join(",\n"))
}

fn domain(rule: &Rule) -> String {
    let mut fields = vec![format!("\"TSKIncludeSubdomains\": {}", rule.host().scope() == PatternScope::Subtree)];
    if rule.mode() == Mode::Off {
        fields.push("\"TSKExcludeSubdomainFromParentPolicy\": true".to_owned());
    } else {
        fields.push(format!("\"TSKEnforcePinning\": {}", rule.mode() == Mode::Block));
        if let Some(date) = rule.expires() {
            fields.push(format!("\"TSKExpirationDate\": \"{date}\""));
        }
        let pins: Vec<_> = rule.pins().iter().map(|pin| format!("\"{}\"", pin.sha256.to_base64())).collect();
        fields.push(format!("\"TSKPublicKeyHashes\": [{}]", pins.join(", ")));
    }
    format!("    \"{}\": {{\n      {}\n    }}", rule.host().base(), fields.join(",\n      "))
}
