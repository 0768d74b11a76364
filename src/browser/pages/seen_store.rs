//! What sockets were seen in this session, as the background keeps it in `storage.session`: read once, and again each time
//! that it has changed.

use std::cell::{Cell, Ref, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use js_sys::Reflect;
use wasm_bindgen::prelude::*;

use crate::browser::api;
use crate::browser::dom::{JsResult, spawn};
use crate::browser::url_host::url_host;
use crate::connection::Facts;
use crate::host::Host;
use crate::seen::{SEEN, Seen, SeenCertificates, SeenChain, SeenEndpoint, chain_key};
use crate::time::UnixMillis;
use crate::warnings::SeenKeys;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["browser", "storage", "session", "onChanged"], js_name = addListener)]
    fn add_session_listener(listener: &Closure<dyn FnMut(JsValue)>) -> Result<(), JsValue>;
}

#[derive(Default)]
pub(super) struct SeenStore {
    seen: RefCell<Seen>,
    /// By the key under which each is kept.
    chains: RefCell<HashMap<String, Rc<Facts>>>,
    certificates: RefCell<SeenCertificates>,
    keys: RefCell<Rc<SeenKeys>>,
    subscribers: RefCell<Vec<Subscriber>>,
    is_reading: Cell<bool>,
    /// Whether it has changed since the reading that is under way has begun.
    has_changed: Cell<bool>,
}

type Subscriber = Rc<dyn Fn() -> JsResult>;

/// What a server has shown, and when last.
#[derive(Clone)]
pub(super) struct ShownChain {
    pub(super) facts: Rc<Facts>,
    pub(super) seen: UnixMillis,
}

impl SeenStore {
    /// Reads what is there, and goes on reading for as long as the page lives.
    pub(super) async fn start(self: &Rc<Self>) -> JsResult {
        let this = Rc::clone(self);
        let listener = Closure::<dyn FnMut(JsValue)>::new(move |changes: JsValue| {
            if Reflect::has(&changes, &JsValue::from_str(SEEN)).unwrap_or(false) {
                let this = Rc::clone(&this);
                spawn(async move { this.read().await });
            }
        });
        add_session_listener(&listener)?;
        listener.forget();
        self.read().await
    }

    /// Calls this each time that something else may have been seen, for as long as the page lives.
    pub(super) fn subscribe(&self, subscriber: impl Fn() -> JsResult + 'static) {
        self.subscribers.borrow_mut().push(Rc::new(subscriber));
    }

    /// The endpoints, the one that was seen first in front.
    pub(super) fn seen(&self) -> Ref<'_, Seen> {
        self.seen.borrow()
    }

    /// Every certificate that was seen.
    pub(super) fn certificates(&self) -> Ref<'_, SeenCertificates> {
        self.certificates.borrow()
    }

    /// What the chains say of keys.
    pub(super) fn keys(&self) -> Rc<SeenKeys> {
        Rc::clone(&self.keys.borrow())
    }

    /// The chains of an endpoint, the latest first.
    pub(super) fn chains(&self, endpoint: &SeenEndpoint) -> Vec<ShownChain> {
        let chains = self.chains.borrow();
        let shown = |chain: &crate::seen::SeenAt| {
            Some(ShownChain { facts: Rc::clone(chains.get(&chain_key(&chain.digest))?), seen: chain.last })
        };
        endpoint.chains.iter().filter_map(shown).collect()
    }

    async fn read(&self) -> JsResult {
        self.has_changed.set(true);
        if self.is_reading.replace(true) {
            return Ok(());
        }
        let mut done = Ok(());
        while done.is_ok() && self.has_changed.replace(false) {
            done = self.load().await;
        }
        self.is_reading.set(false);
        done
    }

    async fn load(&self) -> JsResult {
        let items = api::session_get(&[SEEN]).await?;
        let seen = Seen::from_text(&text(&items, SEEN).unwrap_or_default());
        let keys: Vec<String> = seen.chains().iter().map(chain_key).collect();
        self.chains.borrow_mut().retain(|key, _| keys.contains(key));
        let missing: Vec<&str> =
            keys.iter().map(String::as_str).filter(|key| !self.chains.borrow().contains_key(*key)).collect();
        if !missing.is_empty() {
            let items = api::session_get(&missing).await?;
            let read = |key: &str| Some((key.to_owned(), Rc::new(SeenChain::read(&text(&items, key)?)?)));
            self.chains.borrow_mut().extend(missing.into_iter().filter_map(read));
        }
        self.seen.replace(seen);
        let (mut certificates, mut keys) = (SeenCertificates::default(), SeenKeys::default());
        for endpoint in self.seen().endpoints() {
            let chains = self.chains(endpoint);
            for chain in &chains {
                certificates.add(&endpoint.host, &chain.facts);
            }
            if let Ok(host) = Host::parse(&endpoint.host, &url_host) {
                keys.add(host, endpoint.port, chains.iter().map(|chain| chain.facts.as_ref()));
            }
        }
        self.certificates.replace(certificates);
        self.keys.replace(Rc::new(keys));
        let subscribers = self.subscribers.borrow().clone();
        subscribers.iter().try_for_each(|subscriber| subscriber())
    }
}

fn text(items: &JsValue, key: &str) -> Option<String> {
    api::long_text(&Reflect::get(items, &JsValue::from_str(key)).ok()?)
}
