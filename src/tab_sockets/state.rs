//! What has become of a socket, in a state and a detail that belongs to it.

use crate::limits::MAX_TAB_DETAIL_CHARACTERS;
use crate::overruling::Overruled;
use crate::verdict::{Match, Outcome, Reason};
use crate::violation::Violation;

/// What has become of a socket, from what matters least to the gravest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SocketState {
    /// No rule is about it.
    NotPinned,
    /// It satisfies its rule, by the pin with this name. None where no pin had to match.
    Allowed(Option<Detail>),
    /// It was let through because protection was paused.
    Paused,
    /// It failed for another reason than Sockpin: what the browser says of the error, or the status of an answer that opens
    /// nothing ([`Detail::of_status`]).
    Failed(Detail),
    /// It violates its rule, and was let through.
    Flagged(Detail),
    /// It violates its rule, and was stopped.
    Blocked(Detail),
    /// It was to be stopped, and another extension has let it through.
    Opened(Detail),
}

/// The name of a pin, an error or a status, or the name of a [`Reason`], as it fits into a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail(String);

impl Detail {
    /// What breaks a line becomes a space; what is too long is cut.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let plain = |character: char| if character.is_control() { ' ' } else { character };
        Self(text.chars().take(MAX_TAB_DETAIL_CHARACTERS).map(plain).collect())
    }

    /// The status of an answer that opens nothing.
    #[must_use]
    pub fn of_status(status: u16) -> Self {
        Self(format!("{STATUS}{status}"))
    }

    /// The status, if it is one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.strip_prefix(STATUS)?.parse().ok()
    }

    /// The text.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// What the browser says of an error begins otherwise: it is a name in capitals and `_`, or a sentence.
const STATUS: &str = "HTTP ";

impl From<Reason> for Detail {
    /// As it stands in the log.
    fn from(reason: Reason) -> Self {
        Self(serde_json::to_string(&reason).unwrap_or_default().trim_matches('"').to_owned())
    }
}

impl From<&Match> for Detail {
    /// Its label, or the key itself where it has none.
    fn from(matched: &Match) -> Self {
        if matched.label.is_empty() { Self(matched.sha256.to_string()) } else { Self::new(&matched.label) }
    }
}

impl SocketState {
    /// What an entry of the log says of a socket.
    #[must_use]
    pub fn of(violation: &Violation) -> Self {
        let reason = violation.reason.into();
        match violation.outcome {
            _ if violation.overruled == Some(Overruled::Opened) => Self::Opened(reason),
            Outcome::Flag if violation.paused => Self::Paused,
            Outcome::Flag => Self::Flagged(reason),
            Outcome::Block => Self::Blocked(reason),
        }
    }

    /// Whether it violates its rule; the log says more of it.
    #[must_use]
    pub const fn is_violation(&self) -> bool {
        matches!(self, Self::Flagged(_) | Self::Blocked(_) | Self::Opened(_))
    }

    /// The higher the graver.
    pub(super) const fn gravity(&self) -> u8 {
        match self {
            Self::NotPinned => 0,
            Self::Allowed(_) => 1,
            Self::Paused => 2,
            Self::Failed(_) => 3,
            Self::Flagged(_) => 4,
            Self::Blocked(_) => 5,
            Self::Opened(_) => 6,
        }
    }

    /// The name of the state, and what belongs to it.
    pub(super) const fn words(&self) -> (&'static str, &str) {
        match self {
            Self::NotPinned => ("not-pinned", ""),
            Self::Allowed(None) => ("allowed", ""),
            Self::Allowed(Some(key)) => ("matched", key.as_str()),
            Self::Paused => ("paused", ""),
            Self::Failed(error) => ("failed", error.as_str()),
            Self::Flagged(reason) => ("flagged", reason.as_str()),
            Self::Blocked(reason) => ("blocked", reason.as_str()),
            Self::Opened(reason) => ("opened", reason.as_str()),
        }
    }

    /// The stable name of the state, for style sheets and tests.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.words().0
    }

    pub(super) fn from_words(name: &str, detail: &str) -> Option<Self> {
        let detail = Detail(detail.to_owned());
        Some(match name {
            "not-pinned" => Self::NotPinned,
            "allowed" => Self::Allowed(None),
            "matched" => Self::Allowed(Some(detail)),
            "paused" => Self::Paused,
            "failed" => Self::Failed(detail),
            "flagged" => Self::Flagged(detail),
            "blocked" => Self::Blocked(detail),
            "opened" => Self::Opened(detail),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_a_detail_and_no_error_is_taken_for_one() {
        let detail = Detail::of_status(403);
        assert_eq!((detail.as_str(), detail.status()), ("HTTP 403", Some(403)));
        for error in ["NS_ERROR_UNKNOWN_HOST", "Peer’s Certificate has expired.", "HTTP 99999", "403", ""] {
            assert_eq!(Detail::new(error).status(), None, "{error}");
        }
    }
}
