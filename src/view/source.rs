//! Keys from files and from pasted or dropped texts: what came of each source.

use std::fmt;

use super::certificate::suggested_label;
use super::error::sentence;
use super::notice::{Notice, NoticeKind};
use crate::error::{Error, name_of_file};
use crate::formats::{Key, LeftOut};
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
    Notice::new(NoticeKind::Error, code, text)
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
    Notice::new(NoticeKind::Note, "keys-taken", sentences.join(" "))
}

/// Says what was left out of a source, where and why; of many parts, the first.
#[must_use]
pub fn left_out(source: &Source, parts: &[LeftOut]) -> Vec<Notice> {
    /// Further ones are only counted: their reason is the same as a rule.
    const NAMED: usize = 5;
    let named = parts.iter().take(NAMED).map(|part| {
        let place = match (source.file(), part.line, names_its_line(&part.why)) {
            (Some(_), Some(line), false) => format!("{source}, line {line}: left out. "),
            (None, Some(line), false) => format!("Line {line}: left out. "),
            (Some(_), _, _) => format!("{source}: left out. "),
            (None, _, _) => "Left out. ".to_owned(),
        };
        Notice::new(NoticeKind::Warning, part.why.code(), format!("{place}{}", sentence(&part.why)))
    });
    let more = match parts.len().saturating_sub(NAMED) {
        0 => None,
        1 => Some("One more part was left out.".to_owned()),
        more => Some(format!("{more} more parts were left out.")),
    };
    named.chain(more.map(|text| Notice::new(NoticeKind::Warning, "left-out", text))).collect()
}

const fn names_its_line(error: &Error) -> bool {
    matches!(error, Error::PemKind { .. } | Error::PemEnd { .. } | Error::PemEncoding { .. })
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
    use crate::error::{Excerpt, PemLabel};

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
        for (source, added, known, expected) in [
            (&Source::Pasted, 1, 0, "One key was taken from the pasted text."),
            (
                &file,
                3,
                0,
                "3 keys were taken from chain.pem. Keep those that you mean: the key of an authority lets in every \
                 certificate that it issues.",
            ),
            (&Source::Pasted, 0, 1, "One key of the pasted text was in the list already."),
            (&file, 0, 2, "2 keys of chain.pem were in the list already."),
            (&Source::Dropped, 1, 1, "One key was taken from the dropped text. One more was in the list already."),
            (&Source::Pasted, 1, 2, "One key was taken from the pasted text. 2 more were in the list already."),
        ] {
            assert_eq!(taken(source, Taken { added, known }).text.english(), expected);
        }
        let broken = LeftOut { what: Excerpt::of("x"), line: Some(3), why: Error::PinLength { bytes: 31 } };
        let why = Error::PemKind { label: PemLabel::of("DH PARAMETERS"), line: 9 };
        let block = LeftOut { what: Excerpt::of("DH PARAMETERS"), line: Some(9), why };
        for (source, part, beginning) in [
            (&file, &broken, "chain.pem, line 3: left out. This has 31 bytes"),
            (&Source::Pasted, &broken, "Line 3: left out. This has 31 bytes"),
            (&file, &block, "chain.pem: left out. The block “DH PARAMETERS” on line 9 holds no public key"),
            (&Source::Dropped, &block, "Left out. The block “DH PARAMETERS” on line 9"),
        ] {
            let [notice] = &left_out(source, std::slice::from_ref(part))[..] else { panic!("{part:?}") };
            let text = notice.text.english();
            assert!(text.starts_with(beginning), "{text}");
        }
        let many = left_out(&file, &vec![broken; 8]);
        assert_eq!(many.last().unwrap().text.english(), "3 more parts were left out.");
    }
}
