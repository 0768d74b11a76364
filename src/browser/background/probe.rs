//! Sends the probes of the pre-flight: a bare request of the extension's own, cancelled as soon as the server's key is known.
//!
//! The browser shows an extension its own requests, so the facts of a probe are read as those of a handshake are. The
//! listeners are there only while a probe is under way. They see no sockets, so a probe cannot cause another.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

use js_sys::{JSON, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortController;

use super::api::{self, ProbeListeners};
use super::own_requests::{OwnListener, OwnRequests, cancel, go_on};
use super::request_details::{route, status};
use crate::browser::convert::property;
use crate::browser::url_host::canonical_url;
use crate::browser::{promise, security_info};
use crate::connection::{Facts, MissingFacts};
use crate::limits::PREFLIGHT_DEADLINE_MS;
use crate::preflight::{Probe, ProbeAnswer, ProbeFailure, Proxy, Route};

/// Sends probes; sockets that ask for the same one share it.
pub(super) struct Prober {
    in_flight: Rc<InFlight>,
}

/// The probes under way.
struct InFlight {
    /// Each with its address; there are few.
    probes: RefCell<Vec<(String, Rc<PendingProbe>)>>,
    registry: ProbeListeners,
    listeners: RefCell<Option<Listeners>>,
}

/// One probe under way.
struct PendingProbe {
    proxy: Option<Proxy>,
    /// The browser's name for its request, once it is about to leave.
    request_id: OnceCell<String>,
    /// The first answer holds.
    answer: OnceCell<ProbeAnswer>,
    /// The facts of an answer that may come from the proxy. They are dropped if the browser asks again, and used if it does not.
    ambiguous: Cell<Option<Facts>>,
    /// Settles when it has ended; never rejects.
    ended: RefCell<Promise>,
}

impl Prober {
    pub(super) fn new(registry: ProbeListeners) -> Self {
        let in_flight = InFlight { probes: RefCell::default(), registry, listeners: RefCell::default() };
        Self { in_flight: Rc::new(in_flight) }
    }

    /// Sends the probe, or waits for the one that is under way.
    pub(super) async fn send(&self, probe: &Probe) -> ProbeAnswer {
        let Some(url) = canonical_url(&probe.url()) else {
            return ProbeAnswer::None(ProbeFailure::Failed);
        };
        let under_way = self.in_flight.probe_at(&url);
        let pending = match under_way {
            Some(pending) if pending.proxy == probe.proxy => pending,
            // By its address alone its answer could not be told from that of the other route.
            Some(_) => return ProbeAnswer::None(ProbeFailure::Proxy),
            None => self.begin(url, probe.proxy.clone()),
        };
        let ended = pending.ended.borrow().clone();
        let _ = JsFuture::from(ended).await;
        pending.answer.get().cloned().unwrap_or(ProbeAnswer::None(ProbeFailure::Failed))
    }

    fn begin(&self, url: String, proxy: Option<Proxy>) -> Rc<PendingProbe> {
        let pending = Rc::new(PendingProbe {
            proxy,
            request_id: OnceCell::new(),
            answer: OnceCell::new(),
            ambiguous: Cell::new(None),
            ended: RefCell::new(promise::resolved()),
        });
        self.in_flight.probes.borrow_mut().push((url.clone(), Rc::clone(&pending)));
        let (in_flight, this) = (Rc::clone(&self.in_flight), Rc::clone(&pending));
        let ended = promise::of(async move {
            // Where this fails, the probe has no answer.
            let _ = send(&in_flight, &this, &url).await;
            in_flight.probes.borrow_mut().retain(|(of, _)| *of != url);
            if in_flight.probes.borrow().is_empty() {
                in_flight.listeners.take();
            }
            Ok(JsValue::UNDEFINED)
        });
        *pending.ended.borrow_mut() = ended;
        pending
    }
}

async fn send(in_flight: &Rc<InFlight>, pending: &PendingProbe, url: &str) -> Result<(), JsValue> {
    let abort = AbortController::new()?;
    let request = JSON::parse(REQUEST)?;
    Reflect::set(&request, &JsValue::from_str("signal"), &abort.signal())?;
    if in_flight.listeners.borrow().is_none() {
        let added = Listeners::add(in_flight)?;
        in_flight.listeners.replace(Some(added));
    }
    let url = url.to_owned();
    let sent = promise::of(async move {
        // The browser calls a listener only once it has heard of it: a moment after it was added.
        api::round_trip().await?;
        // Cancelled where all goes well, so this ends in an error.
        let _ = api::fetch(&url, &request).await;
        Ok(JsValue::UNDEFINED)
    });
    let in_time = promise::within(&sent, PREFLIGHT_DEADLINE_MS).await;
    abort.abort();
    // The cell keeps what a listener has found out in time.
    let _ = match pending.ambiguous.take() {
        Some(Facts::Missing(MissingFacts::NoCertificates)) => {
            pending.answer.set(ProbeAnswer::None(ProbeFailure::ProxyPassword))
        }
        Some(facts) => pending.answer.set(ProbeAnswer::Ambiguous(facts)),
        None if api::is_offline() => pending.answer.set(ProbeAnswer::None(ProbeFailure::Offline)),
        None if !in_time => pending.answer.set(ProbeAnswer::None(ProbeFailure::Deadline)),
        None => Ok(()),
    };
    Ok(())
}

/// The request that is sent: nothing that the page or the person brings.
const REQUEST: &str = r#"{
    "method": "HEAD", "credentials": "omit", "cache": "no-store", "redirect": "manual", "referrerPolicy": "no-referrer"
}"#;

