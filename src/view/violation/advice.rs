//! What to do about a socket that was blocked or flagged.

use super::{denies_keys, is_managed};
use crate::overruling::Overruled;
use crate::preflight::ProbeFailure;
use crate::verdict::Reason;
use crate::view::text::{Text, text};
use crate::violation::{Stage, Violation};

/// What to do next; what follows from the reason is left out where it is said first, as `is_explained` says:
/// [`crate::view::explanation`].
#[must_use]
pub fn advice(violation: &Violation, is_explained: bool) -> Option<Text> {
    let find_extension = || text!("find_extension");
    let mut sentences = match violation.overruled {
        Some(Overruled::Opened) => vec![text!("violation_advice_close_page"), find_extension()],
        Some(Overruled::Sent | Overruled::Held) => vec![find_extension()],
        None => Vec::new(),
    };
    if !is_explained {
        sentences.extend(by_reason(violation));
    }
    if matches!(violation.reason, Reason::HandshakeAltered | Reason::AnswerDiscarded) && violation.overruled.is_none() {
        sentences.push(find_extension());
    }
    (!sentences.is_empty()).then_some(Text::Sentences(sentences))
}

/// What follows from the reason.
pub(in crate::view) fn by_reason(violation: &Violation) -> Vec<Text> {
    let advice = match violation.reason {
        Reason::PreflightUnanswered => return unanswered(violation).into(),
        Reason::PinMismatch | Reason::UnparsableCertificate if violation.exception => {
            text!("violation_advice_exception")
        }
        Reason::PinMismatch if is_managed(violation) => text!("violation_advice_mismatch_managed"),
        Reason::PinMismatch => text!("violation_advice_mismatch"),
        Reason::UnparsableCertificate if denies_keys(violation) => text!("violation_advice_unreadable_denied"),
        Reason::UnparsableCertificate => text!("violation_advice_unreadable"),
        Reason::DeniedKey => text!("violation_advice_denied_key"),
        Reason::Cleartext => text!("violation_advice_cleartext"),
        Reason::CtNotCompliant => text!("violation_advice_ct"),
        Reason::ChainUnknown => text!("violation_advice_chain_unknown"),
        Reason::NoCertificates | Reason::SecurityInfoFailed | Reason::SecurityInfoMalformed | Reason::Deadline => {
            text!("violation_advice_try_again")
        }
        Reason::ChainTooLong => text!("violation_advice_chain_too_long"),
        Reason::HandshakeAltered if matches!(violation.stage, Stage::Handshake) => {
            text!("violation_advice_server_or_extension")
        }
        Reason::HandshakeAltered | Reason::AnswerDiscarded => text!("violation_advice_extension"),
        Reason::PolicyUnreadable => text!("violation_advice_policy"),
        Reason::UnreadableAddress => text!("violation_advice_address"),
        Reason::InternalError => text!("violation_advice_internal_error"),
    };
    vec![advice]
}

/// What to do where the rule requires a pre-flight and it had no answer.
fn unanswered(violation: &Violation) -> [Text; 2] {
    let first = match violation.probe_failure {
        Some(ProbeFailure::PrivateWindow | ProbeFailure::Container) => text!("violation_advice_ordinary_tab"),
        Some(ProbeFailure::Http3) => text!("violation_advice_http3"),
        Some(ProbeFailure::Proxy) => text!("violation_advice_proxy"),
        Some(ProbeFailure::ProxyPassword) => text!("violation_advice_proxy_password"),
        Some(ProbeFailure::Offline) => text!("violation_advice_offline"),
        Some(ProbeFailure::Failed | ProbeFailure::Deadline) | None => text!("violation_advice_reachable"),
    };
    let second = if is_managed(violation) {
        text!("violation_advice_preflight_managed")
    } else {
        text!("violation_advice_preflight")
    };
    [first, second]
}
