//! The verdict: facts in, answer out. Pure and total: no I/O, no clock, no way to fail.
//!
//! | | question, in this order | answer |
//! |---|---|---|
//! | 1 | no rule, or mode `off`? | not pinned |
//! | 2 | `ws://`? | violation `cleartext` (the engine upgrades it before it comes to that) |
//! | 3 | facts missing? | violation with that reason |
//! | 4 | certificate exception? | only the leaf is looked at |
//! | 5 | a denied key in the chain? | violation `denied-key` |
//! | 6 | a local root, and the rule exempts those? | allowed |
//! | 7 | a pin matches, or the rule has denied keys only? | go on; else violation `pin-mismatch` |
//! | 8 | Certificate Transparency required and not reported? | violation `ct-not-compliant`; else allowed |
//!
//! A violation blocks in mode `block`; it is let through in mode `flag` and under an expired rule.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::certificate::Certificate;
use crate::connection::{Connection, Facts, MissingFacts, Scheme, Target};
use crate::pin::Pin;
use crate::policy::{Layer, Layers};
use crate::rule::{LabelledPin, LocalRoots, MatchScope, Mode, Rule};

/// What becomes of a connection, from the mildest to the strictest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// No rule is about it.
    NotPinned,
    /// It satisfies its rule.
    Allow,
    /// A violation that is let through and logged.
    Flag,
    /// A violation that is stopped and logged.
    Block,
}

/// Why. The names are stable: they are stored and cross the wasm boundary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Reason {
    /// Not pinned: no rule.
    NoRule,
    /// Not pinned: the most specific rule is an exclusion.
    RuleOff,
    /// Allowed: a pin matched.
    PinMatched,
    /// Allowed: the rule has denied keys only, and none was there.
    NoDeniedKey,
    /// Allowed: the chain ends in a local root and the rule exempts those.
    LocalRootExempt,
    /// Violation: `ws://` to a ruled host.
    Cleartext,
    /// Violation: the browser showed neither chain nor leaf.
    NoCertificates,
    /// Violation: more certificates than any real chain has.
    ChainTooLong,
    /// Violation: a certificate could not be parsed, and the rest does not satisfy the rule.
    UnparsableCertificate,
    /// Violation: the browser refused to tell about the connection's TLS.
    SecurityInfoFailed,
    /// Violation: what the browser told is not of the documented shape.
    SecurityInfoMalformed,
    /// Violation: a denied key is in the chain.
    DeniedKey,
    /// Violation: no key of the chain is pinned.
    PinMismatch,
    /// Violation: the rule denies keys, and under a certificate exception the chain that could hold them is not shown.
    ChainUnknown,
    /// Violation: the rule requires an answer to a pre-flight, and there is none.
    PreflightUnanswered,
    /// Violation: Certificate Transparency is required and not reported.
    CtNotCompliant,
    /// Violation: the request had no key to be replaced, or the server has answered to another key than the one that it
    /// was sent ([RFC 6455 section 4.2.2](https://www.rfc-editor.org/rfc/rfc6455#section-4.2.2)).
    HandshakeAltered,
    /// Violation: the socket was to open, and the browser did not use the answer that opens the lock.
    AnswerDiscarded,
    /// Violation: the decision took too long.
    Deadline,
    /// Violation: the stored policy could not be read, so nothing is known to be unpinned.
    PolicyUnreadable,
    /// Violation: the address of the socket could not be read.
    UnreadableAddress,
    /// Violation: the program failed.
    InternalError,
}

/// The answer for one connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What becomes of it.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
    /// The rule that decided, and where it came from; none where no rule is about it.
    pub rule: Option<(Layer, Arc<Rule>)>,
    /// What made it an allowed one, where that was a pin.
    pub matched: Option<Match>,
    /// The key of every certificate, the server's own first; none for one that could not be parsed.
    pub keys: Vec<Option<Pin>>,
    /// Whether a certificate exception was in force.
    pub exception: bool,
    /// Whether the rule has expired and therefore did not block.
    pub expired: bool,
    /// Whether it would have been blocked but for a pause.
    pub paused: bool,
}

/// Which certificate met which pin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    /// Place in the chain, from 0, the server's own.
    pub certificate: usize,
    /// The pin.
    pub sha256: Pin,
    /// What the user calls it.
    pub label: String,
}

/// Judges a connection by every layer; the strictest answer wins, the administrator's where they are alike.
#[must_use]
pub fn judge(layers: &Layers, connection: &Connection) -> Verdict {
    let mut evidence = None;
    let mut strictest = Verdict::not_pinned(Reason::NoRule);
    for (layer, rule) in rules_for(layers, &connection.target) {
        let verdict = if rule.mode() == Mode::Off {
            Verdict { rule: Some((layer, Arc::clone(rule))), ..Verdict::not_pinned(Reason::RuleOff) }
        } else {
            let evidence = evidence.get_or_insert_with(|| Evidence::of(&connection.facts));
            judge_by_rule(layer, rule, connection, evidence)
        };
        if verdict.outcome > strictest.outcome || strictest.rule.is_none() {
            strictest = verdict;
        }
    }
    strictest
}

/// The most specific rule of each layer. A cleartext socket answers to the rules of its own port and to those of the
/// port to which it would be upgraded.
fn rules_for<'a>(layers: &'a Layers, target: &'a Target) -> impl Iterator<Item = (Layer, &'a Arc<Rule>)> {
    let upgraded = target.over_tls().port;
    let own = (target.port != upgraded).then(|| layers.lookup(&target.host, target.port));
    layers.lookup(&target.host, upgraded).chain(own.into_iter().flatten())
}

/// The keys of a connection, hashed once for all layers.
#[derive(Debug, Default)]
struct Evidence {
    keys: Vec<Option<Pin>>,
}

