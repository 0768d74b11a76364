//! What has become of a rule, and by what, in words.

use super::rule_facts::changes;
use super::text::{Argument, Text, plural, text};
use crate::history::{Change, ChangedBy, What};

/// What stands above the changes.
#[must_use]
pub fn summary(count: usize) -> Text {
    plural!("history_changes", count)
}

/// When a change was made, and by what.
#[must_use]
pub fn when(change: &Change) -> Text {
    let time = Argument::Time(change.time);
    match change.by {
        ChangedBy::List => text!("history_by_list", time = time),
        ChangedBy::Import => text!("history_by_import", time = time),
        ChangedBy::Undo => text!("history_by_undo", time = time),
        ChangedBy::Picker => text!("history_by_picker", time = time),
        ChangedBy::NewKey => text!("history_by_new_key", time = time),
    }
}

/// What a change has made of the rule: a sentence for each difference.
#[must_use]
pub fn what(change: &Change) -> Text {
    match &change.what {
        What::Added => text!("history_added"),
        What::Deleted => text!("history_deleted"),
        What::Restored => text!("history_restored"),
        What::Changed { before, after } => Text::Sentences(changes(before, after)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::{Mode, PinDocument, RuleDocument};
    use crate::time::UnixMillis;

    fn change(by: ChangedBy, what: What) -> Change {
        Change { time: UnixMillis::new(1_795_305_600_000), by, what }
    }

    #[test]
    fn a_change_says_by_what_and_what_has_become_of_the_rule() {
        let pin = |sha256: &str, label: &str| PinDocument { sha256: sha256.to_owned(), label: label.to_owned() };
        let before = RuleDocument { mode: Mode::Flag, pins: vec![pin("abc", "")], ..RuleDocument::default() };
        let after = RuleDocument {
            pins: vec![pin("def", "New key")],
            expires: Some("2030-01-02".to_owned()),
            ..RuleDocument::default()
        };
        for (by, what_expected, when_expected, expected) in [
            (ChangedBy::Import, What::Added, "by an import", "The rule was added."),
            (ChangedBy::Undo, What::Restored, "by undoing a change", "The rule was brought back."),
            (ChangedBy::List, What::Deleted, "on this page", "The rule was deleted."),
            (
                ChangedBy::NewKey,
                What::Changed { before: Box::new(before), after: Box::new(after) },
                "by trusting a new key",
                "Mode: “Flags” became “Blocks”. Pin “New key” added. Pin “abc” removed. Now expires on 2 January 2030.",
            ),
        ] {
            let change = change(by, what_expected);
            assert_eq!(what(&change).english(), expected);
            let said = when(&change).english();
            assert!(said.ends_with(when_expected), "{said}");
        }
        assert_eq!(summary(1).english(), "History: 1 change");
    }
}
