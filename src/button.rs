//! What the toolbar button shows where that is the same for every tab. The background says no sentence: what the button
//! says when pointed at is the id of a message in `extension/_locales`.

use crate::error::{Error, PolicyError, StorageError};
use crate::message::Status;
use crate::overruling::Overruled;

/// What the button shows on every tab that has no count of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ButtonState {
    /// At most three characters.
    pub text: &'static str,
    /// The colour behind them, and behind a tab's own count, in the notation of CSS.
    pub colour: &'static str,
    /// The tooltip; none for the extension's name.
    pub title: Option<&'static str>,
}

/// Something is wrong, and no number may hide it.
const PROBLEM: &str = "!";
const PAUSED: &str = "off";
const RED: &str = "#c50f1f";
const AMBER: &str = "#8a5a00";

/// The gravest thing comes first.
#[must_use]
pub fn button_state(status: &Status) -> ButtonState {
    let problem = |title| ButtonState { text: PROBLEM, colour: RED, title: Some(title) };
    match status {
        Status { pause: Some(_), .. } => ButtonState { text: PAUSED, colour: AMBER, title: Some("button_paused") },
        Status { problem: Some(error), .. } => problem(unreadable(error)),
        Status { overruling: Some(overruling), .. } => problem(match overruling.how {
            Overruled::Held => "button_overruled_held",
            Overruled::Sent => "button_overruled_sent",
            Overruled::Opened => "button_overruled_opened",
        }),
        Status { access, .. } if !access.every_site => problem("button_permission_missing"),
        Status { refused: 1.., .. } => problem("button_part_refused"),
        Status { access, .. } => ButtonState {
            text: "",
            colour: RED,
            title: (!access.private_windows).then_some("button_no_private_windows"),
        },
    }
}

/// Why the rules cannot be read. The details are the pages' to say.
const fn unreadable(error: &Error) -> &'static str {
    match error {
        Error::Policy(PolicyError::Newer { .. } | PolicyError::FieldNewer { .. }) => "button_policy_newer",
        Error::Policy(PolicyError::Syntax { .. }) => "button_policy_damaged",
        Error::Policy(PolicyError::Rule { .. }) => "button_policy_rule",
        Error::Policy(PolicyError::Lost) => "button_policy_lost",
        Error::Storage(StorageError::Failed { .. }) => "button_storage",
        _ => "button_policy_unreadable",
    }
}

/// What the badge of a tab shows for one more than it shows now. Firefox keeps the text, and has room for three characters.
#[must_use]
pub fn one_more(shown: &str) -> String {
    const MOST_SHOWN: u32 = 99;
    // Past that it says so and no more.
    let counted = shown.trim_end_matches('+').parse().unwrap_or(0u32);
    match counted.saturating_add(1) {
        count if count > MOST_SHOWN => format!("{MOST_SHOWN}+"),
        count => count.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{HostError, TimeError};
    use crate::message::Access;
    use crate::overruling::Overruling;
    use crate::pause::{Pause, PauseLength};
    use crate::settings::Pausing;
    use crate::time::UnixMillis;
    use crate::view::text::Text;

    fn said(id: &'static str) -> String {
        Text::Message { id, arguments: Vec::new() }.english()
    }

    #[test]
    fn the_gravest_comes_first_and_the_catalogue_has_a_sentence_for_each() {
        let well = Status {
            problem: None,
            log_problem: None,
            seal_problem: None,
            rules: 3,
            pause: None,
            pausing: Pausing::Allowed,
            administrator: None,
            refused: 0,
            overruling: None,
            access: Access { every_site: true, private_windows: true },
        };
        let access =
            |every_site, private_windows| Status { access: Access { every_site, private_windows }, ..well.clone() };
        let refused = Status { refused: 1, ..well.clone() };
        let no_permission = Status { refused: 1, ..access(false, false) };
        let overruled = |how| Status {
            overruling: Some(Overruling { how, time: UnixMillis::new(0), host: None }),
            ..no_permission.clone()
        };
        let unreadable = |error| Status { problem: Some(error), ..overruled(Overruled::Opened) };
        let detail = String::new;
        let problem = Box::new(HostError::Empty.into());
        let paused = Status {
            pause: Some(Pause::begin(PauseLength::UntilRestart, UnixMillis::new(0))),
            ..unreadable(PolicyError::Lost.into())
        };
        for (status, text, sentence) in [
            (well.clone(), "", None),
            (access(true, false), "", Some("Sockpin (private windows are not protected)")),
            (refused, "!", Some("A part of your administrator’s policy was refused: the rules page says which")),
            (no_permission.clone(), "!", Some("Sockpin is not allowed to check every site")),
            (overruled(Overruled::Held), "!", Some("Another extension overruled Sockpin")),
            (overruled(Overruled::Sent), "!", Some("Another extension sent a request that Sockpin had stopped")),
            (overruled(Overruled::Opened), "!", Some("Another extension let a blocked socket through")),
            (
                unreadable(PolicyError::Newer { version: 9 }.into()),
                "!",
                Some(
                    "The stored rules were written by a newer version of Sockpin and are left as they are. Update Sockpin.",
                ),
            ),
            (
                unreadable(PolicyError::FieldNewer { name: "reportUri".to_owned() }.into()),
                "!",
                Some(
                    "The stored rules were written by a newer version of Sockpin and are left as they are. Update Sockpin.",
                ),
            ),
            (
                unreadable(PolicyError::Syntax { detail: detail() }.into()),
                "!",
                Some("The stored rules are damaged and cannot be read."),
            ),
            (
                unreadable(PolicyError::Rule { index: 1, problem }.into()),
                "!",
                Some("One of the stored rules cannot be used."),
            ),
            (unreadable(PolicyError::Lost.into()), "!", Some("The stored rules are gone.")),
            (
                unreadable(StorageError::Failed { detail: detail() }.into()),
                "!",
                Some("Firefox could not read what Sockpin stores. Check for a full disk."),
            ),
            (unreadable(TimeError::Time.into()), "!", Some("The stored rules cannot be read.")),
            (paused, "off", Some("Sockpin is paused: no socket is blocked")),
        ] {
            let shown = button_state(&status);
            assert_eq!((shown.text, shown.title.map(said).as_deref()), (text, sentence));
        }
    }
}
