//! What there is in files of rules that is not taken over, and the limits that they may not pass.

use serde::{Deserialize, Serialize};

use crate::fields::words;

/// A limit of files of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ImportLimit {
    /// Levels of elements, objects and lists.
    Depth,
    /// Values: the largest real file has fewer.
    Parts,
    /// Rules, keys and parts to leave out.
    Count,
    /// Bytes that the rules take: a small file would become very many pins.
    Memory,
}

/// A part of a foreign format that is not taken over as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ImportPart {
    /// A rule cannot say it, or it is not known.
    Field,
    /// A value of the wrong kind.
    Value,
    /// A second one of what may be there once.
    Repeated,
    /// Android's `debug-overrides`.
    Debug,
    /// Android's `cleartextTrafficPermitted`: the rule is stricter.
    Cleartext,
    /// `NSPinnedCAIdentities` beside `NSPinnedLeafIdentities`: both must match there.
    BothIdentities,
    /// The name of a key whose key is in none of the files.
    KeyMissing,
    /// The name of a set of pins that is not in the file.
    PinsetMissing,
    /// A directive of a header that must be there.
    DirectiveMissing,
    /// A directive that may be there once.
    DirectiveRepeated,
    /// A directive with a value that it cannot have.
    DirectiveValue,
    /// A header that takes back what an earlier one has pinned.
    PinsWithdrawn,
    /// Code in which the name of a constant stands where a text is wanted.
    NotLiteral,
    /// A pattern whose hosts another pattern has as well: there the pins of both hold.
    WiderPins,
    /// A record whose name is not given.
    RecordName,
    /// A record for another protocol than TCP.
    RecordProtocol,
    /// Records for the server's own certificate beside other ones for an authority's.
    RecordMixed,
    /// A record of a whole certificate.
    RecordWhole,
    /// A file where pins are wanted.
    PinFile,
    /// A URL without TLS.
    CleartextUrl,
}

words!(ImportLimit, ImportPart);
