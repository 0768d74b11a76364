//! [Chromium's static pins](https://chromium.googlesource.com/chromium/src/+/main/net/http/transport_security_state_static_pins.json):
//! JSON with `//` comments, which names keys, and a `.pins` file with the keys.
//!
//! | there | here |
//! |---|---|
//! | an entry with `pins` | a rule with the pins of that set, of which one must match anywhere in the chain |
//! | `include_subdomains`, `include_subdomains_for_pinning` | `**.`: the host and every name below it, there as here |
//! | `bad_static_spki_hashes` | `denied` |
//! | an entry without `pins` beside a wider one | mode `off` |
//! | what an entry says of HSTS | nothing: a rule always asks for TLS |
//!
//! The most specific entry alone applies, there as here.

use std::collections::HashMap;

use super::key::Key;
use super::lines::offset_in;
use super::pem;
use super::taking::{Pinless, Reach, Taking, no_part, pattern, size_of_pins};
use super::trust_kit::take_truth;
use super::value::{Table, Value};
use crate::error::{Error, ImportError, ImportPart, InputError};
use crate::limits::MAX_RULES;
use crate::pin::Pin;
use crate::rule::{PinDocument, RuleDocument};

/// The keys of a `.pins` file by their names.
pub(super) type Keys<'a> = HashMap<&'a str, Pin>;

/// A name of a `.pins` file, with the text of its key.
pub(super) struct Named<'a> {
    pub(super) name: &'a str,
    text: &'a str,
}

impl Named<'_> {
    /// # Errors
    /// What is wrong with it.
    fn key(&self) -> Result<Key, Error> {
        let mut key = if pem::begins_in(self.text) {
            let mut reading = pem::read(self.text);
            match (reading.keys.pop(), reading.left_out.pop()) {
                (Some(key), _) => key,
                (None, Some(part)) => return Err(part.why),
                (None, None) => return Err(InputError::NothingRecognised.into()),
            }
        } else {
            Key::of_pin(Pin::parse(self.text)?, String::new())
        };
        self.name.clone_into(&mut key.label);
        Ok(key)
    }
}

/// The names of a `.pins` file; none where the text is no such file: a name and its key in turn, comments between them.
pub(super) fn names(text: &str) -> Option<Vec<Named<'_>>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((line, behind)) = next_line(rest) {
        // More are not taken over.
        if found.len() > MAX_RULES {
            break;
        }
        rest = behind;
        if line == TIMESTAMP {
            (_, rest) = next_line(rest)?;
            continue;
        }
        if !is_name(line) {
            return None;
        }
        let (first, behind) = next_line(rest)?;
        let behind = if first.starts_with(BEGIN) { behind_block(behind)? } else { behind };
        if !KEYS.iter().any(|key| first.starts_with(key)) {
            return None;
        }
        let start = offset_in(rest, first)?;
        found.push(Named { name: line, text: rest.get(start..rest.len().checked_sub(behind.len())?)?.trim() });
        rest = behind;
    }
    (!found.is_empty()).then_some(found)
}

/// The keys that can be read.
pub(super) fn keys<'a>(names: &[Named<'a>]) -> Keys<'a> {
    names.iter().filter_map(|named| Some((named.name, named.key().ok()?.sha256))).collect()
}

