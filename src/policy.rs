//! A policy: all rules of one layer, found by the most specific match; and the layers together.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::host::{Breadth, Host, HostPattern, UrlHostParser, name_and_parents};
use crate::rule::{Birth, Field, FieldError, Rule, RuleDocument};
use crate::settings::{Pausing, Settings};
use crate::time::UnixMillis;

/// The version of the stored record that this program writes. A newer one is refused and kept untouched.
pub const POLICY_VERSION: u64 = 1;

/// All rules of one layer, and the settings.
///
/// Rules are indexed by the name their pattern stands on: a lookup costs one probe a label of the host, however many
/// rules there are.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    rules: Vec<Arc<Rule>>,
    settings: Settings,
    ids: HashSet<String>,
    index: HashMap<String, OnBase>,
}

/// The rules whose patterns stand on one name, by the rest of the pattern.
type OnBase = HashMap<(Breadth, Option<u16>), Arc<Rule>>;

/// A policy as JSON, not yet checked.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PolicyDocument {
    #[serde(rename = "version")]
    _version: u64,
    rules: Vec<RuleDocument>,
    #[serde(default)]
    settings: Settings,
}

/// Only the version: read first, since a newer record may have any other shape.
#[derive(Debug, Deserialize)]
struct VersionOnly {
    version: u64,
}

#[derive(Debug, Serialize)]
struct PolicyRecord<'a> {
    version: u64,
    rules: &'a [Arc<Rule>],
    settings: &'a Settings,
}

impl Policy {
    /// Reads `{version, rules, settings}`. A rule without `id` or times gets them from its place in the list and from
    /// `now`.
    ///
    /// # Errors
    /// [`Error::PolicyNewer`], [`Error::PolicySyntax`] with line and column, [`Error::PolicyRule`] with the index of
    /// the first bad rule. A policy is taken whole or not at all: a rule that silently went missing would protect
    /// nothing.
    pub fn from_json(json: &str, now: UnixMillis, url_host: UrlHostParser<'_>) -> Result<Self, Error> {
        let syntax = |error: serde_json::Error| Error::PolicySyntax { detail: error.to_string() };
        let VersionOnly { version } = serde_json::from_str(json).map_err(syntax)?;
        if version > POLICY_VERSION {
            return Err(Error::PolicyNewer { version });
        }
        if version != POLICY_VERSION {
            return Err(Error::PolicySyntax { detail: format!("there has never been a version {version}") });
        }
        let document: PolicyDocument = serde_json::from_str(json).map_err(syntax)?;
        let mut policy = Self { settings: document.settings, ..Self::default() };
        for (index, document) in document.rules.iter().enumerate() {
            let birth = Birth { id: format!("rule-{index}"), time: now };
            policy.save(document, &birth, url_host).map_err(|errors| {
                let problem = errors.into_iter().next().map_or(Error::RuleId, |first| first.error);
                Error::PolicyRule { index, problem: Box::new(problem) }
            })?;
        }
        if policy.rules.len() != document.rules.len() {
            return Err(Error::PolicySyntax { detail: "two rules have one id".to_owned() });
        }
        Ok(policy)
    }

    /// The record to store.
    pub fn to_json(&self) -> Result<String, Error> {
        let record = PolicyRecord { version: POLICY_VERSION, rules: &self.rules, settings: &self.settings };
        serde_json::to_string(&record).map_err(|error| Error::Storage { detail: error.to_string() })
    }

    /// The rules, in the order in which they were made.
    #[must_use]
    pub fn rules(&self) -> &[Arc<Rule>] {
        &self.rules
    }

    /// Whether there is a rule with this id.
    #[must_use]
    pub fn has_rule(&self, id: &str) -> bool {
        self.ids.contains(id)
    }

    /// The settings.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Puts other settings in place.
    pub fn set(&mut self, settings: Settings) {
        self.settings = settings;
    }

