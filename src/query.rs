//! What is looked for in a list of rules, and in which order it stands.
//!
//! The choices have names, the same in the markup of the page and in its address.

pub mod log_query;
mod place;

use std::fmt::Write as _;
use std::iter;

pub use place::Place;

use crate::host::{A_LABEL, HostPattern, PatternScope, UrlHostParser};
use crate::limits::EXPIRES_SOON_DAYS;
use crate::policy::Layer;
use crate::record::RuleRecord;
use crate::rule::{Mode, Rule};
use crate::time::UnixMillis;

/// A rule, and what is known of it.
#[derive(Debug, Clone, Copy)]
pub struct Listed<'a> {
    /// Where it comes from.
    pub layer: Layer,
    /// The rule.
    pub rule: &'a Rule,
    /// What it has decided.
    pub record: Option<&'a RuleRecord>,
    /// Whether something is warned of on its card.
    pub is_warned_of: bool,
}

/// What a rule must be like to be found. Nothing is asked for by default, and every rule is found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RuleQuery {
    /// What it must say.
    pub words: SearchWords,
    /// What it must do.
    pub mode: Option<Mode>,
    /// Whose it must be.
    pub layer: Option<Layer>,
    /// How it must be.
    pub state: Option<RuleState>,
    /// When one of its pins must have matched last.
    pub matched: Option<LastMatch>,
}

/// What is searched for: each of these words a rule that is found has somewhere, in its host pattern, in the label of a pin or
/// of a denied key, or in its note. Capitals and small letters are the same; accents are as they are typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SearchWords {
    words: Vec<Word>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Word {
    /// In small letters.
    typed: String,
    /// As rules have it where it is an internationalised name, which people type in their own script.
    host: Option<String>,
}

/// How a rule may be. One that is off is in none of these states but the last: it decides nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleState {
    /// It expires within [`EXPIRES_SOON_DAYS`].
    ExpiresSoon,
    /// It has expired.
    Expired,
    /// It has one pin and no second.
    OneKey,
    /// It has judged nothing since its pins and requirements were last changed.
    NeverJudged,
    /// Some of what it has judged were violations.
    Violated,
    /// Something is warned of.
    WarnedOf,
}

/// When a pin of a rule has matched last. A rule that is off is found by its past alone: that it has never matched says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastMatch {
    /// Within 24 hours.
    Day,
    /// Within 30 days.
    Month,
    /// Before that.
    Earlier,
    /// Never since its pins and requirements were last changed.
    Never,
}

/// In which order rules stand. What is the same in it stands by host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RuleOrder {
    /// By host pattern: a name, and below it its wildcards.
    #[default]
    Host,
    /// The one that was changed last first.
    Changed,
    /// The one that judged last first, and those that never did at the end.
    Judged,
    /// The one that expires first, and those that never do at the end.
    Expires,
}

/// Values with the names that they have in the markup.
pub trait Choice: Copy + 'static {
    /// All of them.
    const NAMED: &'static [(&'static str, Self)];

    /// The one with this name.
    #[must_use]
    fn named(name: &str) -> Option<Self> {
        Self::NAMED.iter().find(|(own, _)| *own == name).map(|(_, value)| *value)
    }
}

impl Choice for Mode {
    const NAMED: &'static [(&'static str, Self)] = &[("block", Self::Block), ("flag", Self::Flag), ("off", Self::Off)];
}

impl Choice for Layer {
    const NAMED: &'static [(&'static str, Self)] = &[("user", Self::User), ("managed", Self::Managed)];
}

impl Choice for RuleState {
    const NAMED: &'static [(&'static str, Self)] = &[
        ("expires-soon", Self::ExpiresSoon),
        ("expired", Self::Expired),
        ("one-key", Self::OneKey),
        ("never-judged", Self::NeverJudged),
        ("violated", Self::Violated),
        ("warned-of", Self::WarnedOf),
    ];
}

impl Choice for LastMatch {
    const NAMED: &'static [(&'static str, Self)] =
        &[("day", Self::Day), ("month", Self::Month), ("earlier", Self::Earlier), ("never", Self::Never)];
}

