//! One rule as JSON, to be read and changed by hand beside the fields of the form. It is the rule as it is exported, but for its
//! identifier and its times, which are nobody's to type: those of another rule that is pasted are passed over.

use super::LeftOut;
use super::json;
use super::lines::Lines;
use super::sockpin::{Pins, Wrong, document, text, wrong};
use super::taking::no_part;
use super::value::{Table, Value, place_of};
use crate::error::{Error, Excerpt, ImportError, ImportPart, PinError};
use crate::fields::{Fields, is_comment};
use crate::pin::{Pin, holds_private_key};
use crate::rule::{FieldMut, PinDocument, RuleDocument};

/// The rule as it stands in the form, whatever is wrong with it. What has its default is left out.
#[must_use]
pub fn write(rule: &RuleDocument) -> String {
    let (all, plain) = (json_of(rule), json_of(&RuleDocument::default()));
    let (all, plain) = (Fields::from_json(&all).ok(), Fields::from_json(&plain).ok());
    let mut rule = rule.clone();
    let fields = rule.fields_mut().into_iter().filter_map(|(name, held)| {
        let json = all.as_ref()?.get(name)?;
        match (name, held) {
            ("id" | "created" | "updated", _) => None,
            ("denied", FieldMut::Keys(keys)) if keys.iter().all(is_empty) => None,
            (_, FieldMut::Keys(keys)) => Some((name, list(keys))),
            ("host" | "mode", _) => Some((name, json.to_owned())),
            _ if json == r#""""# || Some(json) == plain.as_ref()?.get(name) => None,
            _ => Some((name, json.to_owned())),
        }
    });
    // Below the note.
    let (last, mut fields): (Vec<_>, Vec<_>) = fields.partition(|(name, _)| *name == "reportUri");
    fields.extend(last);
    let fields: Vec<_> = fields.iter().map(|(name, json)| format!("\"{name}\": {json}")).collect();
    format!("{{\n  {}\n}}\n", fields.join(",\n  "))
}

/// Reads such a text. A pin is taken as it stands there.
///
/// # Errors
/// Everything that is wrong with it, each with its line.
pub fn read(text: &str) -> Result<RuleDocument, Vec<LeftOut>> {
    if holds_private_key(text.as_bytes()) {
        return Err(vec![whole(PinError::PrivateKey.into())]);
    }
    let lines = Lines::of(text);
    let no_json = |at: &str| {
        let (line, column) = lines.place(at).unwrap_or((1, 1));
        vec![whole(ImportError::JsonSyntax { line, column, detail: String::new() }.into())]
    };
    if text.trim().is_empty() {
        return Err(no_json(text));
    }
    let (value, rest) = json::read(text, &lines).map_err(|why| vec![whole(why)])?;
    if !rest.trim().is_empty() {
        return Err(no_json(rest.trim_start()));
    }
    let Value::Table(mut fields) = value else {
        return Err(vec![placed(wrong("rule", value.place()), &lines)]);
    };
    let rule = rule(&mut fields).map_err(|wrong| vec![placed(wrong, &lines)])?;
    let unknown: Vec<_> = fields
        .into_iter()
        .filter(|(name, _)| !is_comment(name))
        .map(|(name, value)| {
            let at = place_of(&name).unwrap_or_else(|| value.place());
            placed(Wrong { why: no_part(ImportPart::Field, &name), at }, &lines)
        })
        .collect();
    if unknown.is_empty() { Ok(rule) } else { Err(unknown) }
}

fn rule<'a>(fields: &mut Table<'a>) -> Result<RuleDocument, Wrong<'a>> {
    let host = text(fields, "host")?.unwrap_or_default();
    let rule = document(fields, Pins::AsTyped)?;
    Ok(RuleDocument { host, id: None, created: None, updated: None, ..rule })
}

/// A row of the form into which nothing has been typed.
fn is_empty(key: &PinDocument) -> bool {
    key.sha256.trim().is_empty() && key.label.trim().is_empty()
}

/// A line for each key.
fn list(keys: &[PinDocument]) -> String {
    let line = |key: &PinDocument| {
        let sha256 = Pin::parse(&key.sha256).map_or_else(|_| key.sha256.clone(), Pin::to_base64);
        let label = if key.label.is_empty() { String::new() } else { format!(", \"label\": {}", json_of(&key.label)) };
        format!("    {{ \"sha256\": {}{label} }}", json_of(&sha256))
    };
    let lines: Vec<_> = keys.iter().filter(|key| !is_empty(key)).map(line).collect();
    if lines.is_empty() { "[]".to_owned() } else { format!("[\n{}\n  ]", lines.join(",\n")) }
}

fn json_of(value: &impl serde::Serialize) -> String {
    // Texts, truth values and names cannot fail to be written.
    serde_json::to_string(value).unwrap_or_default()
}

fn placed(Wrong { why, at }: Wrong<'_>, lines: &Lines<'_>) -> LeftOut {
    LeftOut { what: Excerpt::of(""), line: lines.line(at).filter(|_| !at.is_empty()), why }
}

