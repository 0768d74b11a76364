//! Which violations are equal.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::error::ProgramError;
use crate::violation::Violation;

/// The same for equal violations, another for any other: the SHA-256 of everything that is stored of one. When it
/// happened and which page opened the socket are no part of it.
///
/// Host, port, reason and chain are part of it, and whatever else a person wants to tell apart: the outcome, the stage,
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

    /// An entry of the log's first version stays an entry of its own.
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
    /// Everything that is stored of it, as JSON. [`EntryKey`] is made of it.
    ///
    /// # Errors
    /// None that is known of: every part has a form in JSON.
    pub fn to_json(&self) -> Result<String, ProgramError> {
        serde_json::to_string(self).map_err(|error| ProgramError::Argument { detail: error.to_string() })
    }
}
