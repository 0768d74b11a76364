//! What the tables of imported files have in common: a reading as short lines, and two pins with short names.

use std::fmt::Write as _;

use sockpin::error::{Error, ImportError};
use sockpin::formats::{Format, Reading, import};
use sockpin::policy::Policy;
use sockpin::rule::{LocalRoots, MatchScope, PinDocument, Preflight, RuleDocument, RuleStamp};

use crate::chains::NOW;
use crate::url_host;

pub(crate) const A: &str = "C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=";
pub(crate) const B: &str = "diGVwiVYbubAI3RW4hB9xU8e/CH2GnkuvVFZE8zmgzI=";

/// One row: an input in which `{A}` and `{B}` stand for the pins, and what is read out of it.
pub(crate) type Row<'a> = (&'a str, &'a [&'a str]);

/// The input of a row.
pub(crate) fn filled(input: &str) -> String {
    input.replace("{A}", A).replace("{B}", B)
}

pub(crate) fn only(input: &[u8]) -> Result<Reading, Error> {
    let [reading] = <[_; 1]>::try_from(import(&[input])).unwrap();
    reading
}

/// A file that is no text, by its name, and what is read out of it.
pub(crate) type FileRow<'a> = (&'a str, Vec<u8>, &'a [&'a str]);

/// The inputs of a format as people have them, bad ones included: at least ten.
pub(crate) fn check(format: Format, rows: &[Row<'_>]) {
    let files: Vec<_> = rows.iter().map(|(input, expected)| (filled(input), *expected)).collect();
    let files: Vec<FileRow<'_>> =
        files.iter().map(|(input, expected)| (input.as_str(), input.clone().into_bytes(), *expected)).collect();
    check_files(format, &files);
}

/// The same for files that are no text.
pub(crate) fn check_files(format: Format, rows: &[FileRow<'_>]) {
    let mut wrong = String::new();
    for (name, input, expected) in rows {
        let found = match only(input) {
            Ok(reading) if reading.format == format => lines(&reading),
            Ok(reading) => vec![format!("taken for {}", word(&reading.format))],
            Err(error) => vec![format!("error: {}", code(&error))],
        };
        if found != *expected {
            write!(wrong, "{name}\n  found {found:#?}\n  instead of {expected:#?}\n").unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(rows.len() >= 10, "{format:?}: {} inputs", rows.len());
}

/// Each format that Sockpin knows has such a table.
#[test]
fn no_format_is_without_its_inputs() {
    // Serde names them all where it is given another.
    let refusal = serde_json::from_str::<Format>("\"none\"").unwrap_err().to_string();
    let (_, names) = refusal.split_once("expected one of ").unwrap();
    let formats: Vec<Format> = names
        .split('`')
        .skip(1)
        .step_by(2)
        .map(|name| serde_json::from_value(serde_json::Value::from(name)).unwrap())
        .collect();
    assert!(formats.contains(&Format::Der) && formats.contains(&Format::Curl), "{refusal}");
    let sources: String =
        crate::files("tests/tables", "rs").iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let is_missing = |format: &Format| {
        !["check", "check_files"].iter().any(|check| sources.contains(&format!(" {check}(Format::{format:?}, ")))
    };
    let missing: Vec<_> = formats.into_iter().filter(is_missing).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Every rule, key and part that was left out.
pub(crate) fn lines(reading: &Reading) -> Vec<String> {
    let rules = reading.rules.iter().map(|rule| {
        // What is read can be stored as it is.
        let stamp = RuleStamp { id: "1".to_owned(), time: NOW };
        let checked = Policy::default().check(&RuleDocument { id: None, ..rule.clone() }, &stamp, &url_host);
        let unfit = checked.err().map(|errors| format!(" unfit: {}", errors[0].error.code())).unwrap_or_default();
        format!("{}{unfit}", line(rule))
    });
    let keys = reading.keys.iter().map(|key| format!("key {}={}", short(&key.sha256.to_base64()), key.label));
    let left_out = reading.left_out.iter().map(|part| {
        let line = part.line.map_or_else(|| "-".to_owned(), |line| line.to_string());
        format!("{line}: {} {}", part.what.shown().unwrap_or("…"), code(&part.why))
    });
    rules.chain(keys).chain(left_out).collect()
}

fn line(rule: &RuleDocument) -> String {
    let mut line = format!("{} {}", rule.host, word(&rule.mode));
    for (name, pins) in [("pins", &rule.pins), ("denied", &rule.denied)] {
        if !pins.is_empty() {
            write!(line, " {name} {}", pins.iter().map(labelled).collect::<Vec<_>>().join(",")).unwrap();
        }
    }
    for (is_there, words) in [
        (rule.match_scope == MatchScope::Leaf, "leaf"),
        (rule.local_roots == LocalRoots::Exempt, "exempt"),
        (rule.require_ct, "ct"),
        (rule.preflight == Preflight::Require, "preflight"),
    ] {
        if is_there {
            write!(line, " {words}").unwrap();
        }
    }
    if let Some(expires) = &rule.expires {
        write!(line, " until {expires}").unwrap();
    }
    if !rule.note.is_empty() {
        write!(line, " ({})", rule.note).unwrap();
    }
    line
}

fn labelled(pin: &PinDocument) -> String {
    let name = short(&pin.sha256);
    if pin.label.is_empty() { name } else { format!("{name}={}", pin.label) }
}

/// A key of the fixtures has the name of the first file with it, by OpenSSL's answers.
fn short(pin: &str) -> String {
    let of_fixtures = include_str!("../data/pins.txt").lines().filter_map(|line| line.split_once(' '));
    let mut known = [("A", A), ("B", B)].into_iter().chain(of_fixtures);
    let known = known.find(|(_, known)| known.split(' ').next() == Some(pin));
    known.map_or(pin, |(name, _)| name).to_owned()
}

/// The code of an error with the kind that it says beside it.
pub(crate) fn code(error: &Error) -> String {
    match error {
        Error::Import(ImportError::Part { part, .. }) => format!("import-{}", word(part)),
        Error::Import(ImportError::Limit { what, .. }) => format!("import-{}", word(what)),
        other => other.code().to_owned(),
    }
}

fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
}
