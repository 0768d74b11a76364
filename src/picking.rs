//! From the chain of a connection to what a person can pin of it, and what of that is recommended.
//!
//! | the server | recommended | mode |
//! |---|---|---|
//! | its certificate rests on an exception | its key: the browser shows no other | `block` |
//! | has a certificate of an authority that was added on this computer | that authority's key | `block` |
//! | belongs to somebody who keeps its key | its key | `block` |
//! | belongs to somebody else, or its key changes | every key of its public authority | `flag` |
//!
//! An issuing authority changes without notice, and some authorities choose one at random to discourage pins on it: its key is
//! never pinned alone.

use std::sync::Arc;

use crate::certificate::Certificate;
use crate::connection::Facts;
use crate::host::Host;
use crate::known_keys::renewers::{Habit, Renewer};
use crate::known_keys::{CaSet, set_of};
use crate::pin::Pin;
use crate::policy::Policy;
use crate::rule::{Mode, PinDocument, Rule, RuleDocument};

/// What a key is to its server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Its own.
    Server,
    /// Of a root that is not built into the browser.
    PrivateRoot,
    /// Of a root that is, or of which the browser does not say, which belongs to no set that is known.
    PublicRoot,
    /// Every key of the public authority that one of these keys belongs to.
    PublicSet(&'static CaSet),
    /// Of a certificate between the two.
    Issuing,
}

/// Something that can be pinned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// What it is.
    pub role: Role,
    /// The certificate at which it stands, by its place in the chain.
    pub certificate: usize,
    /// The key of that certificate.
    pub key: Pin,
}

impl Choice {
    /// Whether this key is among those that it pins.
    #[must_use]
    pub fn has(&self, key: Pin) -> bool {
        self.key == key || matches!(self.role, Role::PublicSet(set) if set_of(key) == Some(set))
    }
}

/// What is known of whoever renews the server's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Renewal {
    /// Nothing: the server is somebody else's, or nobody has said.
    #[default]
    Unknown,
    /// It is this, and the server is one's own.
    By(&'static Renewer),
}

/// Why what was chosen makes no rule yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Incomplete {
    /// Nothing was chosen.
    Nothing,
    /// Only keys of issuing authorities were.
    IssuingAlone,
}

/// What can be pinned of a chain, in the order of its certificates. A certificate that cannot be read has no key to pin.
#[must_use]
pub fn choices(facts: &Facts) -> Vec<Choice> {
    let (certificates, root_is_built_in) = facts.certificates();
    let mut choices: Vec<Choice> = Vec::new();
    for (certificate, der) in certificates.iter().enumerate() {
        let Ok(key) = Certificate::from_der(der).map(|certificate| certificate.pin()) else {
            continue;
        };
        let is_root = certificate + 1 == certificates.len();
        let role = match set_of(key) {
            _ if certificate == 0 => Role::Server,
            // A root with this key that somebody has added would be the same key, and is built in all the same.
            Some(set) => Role::PublicSet(set),
            None if is_root && root_is_built_in == Some(false) => Role::PrivateRoot,
            None if is_root => Role::PublicRoot,
            None => Role::Issuing,
        };
        let is_known = |choice: &Choice| match role {
            // A root that another root has signed: the set is one choice.
            Role::PublicSet(_) => choice.role == role,
            Role::Server | Role::PrivateRoot | Role::PublicRoot | Role::Issuing => choice.key == key,
        };
        if !choices.iter().any(is_known) {
            choices.push(Choice { role, certificate, key });
        }
    }
    choices
}

/// Which of the choices is recommended, and the mode for it; none where there is nothing good to choose.
#[must_use]
pub fn recommended(choices: &[Choice], renewal: Renewal) -> Option<(usize, Mode)> {
    let place = |wanted: fn(Role) -> bool| choices.iter().position(|choice| wanted(choice.role));
    let server = place(|role| role == Role::Server);
    let private = place(|role| role == Role::PrivateRoot);
    let set = place(|role| matches!(role, Role::PublicSet(_)));
    let is_kept = match renewal {
        Renewal::Unknown => false,
        Renewal::By(renewer) => renewer.habit.keeps() && renewer.habit != Habit::KeptUnderOwnCa,
    };
    // Alone it is there under an exception, or where somebody has made the server's certificate a root.
    let is_alone = choices.len() == 1;
    match (private, server, set) {
        (Some(private), ..) => Some((private, Mode::Block)),
        (None, Some(server), _) if is_kept || is_alone => Some((server, Mode::Block)),
        (None, _, Some(set)) => Some((set, Mode::Flag)),
        // Of one root among several that are not known it is not said that it lives.
        (None, _, None) => None,
    }
}

