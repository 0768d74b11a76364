//! Of which hosts a person has been told by a notification of the system: of each at most once an hour.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::limits::{MAX_NOTIFIED_HOSTS, NOTIFICATION_INTERVAL_MS};
use crate::time::UnixMillis;
use crate::verdict::{Outcome, Reason};
use crate::violation::Violation;

/// The name in `localStorage` of the setting: `true` where notifications are wanted. There it can be read at once.
pub const NOTIFICATIONS: &str = "notifications";

/// The name in `localStorage` of what [`told_of`] gives.
pub const NOTIFIED: &str = "notified";

/// Whether a person is to be told of this host now: if so, the text to be kept from now on. `kept` is the text until now: when they
/// were told, and the digest of the host, a line each. A host that has gone from the log must not stand here.
#[must_use]
pub fn told_of(kept: &str, host: &str, now: UnixMillis) -> Option<String> {
    let digest = STANDARD_NO_PAD.encode(Sha256::digest(host));
    let mut text = String::new();
    let mut hosts = 0;
    for line in kept.lines() {
        let Some((time, told)) = line.split_once(' ') else { continue };
        let Some(time) = UnixMillis::from_millis_text(time) else { continue };
        if time.as_millis().abs_diff(now.as_millis()) >= NOTIFICATION_INTERVAL_MS {
            continue;
        }
        hosts += 1;
        // Where a page breaks the rules of host after host, the rest is in the log.
        if told == digest || hosts >= MAX_NOTIFIED_HOSTS {
            return None;
        }
        text.push_str(line);
        text.push('\n');
    }
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{} {digest}", now.as_millis());
    Some(text)
}

/// The message with what has happened to the socket; its argument is the host.
#[must_use]
pub const fn title(violation: &Violation) -> &'static str {
    match violation.outcome {
        Outcome::Block => "notification_blocked",
        Outcome::Flag if violation.paused => "notification_let_through",
        Outcome::Flag => "notification_flagged",
    }
}

/// The messages with why, and with what can be done now.
#[must_use]
pub const fn why_and_what_now(reason: Reason) -> [&'static str; 2] {
    match reason {
        Reason::PinMismatch => ["notification_pins", "notification_compare"],
        // There is nothing to compare it with: it was denied on purpose.
        Reason::DeniedKey => ["notification_denied", "notification_look"],
        Reason::CtNotCompliant => ["notification_ct", "notification_look"],
        Reason::Cleartext => ["notification_cleartext", "notification_look"],
        Reason::PolicyUnreadable => ["notification_policy", "notification_look"],
        Reason::NoCertificates
        | Reason::ChainTooLong
        | Reason::UnparsableCertificate
        | Reason::SecurityInfoFailed
        | Reason::SecurityInfoMalformed
        | Reason::ChainUnknown
        | Reason::PreflightUnanswered
        | Reason::HandshakeAltered
        | Reason::AnswerDiscarded
        | Reason::Deadline
        | Reason::UnreadableAddress
        | Reason::InternalError => ["notification_unknown", "notification_look"],
    }
}
