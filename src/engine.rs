//! The whole program as a state machine: an event goes in, an answer and effects come out. No I/O, no clock.
//!
//! One socket goes through two events. [`Engine::opening`] sees it before anything is sent, and may ask for a
//! pre-flight; [`Engine::headers_received`] when the TLS handshake is done and the server has answered, but before the
//! page gets the socket, and may ask for the facts. What it asks for the caller fetches, so that an unpinned socket
//! costs a lookup and no more.

mod change;

use std::sync::Arc;

pub use change::{Change, Refusal};

use crate::connection::{Connection, Facts, MissingFacts, Scheme, Target};
use crate::error::Error;
use crate::host::UrlHostParser;
use crate::log::LogEntry;
use crate::managed::Managed;
use crate::pause::Pause;
use crate::policy::{Layers, Policy};
use crate::preflight::{self, Answers, NoAnswer, Probe, Road};
use crate::rule::Preflight;
use crate::time::UnixMillis;
use crate::verdict::{Outcome, Reason, Verdict, judge};
use crate::violation::{Stage, Violation};

/// What the browser says about a request that opens a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Socket {
    /// Where it goes.
    pub url: String,
    /// The origin of the document that opened it.
    pub page: Option<String>,
    /// The tab, where it belongs to one.
    pub tab: Option<i32>,
    /// How it gets there. Of a private window's nothing is written to disk.
    pub road: Road,
    /// The status with which it was answered, where it was.
    pub status: Option<u16>,
    /// When.
    pub now: UnixMillis,
}

/// What to tell the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Let it go on.
    LetGo,
    /// Go on over TLS instead.
    Upgrade,
    /// Stop it.
    Cancel,
}

/// What else is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Write the entry before the answer is given.
    Log(LogEntry),
    /// Count one more on the badge of the tab.
    CountOnBadge {
        /// The tab.
        tab: i32,
    },
}

/// An answer with what else is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// For the browser.
    pub answer: Answer,
    /// In this order.
    pub effects: Vec<Effect>,
}

impl Step {
    const fn only(answer: Answer) -> Self {
        Self { answer, effects: Vec::new() }
    }
}

/// What to do before a socket is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnOpening {
    /// No pre-flight is needed.
    Decided(Step),
    /// Send this one, [`Engine::keep`] its answer, then ask [`Engine::answered`].
    NeedsProbe(Probe),
}

/// What to do once the server has answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnHeaders {
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
    pub managed: Result<Option<String>, Error>,
    /// The pause of this session.
    pub pause: Option<Pause>,
}

/// The program's state.
#[derive(Debug)]
pub struct Engine {
    policy: Result<Layers, Error>,
    managed: Result<Managed, Error>,
    pause: Option<Pause>,
    answers: Answers,
}

impl Engine {
    /// Starts with what is stored, or with an empty policy where nothing has ever been. A user's or an administrator's
    /// record that cannot be read leaves an engine that stops every socket.
    #[must_use]
    pub fn start(stored: Stored, now: UnixMillis, url_host: UrlHostParser<'_>) -> Self {
        let managed = stored.managed.map(|record| match record {
            Some(json) => Managed::from_json(&json, now, url_host),
            None => Managed::default(),
        });
        let user = stored.user.and_then(|record| match record {
            Some(json) => Policy::from_json(&json, now, url_host),
            None => Ok(Policy::default()),
        });
        let policy = match &managed {
            Ok(managed) => user.map(|user| Layers { managed: managed.policy.clone(), user }),
            Err(error) => Err(error.clone()),
        };
        Self { policy, managed, pause: stored.pause, answers: Answers::default() }
    }

    /// The policy in force, or what keeps it from judging.
    pub const fn policy(&self) -> Result<&Layers, &Error> {
        self.policy.as_ref()
    }

    /// What the administrator has set, as far as it could be read.
    #[must_use]
    pub fn managed(&self) -> Option<&Managed> {
        self.managed.as_ref().ok()
    }

    /// A socket is about to be opened; nothing has been sent.
    #[must_use]
    pub fn opening(&self, socket: &Socket, url_host: UrlHostParser<'_>) -> OnOpening {
        match self.prepare(socket, url_host) {
            Ok((layers, target)) if target.scheme == Scheme::Wss => self.before_handshake(layers, target, socket),
            Ok((layers, target)) => OnOpening::Decided(self.cleartext(layers, target, socket)),
            Err(step) => OnOpening::Decided(step),
        }
    }

    /// Remembers what came of a probe, for the sockets that follow.
    pub fn keep(&mut self, probe: &Probe, answer: preflight::Answer, now: UnixMillis) {
        self.answers.keep(probe, answer, now);
    }

