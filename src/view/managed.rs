//! What an administrator has set, in words.

use super::notice::Notice;
use crate::error::Error;
use crate::limits::MAX_LISTED_MANAGED_RULES;
use crate::managed::{Managed, ManagedProblem, Place};
use crate::settings::Pausing;

/// The heading above an administrator's rules.
#[must_use]
pub fn heading(managed: &Managed) -> String {
    format!("Set by {}", managed.policy.settings().administrator.as_deref().unwrap_or("your administrator"))
}

/// What it means for the person, below the heading.
#[must_use]
pub fn about(managed: &Managed) -> String {
    let mut sentences = vec!["What is here can be changed only where it was set."];
    if !managed.policy.rules().is_empty() {
        sentences.push("These rules are judged beside your own, and the strictest verdict wins.");
    }
    if managed.policy.settings().pausing == Pausing::Forbidden {
        sentences.push("Pausing is turned off.");
    }
    sentences.join(" ")
}

/// A part that was refused, and why.
#[must_use]
pub fn problem(problem: &ManagedProblem) -> Notice {
    let error = &problem.problem;
    let part = match (problem.place, error) {
        (Place::Rule(index), _) => format!("Rule {} was refused; the others hold.", index.saturating_add(1)),
        (Place::RulesFrom(index), _) => {
            format!("Rule {} and every rule after it were refused; those before hold.", index.saturating_add(1))
        }
        (Place::Settings, Error::SettingUnknown { .. }) => "A setting was refused.".to_owned(),
        (Place::Settings, _) => "The settings were refused, so all that they can forbid is forbidden.".to_owned(),
        (Place::Policy, Error::PolicyNewer { .. } | Error::ManagedVersion) => {
            "The whole policy was refused, so none of its rules holds.".to_owned()
        }
        (Place::Policy, _) => "A part of the policy was refused.".to_owned(),
    };
    let notice = Notice::from(error);
    let why = match error {
        Error::PolicyNewer { version } => {
            format!("It was written for a newer version of Sockpin (format {version}). Update Sockpin.")
        }
        Error::RuleCount { limit: MAX_LISTED_MANAGED_RULES } => {
            format!("{} Or write the list as JSON text: of that there can be more.", notice.text)
        }
        _ => notice.text,
    };
    Notice { text: format!("{part} {why}"), ..notice }
}

/// Whether there is anything to be shown.
#[must_use]
pub fn is_there(managed: &Managed) -> bool {
    !managed.policy.rules().is_empty()
        || !managed.problems.is_empty()
        || managed.policy.settings().pausing == Pausing::Forbidden
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::UnixMillis;

    #[test]
    fn a_refused_part_is_named() {
        let unknown = || Error::SettingUnknown { name: "x".to_owned() };
        let shape = || Error::ManagedShape { detail: "expected a sequence".to_owned() };
        for (place, error, expected) in [
            (Place::Rule(2), Error::HostEmptyLabel, "Rule 3 was refused; the others hold. A dot is too many"),
            (Place::Rule(0), shape(), "Rule 1 was refused; the others hold. It has not the shape"),
            (
                Place::RulesFrom(100_000),
                Error::RuleCount { limit: 100_000 },
                "Rule 100001 and every rule after it were refused; those before hold. There can be at most 100,000 rules.",
            ),
            (
                Place::RulesFrom(MAX_LISTED_MANAGED_RULES),
                Error::RuleCount { limit: MAX_LISTED_MANAGED_RULES },
                "Rule 20001 and every rule after it were refused; those before hold. There can be at most 20,000 rules. \
                 Delete some first, or let one rule with a wildcard stand for many hosts. Or write the list as JSON text: \
                 of that there can be more.",
            ),
            (Place::Settings, unknown(), "A setting was refused. There is no “x”"),
            (
                Place::Settings,
                shape(),
                "The settings were refused, so all that they can forbid is forbidden. It has not",
            ),
            (Place::Policy, unknown(), "A part of the policy was refused. There is no “x”"),
            (
                Place::Policy,
                Error::ManagedVersion,
                "The whole policy was refused, so none of its rules holds. Its version",
            ),
            (
                Place::Policy,
                Error::PolicyNewer { version: 9 },
                "The whole policy was refused, so none of its rules holds. It was written for a newer version of Sockpin \
                 (format 9). Update Sockpin.",
            ),
        ] {
            let notice = problem(&ManagedProblem { place, problem: error });
            assert!(notice.text.starts_with(expected), "{}", notice.text);
            assert!(!notice.text.contains("expected a sequence"));
        }
    }

    fn set(policy: &str) -> Managed {
        Managed::from_json(policy, UnixMillis::new(0), &|_| None)
    }

    #[test]
    fn nothing_is_said_of_what_is_not_there() {
        assert_eq!(about(&set("{}")), "What is here can be changed only where it was set.");
        assert!(
            about(&set(r#"{"rules": [{"host": "a.test", "mode": "off"}]}"#)).ends_with("the strictest verdict wins.")
        );
        let forbidden = about(&set(r#"{"settings": {"pausing": "forbidden"}}"#));
        assert!(forbidden.ends_with("Pausing is turned off.") && !forbidden.contains("rules"));
    }

    #[test]
    fn an_administrator_who_says_nothing_is_not_shown() {
        assert!(!is_there(&set("{}")));
        assert!(is_there(&set(r#"{"settings": {"pausing": "forbidden"}}"#)));
        assert!(is_there(&set(r#"{"rule": []}"#)));
        assert_eq!(heading(&set("{}")), "Set by your administrator");
        assert_eq!(heading(&set(r#"{"settings": {"administrator": "Example Ltd"}}"#)), "Set by Example Ltd");
    }
}
