//! What can be wrong with input. Each variant carries the facts; [`Error::code`] is stable and crosses the wasm boundary;
//! the sentence for people is made in [`crate::view`].
//!
//! People give private keys where public ones are wanted, so no text is repeated unless it has been checked. A fact that
//! is somebody's text is an [`Excerpt`] or a [`PemLabel`], or is written as one: `Debug` and `Display` are made of the
//! JSON, so that no text leaves by another way, and a test holds that every text has its check.

mod container;
mod excerpt;
mod import;
mod pem_label;

pub use container::Container;
pub(crate) use excerpt::is_unseen;
pub use excerpt::{Excerpt, detail, name_of_file, visible};
pub use import::{ImportLimit, ImportPart};
pub use pem_label::PemLabel;

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a text, a file, a rule or a policy was refused. As JSON: `{"code": {facts}}`, or the code alone where there are none.
/// A code that stood beside the facts would have to be looked for before they can be read.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Error {
    /// No pin where one is needed.
    PinEmpty,
    /// A digest of another length than SHA-256's 32 bytes.
    PinLength {
        /// How many bytes it decodes to.
        bytes: usize,
    },
    /// A digest that is named or sized as another algorithm's, SHA-1 for instance.
    PinAlgorithm {
        /// The algorithm, as named or as the length tells.
        algorithm: Cow<'static, str>,
    },
    /// Neither base64 nor hex.
    PinEncoding {
        /// The text.
        text: Excerpt,
    },
    /// A pin but for a character that looks like another, or has got into it.
    PinCharacter {
        /// The first such character.
        character: char,
    },
    /// SHA-256 of nothing, or of a line end: the command that should have hashed a key got none.
    PinOfNothing,
    /// Bytes that are all equal: they stand for a pin in an example.
    PinStandIn,
    /// The digest of a whole certificate where that of its key is wanted, as a TLSA record says itself.
    PinOfCertificate,
    /// A private key was given where a public one is wanted.
    PrivateKey,
    /// `RSA PUBLIC KEY` is PKCS#1 (RFC 8017 appendix A.1.1), not a `SubjectPublicKeyInfo`.
    Pkcs1PublicKey,
    /// A PEM block of a kind that holds no public key.
    PemKind {
        /// The label between `BEGIN` and the dashes.
        label: PemLabel,
        /// Line of the `BEGIN`, from 1.
        line: usize,
    },
    /// A PEM block without its end line.
    PemEnd {
        /// The label between `BEGIN` and the dashes.
        label: PemLabel,
        /// Line of the `BEGIN`, from 1.
        line: usize,
    },
    /// The text between the lines of a PEM block is not base64.
    PemEncoding {
        /// The label between `BEGIN` and the dashes.
        label: PemLabel,
        /// Line of the `BEGIN`, from 1.
        line: usize,
    },
    /// Certificates in a container that is not read.
    Container {
        /// Which.
        container: Container,
    },
    /// Bytes that are neither PEM text nor the DER of a certificate, a certificate request or a public key.
    NothingRecognised,
    /// More bytes than are read.
    InputTooLarge {
        /// The size of the input in bytes.
        bytes: usize,
        /// The most that is read.
        limit: usize,
    },
    /// DER (X.690) that ends early, has a wrong tag or a wrong length.
    Der {
        /// The field that was being read, in the names of RFC 5280 section 4.1.
        field: Cow<'static, str>,
    },
    /// No host where one is needed.
    HostEmpty,
    /// A character that cannot stand in a host name.
    HostCharacter {
        /// The character.
        character: char,
    },
    /// Two dots in a row, or one in front.
    HostEmptyLabel,
    /// A label over 63 bytes.
    HostLabelLength {
        /// The label.
        #[serde(serialize_with = "excerpt::serialize")]
        label: String,
    },
    /// A name over 253 bytes.
    HostLength {
        /// Its length in bytes.
        bytes: usize,
    },
    /// A `*` anywhere but as the whole first label.
    HostWildcardPosition,
    /// A wildcard directly above a top-level domain.
    HostWildcardTopLevel {
        /// What the wildcard stands above.
        #[serde(serialize_with = "excerpt::serialize")]
        base: String,
    },
    /// A wildcard with an IP address.
    HostWildcardAddress,
    /// An IP address that is none.
    HostAddress {
        /// The text.
        #[serde(serialize_with = "excerpt::serialize")]
        text: String,
    },
    /// A port that is not a number from 1 to 65535.
    HostPort {
        /// The text after the colon.
        #[serde(serialize_with = "excerpt::serialize")]
        text: String,
    },
    /// A URL that is not of the web: neither `wss`, `ws`, `https` nor `http`.
    HostScheme {
        /// The scheme.
        #[serde(serialize_with = "excerpt::serialize")]
        scheme: String,
    },
    /// An internationalised name that IDNA (UTS #46) refuses.
    HostInternationalised {
        /// The name.
        #[serde(serialize_with = "excerpt::serialize")]
        text: String,
    },
    /// The host has something in front of it that belongs to no URL: `wss:`, `http//`, `DNS:`.
    HostPrefixed {
        /// The host alone, as far as it can be told.
        #[serde(serialize_with = "excerpt::serialize")]
        host: String,
    },
    /// Several hosts where one is wanted.
    HostSeveral,
    /// A URL that is no socket's.
    SocketUrl,
    /// A host whose requests Firefox shows to no extension.
    HostNeverShown {
        /// The host.
        #[serde(serialize_with = "excerpt::serialize_checked")]
        host: String,
    },
    /// A rule that blocks or flags without a pin and without a denied key would stop everything or nothing.
    RulePinsMissing,
    /// The same key both as pin and as denied key, or twice in one list.
    RulePinRepeated,
    /// A second rule with this pattern.
    RuleHostTaken {
        /// The pattern.
        #[serde(serialize_with = "excerpt::serialize_checked")]
        pattern: String,
    },
    /// More rules than a layer may have.
    RuleCount {
        /// The most.
        limit: usize,
    },
    /// More pins than a rule may have.
    RulePinCount {
        /// The most.
        limit: usize,
    },
    /// A text field that is too long.
    TextLength {
        /// The most characters.
        limit: usize,
    },
    /// An identifier that is empty or too long.
    RuleId,
    /// The rule has been changed since the form that is being saved was opened.
    RuleChanged,
    /// No rule has this identifier.
    RuleUnknown {
        /// The identifier.
        #[serde(serialize_with = "excerpt::serialize")]
        id: String,
    },
    /// A second rule with this identifier.
    RuleIdTaken {
        /// The identifier.
        #[serde(serialize_with = "excerpt::serialize_checked")]
        id: String,
    },
    /// Not a calendar date `yyyy-MM-dd`.
    InvalidDate {
        /// The text.
        #[serde(serialize_with = "excerpt::serialize")]
        text: String,
    },
    /// A policy written by a newer version.
    PolicyNewer {
        /// Its version.
        version: u64,
    },
    /// A stored policy with a field that this version does not know, so written by a newer one.
    PolicyFieldNewer {
        /// The field's name.
        #[serde(serialize_with = "excerpt::serialize")]
        name: String,
    },
    /// A policy that is no JSON of the right shape.
    PolicySyntax {
        /// What the JSON reader says, with line and column.
        #[serde(serialize_with = "excerpt::serialize_detail")]
        detail: String,
    },
    /// A policy has been stored and is no longer there.
    PolicyLost,
    /// A policy that can be read is not set aside for an empty one.
    PolicyInForce,
    /// A rule of a policy that was refused.
    PolicyRule {
        /// Which, from 0.
        index: usize,
        /// The first thing wrong with it.
        problem: Box<Error>,
    },
    /// A part of an administrator's policy that has not the right shape.
    ManagedShape {
        /// What the JSON reader says.
        #[serde(serialize_with = "excerpt::serialize_detail")]
        detail: String,
    },
    /// A field of an administrator's rule that holds the wrong kind of value.
    ManagedField {
        /// Its name.
        #[serde(serialize_with = "excerpt::serialize")]
        name: String,
        /// What the JSON reader says.
        #[serde(serialize_with = "excerpt::serialize_detail")]
        detail: String,
    },
    /// A version of an administrator's policy that is no number.
    ManagedVersion,
    /// A field or setting that is not known, perhaps misspelt.
    SettingUnknown {
        /// Its name.
        #[serde(serialize_with = "excerpt::serialize")]
        name: String,
    },
    /// Pausing is forbidden.
    PauseForbidden,
    /// A time that is none.
    InvalidTime,
    /// The shape of an argument is wrong.
    Argument {
        /// What the reader says.
        #[serde(serialize_with = "excerpt::serialize_detail")]
        detail: String,
    },
    /// The core could not be loaded, or died: `background.js` says so in its stead.
    CoreFailed {
        /// What the browser says.
        #[serde(serialize_with = "excerpt::serialize_detail")]
        detail: String,
    },
    /// The browser could not read or write what is stored.
    Storage {
        /// What the browser says.
        #[serde(serialize_with = "excerpt::serialize_detail")]
        detail: String,
    },
    /// JSON that ends early or is none.
    JsonSyntax {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What the reader says.
        #[serde(serialize_with = "excerpt::serialize_detail")]
        detail: String,
    },
    /// XML that ends early or is none.
    XmlSyntax {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What the reader says.
        #[serde(serialize_with = "excerpt::serialize_detail")]
        detail: String,
    },
    /// A name that stands twice in one object or dictionary: nobody can tell which value is meant.
    FileRepeated {
        /// The name.
        #[serde(serialize_with = "excerpt::serialize")]
        name: String,
        /// Line of the second, from 1.
        line: usize,
        /// Column of the second, from 1.
        column: usize,
    },
    /// A document type declaration with entities, or with a reference to another file than Apple's for property lists.
    XmlDoctype {
        /// Line, from 1.
        line: usize,
    },
    /// A property list in Apple's binary form.
    BinaryPlist,
    /// A file of rules that is past a limit.
    ImportLimit {
        /// Which.
        what: ImportLimit,
        /// The most.
        limit: usize,
        /// Line of what is past it, from 1.
        line: usize,
    },
    /// Rules of a newer version.
    ImportNewer {
        /// Its version.
        version: u64,
    },
    /// A part of a foreign format that is not taken over as it is.
    ImportPart {
        /// What kind of part.
        part: ImportPart,
        /// Its name.
        #[serde(serialize_with = "excerpt::serialize")]
        name: String,
    },
    /// Hosts that are named without a pin, and that no wider rule covers.
    ImportPinless {
        /// How many.
        count: usize,
    },
}

