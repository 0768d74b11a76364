//! What becomes of a socket, by policy, pause and facts alone: nothing here depends on earlier events of its request.

use super::{Answer, Engine, Listener, Socket};
use crate::connection::{Connection, Facts, MissingFacts, Target};
use crate::policy::Layers;
use crate::preflight::{self, Probe, ProbeFailure};
use crate::record::Judged;
use crate::rule::Preflight;
use crate::time::UnixMillis;
use crate::verdict::{Finding, Outcome, Reason, Verdict, judge};
use crate::violation::{RuleSnapshot, Stage, Violation};

/// An answer, and what is to be written down about it.
#[derive(Debug)]
pub(super) struct Decision {
    pub(super) answer: Answer,
    pub(super) violation: Option<Box<Violation>>,
    /// How a rule has judged the connection, where one has.
    pub(super) judged: Option<Box<Judged>>,
}

impl Decision {
    pub(super) const fn proceed() -> Self {
        Self { answer: Answer::Proceed, violation: None, judged: None }
    }

    /// A violation is logged, and stopped if its outcome says so.
    pub(super) const fn on(violation: Box<Violation>) -> Self {
        let answer = match violation.outcome {
            Outcome::Flag => Answer::Proceed,
            Outcome::Block => Answer::Cancel,
        };
        Self { answer, violation: Some(violation), judged: None }
    }
}

impl Engine {
    pub(super) fn prepare(&self, socket: &Socket, stage: Stage) -> Result<(&Layers, Target), Decision> {
        match (self.layers(socket), &socket.address.target) {
            (Ok(layers), Ok(target)) => Ok((layers, target.clone())),
            _ if self.is_paused(socket) => Err(Decision::proceed()),
            (Err(_), target) => Err(stop(socket, Reason::PolicyUnreadable, stage, target.as_ref().ok())),
            (Ok(_), Err(_)) => Err(stop(socket, Reason::UnreadableAddress, stage, None)),
        }
    }

    /// A `wss://` socket. A rule may ask for the server's key to be checked before the request is sent; the error is
    /// the probe that is to be sent for it.
    pub(super) fn before_handshake(&self, layers: &Layers, target: Target, socket: &Socket) -> Result<Decision, Probe> {
        if self.is_paused(socket) || preflight::asked_for(layers, &target, socket.now).is_none() {
            return Ok(Decision::proceed());
        }
        if let Some(obstacle) = preflight::obstacle(&socket.route) {
            return Ok(self.after_probe(layers, target, socket, &preflight::ProbeAnswer::None(obstacle)));
        }
        let probe = self.answers.probe(&target, &socket.route);
        match self.answers.fresh(&probe, socket.now) {
            Some(answer) => Ok(self.after_probe(layers, target, socket, answer)),
            None => Err(probe),
        }
    }

    /// Stops what would be stopped at the handshake. Everything else is decided and logged there.
    pub(super) fn after_probe(
        &self,
        layers: &Layers,
        target: Target,
        socket: &Socket,
        answer: &preflight::ProbeAnswer,
    ) -> Decision {
        if self.is_paused(socket) {
            return Decision::proceed();
        }
        let (facts, otherwise) = match answer {
            preflight::ProbeAnswer::Server(facts) => (facts, Decision::proceed()),
            preflight::ProbeAnswer::Ambiguous(facts) => {
                (facts, without_answer(layers, &target, socket, ProbeFailure::ProxyPassword))
            }
            preflight::ProbeAnswer::None(probe_failure) => {
                return without_answer(layers, &target, socket, *probe_failure);
            }
        };
        let connection = Connection { target, facts: facts.clone(), now: socket.now };
        let verdict = judge(layers, &connection);
        match violation_of(&verdict, &connection, socket, Stage::Preflight) {
            Some(violation) if violation.outcome == Outcome::Block => {
                Decision { judged: Judged::of(&verdict).map(Box::new), ..Decision::on(violation) }
            }
            Some(_) | None => otherwise,
        }
    }

    /// A `ws://` socket: one to a ruled host goes over TLS or not at all.
    pub(super) fn cleartext(
        &self,
        listener: &Listener<'_>,
        layers: &Layers,
        target: Target,
        socket: &Socket,
    ) -> Decision {
        let (verdict, connection) = judge_without_facts(layers, target, socket.now);
        let Some(mut violation) = violation_of(&verdict, &connection, socket, Stage::BeforeRequest) else {
            return Decision::proceed();
        };
        if self.is_paused(socket) {
            // One that would only be flagged goes in clear because of the pause as well.
            violation.let_through();
            return Decision::on(violation);
        }
        match (listener, violation.outcome) {
            // It was to be upgraded at the first listener, and is about to be sent in clear all the same.
            (Listener::BeforeSendHeaders { .. }, _) => {
                violation.outcome = Outcome::Block;
                Decision::on(violation)
            }
            // Sockpin is asked about it again as wss://, and judges it then.
            (Listener::BeforeRequest, Outcome::Block) if is_ruled(layers, connection.target.over_tls(), socket.now) => {
                Decision { answer: Answer::Upgrade, ..Decision::proceed() }
            }
            // The rule is for the cleartext port alone: upgraded, the socket would escape it.
            (Listener::BeforeRequest, Outcome::Block) => Decision::on(violation),
            (Listener::BeforeRequest, Outcome::Flag) => Decision { answer: Answer::Upgrade, ..Decision::on(violation) },
        }
    }

