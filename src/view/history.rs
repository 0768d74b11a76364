//! What has become of a rule, and by what, in words.

use super::foreign::{foreign, key_name};
use super::rule::full_pin;
use super::text::{Argument, Text, plural, text};
use crate::history::{Change, ChangedBy, Difference, What};
use crate::rule::{LocalRoots, MatchScope, Mode, PinDocument, Preflight};
use crate::time::Date;

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
        What::Changed(differences) => Text::Sentences(differences.iter().map(difference).collect()),
    }
}

fn difference(difference: &Difference) -> Text {
    match difference {
        Difference::Host(before, after) => text!("history_host", before = foreign(before), after = foreign(after)),
        Difference::Mode(before, after) => text!("history_mode", before = mode(*before), after = mode(*after)),
        Difference::PinAdded(pin) => text!("history_pin_added", pin = name(pin)),
        Difference::PinRemoved(pin) => text!("history_pin_removed", pin = name(pin)),
        Difference::DeniedAdded(pin) => text!("history_denied_added", pin = name(pin)),
        Difference::DeniedRemoved(pin) => text!("history_denied_removed", pin = name(pin)),
        Difference::Labels => text!("history_labels"),
        Difference::Match(MatchScope::Chain) => text!("history_match_chain"),
        Difference::Match(MatchScope::Leaf) => text!("history_match_leaf"),
        Difference::Expires(day) => match day.as_deref().and_then(|day| Date::parse(day).ok()) {
            Some(day) => text!("history_expires", day = day),
            None => text!("history_expires_never"),
        },
        Difference::LocalRoots(LocalRoots::Enforce) => text!("history_local_roots_enforce"),
        Difference::LocalRoots(LocalRoots::Exempt) => text!("history_local_roots_exempt"),
        Difference::RequireCt(true) => text!("history_ct_required"),
        Difference::RequireCt(false) => text!("history_ct_not_required"),
        Difference::Preflight(Preflight::Prefer) => text!("history_preflight_prefer"),
        Difference::Preflight(Preflight::Off) => text!("history_preflight_off"),
        Difference::Preflight(Preflight::Require) => text!("history_preflight_require"),
        Difference::Note => text!("history_note"),
        Difference::ReportUri(Some(uri)) => text!("history_reports", uri = foreign(uri)),
        Difference::ReportUri(None) => text!("history_no_reports"),
    }
}

fn mode(mode: Mode) -> Text {
    match mode {
        Mode::Block => text!("rule_blocks"),
        Mode::Flag => text!("rule_flags"),
        Mode::Off => text!("rule_off"),
    }
}

/// What the user calls it; the pin itself where it has no label.
fn name(pin: &PinDocument) -> String {
    key_name(&pin.label, &full_pin(&pin.sha256))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::UnixMillis;

    fn change(by: ChangedBy, what: What) -> Change {
        Change { time: UnixMillis::new(1_795_305_600_000), by, what }
    }

    #[test]
    fn a_change_says_by_what_and_what_has_become_of_the_rule() {
        let pin = |label: &str| PinDocument { sha256: "abc".to_owned(), label: label.to_owned() };
        let differences = vec![
            Difference::Mode(Mode::Flag, Mode::Block),
            Difference::PinAdded(pin("New key")),
            Difference::PinRemoved(pin("")),
            Difference::Expires(Some("2030-01-02".to_owned())),
        ];
        for (by, what_expected, when_expected, expected) in [
            (ChangedBy::Import, What::Added, "by an import", "The rule was added."),
            (ChangedBy::Undo, What::Restored, "by undoing a change", "The rule was brought back."),
            (ChangedBy::List, What::Deleted, "on this page", "The rule was deleted."),
            (
                ChangedBy::NewKey,
                What::Changed(differences),
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
