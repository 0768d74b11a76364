//! Pieces of somebody's input that may be repeated to people.

use std::borrow::Cow;
use std::fmt;

use serde::{Serialize, Serializer};

use crate::fields::{Json, Read};
use crate::limits::{MAX_DETAIL_CHARACTERS, MAX_EXCERPT_CHARACTERS};

/// A piece of input that may be shown: it is short, all of it can be seen, and it cannot be a part of a key.
///
/// What is longer than [`MAX_EXCERPT_CHARACTERS`], or may hold a piece of a key, is not repeated at all: whoever gave it
/// has it before them, and a sentence may end up in a screenshot or a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Excerpt(String);

impl Excerpt {
    /// As much of the text as may be shown: all of it or nothing.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let text = text.trim();
        let is_short = text.chars().nth(MAX_EXCERPT_CHARACTERS).is_none();
        let may_be_shown = NAMES_OF_FORMATS.contains(&text) || (is_short && !may_hold_a_key(text));
        Self(if may_be_shown { visible(text).into_owned() } else { WITHHELD.to_owned() })
    }

    /// The text; none where it is withheld.
    #[must_use]
    pub fn shown(&self) -> Option<&str> {
        (self.0 != WITHHELD).then_some(&self.0)
    }
}

/// What crosses a boundary is checked again on the other side.
impl Read<'_> for Excerpt {
    fn read(json: Json<'_>) -> Result<Self, serde_json::Error> {
        json.text().map(|text| Self::of(&text))
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The text in which every character can be seen: control characters, and those that change the order or the look of
/// others (Unicode TR 36 section 2.2, `Bidi_Control` of UAX 9), stand as `\u{202e}`.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if text.contains(is_unseen) {
        let escaped = |character: char| {
            if is_unseen(character) { character.escape_unicode().collect() } else { String::from(character) }
        };
        Cow::Owned(text.chars().map(escaped).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// Whether a character cannot be seen, or changes the order or the look of others.
pub(crate) fn is_unseen(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A file's name as a sentence names it: all of its characters visible, and cut where it is longer than
/// [`MAX_EXCERPT_CHARACTERS`].
#[must_use]
pub fn name_of_file(name: &str) -> String {
    match name.char_indices().nth(MAX_EXCERPT_CHARACTERS).and_then(|(end, _)| name.get(..end)) {
        Some(beginning) => format!("{}{WITHHELD}", visible(beginning)),
        None => visible(name).into_owned(),
    }
}

/// As [`Excerpt::of`], for the facts of an error that are written as JSON.
pub(super) fn serialize<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    Excerpt::of(text).serialize(serializer)
}

/// For a text that a rule in force has as well: it has been read as a host pattern or an identifier.
pub(super) fn serialize_checked<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    visible(text).serialize(serializer)
}

/// As [`detail`], with what the reader quotes left out where that may hold a key: `invalid type: string "…", expected a
/// map`.
pub(super) fn serialize_detail<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    let quoting_nothing = if may_hold_a_key(text) { without_quotation(text) } else { None };
    visible(detail(quoting_nothing.as_deref().unwrap_or(text))).serialize(serializer)
}

/// What may be shown of a program's words about an input, which it may quote: at most [`MAX_DETAIL_CHARACTERS`]; only
/// what stands before the quotation where that may hold a key.
#[must_use]
pub fn detail(text: &str) -> &str {
    let before = || text.split(QUOTATION_MARKS).next().unwrap_or_default().trim_end();
    let shown = [text, before()].into_iter().find(|part| !may_hold_a_key(part)).unwrap_or(WITHHELD);
    shown.char_indices().nth(MAX_DETAIL_CHARACTERS).and_then(|(end, _)| shown.get(..end)).unwrap_or(shown)
}

/// Without the first thing in quotation marks. What the reader expected instead stands behind it, in marks of its own.
fn without_quotation(text: &str) -> Option<String> {
    let (before, rest) = text.split_at_checked(text.find(QUOTATION_MARKS)?)?;
    let mark = rest.chars().next()?;
    let quotation = rest.strip_prefix(mark)?;
    let end = quotation.find(&format!("{mark}, expected")).or_else(|| quotation.rfind(mark))?;
    Some(format!("{before}{mark}{WITHHELD}{}", quotation.get(end..)?))
}

/// Whether a piece of a key, in base64 or in hexadecimal, may be in this text.
///
/// Words and numbers are told from random characters: in these, letters and digits or large and small
/// letters are mixed, or they stand alone. Names such as `x509` or `sha256` mix them as well, so a few such characters
/// are let through.
fn may_hold_a_key(text: &str) -> bool {
    const FEW: usize = 8;
    let mut mixed = 0;
    // The zero bytes of UTF-16 divide nothing.
    let divides =
        |character: char| !character.is_ascii_alphanumeric() && (character.is_whitespace() || !is_unseen(character));
    text.split(divides).any(|token| {
        let token: String = token.chars().filter(char::is_ascii_alphanumeric).collect();
        mixed += if is_mixed(&token) { token.len() } else { 0 };
        mixed >= FEW
    })
}

fn is_mixed(token: &str) -> bool {
    const LONGEST_NUMBER: usize = 10;
    const LONGEST_WORD: usize = 32;
    let length = token.len();
    let digits = token.bytes().filter(u8::is_ascii_digit).count();
    let capitals = token.bytes().filter(u8::is_ascii_uppercase).count();
    let humps = token.as_bytes().windows(2).filter(|pair| is_hump(pair)).count();
    match digits {
        _ if length == 1 => true,
        // `certificate`, `CERTIFICATE`, `localRoots`, `requireCT`.
        0 => length > LONGEST_WORD || humps > length / 5 || (capitals != length && capitals > 1 + length / 4),
        digits => digits != length || length > LONGEST_NUMBER,
    }
}

fn is_hump(pair: &[u8]) -> bool {
    matches!(pair, [first, second] if first.is_ascii_lowercase() && second.is_ascii_uppercase())
}

/// What formats call their parts, where that looks as random as a key. A whole text is one of these, or it is not.
#[cfg(any(not(target_arch = "wasm32"), feature = "pages", feature = "lab"))]
const NAMES_OF_FORMATS: [&str; 10] = [
    "3rdparty",
    "NSExceptionAllowsInsecureHTTPLoads",
    "NSExceptionRequiresForwardSecrecy",
    "NSRequiresCertificateTransparency",
    "SPKI-SHA256-BASE64",
    "TSKExcludeSubdomainFromParentPolicy",
    "TSKIgnorePinningForUserDefinedTrustAnchors",
    "TSKPublicKeyHashes",
    "TSKReportUris",
    "kSKExcludeSubdomainFromParentPolicy",
];
/// The background reads no such format.
#[cfg(not(any(not(target_arch = "wasm32"), feature = "pages", feature = "lab")))]
const NAMES_OF_FORMATS: [&str; 0] = [];
const WITHHELD: &str = "…";
const QUOTATION_MARKS: [char; 2] = ['"', '`'];
