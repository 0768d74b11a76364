//! What a search in the rules has found, in words.

use super::text::{Text, plural, text};
use crate::rule::query::RuleQuery;

/// Said below the field; nothing where nothing is searched for.
#[must_use]
pub fn outcome(query: &RuleQuery, found: usize, total: usize) -> Option<Text> {
    match (query.is_empty(), found) {
        (true, _) => None,
        (false, 0) => Some(text!("options_search_none")),
        (false, found) => Some(plural!("options_search_found", found, total = total)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_many_of_how_many_are_shown() {
        for (typed, found, total, expected) in [
            ("", 10_000, 10_000, None),
            (" ", 10_000, 10_000, None),
            ("chat", 10_000, 10_000, Some("10,000 of 10,000 rules are shown.")),
            ("chat", 12, 10_000, Some("12 of 10,000 rules are shown.")),
            ("chat", 1, 10_000, Some("1 of 10,000 rules is shown.")),
            ("chat", 0, 10_000, Some("No rule has all of this in its host, in the label of a key or in its note.")),
        ] {
            let said = outcome(&RuleQuery::new(typed), found, total).map(|text| text.english());
            assert_eq!(said.as_deref(), expected, "{typed:?}, {found} of {total}");
        }
    }
}
