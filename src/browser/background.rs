//! The background page's half of the program: one engine, its storage, and the handlers that `background.js` guards.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::rc::Rc;

use js_sys::{Array, Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise, spawn_local};

use super::badge::Badge;
use super::convert::{from_js, storage_error, to_js, to_js_error};
use super::serial::Serial;
use super::socket::{self, Request as SocketRequest};
use super::url_host::url_host;
use super::violation_log::ViolationLog;
use super::{api, policy_store, security_info};
use crate::engine::{Answer, Change, Effect, Engine, OnHeaders, Refusal, Step};
use crate::error::Error;
use crate::limits::{LOG_WRITE_DEADLINE_MS, MAX_UNREADABLE_ADDRESSES, MAX_VIOLATIONS_PER_ANSWER};
use crate::message::{Notice, Request, Response};
use crate::policy::Policy;
use crate::rule::{Birth, RuleDocument};
use crate::verdict::Reason;
use crate::view;
use crate::violation::Violation;

/// What JavaScript holds: an opaque handle on the one engine.
#[wasm_bindgen]
pub struct Background {
    state: Rc<State>,
}

struct State {
    engine: RefCell<Engine>,
    log: ViolationLog,
    /// Why the last entry could not be written, if it could not.
    log_problem: RefCell<Option<Error>>,
    badge: Badge,
    /// Changes of the policy: each is made on what the one before has stored.
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
        let badge = Badge::new();
        badge.show_state(engine.policy().err().map(view::error::sentence));
        Ok(Self {
            state: Rc::new(State {
                engine: RefCell::new(engine),
                log: ViolationLog::new(),
                log_problem: RefCell::new(None),
                badge,
                changes: Serial::new(),
                notice_pending: Cell::new(false),
                unreadable_from: RefCell::default(),
            }),
        })
    }

    /// `webRequest.onBeforeRequest`.
    #[wasm_bindgen(js_name = beforeRequest)]
    pub fn before_request(&self, details: JsValue) -> Promise {
        let state = Rc::clone(&self.state);
        future_to_promise(async move {
            let SocketRequest { socket, .. } = socket::read(&details).map_err(|error| to_js_error(&error))?;
            state.ask_storage_again().await;
            let step = state.engine.borrow().opening(&socket, &url_host);
            state.carry_out(step).await
        })
    }

    /// `webRequest.onHeadersReceived`.
    #[wasm_bindgen(js_name = headersReceived)]
    pub fn headers_received(&self, details: JsValue) -> Promise {
        let state = Rc::clone(&self.state);
        future_to_promise(async move {
            let SocketRequest { id, socket } = socket::read(&details).map_err(|error| to_js_error(&error))?;
            state.ask_storage_again().await;
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
            state.ask_storage_again().await;
            let response = match from_js(&message) {
                Ok(request) => state.answer(request).await,
                Err(problem) => Response::Failed { problem },
            };
            to_js(&response).map_err(|error| to_js_error(&error))
        })
    }
}

impl State {
    /// A storage that refused once may answer now. A policy that was read stays, whatever is in it.
    async fn ask_storage_again(&self) {
        if !self.waits_for_storage() {
            return;
        }
        // Meanwhile another event may have had its answer, and a page may have changed the policy since.
        if let Ok(engine) = load_engine().await
            && self.waits_for_storage()
        {
            self.badge.show_state(engine.policy().err().map(view::error::sentence));
            self.engine.replace(engine);
        }
    }

    fn waits_for_storage(&self) -> bool {
        matches!(self.engine.borrow().policy(), Err(Error::Storage { .. }))
    }

    async fn carry_out(self: &Rc<Self>, step: Step) -> Result<JsValue, JsValue> {
        for effect in step.effects {
            match effect {
                Effect::Log(violation) if self.is_repetition(&violation) => {}
                Effect::Log(violation) => self.write_down(*violation).await,
                Effect::CountOnBadge { tab } => self.badge.count(tab),
            }
        }
        blocking_response(step.answer)
    }

    fn is_repetition(&self, violation: &Violation) -> bool {
        let mut pages = self.unreadable_from.borrow_mut();
        violation.reason == Reason::UnreadableAddress
            && (pages.len() >= MAX_UNREADABLE_ADDRESSES || !pages.insert(violation.page.clone()))
    }

