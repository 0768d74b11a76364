//! The configuration of [`TrustKit`](https://github.com/datatheorem/TrustKit) for iOS and macOS, as a property list or as JSON.
//!
//! | there | here |
//! |---|---|
//! | a host of `TSKPinnedDomains` | that host |
//! | `TSKIncludeSubdomains` | `**.`: the host and every name below it, there as here |
//! | `TSKPublicKeyHashes` | `pins`, of which one must match anywhere in the chain |
//! | `TSKEnforcePinning` | mode `block`, and `flag` where it is false |
//! | `TSKExpirationDate` | `expires`: there nothing is pinned then, here the rule still flags |
//! | `TSKExcludeSubdomainFromParentPolicy` | mode `off` |
//! | `TSKIgnorePinningForUserDefinedTrustAnchors` | `localRoots: exempt` |

use super::taking::{Reach, Taking, pattern};
use super::value::{Table, Value, place_of};
use crate::error::Error;
use crate::rule::{LocalRoots, Mode, RuleDocument};

/// The configuration in a file: all of it, or the part of an `Info.plist`.
pub(super) fn find<'a>(file: &mut Table<'a>) -> Option<Table<'a>> {
    if file.has(DOMAINS) {
        return Some(std::mem::take(file));
    }
    match file.take("TSKConfiguration")? {
        Value::Table(configuration) if configuration.has(DOMAINS) => Some(configuration),
        _ => None,
    }
}

/// # Errors
/// Those of [`Taking::rule`].
pub(super) fn read(mut configuration: Table<'_>, taking: &mut Taking<'_>) -> Result<(), Error> {
    let at = configuration.place();
    let is_exempt = take_truth(&mut configuration, "TSKIgnorePinningForUserDefinedTrustAnchors", at, taking)?;
    let local_roots = if is_exempt == Some(true) { LocalRoots::Exempt } else { LocalRoots::Enforce };
    let domains = configuration.take(DOMAINS).and_then(Value::into_table);
    taking.no_counterparts(configuration)?;
    let Some(domains) = domains else { return taking.wrong_value(DOMAINS, at) };
    for (host, value) in domains {
        let at = place_of(&host).unwrap_or_else(|| value.place());
        match value {
            Value::Table(domain) => read_domain(&host, domain, at, local_roots, taking)?,
            _ => taking.wrong_value(&host, at)?,
        }
    }
    Ok(())
}

fn read_domain(
    host: &str,
    mut domain: Table<'_>,
    at: &str,
    local_roots: LocalRoots,
    taking: &mut Taking<'_>,
) -> Result<(), Error> {
    let includes_subdomains = take_truth(&mut domain, "TSKIncludeSubdomains", at, taking)?;
    let is_enforced = take_truth(&mut domain, "TSKEnforcePinning", at, taking)?;
    let mut is_excluded = None;
    for name in EXCLUDE {
        is_excluded = is_excluded.or(take_truth(&mut domain, name, at, taking)?);
    }
    let expires = match domain.take(EXPIRATION) {
        None => None,
        // A date has a time as well: `2027-01-01T00:00:00Z`.
        Some(Value::Text(text)) => Some(text.split('T').next().unwrap_or_default().to_owned()),
        Some(_) => {
            taking.wrong_value(EXPIRATION, at)?;
            None
        }
    };
    let mut pins = Vec::new();
    match domain.take(HASHES) {
        Some(Value::List(hashes)) => {
            for hash in hashes {
                let place = if hash.value.place().is_empty() { at } else { hash.value.place() };
                let has_room = if let Value::Text(text) = &hash.value {
                    taking.pin(&mut pins, text, hash.comment, place)?
                } else {
                    taking.wrong_value(HASHES, place)?;
                    true
                };
                if !has_room {
                    break;
                }
            }
        }
        Some(_) => taking.wrong_value(HASHES, at)?,
        None => {}
    }
    taking.no_counterparts(domain)?;
    let reach = if includes_subdomains == Some(true) { Reach::Subtree } else { Reach::Host };
    let mut rule = RuleDocument { host: pattern(host, reach), ..RuleDocument::default() };
    rule = if is_excluded == Some(true) {
        RuleDocument { mode: Mode::Off, ..rule }
    } else {
        let mode = if is_enforced == Some(false) { Mode::Flag } else { Mode::Block };
        RuleDocument { mode, pins, expires, local_roots, ..rule }
    };
    taking.rule(rule, at)
}

/// A truth value; one of the wrong kind is left out.
pub(super) fn take_truth(
    table: &mut Table<'_>,
    name: &str,
    at: &str,
    taking: &mut Taking<'_>,
) -> Result<Option<bool>, Error> {
    let Some(value) = table.take(name) else { return Ok(None) };
    if value.truth().is_none() {
        taking.wrong_value(name, at)?;
    }
    Ok(value.truth())
}

const DOMAINS: &str = "TSKPinnedDomains";
const HASHES: &str = "TSKPublicKeyHashes";
const EXPIRATION: &str = "TSKExpirationDate";
/// The second is how it is often found.
const EXCLUDE: [&str; 2] = ["TSKExcludeSubdomainFromParentPolicy", "kSKExcludeSubdomainFromParentPolicy"];
