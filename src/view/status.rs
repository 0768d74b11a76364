//! Whether Sockpin is at work.

use super::error::{detail, sentence};
use super::foreign::foreign;
use super::notice::Tone;
use super::text::{Argument, Text, plural, present, text};
use crate::error::{Error, PolicyError, ProgramError};
use crate::message::Status;
use crate::overruling::{Overruled, Overruling};
use crate::pause::Pause;
use crate::time::UnixMillis;

/// The line below the name on every page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusLine {
    /// The line.
    pub text: Text,
    /// How it is to be taken.
    pub tone: Tone,
}

/// What a banner offers to do about a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Begin with an empty policy in place of one that cannot be read, which is set aside, or that is lost.
    ResetPolicy,
    /// Open the options page, where that can be done.
    OpenRules,
    /// Grant the permission that was taken away.
    Permit,
    /// Say no more of what has been seen.
    Dismiss,
}

impl Remedy {
    /// The words on its button.
    #[must_use]
    pub fn label(self) -> Text {
        match self {
            Self::ResetPolicy => text!("status_reset_policy"),
            Self::OpenRules => text!("status_open_rules"),
            Self::Permit => text!("status_permit"),
            Self::Dismiss => text!("status_dismiss"),
        }
    }
}

/// Why Sockpin is not at work, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Banner {
    /// In a few words.
    pub title: Text,
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
    match rules {
        0 => StatusLine { text: text!("status_no_rules"), tone: Tone::Neutral },
        rules => StatusLine { text: plural!("status_at_work", rules), tone: Tone::Good },
    }
}

/// The line during a pause; `until` is its end, where it has one.
#[must_use]
pub fn paused(until: Option<UnixMillis>) -> StatusLine {
    let text = match until {
        Some(until) => text!("status_paused_until", time = Argument::TimeOfDay(until)),
        None => text!("status_paused_until_restart"),
    };
    StatusLine { text, tone: Tone::Warning }
}

/// Said where there can be no pause.
#[must_use]
pub fn pausing_forbidden(administrator: Option<&str>) -> Text {
    match administrator {
        Some(administrator) => text!("status_pausing_forbidden", administrator = foreign(administrator)),
        None => text!("status_pausing_forbidden_unnamed"),
    }
}

/// The line for a problem.
#[must_use]
pub fn state_of(banner: &Banner) -> StatusLine {
    StatusLine { text: banner.title.clone(), tone: Tone::Bad }
}

/// What keeps Sockpin from judging. During a pause nothing is stopped all the same.
#[must_use]
pub fn problem(error: &Error, pause: Option<Pause>) -> Banner {
    let advice = match error {
        Error::Policy(PolicyError::Syntax { .. } | PolicyError::Rule { .. }) => Some(text!("status_reset_advice")),
        Error::Policy(PolicyError::Lost) => Some(text!("status_lost_advice")),
        _ => None,
    };
    let (title, effect) = match (error, pause) {
        (_, Some(_)) => (text!("status_unchecked"), text!("status_unchecked_paused")),
        (Error::Program(ProgramError::CoreFailed { .. }), None) => {
            (text!("status_all_stopped"), text!("status_all_stopped_unchecked"))
        }
        (_, None) => (text!("status_all_stopped"), text!("status_all_stopped_no_rules")),
    };
    let remedy = advice.is_some().then_some(Remedy::ResetPolicy);
    let sentences = present(vec![Some(sentence(error)), Some(effect), advice]);
    Banner {
        title,
        text: Text::Sentences(sentences),
        detail: detail(error).map(str::to_owned),
        remedy,
        code: error.code(),
    }
}

/// The rules are in force, but the log is not.
#[must_use]
pub fn log_problem(error: &Error) -> Banner {
    in_force(error, "log-unwritable", text!("status_log_unwritable"), text!("status_log_unwritable_effect"))
}

/// The rules are in force, but a part of the lock is not.
#[must_use]
pub fn seal_problem(error: &Error) -> Banner {
    in_force(error, "seal-missing", text!("status_lock_incomplete"), text!("status_lock_incomplete_effect"))
}

/// The rules are in force, but the log cannot be shown.
#[must_use]
pub fn log_unreadable(error: &Error) -> Banner {
    in_force(error, "log-unreadable", text!("status_log_unreadable"), text!("status_log_unreadable_effect"))
}

/// Something failed that the rules do not depend on.
fn in_force(error: &Error, code: &'static str, title: Text, effect: Text) -> Banner {
    Banner {
        title,
        text: Text::Sentences(vec![sentence(error), effect]),
        detail: detail(error).map(str::to_owned),
        remedy: None,
        code,
    }
}

/// Another extension has undone what Sockpin had decided.
#[must_use]
pub fn overruled(overruling: &Overruling) -> Banner {
    let happened = match overruling.host.as_deref().filter(|host| !host.is_empty()) {
        Some(host) => text!("status_overruled", host = host),
        None => text!("status_overruled_unnamed"),
    };
    // The title is what the toolbar button says.
    let (title, outcome) = match overruling.how {
        Overruled::Held => (text!("button_overruled_held"), text!("status_overruled_held")),
        Overruled::Sent => (text!("button_overruled_sent"), text!("status_overruled_sent")),
        Overruled::Opened => (text!("button_overruled_opened"), text!("status_overruled_opened")),
    };
    Banner {
        title,
        text: Text::Sentences(vec![happened, outcome, text!("find_extension")]),
        detail: None,
        remedy: Some(Remedy::Dismiss),
        code: "overruled",
    }
}

