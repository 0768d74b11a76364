//! Pins in the code of programs: `OkHttp`'s [`CertificatePinner`](https://square.github.io/okhttp/5.x/okhttp/okhttp3/-certificate-pinner/)
//! in Java or Kotlin, and the `SpkiPinningClientTlsStrategy` of Apache's `HttpClient`.
//!
//! ```text
//! CertificatePinner.Builder()
//!     .add("*.example.com", "sha256/C5+l…r8M=", "sha256/diGV…gzI=") // the first, and its backup
//! ```
//!
//! | there | here |
//! |---|---|
//! | a name, `*.name`, `**.name` | the same |
//! | several calls for the same pattern | the pins of all of them |
//! | pins of several patterns that match a host | those of the most specific alone, which is stricter |

use std::borrow::Cow;
use std::collections::HashMap;

use super::lines::{Lines, offset_in};
use super::taking::{MAX_IMPORT_HOST_BYTES, Room, Taking, no_part};
use super::{Format, Reading};
use crate::error::{Error, ImportLimit, ImportPart};
use crate::host::name_and_parents;
use crate::limits::MAX_RULES;
use crate::rule::{PinDocument, RuleDocument};

/// The rules of a text; none where it has no such call.
pub(super) fn read(text: &str, lines: &Lines<'_>, room: &mut Room) -> Option<Result<Reading, Error>> {
    let is_of_apache = text.contains("SpkiPinning");
    let has_name = is_of_apache || text.contains("CertificatePinner");
    let mut calls = calls(text);
    let format = if is_of_apache { Format::ApacheHttpClient } else { Format::OkHttp };
    // Each would be a rule, or a part to leave out, if this is such code.
    if let Some(past) = calls.get(MAX_RULES) {
        return has_name.then(|| Err(Taking::of(format, lines, room).past(ImportLimit::Count, MAX_RULES, past.at)));
    }
    calls.retain(|call| call.names_pins() || (has_name && call.hides_pins()));
    if !calls.iter().any(Call::names_pins) {
        return None;
    }
    let mut taking = Taking::of(format, lines, room);
    Some(take(calls, text, &mut taking).map(|()| taking.finish()))
}

fn take(calls: Vec<Call<'_>>, text: &str, taking: &mut Taking<'_>) -> Result<(), Error> {
    let mut rules: Vec<(String, &str, Vec<PinDocument>)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for call in calls {
        let mut arguments = call.arguments.into_iter();
        let host = match arguments.next() {
            Some(Argument::Text { value, .. }) => value.trim().to_owned(),
            Some(Argument::Other(name)) => {
                taking.leave_out(name, call.at, no_part(ImportPart::NotLiteral, name))?;
                continue;
            }
            None => continue,
        };
        let place = *places.entry(host.to_ascii_lowercase()).or_insert_with(|| {
            rules.push((host, call.at, Vec::new()));
            rules.len().saturating_sub(1)
        });
        let Some((_, _, pins)) = rules.get_mut(place) else { continue };
        for argument in arguments {
            match argument {
                Argument::Text { value, at } => {
                    if !taking.pin(pins, &value, comment_behind(at, text), at)? {
                        break;
                    }
                }
                Argument::Other(name) => taking.leave_out(name, name, no_part(ImportPart::NotLiteral, name))?,
            }
        }
    }
    for (host, at, pins) in rules {
        if has_wider(&host, &|pattern| places.contains_key(pattern)) {
            taking.leave_out(&host, at, no_part(ImportPart::WiderPins, &host))?;
        }
        taking.rule(RuleDocument { host, pins, ..RuleDocument::default() }, at)?;
    }
    Ok(())
}

