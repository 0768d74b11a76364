//! The whole program as a state machine: an event goes in, an answer and effects come out. No I/O, no clock.
//!
//! One socket goes through two events. [`Engine::opening`] sees it before anything is sent, [`Engine::headers_received`]
//! when the TLS handshake is done and the server has answered, but before the page gets the socket. Between the two
//! calls of the latter the caller fetches the facts, so that an unpinned socket costs a lookup and no more.

use std::sync::Arc;

use crate::connection::{Connection, Facts, MissingFacts, Scheme, Target};
use crate::error::Error;
use crate::host::UrlHostParser;
use crate::policy::{Layers, Policy};
use crate::rule::{Birth, Field, FieldError, Mode, Preflight, Rule, RuleDocument};
use crate::time::UnixMillis;
use crate::verdict::{Outcome, Reason, Verdict, judge};
use crate::violation::Violation;

/// What the browser says about a request that opens a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Socket {
    /// Where it goes.
    pub url: String,
    /// The origin of the document that opened it.
    pub page: Option<String>,
    /// The tab, where it belongs to one.
    pub tab: Option<i32>,
    /// Whether it belongs to a private window: nothing of it is written to disk.
    pub private: bool,
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
    Log(Box<Violation>),
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

/// What to do once the server has answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnHeaders {
    /// No facts are needed.
    Decided(Step),
    /// Fetch the facts, then ask [`Engine::judge`].
    NeedsFacts(Target),
}

/// A change of the user's policy that is not yet stored.
#[derive(Debug)]
pub struct Change {
    policy: Policy,
    /// The record to store.
    pub record: String,
    /// The rule that was added or replaced, if it is that kind of change.
    pub rule: Option<Arc<Rule>>,
}

/// Why a change was refused; nothing has changed then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Something is wrong with the rule.
    Rule(Vec<FieldError>),
    /// The change cannot be made.
    Policy(Error),
}

/// The program's state.
#[derive(Debug)]
pub struct Engine {
    policy: Result<Layers, Error>,
}

impl Engine {
    /// Starts with the stored record, or with an empty policy where there has never been one. A record that cannot be
    /// read leaves an engine that stops every socket.
    #[must_use]
    pub fn start(stored: Result<Option<String>, Error>, now: UnixMillis, url_host: UrlHostParser<'_>) -> Self {
        let user = stored.and_then(|record| match record {
            Some(json) => Policy::from_json(&json, now, url_host),
            None => Ok(Policy::default()),
        });
        Self { policy: user.map(|user| Layers { managed: Policy::default(), user }) }
    }

    /// The policy in force, or what keeps it from judging.
    pub const fn policy(&self) -> Result<&Layers, &Error> {
        self.policy.as_ref()
    }

    /// A socket is about to be opened; nothing has been sent.
    #[must_use]
    pub fn opening(&self, socket: &Socket, url_host: UrlHostParser<'_>) -> Step {
        let (layers, target) = match self.prepare(socket, url_host) {
            Ok(prepared) => prepared,
            Err(step) => return step,
        };
        if target.scheme == Scheme::Wss {
            return before_handshake(layers, &target, socket);
        }
        let (verdict, connection) = judge_without_facts(layers, target, socket.now);
        match verdict.outcome {
            Outcome::NotPinned | Outcome::Allow => Step::only(Answer::LetGo),
            // It comes again as wss:// and is judged then.
            Outcome::Block if is_ruled(layers, connection.target.over_tls(), socket.now) => Step::only(Answer::Upgrade),
            // The rule is for the cleartext port alone: upgraded, the socket would escape it.
            Outcome::Block => step(&verdict, &connection, socket),
            Outcome::Flag => Step { answer: Answer::Upgrade, effects: effects(&verdict, &connection, socket) },
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
        } else if verdict.reason == Reason::Cleartext {
            OnHeaders::Decided(step(&verdict, &connection, socket))
        } else {
            OnHeaders::NeedsFacts(connection.target)
        }
    }

    /// The facts are there.
    #[must_use]
    pub fn judge(&self, socket: &Socket, target: Target, facts: Facts) -> Step {
        match &self.policy {
            Ok(layers) => {
                let connection = Connection { target, facts, now: socket.now };
                step(&judge(layers, &connection), &connection, socket)
            }
            Err(_) => stop(socket, Reason::PolicyUnreadable, Some(&target)),
        }
    }

