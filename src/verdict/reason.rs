//! Why a connection is not pinned, why it is allowed, and which violation it is: a type for each, so that no verdict can
//! give the reason of another, and the log needs words for violations only.

use serde::{Deserialize, Serialize};

use super::{LayeredRule, Match};
use crate::connection::MissingFacts;
use crate::fields::{Json, Read, unknown_variant};

/// Why a connection is not pinned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotPinned {
    /// No rule is about its host.
    NoRule,
    /// The most specific rule is an exclusion.
    RuleOff(LayeredRule),
}

/// Why a connection is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Allowed {
    /// A pin matched.
    PinMatched(Match),
    /// The rule has denied keys only, and none was there.
    NoDeniedKey,
    /// The chain ends in a local root and the rule exempts those.
    LocalRootExempt,
}

impl Read<'_> for Allowed {
    fn read(json: Json<'_>) -> Result<Self, serde_json::Error> {
        let (name, value) = json.variant()?;
        match (&*name, value) {
            ("pin-matched", Some(value)) => Read::read(value).map(Self::PinMatched),
            ("no-denied-key", None) => Ok(Self::NoDeniedKey),
            ("local-root-exempt", None) => Ok(Self::LocalRootExempt),
            _ => Err(unknown_variant(&name)),
        }
    }
}

/// Why a connection is a violation. The names are stable: they are stored and cross the wasm boundary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Reason {
    /// `ws://` to a ruled host.
    Cleartext,
    /// The browser showed neither chain nor leaf.
    NoCertificates,
    /// More certificates than any real chain has.
    ChainTooLong,
    /// A certificate could not be parsed, and the rest does not satisfy the rule.
    UnparsableCertificate,
    /// The browser did not report the connection's security information.
    SecurityInfoFailed,
    /// What the browser reported does not have the documented shape.
    SecurityInfoMalformed,
    /// A denied key is in the chain.
    DeniedKey,
    /// No key of the chain is pinned.
    PinMismatch,
    /// The rule denies keys, and the browser does not show the chain that may hold one: a certificate exception is in
    /// force.
    ChainUnknown,
    /// The rule requires an answer to a pre-flight, and there is none.
    PreflightUnanswered,
    /// Certificate Transparency is required and not reported.
    CtNotCompliant,
    /// The request had no WebSocket key to be replaced, or the server's answer does not fit the key that it was sent
    /// ([RFC 6455 section 4.2.2](https://www.rfc-editor.org/rfc/rfc6455#section-4.2.2)).
    HandshakeAltered,
    /// The socket was to open, and the browser did not use the answer that opens the lock.
    AnswerDiscarded,
    /// The decision took too long.
    Deadline,
    /// The stored policy could not be read, so nothing is known to be unpinned.
    PolicyUnreadable,
    /// The address of the socket could not be read.
    UnreadableAddress,
    /// The program failed.
    InternalError,
}

impl From<MissingFacts> for Reason {
    fn from(missing: MissingFacts) -> Self {
        match missing {
            MissingFacts::NoCertificates => Self::NoCertificates,
            MissingFacts::ChainTooLong => Self::ChainTooLong,
            MissingFacts::SecurityInfoFailed => Self::SecurityInfoFailed,
            MissingFacts::SecurityInfoMalformed => Self::SecurityInfoMalformed,
        }
    }
}