/// Whether another pattern, of which `is_there` knows, is for the same hosts as well.
pub(super) fn has_wider(host: &str, is_there: &dyn Fn(&str) -> bool) -> bool {
    // No rule can have it.
    if host.len() > MAX_IMPORT_HOST_BYTES {
        return false;
    }
    let host = host.to_ascii_lowercase();
    let (scope, base) = host
        .strip_prefix("**.")
        .map_or_else(|| host.strip_prefix("*.").map_or(("", host.as_str()), |base| ("*.", base)), |base| ("**.", base));
    let subtree = name_and_parents(base).map(|base| format!("**.{base}"));
    let one_label = base.split_once('.').filter(|_| scope.is_empty()).map(|(_, parent)| format!("*.{parent}"));
    subtree.chain(one_label).any(|wider| wider != host && is_there(&wider))
}

/// The comment that ends the line on which a text ends.
fn comment_behind<'a>(part: &str, text: &'a str) -> &'a str {
    let behind =
        offset_in(text, part).and_then(|start| text.get(start.saturating_add(part.len())..)).unwrap_or_default();
    let behind = behind.get(..behind.floor_char_boundary(MOST_BEHIND)).unwrap_or_default();
    let line = behind.lines().next().unwrap_or_default();
    // Behind the quotation mark stand at most a comma and the ends of calls.
    let line = line.trim_start_matches(|character: char| character.is_whitespace() || "\"',);".contains(character));
    line.strip_prefix("//").map(str::trim).unwrap_or_default()
}

/// A call of `add`.
struct Call<'a> {
    at: &'a str,
    arguments: Vec<Argument<'a>>,
}

enum Argument<'a> {
    /// A text, or several that are put together.
    Text {
        value: Cow<'a, str>,
        /// The last of them.
        at: &'a str,
    },
    /// The name of a constant, or what else stands there.
    Other(&'a str),
}

impl Call<'_> {
    fn names_pins(&self) -> bool {
        let is_pin = |argument: &Argument<'_>| matches!(argument, Argument::Text { value, .. } if value.starts_with("sha256/") || value.starts_with("sha1/"));
        self.arguments.iter().skip(1).any(is_pin)
    }

    /// Whether what should be pins or a host has another name.
    fn hides_pins(&self) -> bool {
        self.arguments.len() > 1 && self.arguments.iter().any(|argument| matches!(argument, Argument::Other(_)))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    /// Between quotation marks, as it is written.
    Text(&'a str),
    Word(&'a str),
    Sign(char),
}

/// Each call, with the constants in it that the text declares as texts; of too many, one more than there may be.
fn calls(text: &str) -> Vec<Call<'_>> {
    let mut tokens = Tokens { rest: text };
    let mut calls = Vec::new();
    let mut constants: Vec<Option<&str>> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut declared = None;
    let mut before = None;
    while calls.len() <= MAX_RULES
        && let Some(token) = tokens.next()
    {
        match (before, token) {
            (Some(Token::Word(at @ "add")), Token::Sign('(')) => {
                let arguments = arguments(&mut tokens);
                // Of a host there is at least one pin.
                if arguments.len() > 1 {
                    calls.push(Call { at, arguments });
                }
                before = None;
                continue;
            }
            (Some(Token::Word("val" | "var" | "String")), Token::Word(name)) => declared = Some(name),
            // `const val HOST: String = "…"`
            (_, Token::Sign(':' | '=')) | (Some(Token::Sign(':')), Token::Word("String")) => {}
            (Some(Token::Sign('=')), Token::Text(value)) => {
                // A longer one is neither a host nor a pin.
                let is_whole = value.len() <= MAX_IMPORT_HOST_BYTES && !tokens.rest.trim_start().starts_with('+');
                if let Some(name) = declared.take() {
                    let place = *places.entry(name.to_owned()).or_insert(constants.len());
                    match constants.get_mut(place) {
                        Some(known) => *known = known.filter(|known| is_whole && *known == value),
                        None => constants.push(is_whole.then_some(value)),
                    }
                }
            }
            _ => declared = None,
        }
        before = Some(token);
    }
    for argument in calls.iter_mut().flat_map(|call| &mut call.arguments) {
        if let Argument::Other(name) = argument
            && let Some(place) = places.get(*name)
            && let Some(Some(at)) = constants.get(*place)
        {
            *argument = Argument::Text { value: Cow::Borrowed(at), at };
        }
    }
    calls
}

/// Up to the parenthesis that ends the call. Texts in a list count as if they stood alone.
fn arguments<'a>(tokens: &mut Tokens<'a>) -> Vec<Argument<'a>> {
    let mut arguments = Vec::new();
    let mut depth = 0_usize;
    let mut is_continued = false;
    let mut is_member = false;
    let mut last = None;
    for token in tokens.by_ref() {
        match token {
            Token::Text(text) => {
                match arguments.last_mut() {
                    Some(Argument::Text { value, at }) if is_continued => {
                        value.to_mut().push_str(text);
                        *at = text;
                    }
                    _ => arguments.push(Argument::Text { value: Cow::Borrowed(text), at: text }),
                }
                is_continued = false;
            }
            // `new String[] {`: what is in it counts.
            Token::Word("new") => {}
            Token::Word(word) => {
                // `Pinning.HOST`
                is_member = matches!(last, Some(Token::Sign('.')));
                // `"…".trim()`, `listOf("…").toTypedArray()`: what has been read is what counts.
                if is_member && matches!(arguments.last(), Some(Argument::Text { .. })) {
                    last = Some(token);
                    continue;
                }
                if is_member && matches!(arguments.last(), Some(Argument::Other(_))) {
                    arguments.pop();
                }
                arguments.push(Argument::Other(word));
                is_continued = false;
            }
            Token::Sign('+') => is_continued = true,
            Token::Sign('(') => {
                depth = depth.saturating_add(1);
                // `arrayOf(`, `listOf(`: what is in it counts.
                if matches!(last, Some(Token::Word(_))) && !is_member {
                    arguments.pop();
                }
            }
            // `pattern = "…"`, and the other word of `new String[] {`.
            Token::Sign('=' | '[') if matches!(last, Some(Token::Word(_))) => drop(arguments.pop()),
            Token::Sign(')') if depth == 0 => break,
            Token::Sign(')') => depth = depth.saturating_sub(1),
            Token::Sign(_) => {}
        }
        last = Some(token);
    }
    arguments
}