/// Takes the keys themselves over: their hosts stand in the other file.
///
/// # Errors
/// Those of [`Taking::rule`].
pub(super) fn read_names(names: &[Named<'_>], taking: &mut Taking<'_>) -> Result<(), Error> {
    names.iter().try_for_each(|named| match named.key() {
        Ok(key) => taking.key(key, named.name),
        Err(why) => taking.leave_out(named.name, named.name, why),
    })
}

/// Whether a file is the JSON.
pub(super) fn is_of_format(file: &Table<'_>) -> bool {
    file.has(ENTRIES) || file.has(PINSETS)
}

/// # Errors
/// Those of [`Taking::rule`].
pub(super) fn read(mut file: Table<'_>, keys: &Keys<'_>, taking: &mut Taking<'_>) -> Result<(), Error> {
    let at = file.place();
    let mut sets = HashMap::new();
    for value in list(&mut file, PINSETS, at, taking)? {
        read_set(value, keys, &mut sets, taking)?;
    }
    let mut pinless = Vec::new();
    for value in list(&mut file, ENTRIES, at, taking)? {
        read_entry(value, &sets, &mut pinless, taking)?;
    }
    let others = taking.exclude(pinless)?;
    if let Some(first) = others.first() {
        // Most of them are in the file for HSTS alone.
        taking.leave_out(ENTRIES, first.at, ImportError::Pinless { count: others.len() })?;
    }
    taking.no_counterparts(file)?;
    Ok(())
}

/// The pins that entries share.
#[derive(Default)]
struct Set {
    pins: Vec<PinDocument>,
    denied: Vec<PinDocument>,
}

fn list<'a>(file: &mut Table<'a>, name: &str, at: &str, taking: &mut Taking<'_>) -> Result<Vec<Value<'a>>, Error> {
    match file.take(name) {
        None => Ok(Vec::new()),
        Some(Value::List(items)) => Ok(items.into_iter().map(|item| item.value).collect()),
        Some(_) => taking.wrong_value(name, at).map(|()| Vec::new()),
    }
}

fn read_set(
    value: Value<'_>,
    keys: &Keys<'_>,
    sets: &mut HashMap<String, Set>,
    taking: &mut Taking<'_>,
) -> Result<(), Error> {
    let at = value.place();
    let Some(mut fields) = value.into_table() else { return taking.wrong_value(PINSETS, at) };
    let Some(Value::Text(name)) = fields.take("name") else { return taking.wrong_value("name", at) };
    let set = Set {
        pins: hashes(&mut fields, "static_spki_hashes", at, keys, taking)?,
        denied: hashes(&mut fields, "bad_static_spki_hashes", at, keys, taking)?,
    };
    taking.no_counterparts(fields)?;
    taking.spend(size_of_pins(&set.pins).saturating_add(size_of_pins(&set.denied)).saturating_add(name.len()), at)?;
    sets.insert(name.into_owned(), set);
    Ok(())
}

/// The pins of names; where a pin itself stands, that.
fn hashes(
    fields: &mut Table<'_>,
    field: &str,
    at: &str,
    keys: &Keys<'_>,
    taking: &mut Taking<'_>,
) -> Result<Vec<PinDocument>, Error> {
    let mut pins = Vec::new();
    for value in list(fields, field, at, taking)? {
        let place = if value.place().is_empty() { at } else { value.place() };
        let Value::Text(name) = value else {
            taking.wrong_value(field, place)?;
            continue;
        };
        let has_room = match keys.get(&*name) {
            Some(pin) => taking.pin(&mut pins, &pin.to_base64(), &name, place)?,
            None if name.starts_with(SHA_256) => taking.pin(&mut pins, &name, "", place)?,
            None => {
                taking.leave_out(&name, place, no_part(ImportPart::KeyMissing, &name))?;
                true
            }
        };
        if !has_room {
            break;
        }
    }
    Ok(pins)
}

fn read_entry<'a>(
    value: Value<'a>,
    sets: &HashMap<String, Set>,
    pinless: &mut Vec<Pinless<'a>>,
    taking: &mut Taking<'_>,
) -> Result<(), Error> {
    let at = value.place();
    let Some(mut fields) = value.into_table() else { return taking.wrong_value(ENTRIES, at) };
    let Some(Value::Text(host)) = fields.take("name") else { return taking.wrong_value("name", at) };
    let mut reach = Reach::Host;
    for name in ["include_subdomains", "include_subdomains_for_pinning"] {
        if take_truth(&mut fields, name, at, taking)? == Some(true) {
            reach = Reach::Subtree;
        }
    }
    let host = pattern(&host, reach);
    let set = match fields.take("pins") {
        None | Some(Value::Null) => {
            taking.spend(size_of::<Pinless<'_>>().saturating_add(host.len()), at)?;
            pinless.push(Pinless { host, at });
            return Ok(());
        }
        Some(Value::Text(name)) => name,
        Some(_) => return taking.wrong_value("pins", at),
    };
    for name in OF_HSTS {
        fields.take(name);
    }
    taking.no_counterparts(fields)?;
    match sets.get(&*set) {
        Some(Set { pins, denied }) => {
            let rule = RuleDocument { host, pins: pins.clone(), denied: denied.clone(), ..RuleDocument::default() };
            taking.rule(rule, at)
        }
        None => taking.leave_out(&host, at, no_part(ImportPart::PinsetMissing, &set)),
    }
}

/// The next line that is neither empty nor a comment, and what is behind it.
pub(super) fn next_line(mut text: &str) -> Option<(&str, &str)> {
    while !text.is_empty() {
        let (line, behind) = text.split_once('\n').unwrap_or((text, ""));
        text = behind;
        let line = line.trim();
        if !line.is_empty() && !COMMENTS.iter().any(|comment| line.starts_with(comment)) {
            return Some((line, behind));
        }
    }
    None
}

/// What is behind the block of PEM in which a text begins.
fn behind_block(text: &str) -> Option<&str> {
    let (_, behind) = text.split_once("\n-----END ")?;
    Some(behind.split_once('\n').map_or("", |(_, behind)| behind))
}

/// As Chromium's own reader has it: a capital letter, then letters and digits.
fn is_name(line: &str) -> bool {
    line.starts_with(|first: char| first.is_ascii_uppercase())
        && line.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
}

const PINSETS: &str = "pinsets";
const ENTRIES: &str = "entries";
/// What entries say of HSTS and of other lists.
const OF_HSTS: [&str; 3] = ["policy", "mode", "expect_ct"];
const TIMESTAMP: &str = "PinsListTimestamp";
const BEGIN: &str = "-----BEGIN ";
const SHA_256: &str = "sha256/";
/// What a key begins with. The last is no pin here, and spoils no other.
const KEYS: [&str; 3] = [BEGIN, SHA_256, "sha1/"];
const COMMENTS: [&str; 2] = ["#", "//"];
