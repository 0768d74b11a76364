//! What an import would do to the user's rules, rule by rule, before anything is done; and how it is taken back.
//!
//! | a rule of the file | is |
//! |---|---|
//! | for hosts that no stored rule has | added |
//! | that says the same as the stored one | skipped |
//! | that says something else than the stored one | what the person chooses: [`Conflict`] |
//! | for hosts that an earlier one of the file has | skipped |
//! | without a host | waiting for one, which the person gives |
//! | that cannot be stored | skipped, with the reason |
//!
//! Hosts are the same where the patterns are. A rule that is added may take hosts from a stored one all the same: [`Taking`]. The plan is made bit by bit ([`Plan::advance`]), so that a page can show how far it is,
//! and each change of it is one change of the policy.

mod taking;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use self::taking::Narrow;
pub use self::taking::{Laxity, Taking};
use crate::error::{Error, RuleError};
use crate::host::{HostPattern, UrlHostParser};
use crate::limits::MAX_RULES;
use crate::policy::Policy;
use crate::rule::{Field, FieldError, LabelledPin, PinDocument, Rule, RuleDocument, RuleStamp, is_id};
use crate::time::UnixMillis;

/// What becomes of a stored rule where the file has another one for the same hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Conflict {
    /// It stays as it is.
    #[default]
    Keep,
    /// The one of the file takes its place.
    Replace,
    /// It gets the pins and denied keys of the other as well, and stays as it is in all else.
    AddPins,
}

/// How a rule of the file stands to the stored ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemFinding {
    /// No stored rule has this pattern. One that blocks may lose hosts to it.
    New(Option<Taking>),
    /// The stored rule for these hosts says the same.
    Same,
    /// The stored rule for these hosts says something else.
    Differs {
        /// That rule.
        stored: Arc<Rule>,
        /// It with the pins of the other, or why it cannot have them.
        with_pins: Result<Box<RuleDocument>, Error>,
    },
    /// An earlier one of the same import is for these hosts.
    Repeated,
    /// It names no host.
    HostMissing,
    /// It cannot be stored.
    Unusable(Vec<FieldError>),
}

/// What is done with a rule of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ItemOutcome {
    /// Added.
    Add,
    /// Put in the place of the stored one.
    Replace,
    /// Its pins are added to the stored one.
    AddPins,
    /// Nothing: the stored one is kept.
    Keep,
    /// Nothing: it is stored already.
    Same,
    /// Nothing: an earlier one has its hosts.
    Repeated,
    /// Nothing, until it has a host.
    HostMissing,
    /// Nothing: it cannot be stored.
    Unusable,
}

/// A rule of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// As it was read, with the host that the person has given where there was none.
    pub rule: RuleDocument,
    /// How it stands to the stored rules.
    pub finding: ItemFinding,
    /// What the person has chosen for it alone.
    pub chosen: Option<Conflict>,
    /// What stands before the host that the file does not have; none where it has one.
    open: Option<Open>,
}

/// The scope for which a host is still to be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Exact,
    Subtree,
}

/// What an import would do.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// As many of these as have been looked at have their finding.
    items: Vec<Item>,
    looked_at: usize,
    /// Which item is the first for its hosts.
    by_pattern: HashMap<HostPattern, usize>,
    narrow: Narrow,
    /// What holds where nothing is chosen for an item alone.
    conflict: Conflict,
}

/// How many rules have each outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// [`ItemOutcome::Add`].
    pub added: usize,
    /// [`ItemOutcome::Replace`] and [`ItemOutcome::AddPins`].
    pub changed: usize,
    /// [`ItemOutcome::Keep`].
    pub kept: usize,
    /// [`ItemOutcome::Same`].
    pub same: usize,
    /// [`ItemOutcome::Repeated`].
    pub repeated: usize,
    /// [`ItemOutcome::HostMissing`].
    pub host_missing: usize,
    /// [`ItemOutcome::Unusable`].
    pub unusable: usize,
    /// Those of the added and changed ones whose reports go to another address than before, one of the file.
    pub collectors: usize,
    /// Those of the added ones with a [`Taking`].
    pub takings: usize,
}

impl Counts {
    /// How many rules of the policy are other than before.
    #[must_use]
    pub const fn of_changes(&self) -> usize {
        self.added.saturating_add(self.changed)
    }
}

