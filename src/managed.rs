//! The administrator's rules and settings, as a browser's policy brings them: the same JSON as the user's policy.
//!
//! Nobody who sits at this browser can mend them, so each bad part is refused by itself and shown, and the rest holds.

mod document;

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::error::{Error, ManagedError, PolicyError, RuleError};
use crate::fields::{Fields, elements, is_comment, read};
use crate::host::UrlHostParser;
use crate::limits::{MAX_LISTED_MANAGED_RULES, MAX_RULES};
use crate::policy::{POLICY_VERSION, Policy};
use crate::rule::RuleStamp;
use crate::settings::{Reading, Settings};
use crate::time::UnixMillis;

/// What an administrator has set, as far as it can be used.
#[derive(Debug, Clone, Default)]
pub struct Managed {
    /// The rules and settings that hold.
    pub policy: Arc<Policy>,
    /// What was refused.
    pub problems: Vec<ManagedProblem>,
}

/// A part of the administrator's policy that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManagedProblem {
    /// Which.
    pub place: ManagedPlace,
    /// What is wrong with it.
    pub problem: Error,
}

/// A part of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ManagedPlace {
    /// All of it.
    Policy,
    /// One rule, counted from 0.
    Rule(usize),
    /// The rule with this index, counted from 0, and every one after it.
    RulesFrom(usize),
    /// The settings.
    Settings,
    /// The address for reports among the settings; the others hold.
    ReportUri,
}

impl Managed {
    /// Reads what the browser has been given: nothing where no administrator has set anything.
    #[must_use]
    pub fn from_stored(record: Option<&str>, now: UnixMillis, url_host: UrlHostParser<'_>) -> Self {
        record.map(|json| Self::from_json(json, now, url_host)).unwrap_or_default()
    }

    /// Reads `{rules, settings}`; `version` may be left out, and `rules` may be the JSON text of the list. Never fails: what
    /// cannot be used becomes a problem.
    #[must_use]
    pub fn from_json(json: &str, now: UnixMillis, url_host: UrlHostParser<'_>) -> Self {
        let mut reading = PolicyReader { policy: Policy::default(), problems: Vec::new(), now, url_host };
        if let Err(problem) = reading.read(json) {
            reading.refuse(ManagedPlace::Policy, problem);
            reading.policy.set(Settings::strictest());
        }
        Self { policy: Arc::new(reading.policy), problems: reading.problems }
    }
}

/// What has been read so far.
struct PolicyReader<'a> {
    policy: Policy,
    problems: Vec<ManagedProblem>,
    now: UnixMillis,
    url_host: UrlHostParser<'a>,
}

impl PolicyReader<'_> {
    fn read(&mut self, json: &str) -> Result<(), Error> {
        let json = document::unwrapped(json);
        let mut fields = Fields::from_json(&json).map_err(|error| shape(&error))?;
        // First, since a newer policy may have any other shape.
        if let Some(version) = fields.take("version") {
            // `"1"` is the number in the registry, where it was entered as text.
            let text: Option<String> = read(version).ok();
            match read(text.as_deref().unwrap_or(version)) {
                Ok(POLICY_VERSION) => {}
                Ok(version) if version > POLICY_VERSION => return Err(PolicyError::Newer { version }.into()),
                _ => return Err(ManagedError::Version.into()),
            }
        }
        // One bad part takes no other with it.
        if let Some(rules) = fields.take("rules") {
            let text = document::unwrapped(rules);
            let limit = if matches!(text, Cow::Owned(_)) { MAX_RULES } else { MAX_LISTED_MANAGED_RULES };
            match elements(&text) {
                Ok(rules) => self.add_all(&rules, limit),
                Err(error) => self.refuse(ManagedPlace::Policy, shape(&error)),
            }
        }
        if let Some(settings) = fields.take("settings") {
            self.set(&document::unwrapped(settings));
        }
        for name in fields.into_names().filter(|name| !is_comment(name)) {
            self.refuse(ManagedPlace::Policy, ManagedError::SettingUnknown { name });
        }
        Ok(())
    }

    fn add_all(&mut self, rules: &[&str], limit: usize) {
        for (index, rule) in rules.iter().take(limit).enumerate() {
            if let Err(problem) = self.add(index, rule) {
                self.refuse(ManagedPlace::Rule(index), problem);
            }
        }
        if rules.len() > limit {
            self.refuse(ManagedPlace::RulesFrom(limit), RuleError::Count { limit });
        }
    }

    fn add(&mut self, index: usize, rule: &str) -> Result<(), Error> {
        let mut document = document::rule(rule)?;
        let id = document.id.take().unwrap_or_else(|| format!("managed-{index}"));
        if self.policy.has_rule(&id) {
            return Err(RuleError::IdTaken { id }.into());
        }
        let rule = self.policy.check_managed(&document, &RuleStamp { id, time: self.now }, self.url_host);
        let rule = rule.map_err(|errors| {
            errors.into_iter().next().map_or_else(|| Error::from(RuleError::Id), |first| first.error)
        })?;
        self.policy.put(Arc::new(rule));
        Ok(())
    }

    /// Where the settings cannot be read, what they may forbid is forbidden.
    fn set(&mut self, settings: &str) {
        let read = Settings::from_json(settings, self.url_host).unwrap_or_else(|error| {
            self.refuse(ManagedPlace::Settings, shape(&error));
            Reading { settings: Settings::strictest(), unknown: Vec::new(), report_uri: Ok(()) }
        });
        let Reading { settings, unknown, report_uri } = read;
        if let Err(problem) = report_uri {
            self.refuse(ManagedPlace::ReportUri, problem);
        }
        // A misspelt one may be one that forbids.
        self.policy.set(if unknown.is_empty() { settings } else { settings.forbidding() });
        for name in unknown {
            self.refuse(ManagedPlace::Settings, ManagedError::SettingUnknown { name });
        }
    }

    fn refuse(&mut self, place: ManagedPlace, problem: impl Into<Error>) {
        self.problems.push(ManagedProblem { place, problem: problem.into() });
    }
}

fn shape(error: &serde_json::Error) -> ManagedError {
    ManagedError::Shape { detail: error.to_string() }
}
