//! What the pages and the background say to each other. The background is the only writer of stored state; the rules pages read
//! themselves.
//!
//! Each is an object with its `type`, and what belongs to it beside that. Each type is only read on one side, and read
//! field by field: serde's own reader for a tagged enum would first copy every message into a tree.

use serde::{Deserialize, Serialize};

use crate::error::{Error, ProgramError};
use crate::fields::{Fields, Json, Read, read, words};
use crate::history::ChangedBy;
use crate::overruling::Overruling;
use crate::pause::{Pause, PauseLength};
use crate::preflight::ProbeFailure;
use crate::proof::Proved;
use crate::rule::{FieldError, RuleDocument, RuleRefusal};
use crate::settings::Pausing;
use crate::time::UnixMillis;

/// From a page to the background.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum PageRequest {
    /// Is everything in order?
    Status,
    /// Add a rule (no `id`) or replace the one with that `id`.
    SaveRule {
        /// As typed.
        rule: RuleDocument,
        /// By what.
        by: ChangedBy,
    },
    /// Take a rule out.
    DeleteRule {
        /// Which.
        id: String,
    },
    /// Add, replace and take out several rules in one step, all or none: [`crate::policy::Policy::changed`].
    ChangeRules {
        /// Each in the place of the one with its `id`, or as another one; without an `id` it gets one.
        save: Vec<RuleDocument>,
        /// The ids of those that go.
        delete: Vec<String>,
        /// By what.
        by: ChangedBy,
    },
    /// Set a policy that could not be read aside and begin with an empty one.
    ResetPolicy,
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
    /// Tell of violations by notifications of the system, or no longer.
    SetNotifications {
        /// Whether.
        on: bool,
    },
    /// Delete the entries of one host.
    ClearLogOf {
        /// As the entries have it.
        host: String,
    },
    /// Somebody has looked at the log.
    ReadLog {
        /// The time of the newest entry that was there, but for those of private windows.
        until: UnixMillis,
    },
    /// The same of the entries of private windows: when they were made is not written to disk.
    ReadPrivateLog {
        /// The time of the newest of them.
        until: UnixMillis,
    },
    /// Keep entries for so long, and let older ones go at once.
    KeepLog {
        /// [`crate::log::Retention::days`].
        days: u64,
    },
    /// Ask a server for its chain, as a pre-flight does, without a socket.
    Look {
        /// Its host.
        host: String,
        /// Its port.
        port: u16,
        /// Whether a page in a private window asks: then the host is not noted, since pages of other windows show what is.
        private: bool,
    },
    /// Open a socket to prove a rule, and close it at once: [`crate::proof`].
    #[serde(rename_all = "camelCase")]
    Prove {
        /// The rule.
        id: String,
        /// A host that it is for.
        host: String,
        /// The port.
        port: u16,
        /// Whether a wrong pin stands in the place of the rule's.
        wrong_pin: bool,
    },
}

impl PageRequest {
    /// Reads what a page has said.
    ///
    /// # Errors
    /// [`ProgramError::Argument`]: no JSON object, a type that is not known, or not what belongs to it.
    pub fn from_json(json: &str) -> Result<Self, ProgramError> {
        Self::read(json).map_err(|error| argument(&error))
    }

    fn read(json: &str) -> Result<Self, serde_json::Error> {
        let mut fields = Fields::from_json(json)?;
        let kind: String = fields.require("type")?;
        Ok(match &*kind {
            "status" => Self::Status,
            "saveRule" => Self::SaveRule { rule: fields.require("rule")?, by: changed_by(&mut fields)? },
            "deleteRule" => Self::DeleteRule { id: fields.require("id")? },
            "changeRules" => Self::ChangeRules {
                save: fields.require_each("save")?,
                delete: fields.require("delete")?,
                by: changed_by(&mut fields)?,
            },
            "resetPolicy" => Self::ResetPolicy,
            "pause" => Self::Pause { length: fields.require("length")? },
            "resume" => Self::Resume,
            "dismissOverruling" => Self::DismissOverruling,
            "prepareLog" => Self::PrepareLog,
            "clearLog" => Self::ClearLog,
            "setNotifications" => Self::SetNotifications { on: fields.require("on")? },
            "clearLogOf" => Self::ClearLogOf { host: fields.require("host")? },
            "readLog" => Self::ReadLog { until: UnixMillis::new(fields.require("until")?) },
            "readPrivateLog" => Self::ReadPrivateLog { until: UnixMillis::new(fields.require("until")?) },
            "keepLog" => Self::KeepLog { days: fields.require("days")? },
            "look" => Self::Look {
                host: fields.require("host")?,
                port: fields.require("port")?,
                private: fields.require("private")?,
            },
            "prove" => Self::Prove {
                id: fields.require("id")?,
                host: fields.require("host")?,
                port: fields.require("port")?,
                wrong_pin: fields.require("wrongPin")?,
            },
            _ => return Err(unknown_type()),
        })
    }
}

