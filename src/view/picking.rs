//! The choices of the chain picker in words: what each means, what it does not stop, and whether it will live.

use std::sync::Arc;

use super::certificate::{short_name, shown_name};
use super::foreign::foreign;
use super::notice::{Notice, NoticeKind, Tag, Tone};
use super::text::{Text, plural, present, text};
use crate::certificate::{Certificate, KeyType};
use crate::connection::{Chain, Facts};
use crate::known_keys::renewers::{AS_OF, Habit, Renewer, Setting};
use crate::limits::MAX_LABEL_CHARACTERS;
use crate::picking::{ChosenKey, Incomplete, KeyName, Renewal, Role};
use crate::rule::{Mode, PinDocument, Rule};
use crate::seen::SeenCertificate;
use crate::time::Date;

/// The title, with the endpoint as a rule is written.
#[must_use]
pub fn title(endpoint: &str) -> Text {
    text!("picker_title", endpoint = foreign(endpoint))
}

/// What is shown here, by how far the browser has vouched for it.
#[must_use]
pub fn intro(facts: &Facts) -> Text {
    match facts {
        Facts::LeafOnly { exception: true, .. } => text!("picker_intro_exception"),
        Facts::LeafOnly { exception: false, .. } => text!("picker_intro_unvalidated"),
        Facts::Validated(_) | Facts::Missing(_) => text!("picker_intro"),
    }
}

/// What vouches for a certificate, as far as the browser says.
#[must_use]
pub fn origin(facts: &Facts, certificate: usize) -> Option<Tag> {
    match facts {
        Facts::LeafOnly { exception, .. } => exception.then(|| Tag::new(text!("picker_on_exception"), Tone::Warning)),
        Facts::Validated(Chain { certificates, root_is_built_in, .. }) if certificate + 1 == certificates.len() => {
            root_is_built_in.map(|built_in| {
                if built_in {
                    Tag::new(text!("certificate_root_built_in"), Tone::Neutral)
                } else {
                    Tag::new(text!("picker_root_added"), Tone::Warning)
                }
            })
        }
        Facts::Validated(_) | Facts::Missing(_) => None,
    }
}

/// The type and size of a key.
#[must_use]
pub fn key_type(key: KeyType) -> Text {
    match key {
        KeyType::Rsa(bits) => Text::literal(format!("RSA {bits}")),
        KeyType::Named(name) => Text::literal(name),
        KeyType::Other => text!("picker_key_other"),
    }
}

/// The words at a tick box.
#[must_use]
pub fn choice(role: Role) -> Text {
    match role {
        Role::Server => text!("picker_choose_server"),
        Role::PrivateRoot => text!("picker_choose_private"),
        Role::PublicRoot => text!("picker_choose_public"),
        Role::PublicSet(set) => plural!("picker_choose_set", set.keys.len(), name = set.name),
        Role::Issuing => text!("picker_choose_issuing"),
    }
}

/// What such a pin means, and what it does not stop: a sentence each.
#[must_use]
pub fn about(role: Role) -> Text {
    match role {
        Role::Server => text!("picker_about_server"),
        Role::PrivateRoot => text!("picker_about_private"),
        Role::PublicRoot => text!("picker_about_public"),
        Role::PublicSet(_) => text!("picker_about_set"),
        Role::Issuing => text!("picker_about_issuing"),
    }
}

/// Stands at the choice that is recommended.
#[must_use]
pub fn recommended() -> Tag {
    Tag::new(text!("picker_recommended"), Tone::Good)
}

/// The mode for what is recommended, and what there is to say where nothing is.
#[must_use]
pub fn recommended_mode(mode: Option<Mode>) -> Text {
    match mode {
        Some(Mode::Block) => text!("picker_mode_recommended_block"),
        Some(Mode::Flag | Mode::Off) => text!("picker_mode_recommended_flag"),
        None => text!("picker_none_recommended"),
    }
}

