//! What the pages and the background say to each other. The background is the only writer of stored state.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::rule::{FieldError, RuleDocument};
use crate::violation::Violation;

/// From a page to the background.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Request {
    /// Is everything in order?
    Status,
    /// All rules.
    Rules,
    /// Add a rule (no `id`) or replace the one with that `id`.
    SaveRule {
        /// As typed.
        rule: RuleDocument,
    },
    /// Take a rule out.
    DeleteRule {
        /// Which.
        id: String,
    },
    /// Set a policy that could not be read aside and begin with an empty one.
    StartAfresh,
    /// The newest entries of the log.
    Violations {
        /// How many at most; never more than [`crate::limits::MAX_VIOLATIONS_PER_ANSWER`].
        limit: u32,
    },
    /// Empty the log.
    ClearViolations,
}

/// From the background to the page that asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Response {
    /// To [`Request::Status`].
    Status {
        /// What keeps Sockpin from judging, if anything does.
        problem: Option<Error>,
        /// Why the newest violation could not be written down, if it could not. It was stopped or let through all the
        /// same.
        log_problem: Option<Error>,
        /// How many rules are in force.
        rules: usize,
    },
    /// To [`Request::Rules`].
    Rules {
        /// The user's.
        rules: Vec<RuleDocument>,
        /// The administrator's.
        managed: Vec<RuleDocument>,
        /// What keeps Sockpin from judging, if anything does.
        problem: Option<Error>,
    },
    /// The rule is stored and in force.
    Saved {
        /// As stored.
        rule: RuleDocument,
    },
    /// Nothing was stored.
    Refused {
        /// Everything that is wrong.
        errors: Vec<FieldError>,
    },
    /// The rule is gone, or the empty policy is in force.
    Done,
    /// To [`Request::Violations`].
    Violations {
        /// Newest first.
        violations: Vec<Violation>,
        /// How many the log holds.
        total: u32,
    },
    /// The request could not be carried out; nothing has changed.
    Failed {
        /// Why.
        problem: Error,
    },
}

/// From the background to every open page: ask again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Notice {
    /// Rules were added, changed or deleted.
    RulesChanged,
    /// The log has new entries, or has been cleared.
    LogChanged,
}
