//! The keys of a rule, as they stand on its card and beside a chain.

use web_sys::Element;

use crate::browser::dom::{Fallible, append, from_template, set_badge, set_text};
use crate::browser::words::say;
use crate::rule::PinDocument;
use crate::view::rule::keys;

/// Appends a line for every key.
pub(super) fn draw(list: &Element, pins: &[PinDocument], denied: &[PinDocument]) -> Fallible {
    for key in keys(pins, denied) {
        let element = from_template("rule-key-template")?;
        set_text(&element, ".rule-key-name", &say(&key.name))?;
        if let Some(mark) = &key.mark {
            set_badge(&element, ".rule-key-mark", mark)?;
        }
        set_text(&element, ".rule-key-pin", &key.pin)?;
        append(list, &element)?;
    }
    Ok(())
}
