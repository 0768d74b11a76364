//! Whether Sockpin is at work.

use super::date::count;
use super::error::{detail, sentence};
use super::notice::Tone;
use crate::error::Error;

/// The line below the name on every page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// The line.
    pub text: String,
    /// How it is to be taken.
    pub tone: Tone,
}

/// What a banner offers to do about a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Set aside a policy that cannot be read and begin with an empty one.
    StartAfresh,
    /// Go where that can be done.
    OpenRules,
    /// Give the permission that was taken away.
    Permit,
}

impl Remedy {
    /// The words on its button.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::StartAfresh => "Start with no rules…",
            Self::OpenRules => "Open the rules",
            Self::Permit => "Give the permission",
        }
    }
}

/// Why Sockpin is not at work, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Banner {
    /// In a few words.
    pub title: &'static str,
    /// What it means.
    pub text: String,
    /// For a report, beside what a person needs.
    pub detail: Option<String>,
    /// What can be done from here.
    pub remedy: Option<Remedy>,
    /// A stable name.
    pub code: &'static str,
}

/// The line for a number of rules, where nothing is wrong.
#[must_use]
pub fn state(rules: usize) -> State {
    let number = u64::try_from(rules).unwrap_or(u64::MAX);
    match number {
        0 => State { text: "No rules yet: nothing is checked.".to_owned(), tone: Tone::Neutral },
        _ => State { text: format!("At work, with {}.", count(number, "rule")), tone: Tone::Good },
    }
}

/// The line during a pause; `until` is the time of day of its end, where it has one.
#[must_use]
pub fn paused(until: Option<&str>) -> State {
    let text = match until {
        Some(until) => format!("Paused until {until}: nothing is being blocked."),
        None => "Paused until Firefox restarts: nothing is being blocked.".to_owned(),
    };
    State { text, tone: Tone::Warning }
}

/// Said where there can be no pause.
#[must_use]
pub fn pausing_forbidden(administrator: Option<&str>) -> String {
    format!("Pausing is turned off by {}.", administrator.unwrap_or("your administrator"))
}

/// The line for a problem.
#[must_use]
pub fn state_of(banner: &Banner) -> State {
    State { text: banner.title.to_owned(), tone: Tone::Bad }
}

/// What keeps Sockpin from judging.
#[must_use]
pub fn problem(error: &Error) -> Banner {
    let remedy = match error {
        Error::PolicySyntax { .. } | Error::PolicyRule { .. } => Some(Remedy::StartAfresh),
        _ => None,
    };
    let advice = match remedy {
        Some(_) => {
            " You can start with no rules; what is stored now is then kept aside, and nothing is checked until \
                    you add rules."
        }
        None => "",
    };
    let cause = match error {
        Error::CoreFailed { .. } => "No socket can be checked",
        _ => "Without the rules no socket can be known to be unpinned",
    };
    let text = format!("{} {cause}, so every WebSocket connection is being stopped.{advice}", sentence(error));
    let detail = detail(error).map(str::to_owned);
    Banner { title: "All WebSockets are being stopped", text, detail, remedy, code: error.code() }
}

/// The rules are in force, but the log is not.
#[must_use]
pub fn log_problem(error: &Error) -> Banner {
    Banner {
        title: "The log cannot be written",
        text: format!(
            "{} The rules are in force all the same, but what is blocked or flagged now may be missing from the log.",
            sentence(error)
        ),
        detail: detail(error).map(str::to_owned),
        remedy: None,
        code: "log-unwritable",
    }
}

/// The rules are in force, but the log cannot be shown.
#[must_use]
pub fn log_unreadable(error: &Error) -> Banner {
    Banner {
        title: "The log cannot be read",
        text: format!(
            "{} The rules are in force all the same, but what was blocked or flagged cannot be shown.",
            sentence(error)
        ),
        detail: detail(error).map(str::to_owned),
        remedy: None,
        code: "log-unreadable",
    }
}

/// The permission for all sites was taken away: Firefox then does not ask Sockpin about all sockets.
#[must_use]
pub fn permission_missing() -> Banner {
    Banner {
        title: "Sockpin may not check every site",
        text: "Its permission to access data for all websites was taken away. Firefox does not ask Sockpin about \
               sockets of sites without it, so their keys are not checked."
            .to_owned(),
        detail: None,
        remedy: Some(Remedy::Permit),
        code: "permission-missing",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_its_remedy() {
        for (error, remedy) in [
            (Error::PolicySyntax { detail: "line 1".to_owned() }, Some(Remedy::StartAfresh)),
            (Error::PolicyRule { index: 0, problem: Box::new(Error::HostEmpty) }, Some(Remedy::StartAfresh)),
            (Error::PolicyNewer { version: 9 }, None),
            (Error::Storage { detail: "quota".to_owned() }, None),
        ] {
            let banner = problem(&error);
            assert_eq!(banner.remedy, remedy, "{error}");
            assert!(banner.text.contains("every WebSocket connection is being stopped"), "{}", banner.text);
        }
    }

    #[test]
    fn a_log_that_cannot_be_read_is_not_one_that_cannot_be_written() {
        let error = Error::Storage { detail: "quota".to_owned() };
        for (banner, code, title) in [
            (log_problem(&error), "log-unwritable", "The log cannot be written"),
            (log_unreadable(&error), "log-unreadable", "The log cannot be read"),
        ] {
            assert_eq!((banner.code, banner.title), (code, title));
            assert!(banner.text.contains("The rules are in force all the same"), "{}", banner.text);
            assert_eq!(banner.detail.as_deref(), Some("quota"));
        }
    }

    #[test]
    fn the_line_counts_rules() {
        for (rules, expected) in
            [(0, "No rules yet: nothing is checked."), (1, "At work, with 1 rule."), (12, "At work, with 12 rules.")]
        {
            assert_eq!(state(rules).text, expected);
        }
    }
}
