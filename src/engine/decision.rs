//! What is to become of a socket: by policy, pause and facts, and not by what came before.

use std::sync::Arc;

use super::{Answer, Engine, Socket};
use crate::connection::{Connection, Facts, MissingFacts, Target};
use crate::policy::Layers;
use crate::preflight::{self, Probe, ProbeFailure};
use crate::rule::Preflight;
use crate::time::UnixMillis;
use crate::verdict::{Outcome, Reason, Verdict, judge};
use crate::violation::{Stage, Violation};

/// An answer, and what is to be written down about it.
#[derive(Debug)]
pub(super) struct Decision {
    pub(super) answer: Answer,
    pub(super) violation: Option<Box<Violation>>,
}

impl Decision {
    pub(super) const fn proceed() -> Self {
        Self { answer: Answer::Proceed, violation: None }
    }

    pub(super) fn of(verdict: &Verdict, connection: &Connection, socket: &Socket, stage: Stage) -> Self {
        let violation = || Violation { stage, ..Violation::new(verdict, connection, socket.page.clone()) };
        let answer = match verdict.outcome {
            Outcome::NotPinned | Outcome::Allow | Outcome::Flag => Answer::Proceed,
            Outcome::Block => Answer::Cancel,
        };
        Self { answer, violation: verdict.is_violation().then(violation).map(Box::new) }
    }
}

impl Engine {
    pub(super) fn prepare(&self, socket: &Socket, stage: Stage) -> Result<(&Layers, Target), Decision> {
        match (&self.policy, &socket.address.target) {
            (Ok(layers), Ok(target)) => Ok((layers, target.clone())),
            _ if self.is_paused(socket) => Err(Decision::proceed()),
            (Err(_), target) => Err(stop(socket, Reason::PolicyUnreadable, stage, target.as_ref().ok())),
            (Ok(_), Err(_)) => Err(stop(socket, Reason::UnreadableAddress, stage, None)),
        }
    }

    /// A `wss://` socket: a rule may ask for its key to be checked before the request is sent. The error is the probe
    /// that does so.
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

