//! A list of any length. The first elements are drawn, and more as one scrolls to them; what has been drawn is drawn again
//! only where it has changed. The drawing is done in moments, with a turn for everything else between them: sockets are
//! judged in the same thread.

use std::cell::{Cell, OnceCell, RefCell};
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

/// One of what a list shows.
pub(in crate::browser::pages) trait Item: 'static {
    /// With another version the element is drawn anew.
    type Version: PartialEq;

    /// Which one it is, whatever becomes of it.
    fn key(&self) -> String;
    /// What the element depends on, but for what [`Self::update`] puts in.
    fn version(&self) -> Self::Version;
    /// Makes the element.
    fn draw(&self) -> JsResult<HtmlElement>;
    /// Puts in what may be another each time that the list is shown: how long ago something was.
    fn update(&self, element: &Element) -> JsResult;
}

pub(in crate::browser::pages) struct List<I: Item> {
    root: Element,
    /// Stands after the first items while there are others: whoever comes near it has more of them drawn.
    end: Element,
    observer: OnceCell<IntersectionObserver>,
    items: RefCell<Vec<I>>,
    drawn: RefCell<HashMap<String, Drawn<I::Version>>>,
    /// How many items are drawn, from the first on.
    length: Cell<usize>,
    /// The item that is drawn wherever it stands.
    revealed: RefCell<Option<String>>,
    /// How often items have been given.
    round: Cell<u64>,
    is_drawing: Cell<bool>,
}

struct Drawn<V> {
    element: HtmlElement,
    version: V,
    /// The round in which it was brought up to date.
    round: u64,
}

impl<I: Item> List<I> {
    /// Fills an element that has no content.
    pub(in crate::browser::pages) fn new(root: Element) -> JsResult<Rc<Self>> {
        let end = document()?.create_element("li")?;
        end.set_attribute("aria-hidden", "true")?;
        let list = Rc::new(Self {
            root,
            end,
            observer: OnceCell::new(),
            items: RefCell::default(),
            drawn: RefCell::default(),
            length: Cell::new(STEP),
            revealed: RefCell::default(),
            round: Cell::new(0),
            is_drawing: Cell::new(false),
        });
        let observer = list.observer()?;
        list.observer.get_or_init(|| observer);
        Ok(list)
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
        let observer = IntersectionObserver::new_with_options(seen.as_ref().unchecked_ref(), &options);
        seen.forget();
        observer
    }

    /// Shows these items; as many of them stay drawn as were.
    pub(in crate::browser::pages) fn show(self: &Rc<Self>, items: Vec<I>) -> JsResult {
        self.items.replace(items);
        self.round.set(self.round.get() + 1);
        self.draw()
    }

    /// Shows these items from the first on, as if there had been none before.
    pub(in crate::browser::pages) fn show_from_the_first(self: &Rc<Self>, items: Vec<I>) -> JsResult {
        self.length.set(STEP);
        self.revealed.take();
        self.show(items)
    }

    /// Shows one more, after all others.
    pub(in crate::browser::pages) fn append(self: &Rc<Self>, item: I) -> JsResult {
        self.items.borrow_mut().push(item);
        self.draw()
    }

    /// Brings what is drawn up to date, once this has been done to each item.
    pub(in crate::browser::pages) fn change(self: &Rc<Self>, change: impl FnMut(&mut I)) -> JsResult {
        self.items.borrow_mut().iter_mut().for_each(change);
        self.round.set(self.round.get() + 1);
        self.draw()
    }

    /// Draws an item that is to be looked at now. Its element, where there is such an item.
    pub(in crate::browser::pages) fn reveal(self: &Rc<Self>, key: &str) -> JsResult<Option<HtmlElement>> {
        self.revealed.replace(Some(key.to_owned()));
        self.draw()?;
        Ok(self.drawn.borrow().get(key).map(|drawn| drawn.element.clone()))
    }

    /// What the first item gives for which this gives anything.
    pub(in crate::browser::pages) fn find<T>(&self, look: impl FnMut(&I) -> Option<T>) -> Option<T> {
        self.items.borrow().iter().find_map(look)
    }

    fn draw(self: &Rc<Self>) -> JsResult {
        if self.draw_for_a_moment()? || self.is_drawing.replace(true) {
            return Ok(());
        }
        let this = Rc::clone(self);
        spawn(async move {
            let done = this.draw_the_rest().await;
            this.is_drawing.set(false);
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
        let (is_done, focus) = self.bring_up_to_date(had_focus, &Deadline::after(MOMENT))?;
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
    fn bring_up_to_date(&self, mut focus: Option<Element>, deadline: &Deadline) -> JsResult<(bool, Option<Element>)> {
        let items = self.items.borrow();
        let mut drawn = self.drawn.borrow_mut();
        let (length, round) = (self.length.get(), self.round.get());
        let revealed = self.revealed.borrow();
        let apart = revealed.as_ref().and_then(|key| items.iter().skip(length).find(|item| item.key() == *key));
        let shown: Vec<_> = items.iter().take(length).chain(apart).map(|item| (item.key(), item)).collect();

        let keys: HashSet<&String> = shown.iter().map(|(key, _)| key).collect();
        drawn.retain(|key, drawn| {
            let stays = keys.contains(key);
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
                Some(drawn) if drawn.version == item.version() => {
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
