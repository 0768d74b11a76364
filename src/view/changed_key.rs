//! A changed key in words: the certificate then and now, what has most likely happened, and what can be done.

use super::certificate::{role, short_name, shown_name, validity};
use super::foreign::foreign;
use super::notice::{Notice, NoticeKind, Tag, Tone};
use super::picking::key_type;
use super::text::{Argument, Text, text};
use crate::certificate::{Description, with_colons};
use crate::changed_key::{Comparison, Field, Shown};
use crate::limits::MAX_LABEL_CHARACTERS;
use crate::policy::Layer;
use crate::rule::{Mode, PinDocument, RuleDocument};
use crate::time::UnixMillis;

/// The title, with the endpoint as a rule is written.
#[must_use]
pub fn title(endpoint: &str) -> Text {
    text!("changed_title", endpoint = foreign(endpoint))
}

/// Where this comes from.
#[must_use]
pub fn intro(rule: &str, time: UnixMillis) -> Text {
    text!("changed_intro", rule = foreign(rule), time = Argument::Time(time))
}

/// What is known of the certificate before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A socket has shown it.
    Seen(UnixMillis),
    /// The rule knows no more than which of its pins matched, and when.
    Matched(String, UnixMillis),
    /// Nothing.
    None,
}

impl Source {
    /// When the rule has matched last.
    #[must_use]
    pub const fn time(&self) -> Option<UnixMillis> {
        match self {
            Self::Seen(time) | Self::Matched(_, time) => Some(*time),
            Self::None => None,
        }
    }
}

/// How the certificate before is known.
#[must_use]
pub fn source(source: &Source) -> Text {
    match source {
        Source::Seen(time) => text!("changed_seen", time = Argument::Time(*time)),
        Source::Matched(pin, time) => text!("changed_matched", pin = pin, time = Argument::Time(*time)),
        Source::None => text!("changed_never"),
    }
}

/// What a field is called.
#[must_use]
pub fn field(field: Field) -> Text {
    match field {
        Field::Subject => text!("changed_field_subject"),
        Field::Issuer => text!("changed_field_issuer"),
        Field::Validity => text!("changed_field_validity"),
        Field::KeyType => text!("changed_field_key_type"),
        Field::Key => text!("picker_key_fingerprint"),
        Field::Certificate => text!("picker_certificate_fingerprint"),
    }
}

/// What stands in a field.
#[must_use]
pub fn value(shown: &Shown, field: Field) -> Text {
    let Description { subject, issuer, .. } = &shown.description;
    let name = |name: Option<&String>| match name.map(String::as_str) {
        None => text!("certificate_name_unreadable"),
        Some("") => text!("certificate_unnamed"),
        Some(name) => Text::literal(shown_name(name)),
    };
    match field {
        Field::Subject => name(subject.as_ref()),
        Field::Issuer => name(issuer.as_ref()),
        Field::Validity => validity(&shown.description),
        Field::KeyType => shown.key_type.map_or_else(|| text!("picker_key_other"), key_type),
        Field::Key => shown.key.map_or_else(|| text!("certificate_no_pin"), |key| Text::literal(key.to_string())),
        Field::Certificate => Text::literal(with_colons(&shown.fingerprint)),
    }
}

/// Whether a field is as it was: a sign and a word.
#[must_use]
pub fn mark(is_same: bool) -> Tag {
    if is_same {
        Tag::new(text!("changed_same"), Tone::Neutral)
    } else {
        Tag::new(text!("changed_differs"), Tone::Warning)
    }
}

/// Where nothing is known of the certificate before.
#[must_use]
pub fn unknown() -> Text {
    text!("changed_unknown")
}

/// What can be done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offer {
    /// The rule, with the new key in front of its other pins.
    Trust(Box<RuleDocument>),
    /// Why the key cannot be trusted here.
    Nothing(Notice),
}

/// What can be done. `rule` is the rule as it is now, if it is still there; `administrator` is who has set that of the managed
/// layer, where that is known.
#[must_use]
pub fn offer(comparison: &Comparison, layer: Layer, rule: Option<RuleDocument>, administrator: Option<&str>) -> Offer {
    let note = |code, text| Offer::Nothing(Notice::new(NoticeKind::Note, code, text));
    let rule = match changeable(layer, rule, administrator) {
        Ok(rule) => rule,
        Err(notice) => return Offer::Nothing(notice),
    };
    let Some(key) = comparison.now.key else { return note("unreadable", text!("certificate_unreadable")) };
    let sha256 = key.to_base64();
    let is_among = |pins: &[PinDocument]| pins.iter().any(|pin| pin.sha256 == sha256);
    if is_among(&rule.pins) {
        return note("trusted", text!("changed_trusted"));
    }
    if is_among(&rule.denied) {
        return note("denied", text!("changed_denied"));
    }
    let label = label(&comparison.now.description, &rule.pins);
    let new = PinDocument { sha256, label: label.chars().take(MAX_LABEL_CHARACTERS).collect() };
    let pins = [new].into_iter().chain(rule.pins).collect();
    Offer::Trust(Box::new(RuleDocument { pins, ..rule }))
}

