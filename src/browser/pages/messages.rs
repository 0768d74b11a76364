//! The background, as a page sees it: questions and answers, announcements, and the few calls of the extension API that pages
//! make themselves.

use js_sys::Promise;
use serde::Serialize;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::browser::api;
use crate::browser::convert::{json, property, read_js, to_js, to_js_error};
use crate::browser::dom::JsResult;
use crate::error::{Error, ProgramError};
use crate::message::{Announcement, Broadcast, PageRequest, Response};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["browser", "runtime"], js_name = openOptionsPage)]
    async fn open_options_page_() -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "tabs"], js_name = getCurrent)]
    async fn current_tab() -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "tabs"], js_name = create)]
    async fn create_tab(properties: &JsValue) -> Result<JsValue, JsValue>;

    /// Only from within the handler of a click, before anything is awaited.
    #[wasm_bindgen(catch, js_namespace = ["browser", "permissions"], js_name = request)]
    fn request_permissions(permissions: &JsValue) -> Result<Promise, JsValue>;
}

/// Asks the background. A request that could not be carried out is an error.
pub(super) async fn ask(request: &PageRequest) -> Result<Response, Error> {
    let message = to_js(request)?;
    let answer = api::send_to_extension(&message).await.map_err(|thrown| ProgramError::CoreFailed {
        detail: property(&thrown, "message").as_string().unwrap_or_else(|| "no answer".to_owned()),
    })?;
    match Response::from_json(&json(&answer)?)? {
        Response::Failed { problem } => Err(problem),
        response => Ok(response),
    }
}

/// Whether this page is in a private window: Firefox opens no database there.
pub(super) fn is_private() -> bool {
    let browser = property(&js_sys::global(), "browser");
    property(&property(&browser, "extension"), "inIncognitoContext").is_truthy()
}

/// An answer to another question than the one that was asked.
pub(super) fn unexpected() -> Error {
    ProgramError::Argument { detail: "an answer to another question".to_owned() }.into()
}

/// Calls the handler for every announcement for as long as the page lives.
pub(super) fn listen(handler: impl Fn(Announcement) + 'static) {
    let listener = Closure::<dyn FnMut(JsValue)>::new(move |message| {
        // Other pages' requests to the background come by here as well.
        if let Ok(Broadcast { announcement }) = read_js(&message) {
            handler(announcement);
        }
    });
    api::add_message_listener(&listener);
    listener.forget();
}

/// Opens the options page; a popup closes over it.
pub(super) async fn open_options_page() -> JsResult {
    open_options_page_().await?;
    close_popup().await
}

/// Closes a popup; the same page in a tab stays.
pub(super) async fn close_popup() -> JsResult {
    if current_tab().await?.is_undefined() {
        super::dom::window()?.close()?;
    }
    Ok(())
}

/// Asks the person whether notifications of the system may be shown; whether they may. The question is put before this returns.
pub(super) fn request_notifications() -> JsResult<impl Future<Output = JsResult<bool>>> {
    #[derive(Serialize)]
    struct Permissions {
        permissions: [&'static str; 1],
    }
    let wanted = to_js(&Permissions { permissions: ["notifications"] });
    let asked = request_permissions(&wanted.map_err(|error| to_js_error(&error.into()))?)?;
    Ok(async move { Ok(JsFuture::from(asked).await?.is_truthy()) })
}

/// Opens the log page in a tab; a popup closes over it.
pub(super) async fn open_log_page() -> JsResult {
    #[derive(Serialize)]
    struct Tab {
        url: &'static str,
    }
    let tab = to_js(&Tab { url: "log.html" }).map_err(|error| to_js_error(&error.into()))?;
    create_tab(&tab).await?;
    if current_tab().await?.is_undefined() {
        super::dom::window()?.close()?;
    }
    Ok(())
}

/// Asks the person for that permission. The question is put before this returns.
pub(super) fn request_permission() -> JsResult<impl Future<Output = JsResult>> {
    let asked = request_permissions(&every_site()?)?;
    Ok(async move { Ok(JsFuture::from(asked).await.map(drop)?) })
}

fn every_site() -> JsResult<JsValue> {
    #[derive(Serialize)]
    struct Permissions {
        origins: [&'static str; 1],
    }
    Ok(to_js(&Permissions { origins: ["<all_urls>"] }).map_err(|error| to_js_error(&error.into()))?)
}
