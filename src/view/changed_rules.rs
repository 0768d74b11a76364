//! What came of a change of rules that are there.

use super::error::sentence;
use super::text::{Text, plural, text};
use crate::rule::{Mode, RuleDocument, RuleRefusal};

/// Said of the rules that are selected.
#[must_use]
pub fn selected(count: usize) -> Text {
    plural!("change_selected", count)
}

/// So many rules have this mode now.
#[must_use]
pub fn mode_set(mode: Mode, count: usize) -> Text {
    match mode {
        Mode::Block => plural!("change_block", count),
        Mode::Flag => plural!("change_flag", count),
        Mode::Off => plural!("change_off", count),
    }
}

/// The server's new key is trusted, and the pins that there were are kept or gone.
#[must_use]
pub fn key_trusted(rule: &RuleDocument) -> Text {
    match rule.pins.len() {
        1 => text!("change_key_trusted_alone", host = &rule.host),
        _ => text!("change_key_trusted", host = &rule.host),
    }
}

/// So many rules are gone.
#[must_use]
pub fn deleted(count: usize) -> Text {
    plural!("change_deleted", count)
}

/// All is again as it was.
#[must_use]
pub fn undone() -> Text {
    text!("change_undone")
}

/// Why nothing was done: what is wrong with the first of the rules that were refused, and how many others there are.
#[must_use]
pub fn refused(save: &[RuleDocument], refusals: &[RuleRefusal]) -> Text {
    let Some((first, others)) = refusals.split_first() else { return text!("change_refused") };
    let host = save.get(first.place).map_or("", |rule| rule.host.as_str());
    let mut said = vec![text!("change_refused"), text!("change_refused_rule", host = host)];
    said.extend(first.errors.iter().map(|error| sentence(&error.error)));
    if !others.is_empty() {
        said.push(plural!("change_refused_others", others.len()));
    }
    Text::Sentences(said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::RuleError;
    use crate::rule::{Field, FieldError};

    #[test]
    fn a_refusal_names_the_rule_and_what_is_wrong_with_it() {
        let rule = |host: &str| RuleDocument { host: host.to_owned(), ..RuleDocument::default() };
        let refusal =
            |place| RuleRefusal { place, errors: vec![FieldError::whole(Field::Pins, RuleError::PinsMissing)] };
        let save = [rule("a.test"), rule("b.test")];
        let said = refused(&save, &[refusal(1)]).english();
        assert!(said.starts_with("Nothing has been changed. The rule for b.test was refused."), "{said}");
        let said = refused(&save, &[refusal(0), refusal(1)]).english();
        assert!(said.ends_with("1 more rule was refused."), "{said}");
    }

    #[test]
    fn what_was_done_is_said_with_the_number_of_rules() {
        for (said, expected) in [
            (mode_set(Mode::Block, 1), "1 rule now blocks."),
            (mode_set(Mode::Flag, 3), "3 rules now only flag."),
            (mode_set(Mode::Off, 10_000), "10,000 rules are now off."),
            (deleted(2), "2 rules have been deleted."),
            (selected(1), "1 rule selected"),
        ] {
            assert_eq!(said.english(), expected);
        }
    }
}
