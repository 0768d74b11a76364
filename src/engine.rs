//! The whole program as a state machine: an event goes in, an answer and effects come out. No I/O, no clock.
//!
//! One socket goes through three events that hold it. [`Engine::opening`] sees it twice before anything is sent
//! ([`Listener`]), and may ask for a pre-flight; [`Engine::headers_received`] when the TLS handshake is done and the server
//! has answered, but before the page gets the socket, and may ask for the facts. The caller fetches only what is asked
//! for, so that an unpinned socket costs no more than a lookup. The events that hold nothing tell what the browser has
//! made of the answers ([`Engine::sent`], [`Engine::opening_answer`], [`Engine::ended`]).
//!
//! - this file: the events, and what they are about
//! - `decision`: what is to become of a socket, by policy, pause and facts alone
//! - `handshakes`: what is known of the requests under way
//! - `enforcing`: the decision set against what is known of the request: the lock, and one entry for one socket
//! - `change`: changes of what is stored
//! - `proving`: sockets of Sockpin's own that prove a rule
//! - `reporting`: to whom a violation is reported

mod change;
mod decision;
mod enforcing;
mod handshakes;
mod proving;
mod reporting;

pub use change::{Change, Refusal};
use decision::{Decision, entry, judge_without_facts, stop};
pub use enforcing::Headers;
use handshakes::Handshakes;
pub use reporting::BeforeReport;

use std::sync::Arc;

use crate::connection::{Address, Facts, Scheme, Target};
use crate::error::{Error, StorageError};
use crate::host::UrlHostParser;
use crate::lock::{Nonce, WebSocketKey};
use crate::managed::Managed;
use crate::overruling::Overruling;
use crate::pause::Pause;
use crate::policy::{Layers, Policy};
use crate::preflight::{Answers, Probe, ProbeAnswer, Route};
use crate::proof::Proof;
use crate::record::Judged;
use crate::seal::SealedHosts;
use crate::seen::Sighting;
use crate::tab_sockets::{Detail, SocketPlace, SocketState, TabSocket};
use crate::time::UnixMillis;
use crate::verdict::{Finding, Outcome, Reason, Verdict};
use crate::violation::{Stage, Violation};

/// What the browser says about a request that opens a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "a doc stands where the name does not say it")]
pub struct Socket {
    /// `requestId`, the same in all events of the request.
    pub request: String,
    pub address: Address,
    /// The origin of the document that opened it.
    pub page: Option<String>,
    /// None for a socket that belongs to no tab.
    pub tab: Option<i32>,
    /// How the request travels. Nothing of a private window is written to disk: [`Effect::LogPrivately`].
    pub route: Route,
    /// The HTTP status of the answer, once there is one.
    pub status: Option<u16>,
    pub now: UnixMillis,
}

/// What to tell the browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Let it go on.
    Proceed,
    /// Send it with this key in place of its own, which locks the socket.
    Lock(WebSocketKey),
    /// Send it without what tells the server of this browser's person, and, if there is a key, with this one in place of its own.
    Bare(Option<WebSocketKey>),
    /// Let it go on with these headers of the answer changed, which opens the lock. None takes a header out.
    Unlock(Vec<(&'static str, Option<String>)>),
    /// Go on over TLS instead.
    Upgrade,
    /// Stop it.
    Cancel,
}

/// What is to be done beside the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Write it down before the answer is given.
    Log(Box<Violation>),
    /// More is known of a socket that was logged already.
    Amend {
        /// The entry in which it no longer counts.
        before: Box<Violation>,
        /// The entry in which it counts from now on.
        now: Box<Violation>,
    },
    /// Keep it in memory alone before the answer is given: it is of a private window, and nobody is told of it.
    LogPrivately {
        /// The entry in which it no longer counts, if it was in one already.
        before: Option<Box<Violation>>,
        /// The entry in which it counts.
        now: Box<Violation>,
    },
    /// Count one more on the badge of the tab with this id.
    CountOnBadge {
        /// `tabId`.
        tab: i32,
    },
    /// Note that a socket was seen. Without its facts they are asked for now, and nothing waits for them.
    NoteSighting {
        /// The socket.
        sighting: Sighting,
        /// What is known of its TLS.
        facts: Option<Facts>,
    },
    /// Note what has become of a socket of a tab. Nothing waits for it.
    NoteInTab(Box<TabSocket>),
    /// Note what a rule has decided. Nothing waits for it.
    CountDecision(Judged, UnixMillis),
    /// Say on every tab that another extension has undone a stop, and keep that until it has been seen.
    ShowOverruling(Overruling),
}

