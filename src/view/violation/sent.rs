//! What a server has received of a socket that was blocked or flagged.

use super::reason::probe_failed;
use crate::overruling::Overruled;
use crate::preflight::ProbeFailure;
use crate::verdict::{Outcome, Reason};
use crate::view::text::{Text, text};
use crate::violation::{Stage, Violation};

/// What the server has received from the page, and why that was not prevented where the rule asks for it.
#[must_use]
pub fn sent(violation: &Violation) -> Text {
    let received = received(violation);
    match (violation.outcome, violation.stage, violation.probe_failure) {
        (Outcome::Block, Stage::Handshake, Some(failure)) => {
            Text::Sentences(vec![received, text!("violation_key_not_known_beforehand"), probe_failed(failure)])
        }
        _ => received,
    }
}

fn received(violation: &Violation) -> Text {
    match (violation.outcome, violation.stage, violation.reason) {
        _ if matches!(violation.overruled, Some(Overruled::Opened)) => text!("violation_sent_all_overruled"),
        (_, Stage::BeforeRequest, Reason::Cleartext) if matches!(violation.overruled, Some(Overruled::Sent)) => {
            text!("violation_sent_request_in_clear")
        }
        _ if matches!(violation.overruled, Some(Overruled::Sent)) => text!("violation_sent_request_overruled"),
        (Outcome::Flag, _, Reason::Cleartext) if !violation.paused => text!("violation_sent_nothing_in_clear"),
        (Outcome::Flag, _, _) => text!("violation_sent_all"),
        (Outcome::Block, Stage::Preflight, _) => match violation.probe_failure {
            Some(
                ProbeFailure::PrivateWindow
                | ProbeFailure::Container
                | ProbeFailure::Proxy
                | ProbeFailure::ProxyPassword
                | ProbeFailure::Offline,
            ) => text!("violation_sent_nothing_not_asked"),
            None | Some(ProbeFailure::Http3 | ProbeFailure::Failed | ProbeFailure::Deadline) => {
                text!("violation_sent_probe")
            }
        },
        (Outcome::Block, Stage::BeforeRequest, _) => text!("violation_sent_nothing"),
        (Outcome::Block, Stage::Handshake, Reason::UnreadableAddress) => text!("violation_sent_nothing_no_server"),
        // How far such a socket had got is not written down.
        (
            Outcome::Block,
            Stage::Handshake,
            Reason::Cleartext | Reason::PolicyUnreadable | Reason::Deadline | Reason::InternalError,
        ) => text!("violation_sent_request_at_most"),
        (
            Outcome::Block,
            Stage::Handshake,
            Reason::NoCertificates
            | Reason::ChainTooLong
            | Reason::UnparsableCertificate
            | Reason::SecurityInfoFailed
            | Reason::SecurityInfoMalformed
            | Reason::DeniedKey
            | Reason::PinMismatch
            | Reason::ChainUnknown
            | Reason::PreflightUnanswered
            | Reason::CtNotCompliant
            | Reason::HandshakeAltered
            | Reason::AnswerDiscarded,
        ) => text!("violation_sent_request"),
    }
}
