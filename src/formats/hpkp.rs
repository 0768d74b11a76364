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
//! The host is the one that sends the header, so the person has to say it. A header is taken whole or not at all, as browsers did;
//! a pin that is of no key is left out, and the others hold.

use super::Format;
use super::lines::Lines;
use super::taking::{Reach, Room, Taking, no_part};
use crate::error::{Error, ImportPart, PinError, RuleError};
use crate::limits::MAX_PINS_PER_RULE;
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
                let mut pins = Vec::new();
                for pin in &rule.pins {
                    taking.pin(&mut pins, &pin.sha256, "", self.at)?;
                }
                if pins.is_empty() {
                    return Ok(());
                }
                for directive in &directives {
                    if !KNOWN.iter().any(|known| directive.is(known)) {
                        taking.no_counterpart(directive.name, self.at)?;
                    }
                }
                taking.rule_without_host(RuleDocument { pins, ..rule }, reach, self.at)
            }
            Err((what, why)) => taking.leave_out(&what, self.at, why),
        }
    }

    /// What the header says, or the directive for which it is refused.
    fn rule(&self, directives: &[Directive<'_>]) -> Result<(RuleDocument, Reach), (String, Error)> {
        let refused = |name: &str, part| (name.to_owned(), no_part(part, name));
        if directives.len() > MOST_DIRECTIVES {
            return Err((String::new(), RuleError::PinCount { limit: MAX_PINS_PER_RULE }.into()));
        }
        // Section 2.1: what is no token may hide a pin, and so may a quotation mark without its other one.
        let is_token = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        let is_open = |value: &str| !value.matches('"').count().is_multiple_of(2);
        let is_odd = |directive: &&Directive<'_>| !is_token(directive.name) || directive.value.is_some_and(is_open);
        if let Some(directive) = directives.iter().find(is_odd) {
            return Err(refused(directive.name, ImportPart::DirectiveValue));
        }
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
    let pieces = pieces.map(str::trim).filter(|piece| !piece.is_empty());
    // One more than are read.
    pieces.map(Directive::of).take(MOST_DIRECTIVES + 1).collect()
}

/// Every header of a text, but for those in comments. Each ends where the name of the next one stands.
fn headers(text: &str) -> Vec<Header<'_>> {
    let letters = text.to_ascii_lowercase();
    let at = text.trim();
    let is_alone = letters.contains(MAX_AGE) && letters.contains(PIN) && !letters.contains(NAME);
    if is_alone && begins_with_directive(at) {
        return vec![Header { at, is_report_only: false, value: at.replace(['\r', '\n'], " ") }];
    }
    let starts: Vec<usize> =
        letters.match_indices(NAME).map(|(start, _)| start).filter(|start| is_name_of_header(text, *start)).collect();
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    let headers = starts.iter().zip(ends).filter_map(|(start, end)| header_at(text, *start, end));
    headers.filter(|header| header.value.contains('=')).collect()
}

/// What stands on the same line before a place, as far as it matters.
fn before(text: &str, start: usize) -> &str {
    let nearby = text.floor_char_boundary(start.saturating_sub(MOST_BEFORE));
    text.get(nearby..start).unwrap_or_default().rsplit('\n').next().unwrap_or_default()
}

/// Whether the name that stands here is that of a header: not in a comment, not a part of a word or of an address.
fn is_name_of_header(text: &str, start: usize) -> bool {
    let line = before(text, start);
    !COMMENTS.iter().any(|comment| line.trim_start().starts_with(comment))
        && !line.ends_with(|last: char| last.is_ascii_alphanumeric() || "-_/.".contains(last))
}

fn header_at(text: &str, start: usize, end: usize) -> Option<Header<'_>> {
    let at = text.get(start..)?;
    let behind = text.get(start.checked_add(NAME.len())?..end)?;
    let only = behind.get(..ONLY.len()).is_some_and(|behind| behind.eq_ignore_ascii_case(ONLY));
    let behind = if only { behind.get(ONLY.len()..)? } else { behind };
    // A quotation mark before the name belongs to it alone or to the value as well: `"Public-Key-Pins: …"`.
    let opening = before(text, start).chars().next_back();
    let opening = opening.filter(|last| QUOTES.contains(last) && !behind.starts_with(QUOTES));
    let behind = without_separators(behind.strip_prefix(QUOTES).unwrap_or(behind));
    // `name="Public-Key-Pins" value="…"`
    let value = behind.trim_start_matches(QUOTES).strip_prefix("value");
    let value = value.map_or(behind, |value| without_separators(value.trim_start_matches(QUOTES)));
    let next = value.trim_start();
    let value = if begins_with_directive(next.trim_start_matches(QUOTES)) { next } else { value };
    Some(Header { at, is_report_only: only, value: value_of(value, opening) })
}

fn without_separators(text: &str) -> &str {
    text.trim_start_matches([' ', '\t', ':', '=', '>', ',', '\\', ']'])
}

fn begins_with_directive(text: &str) -> bool {
    let is_of_name = |next: char| next.is_ascii_alphanumeric() || "-_.".contains(next);
    let is_there = |name: &str| {
        text.split_at_checked(name.len())
            .is_some_and(|(start, behind)| start.eq_ignore_ascii_case(name) && !behind.starts_with(is_of_name))
    };
    KNOWN.iter().any(|name| is_there(name)) || is_there("report-uri")
}

/// A value up to the quotation mark that ends it: the one in which all of the header stands, or one of its own. Programs put
/// it together from several. Without any, up to the end of the line, and on as far as lines begin with directives.
fn value_of(text: &str, opening: Option<char>) -> String {
    let first = text.chars().next().filter(|first| opening.is_none() && QUOTES.contains(first));
    let mut rest = first.map_or(text, |first| text.get(first.len_utf8()..).unwrap_or_default());
    let mut value = String::new();
    let end = opening.or(first).unwrap_or('\n');
    loop {
        rest = up_to(&mut value, rest, end);
        let next = rest.trim_start_matches(|between: char| between.is_whitespace() || "+.\\".contains(between));
        let between = rest.get(..rest.len().saturating_sub(next.len())).unwrap_or_default();
        rest = match next.strip_prefix(end) {
            Some(next) if between.contains(['+', '.', '\n']) => next,
            None if end == '\n' && begins_with_directive(next) => next,
            _ => break,
        };
        value.push(' ');
    }
    value.replace("&quot;", "\"")
}

/// Adds what stands before the first of these characters, without the backslashes with which configurations hide others. Gives
/// what is behind it.
fn up_to<'a>(value: &mut String, text: &'a str, end: char) -> &'a str {
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => value.extend(characters.next()),
            character if character == end => break,
            '\r' | '\n' => value.push(' '),
            character => value.push(character),
        }
    }
    characters.as_str()
}

const NAME: &str = "public-key-pins";
const ONLY: &str = "-report-only";
const PIN: &str = "pin-sha256";
const MAX_AGE: &str = "max-age";
const INCLUDE: &str = "includeSubDomains";
/// `strict` is of drafts.
const KNOWN: [&str; 4] = [PIN, MAX_AGE, INCLUDE, "strict"];
const QUOTES: [char; 3] = ['"', '\'', '`'];
/// Pins and all else that a header may have.
const MOST_DIRECTIVES: usize = MAX_PINS_PER_RULE + 10;
/// Bytes of a line that are looked at for what a header stands in.
const MOST_BEFORE: usize = 1024;
const COMMENTS: [&str; 2] = ["#", "//"];
