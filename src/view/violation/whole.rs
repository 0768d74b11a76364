//! The texts of an entry that it shows cut, to be seen whole.

use crate::limits::{MAX_FOREIGN_CHARACTERS, MAX_NAME_CHARACTERS, MAX_WHOLE_CHARACTERS, MAX_WHOLE_TEXTS};
use crate::log::Entry;
use crate::view::foreign::whole;
use crate::view::text::{Text, text};

/// A text that is longer than what the entry shows of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WholeText {
    /// What opens it: what it is, and how many characters it has.
    pub opener: Text,
    /// As much of it as is ever shown.
    pub text: String,
    /// That this is not all of it.
    pub beginning: Option<Text>,
}

/// All of them, in the order in which they stand; at most [`MAX_WHOLE_TEXTS`].
#[must_use]
pub fn whole_texts(entry: &Entry) -> Vec<WholeText> {
    let (violation, rule) = (&entry.violation, entry.violation.rule.as_ref());
    let page = entry.tally.pages.first().and_then(|opened| opened.page.as_deref());
    let subjects = violation.chain.iter().filter_map(|shown| shown.description.as_ref()?.subject.as_deref());
    let keys = rule.into_iter().flat_map(|rule| rule.pins.iter().chain(&rule.denied));
    // Up to where they are shown elsewhere, and what opens them.
    let what = [
        (MAX_FOREIGN_CHARACTERS, HOST, vec![violation.host.as_str()]),
        (MAX_FOREIGN_CHARACTERS, PAGE, page.into_iter().collect()),
        (MAX_NAME_CHARACTERS, SUBJECT, subjects.collect()),
        (MAX_FOREIGN_CHARACTERS, RULE_HOST, rule.iter().map(|rule| rule.host.as_str()).collect()),
        (MAX_FOREIGN_CHARACTERS, LABEL, keys.map(|key| key.label.as_str()).collect()),
    ];
    let each = what.into_iter().flat_map(|(limit, opener, texts)| {
        texts.into_iter().filter_map(move |text| WholeText::of(text, limit, opener))
    });
    each.take(MAX_WHOLE_TEXTS).collect()
}

impl WholeText {
    /// None where no more than so many characters are shown cut.
    fn of(text: &str, limit: usize, opener: Opener) -> Option<Self> {
        let count = text.chars().count();
        let is_beginning = count > MAX_WHOLE_CHARACTERS;
        (count > limit).then(|| Self {
            opener: opener(count),
            text: whole(text),
            beginning: is_beginning.then(|| text!("entry_whole_beginning", count = MAX_WHOLE_CHARACTERS)),
        })
    }
}

type Opener = fn(usize) -> Text;

const HOST: Opener = |count| text!("entry_whole_host", count = count);
const PAGE: Opener = |count| text!("entry_whole_page", count = count);
const SUBJECT: Opener = |count| text!("entry_whole_subject", count = count);
const RULE_HOST: Opener = |count| text!("entry_whole_rule_host", count = count);
const LABEL: Opener = |count| text!("entry_whole_label", count = count);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::Tally;
    use crate::pin::Pin;
    use crate::policy::Layer;
    use crate::rule::{LabelledPin, LocalRoots, MatchScope, Mode};
    use crate::time::UnixMillis;
    use crate::verdict::Reason;
    use crate::violation::{RuleSnapshot, Violation};

    /// An entry with this host, opened by this page, of a rule with so many keys of this name.
    fn entry(host: &str, page: &str, label: &str, keys: usize) -> Entry {
        let key = LabelledPin { sha256: Pin::of_spki(b"a"), label: label.to_owned() };
        let rule = RuleSnapshot {
            id: String::new(),
            layer: Layer::User,
            host: "*.example.com".to_owned(),
            mode: Mode::Block,
            match_scope: MatchScope::Chain,
            expires: None,
            expired: false,
            local_roots: LocalRoots::Enforce,
            require_ct: false,
            pins: vec![key; keys],
            denied: Vec::new(),
        };
        let plain = Violation::unjudged(Reason::PinMismatch, UnixMillis::new(1), None, Some(page.to_owned()));
        let violation = Violation { host: host.to_owned(), rule: Some(rule), ..plain };
        Entry { id: 1, tally: Tally::of(&violation), violation }
    }

    #[test]
    fn what_is_cut_can_be_seen_whole_up_to_a_limit() {
        assert_eq!(whole_texts(&entry(&"a".repeat(300), "https://a.example", "", 2)), []);
        let hostile = format!("{}\u{202e}<b>", "x".repeat(400));
        let shown = whole_texts(&entry(&"a".repeat(301), &hostile, &"b".repeat(10_001), 1));
        let said: Vec<_> = shown.iter().map(|whole| whole.opener.english()).collect();
        assert_eq!(
            said,
            [
                "Show the whole host: 301 characters",
                "Show the whole address of the page: 404 characters",
                "Show the whole name of a key: 10,001 characters"
            ]
        );
        let [host, page, label] = shown.as_slice() else { panic!() };
        assert_eq!((host.text.as_str(), &host.beginning), ("a".repeat(301).as_str(), &None));
        assert!(page.text.ends_with("\\u{202e}<b>"), "{}", page.text);
        assert_eq!(label.text.matches('b').count(), 10_000);
        let beginning = label.beginning.as_ref().map(Text::english);
        assert_eq!(beginning.as_deref(), Some("Only the first 10,000 characters are shown."));
    }

    #[test]
    fn no_entry_has_any_number_of_them() {
        assert_eq!(whole_texts(&entry("a", "b", &"c".repeat(301), 64)).len(), MAX_WHOLE_TEXTS);
    }
}