    /// The probe that [`Engine::opening`] asked for has come back.
    #[must_use]
    pub fn answered(&self, socket: &Socket, answer: &preflight::Answer, url_host: UrlHostParser<'_>) -> Step {
        match self.prepare(socket, url_host) {
            Ok((layers, target)) => self.after_probe(layers, target, socket, answer),
            Err(step) => step,
        }
    }

    /// The server has answered; the page has nothing yet.
    #[must_use]
    pub fn headers_received(&self, socket: &Socket, url_host: UrlHostParser<'_>) -> OnHeaders {
        let (layers, target) = match self.prepare(socket, url_host) {
            Ok(prepared) => prepared,
            Err(step) => return OnHeaders::Decided(step),
        };
        let (verdict, connection) = judge_without_facts(layers, target, socket.now);
        if verdict.outcome == Outcome::NotPinned {
            OnHeaders::Decided(Step::only(Answer::LetGo))
        } else if verdict.reason != Reason::Cleartext {
            OnHeaders::NeedsFacts(connection.target)
        } else if self.is_paused(socket) {
            // It was let go, and written down, when it was opened.
            OnHeaders::Decided(Step::only(Answer::LetGo))
        } else {
            OnHeaders::Decided(step(&verdict, &connection, socket))
        }
    }

    /// The facts are there.
    #[must_use]
    pub fn judge(&self, socket: &Socket, target: Target, facts: Facts) -> Step {
        match &self.policy {
            Ok(_) if socket.road.may_be_the_proxys(socket.status, &facts) => Step::only(Answer::LetGo),
            Ok(layers) => {
                let connection = Connection { target, facts, now: socket.now };
                let verdict = self.in_force(judge(layers, &connection), socket);
                if !verdict.is_violation() {
                    return Step::only(Answer::LetGo);
                }
                let violation = Violation::new(&verdict, &connection, socket.page.clone());
                let violation =
                    Violation { no_answer: self.no_answer(layers, &connection.target, socket), ..violation };
                Step { answer: answer_to(verdict.outcome), effects: logged(violation, socket) }
            }
            Err(_) if self.is_paused(socket) => Step::only(Answer::LetGo),
            Err(_) => stop(socket, Reason::PolicyUnreadable, Some(&target)),
        }
    }

    /// The guard has stopped a socket because the decision failed or took too long; what is left is to say so.
    #[must_use]
    pub fn guard_stopped(&self, socket: &Socket, reason: Reason, url_host: UrlHostParser<'_>) -> Step {
        stop(socket, reason, Target::from_url(&socket.url, url_host).ok().as_ref())
    }

    fn prepare(&self, socket: &Socket, url_host: UrlHostParser<'_>) -> Result<(&Layers, Target), Step> {
        let target = Target::from_url(&socket.url, url_host);
        match (&self.policy, target) {
            (Ok(layers), Ok(target)) => Ok((layers, target)),
            _ if self.is_paused(socket) => Err(Step::only(Answer::LetGo)),
            (Err(_), target) => Err(stop(socket, Reason::PolicyUnreadable, target.ok().as_ref())),
            (Ok(_), Err(_)) => Err(stop(socket, Reason::UnreadableAddress, None)),
        }
    }

    /// A `wss://` socket: a rule may ask for its key to be checked before the request is sent.
    fn before_handshake(&self, layers: &Layers, target: Target, socket: &Socket) -> OnOpening {
        if self.is_paused(socket) || preflight::asked_for(layers, &target, socket.now).is_none() {
            return OnOpening::Decided(Step::only(Answer::LetGo));
        }
        if let Some(obstacle) = preflight::obstacle(&socket.road) {
            return OnOpening::Decided(self.after_probe(layers, target, socket, &preflight::Answer::None(obstacle)));
        }
        let probe = self.answers.probe(&target, &socket.road);
        match self.answers.fresh(&probe, socket.now) {
            Some(answer) => OnOpening::Decided(self.after_probe(layers, target, socket, answer)),
            None => OnOpening::NeedsProbe(probe),
        }
    }

    /// Stops what the handshake would stop; all else, and what is to be logged of it, is the handshake's.
    fn after_probe(&self, layers: &Layers, target: Target, socket: &Socket, answer: &preflight::Answer) -> Step {
        if self.is_paused(socket) {
            return Step::only(Answer::LetGo);
        }
        let (facts, otherwise) = match answer {
            preflight::Answer::Server(facts) => (facts, Step::only(Answer::LetGo)),
            preflight::Answer::InDoubt(facts) => {
                (facts, without_answer(layers, &target, socket, NoAnswer::ProxyPassword))
            }
            preflight::Answer::None(no_answer) => return without_answer(layers, &target, socket, *no_answer),
        };
        let connection = Connection { target, facts: facts.clone(), now: socket.now };
        let verdict = judge(layers, &connection);
        if verdict.outcome != Outcome::Block {
            return otherwise;
        }
        let violation = Violation::new(&verdict, &connection, socket.page.clone());
        let violation = Violation { stage: Stage::Preflight, ..violation };
        Step { answer: Answer::Cancel, effects: logged(violation, socket) }
    }