/// An answer, and what is to be done beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// For the browser.
    pub answer: Answer,
    /// To be carried out in this order.
    pub effects: Vec<Effect>,
}

impl Step {
    fn with(mut self, effect: Option<Effect>) -> Self {
        self.effects.extend(effect);
        self
    }
}

/// A socket of a tab is noted with what has become of it, a private window's too.
fn in_tab(socket: &Socket, state: SocketState) -> Option<Effect> {
    let target = socket.address.target.as_ref().ok()?;
    Some(Effect::NoteInTab(Box::new(TabSocket {
        tab: socket.tab?,
        private: socket.route.private,
        place: SocketPlace { scheme: target.scheme, host: target.host.to_string(), port: target.port, state },
        page: socket.page.clone(),
        time: socket.now,
    })))
}

/// The events in which Sockpin is asked about a socket before anything is sent. There are two, since a declarative rule
/// of another extension makes Firefox throw away the answer to the first.
pub enum Listener<'a> {
    /// `webRequest.onBeforeRequest`.
    BeforeRequest,
    /// `webRequest.onBeforeSendHeaders`, the last one: an upgrade comes too late here, and a socket is locked here.
    BeforeSendHeaders {
        /// Reads the page's key from the request.
        page_key: &'a dyn Fn() -> Option<WebSocketKey>,
        /// Takes bytes from the browser's random source; none where that fails.
        nonce: &'a dyn Fn() -> Option<Nonce>,
    },
}

/// What to do before a socket is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opening {
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

/// What is stored, as it is read at the start.
#[derive(Debug)]
pub struct Stored {
    /// The user's policy as JSON text; none where there has never been one.
    pub user: Result<Option<String>, Error>,
    /// The administrator's policy as JSON text; none where there is none.
    pub managed: Result<Option<String>, StorageError>,
    /// The pause of this session.
    pub pause: Option<Pause>,
    /// What another extension has done in this session, if no person has seen it yet.
    pub overruling: Option<Overruling>,
}

