//! The log entry of a violation: everything a person needs to see what happened, and no more of the page than its
//! origin.

mod chain_digest;

use std::sync::Arc;

pub use chain_digest::ChainDigest;
use serde::{Deserialize, Serialize};

use crate::certificate::Description;
use crate::connection::{Connection, Facts, Target};
use crate::limits::MAX_LOGGED_CHAIN_BYTES;
use crate::overruling::Overruled;
use crate::pin::Pin;
use crate::policy::Layer;
use crate::preflight::ProbeFailure;
use crate::rule::{LabelledPin, LocalRoots, MatchScope, Mode, Rule};
use crate::time::{Date, UnixMillis};
use crate::verdict::{Finding, Match, Outcome, Reason};

/// A violation, as logged.
///
/// What is stored of it is what equal ones have in common ([`crate::log::EntryKey`]). Time and page are in the entry's
/// [`crate::log::Tally`], the certificates in a store of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Violation {
    /// When. Not stored here.
    #[serde(skip)]
    pub time: UnixMillis,
    /// The host in canonical form; empty where the address could not be read.
    pub host: String,
    /// The port; none where the address could not be read.
    pub port: Option<u16>,
    /// The origin of the document that opened the socket, if the browser told. Not stored here.
    #[serde(skip)]
    pub page: Option<String>,
    /// Flag or block.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
    /// Whether a certificate exception was in force.
    pub exception: bool,
    /// Whether it would have been blocked but for a pause.
    #[serde(default)]
    pub paused: bool,
    /// When it was found out.
    #[serde(default)]
    pub stage: Stage,
    /// How far it came although it had been stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overruled: Option<Overruled>,
    /// Why the pre-flight that the rule asks for has not vouched for the socket, where it has not.
    #[serde(default)]
    #[serde(rename = "noAnswer")]
    pub probe_failure: Option<ProbeFailure>,
    /// The rule as it was then.
    pub rule: Option<RuleSnapshot>,
    /// The pin that matched, where the violation is another one.
    pub matched: Option<Match>,
    /// What the rule says of each certificate of the chain, the server's own first.
    pub chain: Vec<ChainEntry>,
    /// The name under which the certificates themselves are stored; none where none was seen, where they are more than
    /// [`MAX_LOGGED_CHAIN_BYTES`], and in an entry of the version before.
    #[serde(default)]
    pub chain_digest: Option<ChainDigest>,
    /// The DER of the certificates, in the same order; empty where there is no digest. Not stored here.
    #[serde(skip)]
    pub certificates: Arc<[Vec<u8>]>,
}

/// At which point of its opening a socket was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// On the answer to its own handshake: the request with URL, cookies and subprotocols had been sent.
    #[default]
    Handshake,
    /// By a pre-flight: nothing of the page's had been sent.
    Preflight,
    /// By its address alone: nothing had been sent, and the server had not been asked for its key.
    BeforeRequest,
}

/// A rule as it was when it decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleSnapshot {
    /// Its identifier.
    pub id: String,
    /// Where it came from.
    pub layer: Layer,
    /// Its pattern.
    pub host: String,
    /// Its mode.
    pub mode: Mode,
    /// Which certificates a pin may match.
    #[serde(rename = "match")]
    pub match_scope: MatchScope,
    /// Its expiry date.
    pub expires: Option<Date>,
    /// Whether it had expired by then, and therefore did not block.
    pub expired: bool,
    /// Whether local roots must match.
    pub local_roots: LocalRoots,
    /// Whether Certificate Transparency is required.
    pub require_ct: bool,
    /// Its pins.
    pub pins: Vec<LabelledPin>,
    /// Its denied keys.
    pub denied: Vec<LabelledPin>,
}

impl RuleSnapshot {
    /// A rule as it is at this time.
    #[must_use]
    pub fn of(layer: Layer, rule: &Rule, now: UnixMillis) -> Self {
        Self {
            id: rule.id().to_owned(),
            layer,
            host: rule.host().to_string(),
            mode: rule.mode(),
            match_scope: rule.match_scope(),
            expires: rule.expires(),
            expired: rule.mode() != Mode::Off && rule.is_expired(now),
            local_roots: rule.local_roots(),
            require_ct: rule.require_ct(),
            pins: rule.pins().to_vec(),
            denied: rule.denied().to_vec(),
        }
    }
}

