//! Why a socket was blocked or flagged.

use super::denies_keys;
use crate::overruling::Overruled;
use crate::preflight::ProbeFailure;
use crate::rule::{MatchScope, Mode};
use crate::verdict::{Outcome, Reason};
use crate::view::foreign::foreign;
use crate::view::text::{Text, plural, text};
use crate::violation::{Mark, Stage, Violation};

/// Why, and what a pause, an expiry date or another extension has made of it.
#[must_use]
pub fn reason(violation: &Violation) -> Text {
    let mut sentences = vec![cause(violation)];
    if violation.reason == Reason::PreflightUnanswered {
        sentences.push(probe_failed(violation.probe_failure.unwrap_or(ProbeFailure::Failed)));
    }
    if let Some(rule) = &violation.rule
        && rule.expired
        && rule.mode == Mode::Block
    {
        sentences.push(match rule.expires {
            Some(date) => text!("violation_rule_expired_on", date = date),
            None => text!("violation_rule_expired"),
        });
    }
    if violation.paused {
        sentences.push(text!("violation_let_through_by_pause"));
    }
    sentences.extend(violation.overruled.map(overruled));
    Text::Sentences(sentences)
}

/// What another extension has made of a stop.
fn overruled(how: Overruled) -> Text {
    match how {
        Overruled::Held => text!("violation_overruled_held"),
        Overruled::Sent => text!("violation_overruled_sent"),
        Overruled::Opened => text!("violation_overruled_opened"),
    }
}

fn cause(violation: &Violation) -> Text {
    match violation.reason {
        Reason::PinMismatch => mismatch(violation),
        Reason::DeniedKey => denied_key(violation),
        // During a pause it goes on as it is.
        Reason::Cleartext if violation.outcome == Outcome::Flag && !violation.paused => {
            text!("violation_cleartext_upgraded")
        }
        Reason::Cleartext => text!("violation_cleartext"),
        Reason::NoCertificates => text!("violation_no_certificates"),
        Reason::ChainTooLong => text!("violation_chain_too_long"),
        Reason::UnparsableCertificate => {
            let unreadable = violation.chain.iter().filter(|entry| entry.mark == Mark::Unparsable).count();
            if denies_keys(violation) {
                plural!("violation_unreadable_maybe_denied", unreadable)
            } else {
                plural!("violation_unreadable", unreadable)
            }
        }
        Reason::SecurityInfoFailed => text!("violation_security_info_failed"),
        Reason::SecurityInfoMalformed => text!("violation_security_info_malformed"),
        Reason::ChainUnknown => text!("violation_chain_unknown"),
        Reason::CtNotCompliant => text!("violation_ct_not_compliant"),
        Reason::PreflightUnanswered => text!("violation_preflight_unanswered"),
        Reason::HandshakeAltered if violation.stage == Stage::Handshake => text!("violation_answer_altered"),
        Reason::HandshakeAltered => text!("violation_request_altered"),
        Reason::AnswerDiscarded => text!("violation_answer_discarded"),
        Reason::Deadline => text!("violation_deadline"),
        Reason::PolicyUnreadable => text!("violation_policy_unreadable"),
        Reason::UnreadableAddress => text!("violation_address_unreadable"),
        Reason::InternalError => text!("violation_internal_error"),
    }
}

fn mismatch(violation: &Violation) -> Text {
    let rule = violation.rule.as_ref();
    let pins = rule.map_or(0, |rule| rule.pins.len());
    let only_leaf = rule.is_some_and(|rule| rule.match_scope == MatchScope::Leaf);
    match violation.chain.len() {
        _ if violation.exception => plural!("violation_mismatch_exception", pins),
        0 | 1 => plural!("violation_mismatch_key", pins),
        _ if only_leaf => plural!("violation_mismatch_leaf", pins),
        keys => plural!("violation_mismatch_chain", pins, keys = keys),
    }
}

fn denied_key(violation: &Violation) -> Text {
    let shown = violation.chain.iter().find(|entry| entry.mark == Mark::Denied).and_then(|entry| entry.sha256);
    let rule = violation.rule.as_ref();
    let denied = rule.and_then(|rule| rule.denied.iter().find(|pin| Some(pin.sha256) == shown));
    match denied.map(|pin| pin.label.as_str()) {
        Some(label) if !label.is_empty() => text!("violation_denied_key_named", label = foreign(label)),
        _ => text!("violation_denied_key"),
    }
}

/// Why a pre-flight had no answer.
pub(in crate::view) fn probe_failed(failure: ProbeFailure) -> Text {
    match failure {
        ProbeFailure::PrivateWindow => text!("violation_probe_private_window"),
        ProbeFailure::Container => text!("violation_probe_container"),
        ProbeFailure::Http3 => text!("violation_probe_http3"),
        ProbeFailure::Proxy => text!("violation_probe_proxy"),
        ProbeFailure::ProxyPassword => text!("violation_probe_proxy_password"),
        ProbeFailure::Offline => text!("violation_probe_offline"),
        ProbeFailure::Deadline => text!("violation_probe_deadline"),
        ProbeFailure::Failed => text!("violation_probe_failed"),
    }
}
