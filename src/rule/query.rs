//! What is looked for in a list of rules.

use super::Rule;

/// Words, each of which a rule that is found has somewhere: in its host pattern, in the label of a pin or of a denied key, or
/// in its note. Capitals and small letters are the same; accents are as they are typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleQuery {
    /// In small letters.
    words: Vec<String>,
}

impl RuleQuery {
    /// Takes the words from what was typed.
    #[must_use]
    pub fn new(typed: &str) -> Self {
        Self { words: typed.split_whitespace().map(str::to_lowercase).collect() }
    }

    /// Whether nothing is looked for: then every rule is found.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Whether a rule is found.
    #[must_use]
    pub fn matches(&self, rule: &Rule) -> bool {
        if self.is_empty() {
            return true;
        }
        let host = rule.host().to_string();
        let labels = rule.pins().iter().chain(rule.denied()).map(|pin| pin.label.as_str());
        self.words
            .iter()
            .all(|word| [host.as_str(), rule.note()].into_iter().chain(labels.clone()).any(|text| contains(text, word)))
    }
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
    use crate::rule::{PinDocument, RuleDocument, RuleStamp};
    use crate::time::UnixMillis;

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
            assert_eq!(RuleQuery::new(typed).matches(&rule()), expected, "{typed:?}");
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
}
