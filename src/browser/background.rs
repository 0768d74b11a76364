//! The background page's half of the program: one engine, its storage, and the handlers that `background.js` guards.

mod access;
mod api;
mod batch;
mod button;
mod headers;
mod log_keeping;
mod log_store;
mod log_upgrade;
mod notifications;
mod own_requests;
mod page_requests;
mod pausing;
mod private_log_store;
mod probe;
mod proving;
mod queue;
mod reports;
mod request_details;
mod rule_records;
mod seal;
mod sealing;
mod session_store;
mod sightings;
mod tab_store;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Function, Map, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use self::api::ProbeListeners;
use self::button::Button;
use self::log_store::{Log, Room, Upkeep};
use self::private_log_store::PrivateLogStore;
use self::probe::Prober;
use self::queue::Queue;
use self::reports::Reports;
use self::rule_records::RuleRecords;
use self::sealing::Sealing;
use self::session_store::{OVERRULING, SEALED};
use self::sightings::Sightings;
use self::tab_store::TabStore;
use super::convert::{json, property, read_js, to_js, to_js_error};
use super::url_host::url_host;
use super::{clock, managed_store, policy_store, promise, security_info, stored_marker};
use crate::engine::{Answer, Effect, Engine, HeadersReceived, Listener, Opening, Step, Stored};
use crate::error::Error;
use crate::limits::{LOG_WRITE_DEADLINE_MS, MAX_HANDSHAKES};
use crate::lock::{Nonce, SEC_WEBSOCKET_KEY, WebSocketKey};
use crate::log::private::PrivateChange;
use crate::message::{Access, Announcement, Broadcast, PageRequest, Response};
use crate::pause::{PAUSE, PauseEntry};
use crate::time::UnixMillis;
use crate::verdict::Reason;
use crate::violation::Violation;

/// What JavaScript holds: an opaque handle on the one engine.
#[wasm_bindgen]
pub struct Background {
    state: Rc<State>,
}

struct State {
    engine: RefCell<Engine>,
    prober: Prober,
    /// For the requests of Sockpin's own.
    own_requests: ProbeListeners,
    log: Log,
    private_log: PrivateLogStore,
    /// Why the last entry could not be written, if it could not.
    log_problem: RefCell<Option<Error>>,
    sealing: Sealing,
    /// Why the seal could not be put on, if it could not.
    seal_problem: RefCell<Option<Error>>,
    /// For each request a promise of whether what it has in the log is on disk, or, of a private window, in memory.
    written: Map,
    button: Rc<Button>,
    tabs: Rc<TabStore>,
    /// What the browser lets this extension see, as far as it has been asked.
    access: Cell<Access>,
    /// Changes of what is stored: each is made on what the one before has stored.
    changes: Queue,
    sightings: Rc<Sightings>,
    records: Rc<RuleRecords>,
    reports: Reports,
    /// The day on which what is too old was last looked for, as far as this instance knows.
    log_day: Cell<u64>,
    /// Whether there are entries of which pages have not been told.
    log_untold: Cell<bool>,
    /// Whether they are being told.
    telling_of_log: Cell<bool>,
    /// Whether something may have been closed since that was last looked for.
    closing_unseen: Cell<bool>,
    /// Whether it is being looked for.
    forgetting: Cell<bool>,
    /// Whether an event has come. One wakes a background; what installs or enables Sockpin starts one without.
    has_event: Cell<bool>,
}

#[wasm_bindgen]
impl Background {
    /// Reads the policy and is ready. `on_panic` is called with the message when this instance dies.
    pub fn start(on_panic: Function, probe_listeners: ProbeListeners) -> Promise {
        report_panics_to(on_panic);
        promise::of(async move {
            let background = Self::begin(probe_listeners).await;
            background.map(JsValue::from).map_err(|error| to_js_error(&error))
        })
    }

