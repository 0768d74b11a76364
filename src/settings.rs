//! What the user or an administrator sets beside the rules.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The settings of one layer. What another version stored is kept as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Settings {
    /// See [`Pausing`].
    #[serde(default)]
    pub pausing: Pausing,
    /// Who has set this layer's rules, in their own words; for an administrator's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub administrator: Option<String>,
    #[serde(flatten)]
    kept: BTreeMap<String, Value>,
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

impl Settings {
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

    /// The names of settings that this version does not know.
    pub fn unknown(&self) -> impl Iterator<Item = &str> {
        self.kept.keys().map(String::as_str)
    }
}
