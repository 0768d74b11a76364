//! A rule while it is being typed: what is wrong, what may be a mistake, and where it is to be said.

use super::notice::{Kind, Notice};
use super::rule as rule_view;
use crate::error::Error;
use crate::formats::pem::{self, Inspected};
use crate::host::{HostPattern, UrlHostParser};
use crate::pin::Pin;
use crate::rule::{Birth, Field, FieldError, Mode, PinDocument, Rule, RuleDocument};
use crate::time::UnixMillis;

/// Where a notice stands. Rows are counted as they stand in the form, empty ones included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// At the host.
    Host,
    /// Below the list of pins.
    Pins,
    /// At one pin.
    Pin(usize),
    /// Below the list of denied keys.
    Denied,
    /// At one denied key.
    DeniedKey(usize),
    /// At the expiry date.
    Expires,
    /// At the note.
    Note,
    /// Beside the button that saves.
    Rule,
}

/// The outcome of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Everything to be said.
    pub notices: Vec<(Place, Notice)>,
    /// The rule without its empty rows, if it can be stored.
    pub rule: Option<RuleDocument>,
}

/// Checks what has been typed so far. `typed` may have rows that are still empty: they are no part of the rule.
/// `others` are the rules that there are.
#[must_use]
pub fn check(typed: &RuleDocument, others: &[RuleDocument], now: UnixMillis, url_host: UrlHostParser<'_>) -> Checked {
    let rule = without_empty_rows(typed);
    let birth = Birth { id: "new".to_owned(), time: now };
    let mut errors = Rule::new(&rule, &birth, url_host).err().unwrap_or_default();
    let pattern = HostPattern::parse(&rule.host, url_host).ok();
    if let Some(typed) = &pattern {
        errors.extend(taken(&rule, &typed.pattern.to_string(), others));
    }
    let mut notices = refusals(&errors, typed);
    if let Some(pattern) = pattern {
        notices.extend(host_note(&rule.host, &pattern.pattern, pattern.taken_from_url).map(|note| (Place::Host, note)));
    }
    notices.extend(warnings(typed, &rule, now));
    notices.extend(summary(&errors).map(|note| (Place::Rule, note)));
    Checked { rule: errors.is_empty().then_some(rule), notices }
}

/// What the background found wrong, with its places in the form.
#[must_use]
pub fn refusals(errors: &[FieldError], typed: &RuleDocument) -> Vec<(Place, Notice)> {
    errors
        .iter()
        .map(|error| {
            let place = place(error, typed);
            let notice = match (place, &error.error) {
                (Place::Pin(row), Error::PinEncoding { .. }) => pem_error(typed.pins.get(row)),
                (Place::DeniedKey(row), Error::PinEncoding { .. }) => pem_error(typed.denied.get(row)),
                _ => None,
            };
            (place, notice.unwrap_or_else(|| Notice::from(&error.error)))
        })
        .collect()
}

/// The keys in a text that was pasted into a pin's field, if it is PEM at all. A single-line field drops line ends, so
/// they are put back around the frames.
#[must_use]
pub fn pasted_pem(text: &str) -> Option<Result<Vec<Inspected>, Error>> {
    const FRAME: &str = "-----";
    if !text.contains("-----BEGIN ") {
        return None;
    }
    let mut lines = String::new();
    for piece in text.split_inclusive(FRAME) {
        // `-----BEGIN X-----` is a piece of dashes and one that starts with BEGIN.
        match piece.strip_suffix(FRAME) {
            Some(label) if label.starts_with("BEGIN ") || label.starts_with("END ") => {
                lines.push_str(piece);
                lines.push('\n');
            }
            Some(text) => {
                lines.push_str(text);
                if !lines.is_empty() {
                    lines.push('\n');
                }
                lines.push_str(FRAME);
            }
            None => lines.push_str(piece),
        }
    }
    // A frame that is still being typed holds nothing yet.
    Some(
        pem::inspect(lines.as_bytes())
            .and_then(|keys| if keys.is_empty() { Err(Error::NothingRecognised) } else { Ok(keys) }),
    )
}

/// What was taken from a file or a pasted text. `keys` were added, `known` were in the form already.
#[must_use]
pub fn taken_notice(source: &str, added: usize, known: usize) -> Notice {
    let keys = |count: usize| if count == 1 { "One key".to_owned() } else { format!("{count} keys") };
    let were = |count: usize| if count == 1 { "was" } else { "were" };
    let text = match (added, known) {
        (0, known) => format!("{} of {source} {} in the list already.", keys(known), were(known)),
        (1, _) => format!("One key was taken from {source}."),
        (added, _) => format!(
            "{added} keys were taken from {source}. Keep those that you mean: the key of an authority lets in every \
             certificate that it issues."
        ),
    };
    Notice::new(Kind::Note, "keys-taken", text)
}