    async fn begin(probe_listeners: ProbeListeners) -> Result<Self, Error> {
        let (engine, is_sealed) = load_engine().await?;
        let button = Rc::new(Button::new());
        let state = Rc::new(State {
            engine: RefCell::new(engine),
            prober: Prober::new(probe_listeners.clone()),
            own_requests: probe_listeners.clone(),
            log: Log::new(),
            private_log: PrivateLogStore::default(),
            log_problem: RefCell::new(None),
            sealing: Sealing::default(),
            seal_problem: RefCell::new(None),
            written: Map::new(),
            tabs: Rc::new(TabStore::new(Rc::clone(&button))),
            button,
            access: Cell::new(Access { every_site: true, private_windows: true }),
            changes: Queue::new(),
            sightings: Rc::default(),
            records: Rc::default(),
            reports: Reports::new(probe_listeners),
            log_day: Cell::new(0),
            log_untold: Cell::new(false),
            telling_of_log: Cell::new(false),
            closing_unseen: Cell::new(false),
            forgetting: Cell::new(false),
            has_event: Cell::new(false),
        });
        state.draw_button();
        // No socket waits for what is only displayed.
        let this = Rc::clone(&state);
        spawn_local(async move {
            this.refresh_access().await;
            if !is_sealed {
                this.seal_soon();
                // Enabled again, which Firefox tells by no event. What was kept for the session has gone then.
                if !this.has_event.get() {
                    this.tabs.mark_earlier_pages().await;
                }
            }
            // While this slept, tabs may have been closed. What is sent may take long.
            this.forget_what_is_closed_soon();
            this.let_old_entries_go_once_a_day();
            this.send_reports().await;
        });
        Ok(Self { state })
    }

    /// `webRequest.onBeforeRequest`.
    #[wasm_bindgen(js_name = beforeRequest)]
    pub fn before_request(&self, details: JsValue) -> Result<JsValue, JsValue> {
        let state = self.state_at_event();
        promise::now_or_later(async move { state.before_handshake(&details, &Listener::BeforeRequest).await })
    }

    /// `webRequest.onBeforeSendHeaders`.
    #[wasm_bindgen(js_name = beforeSendHeaders)]
    pub fn before_send_headers(&self, details: JsValue) -> Result<JsValue, JsValue> {
        let state = self.state_at_event();
        promise::now_or_later(async move {
            let page_key = || {
                let key = headers::value(&details, headers::OF_REQUEST, SEC_WEBSOCKET_KEY);
                key.map(|key| WebSocketKey::from_header(&key))
            };
            let nonce = || {
                let mut nonce = Nonce::default();
                api::fill_with_random(&mut nonce).ok().map(|_| nonce)
            };
            state.before_handshake(&details, &Listener::BeforeSendHeaders { page_key: &page_key, nonce: &nonce }).await
        })
    }

    /// `webRequest.onHeadersReceived`.
    #[wasm_bindgen(js_name = headersReceived)]
    pub fn headers_received(&self, details: JsValue) -> Result<JsValue, JsValue> {
        let state = self.state_at_event();
        promise::now_or_later(async move {
            let socket = request_details::read(&details).map_err(|error| to_js_error(&error))?;
            state.catch_up().await;
            let opening = || headers::opening(&details);
            let received = state.engine.borrow_mut().headers_received(&socket, &opening);
            let step = match received {
                HeadersReceived::Decided(step) => step,
                HeadersReceived::NeedsFacts(target) => {
                    let facts = security_info::facts(&socket.request).await;
                    if has_given_up(&details) {
                        return blocking_response(&Answer::Cancel, &details);
                    }
                    state.engine.borrow_mut().judge(&socket, target, facts, &opening)
                }
            };
            state.carry_out(&socket.request, step, &details).await
        })
    }

    /// `webRequest.onSendHeaders`: the browser sends the request.
    #[wasm_bindgen(js_name = sendHeaders)]
    pub fn send_headers(&self, details: &JsValue) {
        self.state.observe(details, Engine::sent);
    }

    /// `webRequest.onResponseStarted`: the browser goes on with the answer.
    #[wasm_bindgen(js_name = responseStarted)]
    pub fn response_started(&self, details: &JsValue) {
        let opening = || headers::opening(details);
        self.state.observe(details, |engine, request, now| {
            if request_details::opens(details) {
                engine.opening_answer(request, request_details::status(details), &opening, now)
            } else {
                Vec::new()
            }
        });
    }

    /// `webRequest.onErrorOccurred` and `onCompleted`: the request has ended.
    pub fn ended(&self, details: &JsValue) {
        if let (Some(failure), Ok(socket)) = (request_details::failure(details), request_details::read(details)) {
            let effects = self.state.engine.borrow().failed(&socket, failure);
            self.state.bring_about(&socket.request, details, effects.into_iter().collect());
        }
        if let Some(request) = property(details, "requestId").as_string() {
            let mut engine = self.state.engine.borrow_mut();
            if engine.is_proof(&request)
                && let Some(error) = property(details, "error").as_string()
            {
                engine.proof_failed(error);
            }
            engine.ended(&request);
            drop(engine);
            self.state.written.delete(&JsValue::from_str(&request));
        }
    }

