//! What a new rule takes from a stored one: its pattern is the more specific one ([`Policy::lookup`]), so hosts of the other are its
//! own from then on, without a change of the other.

use std::collections::HashMap;
use std::iter;

use crate::host::{Host, HostPattern, PatternScope};
use crate::policy::Policy;
use crate::rule::{LabelledPin, LocalRoots, MatchScope, Mode, Rule};
use crate::time::UnixMillis;

/// Hosts that a new rule takes from a stored one that blocks, to judge them less strictly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taking {
    /// The pattern of the new rule, or one of its hosts.
    pub hosts: String,
    /// The pattern of the rule that they have today.
    pub from: HostPattern,
    /// In what it is less strict.
    pub laxity: Laxity,
}

/// In what a rule is less strict than another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Laxity {
    /// It does not block, or not for as long.
    Blocking,
    /// It accepts certificates that the other one does not.
    Accepting,
}

/// Which lookups may lead to stored rules that block, beside those for a pattern itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Narrow {
    /// The ports of those for one port, each once, in order.
    ports: Vec<u16>,
    /// The names of which one has all that is below as well, by the name above: `*.` before that one goes before `**.`.
    tops: HashMap<String, Vec<Host>>,
}

impl Narrow {
    pub(super) fn of(stored: &Policy, now: UnixMillis) -> Self {
        let mut narrow = Self::default();
        for pattern in stored.rules().iter().filter(|rule| blocks(rule, now)).map(|rule| rule.host()) {
            if let Some(port) = pattern.port()
                && let Err(place) = narrow.ports.binary_search(&port)
            {
                narrow.ports.insert(place, port);
            }
            if let (PatternScope::Subtree, Host::Name(name)) = (pattern.scope(), pattern.base())
                && let Some((_, above)) = name.split_once('.')
            {
                narrow.tops.entry(above.to_owned()).or_default().push(pattern.base().clone());
            }
        }
        narrow
    }

    /// The first that a new rule takes, if it takes any.
    pub(super) fn taking(&self, rule: &Rule, stored: &Policy, now: UnixMillis) -> Option<Taking> {
        let own = rule.host();
        let ports: Vec<u16> = match own.port() {
            Some(port) => vec![port],
            None => iter::once(ANY_OTHER_PORT).chain(self.ports.iter().copied()).collect(),
        };
        let tops = match (own.scope(), own.base()) {
            (PatternScope::OneLabel, Host::Name(name)) => self.tops.get(name).map(Vec::as_slice).unwrap_or_default(),
            _ => &[],
        };
        let deepest = own.deepest_host();
        iter::once((own.to_string(), &deepest)).chain(tops.iter().map(|top| (top.to_string(), top))).find_map(
            |(hosts, host)| {
                ports.iter().find_map(|port| {
                    let from = stored.lookup(host, *port).filter(|from| outranks(own, from.host()))?;
                    let laxity = laxity(rule, from, now)?;
                    Some(Taking { hosts: hosts.clone(), from: from.host().clone(), laxity })
                })
            },
        )
    }
}

/// Of two patterns for the same host, whether the first goes before the other.
fn outranks(first: &HostPattern, other: &HostPattern) -> bool {
    let is_of_the_same_names = first.scope() == other.scope() && first.base() == other.base();
    if is_of_the_same_names { first.port().is_some() } else { first.scope() <= other.scope() }
}

fn laxity(rule: &Rule, stored: &Rule, now: UnixMillis) -> Option<Laxity> {
    let ends_earlier = rule.expires().is_some_and(|end| stored.expires().is_none_or(|later| end < later));
    if !blocks(stored, now) {
        None
    } else if !blocks(rule, now) || ends_earlier {
        Some(Laxity::Blocking)
    } else {
        accepts_more(rule, stored).then_some(Laxity::Accepting)
    }
}

fn blocks(rule: &Rule, now: UnixMillis) -> bool {
    rule.mode() == Mode::Block && !rule.is_expired(now)
}

fn accepts_more(rule: &Rule, stored: &Rule) -> bool {
    let has_others = |pins: &[LabelledPin], than: &[LabelledPin]| {
        pins.iter().any(|pin| than.iter().all(|other| other.sha256 != pin.sha256))
    };
    let by_pins = !stored.pins().is_empty()
        && (rule.pins().is_empty()
            || has_others(rule.pins(), stored.pins())
            || (rule.match_scope(), stored.match_scope()) == (MatchScope::Chain, MatchScope::Leaf));
    by_pins
        || has_others(stored.denied(), rule.denied())
        || (rule.local_roots(), stored.local_roots()) == (LocalRoots::Exempt, LocalRoots::Enforce)
        || (stored.require_ct() && !rule.require_ct())
}

/// No rule can be for it.
const ANY_OTHER_PORT: u16 = 0;
