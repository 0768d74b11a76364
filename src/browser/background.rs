//! The background page's half of the program: one engine, its storage, and the handlers that `background.js` guards.

mod pausing;
mod requests;

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::rc::Rc;

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{future_to_promise, spawn_local};

use super::badge::Badge;
use super::convert::{from_js, to_js, to_js_error};
use super::log::Log;
use super::preflight::Prober;
use super::serial::Serial;
use super::socket::{self, Request as SocketRequest};
use super::url_host::url_host;
use super::{api, managed_store, pause_store, policy_store, promise, security_info, sight};
use crate::engine::{Answer, Effect, Engine, OnHeaders, OnOpening, Step, Stored};
use crate::error::Error;
use crate::limits::{LOG_WRITE_DEADLINE_MS, MAX_UNREADABLE_ADDRESSES};
use crate::log::LogEntry;
use crate::message::{Notice, Response, Sight};
use crate::verdict::Reason;

/// What JavaScript holds: an opaque handle on the one engine.
#[wasm_bindgen]
pub struct Background {
    state: Rc<State>,
}

struct State {
    engine: RefCell<Engine>,
    prober: Prober,
    log: Log,
    /// Why the last entry could not be written, if it could not.
    log_problem: RefCell<Option<Error>>,
    badge: Badge,
    /// What the browser lets this extension see, as far as it has been asked.
    sight: Cell<Sight>,
    /// Changes of what is stored: each is made on what the one before has stored.
    changes: Serial,
    /// Whether pages have been told of the newest entries.
    notice_pending: Cell<bool>,
    /// The pages that have asked for an address that cannot be read. Any page can, without any rule and as often as it
    /// likes: one entry each, or they would push everything else out of the log.
    unreadable_from: RefCell<HashSet<Option<String>>>,
}

#[wasm_bindgen]
impl Background {
    /// Reads the policy and is ready. `on_panic` is called with the message when this instance dies.
    pub async fn start(on_panic: Function) -> Result<Background, JsValue> {
        report_panics_to(on_panic);
        let engine = load_engine().await.map_err(|error| to_js_error(&error))?;
        let state = Rc::new(State {
            engine: RefCell::new(engine),
            prober: Prober::default(),
            log: Log::new(),
            log_problem: RefCell::new(None),
            badge: Badge::new(),
            sight: Cell::new(Sight { every_site: true, private_windows: true }),
            changes: Serial::new(),
            notice_pending: Cell::new(false),
            unreadable_from: RefCell::default(),
        });
        state.draw_badge();
        // No socket waits for what is only said.
        let looking = Rc::clone(&state);
        spawn_local(async move { looking.look_around().await });
        Ok(Self { state })
    }

    /// `webRequest.onBeforeRequest`.
    #[wasm_bindgen(js_name = beforeRequest)]
    pub fn before_request(&self, details: JsValue) -> Promise {
        let state = Rc::clone(&self.state);
        future_to_promise(async move {
            let SocketRequest { socket, .. } = socket::read(&details).map_err(|error| to_js_error(&error))?;
            state.catch_up().await;
            let on_opening = state.engine.borrow().opening(&socket, &url_host);
            let step = match on_opening {
                OnOpening::Decided(step) => step,
                OnOpening::NeedsProbe(probe) => {
                    let answer = state.prober.send(&probe).await;
                    let now = socket::now().map_err(|error| to_js_error(&error))?;
                    state.engine.borrow_mut().keep(&probe, answer.clone(), now);
                    state.engine.borrow().answered(&socket, &answer, &url_host)
                }
            };
            state.carry_out(step).await
        })
    }

    /// `webRequest.onHeadersReceived`.
    #[wasm_bindgen(js_name = headersReceived)]
    pub fn headers_received(&self, details: JsValue) -> Promise {
        let state = Rc::clone(&self.state);
        future_to_promise(async move {
            let SocketRequest { id, socket } = socket::read(&details).map_err(|error| to_js_error(&error))?;
            state.catch_up().await;
            let on_headers = state.engine.borrow().headers_received(&socket, &url_host);
            let step = match on_headers {
                OnHeaders::Decided(step) => step,
                OnHeaders::NeedsFacts(target) => {
                    let facts = security_info::facts(&id).await;
                    state.engine.borrow().judge(&socket, target, facts)
                }
            };
            state.carry_out(step).await
        })
    }