    /// The guard has stopped a socket: `reason` is `"deadline"` or `"internal-error"`.
    #[wasm_bindgen(js_name = guardStopped)]
    pub fn guard_stopped(&self, details: JsValue, reason: JsValue) -> Promise {
        let state = self.state_at_event();
        promise::of(async move {
            let socket = request_details::read(&details).map_err(|error| to_js_error(&error))?;
            let reason = read_js(&reason).unwrap_or(Reason::InternalError);
            let step = state.engine.borrow_mut().guard_stopped(&socket, reason);
            state.carry_out(&socket.request, step, &details).await
        })
    }

    /// `runtime.onMessage`.
    pub fn message(&self, message: JsValue) -> Promise {
        let state = self.state_at_event();
        promise::of(async move {
            state.catch_up().await;
            let response = match json(&message).and_then(|message| PageRequest::from_json(&message)) {
                Ok(request) => state.answer(request).await,
                Err(problem) => Response::Failed { problem: problem.into() },
            };
            to_js(&response).map_err(|error| to_js_error(&error.into()))
        })
    }

    /// `tabs.onRemoved` with the tab, and `windows.onRemoved`: what was noted of a tab goes with it, and of private windows with
    /// the last.
    #[wasm_bindgen(js_name = tabsClosed)]
    pub fn tabs_closed(&self, tab: Option<f64>) -> Promise {
        let closed = request_details::tab(tab);
        let state = self.state_at_event();
        promise::of(async move {
            state.forget_what_is_closed(closed).await;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// `runtime.onInstalled`: Sockpin is new here, or in another version.
    pub fn installed(&self) -> Promise {
        let state = self.state_at_event();
        promise::of(async move {
            state.tabs.mark_earlier_pages().await;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// `alarms.onAlarm`, `permissions.onAdded` and `onRemoved`, what `runtime` tells of updates: something else than a socket is
    /// different now.
    pub fn wake(&self) -> Promise {
        let state = self.state_at_event();
        promise::of(async move {
            state.catch_up().await;
            state.refresh_access().await;
            spawn_local(async move { state.send_reports().await });
            Ok(JsValue::UNDEFINED)
        })
    }

    /// For what an event asks.
    fn state_at_event(&self) -> Rc<State> {
        self.state.has_event.set(true);
        Rc::clone(&self.state)
    }
}

impl State {
    /// Before anything is decided: what only time, or a storage that works again, has changed.
    async fn catch_up(self: &Rc<Self>) {
        self.end_pause_if_over();
        // A storage that refused once may answer now. A policy that was read stays, whatever is in it.
        if !self.waits_for_storage() {
            return;
        }
        // Meanwhile another event may have had its answer, and a page may have changed the policy since.
        if let Ok((engine, _)) = load_engine().await
            && self.waits_for_storage()
        {
            self.engine.replace(engine);
            self.draw_button();
            self.seal_soon();
        }
    }

    /// Forgets it once for all that ask while it is under way, and once more after the last of them.
    fn forget_what_is_closed_soon(self: &Rc<Self>) {
        self.closing_unseen.set(true);
        if self.forgetting.replace(true) {
            return;
        }
        let state = Rc::clone(self);
        spawn_local(async move {
            while state.closing_unseen.replace(false) {
                state.forget_what_is_closed(None).await;
            }
            state.forgetting.set(false);
        });
    }

    /// What is of tabs that are no more, and of private windows where none is open.
    async fn forget_what_is_closed(self: &Rc<Self>, closed: Option<i32>) {
        let has_private = self.tabs.forget_closed_tabs(closed).await;
        // What could not be taken away now goes when the background starts again.
        if !has_private && self.private_log.change(PrivateChange::Clear).await == Ok(true) {
            self.tell_pages_of_log();
        }
    }

    fn waits_for_storage(&self) -> bool {
        matches!(self.engine.borrow().policy(), Err(Error::Storage(_)))
    }

    /// Asks what the browser lets Sockpin see, and says so.
    async fn refresh_access(&self) {
        let access = access::ask().await;
        if self.access.replace(access) != access {
            self.draw_button();
            tell_pages(Announcement::StatusChanged).await;
        }
    }

    fn draw_button(&self) {
        if let Ok(now) = clock::now() {
            let shows_tabs = self.button.show(crate::button::button_state(&self.status(now)));
            if shows_tabs {
                self.tabs.show_on_button();
            }
        }
    }

    async fn before_handshake(self: &Rc<Self>, details: &JsValue, listener: &Listener<'_>) -> Result<JsValue, JsValue> {
        let mut socket = request_details::read(details).map_err(|error| to_js_error(&error))?;
        self.catch_up().await;
        let opening = self.engine.borrow_mut().opening(&socket, listener);
        let step = match opening {
            Opening::Decided(step) => step,
            Opening::NeedsProbe(probe) => {
                let answer = self.prober.send(&probe).await;
                if has_given_up(details) {
                    return blocking_response(&Answer::Cancel, details);
                }
                socket.now = clock::now().map_err(|error| to_js_error(&error.into()))?;
                self.engine.borrow_mut().answered(&socket, listener, &probe, answer)
            }
        };
        self.carry_out(&socket.request, step, details).await
    }

    /// What an event tells that holds nothing up.
    fn observe(self: &Rc<Self>, details: &JsValue, tell: impl FnOnce(&mut Engine, &str, UnixMillis) -> Vec<Effect>) {
        let (Some(request), Ok(now)) = (property(details, "requestId").as_string(), clock::now()) else {
            return;
        };
        let effects = tell(&mut self.engine.borrow_mut(), &request, now);
        self.bring_about(&request, details, effects);
    }

    async fn carry_out(self: &Rc<Self>, request: &str, step: Step, details: &JsValue) -> Result<JsValue, JsValue> {
        self.bring_about(request, details, step.effects);
        // Also where it was decided before: it is answered as then, once the entry is on disk. But it is not waited for for
        // ever: the answer does not depend on it.
        if let Some(written) = self.written(request) {
            promise::within(&written, LOG_WRITE_DEADLINE_MS).await;
        }
        blocking_response(&step.answer, details)
    }

    /// Begins all of it at once: the next event of the request may come before anything of it is done.
    fn bring_about(self: &Rc<Self>, request: &str, details: &JsValue, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Log(violation) => {
                    self.tell(&violation);
                    self.write_in_turn(request, violation, None, KeptIn::Database);
                }
                Effect::Amend { before, now } => {
                    self.tell(&now);
                    self.write_in_turn(request, now, Some(before), KeptIn::Database);
                }
                Effect::LogPrivately { before, now } => self.write_in_turn(request, now, before, KeptIn::Memory),
                Effect::CountOnBadge { tab } => self.button.count(tab),
                Effect::NoteInTab(socket) => self.tabs.note(details, *socket),
                Effect::CountDecision(judged, time) => self.records.note(judged, time),
                Effect::NoteSighting { sighting, facts } => self.sightings.note(request, sighting, facts),
                Effect::ShowOverruling(overruling) => {
                    self.say_what_has_changed();
                    spawn_local(async move {
                        // Where it cannot be stored, it is forgotten when the background sleeps.
                        if let Ok(overruling) = to_js(&overruling) {
                            let _ = session_store::store(OVERRULING, &overruling).await;
                        }
                    });
                }
            }
        }
    }

    /// Tells those of a violation who want to be told. Of a private window's nobody is told.
    fn tell(self: &Rc<Self>, violation: &Violation) {
        self.report(violation);
        notifications::notify(violation);
    }

    /// Writes down a violation of a request. What was written down of it before counts no longer, if it got that far.
    fn write_in_turn(
        self: &Rc<Self>,
        request: &str,
        violation: Box<Violation>,
        before: Option<Box<Violation>>,
        kept_in: KeptIn,
    ) {
        let state = Rc::clone(self);
        let before = before.and_then(|before| Some((before, self.written(request)?)));
        let written = promise::of(async move {
            let before = match before {
                Some((before, written)) => {
                    JsFuture::from(written).await.is_ok_and(|written| written.is_truthy()).then_some(before)
                }
                None => None,
            };
            if kept_in == KeptIn::Memory {
                let change = PrivateChange::Enter { violation: &violation, before: before.as_deref() };
                if let Err(problem) = state.private_log.change(change).await {
                    return Ok(state.has_written(Err(problem)));
                }
                // Its window may have been closed meanwhile.
                state.forget_what_is_closed_soon();
                return Ok(state.has_written(Ok(())));
            }
            let result = state.log.enter(&violation, before.as_deref()).await;
            if result == Ok(Room::TooLittle) {
                let state = Rc::clone(&state);
                spawn_local(async move {
                    // What could not go now goes with the next entry.
                    let now = clock::now().unwrap_or_default();
                    let _ = state.log.keep_up(&Upkeep::MakeRoom { now }).await;
                });
            }
            state.let_old_entries_go_once_a_day();
            Ok(state.has_written(result.map(drop)))
        });
        if usize::try_from(self.written.size()).is_ok_and(|entries| entries >= MAX_HANDSHAKES) {
            self.written.clear();
        }
        self.written.set(&JsValue::from_str(request), &written);
    }

    fn written(&self, request: &str) -> Option<Promise> {
        self.written.get(&JsValue::from_str(request)).dyn_into().ok()
    }

    /// Waits until a pause is on disk, but not for ever.
    async fn write_pause(self: &Rc<Self>, pause: PauseEntry) {
        let state = Rc::clone(self);
        let written = promise::of(async move {
            let result = state.log.add_pause(&pause).await;
            Ok(state.has_written(result))
        });
        promise::within(&written, LOG_WRITE_DEADLINE_MS).await;
    }

    /// `true`, or nothing.
    fn has_written(self: &Rc<Self>, result: Result<(), Error>) -> JsValue {
        let written = if result.is_ok() { JsValue::TRUE } else { JsValue::UNDEFINED };
        self.log_problem.replace(result.err());
        self.tell_pages_of_log();
        written
    }

    /// A burst of violations gives few announcements, and the last of them comes after the last violation.
    fn tell_pages_of_log(self: &Rc<Self>) {
        self.log_untold.set(true);
        if self.telling_of_log.replace(true) {
            return;
        }
        let state = Rc::clone(self);
        spawn_local(async move {
            while state.log_untold.replace(false) {
                tell_pages(Announcement::LogChanged).await;
            }
            state.telling_of_log.set(false);
        });
    }
}

/// Where an entry of the log is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum KeptIn {
    /// On disk.
    Database,
    /// In memory alone: it is of a private window.
    Memory,
}

/// What is stored, and whether the seal has been compared with it in this session.
async fn load_engine() -> Result<(Engine, bool), Error> {
    // Each takes the browser some milliseconds, so all are asked for before the first is awaited.
    let (user, managed) = (policy_store::load(), managed_store::load());
    let session = session_store::load([PAUSE, OVERRULING, SEALED]);
    let (user, managed, session) = (user.await, managed.await, session.await);
    if matches!(user, Ok(Some(_))) {
        stored_marker::set();
    }
    let stored = Stored { user, managed, pause: session.get(PAUSE), overruling: session.get(OVERRULING) };
    Ok((Engine::start(stored, clock::now()?, &url_host), session.get(SEALED) == Some(true)))
}

/// Whether the guard has answered an event in the core's place, because it took too long.
fn has_given_up(details: &JsValue) -> bool {
    property(details, "gaveUp").is_truthy()
}

/// What a socket of Sockpin's own does not bring: the person's cookies and passwords, and an origin that is another for each
/// profile of Firefox.
const OF_PERSON: [&str; 3] = ["Cookie", "Authorization", "Origin"];

/// What a blocking listener returns.
fn blocking_response(answer: &Answer, details: &JsValue) -> Result<JsValue, JsValue> {
    let name = match answer {
        Answer::Proceed => None,
        Answer::Lock(key) => {
            let change = (SEC_WEBSOCKET_KEY, Some(key.as_str().to_owned()));
            return headers::changed(details, headers::OF_REQUEST, &[change]);
        }
        Answer::Bare(key) => {
            let lock = key.iter().map(|key| (SEC_WEBSOCKET_KEY, Some(key.as_str().to_owned())));
            let changes: Vec<_> = OF_PERSON.iter().map(|name| (*name, None)).chain(lock).collect();
            return headers::changed(details, headers::OF_REQUEST, &changes);
        }
        Answer::Unlock(changes) => return headers::changed(details, headers::OF_RESPONSE, changes),
        Answer::Upgrade => Some("upgradeToSecure"),
        Answer::Cancel => Some("cancel"),
    };
    let response = js_sys::Object::new();
    if let Some(name) = name {
        js_sys::Reflect::set(&response, &JsValue::from_str(name), &JsValue::TRUE)?;
    }
    Ok(response.into())
}

/// Fails where no page is open: then nobody has to be told.
async fn tell_pages(announcement: Announcement) {
    if let Ok(message) = to_js(&Broadcast { announcement }) {
        let _ = super::api::send_to_extension(&message).await;
    }
}

/// After a panic the instance is dead (`panic = "abort"`): the guard must know at once, for the promises of this instance
/// will never settle.
fn report_panics_to(on_panic: Function) {
    thread_local! {
        static ON_PANIC: RefCell<Option<Function>> = const { RefCell::new(None) };
    }
    ON_PANIC.with_borrow_mut(|stored| *stored = Some(on_panic));
    std::panic::set_hook(Box::new(|panic| {
        let message = JsValue::from_str(&panic.to_string());
        ON_PANIC.with_borrow(|on_panic| {
            if let Some(on_panic) = on_panic {
                // Nothing is left to do where even this throws; the guard's deadline holds.
                let _ = on_panic.call1(&JsValue::UNDEFINED, &message);
            }
        });
    }));
}
