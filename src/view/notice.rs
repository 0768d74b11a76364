//! Badges and notices. Words always carry the meaning; tone and kind only choose a colour for it.

use super::error::sentence;
use super::text::Text;
use crate::error::Error;

/// How something is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tone {
    /// A fact.
    Neutral,
    /// As it should be.
    Good,
    /// To be looked at.
    Warning,
    /// Wrong.
    Bad,
}

impl Tone {
    /// The value of `data-tone` in the pages' style sheets.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Bad => "bad",
        }
    }
}

/// One or two words in a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// The words.
    pub text: Text,
    /// How they are to be taken.
    pub tone: Tone,
}

impl Tag {
    /// A tag of these words.
    #[must_use]
    pub fn new(text: impl Into<Text>, tone: Tone) -> Self {
        Self { text: text.into(), tone }
    }
}

/// What a notice asks of the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoticeKind {
    /// Nothing can be stored until this is corrected.
    Error,
    /// It can be stored, and may be a mistake.
    Warning,
    /// For information.
    Note,
}

impl NoticeKind {
    /// The value of `data-kind` in the pages' style sheets.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// A sentence beside a field or on a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What it asks of the person.
    pub kind: NoticeKind,
    /// Stable name, for tests and other programs; an error's own code for an error.
    pub code: &'static str,
    /// The sentence.
    pub text: Text,
}

impl Notice {
    /// A notice of this kind.
    #[must_use]
    pub fn new(kind: NoticeKind, code: &'static str, text: impl Into<Text>) -> Self {
        Self { kind, code, text: text.into() }
    }
}

impl From<&Error> for Notice {
    fn from(error: &Error) -> Self {
        Self::new(NoticeKind::Error, error.code(), sentence(error))
    }
}
