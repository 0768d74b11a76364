//! What comes one by one and is stored together.

use std::cell::{Cell, RefCell};
use std::mem::take;

use crate::limits::MAX_BATCH;

pub(super) struct Batch<T> {
    waiting: RefCell<Vec<T>>,
    /// Whether somebody is about to take what waits.
    is_due: Cell<bool>,
}

impl<T> Default for Batch<T> {
    fn default() -> Self {
        Self { waiting: RefCell::default(), is_due: Cell::new(false) }
    }
}

impl<T> Batch<T> {
    /// Adds an item. Returns whether the caller must see to it that what waits is taken.
    pub(super) fn add(&self, item: T) -> bool {
        let mut waiting = self.waiting.borrow_mut();
        if waiting.len() < MAX_BATCH {
            waiting.push(item);
        }
        !self.is_due.replace(true)
    }

    /// Takes all that waits; none where there is nothing, and then the next that is added is to be seen to.
    pub(super) fn take(&self) -> Option<Vec<T>> {
        let waiting = take(&mut *self.waiting.borrow_mut());
        if waiting.is_empty() {
            self.leave();
            return None;
        }
        Some(waiting)
    }

    /// Nobody is about to take what waits.
    pub(super) fn leave(&self) {
        self.is_due.set(false);
    }
}
