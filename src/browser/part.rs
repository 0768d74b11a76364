//! Elements with parts, which the markup names: `data-part="host"`. Classes are for the style sheets alone.

use wasm_bindgen::JsCast;
use web_sys::{DocumentFragment, Element, Event, HtmlElement, HtmlTemplateElement};

use super::dom::{Id, JsResult, all, around, by_id, document, missing, show};
use super::words::say;
use crate::view::notice::Tag;
use crate::view::text::Text;

/// The name of a part: what `data-part` says. `part!` makes it of a literal, and nothing else makes any, so that a test finds
/// every name that is used, and holds them against those of the markup.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name(&'static str);

/// The name of a part as it stands in the markup: `part!("host")`.
macro_rules! part {
    ($name:literal) => {
        $crate::browser::part::Name::in_markup($name)
    };
}

pub(super) use part;

impl Name {
    /// For `part!` alone.
    pub(super) const fn in_markup(name: &'static str) -> Self {
        Self(name)
    }

    fn selector(self) -> String {
        format!("[data-part={}]", self.0)
    }
}

/// Puts a text into an element.
pub(super) fn say_in(id: Id, text: &Text) -> JsResult {
    by_id::<Element>(id)?.set_text_content(Some(&say(text)));
    Ok(())
}

/// The same; where there is no text, the element is hidden.
pub(super) fn say_if_any(id: Id, text: Option<&Text>) -> JsResult {
    show(id, text.is_some())?;
    text.map_or(Ok(()), |text| say_in(id, text))
}

/// The part of this name that an event has happened in.
pub(super) fn part_around(event: &Event, name: Name) -> Option<Part> {
    around(event, &name.selector()).map(|root| Part { root })
}

/// An element with parts: one of the page, or the copy of a template.
#[derive(Clone)]
pub(super) struct Part {
    root: HtmlElement,
}

impl Part {
    /// The element with this id.
    pub(super) fn with_id(id: Id) -> JsResult<Self> {
        Ok(Self { root: by_id(id)? })
    }

    /// A copy of the one element in a template.
    pub(super) fn copy(template: Id) -> JsResult<Self> {
        let element: HtmlTemplateElement = by_id(template)?;
        let copy: DocumentFragment = document()?.import_node_with_deep(&element.content(), true)?.unchecked_into();
        let root = copy.first_element_child().ok_or_else(|| missing(template))?;
        Ok(Self { root: root.unchecked_into() })
    }

    /// An element that is there already.
    pub(super) fn of(element: &Element) -> Self {
        Self { root: element.clone().unchecked_into() }
    }

    pub(super) const fn root(&self) -> &HtmlElement {
        &self.root
    }

    /// The first part of this name.
    pub(super) fn get<T: JsCast>(&self, name: Name) -> JsResult<T> {
        let element = self.root.query_selector(&name.selector())?.ok_or_else(|| missing(name.0))?;
        element.dyn_into().map_err(|_| missing(name.0))
    }

    /// Every part of this name, in the order of the document.
    pub(super) fn all(&self, name: Name) -> JsResult<Vec<Self>> {
        Ok(all(&self.root, &name.selector())?.into_iter().map(|root| Self { root }).collect())
    }

    /// Puts a text that is the same in every language into a part.
    pub(super) fn text(&self, name: Name, text: &str) -> JsResult {
        self.get::<Element>(name)?.set_text_content(Some(text));
        Ok(())
    }

    /// Puts a text into a part.
    pub(super) fn say(&self, name: Name, text: &Text) -> JsResult {
        self.text(name, &say(text))
    }

    /// Tells those who do not see what is around a part what it is.
    pub(super) fn label(&self, name: Name, label: &Text) -> JsResult {
        Ok(self.get::<Element>(name)?.set_attribute("aria-label", &say(label))?)
    }

    /// Sets the words and tone of a tag, and shows it.
    pub(super) fn tag(&self, name: Name, tag: &Tag) -> JsResult {
        let element: HtmlElement = self.get(name)?;
        element.set_text_content(Some(&say(&tag.text)));
        element.dataset().set("tone", tag.tone.as_str())?;
        element.set_hidden(false);
        Ok(())
    }

    /// Shows or hides a part.
    pub(super) fn show(&self, name: Name, shown: bool) -> JsResult {
        self.get::<HtmlElement>(name)?.set_hidden(!shown);
        Ok(())
    }

    /// Fills a part with these and nothing else.
    pub(super) fn list(&self, name: Name, items: impl IntoIterator<Item = JsResult<Self>>) -> JsResult {
        Self::of(&self.get(name)?).fill(items)
    }

    /// Fills it with these and nothing else.
    pub(super) fn fill(&self, items: impl IntoIterator<Item = JsResult<Self>>) -> JsResult {
        self.root.set_text_content(None);
        items.into_iter().try_for_each(|item| self.append(&item?))
    }

    /// Appends a child.
    pub(super) fn append(&self, child: &Self) -> JsResult {
        self.root.append_child(&child.root)?;
        Ok(())
    }
}
