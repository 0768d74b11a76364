//! Rules and stored policies: what is accepted, what is refused and where, what survives a round trip.

use serde_json::{Value, json};
use sockpin::limits::MAX_RULES;
use sockpin::policy::{POLICY_VERSION, Policy};
use sockpin::rule::{Field, Mode, Rule, RuleDocument, RuleStamp};
use sockpin::time::UnixMillis;

use crate::url_host;

const NOW: UnixMillis = UnixMillis::new(1_795_305_600_000);
const PIN: &str = "C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=";

type Complaint = (Field, Option<usize>, &'static str);

fn rule(document: Value) -> Result<Rule, Vec<Complaint>> {
    let document: RuleDocument = serde_json::from_value(document).unwrap();
    let stamp = RuleStamp { id: "new".to_owned(), time: NOW };
    Rule::new(&document, &stamp, &url_host)
        .map_err(|errors| errors.iter().map(|error| (error.field, error.index, error.error.code())).collect())
}

#[test]
fn absent_fields_have_the_defaults_of_the_design() {
    let rule = rule(json!({"host": "Example.com", "pins": [{"sha256": format!("sha256//{PIN}")}]})).unwrap();
    assert_eq!(
        serde_json::to_value(RuleDocument::from(&rule)).unwrap(),
        json!({
            "id": "new", "host": "example.com", "mode": "block", "pins": [{"sha256": PIN, "label": ""}], "denied": [],
            "match": "chain", "expires": null, "localRoots": "enforce", "requireCt": false, "preflight": "prefer",
            "reportUri": null, "note": "", "created": NOW.as_millis(), "updated": NOW.as_millis(),
        })
    );
}

#[test]
fn everything_that_is_wrong_is_said_at_once_with_its_place() {
    let placeholder = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    for (document, expected) in [
        (json!({}), vec![(Field::Pins, None, "rule-pins-missing"), (Field::Host, None, "host-empty")]),
        (json!({"host": "a.test", "mode": "flag"}), vec![(Field::Pins, None, "rule-pins-missing")]),
        (
            json!({"host": "*.com", "pins": [{"sha256": PIN}, {"sha256": "short"}, {"sha256": ""}]}),
            vec![
                (Field::Host, None, "host-wildcard-top-level"),
                (Field::Pins, Some(1), "pin-encoding"),
                (Field::Pins, Some(2), "pin-empty"),
            ],
        ),
        (
            json!({"host": "a.test", "pins": [{"sha256": PIN}, {"sha256": format!("sha256/{PIN}")}]}),
            vec![(Field::Pins, Some(1), "rule-pin-repeated")],
        ),
        (
            json!({"host": "a.test", "pins": [{"sha256": PIN}], "denied": [{"sha256": PIN}]}),
            vec![(Field::Denied, Some(0), "rule-pin-repeated")],
        ),
        (
            json!({"host": "a.test", "pins": [{"sha256": PIN, "label": "x".repeat(201)}]}),
            vec![(Field::Pins, Some(0), "text-length")],
        ),
        (
            json!({"host": "a.test", "pins": vec![json!({"sha256": placeholder}); 65]}),
            vec![(Field::Pins, None, "rule-pin-count")],
        ),
        (
            json!({"host": "a.test", "pins": [{"sha256": PIN}], "expires": "2026-02-30", "note": "x".repeat(2001)}),
            vec![(Field::Expires, None, "invalid-date"), (Field::Note, None, "text-length")],
        ),
        (json!({"id": "", "host": "a.test", "mode": "off"}), vec![(Field::Id, None, "rule-id")]),
    ] {
        assert_eq!(rule(document.clone()).unwrap_err(), expected, "{document}");
    }
}

#[test]
fn a_rule_may_be_off_or_have_denied_keys_only() {
    for document in [
        json!({"host": "a.test", "mode": "off"}),
        json!({"host": "a.test", "denied": [{"sha256": PIN}]}),
        json!({"host": "a.test", "mode": "flag", "pins": [{"sha256": PIN}], "expires": ""}),
    ] {
        rule(document.clone()).unwrap_or_else(|errors| panic!("{document}: {errors:?}"));
    }
}

#[test]
fn a_stored_policy_reads_back_as_it_was() {
    let written = json!({"version": 1, "settings": {"pausing": "forbidden"}, "rules": [
        {"id": "one", "host": "**.bücher.example:8443", "mode": "flag", "pins": [{"sha256": PIN, "label": "root"}],
         "denied": [], "match": "leaf", "expires": "2027-01-01", "localRoots": "exempt", "requireCt": true,
         "preflight": "require", "note": "mine", "created": 5, "updated": 6},
    ]});
    let policy = Policy::from_json(&written.to_string(), NOW, &url_host).unwrap();
    let stored = policy.to_json().unwrap();
    let again = Policy::from_json(&stored, UnixMillis::new(0), &url_host).unwrap();
    assert_eq!(again.rules(), policy.rules());
    let mut expected = written;
    expected["rules"][0]["host"] = json!("**.xn--bcher-kva.example:8443");
    expected["rules"][0].as_object_mut().unwrap().remove("denied").expect("it has its default, and is not stored");
    assert_eq!(serde_json::from_str::<Value>(&stored).unwrap(), expected);
}

#[test]
fn a_policy_that_cannot_be_read_whole_is_refused() {
    for (json, code) in [
        (String::new(), "policy-syntax"),
        ("null".to_owned(), "policy-syntax"),
        ("{}".to_owned(), "policy-syntax"),
        ("[1]".to_owned(), "policy-syntax"),
        (json!({"version": "1"}).to_string(), "policy-syntax"),
        (json!({"version": 0, "rules": []}).to_string(), "policy-syntax"),
        (json!({"version": 1}).to_string(), "policy-syntax"),
        (json!({"version": 1, "rule": []}).to_string(), "policy-field-newer"),
        (json!({"version": 1, "rules": [], "Rules": []}).to_string(), "policy-field-newer"),
        (
            json!({"version": 1, "rules": [{"host": "a.test", "pins": [{"sha256": PIN}], "Denied": []}]}).to_string(),
            "policy-field-newer",
        ),
        (
            json!({"version": 1, "rules": [{"host": "a.test", "pins": [{"sha": PIN}]}]}).to_string(),
            "policy-field-newer",
        ),
        (json!({"version": 1, "rules": [], "settings": {"pauseing": 1}}).to_string(), "policy-field-newer"),
        (json!({"version": 1, "rules": [], "settings": {"pausing": 1}}).to_string(), "policy-syntax"),
        (json!({"version": 1, "rules": {}}).to_string(), "policy-syntax"),
        (json!({"version": 2, "rules": "whatever"}).to_string(), "policy-newer"),
        (r#"{"rules": "whatever", "more": 1, "version": 2}"#.to_owned(), "policy-newer"),
        (r#"{"version": 1, "rules": [], "rules": []}"#.to_owned(), "policy-syntax"),
        (r#"{"version": 1, "rules": [], "more": "#.to_owned(), "policy-syntax"),
        (json!({"version": 1, "rules": [{"host": "a.test", "mode": "blok"}]}).to_string(), "policy-syntax"),
        (json!({"version": 1, "rules": [{"host": "a.test"}]}).to_string(), "policy-rule"),
        (
            json!({"version": 1, "rules": [{"host": "a.test", "mode": "off"}, {"host": "A.test.", "mode": "off"}]})
                .to_string(),
            "policy-rule",
        ),
        (
            json!({"version": 1, "rules": [
                {"id": "x", "host": "a.test", "mode": "off"}, {"id": "x", "host": "b.test", "mode": "off"},
            ]})
            .to_string(),
            "policy-syntax",
        ),
    ] {
        let error = Policy::from_json(&json, NOW, &url_host).unwrap_err();
        assert_eq!(error.code(), code, "{json}");
    }
}

/// `policy-<version>.json` is a record as that version of its format had it, with a value for every field.
#[test]
fn a_record_of_every_version_is_read_with_all_that_is_in_it() {
    for version in 1..=POLICY_VERSION {
        let file = format!("{}/tests/data/policy-{version}.json", env!("CARGO_MANIFEST_DIR"));
        let json = std::fs::read_to_string(&file).unwrap();
        let policy = Policy::from_json(&json, NOW, &url_host).unwrap();
        let written = policy.to_json().unwrap();
        let again = Policy::from_json(&written, UnixMillis::new(0), &url_host).unwrap();
        assert_eq!((again.rules(), again.settings()), (policy.rules(), policy.settings()), "{file}");
        if version == POLICY_VERSION {
            let record: Value = serde_json::from_str(&json).unwrap();
            let documents: Vec<_> = policy
                .rules()
                .iter()
                .map(|rule| serde_json::to_value(RuleDocument::from(rule.as_ref())).unwrap())
                .collect();
            assert_eq!(record["rules"], json!(documents), "no field is missing in it, and none is lost");
            assert_eq!(record["settings"], serde_json::to_value(policy.settings()).unwrap());
            let plain = serde_json::to_value(RuleDocument::default()).unwrap();
            for (field, default) in plain.as_object().unwrap() {
                assert!(documents.iter().any(|rule| rule[field] != *default), "no rule of {file} has a {field}");
            }
        }
    }
}

#[test]
fn a_rule_past_the_limit_is_refused_when_it_is_stored_and_no_stored_one_is_lost_by_it() {
    let policy = |count: usize| {
        let rules: Vec<_> =
            (0..count).map(|number| json!({"host": format!("h{number}.test"), "mode": "off"})).collect();
        Policy::from_json(&json!({"version": 1, "rules": rules}).to_string(), NOW, &url_host).unwrap()
    };
    let full = policy(MAX_RULES + 1);
    assert_eq!(full.rules().len(), MAX_RULES + 1, "what was stored before there was a limit holds");
    let document = |id: Option<&str>| RuleDocument {
        id: id.map(str::to_owned),
        updated: Some(NOW),
        host: "new.test".to_owned(),
        mode: Mode::Off,
        ..RuleDocument::default()
    };
    let stamp = RuleStamp { id: "new".to_owned(), time: NOW };
    let errors = full.check(&document(None), &stamp, &url_host).unwrap_err();
    assert_eq!((errors.len(), errors[0].field, errors[0].error.code()), (1, Field::Id, "rule-count"));
    assert!(full.check(&document(Some("rule-5")), &stamp, &url_host).is_ok(), "one that is there can be changed");
    assert!(policy(MAX_RULES - 1).check(&document(None), &stamp, &url_host).is_ok());
}
