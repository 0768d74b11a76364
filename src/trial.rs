//! A rule tried on connections that are past: by itself, whatever other rules there are.

use std::sync::Arc;

use crate::connection::{Connection, Facts, Scheme, Target};
use crate::host::{Host, PatternScope, UrlHostParser};
use crate::policy::{Layers, Policy};
use crate::rule::{FieldError, Rule, RuleDocument, RuleStamp};
use crate::time::UnixMillis;
use crate::verdict::{Verdict, judge};

/// A rule that is the only one, on a certain day.
#[derive(Debug)]
pub struct Trial {
    rule: Arc<Rule>,
    layers: Layers,
    now: UnixMillis,
}

impl Trial {
    /// Of a rule that may be stored or not.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn of(rule: &RuleDocument, now: UnixMillis, url_host: UrlHostParser<'_>) -> Result<Self, Vec<FieldError>> {
        let mut user = Policy::default();
        let rule = user.save(rule, &RuleStamp { id: "trial".to_owned(), time: now }, url_host)?;
        Ok(Self { rule, layers: Layers { user, ..Layers::default() }, now })
    }

    /// Of a rule as it is in force.
    #[must_use]
    pub fn of_stored(rule: Arc<Rule>, now: UnixMillis) -> Self {
        let mut user = Policy::default();
        user.put(Arc::clone(&rule));
        Self { rule, layers: Layers { user, ..Layers::default() }, now }
    }

    /// The rule.
    #[must_use]
    pub fn rule(&self) -> &Rule {
        &self.rule
    }

    /// What it decides of such a chain from a host that it is for. None where no name is long enough for such a host.
    #[must_use]
    pub fn decide_at_own_host(&self, facts: Facts) -> Option<(Connection, Verdict)> {
        const USUAL_PORT: u16 = 443;
        let pattern = self.rule.host();
        let host = match pattern.scope() {
            PatternScope::Exact | PatternScope::Subtree => pattern.base().clone(),
            PatternScope::OneLabel => Host::parse(&format!("x.{}", pattern.base()), &|_| None).ok()?,
        };
        Some(self.decide(host, pattern.port().unwrap_or(USUAL_PORT), facts))
    }

    /// What it decides of a socket over TLS, and of which connection that is said.
    #[must_use]
    pub fn decide(&self, host: Host, port: u16, facts: Facts) -> (Connection, Verdict) {
        let connection = Connection { target: Target { scheme: Scheme::Wss, host, port }, facts, now: self.now };
        let verdict = judge(&self.layers, &connection);
        (connection, verdict)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::{Mode, PinDocument};
    use crate::verdict::{Allowed, NotPinned, Outcome, Reason};

    #[test]
    fn a_rule_is_tried_alone() {
        let now = UnixMillis::new(0);
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate =
            rcgen::CertificateParams::new(vec!["nas.test".to_owned()]).unwrap().self_signed(&key).unwrap();
        let leaf = certificate.der().to_vec();
        let pin = crate::certificate::Certificate::from_der(&leaf).unwrap().pin().to_string();
        let other = crate::pin::Pin::of_spki(b"other").to_string();
        let rule = |host: &str, mode, pin: &String| RuleDocument {
            host: host.to_owned(),
            mode,
            pins: vec![PinDocument { sha256: pin.clone(), label: "The key".to_owned() }],
            ..RuleDocument::default()
        };
        let decide = |rule: &RuleDocument| {
            let trial = Trial::of(rule, now, &|_| None).unwrap();
            let host = Host::parse("nas.test", &|_| None).unwrap();
            trial.decide(host, 8443, Facts::LeafOnly { leaf: leaf.clone(), exception: true }).1
        };
        assert!(matches!(decide(&rule("nas.test", Mode::Block, &pin)), Verdict::Allowed(Allowed::PinMatched(_), _)));
        assert!(matches!(decide(&rule("nas.test:443", Mode::Block, &pin)), Verdict::NotPinned(NotPinned::NoRule)));
        for (mode, expected) in [(Mode::Block, Outcome::Block), (Mode::Flag, Outcome::Flag)] {
            let Verdict::Violation(finding) = decide(&rule("nas.test", mode, &other)) else { panic!("{mode:?}") };
            assert_eq!((finding.outcome, finding.reason), (expected, Reason::PinMismatch));
        }
        assert!(Trial::of(&RuleDocument::default(), now, &|_| None).is_err());
    }
}
