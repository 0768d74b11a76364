//! TLSA records of DANE ([RFC 6698](https://www.rfc-editor.org/rfc/rfc6698)), as they stand in zone files and as `dig` prints them:
//! `_443._tcp.example.com. 3600 IN TLSA 3 1 1 0B9F…`. Host and port are in the name of the record.
//!
//! | there | here |
//! |---|---|
//! | usage 1, 3: the server's own certificate | `match: leaf` |
//! | usage 0, 2: an authority's | `match: chain` |
//! | both | `match: chain` with the pins of both |
//! | selector 1 with SHA-256 (matching type 1) | a pin |
//! | selector 1 with the whole key (0) | the pin of that key |
//! | selector 0 with the whole certificate (0) | the pin of its key, which a renewed certificate may keep |
//! | selector 0 with a digest (1, 2) | none: nothing in it tells the key |
//! | SHA-512 (2) | none |
//!
//! In a browser the chain must be valid beside that, also where DANE would do without.

use std::collections::HashMap;

use super::key::{Key, KeyKind};
use super::lines::Lines;
use super::taking::{Room, Taking, no_part};
use super::{Format, Reading};
use crate::error::{Error, ImportPart, PinError, RuleError};
use crate::pin::Pin;
use crate::rule::{MatchScope, PinDocument, RuleDocument};

/// The rules of a text; none where it has no such record with its name.
pub(super) fn read(text: &str, lines: &Lines<'_>, room: &mut Room) -> Option<Result<Reading, Error>> {
    let records = records(text);
    if !records.iter().any(|record| record.owner.is_some()) {
        return None;
    }
    let mut taking = Taking::of(Format::Tlsa, lines, room);
    Some(take(&records, &mut taking).map(|()| taking.finish()))
}

/// A record, as far as it was taken apart.
struct Record<'a> {
    at: &'a str,
    owner: Option<Owner>,
    /// What stands behind `TLSA`.
    data: Vec<&'a str>,
}

/// `_443._tcp.example.com`
struct Owner {
    protocol: String,
    /// Host and port, as a pattern.
    pattern: String,
}

/// The records of one name.
struct Endpoint<'a> {
    pattern: String,
    at: &'a str,
    pins: Vec<PinDocument>,
    /// Both in order, each pin once.
    of_leaf: Vec<Pin>,
    of_authority: Vec<Pin>,
}

fn take(records: &[Record<'_>], taking: &mut Taking<'_>) -> Result<(), Error> {
    let mut endpoints: Vec<Endpoint<'_>> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for record in records {
        let Some(owner) = &record.owner else {
            taking.leave_out("TLSA", record.at, no_part(ImportPart::RecordName, "TLSA"))?;
            continue;
        };
        if !owner.protocol.eq_ignore_ascii_case(TCP) {
            taking.leave_out(&owner.protocol, record.at, no_part(ImportPart::RecordProtocol, &owner.protocol))?;
            continue;
        }
        let place = *places.entry(owner.pattern.clone()).or_insert_with(|| {
            endpoints.push(Endpoint::of(&owner.pattern, record.at));
            endpoints.len().saturating_sub(1)
        });
        if let Some(endpoint) = endpoints.get_mut(place) {
            endpoint.add(record, taking)?;
        }
    }
    endpoints.into_iter().try_for_each(|endpoint| endpoint.take(taking))
}

impl<'a> Endpoint<'a> {
    fn of(pattern: &str, at: &'a str) -> Self {
        Self { pattern: pattern.to_owned(), at, pins: Vec::new(), of_leaf: Vec::new(), of_authority: Vec::new() }
    }

