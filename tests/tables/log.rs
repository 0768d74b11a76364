//! What is one entry of the log, and what are two.

use std::sync::Arc;

use serde_json::{Value, json};
use sockpin::connection::{Facts, MissingFacts};
use sockpin::log::EntryKey;
use sockpin::overruling::Overruled;
use sockpin::pin::Pin;
use sockpin::policy::{Layers, Policy};
use sockpin::preflight::ProbeFailure;
use sockpin::time::UnixMillis;
use sockpin::verdict::{Outcome, Reason, Verdict, judge};
use sockpin::violation::{ChainDigest, Stage, Violation};

use crate::chains::{NOW, TestChain, connection, secure};
use crate::url_host;

const URL: &str = "wss://chat.example.com/socket";

/// A violation of a rule for the test host with these fields beside a pin that no chain has.
fn violation(url: &str, fields: &Value, facts: impl Into<Facts>) -> Violation {
    let mut rule = json!({"id": "r", "host": "**.example.com", "pins": [{"sha256": Pin::of_spki(b"x").to_base64()}]});
    rule.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let policy = json!({"version": 1, "rules": [rule]}).to_string();
    let user = Policy::from_json(&policy, NOW, &url_host).unwrap();
    let connection = connection(url, facts);
    match judge(&Layers { managed: Arc::default(), user }, &connection) {
        Verdict::Violation(finding) => Violation::new(&finding, &connection, Some("https://page.example".to_owned())),
        other => panic!("no violation: {other:?}"),
    }
}

fn key(violation: &Violation) -> EntryKey {
    EntryKey::of_json(&violation.to_json().unwrap())
}

#[test]
fn sockets_that_differ_in_time_page_path_and_note_alone_are_one_entry() {
    let chain = TestChain::new();
    let facts = || secure(chain.certificates());
    let first = violation(URL, &json!({}), facts());
    for (what, other) in [
        ("time", Violation { time: UnixMillis::new(5), ..first.clone() }),
        ("page", Violation { page: None, ..first.clone() }),
        ("path", violation("wss://chat.example.com/another?path", &json!({}), facts())),
        ("port in words", violation("wss://CHAT.example.com.:443/", &json!({}), facts())),
        ("the rule's note", violation(URL, &json!({"note": "new"}), facts())),
    ] {
        assert_eq!(key(&other), key(&first), "{what}");
    }
}

#[test]
fn whatever_a_person_is_shown_apart_is_an_entry_of_its_own() {
    let chain = TestChain::new();
    let facts = || secure(chain.certificates());
    let first = violation(URL, &json!({}), facts());
    let fields = |fields: Value| violation(URL, &fields, facts());
    let other_pin = json!([{"sha256": Pin::of_spki(b"y").to_base64()}]);
    let leaf_only = Facts::LeafOnly { leaf: chain.leaf.clone(), exception: true };
    let all = [
        ("the first", first.clone()),
        ("host", violation("wss://www.example.com/socket", &json!({}), facts())),
        ("port", violation("wss://chat.example.com:8443/socket", &json!({}), facts())),
        ("another chain of the same keys' names", violation(URL, &json!({}), secure(TestChain::new().certificates()))),
        ("a shorter chain", violation(URL, &json!({}), secure(vec![chain.leaf.clone()]))),
        ("exception", violation(URL, &json!({}), leaf_only)),
        ("reason", violation(URL, &json!({}), Facts::Missing(MissingFacts::NoCertificates))),
        ("rule", fields(json!({"id": "s"}))),
        ("mode and outcome", fields(json!({"mode": "flag"}))),
        ("pins", fields(json!({"pins": other_pin}))),
        ("scope", fields(json!({"match": "leaf"}))),
        ("expiry", fields(json!({"expires": "2020-01-01"}))),
        ("paused", Violation { outcome: Outcome::Flag, paused: true, ..first.clone() }),
        ("stage", Violation { stage: Stage::Preflight, ..first.clone() }),
        ("held", Violation { overruled: Some(Overruled::Held), ..first.clone() }),
        ("opened", Violation { overruled: Some(Overruled::Opened), ..first.clone() }),
        ("proxy", Violation { probe_failure: Some(ProbeFailure::Proxy), ..first.clone() }),
        ("offline", Violation { probe_failure: Some(ProbeFailure::Offline), ..first }),
    ];
    for (index, (what, one)) in all.iter().enumerate() {
        for (other_what, other) in &all[index + 1..] {
            assert_ne!(key(one), key(other), "{what} and {other_what}");
        }
    }
}

#[test]
fn addresses_that_cannot_be_read_are_one_entry_whatever_the_page() {
    let unreadable = |page: &str| Violation::unjudged(Reason::UnreadableAddress, NOW, None, Some(page.to_owned()));
    assert_eq!(key(&unreadable("https://a.example")), key(&unreadable("https://b.example")));
}

#[test]
fn a_violation_brings_the_certificates_that_were_seen_and_their_digest() {
    let chain = TestChain::new();
    let exception = Facts::LeafOnly { leaf: chain.leaf.clone(), exception: true };
    let huge = vec![chain.leaf.clone(), vec![0; 200 * 1024], vec![0; 100 * 1024]];
    for (facts, stored, shown) in [
        (Facts::from(secure(chain.certificates())), chain.certificates(), 3),
        (exception, vec![chain.leaf.clone()], 1),
        (Facts::Missing(MissingFacts::NoCertificates), vec![], 0),
        // Too large to be kept, and the keys are all there.
        (Facts::from(secure(huge)), vec![], 3),
    ] {
        let violation = violation(URL, &json!({}), facts);
        assert_eq!((&*violation.certificates, violation.chain.len()), (stored.as_slice(), shown));
        assert_eq!(violation.chain_digest, ChainDigest::of(&stored));
    }
}

#[test]
fn an_entry_is_read_only_if_it_is_one_of_a_violation_that_is_known() {
    let stored = violation(URL, &json!({}), secure(TestChain::new().certificates())).to_json().unwrap();
    let with = |field: &str, value: &str| {
        let mut stored: Value = serde_json::from_str(&stored).unwrap();
        stored[field] = json!(value);
        serde_json::from_value::<Violation>(stored).ok().map(|violation| (violation.outcome, violation.reason))
    };
    for (field, value, expected) in [
        ("reason", "denied-key", Some((Outcome::Block, Reason::DeniedKey))),
        ("outcome", "flag", Some((Outcome::Flag, Reason::PinMismatch))),
        ("reason", "of-a-version-to-come", None),
        ("reason", "pin-matched", None),
        ("reason", "no-rule", None),
        ("outcome", "allow", None),
        ("outcome", "not-pinned", None),
    ] {
        assert_eq!(with(field, value), expected, "{field} {value}");
    }
}
