//! What a server has shown before a violation, as far as it is known.

use std::rc::Rc;
use std::sync::Arc;

use super::record_reader;
use super::rule_store::RuleStore;
use super::seen_store::SeenStore;
use crate::browser::url_host::url_host;
use crate::changed_key::known_certificate;
use crate::connection::Facts;
use crate::explanation::Before;
use crate::host::{Host, HostPattern};
use crate::last_chain::{LAST_CHAINS, last_chain};
use crate::policy::Layer;
use crate::rule::Rule;
use crate::seen::SeenEndpoint;
use crate::view::changed_key::Source;
use crate::view::foreign::key_name;
use crate::violation::{RuleSnapshot, Violation};

/// The chain of this session that the rule matched last, else that of an earlier one, else what the rule's record says.
pub(super) struct KnownBefore {
    /// With the place of the certificate that the rule knew.
    chain: Option<(Rc<Facts>, usize)>,
    /// The place of the certificate whose key matched last, whatever the chain was.
    place: usize,
    pub(super) source: Source,
}

impl KnownBefore {
    /// Rules and what was seen have been read by then.
    pub(super) async fn read(store: &RuleStore, seen: &SeenStore, violation: &Violation, rule: &RuleSnapshot) -> Self {
        if let Some(known) = Self::seen(seen, violation, rule) {
            return known;
        }
        let kept = record_reader::load_text(LAST_CHAINS).await;
        let last = violation.port.and_then(|port| {
            let (time, facts) = last_chain(&kept, &violation.host, port)?;
            let place = known_certificate(&facts, &rule.pins, rule.match_scope)?;
            Some(Self { place, source: Source::Seen(time), chain: Some((Rc::new(facts), place)) })
        });
        if let Some(known) = last {
            return known;
        }
        let records = record_reader::load().await;
        let matched = current_rule(store, rule, &violation.host, violation.port).and_then(|current| {
            let matched = records.of(rule.layer, &current)?.pins.first()?.clone();
            let pin = current.pins().iter().find(|pin| pin.sha256 == matched.sha256)?;
            let name = key_name(&pin.label, &pin.sha256.to_string());
            Some(Self { chain: None, place: matched.certificate, source: Source::Matched(name, matched.last) })
        });
        matched.unwrap_or(Self { chain: None, place: 0, source: Source::None })
    }

    /// First at the same port, then at any other that the rule is for.
    fn seen(seen: &SeenStore, violation: &Violation, rule: &RuleSnapshot) -> Option<Self> {
        let port = HostPattern::parse(&rule.host, &url_host).ok()?.pattern.port();
        let endpoints = seen.seen();
        let is_it = |shown: &&SeenEndpoint| shown.host == violation.host && port.is_none_or(|port| shown.port == port);
        let (same, others): (Vec<&SeenEndpoint>, Vec<_>) =
            endpoints.endpoints().iter().filter(is_it).partition(|shown| Some(shown.port) == violation.port);
        same.into_iter().chain(others).flat_map(|shown| seen.chains(shown)).find_map(|chain| {
            let place = known_certificate(&chain.facts, &rule.pins, rule.match_scope)?;
            Some(Self { place, source: Source::Seen(chain.seen), chain: Some((chain.facts, place)) })
        })
    }

    /// As it explains a violation.
    pub(super) fn before(&self) -> Before<'_> {
        Before {
            chain: self.chain.as_ref().map(|(facts, place)| (facts.as_ref(), *place)),
            place: self.place,
            matched: self.source.time(),
        }
    }
}

/// The rule as it is now, where it is still for the server that has violated it.
pub(super) fn current_rule(
    store: &RuleStore,
    snapshot: &RuleSnapshot,
    host: &str,
    port: Option<u16>,
) -> Option<Arc<Rule>> {
    let layers = store.layers();
    let rule = match snapshot.layer {
        Layer::User => layers.user.rule(&snapshot.id),
        Layer::Managed => layers.managed.rule(&snapshot.id),
    };
    let host = Host::parse(host, &url_host).ok()?;
    rule.filter(|rule| rule.host().matches(&host, port.unwrap_or_default())).cloned()
}
