//! Who has changed which rule, and when: what is kept beside the policy, and what has become of a rule by it.
//!
//! A line of what is kept is a change of one rule, the latest at the end. It has the rule as it was **before** the change; what
//! the change has made of it is in the next line of that rule, and at the end in the rule itself. So the background, which
//! writes the lines, need not know what differs, and reads of them but their ends.
//!
//! What goes: of a rule that is changed by itself the oldest beyond [`MAX_CHANGES_PER_RULE`], of all the oldest beyond
//! [`MAX_HISTORY_BYTES`], and all of a rule that is no longer there, with the first change that is made [`DELETED_KEPT_MS`] after
//! it was deleted: until then it comes back with the rule.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::fields::read;
use crate::limits::{DELETED_KEPT_MS, MAX_CHANGES_PER_RULE, MAX_HISTORY_BYTES};
use crate::rule::{Rule, RuleDocument};
use crate::time::UnixMillis;

/// The key in `storage.local` of what is kept. Another form of it gets another key, so that this version overwrites nothing
/// that it cannot read.
pub const HISTORY: &str = "history-1";

/// By what a rule was changed. Always a person has, on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum ChangedBy {
    /// The form, or a button of the list.
    #[default]
    List,
    /// An import.
    Import,
    /// Taking a change back.
    Undo,
    /// The picker of the keys of a chain.
    Picker,
    /// Trusting the new key of a server.
    NewKey,
}

const NAMES: [(ChangedBy, &str); 5] = [
    (ChangedBy::List, "list"),
    (ChangedBy::Import, "import"),
    (ChangedBy::Undo, "undo"),
    (ChangedBy::Picker, "picker"),
    (ChangedBy::NewKey, "new-key"),
];

impl ChangedBy {
    /// As it is kept and told.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(by, _)| *by == self).map_or("", |(_, name)| name)
    }

    /// The one with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, known)| *known == name).map(|(by, _)| *by)
    }
}

impl Serialize for ChangedBy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// A rule that a change is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaced {
    /// Its identifier.
    pub id: String,
    /// As it was until then; none where there was none.
    pub rule: Option<Arc<Rule>>,
}

/// What is kept once these rules have been changed. `is_there` says whether there is a rule with an identifier then. Rules whose
/// identifier breaks the line have no history.
#[must_use]
pub fn continued(
    kept: &str,
    replaced: &[Replaced],
    by: ChangedBy,
    now: UnixMillis,
    is_there: &dyn Fn(&str) -> bool,
) -> String {
    let new = replaced.iter().filter(|replaced| !replaced.id.contains('\n')).map(|Replaced { id, rule }| {
        let before = rule.as_deref().and_then(|rule| serde_json::to_string(rule).ok()).unwrap_or_default();
        format!("{} {}\t{before}\t{id}", now.as_millis(), by.name())
    });
    let new: Vec<String> = new.collect();
    // From the latest to the oldest.
    let mut lines: Vec<&str> = new.iter().rev().map(String::as_str).chain(kept.rsplit('\n')).collect();
    let is_gone_lately =
        |(time, id): &(u64, &str)| now.as_millis().saturating_sub(*time) < DELETED_KEPT_MS && !is_there(id);
    // A list is searched in no time as long as it is short; of a great many rules that are brought back only later some come
    // without their history.
    let gone: Vec<&str> =
        lines.iter().filter_map(|line| ends(line)).filter(is_gone_lately).take(LATELY).map(|(_, id)| id).collect();
    let alone = if let [one] = replaced { Some(one.id.as_str()) } else { None };
    let (mut count, mut room) = (0, MAX_HISTORY_BYTES);
    lines.retain(|line| {
        let Some((_, id)) = ends(line) else { return false };
        count += usize::from(alone == Some(id));
        room = room.saturating_sub(line.len().saturating_add(1));
        room > 0 && (alone != Some(id) || count <= MAX_CHANGES_PER_RULE) && (is_there(id) || gone.contains(&id))
    });
    lines.reverse();
    lines.join("\n")
}

const LATELY: usize = 1_000;

/// When a change was made, and of which rule. The rule as it was has no tabulator: JSON escapes it.
fn ends(line: &str) -> Option<(u64, &str)> {
    let (time, rest) = line.split_once(' ')?;
    let (_, rest) = rest.split_once('\t')?;
    let (_, id) = rest.split_once('\t')?;
    Some((time.parse().ok()?, id))
}