/// From the background to the page that asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Response {
    /// To [`PageRequest::Status`].
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
    /// Nothing was stored, of none of several rules.
    RulesRefused {
        /// Everything that is wrong, of each that is refused.
        refusals: Vec<RuleRefusal>,
    },
    /// What was asked for has been done and stored.
    Done,
    /// To [`PageRequest::Look`]: what the server has shown.
    Looked {
        /// The text of a [`crate::seen::SeenChain`].
        chain: String,
    },
    /// To [`PageRequest::Look`]: it has shown nothing.
    Unanswered {
        /// Why.
        failure: ProbeFailure,
    },
    /// To [`PageRequest::Prove`].
    Proved {
        /// What came of it.
        proved: Proved,
    },
    /// To [`PageRequest::Prove`]: another proof is under way, so that none was begun.
    Proving,
    /// The request could not be carried out; nothing has changed.
    Failed {
        /// Why.
        problem: Error,
    },
}

impl Response {
    /// Reads what the background has answered.
    ///
    /// # Errors
    /// [`ProgramError::Argument`]: no JSON object, a type that is not known, or not what belongs to it.
    pub fn from_json(json: &str) -> Result<Self, ProgramError> {
        Self::read(json).map_err(|error| argument(&error))
    }

    fn read(json: &str) -> Result<Self, serde_json::Error> {
        let mut fields = Fields::from_json(json)?;
        let kind: String = fields.require("type")?;
        Ok(match &*kind {
            "status" => Self::Status(read(json)?),
            "saved" => Self::Saved { rule: fields.require("rule")? },
            "refused" => Self::Refused { errors: fields.require("errors")? },
            "rulesRefused" => Self::RulesRefused { refusals: fields.require("refusals")? },
            "done" => Self::Done,
            "looked" => Self::Looked { chain: fields.require("chain")? },
            "unanswered" => Self::Unanswered { failure: fields.require("failure")? },
            "proved" => Self::Proved { proved: fields.require("proved")? },
            "proving" => Self::Proving,
            "failed" => Self::Failed { problem: fields.require("problem")? },
            _ => return Err(unknown_type()),
        })
    }
}

/// Whoever does not say has clicked in the list, as a name that is not known has.
fn changed_by(fields: &mut Fields<'_>) -> Result<ChangedBy, serde_json::Error> {
    let name: Option<String> = fields.read("by")?;
    Ok(name.and_then(|name| ChangedBy::named(&name)).unwrap_or_default())
}

fn argument(error: &serde_json::Error) -> ProgramError {
    ProgramError::Argument { detail: error.to_string() }
}

fn unknown_type() -> serde_json::Error {
    serde::de::Error::custom("unknown type of message")
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
    pub access: Access,
}

/// What the browser lets an extension see. Where it sees nothing it protects nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Access {
    /// Whether it has the permission for every site.
    pub every_site: bool,
    /// Whether it runs in private windows.
    pub private_windows: bool,
}

/// From the background to every open page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broadcast {
    /// What.
    #[serde(rename = "type")]
    pub announcement: Announcement,
}

/// What pages are told: to ask again, or to read again what is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Announcement {
    /// Rules were added, changed or deleted.
    RulesChanged,
    /// The log has new entries, an entry has a higher count, or all have been cleared.
    LogChanged,
    /// A pause has begun or ended, or the browser lets Sockpin see more or less.
    StatusChanged,
}

words!(Announcement);

impl Read<'_> for Status {
    fn read(json: Json<'_>) -> Result<Self, serde_json::Error> {
        let mut fields = json.object()?;
        Ok(Self {
            problem: fields.part_or_default("problem")?,
            log_problem: fields.part_or_default("logProblem")?,
            seal_problem: fields.part_or_default("sealProblem")?,
            rules: fields.part("rules")?,
            pause: fields.part_or_default("pause")?,
            pausing: fields.part("pausing")?,
            administrator: fields.part_or_default("administrator")?,
            refused: fields.part_or_default("refused")?,
            overruling: fields.part_or_default("overruling")?,
            access: fields.part("access")?,
        })
    }
}

