//! The events of a handshake: their facts go to the engine, and what it says is carried out.

use std::rc::Rc;

use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use super::blocking_response::blocking_response;
use super::log_writing::KeptIn;
use super::session_store::{self, OVERRULING};
use super::state::State;
use super::{headers, notifications, request_details};
use crate::browser::convert::{property, read_js, to_js, to_js_error};
use crate::browser::{clock, promise, security_info};
use crate::engine::{Answer, Effect, Engine, HeadersReceived, Listener, Opening, Step};
use crate::limits::LOG_WRITE_DEADLINE_MS;
use crate::time::UnixMillis;
use crate::verdict::Reason;
use crate::violation::Violation;

impl State {
    pub(super) async fn before_handshake(
        self: &Rc<Self>,
        details: &JsValue,
        listener: &Listener<'_>,
    ) -> Result<JsValue, JsValue> {
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

    pub(super) async fn headers_received(self: Rc<Self>, details: JsValue) -> Result<JsValue, JsValue> {
        let socket = request_details::read(&details).map_err(|error| to_js_error(&error))?;
        self.catch_up().await;
        let opening = || headers::opening(&details);
        let received = self.engine.borrow_mut().headers_received(&socket, &opening);
        let step = match received {
            HeadersReceived::Decided(step) => step,
            HeadersReceived::NeedsFacts(target) => {
                let facts = security_info::facts(&socket.request).await;
                if has_given_up(&details) {
                    return blocking_response(&Answer::Cancel, &details);
                }
                self.engine.borrow_mut().judge(&socket, target, facts, &opening)
            }
        };
        self.carry_out(&socket.request, step, &details).await
    }

    pub(super) async fn guard_stopped(self: Rc<Self>, details: JsValue, reason: JsValue) -> Result<JsValue, JsValue> {
        let socket = request_details::read(&details).map_err(|error| to_js_error(&error))?;
        let reason = read_js(&reason).unwrap_or(Reason::InternalError);
        let step = self.engine.borrow_mut().guard_stopped(&socket, reason);
        self.carry_out(&socket.request, step, &details).await
    }

    pub(super) fn ended(self: &Rc<Self>, details: &JsValue) {
        if let (Some(failure), Ok(socket)) = (request_details::failure(details), request_details::read(details)) {
            let effects = self.engine.borrow().failed(&socket, failure);
            self.bring_about(&socket.request, details, effects.into_iter().collect());
        }
        if let Some(request) = property(details, "requestId").as_string() {
            let mut engine = self.engine.borrow_mut();
            if engine.is_proof(&request)
                && let Some(error) = property(details, "error").as_string()
            {
                engine.proof_failed(error);
            }
            engine.ended(&request);
            drop(engine);
            self.written.delete(&JsValue::from_str(&request));
        }
    }

    /// What an event tells that holds nothing up.
    pub(super) fn observe(
        self: &Rc<Self>,
        details: &JsValue,
        tell: impl FnOnce(&mut Engine, &str, UnixMillis) -> Vec<Effect>,
    ) {
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
}

/// Whether the guard has answered an event in the core's place, because it took too long.
fn has_given_up(details: &JsValue) -> bool {
    property(details, "gaveUp").is_truthy()
}
