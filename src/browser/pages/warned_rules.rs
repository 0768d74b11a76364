//! Which rules something is warned of, for the search. To find it out of many rules takes longer than a keystroke may.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use super::rule_card::warnings_of;
use crate::policy::Layer;
use crate::rule::Rule;
use crate::time::UnixMillis;
use crate::view::warning;
use crate::warnings::SeenKeys;

#[derive(Default)]
pub(super) struct WarnedRules {
    /// By the identifier of the rule.
    user: RefCell<HashMap<String, bool>>,
    managed: RefCell<HashMap<String, bool>>,
    /// The day on which it was found out: what is soon over is warned of.
    day: Cell<u64>,
}

impl WarnedRules {
    /// Other rules may be there, or other keys may have been seen.
    pub(super) fn forget(&self) {
        self.user.take();
        self.managed.take();
    }

    pub(super) fn has(&self, layer: Layer, rule: &Rule, seen: &SeenKeys, now: UnixMillis) -> bool {
        const DAY: u64 = 24 * 60 * 60 * 1000;
        let day = now.as_millis() / DAY;
        if self.day.replace(day) != day {
            self.forget();
        }
        let found = match layer {
            Layer::User => &self.user,
            Layer::Managed => &self.managed,
        };
        if let Some(found) = found.borrow().get(rule.id()) {
            return *found;
        }
        let is_warned_of = warning::is_warned_of(layer, &warnings_of(rule, seen, now));
        found.borrow_mut().insert(rule.id().to_owned(), is_warned_of);
        is_warned_of
    }
}
