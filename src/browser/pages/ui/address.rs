//! What is looked for, in the page's address: it is still there when the page is loaded again.

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{HtmlInputElement, HtmlSelectElement, KeyboardEvent, UrlSearchParams};

use crate::browser::dom::{JsResult, listen, window};

/// Fields that somebody types into, with their names in the address.
type Typed<'a> = [(&'static str, &'a HtmlInputElement)];
/// Choices of which the first is none, or the usual one.
type Choices<'a> = [(&'static str, &'a HtmlSelectElement)];

/// Fills the fields as the address says. What else it has is given.
pub(in crate::browser::pages) fn take_over(typed: &Typed<'_>, choices: &Choices<'_>) -> JsResult<UrlSearchParams> {
    let address = window()?.location().hash()?;
    let kept = UrlSearchParams::new_with_str(address.trim_start_matches('#'))?;
    for (name, field) in typed {
        field.set_value(&kept.get(name).unwrap_or_default());
    }
    for (name, choice) in choices {
        let Some(value) = kept.get(name) else { continue };
        choice.set_value(&value);
        // What is no choice chooses nothing.
        if choice.selected_index() < 0 {
            choice.set_selected_index(0);
        }
    }
    Ok(kept)
}

/// Keeps what the fields have, and whether this is so besides. A browser that is told too often refuses for a while, and is told
/// with the next.
pub(in crate::browser::pages) fn keep(typed: &Typed<'_>, choices: &Choices<'_>, besides: Option<&str>) {
    let _ = write(typed, choices, besides);
}

fn write(typed: &Typed<'_>, choices: &Choices<'_>, besides: Option<&str>) -> JsResult {
    let kept = UrlSearchParams::new()?;
    for (name, field) in typed {
        let value = field.value();
        if !value.is_empty() {
            kept.append(name, &value);
        }
    }
    for (name, choice) in choices {
        if choice.selected_index() > 0 {
            kept.append(name, &choice.value());
        }
    }
    if let Some(name) = besides {
        kept.append(name, "");
    }
    let address = format!("#{}", String::from(kept.to_string()));
    Ok(window()?.history()?.replace_state_with_url(&JsValue::NULL, "", Some(&address))?)
}

/// Empties a field with Escape, and calls this then.
pub(in crate::browser::pages) fn empty_with_escape(
    field: &HtmlInputElement,
    emptied: impl Fn() -> JsResult + 'static,
) -> JsResult {
    let this = field.clone();
    listen(field, "keydown", move |event| {
        let is_escape = event.dyn_ref::<KeyboardEvent>().is_some_and(|event| event.key() == "Escape");
        if !is_escape || this.value().is_empty() {
            return Ok(());
        }
        event.prevent_default();
        this.set_value("");
        emptied()
    })
}
