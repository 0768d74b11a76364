//! Work that is done once for all who ask for it while it is under way, and once more after the last of them.

use std::cell::Cell;

#[derive(Default)]
pub(super) struct Coalesced {
    is_due: Cell<bool>,
    is_under_way: Cell<bool>,
}

impl Coalesced {
    /// Asks for it. Returns whether the caller must do it, as long as it [takes a turn](Self::takes_turn).
    pub(super) fn ask(&self) -> bool {
        self.is_due.set(true);
        !self.is_under_way.replace(true)
    }

    /// Whether it is to be done now, for all who have asked so far. Where it is not, it has ended, and the next who asks must do it.
    pub(super) fn takes_turn(&self) -> bool {
        let is_due = self.is_due.replace(false);
        self.is_under_way.set(is_due);
        is_due
    }
}