impl Read<'_> for Access {
    fn read(json: Json<'_>) -> Result<Self, serde_json::Error> {
        let mut fields = json.object()?;
        Ok(Self { every_site: fields.part("everySite")?, private_windows: fields.part("privateWindows")? })
    }
}

impl Read<'_> for Broadcast {
    fn read(json: Json<'_>) -> Result<Self, serde_json::Error> {
        let mut fields = json.object()?;
        Ok(Self { announcement: fields.part("type")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{HostError, PinError, PolicyError, StorageError};
    use crate::proof::{Conclusion, Ending};
    use crate::verdict::Allowed;

    /// A variant that is written and not read fails here: one of each, which the compiler asks for.
    #[test]
    fn what_one_side_writes_the_other_reads() {
        let status = Status {
            problem: Some(PolicyError::Lost.into()),
            log_problem: Some(StorageError::Failed { detail: "quota".to_owned() }.into()),
            seal_problem: None,
            rules: 3,
            pause: None,
            pausing: Pausing::Forbidden,
            administrator: Some("Example Ltd".to_owned()),
            refused: 1,
            overruling: None,
            access: Access { every_site: true, private_windows: false },
        };
        let rule = RuleDocument { host: "a.test".to_owned(), ..RuleDocument::default() };
        for request in [
            PageRequest::Status,
            PageRequest::SaveRule { rule: rule.clone(), by: ChangedBy::Picker },
            PageRequest::DeleteRule { id: "r".to_owned() },
            PageRequest::ChangeRules { save: vec![rule.clone()], delete: vec!["r".to_owned()], by: ChangedBy::NewKey },
            PageRequest::ResetPolicy,
            PageRequest::Pause { length: PauseLength::TenMinutes },
            PageRequest::Resume,
            PageRequest::DismissOverruling,
            PageRequest::PrepareLog,
            PageRequest::ClearLog,
            PageRequest::SetNotifications { on: true },
            PageRequest::ClearLogOf { host: "a.test".to_owned() },
            PageRequest::ReadLog { until: UnixMillis::new(5) },
            PageRequest::ReadPrivateLog { until: UnixMillis::new(6) },
            PageRequest::KeepLog { days: 30 },
            PageRequest::Look { host: "a.test".to_owned(), port: 8443, private: true },
            PageRequest::Prove { id: "r".to_owned(), host: "a.test".to_owned(), port: 8443, wrong_pin: true },
        ] {
            let json = serde_json::to_string(&request).unwrap();
            assert_eq!(PageRequest::from_json(&json), Ok(request), "{json}");
        }
        let refused = FieldError::whole(crate::rule::Field::Host, HostError::Empty);
        for response in [
            Response::Status(status),
            Response::Saved { rule },
            Response::RulesRefused { refusals: vec![RuleRefusal { place: 3, errors: vec![refused.clone()] }] },
            Response::Refused { errors: vec![refused] },
            Response::Done,
            Response::Looked { chain: "validated\nTUlJ".to_owned() },
            Response::Unanswered { failure: ProbeFailure::Deadline },
            Response::Proved {
                proved: Proved {
                    ending: Ending::Failed,
                    error: Some("NS_ERROR".to_owned()),
                    conclusion: Conclusion::Allowed { rule: "r".to_owned(), how: Allowed::NoDeniedKey },
                },
            },
            Response::Proving,
            Response::Failed { problem: PinError::Length { bytes: 31 }.into() },
        ] {
            let json = serde_json::to_string(&response).unwrap();
            assert_eq!(Response::from_json(&json), Ok(response), "{json}");
        }
    }

    #[test]
    fn what_is_no_message_is_refused() {
        for json in ["", "null", "[]", "{}", r#"{"type": 5}"#, r#"{"type": "unheard"}"#, r#"{"type": "pause"}"#] {
            assert_eq!(PageRequest::from_json(json).map_err(|error| error.code()), Err("argument"), "{json}");
            assert_eq!(Response::from_json(json).map_err(|error| error.code()), Err("argument"), "{json}");
        }
    }
}
