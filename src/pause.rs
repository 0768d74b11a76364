//! A pause: for a while nothing is stopped. What would have been is logged as let through because of it.

use serde::{Deserialize, Serialize};

use crate::fields::{Json, Read, words};
use crate::limits::PAUSE_MS;
use crate::time::UnixMillis;

/// The key in `storage.session` of the [`Pause`] that lasts.
pub const PAUSE: &str = "pause";

/// For how long, as a person chooses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PauseLength {
    /// [`PAUSE_MS`]; ended by a restart of the browser as well.
    TenMinutes,
    /// Until the browser is started again, or the extension is updated.
    UntilRestart,
}

/// A pause that has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Pause {
    /// When it began.
    pub began: UnixMillis,
    /// The first moment at which it is over; none for one that lasts until the restart.
    pub until: Option<UnixMillis>,
}

words!(PauseLength, PauseEvent);

impl Read<'_> for Pause {
    fn read(json: Json<'_>) -> Result<Self, serde_json::Error> {
        let mut fields = json.object()?;
        Ok(Self { began: fields.part("began")?, until: fields.part_or_default("until")? })
    }
}

impl Pause {
    /// One that begins now.
    #[must_use]
    pub fn begin(length: PauseLength, now: UnixMillis) -> Self {
        let until = match length {
            PauseLength::TenMinutes => Some(UnixMillis::new(now.as_millis().saturating_add(PAUSE_MS))),
            PauseLength::UntilRestart => None,
        };
        Self { began: now, until }
    }

    /// Whether it lasts. A clock that was set back to before its beginning ends it.
    #[must_use]
    pub fn lasts(self, now: UnixMillis) -> bool {
        self.began <= now && self.until.is_none_or(|until| now < until)
    }
}

/// What the log says of a pause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PauseEntry {
    /// Its place in the log, given by the store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// When.
    pub time: UnixMillis,
    /// What happened.
    pub pause: PauseEvent,
}

/// A beginning or an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PauseEvent {
    /// Begun, for ten minutes.
    BegunForTenMinutes,
    /// Begun, until the browser is started again.
    BegunUntilRestart,
    /// Ended because its time was over.
    RanOut,
    /// Ended by whoever sits there.
    Ended,
}

impl Read<'_> for PauseEntry {
    fn read(json: Json<'_>) -> Result<Self, serde_json::Error> {
        let mut fields = json.object()?;
        Ok(Self { id: fields.part_or_default("id")?, time: fields.part("time")?, pause: fields.part("pause")? })
    }
}

impl From<PauseLength> for PauseEvent {
    fn from(length: PauseLength) -> Self {
        match length {
            PauseLength::TenMinutes => Self::BegunForTenMinutes,
            PauseLength::UntilRestart => Self::BegunUntilRestart,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ends_by_itself_and_with_a_clock_from_before_it() {
        let at = |minutes: u64| UnixMillis::new(1_000_000_000 + minutes * 60_000);
        let ten_minutes = Pause::begin(PauseLength::TenMinutes, at(5));
        let until_restart = Pause::begin(PauseLength::UntilRestart, at(5));
        for (minute, ten, restart) in
            [(5, true, true), (14, true, true), (15, false, true), (100_000, false, true), (4, false, false)]
        {
            assert_eq!((ten_minutes.lasts(at(minute)), until_restart.lasts(at(minute))), (ten, restart), "{minute}");
        }
    }
}
