//! What makes violations equal.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::error::ProgramError;
use crate::violation::Violation;

/// What equal violations have in common, and no others: the SHA-256 of all that is stored of them. When they happened and
/// which page opened the socket is no part of it.
///
/// Host, port, reason and chain are in it, and whatever else a person would want to tell apart: the outcome, the stage,
/// why a pre-flight had no answer, whether Sockpin was paused, what another extension did, and the rule as it was.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EntryKey(String);

impl EntryKey {
    /// The key of a violation whose stored form, as JSON, is this text.
    #[must_use]
    pub fn of_json(violation: &str) -> Self {
        Self(STANDARD.encode(Sha256::digest(violation)))
    }

    /// An entry of the version before stays an entry of its own.
    #[must_use]
    pub fn of_version_1(id: u64) -> Self {
        Self(format!("version-1-{id}"))
    }

    /// As it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Violation {
    /// All that is stored of it, as JSON: what [`EntryKey`] is made of.
    ///
    /// # Errors
    /// None that is known of: every part has a form in JSON.
    pub fn to_json(&self) -> Result<String, ProgramError> {
        serde_json::to_string(self).map_err(|error| ProgramError::Argument { detail: error.to_string() })
    }
}
