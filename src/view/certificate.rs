//! Certificates of a chain in words.

use super::date::day_of;
use super::notice::{Badge, Tone};
use crate::certificate::{Certificate, Description};
use crate::error::{name_of_file, visible};
use crate::formats::{Key, KeyKind};
use crate::limits::MAX_LABEL_CHARACTERS;
use crate::rule::LabelledPin;
use crate::violation::{ChainEntry, Mark, RuleSnapshot};

const ROOT: &str = "Root";

/// What a certificate is in its chain: the server's own first, the root last.
#[must_use]
pub const fn role(index: usize, length: usize) -> &'static str {
    match index {
        0 => "Server",
        _ if index + 1 == length => ROOT,
        _ => "Intermediate",
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

/// Whom the certificate is for.
#[must_use]
pub fn subject(description: &Description) -> String {
    match description.subject.as_deref() {
        Some(name) => named(name),
        None => "(unreadable name)".to_owned(),
    }
}

fn named(name: &str) -> String {
    if name.is_empty() { "(without a name)".to_owned() } else { short_name(name) }
}

/// `Valid 2 September 2026 to 1 December 2026`, as far as it is known.
#[must_use]
pub fn validity(description: &Description) -> String {
    match (&description.not_before, &description.not_after) {
        (Some(start), Some(end)) => format!("Valid {} to {}", day_of(start), day_of(end)),
        (Some(start), None) => format!("Valid from {}; the end cannot be read", day_of(start)),
        (None, Some(end)) => format!("Valid to {}; the start cannot be read", day_of(end)),
        (None, None) => "Validity unreadable".to_owned(),
    }
}

/// What the rule says of a certificate.
#[must_use]
pub fn mark(entry: &ChainEntry, rule: Option<&RuleSnapshot>) -> Badge {
    let label = |pins: fn(&RuleSnapshot) -> &[LabelledPin]| {
        let pin = pins(rule?).iter().find(|pin| Some(pin.sha256) == entry.sha256)?;
        (!pin.label.is_empty()).then(|| pin.label.clone())
    };
    match entry.mark {
        Mark::Pin => {
            let text =
                label(|rule| &rule.pins).map_or("Matches your pin".to_owned(), |label| format!("Matches “{label}”"));
            Badge::new(text, Tone::Good)
        }
        Mark::Denied => {
            let text = label(|rule| &rule.denied).map_or("Denied key".to_owned(), |label| format!("Denied: “{label}”"));
            Badge::new(text, Tone::Bad)
        }
        Mark::None => Badge::new("No match", Tone::Neutral),
        Mark::Unparsable => Badge::new("Unreadable", Tone::Warning),
    }
}

/// Where the root of a chain comes from; none for any other certificate, and where Firefox does not say.
#[must_use]
pub fn root_origin(entry: &ChainEntry) -> Option<Badge> {
    let badge = |built_in| {
        if built_in {
            Badge::new("Built into Firefox", Tone::Neutral)
        } else {
            Badge::new("Not built into Firefox", Tone::Warning)
        }
    };
    entry.built_in_root.map(badge)
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

const fn kind(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::Certificate => "Certificate",
        KeyKind::PublicKey => "Public key",
        KeyKind::CertificateRequest => "Certificate request",
        KeyKind::Pin => "Pin",
    }
}

/// What a key was found in, with the file's name if there is one.
#[must_use]
pub fn kind_in(found: KeyKind, file: Option<&str>) -> String {
    let kind = kind(found);
    file.map_or_else(|| kind.to_owned(), |file| format!("{kind} in {}", name_of_file(file)))
}

/// The pin of a certificate.
#[must_use]
pub fn pin(entry: &ChainEntry) -> String {
    entry.sha256.map_or_else(|| "no pin: its key could not be found".to_owned(), |pin| pin.to_string())
}

/// Issuer and validity of what a key was found in; empty for a bare key and for a certificate request.
#[must_use]
pub fn details(description: &Description) -> String {
    match &description.issuer {
        Some(name) => format!("Issued by {}. {}.", named(name), validity(description)),
        None if description.not_before.is_some() || description.not_after.is_some() => {
            format!("{}.", validity(description))
        }
        None => String::new(),
    }
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
            let shown = origin.as_ref().map(|badge| (badge.text.english(), badge.tone));
            assert_eq!(shown, expected.map(|(text, tone): (&str, Tone)| (text.to_owned(), tone)));
        }
    }

    #[test]
    fn a_key_names_its_file() {
        for (file, expected) in [(None, "Public key"), (Some("a.pem"), "Public key in a.pem")] {
            assert_eq!(kind_in(KeyKind::PublicKey, file), expected);
        }
    }

    #[test]
    fn the_last_of_several_is_the_root() {
        for (index, length, expected) in
            [(0, 1, "Server"), (0, 3, "Server"), (1, 3, "Intermediate"), (2, 3, "Root"), (1, 2, "Root")]
        {
            assert_eq!(role(index, length), expected);
        }
    }
}
