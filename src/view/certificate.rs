//! Certificates of a chain in words.

use super::foreign::{foreign, foreign_name};
use super::notice::{Tag, Tone};
use super::text::{Text, present, text};
use crate::certificate::{Certificate, Description};
use crate::error::{name_of_file, visible};
use crate::formats::{Key, KeyKind};
use crate::limits::MAX_LABEL_CHARACTERS;
use crate::rule::LabelledPin;
use crate::time::Date;
use crate::violation::{ChainEntry, Mark, RuleSnapshot};

/// What a certificate is in its chain: the server's own first, and a root last. A path may end before its root, at an
/// intermediate that is trusted by itself, and so may a chain in a file; a root names itself as its issuer.
#[must_use]
pub fn role(index: usize, length: usize, description: &Description) -> Text {
    match index {
        0 => text!("certificate_server"),
        _ if index + 1 == length && description.subject == description.issuer => text!("certificate_root"),
        _ => text!("certificate_intermediate"),
    }
}

/// The part of a distinguished name (RFC 4514) that people know it by: the common name, else the organisation, else the
/// organisational unit, else all of it. All of its characters can be seen.
#[must_use]
pub fn short_name(name: &str) -> String {
    let parts = parts(name);
    let part = |kind: &str| parts.iter().find_map(|part| part.strip_prefix(kind));
    let known = part("CN=").or_else(|| part("O=")).or_else(|| part("OU="));
    visible(known.filter(|part| !part.is_empty()).unwrap_or(name)).into_owned()
}

/// The same within a text of ours.
#[must_use]
pub fn shown_name(name: &str) -> String {
    foreign_name(&short_name(name))
}

/// Of a certificate of which nothing else can be said.
#[must_use]
pub fn unreadable() -> Text {
    text!("certificate_unreadable")
}

/// Whom the certificate is for.
#[must_use]
pub fn subject(description: &Description) -> Text {
    match description.subject.as_deref() {
        Some("") => text!("certificate_unnamed"),
        Some(name) => Text::literal(shown_name(name)),
        None => text!("certificate_name_unreadable"),
    }
}

fn issuer(name: &str) -> Text {
    match name {
        "" => text!("certificate_issuer_unnamed"),
        name => text!("certificate_issued_by", issuer = shown_name(name)),
    }
}

/// `Valid from 2 September 2026 to 1 December 2026`, as far as it is known.
#[must_use]
pub fn validity(description: &Description) -> Text {
    match (day(description.not_before.as_deref()), day(description.not_after.as_deref())) {
        (Some(start), Some(end)) => text!("certificate_valid", start = start, end = end),
        (Some(start), None) => text!("certificate_valid_from", start = start),
        (None, Some(end)) => text!("certificate_valid_to", end = end),
        (None, None) => text!("certificate_validity_unreadable"),
    }
}

/// The day in UTC of an RFC 3339 time, as a description has it.
fn day(rfc3339: Option<&str>) -> Option<Date> {
    Date::parse(rfc3339?.get(..10)?).ok()
}

/// What the rule says of a certificate.
#[must_use]
pub fn mark(entry: &ChainEntry, rule: Option<&RuleSnapshot>) -> Tag {
    let label = |pins: fn(&RuleSnapshot) -> &[LabelledPin]| {
        let pin = pins(rule?).iter().find(|pin| Some(pin.sha256) == entry.sha256)?;
        (!pin.label.is_empty()).then(|| foreign(&pin.label))
    };
    match entry.mark {
        Mark::Pin => {
            let text = match label(|rule| &rule.pins) {
                Some(label) => text!("certificate_matches_label", label = label),
                None => text!("certificate_matches"),
            };
            Tag::new(text, Tone::Good)
        }
        Mark::Denied => {
            let text = match label(|rule| &rule.denied) {
                Some(label) => text!("certificate_denied_label", label = label),
                None => text!("certificate_denied"),
            };
            Tag::new(text, Tone::Bad)
        }
        Mark::None => Tag::new(text!("certificate_no_match"), Tone::Neutral),
        Mark::Unparsable => Tag::new(unreadable(), Tone::Warning),
    }
}

/// Where the root of a chain comes from; none for any other certificate, and where Firefox does not say.
#[must_use]
pub fn root_origin(entry: &ChainEntry) -> Option<Tag> {
    let tag = |built_in| {
        if built_in {
            Tag::new(text!("certificate_root_built_in"), Tone::Neutral)
        } else {
            Tag::new(text!("certificate_root_added"), Tone::Warning)
        }
    };
    entry.built_in_root.map(tag)
}

/// The name for a key that was taken from a file or a pasted text; `source` is the file's name. It fits the field of a
/// label.
#[must_use]
pub fn suggested_label(key: &Key, source: Option<&str>) -> String {
    let label = match key.description.subject.as_deref() {
        Some(name) if !name.is_empty() => short_name(name),
        _ if key.kind == KeyKind::Pin => key.label.clone(),
        _ => visible(source.unwrap_or_default()).into_owned(),
    };
    label.chars().take(MAX_LABEL_CHARACTERS).collect()
}