    /// The answer to the handshake itself.
    pub(super) fn at_handshake(&self, socket: &Socket, target: Target, facts: Facts) -> Decision {
        match self.layers(socket) {
            Ok(_) if socket.route.may_come_from_proxy(socket.status, &facts) => Decision::proceed(),
            Ok(layers) => {
                let connection = Connection { target, facts, now: socket.now };
                let verdict = judge(layers, &connection);
                let judged = Judged::of(&verdict).map(|judged| Box::new(judged.showing(&connection)));
                let Some(mut violation) = violation_of(&verdict, &connection, socket, Stage::Handshake) else {
                    return Decision { judged, ..Decision::proceed() };
                };
                violation.probe_failure = self.probe_failure(layers, &connection.target, socket);
                if violation.outcome == Outcome::Block && self.is_paused(socket) {
                    violation.let_through();
                }
                Decision { judged, ..Decision::on(violation) }
            }
            Err(_) if self.is_paused(socket) => Decision::proceed(),
            Err(_) => stop(socket, Reason::PolicyUnreadable, Stage::Handshake, Some(&target)),
        }
    }

    /// For a socket that is to be locked because its rule blocks: the entry to be logged if the lock does not open as
    /// it should. None for any other.
    pub(super) fn entry_if_lock_fails(&self, socket: &Socket) -> Option<Box<Violation>> {
        if self.is_paused(socket) {
            return None;
        }
        let (layers, target) = self.prepare(socket, Stage::BeforeRequest).ok()?;
        let (verdict, connection) = judge_without_facts(layers, target, socket.now);
        let mut violation = violation_of(&verdict, &connection, socket, Stage::BeforeRequest)
            .filter(|violation| violation.outcome == Outcome::Block)?;
        violation.reason = Reason::HandshakeAltered;
        Some(violation)
    }

    /// Why a pre-flight did not vouch for a socket that is judged at its handshake, although its rule asks for one.
    fn probe_failure(&self, layers: &Layers, target: &Target, socket: &Socket) -> Option<ProbeFailure> {
        preflight::asked_for(layers, target, socket.now)?;
        let probe = self.answers.probe(target, &socket.route);
        preflight::obstacle(&socket.route).or_else(|| self.answers.probe_failure(&probe, socket.now))
    }

    pub(super) fn is_paused(&self, socket: &Socket) -> bool {
        self.pause(socket.now).is_some()
    }
}

/// There is no answer to the pre-flight: a socket whose rule requires one is stopped.
fn without_answer(layers: &Layers, target: &Target, socket: &Socket, probe_failure: ProbeFailure) -> Decision {
    let asked = preflight::asked_for(layers, target, socket.now);
    let Some((layer, rule)) = asked.filter(|(_, rule)| rule.preflight() == Preflight::Require) else {
        return Decision::proceed();
    };
    let reason = Reason::PreflightUnanswered;
    Decision::on(Box::new(Violation {
        stage: Stage::Preflight,
        probe_failure: Some(probe_failure),
        rule: Some(RuleSnapshot::of(layer, rule, socket.now)),
        ..Violation::unjudged(reason, socket.now, Some(target), socket.page.clone())
    }))
}

/// The verdict before any facts are known. It tells whether a rule applies to the socket, and whether it blocks.
pub(super) fn judge_without_facts(layers: &Layers, target: Target, now: UnixMillis) -> (Verdict, Connection) {
    let connection = Connection { target, facts: Facts::Missing(MissingFacts::NoCertificates), now };
    (judge(layers, &connection), connection)
}

fn is_ruled(layers: &Layers, target: Target, now: UnixMillis) -> bool {
    !matches!(judge_without_facts(layers, target, now).0, Verdict::NotPinned(_))
}

pub(super) fn stop(socket: &Socket, reason: Reason, stage: Stage, target: Option<&Target>) -> Decision {
    Decision::on(Box::new(Violation { stage, ..Violation::unjudged(reason, socket.now, target, socket.page.clone()) }))
}

/// The entry for a verdict; none where the socket may go on and nothing is logged.
fn violation_of(verdict: &Verdict, connection: &Connection, socket: &Socket, stage: Stage) -> Option<Box<Violation>> {
    match verdict {
        Verdict::NotPinned(_) | Verdict::Allowed(..) => None,
        Verdict::Violation(finding) => Some(entry(finding, connection, socket, stage)),
    }
}

pub(super) fn entry(finding: &Finding, connection: &Connection, socket: &Socket, stage: Stage) -> Box<Violation> {
    Box::new(Violation { stage, ..Violation::new(finding, connection, socket.page.clone()) })
}