/// The pins of what was chosen, each once, with where its label comes from.
///
/// # Errors
/// [`Incomplete`].
pub fn pins(chosen: &[Choice]) -> Result<Vec<ChosenKey>, Incomplete> {
    if chosen.is_empty() {
        return Err(Incomplete::Nothing);
    }
    if chosen.iter().all(|choice| choice.role == Role::Issuing) {
        return Err(Incomplete::IssuingAlone);
    }
    let mut keys: Vec<ChosenKey> = Vec::new();
    for choice in chosen {
        let of_choice = match choice.role {
            Role::PublicSet(set) => set
                .keys
                .iter()
                .filter_map(|member| {
                    Some(ChosenKey { key: Pin::parse(member.sha256).ok()?, name: KeyName::Known(member.label) })
                })
                .collect(),
            Role::Server | Role::PrivateRoot | Role::PublicRoot | Role::Issuing => {
                vec![ChosenKey { key: choice.key, name: KeyName::OfCertificate(choice.certificate) }]
            }
        };
        for key in of_choice {
            if !keys.iter().any(|other| other.key == key.key) {
                keys.push(key);
            }
        }
    }
    Ok(keys)
}

/// The rules that a server's keys can be added to: those of the user that apply to it, the one that decides first.
#[must_use]
pub fn rules_for<'a>(policy: &'a Policy, host: &Host, port: u16) -> Vec<&'a Arc<Rule>> {
    let decides = policy.lookup(host, port);
    let is_other = |rule: &&Arc<Rule>| decides.is_none_or(|decides| decides.id() != rule.id());
    let others = policy.rules().iter().filter(is_other).filter(|rule| rule.host().matches(host, port));
    decides.into_iter().chain(others).collect()
}

/// A rule with these pins as well; those that it has keep their places and their names. None where it has all of them.
#[must_use]
pub fn with_pins(rule: &Rule, pins: Vec<PinDocument>) -> Option<RuleDocument> {
    let mut document = RuleDocument::from(rule);
    let known = document.pins.len();
    let is_new =
        |pin: &PinDocument| Pin::parse(&pin.sha256).is_ok_and(|new| !rule.pins().iter().any(|pin| pin.sha256 == new));
    document.pins.extend(pins.into_iter().filter(is_new));
    (document.pins.len() > known).then_some(document)
}

/// A key to be pinned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChosenKey {
    /// Its pin.
    pub key: Pin,
    /// What it is called.
    pub name: KeyName,
}

