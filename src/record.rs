//! What each rule has decided: how often since when, and by which of its pins. Nothing is decided by it; it is what tells a
//! person that a rule works, which pins are in use, and that a rule that flags may block.
//!
//! A record begins anew when what its rule asks for changes. Sockets of private windows are not in it.

use std::collections::HashMap;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::connection::Connection;
use crate::fields::Line;
use crate::limits::MAX_RULE_RECORDS;
use crate::pin::Pin;
use crate::policy::Layer;
use crate::rule::{LocalRoots, MatchScope, Rule};
use crate::time::UnixMillis;
use crate::verdict::{Allowed, Finding, LayeredRule, Match, NotPinned, Verdict};

/// The key in `storage.local` of the text of [`Records`]. Another form of it gets another key, so that this version overwrites
/// nothing that it cannot read.
pub const RECORDS: &str = "records-1";

/// A connection, as its rule has judged it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    rule: LayeredRule,
    /// None for a violation.
    allowed: Option<Allowed>,
    /// What the rule has matched, where a pin has.
    shown: Option<Connection>,
}

impl Judged {
    /// With what the server has shown.
    #[must_use]
    pub fn showing(self, connection: &Connection) -> Self {
        let shown = self.matched().is_some().then(|| connection.clone());
        Self { shown, ..self }
    }

    /// Takes out what the server has shown.
    pub fn take_shown(&mut self) -> Option<Connection> {
        self.shown.take()
    }

    /// None where no rule has judged.
    #[must_use]
    pub fn of(verdict: &Verdict) -> Option<Self> {
        let (rule, allowed) = match verdict {
            Verdict::NotPinned(NotPinned::NoRule | NotPinned::RuleOff(_)) => return None,
            Verdict::Allowed(allowed, rule) => (rule, Some(allowed.clone())),
            Verdict::Violation(Finding { rule, .. }) => (rule, None),
        };
        Some(Self { rule: rule.clone(), allowed, shown: None })
    }

    /// The rule that allows it and why, if it does.
    #[must_use]
    pub fn allowed(&self) -> Option<(&Rule, &Allowed)> {
        Some((&self.rule.1, self.allowed.as_ref()?))
    }

    /// The pin that has matched, if one has.
    #[must_use]
    pub const fn matched(&self) -> Option<&Match> {
        match &self.allowed {
            Some(Allowed::PinMatched(matched)) => Some(matched),
            _ => None,
        }
    }
}

/// What one rule has decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleRecord {
    /// Where the rule comes from.
    pub layer: Layer,
    /// Its identifier.
    pub rule: String,
    /// A digest of what it asked for then.
    asked: u64,
    /// How many connections; never 0.
    pub judged: u64,
    /// When the first of them was.
    pub first: UnixMillis,
    /// When the last of them was.
    pub last: UnixMillis,
    /// How many of them were violations.
    pub violations: u64,
    /// When the last violation was.
    pub last_violation: Option<UnixMillis>,
    /// The pins that have matched, the latest first.
    pub pins: Vec<PinRecord>,
}

/// What one pin has matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinRecord {
    /// The pin.
    pub sha256: Pin,
    /// How many connections; never 0.
    pub count: u64,
    /// When the last of them was.
    pub last: UnixMillis,
    /// The certificate whose key it was then, by its place in the chain; 0 is the server's own.
    pub certificate: usize,
}

/// All of them, the rule that judged last at the end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Records(Vec<RuleRecord>);

