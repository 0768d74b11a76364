//! What the pages and the background say to each other. The background is the only writer of stored state; the rules pages read
//! themselves.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::overruling::Overruling;
use crate::pause::{Pause, PauseLength};
use crate::rule::{FieldError, RuleDocument};
use crate::settings::Pausing;

/// From a page to the background.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Request {
    /// Is everything in order?
    Status,
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
    /// Stop nothing for a while.
    Pause {
        /// For how long.
        length: PauseLength,
    },
    /// End the pause.
    Resume,
    /// Say no more of what another extension has done until now.
    DismissOverruling,
    /// Bring the log into the form of this version, or make an empty one. Pages read it themselves.
    PrepareLog,
    /// Empty the log.
    ClearLog,
}

/// From the background to the page that asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Response {
    /// To [`Request::Status`].
    Status(Status),
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
    /// What was asked for has been done and stored.
    Done,
    /// The request could not be carried out; nothing has changed.
    Failed {
        /// Why.
        problem: Error,
    },
}

/// How things are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// What keeps Sockpin from judging, if anything does.
    pub problem: Option<Error>,
    /// Why the newest entry could not be written down, if it could not. The socket was stopped or let through all the
    /// same.
    pub log_problem: Option<Error>,
    /// Why the seal of the lock could not be put on, if it could not. The rules are in force all the same.
    #[serde(default)]
    pub seal_problem: Option<Error>,
    /// How many rules are in force.
    pub rules: usize,
    /// The pause, while it lasts.
    pub pause: Option<Pause>,
    /// Whether there may be one.
    pub pausing: Pausing,
    /// Who has set the managed rules, if they say.
    pub administrator: Option<String>,
    /// How many parts of an administrator's policy were refused.
    #[serde(default)]
    pub refused: usize,
    /// What another extension has done to a socket that was stopped, until somebody dismisses it.
    #[serde(default)]
    pub overruling: Option<Overruling>,
    /// What the browser lets Sockpin see.
    pub sight: Sight,
}

/// What the browser lets an extension see. Where it sees nothing it protects nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sight {
    /// Whether it has the permission for every site.
    pub every_site: bool,
    /// Whether it runs in private windows.
    pub private_windows: bool,
}

/// From the background to every open page: ask again, or read again what is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Notice {
    /// Rules were added, changed or deleted.
    RulesChanged,
    /// The log has new entries, an entry has a higher count, or all have been cleared.
    LogChanged,
    /// A pause has begun or ended, or the browser lets Sockpin see more or less.
    StatusChanged,
}
