//! A text that is handed to the browser as a file.

use std::cell::RefCell;

use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, HtmlAnchorElement, Url};

use crate::browser::dom::{JsResult, document};

#[derive(Default)]
pub(super) struct Download {
    /// The address of the last one, which must stay until the browser has read it.
    last: RefCell<Option<String>>,
}

impl Download {
    /// Has the browser save a text under this name.
    pub(super) fn offer(&self, text: &str, name: &str) -> JsResult {
        self.offer_parts(&Array::of1(&JsValue::from_str(text)), name)
    }

    /// The same of a text in parts.
    pub(super) fn offer_parts(&self, parts: &Array, name: &str) -> JsResult {
        let blob = Blob::new_with_str_sequence(parts)?;
        let url = Url::create_object_url_with_blob(&blob)?;
        let link: HtmlAnchorElement = document()?.create_element("a")?.unchecked_into();
        link.set_href(&url);
        link.set_download(name);
        link.click();
        match self.last.replace(Some(url)) {
            Some(before) => Ok(Url::revoke_object_url(&before)?),
            None => Ok(()),
        }
    }
}