/// What is wrong with all of it says by itself where.
fn whole(why: Error) -> LeftOut {
    LeftOut { what: Excerpt::of(""), line: None, why }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::{LocalRoots, MatchScope, Mode, Preflight};

    const A: &str = "C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=";

    fn key(sha256: &str, label: &str) -> PinDocument {
        PinDocument { sha256: sha256.to_owned(), label: label.to_owned() }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let plain = RuleDocument { host: "a.test".to_owned(), pins: vec![key(A, "")], ..RuleDocument::default() };
        let full = RuleDocument {
            host: "**.a.test:8443".to_owned(),
            mode: Mode::Flag,
            pins: vec![key(A, "\u{201c}Büro\u{201d} \"1\""), key("half typed", "")],
            denied: vec![key(A, "Stolen")],
            match_scope: MatchScope::Leaf,
            expires: Some("2030-01-02".to_owned()),
            local_roots: LocalRoots::Exempt,
            require_ct: true,
            preflight: Preflight::Require,
            note: "two\nlines".to_owned(),
            ..RuleDocument::default()
        };
        for rule in [&RuleDocument::default(), &plain, &full] {
            assert_eq!(read(&write(rule)).as_ref(), Ok(rule), "{}", write(rule));
        }
        let with_empty_rows =
            RuleDocument { pins: vec![key("", " "), key(A, "")], denied: vec![key("", "")], ..plain.clone() };
        assert_eq!(write(&with_empty_rows), write(&plain));
        let stored =
            RuleDocument { id: Some("1".to_owned()), created: Some(crate::time::UnixMillis::new(1)), ..plain.clone() };
        assert_eq!(write(&stored), write(&plain));
        assert_eq!(
            write(&RuleDocument { pins: vec![key(&format!("sha256/{A}"), "Root")], ..plain }),
            format!(
                "{{\n  \"host\": \"a.test\",\n  \"mode\": \"block\",\n  \"pins\": [\n    {{ \"sha256\": \"{A}\", \"label\": \"Root\" }}\n  ]\n}}\n"
            )
        );
    }

    /// The order in which they are written, and the one in which the first that is wrong is found.
    #[test]
    fn fields_have_their_order() {
        let full = RuleDocument {
            id: Some("1".to_owned()),
            denied: vec![key(A, "")],
            match_scope: MatchScope::Leaf,
            expires: Some("2030-01-02".to_owned()),
            local_roots: LocalRoots::Exempt,
            require_ct: true,
            preflight: Preflight::Off,
            report_uri: Some("https://reports.test/".to_owned()),
            note: "mine".to_owned(),
            ..RuleDocument::default()
        };
        let written = write(&full);
        let names: Vec<_> =
            written.lines().filter_map(|line| Some(line.strip_prefix("  \"")?.split_once('"')?.0)).collect();
        assert_eq!(
            names.join(" "),
            "host mode pins denied match expires localRoots requireCt preflight note reportUri",
            "{written}"
        );
        let read_in =
            "host id mode pins denied match expires localRoots requireCt preflight reportUri note created updated";
        let mut wrong = Vec::new();
        for name in read_in.split(' ').rev() {
            wrong.push(format!("\"{name}\": {{}}"));
            let found = read(&format!("{{{}}}", wrong.join(",\n"))).unwrap_err();
            let expected = no_part(ImportPart::Value, name);
            assert_eq!(
                found.iter().map(|part| (part.why.clone(), part.line)).collect::<Vec<_>>(),
                [(expected, Some(wrong.len()))]
            );
        }
    }

    /// What a person has changed by hand, or pasted from an export.
    #[test]
    fn what_is_wrong_has_its_line() {
        for (text, expected) in [
            ("{\"host\": \"a.test\", \"id\": \"7\", \"created\": 5, \"pins\": [\"x\"], \"_note\": 1}", &[][..]),
            ("{\n\"host\": \"a.test\",\n\"mode\": \"deny\"}", &["3 import-value mode"]),
            ("{\n\"host\": \"a.test\",\n\"requireCt\":\n\"yes\"}", &["3 import-value requireCt"]),
            ("{\n\"host\": 5}", &["2 import-value host"]),
            ("{\n\"pins\": [\n{ \"sha256\": \"\",\n\"lable\": \"\" }]}", &["4 import-value lable"]),
            ("{\n\"pins\": [\n\"x\",\n5]}", &["2 import-value pins"]),
            ("{\n\"hots\": \"a.test\",\n\"pinz\": []}", &["2 import-field hots", "3 import-field pinz"]),
            ("[\n\"a\"]", &["2 import-value rule"]),
            ("{\n\"host\": \"a.test\"", &["- json-syntax"]),
            ("{}\n{}", &["- json-syntax"]),
            (" ", &["- json-syntax"]),
            ("{\"host\": \"a\", \"host\": \"b\"}", &["- file-repeated"]),
            ("-----BEGIN PRIVATE KEY-----", &["- private-key"]),
        ] {
            let found = read(text).err().unwrap_or_default();
            let found: Vec<_> = found
                .iter()
                .map(|part| {
                    let line = part.line.map_or("-".to_owned(), |line| line.to_string());
                    let name = match &part.why {
                        Error::Import(ImportError::Part { part: ImportPart::Value, name }) => {
                            format!("import-value {name}")
                        }
                        Error::Import(ImportError::Part { part: ImportPart::Field, name }) => {
                            format!("import-field {name}")
                        }
                        why => why.code().to_owned(),
                    };
                    format!("{line} {name}")
                })
                .collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
