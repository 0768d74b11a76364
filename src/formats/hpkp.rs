//! The `Public-Key-Pins` header ([RFC 7469 section 2.1](https://www.rfc-editor.org/rfc/rfc7469#section-2.1)): as a server sends it,
//! and as it stands in the configurations of nginx, Apache, `HAProxy`, lighttpd and Caddy, or alone without its name.
//!
//! | there | here |
//! |---|---|
//! | `pin-sha256` | `pins`, of which one must match anywhere in the chain |
//! | `includeSubDomains` | `**.`: the host and every name below it |
//! | `Public-Key-Pins-Report-Only` | mode `flag` |
//! | `max-age` | must be there; a rule holds until it is changed |
//!
//! The host is the one that sends the header, so the person has to say it. A header is taken whole or not at all, as browsers did.

use super::Format;
use super::lines::Lines;
use super::taking::{Reach, Room, Taking, no_part};
use crate::error::{Error, ImportPart, PinError};
use crate::pin::Pin;
use crate::rule::{Mode, PinDocument, RuleDocument};

/// The rules of a text; none where there is no such header in it.
pub(super) fn read(text: &str, lines: &Lines<'_>, room: &mut Room) -> Option<Result<super::Reading, Error>> {
    let headers = headers(text);
    if headers.is_empty() {
        return None;
    }
    let mut taking = Taking::of(Format::Hpkp, lines, room);
    let taken = headers.iter().try_for_each(|header| header.take(&mut taking));
    Some(taken.map(|()| taking.finish()))
}

/// A header as it was found.
struct Header<'a> {
    /// Where it stands.
    at: &'a str,
    is_report_only: bool,
    value: String,
}

/// One directive.
struct Directive<'a> {
    name: &'a str,
    value: Option<&'a str>,
}

impl Header<'_> {
    fn take(&self, taking: &mut Taking<'_>) -> Result<(), Error> {
        let directives = directives(&self.value);
        match self.rule(&directives) {
            Ok((rule, reach)) => {
                for directive in &directives {
                    if !KNOWN.iter().any(|known| directive.is(known)) {
                        taking.no_counterpart(directive.name, self.at)?;
                    }
                }
                taking.rule_without_host(rule, reach, self.at)
            }
            Err((what, why)) => taking.leave_out(&what, self.at, why),
        }
    }

    /// What the header says, or the directive for which it is refused.
    fn rule(&self, directives: &[Directive<'_>]) -> Result<(RuleDocument, Reach), (String, Error)> {
        let refused = |name: &str, part| (name.to_owned(), no_part(part, name));
        for (place, directive) in directives.iter().enumerate() {
            let is_repeated = directives.iter().skip(place + 1).any(|other| other.is(directive.name));
            if is_repeated && !directive.is(PIN) {
                return Err(refused(directive.name, ImportPart::DirectiveRepeated));
            }
        }
        let age = directives.iter().find(|directive| directive.is(MAX_AGE));
        let seconds = age.map(|age| age.unquoted().unwrap_or_default());
        match seconds {
            // Section 2.1.2: where it only reports, it is not needed.
            None if !self.is_report_only => return Err(refused(MAX_AGE, ImportPart::DirectiveMissing)),
            Some(seconds) if seconds.is_empty() || !seconds.bytes().all(|byte| byte.is_ascii_digit()) => {
                return Err(refused(MAX_AGE, ImportPart::DirectiveValue));
            }
            Some(seconds) if seconds.bytes().all(|byte| byte == b'0') && !self.is_report_only => {
                return Err(refused(MAX_AGE, ImportPart::PinsWithdrawn));
            }
            _ => {}
        }
        let mut pins: Vec<PinDocument> = Vec::new();
        for directive in directives.iter().filter(|directive| directive.is(PIN)) {
            let quoted = directive.quoted().ok_or_else(|| refused(PIN, ImportPart::DirectiveValue))?;
            let pin = Pin::parse(quoted).map_err(|why: PinError| (quoted.to_owned(), why.into()))?;
            let sha256 = pin.to_base64();
            if !pins.iter().any(|known| known.sha256 == sha256) {
                pins.push(PinDocument { sha256, label: String::new() });
            }
        }
        if pins.is_empty() {
            return Err(refused(PIN, ImportPart::DirectiveMissing));
        }
        let includes_below = directives.iter().any(|directive| directive.is(INCLUDE));
        let reach = if includes_below { Reach::Subtree } else { Reach::Host };
        let mode = if self.is_report_only { Mode::Flag } else { Mode::Block };
        Ok((RuleDocument { mode, pins, ..RuleDocument::default() }, reach))
    }
}

