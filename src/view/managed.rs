//! What an administrator has set, in words.

use super::foreign::foreign;
use super::notice::Notice;
use super::text::{Text, text};
use crate::error::{Error, ManagedError, PolicyError, RuleError};
use crate::limits::MAX_LISTED_MANAGED_RULES;
use crate::managed::{Managed, ManagedPlace, ManagedProblem};
use crate::settings::Pausing;

/// The heading above an administrator's rules.
#[must_use]
pub fn heading(managed: &Managed) -> Text {
    match &managed.policy.settings().administrator {
        Some(administrator) => text!("managed_heading", administrator = foreign(administrator)),
        None => text!("managed_heading_unnamed"),
    }
}

/// What it means for the person, below the heading.
#[must_use]
pub fn about(managed: &Managed) -> Text {
    let mut sentences = vec![text!("managed_about")];
    if !managed.policy.rules().is_empty() {
        sentences.push(text!("managed_about_rules"));
    }
    if let Some(uri) = &managed.policy.settings().report_uri {
        sentences.push(text!("managed_about_reports", uri = uri.as_str()));
    }
    if managed.policy.settings().pausing == Pausing::Forbidden {
        sentences.push(text!("managed_about_pausing"));
    }
    Text::Sentences(sentences)
}

/// A part that was refused, and why.
#[must_use]
pub fn problem(problem: &ManagedProblem) -> Notice {
    let error = &problem.problem;
    let part = match (problem.place, error) {
        (ManagedPlace::Rule(index), _) => text!("managed_rule_refused", number = index.saturating_add(1)),
        (ManagedPlace::RulesFrom(index), _) => text!("managed_rules_refused_from", number = index.saturating_add(1)),
        (ManagedPlace::Settings, Error::Managed(ManagedError::SettingUnknown { .. })) => {
            text!("managed_setting_refused")
        }
        (ManagedPlace::ReportUri, _) => text!("managed_report_uri_refused"),
        (ManagedPlace::Settings, _) => text!("managed_settings_refused"),
        (ManagedPlace::Policy, Error::Policy(PolicyError::Newer { .. }) | Error::Managed(ManagedError::Version)) => {
            text!("managed_policy_refused")
        }
        (ManagedPlace::Policy, _) => text!("managed_part_refused"),
    };
    let notice = Notice::from(error);
    let why = match error {
        Error::Policy(PolicyError::Newer { version }) => text!("managed_policy_newer", version = *version),
        Error::Rule(RuleError::Count { limit: MAX_LISTED_MANAGED_RULES }) => {
            Text::Sentences(vec![notice.text, text!("managed_rules_as_text")])
        }
        _ => notice.text,
    };
    Notice { text: Text::Sentences(vec![part, why]), ..notice }
}

/// Whether there is anything to be shown.
#[must_use]
pub fn is_there(managed: &Managed) -> bool {
    !managed.policy.rules().is_empty()
        || !managed.problems.is_empty()
        || managed.policy.settings().report_uri.is_some()
        || managed.policy.settings().pausing == Pausing::Forbidden
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::HostError;
    use crate::time::UnixMillis;

    #[test]
    fn a_refused_part_is_named() {
        let unknown = || ManagedError::SettingUnknown { name: "x".to_owned() }.into();
        let shape = || ManagedError::Shape { detail: "expected a sequence".to_owned() }.into();
        for (place, error, expected) in [
            (
                ManagedPlace::Rule(2),
                HostError::EmptyLabel.into(),
                "Rule 3 was refused; the others are in force. There is one dot too many",
            ),
            (
                ManagedPlace::Rule(0),
                shape(),
                "Rule 1 was refused; the others are in force. It does not have the expected form",
            ),
            (
                ManagedPlace::RulesFrom(100_000),
                RuleError::Count { limit: 100_000 }.into(),
                "Rule 100,001 and every rule after it were refused; those before it are in force. There can be at most 100,000 rules.",
            ),
            (
                ManagedPlace::RulesFrom(MAX_LISTED_MANAGED_RULES),
                RuleError::Count { limit: MAX_LISTED_MANAGED_RULES }.into(),
                "Rule 20,001 and every rule after it were refused; those before it are in force. There can be at most 20,000 rules. \
                 Delete some first, or let one rule with a wildcard stand for many hosts. Or write the list as JSON text, \
                 of which there can be more.",
            ),
            (ManagedPlace::Settings, unknown(), "A setting was refused. There is no “x”"),
            (
                ManagedPlace::Settings,
                shape(),
                "The settings were refused, so all that they can forbid is forbidden. It does not have the expected form",
            ),
            (ManagedPlace::Policy, unknown(), "A part of the policy was refused. There is no “x”"),
            (
                ManagedPlace::Policy,
                ManagedError::Version.into(),
                "The whole policy was refused, so none of its rules is in force. Its version",
            ),
            (
                ManagedPlace::Policy,
                PolicyError::Newer { version: 9 }.into(),
                "The whole policy was refused, so none of its rules is in force. It was written for a newer version of Sockpin \
                 (format 9). Update Sockpin.",
            ),
        ] {
            let notice = problem(&ManagedProblem { place, problem: error });
            let text = notice.text.english();
            assert!(text.starts_with(expected), "{text}");
            assert!(!text.contains("expected a sequence"));
        }
    }

    fn set(policy: &str) -> Managed {
        Managed::from_json(policy, UnixMillis::new(0), &|_| None)
    }

    #[test]
    fn nothing_is_said_of_what_is_not_there() {
        assert_eq!(about(&set("{}")).english(), "What is here can be changed only where it was set.");
        assert!(
            about(&set(r#"{"rules": [{"host": "a.test", "mode": "off"}]}"#))
                .english()
                .ends_with("the strictest verdict wins.")
        );
        let forbidden = about(&set(r#"{"settings": {"pausing": "forbidden"}}"#)).english();
        assert!(forbidden.ends_with("Pausing is turned off.") && !forbidden.contains("rules"));
    }

    #[test]
    fn an_administrator_who_says_nothing_is_not_shown() {
        assert!(!is_there(&set("{}")));
        assert!(is_there(&set(r#"{"settings": {"pausing": "forbidden"}}"#)));
        assert!(is_there(&set(r#"{"rule": []}"#)));
        assert_eq!(heading(&set("{}")).english(), "Set by your administrator");
        assert_eq!(heading(&set(r#"{"settings": {"administrator": "Example Ltd"}}"#)).english(), "Set by Example Ltd");
    }
}
