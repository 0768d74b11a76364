//! From the `details` of a `webRequest` event to a [`Socket`].

use js_sys::JSON;
use wasm_bindgen::JsValue;

use crate::browser::clock;
use crate::browser::convert::property;
use crate::browser::url_host::{origin, url_host};
use crate::connection::Address;
use crate::engine::Socket;
use crate::error::{Error, ProgramError};
use crate::preflight::{Proxy, Route};
use crate::tab_sockets::Detail;

/// Reads what the browser documents; an event without id or URL is no event.
pub(super) fn read(details: &JsValue) -> Result<Socket, Error> {
    let text = |name: &'static str| property(details, name).as_string();
    let needed = |name: &'static str| {
        text(name).ok_or_else(|| ProgramError::Argument { detail: format!("the event has no {name}") })
    };
    let document = text("documentUrl").or_else(|| text("originUrl"));
    Ok(Socket {
        request: needed("requestId")?,
        address: Address::read(needed("url")?, &url_host),
        page: document.as_deref().and_then(origin),
        tab: tab(property(details, "tabId").as_f64()),
        route: route(details),
        status: status(details),
        now: clock::now()?,
    })
}

/// Whether an answer opens a socket: 101 (RFC 6455 section 4.2.2), or 200 over HTTP/2 (RFC 8441 section 5).
pub(super) fn opens(details: &JsValue) -> bool {
    const HTTP2: &str = "HTTP/2";
    let over_http2 = || property(details, "statusLine").as_string().is_some_and(|line| line.starts_with(HTTP2));
    match status(details) {
        Some(101) => true,
        Some(200) => over_http2(),
        _ => false,
    }
}

/// Why a request that has ended has opened no socket, if it has not.
pub(super) fn failure(details: &JsValue) -> Option<Detail> {
    match property(details, "error").as_string() {
        Some(error) => Some(Detail::new(&error)),
        None if opens(details) => None,
        None => status(details).map(Detail::of_status),
    }
}

/// How a request travels.
pub(super) fn route(details: &JsValue) -> Route {
    const DEFAULT_CONTAINER: &str = "firefox-default";
    let container = property(details, "cookieStoreId").as_string();
    // Mostly there is none, and to read a property of nothing is an exception, which takes longer than all the rest.
    let proxy = Some(property(details, "proxyInfo")).filter(JsValue::is_object);
    Route {
        // Where the browser does not say, nothing is written to disk.
        private: property(details, "incognito").as_bool().unwrap_or(true),
        container: container.is_some_and(|id| id != DEFAULT_CONTAINER),
        proxy: proxy.as_ref().and_then(read_proxy),
    }
}

/// None for a direct connection.
fn read_proxy(proxy: &JsValue) -> Option<Proxy> {
    let kind = property(proxy, "type").as_string();
    let over_tls = match kind.as_deref() {
        Some("direct") => return None,
        Some("http" | "socks" | "socks4") => false,
        _ => true,
    };
    Some(Proxy { description: JSON::stringify(proxy).map(String::from).unwrap_or_default(), over_tls })
}

/// The status of the answer, in events that have one.
pub(super) fn status(details: &JsValue) -> Option<u16> {
    integer(property(details, "statusCode").as_f64()?)
}

/// Sockets of workers may belong to no tab: -1.
pub(super) fn tab(id: Option<f64>) -> Option<i32> {
    integer(id?).filter(|id| *id >= 0)
}

/// A number of JavaScript's as the whole number that it is; none where it is no such number.
#[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "there is no other way, and it is checked")]
fn integer<T: TryFrom<i64>>(number: f64) -> Option<T> {
    // Exact in this range (ECMA-262, Number.MAX_SAFE_INTEGER).
    let is_whole = number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_991.0;
    is_whole.then_some(number as i64).and_then(|whole| T::try_from(whole).ok())
}
