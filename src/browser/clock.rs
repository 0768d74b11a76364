//! The browser's clock.

use crate::error::TimeError;
use crate::time::UnixMillis;

/// The time, from the browser's clock.
pub(super) fn now() -> Result<UnixMillis, TimeError> {
    UnixMillis::from_javascript(js_sys::Date::now()).ok_or(TimeError::Time)
}

/// Until when something may take.
pub(super) struct Deadline(f64);

impl Deadline {
    /// From now on, so many milliseconds.
    pub(super) fn after(milliseconds: f64) -> Self {
        Self(js_sys::Date::now() + milliseconds)
    }

    /// Whether it is past.
    pub(super) fn has_passed(&self) -> bool {
        js_sys::Date::now() >= self.0
    }
}