/// Whether a pin will live, by who renews the certificate and what the chain rests on.
#[must_use]
pub fn will_live(facts: &Facts, renewal: Renewal) -> Text {
    match (renewal, facts) {
        (Renewal::By(renewer), _) => by(renewer),
        (Renewal::Unknown, Facts::LeafOnly { exception: true, .. }) => text!("renewal_exception"),
        (Renewal::Unknown, Facts::Validated(Chain { root_is_built_in: Some(false), certificates, .. })) => {
            // Somebody has made the server's own certificate a root.
            if certificates.len() == 1 { text!("renewal_own_root") } else { text!("renewal_private_ca") }
        }
        (Renewal::Unknown, _) => text!("renewal_unknown"),
    }
}

fn by(Renewer { name, habit, keeps_with }: &Renewer) -> Text {
    let habit = match habit {
        Habit::Kept => text!("renewal_kept", renewer = *name),
        Habit::KeptForNow => text!("renewal_kept_for_now", renewer = *name),
        Habit::KeptUntilReset => text!("renewal_kept_until_reset", renewer = *name),
        Habit::KeptUnderOwnCa => text!("renewal_kept_own_ca", renewer = *name),
        Habit::Replaced => text!("renewal_replaced", renewer = *name),
        Habit::ReplacedUnderOneCa => text!("renewal_replaced_one_ca", renewer = *name),
        Habit::ReplacedWithCa => text!("renewal_replaced_any_ca", renewer = *name),
        Habit::ReplacedUnannounced => text!("renewal_replaced_unannounced", renewer = *name),
    };
    let setting = keeps_with.map(|setting| match setting {
        Setting::Lasting(setting) => text!("renewal_setting", setting = setting),
        Setting::Temporary(setting) => text!("renewal_setting_temporary", setting = setting),
    });
    let as_of = Date::parse(AS_OF).ok().map(|day| text!("renewal_as_of", day = day));
    Text::Sentences(present(vec![Some(habit), setting, as_of]))
}

/// Where nobody has said who renews it.
#[must_use]
pub fn unknown_renewer() -> Text {
    text!("picker_renewer_unknown")
}

/// Which ports a rule is for: this one, or every one.
#[must_use]
pub fn ports(host: &str, port: u16) -> [Text; 2] {
    let endpoint = format!("{host}:{port}");
    [text!("picker_host_port", endpoint = endpoint), text!("picker_host_every", host = host)]
}

/// What the chosen keys make: a new rule, or more pins of one of these.
#[must_use]
pub fn targets(rules: &[&Arc<Rule>]) -> Vec<Text> {
    let add = |rule: &&Arc<Rule>| text!("picker_target_add", host = rule.host().to_string());
    let mut targets = vec![text!("picker_target_new")];
    targets.extend(rules.iter().map(add));
    targets
}

/// The button that stores it.
#[must_use]
pub fn save(adds: bool) -> Text {
    if adds { text!("picker_add_save") } else { text!("picker_save") }
}

/// That nothing would be added.
#[must_use]
pub fn has_all() -> Notice {
    Notice::new(NoticeKind::Note, "has-all", text!("picker_has_all"))
}

/// Why what was ticked makes no rule yet.
#[must_use]
pub fn incomplete(incomplete: Incomplete) -> Notice {
    match incomplete {
        Incomplete::Nothing => Notice::new(NoticeKind::Note, "nothing-ticked", text!("picker_nothing")),
        Incomplete::IssuingAlone => Notice::new(NoticeKind::Error, "issuing-alone", text!("picker_issuing_alone")),
    }
}

