//! What has been taken over from a file so far, what has been left out, and the limits of both.

use std::collections::HashSet;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::key::Key;
use super::lines::Lines;
use super::pin_list::label_of;
use super::value::{Table, place_of};
use super::{Format, Reading};
use crate::error::{Error, HostError, ImportError, ImportLimit, ImportPart, RuleError};
use crate::host::name_and_parents;
use crate::limits::{MAX_HOST_BYTES, MAX_IMPORT_MEMORY_BYTES, MAX_PINS_PER_RULE, MAX_RULES};
use crate::pin::Pin;
use crate::rule::{FieldMut, Mode, PinDocument, RuleDocument};

/// A file that is being read. What only goes wrong in a part of it is left out; an error ends the reading.
pub(super) struct Taking<'l> {
    reading: Reading,
    lines: &'l Lines<'l>,
    room: &'l mut Room,
}

/// Bytes of a host that is compared with others: as it is typed, one may be longer than in its canonical form.
pub(super) const MAX_IMPORT_HOST_BYTES: usize = 4 * MAX_HOST_BYTES;

/// Bytes of memory that all files that are read together may still take.
pub(super) struct Room(usize);

impl Default for Room {
    fn default() -> Self {
        Self(MAX_IMPORT_MEMORY_BYTES)
    }
}

/// Which names below a host another tool means as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// None.
    Host,
    /// Every one, as [`crate::host::PatternScope::Subtree`].
    Subtree,
}

/// A host that is named without pins.
pub(super) struct Pinless<'a> {
    pub(super) host: String,
    pub(super) at: &'a str,
}

impl<'l> Taking<'l> {
    pub(super) const fn of(format: Format, lines: &'l Lines<'l>, room: &'l mut Room) -> Self {
        Self { reading: Reading::of(format), lines, room }
    }

    pub(super) fn finish(self) -> Reading {
        self.reading
    }

    /// Takes a rule over that stands here; its note names the format.
    ///
    /// # Errors
    /// [`ImportError::Limit`].
    pub(super) fn rule(&mut self, rule: RuleDocument, at: &str) -> Result<(), Error> {
        if rule.host.trim().is_empty() {
            return self.leave_out("", at, HostError::Empty);
        }
        if rule.mode != Mode::Off && rule.pins.is_empty() && rule.denied.is_empty() {
            return self.leave_out(&rule.host, at, RuleError::PinsMissing);
        }
        self.put(rule, at)
    }

    /// Takes a rule over whose host is not in the file: the person has to say it.
    ///
    /// # Errors
    /// As [`Self::rule`].
    pub(super) fn rule_without_host(&mut self, rule: RuleDocument, reach: Reach, at: &str) -> Result<(), Error> {
        let host = if reach == Reach::Subtree { SUBTREE } else { "" };
        self.put(RuleDocument { host: host.to_owned(), ..rule }, at)
    }

    fn put(&mut self, rule: RuleDocument, at: &str) -> Result<(), Error> {
        let note = if rule.note.is_empty() { self.reading.format.name().to_owned() } else { rule.note };
        let mut rule = RuleDocument { note, ..rule };
        let bytes = rule.fields_mut().into_iter().map(|(_, field)| bytes_of(&field));
        self.spend(bytes.fold(size_of::<RuleDocument>(), usize::saturating_add), at)?;
        self.count(at)?;
        self.reading.rules.push(rule);
        Ok(())
    }

    /// Takes a key over whose host is not known.
    ///
    /// # Errors
    /// As [`Self::rule`].
    pub(super) fn key(&mut self, key: Key, at: &str) -> Result<(), Error> {
        self.spend(size_of::<Key>().saturating_add(key.label.len()), at)?;
        self.count(at)?;
        self.reading.keys.push(key);
        Ok(())
    }

    /// Lists what is not taken over.
    ///
    /// # Errors
    /// As [`Self::rule`].
    pub(super) fn leave_out(&mut self, what: &str, at: &str, why: impl Into<Error>) -> Result<(), Error> {
        self.count(at)?;
        self.reading.leave_out(what, self.lines.line(at), why);
        Ok(())
    }

    /// A part that a rule cannot say.
    ///
    /// # Errors
    /// As [`Self::rule`].
    pub(super) fn no_counterpart(&mut self, name: &str, at: &str) -> Result<(), Error> {
        self.leave_out(name, at, no_part(ImportPart::Field, name))
    }

    /// All that is left of a table.
    ///
    /// # Errors
    /// As [`Self::rule`].
    pub(super) fn no_counterparts(&mut self, rest: Table<'_>) -> Result<(), Error> {
        rest.into_iter()
            .try_for_each(|(name, value)| self.no_counterpart(&name, place_of(&name).unwrap_or_else(|| value.place())))
    }

    /// A part of which there is one already.
    ///
    /// # Errors
    /// As [`Self::rule`].
    pub(super) fn repeated(&mut self, name: &str, at: &str) -> Result<(), Error> {
        self.leave_out(name, at, no_part(ImportPart::Repeated, name))
    }

