//! The document: lookups that say what is missing, templates, texts, events. Text enters the document as text only.

use std::fmt::Display;

use js_sys::Promise;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    Document, DocumentFragment, Element, Event, EventTarget, HtmlDialogElement, HtmlElement, HtmlTemplateElement,
    Window,
};

use super::api;
use super::words::say;
use crate::view::notice::{Badge, Notice};

/// A step that fails where the markup is not as the code expects it: a mistake of ours, shown as a failure of the page.
pub(super) type Fallible<T = ()> = Result<T, JsValue>;

pub(super) fn window() -> Fallible<Window> {
    web_sys::window().ok_or_else(|| missing("window"))
}

pub(super) fn document() -> Fallible<Document> {
    window()?.document().ok_or_else(|| missing("document"))
}

/// The element with this id.
pub(super) fn by_id<T: JsCast>(id: &str) -> Fallible<T> {
    let element = document()?.get_element_by_id(id).ok_or_else(|| missing(id))?;
    element.dyn_into().map_err(|_| missing(id))
}

/// The first element below `root` that the selector finds.
pub(super) fn find<T: JsCast>(root: &Element, selector: &str) -> Fallible<T> {
    let element = root.query_selector(selector)?.ok_or_else(|| missing(selector))?;
    element.dyn_into().map_err(|_| missing(selector))
}

/// Every element below `root` that the selector finds, in the order of the document.
pub(super) fn all<T: JsCast>(root: &Element, selector: &str) -> Fallible<Vec<T>> {
    let nodes = root.query_selector_all(selector)?;
    Ok((0..nodes.length()).filter_map(|index| nodes.item(index)?.dyn_into().ok()).collect())
}

/// A copy of the one element in a template.
pub(super) fn from_template(id: &str) -> Fallible<Element> {
    let template: HtmlTemplateElement = by_id(id)?;
    let copy: DocumentFragment = document()?.import_node_with_deep(&template.content(), true)?.unchecked_into();
    copy.first_element_child().ok_or_else(|| missing(id))
}

/// Appends a child.
pub(super) fn append(parent: &Element, child: &Element) -> Fallible {
    parent.append_child(child).map(|_| ())
}

/// Sets the text of the first element below `root` that the selector finds.
pub(super) fn set_text(root: &Element, selector: &str, text: &str) -> Fallible {
    find::<Element>(root, selector)?.set_text_content(Some(text));
    Ok(())
}

/// Sets the words and tone of a badge, and shows it.
pub(super) fn set_badge(root: &Element, selector: &str, badge: &Badge) -> Fallible {
    let element: HtmlElement = find(root, selector)?;
    element.set_text_content(Some(&say(&badge.text)));
    element.dataset().set("tone", badge.tone.as_str())?;
    element.set_hidden(false);
    Ok(())
}

/// Says these notices in a message area. One that says them already is left alone, so that nothing is read out twice.
pub(super) fn set_notices(area: &Element, notices: &[Notice]) -> Fallible {
    let text: String = notices.iter().map(|notice| say(&notice.text)).collect();
    let is_said = area.text_content().unwrap_or_default() == text && !kind_changed(area, notices)?;
    if is_said {
        return Ok(());
    }
    area.set_text_content(None);
    for notice in notices {
        let element: HtmlElement = from_template("notice-template")?.unchecked_into();
        element.dataset().set("kind", notice.kind.as_str())?;
        element.dataset().set("code", notice.code)?;
        element.set_text_content(Some(&say(&notice.text)));
        append(area, &element)?;
    }
    Ok(())
}

fn kind_changed(area: &Element, notices: &[Notice]) -> Fallible<bool> {
    let said: Vec<HtmlElement> = all(area, ".notice")?;
    Ok(said.len() != notices.len()
        || said
            .iter()
            .zip(notices)
            .any(|(said, notice)| said.dataset().get("kind").as_deref() != Some(notice.kind.as_str())))
}

/// Shows or hides an element.
pub(super) fn show(id: &str, shown: bool) -> Fallible {
    by_id::<HtmlElement>(id)?.set_hidden(!shown);
    Ok(())
}

/// Tells screen readers what happened where it is not in sight.
pub(super) fn announce(text: &str) -> Fallible {
    by_id::<Element>("announcement")?.set_text_content(Some(text));
    Ok(())
}

/// Lets a button of a dialog close it, and opens nothing.
pub(super) fn close_by(button: &str, dialog: &str) -> Fallible {
    let dialog: HtmlDialogElement = by_id(dialog)?;
    listen(&by_id::<EventTarget>(button)?, "click", move |_| {
        dialog.close();
        Ok(())
    })
}

/// Calls the handler for as long as the page lives. For rows that come and go, listen at their container.
pub(super) fn listen(target: &EventTarget, kind: &str, handler: impl Fn(Event) -> Fallible + 'static) -> Fallible {
    add_listener(target, kind, false, handler)
}

/// As [`listen`], for events that do not bubble.
pub(super) fn listen_capturing(
    target: &EventTarget,
    kind: &str,
    handler: impl Fn(Event) -> Fallible + 'static,
) -> Fallible {
    add_listener(target, kind, true, handler)
}

fn add_listener(
    target: &EventTarget,
    kind: &str,
    capture: bool,
    handler: impl Fn(Event) -> Fallible + 'static,
) -> Fallible {
    let closure = Closure::<dyn Fn(Event)>::new(move |event| {
        if let Err(error) = handler(event) {
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
pub(super) fn spawn(task: impl Future<Output = Fallible> + 'static) {
    spawn_local(async move {
        if let Err(error) = task.await {
            report(&error);
        }
    });
}

/// Waits until what was drawn has been shown, and then for its turn: whatever else waits for this thread comes first.
pub(super) async fn shown() -> Fallible {
    let window = window()?;
    let mut asked = Ok(());
    let frame = Promise::new(&mut |resolve, _| asked = window.request_animation_frame(&resolve).map(drop));
    asked?;
    JsFuture::from(frame).await?;
    let turn = Promise::new(&mut |resolve, _| drop(api::set_timeout(&resolve, 0, &JsValue::UNDEFINED)));
    JsFuture::from(turn).await.map(drop)
}

/// Tests and the person may look: the first data is drawn.
pub(super) fn ready() -> Fallible {
    let root: HtmlElement = document()?.document_element().ok_or_else(|| missing("html"))?.unchecked_into();
    root.dataset().set("ready", "true")
}

/// What every page has for the case that it does not work.
pub(super) fn report(error: &JsValue) {
    let text = error.as_string().unwrap_or_else(|| String::from(js_sys::Object::from(error.clone()).to_string()));
    if let Ok(detail) = by_id::<Element>("failure-detail") {
        detail.set_text_content(Some(&text));
    }
    // Where even this is missing there is no page to show anything on.
    let _ = show("failure", true);
}

/// The instance dies with a panic; the page stays and says so.
pub(super) fn report_panics() {
    std::panic::set_hook(Box::new(|panic| report(&JsValue::from_str(&panic.to_string()))));
}

fn missing(what: impl Display) -> JsValue {
    js_sys::Error::new(&format!("the page has no {what}")).into()
}
