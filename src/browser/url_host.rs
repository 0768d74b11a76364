//! The browser's own URL host parser, for internationalised names and odd addresses.

use std::cell::RefCell;

use web_sys::Url;

/// See [`crate::host::UrlHostParser`].
pub(super) fn url_host(host: &str) -> Option<String> {
    let url = Url::new(&format!("https://{host}/")).ok()?;
    Some(url.hostname()).filter(|hostname| !hostname.is_empty())
}

/// A URL as the browser itself writes it: what the events of `webRequest` carry already.
pub(super) fn canonical_url(url: &str) -> Option<String> {
    Url::new(url).ok().map(|url| url.href())
}

/// The origin of a document's URL; the bare scheme (`data:`) where it has none to show. A document that opens one socket
/// opens others, and each is asked about several times: the last answer is kept.
pub(super) fn origin(url: &str) -> Option<String> {
    thread_local! {
        static LAST: RefCell<(String, Option<String>)> = RefCell::default();
    }
    LAST.with_borrow_mut(|(document, origin)| {
        if document != url {
            url.clone_into(document);
            *origin = read_origin(url);
        }
        origin.clone()
    })
}

fn read_origin(url: &str) -> Option<String> {
    const OPAQUE: &str = "null";
    let url = Url::new(url).ok()?;
    let origin = url.origin();
    Some(if origin == OPAQUE { url.protocol() } else { origin })
}
