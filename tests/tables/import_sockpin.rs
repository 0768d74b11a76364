//! Sockpin's own JSON, in every form in which a person has it.

use sockpin::formats::Format;
use sockpin::policy::Policy;
use sockpin::rule::RuleDocument;

use crate::chains::NOW;
use crate::export::unsaid;
use crate::import_cases::{Row, check, code, filled, only};
use crate::url_host;

#[test]
fn policies_lists_and_rules() {
    check(Format::Sockpin, ROWS);
}

/// What is exported can be imported, and nothing of it is lost.
#[test]
fn an_exported_policy_is_read_back() {
    let stored = filled(
        r#"{"version": 1, "settings": {}, "rules": [
{"id": "1", "host": "**.example.com:8443", "mode": "flag", "pins": [{"sha256": "{A}", "label": "Büro"}], "denied": [{"sha256": "{B}"}],
 "match": "leaf", "expires": "2030-01-01", "localRoots": "exempt", "requireCt": true, "preflight": "require",
 "reportUri": "https://collector.test/pins", "note": "mine", "created": 5, "updated": 6},
{"id": "2", "host": "a.example.com", "mode": "off"}]}"#,
    );
    let policy = Policy::from_json(&stored, NOW, &url_host).unwrap();
    let reading = only(policy.to_json().unwrap().as_bytes()).unwrap();
    let expected: Vec<_> = policy.rules().iter().map(|rule| RuleDocument::from(rule.as_ref())).collect();
    assert_eq!(reading.rules, expected);
    assert_eq!(unsaid(&expected), [""; 0], "every field is tried");
    assert_eq!(reading.rules.len(), 2);
    let codes: Vec<_> = reading.left_out.iter().map(|part| (part.what.shown(), code(&part.why))).collect();
    assert_eq!(codes, [(Some("settings"), "import-field".to_owned())]);
}

const ROWS: &[Row<'_>] = &[
    (r#"{"version": 1, "rules": [{"host": "a.test", "pins": [{"sha256": "{A}"}]}]}"#, &["a.test block pins A"]),
    (r#"{"rules": [{"host": "a.test", "pins": ["sha256/{A}"], "requireCt": 1, "_note": "for programs nothing"}]}"#, &["a.test block pins A ct"]),
    (r#"[{"host": "a.test", "pins": ["{A}"]}, {"host": "b.test", "mode": "off"}]"#, &["a.test block pins A", "b.test off"]),
    (
        r#"{"host": "a.test", "mode": "flag", "pins": [{"sha256": "{A}", "label": "Root"}], "preflight": "require", "match": "leaf", "note": "n"}"#,
        &["a.test flag pins A=Root leaf preflight (n)"],
    ),
    // An administrator's, whole and as Windows has it.
    (
        r#"{"policies": {"3rdparty": {"Extensions": {"sockpin@sockpin.dev": {
"rules": [{"host": "a.test", "pins": ["{A}"]}], "settings": {"pausing": "forbidden"}}}}, "DisableTelemetry": true}}"#,
        &["a.test block pins A", "2: settings import-field"],
    ),
    (
        r#"{"rules": "[{\"host\": \"a.test\", \"pins\": [\"{A}\"], \"expires\": null}]"}"#,
        &["a.test block pins A"],
    ),
    // Unknown fields, each by itself; the rule stays.
    (
        "{\"rules\": [{\"host\": \"a.test\",\n\"pins\": [\"{A}\"],\n\"colour\": \"red\",\n\"pinz\": []}],\n\"theme\": \"dark\"}",
        &["a.test block pins A", "3: colour import-field", "4: pinz import-field", "5: theme import-field"],
    ),
    // A rule that is wrong spoils no other, and is not taken in parts.
    (
        "[{\"host\": \"a.test\", \"pins\": [\"{A}\", \"x\"]},\n{\"host\": \"b.test\", \"mode\": \"deny\", \"pins\": [\"{A}\"]},
{\"host\": \"c.test\", \"pins\": [\"{A}\"], \"denied\": \"{B}\"},\n{\"host\": \"d.test\"},\n5,\n{\"host\": 5},
{\"pins\": [\"{A}\"]},\n{\"host\": \"e.test\", \"pins\": [{\"sha256\": \"{A}\", \"sha\": \"\"}]},\n{\"host\": \"f.test\", \"pins\": [\"{B}\"]}]",
        &[
            "f.test block pins B",
            "1: a.test pin-encoding",
            "2: b.test import-value",
            "3: c.test import-value",
            "4: d.test rule-pins-missing",
            "-: rules import-value",
            "6: host import-value",
            "7:  host-empty",
            "8: e.test import-value",
        ],
    ),
    (r#"{"host": "a b", "pins": ["{A}"]}"#, &["a b block pins A unfit: host-character"]),
    (r#"{"version": 99, "rules": []}"#, &["error: import-newer"]),
    (r#"{"version": 1, "rules": 5}"#, &["1: rules import-value"]),
    (r#"{"rules": "[{\"host\""}"#, &["error: json-syntax"]),
    (r#"{"rules": [{"host": "a.test", "host": "b.test"}]}"#, &["error: file-repeated"]),
    (r#"{"rules": [{"host": "a.test", "pins": ["{A}"}]}"#, &["error: json-syntax"]),
    (r#"[{"host": "a.test", "pins": ["{A}"]}"#, &["error: json-syntax"]),
    (r#"{"rules": []} x"#, &["error: json-syntax"]),
    (r#"{"something": "else"}"#, &["error: nothing-recognised"]),
    (r"{}", &["error: nothing-recognised"]),
];
