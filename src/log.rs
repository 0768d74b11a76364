//! The entries of the log.

use serde::{Deserialize, Serialize};

use crate::pause::PauseEntry;
use crate::time::UnixMillis;
use crate::violation::Violation;

/// One entry. As JSON it is the one or the other, told apart by their fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum LogEntry {
    /// A socket that was stopped or flagged.
    Violation(Box<Violation>),
    /// A pause that began or ended.
    Pause(PauseEntry),
}

impl LogEntry {
    /// When it happened.
    #[must_use]
    pub fn time(&self) -> UnixMillis {
        match self {
            Self::Violation(violation) => violation.time,
            Self::Pause(pause) => pause.time,
        }
    }

    /// Its place in the log; none before it is written.
    #[must_use]
    pub fn id(&self) -> Option<u64> {
        match self {
            Self::Violation(violation) => violation.id,
            Self::Pause(pause) => pause.id,
        }
    }
}