impl Error {
    /// The stable name of this kind of error. It never changes; tests, pages and other programs may rely on it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::PinEmpty => "pin-empty",
            Self::PinLength { .. } => "pin-length",
            Self::PinAlgorithm { .. } => "pin-algorithm",
            Self::PinEncoding { .. } => "pin-encoding",
            Self::PinCharacter { .. } => "pin-character",
            Self::PinOfNothing => "pin-of-nothing",
            Self::PinStandIn => "pin-stand-in",
            Self::PinOfCertificate => "pin-of-certificate",
            Self::PrivateKey => "private-key",
            Self::Pkcs1PublicKey => "pkcs1-public-key",
            Self::PemKind { .. } => "pem-kind",
            Self::PemEnd { .. } => "pem-end",
            Self::PemEncoding { .. } => "pem-encoding",
            Self::Container { .. } => "container",
            Self::NothingRecognised => "nothing-recognised",
            Self::InputTooLarge { .. } => "input-too-large",
            Self::Der { .. } => "der",
            Self::HostEmpty => "host-empty",
            Self::HostCharacter { .. } => "host-character",
            Self::HostEmptyLabel => "host-empty-label",
            Self::HostLabelLength { .. } => "host-label-length",
            Self::HostLength { .. } => "host-length",
            Self::HostWildcardPosition => "host-wildcard-position",
            Self::HostWildcardTopLevel { .. } => "host-wildcard-top-level",
            Self::HostWildcardAddress => "host-wildcard-address",
            Self::HostAddress { .. } => "host-address",
            Self::HostPort { .. } => "host-port",
            Self::HostScheme { .. } => "host-scheme",
            Self::HostInternationalised { .. } => "host-internationalised",
            Self::HostPrefixed { .. } => "host-prefixed",
            Self::HostSeveral => "host-several",
            Self::SocketUrl => "socket-url",
            Self::HostNeverShown { .. } => "host-never-shown",
            Self::RulePinsMissing => "rule-pins-missing",
            Self::RulePinRepeated => "rule-pin-repeated",
            Self::RuleHostTaken { .. } => "rule-host-taken",
            Self::RuleCount { .. } => "rule-count",
            Self::RulePinCount { .. } => "rule-pin-count",
            Self::TextLength { .. } => "text-length",
            Self::RuleId => "rule-id",
            Self::RuleChanged => "rule-changed",
            Self::RuleUnknown { .. } => "rule-unknown",
            Self::RuleIdTaken { .. } => "rule-id-taken",
            Self::InvalidDate { .. } => "invalid-date",
            Self::PolicyNewer { .. } => "policy-newer",
            Self::PolicyFieldNewer { .. } => "policy-field-newer",
            Self::PolicySyntax { .. } => "policy-syntax",
            Self::PolicyLost => "policy-lost",
            Self::PolicyInForce => "policy-in-force",
            Self::PolicyRule { .. } => "policy-rule",
            Self::ManagedShape { .. } => "managed-shape",
            Self::ManagedField { .. } => "managed-field",
            Self::ManagedVersion => "managed-version",
            Self::SettingUnknown { .. } => "setting-unknown",
            Self::PauseForbidden => "pause-forbidden",
            Self::InvalidTime => "invalid-time",
            Self::Argument { .. } => "argument",
            Self::CoreFailed { .. } => "core-failed",
            Self::Storage { .. } => "storage",
            Self::JsonSyntax { .. } => "json-syntax",
            Self::XmlSyntax { .. } => "xml-syntax",
            Self::FileRepeated { .. } => "file-repeated",
            Self::XmlDoctype { .. } => "xml-doctype",
            Self::BinaryPlist => "binary-plist",
            Self::ImportLimit { .. } => "import-limit",
            Self::ImportNewer { .. } => "import-newer",
            Self::ImportPart { .. } => "import-part",
            Self::ImportPinless { .. } => "import-pinless",
        }
    }
}

