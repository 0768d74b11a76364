//! The proof of a rule ([`crate::proof`]): which socket it is, by which rules that one is judged, and what came of it.
//! Nothing of it is logged, counted, noted or recorded.

use super::{Engine, Socket};
use crate::error::{Error, RuleError};
use crate::policy::Layers;
use crate::proof::{Conclusion, Ending, Expected, Proof, Proved};
use crate::record::Judged;
use crate::violation::Violation;

impl Engine {
    /// A socket of Sockpin's own is about to be opened. Whether it is expected: not while another is.
    ///
    /// # Errors
    /// [`RuleError::Unknown`]: the rule does not decide about this target; what keeps the rules from being read.
    pub fn expect_proof(&mut self, expected: Expected) -> Result<bool, Error> {
        if self.proof.as_ref().is_some_and(|proof| !proof.is_done(expected.from)) {
            return Ok(false);
        }
        let layers = self.policy.as_ref().map_err(Error::clone)?;
        let mut rules = layers.lookup(&expected.target.host, expected.target.port);
        let (layer, _) = rules
            .find(|(_, rule)| rule.id() == expected.rule)
            .ok_or_else(|| RuleError::Unknown { id: expected.rule.clone() })?;
        drop(rules);
        self.proof = Some(Proof::of(expected, layer, layers));
        Ok(true)
    }

    /// The socket has opened or failed, or has taken too long: what came of it. None where none was expected.
    pub fn proved(&mut self, ending: Ending) -> Option<Proved> {
        let proved = self.proof.as_mut().map(|proof| proof.end(ending));
        self.drop_past_proof();
        proved
    }

    /// Whether this request is a proof's.
    #[must_use]
    pub fn is_proof(&self, request: &str) -> bool {
        self.proof.as_ref().is_some_and(|proof| proof.has(request))
    }

    /// The request of a proof has failed; what the browser calls it.
    pub fn proof_failed(&mut self, error: String) {
        if let Some(proof) = &mut self.proof {
            proof.failed(error);
        }
    }

    pub(super) fn meet_proof(&mut self, socket: &Socket) {
        if let (Some(proof), Some((target, origin))) = (&mut self.proof, of_own(socket)) {
            proof.meet(&socket.request, target, origin, socket.now);
        }
    }

    /// The request of a proof has ended.
    pub(super) fn end_proof(&mut self, request: &str) {
        if let Some(proof) = self.proof.as_mut().filter(|proof| proof.has(request)) {
            proof.request_ended();
            self.drop_past_proof();
        }
    }

    /// The rules by which a socket is judged.
    pub(super) fn layers(&self, socket: &Socket) -> Result<&Layers, &Error> {
        let layers = self.policy.as_ref()?;
        let proof = self.proof.as_ref().filter(|proof| is_socket_of(proof, socket));
        Ok(proof.and_then(Proof::layers).unwrap_or(layers))
    }

    /// Other rules are in force.
    pub(super) fn tell_proof_of_rules(&mut self) {
        if let (Some(proof), Ok(layers)) = (&mut self.proof, &self.policy) {
            proof.rules_changed(layers);
        }
    }

    /// Keeps what was decided of a proof's socket. Whether it is one.
    pub(super) fn conclude(&mut self, socket: &Socket, violation: Option<&Violation>, judged: Option<&Judged>) -> bool {
        let Some(proof) = self.proof.as_mut().filter(|proof| is_socket_of(proof, socket)) else {
            return false;
        };
        if let Some(violation) = violation {
            proof.conclude(Conclusion::Violation(Box::new(violation.clone())));
        } else if let Some((rule, how)) = judged.and_then(Judged::allowed) {
            proof.conclude(Conclusion::Allowed { rule: rule.id().to_owned(), how: how.clone() });
        }
        true
    }

    pub(super) fn is_proof_socket(&self, socket: &Socket) -> bool {
        self.proof.as_ref().is_some_and(|proof| is_socket_of(proof, socket))
    }

    fn drop_past_proof(&mut self) {
        self.proof.take_if(|proof| proof.is_past());
    }
}

fn is_socket_of(proof: &Proof, socket: &Socket) -> bool {
    proof.has(&socket.request) && of_own(socket).is_some_and(|(target, origin)| proof.is_to(target, origin))
}

/// Where a socket goes and which document has opened it, if it can be one of Sockpin's background: in no tab, and in no private
/// window.
fn of_own(socket: &Socket) -> Option<(&crate::connection::Target, &str)> {
    let target = socket.address.target.as_ref().ok()?;
    let origin = socket.page.as_deref()?;
    (socket.tab.is_none() && !socket.route.private).then_some((target, origin))
}
