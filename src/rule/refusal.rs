//! What is wrong with a rule, and where.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::fields::{Json, Read, words};

/// The field of a rule that an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Field {
    /// The identifier, or the rule as a whole.
    Id,
    /// The host pattern.
    Host,
    /// The list of pins, or one of them.
    Pins,
    /// The list of denied keys, or one of them.
    Denied,
    /// The expiry date.
    Expires,
    /// The address for reports.
    ReportUri,
    /// The note.
    Note,
}

/// What is wrong with a rule, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// The field.
    pub field: Field,
    /// Which entry of a list, from 0; none for the field as a whole.
    pub index: Option<usize>,
    /// What is wrong.
    pub error: Error,
}

/// What is wrong with one of many rules that were to be stored together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleRefusal {
    /// Its place among them, from 0.
    pub place: usize,
    /// Everything that is wrong with it.
    pub errors: Vec<FieldError>,
}

words!(Field);

impl Read<'_> for FieldError {
    fn read(json: Json<'_>) -> Result<Self, serde_json::Error> {
        let mut fields = json.object()?;
        Ok(Self { field: fields.part("field")?, index: fields.part_or_default("index")?, error: fields.part("error")? })
    }
}

impl Read<'_> for RuleRefusal {
    fn read(json: Json<'_>) -> Result<Self, serde_json::Error> {
        let mut fields = json.object()?;
        Ok(Self { place: fields.part("place")?, errors: fields.part("errors")? })
    }
}

impl FieldError {
    /// An error that is about a field as a whole.
    pub(crate) fn whole(field: Field, error: impl Into<Error>) -> Self {
        Self { field, index: None, error: error.into() }
    }
}
