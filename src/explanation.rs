//! Why a rule that pins keys did not match: what it expected, what came in its place, since when, and what has most likely
//! happened, with what speaks for it.
//!
//! | what is seen, the first that holds | most likely |
//! |---|---|
//! | the browser shows the certificate of an exception alone | somebody has told the browser to accept it: it proves nothing |
//! | a pin is the fingerprint of a certificate of the chain | a mistake in the rule: it was meant to be the pin of that key |
//! | the server's certificate is the same | the browser has found another path to a root: good news |
//! | the server's key is the same | its certificate was renewed: good news |
//! | the chain ends in a root that was added on this computer, and before it did not end in that | somebody reads along: a virus scanner, a company, an attacker |
//! | the rule has expired | its pins were meant to hold until then |
//! | nothing is known of the certificate before | nothing can be said: what remains is to take it for an attack |
//! | subject and issuer are the same | it was renewed with a new key |
//! | the issuer is the same, the subject another | it was renewed under another name |
//! | the issuer is another | it has moved to another authority, or somebody has got a certificate of one |

mod readers;

pub use readers::{Reader, ReaderKind, reader_of};

use crate::changed_key::{Comparison, Field, Shown};
use crate::connection::Facts;
use crate::pin::Pin;
use crate::rule::LabelledPin;
use crate::time::{Date, UnixMillis};
use crate::violation::RuleSnapshot;

/// What has most likely happened: see the table above.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table above says it")]
pub enum Likely {
    Exception,
    /// The pin that the rule has, and the one that was meant.
    Fingerprint {
        pin: Pin,
        key: Pin,
    },
    OtherPath,
    SameKey,
    AddedRoot(Box<AddedRoot>),
    RuleExpired(Date),
    NothingKnown,
    Renewed,
    OtherName,
    OtherIssuer,
}

/// A root that is not one of the browser's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddedRoot {
    /// Its distinguished name, where it can be read.
    pub subject: Option<String>,
    /// Who is known to call it so.
    pub reader: Option<Reader>,
    /// Whether the chain before is known: then it ended in another root.
    pub is_new: bool,
}

/// What is known of what the server has shown before.
#[derive(Debug, Clone, Copy, Default)]
pub struct Before<'a> {
    /// Its chain, and the place of the certificate that the rule knew.
    pub chain: Option<(&'a Facts, usize)>,
    /// The place of the certificate whose key has matched last, whatever the chain was; 0 where nothing is known.
    pub place: usize,
    /// When the rule has matched last.
    pub matched: Option<UnixMillis>,
}

/// What can be said of a key that a rule did not expect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What has most likely happened.
    pub likely: Likely,
    /// The certificate that the rule knew, and the one that is in its place now.
    pub comparison: Comparison,
    /// The server's own certificate before, where that is known.
    pub leaf_before: Option<Shown>,
    /// The server's own certificate now.
    pub leaf: Shown,
    /// The pin that matched before, or the only one of the rule.
    pub expected: Option<LabelledPin>,
    /// When the rule has matched last.
    pub matched: Option<UnixMillis>,
    /// Whether the chain ends in a root that was added on this computer, and did not before, as far as that is known.
    pub ends_in_added_root: bool,
}

impl Explanation {
    /// `rule` is the rule as it was then, `now` what the server has shown. None where the certificate is not known.
    #[must_use]
    pub fn new(rule: &RuleSnapshot, before: &Before<'_>, now: &Facts) -> Option<Self> {
        let comparison = Comparison::new(before.chain, before.place, now)?;
        let key = comparison.before.as_ref().and_then(|shown| shown.key);
        let matched = rule.pins.iter().find(|pin| Some(pin.sha256) == key);
        let only = if let [pin] = rule.pins.as_slice() { Some(pin) } else { None };
        let (leaf, root) = ends(now);
        let (_, root_is_built_in) = now.certificates();
        let before_ends = before.chain.map(|(facts, _)| ends(facts));
        let is_as_before = before_ends.as_ref().is_some_and(|(_, before)| root.is_like(before, Field::Key));
        let added = (root_is_built_in == Some(false) && !is_as_before).then_some(&root);
        Some(Self {
            likely: certain(rule, now).unwrap_or_else(|| guess(rule, before_ends.as_ref(), &leaf, added)),
            ends_in_added_root: added.is_some(),
            expected: matched.or(only).cloned(),
            matched: before.matched,
            leaf_before: before_ends.map(|(leaf, _)| leaf),
            leaf,
            comparison,
        })
    }
}

/// What can be said without a look at what was before.
fn certain(rule: &RuleSnapshot, now: &Facts) -> Option<Likely> {
    if matches!(now, Facts::LeafOnly { exception: true, .. }) {
        return Some(Likely::Exception);
    }
    fingerprint(rule, now).map(|(pin, key)| Likely::Fingerprint { pin, key })
}

