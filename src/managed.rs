//! The administrator's rules and settings, as a browser's policy brings them: the same JSON as the user's policy.
//!
//! Nobody who sits at this browser can mend them, so each bad part is refused by itself and shown, and the rest holds.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Error;
use crate::host::UrlHostParser;
use crate::policy::{POLICY_VERSION, Policy};
use crate::rule::{Birth, RuleDocument};
use crate::settings::Settings;
use crate::time::UnixMillis;

/// What an administrator has set, as far as it can be used.
#[derive(Debug, Clone, Default)]
pub struct Managed {
    /// The rules and settings that hold.
    pub policy: Policy,
    /// What was refused.
    pub problems: Vec<ManagedProblem>,
}

/// A part of the administrator's policy that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManagedProblem {
    /// Which.
    pub place: Place,
    /// What is wrong with it.
    pub problem: Error,
}

/// A part of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Place {
    /// All of it.
    Policy,
    /// One rule, counted from 0.
    Rule(usize),
    /// The settings.
    Settings,
}

impl Managed {
    /// Reads `{rules, settings}`; `version` may be left out. Never fails: what cannot be used becomes a problem.
    #[must_use]
    pub fn from_json(json: &str, now: UnixMillis, url_host: UrlHostParser<'_>) -> Self {
        let mut managed = Self::default();
        if let Err(problem) = managed.read(json, now, url_host) {
            managed.refuse(Place::Policy, problem);
            managed.policy.set(Settings::strictest());
        }
        managed
    }

    fn read(&mut self, json: &str, now: UnixMillis, url_host: UrlHostParser<'_>) -> Result<(), Error> {
        let fields: serde_json::Map<String, Value> = serde_json::from_str(json).map_err(|error| shape(&error))?;
        // First, since a newer policy may have any other shape.
        if let Some(version) = fields.get("version") {
            match version.as_u64() {
                Some(POLICY_VERSION) => {}
                Some(version) if version > POLICY_VERSION => return Err(Error::PolicyNewer { version }),
                _ => return Err(Error::ManagedVersion),
            }
        }
        for (name, value) in fields {
            match name.as_str() {
                "version" => {}
                // One bad part takes no other with it.
                "rules" => match serde_json::from_value::<Vec<Value>>(value) {
                    Ok(rules) => self.add_all(rules, now, url_host),
                    Err(error) => self.refuse(Place::Policy, shape(&error)),
                },
                "settings" => self.set(value),
                _ => self.refuse(Place::Policy, Error::SettingUnknown { name }),
            }
        }
        Ok(())
    }

    fn add_all(&mut self, rules: Vec<Value>, now: UnixMillis, url_host: UrlHostParser<'_>) {
        for (index, rule) in rules.into_iter().enumerate() {
            if let Err(problem) = self.add(index, rule, now, url_host) {
                self.refuse(Place::Rule(index), problem);
            }
        }
    }

    fn add(&mut self, index: usize, rule: Value, now: UnixMillis, url_host: UrlHostParser<'_>) -> Result<(), Error> {
        let document: RuleDocument = serde_json::from_value(rule).map_err(|error| shape(&error))?;
        let birth = Birth { id: format!("managed-{index}"), time: now };
        let id = document.id.as_ref().unwrap_or(&birth.id);
        if self.policy.has_rule(id) {
            return Err(Error::RuleIdTaken { id: id.clone() });
        }
        let saved = self.policy.save(&document, &birth, url_host);
        let rule = saved.map_err(|errors| errors.into_iter().next().map_or(Error::RuleId, |first| first.error))?;
        if rule.host().is_never_shown() {
            self.policy.delete(rule.id())?;
            return Err(Error::HostNeverShown { host: rule.host().to_string() });
        }
        Ok(())
    }

    /// Where the settings cannot be read, what they may forbid is forbidden.
    fn set(&mut self, value: Value) {
        let settings = serde_json::from_value(value).unwrap_or_else(|error| {
            self.refuse(Place::Settings, shape(&error));
            Settings::strictest()
        });
        let unknown: Vec<_> = settings.unknown().map(ToOwned::to_owned).collect();
        // A misspelt one may be one that forbids.
        self.policy.set(if unknown.is_empty() { settings } else { settings.forbidding() });
        for name in unknown {
            self.refuse(Place::Settings, Error::SettingUnknown { name });
        }
    }

    fn refuse(&mut self, place: Place, problem: Error) {
        self.problems.push(ManagedProblem { place, problem });
    }
}

fn shape(error: &serde_json::Error) -> Error {
    Error::ManagedShape { detail: error.to_string() }
}
