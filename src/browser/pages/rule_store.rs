//! The rules that are stored, as a page has read them last: once for all of its parts.

use std::cell::{Ref, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use js_sys::{Function, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use crate::browser::clock::now;
use crate::browser::dom::JsResult;
use crate::browser::promise::{self, resolved};
use crate::browser::url_host::url_host;
use crate::browser::{managed_store, policy_store};
use crate::error::Error;
use crate::managed::Managed;
use crate::policy::{Layers, Policy};
use crate::rule::{RuleDocument, RuleStamp};
use crate::time::UnixMillis;

#[derive(Default)]
pub(super) struct RuleStore {
    /// The user's and the administrator's.
    layers: RefCell<Layers>,
    /// The administrator's, with what was refused of them.
    managed: RefCell<Managed>,
    /// Why they could not be read, or one of the two.
    problem: RefCell<Option<Error>>,
    subscribers: RefCell<Vec<Subscriber>>,
    readings: RefCell<Readings>,
    /// See [`policy_store::load_ahead`]; for the first reading.
    ahead: RefCell<Option<Function>>,
}

type Subscriber = Rc<dyn Fn() -> JsResult>;

#[derive(Default)]
struct Readings {
    /// The one that was asked for last.
    last: Option<Promise>,
    /// Whether that has begun: whoever asks then may want to see what it does not.
    has_begun: bool,
}

impl RuleStore {
    /// One that takes over, when it reads for the first time, what the page has asked for ahead.
    pub(super) fn with_ahead(ahead: Option<Function>) -> Self {
        Self { ahead: RefCell::new(ahead), ..Self::default() }
    }

    /// The user's rules, as far as they could be read.
    pub(super) fn user(&self) -> Ref<'_, Policy> {
        Ref::map(self.layers.borrow(), |layers| &layers.user)
    }

    /// All of them, as far as they could be read.
    pub(super) fn layers(&self) -> Ref<'_, Layers> {
        self.layers.borrow()
    }

    /// The administrator's rules, as far as they could be read.
    pub(super) fn managed(&self) -> Ref<'_, Managed> {
        self.managed.borrow()
    }

    /// Why rules could not be read. They are then not "no rules", and none can be added to them.
    pub(super) fn problem(&self) -> Option<Error> {
        self.problem.borrow().clone()
    }

    /// Calls this each time that other rules may be there, for as long as the page lives. Who comes first is called first.
    pub(super) fn subscribe(&self, subscriber: impl Fn() -> JsResult + 'static) {
        self.subscribers.borrow_mut().push(Rc::new(subscriber));
    }

    /// Reads what is stored, as the background does. Ends once everybody has heard of it. Who asks while another waits for
    /// its turn is served by the same reading.
    pub(super) fn read(self: &Rc<Self>) -> impl Future<Output = JsResult> + use<> {
        let this = Rc::clone(self);
        let mut readings = self.readings.borrow_mut();
        let reading = match readings.last.take() {
            Some(waiting) if !readings.has_begun => waiting,
            before => this.after(before),
        };
        readings.last = Some(reading.clone());
        readings.has_begun = false;
        async move { Ok(JsFuture::from(reading).await.map(drop)?) }
    }

    fn after(self: Rc<Self>, before: Option<Promise>) -> Promise {
        promise::of(async move {
            // How that one ended is told to whoever asked for it.
            let _ = JsFuture::from(before.unwrap_or_else(resolved)).await;
            self.readings.borrow_mut().has_begun = true;
            self.load().await;
            self.tell()?;
            Ok(JsValue::UNDEFINED)
        })
    }

    async fn load(&self) {
        let (managed, user) = (managed_store::load(), policy_store::load_ahead(self.ahead.take()));
        // Each takes the browser some milliseconds. The managed rules have been asked for by now; the user's are when they are awaited.
        let (user, managed) = (user.await, managed.await);
        let now = current_time();
        let managed = managed.map(|record| Managed::from_stored(record.as_deref(), now, &url_host));
        let user = user.and_then(|record| Ok(Policy::from_stored(record.as_deref(), now, &url_host)?));
        let unmanaged = managed.as_ref().err().cloned().map(Error::from);
        self.problem.replace(unmanaged.or_else(|| user.as_ref().err().cloned()));
        let managed = managed.unwrap_or_default();
        self.layers.borrow_mut().managed = Arc::clone(&managed.policy);
        self.managed.replace(managed);
        // What was there stays for whoever is about to change it.
        if let Ok(user) = user {
            self.layers.borrow_mut().user = user;
        }
    }

    /// Takes over a rule that the background has stored, until all are read again.
    pub(super) fn put(&self, stored: &RuleDocument) -> JsResult {
        let stamp = RuleStamp { id: String::new(), time: current_time() };
        // Where it does not fit what was read, the announcement that is on its way makes the page read again.
        let _ = self.layers.borrow_mut().user.save(stored, &stamp, &url_host);
        self.tell()
    }

    fn tell(&self) -> JsResult {
        let subscribers = self.subscribers.borrow().clone();
        subscribers.iter().try_for_each(|subscriber| subscriber())
    }
}

/// The time, and long ago where the clock is out of range.
pub(super) fn current_time() -> UnixMillis {
    now().unwrap_or(UnixMillis::new(0))
}