impl Choice for RuleOrder {
    const NAMED: &'static [(&'static str, Self)] =
        &[("host", Self::Host), ("changed", Self::Changed), ("judged", Self::Judged), ("expires", Self::Expires)];
}

impl RuleQuery {
    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it matters what a rule has decided.
    #[must_use]
    pub const fn asks_for_records(&self) -> bool {
        self.state.is_some() || self.matched.is_some()
    }

    /// Whether a rule is found.
    #[must_use]
    pub fn finds(&self, listed: Listed<'_>, now: UnixMillis) -> bool {
        self.mode.is_none_or(|mode| listed.rule.mode() == mode)
            && self.layer.is_none_or(|layer| listed.layer == layer)
            && self.state.is_none_or(|state| state.is_of(listed, now))
            && self.matched.is_none_or(|matched| matched.is_of(listed, now))
            && self.words.are_in(listed.rule)
    }
}

impl SearchWords {
    /// Takes the words from what was typed. Internationalised names are found in the form that rules and the log have them in.
    #[must_use]
    pub fn new(typed: &str, url_host: UrlHostParser<'_>) -> Self {
        let word = |typed: &str| {
            let typed = typed.to_lowercase();
            let read = if typed.is_ascii() { None } else { HostPattern::parse(&typed, url_host).ok() };
            // What has no such name in it is found as it is typed.
            let host = read.map(|read| read.pattern.to_string()).filter(|host| host.contains(A_LABEL));
            Word { typed, host }
        };
        Self { words: typed.split_whitespace().map(word).collect() }
    }

    fn are_in(&self, rule: &Rule) -> bool {
        if self.words.is_empty() {
            return true;
        }
        let host = rule.host().to_string();
        self.are_among(&iter::once(host.as_str()).chain(rule.words()))
    }

    /// Whether each word is in some of these texts.
    fn are_among<'a>(&self, texts: &(impl Iterator<Item = &'a str> + Clone)) -> bool {
        let is_in = |text, Word { typed, host }: &Word| {
            contains(text, typed) || host.as_ref().is_some_and(|host| contains(text, host))
        };
        self.words.iter().all(|word| texts.clone().any(|text| is_in(text, word)))
    }
}

impl RuleState {
    fn is_of(self, listed: Listed<'_>, now: UnixMillis) -> bool {
        let Listed { rule, record, is_warned_of, .. } = listed;
        let is_expired = rule.is_expired(now);
        (rule.mode() != Mode::Off || self == Self::WarnedOf)
            && match self {
                Self::WarnedOf => is_warned_of,
                Self::ExpiresSoon => !is_expired && rule.expires().is_some_and(|date| is_soon(date.start(), now)),
                Self::Expired => is_expired,
                Self::OneKey => rule.pins().len() == 1,
                Self::NeverJudged => record.is_none(),
                Self::Violated => record.is_some_and(|record| record.violations > 0),
            }
    }
}

impl LastMatch {
    /// A match that the clock puts into the future was just now.
    fn is_of(self, Listed { rule, record, .. }: Listed<'_>, now: UnixMillis) -> bool {
        const MONTH: u64 = 30 * DAY;
        let age = record.and_then(RuleRecord::last_match).map(|last| now.as_millis().saturating_sub(last.as_millis()));
        match (self, age) {
            (Self::Day, Some(age)) => age <= DAY,
            (Self::Month, Some(age)) => age <= MONTH,
            (Self::Earlier, Some(age)) => age > MONTH,
            (Self::Never, None) => rule.mode() != Mode::Off,
            (Self::Never, Some(_)) | (Self::Day | Self::Month | Self::Earlier, None) => false,
        }
    }
}

fn is_soon(time: UnixMillis, now: UnixMillis) -> bool {
    time.as_millis().saturating_sub(now.as_millis()) <= EXPIRES_SOON_DAYS * DAY
}

const DAY: u64 = 24 * 60 * 60 * 1000;

impl RuleOrder {
    /// The place of a rule.
    #[must_use]
    pub fn place(self, listed: Listed<'_>) -> Place {
        let place = Place::default();
        let latest = |time: UnixMillis| Place::default().reverse(time.as_millis());
        let place = match self {
            Self::Host => place,
            Self::Changed => latest(listed.rule.updated()),
            Self::Judged => listed.record.map_or(place.number(u64::MAX), |record| latest(record.last)),
            Self::Expires => place.number(listed.rule.expires().map_or(u64::MAX, |date| date.start().as_millis())),
        };
        place.text(&by_host(listed.rule))
    }
}