impl Records {
    /// As [`Records::to_text`] wrote it. A line that cannot be read is passed over.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        Self(text.lines().filter_map(RuleRecord::from_line).collect())
    }

    /// As it is kept: a line for each rule, its fields between spaces, and its identifier behind a tab.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for record in &self.0 {
            record.write_line(&mut text);
        }
        text
    }

    /// The record of a rule, if it is about what the rule asks for now.
    #[must_use]
    pub fn of(&self, layer: Layer, rule: &Rule) -> Option<&RuleRecord> {
        self.0.get(self.place(layer, rule.id())?).filter(|record| record.asked == asked(rule))
    }

    /// Notes a connection. Rules whose identifier breaks the line have no record.
    pub fn note(&mut self, judged: &Judged, time: UnixMillis) {
        let (layer, rule) = &judged.rule;
        if rule.id().contains('\n') {
            return;
        }
        let asked = asked(rule);
        let known = self.place(*layer, rule.id()).map(|place| self.0.remove(place));
        let mut record = known.filter(|record| record.asked == asked).unwrap_or_else(|| RuleRecord {
            layer: *layer,
            rule: rule.id().to_owned(),
            asked,
            judged: 0,
            first: time,
            last: time,
            violations: 0,
            last_violation: None,
            pins: Vec::new(),
        });
        record.add(judged, time);
        self.0.push(record);
        let surplus = self.0.len().saturating_sub(MAX_RULE_RECORDS);
        self.0.drain(..surplus);
    }

    fn place(&self, layer: Layer, rule: &str) -> Option<usize> {
        self.0.iter().rposition(|record| record.layer == layer && record.rule == rule)
    }
}

impl IntoIterator for Records {
    type Item = RuleRecord;
    type IntoIter = std::vec::IntoIter<RuleRecord>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// Why a rule has no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unrecorded {
    /// It has not judged any connection.
    Never,
    /// What it asks for has changed, and it has not judged any connection since.
    SinceChange,
    /// It may have judged some: records have been forgotten.
    Forgotten,
}

/// All of them, to be looked up for many rules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordIndex {
    by_rule: HashMap<String, [Option<RuleRecord>; 2]>,
    is_full: bool,
}

impl RecordIndex {
    /// Of all that are kept.
    #[must_use]
    pub fn new(records: Records) -> Self {
        let is_full = records.0.len() >= MAX_RULE_RECORDS;
        let mut by_rule: HashMap<_, [Option<RuleRecord>; 2]> = HashMap::with_capacity(records.0.len());
        for record in records {
            let [managed, user] = by_rule.entry(record.rule.clone()).or_default();
            let place = match record.layer {
                Layer::Managed => managed,
                Layer::User => user,
            };
            *place = Some(record);
        }
        Self { by_rule, is_full }
    }

    /// As [`Records::of`].
    #[must_use]
    pub fn of(&self, layer: Layer, rule: &Rule) -> Option<&RuleRecord> {
        self.kept(layer, rule).filter(|record| record.asked == asked(rule))
    }

    /// Why a rule without a record has none.
    #[must_use]
    pub fn why_not(&self, layer: Layer, rule: &Rule) -> Unrecorded {
        match self.kept(layer, rule) {
            Some(_) => Unrecorded::SinceChange,
            None if self.is_full => Unrecorded::Forgotten,
            None => Unrecorded::Never,
        }
    }

    /// Also one of what it asked for before.
    fn kept(&self, layer: Layer, rule: &Rule) -> Option<&RuleRecord> {
        let [managed, user] = self.by_rule.get(rule.id())?;
        match layer {
            Layer::Managed => managed.as_ref(),
            Layer::User => user.as_ref(),
        }
    }
}

impl RuleRecord {
    /// When one of its pins has matched last, if one has.
    #[must_use]
    pub fn last_match(&self) -> Option<UnixMillis> {
        self.pins.first().map(|pin| pin.last)
    }

    fn add(&mut self, judged: &Judged, time: UnixMillis) {
        self.judged = self.judged.saturating_add(1);
        self.first = self.first.min(time);
        self.last = self.last.max(time);
        if judged.allowed.is_none() {
            self.violations = self.violations.saturating_add(1);
            self.last_violation = self.last_violation.max(Some(time));
        }
        let Some(Allowed::PinMatched(Match { certificate, sha256, .. })) = judged.allowed else {
            return;
        };
        let known = self.pins.iter().position(|pin| pin.sha256 == sha256).map(|place| self.pins.remove(place));
        let (count, last) = known.map_or((0, time), |known| (known.count, known.last));
        self.pins.insert(0, PinRecord { sha256, count: count.saturating_add(1), last: last.max(time), certificate });
    }

