//! The whole program as a state machine: an event goes in, an answer and effects come out. No I/O, no clock.
//!
//! One socket goes through three events that hold it. [`Engine::opening`] sees it twice before anything is sent
//! ([`Gate`]), and may ask for a pre-flight; [`Engine::headers_received`] when the TLS handshake is done and the server
//! has answered, but before the page gets the socket, and may ask for the facts. What it asks for the caller fetches, so
//! that an unpinned socket costs a lookup and no more. What the browser made of the answers is told by the events that
//! hold nothing ([`Engine::sent`], [`Engine::opening_answer`], [`Engine::ended`]).
//!
//! - this file: the events, and what they are about
//! - `decision`: what is to become of a socket, by policy, pause and facts alone
//! - `handshakes`: what is known of the requests under way
//! - `settling`: the decision set against what is known of the request: the lock, and one entry for one socket
//! - `change`: changes of what is stored

mod change;
mod decision;
mod handshakes;
mod settling;

pub use change::{Change, Refusal};
use decision::{Decision, judge_without_facts, stop};
use handshakes::Handshakes;
pub use settling::Headers;

use std::sync::Arc;

use crate::connection::{Address, Facts, Scheme, Target};
use crate::error::{Error, StorageError};
use crate::host::UrlHostParser;
use crate::lock::{Nonce, WebSocketKey};
use crate::managed::Managed;
use crate::overruling::Overruling;
use crate::pause::Pause;
use crate::policy::{Layers, Policy};
use crate::preflight::{self, Answers, Probe, Route};
use crate::seal::Sealed;
use crate::time::UnixMillis;
use crate::verdict::{Outcome, Reason};
use crate::violation::{Stage, Violation};

/// What the browser says about a request that opens a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Socket {
    /// The browser's name for the request, the same in all its events.
    pub request: String,
    /// Where it goes.
    pub address: Address,
    /// The origin of the document that opened it.
    pub page: Option<String>,
    /// The tab, where it belongs to one.
    pub tab: Option<i32>,
    /// How it gets there. Of a private window's nothing is written to disk.
    pub route: Route,
    /// The status with which it was answered, where it was.
    pub status: Option<u16>,
    /// When.
    pub now: UnixMillis,
}

/// What to tell the browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Let it go on.
    Proceed,
    /// Let it go on with this key in place of its own: it is locked.
    Lock(WebSocketKey),
    /// Let it go on with these headers of the answer changed: the lock is opened. None takes a header out.
    Unlock(Vec<(&'static str, Option<String>)>),
    /// Go on over TLS instead.
    Upgrade,
    /// Stop it.
    Cancel,
}

/// What else is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Write it down before the answer is given.
    Log(Box<Violation>),
    /// Write down what has become of a socket that was written down already: it counts in this entry from now on.
    Amend {
        /// What was written down of it.
        before: Box<Violation>,
        /// What is true of it.
        now: Box<Violation>,
    },
    /// Count one more on the badge of the tab.
    CountOnBadge {
        /// The tab.
        tab: i32,
    },
    /// Say on every tab that another extension has undone a stop, and keep that until it has been seen.
    ShowOverruling(Overruling),
}

/// An answer with what else is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// For the browser.
    pub answer: Answer,
    /// In this order.
    pub effects: Vec<Effect>,
}

/// Where a socket is asked about before anything is sent. It is asked twice, since a declarative rule of another
/// extension makes Firefox throw away what the first gate has answered.
pub enum Gate<'a> {
    /// `webRequest.onBeforeRequest`.
    BeforeRequest,
    /// `webRequest.onBeforeSendHeaders`: the last one, where an upgrade comes too late and a socket is locked.
    BeforeSendHeaders {
        /// The page's key, as the request has it.
        page_key: &'a dyn Fn() -> Option<WebSocketKey>,
        /// Bytes from the browser's random source; none where that fails.
        nonce: &'a dyn Fn() -> Option<Nonce>,
    },
}

/// What to do before a socket is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AtGate {
    /// No pre-flight is needed.
    Decided(Step),
    /// Send this one, then tell [`Engine::answered`].
    NeedsProbe(Probe),
}

/// What to do once the server has answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeadersReceived {
    /// No facts are needed.
    Decided(Step),
    /// Fetch the facts, then ask [`Engine::judge`].
    NeedsFacts(Target),
}

/// What the browser has stored, as it is read at the start.
#[derive(Debug)]
pub struct Stored {
    /// The user's record as JSON text; none where there has never been one.
    pub user: Result<Option<String>, Error>,
    /// The administrator's; none where there is none.
    pub managed: Result<Option<String>, StorageError>,
    /// The pause of this session.
    pub pause: Option<Pause>,
    /// What another extension has done in this session, and nobody has seen yet.
    pub overruling: Option<Overruling>,
}