    /// The guard has stopped a socket because the decision failed or took too long; what is left is to say so.
    #[must_use]
    pub fn guard_stopped(&self, socket: &Socket, reason: Reason, url_host: UrlHostParser<'_>) -> Step {
        stop(socket, reason, Target::from_url(&socket.url, url_host).ok().as_ref())
    }

    /// A rule added, or the one with its id replaced.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn save_rule(
        &self,
        mut document: RuleDocument,
        birth: &Birth,
        url_host: UrlHostParser<'_>,
    ) -> Result<Change, Refusal> {
        let mut policy = self.user_policy()?;
        let old = document.id.as_ref().and_then(|id| policy.rules().iter().find(|rule| rule.id() == id));
        match (&document.id, old) {
            (Some(id), None) => return Err(Refusal::Policy(Error::RuleUnknown { id: id.clone() })),
            // A page that was opened on an older version must not undo what another has saved since.
            (Some(_), Some(old)) if document.updated != Some(old.updated()) => {
                return Err(Refusal::Rule(vec![FieldError {
                    field: Field::Id,
                    index: None,
                    error: Error::RuleChanged,
                }]));
            }
            _ => {}
        }
        document.created = Some(old.map_or(birth.time, |old| old.created()));
        document.updated = Some(birth.time);
        let rule = policy.save(&document, birth, url_host).map_err(Refusal::Rule)?;
        Change::new(policy, Some(rule))
    }

    /// A rule taken out.
    pub fn delete_rule(&self, id: &str) -> Result<Change, Refusal> {
        let mut policy = self.user_policy()?;
        policy.delete(id).map_err(Refusal::Policy)?;
        Change::new(policy, None)
    }

    /// An empty policy in place of one that is broken. Any other is not thrown away.
    pub fn start_afresh(&self) -> Result<Change, Refusal> {
        match &self.policy {
            Ok(_) => Err(Refusal::Policy(Error::PolicyInForce)),
            Err(Error::PolicySyntax { .. } | Error::PolicyRule { .. }) => Change::new(Policy::default(), None),
            // A newer version's record is in order, and one that could not be read may be.
            Err(error) => Err(Refusal::Policy(error.clone())),
        }
    }

    /// Puts a change in force that has been stored.
    pub fn adopt(&mut self, change: Change) {
        match &mut self.policy {
            Ok(layers) => layers.user = change.policy,
            Err(_) => self.policy = Ok(Layers { managed: Policy::default(), user: change.policy }),
        }
    }

    fn user_policy(&self) -> Result<Policy, Refusal> {
        self.policy.as_ref().map(|layers| layers.user.clone()).map_err(|error| Refusal::Policy(error.clone()))
    }

    fn prepare(&self, socket: &Socket, url_host: UrlHostParser<'_>) -> Result<(&Layers, Target), Step> {
        let target = Target::from_url(&socket.url, url_host);
        match (&self.policy, target) {
            (Ok(layers), Ok(target)) => Ok((layers, target)),
            (Err(_), target) => Err(stop(socket, Reason::PolicyUnreadable, target.ok().as_ref())),
            (Ok(_), Err(_)) => Err(stop(socket, Reason::UnreadableAddress, None)),
        }
    }
}

impl Change {
    fn new(policy: Policy, rule: Option<Arc<Rule>>) -> Result<Self, Refusal> {
        let record = policy.to_json().map_err(Refusal::Policy)?;
        Ok(Self { policy, record, rule })
    }
}

/// No pre-flight is ever sent yet, which counts as one without an answer: a rule that requires one stops the socket.
fn before_handshake(layers: &Layers, target: &Target, socket: &Socket) -> Step {
    let requires = |rule: &Rule| {
        rule.mode() == Mode::Block && rule.preflight() == Preflight::Require && !rule.is_expired(socket.now)
    };
    let rule = layers.lookup(&target.host, target.port).find(|(_, rule)| requires(rule));
    let Some((layer, rule)) = rule else {
        return Step::only(Answer::LetGo);
    };
    let verdict = Verdict { rule: Some((layer, Arc::clone(rule))), ..Verdict::unjudged(Reason::PreflightUnanswered) };
    let violation = Violation::without_facts(&verdict, socket.now, Some(target), socket.page.clone());
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
    let answer = match verdict.outcome {
        Outcome::NotPinned | Outcome::Allow | Outcome::Flag => Answer::LetGo,
        Outcome::Block => Answer::Cancel,
    };
    Step { answer, effects: effects(verdict, connection, socket) }
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
    let log = (!socket.private).then(|| Effect::Log(Box::new(violation)));
    badge.into_iter().chain(log).collect()
}
