//! What may go wrong with a rule that can be stored all the same. Nothing is forbidden by any of this.
//!
//! | warning | what can go wrong |
//! |---|---|
//! | [`Warning::AboveSuffix`] | the rule is also for servers of strangers |
//! | [`Warning::Placeholder`], [`Warning::Fingerprint`] | the pin matches nothing |
//! | [`Warning::Issuing`] | the pin stops matching without notice |
//! | [`Warning::SinglePin`] | one lost key locks everybody out |
//! | [`Warning::BackupInChain`] | the backup is lost together with the key in use |
//! | [`Warning::SetIncomplete`] | the next certificate comes from a root that is not pinned |
//! | [`Warning::RootsOnly`] | an authority gives an attacker a certificate |
//! | [`Warning::DeniedOnly`] | every other key is accepted |
//! | [`Warning::Expired`], [`Warning::ExpiresSoon`] | the rule no longer blocks |
//!
//! Some are known from the rule alone; some by the [keys of public authorities](crate::known_keys) and by what servers have
//! shown in this session ([`SeenKeys`]).

mod seen_keys;

pub use seen_keys::SeenKeys;

use crate::host::{HostPattern, PatternScope};
use crate::known_keys::{CA_SETS, CaKey, CaSet, set_of};
use crate::limits::EXPIRES_SOON_DAYS;
use crate::picking::Role;
use crate::pin::Pin;
use crate::rule::{Mode, PinDocument, RuleDocument};
use crate::time::{Date, UnixMillis};

/// What may go wrong. A `pin` is the place of one in the rule's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// Anybody can get a name below this one.
    AboveSuffix {
        /// The name.
        base: String,
    },
    /// What tutorials write where a pin is to be.
    Placeholder {
        /// Which pin.
        pin: usize,
    },
    /// What looks like the fingerprint of a whole certificate.
    Fingerprint {
        /// Which pin.
        pin: usize,
    },
    /// The key of an authority between the server and the root.
    Issuing {
        /// Which pin.
        pin: usize,
    },
    /// There is no second pin.
    SinglePin,
    /// Every pin is in the chain that an endpoint of the rule shows now.
    BackupInChain {
        /// The endpoint, as a rule is written.
        endpoint: String,
    },
    /// Some keys of an authority, and not all.
    SetIncomplete {
        /// The authority.
        set: &'static CaSet,
        /// The keys that it issues under as well.
        missing: Vec<&'static CaKey>,
    },
    /// Every pin is the key of a public authority's root.
    RootsOnly,
    /// There are denied keys alone.
    DeniedOnly,
    /// The rule has expired.
    Expired {
        /// Since when.
        date: Date,
    },
    /// It will within [`EXPIRES_SOON_DAYS`].
    ExpiresSoon {
        /// When.
        date: Date,
    },
}

/// What a rule is looked at by.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// What servers have shown.
    pub seen: &'a SeenKeys,
    /// The time.
    pub now: UnixMillis,
    /// Whether anybody can get a name directly below this one.
    pub is_registry_suffix: &'a dyn Fn(&str) -> bool,
}

/// Everything there is to warn of. `host` is that of the rule, where it can be read; what else cannot be read is passed over:
/// whoever types is told of that elsewhere.
#[must_use]
pub fn of(rule: &RuleDocument, host: Option<&HostPattern>, around: Surroundings<'_>) -> Vec<Warning> {
    let pins: Option<Vec<Pin>> = rule.pins.iter().map(|pin| Pin::parse(&pin.sha256).ok()).collect();
    let date = rule.expires.as_deref().and_then(|date| Date::parse(date).ok());
    let has_expired = date.is_some_and(|date| around.now >= date.start());
    let mut warnings = Vec::new();
    warnings.extend(host.and_then(|host| above_suffix(host, around)));
    for (place, pin) in rule.pins.iter().enumerate() {
        warnings.extend(of_pin(place, pin, around));
    }
    if rule.mode == Mode::Off {
        return warnings;
    }
    // What does not block locks nobody out.
    if rule.mode == Mode::Block && !has_expired {
        warnings.extend((rule.pins.len() == 1).then_some(Warning::SinglePin));
        warnings.extend(host.zip(pins.as_deref()).and_then(|(host, pins)| backup_in_chain(host, pins, around)));
    }
    let pins = pins.unwrap_or_default();
    let typed: Vec<String> = pins.iter().map(|pin| pin.to_base64()).collect();
    warnings.extend(CA_SETS.iter().filter_map(|set| incomplete(set, &typed)));
    let is_root = |pin: &Pin| set_of(*pin).is_some() || around.seen.role(*pin) == Some(Role::PublicRoot);
    warnings.extend((!pins.is_empty() && pins.iter().all(is_root)).then_some(Warning::RootsOnly));
    warnings.extend((rule.pins.is_empty() && !rule.denied.is_empty()).then_some(Warning::DeniedOnly));
    warnings.extend(date.and_then(|date| expiry(rule.mode, date, around.now)));
    warnings
}