/// The program's state.
#[derive(Debug)]
pub struct Engine {
    policy: Result<Layers, Error>,
    managed: Result<Managed, StorageError>,
    pause: Option<Pause>,
    answers: Answers,
    handshakes: Handshakes,
    overruling: Option<Overruling>,
}

impl Engine {
    /// Starts with what is stored, or with an empty policy where nothing has ever been. A user's or an administrator's
    /// record that cannot be read leaves an engine that stops every socket.
    #[must_use]
    pub fn start(stored: Stored, now: UnixMillis, url_host: UrlHostParser<'_>) -> Self {
        let managed = stored.managed.map(|record| Managed::from_stored(record.as_deref(), now, url_host));
        let user = stored.user.and_then(|record| Ok(Policy::from_stored(record.as_deref(), now, url_host)?));
        let policy = match &managed {
            Ok(managed) => user.map(|user| Layers { managed: Arc::clone(&managed.policy), user }),
            Err(error) => Err(error.clone().into()),
        };
        Self {
            policy,
            managed,
            pause: stored.pause,
            answers: Answers::default(),
            handshakes: Handshakes::default(),
            overruling: stored.overruling,
        }
    }

    /// The policy in force, or what keeps it from judging.
    pub const fn policy(&self) -> Result<&Layers, &Error> {
        self.policy.as_ref()
    }

    /// The hosts whose answers are to be sealed: those of every rule that blocks. None where the rules cannot be read: then
    /// every socket is stopped, and what was sealed stays so.
    #[must_use]
    pub fn sealed(&self, now: UnixMillis) -> Option<Sealed> {
        let layers = self.policy.as_ref().ok()?;
        Some(Sealed::of(layers.managed.rules().iter().chain(layers.user.rules()), now))
    }

    /// What the administrator has set, as far as it could be read.
    #[must_use]
    pub fn managed(&self) -> Option<&Managed> {
        self.managed.as_ref().ok()
    }

    /// A socket is about to be opened; nothing has been sent.
    #[must_use]
    pub fn opening(&mut self, socket: &Socket, gate: &Gate<'_>) -> AtGate {
        self.handshakes.begin(socket);
        let decision = match self.prepare(socket, Stage::BeforeRequest) {
            Ok((layers, target)) if target.scheme == Scheme::Wss => match self.before_handshake(layers, target, socket)
            {
                Ok(decision) => decision,
                Err(probe) => return AtGate::NeedsProbe(probe),
            },
            Ok((layers, target)) => self.cleartext(layers, target, socket),
            Err(decision) => decision,
        };
        AtGate::Decided(self.settle_at(gate, decision, socket))
    }

    /// The probe that [`Engine::opening`] asked for has come back. It holds for the sockets that follow as well.
    #[must_use]
    pub fn answered(
        &mut self,
        socket: &Socket,
        gate: &Gate<'_>,
        probe: &Probe,
        answer: preflight::ProbeAnswer,
    ) -> Step {
        let decision = match self.prepare(socket, Stage::BeforeRequest) {
            Ok((layers, target)) => self.after_probe(layers, target, socket, &answer),
            Err(decision) => decision,
        };
        self.answers.keep(probe, answer, socket.now);
        self.settle_at(gate, decision, socket)
    }

    /// The server has answered; the page has nothing yet.
    #[must_use]
    pub fn headers_received(&mut self, socket: &Socket, headers: Headers<'_>) -> HeadersReceived {
        let decision = match self.prepare(socket, Stage::Handshake) {
            Ok((layers, target)) => {
                let (verdict, connection) = judge_without_facts(layers, target, socket.now);
                if verdict.outcome == Outcome::NotPinned {
                    Decision::proceed()
                } else if verdict.reason != Reason::Cleartext {
                    if verdict.outcome == Outcome::Block {
                        self.begin_judging(socket);
                    }
                    return HeadersReceived::NeedsFacts(connection.target);
                } else if self.is_paused(socket) {
                    // It was let go, and written down, when it was opened.
                    Decision::proceed()
                } else {
                    Decision::of(&verdict, &connection, socket, Stage::Handshake)
                }
            }
            Err(decision) => decision,
        };
        HeadersReceived::Decided(self.settle_answer(decision, socket, headers))
    }

    /// The facts are there.
    #[must_use]
    pub fn judge(&mut self, socket: &Socket, target: Target, facts: Facts, headers: Headers<'_>) -> Step {
        let decision = self.at_handshake(socket, target, facts);
        self.settle_answer(decision, socket, headers)
    }

    /// The guard has stopped a socket because the decision failed or took too long; what is left is to say so.
    #[must_use]
    pub fn guard_stopped(&mut self, socket: &Socket, reason: Reason) -> Step {
        let decision = stop(socket, reason, Stage::Handshake, socket.address.target.as_ref().ok());
        self.settle(decision, socket)
    }
}
