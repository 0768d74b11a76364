//! The log: what is written down, what becomes one entry, and which entries go when it is full. `browser` stores it.
//!
//! - A [`Violation`] is that of one socket. Equal ones ([`EntryKey`]) are one [`Entry`], which knows how often, when, and
//!   from which pages ([`Tally`]). So a page that connects for ever fills one entry and not the log.
//! - The certificates of a chain are stored once, however many entries show them ([`crate::violation::ChainDigest`]).
//! - Pauses are a list of their own, so that neither crowds out the other.
//!
//! **What goes first.** Beyond [`MAX_LOG_ENTRIES`](crate::limits::MAX_LOG_ENTRIES) entries, one is removed for each that is
//! added:
//!
//! 1. one of the page that has opened most entries ([`Share`]), so that whoever fills the log pays for it: no number of
//!    attempts, hosts and ports lets a page displace an entry that another page has opened first, unless that page has half as many;
//! 2. among the entries of this page, one that was let through before one that was stopped ([`rank`]);
//! 3. among those, the one that happened last the longest ago. So one that nobody has seen yet goes after those that were seen,
//!    which are older ([`is_unread`]); the last to go is what was stopped and not seen.
//!
//! Those of private windows are kept apart from all others, in memory alone: [`private`].
//!
//! How many have gone in this way, and since when, is kept ([`Dropped`]) and said on the log page, and of private windows in the
//! popup as well. What has become too old goes as
//! well, as somebody has chosen: [`Retention`].

mod day;
mod key;
pub mod private;
mod retention;
mod tally;
pub mod version_1;

use serde::{Deserialize, Serialize};

pub use day::{Day, DayCounts, DayTally};
pub use key::EntryKey;
pub use retention::Retention;
pub use tally::{OpenedBy, Share, Tally};

use crate::fields::{Json, Read};
use crate::pause::PauseEntry;
use crate::time::UnixMillis;
use crate::verdict::Outcome;
use crate::violation::Violation;

/// One entry as it is stored: all violations that are equal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its key in the store.
    pub id: u64,
    /// In what they differ.
    pub tally: Tally,
    /// What all of them have in common.
    pub violation: Violation,
}

impl Entry {
    /// Whether it is of a private window, and in memory alone.
    #[must_use]
    pub const fn is_private(&self) -> bool {
        private::is_private(self.id)
    }
}

impl Read<'_> for Entry {
    fn read(json: Json<'_>) -> Result<Self, serde_json::Error> {
        let mut fields = json.object()?;
        Ok(Self { id: fields.part("id")?, tally: fields.part("tally")?, violation: fields.part("violation")? })
    }
}

/// In which order the entries of one share are removed when the log is full: the lowest first.
#[must_use]
pub const fn rank(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Flag => 0,
        Outcome::Block => 1,
    }
}

/// How many entries a full log has let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dropped {
    /// How many; never 0.
    pub entries: u64,
    /// When the first of them went.
    pub since: UnixMillis,
}

/// What full logs have let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AllDropped {
    /// Of what is stored.
    pub stored: Option<Dropped>,
    /// Of private windows.
    pub private: Option<Dropped>,
}

/// Until when somebody has looked at the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReadUntil {
    /// At what is stored.
    pub stored: UnixMillis,
    /// At what is of private windows. A page in one shows nothing else.
    pub private: UnixMillis,
}

/// Whether a line is new to whoever has looked at the log until then: the log page was last in sight before the last of its
/// sockets. The popup shows what is new and takes nothing for seen. A pause is somebody's own doing, and never new.
#[must_use]
pub fn is_unread(line: &Line, until: ReadUntil) -> bool {
    let until = if line.is_private() { until.private } else { until.stored };
    matches!(line, Line::Violation(_)) && line.time() > until
}

/// What a page shows as one line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// Sockets that were blocked or flagged.
    Violation(Box<Entry>),
    /// A pause that began or ended.
    Pause(PauseEntry),
}

impl Line {
    /// When it happened last.
    #[must_use]
    pub fn time(&self) -> UnixMillis {
        match self {
            Self::Violation(entry) => entry.tally.last,
            Self::Pause(pause) => pause.time,
        }
    }

    /// Whether it is of a private window.
    #[must_use]
    pub fn is_private(&self) -> bool {
        matches!(self, Self::Violation(entry) if entry.is_private())
    }

    /// Its name among all lines.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Violation(entry) => format!("violation-{}", entry.id),
            Self::Pause(pause) => format!("pause-{}", pause.id.unwrap_or_default()),
        }
    }
}

/// Two lists, each newest first, as one that is newest first.
#[must_use]
pub fn newest_first(violations: Vec<Entry>, pauses: Vec<PauseEntry>) -> Vec<Line> {
    let violations = violations.into_iter().map(|entry| Line::Violation(Box::new(entry)));
    let mut lines: Vec<_> = violations.chain(pauses.into_iter().map(Line::Pause)).collect();
    lines.sort_by_cached_key(|line| std::cmp::Reverse(line.time()));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pause::PauseEvent;
    use crate::verdict::Reason;

    #[test]
    fn two_lists_become_one_newest_first() {
        let time = UnixMillis::new;
        let entry = |id, last| {
            let violation = Violation::unjudged(Reason::Deadline, time(last), None, None);
            Entry { id, tally: Tally::of(&violation), violation }
        };
        let pause = |id, at| PauseEntry { id: Some(id), time: time(at), pause: PauseEvent::Ended };
        let lines = newest_first(vec![entry(9, 50), entry(8, 20)], vec![pause(2, 60), pause(9, 30), pause(1, 10)]);
        let names: Vec<_> = lines.iter().map(Line::name).collect();
        assert_eq!(names, ["pause-2", "violation-9", "pause-9", "violation-8", "pause-1"]);
    }

    #[test]
    fn an_entry_is_new_until_somebody_looks_and_again_with_its_next_socket() {
        let time = UnixMillis::new;
        let mut tally = Tally::of(&Violation::unjudged(Reason::Deadline, time(50), None, None));
        let line = |id, tally: &Tally| {
            let violation = Violation::unjudged(Reason::Deadline, tally.last, None, None);
            Line::Violation(Box::new(Entry { id, tally: tally.clone(), violation }))
        };
        let private = 1 << 52;
        for (until, expected) in [(0, true), (49, true), (50, false), (60, false)] {
            let (stored, never) = (ReadUntil { stored: time(until), ..ReadUntil::default() }, ReadUntil::default());
            assert_eq!(is_unread(&line(1, &tally), stored), expected, "{until}");
            let looked = ReadUntil { private: time(until), ..never };
            assert_eq!(is_unread(&line(private, &tally), looked), expected, "{until}, private");
            // Who looks at the one has not looked at the other.
            assert!(is_unread(&line(1, &tally), looked) && is_unread(&line(private, &tally), stored), "{until}");
        }
        tally.add(&Violation::unjudged(Reason::Deadline, time(61), None, None));
        assert!(is_unread(&line(1, &tally), ReadUntil { stored: time(60), private: time(60) }));
        let pause = Line::Pause(PauseEntry { id: Some(1), time: time(61), pause: PauseEvent::Ended });
        assert!(!is_unread(&pause, ReadUntil::default()));
    }

    #[test]
    fn what_was_let_through_goes_before_what_was_stopped() {
        assert!(rank(Outcome::Flag) < rank(Outcome::Block));
    }
}