    /// Waits until the entry is on disk, but not for ever: the answer does not depend on it.
    async fn write_down(self: &Rc<Self>, violation: Violation) {
        let state = Rc::clone(self);
        let written = future_to_promise(async move {
            let result = state.log.add(&violation).await;
            state.log_problem.replace(result.err());
            state.tell_pages_of_log();
            Ok(JsValue::UNDEFINED)
        });
        let waited_long_enough = Promise::new(&mut |resolve, _| {
            api::set_timeout(&resolve, LOG_WRITE_DEADLINE_MS);
        });
        // Neither of them rejects.
        let _ = JsFuture::from(Promise::race(&Array::of2(&written, &waited_long_enough))).await;
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

    async fn answer(self: &Rc<Self>, request: Request) -> Response {
        match request {
            Request::Status => self.status(),
            Request::Rules => self.rules(),
            Request::SaveRule { rule } => self.change(PolicyEdit::Save(Box::new(rule))).await,
            Request::DeleteRule { id } => self.change(PolicyEdit::Delete(id)).await,
            Request::StartAfresh => self.change(PolicyEdit::StartAfresh).await,
            Request::Violations { limit } => match self.log.newest(limit.min(MAX_VIOLATIONS_PER_ANSWER)).await {
                Ok((violations, total)) => Response::Violations { violations, total },
                Err(problem) => Response::Failed { problem },
            },
            Request::ClearViolations => match self.log.clear().await {
                Ok(()) => {
                    self.tell_pages_of_log();
                    Response::Done
                }
                Err(problem) => Response::Failed { problem },
            },
        }
    }

    fn status(&self) -> Response {
        let engine = self.engine.borrow();
        let problem = engine.policy().err().cloned();
        let log_problem = self.log_problem.borrow().clone();
        let rules = engine.policy().map_or(0, |layers| layers.managed.rules().len() + layers.user.rules().len());
        Response::Status { problem, log_problem, rules }
    }

    fn rules(&self) -> Response {
        let documents = |policy: &Policy| policy.rules().iter().map(|rule| RuleDocument::from(rule.as_ref())).collect();
        match self.engine.borrow().policy() {
            Ok(layers) => {
                Response::Rules { rules: documents(&layers.user), managed: documents(&layers.managed), problem: None }
            }
            Err(problem) => Response::Rules { rules: Vec::new(), managed: Vec::new(), problem: Some(problem.clone()) },
        }
    }

    /// Makes a change, stores it, and only then puts it in force.
    async fn change(self: &Rc<Self>, edit: PolicyEdit) -> Response {
        let state = Rc::clone(self);
        let done = self.changes.run(async move {
            let response = match state.make_change(edit).await {
                Ok(response) => response,
                Err(Refusal::Rule(errors)) => Response::Refused { errors },
                Err(Refusal::Policy(problem)) => Response::Failed { problem },
            };
            to_js(&response).map_err(|error| to_js_error(&error))
        });
        match JsFuture::from(done).await.map(|done| from_js(&done)) {
            Ok(Ok(response)) => response,
            Ok(Err(problem)) => Response::Failed { problem },
            Err(thrown) => Response::Failed { problem: storage_error(&thrown) },
        }
    }

    async fn make_change(self: &Rc<Self>, edit: PolicyEdit) -> Result<Response, Refusal> {
        let now = socket::now().map_err(Refusal::Policy)?;
        let change: Change = {
            let engine = self.engine.borrow();
            match &edit {
                PolicyEdit::Save(document) => {
                    let id = api::random_uuid().map_err(|thrown| Refusal::Policy(storage_error(&thrown)))?;
                    let birth = Birth { id, time: now };
                    engine.save_rule(document.as_ref().clone(), &birth, &url_host)?
                }
                PolicyEdit::Delete(id) => engine.delete_rule(id)?,
                PolicyEdit::StartAfresh => engine.start_afresh()?,
            }
        };
        if matches!(edit, PolicyEdit::StartAfresh) {
            policy_store::set_aside(now).await.map_err(Refusal::Policy)?;
        }
        policy_store::store(&change.record).await.map_err(Refusal::Policy)?;
        let response = change
            .rule
            .as_ref()
            .map_or(Response::Done, |rule| Response::Saved { rule: RuleDocument::from(rule.as_ref()) });
        self.engine.borrow_mut().adopt(change);
        self.badge.show_state(None);
        spawn_local(tell_pages(Notice::RulesChanged));
        Ok(response)
    }
}

enum PolicyEdit {
    Save(Box<RuleDocument>),
    Delete(String),
    StartAfresh,
}

async fn load_engine() -> Result<Engine, Error> {
    let stored = policy_store::load().await;
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
