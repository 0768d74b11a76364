//! Points in time and calendar dates. The core has no clock: every time is passed in.

use std::fmt;
use std::time::Duration;

use der::DateTime;
use serde::de::Error as _;
use serde::{Deserialize, Serialize};

use crate::error::TimeError;
use crate::fields::{Json, Line, Read};

/// Milliseconds since 1970-01-01T00:00:00Z, as JavaScript's `Date.now()` gives them.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixMillis(u64);

impl UnixMillis {
    /// A point in time from whole milliseconds since the epoch.
    #[must_use]
    pub const fn new(milliseconds: u64) -> Self {
        Self(milliseconds)
    }

    /// A point in time from JavaScript's number of milliseconds; none for `NaN`, infinities, times before 1970 and
    /// times past what a JavaScript `Date` can hold (ECMA-262 section 21.4.1.1).
    #[must_use]
    pub fn from_javascript(milliseconds: f64) -> Option<Self> {
        const LAST_JAVASCRIPT_TIME: f64 = 8.64e15;
        if !(0.0..=LAST_JAVASCRIPT_TIME).contains(&milliseconds) {
            return None;
        }
        #[expect(
            clippy::as_conversions,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "in range and not NaN by the check above; the fraction is cut off on purpose"
        )]
        Some(Self(milliseconds as u64))
    }

    /// A point in time from the decimal digits of [`UnixMillis::as_millis`].
    pub(crate) fn from_millis_text(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    /// Whole milliseconds since the epoch.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// The time as RFC 3339 text in UTC, to the second: `2026-11-22T17:30:00Z`. None past the year 9999.
    #[must_use]
    pub fn to_rfc3339(self) -> Option<String> {
        let date_time = DateTime::from_unix_duration(Duration::from_millis(self.0)).ok()?;
        Some(date_time.to_string())
    }
}

/// A calendar date in UTC, `yyyy-MM-dd`, from 1970 to 9999. Orders as the calendar does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// Reads `yyyy-MM-dd` (RFC 3339 section 5.6, `full-date`).
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let invalid = || TimeError::Date { text: text.to_owned() };
        let mut parts = text.split('-');
        let (Some(year), Some(month), Some(day), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(invalid());
        };
        let year = digits(year, 4).ok_or_else(invalid)?;
        let month = digits(month, 2).and_then(|month| u8::try_from(month).ok()).ok_or_else(invalid)?;
        let day = digits(day, 2).and_then(|day| u8::try_from(day).ok()).ok_or_else(invalid)?;
        DateTime::new(year, month, day, 0, 0, 0).map_err(|_| invalid())?;
        Ok(Self { year, month, day })
    }

    /// The first moment of the day, UTC.
    #[must_use]
    pub fn start(self) -> UnixMillis {
        let millis = DateTime::new(self.year, self.month, self.day, 0, 0, 0)
            .map_or(u128::MAX, |date_time| date_time.unix_duration().as_millis());
        UnixMillis(u64::try_from(millis).unwrap_or(u64::MAX))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl TryFrom<String> for Date {
    type Error = TimeError;

    fn try_from(text: String) -> Result<Self, TimeError> {
        Self::parse(&text)
    }
}

impl From<Date> for String {
    fn from(date: Date) -> Self {
        date.to_string()
    }
}

impl Read<'_> for UnixMillis {
    fn read(json: Json<'_>) -> Result<Self, serde_json::Error> {
        u64::read(json).map(Self::new)
    }
}

impl Line<'_> {
    pub(crate) fn time(&mut self) -> Option<UnixMillis> {
        self.number().map(UnixMillis::new)
    }
}

impl Read<'_> for Date {
    fn read(json: Json<'_>) -> Result<Self, serde_json::Error> {
        Self::parse(&json.text()?).map_err(serde_json::Error::custom)
    }
}

fn digits(text: &str, length: usize) -> Option<u16> {
    if text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_strictly() {
        for (text, milliseconds) in [
            ("1970-01-01", Some(0)),
            ("2026-11-22", Some(1_795_305_600_000)), // date -u -d 2026-11-22 +%s
            ("2028-02-29", Some(1_835_395_200_000)), // date -u -d 2028-02-29 +%s
            ("2027-02-29", None),
            ("2026-13-01", None),
            ("2026-1-1", None),
            ("2026-11-22T00:00:00Z", None),
            ("+026-11-22", None),
            ("1969-12-31", None),
            ("", None),
        ] {
            let date = Date::parse(text);
            assert_eq!(date.as_ref().ok().map(|date| date.start().as_millis()), milliseconds, "{text}");
            if let Ok(date) = date {
                assert_eq!(date.to_string(), text);
            }
        }
    }

    #[test]
    fn javascript_times_are_taken_whole_or_not_at_all() {
        for (number, expected) in [
            (0.0, Some(0)),
            (1_795_305_600_123.0, Some(1_795_305_600_123)),
            (1_795_305_600_123.9, Some(1_795_305_600_123)),
            (-1.0, None),
            (f64::NAN, None),
            (f64::INFINITY, None),
            (9e15, None),
        ] {
            assert_eq!(UnixMillis::from_javascript(number).map(UnixMillis::as_millis), expected, "{number}");
        }
    }

    #[test]
    fn times_print_as_rfc3339() {
        assert_eq!(UnixMillis::new(1_795_305_600_000).to_rfc3339().as_deref(), Some("2026-11-22T00:00:00Z"));
        assert_eq!(UnixMillis::new(u64::MAX).to_rfc3339(), None);
    }
}
