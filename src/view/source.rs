//! Keys from files and from pasted or dropped texts: what is in a text, and what came of each source.

use std::fmt;

use super::error::sentence;
use super::notice::{Kind, Notice};
use crate::error::{Error, name_of_file};
use crate::formats::pem::{self, Inspected};
use crate::formats::pin_list;
use crate::limits::MAX_PINS_PER_RULE;
use crate::pin::holds_private_key;
use crate::rule::PinDocument;

/// Where keys were looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file of this name.
    File(String),
    /// A pasted or typed text.
    Pasted,
    /// A text that was dropped.
    Dropped,
}

impl Source {
    /// The file's name, if it is one.
    #[must_use]
    pub fn file(&self) -> Option<&str> {
        match self {
            Self::File(name) => Some(name),
            Self::Pasted | Self::Dropped => None,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(name) => formatter.write_str(&name_of_file(name)),
            Self::Pasted => formatter.write_str("the pasted text"),
            Self::Dropped => formatter.write_str("the dropped text"),
        }
    }
}

/// Why there are no keys from a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// The browser cannot read the file: it is a folder, or is no longer there.
    Unreadable,
    /// What is in it.
    Content(Error),
}

/// What was done with the keys of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Taken {
    /// Put into the list.
    pub added: usize,
    /// In the list already.
    pub known: usize,
    /// Put into the list as they are, to be corrected: they are no pins.
    pub broken: usize,
}

/// Says that there are no keys from a source, and why.
#[must_use]
pub fn refused(source: &Source, problem: &Problem) -> Notice {
    let (code, text) = match problem {
        Problem::Unreadable => (
            "file-unreadable",
            "could not be read; it may be a folder, or have been moved or deleted. Choose it again.".to_owned(),
        ),
        Problem::Content(error) => (error.code(), sentence(error)),
    };
    let text = source.file().map_or_else(|| text.clone(), |_| format!("{source}: {text}"));
    Notice::new(Kind::Error, code, text)
}

/// Says what was taken from a source, and what was not.
#[must_use]
pub fn taken(source: &Source, taken: Taken) -> Notice {
    let mut sentences = Vec::new();
    match taken.added {
        0 => {}
        1 => sentences.push(format!("One key was taken from {source}.")),
        added => sentences.push(format!(
            "{added} keys were taken from {source}. Keep those that you mean: the key of an authority lets in every \
             certificate that it issues."
        )),
    }
    match (taken.added, taken.known) {
        (_, 0) => {}
        (0, 1) => sentences.push(format!("One key of {source} was in the list already.")),
        (0, known) => sentences.push(format!("{known} keys of {source} were in the list already.")),
        (_, 1) => sentences.push("One more was in the list already.".to_owned()),
        (_, known) => sentences.push(format!("{known} more were in the list already.")),
    }
    match taken.broken {
        0 => {}
        1 => sentences.push("One piece is no pin: correct its row or remove it.".to_owned()),
        broken => sentences.push(format!("{broken} pieces are no pins: correct their rows or remove them.")),
    }
    Notice::new(Kind::Note, "keys-taken", sentences.join(" "))
}