    /// Stops what the handshake would stop; all else, and what is to be logged of it, is the handshake's.
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
        if verdict.outcome == Outcome::Block {
            Decision::of(&verdict, &connection, socket, Stage::Preflight)
        } else {
            otherwise
        }
    }

    /// A `ws://` socket: one to a ruled host goes over TLS or not at all.
    pub(super) fn cleartext(&self, layers: &Layers, target: Target, socket: &Socket) -> Decision {
        let (verdict, connection) = judge_without_facts(layers, target, socket.now);
        let decision = |verdict: &Verdict| Decision::of(verdict, &connection, socket, Stage::BeforeRequest);
        if self.is_paused(socket) {
            // One that would only be flagged goes in clear because of the pause as well.
            let verdict = verdict.while_paused();
            return decision(&Verdict { paused: verdict.is_violation(), ..verdict });
        }
        match verdict.outcome {
            Outcome::NotPinned | Outcome::Allow => Decision::proceed(),
            // It comes again as wss:// and is judged then.
            Outcome::Block if is_ruled(layers, connection.target.over_tls(), socket.now) => {
                Decision { answer: Answer::Upgrade, violation: None }
            }
            // The rule is for the cleartext port alone: upgraded, the socket would escape it.
            Outcome::Block => decision(&verdict),
            Outcome::Flag => Decision { answer: Answer::Upgrade, ..decision(&verdict) },
        }
    }

    /// A `ws://` socket that was to be upgraded and is about to be sent in clear all the same.
    pub(super) fn in_clear(&self, socket: &Socket) -> Decision {
        let (layers, target) = match self.prepare(socket, Stage::BeforeRequest) {
            Ok(prepared) => prepared,
            Err(decision) => return decision,
        };
        let (verdict, connection) = judge_without_facts(layers, target, socket.now);
        let verdict = Verdict { outcome: Outcome::Block, ..verdict };
        Decision::of(&verdict, &connection, socket, Stage::BeforeRequest)
    }

    /// The answer to the handshake itself.
    pub(super) fn at_handshake(&self, socket: &Socket, target: Target, facts: Facts) -> Decision {
        match &self.policy {
            Ok(_) if socket.route.may_come_from_proxy(socket.status, &facts) => Decision::proceed(),
            Ok(layers) => {
                let connection = Connection { target, facts, now: socket.now };
                let verdict = judge(layers, &connection);
                let verdict = if self.is_paused(socket) { verdict.while_paused() } else { verdict };
                let mut decision = Decision::of(&verdict, &connection, socket, Stage::Handshake);
                if let Some(violation) = &mut decision.violation {
                    violation.probe_failure = self.probe_failure(layers, &connection.target, socket);
                }
                decision
            }
            Err(_) if self.is_paused(socket) => Decision::proceed(),
            Err(_) => stop(socket, Reason::PolicyUnreadable, Stage::Handshake, Some(&target)),
        }
    }

    /// Whether a socket is to be locked, since its rule would stop it; then what is to be written down where the lock
    /// does not open as it should.
    pub(super) fn unless_locked(&self, socket: &Socket) -> Option<Box<Violation>> {
        if self.is_paused(socket) {
            return None;
        }
        let (layers, target) = self.prepare(socket, Stage::BeforeRequest).ok()?;
        let (verdict, connection) = judge_without_facts(layers, target, socket.now);
        let verdict = Verdict { reason: Reason::HandshakeAltered, ..verdict };
        Decision::of(&verdict, &connection, socket, Stage::BeforeRequest)
            .violation
            .filter(|violation| violation.outcome == Outcome::Block)
    }

    /// Why a pre-flight that was asked for has not vouched for a socket that is judged at its handshake.
    fn probe_failure(&self, layers: &Layers, target: &Target, socket: &Socket) -> Option<ProbeFailure> {
        preflight::asked_for(layers, target, socket.now)?;
        let probe = self.answers.probe(target, &socket.route);
        preflight::obstacle(&socket.route).or_else(|| self.answers.probe_failure(&probe, socket.now))
    }

    pub(super) fn is_paused(&self, socket: &Socket) -> bool {
        self.pause(socket.now).is_some()
    }
}

/// Stops a socket if its pre-flight is required.
fn without_answer(layers: &Layers, target: &Target, socket: &Socket, probe_failure: ProbeFailure) -> Decision {
    let asked = preflight::asked_for(layers, target, socket.now);
    let Some((layer, rule)) = asked.filter(|(_, rule)| rule.preflight() == Preflight::Require) else {
        return Decision::proceed();
    };
    let rule = Some((layer, Arc::clone(rule)));
    let verdict = Verdict { rule, ..Verdict::unjudged(Reason::PreflightUnanswered) };
    let violation = Violation::without_facts(&verdict, socket.now, Some(target), socket.page.clone());
    let violation = Violation { stage: Stage::Preflight, probe_failure: Some(probe_failure), ..violation };
    Decision { answer: Answer::Cancel, violation: Some(Box::new(violation)) }
}

/// The verdict before any facts are known: it tells whether a rule is about the socket at all.
pub(super) fn judge_without_facts(layers: &Layers, target: Target, now: UnixMillis) -> (Verdict, Connection) {
    let connection = Connection { target, facts: Facts::Missing(MissingFacts::NoCertificates), now };
    (judge(layers, &connection), connection)
}

fn is_ruled(layers: &Layers, target: Target, now: UnixMillis) -> bool {
    judge_without_facts(layers, target, now).0.outcome != Outcome::NotPinned
}

pub(super) fn stop(socket: &Socket, reason: Reason, stage: Stage, target: Option<&Target>) -> Decision {
    let verdict = Verdict::unjudged(reason);
    let violation = Violation::without_facts(&verdict, socket.now, target, socket.page.clone());
    Decision { answer: Answer::Cancel, violation: Some(Box::new(Violation { stage, ..violation })) }
}
