//! Whether Sockpin is at work.

use super::date::count;
use super::error::{detail, sentence};
use super::notice::Tone;
use super::text::Text;
use super::violation::FIND_EXTENSION;
use crate::error::Error;
use crate::message::Status;
use crate::overruling::{Overruled, Overruling};
use crate::pause::Pause;

/// The line below the name on every page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusLine {
    /// The line.
    pub text: String,
    /// How it is to be taken.
    pub tone: Tone,
}

/// What a banner offers to do about a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Begin with an empty policy in place of one that cannot be read, which is set aside, or that is lost.
    ResetPolicy,
    /// Go where that can be done.
    OpenRules,
    /// Give the permission that was taken away.
    Permit,
    /// Say no more of what has been seen.
    Dismiss,
}

impl Remedy {
    /// The words on its button.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::ResetPolicy => "Start with no rules…",
            Self::OpenRules => "Open the rules",
            Self::Permit => "Give the permission",
            Self::Dismiss => "Dismiss",
        }
    }
}

/// Why Sockpin is not at work, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Banner {
    /// In a few words.
    pub title: &'static str,
    /// What it means.
    pub text: Text,
    /// For a report, beside what a person needs.
    pub detail: Option<String>,
    /// What can be done from here.
    pub remedy: Option<Remedy>,
    /// A stable name.
    pub code: &'static str,
}

/// The line for how things are. `banner` is what is shown below it, and `pause` the line of a pause, if there is one:
/// while nothing is blocked, nothing is more important than that.
#[must_use]
pub fn state(status: &Status, banner: Option<&Banner>, pause: Option<StatusLine>) -> StatusLine {
    match (pause, banner) {
        (Some(pause), _) => pause,
        (None, Some(banner)) => state_of(banner),
        (None, None) => at_work(status.rules),
    }
}

/// What a page warns of, the gravest thing alone. `unread_log` is why the page could not read the log, if it could not.
#[must_use]
pub fn banner(status: &Status, unread_log: Option<&Error>) -> Option<Banner> {
    match (&status.problem, unread_log, &status.log_problem) {
        (Some(error), _, _) => Some(problem(error, status.pause)),
        _ if status.overruling.is_some() => status.overruling.as_ref().map(overruled),
        _ if !status.access.every_site => Some(permission_missing()),
        (None, Some(error), _) => Some(log_unreadable(error)),
        (None, None, Some(error)) => Some(log_problem(error)),
        (None, None, None) => status.seal_problem.as_ref().map(seal_problem),
    }
}

/// The line where nothing is wrong.
fn at_work(rules: usize) -> StatusLine {
    let number = u64::try_from(rules).unwrap_or(u64::MAX);
    match number {
        0 => StatusLine { text: "No rules yet: nothing is checked.".to_owned(), tone: Tone::Neutral },
        _ => StatusLine { text: format!("At work, with {}.", count(number, "rule")), tone: Tone::Good },
    }
}

/// The line during a pause; `until` is the time of day of its end, where it has one.
#[must_use]
pub fn paused(until: Option<&str>) -> StatusLine {
    let text = match until {
        Some(until) => format!("Paused until {until}: nothing is being blocked."),
        None => "Paused until Firefox restarts: nothing is being blocked.".to_owned(),
    };
    StatusLine { text, tone: Tone::Warning }
}

/// Said where there can be no pause.
#[must_use]
pub fn pausing_forbidden(administrator: Option<&str>) -> String {
    format!("Pausing is turned off by {}.", administrator.unwrap_or("your administrator"))
}

/// The line for a problem.
#[must_use]
pub fn state_of(banner: &Banner) -> StatusLine {
    StatusLine { text: banner.title.to_owned(), tone: Tone::Bad }
}

/// What keeps Sockpin from judging. During a pause nothing is stopped all the same.
#[must_use]
pub fn problem(error: &Error, pause: Option<Pause>) -> Banner {
    let (remedy, advice) = match error {
        Error::PolicySyntax { .. } | Error::PolicyRule { .. } => (
            Some(Remedy::ResetPolicy),
            " You can start with no rules of your own; what is stored now is then kept aside.",
        ),
        Error::PolicyLost => (
            Some(Remedy::ResetPolicy),
            " Bring Firefox’s profile back from a backup, or start with no rules and add them anew.",
        ),
        _ => (None, ""),
    };
    let (title, effect) = match (error, pause) {
        (_, Some(_)) => (
            "No socket can be checked",
            "Sockpin is paused, so every WebSocket connection is let through; once the pause is over, every one is stopped.",
        ),
        (Error::CoreFailed { .. }, None) => {
            (ALL_STOPPED, "No socket can be checked, so every WebSocket connection is being stopped.")
        }
        (_, None) => (
            ALL_STOPPED,
            "Without the rules no socket can be known to be unpinned, so every WebSocket connection is being stopped.",
        ),
    };
    let text = Text::Sentences(vec![sentence(error), Text::from(format!("{effect}{advice}"))]);
    let detail = detail(error).map(str::to_owned);
    Banner { title, text, detail, remedy, code: error.code() }
}