/// What a key is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyName {
    /// As the certificate at this place of the chain is.
    OfCertificate(usize),
    /// This.
    Known(&'static str),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::{Chain, MissingFacts};
    use crate::known_keys::renewers::RENEWERS;

    /// A certificate made for the purpose.
    fn made(name: &str) -> Vec<u8> {
        let key = rcgen::KeyPair::generate().unwrap();
        rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap().self_signed(&key).unwrap().der().to_vec()
    }

    /// The root with this common name.
    fn root(name: &str) -> Vec<u8> {
        let is_it = |der: &[u8]| {
            let subject = Certificate::from_der(der).unwrap().describe().subject.unwrap_or_default();
            subject.split(',').any(|part| part == format!("CN={name}"))
        };
        webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().find(|der| is_it(der)).unwrap().to_vec()
    }

    fn validated(certificates: Vec<Vec<u8>>, root_is_built_in: Option<bool>) -> Facts {
        Facts::Validated(Chain { certificates: certificates.into(), root_is_built_in, ct_compliant: false })
    }

    fn renewer(habit: Habit) -> Renewal {
        Renewal::By(RENEWERS.iter().find(|renewer| renewer.habit == habit).unwrap())
    }

    #[test]
    fn every_certificate_has_its_choice() {
        let (leaf, between) = (made("leaf"), made("between"));
        let (x1, x2, own, other) =
            (root("ISRG Root X1"), root("ISRG Root X2"), made("own"), root("HARICA TLS RSA Root CA 2021"));
        for (facts, expected) in [
            (validated(vec![leaf.clone(), between.clone(), own.clone()], Some(false)), "server issuing private"),
            (validated(vec![leaf.clone(), own.clone()], Some(false)), "server private"),
            (validated(vec![leaf.clone(), between.clone(), x1.clone()], Some(true)), "server issuing Let's Encrypt"),
            (
                validated(vec![leaf.clone(), between.clone(), x2, x1.clone()], Some(true)),
                "server issuing Let's Encrypt",
            ),
            (validated(vec![leaf.clone(), between.clone(), other.clone()], Some(true)), "server issuing public"),
            (validated(vec![leaf.clone(), other], None), "server public"),
            // A key of a public authority is never private, whoever has added its root.
            (validated(vec![leaf.clone(), x1], Some(false)), "server Let's Encrypt"),
            // A server's certificate that was made a root.
            (validated(vec![leaf.clone()], Some(false)), "server"),
            (validated(vec![leaf.clone(), leaf.clone()], Some(false)), "server"),
            (Facts::LeafOnly { leaf: leaf.clone(), exception: true }, "server"),
            (validated(vec![b"no certificate".to_vec(), own], Some(false)), "private"),
            (Facts::Missing(MissingFacts::NoCertificates), ""),
        ] {
            let roles: Vec<_> = choices(&facts)
                .iter()
                .map(|choice| match choice.role {
                    Role::Server => "server",
                    Role::PrivateRoot => "private",
                    Role::PublicRoot => "public",
                    Role::PublicSet(set) => set.name,
                    Role::Issuing => "issuing",
                })
                .collect();
            assert_eq!(roles.join(" "), expected);
            // Also one that has no box of its own.
            for der in facts.certificates().0.iter() {
                let Ok(key) = Certificate::from_der(der).map(|certificate| certificate.pin()) else { continue };
                assert_eq!(choices(&facts).iter().filter(|choice| choice.has(key)).count(), 1, "{expected}");
            }
        }
    }

    #[test]
    fn what_is_recommended_is_what_the_table_says() {
        let leaf = || made("leaf");
        let public = validated(vec![leaf(), made("between"), root("ISRG Root X1")], Some(true));
        let unknown = validated(vec![leaf(), made("between"), root("HARICA TLS RSA Root CA 2021")], Some(true));
        let own = validated(vec![leaf(), made("between"), made("own")], Some(false));
        let exception = Facts::LeafOnly { leaf: leaf(), exception: true };
        for (facts, renewal, expected) in [
            (&public, Renewal::Unknown, Some((Role::PublicSet(&crate::known_keys::CA_SETS[0]), Mode::Flag))),
            (&public, renewer(Habit::Replaced), Some((Role::PublicSet(&crate::known_keys::CA_SETS[0]), Mode::Flag))),
            (&public, renewer(Habit::Kept), Some((Role::Server, Mode::Block))),
            (&unknown, Renewal::Unknown, None),
            (&unknown, renewer(Habit::KeptForNow), Some((Role::Server, Mode::Block))),
            (&own, Renewal::Unknown, Some((Role::PrivateRoot, Mode::Block))),
            (&own, renewer(Habit::KeptUnderOwnCa), Some((Role::PrivateRoot, Mode::Block))),
            (&exception, Renewal::Unknown, Some((Role::Server, Mode::Block))),
            (&Facts::Missing(MissingFacts::NoCertificates), Renewal::Unknown, None),
        ] {
            let choices = choices(facts);
            let found = recommended(&choices, renewal).map(|(place, mode)| (choices[place].role, mode));
            assert_eq!(found, expected, "{renewal:?}");
        }
    }

    #[test]
    fn the_rules_of_a_server_are_those_that_apply_to_it_the_one_that_decides_first() {
        let save = ["**.b.test", "a.b.test", "other.test", "a.b.test:8443", "*.b.test"].map(|host| RuleDocument {
            id: Some(host.to_owned()),
            host: host.to_owned(),
            pins: vec![PinDocument { sha256: Pin::of_spki(b"one").to_base64(), label: "One".to_owned() }],
            ..RuleDocument::default()
        });
        let now = crate::time::UnixMillis::new(1);
        let (policy, _) = Policy::default().changed(&save, &[], now, &|_| None).unwrap();
        for (host, port, expected) in [
            ("a.b.test", 8443, vec!["a.b.test:8443", "**.b.test", "a.b.test", "*.b.test"]),
            ("a.b.test", 443, vec!["a.b.test", "**.b.test", "*.b.test"]),
            ("b.test", 443, vec!["**.b.test"]),
            ("c.test", 443, vec![]),
        ] {
            let host = Host::parse(host, &|_| None).unwrap();
            let found: Vec<_> = rules_for(&policy, &host, port).into_iter().map(|rule| rule.id()).collect();
            assert_eq!(found, expected);
        }

        let rule = policy.rule("other.test").unwrap();
        let pin = |key: &[u8]| PinDocument { sha256: Pin::of_spki(key).to_string(), label: "New".to_owned() };
        let labels = |rule: RuleDocument| rule.pins.into_iter().map(|pin| pin.label).collect::<Vec<_>>();
        let added = with_pins(rule, vec![pin(b"one"), pin(b"two")]);
        assert_eq!(added.map(labels), Some(vec!["One".to_owned(), "New".to_owned()]));
        assert_eq!(with_pins(rule, vec![pin(b"one")]), None);
    }

    #[test]
    fn an_issuing_authority_is_never_pinned_alone_and_a_set_is_all_of_its_keys() {
        let facts = validated(vec![made("leaf"), made("between"), root("ISRG Root X1")], Some(true));
        let all = choices(&facts);
        let [server, issuing, set] = all[..] else { panic!("{all:?}") };
        for (chosen, expected) in [
            (vec![], Err(Incomplete::Nothing)),
            (vec![issuing], Err(Incomplete::IssuingAlone)),
            (vec![server], Ok(1)),
            (vec![issuing, server], Ok(2)),
            (vec![set], Ok(4)),
            (vec![server, issuing, set], Ok(6)),
            (vec![server, server], Ok(1)),
        ] {
            assert_eq!(pins(&chosen).map(|keys| keys.len()), expected, "{chosen:?}");
        }
        let keys = pins(&[server, set]).unwrap();
        assert_eq!((keys[0].name, keys[1].name), (KeyName::OfCertificate(0), KeyName::Known("ISRG Root X1")));
    }
}
