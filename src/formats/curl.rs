//! curl's [`--pinnedpubkey`](https://curl.se/docs/manpage.html#--pinnedpubkey), which wget has as well, in a command line or in a
//! configuration file.
//!
//! | there | here |
//! |---|---|
//! | `sha256//…;sha256//…` | `pins`, of which one must match |
//! | the server's own key alone is compared | `match: leaf` |
//! | host and port of each URL | the host, with its port where the URL has one |

use super::lines::Lines;
use super::taking::Reach;
use super::taking::{Room, Taking, no_part};
use super::{Format, Reading};
use crate::error::{Error, ImportPart};
use crate::rule::{MatchScope, PinDocument, RuleDocument};

/// The rules of a text; none where the option is not in it.
pub(super) fn read(text: &str, lines: &Lines<'_>, room: &mut Room) -> Option<Result<Reading, Error>> {
    if !text.contains(OPTION) {
        return None;
    }
    let commands: Vec<_> = commands(text).into_iter().filter(|command| !command.pins.is_empty()).collect();
    if commands.is_empty() {
        return None;
    }
    let mut taking = Taking::of(Format::Curl, lines, room);
    Some(commands.iter().try_for_each(|command| command.take(&mut taking)).map(|()| taking.finish()))
}

/// One command, or one configuration file.
#[derive(Default)]
struct Command<'a> {
    at: &'a str,
    /// What stands behind the option.
    pins: Vec<String>,
    urls: Vec<String>,
}

impl Command<'_> {
    fn take(&self, taking: &mut Taking<'_>) -> Result<(), Error> {
        let mut pins: Vec<PinDocument> = Vec::new();
        // The last one counts.
        let value = self.pins.last().map(String::as_str).unwrap_or_default();
        if !value.contains(HASH) {
            return taking.leave_out(value, self.at, no_part(ImportPart::PinFile, value));
        }
        for pin in value.split(';').map(str::trim).filter(|pin| !pin.is_empty()) {
            if !taking.pin(&mut pins, pin, "", self.at)? {
                break;
            }
        }
        if pins.is_empty() {
            return Ok(());
        }
        let rule = |host: String| RuleDocument {
            host,
            pins: pins.clone(),
            match_scope: MatchScope::Leaf,
            ..RuleDocument::default()
        };
        if self.urls.is_empty() {
            return taking.rule_without_host(rule(String::new()), Reach::Host, self.at);
        }
        for url in &self.urls {
            match host_of(url) {
                Some(host) => taking.rule(rule(host), self.at)?,
                None => taking.leave_out(url, self.at, no_part(ImportPart::CleartextUrl, url))?,
            }
        }
        Ok(())
    }
}

/// Host and port of a URL with TLS.
fn host_of(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let has_tls = ["https", "wss", "ftps", "imaps", "smtps", "pop3s", "ldaps"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default().trim_end_matches([')', '`']);
    has_tls.then(|| host.to_owned())
}

fn commands(text: &str) -> Vec<Command<'_>> {
    let mut commands = Vec::new();
    let mut file = Command::default();
    let mut rest = text;
    while !rest.is_empty() {
        let (at, words, behind) = command(rest);
        rest = behind;
        if let Some(place) = words.iter().position(|word| is_curl(word)) {
            commands.push(Command::of(at, words.get(place.saturating_add(1)..).unwrap_or_default()));
        } else if let Some((name, value)) = setting(at) {
            match name {
                OPTION => {
                    file.at = at;
                    file.pins.push(value);
                }
                "url" => file.urls.push(value),
                _ => {}
            }
        }
    }
    commands.push(file);
    commands
}

impl<'a> Command<'a> {
    fn of(at: &'a str, words: &[String]) -> Self {
        let mut command = Self { at, ..Self::default() };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let pins = word.strip_prefix("--").and_then(|word| word.strip_prefix(OPTION));
            let pins = pins.filter(|pins| pins.is_empty() || pins.starts_with('='));
            if let Some(pins) = pins {
                command.pins.extend(pins.strip_prefix('=').map(str::to_owned).or_else(|| words.next().cloned()));
            } else if OTHER_URLS.contains(&word.as_str()) {
                words.next();
            } else if word == "--url" {
                command.urls.extend(words.next().cloned());
            } else if is_url(word) {
                command.urls.push(word.clone());
            }
        }
        command
    }
}

fn is_url(word: &str) -> bool {
    word.split_once("://")
        .is_some_and(|(scheme, _)| !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

fn is_curl(word: &str) -> bool {
    // `$(curl …)`
    let name = word.rsplit(['/', '\\', '(', '`']).next().unwrap_or_default();
    matches!(name, "curl" | "wget") || name.eq_ignore_ascii_case("curl.exe")
}

/// A line of a configuration file: `name = "value"`, also with a colon or a space, with or without two hyphens.
fn setting(line: &str) -> Option<(&str, String)> {
    let line = line.trim().trim_start_matches("--");
    let (name, value) =
        line.split_once(|character: char| character.is_whitespace() || matches!(character, '=' | ':'))?;
    let value = value.trim_start_matches(|character: char| character.is_whitespace() || matches!(character, '=' | ':'));
    let value = value.strip_prefix('"').and_then(|value| value.split('"').next()).unwrap_or(value.trim());
    Some((name, value.to_owned()))
}

/// One command as a shell takes it apart: where it stands, its words, and what is behind it.
fn command(text: &str) -> (&str, Vec<String>, &str) {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut is_word = false;
    let mut quote = None;
    let mut characters = text.char_indices();
    let mut end = text.len();
    let mut behind = text.len();
    while let Some((place, character)) = characters.next() {
        match (quote, character) {
            (Some(open), character) if character == open => quote = None,
            (Some('\''), character) => word.push(character),
            // So a command goes on in the next line: of a shell, of Windows, of PowerShell.
            (_, '\\' | '^' | '`') if characters.as_str().starts_with(['\r', '\n']) => {
                if characters.next().is_some_and(|(_, end)| end == '\r') {
                    characters.next();
                }
            }
            (_, '\\') => {
                if let Some((_, hidden)) = characters.next() {
                    is_word = true;
                    word.push(hidden);
                }
            }
            (Some(_), character) => word.push(character),
            (None, open @ ('"' | '\'')) => {
                quote = Some(open);
                is_word = true;
            }
            (None, '\n' | ';' | '|' | '&') => {
                (end, behind) = (place, place.saturating_add(1));
                break;
            }
            (None, space) if space.is_whitespace() => {
                if std::mem::take(&mut is_word) {
                    words.push(std::mem::take(&mut word));
                }
            }
            (None, character) => {
                is_word = true;
                word.push(character);
            }
        }
    }
    if is_word {
        words.push(word);
    }
    let at = text.get(..end).unwrap_or_default().trim_start();
    (at, words, text.get(behind..).unwrap_or_default())
}

const OPTION: &str = "pinnedpubkey";
const HASH: &str = "sha256//";
/// Options whose value is a URL that is not the one asked for.
const OTHER_URLS: [&str; 8] =
    ["-x", "--proxy", "--preproxy", "-e", "--referer", "--doh-url", "--socks5", "--socks5-hostname"];
