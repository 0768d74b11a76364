//! What goes out of the log: reports as RFC 7469 has them, JSON lines, and text to be pasted.

use serde_json::{Value, json};
use sockpin::certificate::Certificate;
use sockpin::connection::Facts;
use sockpin::formats;
use sockpin::log::{Entry, Line, Tally};
use sockpin::pause::{PauseEntry, PauseEvent};
use sockpin::policy::{Layers, Policy};
use sockpin::report::json_lines::json_line;
use sockpin::report::rfc7469::report;
use sockpin::verdict::{Reason, Verdict, judge};
use sockpin::view::text::Text;
use sockpin::view::violation::plain_text::plain_text;
use sockpin::violation::Violation;

use crate::chains::{NOW, TestChain, connection, secure};
use crate::url_host;

const A: &str = "C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=";
const B: &str = "diGVwiVYbubAI3RW4hB9xU8e/CH2GnkuvVFZE8zmgzI=";

/// What a rule with this pattern and these fields finds wrong with a connection.
fn violation(url: &str, host: &str, fields: &Value, facts: impl Into<Facts>) -> Violation {
    let mut rule = json!({ "id": "r", "host": host, "pins": [{ "sha256": A, "label": "Current" }, { "sha256": B }] });
    rule.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let policy = json!({ "version": 1, "rules": [rule] }).to_string();
    let user = Policy::from_json(&policy, NOW, &url_host).unwrap();
    let connection = connection(url, facts);
    let Verdict::Violation(finding) = judge(&Layers { user, ..Layers::default() }, &connection) else {
        panic!("no violation of {host}")
    };
    Violation::new(&finding, &connection, Some("https://page.example".to_owned()))
}

fn entry(violation: Violation) -> Entry {
    Entry { id: 7, tally: Tally::of(&violation), violation }
}