    fn from_line(line: &str) -> Option<Self> {
        let (words, rule) = line.split_once('\t')?;
        let mut words = Line::new(words, ' ');
        let record = Self {
            layer: match words.text()? {
                MANAGED => Layer::Managed,
                USER => Layer::User,
                _ => return None,
            },
            rule: rule.to_owned(),
            asked: words.number()?,
            judged: words.number()?,
            first: words.time()?,
            last: words.time()?,
            violations: words.number()?,
            last_violation: match words.text()? {
                NEVER => None,
                last => Some(UnixMillis::from_millis_text(last)?),
            },
            pins: Vec::new(),
        };
        let mut pins = Vec::new();
        while let Some(sha256) = words.text() {
            pins.push(PinRecord {
                sha256: Pin::parse(sha256).ok()?,
                count: words.number()?,
                last: words.time()?,
                certificate: words.number()?,
            });
        }
        Some(Self { pins, ..record })
    }

    fn write_line(&self, text: &mut String) {
        let layer = match self.layer {
            Layer::Managed => MANAGED,
            Layer::User => USER,
        };
        let Self { rule, asked, judged, violations, .. } = self;
        let (first, last) = (self.first.as_millis(), self.last.as_millis());
        // Writing to a text cannot fail.
        let _ = write!(text, "{layer} {asked} {judged} {first} {last} {violations} ");
        let _ = match self.last_violation {
            Some(last) => write!(text, "{}", last.as_millis()),
            None => write!(text, "{NEVER}"),
        };
        for PinRecord { sha256, count, last, certificate } in &self.pins {
            let _ = write!(text, " {sha256} {count} {} {certificate}", last.as_millis());
        }
        let _ = writeln!(text, "\t{rule}");
    }
}

const MANAGED: &str = "managed";
const USER: &str = "user";
const NEVER: &str = "-";