const ALL_STOPPED: &str = "All WebSockets are being stopped";

/// The rules are in force, but the log is not.
#[must_use]
pub fn log_problem(error: &Error) -> Banner {
    Banner {
        title: "The log cannot be written",
        text: Text::Sentences(vec![
            sentence(error),
            Text::from(
                "The rules are in force all the same, but what is blocked or flagged now may be missing from the log.",
            ),
        ]),
        detail: detail(error).map(str::to_owned),
        remedy: None,
        code: "log-unwritable",
    }
}

/// The rules are in force, but a part of the lock is not.
#[must_use]
pub fn seal_problem(error: &Error) -> Banner {
    Banner {
        title: "The lock is not complete",
        text: Text::Sentences(vec![
            sentence(error),
            Text::from(
                "The rules are in force all the same, but over HTTP/2 another extension could let a blocked socket through.",
            ),
        ]),
        detail: detail(error).map(str::to_owned),
        remedy: None,
        code: "seal-missing",
    }
}

/// The rules are in force, but the log cannot be shown.
#[must_use]
pub fn log_unreadable(error: &Error) -> Banner {
    Banner {
        title: "The log cannot be read",
        text: Text::Sentences(vec![
            sentence(error),
            Text::from("The rules are in force all the same, but what was blocked or flagged cannot be shown."),
        ]),
        detail: detail(error).map(str::to_owned),
        remedy: None,
        code: "log-unreadable",
    }
}

/// Another extension has undone what Sockpin had decided.
#[must_use]
pub fn overruled(overruling: &Overruling) -> Banner {
    let host = overruling.host.as_deref().filter(|host| !host.is_empty()).unwrap_or("a host");
    let happened = match overruling.how {
        Overruled::Held => format!(
            "Firefox used another extension’s answer instead of Sockpin’s for a blocked socket to {host}. Sockpin’s lock kept \
             the socket closed, so no data has flowed."
        ),
        Overruled::Sent => format!(
            "Firefox used another extension’s answer instead of Sockpin’s for a blocked socket to {host}: the request with its \
             URL and cookies was sent. The socket did not open."
        ),
        Overruled::Opened => format!(
            "Firefox used another extension’s answer instead of Sockpin’s for a blocked socket to {host}: the socket opened, \
             and data can have flowed. Close its page."
        ),
    };
    Banner {
        title: overruling_title(overruling.how),
        text: Text::from(format!("{happened} {FIND_EXTENSION}")),
        detail: None,
        remedy: Some(Remedy::Dismiss),
        code: "overruled",
    }
}

/// The same in a few words.
#[must_use]
pub const fn overruling_title(how: Overruled) -> &'static str {
    match how {
        Overruled::Held => "Another extension overruled Sockpin",
        Overruled::Sent => "Another extension sent a request that Sockpin had stopped",
        Overruled::Opened => "Another extension let a blocked socket through",
    }
}

