//! The seal of the lock ([`crate::lock`]): one rule of `declarativeNetRequest`, which the browser carries out by itself,
//! also while this extension sleeps, has died, or has not started yet.

use js_sys::Array;
use serde::Serialize;
use wasm_bindgen::{JsCast, JsValue};

use super::api;
use crate::browser::convert::{property, storage_error, to_js};
use crate::browser::url_host::url_host;
use crate::error::Error;
use crate::lock::{SEAL, SEC_WEBSOCKET_EXTENSIONS};

const RULE_ID: u32 = 1;

/// Whether the answers of just these hosts are sealed.
pub(super) async fn is_on(hosts: &[String]) -> bool {
    let Some(rules) = api::declared_rules().await.ok().and_then(|rules| rules.dyn_into::<Array>().ok()) else {
        return false;
    };
    let rule = rules.get(0);
    let domains = property(&property(&rule, "condition"), "requestDomains").dyn_into::<Array>();
    let mut sealed: Vec<_> =
        domains.iter().flat_map(|domains| domains.iter()).filter_map(|domain| domain.as_string()).collect();
    sealed.sort_unstable();
    // Without hosts there is no rule.
    rules.length() == u32::from(!hosts.is_empty()) && sealed == hosts && (hosts.is_empty() || is_ours(&rule))
}

/// The browser keeps a rule across updates: it may be that of a version with another seal, which nobody would take out.
fn is_ours(rule: &JsValue) -> bool {
    let headers = property(&property(rule, "action"), "responseHeaders").dyn_into::<Array>().unwrap_or_default();
    let header = headers.get(0);
    let is =
        |name, value: &str| property(&header, name).as_string().is_some_and(|said| said.eq_ignore_ascii_case(value));
    headers.length() == 1 && is("header", HEADER.name) && is("operation", HEADER.operation) && is("value", HEADER.value)
}

const HEADER: Header = Header { name: SEC_WEBSOCKET_EXTENSIONS, operation: "append", value: SEAL };

/// Seals the answers of these hosts, and of no others any more.
pub(super) async fn put_on(hosts: &[String]) -> Result<(), Error> {
    if declare(hosts.iter()).await.is_ok() {
        return Ok(());
    }
    // One host that the browser writes otherwise must not keep the others from being sealed.
    declare(hosts.iter().filter(|host| url_host(host).as_ref() == Some(*host))).await
}

async fn declare<'a>(hosts: impl Iterator<Item = &'a String>) -> Result<(), Error> {
    let hosts: Vec<_> = hosts.map(String::as_str).collect();
    let is_needed = !hosts.is_empty();
    let rule = Rule {
        id: RULE_ID,
        condition: Condition { resource_types: ["websocket"], request_domains: hosts },
        action: Action { kind: "modifyHeaders", response_headers: [HEADER] },
    };
    let update = Update { remove_rule_ids: [RULE_ID], add_rules: is_needed.then_some(rule).into_iter().collect() };
    api::declare_rules(&to_js(&update)?).await.map(|_| ()).map_err(|thrown| storage_error(&thrown))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Update<'a> {
    remove_rule_ids: [u32; 1],
    add_rules: Vec<Rule<'a>>,
}

#[derive(Serialize)]
struct Rule<'a> {
    id: u32,
    condition: Condition<'a>,
    action: Action,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Condition<'a> {
    resource_types: [&'static str; 1],
    /// Always those below them as well. Firefox compares a socket's host with its trailing dot, so both forms are named.
    request_domains: Vec<&'a str>,
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