/// What is known of one certificate of the chain without reading it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChainEntry {
    /// Its key's pin, as bare base64; none where the certificate could not be parsed.
    pub sha256: Option<Pin>,
    /// For a root, whether the browser brings it; none for any other certificate, and where the browser does not say.
    pub built_in_root: Option<bool>,
    /// What the rule says of it.
    #[serde(rename = "match")]
    pub mark: Mark,
    /// What a person reads of it, in an entry of the version before alone: it had no certificates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
}

/// What a rule says of one certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// A pin matches it, where the rule looks.
    Pin,
    /// Its key is denied.
    Denied,
    /// Neither.
    None,
    /// It could not be parsed.
    Unparsable,
}

impl Violation {
    /// The entry for a violation that was found on a connection.
    #[must_use]
    pub fn new(finding: &Finding, connection: &Connection, page: Option<String>) -> Self {
        let (layer, rule) = &finding.rule;
        let (certificates, root_is_built_in) = connection.facts.certificates();
        let bytes: usize = certificates.iter().map(Vec::len).sum();
        let chain = marked_chain(finding, certificates.len(), root_is_built_in);
        let stored = if bytes <= MAX_LOGGED_CHAIN_BYTES { certificates } else { Arc::default() };
        Self {
            outcome: finding.outcome,
            exception: matches!(connection.facts, Facts::LeafOnly { exception: true, .. }),
            rule: Some(RuleSnapshot::of(*layer, rule, connection.now)),
            matched: finding.matched.clone(),
            chain,
            chain_digest: ChainDigest::of(&stored),
            certificates: stored,
            ..Self::unjudged(finding.reason, connection.now, Some(&connection.target), page)
        }
    }

    /// The entry for a socket that is stopped because it cannot be judged. Nothing is known of it but, perhaps, where it
    /// was to go.
    #[must_use]
    pub fn unjudged(reason: Reason, time: UnixMillis, target: Option<&Target>, page: Option<String>) -> Self {
        Self {
            time,
            host: target.map(|target| target.host.to_string()).unwrap_or_default(),
            port: target.map(|target| target.port),
            page,
            outcome: Outcome::Block,
            reason,
            exception: false,
            paused: false,
            stage: Stage::default(),
            overruled: None,
            probe_failure: None,
            rule: None,
            matched: None,
            chain: Vec::new(),
            chain_digest: None,
            certificates: Arc::default(),
        }
    }

    /// Lets it through because protection is paused.
    pub const fn let_through(&mut self) {
        self.outcome = Outcome::Flag;
        self.paused = true;
    }
}

/// The keys that were hashed to judge the connection, each with what the rule says of it.
fn marked_chain(finding: &Finding, length: usize, root_is_built_in: Option<bool>) -> Vec<ChainEntry> {
    let (_, rule) = &finding.rule;
    let entry = |index| {
        let key = finding.keys.get(index).copied().flatten();
        ChainEntry {
            sha256: key,
            built_in_root: root_is_built_in.filter(|_| index + 1 == length),
            mark: mark(Some(rule), index, key),
            description: None,
        }
    };
    (0..length).map(entry).collect()
}

/// What a rule says of the certificate at this place of a chain, by its key.
#[must_use]
pub fn mark(rule: Option<&Rule>, index: usize, key: Option<Pin>) -> Mark {
    let Some(key) = key else {
        return Mark::Unparsable;
    };
    let holds = |pins: &[LabelledPin]| pins.iter().any(|pin| pin.sha256 == key);
    match rule {
        Some(rule) if holds(rule.denied()) => Mark::Denied,
        Some(rule) if holds(rule.pins()) && (rule.match_scope() == MatchScope::Chain || index == 0) => Mark::Pin,
        _ => Mark::None,
    }
}
