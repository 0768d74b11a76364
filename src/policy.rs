//! A policy: all rules of one layer, found by the most specific match; and the layers together.

mod change;
mod index;
mod migrations;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use self::index::{Base, Index, Key};
use crate::error::{Error, HostError, PinError, PolicyError, RuleError, StorageError};
use crate::fields::{Fields, elements, read, unknown_field, words};
use crate::host::{Host, HostPattern, PatternScope, UrlHostParser, name_and_parents};
use crate::limits::{MAX_PINS_PER_RULE, MAX_RULES};
use crate::pin::{Pin, holds_private_key};
use crate::rule::{Field, FieldError, PinDocument, Rule, RuleDocument, RuleStamp};
use crate::settings::{Pausing, Settings};
use crate::time::UnixMillis;

/// The version of the record's format that this program writes. A newer one is refused and kept untouched.
///
/// Raise it, and add a step to `policy/migrations.rs`, whenever the program before would misread a record or call it
/// damaged: for a new value of a field that there is, another default, another meaning, a wider limit. A new field alone
/// needs no new version: a program that does not know it sees it, and refuses the record as newer
/// ([`PolicyError::FieldNewer`]). That the record is kept as JSON text, where it once was an object, is no matter of its
/// format.
pub const POLICY_VERSION: u64 = 1;

/// All rules of one layer, and the settings.
///
/// Rules are indexed by their pattern: a lookup costs a few probes a label of the host, however many rules there are.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    rules: Vec<Arc<Rule>>,
    settings: Settings,
    index: Index,
}

#[derive(Serialize)]
struct StoredPolicy<'a> {
    version: u64,
    rules: &'a [Arc<Rule>],
    settings: &'a Settings,
}

impl Policy {
    /// Reads `{version, rules, settings}`. A rule without `id` or times gets them from its place in the list and from
    /// `now`.
    ///
    /// # Errors
    /// [`PolicyError::Newer`] and [`PolicyError::FieldNewer`] for what a newer version has written,
    /// [`PolicyError::Syntax`] with the part that cannot be read, [`PolicyError::Rule`] with the index of the first bad
    /// rule. A policy is taken whole or not at all: a rule that silently went missing would protect nothing.
    pub fn from_json(json: &str, now: UnixMillis, url_host: UrlHostParser<'_>) -> Result<Self, PolicyError> {
        let mut fields = Fields::from_json(json).map_err(|error| unreadable("policy", &error))?;
        // First, since a newer record may have any other shape.
        let version = fields.take("version").ok_or_else(|| missing("version"))?;
        let version = read(version).map_err(|error| unreadable("version", &error))?;
        if version > POLICY_VERSION {
            return Err(PolicyError::Newer { version });
        }
        if let Some(migrated) = migrations::migrated(json, version)? {
            return Self::from_json(&migrated, now, url_host);
        }
        let (rules, settings) = (fields.take("rules"), fields.take("settings"));
        known(fields.into_names())?;
        let settings = match settings {
            Some(settings) => {
                let read = Settings::from_json(settings, url_host).map_err(|error| unreadable("settings", &error))?;
                known(read.unknown.into_iter())?;
                let refused = |error: Error| PolicyError::Syntax { detail: format!("settings: {}", error.code()) };
                read.report_uri.map_err(refused)?;
                read.settings
            }
            None => Settings::default(),
        };
        let rules = elements(rules.ok_or_else(|| missing("rules"))?).map_err(|error| unreadable("rules", &error))?;
        let mut policy = Self { settings, ..Self::with_capacity(rules.len()) };
        for (index, rule) in rules.into_iter().enumerate() {
            policy.add_stored(index, rule, now, url_host)?;
        }
        Ok(policy)
    }

    /// Reads what is stored: a policy without rules where nothing has ever been.
    pub fn from_stored(
        record: Option<&str>,
        now: UnixMillis,
        url_host: UrlHostParser<'_>,
    ) -> Result<Self, PolicyError> {
        record.map_or_else(|| Ok(Self::default()), |json| Self::from_json(json, now, url_host))
    }

    fn with_capacity(rules: usize) -> Self {
        Self { rules: Vec::with_capacity(rules), settings: Settings::default(), index: Index::with_capacity(rules) }
    }

    fn add_stored(
        &mut self,
        index: usize,
        rule: &str,
        now: UnixMillis,
        url_host: UrlHostParser<'_>,
    ) -> Result<(), PolicyError> {
        let mut document: RuleDocument = read(rule).map_err(|error| match unknown_field(&error) {
            Some(name) => PolicyError::FieldNewer { name },
            None => unreadable(&format!("rules[{index}]"), &error),
        })?;
        let id = document.id.take().unwrap_or_else(|| format!("rule-{index}"));
        if self.has_rule(&id) {
            return Err(PolicyError::Syntax { detail: format!("two rules have the id {id}") });
        }
        self.save(&document, &RuleStamp { id, time: now }, url_host).map(drop).map_err(|errors| {
            let problem = errors.into_iter().next().map_or_else(|| RuleError::Id.into(), |first| first.error);
            PolicyError::Rule { index, problem: Box::new(problem) }
        })
    }