/// What the ends of the chains before and now speak for. `added` is a root that was added.
fn guess(rule: &RuleSnapshot, before: Option<&(Shown, Shown)>, leaf: &Shown, added: Option<&Shown>) -> Likely {
    let is_like = |field| before.is_some_and(|(before, _)| leaf.is_like(before, field));
    if is_like(Field::Certificate) {
        return Likely::OtherPath;
    }
    if leaf.key.is_some() && is_like(Field::Key) {
        return Likely::SameKey;
    }
    if let Some(root) = added {
        let subject = root.description.subject.clone();
        let reader = subject.as_deref().and_then(reader_of);
        return Likely::AddedRoot(Box::new(AddedRoot { subject, reader, is_new: before.is_some() }));
    }
    match rule.expires {
        Some(date) if rule.expired => Likely::RuleExpired(date),
        _ if before.is_none() => Likely::NothingKnown,
        _ if !is_like(Field::Issuer) => Likely::OtherIssuer,
        _ if is_like(Field::Subject) => Likely::Renewed,
        _ => Likely::OtherName,
    }
}

/// The server's own certificate, and the root.
fn ends(facts: &Facts) -> (Shown, Shown) {
    let (certificates, _) = facts.certificates();
    let shown = |der: Option<&Vec<u8>>| der.map(|der| Shown::of(der)).unwrap_or_default();
    (shown(certificates.first()), shown(certificates.last()))
}