    fn add(&mut self, record: &Record<'_>, taking: &mut Taking<'_>) -> Result<(), Error> {
        let (usage, pin) = match record.pin() {
            Ok(found) => found,
            Err(why) => return taking.leave_out(&self.pattern, record.at, why),
        };
        if record.data.get(1..3) == Some(&["0", "0"]) {
            taking.leave_out(&self.pattern, record.at, no_part(ImportPart::RecordWhole, &self.pattern))?;
        }
        let usages = if usage == Usage::Leaf { &mut self.of_leaf } else { &mut self.of_authority };
        let Err(place) = usages.binary_search(&pin) else {
            return taking.leave_out(&self.pattern, record.at, RuleError::PinRepeated);
        };
        usages.insert(place, pin);
        let sha256 = pin.to_base64();
        if !self.pins.iter().any(|known| known.sha256 == sha256) {
            taking.pin(&mut self.pins, &sha256, "", record.at)?;
        }
        Ok(())
    }

    fn take(self, taking: &mut Taking<'_>) -> Result<(), Error> {
        let is_mixed = !self.of_leaf.is_empty() && !self.of_authority.is_empty();
        if is_mixed && self.of_leaf != self.of_authority {
            taking.leave_out(&self.pattern, self.at, no_part(ImportPart::RecordMixed, &self.pattern))?;
        }
        // What is wrong with each of its records is listed.
        if self.pins.is_empty() {
            return Ok(());
        }
        let match_scope = if self.of_authority.is_empty() { MatchScope::Leaf } else { MatchScope::Chain };
        taking
            .rule(RuleDocument { host: self.pattern, pins: self.pins, match_scope, ..RuleDocument::default() }, self.at)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Usage {
    Leaf,
    Authority,
}

impl Record<'_> {
    fn pin(&self) -> Result<(Usage, Pin), Error> {
        let wrong = || no_part(ImportPart::Value, "TLSA");
        let [usage, selector, matching, data @ ..] = self.data.as_slice() else { return Err(wrong()) };
        let usage = match *usage {
            "1" | "3" => Usage::Leaf,
            "0" | "2" => Usage::Authority,
            _ => return Err(wrong()),
        };
        let hex: String = data.concat();
        let pin = match (*selector, *matching) {
            ("1", "1") => Pin::parse(&format!("sha256:{hex}"))?,
            ("0", "1" | "2") => return Err(PinError::OfCertificate.into()),
            ("1", "2") => return Err(PinError::Algorithm { algorithm: "SHA-512".into() }.into()),
            ("0", "0") => Key::of(KeyKind::Certificate, &bytes(&hex).ok_or_else(wrong)?)?.sha256,
            ("1", "0") => Key::of(KeyKind::PublicKey, &bytes(&hex).ok_or_else(wrong)?)?.sha256,
            _ => return Err(wrong()),
        };
        Ok((usage, pin))
    }
}

/// Every TLSA record of a text, whether it has its name or not. A line that is none is passed over: a zone has many others.
fn records(text: &str) -> Vec<Record<'_>> {
    let mut records = Vec::new();
    let mut origin = "";
    let mut last_owner = "";
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let mut words = words(line);
        // RFC 1035 section 5.1: what is in parentheses goes on over the end of the line.
        let mut open = opened(&words);
        while open > 0 {
            let Some(more) = lines.next() else { break };
            let more = self::words(more);
            open = open.saturating_add(opened(&more));
            words.extend(more);
        }
        // `host` prints `… has TLSA record 3 1 1 …`.
        words.retain(|word| !matches!(*word, "(" | ")" | "has" | "record"));
        if let ["$ORIGIN", name, ..] = words.as_slice() {
            origin = name;
            continue;
        }
        let (owner, rest) = match words.split_first() {
            _ if line.starts_with(char::is_whitespace) => (last_owner, words.as_slice()),
            Some((kind, _)) if is_type(kind) => ("", words.as_slice()),
            Some((owner, rest)) => (*owner, rest),
            None => continue,
        };
        last_owner = owner;
        let is_of_record = |word: &&&str| !is_class(word) && !word.starts_with(|first: char| first.is_ascii_digit());
        let Some(place) = rest.iter().position(|word| is_of_record(&word)) else { continue };
        let Some((kind, data)) = rest.get(place..).and_then(<[_]>::split_first).filter(|(kind, _)| is_type(kind))
        else {
            continue;
        };
        let data = if kind.eq_ignore_ascii_case(GENERIC) { unpacked(data) } else { data.to_vec() };
        records.push(Record { at: line, owner: Owner::parse(owner, origin), data });
    }
    records
}

