//! Pins as text: one or many, with or without a label behind each.
//!
//! Reads curl's `sha256//<b64>;sha256//<b64>`, arrays of JSON, one pin a line, and `Public-Key-Pins`
//! ([RFC 7469 section 2.1](https://www.rfc-editor.org/rfc/rfc7469#section-2.1)) as a header, in a server's configuration or
//! alone. Its other directives say nothing of a key and are passed over.

use super::key::Key;
use super::{Format, Reading};
use crate::error::{PinError, visible};
use crate::limits::MAX_LABEL_CHARACTERS;
use crate::pin::Pin;

/// Takes a text apart at line ends, `;` and `,`.
pub(super) fn read(text: &str) -> Reading {
    let mut reading = Reading::of(Format::PinList);
    for (line, number) in text.lines().flat_map(|line| line.split('\r')).zip(1..) {
        read_line(line, number, &mut reading);
    }
    // One pin on several lines.
    match Pin::parse(text) {
        Ok(pin) if reading.keys.is_empty() => Reading::of_key(Format::PinList, Key::of_pin(pin, String::new())),
        _ => reading,
    }
}

/// A label as its field takes it.
pub(super) fn label_of(text: &str) -> String {
    let text = text.trim();
    // `sha256sum` writes where the value came from: `-` is its standard input.
    if text == "-" {
        return String::new();
    }
    visible(text).chars().take(MAX_LABEL_CHARACTERS).collect()
}

fn read_line(line: &str, number: usize, reading: &mut Reading) {
    if COMMENTS.iter().any(|comment| line.trim_start().starts_with(comment)) {
        return;
    }
    let is_header = line.to_ascii_lowercase().contains(HEADER_PIN);
    let mut keys: Vec<Key> = Vec::new();
    let mut follows_comma = false;
    for (piece, separator) in pieces(line) {
        let is_continued = std::mem::replace(&mut follows_comma, separator == Some(','));
        let trimmed =
            piece.trim_matches(|character: char| character.is_whitespace() || "\"'\\[]{}()".contains(character));
        if trimmed.is_empty() || (is_header && is_directive(trimmed)) {
            continue;
        }
        match (read_piece(piece), keys.last_mut()) {
            (Ok(key), _) => keys.push(key),
            // `: CN=example.com, O=Example`: the comma is the name's, not the list's.
            (Err(_), Some(Key { label, .. })) if is_continued && !label.is_empty() => {
                *label = label_of(&format!("{label},{}", piece.trim_end()));
            }
            (Err(why), _) => reading.leave_out(trimmed, Some(number), why),
        }
    }
    reading.keys.append(&mut keys);
}

/// The pieces of a line, each with what ended it.
fn pieces(line: &str) -> impl Iterator<Item = (&str, Option<char>)> {
    line.split_inclusive([';', ',']).map(|piece| {
        let separator = piece.chars().next_back().filter(|last| matches!(last, ';' | ','));
        (piece.strip_suffix([';', ',']).unwrap_or(piece), separator)
    })
}

/// A pin, whatever stands in front of it; or a pin and its label.
fn read_piece(piece: &str) -> Result<Key, PinError> {
    let piece = piece.trim();
    let whole = match Pin::parse(piece) {
        Ok(pin) => return Ok(Key::of_pin(pin, String::new())),
        Err(why) => why,
    };
    let Some((first, label)) = piece.split_once(char::is_whitespace) else { return Err(whole) };
    Pin::parse(first).map(|pin| Key::of_pin(pin, label_of(label))).map_err(|_| whole)
}

fn is_directive(piece: &str) -> bool {
    // The first one may stand behind the header's name.
    let name = piece.split('=').next().unwrap_or_default().trim_end();
    let name = name.rsplit([' ', ':', '"', '\'']).next().unwrap_or_default();
    DIRECTIVES.iter().any(|directive| name.eq_ignore_ascii_case(directive))
}

const HEADER_PIN: &str = "pin-sha256";
/// RFC 7469 sections 2.1.1 to 2.1.3, and the one of drafts.
const DIRECTIVES: [&str; 4] = ["max-age", "includeSubDomains", "report-uri", "strict"];
const COMMENTS: [&str; 2] = ["#", "//"];

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=";
    const B: &str = "diGVwiVYbubAI3RW4hB9xU8e/CH2GnkuvVFZE8zmgzI=";

    #[test]
    fn lists_of_other_tools_are_taken_apart() {
        for (text, keys, left_out) in [
            (format!("sha256//{A};sha256//{B}"), vec![(A, ""), (B, "")], vec![]),
            (format!("{A}\n\n  {B}\n"), vec![(A, ""), (B, "")], vec![]),
            (format!("{A}\r{B}"), vec![(A, ""), (B, "")], vec![]),
            (format!("  sha256/{A}: CN=example.com, O=E"), vec![(A, "CN=example.com, O=E")], vec![]),
            (
                format!("sha256/{A}: OU=\"(c) 2006 Example, Inc.\", C=NL\nsha256/{B}: CN=R1"),
                vec![(A, "OU=\"(c) 2006 Example, Inc.\", C=NL"), (B, "CN=R1")],
                vec![],
            ),
            (format!("sha256/{A} backup key"), vec![(A, "backup key")], vec![]),
            (format!("# the first\n{A}\n// the second\n{B}"), vec![(A, ""), (B, "")], vec![]),
            (format!("no?pin,{B}"), vec![(B, "")], vec![(Some("no?pin"), 1, "pin-encoding")]),
            (format!("{A};bro?ken\n{B}"), vec![(A, ""), (B, "")], vec![(Some("bro?ken"), 1, "pin-encoding")]),
            (format!("broken one\n{A}"), vec![(A, "")], vec![(Some("broken one"), 1, "pin-encoding")]),
            // A pin that lost its beginning is no part of the name before it.
            (format!("sha256/{A}: CN=a\ndiGVwg=="), vec![(A, "CN=a")], vec![(Some("diGVwg=="), 2, "pin-length")]),
            // Code of other languages, and words of as many letters as a pin.
            (
                format!("hosts: @[@\"{A}\", @\"{B}\"],\nkeys: ['{A}', f('{B}')"),
                vec![(A, ""), (B, ""), (A, "")],
                vec![(None, 2, "pin-character")],
            ),
            (
                "one constant of as many letters as a pin has it is none".to_owned(),
                vec![],
                vec![(Some("one constant of as many letters as a pin has it is none"), 1, "pin-encoding")],
            ),
            ("a, b".to_owned(), vec![], vec![(Some("a"), 1, "pin-encoding"), (Some("b"), 1, "pin-encoding")]),
            (String::new(), vec![], vec![]),
        ] {
            let found = read(&text);
            let labelled: Vec<_> = found.keys.iter().map(|key| (key.sha256.to_base64(), key.label.as_str())).collect();
            let expected: Vec<_> = keys.iter().map(|(pin, label)| ((*pin).to_owned(), *label)).collect();
            assert_eq!(labelled, expected, "{text}");
            let reasons: Vec<_> = found
                .left_out
                .iter()
                .map(|part| (part.what.shown(), part.line.unwrap_or_default(), part.why.code()))
                .collect();
            assert_eq!(reasons, left_out, "{text}");
        }
    }
}
