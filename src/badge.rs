//! What the toolbar button shows where that is the same for every tab. The background says no sentence: what the button
//! says when pointed at is the id of a message in `extension/_locales`, with its arguments.

use crate::error::Error;
use crate::message::Status;
use crate::overruling::Overruled;

/// What the button shows on every tab that has no count of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Face {
    /// At most three characters.
    pub text: &'static str,
    /// The colour behind them, and behind a tab's own count, in the notation of CSS.
    pub colour: &'static str,
    /// The tooltip; none for the extension's name.
    pub title: Option<Message>,
}

/// A sentence: its id in `messages.json`, and what `browser.i18n.getMessage` puts in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The id.
    pub id: &'static str,
    /// The substitutions, `$1` first.
    pub substitutions: Vec<String>,
}

/// Something is wrong, and no number may hide it.
const PROBLEM: &str = "!";
const PAUSED: &str = "off";
const RED: &str = "#c50f1f";
const AMBER: &str = "#8a5a00";

/// The gravest thing comes first.
#[must_use]
pub fn face(status: &Status) -> Face {
    let problem = |title| Face { text: PROBLEM, colour: RED, title: Some(title) };
    match status {
        Status { pause: Some(_), .. } => Face { text: PAUSED, colour: AMBER, title: Some(message("badgePaused")) },
        Status { problem: Some(error), .. } => problem(unreadable(error)),
        Status { overruling: Some(overruling), .. } => problem(message(match overruling.how {
            Overruled::Held => "badgeOverruledHeld",
            Overruled::Sent => "badgeOverruledSent",
            Overruled::Opened => "badgeOverruledOpened",
        })),
        Status { sight, .. } if !sight.every_site => problem(message("badgePermissionMissing")),
        Status { refused: 1.., .. } => problem(message("badgePartRefused")),
        Status { sight, .. } => {
            Face { text: "", colour: RED, title: (!sight.private_windows).then(|| message("badgeNoPrivateWindows")) }
        }
    }
}

/// Why the rules cannot be read. The details are the pages' to say.
fn unreadable(error: &Error) -> Message {
    match error {
        Error::PolicyNewer { .. } | Error::PolicyFieldNewer { .. } => message("badgePolicyNewer"),
        Error::PolicySyntax { .. } => message("badgePolicyDamaged"),
        Error::PolicyRule { index, .. } => {
            Message { id: "badgePolicyRule", substitutions: vec![index.saturating_add(1).to_string()] }
        }
        Error::PolicyLost => message("badgePolicyLost"),
        Error::Storage { .. } => message("badgeStorage"),
        _ => message("badgePolicyUnreadable"),
    }
}

const fn message(id: &'static str) -> Message {
    Message { id, substitutions: Vec::new() }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::message::Sight;
    use crate::overruling::Overruling;
    use crate::pause::{Pause, PauseLength};
    use crate::settings::Pausing;
    use crate::time::UnixMillis;
    use crate::view::status::overruling_title;

    const ENGLISH: &str = include_str!("../extension/_locales/en/messages.json");

    /// As `browser.i18n.getMessage` does it; fails where an id or a placeholder is missing or one is left over.
    fn said(catalogue: &Value, message: &Message) -> String {
        let entry = &catalogue[message.id];
        let mut text = entry["message"].as_str().unwrap_or_else(|| panic!("no message {}", message.id)).to_owned();
        let none = serde_json::Map::new();
        let placeholders = entry["placeholders"].as_object().unwrap_or(&none);
        assert_eq!(placeholders.len(), message.substitutions.len(), "{}", message.id);
        for (name, placeholder) in placeholders {
            let number: usize = placeholder["content"].as_str().unwrap().strip_prefix('$').unwrap().parse().unwrap();
            let marker = format!("${}$", name.to_uppercase());
            assert!(text.contains(&marker), "{}: {marker}", message.id);
            text = text.replace(&marker, &message.substitutions[number - 1]);
        }
        assert!(!text.contains('$'), "{text}");
        text
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
            sight: Sight { every_site: true, private_windows: true },
        };
        let sight =
            |every_site, private_windows| Status { sight: Sight { every_site, private_windows }, ..well.clone() };
        let refused = Status { refused: 1, ..well.clone() };
        let no_permission = Status { refused: 1, ..sight(false, false) };
        let overruled = |how| Status {
            overruling: Some(Overruling { how, time: UnixMillis::new(0), host: None }),
            ..no_permission.clone()
        };
        let unreadable = |error| Status { problem: Some(error), ..overruled(Overruled::Opened) };
        let detail = String::new;
        let problem = Box::new(Error::HostEmpty);
        let paused = Status {
            pause: Some(Pause::begin(PauseLength::UntilRestart, UnixMillis::new(0))),
            ..unreadable(Error::PolicyLost)
        };
        let catalogue: Value = serde_json::from_str(ENGLISH).unwrap();
        let mut used = BTreeSet::new();
        for (status, text, sentence) in [
            (well.clone(), "", None),
            (sight(true, false), "", Some("Sockpin (private windows are not protected)")),
            (refused, "!", Some("A part of your administrator’s policy was refused: the rules page says which")),
            (no_permission.clone(), "!", Some("Sockpin may not check every site")),
            (overruled(Overruled::Held), "!", Some(overruling_title(Overruled::Held))),
            (overruled(Overruled::Sent), "!", Some(overruling_title(Overruled::Sent))),
            (overruled(Overruled::Opened), "!", Some(overruling_title(Overruled::Opened))),
            (
                unreadable(Error::PolicyNewer { version: 9 }),
                "!",
                Some(
                    "The stored rules were written by a newer version of Sockpin and are left as they are. Update Sockpin.",
                ),
            ),
            (
                unreadable(Error::PolicyFieldNewer { name: "reportUri".to_owned() }),
                "!",
                Some(
                    "The stored rules were written by a newer version of Sockpin and are left as they are. Update Sockpin.",
                ),
            ),
            (
                unreadable(Error::PolicySyntax { detail: detail() }),
                "!",
                Some("The stored rules are damaged and cannot be read."),
            ),
            (
                unreadable(Error::PolicyRule { index: 1, problem }),
                "!",
                Some("Rule 2 of the stored rules cannot be used."),
            ),
            (unreadable(Error::PolicyLost), "!", Some("The stored rules are gone.")),
            (
                unreadable(Error::Storage { detail: detail() }),
                "!",
                Some("Firefox could not read what Sockpin stores. Check for a full disk."),
            ),
            (unreadable(Error::InvalidTime), "!", Some("The stored rules cannot be read.")),
            (paused, "off", Some("Sockpin is paused: no socket is blocked")),
        ] {
            let shown = face(&status);
            let title = shown.title.as_ref().map(|title| said(&catalogue, title));
            assert_eq!((shown.text, title.as_deref()), (text, sentence));
            used.extend(shown.title.map(|title| title.id));
        }
        // `background.js` says this one where there is no core that could.
        used.insert("badgeCoreFailed");
        let known = catalogue.as_object().unwrap().keys().map(String::as_str).filter(|id| id.starts_with("badge"));
        assert_eq!(known.collect::<BTreeSet<_>>(), used, "a message that nobody says");
    }
}