    /// The most specific rule for a host and port, mode `off` included: exact name before `*.` before `**.`, longer
    /// base before shorter, with port before without.
    #[must_use]
    pub fn lookup(&self, host: &Host, port: u16) -> Option<&Arc<Rule>> {
        let find = |base: &str, breadth| {
            let on_base = self.index.get(base)?;
            on_base.get(&(breadth, Some(port))).or_else(|| on_base.get(&(breadth, None)))
        };
        let Host::Name(name) = host else {
            return find(&host.to_string(), Breadth::Exact);
        };
        find(name, Breadth::Exact)
            .or_else(|| name.split_once('.').and_then(|(_, parent)| find(parent, Breadth::OneLabel)))
            .or_else(|| name_and_parents(name).find_map(|base| find(base, Breadth::Subtree)))
    }

    /// Adds a rule, or replaces the one with the same id.
    ///
    /// # Errors
    /// Everything that is wrong with it; the policy is then as it was.
    pub fn save(
        &mut self,
        document: &RuleDocument,
        birth: &Birth,
        url_host: UrlHostParser<'_>,
    ) -> Result<Arc<Rule>, Vec<FieldError>> {
        let rule = Arc::new(Rule::new(document, birth, url_host)?);
        if self.with_pattern(rule.host()).is_some_and(|other| other.id() != rule.id()) {
            let error = Error::RuleHostTaken { pattern: rule.host().to_string() };
            return Err(vec![FieldError { field: Field::Host, index: None, error }]);
        }
        if self.ids.insert(rule.id().to_owned()) {
            self.rules.push(Arc::clone(&rule));
        } else if let Some(place) = self.rules.iter_mut().find(|other| other.id() == rule.id()) {
            let old = std::mem::replace(place, Arc::clone(&rule));
            self.forget(old.host());
        }
        let (base, rest) = index_keys(rule.host());
        self.index.entry(base).or_default().insert(rest, Arc::clone(&rule));
        Ok(rule)
    }

    /// Takes a rule out.
    pub fn delete(&mut self, id: &str) -> Result<Arc<Rule>, Error> {
        let place = self.rules.iter().position(|rule| rule.id() == id);
        let place = place.ok_or_else(|| Error::RuleUnknown { id: id.to_owned() })?;
        let rule = self.rules.remove(place);
        self.ids.remove(id);
        self.forget(rule.host());
        Ok(rule)
    }

    fn with_pattern(&self, pattern: &HostPattern) -> Option<&Arc<Rule>> {
        let (base, rest) = index_keys(pattern);
        self.index.get(&base)?.get(&rest)
    }

    fn forget(&mut self, pattern: &HostPattern) {
        let (base, rest) = index_keys(pattern);
        if let Some(on_base) = self.index.get_mut(&base) {
            on_base.remove(&rest);
            if on_base.is_empty() {
                self.index.remove(&base);
            }
        }
    }
}

fn index_keys(pattern: &HostPattern) -> (String, (Breadth, Option<u16>)) {
    (pattern.base().to_string(), (pattern.breadth(), pattern.port()))
}

/// Where a rule came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// An administrator's.
    Managed,
    /// The user's own.
    User,
}

/// Every layer's policy. Layers are judged apart and the strictest verdict wins.
#[derive(Debug, Clone, Default)]
pub struct Layers {
    /// The administrator's.
    pub managed: Policy,
    /// The user's.
    pub user: Policy,
}

impl Layers {
    /// Whether protection may be paused: only where no layer forbids it.
    #[must_use]
    pub fn pausing(&self) -> Pausing {
        let forbids = |policy: &Policy| policy.settings.pausing == Pausing::Forbidden;
        if forbids(&self.managed) || forbids(&self.user) { Pausing::Forbidden } else { Pausing::Allowed }
    }

    /// The most specific rule of each layer.
    pub fn lookup(&self, host: &Host, port: u16) -> impl Iterator<Item = (Layer, &Arc<Rule>)> {
        [(Layer::Managed, &self.managed), (Layer::User, &self.user)]
            .into_iter()
            .filter_map(move |(layer, policy)| policy.lookup(host, port).map(|rule| (layer, rule)))
    }
}