/// Changes of many rules that are made in one step.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RuleChanges {
    /// Rules to add or to put in the place of those with their ids.
    pub save: Vec<RuleDocument>,
    /// Ids of rules to take out.
    pub delete: Vec<String>,
}

/// What takes an import back once it has been made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Undo {
    added: Vec<String>,
    replaced: Vec<RuleDocument>,
}

impl Plan {
    /// Nothing is looked at yet.
    #[must_use]
    pub fn of(rules: Vec<RuleDocument>) -> Self {
        let items = rules.into_iter().map(Item::unseen).collect();
        Self { items, ..Self::default() }
    }

    /// Every rule of the file.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// How many of them have been looked at.
    #[must_use]
    pub const fn looked_at(&self) -> usize {
        self.looked_at
    }

    /// Whether all have.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.looked_at == self.items.len()
    }

    /// Looks at the next rules, at most so many.
    pub fn advance(&mut self, most: usize, stored: &Policy, now: UnixMillis, url_host: UrlHostParser<'_>) {
        if self.looked_at == 0 {
            self.narrow = Narrow::of(stored, now);
        }
        let end = self.looked_at.saturating_add(most).min(self.items.len());
        for place in self.looked_at..end {
            self.look_at(place, stored, now, url_host);
        }
        self.looked_at = end;
    }

    /// Looks at all of them again: other rules are stored now.
    pub fn begin_again(&mut self) {
        self.looked_at = 0;
        self.by_pattern.clear();
    }

    /// Gives a rule the host that its file does not have.
    pub fn set_host(
        &mut self,
        place: usize,
        host: &str,
        stored: &Policy,
        now: UnixMillis,
        url_host: UrlHostParser<'_>,
    ) {
        let Some(item) = self.items.get_mut(place) else { return };
        let host = host.trim();
        match item.open {
            None => return,
            Some(Open::Subtree) if !host.is_empty() && !host.starts_with('*') => {
                item.rule.host = format!("{SUBTREE}{host}");
            }
            Some(Open::Exact | Open::Subtree) => host.clone_into(&mut item.rule.host),
        }
        let before = self.by_pattern.len();
        self.by_pattern.retain(|_, first| *first != place);
        let frees = self.by_pattern.len() < before;
        self.look_at(place, stored, now, url_host);
        // Those for the hosts that it had.
        if frees {
            for other in 0..self.looked_at {
                if self.items.get(other).is_some_and(|item| matches!(item.finding, ItemFinding::Repeated)) {
                    self.look_at(other, stored, now, url_host);
                }
            }
        }
    }

    /// Chooses what becomes of stored rules where nothing is chosen for one alone.
    pub fn set_conflict(&mut self, conflict: Conflict) {
        self.conflict = conflict;
        for item in &mut self.items {
            item.chosen = None;
        }
    }

    /// What holds where nothing is chosen for a rule alone.
    #[must_use]
    pub const fn conflict(&self) -> Conflict {
        self.conflict
    }

    /// Chooses what becomes of the stored rule for the hosts of this one.
    pub fn choose(&mut self, place: usize, conflict: Conflict) {
        if let Some(item) = self.items.get_mut(place) {
            item.chosen = Some(conflict);
        }
    }

    /// How many rules have each outcome, of those that have been looked at.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for item in self.seen() {
            let count = match item.outcome(self.conflict) {
                ItemOutcome::Add => &mut counts.added,
                ItemOutcome::Replace | ItemOutcome::AddPins => &mut counts.changed,
                ItemOutcome::Keep => &mut counts.kept,
                ItemOutcome::Same => &mut counts.same,
                ItemOutcome::Repeated => &mut counts.repeated,
                ItemOutcome::HostMissing => &mut counts.host_missing,
                ItemOutcome::Unusable => &mut counts.unusable,
            };
            *count = count.saturating_add(1);
            let is_new = |(before, after): (Option<&str>, Option<&str>)| after.is_some() && before != after;
            counts.collectors = counts.collectors.saturating_add(usize::from(is_new(item.collectors(self.conflict))));
            counts.takings = counts.takings.saturating_add(usize::from(item.taking().is_some()));
        }
        counts
    }

    /// How many stored rules say something else.
    #[must_use]
    pub fn conflicts(&self) -> usize {
        self.seen().filter(|item| matches!(item.finding, ItemFinding::Differs { .. })).count()
    }

    /// The change to make, and what takes it back. New rules keep the id of their file where it is one that a rule can have and no
    /// other has it; else they get one that begins with `unique`, which is in no id that there is.
    #[must_use]
    pub fn changes(&self, stored: &Policy, unique: &str) -> (RuleChanges, Undo) {
        let (mut changes, mut undo) = (RuleChanges::default(), Undo::default());
        let mut taken: HashSet<String> = HashSet::new();
        for (place, item) in self.seen().enumerate() {
            match (&item.finding, item.outcome(self.conflict)) {
                (_, ItemOutcome::Add) => {
                    let own =
                        item.rule.id.clone().filter(|id| is_id(id) && !stored.has_rule(id) && !taken.contains(id));
                    let id = own.unwrap_or_else(|| format!("{unique}-{place}"));
                    taken.insert(id.clone());
                    undo.added.push(id.clone());
                    changes.save.push(RuleDocument { id: Some(id), ..item.rule.clone() });
                }
                (ItemFinding::Differs { stored, .. }, ItemOutcome::Replace) => {
                    undo.replaced.push(RuleDocument::from(stored.as_ref()));
                    changes.save.push(in_place_of(stored, &item.rule));
                }
                (ItemFinding::Differs { stored, with_pins: Ok(with_pins) }, ItemOutcome::AddPins) => {
                    undo.replaced.push(RuleDocument::from(stored.as_ref()));
                    changes.save.push((**with_pins).clone());
                }
                _ => {}
            }
        }
        (changes, undo)
    }

    fn seen(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().take(self.looked_at)
    }

    fn look_at(&mut self, place: usize, stored: &Policy, now: UnixMillis, url_host: UrlHostParser<'_>) {
        let Some(item) = self.items.get(place) else { return };
        let is_open = item.open.is_some() && matches!(item.rule.host.trim(), "" | SUBTREE);
        let pattern = HostPattern::parse(&item.rule.host, url_host).ok().map(|typed| typed.pattern);
        let finding = match pattern {
            _ if is_open => ItemFinding::HostMissing,
            Some(pattern) if self.by_pattern.get(&pattern).is_some_and(|first| *first != place) => {
                ItemFinding::Repeated
            }
            pattern => {
                let finding = find(&item.rule, pattern.as_ref(), stored, &self.narrow, now, url_host);
                match (finding, pattern) {
                    (ItemFinding::New(_), _) if self.is_full(stored) => {
                        let error = FieldError::whole(Field::Id, RuleError::Count { limit: MAX_RULES });
                        ItemFinding::Unusable(vec![error])
                    }
                    // Another one for these hosts may be in order.
                    (unusable @ ItemFinding::Unusable(_), _) => unusable,
                    (finding, Some(pattern)) => {
                        self.by_pattern.insert(pattern, place);
                        finding
                    }
                    (finding, None) => finding,
                }
            }
        };
        if let Some(item) = self.items.get_mut(place) {
            item.finding = finding;
        }
    }

    /// Whether no more rules fit beside the stored ones and those that may be added.
    fn is_full(&self, stored: &Policy) -> bool {
        stored.rules().len().saturating_add(self.by_pattern.len()) >= MAX_RULES
    }
}

