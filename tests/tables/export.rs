//! Rules written for other tools and read again: the same policy from Sockpin's own JSON, the same hosts and pins from the others.

use std::collections::BTreeSet;
use std::fs;

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use sockpin::formats::export::{ExportFormat, Lost, export};
use sockpin::formats::import;
use sockpin::import_plan::Plan;
use sockpin::policy::Policy;
use sockpin::rule::{LocalRoots, MatchScope, Mode, PinDocument, Preflight, Rule, RuleDocument};

use crate::chains::NOW;
use crate::{root, url_host};

fn hosts() -> impl Strategy<Value = String> {
    let name = prop_oneof![Just("a.test"), Just("b.a.test"), Just("example.com"), Just("chat.example.com")];
    let named =
        (prop_oneof![Just(""), Just("*."), Just("**.")], name).prop_map(|(scope, name)| format!("{scope}{name}"));
    let host = prop_oneof![8 => named, 1 => Just("192.0.2.7".to_owned()), 1 => Just("[2001:db8::1]".to_owned())];
    (host, prop_oneof![Just(""), Just(":8443")]).prop_map(|(host, port)| format!("{host}{port}"))
}

fn pins(least: usize) -> impl Strategy<Value = Vec<PinDocument>> {
    let pin = (any::<[u8; 32]>(), "[a-zA-Z0-9 ü\"<&-]{0,12}").prop_filter_map("stands for no key", |(bytes, label)| {
        let hex = bytes.map(|byte| format!("{byte:02x}")).concat();
        (bytes[0] != bytes[1]).then_some(PinDocument { sha256: format!("sha256:{hex}"), label })
    });
    vec(pin, least..4)
}

fn rules() -> impl Strategy<Value = Vec<RuleDocument>> {
    let settings = (
        prop_oneof![3 => Just(Mode::Block), 1 => Just(Mode::Flag), 1 => Just(Mode::Off)],
        prop_oneof![Just(MatchScope::Chain), Just(MatchScope::Leaf)],
        prop_oneof![Just(LocalRoots::Enforce), Just(LocalRoots::Exempt)],
        prop_oneof![Just(Preflight::Prefer), Just(Preflight::Off), Just(Preflight::Require)],
        proptest::option::of(Just("2031-01-02".to_owned())),
        any::<bool>(),
    );
    let rule = (settings, pins(1), pins(0), "[a-z ]{0,9}").prop_map(|(settings, pins, denied, note)| {
        let (mode, match_scope, local_roots, preflight, expires, require_ct) = settings;
        RuleDocument {
            mode,
            match_scope,
            local_roots,
            preflight,
            expires,
            require_ct,
            pins,
            denied,
            note,
            ..RuleDocument::default()
        }
    });
    (btree_set(hosts(), 0..8), vec(rule, 8)).prop_map(|(hosts, rules)| {
        let with_host = |(place, (host, rule))| RuleDocument { id: Some(format!("rule {place}")), host, ..rule };
        hosts.into_iter().zip(rules).enumerate().map(with_host).collect()
    })
}

/// What comes of it where there is no rule yet; the hosts that are asked for are given.
fn imported(text: &str, given: &[String]) -> Policy {
    let stored = Policy::default();
    let reading = import(&[text.as_bytes()]).remove(0).unwrap();
    let mut plan = Plan::of(reading.rules);
    plan.advance(usize::MAX, &stored, NOW, &url_host);
    let open: Vec<_> = (0..plan.items().len()).filter(|place| plan.items()[*place].asks_for_host()).collect();
    for (place, host) in open.into_iter().zip(given) {
        plan.set_host(place, host, &stored, NOW, &url_host);
    }
    let (changes, _) = plan.changes(&stored, "new");
    stored.changed(&changes.save, &changes.delete, NOW, &url_host).unwrap().0
}

fn policy(rules: &[RuleDocument]) -> Policy {
    Policy::default().changed(rules, &[], NOW, &url_host).unwrap().0
}