    /// The record to store.
    pub fn to_json(&self) -> Result<String, StorageError> {
        let record = StoredPolicy { version: POLICY_VERSION, rules: &self.rules, settings: &self.settings };
        serde_json::to_string(&record).map_err(|error| StorageError::Failed { detail: error.to_string() })
    }

    /// The rules, in the order in which they were made.
    #[must_use]
    pub fn rules(&self) -> &[Arc<Rule>] {
        &self.rules
    }

    /// The rule with this id.
    #[must_use]
    pub fn rule(&self, id: &str) -> Option<&Arc<Rule>> {
        self.index.by_id(id)
    }

    /// Whether there is a rule with this id.
    #[must_use]
    pub fn has_rule(&self, id: &str) -> bool {
        self.rule(id).is_some()
    }

    /// The rule with this very pattern.
    #[must_use]
    pub fn with_pattern(&self, pattern: &HostPattern) -> Option<&Arc<Rule>> {
        self.index.by_pattern(Key::from(pattern))
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
        let find = |base, scope| {
            let with = |port| self.index.by_pattern(Key { base, scope, port });
            with(Some(port)).or_else(|| with(None))
        };
        let Host::Name(name) = host else {
            return find(Base::of(host), PatternScope::Exact);
        };
        find(Base::Name(name), PatternScope::Exact)
            .or_else(|| name.split_once('.').and_then(|(_, parent)| find(Base::Name(parent), PatternScope::OneLabel)))
            .or_else(|| name_and_parents(name).find_map(|base| find(Base::Name(base), PatternScope::Subtree)))
    }

    /// Checks a rule that is to be stored, by itself and beside those that are. One with an id that no rule has is
    /// checked as a new one. Gives the rule with the times that it then has.
    ///
    /// # Errors
    /// Everything that is wrong, each with its field.
    pub fn check(
        &self,
        document: &RuleDocument,
        stamp: &RuleStamp,
        url_host: UrlHostParser<'_>,
    ) -> Result<Rule, Vec<FieldError>> {
        self.check_with(self.own(document), document, stamp, url_host, mistakes_of_entry(document, url_host))
    }

    /// As [`Self::check`], for an administrator's rule. Mistakes that are only held against a person who enters a rule do not
    /// refuse it: nobody at this browser could correct them, and without its rule a host is not protected at all.
    ///
    /// # Errors
    /// Everything else that is wrong with it.
    pub(crate) fn check_managed(
        &self,
        document: &RuleDocument,
        stamp: &RuleStamp,
        url_host: UrlHostParser<'_>,
    ) -> Result<Rule, Vec<FieldError>> {
        self.check_with(self.own(document), document, stamp, url_host, Vec::new())
    }

    /// The rule that this document is to replace.
    fn own(&self, document: &RuleDocument) -> Option<&Arc<Rule>> {
        self.rule(document.id.as_deref()?)
    }

    /// `old` is the rule that it is to replace, whether it is still in this policy or not.
    fn check_with(
        &self,
        old: Option<&Arc<Rule>>,
        document: &RuleDocument,
        stamp: &RuleStamp,
        url_host: UrlHostParser<'_>,
        entered: Vec<FieldError>,
    ) -> Result<Rule, Vec<FieldError>> {
        let (rule, mut errors) = match Rule::new(document, stamp, url_host) {
            Ok(rule) => (Some(rule), Vec::new()),
            Err(errors) => (None, errors),
        };
        let typed = match &rule {
            Some(_) => None,
            None => HostPattern::parse(&document.host, url_host).ok().map(|typed| typed.pattern),
        };
        if let Some(host) = rule.as_ref().map(Rule::host).or(typed.as_ref()) {
            errors.extend(self.taken(host, old.map(|old| old.id())));
            // Not a matter of the rule itself: one that is stored stays readable when the browser's list grows.
            if host.is_never_shown() {
                errors.push(FieldError::whole(Field::Host, HostError::NeverShown { host: host.base().to_string() }));
            }
        }
        errors.extend(entered);
        match old {
            // A page that was opened on an older version must not undo what another has saved since.
            Some(old) if document.updated != Some(old.updated()) => {
                errors.push(FieldError::whole(Field::Id, RuleError::Changed));
            }
            None if self.rules.len() >= MAX_RULES => {
                errors.push(FieldError::whole(Field::Id, RuleError::Count { limit: MAX_RULES }));
            }
            Some(_) | None => {}
        }
        match rule {
            Some(rule) if errors.is_empty() => {
                Ok(rule.with_times(old.map_or(stamp.time, |old| old.created()), stamp.time))
            }
            _ => Err(errors),
        }
    }