impl Item {
    fn unseen(rule: RuleDocument) -> Self {
        let open = match rule.host.trim() {
            "" => Some(Open::Exact),
            SUBTREE => Some(Open::Subtree),
            _ => None,
        };
        Self { rule, finding: ItemFinding::HostMissing, chosen: None, open }
    }

    /// Whether its file has no host for it.
    #[must_use]
    pub const fn asks_for_host(&self) -> bool {
        self.open.is_some()
    }

    /// To which address reports of violations go before the import and after it, where it changes anything.
    #[must_use]
    pub fn collectors(&self, conflict: Conflict) -> (Option<&str>, Option<&str>) {
        let own = self.rule.report_uri.as_deref().map(str::trim).filter(|uri| !uri.is_empty());
        match (&self.finding, self.outcome(conflict)) {
            (_, ItemOutcome::Add) => (None, own),
            (ItemFinding::Differs { stored, .. }, ItemOutcome::Replace) => {
                (stored.report_uri().map(|uri| uri.as_str()), own)
            }
            _ => (None, None),
        }
    }

    /// What it takes from a stored rule.
    #[must_use]
    pub const fn taking(&self) -> Option<&Taking> {
        match &self.finding {
            ItemFinding::New(taking) => taking.as_ref(),
            _ => None,
        }
    }

