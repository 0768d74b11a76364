//! The texts of the lab's markup. `start.js` does the same for the pages of the extension, while their module is compiled.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlTemplateElement};

use crate::browser::dom::{JsResult, all, document, missing};
use crate::browser::words::{LANGUAGE, message};

/// Puts them into words, once those have been chosen.
pub(super) fn translate() -> JsResult {
    let root = document()?.document_element().ok_or_else(|| missing("root"))?;
    root.set_attribute("lang", &message(LANGUAGE, &[]))?;
    root.set_attribute("dir", &message(DIRECTION, &[]))?;
    translate_below(&root)
}

/// The message with the direction in which the language is written.
const DIRECTION: &str = "direction";

/// Puts the texts of the markup into words: the content of elements with `data-i18n`, and the attributes that have a message
/// by `data-i18n-…`. Elements within a text are its arguments, in their order.
fn translate_below(root: &Element) -> JsResult {
    for template in all::<HtmlTemplateElement>(root, "template")? {
        // It has what is asked of an element here.
        translate_below(template.content().unchecked_ref())?;
    }
    for element in all::<Element>(root, "[data-i18n]")? {
        translate_content(&element)?;
    }
    for attribute in ["aria-label", "title", "placeholder", "alt"] {
        let name = format!("data-i18n-{attribute}");
        for element in all::<HtmlElement>(root, &format!("[{name}]"))? {
            let id = element.get_attribute(&name).unwrap_or_default();
            element.set_attribute(attribute, &message(&id, &[]))?;
        }
    }
    Ok(())
}

/// Stands around the number of an element within a text. No message has it.
const MARK: char = '\u{1}';

fn translate_content(element: &Element) -> JsResult {
    let id = element.get_attribute("data-i18n").unwrap_or_default();
    let children: Vec<_> =
        std::iter::successors(element.first_element_child(), Element::next_element_sibling).collect();
    let marks: Vec<_> = (0..children.len()).map(|index| format!("{MARK}{index}{MARK}")).collect();
    let words = message(&id, &marks);
    element.set_text_content(None);
    for (index, part) in words.split(MARK).enumerate() {
        match part.parse::<usize>().ok().filter(|_| index % 2 == 1).and_then(|place| children.get(place)) {
            Some(child) => element.append_child(child)?,
            None => element.append_child(&document()?.create_text_node(part))?,
        };
    }
    Ok(())
}
