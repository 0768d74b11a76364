//! How long entries are kept.
//!
//! It is stored under a key of its own and not among the settings of the policy: an older version takes a field of those that it
//! does not know for a newer policy and would judge nothing.

use crate::time::UnixMillis;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// For how many days an entry is kept after its last socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// 0 for ever.
    days: u64,
}

impl Retention {
    /// Under which it is stored in `storage.local`: its number of days.
    pub const KEY: &'static str = "logDays";

    const OFFERED: [u64; 4] = [30, 90, 365, 0];
    const DEFAULT: Self = Self { days: 90 };

    /// One of those that are offered: so many days, or 0 for ever.
    #[must_use]
    pub fn of_days(days: u64) -> Option<Self> {
        Self::OFFERED.contains(&days).then_some(Self { days })
    }

    /// What is stored. Where that is nothing, or nothing that is offered, the default.
    #[must_use]
    pub fn stored(days: Option<u64>) -> Self {
        days.and_then(Self::of_days).unwrap_or(Self::DEFAULT)
    }

    /// How many days, or 0 for ever.
    #[must_use]
    pub const fn days(self) -> u64 {
        self.days
    }

    /// Before which everything goes; none where nothing does.
    #[must_use]
    pub const fn begin(self, now: UnixMillis) -> Option<UnixMillis> {
        match self.days {
            0 => None,
            days => Some(UnixMillis::new(now.as_millis().saturating_sub(days * DAY_MS))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_offered_is_the_default() {
        for (stored, days) in
            [(None, 90), (Some(30), 30), (Some(0), 0), (Some(365), 365), (Some(1), 90), (Some(u64::MAX), 90)]
        {
            assert_eq!(Retention::stored(stored).days(), days, "{stored:?}");
        }
    }

    #[test]
    fn entries_go_when_they_are_older() {
        let now = UnixMillis::new(100 * DAY_MS);
        for (days, begin) in [(30, Some(70 * DAY_MS)), (90, Some(10 * DAY_MS)), (365, Some(0)), (0, None)] {
            let retention = Retention::of_days(days).unwrap();
            assert_eq!(retention.begin(now).map(UnixMillis::as_millis), begin, "{days}");
        }
    }
}