/// The permission for all sites was taken away: Firefox then does not ask Sockpin about all sockets.
#[must_use]
pub fn permission_missing() -> Banner {
    Banner {
        title: text!("button_permission_missing"),
        text: text!("status_permission_missing"),
        detail: None,
        remedy: Some(Remedy::Permit),
        code: "permission-missing",
    }
}

/// Said once notifications are on.
#[must_use]
pub fn notifications_on() -> Text {
    text!("notifications_on")
}

/// Said once they are off.
#[must_use]
pub fn notifications_off() -> Text {
    text!("notifications_off")
}

/// Said where the person has not given the permission for them.
#[must_use]
pub fn notifications_refused() -> Text {
    text!("notifications_refused")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{HostError, StorageError};
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
        StorageError::Failed { detail: "quota".to_owned() }.into()
    }

    #[test]
    fn a_problem_names_its_remedy_and_what_it_does() {
        let pause = Some(Pause::begin(PauseLength::UntilRestart, UnixMillis::new(0)));
        for (error, remedy) in [
            (PolicyError::Syntax { detail: "line 1".to_owned() }.into(), Some(Remedy::ResetPolicy)),
            (
                PolicyError::Rule { index: 0, problem: Box::new(HostError::Empty.into()) }.into(),
                Some(Remedy::ResetPolicy),
            ),
            (PolicyError::Lost.into(), Some(Remedy::ResetPolicy)),
            (PolicyError::Newer { version: 9 }.into(), None),
            (PolicyError::FieldNewer { name: "reportUri".to_owned() }.into(), None),
            (storage(), None),
            (ProgramError::CoreFailed { detail: String::new() }.into(), None),
        ] {
            for (pause, stopped) in [(None, true), (pause, false)] {
                let banner = problem(&error, pause);
                assert_eq!(banner.remedy, remedy, "{error}");
                let text = banner.text.english();
                let says_so = text.contains("every WebSocket connection is being stopped");
                let title = if stopped { "All WebSockets are being stopped" } else { "No socket can be checked" };
                assert_eq!((says_so, banner.title.english().as_str()), (stopped, title), "{text}");
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
            assert_eq!((banner.code, banner.title.english().as_str()), (code, title));
            let text = banner.text.english();
            assert!(text.contains("The rules are still in force"), "{text}");
            assert_eq!(banner.detail.as_deref(), Some("quota"));
        }
    }

    #[test]
    fn what_another_extension_has_done_is_said_as_it_is() {
        for (how, title, flowed) in [
            (Overruled::Held, "Another extension overruled Sockpin", "no data has flowed"),
            (
                Overruled::Sent,
                "Another extension sent a request that Sockpin had stopped",
                "URL and cookies was sent. The socket did not open",
            ),
            (Overruled::Opened, "Another extension let a blocked socket through", "data may have flowed"),
        ] {
            for (host, named) in [
                (Some("chat.example.com"), "to chat.example.com"),
                (Some(""), "whose host was not recorded"),
                (None, "whose host was not recorded"),
            ] {
                let host = host.map(str::to_owned);
                let banner = overruled(&Overruling { how, time: UnixMillis::new(0), host });
                let text = banner.text.english();
                assert_eq!(banner.title.english(), title);
                for part in [named, flowed, "about:addons"] {
                    assert!(text.contains(part), "{part}: {text}");
                }
            }
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
        let broken = Status { problem: Some(PolicyError::Newer { version: 9 }.into()), ..overruled.clone() };
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
        let until = || Some(paused(Some(UnixMillis::new(1_795_357_800_000)))); // 2026-11-22T14:30:00Z
        for (rules, banner, pause, expected, tone) in [
            (0, None, None, "No rules yet: nothing is checked.", Tone::Neutral),
            (1, None, None, "At work, with 1 rule.", Tone::Good),
            (12, None, None, "At work, with 12 rules.", Tone::Good),
            (1, Some(&missing), None, "Sockpin is not allowed to check every site", Tone::Bad),
            (1, None, until(), "Paused until 14:30: nothing is being blocked.", Tone::Warning),
            (1, Some(&missing), until(), "Paused until 14:30: nothing is being blocked.", Tone::Warning),
            (1, None, Some(paused(None)), "Paused until Firefox restarts: nothing is being blocked.", Tone::Warning),
        ] {
            let line = state(&well(rules), banner, pause);
            assert_eq!((line.text.english().as_str(), line.tone), (expected, tone));
        }
    }

    #[test]
    fn who_turned_pausing_off_is_named() {
        for (administrator, expected) in [
            (Some("Example Ltd, IT"), "Pausing is turned off by Example Ltd, IT."),
            (None, "Pausing is turned off by your administrator."),
        ] {
            assert_eq!(pausing_forbidden(administrator).english(), expected);
        }
    }
}