fn without_empty_rows(typed: &RuleDocument) -> RuleDocument {
    let filled = |rows: &[PinDocument]| rows.iter().filter(|row| !is_empty(row)).cloned().collect();
    RuleDocument { pins: filled(&typed.pins), denied: filled(&typed.denied), ..typed.clone() }
}

fn is_empty(row: &PinDocument) -> bool {
    row.sha256.trim().is_empty() && row.label.trim().is_empty()
}

fn place(error: &FieldError, typed: &RuleDocument) -> Place {
    let row = |rows: &[PinDocument], index: usize| {
        let mut filled = rows.iter().enumerate().filter(|(_, row)| !is_empty(row));
        filled.nth(index).map(|(row, _)| row)
    };
    match (error.field, error.index) {
        (Field::Host, _) => Place::Host,
        (Field::Pins, index) => index.and_then(|index| row(&typed.pins, index)).map_or(Place::Pins, Place::Pin),
        (Field::Denied, index) => {
            index.and_then(|index| row(&typed.denied, index)).map_or(Place::Denied, Place::DeniedKey)
        }
        (Field::Expires, _) => Place::Expires,
        (Field::Note, _) => Place::Note,
        (Field::Id, _) => Place::Rule,
    }
}

fn pem_error(row: Option<&PinDocument>) -> Option<Notice> {
    pasted_pem(&row?.sha256)?.err().as_ref().map(Notice::from)
}

fn taken(rule: &RuleDocument, pattern: &str, others: &[RuleDocument]) -> Option<FieldError> {
    let same = others.iter().any(|other| other.host == pattern && other.id != rule.id);
    same.then(|| FieldError {
        field: Field::Host,
        index: None,
        error: Error::RuleHostTaken { pattern: pattern.to_owned() },
    })
}

fn host_note(typed: &str, pattern: &HostPattern, taken_from_url: bool) -> Option<Notice> {
    if taken_from_url {
        let text = format!("The host was taken out of the address: the rule is for {pattern}.");
        return Some(Notice::new(Kind::Note, "host-from-url", text));
    }
    let canonical = pattern.to_string();
    (canonical != typed.trim())
        .then(|| Notice::new(Kind::Note, "host-canonical", format!("It is stored as {canonical}.")))
}

fn warnings(typed: &RuleDocument, rule: &RuleDocument, now: UnixMillis) -> Vec<(Place, Notice)> {
    let mut notices = Vec::new();
    for (row, pin) in typed.pins.iter().enumerate() {
        if Pin::parse(&pin.sha256).is_ok_and(|pin| pin.is_placeholder()) {
            let text = "This is a stand-in from a tutorial. It belongs to no key, so it is no backup.";
            notices.push((Place::Pin(row), Notice::new(Kind::Warning, "placeholder-pin", text)));
        }
    }
    if rule.mode != Mode::Off && rule.pins.is_empty() && !rule.denied.is_empty() {
        let text = "Without a pin every key is let in, except the denied ones.";
        notices.push((Place::Pins, Notice::new(Kind::Note, "denied-only", text)));
    }
    notices.extend(rule_view::notices(rule, now).into_iter().map(|notice| match notice.code {
        "single-pin" => (Place::Pins, notice),
        _ => (Place::Expires, notice),
    }));
    notices
}