/// For logs and tests: the code and the facts. People get [`crate::view`]'s sentence.
impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Nothing in the browser logs errors, so the module does without a second writer of JSON.
        if cfg!(target_arch = "wasm32") {
            return formatter.write_str(self.code());
        }
        formatter.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_the_same_in_json() {
        for error in [
            Error::PinLength { bytes: 31 },
            Error::Pkcs1PublicKey,
            Error::PemEnd { label: PemLabel::of("CERTIFICATE"), line: 3 },
            Error::HostWildcardTopLevel { base: "com".to_owned() },
            Error::Der { field: "subject".into() },
            Error::PolicyRule { index: 2, problem: Box::new(Error::HostEmpty) },
        ] {
            let json = serde_json::to_value(&error).unwrap();
            let code = json.as_str().or_else(|| json.as_object()?.keys().next().map(String::as_str));
            assert_eq!(code, Some(error.code()), "{json}");
            assert_eq!(serde_json::from_value::<Error>(json).unwrap(), error);
        }
    }

    /// A new variant's text is checked before it leaves, or this fails.
    #[test]
    fn every_text_has_its_check() {
        let source = include_str!("error.rs");
        let lines: Vec<_> = source.lines().map(str::trim).collect();
        let texts = lines.windows(2).filter(|pair| pair[1].ends_with(": String,"));
        let unchecked: Vec<_> =
            texts.clone().filter(|pair| !pair[0].starts_with("#[serde(serialize_with = \"excerpt::")).collect();
        assert!(unchecked.is_empty(), "{unchecked:?}");
        assert!(texts.count() > 10);
    }
}