fn parsed(text: &str) -> Value {
    assert!(!text.contains('\n'), "one line");
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_report_has_the_fields_of_rfc_7469_and_no_other() {
    let chain = TestChain::new();
    let certificates = chain.certificates();
    for (host, fields, noted, includes, expiry) in [
        ("chat.example.com", json!({}), "chat.example.com", false, None),
        ("**.example.com:8443", json!({ "expires": "2026-12-01" }), "example.com", true, Some("2026-12-01T00:00:00Z")),
        ("*.example.com", json!({ "mode": "flag" }), "example.com", true, None),
        // It had come to its end already, and flags.
        ("*.example.com", json!({ "expires": "2026-01-01" }), "example.com", true, Some("2026-01-01T00:00:00Z")),
    ] {
        let found = violation("wss://chat.example.com:8443/x?secret", host, &fields, secure(certificates.clone()));
        let text = report(&found, &found.certificates, found.time).unwrap();
        assert!(!text.contains("secret") && !text.contains("page.example"), "{text}");
        let pems: Vec<Value> = pems_of(&parsed(&text)["validated-certificate-chain"]);
        let mut expected = json!({
            "date-time": "2026-11-22T00:00:00Z",
            "hostname": "chat.example.com",
            "port": 8443,
            "include-subdomains": includes,
            "noted-hostname": noted,
            "served-certificate-chain": pems[..1],
            "validated-certificate-chain": pems,
            "known-pins": [format!("pin-sha256=\"{A}\""), format!("pin-sha256=\"{B}\"")],
        });
        if let Some(expiry) = expiry {
            expected["effective-expiration-date"] = json!(expiry);
        }
        assert_eq!(parsed(&text), expected, "{host}");
        // Read back by the reader for people's files: the same certificates in their order.
        let read: Vec<_> = pems.iter().map(|pem| formats::inspect(pem.as_str().unwrap().as_bytes()).unwrap()).collect();
        let pins: Vec<_> = read.iter().map(|keys| keys[0].sha256).collect();
        assert_eq!(pins, chain.pins);
    }
}

/// The texts of a chain, each of which is PEM as RFC 7468 has it.
fn pems_of(chain: &Value) -> Vec<Value> {
    let pems = chain.as_array().unwrap().clone();
    for pem in &pems {
        let inner = pem.as_str().unwrap().strip_prefix("-----BEGIN CERTIFICATE-----\n").unwrap();
        let inner = inner.strip_suffix("\n-----END CERTIFICATE-----\n").unwrap();
        let lengths: Vec<_> = inner.lines().map(str::len).collect();
        let [full @ .., end] = lengths.as_slice() else { panic!("{pem} is empty") };
        assert!(full.iter().all(|length| *length == 64) && *end <= 64, "{pem}");
    }
    pems
}

#[test]
fn under_an_exception_no_chain_was_validated_and_without_a_rule_there_is_no_report() {
    let leaf = TestChain::new().leaf;
    let facts = Facts::LeafOnly { leaf, exception: true };
    let found = violation("wss://192.0.2.7/", "192.0.2.7", &json!({}), facts);
    let report_of = parsed(&report(&found, &found.certificates, found.time).unwrap());
    assert_eq!(report_of["validated-certificate-chain"], json!([]));
    assert_eq!(report_of["served-certificate-chain"].as_array().map(Vec::len), Some(1));
    assert_eq!((&report_of["hostname"], &report_of["noted-hostname"]), (&json!("192.0.2.7"), &json!("192.0.2.7")));

    let ipv6 = violation("wss://[2001:db8::1]/", "[2001:db8::1]", &json!({}), secure(vec![]));
    let of_ipv6 = parsed(&report(&ipv6, &ipv6.certificates, ipv6.time).unwrap());
    assert_eq!(of_ipv6["noted-hostname"], "[2001:db8::1]");
    assert_eq!((&of_ipv6["port"], &of_ipv6["served-certificate-chain"]), (&json!(443), &json!([])));

    assert_eq!(report(&Violation::unjudged(Reason::Deadline, NOW, None, None), &[], NOW), None);
}

#[test]
fn a_line_of_json_has_every_fact_of_an_entry_and_is_flat() {
    let chain = TestChain::new();
    let found = violation(
        "wss://chat.example.com/",
        "chat.example.com",
        &json!({ "match": "leaf", "denied": [{ "sha256": chain.pins[1] }] }),
        secure(chain.certificates()),
    );
    let digest = found.chain_digest.clone().unwrap();
    let mut entry = entry(found.clone());
    entry.tally.add(&Violation { page: None, ..found });
    let line = parsed(&json_line(&Line::Violation(Box::new(entry)), &chain.certificates()).unwrap());
    let subject = |der: &[u8]| Certificate::from_der(der).unwrap().describe().subject;
    let expected = json!({
        "event": "violation", "time": "2026-11-22T00:00:00Z", "firstTime": "2026-11-22T00:00:00Z", "count": 2,
        "host": "chat.example.com", "port": 443, "outcome": "block", "reason": "denied-key", "stage": "handshake",
        "paused": false, "exception": false, "overruled": null, "preflightFailure": null,
        "pages": ["https://page.example", null], "furtherPagesCount": 0,
        "ruleId": "r", "ruleLayer": "user", "ruleHost": "chat.example.com", "ruleMode": "block", "ruleMatch": "leaf",
        "ruleExpires": null, "ruleExpired": false,
        "rulePins": [format!("sha256/{A}"), format!("sha256/{B}")], "ruleDenied": [chain.pins[1].to_string()],
        "matchedPin": null, "chainDigest": digest.as_str(),
        "chainPins": chain.pins.map(|pin| pin.to_string()),
        "chainSubjects": [subject(&chain.leaf), subject(&chain.intermediate), subject(&chain.root)],
        "rootIsBuiltIn": true,
    });
    assert_eq!(line, expected);
    assert!(line.as_object().unwrap().values().all(|value| !value.is_object()), "flat");

    let pause = PauseEntry { id: Some(1), time: NOW, pause: PauseEvent::Ended };
    assert_eq!(
        json_line(&Line::Pause(pause), &[]).unwrap(),
        r#"{"event":"pause","time":"2026-11-22T00:00:00Z","pause":"ended"}"#
    );
    // Nothing is known of it; the fields are the same.
    let unjudged = entry_of_nothing();
    let bare = parsed(&json_line(&Line::Violation(Box::new(unjudged)), &[]).unwrap());
    let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&bare), names(&expected));
}