/// The rule as it is now, where a person can change it; else why not.
///
/// # Errors
///
/// It is an administrator's, or is no longer there.
pub fn changeable<T>(layer: Layer, rule: Option<T>, administrator: Option<&str>) -> Result<T, Notice> {
    let (code, text) = match (layer, rule) {
        (Layer::User, Some(rule)) => return Ok(rule),
        (Layer::User, None) => ("rule-gone", text!("changed_rule_gone")),
        (Layer::Managed, _) => {
            let ask = |name: &str| text!("changed_managed_by", administrator = foreign(name));
            ("managed", administrator.map_or_else(|| text!("changed_managed"), ask))
        }
    };
    Err(Notice::new(NoticeKind::Note, code, text))
}

/// As the certificate is called; where another pin is called so already, with the first day of its validity.
fn label(description: &Description, pins: &[PinDocument]) -> String {
    let name = short_name(description.subject.as_deref().unwrap_or_default());
    let day = description.not_before.as_deref().and_then(|time| time.get(..10));
    match day {
        Some(day) if pins.iter().any(|pin| pin.label == name) => format!("{name} ({day})"),
        _ => name,
    }
}

/// The same rule without its other pins.
#[must_use]
pub fn alone(rule: RuleDocument) -> RuleDocument {
    RuleDocument { pins: rule.pins.into_iter().take(1).collect(), ..rule }
}

/// What is added to the rule.
#[must_use]
pub fn adds(comparison: &Comparison) -> Text {
    text!("changed_adds", role = role(comparison.place, comparison.length, &comparison.now.description))
}

/// The button that leaves the rule as it is.
#[must_use]
pub fn keep(mode: Mode) -> Text {
    match mode {
        Mode::Block => text!("changed_keep_blocking"),
        Mode::Flag | Mode::Off => text!("changed_keep"),
    }
}

/// Said where the entry is no longer in the log, or its chain is not.
#[must_use]
pub fn gone() -> Text {
    text!("changed_gone")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pin::Pin;

    fn comparison() -> Comparison {
        let shown = |issuer: &str, key: &[u8]| Shown {
            description: Description {
                subject: Some("CN=chat.example.com".to_owned()),
                issuer: Some(format!("CN={issuer}")),
                ..Description::default()
            },
            key: Some(Pin::of_spki(key)),
            ..Shown::default()
        };
        Comparison { before: Some(shown("Old CA", b"old")), now: shown("New CA", b"new"), place: 0, length: 3 }
    }

    fn rule() -> RuleDocument {
        let pin = PinDocument { sha256: Pin::of_spki(b"old").to_base64(), label: "Old".to_owned() };
        RuleDocument { host: "a.test".to_owned(), pins: vec![pin], ..RuleDocument::default() }
    }

    #[test]
    fn the_new_key_comes_first_and_the_old_pins_stay_unless_told_otherwise() {
        let compared = comparison();
        let Offer::Trust(trusting) = offer(&compared, Layer::User, Some(rule()), None) else { panic!() };
        let labels = |rule: &RuleDocument| rule.pins.iter().map(|pin| pin.label.clone()).collect::<Vec<_>>();
        assert_eq!(labels(&trusting), ["chat.example.com", "Old"]);
        assert_eq!(labels(&alone(*trusting.clone())), ["chat.example.com"]);
        let sha256 = compared.now.key.unwrap().to_base64();
        let denied = RuleDocument { denied: vec![PinDocument { sha256, label: String::new() }], ..rule() };
        for (layer, rule, code) in [
            (Layer::User, Some(denied), "denied"),
            (Layer::Managed, Some(rule()), "managed"),
            (Layer::User, None, "rule-gone"),
            (Layer::User, Some(*trusting), "trusted"),
        ] {
            let Offer::Nothing(notice) = offer(&compared, layer, rule, None) else { panic!("{code}") };
            assert_eq!(notice.code, code);
        }
        for (administrator, expected) in
            [(Some("Example Ltd, IT"), "by Example Ltd, IT"), (None, "by your administrator")]
        {
            let Offer::Nothing(notice) = offer(&compared, Layer::Managed, None, administrator) else { panic!() };
            assert!(notice.text.english().contains(expected), "{}", notice.text.english());
        }
    }

    #[test]
    fn a_second_key_of_the_same_name_is_called_otherwise() {
        let description = Description {
            subject: Some("CN=a.test".to_owned()),
            not_before: Some("2026-11-25T06:00:00Z".to_owned()),
            ..Description::default()
        };
        let pin = |label: &str| PinDocument { sha256: String::new(), label: label.to_owned() };
        assert_eq!(label(&description, &[pin("Old")]), "a.test");
        assert_eq!(label(&description, &[pin("a.test")]), "a.test (2026-11-25)");
    }

    #[test]
    fn what_differs_is_said_in_words() {
        assert_eq!((mark(true).text.english(), mark(false).text.english()), ("= Same".into(), "≠ Differs".into()));
        let compared = comparison();
        assert_eq!(value(&compared.now, Field::Issuer).english(), "New CA");
        assert_eq!(adds(&compared).english(), "Trusting it adds a pin on the key of this certificate: Server.");
    }
}