/// How many more parentheses are opened than closed.
fn opened(words: &[&str]) -> isize {
    let open = words.iter().filter(|word| **word == "(").count();
    let closed = words.iter().filter(|word| **word == ")").count();
    open.cast_signed().saturating_sub(closed.cast_signed())
}

/// The words of a line without its comment; parentheses are words.
fn words(line: &str) -> Vec<&str> {
    let line = line.split(';').next().unwrap_or_default();
    let mut words = Vec::new();
    for word in line.split_whitespace() {
        let mut rest = word;
        while let Some(place) = rest.find(['(', ')']) {
            let (before, behind) = rest.split_at_checked(place).unwrap_or_default();
            let (sign, behind) = behind.split_at_checked(1).unwrap_or_default();
            words.extend([before, sign].into_iter().filter(|part| !part.is_empty()));
            rest = behind;
        }
        if !rest.is_empty() {
            words.push(rest);
        }
    }
    words
}

/// RFC 3597: `\# 35 03 01 01 0B9F…`, the first three bytes taken apart.
fn unpacked<'a>(data: &[&'a str]) -> Vec<&'a str> {
    let number = |byte: &str| ["0", "1", "2", "3"].into_iter().find(|digit| byte.strip_prefix('0') == Some(digit));
    let [_, _, hex @ ..] = data else { return Vec::new() };
    match hex {
        [one] => {
            let bytes: Vec<_> =
                (0..3).filter_map(|place| one.get(place * 2..place * 2 + 2)).filter_map(number).collect();
            bytes.into_iter().chain(one.get(6..)).collect()
        }
        [usage, selector, matching, rest @ ..] => {
            [*usage, *selector, *matching].into_iter().filter_map(number).chain(rest.iter().copied()).collect()
        }
        _ => Vec::new(),
    }
}

impl Owner {
    /// A port of `*` is every port.
    fn parse(name: &str, origin: &str) -> Option<Self> {
        let (port, rest) = name.split_once('.')?;
        let (protocol, host) = rest.split_once('.').unwrap_or((rest, ""));
        let protocol = protocol.strip_prefix('_')?.to_owned();
        let port = match port {
            "*" => None,
            port => Some(port.strip_prefix('_')?.parse::<u16>().ok()?),
        };
        let host = match host.strip_suffix('.') {
            Some(absolute) => absolute.to_owned(),
            None if origin.is_empty() || host.is_empty() && origin == "." => host.to_owned(),
            None => format!("{host}.{}", origin.trim_end_matches('.')).trim_start_matches('.').to_owned(),
        };
        let pattern = port.map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
        // A name of one label is one of the zone, whose own name is not in the file.
        let is_known = !host.is_empty() && (host.contains('.') || name.ends_with('.') || host == "localhost");
        is_known.then_some(Self { protocol, pattern })
    }
}

fn is_type(word: &str) -> bool {
    word.eq_ignore_ascii_case("TLSA") || word.eq_ignore_ascii_case(GENERIC)
}

fn is_class(word: &str) -> bool {
    ["IN", "CH", "HS"].iter().any(|class| word.eq_ignore_ascii_case(class))
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let pairs = hex.as_bytes().as_chunks::<2>();
    let (pairs, []) = pairs else { return None };
    let byte = |pair: &[u8; 2]| {
        pair.iter()
            .all(u8::is_ascii_hexdigit)
            .then(|| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok())
            .flatten()
    };
    pairs.iter().map(byte).collect()
}

const TCP: &str = "tcp";
/// The number of the type, in the notation for types that a program does not know.
const GENERIC: &str = "TYPE52";
