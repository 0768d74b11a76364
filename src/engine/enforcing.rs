//! A decision is combined with what is known of its request: the lock is put on and opened, one socket becomes one
//! entry of the log, and what another extension makes of an answer is noticed.

use super::decision::Decision;
use super::handshakes::{Continued, Handshake, Locked, WhileJudging};
use super::{Answer, Effect, Engine, Listener, Socket, Step};
use crate::lock::{Lock, Nonce, OpeningHeaders, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, WebSocketKey};
use crate::overruling::{Overruled, Overruling};
use crate::time::UnixMillis;
use crate::verdict::{Outcome, Reason};
use crate::violation::{Stage, Violation};

/// Reads the headers of an answer, when they are needed.
pub type Headers<'a> = &'a dyn Fn() -> OpeningHeaders;

/// Switching Protocols: the answer that opens a socket (RFC 6455 section 4.2.2).
const SWITCHING_PROTOCOLS: u16 = 101;

impl Engine {
    /// At the last listener, a socket that may go on is locked.
    pub(super) fn enforce_at(&mut self, listener: &Listener<'_>, decision: Decision, socket: &Socket) -> Step {
        let decision = match (listener, &decision.answer) {
            (Listener::BeforeSendHeaders { page_key, nonce }, Answer::Proceed) => {
                self.lock(decision, page_key, nonce, socket)
            }
            _ => decision,
        };
        let Step { answer, effects } = self.enforce(decision, socket);
        let answer = match (listener, answer) {
            (Listener::BeforeSendHeaders { .. }, Answer::Proceed) if self.is_proof_socket(socket) => Answer::Bare(None),
            (_, Answer::Lock(key)) if self.is_proof_socket(socket) => Answer::Bare(Some(key)),
            (_, answer) => answer,
        };
        Step { answer, effects }
    }

    /// Locks a socket whose rule blocks.
    fn lock(
        &mut self,
        decision: Decision,
        page_key: &dyn Fn() -> Option<WebSocketKey>,
        nonce: &dyn Fn() -> Option<Nonce>,
        socket: &Socket,
    ) -> Decision {
        let known = self.handshakes.of(&socket.request).and_then(|handshake| handshake.locked.as_ref());
        if let Some(Locked { lock, .. }) = known {
            // Asked again after a password (401, 407): the request shows Sockpin's own key by now.
            return Decision { answer: Answer::Lock(lock.ours.clone()), ..decision };
        }
        let Some(otherwise) = self.entry_if_lock_fails(socket) else {
            return decision;
        };
        let stop = |violation| Decision { answer: Answer::Cancel, violation: Some(Box::new(violation)), judged: None };
        let Some(page) = page_key() else {
            return stop(*otherwise);
        };
        let Some(nonce) = nonce() else {
            return stop(Violation { reason: Reason::InternalError, ..*otherwise });
        };
        let ours = WebSocketKey::from_nonce(&nonce);
        let lock = Lock { page, ours: ours.clone() };
        self.handshakes.enter(socket).locked = Some(Locked { lock, otherwise: *otherwise });
        Decision { answer: Answer::Lock(ours), ..decision }
    }

    /// Opens the lock of a socket that may go on: takes the seal out of the answer and, if the server has answered to
    /// the key that it was sent, puts in the value that fits the page's key.
    pub(super) fn enforce_on_answer(&mut self, decision: Decision, socket: &Socket, headers: Headers<'_>) -> Step {
        if decision.answer != Answer::Proceed {
            return self.enforce(decision, socket);
        }
        let headers = headers();
        let mut changes = Vec::new();
        if let Some(extensions) = headers.unsealed() {
            changes.push((SEC_WEBSOCKET_EXTENSIONS, extensions));
        }
        let known = self.handshakes.of(&socket.request).and_then(|handshake| handshake.locked.as_ref());
        match known.filter(|_| socket.status == Some(SWITCHING_PROTOCOLS)) {
            Some(Locked { lock, .. }) if lock.ours.is_answered_by(headers.accept.as_deref()) => {
                changes.push((SEC_WEBSOCKET_ACCEPT, Some(lock.page.accept())));
            }
            Some(Locked { otherwise, .. }) => {
                let altered = Violation { time: socket.now, stage: Stage::Handshake, ..otherwise.clone() };
                let decision = Decision { answer: Answer::Cancel, violation: Some(Box::new(altered)), ..decision };
                return self.enforce(decision, socket);
            }
            None => {}
        }
        let answer = if changes.is_empty() { Answer::Proceed } else { Answer::Unlock(changes) };
        self.enforce(Decision { answer, ..decision }, socket)
    }

    /// One socket is one entry: a stop that is decided a second time is neither logged nor counted a second time.
    pub(super) fn enforce(&mut self, decision: Decision, socket: &Socket) -> Step {
        let Decision { answer, violation, judged } = decision;
        let is_proof = self.conclude(socket, violation.as_deref(), judged.as_deref());
        let mut effects = Vec::new();
        let mut is_known = false;
        if let Some(violation) = violation {
            let handshake = self.handshakes.enter(socket);
            is_known = handshake.is_stopped() && violation.outcome == Outcome::Block;
            if !is_known {
                effects = written_down(handshake, *violation);
            }
        }
        effects.extend(self.after_judging(socket));
        let judged = judged.filter(|_| !is_known && !socket.route.private);
        effects.extend(judged.map(|judged| Effect::CountDecision(*judged, socket.now)));
        if is_proof {
            effects.clear();
        }
        Step { answer, effects }
    }