fn entry_of_nothing() -> Entry {
    entry(Violation::unjudged(Reason::PolicyUnreadable, NOW, None, None))
}

/// The table of the fields in the README is that of the code.
#[test]
fn every_field_of_a_line_is_documented() {
    let readme = std::fs::read_to_string(crate::root().join("README.md")).unwrap();
    let line = parsed(&json_line(&Line::Violation(Box::new(entry_of_nothing())), &[]).unwrap());
    let row_names: Vec<_> = readme
        .lines()
        .filter(|line| line.starts_with("| `"))
        .flat_map(|line| line.split('|').nth(1).unwrap_or_default().split('`').skip(1).step_by(2))
        .collect();
    let missing: Vec<_> = line.as_object().unwrap().keys().filter(|name| !row_names.contains(&name.as_str())).collect();
    assert_eq!(missing, [""; 0]);
}

#[test]
fn the_text_shows_the_keys_of_the_chain_beside_those_of_the_rule_ready_to_paste() {
    let chain = TestChain::new();
    let found = violation("wss://chat.example.com/", "chat.example.com", &json!({}), secure(chain.certificates()));
    let lines = plain_text(&entry(found), &chain.certificates());
    let said: Vec<_> = lines.iter().map(|line| line.said(Text::english)).collect();
    let text = said.join("\n");
    let beginning = "Blocked · chat.example.com\nNone of the 3 keys in the chain matches any of the rule’s 2 pins.\n";
    assert!(text.starts_with(beginning), "{text}");
    for expected in [
        format!("\n\nWhat the server showed\n{} ", chain.pins[0]),
        format!("\n{} CN=Test Intermediate", chain.pins[1]),
        format!("\n\nPins of the rule\nsha256/{A} Current\nsha256/{B}\n"),
        "\nOpened by https://page.example\n".to_owned(),
        "\n\nWhat to do\n".to_owned(),
    ] {
        assert!(text.contains(&expected), "{expected:?} is not in {text}");
    }
    // Each line with a key is one that can be pasted where a pin is wanted.
    let keys: Vec<_> = said.iter().filter(|line| line.starts_with("sha256/")).collect();
    assert_eq!(keys.len(), 5);
    for line in keys {
        assert_eq!(formats::read(line.as_bytes()).unwrap().keys.len(), 1, "{line}");
    }
}

/// The set-up that the browser test runs is the one that the README shows: the same version, and the same lines but for where it
/// listens and where its files are.
#[test]
fn the_collector_of_the_readme_is_the_one_that_is_tested() {
    let read = |path: &str| std::fs::read_to_string(crate::root().join(path)).unwrap();
    let (readme, program) = (read("README.md"), read("tests/e2e/src/logprep.rs"));
    let between = |text: &str, start: &str, end: &str| -> String {
        text.split_once(start).unwrap().1.split_once(end).unwrap().0.to_owned()
    };
    let mut tested = between(&program, "PIPELINE: &str = \"\\\n", "\";");
    for (here, there) in [
        ("127.0.0.1", "0.0.0.0"),
        ("{port}", "8443"),
        ("{folder}/chain.pem", "/etc/logprep/chain.pem"),
        ("{folder}/key.pem", "/etc/logprep/key.pem"),
        ("{folder}/reports.jsonl", "/var/log/sockpin/reports.jsonl"),
    ] {
        assert_eq!(tested.matches(here).count(), 1, "{here}");
        tested = tested.replace(here, there);
    }
    let shown = between(&readme, "```yaml\n", "```");
    assert!(shown.lines().count() > 10);
    assert_eq!(shown, tested);
    let version = between(&program, "LOGPREP: &str = \"", "\";");
    assert_eq!(between(&readme, "bin/pip install ", "\n"), version);
}
