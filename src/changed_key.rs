//! A server that shows another key than its rule knows: the certificate then and now, field by field. What has most likely happened
//! is in [`crate::explanation`].

use crate::certificate::{Certificate, Description, KeyType, fingerprint};
use crate::connection::{Chain, Facts};
use crate::limits::PIN_BYTES;
use crate::pin::Pin;
use crate::rule::{LabelledPin, MatchScope};
use crate::verdict::Reason;
use crate::violation::Violation;

/// A certificate, as far as it can be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    /// For whom, by whom, how long.
    pub description: Description,
    /// The type of its key.
    pub key_type: Option<KeyType>,
    /// Its key.
    pub key: Option<Pin>,
    /// The SHA-256 of the whole.
    pub fingerprint: [u8; PIN_BYTES],
}

impl Shown {
    /// Of the DER of one.
    #[must_use]
    pub fn of(der: &[u8]) -> Self {
        let fingerprint = fingerprint(der);
        let Ok(certificate) = Certificate::from_der(der) else {
            return Self { fingerprint, ..Self::default() };
        };
        Self {
            description: certificate.describe(),
            key_type: Some(KeyType::of_spki(certificate.subject_public_key_info())),
            key: Some(certificate.pin()),
            fingerprint,
        }
    }

    /// Whether they are the same in this field.
    #[must_use]
    pub fn is_like(&self, other: &Self, field: Field) -> bool {
        let Description { subject, issuer, not_before, not_after, .. } = &self.description;
        let others = &other.description;
        match field {
            Field::Subject => *subject == others.subject,
            Field::Issuer => *issuer == others.issuer,
            Field::Validity => *not_before == others.not_before && *not_after == others.not_after,
            Field::KeyType => self.key_type == other.key_type,
            Field::Key => self.key == other.key,
            Field::Certificate => self.fingerprint == other.fingerprint,
        }
    }
}

/// What is compared of two certificates, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is called what it is")]
pub enum Field {
    Subject,
    Issuer,
    Validity,
    KeyType,
    Key,
    Certificate,
}

/// All of them.
pub const FIELDS: [Field; 6] =
    [Field::Subject, Field::Issuer, Field::Validity, Field::KeyType, Field::Key, Field::Certificate];

/// Two chains of a server, and the certificates of them that stand side by side: the one whose key the rule knew, and the one
/// that is now in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// As it was, where that is known.
    pub before: Option<Shown>,
    /// As it is.
    pub now: Shown,
    /// Where the latter stands in its chain.
    pub place: usize,
    /// How many certificates its chain has.
    pub length: usize,
}

impl Comparison {
    /// `before` is what the server has shown, and which certificate of it the rule knew. `certificate` stands for that place where
    /// the chain itself is not known. None where there is nothing to compare now.
    #[must_use]
    pub fn new(before: Option<(&Facts, usize)>, certificate: usize, now: &Facts) -> Option<Self> {
        let (certificates, _) = now.certificates();
        let place = match before {
            Some((facts, known)) => place_now(known, facts.certificates().0.len(), certificates.len()),
            None if certificate == 0 => 0,
            None => certificates.len().saturating_sub(1),
        };
        let shown = |facts: &Facts, place: usize| facts.certificates().0.get(place).map(|der| Shown::of(der));
        Some(Self {
            before: before.and_then(|(facts, known)| shown(facts, known)),
            now: shown(now, place)?,
            place,
            length: certificates.len(),
        })
    }
}

/// A root is compared with the root, any other with the one at its place.
fn place_now(known: usize, length: usize, length_now: usize) -> usize {
    let last = length_now.saturating_sub(1);
    if known > 0 && known + 1 == length { last } else { known.min(last) }
}

/// Whether the server's certificate is another than before and its key the same: every pin on it goes on matching.
#[must_use]
pub fn is_renewed_with_same_key(before: &Facts, now: &Facts) -> bool {
    let leaf = |facts: &Facts| facts.certificates().0.first().map(|der| Shown::of(der));
    match (leaf(before), leaf(now)) {
        (Some(before), Some(now)) => {
            now.key.is_some() && now.is_like(&before, Field::Key) && !now.is_like(&before, Field::Certificate)
        }
        _ => false,
    }
}

/// Which certificate a rule with these pins knows, by its place in the chain.
#[must_use]
pub fn known_certificate(facts: &Facts, pins: &[LabelledPin], scope: MatchScope) -> Option<usize> {
    let (certificates, _) = facts.certificates();
    let reach = if scope == MatchScope::Leaf { 1 } else { certificates.len() };
    certificates.iter().take(reach).position(|der| {
        let key = Certificate::from_der(der).map(|certificate| certificate.pin());
        key.is_ok_and(|key| pins.iter().any(|pin| pin.sha256 == key))
    })
}

/// In the address of the options page: which entry of the log.
pub const ENTRY: &str = "violation";

