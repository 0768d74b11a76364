//! The lab's live sockets: opened as any page opens them.

use std::cell::Cell;
use std::rc::Rc;

use serde::Deserialize;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{CloseEvent, Element, EventTarget, HtmlElement, HtmlInputElement, Response, WebSocket};

use crate::browser::api::set_timeout;
use crate::browser::convert::from_js;
use crate::browser::dom::{JsResult, by_id, id, listen, show, spawn, window};
use crate::browser::part::{Part, part, part_around};
use crate::browser::words::say;
use crate::view::attempt::Progress;
use crate::view::demo::{DemoSocket, Expectation};

/// What is sent over a socket that opens. The demo servers send it back.
const FRAME: &str = "Hello from the Sockpin lab";

/// Longer than the extension's own deadline, so that a slow "no" is still seen as one.
const PATIENCE_MS: i32 = 15_000;

/// How long an open socket waits for its frame to come back.
const ECHO_PATIENCE_MS: i32 = 3_000;

/// `demo.json`, which the demo's server makes; elsewhere there is none.
#[derive(Deserialize)]
struct Demo {
    sockets: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    id: DemoSocket,
    url: String,
    expect: Expectation,
}

pub(super) async fn start() -> JsResult {
    match demo().await {
        Some(demo) => {
            Part::with_id(id!("sockets"))?.fill(demo.sockets.iter().map(draw))?;
            show(id!("try-all"), true)?;
        }
        None => show(id!("custom"), true)?,
    }
    listen(&by_id::<EventTarget>(id!("sockets"))?, "click", |event| {
        match part_around(&event, part!("try")).and_then(|_| part_around(&event, part!("socket"))) {
            Some(socket) => try_listed(&socket),
            None => Ok(()),
        }
    })?;
    listen(&by_id::<EventTarget>(id!("try-all"))?, "click", |_| {
        Part::with_id(id!("sockets"))?.all(part!("socket"))?.iter().try_for_each(try_listed)
    })?;
    listen(&by_id::<EventTarget>(id!("custom"))?, "submit", |event| {
        event.prevent_default();
        let url = by_id::<HtmlInputElement>(id!("custom-url"))?.value();
        try_socket(by_id(id!("custom-result"))?, url.trim())
    })
}

async fn demo() -> Option<Demo> {
    let response: Response = JsFuture::from(window().ok()?.fetch_with_str("demo.json")).await.ok()?.dyn_into().ok()?;
    if !response.ok() {
        return None;
    }
    from_js(&JsFuture::from(response.json().ok()?).await.ok()?).ok()
}

fn draw(listed: &Listed) -> JsResult<Part> {
    let element = Part::copy(id!("socket-template"))?;
    element.root().dataset().set("socket", listed.id.as_str())?;
    element.say(part!("label"), &listed.id.label())?;
    element.say(part!("about"), &listed.id.about())?;
    element.text(part!("url"), &listed.url)?;
    element.say(part!("expect"), &listed.expect.sentence())?;
    element.label(part!("try"), &listed.id.attempt())?;
    Ok(element)
}

fn try_listed(socket: &Part) -> JsResult {
    let url = socket.get::<Element>(part!("url"))?.text_content().unwrap_or_default();
    try_socket(socket.get(part!("result"))?, &url)
}

fn try_socket(result: HtmlElement, url: &str) -> JsResult {
    show_progress(&result, Progress::Trying)?;
    let Ok(socket) = WebSocket::new(url) else {
        return show_progress(&result, Progress::Invalid);
    };
    let attempt = Rc::new(Attempt { result, socket, is_open: Cell::new(false), is_over: Cell::new(false) });
    attempt.watch()
}

/// One socket, from the click to its end.
struct Attempt {
    result: HtmlElement,
    socket: WebSocket,
    is_open: Cell<bool>,
    is_over: Cell<bool>,
}

impl Attempt {
    fn watch(self: &Rc<Self>) -> JsResult {
        let this = Rc::clone(self);
        listen(&self.socket, "open", move |_| {
            this.is_open.set(true);
            this.socket.send_with_str(FRAME)?;
            show_progress(&this.result, Progress::Open)?;
            let this = Rc::clone(&this);
            after(ECHO_PATIENCE_MS, move || this.end());
            Ok(())
        })?;
        let this = Rc::clone(self);
        listen(&self.socket, "message", move |_| {
            if !this.is_over.get() {
                show_progress(&this.result, Progress::Answered)?;
            }
            this.end()
        })?;
        let this = Rc::clone(self);
        listen(&self.socket, "close", move |event| {
            let code = event.dyn_ref::<CloseEvent>().map_or(1006, CloseEvent::code);
            if !this.is_open.get() && !this.is_over.replace(true) {
                show_progress(&this.result, Progress::Refused { code })?;
            }
            Ok(())
        })?;
        let this = Rc::clone(self);
        after(PATIENCE_MS, move || {
            if !this.is_open.get() && !this.is_over.get() {
                show_progress(&this.result, Progress::Silent)?;
                return this.end();
            }
            Ok(())
        });
        Ok(())
    }

    fn end(&self) -> JsResult {
        if self.is_over.replace(true) { Ok(()) } else { Ok(self.socket.close()?) }
    }
}

fn show_progress(result: &HtmlElement, progress: Progress) -> JsResult {
    result.dataset().set("state", progress.state())?;
    result.set_text_content(Some(&say(&progress.sentence())));
    Ok(())
}

fn after(milliseconds: i32, task: impl FnOnce() -> JsResult + 'static) {
    let callback = Closure::once_into_js(move || spawn(async move { task() }));
    set_timeout(callback.unchecked_ref(), milliseconds, &JsValue::UNDEFINED);
}
