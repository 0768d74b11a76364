//! A rule: a host pattern with its pins and what to do. A [`Rule`] can only be made by checking a [`RuleDocument`].

mod document;
mod field_mut;
mod refusal;
mod report_uri;

use std::iter;
use std::sync::Arc;

pub use document::{PinDocument, RuleDocument};
pub(crate) use field_mut::FieldMut;
pub use refusal::{Field, FieldError, RuleRefusal};
pub use report_uri::ReportUri;
use serde::{Deserialize, Serialize};

use crate::error::{Error, PinError, RuleError};
use crate::fields::{Json, Read, words};
use crate::host::{HostPattern, UrlHostParser};
use crate::limits::{MAX_LABEL_CHARACTERS, MAX_NOTE_CHARACTERS, MAX_PINS_PER_RULE, MAX_RULE_ID_CHARACTERS};
use crate::pin::{Pin, holds_private_key};
use crate::time::{Date, UnixMillis};

/// What a violation does.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Stop the connection and log it.
    #[default]
    Block,
    /// Let it through and log it.
    Flag,
    /// Not pinned: an exclusion from a wider rule.
    Off,
}

/// Which certificates a pin may match.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MatchScope {
    /// Any certificate of the validated chain.
    #[default]
    Chain,
    /// The server's own certificate only.
    Leaf,
}

/// Whether a chain that ends in a root which is not built into the browser must match too.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LocalRoots {
    /// It must match.
    #[default]
    Enforce,
    /// It is allowed unless a key is denied.
    Exempt,
}

/// Whether the key is checked on a bare request before the handshake sends URL, cookies and subprotocols.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preflight {
    /// Where no TLS answer can be had, go on to the check at the handshake.
    #[default]
    Prefer,
    /// No pre-flight.
    Off,
    /// Where no TLS answer can be had, stop.
    Require,
}

/// A pin with what the user calls it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelledPin {
    /// The pin.
    pub sha256: Pin,
    /// The user's own words for it.
    #[serde(default)]
    pub label: String,
}

words!(Mode, MatchScope, LocalRoots, Preflight);

impl Read<'_> for LabelledPin {
    fn read(json: Json<'_>) -> Result<Self, serde_json::Error> {
        let mut fields = json.object()?;
        Ok(Self { sha256: fields.part("sha256")?, label: fields.part_or_default("label")? })
    }
}

/// A checked rule. Serialises to the JSON that [`RuleDocument`] reads, in canonical form and without what has its default:
/// that is a third less to store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    id: String,
    host: HostPattern,
    mode: Mode,
    pins: Vec<LabelledPin>,
    #[serde(skip_serializing_if = "is_default")]
    denied: Vec<LabelledPin>,
    #[serde(rename = "match", skip_serializing_if = "is_default")]
    match_scope: MatchScope,
    #[serde(skip_serializing_if = "is_default")]
    expires: Option<Date>,
    #[serde(skip_serializing_if = "is_default")]
    local_roots: LocalRoots,
    #[serde(skip_serializing_if = "is_default")]
    require_ct: bool,
    #[serde(skip_serializing_if = "is_default")]
    preflight: Preflight,
    #[serde(skip_serializing_if = "is_default")]
    report_uri: Option<Arc<ReportUri>>,
    #[serde(skip_serializing_if = "is_default")]
    note: String,
    created: UnixMillis,
    updated: UnixMillis,
}

/// What a new rule gets from outside, since the core has neither clock nor randomness. Only used where the document
/// says nothing itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleStamp {
    /// The identifier.
    pub id: String,
    /// The time.
    pub time: UnixMillis,
}

