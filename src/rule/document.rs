//! A rule as JSON has it, before it is checked.

use serde::{Deserialize, Serialize};

use super::{FieldMut, LabelledPin, LocalRoots, MatchScope, Mode, Preflight, Rule};
use crate::fields::{Json, Read, unknown};
use crate::time::UnixMillis;

/// A pin as typed, not yet checked: `sha256` takes every notation in which pins are written.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PinDocument {
    /// The pin.
    pub sha256: String,
    /// The user's own words for it.
    pub label: String,
}

/// A rule as JSON: as typed, stored or imported, not yet checked. Absent fields have their defaults; an unknown one is
/// refused, for a misspelt `denied` that went unnoticed would protect nothing.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct RuleDocument {
    /// Stable identifier; none for a rule that is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Host pattern, or a URL to take it from.
    pub host: String,
    /// See [`Mode`].
    pub mode: Mode,
    /// Pins.
    pub pins: Vec<PinDocument>,
    /// Denied keys.
    pub denied: Vec<PinDocument>,
    /// See [`MatchScope`].
    #[serde(rename = "match")]
    pub match_scope: MatchScope,
    /// `yyyy-MM-dd` or none.
    pub expires: Option<String>,
    /// See [`LocalRoots`].
    pub local_roots: LocalRoots,
    /// Whether Certificate Transparency is required.
    pub require_ct: bool,
    /// See [`Preflight`].
    pub preflight: Preflight,
    /// An `https://` address to which its violations are reported, or none.
    pub report_uri: Option<String>,
    /// The user's own words.
    pub note: String,
    /// When it was made; none for a rule that is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<UnixMillis>,
    /// When it was last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated: Option<UnixMillis>,
}

impl Read<'_> for PinDocument {
    fn read(json: Json<'_>) -> Result<Self, serde_json::Error> {
        let mut document = Self::default();
        for (name, value) in json.object()? {
            match &*name {
                "sha256" => document.sha256 = Read::read(value)?,
                "label" => document.label = Read::read(value)?,
                _ => return Err(unknown(&name)),
            }
        }
        Ok(document)
    }
}

impl RuleDocument {
    /// Every field by its name in JSON, which any document may have it by, an administrator's and a file's too. Of several that
    /// are wrong, the first is named. What writes rules for people has this order as well.
    #[inline(never)] // It is long, and called from every reader.
    pub(crate) fn fields_mut(&mut self) -> [(&'static str, FieldMut<'_>); FIELDS] {
        // So the compiler asks for a new one.
        let Self {
            id,
            host,
            mode,
            pins,
            denied,
            match_scope,
            expires,
            local_roots,
            require_ct,
            preflight,
            report_uri,
            note,
            created,
            updated,
        } = self;
        [
            ("id", FieldMut::OptionalText(id)),
            ("host", FieldMut::Text(host)),
            ("mode", FieldMut::Keyword(mode)),
            ("pins", FieldMut::Keys(pins)),
            ("denied", FieldMut::Keys(denied)),
            ("match", FieldMut::Keyword(match_scope)),
            ("expires", FieldMut::OptionalText(expires)),
            ("localRoots", FieldMut::Keyword(local_roots)),
            ("requireCt", FieldMut::Truth(require_ct)),
            ("preflight", FieldMut::Keyword(preflight)),
            ("reportUri", FieldMut::OptionalText(report_uri)),
            ("note", FieldMut::Text(note)),
            ("created", FieldMut::OptionalTime(created)),
            ("updated", FieldMut::OptionalTime(updated)),
        ]
    }
}

impl Read<'_> for RuleDocument {
    fn read(json: Json<'_>) -> Result<Self, serde_json::Error> {
        let mut document = Self::default();
        let mut fields = document.fields_mut();
        for (name, value) in json.object()? {
            match fields.iter_mut().find(|(known, _)| *known == name) {
                Some((_, field)) => field.read(value)?,
                None => return Err(unknown(&name)),
            }
        }
        Ok(document)
    }
}

/// How many fields a rule has.
const FIELDS: usize = 14;

impl From<&Rule> for RuleDocument {
    fn from(rule: &Rule) -> Self {
        let pins = |pins: &[LabelledPin]| pins.iter().map(PinDocument::from).collect();
        Self {
            id: Some(rule.id.clone()),
            host: rule.host.to_string(),
            mode: rule.mode,
            pins: pins(&rule.pins),
            denied: pins(&rule.denied),
            match_scope: rule.match_scope,
            expires: rule.expires.map(|date| date.to_string()),
            local_roots: rule.local_roots,
            require_ct: rule.require_ct,
            preflight: rule.preflight,
            report_uri: rule.report_uri.as_ref().map(|uri| uri.as_str().to_owned()),
            note: rule.note.clone(),
            created: Some(rule.created),
            updated: Some(rule.updated),
        }
    }
}

impl From<&LabelledPin> for PinDocument {
    fn from(pin: &LabelledPin) -> Self {
        Self { sha256: pin.sha256.to_base64(), label: pin.label.clone() }
    }
}
