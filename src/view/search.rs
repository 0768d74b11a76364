//! What a search in the rules has found, in words.

use super::text::{Text, plural, text};
use crate::query::RuleQuery;

/// Said below the field; nothing where nothing is searched for.
#[must_use]
pub fn outcome(query: &RuleQuery, found: usize, total: usize) -> Option<Text> {
    let is_only_words = RuleQuery { words: query.words.clone(), ..RuleQuery::default() } == *query;
    match (query.is_empty(), found) {
        (true, _) => None,
        (false, 0) if is_only_words => Some(text!("options_search_none")),
        (false, 0) => Some(text!("options_filter_none")),
        (false, found) => Some(plural!("options_search_found", found, total = total)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::SearchWords;
    use crate::rule::Mode;

    #[test]
    fn how_many_of_how_many_are_shown() {
        for (typed, mode, found, total, expected) in [
            ("", None, 10_000, 10_000, None),
            (" ", None, 10_000, 10_000, None),
            ("", Some(Mode::Flag), 3, 10, Some("3 of 10 rules are shown.")),
            ("chat", Some(Mode::Flag), 0, 10, Some("No rule fits what is searched for and chosen.")),
            ("", Some(Mode::Off), 0, 10, Some("No rule fits what is searched for and chosen.")),
            ("chat", None, 10_000, 10_000, Some("10,000 of 10,000 rules are shown.")),
            ("chat", None, 12, 10_000, Some("12 of 10,000 rules are shown.")),
            ("chat", None, 1, 10_000, Some("1 of 10,000 rules is shown.")),
            (
                "chat",
                None,
                0,
                10_000,
                Some("No rule has all of this in its host, in the label of a key or in its note."),
            ),
        ] {
            let said = outcome(
                &RuleQuery { words: SearchWords::new(typed, &|_| None), mode, ..RuleQuery::default() },
                found,
                total,
            )
            .map(|text| text.english());
            assert_eq!(said.as_deref(), expected, "{typed:?}, {found} of {total}");
        }
    }
}
