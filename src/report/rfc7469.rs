//! A violation as [RFC 7469 section 3](https://www.rfc-editor.org/rfc/rfc7469#section-3) has it.
//!
//! | field | what is in it |
//! |---|---|
//! | `date-time` | when the socket was stopped or flagged; of an entry of the log, the last one |
//! | `hostname`, `port` | where the socket was to go |
//! | `effective-expiration-date` | the first moment at which the rule no longer blocks; left out where it has no end |
//! | `include-subdomains` | whether the rule is for names below the noted one: `*.` (one label) and `**.` alike |
//! | `noted-hostname` | the rule's host pattern without wildcard and port |
//! | `served-certificate-chain` | the server's own certificate: Firefox shows the chain that it has built, and of that only this one was served for certain |
//! | `validated-certificate-chain` | the chain that Firefox has built and validated, the server's own first, the root last; empty under a certificate exception, where there is none |
//! | `known-pins` | the rule's pins as `pin-sha256="…"`; none where it only denies keys |
//!
//! Certificates are PEM. The page that opened the socket is no part of it, and neither are path and query.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::host::split_port;
use crate::time::UnixMillis;
use crate::verdict::Reason;
use crate::violation::Violation;

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Report<'a> {
    date_time: Option<String>,
    hostname: &'a str,
    port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    effective_expiration_date: Option<String>,
    include_subdomains: bool,
    noted_hostname: &'a str,
    served_certificate_chain: &'a [String],
    validated_certificate_chain: &'a [String],
    known_pins: Vec<String>,
}

/// The report of a violation, as JSON on one line; none where no rule was violated. `certificates` is the DER of its chain,
/// the server's own first.
#[must_use]
pub fn report(violation: &Violation, certificates: &[Vec<u8>], time: UnixMillis) -> Option<String> {
    let rule = violation.rule.as_ref()?;
    let (wildcard, host) = match rule.host.strip_prefix("**.").or_else(|| rule.host.strip_prefix("*.")) {
        Some(host) => (true, host),
        None => (false, rule.host.as_str()),
    };
    let chain: Vec<String> = certificates.iter().map(|der| pem(der)).collect();
    let report = Report {
        date_time: time.to_rfc3339(),
        hostname: &violation.host,
        port: violation.port,
        effective_expiration_date: rule.expires.and_then(|date| date.start().to_rfc3339()),
        include_subdomains: wildcard,
        noted_hostname: split_port(host).map_or(host, |(host, _)| host),
        served_certificate_chain: chain.get(..1).unwrap_or_default(),
        validated_certificate_chain: if violation.exception { &[] } else { &chain },
        known_pins: rule.pins.iter().map(|pin| format!("pin-sha256=\"{}\"", pin.sha256.to_base64())).collect(),
    };
    serde_json::to_string(&report).ok()
}

/// Whether a violation is one of which a collector is told: something is wrong with the certificates that Firefox has shown, or
/// it has shown none. A report says nothing of the reason, so that no other could be told from these.
#[must_use]
pub const fn is_about_certificates(reason: Reason) -> bool {
    match reason {
        Reason::NoCertificates
        | Reason::ChainTooLong
        | Reason::UnparsableCertificate
        | Reason::SecurityInfoFailed
        | Reason::SecurityInfoMalformed
        | Reason::DeniedKey
        | Reason::PinMismatch
        | Reason::ChainUnknown
        | Reason::CtNotCompliant => true,
        Reason::Cleartext
        | Reason::PreflightUnanswered
        | Reason::HandshakeAltered
        | Reason::AnswerDiscarded
        | Reason::Deadline
        | Reason::PolicyUnreadable
        | Reason::UnreadableAddress
        | Reason::InternalError => false,
    }
}

/// [RFC 7468 section 5](https://www.rfc-editor.org/rfc/rfc7468#section-5): base64 in lines of 64 characters.
fn pem(der: &[u8]) -> String {
    let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
    for line in der.chunks(BYTES_PER_LINE) {
        pem.push_str(&STANDARD.encode(line));
        pem.push('\n');
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    pem
}

/// That many bytes are 64 characters of base64, without padding.
const BYTES_PER_LINE: usize = 48;