    /// What is done with it.
    #[must_use]
    pub fn outcome(&self, conflict: Conflict) -> ItemOutcome {
        match &self.finding {
            ItemFinding::New(_) => ItemOutcome::Add,
            ItemFinding::Same => ItemOutcome::Same,
            ItemFinding::Repeated => ItemOutcome::Repeated,
            ItemFinding::HostMissing => ItemOutcome::HostMissing,
            ItemFinding::Unusable(_) => ItemOutcome::Unusable,
            ItemFinding::Differs { with_pins, .. } => match (self.chosen.unwrap_or(conflict), with_pins) {
                (Conflict::Replace, _) => ItemOutcome::Replace,
                (Conflict::AddPins, Ok(_)) => ItemOutcome::AddPins,
                (Conflict::Keep, _) | (Conflict::AddPins, Err(_)) => ItemOutcome::Keep,
            },
        }
    }
}

impl Undo {
    /// Whether there is nothing to take back.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.added.is_empty() && self.replaced.is_empty()
    }

    /// The change that takes the import back, where these rules are stored now. A rule that has been changed since says so by its
    /// time, and the whole is refused.
    #[must_use]
    pub fn changes(&self, stored: &Policy) -> RuleChanges {
        let updated = |id: &Option<String>| stored.rule(id.as_deref()?).map(|rule| rule.updated());
        let save = self.replaced.iter().map(|rule| RuleDocument { updated: updated(&rule.id), ..rule.clone() });
        RuleChanges { save: save.collect(), delete: self.added.clone() }
    }
}

/// How a rule stands to the stored one of its pattern, if there is one.
fn find(
    rule: &RuleDocument,
    pattern: Option<&HostPattern>,
    policy: &Policy,
    narrow: &Narrow,
    now: UnixMillis,
    url_host: UrlHostParser<'_>,
) -> ItemFinding {
    let stamp = RuleStamp { id: "new".to_owned(), time: now };
    let Some(stored) = pattern.and_then(|pattern| policy.with_pattern(pattern)) else {
        let rule = RuleDocument { id: None, created: None, updated: None, ..rule.clone() };
        return match policy.check(&rule, &stamp, url_host) {
            Ok(rule) => ItemFinding::New(narrow.taking(&rule, policy, now)),
            Err(errors) => ItemFinding::Unusable(errors),
        };
    };
    let checked = match policy.check(&in_place_of(stored, rule), &stamp, url_host) {
        Ok(checked) => checked.with_times(stored.created(), stored.updated()),
        Err(errors) => return ItemFinding::Unusable(errors),
    };
    if checked == **stored {
        return ItemFinding::Same;
    }
    let with_pins = with_pins_of(stored, &checked);
    let with_pins = match policy.check(&with_pins, &stamp, url_host) {
        Ok(_) => Ok(Box::new(with_pins)),
        Err(errors) => Err(errors.into_iter().next().map_or_else(|| RuleError::Changed.into(), |first| first.error)),
    };
    ItemFinding::Differs { stored: Arc::clone(stored), with_pins }
}

/// A rule of the file that is to replace a stored one.
fn in_place_of(stored: &Rule, rule: &RuleDocument) -> RuleDocument {
    RuleDocument {
        id: Some(stored.id().to_owned()),
        created: Some(stored.created()),
        updated: Some(stored.updated()),
        ..rule.clone()
    }
}

/// A stored rule with those pins and denied keys of another that it does not have.
fn with_pins_of(stored: &Rule, other: &Rule) -> RuleDocument {
    let mut rule = RuleDocument::from(stored);
    let added = |known: &[LabelledPin], more: &[LabelledPin]| -> Vec<PinDocument> {
        let is_new = |pin: &&LabelledPin| known.iter().all(|known| known.sha256 != pin.sha256);
        more.iter().filter(is_new).map(PinDocument::from).collect()
    };
    rule.pins.extend(added(stored.pins(), other.pins()));
    rule.denied.extend(added(stored.denied(), other.denied()));
    rule
}

const SUBTREE: &str = "**.";