/// A text by which host patterns can be ordered: the name before what is put before or behind it, and numbers within it by
/// their size, so that `host-10` comes after `host-9`.
fn by_host(rule: &Rule) -> String {
    let pattern = rule.host();
    let mut key = String::new();
    let base = pattern.base().to_string();
    let mut rest = base.as_str();
    while let Some(start) = rest.find(|letter: char| letter.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        let (number, after) = from.split_at(from.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(from.len()));
        // A number with more digits is the larger one; one with ten or more is rare, and stands among those with nine.
        let _ = write!(key, "{before}{}{number}", number.len().min(9));
        rest = after;
    }
    let scope = match pattern.scope() {
        PatternScope::Exact => 0,
        PatternScope::OneLabel => 1,
        PatternScope::Subtree => 2,
    };
    let _ = write!(key, "{rest} {scope}{:05}", pattern.port().unwrap_or_default());
    key
}

/// `word` is in small letters. Asked ten thousand times for a keystroke: nothing is copied of what is ASCII.
fn contains(text: &str, word: &str) -> bool {
    if text.is_ascii() {
        let Some((first, rest)) = word.as_bytes().split_first() else { return true };
        let follows = |after: &[u8]| after.get(..rest.len()).is_some_and(|part| part.eq_ignore_ascii_case(rest));
        let mut left = text.as_bytes();
        while let Some((byte, after)) = left.split_first() {
            if byte.to_ascii_lowercase() == *first && follows(after) {
                return true;
            }
            left = after;
        }
        false
    } else {
        text.to_lowercase().contains(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Records;
    use crate::rule::{PinDocument, RuleDocument, RuleStamp};
    use crate::time::UnixMillis;

    /// A host parser that we did not write, in the place of the browser's.
    pub(super) fn url_host(host: &str) -> Option<String> {
        url::Url::parse(&format!("https://{host}/")).ok()?.host_str().map(ToOwned::to_owned)
    }

    fn rule() -> Rule {
        let key = |first: char, label: &str| PinDocument {
            sha256: format!("{first}{}=", "A".repeat(42)),
            label: label.to_owned(),
        };
        let document = RuleDocument {
            host: "*.Chat.example.com:8443".to_owned(),
            pins: vec![key('A', "Schlüssel im Tresor"), key('B', "In use")],
            denied: vec![key('C', "Stolen")],
            note: "For the café, until spring".to_owned(),
            ..RuleDocument::default()
        };
        let stamp = RuleStamp { id: "the-id".to_owned(), time: UnixMillis::new(0) };
        Rule::new(&document, &stamp, &|_| None).unwrap()
    }

    #[test]
    fn every_word_is_somewhere_in_what_a_person_reads() {
        for (typed, expected) in [
            ("", true),
            ("  ", true),
            ("chat", true),
            ("*.chat.example.com:8443", true),
            ("EXAMPLE.COM", true),
            ("tresor", true),
            ("SCHLÜSSEL", true),
            ("schlussel", false),
            ("stolen", true),
            ("café", true),
            ("CAFÉ", true),
            ("cafe", false),
            // Words may stand in different places, in any order; all of them must.
            (" spring  chat ", true),
            ("in use spring", true),
            ("chat autumn", false),
            ("chats", false),
            // Nobody sees these.
            ("the-id", false),
            ("block", false),
            ("é", true),
            ("ß", false),
        ] {
            assert_eq!(SearchWords::new(typed, &|_| None).are_in(&rule()), expected, "{typed:?}");
        }
        let international = other("**.xn--bcher-kva.example", Mode::Block, &['A'], None);
        for (typed, expected) in [
            ("bücher", true),
            ("BÜCHER.example", true),
            ("**.bücher.example", true),
            ("https://bücher.example/path", true),
            ("bcher-kva", true),
            ("bücher.test", false),
            ("büch", false),
            // In which the browser finds a host that nobody means.
            ("josé@example", false),
        ] {
            assert_eq!(SearchWords::new(typed, &url_host).are_in(&international), expected, "{typed:?}");
        }
    }

    #[test]
    fn a_word_longer_than_the_text_is_not_in_it() {
        for (text, word, expected) in
            [("", "a", false), ("ab", "abc", false), ("abc", "abc", true), ("aABC", "abc", true)]
        {
            assert_eq!(contains(text, word), expected, "{word} in {text}");
        }
    }

    const NOW: UnixMillis = UnixMillis::new(1_795_305_600_000); // 2026-11-22T00:00:00Z

    fn other(host: &str, mode: Mode, pins: &[char], expires: Option<&str>) -> Rule {
        let key = |first: &char| PinDocument { sha256: format!("{first}{}=", "A".repeat(42)), label: String::new() };
        let document = RuleDocument {
            host: host.to_owned(),
            mode,
            pins: pins.iter().map(key).collect(),
            expires: expires.map(str::to_owned),
            ..RuleDocument::default()
        };
        Rule::new(&document, &RuleStamp { id: host.to_owned(), time: UnixMillis::new(0) }, &|_| None).unwrap()
    }

    fn record(rule: &Rule, last: u64, violations: u64) -> RuleRecord {
        let text = format!("user 1 5 10 {last} {violations} -\t{}\n", rule.id());
        Records::from_text(&text).into_iter().next().unwrap()
    }

    #[test]
    fn each_state_is_that_of_some_rules() {
        let two = &['A', 'B'];
        let soon = other("soon.test", Mode::Flag, two, Some("2026-12-22"));
        let later = other("later.test", Mode::Block, two, Some("2026-12-23"));
        let today = other("today.test", Mode::Block, two, Some("2026-11-22"));
        let one = other("one.test", Mode::Flag, &['A'], None);
        let off = other("off.test", Mode::Off, &['A'], Some("2026-11-01"));
        let (judged, violated) = (record(&later, 20, 0), record(&today, 20, 1));
        let all =
            [(&soon, None), (&later, Some(&judged)), (&today, Some(&violated)), (&one, Some(&judged)), (&off, None)];
        for (name, expected) in [
            ("expires-soon", &["soon.test"][..]),
            ("expired", &["today.test"]),
            ("one-key", &["one.test"]),
            ("never-judged", &["soon.test"]),
            ("violated", &["today.test"]),
            ("warned-of", &["soon.test", "one.test"]),
            ("nothing of the kind", &["soon.test", "later.test", "today.test", "one.test", "off.test"]),
        ] {
            let query = RuleQuery { state: RuleState::named(name), ..RuleQuery::default() };
            let found = all.iter().filter(|(rule, record)| {
                query.finds(
                    Listed { layer: Layer::User, rule, record: *record, is_warned_of: rule.mode() == Mode::Flag },
                    NOW,
                )
            });
            assert_eq!(found.map(|(rule, _)| rule.id()).collect::<Vec<_>>(), expected, "{name}");
        }
        assert_eq!(DAY * EXPIRES_SOON_DAYS, soon.expires().unwrap().start().as_millis() - NOW.as_millis());
    }

    #[test]
    fn a_rule_is_found_by_the_last_match_of_any_of_its_pins() {
        let matched = |rule: &Rule, ages: &[u64]| {
            let key = |(place, age): (usize, &u64)| {
                let first = char::from(b'A' + u8::try_from(place).unwrap());
                format!(" sha256/{first}{}= 1 {} 0", "A".repeat(42), NOW.as_millis() - age)
            };
            let pins: String = ages.iter().enumerate().map(key).collect();
            let text = format!("user 1 5 10 {} 0 -{pins}\t{}\n", NOW.as_millis(), rule.id());
            Records::from_text(&text).into_iter().next().unwrap()
        };
        let ages: [(&str, Mode, &[u64]); 7] = [
            ("now.test", Mode::Block, &[0, 90 * DAY]),
            ("day.test", Mode::Flag, &[DAY]),
            ("two.test", Mode::Block, &[DAY + 1]),
            ("month.test", Mode::Off, &[30 * DAY]),
            ("earlier.test", Mode::Off, &[30 * DAY + 1]),
            // It has judged, and no pin has matched.
            ("none.test", Mode::Flag, &[]),
            ("off.test", Mode::Off, &[]),
        ];
        let all = ages.map(|(host, mode, ages)| {
            let rule = other(host, mode, &['A', 'B'], None);
            let record = matched(&rule, ages);
            (rule, record)
        });
        for (name, expected) in [
            ("day", &["now.test", "day.test"][..]),
            ("month", &["now.test", "day.test", "two.test", "month.test"]),
            ("earlier", &["earlier.test"]),
            ("never", &["none.test"]),
        ] {
            let query = RuleQuery { matched: LastMatch::named(name), ..RuleQuery::default() };
            let found = all.iter().filter(|(rule, record)| {
                query.finds(Listed { layer: Layer::User, rule, record: Some(record), is_warned_of: false }, NOW)
            });
            assert_eq!(found.map(|(rule, _)| rule.id()).collect::<Vec<_>>(), expected, "{name}");
            let without = Listed { layer: Layer::User, rule: &all[0].0, record: None, is_warned_of: false };
            assert_eq!(query.finds(without, NOW), name == "never", "{name}");
            assert!(query.asks_for_records() && !query.is_empty());
        }
    }

    #[test]
    fn all_that_is_asked_for_must_be_so() {
        let rule = other("chat.example.com", Mode::Flag, &['A'], None);
        let listed = Listed { layer: Layer::User, rule: &rule, record: None, is_warned_of: false };
        for (words, mode, layer, state, expected) in [
            ("chat", "flag", "user", "one-key", true),
            ("", "", "", "", true),
            ("other", "flag", "user", "one-key", false),
            ("chat", "block", "user", "one-key", false),
            ("chat", "flag", "managed", "one-key", false),
            ("chat", "flag", "user", "expired", false),
        ] {
            let query = RuleQuery {
                words: SearchWords::new(words, &|_| None),
                mode: Mode::named(mode),
                layer: Layer::named(layer),
                state: RuleState::named(state),
                matched: None,
            };
            assert_eq!(query.finds(listed, NOW), expected, "{query:?}");
            assert_eq!(query.is_empty(), words.is_empty());
        }
    }

    #[test]
    fn every_order_begins_with_what_one_looks_for() {
        let hosts = ["b.test", "a-10.test", "*.a-9.test", "a-9.test", "a-9.test:443", "192.0.2.10", "192.0.2.9"];
        let rules: Vec<_> = hosts.iter().map(|host| other(host, Mode::Block, &['A'], None)).collect();
        let dated = [
            other("x.test", Mode::Block, &['A'], Some("2027-01-02")).with_times(NOW, UnixMillis::new(5)),
            other("y.test", Mode::Block, &['A'], Some("2027-01-01")).with_times(NOW, UnixMillis::new(7)),
            other("z.test", Mode::Block, &['A'], None).with_times(NOW, UnixMillis::new(6)),
        ];
        let records = [Some(record(&dated[0], 30, 0)), None, Some(record(&dated[2], 40, 0))];
        let sorted = |order: RuleOrder| {
            let mut listed: Vec<_> = dated.iter().zip(&records).collect();
            listed.sort_by_key(|(rule, record)| {
                order.place(Listed { layer: Layer::User, rule, record: record.as_ref(), is_warned_of: false })
            });
            listed.iter().map(|(rule, _)| rule.id()).collect::<Vec<_>>()
        };
        let mut by_host: Vec<_> = rules.iter().collect();
        by_host.sort_by_key(|rule| {
            RuleOrder::Host.place(Listed { layer: Layer::User, rule, record: None, is_warned_of: false })
        });
        let by_host: Vec<_> = by_host.iter().map(|rule| rule.id()).collect();
        assert_eq!(
            by_host,
            ["192.0.2.9", "192.0.2.10", "a-9.test", "a-9.test:443", "*.a-9.test", "a-10.test", "b.test"]
        );
        assert_eq!(sorted(RuleOrder::Host), ["x.test", "y.test", "z.test"]);
        assert_eq!(sorted(RuleOrder::Changed), ["y.test", "z.test", "x.test"]);
        assert_eq!(sorted(RuleOrder::Judged), ["z.test", "x.test", "y.test"]);
        assert_eq!(sorted(RuleOrder::Expires), ["y.test", "x.test", "z.test"]);
    }
}