/// The tokens of Java or Kotlin, as far as they matter: comments are passed over.
struct Tokens<'a> {
    rest: &'a str,
}

impl<'a> Tokens<'a> {
    fn pass(&mut self, bytes: usize) -> &'a str {
        let (passed, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.rest = rest;
        passed
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            self.rest = self.rest.trim_start();
            let first = self.rest.chars().next()?;
            if self.rest.starts_with("//") {
                let end = self.rest.find('\n').unwrap_or(self.rest.len());
                self.pass(end);
            } else if self.rest.starts_with("/*") {
                let end = self.rest.find("*/").map_or(self.rest.len(), |end| end.saturating_add(2));
                self.pass(end);
            } else if first == '"' {
                let fence = if self.rest.starts_with(RAW) { RAW } else { "\"" };
                self.pass(fence.len());
                let end = end_of_text(self.rest, fence);
                let text = self.pass(end);
                self.pass(fence.len());
                return Some(Token::Text(text));
            } else if is_of_word(first) {
                let end = self.rest.find(|other: char| !is_of_word(other)).unwrap_or(self.rest.len());
                return Some(Token::Word(self.pass(end)));
            } else {
                self.pass(first.len_utf8());
                // What is called on something is a word of its own.
                return Some(Token::Sign(first));
            }
        }
    }
}

/// Up to the quotation mark that no backslash hides.
fn end_of_text(text: &str, fence: &str) -> usize {
    let is_hidden = |start: usize| {
        let before = text.get(..start).unwrap_or_default();
        fence != RAW && (before.len() - before.trim_end_matches('\\').len()) % 2 == 1
    };
    text.match_indices(fence).map(|(start, _)| start).find(|start| !is_hidden(*start)).unwrap_or(text.len())
}

fn is_of_word(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '$')
}

/// Bytes behind a pin in which its comment is looked for.
const MOST_BEHIND: usize = 1024;
/// Kotlin's text of several lines.
const RAW: &str = "\"\"\"";
