//! Android's [Network Security Configuration](https://developer.android.com/privacy-and-security/security-config).

use std::fmt::Write as _;

use crate::host::PatternScope;
use crate::rule::{LocalRoots, Mode, Rule};

pub(super) fn write(rules: &[&Rule]) -> String {
    let mut xml = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<network-security-config>\n".to_owned();
    for rule in rules {
        // Writing to a String cannot fail.
        let _ = write_rule(rule, &mut xml);
    }
    xml + "</network-security-config>\n"
}

fn write_rule(rule: &Rule, xml: &mut String) -> std::fmt::Result {
    let host = rule.host();
    writeln!(xml, "    <domain-config>")?;
    let includes = host.scope() == PatternScope::Subtree;
    writeln!(xml, "        <domain includeSubdomains=\"{includes}\">{}</domain>", host.base())?;
    if rule.mode() == Mode::Off {
        writeln!(xml, "        <pin-set/>")?;
        return writeln!(xml, "    </domain-config>");
    }
    match rule.expires() {
        Some(date) => writeln!(xml, "        <pin-set expiration=\"{date}\">")?,
        None => writeln!(xml, "        <pin-set>")?,
    }
    for pin in rule.pins() {
        writeln!(xml, "            <pin digest=\"SHA-256\">{}</pin>", pin.sha256.to_base64())?;
    }
    writeln!(xml, "        </pin-set>")?;
    if rule.local_roots() == LocalRoots::Exempt {
        writeln!(xml, "        <trust-anchors>")?;
        writeln!(xml, "            <certificates src=\"system\"/>")?;
        writeln!(xml, "            <certificates src=\"user\" overridePins=\"true\"/>")?;
        writeln!(xml, "        </trust-anchors>")?;
    }
    if rule.require_ct() {
        writeln!(xml, "        <certificateTransparency enabled=\"true\"/>")?;
    }
    writeln!(xml, "    </domain-config>")
}
