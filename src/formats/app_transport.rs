//! [`NSPinnedDomains`](https://developer.apple.com/documentation/bundleresources/information-property-list/nsapptransportsecurity/nspinneddomains)
//! of Apple's App Transport Security, by itself or in an `Info.plist`.
//!
//! | there | here |
//! |---|---|
//! | a host of `NSPinnedDomains` | that host |
//! | `NSIncludesSubdomains` | a second rule, `*.`: one more label, there as here |
//! | `NSPinnedCAIdentities` | `pins`, of which one must match anywhere in the chain |
//! | `NSPinnedLeafIdentities` | `pins` with `match: leaf` |
//! | both | `match: leaf` with the latter alone: there both must match |

use super::taking::{Reach, Taking, no_part, pattern};
use super::trust_kit::take_truth;
use super::value::{Table, Value, place_of};
use crate::error::{Error, ImportPart};
use crate::rule::{MatchScope, PinDocument, RuleDocument};

/// The pinned hosts in a file: under their name, or in the part of an `Info.plist`.
pub(super) fn find<'a>(file: &mut Table<'a>) -> Option<Value<'a>> {
    file.take(DOMAINS).or_else(|| file.take("NSAppTransportSecurity")?.into_table()?.take(DOMAINS))
}

/// # Errors
/// Those of [`Taking::rule`].
pub(super) fn read(domains: Value<'_>, taking: &mut Taking<'_>) -> Result<(), Error> {
    let at = domains.place();
    let Some(domains) = domains.into_table() else { return taking.wrong_value(DOMAINS, at) };
    for (host, value) in domains {
        let at = place_of(&host).unwrap_or_else(|| value.place());
        match value {
            Value::Table(domain) => read_domain(&host, domain, at, taking)?,
            _ => taking.wrong_value(&host, at)?,
        }
    }
    Ok(())
}

fn read_domain(host: &str, mut domain: Table<'_>, at: &str, taking: &mut Taking<'_>) -> Result<(), Error> {
    let includes_subdomains = take_truth(&mut domain, "NSIncludesSubdomains", at, taking)?;
    let of_leaf = take_identities(&mut domain, "NSPinnedLeafIdentities", at, taking)?;
    let of_authority = take_identities(&mut domain, "NSPinnedCAIdentities", at, taking)?;
    taking.no_counterparts(domain)?;
    let (match_scope, pins) = match (of_leaf, of_authority) {
        (Some(pins), None) => (MatchScope::Leaf, pins),
        (Some(pins), Some(_)) => {
            taking.leave_out(host, at, no_part(ImportPart::BothIdentities, host))?;
            (MatchScope::Leaf, pins)
        }
        (None, pins) => (MatchScope::Chain, pins.unwrap_or_default()),
    };
    let exact = pattern(host, Reach::Host);
    // An address has no names below it.
    let is_name = pattern(host, Reach::Subtree) != exact;
    let below = (includes_subdomains == Some(true) && is_name).then(|| format!("*.{exact}"));
    for host in [Some(exact), below].into_iter().flatten() {
        taking.rule(RuleDocument { host, match_scope, pins: pins.clone(), ..RuleDocument::default() }, at)?;
    }
    Ok(())
}

/// The pins of one kind; none where the file does not ask for that kind.
fn take_identities(
    domain: &mut Table<'_>,
    name: &str,
    at: &str,
    taking: &mut Taking<'_>,
) -> Result<Option<Vec<PinDocument>>, Error> {
    let Some(value) = domain.take(name) else { return Ok(None) };
    let Some(identities) = value.into_list() else {
        taking.wrong_value(name, at)?;
        return Ok(Some(Vec::new()));
    };
    if identities.is_empty() {
        return Ok(None);
    }
    let mut pins = Vec::new();
    for identity in identities {
        let place = identity.value.place();
        let place = if place.is_empty() { at } else { place };
        let mut identity_of = identity.value.into_table().unwrap_or_default();
        let has_room = if let Some(Value::Text(text)) = identity_of.take("SPKI-SHA256-BASE64") {
            taking.pin(&mut pins, &text, identity.comment, place)?
        } else {
            taking.wrong_value(name, place)?;
            true
        };
        if !has_room {
            break;
        }
        for (name, _) in identity_of {
            taking.no_counterpart(&name, place)?;
        }
    }
    Ok(Some(pins))
}

const DOMAINS: &str = "NSPinnedDomains";