    /// The server's answer is about to be judged.
    pub(super) fn begin_judging(&mut self, socket: &Socket) {
        self.handshakes.enter(socket).while_judging = Some(WhileJudging::default());
    }

    /// The server's answer has been judged: what happened meanwhile can now be compared with the decision.
    fn after_judging(&mut self, socket: &Socket) -> Vec<Effect> {
        let handshake = self.handshakes.of_mut(&socket.request);
        let Some(while_judging) = handshake.and_then(|handshake| handshake.while_judging.take()) else {
            return Vec::new();
        };
        let effects = match while_judging.continued {
            Some(continued) => self.continued(&socket.request, continued, socket.now),
            None => Vec::new(),
        };
        if while_judging.ended {
            self.handshakes.forget(&socket.request);
        }
        effects
    }

    /// `webRequest.onSendHeaders`: the request of a socket is being sent.
    pub fn sent(&mut self, request: &str, now: UnixMillis) -> Vec<Effect> {
        if self.is_proof(request) { Vec::new() } else { self.overruled(request, Overruled::Sent, now) }
    }

    /// `webRequest.onResponseStarted` for an answer that opens a socket (101, or 200 over HTTP/2): the browser goes on
    /// with it, and its headers are now what every extension has made of them.
    pub fn opening_answer(
        &mut self,
        request: &str,
        status: Option<u16>,
        headers: Headers<'_>,
        now: UnixMillis,
    ) -> Vec<Effect> {
        // What became of it is seen by whoever has opened it.
        if self.is_proof(request) {
            return Vec::new();
        }
        let Some(handshake) = self.handshakes.of_mut(request) else {
            return Vec::new();
        };
        let headers = headers();
        let is_shut = headers.unsealed().is_some()
            || handshake.locked.as_ref().is_some_and(|locked| {
                status == Some(SWITCHING_PROTOCOLS) && !locked.lock.page.is_answered_by(headers.accept.as_deref())
            });
        let continued = if is_shut { Continued::Shut } else { Continued::Open };
        if let Some(while_judging) = &mut handshake.while_judging {
            while_judging.continued = Some(continued);
            return Vec::new();
        }
        self.continued(request, continued, now)
    }

    /// `webRequest.onErrorOccurred` or `onCompleted`: nothing more comes of a request.
    pub fn ended(&mut self, request: &str) {
        self.handshakes.end(request);
        self.end_proof(request);
    }

    /// Compares how the browser went on with what was decided.
    fn continued(&mut self, request: &str, continued: Continued, now: UnixMillis) -> Vec<Effect> {
        let Some(handshake) = self.handshakes.of_mut(request) else {
            return Vec::new();
        };
        match (handshake.is_stopped(), continued, &handshake.locked) {
            (true, Continued::Shut, _) => self.overruled(request, Overruled::Held, now),
            (true, Continued::Open, _) => self.overruled(request, Overruled::Opened, now),
            // It was to open, and does not: Sockpin's "yes" has not counted.
            (false, Continued::Shut, Some(Locked { otherwise, .. })) => {
                let (stage, reason) = (Stage::Handshake, Reason::AnswerDiscarded);
                let discarded = Violation { time: now, stage, reason, ..otherwise.clone() };
                written_down(handshake, discarded)
            }
            (false, _, _) => Vec::new(),
        }
    }

    /// What another extension has done, until a person has seen it.
    #[must_use]
    pub const fn overruling(&self) -> Option<&Overruling> {
        self.overruling.as_ref()
    }

    /// A person has seen what another extension has done.
    pub fn forget_overruling(&mut self) {
        self.overruling = None;
    }

    /// A socket came this far although it had been stopped.
    fn overruled(&mut self, request: &str, how: Overruled, now: UnixMillis) -> Vec<Effect> {
        let stopped = self.handshakes.of_mut(request).filter(|handshake| handshake.is_stopped());
        let Some((handshake, entry)) = stopped.and_then(|handshake| {
            let entry = handshake.entry().cloned()?;
            Some((handshake, entry))
        }) else {
            return Vec::new();
        };
        if entry.overruled >= Some(how) {
            return Vec::new();
        }
        let host = (!handshake.private).then(|| entry.host.clone());
        let log = handshake.write_down(Violation { overruled: Some(how), ..entry });
        let mut effects: Vec<_> = [log].into_iter().chain(handshake.in_tab()).collect();
        if self.overruling.as_ref().is_none_or(|gravest| gravest.how <= how) {
            let overruling = Overruling { how, time: now, host };
            self.overruling = Some(overruling.clone());
            effects.push(Effect::ShowOverruling(overruling));
        }
        effects
    }
}

fn written_down(handshake: &mut Handshake, violation: Violation) -> Vec<Effect> {
    // Where the policy cannot be read, the badge of every tab says so, and a number would hide it.
    let counts = violation.outcome == Outcome::Block && violation.reason != Reason::PolicyUnreadable;
    let badge = handshake.tab.filter(|_| counts).map(|tab| Effect::CountOnBadge { tab });
    badge.into_iter().chain([handshake.write_down(violation)]).chain(handshake.in_tab()).collect()
}
