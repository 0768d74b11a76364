//! The verdict: facts in, answer out. Pure and total: no I/O, no clock, no way to fail.
//!
//! | | question, in this order | answer |
//! |---|---|---|
//! | 1 | no rule, or mode `off`? | not pinned |
//! | 2 | `ws://`? | violation `cleartext` (the engine then upgrades the socket to `wss://` where it can) |
//! | 3 | facts missing? | violation with that reason |
//! | 4 | certificate exception? | only the leaf is looked at |
//! | 5 | a denied key in the chain? | violation `denied-key` |
//! | 6 | a local root, and the rule exempts those? | allowed |
//! | 7 | a pin matches, or the rule has denied keys only? | go on; else violation `pin-mismatch` |
//! | 8 | Certificate Transparency required and not reported? | violation `ct-not-compliant`; else allowed |
//!
//! A violation blocks in mode `block`; it is let through in mode `flag` and under an expired rule.

mod evidence;
mod reason;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::connection::{Connection, Facts, Scheme, Target};
use crate::fields::words;
use crate::pin::Pin;
use crate::policy::{Layer, Layers};
use crate::rule::{LocalRoots, MatchScope, Mode, Rule};
use evidence::Evidence;
pub use evidence::Match;
pub use reason::{Allowed, NotPinned, Reason};

/// The answer for one connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// No rule applies, or the one that does is off.
    NotPinned(NotPinned),
    /// It satisfies this rule.
    Allowed(Allowed, LayeredRule),
    /// It does not satisfy its rule. This alone is logged.
    Violation(Finding),
}

/// A rule, and the layer that it comes from.
pub type LayeredRule = (Layer, Arc<Rule>);

/// A violation as it was found. [`crate::violation::Violation`] is what is logged of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "a doc stands where the name does not say it")]
pub struct Finding {
    pub outcome: Outcome,
    pub reason: Reason,
    /// The rule that decided.
    pub rule: LayeredRule,
    /// The rule of the other layer, where it is violated as well.
    pub other: Option<LayeredRule>,
    /// The pin that matched, where something else was violated.
    pub matched: Option<Match>,
    /// The key of every certificate, the server's own first; none for one that could not be parsed.
    pub keys: Vec<Option<Pin>>,
}

/// What becomes of a violation. The names are stable: they are stored and cross the wasm boundary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It is let through and logged.
    Flag,
    /// It is stopped and logged.
    Block,
}

words!(Outcome, Reason);

/// Judges a connection by every layer. The strictest verdict wins; of two that are equally strict, the administrator's.
#[must_use]
pub fn judge(layers: &Layers, connection: &Connection) -> Verdict {
    let mut evidence = None;
    let mut strictest = Verdict::NotPinned(NotPinned::NoRule);
    let (mut user, mut managed) = (None, None);
    for (layer, rule) in rules_for(layers, &connection.target) {
        let verdict = if rule.mode() == Mode::Off {
            Verdict::NotPinned(NotPinned::RuleOff((layer, Arc::clone(rule))))
        } else {
            let evidence = evidence.get_or_insert_with(|| Evidence::of(&connection.facts));
            judge_by_rule(layer, rule, connection, evidence)
        };
        if matches!(verdict, Verdict::Violation(_)) {
            match layer {
                Layer::User => user = Some(rule),
                Layer::Managed => managed = Some(rule),
            }
        }
        if verdict.strictness() > strictest.strictness() {
            strictest = verdict;
        }
    }
    if let Verdict::Violation(Finding { rule: (layer, _), other, .. }) = &mut strictest {
        *other = match layer {
            Layer::User => managed.map(|rule| (Layer::Managed, Arc::clone(rule))),
            Layer::Managed => user.map(|rule| (Layer::User, Arc::clone(rule))),
        };
    }
    strictest
}

impl Verdict {
    /// The verdicts in order, from the mildest to the strictest.
    const fn strictness(&self) -> u8 {
        match self {
            Self::NotPinned(NotPinned::NoRule) => 0,
            Self::NotPinned(NotPinned::RuleOff(_)) => 1,
            Self::Allowed(..) => 2,
            Self::Violation(Finding { outcome: Outcome::Flag, .. }) => 3,
            Self::Violation(Finding { outcome: Outcome::Block, .. }) => 4,
        }
    }
}

/// The most specific rule of each layer. A cleartext socket answers to the rules of its own port and to those of the
/// port to which it would be upgraded.
fn rules_for<'a>(layers: &'a Layers, target: &'a Target) -> impl Iterator<Item = (Layer, &'a Arc<Rule>)> {
    let upgraded = target.over_tls().port;
    let own = (target.port != upgraded).then(|| layers.lookup(&target.host, target.port));
    layers.lookup(&target.host, upgraded).chain(own.into_iter().flatten())
}

fn judge_by_rule(layer: Layer, rule: &Arc<Rule>, connection: &Connection, evidence: &Evidence) -> Verdict {
    let found = find(rule, connection, evidence);
    let blocks = rule.mode() == Mode::Block && !rule.is_expired(connection.now);
    let rule = (layer, Arc::clone(rule));
    match found {
        Ok(allowed) => Verdict::Allowed(allowed, rule),
        Err((reason, matched)) => {
            let outcome = if blocks { Outcome::Block } else { Outcome::Flag };
            Verdict::Violation(Finding { outcome, reason, rule, other: None, matched, keys: evidence.keys.clone() })
        }
    }
}

/// Steps 2 to 8 of the table. The error is the violation, with the pin that matched, if one did.
fn find(rule: &Rule, connection: &Connection, evidence: &Evidence) -> Result<Allowed, (Reason, Option<Match>)> {
    let violation = |reason| Err((reason, None));
    if connection.target.scheme == Scheme::Ws {
        return violation(Reason::Cleartext);
    }
    let (whole_chain, local_root, ct_compliant) = match &connection.facts {
        Facts::Missing(missing) => return violation((*missing).into()),
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
        return Ok(Allowed::LocalRootExempt);
    }
    let matched = evidence.first_of(rule.pins(), rule.match_scope());
    if matched.is_none() && !rule.pins().is_empty() {
        let unparsable = evidence.has_unparsable(rule.match_scope());
        return violation(if unparsable { Reason::UnparsableCertificate } else { Reason::PinMismatch });
    }
    // A pinned leaf vouches for itself. To know that no denied key is in a chain takes the whole chain.
    if matched.is_none() && !whole_chain {
        return violation(Reason::ChainUnknown);
    }
    if rule.require_ct() && !ct_compliant {
        return Err((Reason::CtNotCompliant, matched));
    }
    Ok(matched.map_or(Allowed::NoDeniedKey, Allowed::PinMatched))
}