/// One of the rule's pins that is the fingerprint of a certificate that was shown, and the pin of its key.
fn fingerprint(rule: &RuleSnapshot, now: &Facts) -> Option<(Pin, Pin)> {
    let (certificates, _) = now.certificates();
    certificates.iter().find_map(|der| {
        let pin = rule.pins.iter().find(|pin| pin.sha256.is_fingerprint_of(der))?;
        Some((pin.sha256, Shown::of(der).key?))
    })
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

    use super::*;
    use crate::connection::{Chain, MissingFacts};
    use crate::policy::Layer;
    use crate::rule::{LocalRoots, MatchScope, Mode};

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

    fn of(certificates: &[&[u8]], root_is_built_in: bool) -> Facts {
        let certificates = certificates.iter().map(|der| der.to_vec()).collect();
        Facts::Validated(Chain { certificates, root_is_built_in: Some(root_is_built_in), ct_compliant: false })
    }

    fn chain(issuer: &Issuer, name: &str, serial: u64, key: &KeyPair, root_is_built_in: bool) -> Facts {
        let leaf = params(name, serial).signed_by(key, issuer).unwrap();
        of(&[leaf.der(), issuer.der()], root_is_built_in)
    }

    fn rule(pins: &[Pin]) -> RuleSnapshot {
        RuleSnapshot {
            id: "1".to_owned(),
            layer: Layer::User,
            host: "a.test".to_owned(),
            mode: Mode::Block,
            match_scope: MatchScope::Chain,
            expires: None,
            expired: false,
            local_roots: LocalRoots::Enforce,
            require_ct: false,
            pins: pins.iter().map(|pin| LabelledPin { sha256: *pin, label: String::new() }).collect(),
            denied: Vec::new(),
        }
    }

    fn before(chain: Option<&Facts>) -> Before<'_> {
        Before { chain: chain.map(|facts| (facts, 0)), ..Before::default() }
    }

    #[test]
    fn what_has_most_likely_happened_is_what_the_table_says() {
        let (one, other, namesake) = (issuer("One CA"), issuer("Other CA"), issuer("One CA"));
        let (old, new) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let known = chain(&one, "a.test", 1, &old, true);
        let private = chain(&one, "a.test", 1, &old, false);
        let leaf = known.certificates().0[0].clone();
        let exception = Facts::LeafOnly { leaf: leaf.clone(), exception: true };
        let added = |name: &str, is_new| {
            let subject = Some(format!("CN={name}"));
            Likely::AddedRoot(Box::new(AddedRoot { subject, reader: None, is_new }))
        };
        let date = Date::parse("2026-01-01").unwrap();
        let plain = rule(&[Pin::of_spki(b"pinned")]);
        let expiring = RuleSnapshot { expires: Some(date), ..plain.clone() };
        let expired = RuleSnapshot { expired: true, ..expiring.clone() };
        let fingerprint = Pin::of_spki(&leaf); // the same digest, of the whole certificate
        let mistaken = rule(&[Pin::of_spki(b"pinned"), fingerprint]);
        let key = Shown::of(&leaf).key.unwrap();
        for (rule, before_it, now, expected) in [
            (&plain, Some(&known), &chain(&one, "a.test", 2, &new, true), Likely::Renewed),
            (&plain, Some(&known), &chain(&one, "a.test", 2, &old, true), Likely::SameKey),
            (&plain, Some(&known), &chain(&other, "a.test", 2, &old, true), Likely::SameKey),
            (&plain, Some(&known), &chain(&other, "a.test", 2, &old, false), Likely::SameKey),
            (&plain, Some(&known), &of(&[&leaf, other.der()], true), Likely::OtherPath),
            (&plain, Some(&known), &of(&[&leaf, other.der()], false), Likely::OtherPath),
            (&plain, Some(&known), &chain(&other, "a.test", 2, &new, true), Likely::OtherIssuer),
            (&plain, Some(&known), &chain(&one, "b.test", 2, &new, true), Likely::OtherName),
            // Whoever adds a root can call it what they like.
            (&plain, Some(&known), &chain(&namesake, "a.test", 2, &new, false), added("One CA", true)),
            (&plain, Some(&known), &chain(&other, "a.test", 2, &new, false), added("Other CA", true)),
            (&plain, None, &private, added("One CA", false)),
            // A server whose root was always one that somebody has added.
            (&plain, Some(&private), &chain(&one, "a.test", 2, &new, false), Likely::Renewed),
            (&plain, Some(&private), &chain(&other, "a.test", 2, &new, false), added("Other CA", true)),
            (&plain, Some(&known), &exception, Likely::Exception),
            (&plain, None, &exception, Likely::Exception),
            (&mistaken, None, &exception, Likely::Exception),
            (&plain, None, &known, Likely::NothingKnown),
            (&mistaken, None, &known, Likely::Fingerprint { pin: fingerprint, key }),
            (&mistaken, Some(&known), &of(&[&leaf, other.der()], false), Likely::Fingerprint { pin: fingerprint, key }),
            (&expiring, None, &known, Likely::NothingKnown),
            (&expired, None, &known, Likely::RuleExpired(date)),
            (&expired, Some(&known), &chain(&one, "a.test", 2, &new, true), Likely::RuleExpired(date)),
            (&expired, Some(&known), &chain(&other, "a.test", 2, &new, true), Likely::RuleExpired(date)),
            // What is known for certain, and what is dangerous, comes before it.
            (&expired, Some(&known), &chain(&one, "a.test", 2, &old, true), Likely::SameKey),
            (&expired, Some(&known), &chain(&other, "a.test", 2, &new, false), added("Other CA", true)),
        ] {
            let found = Explanation::new(rule, &before(before_it), now).unwrap();
            assert_eq!(found.likely, expected);
        }
    }

    #[test]
    fn a_root_is_taken_for_that_of_a_virus_scanner_by_its_name_where_it_was_added() {
        let (scanner, key) = (issuer("Avast Web/Mail Shield Root"), KeyPair::generate().unwrap());
        for (built_in, expected) in [(false, Some("Avast")), (true, None)] {
            let now = chain(&scanner, "a.test", 1, &key, built_in);
            let found = Explanation::new(&rule(&[]), &Before::default(), &now).unwrap();
            let reader = if let Likely::AddedRoot(root) = found.likely { root.reader } else { None };
            assert_eq!(reader.map(|reader| reader.name), expected);
        }
    }

    #[test]
    fn a_root_that_was_added_is_noticed_whatever_is_likely() {
        let (one, other) = (issuer("One CA"), issuer("Other CA"));
        let key = KeyPair::generate().unwrap();
        let (public, private) = (chain(&one, "a.test", 1, &key, true), chain(&one, "a.test", 1, &key, false));
        for (before_it, now, likely, expected) in [
            (&public, &chain(&other, "a.test", 2, &key, false), Likely::SameKey, true),
            (&public, &chain(&other, "a.test", 2, &key, true), Likely::SameKey, false),
            (&private, &chain(&one, "a.test", 2, &key, false), Likely::SameKey, false),
            (&private, &chain(&other, "a.test", 2, &key, false), Likely::SameKey, true),
        ] {
            let found = Explanation::new(&rule(&[]), &before(Some(before_it)), now).unwrap();
            assert_eq!((found.likely, found.ends_in_added_root), (likely, expected));
        }
    }

    #[test]
    fn what_was_expected_is_the_pin_that_matched_or_the_only_one() {
        let one = issuer("One CA");
        let (old, new) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let (known, now) = (chain(&one, "a.test", 1, &old, true), chain(&one, "a.test", 2, &new, true));
        let pin = Shown::of(&known.certificates().0[0]).key.unwrap();
        let other = Pin::of_spki(b"other");
        for (pins, before_it, expected) in [
            (&[other, pin][..], Some(&known), Some(pin)),
            (&[other, pin], None, None),
            (&[other], None, Some(other)),
            (&[], Some(&known), None),
        ] {
            let found = Explanation::new(&rule(pins), &before(before_it), &now).unwrap();
            assert_eq!(found.expected.map(|pin| pin.sha256), expected);
        }
    }

    #[test]
    fn without_a_certificate_nothing_is_explained() {
        let nothing = Facts::Missing(MissingFacts::NoCertificates);
        assert_eq!(Explanation::new(&rule(&[]), &Before::default(), &nothing), None);
    }
}