/// The address that opens the options page with an entry.
#[must_use]
pub fn address(entry: u64) -> String {
    format!("options.html?{ENTRY}={entry}")
}

/// Whether a violation is about a key that the rule does not know, and the log has the certificate.
#[must_use]
pub fn can_be_compared(violation: &Violation) -> bool {
    violation.reason == Reason::PinMismatch && has_evidence(violation)
}

/// Whether the log has the certificates that a violation of a rule is about, whatever the rule has against them.
#[must_use]
pub const fn has_evidence(violation: &Violation) -> bool {
    violation.rule.is_some() && violation.chain_digest.is_some()
}

/// What a server has shown, as the log has it. `certificates` is the DER of the chain.
#[must_use]
pub fn facts_of(violation: &Violation, certificates: Vec<Vec<u8>>) -> Facts {
    let root_is_built_in = violation.chain.last().and_then(|root| root.built_in_root);
    match certificates.first() {
        Some(leaf) if violation.exception => Facts::LeafOnly { leaf: leaf.clone(), exception: true },
        _ => Facts::Validated(Chain { certificates: certificates.into(), root_is_built_in, ct_compliant: false }),
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

    use super::*;

    type Issuer = CertifiedIssuer<'static, KeyPair>;

    fn params(name: &str, serial: u64) -> CertificateParams {
        let mut params = CertificateParams::new(vec!["a.test".to_owned()]).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.serial_number = Some(serial.into());
        params
    }

    fn issuer(name: &str) -> Issuer {
        let mut params = params(name, 1);
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
    }

    fn chain(issuer: &Issuer, name: &str, serial: u64, key: &KeyPair, root_is_built_in: bool) -> Facts {
        let leaf = params(name, serial).signed_by(key, issuer).unwrap();
        let certificates = [leaf.der().to_vec(), issuer.der().to_vec()].into();
        Facts::Validated(Chain { certificates, root_is_built_in: Some(root_is_built_in), ct_compliant: false })
    }

    #[test]
    fn each_field_is_compared_by_itself() {
        let one = issuer("One CA");
        let (old, new) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let before = chain(&one, "a.test", 1, &old, true);
        let found = Comparison::new(Some((&before, 0)), 0, &chain(&one, "a.test", 2, &new, true)).unwrap();
        let then = found.before.as_ref().unwrap();
        let same: Vec<_> = FIELDS.into_iter().filter(|field| found.now.is_like(then, *field)).collect();
        assert_eq!(same, [Field::Subject, Field::Issuer, Field::Validity, Field::KeyType]);
        assert_eq!((found.place, found.length), (0, 2));
        assert_eq!(Comparison::new(None, 0, &facts_without()), None);
    }

    fn facts_without() -> Facts {
        Facts::Missing(crate::connection::MissingFacts::NoCertificates)
    }

    #[test]
    fn a_root_stands_beside_the_root() {
        for (known, length, length_now, expected) in
            [(0, 3, 3, 0), (0, 1, 3, 0), (2, 3, 4, 3), (1, 2, 3, 2), (1, 3, 3, 1), (1, 3, 1, 0), (2, 4, 2, 1)]
        {
            assert_eq!(place_now(known, length, length_now), expected, "{known} of {length}, now {length_now}");
        }
        let one = issuer("One CA");
        let key = KeyPair::generate().unwrap();
        let now = chain(&one, "a.test", 1, &key, true);
        assert_eq!(Comparison::new(None, 2, &now).unwrap().place, 1);
        assert_eq!(Comparison::new(None, 0, &now).unwrap().place, 0);
    }

    #[test]
    fn a_renewal_that_keeps_the_key_is_told_from_one_that_does_not() {
        let one = issuer("One CA");
        let (old, new) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let before = chain(&one, "a.test", 1, &old, true);
        for (now, expected) in [
            (chain(&one, "a.test", 2, &old, true), true),
            (chain(&one, "a.test", 2, &new, true), false),
            (before.clone(), false),
            (facts_without(), false),
        ] {
            assert_eq!(is_renewed_with_same_key(&before, &now), expected);
        }
    }

    #[test]
    fn the_certificate_that_a_rule_knows_is_found_within_its_reach() {
        let one = issuer("One CA");
        let facts = chain(&one, "a.test", 1, &KeyPair::generate().unwrap(), true);
        let (certificates, _) = facts.certificates();
        let pin =
            |place: usize| LabelledPin { sha256: Shown::of(&certificates[place]).key.unwrap(), label: String::new() };
        for (pins, scope, expected) in [
            (vec![pin(1)], MatchScope::Chain, Some(1)),
            (vec![pin(1)], MatchScope::Leaf, None),
            (vec![pin(1), pin(0)], MatchScope::Chain, Some(0)),
            (vec![], MatchScope::Chain, None),
        ] {
            assert_eq!(known_certificate(&facts, &pins, scope), expected);
        }
    }
}