/// A change of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// When.
    pub time: UnixMillis,
    /// By what.
    pub by: ChangedBy,
    /// What has become of the rule by it.
    pub what: What,
}

/// What has become of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// It was made.
    Added,
    /// It was deleted.
    Deleted,
    /// It is there again.
    Restored,
    /// It says something else.
    Changed {
        /// As it was.
        before: Box<RuleDocument>,
        /// As it is since.
        after: Box<RuleDocument>,
    },
}

/// How many changes of a rule are kept, and the time of the last: the same pair, the same history.
pub type Extent = (usize, Option<UnixMillis>);

/// What is kept, by rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History(HashMap<String, Vec<Line>>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    time: UnixMillis,
    by: ChangedBy,
    /// The JSON of the rule as it was; empty where there was none.
    before: String,
}

impl History {
    /// As [`continued`] has made it. A line that cannot be read is passed over.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        let mut by_rule: HashMap<String, Vec<Line>> = HashMap::new();
        for (id, line) in text.split('\n').filter_map(Line::read) {
            by_rule.entry(id.to_owned()).or_default().push(line);
        }
        Self(by_rule)
    }

    /// How much is kept of a rule.
    #[must_use]
    pub fn extent(&self, id: &str) -> Extent {
        let lines = self.0.get(id).map(Vec::as_slice).unwrap_or_default();
        (lines.len(), lines.last().map(|line| line.time))
    }

    /// The changes that have made a rule what it is, the latest first, as far as they are kept and can be read. One that has
    /// changed nothing is left out.
    #[must_use]
    pub fn of(&self, rule: &RuleDocument) -> Vec<Change> {
        let lines = self.0.get(rule.id.as_deref().unwrap_or_default()).map(Vec::as_slice).unwrap_or_default();
        let mut after = Some(rule.clone());
        let mut changes = Vec::new();
        for (place, line) in lines.iter().enumerate().rev() {
            let before = match line.before.as_str() {
                "" => None,
                json => match read::<RuleDocument>(json) {
                    Ok(before) => Some(before),
                    // What the change has made of it is not known.
                    Err(_) => break,
                },
            };
            let what = match (&before, after) {
                (None, Some(_)) if place == 0 => Some(What::Added),
                (None, Some(_)) => Some(What::Restored),
                (Some(_), None) => Some(What::Deleted),
                (None, None) => None,
                (Some(before), Some(after)) => (!says_the_same(before, &after))
                    .then(|| What::Changed { before: Box::new(before.clone()), after: Box::new(after) }),
            };
            changes.extend(what.map(|what| Change { time: line.time, by: line.by, what }));
            after = before;
        }
        changes
    }
}

/// Whether two rules differ in their times at most.
fn says_the_same(before: &RuleDocument, after: &RuleDocument) -> bool {
    let id = before.id.clone();
    *before == RuleDocument { id, created: before.created, updated: before.updated, ..after.clone() }
}

