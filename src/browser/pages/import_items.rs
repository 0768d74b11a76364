//! The rows of a preview: a rule of the file each, and the parts that are not taken over as they are.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{Element, EventTarget, HtmlElement, HtmlInputElement, HtmlSelectElement};

use super::ui::list::Item as ListItem;
use super::ui::notices::set_notices;
use crate::browser::dom::{JsResult, id};
use crate::browser::part::{Part, part};
use crate::browser::words::say;
use crate::formats::LeftOut;
use crate::formats::export::Loss;
use crate::import_plan::{Conflict, Item, ItemFinding};
use crate::time::UnixMillis;
use crate::view::foreign::foreign;
use crate::view::rule::mode_tag;
use crate::view::source::Source;
use crate::view::text::Text;
use crate::view::transfer as words;

/// A rule of the file.
pub(super) struct ItemRow {
    place: usize,
    item: Item,
    conflict: Conflict,
    now: UnixMillis,
}

impl ItemRow {
    pub(super) fn new(place: usize, item: &Item, conflict: Conflict, now: UnixMillis) -> Self {
        Self { place, item: item.clone(), conflict, now }
    }
}

impl ListItem for ItemRow {
    /// What stays while its host is typed.
    type Version = (bool, Option<String>);

    fn key(&self) -> String {
        self.place.to_string()
    }

    fn version(&self) -> Self::Version {
        let asks = self.item.asks_for_host();
        (asks, (!asks).then(|| self.item.rule.host.clone()))
    }

    fn draw(&self) -> JsResult<HtmlElement> {
        let row = Part::copy(id!("import-item-template"))?;
        row.root().dataset().set(name_of(), &self.place.to_string())?;
        let asks = self.item.asks_for_host();
        row.show(part!("import-host-input"), asks)?;
        if asks {
            row.say(part!("import-host"), &words::nameless())?;
            row.get::<HtmlInputElement>(part!("import-host-input"))?.set_value(&self.item.rule.host);
        } else {
            row.text(part!("import-host"), &foreign(&self.item.rule.host))?;
        }
        row.tag(part!("import-mode"), &mode_tag(&self.item.rule, self.now))?;
        row.say(part!("import-pins"), &words::pins(&self.item))?;
        Ok(row.root().clone())
    }

    fn update(&self, element: &Element) -> JsResult {
        let row = Part::of(element);
        let differs = matches!(self.item.finding, ItemFinding::Differs { .. });
        row.show(part!("import-choice"), differs)?;
        let choice: HtmlSelectElement = row.get(part!("import-choice"))?;
        choice.set_value(name_of_conflict(self.item.chosen.unwrap_or(self.conflict)));
        row.tag(part!("import-outcome"), &words::outcome(&self.item, self.conflict))?;
        set_notices(&row.get(part!("import-reasons"))?, &words::reasons(&self.item, self.conflict))
    }
}

/// A part that is not taken over as it is, or something that a file does not say.
pub(super) struct PartRow {
    place: usize,
    what: String,
    why: Text,
}

impl PartRow {
    pub(super) fn left_out(place: usize, source: &Rc<Source>, part: &LeftOut) -> Self {
        Self { place, what: part.what.shown().unwrap_or_default().to_owned(), why: words::left_out(source, part) }
    }

    pub(super) fn lost(place: usize, loss: &Loss) -> Self {
        Self { place, what: loss.host.clone(), why: words::loss(loss) }
    }
}

impl ListItem for PartRow {
    type Version = (String, Text);

    fn key(&self) -> String {
        self.place.to_string()
    }

    fn version(&self) -> Self::Version {
        (self.what.clone(), self.why.clone())
    }

    fn draw(&self) -> JsResult<HtmlElement> {
        let row = Part::copy(id!("import-part-template"))?;
        row.text(part!("import-what"), &self.what)?;
        row.show(part!("import-what"), !self.what.is_empty())?;
        row.text(part!("import-why"), &say(&self.why))?;
        Ok(row.root().clone())
    }

    fn update(&self, _: &Element) -> JsResult {
        Ok(())
    }
}

/// Under which name a row has its place.
pub(super) const fn name_of() -> &'static str {
    "place"
}

/// What is chosen in a select.
pub(super) fn choice_of(target: &EventTarget) -> Option<String> {
    target.dyn_ref::<HtmlSelectElement>().map(HtmlSelectElement::value)
}

/// The choice of this name in the markup.
pub(super) fn conflict_named(name: &str) -> Conflict {
    match name {
        "replace" => Conflict::Replace,
        "add-pins" => Conflict::AddPins,
        _ => Conflict::Keep,
    }
}

const fn name_of_conflict(conflict: Conflict) -> &'static str {
    match conflict {
        Conflict::Keep => "keep",
        Conflict::Replace => "replace",
        Conflict::AddPins => "add-pins",
    }
}
