//! Formats that have a line or a few for each rule.

use std::fmt::Write as _;

use crate::host::PatternScope;
use crate::rule::{LabelledPin, MatchScope, Mode, Rule};

/// [`CertificatePinner`](https://square.github.io/okhttp/5.x/okhttp/okhttp3/-certificate-pinner/), as Kotlin.
pub(super) fn ok_http(rules: &[&Rule]) -> String {
    format!("val certificatePinner = CertificatePinner.Builder()\n{}    .build()\n", calls(rules))
}

/// [`SpkiPinningClientTlsStrategy`](https://hc.apache.org/httpcomponents-client-5.6.x/current/httpclient5/apidocs/), as Java.
pub(super) fn apache(rules: &[&Rule]) -> String {
    let begin = "SpkiPinningClientTlsStrategy pinning = SpkiPinningClientTlsStrategy.newBuilder(sslContext)";
    format!("{begin}\n{}    .build();\n", calls(rules))
}

/// One of `add` for each rule, in either language.
fn calls(rules: &[&Rule]) -> String {
    let add = |rule: &&Rule| {
        let pins = rule.pins().iter().map(|pin| format!(",\n        \"{}\"", pin.sha256));
        format!("    .add(\n        \"{}\"{}\n    )\n", rule.host(), pins.collect::<String>())
    };
    rules.iter().map(add).collect()
}

/// [RFC 7469 section 2.1](https://www.rfc-editor.org/rfc/rfc7469#section-2.1), each under the host for which its server sends it.
pub(super) fn hpkp(rules: &[&Rule]) -> String {
    let header = |rule: &&Rule| {
        let name = if rule.mode() == Mode::Flag { "Public-Key-Pins-Report-Only" } else { "Public-Key-Pins" };
        let pins = rule.pins().iter().map(|pin| format!("; pin-sha256=\"{}\"", pin.sha256.to_base64()));
        let below = if rule.host().scope() == PatternScope::Subtree { "; includeSubDomains" } else { "" };
        let pins: String = pins.collect();
        format!("# {}\n{name}: max-age={HPKP_SECONDS}{pins}{below}\n", rule.host().base())
    };
    rules.iter().map(header).collect()
}

/// [`--pinnedpubkey`](https://curl.se/docs/manpage.html#--pinnedpubkey).
pub(super) fn curl(rules: &[&Rule]) -> String {
    let command = |rule: &&Rule| {
        let pins: Vec<_> = rule.pins().iter().map(|pin| format!("sha256//{}", pin.sha256.to_base64())).collect();
        format!("curl --pinnedpubkey '{}' 'https://{}/'\n", pins.join(";"), rule.host())
    };
    rules.iter().map(command).collect()
}

/// [RFC 6698](https://www.rfc-editor.org/rfc/rfc6698): of the server's own key (usage 3), and of any authority's (usage 2) where any
/// key of the chain counts. Each of several records is enough.
pub(super) fn tlsa(rules: &[&Rule]) -> String {
    let record = |rule: &&Rule, usage: u8, pin: &LabelledPin| {
        let port = rule.host().port().unwrap_or(HTTPS_PORT);
        let hex = hex(pin.sha256.as_bytes());
        format!("_{port}._tcp.{}. IN TLSA {usage} 1 1 {hex}\n", rule.host().base())
    };
    let records = |rule: &&Rule| {
        let usages: &[u8] = match rule.match_scope() {
            MatchScope::Leaf => &[3],
            MatchScope::Chain => &[3, 2],
        };
        let of_pin = |pin| usages.iter().map(|usage| record(rule, *usage, pin)).collect::<String>();
        rule.pins().iter().map(of_pin).collect::<String>()
    };
    rules.iter().map(records).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// The most that a browser kept a header (RFC 7469 section 4.1): 60 days.
const HPKP_SECONDS: u32 = 5_184_000;
const HTTPS_PORT: u16 = 443;
