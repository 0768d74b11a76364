//! The browser's clock.

use crate::error::Error;
use crate::time::UnixMillis;

/// The time, from the browser's clock.
pub(super) fn now() -> Result<UnixMillis, Error> {
    UnixMillis::from_javascript(js_sys::Date::now()).ok_or(Error::InvalidTime)
}
