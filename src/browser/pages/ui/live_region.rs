//! What screen readers are told.

use crate::browser::dom::{JsResult, id};
use crate::browser::part::say_in;
use crate::view::text::Text;

/// Tells what happened where it is not in sight.
pub(in crate::browser::pages) fn announce(text: &Text) -> JsResult {
    say_in(id!("announcement"), text)
}
