//! Sends the pre-flights: a bare request of the extension's own, cancelled as soon as the server's key is known.
//!
//! The browser shows an extension its own requests, so the facts of a probe are read as those of a handshake are. The
//! listeners are there only while a probe is under way, so that nothing else wakes or delays anything. They see no
//! sockets, so a probe cannot cause another.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use js_sys::{Array, Object, Promise, Reflect};
use serde::Serialize;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::AbortController;

use super::api::{self, Listener};
use super::convert::{property, to_js, to_js_error};
use super::socket::road;
use super::url_host::canonical_url;
use super::{promise, security_info};
use crate::limits::PREFLIGHT_DEADLINE_MS;
use crate::preflight::{Answer, NoAnswer, Probe, Road};

/// Sends probes; sockets that ask for the same one share it.
#[derive(Default)]
pub(super) struct Prober {
    air: Rc<Air>,
}

/// The probes under way.
#[derive(Default)]
struct Air {
    flights: RefCell<HashMap<String, Rc<Flight>>>,
    listeners: RefCell<Option<Listeners>>,
}

/// One probe under way.
struct Flight {
    proxy: Option<String>,
    /// The browser's name for its request, once it is about to leave.
    request_id: OnceCell<String>,
    /// What is known of it first holds.
    answer: OnceCell<Answer>,
    /// Settles when it has ended; never rejects.
    ended: RefCell<Promise>,
}

impl Prober {
    /// Sends the probe, or waits for the one that is under way.
    pub(super) async fn send(&self, probe: &Probe) -> Answer {
        let url = canonical_url(&probe.url()).ok_or(NoAnswer::Failed)?;
        let under_way = self.air.flights.borrow().get(&url).cloned();
        let flight = match under_way {
            Some(flight) if flight.proxy == probe.proxy => flight,
            // By its address alone its answer could not be told from that of the other road.
            Some(_) => return Err(NoAnswer::Proxy),
            None => self.begin(url, probe.proxy.clone()),
        };
        let ended = flight.ended.borrow().clone();
        let _ = JsFuture::from(ended).await;
        flight.answer.get().cloned().unwrap_or(Err(NoAnswer::Failed))
    }

    fn begin(&self, url: String, proxy: Option<String>) -> Rc<Flight> {
        let flight = Rc::new(Flight {
            proxy,
            request_id: OnceCell::new(),
            answer: OnceCell::new(),
            ended: RefCell::new(promise::settled()),
        });
        self.air.flights.borrow_mut().insert(url.clone(), Rc::clone(&flight));
        let (air, this) = (Rc::clone(&self.air), Rc::clone(&flight));
        let ended = future_to_promise(async move {
            // Where this fails, the flight has no answer.
            let _ = fly(&air, &this, &url).await;
            air.flights.borrow_mut().remove(&url);
            if air.flights.borrow().is_empty() {
                air.listeners.take();
            }
            Ok(JsValue::UNDEFINED)
        });
        *flight.ended.borrow_mut() = ended;
        flight
    }
}

async fn fly(air: &Rc<Air>, flight: &Flight, url: &str) -> Result<(), JsValue> {
    let abort = AbortController::new()?;
    let request = to_js(&REQUEST).map_err(|error| to_js_error(&error))?;
    Reflect::set(&request, &JsValue::from_str("signal"), &abort.signal())?;
    if air.listeners.borrow().is_none() {
        let added = Listeners::add(air)?;
        air.listeners.replace(Some(added));
    }
    let url = url.to_owned();
    let sent = future_to_promise(async move {
        // The browser asks a listener that it knows of, which is not at once one that has been added.
        api::round_trip().await?;
        // Cancelled where all goes well, so this ends in an error.
        let _ = api::fetch(&url, &request).await;
        Ok(JsValue::UNDEFINED)
    });
    let in_time = promise::within(&sent, PREFLIGHT_DEADLINE_MS).await;
    abort.abort();
    if !in_time {
        // The cell keeps what a listener has found out in time.
        let _ = flight.answer.set(Err(NoAnswer::Deadline));
    }
    Ok(())
}

