//! The form of a rule in `options.html` against the fields that a rule has: the page reads and writes them by their names.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Value, json};
use sockpin::rule::{Field, RuleDocument};

use crate::root;

/// What the form says of a field of a rule, or of none.
#[derive(Debug, Default, PartialEq, Eq)]
struct Form {
    /// The values of each control that has options; `true` and `false` of a checkbox; none of one into which text is typed.
    controls: BTreeMap<String, BTreeSet<String>>,
    parts: BTreeSet<String>,
    /// The id of the area for the messages of each field.
    areas: BTreeMap<String, String>,
    /// The ids of what describes each control.
    descriptions: BTreeMap<String, String>,
}

impl Form {
    fn read(html: &str) -> Self {
        let document = tl::parse(html, tl::ParserOptions::default()).unwrap();
        let parser = document.parser();
        let form = document.get_element_by_id("rule-form").unwrap().get(parser).unwrap();
        let mut read = Self::default();
        let inner = form.children().unwrap();
        for tag in inner.all(parser).iter().filter_map(tl::Node::as_tag) {
            let attribute = |name: &str| Some(tag.attributes().get(name)??.as_utf8_str().into_owned());
            read.parts.extend(attribute("data-part"));
            if let Some(field) = attribute("data-message-for") {
                assert_eq!(
                    read.areas.insert(field, attribute("id").unwrap_or_default()),
                    None,
                    "two areas for one field"
                );
            }
            let Some(name) = attribute("name") else { continue };
            let options = tag.children().all(parser).iter().filter_map(tl::Node::as_tag);
            let options =
                options.filter_map(|option| Some(option.attributes().get("value")??.as_utf8_str().into_owned()));
            let values = match attribute("type").as_deref() {
                Some("checkbox") => ["false", "true"].map(str::to_owned).into(),
                _ => options.collect(),
            };
            read.descriptions.insert(name.clone(), attribute("aria-describedby").unwrap_or_default());
            assert_eq!(read.controls.insert(name, values), None, "two controls of one name");
        }
        read
    }

    /// Where it and the fields of a rule differ.
    fn differences(&self) -> Vec<String> {
        let fields = serde_json::to_value(RuleDocument::default()).unwrap();
        let fields = fields.as_object().unwrap();
        let mut wrong = Vec::new();
        for (name, default) in fields {
            match (default, self.controls.get(name)) {
                (Value::Array(_), _) if self.parts.contains(name) => {}
                (Value::Array(_), _) => wrong.push(format!("{name}: no list")),
                (_, None) => wrong.push(format!("{name}: no control")),
                (_, Some(values)) if *values != values_of(name, default) => wrong.push(format!("{name}: {values:?}")),
                (_, Some(_)) => {}
            }
        }
        wrong.extend(
            self.controls.keys().filter(|name| !fields.contains_key(*name)).map(|name| format!("{name}: no field")),
        );
        let (areas, may_be_wrong) =
            (self.areas.keys().cloned().collect(), expected(serde_json::from_value::<Field>(json!("?"))));
        wrong.extend(may_be_wrong.difference(&areas).map(|field| format!("{field}: no area")));
        wrong.extend(areas.difference(&may_be_wrong).map(|field| format!("{field}: an area for nothing")));
        let is_told = |(field, area): (&String, &String)| {
            self.descriptions.get(field).is_none_or(|ids| ids.split(' ').any(|id| id == area))
        };
        wrong.extend(
            self.areas.iter().filter(|area| !is_told(*area)).map(|(field, _)| format!("{field}: not described")),
        );
        wrong
    }
}

/// What can be chosen for a field, if anything: what its reader asks for when it is given something else.
fn values_of(name: &str, default: &Value) -> BTreeSet<String> {
    match default {
        Value::Bool(_) => ["false", "true"].map(str::to_owned).into(),
        _ => expected(serde_json::from_value::<RuleDocument>(json!({ name: "?" }))),
    }
}

/// The names in serde's "unknown variant `?`, expected one of `a`, `b`"; none where `?` is as good as any.
fn expected<T>(read: Result<T, serde_json::Error>) -> BTreeSet<String> {
    let error = read.map_err(|error| error.to_string()).err().unwrap_or_default();
    let names = error.split_once("expected").map(|(_, names)| names).unwrap_or_default();
    names.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_field_has_its_control_with_all_its_values_and_its_message() {
    let html = fs::read_to_string(root().join("extension/options.html")).unwrap();
    assert_eq!(Form::read(&html).differences(), [""; 0]);
    assert_eq!(values_of("match", &json!("chain")), ["chain", "leaf"].map(str::to_owned).into());
}

/// The check above can fail.
#[test]
fn a_field_without_its_control_is_found() {
    let html = fs::read_to_string(root().join("extension/options.html")).unwrap();
    for (from, to, expected) in [
        (r#"name="note""#, r#"name="notes""#, vec!["note: no control", "notes: no field"]),
        (r#"<option value="leaf""#, r#"<option value="root""#, vec![r#"match: {"chain", "root"}"#]),
        (r#"type="checkbox" name="requireCt""#, r#"name="requireCt""#, vec!["requireCt: {}"]),
        (r#"data-part="denied""#, "", vec!["denied: no list"]),
        (r#"data-message-for="note""#, "", vec!["note: no area"]),
        (
            r#"data-message-for="note""#,
            r#"data-message-for="mode""#,
            vec!["note: no area", "mode: an area for nothing", "mode: not described"],
        ),
        (r#"aria-describedby="note-message""#, "", vec!["note: not described"]),
    ] {
        assert!(html.contains(from), "{from}");
        assert_eq!(Form::read(&html.replace(from, to)).differences(), expected, "{from}");
    }
}