/// The permission for all sites was taken away: Firefox then does not ask Sockpin about all sockets.
#[must_use]
pub fn permission_missing() -> Banner {
    Banner {
        title: "Sockpin may not check every site",
        text: "Its permission to access data for all websites was taken away. Firefox does not ask Sockpin about \
               sockets of sites without it, so their keys are not checked."
            .into(),
        detail: None,
        remedy: Some(Remedy::Permit),
        code: "permission-missing",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Access;
    use crate::pause::PauseLength;
    use crate::settings::Pausing;
    use crate::time::UnixMillis;

    fn well(rules: usize) -> Status {
        let access = Access { every_site: true, private_windows: true };
        Status {
            problem: None,
            log_problem: None,
            seal_problem: None,
            rules,
            pause: None,
            pausing: Pausing::Allowed,
            administrator: None,
            refused: 0,
            overruling: None,
            access,
        }
    }

    fn storage() -> Error {
        Error::Storage { detail: "quota".to_owned() }
    }

    #[test]
    fn a_problem_names_its_remedy_and_what_it_does() {
        let pause = Some(Pause::begin(PauseLength::UntilRestart, UnixMillis::new(0)));
        for (error, remedy) in [
            (Error::PolicySyntax { detail: "line 1".to_owned() }, Some(Remedy::ResetPolicy)),
            (Error::PolicyRule { index: 0, problem: Box::new(Error::HostEmpty) }, Some(Remedy::ResetPolicy)),
            (Error::PolicyLost, Some(Remedy::ResetPolicy)),
            (Error::PolicyNewer { version: 9 }, None),
            (Error::PolicyFieldNewer { name: "reportUri".to_owned() }, None),
            (storage(), None),
            (Error::CoreFailed { detail: String::new() }, None),
        ] {
            for (pause, stopped) in [(None, true), (pause, false)] {
                let banner = problem(&error, pause);
                assert_eq!(banner.remedy, remedy, "{error}");
                let says_so = banner.text.english().contains("every WebSocket connection is being stopped");
                assert_eq!((says_so, banner.title == ALL_STOPPED), (stopped, stopped), "{}", banner.text.english());
            }
        }
    }

    #[test]
    fn a_log_that_cannot_be_read_is_not_one_that_cannot_be_written() {
        for (banner, code, title) in [
            (log_problem(&storage()), "log-unwritable", "The log cannot be written"),
            (log_unreadable(&storage()), "log-unreadable", "The log cannot be read"),
            (seal_problem(&storage()), "seal-missing", "The lock is not complete"),
        ] {
            assert_eq!((banner.code, banner.title), (code, title));
            assert!(banner.text.english().contains("The rules are in force all the same"), "{}", banner.text.english());
            assert_eq!(banner.detail.as_deref(), Some("quota"));
        }
    }

    #[test]
    fn what_another_extension_has_done_is_said_as_it_is() {
        for (how, flowed, found) in [
            (Overruled::Held, "no data has flowed", "to chat.example.com"),
            (Overruled::Sent, "URL and cookies was sent. The socket did not open", "to chat.example.com"),
            (Overruled::Opened, "data can have flowed", "about:addons"),
        ] {
            let host = Some("chat.example.com".to_owned());
            let banner = overruled(&Overruling { how, time: UnixMillis::new(0), host });
            assert!(
                banner.text.english().contains(flowed) && banner.text.english().contains(found),
                "{}",
                banner.text.english()
            );
            let private = overruled(&Overruling { how, time: UnixMillis::new(0), host: None });
            assert!(private.text.english().contains("to a host"), "{}", private.text.english());
        }
    }

    #[test]
    fn the_gravest_is_shown() {
        let blind = Access { every_site: false, private_windows: false };
        let no_private = Access { private_windows: false, ..well(1).access };
        let unwritten = Status { log_problem: Some(storage()), ..well(1) };
        let unpermitted = Status { access: blind, ..unwritten.clone() };
        let overruling = Overruling { how: Overruled::Opened, time: UnixMillis::new(0), host: None };
        let overruled = Status { overruling: Some(overruling), ..unpermitted.clone() };
        let broken = Status { problem: Some(Error::PolicyNewer { version: 9 }), ..overruled.clone() };
        for (status, unread_log, code) in [
            (well(1), None, None),
            // Most people have it that way, and it is no fault.
            (Status { access: no_private, ..well(1) }, None, None),
            (well(1), Some(storage()), Some("log-unreadable")),
            (Status { seal_problem: Some(storage()), ..well(1) }, None, Some("seal-missing")),
            (unwritten.clone(), None, Some("log-unwritable")),
            (unwritten, Some(storage()), Some("log-unreadable")),
            (unpermitted, Some(storage()), Some("permission-missing")),
            (overruled, Some(storage()), Some("overruled")),
            (broken, Some(storage()), Some("policy-newer")),
        ] {
            let banner = banner(&status, unread_log.as_ref());
            assert_eq!(banner.as_ref().map(|banner| banner.code), code);
        }
    }

    #[test]
    fn the_line_counts_rules_where_nothing_else_is_to_be_said() {
        let missing = permission_missing();
        let until = || Some(paused(Some("14:30")));
        for (rules, banner, pause, expected, tone) in [
            (0, None, None, "No rules yet: nothing is checked.", Tone::Neutral),
            (1, None, None, "At work, with 1 rule.", Tone::Good),
            (12, None, None, "At work, with 12 rules.", Tone::Good),
            (1, Some(&missing), None, missing.title, Tone::Bad),
            (1, None, until(), "Paused until 14:30: nothing is being blocked.", Tone::Warning),
            (1, Some(&missing), until(), "Paused until 14:30: nothing is being blocked.", Tone::Warning),
            (1, None, Some(paused(None)), "Paused until Firefox restarts: nothing is being blocked.", Tone::Warning),
        ] {
            assert_eq!(state(&well(rules), banner, pause), StatusLine { text: expected.to_owned(), tone });
        }
    }
}
