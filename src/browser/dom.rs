//! The document and its events. Text enters the document as text only.

use std::fmt::{self, Display};
use std::pin::Pin;

use js_sys::Promise;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Document, Element, Event, EventTarget, HtmlElement, Window};

use super::api;

/// A step that fails where the markup is not as the code expects it: a mistake of ours, shown as a failure of the page.
pub(super) type JsResult<T = ()> = Result<T, Thrown>;

/// What was thrown. It is behind a pointer, so that a step that gives nothing needs no more than one to say how it went.
#[derive(Debug)]
pub(super) struct Thrown(Box<JsValue>);

impl From<JsValue> for Thrown {
    fn from(thrown: JsValue) -> Self {
        Self(Box::new(thrown))
    }
}

impl From<Thrown> for JsValue {
    fn from(Thrown(thrown): Thrown) -> Self {
        *thrown
    }
}

pub(super) fn window() -> JsResult<Window> {
    web_sys::window().ok_or_else(|| missing("window"))
}

pub(super) fn document() -> JsResult<Document> {
    window()?.document().ok_or_else(|| missing("document"))
}

/// The id of an element. `id!` makes it of a literal, and nothing else makes any, so that a test finds every id that is used,
/// and holds them against those of the markup.
#[derive(Debug, Clone, Copy)]
pub(super) struct Id(&'static str);

/// An id as it stands in the markup: `id!("rules")`.
macro_rules! id {
    ($id:literal) => {
        $crate::browser::dom::Id::in_markup($id)
    };
}

pub(super) use id;

impl Id {
    /// For `id!` alone.
    pub(super) const fn in_markup(id: &'static str) -> Self {
        Self(id)
    }
}

impl Display for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

/// The element with this id.
pub(super) fn by_id<T: JsCast>(id: Id) -> JsResult<T> {
    element(id)?.dyn_into().map_err(|_| missing(id))
}

fn element(id: Id) -> JsResult<Element> {
    document()?.get_element_by_id(id.0).ok_or_else(|| missing(id))
}

/// Shows or hides an element.
pub(super) fn show(id: Id, shown: bool) -> JsResult {
    by_id::<HtmlElement>(id)?.set_hidden(!shown);
    Ok(())
}

/// Where what is typed goes from now on.
pub(super) fn focus(id: Id) -> JsResult {
    Ok(by_id::<HtmlElement>(id)?.focus()?)
}

/// Every element below `root` that the selector finds, in the order of the document.
pub(super) fn all<T: JsCast>(root: &Element, selector: &str) -> JsResult<Vec<T>> {
    let nodes = root.query_selector_all(selector)?;
    Ok((0..nodes.length()).filter_map(|index| nodes.item(index)?.dyn_into().ok()).collect())
}

/// What hears an event. Behind a pointer it is half of what a `dyn Fn` is, which could also be called by value.
trait Handler: 'static {
    fn hear(&self, event: Event) -> JsResult;
}

impl<F: Fn(Event) -> JsResult + 'static> Handler for F {
    fn hear(&self, event: Event) -> JsResult {
        self(event)
    }
}

/// Calls the handler for as long as the page lives. For rows that come and go, listen at their container.
pub(super) fn listen(target: &EventTarget, kind: &str, handler: impl Fn(Event) -> JsResult + 'static) -> JsResult {
    add_listener(target, kind, false, Box::new(handler))
}

/// The same, at the element with this id.
pub(super) fn listen_at(id: Id, kind: &str, handler: impl Fn(Event) -> JsResult + 'static) -> JsResult {
    add_listener_at(id, kind, Box::new(handler))
}

/// As [`listen`], for events that do not bubble.
pub(super) fn listen_capturing(
    target: &EventTarget,
    kind: &str,
    handler: impl Fn(Event) -> JsResult + 'static,
) -> JsResult {
    add_listener(target, kind, true, Box::new(handler))
}

fn add_listener_at(id: Id, kind: &str, handler: Box<dyn Handler>) -> JsResult {
    let target = element(id)?;
    add_listener(&target, kind, false, handler)
}

/// Whatever the handler is, the code that makes a listener of it is the same.
fn add_listener(target: &EventTarget, kind: &str, capture: bool, handler: Box<dyn Handler>) -> JsResult {
    let closure = Closure::<dyn Fn(Event)>::new(move |event| {
        if let Err(error) = handler.hear(event) {
            report(&error);
        }
    });
    target.add_event_listener_with_callback_and_bool(kind, closure.as_ref().unchecked_ref(), capture)?;
    closure.forget();
    Ok(())
}

/// The nearest element around an event's target that the selector fits.
pub(super) fn around<T: JsCast>(event: &Event, selector: &str) -> Option<T> {
    let target: Element = event.target()?.dyn_into().ok()?;
    target.closest(selector).ok()??.dyn_into().ok()
}

/// Runs what cannot be awaited where it begins.
pub(super) fn spawn(task: impl Future<Output = JsResult> + 'static) {
    spawn_boxed(Box::pin(task));
}

/// Whatever the task is, the code that runs it is the same.
fn spawn_boxed(task: Pin<Box<dyn Future<Output = JsResult>>>) {
    spawn_local(async move {
        if let Err(error) = task.await {
            report(&error);
        }
    });
}

/// Waits until what was drawn has been shown, and then for its turn: whatever else waits for this thread comes first.
pub(super) async fn shown() -> JsResult {
    let window = window()?;
    let mut asked = Ok(());
    let frame = Promise::new(&mut |resolve, _| asked = window.request_animation_frame(&resolve).map(drop));
    asked?;
    JsFuture::from(frame).await?;
    let turn = Promise::new(&mut |resolve, _| drop(api::set_timeout(&resolve, 0, &JsValue::UNDEFINED)));
    JsFuture::from(turn).await?;
    Ok(())
}

/// Tests and the person may look: the first data is drawn.
pub(super) fn ready() -> JsResult {
    let root: HtmlElement = document()?.document_element().ok_or_else(|| missing("html"))?.unchecked_into();
    Ok(root.dataset().set("ready", "true")?)
}

/// What every page has for the case that it does not work.
pub(super) fn report(Thrown(error): &Thrown) {
    let text =
        error.as_string().unwrap_or_else(|| String::from(js_sys::Object::from(JsValue::clone(error)).to_string()));
    if let Ok(detail) = by_id::<Element>(id!("failure-detail")) {
        detail.set_text_content(Some(&text));
    }
    // Where even this is missing there is no page to show anything on.
    let _ = show(id!("failure"), true);
}

/// The instance dies with a panic; the page stays and says so.
pub(super) fn report_panics() {
    std::panic::set_hook(Box::new(|panic| report(&JsValue::from_str(&panic.to_string()).into())));
}

pub(super) fn missing(what: impl Display) -> Thrown {
    Thrown::from(JsValue::from(js_sys::Error::new(&format!("the page has no {what}"))))
}