    /// The guard has stopped a socket: `reason` is `"deadline"` or `"internal-error"`.
    #[wasm_bindgen(js_name = guardStopped)]
    pub fn guard_stopped(&self, details: JsValue, reason: JsValue) -> Promise {
        let state = Rc::clone(&self.state);
        future_to_promise(async move {
            let SocketRequest { socket, .. } = socket::read(&details).map_err(|error| to_js_error(&error))?;
            let reason = from_js(&reason).unwrap_or(Reason::InternalError);
            let step = state.engine.borrow().guard_stopped(&socket, reason, &url_host);
            state.carry_out(step).await
        })
    }

    /// `runtime.onMessage`.
    pub fn message(&self, message: JsValue) -> Promise {
        let state = Rc::clone(&self.state);
        future_to_promise(async move {
            state.catch_up().await;
            let response = match from_js(&message) {
                Ok(request) => state.answer(request).await,
                Err(problem) => Response::Failed { problem },
            };
            to_js(&response).map_err(|error| to_js_error(&error))
        })
    }

    /// `alarms.onAlarm`, `permissions.onAdded` and `onRemoved`: something else than a socket is different now.
    pub fn wake(&self) -> Promise {
        let state = Rc::clone(&self.state);
        future_to_promise(async move {
            state.catch_up().await;
            state.look_around().await;
            Ok(JsValue::UNDEFINED)
        })
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
        if let Ok(engine) = load_engine().await
            && self.waits_for_storage()
        {
            self.engine.replace(engine);
            self.draw_badge();
        }
    }

    fn waits_for_storage(&self) -> bool {
        matches!(self.engine.borrow().policy(), Err(Error::Storage { .. }))
    }

    /// Asks what the browser lets Sockpin see, and says so.
    async fn look_around(&self) {
        let sight = sight::ask().await;
        if self.sight.replace(sight) != sight {
            self.draw_badge();
            tell_pages(Notice::StatusChanged).await;
        }
    }

    fn draw_badge(&self) {
        if let Ok(now) = socket::now() {
            self.badge.show(crate::view::badge::face(&self.status(now)));
        }
    }

    async fn carry_out(self: &Rc<Self>, step: Step) -> Result<JsValue, JsValue> {
        for effect in step.effects {
            match effect {
                Effect::Log(entry) if self.is_repetition(&entry) => {}
                Effect::Log(entry) => self.write_down(entry).await,
                Effect::CountOnBadge { tab } => self.badge.count(tab),
            }
        }
        blocking_response(step.answer)
    }

    fn is_repetition(&self, entry: &LogEntry) -> bool {
        let LogEntry::Violation(violation) = entry else {
            return false;
        };
        let mut pages = self.unreadable_from.borrow_mut();
        violation.reason == Reason::UnreadableAddress
            && (pages.len() >= MAX_UNREADABLE_ADDRESSES || !pages.insert(violation.page.clone()))
    }

    /// Waits until the entry is on disk, but not for ever: the answer does not depend on it.
    async fn write_down(self: &Rc<Self>, entry: LogEntry) {
        let state = Rc::clone(self);
        let written = future_to_promise(async move {
            let result = state.log.add(&entry).await;
            state.log_problem.replace(result.err());
            state.tell_pages_of_log();
            Ok(JsValue::UNDEFINED)
        });
        promise::within(&written, LOG_WRITE_DEADLINE_MS).await;
    }

    /// A burst of violations is one notice.
    fn tell_pages_of_log(self: &Rc<Self>) {
        if self.notice_pending.replace(true) {
            return;
        }
        let state = Rc::clone(self);
        spawn_local(async move {
            tell_pages(Notice::LogChanged).await;
            state.notice_pending.set(false);
        });
    }
}

async fn load_engine() -> Result<Engine, Error> {
    let stored = Stored {
        user: policy_store::load().await,
        managed: managed_store::load().await,
        pause: pause_store::load().await,
    };
    Ok(Engine::start(stored, socket::now()?, &url_host))
}

/// What a blocking listener returns.
fn blocking_response(answer: Answer) -> Result<JsValue, JsValue> {
    let name = match answer {
        Answer::LetGo => None,
        Answer::Upgrade => Some("upgradeToSecure"),
        Answer::Cancel => Some("cancel"),
    };
    let response = js_sys::Object::new();
    if let Some(name) = name {
        js_sys::Reflect::set(&response, &JsValue::from_str(name), &JsValue::TRUE)?;
    }
    Ok(response.into())
}

/// Rejects where no page is open, which is as good.
async fn tell_pages(notice: Notice) {
    if let Ok(message) = to_js(&notice) {
        let _ = api::send_to_extension(&message).await;
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
