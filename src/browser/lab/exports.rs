//! What the module exports: two pure functions, the same under Firefox, in the lab and under Node.

#![expect(unreachable_pub, reason = "wasm-bindgen exports what is `pub`, wherever it stands")]

use js_sys::Uint8Array;
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::prelude::*;

use crate::browser::convert::{property, to_js_error_saying};
use crate::browser::security_info::facts_from;
use crate::browser::url_host::{canonical_url, url_host};
use crate::certificate::{Certificate, Description};
use crate::connection::{Connection, Facts, Target};
use crate::error::{Error, HostError, ProgramError, TimeError};
use crate::formats;
use crate::pin::Pin;
use crate::policy::{Layers, Policy};
use crate::rule::Rule;
use crate::time::UnixMillis;
use crate::verdict::{self, Allowed, Finding, Match, NotPinned, Outcome, Reason, Verdict};
use crate::violation::{Mark, RuleSnapshot, mark};

/// Every public key in a file or text, with its pin.
///
/// `bytes` is PEM text (certificates, public keys and certificate requests, any number; as a string or as its bytes) or
/// the DER of one of them. Returns an array of `{kind, subject, issuer, notBefore, notAfter, serial, sha256}`: `kind` is
/// `"certificate"`, `"public-key"` or `"certificate-request"`; names are RFC 4514 text, times RFC 3339 in UTC, the serial
/// upper-case hex as OpenSSL prints it, each `null` where there is none; `sha256` is bare base64 (RFC 7469 section 2.4).
/// On bad input it throws an `Error` with a stable `code`; its message is JSON, `{code: {facts}}` or the code alone.
#[wasm_bindgen]
pub fn inspect(bytes: &JsValue) -> Result<JsValue, JsValue> {
    inspected(bytes).map_err(|error| thrown(&error))
}

/// Runs one decision.
///
/// `policy_json` is a stored policy (`{version, rules, settings}`); `connection` is `{url, securityInfo, now}` with
/// `securityInfo` shaped like Firefox's `webRequest.SecurityInfo` and `now` in milliseconds. Returns
/// `{outcome: "not-pinned" | "allow" | "flag" | "block", reason, host, rule, matched, chain}`. Throws an `Error` with a
/// stable `code`, and a message as that of [`inspect`], where policy, URL or time cannot be read.
#[wasm_bindgen]
pub fn judge(policy_json: &str, connection: &JsValue) -> Result<JsValue, JsValue> {
    judged(policy_json, connection).map_err(|error| thrown(&error))
}

/// Plain objects, `null` for none: what JSON would give.
fn value<T: Serialize + ?Sized>(value: &T) -> Result<JsValue, ProgramError> {
    value
        .serialize(&Serializer::json_compatible())
        .map_err(|error| ProgramError::Argument { detail: error.to_string() })
}

/// The message is the error as JSON, the code with its facts. The pages' sentences tell a person what to do on a page, in the
/// language that the page has chosen; a program has chosen none, and whoever writes it needs the facts.
fn thrown(error: &Error) -> JsValue {
    to_js_error_saying(error, &serde_json::to_string(error).unwrap_or_else(|_| error.code().to_owned()))
}

#[derive(Serialize)]
struct Judgement {
    outcome: Name<Outcome>,
    reason: Name<Reason>,
    host: String,
    rule: Option<RuleSnapshot>,
    matched: Option<Match>,
    chain: Vec<Shown>,
}

/// A word of the interface; those for a violation are stored as well, and have their names where they are defined.
#[derive(Serialize)]
#[serde(untagged)]
enum Name<T> {
    Violation(T),
    Other(&'static str),
}

/// One certificate of the chain, for people.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    subject: Option<String>,
    issuer: Option<String>,
    not_before: Option<String>,
    not_after: Option<String>,
    serial: Option<String>,
    sha256: Option<Pin>,
    built_in_root: Option<bool>,
    #[serde(rename = "match")]
    mark: Mark,
}

fn inspected(input: &JsValue) -> Result<JsValue, Error> {
    Ok(value(&formats::inspect(&input_bytes(input)?)?)?)
}

fn judged(policy_json: &str, connection: &JsValue) -> Result<JsValue, Error> {
    Ok(value(&judge_connection(policy_json, connection)?)?)
}

fn judge_connection(policy_json: &str, connection: &JsValue) -> Result<Judgement, Error> {
    let now = property(connection, "now").as_f64().and_then(UnixMillis::from_javascript).ok_or(TimeError::Time)?;
    let url = property(connection, "url").as_string().ok_or(HostError::SocketUrl)?;
    // A URL that the browser refuses is read by the core, which says what is wrong with it.
    let target = Target::from_url(&canonical_url(&url).unwrap_or(url), &url_host)?;
    let user = Policy::from_json(policy_json, now, &url_host)?;
    let layers = Layers { user, ..Layers::default() };
    let facts = facts_from(&property(connection, "securityInfo"));
    let connection = Connection { target, facts, now };
    let other = |outcome, reason| (Name::Other(outcome), Name::Other(reason));
    let ((outcome, reason), rule, matched) = match verdict::judge(&layers, &connection) {
        Verdict::NotPinned(NotPinned::NoRule) => (other("not-pinned", "no-rule"), None, None),
        Verdict::NotPinned(NotPinned::RuleOff(rule)) => (other("not-pinned", "rule-off"), Some(rule), None),
        Verdict::Allowed(Allowed::PinMatched(matched), rule) => {
            (other("allow", "pin-matched"), Some(rule), Some(matched))
        }
        Verdict::Allowed(Allowed::NoDeniedKey, rule) => (other("allow", "no-denied-key"), Some(rule), None),
        Verdict::Allowed(Allowed::LocalRootExempt, rule) => (other("allow", "local-root-exempt"), Some(rule), None),
        Verdict::Violation(Finding { outcome, reason, rule, matched, .. }) => {
            ((Name::Violation(outcome), Name::Violation(reason)), Some(rule), matched)
        }
    };
    Ok(Judgement {
        outcome,
        reason,
        host: connection.target.host.to_string(),
        rule: rule.as_ref().map(|(layer, rule)| RuleSnapshot::of(*layer, rule, now)),
        matched,
        chain: describe_chain(rule.as_ref().map(|(_, rule)| rule.as_ref()), &connection.facts),
    })
}

fn describe_chain(rule: Option<&Rule>, facts: &Facts) -> Vec<Shown> {
    let (certificates, root_is_built_in) = facts.certificates();
    let shown = |(index, der): (usize, &Vec<u8>)| {
        let certificate = Certificate::from_der(der).ok();
        let key = certificate.map(|certificate| certificate.pin());
        let Description { subject, issuer, not_before, not_after, serial } =
            certificate.map(|certificate| certificate.describe()).unwrap_or_default();
        Shown {
            subject,
            issuer,
            not_before,
            not_after,
            serial,
            sha256: key,
            built_in_root: root_is_built_in.filter(|_| index + 1 == certificates.len()),
            mark: mark(rule, index, key),
        }
    };
    certificates.iter().enumerate().map(shown).collect()
}

fn input_bytes(value: &JsValue) -> Result<Vec<u8>, ProgramError> {
    if let Some(text) = value.as_string() {
        return Ok(text.into_bytes());
    }
    match value.dyn_ref::<Uint8Array>() {
        Some(bytes) => Ok(bytes.to_vec()),
        None => Err(ProgramError::Argument { detail: "neither text nor an array of bytes".to_owned() }),
    }
}