/// Why the rule cannot be saved yet, in one line: the fields may be out of sight.
fn summary(errors: &[FieldError]) -> Option<Notice> {
    let is_missing = |error: &&FieldError| matches!(error.error, Error::HostEmpty | Error::RulePinsMissing);
    let mistakes = errors.iter().filter(|error| !is_missing(error)).count();
    match mistakes {
        0 => {}
        1 => return Some(Notice::new(Kind::Error, "mistakes", "One mistake is to be corrected first.")),
        count => {
            let text = format!("{count} mistakes are to be corrected first.");
            return Some(Notice::new(Kind::Error, "mistakes", text));
        }
    }
    let missing: Vec<_> =
        errors.iter().map(|error| if error.error == Error::HostEmpty { "a host" } else { "a pin" }).collect();
    (!missing.is_empty())
        .then(|| Notice::new(Kind::Note, "incomplete", format!("Still needed: {}.", missing.join(" and "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis::new(1_795_305_600_000); // 2026-11-22T00:00:00Z
    const A: &str = "C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=";
    const B: &str = "diGVwiVYbubAI3RW4hB9xU8e/CH2GnkuvVFZE8zmgzI=";
    const STAND_IN: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    fn typed(host: &str, pins: &[&str], denied: &[&str]) -> RuleDocument {
        let rows = |pins: &[&str]| {
            pins.iter().map(|pin| PinDocument { sha256: (*pin).to_owned(), label: String::new() }).collect()
        };
        RuleDocument { host: host.to_owned(), pins: rows(pins), denied: rows(denied), ..RuleDocument::default() }
    }

    fn codes(checked: &Checked) -> Vec<(Place, &'static str)> {
        checked.notices.iter().map(|(place, notice)| (*place, notice.code)).collect()
    }

    #[test]
    fn every_mistake_has_its_place() {
        use Place::{Denied, DeniedKey, Host, Pin, Pins, Rule};
        let others = [RuleDocument { id: Some("1".to_owned()), ..typed("*.example.com", &[A], &[]) }];
        for (rule, storable, expected) in [
            (
                typed("", &[""], &[]),
                false,
                vec![(Host, "host-empty"), (Pins, "rule-pins-missing"), (Rule, "incomplete")],
            ),
            (typed("chat.example.com", &["", A, "", B, ""], &[]), true, vec![]),
            (typed("chat.example.com", &["", A], &[]), true, vec![(Pins, "single-pin")]),
            (
                typed("chat.example.com", &["", "", "a?", A], &[""]),
                false,
                vec![(Pin(2), "pin-encoding"), (Rule, "mistakes")],
            ),
            (
                typed("chat.example.com", &[A, B], &["", A]),
                false,
                vec![(DeniedKey(1), "rule-pin-repeated"), (Rule, "mistakes")],
            ),
            (typed("chat.example.com", &[], &[A]), true, vec![(Pins, "denied-only")]),
            (typed("chat.example.com", &[A, STAND_IN], &[]), true, vec![(Pin(1), "placeholder-pin")]),
            (typed("https://chat.example.com/x", &[A, B], &[]), true, vec![(Host, "host-from-url")]),
            (typed("Chat.Example.COM", &[A, B], &[]), true, vec![(Host, "host-canonical")]),
            (
                typed("*.EXAMPLE.com", &[A, B], &[]),
                false,
                vec![(Host, "rule-host-taken"), (Host, "host-canonical"), (Rule, "mistakes")],
            ),
            (
                typed("a..b", &[A, B], &["x"]),
                false,
                vec![(Host, "host-empty-label"), (DeniedKey(0), "pin-encoding"), (Rule, "mistakes")],
            ),
            (
                typed("chat.example.com", &[A, B], &vec![A; 100]),
                false,
                vec![(Denied, "rule-pin-count"), (Rule, "mistakes")],
            ),
            (
                typed("chat.example.com", &["-----BEGIN CERTIFICATE-----MIIB", A], &[]),
                false,
                vec![(Pin(0), "pem-end"), (Rule, "mistakes")],
            ),
        ] {
            let checked = check(&rule, &others, NOW, &|_| None);
            assert_eq!(checked.rule.is_some(), storable, "{rule:?}");
            let mut found = codes(&checked);
            let mut expected = expected;
            found.sort_by_key(|entry| format!("{entry:?}"));
            expected.sort_by_key(|entry| format!("{entry:?}"));
            assert_eq!(found, expected, "{rule:?}");
        }
    }

    #[test]
    fn a_rule_may_keep_its_own_host() {
        let own = RuleDocument { id: Some("1".to_owned()), ..typed("chat.example.com", &[A, B], &[]) };
        assert_eq!(check(&own, std::slice::from_ref(&own), NOW, &|_| None).notices, []);
    }

    #[test]
    fn pem_survives_a_single_line_field() {
        let key = rcgen::KeyPair::generate().unwrap();
        let pem = key.public_key_pem();
        let pin = Pin::of_spki(&rcgen::PublicKeyData::subject_public_key_info(&key));
        for text in [pem.clone(), pem.replace(['\r', '\n'], ""), format!("note: {}", pem.replace(['\r', '\n'], " "))] {
            let found = pasted_pem(&text).unwrap().unwrap();
            assert_eq!(found.iter().map(|key| key.sha256).collect::<Vec<_>>(), [pin], "{text}");
        }
        assert_eq!(pasted_pem(A), None);
        assert_eq!(pasted_pem("-----BEGIN CERT"), Some(Err(Error::NothingRecognised)));
        assert_eq!(pasted_pem(&key.serialize_pem().replace('\n', "")).unwrap(), Err(Error::PrivateKey));
    }
}