    /// Adds a rule that is stored, or replaces the one with the same id.
    ///
    /// # Errors
    /// Everything that is wrong with it; the policy is then as it was.
    pub fn save(
        &mut self,
        document: &RuleDocument,
        stamp: &RuleStamp,
        url_host: UrlHostParser<'_>,
    ) -> Result<Arc<Rule>, Vec<FieldError>> {
        let rule = Arc::new(Rule::new(document, stamp, url_host)?);
        if let Some(error) = self.taken(rule.host(), Some(rule.id())) {
            return Err(vec![error]);
        }
        self.put(Arc::clone(&rule));
        Ok(rule)
    }

    /// Puts a rule in that has been checked against this policy.
    pub(crate) fn put(&mut self, rule: Arc<Rule>) {
        match self.index.put(&rule) {
            Some(old) => {
                if let Some(place) = self.rules.iter_mut().find(|other| Arc::ptr_eq(other, &old)) {
                    *place = rule;
                }
            }
            None => self.rules.push(rule),
        }
    }

    /// The error where a rule other than `own` has this pattern.
    fn taken(&self, pattern: &HostPattern, own: Option<&str>) -> Option<FieldError> {
        self.with_pattern(pattern)
            .filter(|other| Some(other.id()) != own)
            .map(|_| FieldError::whole(Field::Host, RuleError::HostTaken { pattern: pattern.to_string() }))
    }
}

/// Mistakes that keep a rule from being entered, but are no reason to drop one that is in force.
fn mistakes_of_entry(document: &RuleDocument, url_host: UrlHostParser<'_>) -> Vec<FieldError> {
    let mut errors = private_keys(document);
    errors.extend(of_no_key(Field::Pins, &document.pins));
    errors.extend(of_no_key(Field::Denied, &document.denied));
    if let Ok(typed) = HostPattern::parse(&document.host, url_host)
        && typed.pattern.is_never_opened(url_host)
    {
        let text = typed.pattern.base().to_string();
        errors.push(FieldError::whole(Field::Host, HostError::Internationalised { text }));
    }
    errors
}

/// Pins that can be read and belong to no key.
fn of_no_key(field: Field, pins: &[PinDocument]) -> impl Iterator<Item = FieldError> {
    pins.iter().take(MAX_PINS_PER_RULE).enumerate().filter_map(move |(index, pin)| {
        let error = Pin::parse(&pin.sha256).ok()?.check_is_of_a_key().err()?;
        Some(FieldError { field, index: Some(index), error: error.into() })
    })
}

/// Private keys where anything may be written. Those in the place of a pin or a host are refused as such.
fn private_keys(document: &RuleDocument) -> Vec<FieldError> {
    let is_private = |text: &str| holds_private_key(text.as_bytes());
    let labels = |field, pins: &[PinDocument]| {
        let private = |(index, pin): (usize, &PinDocument)| {
            is_private(&pin.label).then_some(FieldError {
                field,
                index: Some(index),
                error: PinError::PrivateKey.into(),
            })
        };
        pins.iter().take(MAX_PINS_PER_RULE).enumerate().filter_map(private).collect::<Vec<_>>()
    };
    let mut errors = labels(Field::Pins, &document.pins);
    errors.extend(labels(Field::Denied, &document.denied));
    if is_private(&document.note) {
        errors.push(FieldError::whole(Field::Note, PinError::PrivateKey));
    }
    errors
}

fn missing(name: &str) -> PolicyError {
    PolicyError::Syntax { detail: format!("there is no `{name}`") }
}

fn unreadable(part: &str, error: &serde_json::Error) -> PolicyError {
    PolicyError::Syntax { detail: format!("{part}: {error}") }
}

/// A field that is not known was written by a newer version.
fn known(mut unknown: impl Iterator<Item = String>) -> Result<(), PolicyError> {
    match unknown.next() {
        Some(name) => Err(PolicyError::FieldNewer { name }),
        None => Ok(()),
    }
}

/// Where a rule came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// From an administrator.
    Managed,
    /// From the user.
    User,
}

words!(Layer);

/// Every layer's policy. Layers are judged apart and the strictest verdict wins.
#[derive(Debug, Clone, Default)]
pub struct Layers {
    /// The administrator's; the same that [`crate::managed::Managed`] holds.
    pub managed: Arc<Policy>,
    /// The user's policy.
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
        [(Layer::Managed, self.managed.as_ref()), (Layer::User, &self.user)]
            .into_iter()
            .filter_map(move |(layer, policy)| policy.lookup(host, port).map(|rule| (layer, rule)))
    }
}