    /// A part of the wrong kind.
    ///
    /// # Errors
    /// As [`Self::rule`].
    pub(super) fn wrong_value(&mut self, name: &str, at: &str) -> Result<(), Error> {
        self.leave_out(name, at, no_part(ImportPart::Value, name))
    }

    /// Adds a pin to those of a rule, or lists what is wrong with it. Whether there is room for another.
    ///
    /// # Errors
    /// As [`Self::rule`].
    pub(super) fn pin(
        &mut self,
        pins: &mut Vec<PinDocument>,
        text: &str,
        label: &str,
        at: &str,
    ) -> Result<bool, Error> {
        let why = match Pin::parse(text).and_then(|pin| pin.check_is_of_a_key().map(|()| pin)) {
            Ok(_) if pins.len() >= MAX_PINS_PER_RULE => Error::from(RuleError::PinCount { limit: MAX_PINS_PER_RULE }),
            Ok(pin) => {
                let pin = PinDocument { sha256: pin.to_base64(), label: label_of(label) };
                if !pins.iter().any(|known| known.sha256 == pin.sha256) {
                    pins.push(pin);
                    return Ok(true);
                }
                RuleError::PinRepeated.into()
            }
            Err(why) => why.into(),
        };
        let has_room = pins.len() < MAX_PINS_PER_RULE;
        self.leave_out(text, at, why)?;
        Ok(has_room)
    }

    /// Makes an exclusion of each host without pins that a wider rule of the same file covers: there, as here, the more
    /// specific entry alone applies. Gives the others.
    ///
    /// # Errors
    /// As [`Self::rule`].
    pub(super) fn exclude<'a>(&mut self, hosts: Vec<Pinless<'a>>) -> Result<Vec<Pinless<'a>>, Error> {
        let pinned = self.reading.rules.iter().filter(|rule| rule.mode != Mode::Off);
        let bases: HashSet<String> =
            pinned.filter_map(|rule| Some(rule.host.strip_prefix(SUBTREE)?.to_ascii_lowercase())).collect();
        let mut others = Vec::new();
        for pinless in hosts {
            let name = pinless.host.trim_start_matches(SUBTREE).to_ascii_lowercase();
            if name.len() <= MAX_IMPORT_HOST_BYTES && name_and_parents(&name).any(|base| bases.contains(base)) {
                let rule = RuleDocument { host: pinless.host, mode: Mode::Off, ..RuleDocument::default() };
                self.rule(rule, pinless.at)?;
            } else {
                others.push(pinless);
            }
        }
        Ok(others)
    }

    /// Notes that something is held in memory while the file is read.
    ///
    /// # Errors
    /// [`ImportError::Limit`].
    pub(super) fn spend(&mut self, bytes: usize, at: &str) -> Result<(), Error> {
        let left = self.room.0.checked_sub(bytes);
        self.room.0 = left.ok_or_else(|| self.past(ImportLimit::Memory, MAX_IMPORT_MEMORY_BYTES, at))?;
        Ok(())
    }

    /// The error of a limit that has been passed here.
    pub(super) fn past(&self, what: ImportLimit, limit: usize, at: &str) -> Error {
        ImportError::Limit { what, limit, line: self.lines.line(at).unwrap_or(1) }.into()
    }

    fn count(&self, at: &str) -> Result<(), Error> {
        let Reading { rules, keys, left_out, .. } = &self.reading;
        let taken = rules.len().saturating_add(keys.len()).saturating_add(left_out.len());
        if taken >= MAX_RULES {
            return Err(self.past(ImportLimit::Count, MAX_RULES, at));
        }
        Ok(())
    }
}

/// Why a part of this name is not taken over as it is.
pub(super) fn no_part(part: ImportPart, name: &str) -> Error {
    ImportError::Part { part, name: name.to_owned() }.into()
}

/// The pattern for a host of another tool. An address has no names below it.
pub(super) fn pattern(host: &str, reach: Reach) -> String {
    let host = host.trim();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let is_address = host.parse::<Ipv4Addr>().is_ok() || bare.parse::<Ipv6Addr>().is_ok();
    match reach {
        Reach::Subtree if !is_address && !host.is_empty() => format!("{SUBTREE}{host}"),
        Reach::Subtree | Reach::Host => host.to_owned(),
    }
}

/// Bytes that a field takes beside the rule itself.
fn bytes_of(field: &FieldMut<'_>) -> usize {
    match field {
        FieldMut::Text(text) => text.len(),
        FieldMut::OptionalText(text) => text.as_ref().map_or(0, String::len),
        FieldMut::Keys(keys) => size_of_pins(keys),
        FieldMut::Keyword(_) | FieldMut::Truth(_) | FieldMut::OptionalTime(_) => 0,
    }
}

/// Bytes that pins take.
pub(super) fn size_of_pins(pins: &[PinDocument]) -> usize {
    let of_one = |pin: &PinDocument| pin.sha256.len().saturating_add(pin.label.len());
    pins.iter().map(of_one).fold(size_of_val(pins), usize::saturating_add)
}

const SUBTREE: &str = "**.";
