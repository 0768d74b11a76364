//! The badge on the toolbar button, where it is the same for every tab, and what the button says when pointed at.

use super::error::sentence;
use super::status;
use crate::message::Status;

/// What the button shows on every tab that has no count of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Face {
    /// At most four characters.
    pub text: &'static str,
    /// The colour behind them, and behind a tab's own count, in the notation of CSS.
    pub colour: &'static str,
    /// The tooltip; none for the extension's name.
    pub title: Option<String>,
}

/// Something is wrong, and no number may hide it.
const PROBLEM: &str = "!";
const PAUSED: &str = "off";
const RED: &str = "#c50f1f";
const AMBER: &str = "#8a5a00";

/// The gravest thing comes first.
#[must_use]
pub fn face(status: &Status) -> Face {
    if status.pause.is_some() {
        let title = "Sockpin is paused: no socket is blocked".to_owned();
        return Face { text: PAUSED, colour: AMBER, title: Some(title) };
    }
    if let Some(problem) = &status.problem {
        return Face { text: PROBLEM, colour: RED, title: Some(sentence(problem)) };
    }
    if let Some(overruling) = &status.overruling {
        let title = status::overruling_title(overruling.how).to_owned();
        return Face { text: PROBLEM, colour: RED, title: Some(title) };
    }
    if !status.sight.every_site {
        let title = status::permission_missing().title.to_owned();
        return Face { text: PROBLEM, colour: RED, title: Some(title) };
    }
    if status.refused > 0 {
        let title = "A part of your administrator’s policy was refused: the rules page says which".to_owned();
        return Face { text: PROBLEM, colour: RED, title: Some(title) };
    }
    let title = (!status.sight.private_windows).then(|| "Sockpin (private windows are not protected)".to_owned());
    Face { text: "", colour: RED, title }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::message::Sight;
    use crate::overruling::{Overruled, Overruling};
    use crate::pause::{Pause, PauseLength};
    use crate::settings::Pausing;
    use crate::time::UnixMillis;

    #[test]
    fn the_gravest_comes_first() {
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
        let shown = |status: &Status| {
            let face = face(status);
            (face.text, face.title.unwrap_or_default())
        };
        let refused = Status { refused: 1, ..well.clone() };
        let unseen = Sight { every_site: false, private_windows: false };
        let no_private = Status { sight: Sight { every_site: true, private_windows: false }, ..well.clone() };
        let no_permission = Status { sight: unseen, ..well.clone() };
        let overruling = Overruling { how: Overruled::Opened, time: UnixMillis::new(0), host: None };
        let overruled = Status { overruling: Some(overruling), ..no_permission.clone() };
        let unreadable = Status { problem: Some(Error::PolicyNewer { version: 9 }), ..no_permission.clone() };
        let pause = Some(Pause::begin(PauseLength::UntilRestart, UnixMillis::new(0)));
        let paused = Status { pause, ..unreadable.clone() };
        for (status, text, title) in [
            (&well, "", ""),
            (&no_private, "", "private windows"),
            (&refused, "!", "administrator"),
            (&no_permission, "!", "may not check every site"),
            (&overruled, "!", "let a blocked socket through"),
            (&unreadable, "!", "newer version"),
            (&paused, "off", "paused"),
        ] {
            let shown = shown(status);
            assert_eq!(shown.0, text);
            assert!(shown.1.contains(title), "{shown:?}");
        }
    }
}
