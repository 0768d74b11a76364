//! What a field of a rule holds, whichever it is: whatever reads rules goes by this.

use serde::Deserialize;

use super::PinDocument;
use crate::fields::{Json, Read, named};
use crate::time::UnixMillis;

/// Where the value of a field is, by what it may be.
pub(crate) enum FieldMut<'a> {
    Text(&'a mut String),
    OptionalText(&'a mut Option<String>),
    Keyword(&'a mut dyn Keyword),
    Truth(&'a mut bool),
    Keys(&'a mut Vec<PinDocument>),
    OptionalTime(&'a mut Option<UnixMillis>),
}

impl FieldMut<'_> {
    /// Puts the value there that stands in JSON.
    ///
    /// # Errors
    /// A value that is none of its type.
    pub(crate) fn read(&mut self, json: Json<'_>) -> Result<(), serde_json::Error> {
        match self {
            Self::Text(text) => **text = Read::read(json)?,
            Self::OptionalText(text) => **text = Read::read(json)?,
            Self::Keyword(keyword) => keyword.set(&json.text()?)?,
            Self::Truth(truth) => **truth = Read::read(json)?,
            Self::Keys(keys) => **keys = Read::read(json)?,
            Self::OptionalTime(time) => **time = Read::read(json)?,
        }
        Ok(())
    }
}

/// An enum of which each variant is one word in JSON.
pub(crate) trait Keyword {
    /// Makes it the one with this name.
    ///
    /// # Errors
    /// A word that none of them is.
    fn set(&mut self, name: &str) -> Result<(), serde_json::Error>;
}

impl<T: for<'a> Deserialize<'a>> Keyword for T {
    fn set(&mut self, name: &str) -> Result<(), serde_json::Error> {
        *self = named(name)?;
        Ok(())
    }
}