/// What a person reads of a certificate of the log: as the version before has stored it, or from the certificate.
#[must_use]
pub fn description(entry: &ChainEntry, der: Option<&[u8]>) -> Description {
    let described = || Certificate::from_der(der?).ok().map(|certificate| certificate.describe());
    entry.description.clone().or_else(described).unwrap_or_default()
}

/// What a key was found in, with the file's name if there is one.
#[must_use]
pub fn kind_in(found: KeyKind, file: Option<&str>) -> Text {
    match (found, file.map(name_of_file)) {
        (KeyKind::Certificate, None) => text!("certificate_kind_certificate"),
        (KeyKind::Certificate, Some(file)) => text!("certificate_kind_certificate_in", file = file),
        (KeyKind::PublicKey, None) => text!("certificate_kind_public_key"),
        (KeyKind::PublicKey, Some(file)) => text!("certificate_kind_public_key_in", file = file),
        (KeyKind::CertificateRequest, None) => text!("certificate_kind_request"),
        (KeyKind::CertificateRequest, Some(file)) => text!("certificate_kind_request_in", file = file),
        (KeyKind::Pin, None) => text!("certificate_kind_pin"),
        (KeyKind::Pin, Some(file)) => text!("certificate_kind_pin_in", file = file),
    }
}

/// The pin of a certificate.
#[must_use]
pub fn pin(entry: &ChainEntry) -> Text {
    entry.sha256.map_or_else(|| text!("certificate_no_pin"), |pin| Text::literal(pin.to_string()))
}

/// Issuer and validity of what a key was found in, a label each; none for a bare key and for a certificate request.
#[must_use]
pub fn details(description: &Description) -> Vec<Text> {
    let Description { issuer: name, not_before, not_after, .. } = description;
    let is_certificate = name.is_some() || not_before.is_some() || not_after.is_some();
    let validity = is_certificate.then(|| validity(description));
    present(vec![name.as_deref().map(issuer), validity])
}

/// Splits at commas and pluses that are not escaped, and takes the escapes of RFC 4514 section 2.4 back.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![Vec::new()];
    let mut bytes = name.as_bytes();
    while let Some((&byte, rest)) = bytes.split_first() {
        bytes = rest;
        let Some(part) = parts.last_mut() else { break };
        match (byte, rest) {
            (b',' | b'+', _) => parts.push(Vec::new()),
            (b'\\', [first, second, after @ ..]) if first.is_ascii_hexdigit() && second.is_ascii_hexdigit() => {
                let digits = [*first, *second].map(|digit| char::from(digit).to_digit(16).unwrap_or_default());
                let [high, low] = digits;
                part.extend(u8::try_from(high * 16 + low));
                bytes = after;
            }
            (b'\\', [escaped, after @ ..]) => {
                part.push(*escaped);
                bytes = after;
            }
            _ => part.push(byte),
        }
    }
    parts.into_iter().map(|part| String::from_utf8_lossy(&part).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short() {
        for (name, expected) in [
            ("CN=chat.example.com,O=Example", "chat.example.com"),
            ("O=Example\\, Inc.,C=US", "Example, Inc."),
            ("C=US,O=Example+CN=Root R1", "Root R1"),
            ("C=US", "C=US"),
            ("CN=,O=Example", "CN=,O=Example"),
        ] {
            assert_eq!(short_name(name), expected);
        }
    }

    #[test]
    fn a_root_is_only_called_what_firefox_reports() {
        let entry = |built_in_root| ChainEntry { description: None, sha256: None, built_in_root, mark: Mark::None };
        for (built_in, expected) in [
            (Some(true), Some(("Built into Firefox", Tone::Neutral))),
            (Some(false), Some(("Not built into Firefox", Tone::Warning))),
            (None, None),
        ] {
            let origin = root_origin(&entry(built_in));
            let shown = origin.as_ref().map(|tag| (tag.text.english(), tag.tone));
            assert_eq!(shown, expected.map(|(text, tone): (&str, Tone)| (text.to_owned(), tone)));
        }
    }

    #[test]
    fn a_key_names_its_file() {
        for (file, expected) in [(None, "Public key"), (Some("a.pem"), "Public key in a.pem")] {
            assert_eq!(kind_in(KeyKind::PublicKey, file).english(), expected);
        }
    }

    #[test]
    fn the_last_of_several_is_the_root_if_nobody_else_has_issued_it() {
        for (index, length, issuer, expected) in [
            (0, 1, "CN=a", "Server"),
            (0, 3, "CN=b", "Server"),
            (1, 3, "CN=b", "Intermediate"),
            (1, 3, "CN=a", "Intermediate"),
            (2, 3, "CN=a", "Root"),
            (1, 2, "CN=a", "Root"),
            (2, 3, "CN=b", "Intermediate"),
            (1, 2, "CN=b", "Intermediate"),
        ] {
            let name = |name: &str| Some(name.to_owned());
            let description = Description { subject: name("CN=a"), issuer: name(issuer), ..Description::default() };
            assert_eq!(role(index, length, &description).english(), expected, "{index} of {length} by {issuer}");
        }
        assert_eq!(role(2, 3, &Description::default()).english(), "Root", "nothing can be read of it");
    }
}
