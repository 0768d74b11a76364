//! What an administrator has set, in words.

use super::notice::Notice;
use crate::managed::{ManagedProblem, Place};
use crate::message::ManagedRules;
use crate::settings::Pausing;

/// The heading above an administrator's rules.
#[must_use]
pub fn heading(managed: &ManagedRules) -> String {
    format!("Set by {}", managed.administrator.as_deref().unwrap_or("your administrator"))
}

/// What it means for the person, below the heading.
#[must_use]
pub const fn about(managed: &ManagedRules) -> &'static str {
    match managed.pausing {
        Pausing::Allowed => {
            "These rules can be changed only where they were set. They are judged beside your own, and the strictest verdict wins."
        }
        Pausing::Forbidden => {
            "These rules can be changed only where they were set, and pausing is turned off. They are judged beside your own, and \
             the strictest verdict wins."
        }
    }
}

/// A part that was refused, and why.
#[must_use]
pub fn problem(problem: &ManagedProblem) -> Notice {
    let part = match problem.place {
        Place::Policy => "A part of the policy was refused".to_owned(),
        Place::Rule(index) => format!("Rule {} was refused; the others hold", index.saturating_add(1)),
        Place::Settings => "A setting was refused".to_owned(),
    };
    let notice = Notice::from(&problem.problem);
    Notice { text: format!("{part}. {}", notice.text), ..notice }
}

/// Whether there is anything to be shown.
#[must_use]
pub fn is_there(managed: &ManagedRules) -> bool {
    !managed.rules.is_empty() || !managed.problems.is_empty() || managed.pausing == Pausing::Forbidden
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn a_refused_part_is_named() {
        for (place, expected) in [
            (Place::Rule(2), "Rule 3 was refused; the others hold. A dot is too many"),
            (Place::Settings, "A setting was refused. A dot is too many"),
            (Place::Policy, "A part of the policy was refused. A dot is too many"),
        ] {
            let text = problem(&ManagedProblem { place, problem: Error::HostEmptyLabel }).text;
            assert!(text.starts_with(expected), "{text}");
        }
    }

    #[test]
    fn an_administrator_who_says_nothing_is_not_shown() {
        let nothing = ManagedRules::default();
        assert!(!is_there(&nothing));
        assert!(is_there(&ManagedRules { pausing: Pausing::Forbidden, ..nothing.clone() }));
        assert_eq!(heading(&nothing), "Set by your administrator");
        let named = ManagedRules { administrator: Some("Example Ltd".to_owned()), ..nothing };
        assert_eq!(heading(&named), "Set by Example Ltd");
    }
}
