//! The keys of a rule, as they stand on its card and beside a chain.

use crate::browser::dom::{JsResult, id};
use crate::browser::part::{Part, part};
use crate::rule::PinDocument;
use crate::view::rule::{KeyLine, keys};

/// A line for every key.
pub(super) fn draw(pins: &[PinDocument], denied: &[PinDocument]) -> impl Iterator<Item = JsResult<Part>> {
    keys(pins, denied).into_iter().map(|key| draw_key(&key))
}

fn draw_key(key: &KeyLine) -> JsResult<Part> {
    let element = Part::copy(id!("rule-key-template"))?;
    element.say(part!("key-name"), &key.name)?;
    if let Some(mark) = &key.mark {
        element.tag(part!("key-mark"), mark)?;
    }
    element.text(part!("key-pin"), &key.pin)?;
    Ok(element)
}
