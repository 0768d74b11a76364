//! The seal of the lock ([`crate::lock`]): rules of `declarativeNetRequest`, which the browser carries out by itself, also
//! while this extension sleeps, has died, or has not started yet. One is for each group of the hosts ([`crate::seal`]), and
//! one, for no host at all, has the fingerprints of the groups.

use js_sys::Array;
use serde::Serialize;
use wasm_bindgen::{JsCast, JsValue};

use super::api;
use crate::browser::convert::{property, storage_error, to_js};
use crate::browser::url_host::url_host;
use crate::error::Error;
use crate::limits::{MAX_SEALED_GROUPS, SEALED_GROUPS_AT_ONCE};
use crate::lock::{SEAL, SEC_WEBSOCKET_EXTENSIONS};
use crate::seal::{HostGroup, SealedHosts};

/// Seals the answers of these hosts, and of no others any more. Nothing is written where that is so already.
///
/// The browser is told of some groups at a time, so that sockets are answered in between; no host that was sealed, and is to
/// be, is unsealed meanwhile. The fingerprints are taken away with the first groups and put on with the last: where this is cut
/// off, the next start finds none, and tells of all groups again.
pub(super) async fn put_on(sealed: &SealedHosts) -> Result<(), Error> {
    let fingerprints: Vec<_> = sealed.groups().iter().map(HostGroup::fingerprint).collect();
    let before = declared_fingerprints().await;
    if before == fingerprints && (!fingerprints.is_empty() || nothing_is_put_on().await) {
        return Ok(());
    }
    let as_many = before.len() == fingerprints.len();
    let is_new = |place: usize| !as_many || before.get(place) != fingerprints.get(place);
    // Where there are more groups than before, each has come out of one before it, which is told of last.
    let changed: Vec<_> = sealed.groups().iter().enumerate().filter(|(place, _)| is_new(*place)).rev().collect();
    let mut steps = changed.chunks(SEALED_GROUPS_AT_ONCE).peekable();
    loop {
        let groups = steps.next().unwrap_or_default();
        let is_last = steps.peek().is_none();
        let surplus = if is_last && !as_many { fingerprints.len()..MAX_SEALED_GROUPS } else { 0..0 };
        let places = groups.iter().map(|(place, _)| *place).chain(surplus);
        let remove_rule_ids: Vec<_> = places.map(id_of).chain([FINGERPRINTS_ID]).collect();
        let fingerprints = if is_last { &fingerprints[..] } else { &[] };
        if declare(&remove_rule_ids, groups, fingerprints, |_| true).await.is_err() {
            // One host that the browser writes otherwise must not keep the others from being sealed.
            declare(&remove_rule_ids, groups, fingerprints, |host| url_host(host).as_deref() == Some(host)).await?;
        }
        if is_last {
            return Ok(());
        }
    }
}

/// The fingerprints of the groups that the browser has been told of; none where it was told by another version, or not of all.
async fn declared_fingerprints() -> Vec<String> {
    let rules = declared(&Filter { rule_ids: Some([FINGERPRINTS_ID]) }).await.unwrap_or_default();
    let fingerprints = property(&property(&rules.get(0), "condition"), "requestDomains").dyn_into::<Array>();
    fingerprints.unwrap_or_default().iter().filter_map(|fingerprint| fingerprint.as_string()).collect()
}

async fn nothing_is_put_on() -> bool {
    declared(&Filter { rule_ids: None }).await.is_some_and(|rules| rules.length() == 0)
}

async fn declared(filter: &Filter) -> Option<Array> {
    api::declared_rules(&to_js(filter).ok()?).await.ok()?.dyn_into().ok()
}

async fn declare(
    remove_rule_ids: &[usize],
    groups: &[(usize, &HostGroup)],
    fingerprints: &[String],
    is_told: impl Fn(&str) -> bool,
) -> Result<(), Error> {
    let groups = groups.iter().map(|(place, group)| {
        let hosts = group.domains().filter(|host| is_told(host)).collect();
        DeclarativeRule::of(id_of(*place), hosts)
    });
    let add_rules = groups.chain([DeclarativeRule::of(FINGERPRINTS_ID, fingerprints.to_vec())]).flatten().collect();
    let update: JsValue = to_js(&Update { remove_rule_ids, add_rules })?;
    api::declare_rules(&update).await.map_err(|thrown| storage_error(&thrown))?;
    Ok(())
}

/// The id of a group's rule. The first is also that of the one rule that versions without groups had.
const fn id_of(place: usize) -> usize {
    place.saturating_add(1)
}

const FINGERPRINTS_ID: usize = 1_000;
const HEADER: Header = Header { name: SEC_WEBSOCKET_EXTENSIONS, operation: "append", value: SEAL };

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Filter {
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_ids: Option<[usize; 1]>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Update<'a> {
    remove_rule_ids: &'a [usize],
    add_rules: Vec<DeclarativeRule>,
}

#[derive(Serialize)]
struct DeclarativeRule {
    id: usize,
    condition: Condition,
    action: Action,
}

impl DeclarativeRule {
    /// None without hosts: such a rule would apply to every host.
    fn of(id: usize, request_domains: Vec<String>) -> Option<Self> {
        let condition = Condition { resource_types: ["websocket"], request_domains };
        let action = Action { kind: "modifyHeaders", response_headers: [HEADER] };
        (!condition.request_domains.is_empty()).then_some(Self { id, condition, action })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Condition {
    resource_types: [&'static str; 1],
    /// Firefox always includes their subdomains.
    request_domains: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Action {
    #[serde(rename = "type")]
    kind: &'static str,
    response_headers: [Header; 1],
}

/// `append`, since what the server says of its extensions must not be lost.
#[derive(Serialize)]
struct Header {
    #[serde(rename = "header")]
    name: &'static str,
    operation: &'static str,
    value: &'static str,
}