impl Line {
    fn read(line: &str) -> Option<(&str, Self)> {
        let (_, id) = ends(line)?;
        let mut parts = line.splitn(3, '\t');
        let (time, by) = parts.next()?.split_once(' ')?;
        let before = parts.next()?.to_owned();
        Some((id, Self { time: UnixMillis::from_millis_text(time)?, by: ChangedBy::named(by)?, before }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::{Mode, PinDocument, RuleStamp};

    const PIN: &str = "C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=";

    fn document(id: &str, mode: Mode) -> RuleDocument {
        RuleDocument {
            id: Some(id.to_owned()),
            host: "a.test".to_owned(),
            mode,
            pins: vec![PinDocument { sha256: PIN.to_owned(), label: "In\tuse\n".trim().to_owned() }],
            ..RuleDocument::default()
        }
    }

    fn rule(id: &str, mode: Mode) -> Arc<Rule> {
        let stamp = RuleStamp { id: id.to_owned(), time: UnixMillis::new(1) };
        Arc::new(Rule::new(&document(id, mode), &stamp, &|_| None).unwrap())
    }

    fn stored(id: &str, mode: Mode) -> RuleDocument {
        RuleDocument::from(rule(id, mode).as_ref())
    }

    fn next(kept: &str, id: &str, rule: Option<Arc<Rule>>, by: ChangedBy, time: u64, is_there: bool) -> String {
        continued(kept, &[Replaced { id: id.to_owned(), rule }], by, UnixMillis::new(time), &|_| is_there)
    }

    #[test]
    fn a_rule_knows_who_has_changed_what_and_when() {
        let (block, flag) = (rule("one\t1", Mode::Block), rule("one\t1", Mode::Flag));
        let text = next("", "one\t1", None, ChangedBy::Import, 10, true);
        let text = next(&text, "other", None, ChangedBy::List, 11, true);
        let text = next(&text, "one\t1", Some(Arc::clone(&block)), ChangedBy::List, 12, true);
        let text = next(&text, "one\t1", Some(Arc::clone(&flag)), ChangedBy::List, 13, true);
        let text = next(&text, "one\t1", Some(Arc::clone(&flag)), ChangedBy::List, 14, false);
        let text = next(&text, "one\t1", None, ChangedBy::Undo, 15, true);
        let history = History::from_text(&text);
        assert_eq!(history.extent("one\t1"), (5, Some(UnixMillis::new(15))));
        let changes = history.of(&stored("one\t1", Mode::Flag));
        let told: Vec<_> = changes.iter().map(|change| (change.time.as_millis(), change.by, &change.what)).collect();
        let [before, after] = [Mode::Block, Mode::Flag].map(|mode| Box::new(stored("one\t1", mode)));
        let made_to_flag = What::Changed { before, after };
        assert_eq!(
            told,
            [
                (15, ChangedBy::Undo, &What::Restored),
                (14, ChangedBy::List, &What::Deleted),
                // At 13 it was stored as it was.
                (12, ChangedBy::List, &made_to_flag),
                (10, ChangedBy::Import, &What::Added),
            ]
        );
        assert_eq!(history.of(&stored("unknown", Mode::Flag)), []);
    }

    #[test]
    fn what_cannot_be_read_harms_nothing_else() {
        let text = next("", "one", None, ChangedBy::List, 10, true);
        let broken = format!("nonsense\n{text}\n12 list\t{{\tone\n13 somebody\t\tone\n");
        let history = History::from_text(&broken);
        assert_eq!(history.extent("one").0, 2);
        // Older changes would have to be told from what is not known.
        assert_eq!(history.of(&stored("one", Mode::Flag)), []);
        let again = next(&broken, "one", Some(rule("one", Mode::Block)), ChangedBy::NewKey, 20, true);
        assert!(!again.contains("nonsense") && again.ends_with("\tone"), "{again}");
        assert_eq!(History::from_text(&again).of(&stored("one", Mode::Flag)).len(), 1);
    }

    #[test]
    fn of_a_rule_the_oldest_changes_go_and_of_all_the_oldest() {
        let mut text = next("", "quiet", None, ChangedBy::List, 0, true);
        for time in 0..60 {
            text = next(&text, "busy", Some(rule("busy", Mode::Flag)), ChangedBy::List, time, true);
        }
        let history = History::from_text(&text);
        assert_eq!(history.extent("busy"), (MAX_CHANGES_PER_RULE, Some(UnixMillis::new(59))));
        assert_eq!(history.extent("quiet").0, 1);
        let many: Vec<_> = (0..60_000).map(|number| Replaced { id: format!("rule {number}"), rule: None }).collect();
        let text = continued(&text, &many, ChangedBy::Import, UnixMillis::new(70), &|_| true);
        assert!(text.len() < MAX_HISTORY_BYTES, "{}", text.len());
        let history = History::from_text(&text);
        assert_eq!((history.extent("busy").0, history.extent("rule 59999").0), (0, 1));
        assert_eq!(next("", "a\nb", None, ChangedBy::List, 0, true), "");
    }

    #[test]
    fn the_history_of_a_rule_that_is_gone_waits_for_it_for_a_while() {
        let text = next("", "gone", None, ChangedBy::List, 0, true);
        let text = next(&text, "gone", Some(rule("gone", Mode::Flag)), ChangedBy::List, DELETED_KEPT_MS, false);
        let later = |time| {
            let replaced = [Replaced { id: "other".to_owned(), rule: None }];
            let text = continued(&text, &replaced, ChangedBy::List, UnixMillis::new(time), &|id| id != "gone");
            History::from_text(&text).extent("gone").0
        };
        assert_eq!((later(2 * DELETED_KEPT_MS - 1), later(2 * DELETED_KEPT_MS)), (2, 0));
    }

    #[test]
    fn every_way_has_its_name() {
        for (by, name) in NAMES {
            assert_eq!((by.name(), ChangedBy::named(name)), (name, Some(by)));
        }
        assert_eq!(ChangedBy::named("somebody"), None);
    }
}