/// A digest of what a rule asks for: host pattern, keys and conditions. Its labels, its note and its mode are no part of it.
fn asked(rule: &Rule) -> u64 {
    let mut digest = Sha256::new();
    digest.update(rule.host().to_string());
    for (list, pins) in [(0, rule.pins()), (1, rule.denied())] {
        for pin in pins {
            digest.update([list]);
            digest.update(pin.sha256.as_bytes());
        }
    }
    digest.update([
        u8::from(rule.match_scope() == MatchScope::Leaf),
        u8::from(rule.local_roots() == LocalRoots::Exempt),
        u8::from(rule.require_ct()),
    ]);
    let digest: [u8; 32] = digest.finalize().into();
    digest.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::rule::{RuleDocument, RuleStamp};
    use crate::verdict::{Outcome, Reason};

    const PINS: [&str; 2] =
        ["C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=", "diGVwiVYbubAI3RW4hB9xU8e/CH2GnkuvVFZE8zmgzI="];

    fn rule(id: &str, pins: &[&str], mode: &str) -> Arc<Rule> {
        let pins: Vec<_> = pins.iter().map(|pin| serde_json::json!({ "sha256": pin })).collect();
        let document = serde_json::json!({ "host": "a.test", "mode": mode, "pins": pins });
        let document: RuleDocument = serde_json::from_value(document).unwrap();
        let stamp = RuleStamp { id: id.to_owned(), time: UnixMillis::new(0) };
        Arc::new(Rule::new(&document, &stamp, &|_| None).unwrap())
    }

    fn matched(rule: &Arc<Rule>, pin: &str, certificate: usize) -> Judged {
        let matched = Match { certificate, sha256: Pin::parse(pin).unwrap(), label: String::new() };
        let layered = (Layer::User, Arc::clone(rule));
        Judged::of(&Verdict::Allowed(Allowed::PinMatched(matched), layered)).unwrap()
    }

    fn violation(layer: Layer, rule: &Arc<Rule>) -> Judged {
        let rule = (layer, Arc::clone(rule));
        let finding = Finding {
            outcome: Outcome::Flag,
            reason: Reason::PinMismatch,
            rule,
            other: None,
            matched: None,
            keys: Vec::new(),
        };
        Judged::of(&Verdict::Violation(finding)).unwrap()
    }

    const fn at(time: u64) -> UnixMillis {
        UnixMillis::new(time)
    }

    #[test]
    fn a_rule_knows_what_it_has_decided_and_by_which_pins() {
        let (mut records, rule) = (Records::default(), rule("one", &PINS, "flag"));
        assert_eq!(records.of(Layer::User, &rule), None);
        records.note(&matched(&rule, PINS[0], 0), at(10));
        records.note(&matched(&rule, PINS[1], 2), at(30));
        records.note(&violation(Layer::User, &rule), at(20));
        records.note(&matched(&rule, PINS[0], 1), at(40));
        let record = records.of(Layer::User, &rule).unwrap();
        assert_eq!((record.judged, record.first, record.last), (4, at(10), at(40)));
        assert_eq!((record.violations, record.last_violation), (1, Some(at(20))));
        let pin = |pin, count, last, certificate| PinRecord {
            sha256: Pin::parse(pin).unwrap(),
            count,
            last: at(last),
            certificate,
        };
        assert_eq!(record.pins, [pin(PINS[0], 2, 40, 1), pin(PINS[1], 1, 30, 2)]);
        assert_eq!(records.of(Layer::Managed, &rule), None, "another rule, though it is called the same");
    }

    #[test]
    fn a_record_begins_anew_where_the_rule_asks_for_something_else() {
        let before = rule("one", &PINS[..1], "flag");
        let mut records = Records::default();
        records.note(&matched(&before, PINS[0], 0), at(10));
        assert!(records.of(Layer::User, &rule("one", &PINS[..1], "block")).is_some(), "it asks for the same");
        let after = rule("one", &PINS, "flag");
        assert_eq!(records.of(Layer::User, &after), None);
        records.note(&matched(&after, PINS[1], 0), at(20));
        assert_eq!(records.of(Layer::User, &after).unwrap().judged, 1);
        assert_eq!(records.0.len(), 1);
    }

    #[test]
    fn what_is_kept_is_read_again() {
        let mut records = Records::default();
        let rules = [rule("one", &PINS, "flag"), rule("the second\trule", &PINS, "block")];
        records.note(&matched(&rules[0], PINS[0], 0), at(10));
        records.note(&matched(&rules[0], PINS[1], 1), at(11));
        records.note(&violation(Layer::Managed, &rules[1]), at(12));
        let text = records.to_text();
        assert_eq!(Records::from_text(&text), records, "{text}");
        let index = RecordIndex::new(records.clone());
        for (layer, rule) in [(Layer::User, &rules[0]), (Layer::Managed, &rules[1]), (Layer::User, &rules[1])] {
            assert_eq!(index.of(layer, rule), records.of(layer, rule));
        }
        let other = rule("one", &PINS[..1], "flag");
        assert_eq!(
            (index.of(Layer::User, &other), index.why_not(Layer::User, &other)),
            (None, Unrecorded::SinceChange)
        );
        assert_eq!(index.why_not(Layer::Managed, &other), Unrecorded::Never);
        assert_eq!(Records::from_text(&format!("nonsense\n{text}user 1\ttwo\n\n")), records);
    }

    #[test]
    fn the_rules_that_have_not_judged_for_the_longest_time_are_forgotten() {
        let mut records = Records::default();
        for number in 0..=MAX_RULE_RECORDS {
            records.note(&violation(Layer::User, &rule(&number.to_string(), &PINS, "flag")), at(0));
        }
        assert_eq!((records.0.len(), records.0[0].rule.as_str()), (MAX_RULE_RECORDS, "1"));
        let index = RecordIndex::new(records);
        assert_eq!(index.why_not(Layer::User, &rule("0", &PINS, "flag")), Unrecorded::Forgotten);
    }
}
