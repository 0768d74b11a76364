//! Dates and spans of time in words. Dates are those of UTC, as rules and certificates mean them; the day on which something has
//! happened is that of whoever reads it.

use super::text::{Argument, Text, plural, text};
use crate::time::{Date, UnixMillis};

const MINUTE: u64 = 60 * 1000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const MONTH: u64 = 30 * DAY;

/// How long ago something was: `just now`, `5 minutes ago`, `3 days ago`; past a month, the day.
#[must_use]
pub fn ago(then: UnixMillis, now: UnixMillis) -> Text {
    let span = now.as_millis().saturating_sub(then.as_millis());
    match (span, day_at(then)) {
        (..MINUTE, _) => text!("ago_moments"),
        (..HOUR, _) => plural!("ago_minutes", span / MINUTE),
        (..DAY, _) => plural!("ago_hours", span / HOUR),
        (MONTH.., Some(_)) => text!("ago_day", day = Argument::LocalDay(then)),
        _ => plural!("ago_days", span / DAY),
    }
}

/// Whole days from now until the date begins, rounded up; none once it has begun.
#[must_use]
pub fn days_until(date: Date, now: UnixMillis) -> Option<u64> {
    let left = date.start().as_millis().checked_sub(now.as_millis())?;
    (left > 0).then(|| left.div_ceil(DAY))
}

/// The day of a point in time, and the time of one that is on no day.
#[must_use]
pub fn day(time: UnixMillis) -> Argument {
    day_at(time).map_or(Argument::Time(time), Argument::Day)
}

/// The day in UTC of a point in time; none past the year 9999.
fn day_at(time: UnixMillis) -> Option<Date> {
    Date::parse(time.to_rfc3339()?.get(..10)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_rounded_down() {
        let now = UnixMillis::new(1_795_305_600_000); // 2026-11-22
        for (before, expected) in [
            (0, "just now"),
            (59_999, "just now"),
            (MINUTE, "1 minute ago"),
            (HOUR - 1, "59 minutes ago"),
            (2 * HOUR, "2 hours ago"),
            (DAY, "1 day ago"),
            (29 * DAY, "29 days ago"),
            (30 * DAY, "23 October 2026"),
        ] {
            assert_eq!(ago(UnixMillis::new(now.as_millis() - before), now).english(), expected);
        }
        let later = UnixMillis::new(now.as_millis() + HOUR);
        assert_eq!(ago(later, now).english(), "just now", "a clock that was set back");
        let unwritten = UnixMillis::new(253_402_300_800_000); // 10000-01-01
        let then = UnixMillis::new(unwritten.as_millis() + 40 * DAY);
        assert_eq!(ago(unwritten, then).english(), "40 days ago", "a day past the calendar");
    }

    #[test]
    fn days_left_are_rounded_up() {
        let date = Date::parse("2026-11-22").unwrap();
        for (before, expected) in [(0, None), (1, Some(1)), (DAY, Some(1)), (DAY + 1, Some(2))] {
            assert_eq!(days_until(date, UnixMillis::new(date.start().as_millis() - before)), expected);
        }
        assert_eq!(days_until(date, UnixMillis::new(date.start().as_millis() + 1)), None);
    }
}