impl<'a> Directive<'a> {
    fn of(piece: &'a str) -> Self {
        let (name, value) = piece.split_once('=').map_or((piece, None), |(name, value)| (name, Some(value.trim())));
        Self { name: name.trim(), value }
    }

    fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// What stands between quotation marks.
    fn quoted(&self) -> Option<&str> {
        self.value?.strip_prefix('"')?.strip_suffix('"')
    }

    fn unquoted(&self) -> Option<&str> {
        self.quoted().or(self.value)
    }
}

/// Section 2.1: `directive *( OWS ";" OWS directive )`, each a name with or without a value. A semicolon in quotation marks ends none.
fn directives(value: &str) -> Vec<Directive<'_>> {
    let mut is_quoted = false;
    let pieces = value.split(|character| {
        is_quoted ^= character == '"';
        character == ';' && !is_quoted
    });
    pieces.map(str::trim).filter(|piece| !piece.is_empty()).map(Directive::of).collect()
}

/// Every header of a text, but for those in comments.
fn headers(text: &str) -> Vec<Header<'_>> {
    let letters = text.to_ascii_lowercase();
    let named: Vec<_> = letters.match_indices(NAME).filter_map(|(start, _)| header_at(text, start)).collect();
    let has_pin = |value: &str| value.to_ascii_lowercase().contains(PIN);
    if named.is_empty() && letters.contains(MAX_AGE) && has_pin(&letters) && !letters.contains(NAME) {
        let value = text.trim().replace(['\r', '\n'], " ");
        return vec![Header { at: text.trim(), is_report_only: false, value }];
    }
    named.into_iter().filter(|header| header.value.contains('=')).collect()
}

fn header_at(text: &str, start: usize) -> Option<Header<'_>> {
    let (before, at) = text.split_at_checked(start)?;
    let line = before.rsplit('\n').next().unwrap_or_default();
    if line.trim_start().starts_with(COMMENT)
        || line.ends_with(|last: char| last.is_ascii_alphanumeric() || last == '-')
    {
        return None;
    }
    let behind = at.get(NAME.len()..)?;
    let only = behind.get(..ONLY.len()).is_some_and(|behind| behind.eq_ignore_ascii_case(ONLY));
    let behind = if only { behind.get(ONLY.len()..)? } else { behind };
    // Where the name has quotation marks of its own, the first ends it.
    let behind = behind.strip_prefix(QUOTES).unwrap_or(behind);
    let value = behind.trim_start_matches([' ', '\t', ':', '=', '>', ',', '\\']);
    let value = match value.chars().next().filter(|first| QUOTES.contains(first)) {
        Some(quote) => up_to(value.get(quote.len_utf8()..)?, quote),
        None => up_to(value, '\n'),
    };
    Some(Header { at, is_report_only: only, value })
}

/// What stands before the first of these characters, without the backslashes with which configurations hide others.
fn up_to(text: &str, end: char) -> String {
    let mut value = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => value.extend(characters.next()),
            character if character == end => break,
            '\r' | '\n' => value.push(' '),
            character => value.push(character),
        }
    }
    value
}

const NAME: &str = "public-key-pins";
const ONLY: &str = "-report-only";
const PIN: &str = "pin-sha256";
const MAX_AGE: &str = "max-age";
const INCLUDE: &str = "includeSubDomains";
/// `strict` is of drafts.
const KNOWN: [&str; 4] = [PIN, MAX_AGE, INCLUDE, "strict"];
const QUOTES: [char; 3] = ['"', '\'', '`'];
const COMMENT: char = '#';
