//! A link to a file of rules, which a page has led here with, or which was dropped. Nothing is asked for before the person says so,
//! for anybody can make such a link; and what is read goes to the preview, as a file does.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{JSON, Promise, Reflect, Uint8Array};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, EventTarget, HtmlElement, Response, UrlSearchParams};

use super::import_section::Input;
use super::ui::notices::set_notices;
use crate::browser::convert::property;
use crate::browser::dom::{JsResult, by_id, focus, id, listen, listen_at, show, spawn, window};
use crate::browser::part::{Part, say_in};
use crate::browser::promise::{after, within};
use crate::browser::url_host::url_host;
use crate::error::ImportError;
use crate::formats::link::RulesLink;
use crate::limits::{LINK_DEADLINE_MS, LINK_WHOLE_DEADLINE_MS, MAX_IMPORT_BYTES};
use crate::view::notice::Notice;
use crate::view::source::{Problem, Source};
use crate::view::transfer as words;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_name = fetch)]
    fn begin_fetch(url: &str, options: &JsValue) -> Result<Promise, JsValue>;

    /// A `ReadableStream`.
    type Stream;

    /// Of a stream of bytes.
    type Reader;

    #[wasm_bindgen(method, catch, js_name = getReader)]
    fn get_reader(this: &Stream) -> Result<Reader, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn read(this: &Reader) -> Result<Promise, JsValue>;
}

pub(super) struct ImportLink {
    link: RefCell<Option<RulesLink>>,
    /// Which link it is: what is under way for an earlier one ends.
    round: Cell<u64>,
    reading: RefCell<Option<AbortController>>,
    take: Box<dyn Fn(Input) -> JsResult>,
}

impl ImportLink {
    /// `take` is given what was read.
    pub(super) fn new(take: impl Fn(Input) -> JsResult + 'static) -> JsResult<Rc<Self>> {
        let link = Rc::new(Self {
            link: RefCell::default(),
            round: Cell::new(0),
            reading: RefCell::default(),
            take: Box::new(take),
        });
        let this = Rc::clone(&link);
        listen_at(id!("import-link-read"), "click", move |_| {
            let this = Rc::clone(&this);
            spawn(async move { this.read().await });
            Ok(())
        })?;
        let this = Rc::clone(&link);
        listen_at(id!("import-link-discard"), "click", move |_| {
            this.close()?;
            focus(id!("import-file"))
        })?;
        let this = Rc::clone(&link);
        listen(&EventTarget::from(window()?), "hashchange", move |_| this.open_from_address())?;
        Ok(link)
    }

    /// Asks about the link that the page's address names, if it names one: `#import=…`.
    pub(super) fn open_from_address(&self) -> JsResult {
        let window = window()?;
        let address = window.location().hash()?;
        let Some(link) = UrlSearchParams::new_with_str(address.trim_start_matches('#'))?.get("import") else {
            return Ok(());
        };
        // Loaded again, the page does not ask again.
        window.history()?.replace_state_with_url(&JsValue::NULL, "", Some(&window.location().pathname()?))?;
        self.offer(&link)
    }

    /// Asks whether it is to be read.
    pub(super) fn offer(&self, link: &str) -> JsResult {
        self.close()?;
        let link = RulesLink::parse(link, &url_host);
        let refusal = link.is_none().then(words::link_refused);
        say(refusal.as_slice())?;
        let focus = match &link {
            Some(link) => {
                say_in(id!("import-link-about"), &words::link(&link.host().to_string()))?;
                Part::with_id(id!("import-link-address"))?.root().set_text_content(Some(link.address()));
                show(id!("import-link"), true)?;
                id!("import-link-heading")
            }
            None => id!("import-file"),
        };
        self.link.replace(link);
        by_id::<HtmlElement>(id!("import-card"))?.scroll_into_view();
        Ok(by_id::<HtmlElement>(focus)?.focus()?)
    }

    async fn read(&self) -> JsResult {
        let Some(address) = self.link.borrow().as_ref().map(|link| link.address().to_owned()) else {
            return Ok(());
        };
        if self.reading.borrow().is_some() {
            return Ok(());
        }
        let (abort, round) = (AbortController::new()?, self.round.get());
        self.reading.replace(Some(abort.clone()));
        let end = abort.clone();
        spawn(async move {
            after(LINK_WHOLE_DEADLINE_MS).await;
            end.abort();
            Ok(())
        });
        say(&[words::link_reading()])?;
        // Whatever the browser throws here, it is that there is no file.
        let bytes = load(&address, &abort).await.unwrap_or(Err(Problem::Unreachable));
        // Ends the download if it was broken off.
        abort.abort();
        if self.round.get() != round {
            return Ok(());
        }
        self.reading.take();
        let was_read = bytes.is_ok();
        if was_read {
            self.close()?;
        } else {
            say(&[])?;
        }
        (self.take)((Source::File(address), bytes))?;
        // The button that was clicked is gone; a preview takes the focus itself.
        if was_read && by_id::<HtmlElement>(id!("import-preview"))?.hidden() {
            focus(id!("import-file"))?;
        }
        Ok(())
    }

    /// Forgets the link, and what is being read from it.
    pub(super) fn close(&self) -> JsResult {
        self.round.set(self.round.get().wrapping_add(1));
        self.link.take();
        if let Some(abort) = self.reading.take() {
            abort.abort();
        }
        say(&[])?;
        show(id!("import-link"), false)
    }
}

fn say(notices: &[Notice]) -> JsResult {
    set_notices(&by_id(id!("import-message"))?, notices)
}

/// What the address gives.
async fn load(address: &str, abort: &AbortController) -> JsResult<Result<Vec<u8>, Problem>> {
    let request = JSON::parse(REQUEST)?;
    Reflect::set(&request, &JsValue::from_str("signal"), &abort.signal())?;
    let response: Response = in_time(begin_fetch(address, &request)?).await?.dyn_into()?;
    if response.ok() { read_whole(&response).await } else { Ok(Err(Problem::Status(response.status()))) }
}

/// Not more than is imported, whatever the server says about the length.
async fn read_whole(response: &Response) -> JsResult<Result<Vec<u8>, Problem>> {
    let mut bytes = Vec::new();
    let body = property(response, "body");
    if body.is_null() {
        return Ok(Ok(bytes));
    }
    let reader = body.unchecked_into::<Stream>().get_reader()?;
    loop {
        let part = in_time(reader.read()?).await?;
        if property(&part, "done").is_truthy() {
            return Ok(Ok(bytes));
        }
        let part: Uint8Array = property(&part, "value").dyn_into()?;
        bytes.extend(part.to_vec());
        if bytes.len() > MAX_IMPORT_BYTES {
            let error = ImportError::TooLarge { bytes: bytes.len(), limit: MAX_IMPORT_BYTES };
            return Ok(Err(Problem::Content(error.into())));
        }
    }
}

/// What is promised; an error where the server says nothing for too long.
async fn in_time(promised: Promise) -> JsResult<JsValue> {
    if within(&promised, LINK_DEADLINE_MS).await {
        Ok(JsFuture::from(promised).await?)
    } else {
        Err(JsValue::NULL.into())
    }
}

/// The request: nothing of the person, not whence they come, and to nobody but the server that they have been asked about. It could
/// lead on into their own network, or to somebody in whose name it would like to speak.
const REQUEST: &str =
    r#"{"credentials": "omit", "cache": "no-store", "redirect": "error", "referrerPolicy": "no-referrer"}"#;
