//! Rules, found by their id and by their pattern. Each place holds the rule and no copy of what it is found by: among
//! 100,000 rules such copies were a quarter of what a policy took.

use std::borrow::Borrow;
use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::host::{Host, HostPattern, PatternScope};
use crate::rule::Rule;

/// No two rules of it have the same id, nor the same pattern.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    by_id: HashSet<ById>,
    by_pattern: HashSet<ByPattern>,
}

/// A pattern, or what could be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key<'a> {
    pub(super) base: Base<'a>,
    pub(super) scope: PatternScope,
    pub(super) port: Option<u16>,
}

/// The host part of a pattern, without wildcard and port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Base<'a> {
    /// A name, also one that is a part of a host.
    Name(&'a str),
    /// An address.
    Address(&'a Host),
}

impl Index {
    pub(super) fn with_capacity(rules: usize) -> Self {
        Self { by_id: HashSet::with_capacity(rules), by_pattern: HashSet::with_capacity(rules) }
    }

    pub(super) fn by_id(&self, id: &str) -> Option<&Arc<Rule>> {
        self.by_id.get(id).map(|ById(rule)| rule)
    }

    pub(super) fn by_pattern(&self, key: Key<'_>) -> Option<&Arc<Rule>> {
        let key: &dyn Keyed = &key;
        self.by_pattern.get(key).map(|ByPattern(rule)| rule)
    }

    /// Puts a rule in. Gives the one with its id that had to go.
    pub(super) fn put(&mut self, rule: &Arc<Rule>) -> Option<Arc<Rule>> {
        let old = self.by_id.replace(ById(Arc::clone(rule))).map(|ById(old)| old);
        if let Some(old) = &old {
            self.forget_pattern(old);
        }
        self.by_pattern.replace(ByPattern(Arc::clone(rule)));
        old
    }

    /// Takes a rule out.
    pub(super) fn take(&mut self, id: &str) -> Option<Arc<Rule>> {
        let ById(rule) = self.by_id.take(id)?;
        self.forget_pattern(&rule);
        Some(rule)
    }

    fn forget_pattern(&mut self, rule: &Arc<Rule>) {
        let key: &dyn Keyed = &Key::from(rule.host());
        self.by_pattern.remove(key);
    }
}

impl<'a> Base<'a> {
    pub(super) fn of(host: &'a Host) -> Self {
        match host {
            Host::Name(name) => Self::Name(name),
            Host::Ipv4(_) | Host::Ipv6(_) => Self::Address(host),
        }
    }
}

impl<'a> From<&'a HostPattern> for Key<'a> {
    fn from(pattern: &'a HostPattern) -> Self {
        Self { base: Base::of(pattern.base()), scope: pattern.scope(), port: pattern.port() }
    }
}

/// A rule, found by its id.
#[derive(Debug, Clone)]
struct ById(Arc<Rule>);

impl Borrow<str> for ById {
    fn borrow(&self) -> &str {
        self.0.id()
    }
}

impl Hash for ById {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.id().hash(state);
    }
}

impl PartialEq for ById {
    fn eq(&self, other: &Self) -> bool {
        self.0.id() == other.0.id()
    }
}

impl Eq for ById {}

/// A rule, found by its pattern.
#[derive(Debug, Clone)]
struct ByPattern(Arc<Rule>);

/// A rule can make a [`Key`] but not lend one, as `Borrow` demands; so it lends itself as something that can make a key.
trait Keyed {
    fn key(&self) -> Key<'_>;
}

impl Keyed for ByPattern {
    fn key(&self) -> Key<'_> {
        Key::from(self.0.host())
    }
}

impl Keyed for Key<'_> {
    fn key(&self) -> Key<'_> {
        *self
    }
}

impl<'a> Borrow<dyn Keyed + 'a> for ByPattern {
    fn borrow(&self) -> &(dyn Keyed + 'a) {
        self
    }
}

impl Hash for dyn Keyed + '_ {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl PartialEq for dyn Keyed + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for dyn Keyed + '_ {}

impl Hash for ByPattern {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl PartialEq for ByPattern {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for ByPattern {}
