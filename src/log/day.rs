//! Days as the log counts them: those of the place where somebody reads it, not of UTC.

use crate::time::{Date, UnixMillis};
use crate::verdict::Outcome;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// A day of the calendar, by its number from 1970-01-01 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(u64);

impl Day {
    /// The day of a point in time where clocks are so many minutes behind UTC: what JavaScript's `getTimezoneOffset` gives.
    #[must_use]
    pub fn at(time: UnixMillis, minutes_behind_utc: i64) -> Self {
        let local = time.as_millis().saturating_add_signed(minutes_behind_utc.saturating_mul(-60_000));
        Self(local / DAY_MS)
    }

    /// The day of a date.
    #[must_use]
    pub fn of(date: Date) -> Self {
        Self(date.start().as_millis() / DAY_MS)
    }

    /// Its first moment, were it a day of UTC: for writing it as a date.
    #[must_use]
    pub const fn start(self) -> UnixMillis {
        UnixMillis::new(self.0.saturating_mul(DAY_MS))
    }
}

/// What there was on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayTally {
    /// The day.
    pub day: Day,
    /// Entries of sockets that were blocked.
    pub blocked: u64,
    /// Entries of sockets that were let through.
    pub flagged: u64,
}

/// The entries of the last days, each counted on the day on which it happened last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayCounts {
    /// The oldest day first, today last.
    days: Vec<DayTally>,
}

impl DayCounts {
    /// So many days up to today, without any entry.
    #[must_use]
    pub fn until(today: Day, days: u64) -> Self {
        let first = (today.0 + 1).saturating_sub(days);
        Self { days: (first..=today.0).map(|day| DayTally { day: Day(day), blocked: 0, flagged: 0 }).collect() }
    }

    /// Counts an entry; one of another day counts nowhere.
    pub fn count(&mut self, day: Day, outcome: Outcome) {
        let first = self.days.first().map_or(0, |tally| tally.day.0);
        let place = day.0.checked_sub(first).and_then(|place| usize::try_from(place).ok());
        if let Some(tally) = place.and_then(|place| self.days.get_mut(place)) {
            match outcome {
                Outcome::Block => tally.blocked += 1,
                Outcome::Flag => tally.flagged += 1,
            }
        }
    }

    /// The oldest day first.
    #[must_use]
    pub fn days(&self) -> &[DayTally] {
        &self.days
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_that_of_the_place() {
        const MIDNIGHT: u64 = 1_795_305_600_000; // 2026-11-22T00:00:00Z
        let day = |text| Day::of(Date::parse(text).unwrap());
        for (millis, behind, expected) in [
            (MIDNIGHT, 0, "2026-11-22"),
            (MIDNIGHT - 1, 0, "2026-11-21"),
            (MIDNIGHT - 1, -60, "2026-11-22"),
            (MIDNIGHT, 60, "2026-11-21"),
            (MIDNIGHT + 60 * 60_000, 60, "2026-11-22"),
            (0, 720, "1970-01-01"),
        ] {
            assert_eq!(Day::at(UnixMillis::new(millis), behind), day(expected), "{millis} {behind}");
        }
        assert_eq!(day("2026-11-22").start().as_millis(), MIDNIGHT);
    }

    #[test]
    fn entries_are_counted_on_their_days_and_older_ones_nowhere() {
        let mut counts = DayCounts::until(Day(100), 3);
        for (day, outcome) in [
            (97, Outcome::Block),
            (98, Outcome::Block),
            (98, Outcome::Block),
            (100, Outcome::Flag),
            (101, Outcome::Flag),
        ] {
            counts.count(Day(day), outcome);
        }
        let days: Vec<_> = counts.days().iter().map(|tally| (tally.day.0, tally.blocked, tally.flagged)).collect();
        assert_eq!(days, [(98, 2, 0), (99, 0, 0), (100, 0, 1)]);
        assert_eq!(DayCounts::until(Day(1), 90).days().len(), 2, "no day is before the first");
    }
}
