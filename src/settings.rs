//! What the user or an administrator sets beside the rules.

use serde::{Deserialize, Serialize};

use crate::fields::{Fields, words};

/// The settings of one layer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Settings {
    /// See [`Pausing`].
    pub pausing: Pausing,
    /// Who has set this layer's rules, in their own words; for an administrator's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub administrator: Option<String>,
}

/// Whether protection may be paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pausing {
    /// By whoever sits there.
    #[default]
    Allowed,
    /// By nobody. Where one layer forbids it, it is forbidden.
    Forbidden,
}

words!(Pausing);

impl Settings {
    /// Reads a JSON object. The second value is the names of settings that this version does not know.
    pub(crate) fn from_json(json: &str) -> Result<(Self, Vec<String>), serde_json::Error> {
        let mut fields = Fields::from_json(json)?;
        let settings = Self {
            pausing: fields.read("pausing")?.unwrap_or_default(),
            administrator: fields.read("administrator")?.unwrap_or_default(),
        };
        Ok((settings, fields.into_names().collect()))
    }

    /// What holds where an administrator's cannot be read: all that they may forbid is forbidden.
    #[must_use]
    pub fn strictest() -> Self {
        Self::default().forbidding()
    }

    /// The same, with all forbidden that these may forbid.
    #[must_use]
    pub fn forbidding(self) -> Self {
        Self { pausing: Pausing::Forbidden, ..self }
    }
}
