//! The seal of the lock ([`crate::lock`]): rules of `declarativeNetRequest`, which the browser carries out by itself, also
//! while this extension sleeps, has died, or has not started yet. One is for each group of the hosts ([`crate::seal`]), and
//! one, for no host at all, has the fingerprints of the groups.

use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};

use super::api;
use crate::browser::convert::{object, property, storage_error, to_js};
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
    let of_fingerprints = object([("ruleIds", &to_js(&[FINGERPRINTS_ID]).unwrap_or_default())]);
    let rules = declared(&of_fingerprints).await.unwrap_or_default();
    let fingerprints = property(&property(&rules.get(0), "condition"), "requestDomains").dyn_into::<Array>();
    fingerprints.unwrap_or_default().iter().filter_map(|fingerprint| fingerprint.as_string()).collect()
}

async fn nothing_is_put_on() -> bool {
    declared(&object([])).await.is_some_and(|rules| rules.length() == 0)
}

async fn declared(filter: &JsValue) -> Option<Array> {
    api::declared_rules(filter).await.ok()?.dyn_into().ok()
}

async fn declare(
    remove_rule_ids: &[usize],
    groups: &[(usize, &HostGroup)],
    fingerprints: &[String],
    is_told: fn(&str) -> bool,
) -> Result<(), Error> {
    let add_rules = Array::new();
    for (place, group) in groups {
        let hosts: Vec<String> = group.domains().filter(|host| is_told(host)).collect();
        add_rule(&add_rules, id_of(*place), &hosts)?;
    }
    add_rule(&add_rules, FINGERPRINTS_ID, fingerprints)?;
    let update = object([("removeRuleIds", &to_js(remove_rule_ids)?), ("addRules", &add_rules)]);
    api::declare_rules(&update).await.map_err(|thrown| storage_error(&thrown))?;
    Ok(())
}

/// Adds the rule for these hosts, where there are any: without, it would apply to every host. Firefox always includes their
/// subdomains. The header is appended, since what the server says of its extensions must not be lost.
fn add_rule(rules: &Array, id: usize, hosts: &[String]) -> Result<(), Error> {
    if hosts.is_empty() {
        return Ok(());
    }
    let text = JsValue::from_str;
    let (types, hosts) = (Array::of1(&text("websocket")), to_js(hosts)?);
    let condition = object([("resourceTypes", &types), ("requestDomains", &hosts)]);
    let (name, operation, value) = (text(SEC_WEBSOCKET_EXTENSIONS), text("append"), text(SEAL));
    let headers = Array::of1(&object([("header", &name), ("operation", &operation), ("value", &value)]));
    let action = object([("type", &text("modifyHeaders")), ("responseHeaders", &headers)]);
    rules.push(&object([("id", &to_js(&id)?), ("condition", &condition), ("action", &action)]));
    Ok(())
}

/// The id of a group's rule. The first is also that of the one rule that versions without groups had.
const fn id_of(place: usize) -> usize {
    place.saturating_add(1)
}

const FINGERPRINTS_ID: usize = 1_000;
