//! What of a list is drawn, whatever it is a list of.

use std::any::Any;
use std::cell::{Cell, OnceCell, Ref, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use js_sys::Array;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{
    Element, HtmlDetailsElement, HtmlElement, IntersectionObserver, IntersectionObserverEntry, IntersectionObserverInit,
};

use crate::browser::clock::Deadline;
use crate::browser::dom::{JsResult, all, document, report, shown, spawn};

/// Where a list keeps its items.
pub(super) trait Source {
    fn items(&self) -> Ref<'_, dyn Items>;
}

/// The items of a list.
pub(super) trait Items {
    fn len(&self) -> usize;
    fn get(&self, place: usize) -> Option<&dyn AnyItem>;
}

/// One of them. As one type for all lists, so that there is one drawing for all.
pub(super) trait AnyItem {
    fn key(&self) -> String;
    /// Whether this is its version still, so that an element that was drawn in it is right.
    fn has_version(&self, version: &dyn Any) -> bool;
    fn version(&self) -> Box<dyn Any>;
    fn draw(&self) -> JsResult<HtmlElement>;
    fn update(&self, element: &Element) -> JsResult;
}

pub(super) struct Drawing {
    root: Element,
    /// Stands after the first items while there are others: whoever comes near it has more of them drawn.
    end: Element,
    observer: OnceCell<IntersectionObserver>,
    items: Rc<dyn Source>,
    drawn: RefCell<HashMap<String, Drawn>>,
    /// How many items are drawn, from the first on.
    length: Cell<usize>,
    /// The item that is drawn wherever it stands.
    revealed: RefCell<Option<String>>,
    /// How often items have been given.
    round: Cell<u64>,
    is_at_work: Cell<bool>,
}

struct Drawn {
    element: HtmlElement,
    version: Box<dyn Any>,
    /// The round in which it was brought up to date.
    round: u64,
}

impl Drawing {
    /// Fills an element that has no content.
    pub(super) fn new(root: Element, items: Rc<dyn Source>) -> JsResult<Rc<Self>> {
        let end = document()?.create_element("li")?;
        end.set_attribute("aria-hidden", "true")?;
        let drawing = Rc::new(Self {
            root,
            end,
            observer: OnceCell::new(),
            items,
            drawn: RefCell::default(),
            length: Cell::new(STEP),
            revealed: RefCell::default(),
            round: Cell::new(0),
            is_at_work: Cell::new(false),
        });
        let observer = drawing.observer()?;
        drawing.observer.get_or_init(|| observer);
        Ok(drawing)
    }

    fn observer(self: &Rc<Self>) -> JsResult<IntersectionObserver> {
        let this = Rc::clone(self);
        let seen = Closure::<dyn Fn(Array)>::new(move |entries: Array| {
            let is_near = |entry: JsValue| entry.unchecked_into::<IntersectionObserverEntry>().is_intersecting();
            if entries.iter().any(is_near) {
                this.length.set(this.length.get().saturating_add(STEP));
                if let Err(error) = this.draw() {
                    report(&error);
                }
            }
        });
        let options = IntersectionObserverInit::new();
        options.set_root_margin(NEAR);
        let observer = IntersectionObserver::new_with_options(seen.as_ref().unchecked_ref(), &options)?;
        seen.forget();
        Ok(observer)
    }

    /// Brings all that is drawn up to date.
    pub(super) fn bring_up_to_date(self: &Rc<Self>) -> JsResult {
        self.round.set(self.round.get() + 1);
        self.draw()
    }

    /// As many items are to be drawn as at first.
    pub(super) fn begin_anew(&self) {
        self.length.set(STEP);
        self.revealed.take();
    }

    /// Draws an item that is to be looked at now. Its element, where there is such an item.
    pub(super) fn reveal(self: &Rc<Self>, key: &str) -> JsResult<Option<HtmlElement>> {
        self.revealed.replace(Some(key.to_owned()));
        self.draw()?;
        Ok(self.drawn.borrow().get(key).map(|drawn| drawn.element.clone()))
    }

    pub(super) fn draw(self: &Rc<Self>) -> JsResult {
        if self.draw_for_a_moment()? || self.is_at_work.replace(true) {
            return Ok(());
        }
        let this = Rc::clone(self);
        spawn(async move {
            let done = this.draw_the_rest().await;
            this.is_at_work.set(false);
            done
        });
        Ok(())
    }

    async fn draw_the_rest(&self) -> JsResult {
        loop {
            shown().await?;
            if self.draw_for_a_moment()? {
                return Ok(());
            }
        }
    }

    /// Whether everything is drawn now that is to be.
    fn draw_for_a_moment(&self) -> JsResult<bool> {
        let had_focus = document()?.active_element().filter(|active| self.root.contains(Some(active)));
        let (is_done, focus) = self.draw_until(had_focus, &Deadline::after(MOMENT))?;
        // One that was moved has lost it.
        if let Some(focus) = focus.filter(|focus| focus.is_connected())
            && document()?.active_element().as_ref() != Some(&focus)
        {
            focus.unchecked_into::<HtmlElement>().focus()?;
        }
        if let (true, Some(observer)) = (is_done, self.observer.get()) {
            // Asked anew, it says at once whether the end is still near.
            observer.unobserve(&self.end);
            if self.end.is_connected() {
                observer.observe(&self.end);
            }
        }
        Ok(is_done)
    }

    /// Whether it came to its end, and what has the place of the element that had the focus.
    fn draw_until(&self, mut focus: Option<Element>, deadline: &Deadline) -> JsResult<(bool, Option<Element>)> {
        let items = self.items.items();
        let mut drawn = self.drawn.borrow_mut();
        let (length, round) = (self.length.get(), self.round.get());
        let revealed = self.revealed.borrow();
        let from = |place| (place..items.len()).filter_map(|place| items.get(place));
        let apart = revealed.as_ref().and_then(|key| from(length).find(|item| item.key() == *key));
        let shown: Vec<_> = from(0).take(length).chain(apart).map(|item| (item.key(), item)).collect();

        let keys: HashSet<&str> = shown.iter().map(|(key, _)| key.as_str()).collect();
        drawn.retain(|key, drawn| {
            let stays = keys.contains(key.as_str());
            if !stays {
                drawn.element.remove();
            }
            stays
        });

        let mut is_done = true;
        let mut has_worked = false;
        let mut place = self.root.first_element_child();
        for (index, (key, item)) in shown.iter().enumerate() {
            if index == length && place.as_ref() == Some(&self.end) {
                place = self.end.next_element_sibling();
            }
            // Something is done each time, and what is to be looked at now is not put off.
            let is_late = has_worked && revealed.as_ref() != Some(key) && deadline.has_passed();
            match drawn.get_mut(key) {
                Some(drawn) if drawn.round == round => {}
                Some(_) if is_late => is_done = false,
                None if is_late => {
                    is_done = false;
                    continue;
                }
                Some(drawn) if item.has_version(drawn.version.as_ref()) => {
                    item.update(&drawn.element)?;
                    drawn.round = round;
                    has_worked = true;
                }
                old => {
                    let element = item.draw()?;
                    item.update(&element)?;
                    if let Some(old) = old {
                        if let Some(had) = focus.take_if(|focus| old.element.contains(Some(focus))) {
                            focus = counterpart(&had, &old.element, &element)?;
                        }
                        keep_open(&old.element, &element)?;
                        old.element.replace_with_with_node_1(&element)?;
                        if place.as_ref() == Some(old.element.as_ref()) {
                            place = Some(element.clone().into());
                        }
                    }
                    drawn.insert(key.clone(), Drawn { element, version: item.version(), round });
                    has_worked = true;
                }
            }
            let Some(Drawn { element, .. }) = drawn.get(key) else { continue };
            if place.as_ref() == Some(element.as_ref()) {
                place = element.next_element_sibling();
            } else {
                self.root.insert_before(element, place.as_ref().map(AsRef::as_ref))?;
            }
        }
        let after = shown.get(length).and_then(|(key, _)| Some(&drawn.get(key)?.element));
        self.place_end(items.len() > length, after)?;
        Ok((is_done, focus))
    }

    /// Puts the end before the item that stands apart from the first ones, or takes it out.
    fn place_end(&self, is_needed: bool, after: Option<&HtmlElement>) -> JsResult {
        if !is_needed {
            self.end.remove();
            return Ok(());
        }
        let is_placed = self.end.is_connected()
            && self.end.next_element_sibling().as_ref() == after.map(|after| -> &Element { after.as_ref() });
        if !is_placed {
            self.root.insert_before(&self.end, after.map(AsRef::as_ref))?;
        }
        Ok(())
    }
}

/// What can have the focus at the same place of another drawing of the same item.
fn counterpart(had: &Element, old: &Element, new: &Element) -> JsResult<Option<Element>> {
    let place = all::<Element>(old, CONTROLS)?.iter().position(|control| control == had);
    let controls = all::<Element>(new, CONTROLS)?;
    Ok(place.and_then(|place| controls.into_iter().nth(place)))
}

/// What was unfolded in one drawing of an item is so in another.
fn keep_open(old: &Element, new: &Element) -> JsResult {
    let (old, new) = (all::<HtmlDetailsElement>(old, DETAILS)?, all::<HtmlDetailsElement>(new, DETAILS)?);
    for (old, new) in old.iter().zip(new) {
        new.set_open(old.open());
    }
    Ok(())
}

const DETAILS: &str = "details";
const CONTROLS: &str = "button, summary, a, input";

/// Items that are drawn at first, and then each time that one comes near the last of them.
const STEP: usize = 100;
/// Milliseconds that one go at drawing may take. Showing what was drawn takes several times as long.
const MOMENT: f64 = 5.0;
/// How near one is to what is not drawn yet when it is drawn.
const NEAR: &str = "1000px";
