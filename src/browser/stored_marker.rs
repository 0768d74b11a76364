//! A marker that rules have been stored, in another file than they are.
//!
//! Firefox throws a damaged database away and begins an empty one without a word: rules that are gone would look like
//! rules that have never been, and nothing would be checked. `localStorage` is a database of its own. One that is emptied
//! as well, or that cannot be reached, marks nothing; the next reading of stored rules makes it anew.

use super::api;

const KEY: &str = "policy-stored";

/// Marks that rules have been stored: from now on, missing rules are lost rules.
pub(super) fn set() {
    // Where this fails there is no marker, as before.
    let _ = api::set_local_item(KEY, "true");
}

/// Whether rules have been stored.
pub(super) fn is_set() -> bool {
    api::local_item(KEY).is_ok_and(|item| item.is_some())
}