/// What was found of a fingerprint that was pasted to be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compared<'a> {
    /// It is the pin of a key of this chain, whose certificate has this subject.
    Key(&'a str),
    /// It is the fingerprint of a certificate of this chain, and whether its key is ticked now. That of an issuing authority cannot
    /// be, alone.
    Certificate(&'a str, bool),
    /// Or of one that was seen elsewhere.
    Elsewhere(&'a SeenCertificate),
    /// Neither.
    Nothing,
}

/// What a pasted fingerprint is.
#[must_use]
pub fn compared(found: Compared<'_>) -> Notice {
    let (kind, code, text) = match found {
        Compared::Key(subject) => (NoticeKind::Note, "key", text!("picker_compare_key", subject = shown_name(subject))),
        Compared::Certificate(subject, is_ticked) => {
            let what = text!("picker_compare_certificate", subject = shown_name(subject));
            let then = if is_ticked { text!("picker_compare_ticked") } else { text!("picker_issuing_alone") };
            (NoticeKind::Note, "certificate", Text::Sentences(vec![what, then]))
        }
        Compared::Elsewhere(SeenCertificate { subject, host, .. }) => {
            let said = text!("picker_compare_elsewhere", subject = shown_name(subject), host = foreign(host));
            (NoticeKind::Warning, "elsewhere", said)
        }
        Compared::Nothing => (NoticeKind::Warning, "unknown-fingerprint", text!("picker_compare_none")),
    };
    Notice::new(kind, code, text)
}

/// The pins of a rule, labelled as the certificates are called.
#[must_use]
pub fn pins(keys: &[ChosenKey], facts: &Facts) -> Vec<PinDocument> {
    let (certificates, _) = facts.certificates();
    let subject = |place: usize| Certificate::from_der(certificates.get(place)?).ok()?.describe().subject;
    let label = |name| match name {
        KeyName::Known(label) => label.to_owned(),
        KeyName::OfCertificate(place) => subject(place).map(|subject| short_name(&subject)).unwrap_or_default(),
    };
    let document = |key: &ChosenKey| PinDocument {
        sha256: key.key.to_string(),
        label: label(key.name).chars().take(MAX_LABEL_CHARACTERS).collect(),
    };
    keys.iter().map(document).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::known_keys::renewers::RENEWERS;

    #[test]
    fn a_renewer_says_what_becomes_of_the_key_and_what_keeps_it() {
        let said = |name: &str| {
            let renewer = RENEWERS.iter().find(|renewer| renewer.name == name).unwrap();
            will_live(&Facts::LeafOnly { leaf: Vec::new(), exception: true }, Renewal::By(renewer)).english()
        };
        for (name, expected) in [
            (
                "certbot",
                "certbot makes a new key at each renewal: a pin on the server’s key dies with the next one. \
                 This makes it keep the key: --reuse-key As of 1 November 2026.",
            ),
            ("acme.sh", "acme.sh keeps the key at renewal: a pin on the server’s key lives. As of 1 November 2026."),
        ] {
            assert_eq!(said(name), expected);
        }
        for renewer in &RENEWERS {
            assert!(said(renewer.name).contains(renewer.name));
        }
    }

    #[test]
    fn who_vouches_decides_what_is_said_of_a_pin_that_nobody_renews() {
        let chain = |length: u8, root_is_built_in| {
            let certificates = (0..length).map(|number| vec![number]).collect();
            Facts::Validated(Chain { certificates, root_is_built_in, ct_compliant: false })
        };
        for (facts, expected, origin_expected) in [
            (
                chain(2, Some(false)),
                "Renewals of the server’s certificate do not matter",
                Some("Added on this computer"),
            ),
            (chain(1, Some(false)), "The server’s certificate is its own authority", Some("Added on this computer")),
            (chain(2, Some(true)), "Whether the server’s key", Some("Built into Firefox")),
            (chain(2, None), "Whether the server’s key", None),
            (Facts::LeafOnly { leaf: vec![1], exception: true }, "Nothing renews", Some("Rests on an exception")),
            (Facts::LeafOnly { leaf: vec![1], exception: false }, "Whether the server’s key", None),
        ] {
            let said = will_live(&facts, Renewal::Unknown).english();
            assert!(said.starts_with(expected), "{said}");
            let tag = origin(&facts, facts.certificates().0.len() - 1).map(|tag| tag.text.english());
            assert_eq!(tag.as_deref(), origin_expected);
        }
    }
}