fn hosts_and_pins<'a>(rules: impl Iterator<Item = &'a Rule>) -> BTreeSet<(String, Vec<String>)> {
    rules
        .map(|rule| {
            let is_judged = rule.mode() != Mode::Off;
            let pins = rule.pins().iter().filter(|_| is_judged).map(|pin| pin.sha256.to_base64());
            (rule.host().to_string(), pins.collect())
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn sockpins_own_json_gives_the_same_policy(rules in rules()) {
        let policy = policy(&rules);
        let file = export(ExportFormat::Sockpin, policy.rules().iter().map(AsRef::as_ref));
        prop_assert!(file.losses.is_empty());
        let again = imported(&file.text, &[]);
        let documents = |policy: &Policy| {
            let mut documents: Vec<_> = policy.rules().iter().map(|rule| RuleDocument::from(rule.as_ref())).collect();
            documents.sort_by(|first, second| first.id.cmp(&second.id));
            documents
        };
        prop_assert_eq!(documents(&again), documents(&policy));
        prop_assert_eq!(export(ExportFormat::Sockpin, again.rules().iter().map(AsRef::as_ref)), file);
    }

    #[test]
    fn every_other_format_gives_the_same_hosts_and_pins(rules in rules()) {
        let policy = policy(&rules);
        for format in ExportFormat::ALL.into_iter().filter(|format| *format != ExportFormat::Sockpin) {
            let file = export(format, policy.rules().iter().map(AsRef::as_ref));
            let whole = |loss: &&sockpin::formats::export::Loss| loss.lost.is_whole_rule();
            let lost: BTreeSet<_> = file.losses.iter().filter(whole).map(|loss| loss.host.clone()).collect();
            let mut kept: Vec<_> = policy.rules().iter().filter(|rule| !lost.contains(&rule.host().to_string())).collect();
            prop_assert_eq!(kept.len(), file.rules);
            if kept.is_empty() {
                continue;
            }
            kept.sort_by_key(|rule| rule.host().to_string());
            // A header names no host, and a record only with its port.
            let given: Vec<_> = kept.iter().map(|rule| rule.host().base().to_string()).collect();
            let every_port = |host: &str| file.losses.iter().any(|loss| loss.host == host && loss.lost == Lost::EveryPort);
            let expected: BTreeSet<_> = hosts_and_pins(kept.into_iter().map(AsRef::as_ref))
                .into_iter()
                .map(|(host, pins)| if every_port(&host) { (format!("{host}:443"), pins) } else { (host, pins) })
                .collect();
            let again = imported(&file.text, &given);
            prop_assert_eq!(hosts_and_pins(again.rules().iter().map(AsRef::as_ref)), expected, "{:?}\n{}", format, file.text);
        }
    }

    #[test]
    fn an_exported_file_is_of_the_published_form(rules in rules()) {
        let file = export(ExportFormat::Sockpin, policy(&rules).rules().iter().map(AsRef::as_ref));
        let file = serde_json::from_str(&file.text).unwrap();
        let errors: Vec<_> = schema().iter_errors(&file).map(|error| error.to_string()).collect();
        prop_assert!(errors.is_empty(), "{errors:?}");
    }
}

fn schema() -> jsonschema::Validator {
    let schema = fs::read_to_string(root().join("doc/policy.schema.json")).unwrap();
    jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap()
}

#[test]
fn the_published_form_refuses_what_is_none() {
    let schema = schema();
    for (json, expected) in [
        (r#"{"version": 1, "rules": []}"#, true),
        (r#"{"version": 1, "rules": [{"host": "a.test", "pins": [{"sha256": "x"}]}]}"#, true),
        (r#"{"rules": []}"#, false),
        (r#"{"version": 1, "rules": [{"hots": "a.test"}]}"#, false),
        (r#"{"version": 1, "rules": [{"host": "a.test", "mode": "stop"}]}"#, false),
        (r#"{"version": 1, "rules": [{"host": "a.test", "pins": ["x"]}]}"#, false),
    ] {
        assert_eq!(schema.is_valid(&serde_json::from_str(json).unwrap()), expected, "{json}");
    }
}

#[test]
fn what_a_format_cannot_say_is_listed() {
    let rule = |host: &str| RuleDocument {
        id: Some(host.to_owned()),
        host: host.to_owned(),
        pins: vec![PinDocument {
            sha256: "C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=".to_owned(),
            label: "Root".to_owned(),
        }],
        ..RuleDocument::default()
    };
    let policy = policy(&[
        RuleDocument { mode: Mode::Flag, match_scope: MatchScope::Leaf, require_ct: true, ..rule("a.test") },
        rule("*.a.test"),
        rule("b.test:8443"),
        RuleDocument { mode: Mode::Off, ..rule("c.test") },
        rule("[2001:db8::1]"),
    ]);
    for (format, expected) in [
        (ExportFormat::Sockpin, ""),
        (
            ExportFormat::Curl,
            "*.a.test RuleOfWildcard, [2001:db8::1] Chain, [2001:db8::1] Words, a.test Flag, a.test RequireCt, a.test Words, b.test:8443 Chain, b.test:8443 Words, c.test RuleOff",
        ),
        (
            ExportFormat::Android,
            "*.a.test RuleOfWildcard, [2001:db8::1] RuleOfAddress, a.test Leaf, a.test Flag, a.test Words, b.test:8443 RuleOfPort, c.test Words",
        ),
        (
            ExportFormat::Tlsa,
            "*.a.test RuleOfWildcard, [2001:db8::1] RuleOfAddress, a.test EveryPort, a.test Flag, a.test RequireCt, a.test Words, b.test:8443 Words, c.test RuleOff",
        ),
    ] {
        let losses = export(format, policy.rules().iter().map(AsRef::as_ref)).losses;
        assert_eq!(sockpin::formats::export::losses(format, policy.rules().iter().map(AsRef::as_ref)), losses);
        let losses: Vec<_> = losses.iter().map(|loss| format!("{} {:?}", loss.host, loss.lost)).collect();
        assert_eq!(losses.join(", "), expected, "{format:?}");
    }
}
