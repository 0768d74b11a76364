//! The log entry of a violation: everything a person needs to see what happened, and no more of the page than its
//! origin.

mod chain_digest;

use std::sync::Arc;

pub use chain_digest::ChainDigest;
use serde::{Deserialize, Serialize};

use crate::certificate::Description;
use crate::connection::{Connection, Facts, Target};
use crate::fields::{Json, Read, words};
use crate::limits::MAX_LOGGED_CHAIN_BYTES;
use crate::overruling::Overruled;
use crate::pin::Pin;
use crate::policy::Layer;
use crate::preflight::ProbeFailure;
use crate::rule::{LabelledPin, LocalRoots, MatchScope, Mode, Rule};
use crate::time::{Date, UnixMillis};
use crate::verdict::{Finding, LayeredRule, Match, Outcome, Reason};

/// A violation, as logged.
///
/// What is stored of it is what equal ones have in common ([`crate::log::EntryKey`]). Time and page are in the entry's
/// [`crate::log::Tally`], the certificates in a store of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "a doc stands where the name does not say it")]
pub struct Violation {
    /// Stored in the tally, not here.
    #[serde(skip)]
    pub time: UnixMillis,
    /// The host in canonical form; empty where the address could not be read.
    pub host: String,
    /// The port; none where the address could not be read.
    pub port: Option<u16>,
    /// The origin of the document that opened the socket, if the browser reported it. Stored in the tally, not here.
    #[serde(skip)]
    pub page: Option<String>,
    pub outcome: Outcome,
    pub reason: Reason,
    /// Whether a certificate exception was in force.
    pub exception: bool,
    /// Whether it was let through only because protection was paused.
    #[serde(default)]
    pub paused: bool,
    /// How far the socket had come when the violation was found.
    #[serde(default)]
    pub stage: Stage,
    /// How far the socket came although it had been stopped; none where the stop held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overruled: Option<Overruled>,
    /// Why the pre-flight that the rule asks for did not vouch for the socket, if it did not.
    #[serde(default)]
    #[serde(rename = "noAnswer")]
    pub probe_failure: Option<ProbeFailure>,
    /// The rule as it was when it decided; none where no rule could be looked up.
    pub rule: Option<RuleSnapshot>,
    /// The rule of the other layer, where it was violated as well: its collector gets a report, too. Not stored.
    #[serde(skip)]
    pub other_rule: Option<LayeredRule>,
    /// The pin that matched, where something else was violated.
    pub matched: Option<Match>,
    /// What the rule says of each certificate of the chain, the server's own first.
    pub chain: Vec<ChainEntry>,
    /// The name under which the certificates themselves are stored. None where no certificate was seen, where they are
    /// larger than [`MAX_LOGGED_CHAIN_BYTES`], and in an entry of the log's first version.
    #[serde(default)]
    pub chain_digest: Option<ChainDigest>,
    /// The DER of the certificates, in the same order; empty where there is no digest. In a store of their own.
    #[serde(skip)]
    pub certificates: Arc<[Vec<u8>]>,
}

/// At which point of its opening a socket was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// On the answer to its handshake: the request with URL, cookies and subprotocols had been sent.
    #[default]
    Handshake,
    /// By a pre-flight: nothing from the page had been sent.
    Preflight,
    /// By its address alone: nothing had been sent, and the server had not been asked for its key.
    BeforeRequest,
}

/// A rule as it was when it decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "a doc stands where the name does not say it")]
pub struct RuleSnapshot {
    pub id: String,
    pub layer: Layer,
    /// A host pattern.
    pub host: String,
    pub mode: Mode,
    #[serde(rename = "match")]
    pub match_scope: MatchScope,
    /// The first day on which the rule no longer blocks (UTC).
    pub expires: Option<Date>,
    /// Whether that day had come, so that the rule only flagged.
    pub expired: bool,
    pub local_roots: LocalRoots,
    pub require_ct: bool,
    pub pins: Vec<LabelledPin>,
    pub denied: Vec<LabelledPin>,
}

words!(Stage, Mark);

impl Read<'_> for Violation {
    fn read(json: Json<'_>) -> Result<Self, serde_json::Error> {
        let mut fields = json.object()?;
        Ok(Self {
            time: UnixMillis::default(),
            page: None,
            host: fields.part("host")?,
            port: fields.part_or_default("port")?,
            outcome: fields.part("outcome")?,
            reason: fields.part("reason")?,
            exception: fields.part("exception")?,
            paused: fields.part_or_default("paused")?,
            stage: fields.part_or_default("stage")?,
            overruled: fields.part_or_default("overruled")?,
            probe_failure: fields.part_or_default("noAnswer")?,
            rule: fields.part_or_default("rule")?,
            matched: fields.part_or_default("matched")?,
            chain: fields.part("chain")?,
            chain_digest: fields.part_or_default("chainDigest")?,
            other_rule: None,
            certificates: Arc::default(),
        })
    }
}

impl Read<'_> for RuleSnapshot {
    fn read(json: Json<'_>) -> Result<Self, serde_json::Error> {
        let mut fields = json.object()?;
        Ok(Self {
            id: fields.part("id")?,
            layer: fields.part("layer")?,
            host: fields.part("host")?,
            mode: fields.part("mode")?,
            match_scope: fields.part("match")?,
            expires: fields.part_or_default("expires")?,
            expired: fields.part("expired")?,
            local_roots: fields.part("localRoots")?,
            require_ct: fields.part("requireCt")?,
            pins: fields.part("pins")?,
            denied: fields.part("denied")?,
        })
    }
}

impl Read<'_> for ChainEntry {
    fn read(json: Json<'_>) -> Result<Self, serde_json::Error> {
        let mut fields = json.object()?;
        Ok(Self {
            sha256: fields.part_or_default("sha256")?,
            built_in_root: fields.part_or_default("builtInRoot")?,
            mark: fields.part("match")?,
            description: fields.part_or_default("description")?,
        })
    }
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
    /// Whether this root is one of the browser's own. None for any certificate but the root, and where the browser does
    /// not say.
    pub built_in_root: Option<bool>,
    /// What the rule says of it.
    #[serde(rename = "match")]
    pub mark: Mark,
    /// What a person reads of it. Only in an entry of the log's first version, which stored no certificates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
}

/// What a rule says of one certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// It matches a pin, and is among the certificates that a pin of this rule may match.
    Pin,
    /// Its key is denied.
    Denied,
    /// Neither a pin nor a denied key.
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
            other_rule: finding.other.clone(),
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
            other_rule: None,
            matched: None,
            chain: Vec::new(),
            chain_digest: None,
            certificates: Arc::default(),
        }
    }

    /// The same violation, as the rule of the other layer sees it.
    #[must_use]
    pub fn by_other_rule(&self) -> Option<Self> {
        let (layer, rule) = self.other_rule.as_ref()?;
        Some(Self { rule: Some(RuleSnapshot::of(*layer, rule, self.time)), other_rule: None, ..self.clone() })
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