impl Rule {
    /// Checks a document.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its field, so that a form can show all at once.
    pub fn new(
        document: &RuleDocument,
        stamp: &RuleStamp,
        url_host: UrlHostParser<'_>,
    ) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        if document.mode != Mode::Off && document.pins.is_empty() && document.denied.is_empty() {
            errors.push(FieldError::whole(Field::Pins, RuleError::PinsMissing));
        }
        let host = keep(Field::Host, HostPattern::parse(&document.host, url_host), &mut errors);
        let pins = check_pins(&document.pins, Field::Pins, &[]).map_err(|found| errors.extend(found)).ok();
        let taken = pins.as_deref().unwrap_or_default();
        let denied = check_pins(&document.denied, Field::Denied, taken).map_err(|found| errors.extend(found)).ok();
        let expires = keep(Field::Expires, read_expiry(document.expires.as_deref()), &mut errors);
        let report_uri = read_report_uri(document.report_uri.as_deref(), url_host);
        let report_uri = keep(Field::ReportUri, report_uri, &mut errors);
        let note = keep(Field::Note, check_length(&document.note, MAX_NOTE_CHARACTERS), &mut errors);
        let id = keep(Field::Id, check_id(document.id.as_ref().unwrap_or(&stamp.id)), &mut errors);
        let created = document.created.unwrap_or(stamp.time);
        // By now all that is wrong has been found.
        let rule = || {
            Some(Self {
                id: id?,
                host: host?.pattern,
                mode: document.mode,
                pins: pins?,
                denied: denied?,
                match_scope: document.match_scope,
                expires: expires?,
                local_roots: document.local_roots,
                require_ct: document.require_ct,
                preflight: document.preflight,
                report_uri: report_uri?,
                note: note?,
                created,
                updated: document.updated.unwrap_or(created),
            })
        };
        match rule() {
            Some(rule) if errors.is_empty() => Ok(rule),
            _ => Err(errors),
        }
    }

    /// The same rule with these times.
    #[must_use]
    pub(crate) fn with_times(self, created: UnixMillis, updated: UnixMillis) -> Self {
        Self { created, updated, ..self }
    }

    /// The same rule with this pin in the place of its own.
    #[must_use]
    pub(crate) fn with_pin(&self, sha256: Pin) -> Self {
        Self { pins: vec![LabelledPin { sha256, label: String::new() }], ..self.clone() }
    }

    /// The stable identifier.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The hosts it is for.
    #[must_use]
    pub const fn host(&self) -> &HostPattern {
        &self.host
    }

    /// What a violation does, before expiry is looked at.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// The pins, of which one must match.
    #[must_use]
    pub fn pins(&self) -> &[LabelledPin] {
        &self.pins
    }

    /// The keys that must not appear.
    #[must_use]
    pub fn denied(&self) -> &[LabelledPin] {
        &self.denied
    }

    /// Which certificates a pin may match.
    #[must_use]
    pub const fn match_scope(&self) -> MatchScope {
        self.match_scope
    }

    /// The first day (UTC) on which it no longer blocks.
    #[must_use]
    pub const fn expires(&self) -> Option<Date> {
        self.expires
    }

    /// Whether roots that are not built in must match.
    #[must_use]
    pub const fn local_roots(&self) -> LocalRoots {
        self.local_roots
    }

    /// Whether Certificate Transparency is required.
    #[must_use]
    pub const fn require_ct(&self) -> bool {
        self.require_ct
    }

    /// Whether the key is checked ahead of the handshake.
    #[must_use]
    pub const fn preflight(&self) -> Preflight {
        self.preflight
    }

    /// Where its violations are reported, if anywhere.
    #[must_use]
    pub const fn report_uri(&self) -> Option<&Arc<ReportUri>> {
        self.report_uri.as_ref()
    }

    /// The user's own words.
    #[must_use]
    pub fn note(&self) -> &str {
        &self.note
    }

    /// What is in it for people to read: the note, and the labels of its keys.
    pub(crate) fn words(&self) -> impl Iterator<Item = &str> + Clone {
        let labels = self.pins.iter().chain(&self.denied).map(|key| key.label.as_str());
        iter::once(self.note.as_str()).chain(labels)
    }

    /// When it was made.
    #[must_use]
    pub const fn created(&self) -> UnixMillis {
        self.created
    }

    /// When it was last changed.
    #[must_use]
    pub const fn updated(&self) -> UnixMillis {
        self.updated
    }

    /// Whether it has expired at that time.
    #[must_use]
    pub fn is_expired(&self, now: UnixMillis) -> bool {
        self.expires.is_some_and(|expires| now >= expires.start())
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// What has been checked, or none where something is wrong with it.
fn keep<T>(field: Field, checked: Result<T, impl Into<Error>>, errors: &mut Vec<FieldError>) -> Option<T> {
    checked.map_err(|error| errors.push(FieldError::whole(field, error))).ok()
}

/// `taken` are pins of another list that must not be here as well.
fn check_pins(
    documents: &[PinDocument],
    field: Field,
    taken: &[LabelledPin],
) -> Result<Vec<LabelledPin>, Vec<FieldError>> {
    if documents.len() > MAX_PINS_PER_RULE {
        return Err(vec![FieldError::whole(field, RuleError::PinCount { limit: MAX_PINS_PER_RULE })]);
    }
    let mut pins: Vec<LabelledPin> = Vec::with_capacity(documents.len());
    let mut errors = Vec::new();
    for (index, document) in documents.iter().enumerate() {
        let checked = Pin::parse(&document.sha256).map_err(Error::from).and_then(|sha256| {
            let label = check_length(&document.label, MAX_LABEL_CHARACTERS)?;
            let is_repeated = taken.iter().chain(&pins).any(|pin| pin.sha256 == sha256);
            if is_repeated { Err(RuleError::PinRepeated.into()) } else { Ok(LabelledPin { sha256, label }) }
        });
        match checked {
            Ok(pin) => pins.push(pin),
            Err(error) => errors.push(FieldError { field, index: Some(index), error }),
        }
    }
    if errors.is_empty() { Ok(pins) } else { Err(errors) }
}

fn read_expiry(text: Option<&str>) -> Result<Option<Date>, Error> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(read_date).transpose()
}

fn read_report_uri(text: Option<&str>, url_host: UrlHostParser<'_>) -> Result<Option<Arc<ReportUri>>, Error> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    text.map(|text| ReportUri::parse(text, url_host).map(Arc::new)).transpose()
}

fn read_date(text: &str) -> Result<Date, Error> {
    let is_private = || holds_private_key(text.as_bytes());
    Date::parse(text).map_err(|error| if is_private() { PinError::PrivateKey.into() } else { error.into() })
}

fn check_length(text: &str, limit: usize) -> Result<String, RuleError> {
    let text = text.trim();
    if text.chars().count() > limit { Err(RuleError::TextLength { limit }) } else { Ok(text.to_owned()) }
}

fn check_id(id: &str) -> Result<String, RuleError> {
    if is_id(id) { Ok(id.to_owned()) } else { Err(RuleError::Id) }
}

/// Whether a rule can have this identifier.
pub(crate) fn is_id(id: &str) -> bool {
    !id.is_empty() && id.chars().count() <= MAX_RULE_ID_CHARACTERS
}