/// A wildcard for names of anybody.
fn above_suffix(host: &HostPattern, around: Surroundings<'_>) -> Option<Warning> {
    let base = (host.scope() != PatternScope::Exact).then(|| host.base().to_string())?;
    (around.is_registry_suffix)(&base).then_some(Warning::AboveSuffix { base })
}

fn of_pin(place: usize, typed: &PinDocument, around: Surroundings<'_>) -> Option<Warning> {
    match Pin::parse(&typed.sha256).ok()? {
        pin if pin.is_placeholder() && pin.check_is_of_a_key().is_ok() => Some(Warning::Placeholder { pin: place }),
        _ if Pin::is_like_fingerprint(&typed.sha256) => Some(Warning::Fingerprint { pin: place }),
        pin if around.seen.role(pin) == Some(Role::Issuing) => Some(Warning::Issuing { pin: place }),
        _ => None,
    }
}

/// RFC 7469 section 4.3 asks for a pin that is in no certificate of the chain.
fn backup_in_chain(host: &HostPattern, pins: &[Pin], around: Surroundings<'_>) -> Option<Warning> {
    let endpoint = (pins.len() > 1).then(|| around.seen.endpoint_with_all(host, pins))??;
    Some(Warning::BackupInChain { endpoint })
}

/// `pins` are as the table has them: it is asked for each card of the list.
fn incomplete(set: &'static CaSet, pins: &[String]) -> Option<Warning> {
    let missing: Vec<_> = set.keys.iter().filter(|key| !pins.iter().any(|pin| key.sha256 == pin)).collect();
    (!missing.is_empty() && missing.len() < set.keys.len()).then_some(Warning::SetIncomplete { set, missing })
}