/// The keys in a text that was pasted into a pin's field, if it is PEM at all. A single-line field drops line ends, so
/// they are put back around the frames.
#[must_use]
pub fn pasted_pem(text: &str) -> Option<Result<Vec<Inspected>, Error>> {
    const FRAME: &str = "-----";
    const BEGIN: &str = "BEGIN ";
    if holds_private_key(text.as_bytes()) {
        return Some(Err(Error::PrivateKey));
    }
    if !text.split(FRAME).skip(1).any(|label| label.starts_with(BEGIN)) {
        return None;
    }
    let mut lines = String::new();
    for piece in text.split_inclusive(FRAME) {
        // A frame's line is a piece of dashes and one that starts with its label.
        match piece.strip_suffix(FRAME) {
            Some(label) if label.starts_with(BEGIN) || label.starts_with("END ") => {
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

/// The rows for a pasted text that lists pins, or one pin with its label. A piece that is no pin becomes a row as it
/// is: the form says there what is wrong with it. None where the text is no list: a bare pin, PEM, anything else.
///
/// # Errors
/// [`Error::RulePinCount`] for a list that no rule could hold; [`Error::PrivateKey`], before it is in any field.
#[must_use]
pub fn pasted_list(text: &str) -> Option<Result<Vec<PinDocument>, Error>> {
    let listed = match pin_list::parse(text) {
        Ok(listed) => listed,
        Err(error) => return Some(Err(error)),
    };
    // The base64 of a key may have a line of a pin's length.
    if pasted_pem(text).is_some() {
        return None;
    }
    let mut rows: Vec<PinDocument> = Vec::new();
    let mut has_pin = false;
    for listed in listed {
        match (listed.pin, rows.last_mut()) {
            (Ok(pin), _) => {
                has_pin = true;
                rows.push(PinDocument { sha256: pin.to_string(), label: listed.label });
            }
            // `: CN=example.com, O=Example`: the comma is the name's, not the list's.
            (Err(_), Some(row)) if is_attribute(&row.label) && is_attribute(&listed.text) => {
                let value = format!(", {} {}", listed.text, listed.label);
                row.label.push_str(value.trim_end());
            }
            (Err(_), _) => rows.push(PinDocument { sha256: listed.text, label: listed.label }),
        }
    }
    match rows.as_slice() {
        _ if !has_pin => None,
        [] => None,
        [row] if row.label.is_empty() => None,
        rows if rows.len() > MAX_PINS_PER_RULE => Some(Err(Error::RulePinCount { limit: MAX_PINS_PER_RULE })),
        _ => Some(Ok(rows)),
    }
}

/// Whether a text starts as an attribute of a distinguished name does (RFC 4514). The padding of base64 does not.
fn is_attribute(text: &str) -> bool {
    text.split_once('=').is_some_and(|(kind, value)| {
        let is_of_kind = |character: char| character.is_ascii_alphanumeric() || character == '.';
        !kind.is_empty() && kind.chars().all(is_of_kind) && !value.trim_start_matches('=').is_empty()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pin::Pin;

    const A: &str = "C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=";
    const B: &str = "diGVwiVYbubAI3RW4hB9xU8e/CH2GnkuvVFZE8zmgzI=";

    #[test]
    fn a_source_without_keys_says_why() {
        let file = Source::File("backup.pem".to_owned());
        for (source, problem, code, expected) in [
            (
                &file,
                Problem::Unreadable,
                "file-unreadable",
                "backup.pem: could not be read; it may be a folder, or have been moved or deleted. Choose it again.",
            ),
            (
                &file,
                Problem::Content(Error::Der { field: "subject".into() }),
                "der",
                "backup.pem: This certificate or key is damaged: its subject cannot be read. Export it again.",
            ),
            (
                &Source::Dropped,
                Problem::Content(Error::Der { field: "subject".into() }),
                "der",
                "This certificate or key is damaged: its subject cannot be read. Export it again.",
            ),
        ] {
            let notice = refused(source, &problem);
            assert_eq!((notice.code, notice.text.english().as_str()), (code, expected));
        }
    }

    #[test]
    fn nothing_is_left_out_in_silence() {
        let file = Source::File("chain.pem".to_owned());
        for (source, added, known, broken, expected) in [
            (&Source::Pasted, 1, 0, 0, "One key was taken from the pasted text."),
            (
                &file,
                3,
                0,
                0,
                "3 keys were taken from chain.pem. Keep those that you mean: the key of an authority lets in every \
                 certificate that it issues.",
            ),
            (&Source::Pasted, 0, 1, 0, "One key of the pasted text was in the list already."),
            (&file, 0, 2, 0, "2 keys of chain.pem were in the list already."),
            (&Source::Dropped, 1, 1, 0, "One key was taken from the dropped text. One more was in the list already."),
            (
                &Source::Pasted,
                1,
                2,
                1,
                "One key was taken from the pasted text. 2 more were in the list already. One piece is no pin: correct \
                 its row or remove it.",
            ),
            (
                &Source::Pasted,
                0,
                1,
                2,
                "One key of the pasted text was in the list already. 2 pieces are no pins: correct their rows or remove \
                 them.",
            ),
        ] {
            assert_eq!(taken(source, Taken { added, known, broken }).text.english(), expected);
        }
    }

    #[test]
    fn a_list_becomes_rows_and_keeps_its_bad_pieces() {
        let key = rcgen::KeyPair::generate().unwrap();
        let (a, b) = (format!("sha256/{A}"), format!("sha256/{B}"));
        for (text, expected) in [
            (format!("{A};broken;{B}"), Some(vec![(a.as_str(), ""), ("broken", ""), (b.as_str(), "")])),
            (format!("broken one\n{A}"), Some(vec![("broken", "one"), (a.as_str(), "")])),
            (format!("sha256/{A} backup key"), Some(vec![(a.as_str(), "backup key")])),
            (
                format!("sha256/{A}: CN=example.com, O=Example Ltd\n  sha256/{B}: CN=R1"),
                Some(vec![(a.as_str(), "CN=example.com, O=Example Ltd"), (b.as_str(), "CN=R1")]),
            ),
            // A pin that lost its beginning is no attribute of the name before it.
            (format!("sha256/{A}: CN=a\ndiGVwg=="), Some(vec![(a.as_str(), "CN=a"), ("diGVwg==", "")])),
            (A.to_owned(), None),
            ("a, b; c".to_owned(), None),
            (key.public_key_pem(), None),
            (format!("{A}\n{}", key.public_key_pem()), None),
            (String::new(), None),
        ] {
            let found = pasted_list(&text).map(Result::unwrap);
            let found = found
                .as_ref()
                .map(|rows| rows.iter().map(|row| (row.sha256.as_str(), row.label.as_str())).collect::<Vec<_>>());
            assert_eq!(found, expected, "{text}");
        }
        let long = format!("{A};").repeat(MAX_PINS_PER_RULE + 1);
        assert_eq!(pasted_list(&long), Some(Err(Error::RulePinCount { limit: MAX_PINS_PER_RULE })));
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
        assert_eq!(pasted_pem("BEGIN and -- END"), None);
        assert_eq!(pasted_pem("-----BEGIN CERT"), Some(Err(Error::NothingRecognised)));
        assert_eq!(pasted_pem(&key.serialize_pem().replace('\n', "")).unwrap(), Err(Error::PrivateKey));
    }
}
