//! A list of any length. The first elements are drawn, and more as one scrolls to them; what has been drawn is drawn again
//! only where it has changed. The drawing is done in moments, with a turn for everything else between them: sockets are
//! judged in the same thread.

mod drawing;

use std::any::Any;
use std::cell::{Ref, RefCell};
use std::rc::Rc;

use web_sys::{Element, HtmlElement};

use crate::browser::dom::JsResult;
use drawing::{AnyItem, Drawing, Items, Source};

/// One of what a list shows.
pub(in crate::browser::pages) trait Item: 'static {
    /// With another version the element is drawn anew.
    type Version: PartialEq + 'static;

    /// Which one it is, whatever becomes of it.
    fn key(&self) -> String;
    /// What the element depends on, but for what [`Self::update`] puts in.
    fn version(&self) -> Self::Version;
    /// Makes the element.
    fn draw(&self) -> JsResult<HtmlElement>;
    /// Puts in what may be another each time that the list is shown: how long ago something was.
    fn update(&self, element: &Element) -> JsResult;
}

pub(in crate::browser::pages) struct List<I> {
    items: Rc<RefCell<Vec<I>>>,
    drawing: Rc<Drawing>,
}

impl<I: Item> List<I> {
    /// Fills an element that has no content.
    pub(in crate::browser::pages) fn new(root: Element) -> JsResult<Rc<Self>> {
        let items: Rc<RefCell<Vec<I>>> = Rc::default();
        let source: Rc<RefCell<Vec<I>>> = Rc::clone(&items);
        Ok(Rc::new(Self { items, drawing: Drawing::new(root, source)? }))
    }

    /// Shows these items; as many of them stay drawn as were.
    pub(in crate::browser::pages) fn show(&self, items: Vec<I>) -> JsResult {
        self.items.replace(items);
        self.drawing.bring_up_to_date()
    }

    /// Shows these items from the first on, as if there had been none before.
    pub(in crate::browser::pages) fn show_from_the_first(&self, items: Vec<I>) -> JsResult {
        self.drawing.begin_anew();
        self.show(items)
    }

    /// Shows one more, after all others.
    pub(in crate::browser::pages) fn append(&self, item: I) -> JsResult {
        self.items.borrow_mut().push(item);
        self.drawing.draw()
    }

    /// Brings what is drawn up to date, once this has been done to each item.
    pub(in crate::browser::pages) fn change(&self, change: impl FnMut(&mut I)) -> JsResult {
        self.items.borrow_mut().iter_mut().for_each(change);
        self.drawing.bring_up_to_date()
    }

    /// Draws an item that is to be looked at now. Its element, where there is such an item.
    pub(in crate::browser::pages) fn reveal(&self, key: &str) -> JsResult<Option<HtmlElement>> {
        self.drawing.reveal(key)
    }

    /// What the first item gives for which this gives anything.
    pub(in crate::browser::pages) fn find<T>(&self, look: impl FnMut(&I) -> Option<T>) -> Option<T> {
        self.items.borrow().iter().find_map(look)
    }
}

impl<I: Item> Source for RefCell<Vec<I>> {
    fn items(&self) -> Ref<'_, dyn Items> {
        Ref::map(self.borrow(), |items| -> &dyn Items { items })
    }
}

impl<I: Item> Items for Vec<I> {
    fn len(&self) -> usize {
        self.len()
    }

    fn get(&self, place: usize) -> Option<&dyn AnyItem> {
        self.as_slice().get(place).map(|item| -> &dyn AnyItem { item })
    }
}

impl<I: Item> AnyItem for I {
    fn key(&self) -> String {
        Item::key(self)
    }

    fn has_version(&self, version: &dyn Any) -> bool {
        version.downcast_ref().is_some_and(|version| Item::version(self) == *version)
    }

    fn version(&self) -> Box<dyn Any> {
        Box::new(Item::version(self))
    }

    fn draw(&self) -> JsResult<HtmlElement> {
        Item::draw(self)
    }

    fn update(&self, element: &Element) -> JsResult {
        Item::update(self, element)
    }
}
