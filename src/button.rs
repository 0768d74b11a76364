//! What the toolbar button shows, on every tab and on one. The background says no sentence: what the button says when pointed
//! at is the id of a message in `extension/_locales`.

use crate::error::{Error, PolicyError, StorageError};
use crate::message::Status;
use crate::overruling::Overruled;
use crate::tab_sockets::TabSummary;

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
const GREEN: &str = "#0b6b2e";

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

/// What the button shows on a tab, where every tab shows nothing. Signs and words tell the states apart; the colour says the
/// same once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TabButton {
    /// Stands before the number; alone where no number is shown.
    sign: &'static str,
    /// How many sockets.
    pub count: u64,
    /// How many of them another extension has let through.
    pub opened: u64,
    /// The colour behind them.
    pub colour: &'static str,
    /// The tooltip, with the numbers in it.
    pub title: &'static str,
}

const BLOCKED: &str = "";
const FLAGGED: &str = "⚑";
const MATCHED: &str = "✓";
const MOST_STOPS: u64 = 99;

/// The gravest thing that has become of a tab's sockets; none where there is nothing to say.
#[must_use]
pub const fn tab_button(summary: TabSummary) -> Option<TabButton> {
    let (sign, count, colour, title) = match summary {
        TabSummary { blocked, opened: opened @ 1.., .. } => {
            (BLOCKED, blocked.saturating_add(opened), RED, "button_tab_opened")
        }
        TabSummary { blocked: count @ 1.., .. } => (BLOCKED, count, RED, "button_tab_blocked"),
        TabSummary { flagged: count @ 1.., .. } => (FLAGGED, count, AMBER, "button_tab_flagged"),
        TabSummary { matched: count @ 1.., .. } => (MATCHED, count, GREEN, "button_tab_matched"),
        _ => return None,
    };
    Some(TabButton { sign, count, opened: summary.opened, colour, title })
}

/// What the button shows beside this badge. Stops are counted on the badge as they happen, and Firefox drops it with the page:
/// of them the badge knows more than what is kept, which may come late and be about a page that has gone.
#[must_use]
pub fn beside_badge(kept: Option<TabButton>, shown: &str) -> Option<TabButton> {
    let is_of_stops = |button: &TabButton| button.sign == BLOCKED;
    let count = match number(shown) {
        0 => return kept.filter(|button| !is_of_stops(button)),
        // Past the most that it has room for it does not say how many.
        MOST_STOPS if shown.ends_with('+') => {
            kept.filter(is_of_stops).map_or(0, |button| button.count).max(MOST_STOPS + 1)
        }
        count => count,
    };
    let opened = kept.map_or(0, |button| button.opened).min(count);
    tab_button(TabSummary { blocked: count - opened, opened, ..TabSummary::default() })
}

impl TabButton {
    /// What the badge shows. Firefox has room for three characters.
    #[must_use]
    pub fn text(&self) -> String {
        match self.sign {
            BLOCKED => counted(self.count, MOST_STOPS),
            FLAGGED => format!("{FLAGGED}{}", counted(self.count, 9)),
            sign => sign.to_owned(),
        }
    }
}

/// What the badge of a tab shows for one more stop than it shows now.
#[must_use]
pub fn one_more(shown: &str) -> String {
    counted(number(shown).saturating_add(1), MOST_STOPS)
}

/// The stops that a badge shows. Past the most that it has room for it says so and no more.
fn number(shown: &str) -> u64 {
    shown.trim_end_matches('+').parse().unwrap_or(0)
}

fn counted(count: u64, most: u64) -> String {
    if count > most { format!("{most}+") } else { count.to_string() }
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

    const LET_THROUGH: &str =
        "Sockpin (sockets of this tab that were to be blocked: 1; of these, another extension let through: 1)";
    const LET_THROUGH_OF_THREE: &str =
        "Sockpin (sockets of this tab that were to be blocked: 3; of these, another extension let through: 1)";

    #[test]
    fn a_tab_shows_the_gravest_of_its_sockets_in_three_characters_and_without_a_colour() {
        let none = TabSummary::default();
        let with = |blocked, flagged, matched| TabSummary { blocked, flagged, matched, not_pinned: 3, ..none };
        for (summary, shown, text, sentence) in [
            (with(0, 0, 0), "", None, None),
            (TabSummary { failed: 1, paused: 1, without_pin: 2, ..none }, "", None, None),
            (with(0, 0, 2), "", Some("✓"), Some("Sockpin (sockets of this tab that match their pins: 2)")),
            (with(0, 4, 2), "✓", Some("⚑4"), Some("Sockpin (flagged sockets of this tab: 4)")),
            (with(0, 10, 2), "", Some("⚑9+"), Some("Sockpin (flagged sockets of this tab: 10)")),
            (with(1, 4, 2), "1", Some("1"), Some("Sockpin (blocked sockets of this tab: 1)")),
            // What is kept is about another page, or not there yet.
            (with(7, 0, 0), "", None, None),
            (with(7, 4, 0), "⚑4", None, None),
            (with(7, 0, 0), "2", Some("2"), Some("Sockpin (blocked sockets of this tab: 2)")),
            (with(0, 4, 2), "2", Some("2"), Some("Sockpin (blocked sockets of this tab: 2)")),
            (with(0, 0, 0), "2", Some("2"), Some("Sockpin (blocked sockets of this tab: 2)")),
            (with(250, 4, 2), "99+", Some("99+"), Some("Sockpin (blocked sockets of this tab: 250)")),
            (with(1, 0, 0), "99+", Some("99+"), Some("Sockpin (blocked sockets of this tab: 100)")),
            (TabSummary { opened: 1, ..with(0, 0, 0) }, "1", Some("1"), Some(LET_THROUGH)),
            (TabSummary { opened: 1, ..with(2, 4, 0) }, "3", Some("3"), Some(LET_THROUGH_OF_THREE)),
            (TabSummary { opened: 1, ..with(2, 4, 0) }, "", None, None),
        ] {
            let button = beside_badge(tab_button(summary), shown);
            let said = button.map(|button| {
                let arguments = vec![button.count.into(), button.opened.into()];
                let text = Text::Message { id: button.title, arguments };
                (button.text(), text.english())
            });
            assert_eq!(said.as_ref().map(|(text, _)| text.as_str()), text, "{summary:?}");
            assert_eq!(said.as_ref().map(|(_, said)| said.as_str()), sentence, "{summary:?}");
            assert!(text.is_none_or(|text| text.chars().count() <= 3));
        }
    }

    #[test]
    fn what_is_kept_of_a_tab_is_shown_where_the_badge_was_hidden() {
        for (blocked, text) in [(1, "1"), (99, "99"), (250, "99+")] {
            let button = tab_button(TabSummary { blocked, ..TabSummary::default() }).unwrap();
            assert_eq!(button.text(), text);
        }
    }

    #[test]
    fn one_more_stop_counts_on_whatever_the_badge_says() {
        for (shown, more) in [("", "1"), ("1", "2"), ("99", "99+"), ("99+", "99+"), ("✓", "1"), ("⚑3", "1")] {
            assert_eq!(one_more(shown), more, "{shown}");
        }
    }
}