/// The state of the program.
#[derive(Debug)]
pub struct Engine {
    policy: Result<Layers, Error>,
    managed: Result<Managed, StorageError>,
    pause: Option<Pause>,
    answers: Answers,
    handshakes: Handshakes,
    overruling: Option<Overruling>,
    proof: Option<Proof>,
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
            proof: None,
        }
    }

    /// The policy in force, or what keeps it from judging.
    pub const fn policy(&self) -> Result<&Layers, &Error> {
        self.policy.as_ref()
    }

    /// The hosts whose answers are to be sealed: those of every rule that blocks. None where the rules cannot be read;
    /// every socket is stopped then, and what was sealed stays sealed.
    #[must_use]
    pub fn sealed(&self, now: UnixMillis) -> Option<SealedHosts> {
        let layers = self.policy.as_ref().ok()?;
        Some(SealedHosts::of(layers.managed.rules().iter().chain(layers.user.rules()), now))
    }

    /// What the administrator has set, as far as it could be read.
    #[must_use]
    pub fn managed(&self) -> Option<&Managed> {
        self.managed.as_ref().ok()
    }

    /// A socket is about to be opened; nothing has been sent.
    #[must_use]
    pub fn opening(&mut self, socket: &Socket, listener: &Listener<'_>) -> Opening {
        self.handshakes.forget_if_address_changed(socket);
        self.meet_proof(socket);
        let decision = match self.prepare(socket, Stage::BeforeRequest) {
            Ok((layers, target)) if target.scheme == Scheme::Wss => {
                match self.before_handshake(layers, target, socket) {
                    Ok(decision) => decision,
                    Err(probe) => return Opening::NeedsProbe(probe),
                }
            }
            Ok((layers, target)) => self.cleartext(listener, layers, target, socket),
            Err(decision) => decision,
        };
        Opening::Decided(self.enforce_at(listener, decision, socket))
    }

    /// The probe that [`Engine::opening`] asked for has come back. Its answer holds for the sockets that follow as
    /// well.
    #[must_use]
    pub fn answered(&mut self, socket: &Socket, listener: &Listener<'_>, probe: &Probe, answer: ProbeAnswer) -> Step {
        let decision = match self.prepare(socket, Stage::BeforeRequest) {
            Ok((layers, target)) => self.after_probe(layers, target, socket, &answer),
            Err(decision) => decision,
        };
        let sighting = match &answer {
            // One that goes on is noted when its own handshake is done.
            ProbeAnswer::Server(facts) if decision.answer == Answer::Cancel => {
                self.sighting(socket, Some(facts.clone()))
            }
            ProbeAnswer::Server(_) | ProbeAnswer::Ambiguous(_) | ProbeAnswer::None(_) => None,
        };
        self.answers.keep(probe, answer, socket.now);
        self.enforce_at(listener, decision, socket).with(sighting)
    }

    /// The server has answered; the page has nothing yet.
    #[must_use]
    pub fn headers_received(&mut self, socket: &Socket, headers: Headers<'_>) -> HeadersReceived {
        let mut state = SocketState::Paused;
        let decision = match self.prepare(socket, Stage::Handshake) {
            Ok((layers, target)) => {
                let (verdict, connection) = judge_without_facts(layers, target, socket.now);
                match verdict {
                    Verdict::NotPinned(_) => {
                        state = SocketState::NotPinned;
                        Decision::proceed()
                    }
                    Verdict::Violation(Finding { reason: Reason::Cleartext, .. }) if self.is_paused(socket) => {
                        // It was let through, and written down, when it was opened.
                        Decision::proceed()
                    }
                    Verdict::Violation(finding) if finding.reason == Reason::Cleartext => {
                        Decision::on(entry(&finding, &connection, socket, Stage::Handshake))
                    }
                    Verdict::Violation(Finding { outcome: Outcome::Block, .. }) => {
                        self.begin_judging(socket);
                        return HeadersReceived::NeedsFacts(connection.target);
                    }
                    Verdict::Violation(_) | Verdict::Allowed(..) => {
                        return HeadersReceived::NeedsFacts(connection.target);
                    }
                }
            }
            Err(decision) => decision,
        };
        let sighting = self.sighting(socket, None);
        let noted = if decision.violation.is_none() { in_tab(socket, state) } else { None };
        HeadersReceived::Decided(self.enforce_on_answer(decision, socket, headers).with(sighting).with(noted))
    }

    /// The facts that [`Engine::headers_received`] asked for have been fetched.
    #[must_use]
    pub fn judge(&mut self, socket: &Socket, target: Target, facts: Facts, headers: Headers<'_>) -> Step {
        let sighting = self.sighting(socket, Some(facts.clone()));
        let decision = self.at_handshake(socket, target, facts);
        let noted = match &decision {
            // What a violation becomes is noted with its entry.
            Decision { violation: Some(_), .. } => None,
            Decision { judged: Some(judged), .. } => {
                in_tab(socket, SocketState::Allowed(judged.matched().map(Detail::from)))
            }
            // What a proxy has answered is judged once the server has.
            Decision { judged: None, .. } if self.policy.is_ok() => None,
            Decision { judged: None, .. } => in_tab(socket, SocketState::Paused),
        };
        self.enforce_on_answer(decision, socket, headers).with(sighting).with(noted)
    }

    /// A socket did not open: `failure` is the browser's error, or the status of the server's answer. One that Sockpin has
    /// stopped is known as that.
    #[must_use]
    pub fn failed(&self, socket: &Socket, failure: Detail) -> Option<Effect> {
        let is_stopped = self.handshakes.of(&socket.request).is_some_and(handshakes::Handshake::is_stopped);
        if is_stopped { None } else { in_tab(socket, SocketState::Failed(failure)) }
    }

    /// The guard has stopped a socket because the decision failed or took too long. It only remains to be logged.
    #[must_use]
    pub fn guard_stopped(&mut self, socket: &Socket, reason: Reason) -> Step {
        let decision = stop(socket, reason, Stage::Handshake, socket.address.target.as_ref().ok());
        self.enforce(decision, socket)
    }

    /// A socket over TLS is noted, unless its window is private or it is Sockpin's own.
    fn sighting(&self, socket: &Socket, facts: Option<Facts>) -> Option<Effect> {
        let target = socket.address.target.as_ref().ok()?;
        let sighting = Sighting {
            host: target.host.to_string(),
            port: target.port,
            page: socket.page.clone(),
            time: socket.now,
            sockets: 1,
        };
        let is_noted = target.scheme == Scheme::Wss && !socket.route.private && !self.is_proof_socket(socket);
        is_noted.then_some(Effect::NoteSighting { sighting, facts })
    }
}