fn expiry(mode: Mode, date: Date, now: UnixMillis) -> Option<Warning> {
    const DAY: u64 = 24 * 60 * 60 * 1000;
    match date.start().as_millis().checked_sub(now.as_millis()) {
        None | Some(0) => Some(Warning::Expired { date }),
        Some(left) => (mode == Mode::Block && left <= EXPIRES_SOON_DAYS * DAY).then_some(Warning::ExpiresSoon { date }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::Certificate;
    use crate::connection::{Chain, Facts};
    use crate::host::Host;

    const NOW: UnixMillis = UnixMillis::new(1_795_305_600_000); // 2026-11-22T00:00:00Z
    const STAND_IN: &str = "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB=";

    fn key(name: &str) -> String {
        Pin::of_spki(name.as_bytes()).to_string()
    }

    /// The pins of the keys of a set with these places.
    fn of_set(name: &str, places: &[usize]) -> Vec<String> {
        let set = CA_SETS.iter().find(|set| set.name == name).unwrap();
        places.iter().map(|place| set.keys[*place].sha256.to_owned()).collect()
    }

    fn rule(mode: Mode, pins: &[String], expires: Option<&str>) -> RuleDocument {
        let pins = pins.iter().map(|pin| PinDocument { sha256: pin.clone(), label: String::new() }).collect();
        let expires = expires.map(str::to_owned);
        RuleDocument { host: "chat.example.com".to_owned(), mode, pins, expires, ..RuleDocument::default() }
    }

    fn host(pattern: &str) -> HostPattern {
        HostPattern::parse(pattern, &|_| None).unwrap().pattern
    }

    fn named(rule: &RuleDocument, seen: &SeenKeys) -> Vec<String> {
        let pattern = host(&rule.host);
        let around = Surroundings { seen, now: NOW, is_registry_suffix: &|name| name == "co.uk" };
        let found = of(rule, Some(&pattern), around);
        found
            .iter()
            .map(|warning| match warning {
                Warning::AboveSuffix { base } => format!("above {base}"),
                Warning::Placeholder { pin } => format!("placeholder {pin}"),
                Warning::Fingerprint { pin } => format!("fingerprint {pin}"),
                Warning::Issuing { pin } => format!("issuing {pin}"),
                Warning::SinglePin => "single".to_owned(),
                Warning::BackupInChain { endpoint } => format!("all in chain of {endpoint}"),
                Warning::SetIncomplete { set, missing } => {
                    let missing: Vec<_> = missing.iter().map(|key| key.label).collect();
                    format!("{} lacks {}", set.name, missing.join(", "))
                }
                Warning::RootsOnly => "roots only".to_owned(),
                Warning::DeniedOnly => "denied only".to_owned(),
                Warning::Expired { date } => format!("expired {date}"),
                Warning::ExpiresSoon { date } => format!("soon {date}"),
            })
            .collect()
    }

    #[test]
    fn what_the_rule_alone_says() {
        use Mode::{Block, Flag, Off};
        let two = [key("one"), key("two")];
        let digest = [7_u8; 32].map(|byte| format!("{byte:02X}")).join(":");
        for (rule, expected) in [
            (rule(Block, &two, None), &[][..]),
            (rule(Block, &two[..1], None), &["single"]),
            // Nobody is locked out by a rule that does not block.
            (rule(Flag, &two[..1], None), &[]),
            (rule(Off, &two[..1], Some("2020-01-01")), &[]),
            (rule(Block, &[key("one"), STAND_IN.to_owned()], None), &["placeholder 1"]),
            (rule(Off, &[STAND_IN.to_owned()], None), &["placeholder 0"]),
            (rule(Block, &["x".to_owned(), STAND_IN.to_owned()], None), &["placeholder 1"]),
            (rule(Flag, &[key("one"), format!("a1{}", digest.get(2..).unwrap())], None), &["fingerprint 1"]),
            (rule(Block, &two, Some("2026-12-23")), &[]),
            (rule(Block, &two, Some("2026-12-22")), &["soon 2026-12-22"]),
            (rule(Block, &two, Some("2026-11-23")), &["soon 2026-11-23"]),
            (rule(Flag, &two, Some("2026-11-23")), &[]),
            (rule(Block, &two[..1], Some("2026-11-22")), &["expired 2026-11-22"]),
            (rule(Flag, &two, Some("2026-11-01")), &["expired 2026-11-01"]),
            (RuleDocument { host: "*.co.uk".to_owned(), ..rule(Block, &two, None) }, &["above co.uk"]),
            (RuleDocument { host: "*.co.uk".to_owned(), ..rule(Off, &two, None) }, &["above co.uk"]),
            (RuleDocument { host: "co.uk".to_owned(), ..rule(Block, &two, None) }, &[]),
            (RuleDocument { denied: rule(Block, &two, None).pins, ..rule(Block, &[], None) }, &["denied only"]),
        ] {
            assert_eq!(named(&rule, &SeenKeys::default()), expected, "{rule:?}");
        }
    }

    #[test]
    fn what_is_known_of_public_authorities() {
        use Mode::{Block, Flag, Off};
        let of_google = of_set("Google Trust Services", &[0, 1, 2]);
        let lets_encrypt = |places: &[usize]| of_set("Let's Encrypt", places);
        let both = [of_google.clone(), lets_encrypt(&[0, 1, 2, 3])].concat();
        for (rule, expected) in [
            (rule(Block, &lets_encrypt(&[0, 1, 2, 3]), None), &["roots only"][..]),
            (rule(Flag, &both, None), &["roots only"]),
            (rule(Off, &both, None), &[]),
            (
                rule(Flag, &lets_encrypt(&[0, 1]), None),
                &["Let's Encrypt lacks ISRG Root YE, ISRG Root YR", "roots only"],
            ),
            (
                rule(Block, &lets_encrypt(&[3]), None),
                &["single", "Let's Encrypt lacks ISRG Root X1, ISRG Root X2, ISRG Root YE", "roots only"],
            ),
            // The server's own key beside them stops what an authority gives to others no more than before, but it may be all
            // that is meant.
            (rule(Block, &[of_google.clone(), vec![key("own")]].concat(), None), &[]),
            (
                rule(Block, &[vec![key("own")], of_google[..2].to_vec()].concat(), None),
                &["Google Trust Services lacks GTS Root R4"],
            ),
            // Whatever cannot be read may be any key.
            (rule(Block, &[of_google, vec!["x".to_owned()]].concat(), None), &[]),
        ] {
            assert_eq!(named(&rule, &SeenKeys::default()), expected, "{rule:?}");
        }
    }

    /// A certificate made for the purpose, and the pin of its key.
    fn made(name: &str) -> (Vec<u8>, String) {
        let key = rcgen::KeyPair::generate().unwrap();
        let der =
            rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap().self_signed(&key).unwrap().der().to_vec();
        let pin = Certificate::from_der(&der).unwrap().pin().to_string();
        (der, pin)
    }

    #[test]
    fn what_servers_have_shown() {
        let [server, before, issuing, public, private, other] =
            ["server", "before", "issuing", "public", "private", "other"].map(made);
        let chain = |certificates: &[&(Vec<u8>, String)], root_is_built_in| {
            let certificates: Vec<_> = certificates.iter().map(|(der, _)| der.clone()).collect();
            Facts::Validated(Chain { certificates: certificates.into(), root_is_built_in, ct_compliant: false })
        };
        let name = |host: &str| Host::parse(host, &|_| None).unwrap();
        let mut seen = SeenKeys::default();
        seen.add(
            name("chat.example.com"),
            443,
            [&chain(&[&server, &issuing, &public], Some(true)), &chain(&[&before, &issuing, &public], Some(true))],
        );
        seen.add(name("nas.example.com"), 443, [&chain(&[&other, &private], Some(false))]);
        // A root that is signed by another in this chain.
        seen.add(name("elsewhere.test"), 443, [&chain(&[&other, &public, &private], Some(false))]);
        seen.add(name("exception.example.com"), 443, [&Facts::LeafOnly { leaf: before.0.clone(), exception: true }]);
        seen.add(name("never.example.com"), 443, []);
        let pins = |keys: &[&(Vec<u8>, String)]| keys.iter().map(|(_, pin)| pin.clone()).collect::<Vec<_>>();
        let backup = key("kept offline");
        for (pattern, mode, pins, expected) in [
            ("chat.example.com", Mode::Block, pins(&[&server, &public]), &["all in chain of chat.example.com:443"][..]),
            ("**.example.com", Mode::Block, pins(&[&public, &server]), &["all in chain of chat.example.com:443"]),
            ("chat.example.com", Mode::Flag, pins(&[&server, &public]), &[]),
            ("chat.example.com:8443", Mode::Block, pins(&[&server, &public]), &[]),
            ("other.example.com", Mode::Block, pins(&[&server, &public]), &[]),
            // Of a chain that is no longer shown, one is a key of another time.
            ("chat.example.com", Mode::Block, pins(&[&before, &server]), &[]),
            ("chat.example.com", Mode::Block, [pins(&[&server]), vec![backup.clone()]].concat(), &[]),
            ("chat.example.com", Mode::Block, [vec![backup.clone()], pins(&[&issuing])].concat(), &["issuing 1"]),
            (
                "chat.example.com",
                Mode::Block,
                pins(&[&server, &issuing]),
                &["issuing 1", "all in chain of chat.example.com:443"],
            ),
            ("chat.example.com", Mode::Flag, pins(&[&public]), &["roots only"]),
            // One's own authority is what one means.
            ("nas.example.com", Mode::Block, [vec![backup], pins(&[&private])].concat(), &[]),
            ("nas.example.com", Mode::Flag, pins(&[&private, &public]), &[]),
            ("exception.example.com", Mode::Block, pins(&[&before]), &["single"]),
        ] {
            let rule = RuleDocument { host: pattern.to_owned(), ..rule(mode, &pins, None) };
            assert_eq!(named(&rule, &seen), expected, "{rule:?}");
        }
    }
}
