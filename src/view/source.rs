//! Keys from files and from pasted or dropped texts: what came of each source.

use super::certificate::suggested_label;
use super::error::sentence;
use super::notice::{Notice, NoticeKind};
use super::text::{Text, plural, present, text};
use crate::error::{Error, name_of_file};
use crate::formats::{Key, LeftOut};
use crate::rule::PinDocument;

/// Where keys were looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file of this name, or at this address.
    File(String),
    /// A pasted or typed text.
    Pasted,
    /// A text that was dropped.
    Dropped,
}

impl Source {
    /// The file's name or address, if it is one.
    #[must_use]
    pub fn file(&self) -> Option<&str> {
        match self {
            Self::File(name) => Some(name),
            Self::Pasted | Self::Dropped => None,
        }
    }
}

/// Why there are no keys from a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// The browser cannot read the file: it is a folder, or is no longer there.
    Unreadable,
    /// There is no answer from its address, or none that may be read.
    Unreachable,
    /// Its address answers with this HTTP status.
    Status(u16),
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
}

/// Says that there are no keys from a source, and why.
#[must_use]
pub fn refused(source: &Source, problem: &Problem) -> Notice {
    let (code, why) = match problem {
        Problem::Unreadable => ("file-unreadable", text!("source_unreadable")),
        Problem::Unreachable => ("link-unreachable", text!("source_unreachable")),
        Problem::Status(status) => ("link-status", text!("source_status", status = status.to_string())),
        Problem::Content(error) => (error.code(), sentence(error)),
    };
    let text = match source.file() {
        Some(file) => text!("source_refused", file = name_of_file(file), why = why),
        None => why,
    };
    Notice::new(NoticeKind::Error, code, text)
}

/// Says what was taken from a source, and what was not.
#[must_use]
pub fn taken(source: &Source, taken: Taken) -> Notice {
    let added = (taken.added > 0).then(|| match source {
        Source::File(name) => plural!("source_taken_file", taken.added, file = name_of_file(name)),
        Source::Pasted => plural!("source_taken_pasted", taken.added),
        Source::Dropped => plural!("source_taken_dropped", taken.added),
    });
    let choose = (taken.added > 1).then(|| text!("source_taken_choose"));
    let known = (taken.known > 0).then(|| match source {
        _ if taken.added > 0 => plural!("source_known_more", taken.known),
        Source::File(name) => plural!("source_known_file", taken.known, file = name_of_file(name)),
        Source::Pasted => plural!("source_known_pasted", taken.known),
        Source::Dropped => plural!("source_known_dropped", taken.known),
    });
    let sentences = present(vec![added, choose, known]);
    Notice::new(NoticeKind::Note, "keys-taken", Text::Sentences(sentences))
}

/// Says what was left out of a source, where and why; of many parts, the first.
#[must_use]
pub fn left_out(source: &Source, parts: &[LeftOut]) -> Vec<Notice> {
    /// Further ones are only counted: their reason is the same as a rule.
    const NAMED: usize = 5;
    let notice = |part: &LeftOut| {
        let sentences = vec![place(source, part), sentence(&part.why)];
        Notice::new(NoticeKind::Warning, part.why.code(), Text::Sentences(sentences))
    };
    let more = parts.len().saturating_sub(NAMED);
    let mut notices: Vec<_> = parts.iter().take(NAMED).map(notice).collect();
    if more > 0 {
        notices.push(Notice::new(NoticeKind::Warning, "left-out", plural!("source_left_out_more", more)));
    }
    notices
}

/// Where something was left out.
fn place(source: &Source, part: &LeftOut) -> Text {
    let line = part.line.filter(|_| !names_its_line(&part.why));
    match (source.file().map(name_of_file), line) {
        (Some(file), Some(line)) => text!("source_left_out_file_line", file = file, line = line),
        (Some(file), None) => text!("source_left_out_file", file = file),
        (None, Some(line)) => text!("source_left_out_line", line = line),
        (None, None) => text!("source_left_out"),
    }
}

pub(super) const fn names_its_line(error: &Error) -> bool {
    matches!(error, Error::Pem(_))
}

/// Rows of the form for keys that were found, with the best labels that are known.
#[must_use]
pub fn rows(keys: &[Key], source: &Source) -> Vec<PinDocument> {
    let row = |key: &Key| PinDocument { sha256: key.sha256.to_string(), label: suggested_label(key, source.file()) };
    keys.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Excerpt, InputError, PemError, PemLabel, PinError};

    #[test]
    fn a_source_without_keys_says_why() {
        let file = Source::File("backup.pem".to_owned());
        let address = Source::File("https://intranet.example/pins.json".to_owned());
        for (source, problem, code, expected) in [
            (
                &file,
                Problem::Unreadable,
                "file-unreadable",
                "backup.pem: The file could not be read. It may be a folder, or it may have been moved or deleted. Choose it again.",
            ),
            (
                &address,
                Problem::Status(404),
                "link-status",
                "https://intranet.example/pins.json: The server answered with status 404 instead of a file. Ask whoever has given \
                 you the link.",
            ),
            (
                &file,
                Problem::Content(InputError::Der { field: "subject".into() }.into()),
                "der",
                "backup.pem: This certificate or key is damaged: the field subject cannot be read. Export it again.",
            ),
            (
                &Source::Dropped,
                Problem::Content(InputError::Der { field: "subject".into() }.into()),
                "der",
                "This certificate or key is damaged: the field subject cannot be read. Export it again.",
            ),
        ] {
            let notice = refused(source, &problem);
            assert_eq!((notice.code, notice.text.english().as_str()), (code, expected));
        }
    }

    #[test]
    fn nothing_is_left_out_in_silence() {
        let file = Source::File("chain.pem".to_owned());
        for (source, added, known, expected) in [
            (&Source::Pasted, 1, 0, "One key was taken from the pasted text."),
            (
                &file,
                3,
                0,
                "3 keys were taken from chain.pem. Keep only those that you mean: with the key of an authority, \
                 every certificate that it issues is accepted.",
            ),
            (&Source::Pasted, 0, 1, "One key of the pasted text was already in the list."),
            (&file, 0, 2, "2 keys of chain.pem were already in the list."),
            (&Source::Dropped, 1, 1, "One key was taken from the dropped text. One more key was already in the list."),
            (&Source::Pasted, 1, 2, "One key was taken from the pasted text. 2 more keys were already in the list."),
        ] {
            assert_eq!(taken(source, Taken { added, known }).text.english(), expected);
        }
        let broken = LeftOut { what: Excerpt::of("x"), line: Some(3), why: PinError::Length { bytes: 31 }.into() };
        let why = PemError::Kind { label: PemLabel::of("DH PARAMETERS"), line: 9 }.into();
        let block = LeftOut { what: Excerpt::of("DH PARAMETERS"), line: Some(9), why };
        for (source, part, beginning) in [
            (&file, &broken, "Line 3 of chain.pem was left out. This has 31 bytes"),
            (&Source::Pasted, &broken, "Line 3 was left out. This has 31 bytes"),
            (
                &file,
                &block,
                "A part of chain.pem was left out. The block “DH PARAMETERS” on line 9 holds no public key",
            ),
            (&Source::Dropped, &block, "A part was left out. The block “DH PARAMETERS” on line 9"),
        ] {
            let [notice] = &left_out(source, std::slice::from_ref(part))[..] else { panic!("{part:?}") };
            let text = notice.text.english();
            assert!(text.starts_with(beginning), "{text}");
        }
        let many = left_out(&file, &vec![broken; 8]);
        assert_eq!(many.last().unwrap().text.english(), "3 more parts were left out.");
    }
}