/// The one of [`REQUEST`].
const METHOD: &str = "HEAD";

/// What the browser calls while probes are under way.
struct Listeners {
    _held: [OwnListener; 3],
}

impl Listeners {
    fn add(in_flight: &Rc<InFlight>) -> Result<Self, JsValue> {
        let listen = |event, answer: fn(&Rc<PendingProbe>, &JsValue) -> JsValue| {
            let weak = Rc::downgrade(in_flight);
            OwnListener::add(&in_flight.registry, event, &OwnRequests::PROBES, move |details| {
                weak.upgrade()
                    .and_then(|in_flight| in_flight.probe_of(&details))
                    .map_or_else(go_on, |pending| answer(&pending, &details))
            })
        };
        Ok(Self {
            _held: [
                listen("onBeforeRequest", on_before_request)?,
                listen("onAuthRequired", on_auth_required)?,
                listen("onHeadersReceived", on_headers_received)?,
            ],
        })
    }
}

impl InFlight {
    fn probe_at(&self, url: &str) -> Option<Rc<PendingProbe>> {
        self.probes.borrow().iter().find(|(of, _)| of == url).map(|(_, probe)| Rc::clone(probe))
    }

    /// The probe to which this request belongs, if it is one of ours.
    fn probe_of(&self, details: &JsValue) -> Option<Rc<PendingProbe>> {
        let text = |name: &'static str| property(details, name).as_string();
        let is_ours = text("method")? == METHOD && text("originUrl")?.starts_with(&api::extension_url("").ok()?);
        if is_ours { self.probe_at(&text("url")?) } else { None }
    }
}

/// It is about to be sent: only by the route that the socket takes.
fn on_before_request(pending: &Rc<PendingProbe>, details: &JsValue) -> JsValue {
    let expected = Route { proxy: pending.proxy.clone(), ..Route::default() };
    let request_id = property(details, "requestId").as_string().unwrap_or_default();
    // It comes again where the proxy has wanted a password, and is given it.
    pending.ambiguous.take();
    if route(details) == expected && *pending.request_id.get_or_init(|| request_id.clone()) == request_id {
        return go_on();
    }
    let _ = pending.answer.set(ProbeAnswer::None(ProbeFailure::Proxy));
    cancel()
}

/// A password is wanted that Firefox does not have: it would ask a person, who has opened no page of this address.
fn on_auth_required(pending: &Rc<PendingProbe>, _: &JsValue) -> JsValue {
    let _ = pending.answer.set(ProbeAnswer::None(ProbeFailure::ProxyPassword));
    cancel()
}

/// The server has answered, so its key is known, and no more is wanted of it.
fn on_headers_received(pending: &Rc<PendingProbe>, details: &JsValue) -> JsValue {
    let request_id = property(details, "requestId").as_string().unwrap_or_default();
    // Not the request of an earlier probe.
    if pending.request_id.get() != Some(&request_id) {
        return cancel();
    }
    if property(details, "statusLine").as_string().is_some_and(|line| line.starts_with(HTTP3)) {
        let _ = pending.answer.set(ProbeAnswer::None(ProbeFailure::Http3));
        return cancel();
    }
    let (pending, route, status) = (Rc::clone(pending), route(details), status(details));
    let answered = promise::of(async move {
        let facts = security_info::facts(&request_id).await;
        if route.may_come_from_proxy(status, &facts) {
            pending.ambiguous.set(Some(facts));
            return Ok(go_on());
        }
        let _ = pending.answer.set(ProbeAnswer::Server(facts));
        Ok(cancel())
    });
    answered.into()
}

const HTTP3: &str = "HTTP/3";
