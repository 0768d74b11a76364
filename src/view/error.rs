//! What was wrong, where, and what to do.

use crate::error::Error;

/// One or two sentences for people.
#[must_use]
pub fn sentence(error: &Error) -> String {
    error.to_string()
}