    /// A `ws://` socket: one to a ruled host goes over TLS or not at all.
    fn cleartext(&self, layers: &Layers, target: Target, socket: &Socket) -> Step {
        let (verdict, connection) = judge_without_facts(layers, target, socket.now);
        if self.is_paused(socket) {
            // One that would only be flagged goes in clear because of the pause as well.
            let verdict = verdict.while_paused();
            return step(&Verdict { paused: verdict.is_violation(), ..verdict }, &connection, socket);
        }
        match verdict.outcome {
            Outcome::NotPinned | Outcome::Allow => Step::only(Answer::LetGo),
            // It comes again as wss:// and is judged then.
            Outcome::Block if is_ruled(layers, connection.target.over_tls(), socket.now) => Step::only(Answer::Upgrade),
            // The rule is for the cleartext port alone: upgraded, the socket would escape it.
            Outcome::Block => step(&verdict, &connection, socket),
            Outcome::Flag => Step { answer: Answer::Upgrade, effects: effects(&verdict, &connection, socket) },
        }
    }

    /// Why a pre-flight that was asked for has not vouched for a socket that is judged at its handshake.
    fn no_answer(&self, layers: &Layers, target: &Target, socket: &Socket) -> Option<NoAnswer> {
        preflight::asked_for(layers, target, socket.now)?;
        let probe = self.answers.probe(target, &socket.road);
        preflight::obstacle(&socket.road).or_else(|| self.answers.why_none(&probe, socket.now))
    }

    fn in_force(&self, verdict: Verdict, socket: &Socket) -> Verdict {
        if self.is_paused(socket) { verdict.while_paused() } else { verdict }
    }

    fn is_paused(&self, socket: &Socket) -> bool {
        self.pause(socket.now).is_some()
    }
}

/// Stops a socket if its pre-flight is required.
fn without_answer(layers: &Layers, target: &Target, socket: &Socket, no_answer: NoAnswer) -> Step {
    let asked = preflight::asked_for(layers, target, socket.now);
    let Some((layer, rule)) = asked.filter(|(_, rule)| rule.preflight() == Preflight::Require) else {
        return Step::only(Answer::LetGo);
    };
    let rule = Some((layer, Arc::clone(rule)));
    let verdict = Verdict { rule, ..Verdict::unjudged(Reason::PreflightUnanswered) };
    let violation = Violation::without_facts(&verdict, socket.now, Some(target), socket.page.clone());
    let violation = Violation { stage: Stage::Preflight, no_answer: Some(no_answer), ..violation };
    Step { answer: Answer::Cancel, effects: logged(violation, socket) }
}

/// The verdict before any facts are known: it tells whether a rule is about the socket at all.
fn judge_without_facts(layers: &Layers, target: Target, now: UnixMillis) -> (Verdict, Connection) {
    let connection = Connection { target, facts: Facts::Missing(MissingFacts::NoCertificates), now };
    (judge(layers, &connection), connection)
}

fn is_ruled(layers: &Layers, target: Target, now: UnixMillis) -> bool {
    judge_without_facts(layers, target, now).0.outcome != Outcome::NotPinned
}

fn step(verdict: &Verdict, connection: &Connection, socket: &Socket) -> Step {
    Step { answer: answer_to(verdict.outcome), effects: effects(verdict, connection, socket) }
}

const fn answer_to(outcome: Outcome) -> Answer {
    match outcome {
        Outcome::NotPinned | Outcome::Allow | Outcome::Flag => Answer::LetGo,
        Outcome::Block => Answer::Cancel,
    }
}

fn effects(verdict: &Verdict, connection: &Connection, socket: &Socket) -> Vec<Effect> {
    if !verdict.is_violation() {
        return Vec::new();
    }
    logged(Violation::new(verdict, connection, socket.page.clone()), socket)
}

fn stop(socket: &Socket, reason: Reason, target: Option<&Target>) -> Step {
    let verdict = Verdict::unjudged(reason);
    let violation = Violation::without_facts(&verdict, socket.now, target, socket.page.clone());
    Step { answer: Answer::Cancel, effects: logged(violation, socket) }
}

fn logged(violation: Violation, socket: &Socket) -> Vec<Effect> {
    // Where the policy cannot be read, the badge of every tab says so, and a number would hide it.
    let counts = violation.outcome == Outcome::Block && violation.reason != Reason::PolicyUnreadable;
    let badge = socket.tab.filter(|_| counts).map(|tab| Effect::CountOnBadge { tab });
    let log = (!socket.road.private).then(|| Effect::Log(LogEntry::Violation(Box::new(violation))));
    badge.into_iter().chain(log).collect()
}