/// The request that is sent: nothing that the page or the person brings.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    method: &'static str,
    credentials: &'static str,
    cache: &'static str,
    redirect: &'static str,
    referrer_policy: &'static str,
}

const REQUEST: Request = Request {
    method: "HEAD",
    credentials: "omit",
    cache: "no-store",
    redirect: "manual",
    referrer_policy: "no-referrer",
};

/// The listeners, until this is dropped.
struct Listeners {
    before_request: Listener,
    headers_received: Listener,
}

impl Listeners {
    fn add(air: &Rc<Air>) -> Result<Self, JsValue> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Filter {
            urls: [&'static str; 1],
            types: [&'static str; 1],
            tab_id: i32,
        }
        // A background belongs to no tab. No pattern has a port, and the address is compared in any case.
        let filter = Filter { urls: ["https://*/*"], types: ["xmlhttprequest"], tab_id: -1 };
        let filter = to_js(&filter).map_err(|error| to_js_error(&error))?;
        let blocking = Array::of1(&JsValue::from_str("blocking"));
        let (sky, clouds) = (Rc::downgrade(air), Rc::downgrade(air));
        let listeners = Self {
            before_request: Listener::new(move |details| {
                sky.upgrade()
                    .and_then(|air| air.flight_of(&details))
                    .map_or_else(go_on, |flight| take_off(&flight, &details))
            }),
            headers_received: Listener::new(move |details| {
                clouds
                    .upgrade()
                    .and_then(|air| air.flight_of(&details))
                    .map_or_else(go_on, |flight| land(flight, &details))
            }),
        };
        api::add_before_request_listener(&listeners.before_request, &filter, &blocking)?;
        api::add_headers_received_listener(&listeners.headers_received, &filter, &blocking)?;
        Ok(listeners)
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        // A listener that the browser has forgotten by itself need not be taken away.
        let _ = api::remove_before_request_listener(&self.before_request);
        let _ = api::remove_headers_received_listener(&self.headers_received);
    }
}

impl Air {
    /// The flight that this request is, if it is one of ours.
    fn flight_of(&self, details: &JsValue) -> Option<Rc<Flight>> {
        let text = |name: &str| property(details, name).as_string();
        let is_ours =
            text("method")? == REQUEST.method && text("originUrl")?.starts_with(&api::extension_url("").ok()?);
        if is_ours { self.flights.borrow().get(&text("url")?).cloned() } else { None }
    }
}

/// It is about to be sent: only by the road that the socket takes.
fn take_off(flight: &Flight, details: &JsValue) -> JsValue {
    let expected = Road { proxy: flight.proxy.clone(), ..Road::default() };
    let request_id = property(details, "requestId").as_string().unwrap_or_default();
    if road(details) == expected && flight.request_id.set(request_id).is_ok() {
        return go_on();
    }
    let _ = flight.answer.set(Err(NoAnswer::Proxy));
    cancel()
}

/// The server has answered, so its key is known, and no more is wanted of it.
fn land(flight: Rc<Flight>, details: &JsValue) -> JsValue {
    let request_id = property(details, "requestId").as_string().unwrap_or_default();
    // Not one that an earlier flight has left behind.
    if flight.request_id.get() != Some(&request_id) {
        return cancel();
    }
    if property(details, "statusLine").as_string().is_some_and(|line| line.starts_with(HTTP3)) {
        let _ = flight.answer.set(Err(NoAnswer::Http3));
        return cancel();
    }
    let landed = future_to_promise(async move {
        let facts = security_info::facts(&request_id).await;
        let _ = flight.answer.set(Ok(facts));
        Ok(cancel())
    });
    landed.into()
}

const HTTP3: &str = "HTTP/3";

fn go_on() -> JsValue {
    Object::new().into()
}

fn cancel() -> JsValue {
    let response = Object::new();
    // Setting a property of an object that was made a line above cannot fail.
    let _ = Reflect::set(&response, &JsValue::from_str("cancel"), &JsValue::TRUE);
    response.into()
}