impl Evidence {
    fn of(facts: &Facts) -> Self {
        let key = |der: &Vec<u8>| Certificate::from_der(der).ok().map(|certificate| certificate.pin());
        let keys = match facts {
            Facts::Validated(chain) => chain.certificates.iter().map(key).collect(),
            Facts::LeafOnly { leaf, .. } => vec![key(leaf)],
            Facts::Missing(_) => Vec::new(),
        };
        Self { keys }
    }

    fn first_of(&self, pins: &[LabelledPin], scope: MatchScope) -> Option<Match> {
        self.in_scope(scope).iter().enumerate().find_map(|(certificate, key)| {
            let key = key.as_ref()?;
            let pin = pins.iter().find(|pin| pin.sha256 == *key)?;
            Some(Match { certificate, sha256: pin.sha256, label: pin.label.clone() })
        })
    }

    fn has_unparsable(&self, scope: MatchScope) -> bool {
        self.in_scope(scope).iter().any(Option::is_none)
    }

    fn in_scope(&self, scope: MatchScope) -> &[Option<Pin>] {
        match scope {
            MatchScope::Chain => &self.keys,
            MatchScope::Leaf => self.keys.get(..1).unwrap_or_default(),
        }
    }
}

fn judge_by_rule(layer: Layer, rule: &Arc<Rule>, connection: &Connection, evidence: &Evidence) -> Verdict {
    let (finding, matched) = find(rule, connection, evidence);
    let expired = rule.is_expired(connection.now);
    let outcome = match finding {
        Finding::Allowed(_) => Outcome::Allow,
        Finding::Violation(_) if rule.mode() == Mode::Block && !expired => Outcome::Block,
        Finding::Violation(_) => Outcome::Flag,
    };
    Verdict {
        outcome,
        reason: finding.reason(),
        rule: Some((layer, Arc::clone(rule))),
        matched,
        keys: evidence.keys.clone(),
        exception: matches!(connection.facts, Facts::LeafOnly { exception: true, .. }),
        expired,
        paused: false,
    }
}

#[derive(Debug, Clone, Copy)]
enum Finding {
    Allowed(Reason),
    Violation(Reason),
}

impl Finding {
    const fn reason(self) -> Reason {
        match self {
            Self::Allowed(reason) | Self::Violation(reason) => reason,
        }
    }
}

/// Steps 2 to 8 of the table.
fn find(rule: &Rule, connection: &Connection, evidence: &Evidence) -> (Finding, Option<Match>) {
    let violation = |reason| (Finding::Violation(reason), None);
    if connection.target.scheme == Scheme::Ws {
        return violation(Reason::Cleartext);
    }
    let (whole_chain, local_root, ct_compliant) = match &connection.facts {
        Facts::Missing(missing) => return violation(reason_of(*missing)),
        // Nobody validated a chain, so there is neither a root to exempt nor a report to rely on.
        Facts::LeafOnly { .. } => (false, false, false),
        Facts::Validated(chain) => (true, chain.root_is_built_in == Some(false), chain.ct_compliant),
    };
    if evidence.first_of(rule.denied(), MatchScope::Chain).is_some() {
        return violation(Reason::DeniedKey);
    }
    // A certificate that hides its key may hide a denied one.
    if !rule.denied().is_empty() && evidence.has_unparsable(MatchScope::Chain) {
        return violation(Reason::UnparsableCertificate);
    }
    if local_root && rule.local_roots() == LocalRoots::Exempt {
        return (Finding::Allowed(Reason::LocalRootExempt), None);
    }
    let matched = evidence.first_of(rule.pins(), rule.match_scope());
    if matched.is_none() && !rule.pins().is_empty() {
        let unparsable = evidence.has_unparsable(rule.match_scope());
        return violation(if unparsable { Reason::UnparsableCertificate } else { Reason::PinMismatch });
    }
    // A pinned leaf vouches for itself; that a denied key is nowhere in a chain takes the chain.
    if matched.is_none() && !whole_chain {
        return violation(Reason::ChainUnknown);
    }
    if rule.require_ct() && !ct_compliant {
        return (Finding::Violation(Reason::CtNotCompliant), matched);
    }
    let reason = if matched.is_some() { Reason::PinMatched } else { Reason::NoDeniedKey };
    (Finding::Allowed(reason), matched)
}

const fn reason_of(missing: MissingFacts) -> Reason {
    match missing {
        MissingFacts::NoCertificates => Reason::NoCertificates,
        MissingFacts::ChainTooLong => Reason::ChainTooLong,
        MissingFacts::SecurityInfoFailed => Reason::SecurityInfoFailed,
        MissingFacts::SecurityInfoMalformed => Reason::SecurityInfoMalformed,
    }
}

impl Verdict {
    fn not_pinned(reason: Reason) -> Self {
        Self {
            outcome: Outcome::NotPinned,
            reason,
            rule: None,
            matched: None,
            keys: Vec::new(),
            exception: false,
            expired: false,
            paused: false,
        }
    }

    /// A socket that no rule could be asked about: it is stopped.
    #[must_use]
    pub fn unjudged(reason: Reason) -> Self {
        Self { outcome: Outcome::Block, ..Self::not_pinned(reason) }
    }

    /// What becomes of it while protection is paused: nothing is stopped.
    #[must_use]
    pub fn while_paused(self) -> Self {
        match self.outcome {
            Outcome::Block => Self { outcome: Outcome::Flag, paused: true, ..self },
            Outcome::NotPinned | Outcome::Allow | Outcome::Flag => self,
        }
    }

    /// Whether it is logged.
    #[must_use]
    pub const fn is_violation(&self) -> bool {
        matches!(self.outcome, Outcome::Flag | Outcome::Block)
    }
}
