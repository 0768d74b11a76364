//! The seal of the lock ([`crate::lock`]): rules of `declarativeNetRequest`, which the browser carries out by itself, also
//! while this extension sleeps, has died, or has not started yet. One is for each part of the hosts ([`crate::seal`]), and
//! one, for no host at all, has the marks of the parts.

use js_sys::Array;
use serde::Serialize;
use wasm_bindgen::{JsCast, JsValue};

use super::api;
use crate::browser::convert::{property, storage_error, to_js};
use crate::browser::url_host::url_host;
use crate::error::Error;
use crate::limits::{MAX_SEALED_PARTS, SEALED_PARTS_AT_ONCE};
use crate::lock::{SEAL, SEC_WEBSOCKET_EXTENSIONS};
use crate::seal::{HostGroup, Sealed};

/// Seals the answers of these hosts, and of no others any more. Nothing is written where that is so already.
///
/// The browser is told of some parts at a time, so that sockets are answered in between; no host that was sealed, and is to
/// be, is unsealed meanwhile. The marks are taken away with the first parts and put on with the last: where this is cut
/// off, the next start finds none, and tells of all parts again.
pub(super) async fn put_on(sealed: &Sealed) -> Result<(), Error> {
    let marks: Vec<_> = sealed.parts().iter().map(HostGroup::mark).collect();
    let before = marks_put_on().await;
    if before == marks && (!marks.is_empty() || nothing_is_put_on().await) {
        return Ok(());
    }
    let as_many = before.len() == marks.len();
    let is_new = |place: usize| !as_many || before.get(place) != marks.get(place);
    // Where there are more parts than before, each has come out of one before it, which is told of last.
    let changed: Vec<_> = sealed.parts().iter().enumerate().filter(|(place, _)| is_new(*place)).rev().collect();
    let mut steps = changed.chunks(SEALED_PARTS_AT_ONCE).peekable();
    loop {
        let parts = steps.next().unwrap_or_default();
        let is_last = steps.peek().is_none();
        let surplus = if is_last && !as_many { marks.len()..MAX_SEALED_PARTS } else { 0..0 };
        let places = parts.iter().map(|(place, _)| *place).chain(surplus);
        let remove_rule_ids: Vec<_> = places.map(id_of).chain([MARKS_ID]).collect();
        let marks = if is_last { &marks[..] } else { &[] };
        if declare(&remove_rule_ids, parts, marks, |_| true).await.is_err() {
            // One host that the browser writes otherwise must not keep the others from being sealed.
            declare(&remove_rule_ids, parts, marks, |host| url_host(host).as_deref() == Some(host)).await?;
        }
        if is_last {
            return Ok(());
        }
    }
}

/// The marks of the parts that the browser has been told of; none where it was told by another version, or not of all.
async fn marks_put_on() -> Vec<String> {
    let rules = declared(&Filter { rule_ids: Some([MARKS_ID]) }).await.unwrap_or_default();
    let marks = property(&property(&rules.get(0), "condition"), "requestDomains").dyn_into::<Array>();
    marks.unwrap_or_default().iter().filter_map(|mark| mark.as_string()).collect()
}

async fn nothing_is_put_on() -> bool {
    declared(&Filter { rule_ids: None }).await.is_some_and(|rules| rules.length() == 0)
}

async fn declared(filter: &Filter) -> Option<Array> {
    api::declared_rules(&to_js(filter).ok()?).await.ok()?.dyn_into().ok()
}

async fn declare(
    remove_rule_ids: &[usize],
    parts: &[(usize, &HostGroup)],
    marks: &[String],
    is_told: impl Fn(&str) -> bool,
) -> Result<(), Error> {
    let parts = parts.iter().map(|(place, part)| {
        let hosts = part.domains().filter(|host| is_told(host)).collect();
        DeclarativeRule::of(id_of(*place), hosts)
    });
    let add_rules = parts.chain([DeclarativeRule::of(MARKS_ID, marks.to_vec())]).flatten().collect();
    let update: JsValue = to_js(&Update { remove_rule_ids, add_rules })?;
    api::declare_rules(&update).await.map_err(|thrown| storage_error(&thrown))?;
    Ok(())
}

/// The id of a part's rule. The first is also that of the one rule that versions without parts had.
const fn id_of(place: usize) -> usize {
    place.saturating_add(1)
}

const MARKS_ID: usize = 1_000;
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
