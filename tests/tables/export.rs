//! Rules written for other tools and read again: the same policy from Sockpin's own JSON, and from the others all but what the export
//! has said to be lost.

use std::fs;

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::Value;
use sockpin::formats::export::{Export, ExportFormat, Loss, Lost, export};
use sockpin::formats::import;
use sockpin::import_plan::Plan;
use sockpin::policy::Policy;
use sockpin::rule::{LocalRoots, MatchScope, Mode, PinDocument, Preflight, Rule, RuleDocument};
use sockpin::time::UnixMillis;

use crate::chains::NOW;
use crate::import_cases::{A, B};
use crate::{root, url_host};

fn hosts() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        Just("a.test"),
        Just("b.a.test"),
        Just("example.com"),
        Just("chat.example.com"),
        // Names that other formats have words like.
        Just("public-key-pins.test"),
        Just("curl.add.test"),
        Just("xn--bcher-kva.test"),
    ];
    let named =
        (prop_oneof![Just(""), Just("*."), Just("**.")], name).prop_map(|(scope, name)| format!("{scope}{name}"));
    let unnamed = prop_oneof![Just("192.0.2.7"), Just("[2001:db8::1]"), Just("localhost"), Just("intranet")];
    let host = prop_oneof![8 => named, 2 => unnamed.prop_map(str::to_owned)];
    (host, prop_oneof![Just(""), Just(":8443")]).prop_map(|(host, port)| format!("{host}{port}"))
}

/// What people write, and what would end a comment, a text or a line in some format.
fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9 ü\"<&-]{0,12}",
        "([a-z ]|-->|]]>|\\*/|//|\"\"\"|'|\"|\\\\|#|\n|\r|\t|\u{202e}|\u{0}|\u{7f}|\u{2028}|;|</pin>|\\$\\{a\\}){0,9}",
        // What whole files are known by.
        "([a-z ]|<plist><a/></plist>|<network-security-config></network-security-config>){0,2}"
    ]
}

fn pins(least: usize) -> impl Strategy<Value = Vec<PinDocument>> {
    let pin = (any::<[u8; 32]>(), words()).prop_filter_map("stands for no key", |(bytes, label)| {
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
        proptest::option::of(prop_oneof![Just("2031-01-02".to_owned()), Just("2001-01-02".to_owned())]),
        any::<bool>(),
        proptest::option::of(Just("https://collector.test/pins".to_owned())),
    );
    let keys = prop_oneof![4 => (pins(1), pins(0)), 1 => (Just(Vec::new()), pins(1))];
    let rule = (settings, keys, words()).prop_map(|(settings, (pins, denied), note)| {
        let (mode, match_scope, local_roots, preflight, expires, require_ct, report_uri) = settings;
        RuleDocument {
            mode,
            match_scope,
            local_roots,
            preflight,
            expires,
            require_ct,
            report_uri,
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

/// A rule without what every import makes anew, and an exclusion without what is of no account there.
fn bare(rule: &Rule) -> RuleDocument {
    let rule = RuleDocument { id: None, created: None, updated: None, note: String::new(), ..RuleDocument::from(rule) };
    if rule.mode == Mode::Off {
        return RuleDocument { host: rule.host, mode: rule.mode, ..RuleDocument::default() };
    }
    let without_labels = |pins: Vec<PinDocument>| {
        pins.into_iter().map(|pin| PinDocument { label: String::new(), ..pin }).collect::<Vec<_>>()
    };
    RuleDocument { pins: without_labels(rule.pins), denied: without_labels(rule.denied), ..rule }
}

/// A rule as it is without what has been said to be lost of it; none where that is the whole.
fn as_said(rule: &Rule, losses: &[Loss]) -> Option<RuleDocument> {
    let host = rule.host().to_string();
    let mut said = bare(rule);
    for loss in losses.iter().filter(|loss| loss.host == host) {
        match loss.lost {
            lost if lost.is_whole_rule() => return None,
            Lost::EveryPort => said.host.push_str(":443"),
            Lost::Flag => said.mode = Mode::Block,
            Lost::Leaf => said.match_scope = MatchScope::Chain,
            Lost::Chain => said.match_scope = MatchScope::Leaf,
            Lost::Denied => said.denied.clear(),
            Lost::Expires => said.expires = None,
            Lost::LocalRoots => said.local_roots = LocalRoots::Enforce,
            Lost::RequireCt => said.require_ct = false,
            Lost::Preflight => said.preflight = Preflight::default(),
            Lost::ReportUri => said.report_uri = None,
            // What the other tool does with the same words, and what is left out of either side.
            Lost::Host | Lost::ServersOwn | Lost::WiderPins | Lost::BackupPin | Lost::Words => {}
            lost => panic!("{lost:?} is said of the whole rule"),
        }
    }
    Some(said)
}

fn written(format: ExportFormat, policy: &Policy) -> Export {
    export(format, policy.rules().iter().map(AsRef::as_ref), EXPORTED)
}

/// A year after the rules were made.
const EXPORTED: UnixMillis = UnixMillis::new(NOW.as_millis() + 365 * 24 * 60 * 60 * 1_000);

/// The fields of a rule in its published form which have their default in each of these.
pub(crate) fn unsaid(rules: &[RuleDocument]) -> Vec<String> {
    let fields = published()["$defs"]["RuleDocument"]["properties"].as_object().unwrap().clone();
    let json = |rule: &RuleDocument| serde_json::to_value(rule).unwrap();
    let (default, rules): (_, Vec<_>) = (json(&RuleDocument::default()), rules.iter().map(json).collect());
    let is_unsaid = |field: &String| rules.iter().all(|rule| rule.get(field) == default.get(field));
    fields.into_iter().map(|(field, _)| field).filter(is_unsaid).collect()
}

/// Whoever adds a field has to try it here.
#[test]
fn the_rules_that_are_tried_say_all_that_a_rule_can() {
    let mut runner = TestRunner::deterministic();
    let tried: Vec<_> = (0..20).flat_map(|_| rules().new_tree(&mut runner).unwrap().current()).collect();
    // Whoever stores a rule says when.
    assert_eq!(unsaid(&tried), ["created", "updated"]);
    assert!(unsaid(&[RuleDocument::default()]).contains(&"reportUri".to_owned()), "the control");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn sockpins_own_json_gives_the_same_policy(rules in rules()) {
        let policy = policy(&rules);
        let file = written(ExportFormat::Sockpin, &policy);
        prop_assert!(file.losses.is_empty());
        let again = imported(&file.text, &[]);
        let documents = |policy: &Policy| {
            let mut documents: Vec<_> = policy.rules().iter().map(|rule| RuleDocument::from(rule.as_ref())).collect();
            documents.sort_by(|first, second| first.id.cmp(&second.id));
            documents
        };
        prop_assert_eq!(documents(&again), documents(&policy));
        prop_assert_eq!(written(ExportFormat::Sockpin, &again), file);
    }

    #[test]
    fn every_other_format_gives_the_same_but_for_what_is_said_to_be_lost(rules in rules()) {
        let policy = policy(&rules);
        for format in ExportFormat::ALL.into_iter().filter(|format| *format != ExportFormat::Sockpin) {
            let file = written(format, &policy);
            let mut kept: Vec<_> =
                policy.rules().iter().filter_map(|rule| Some((rule, as_said(rule, &file.losses)?))).collect();
            prop_assert_eq!(kept.len(), file.rules);
            if kept.is_empty() {
                continue;
            }
            kept.sort_by_key(|(rule, _)| rule.host().to_string());
            // A header names no host.
            let given: Vec<_> = kept.iter().map(|(rule, _)| rule.host().base().to_string()).collect();
            let sorted = |mut rules: Vec<RuleDocument>| {
                rules.sort_by(|first, second| first.host.cmp(&second.host));
                rules
            };
            let again = imported(&file.text, &given);
            prop_assert_eq!(
                sorted(again.rules().iter().map(|rule| bare(rule)).collect()),
                sorted(kept.into_iter().map(|(_, said)| said).collect()),
                "{:?}\n{}", format, file.text
            );
        }
    }

    #[test]
    fn an_exported_file_is_of_the_published_form(rules in rules()) {
        let file = written(ExportFormat::Sockpin, &policy(&rules));
        let file = serde_json::from_str(&file.text).unwrap();
        let errors: Vec<_> = schema().iter_errors(&file).map(|error| error.to_string()).collect();
        prop_assert!(errors.is_empty(), "{errors:?}");
    }
}

fn published() -> Value {
    serde_json::from_str(&fs::read_to_string(root().join("doc/policy.schema.json")).unwrap()).unwrap()
}

fn schema() -> jsonschema::Validator {
    jsonschema::validator_for(&published()).unwrap()
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
        (
            ExportFormat::Chromium,
            "*.a.test RuleOfWildcard, [2001:db8::1] RuleOfAddress, a.test Leaf, a.test Flag, a.test RequireCt, a.test Words, b.test:8443 RuleOfPort, c.test RuleOff",
        ),
        (
            ExportFormat::ApacheHttpClient,
            "*.a.test Words, [2001:db8::1] RuleOfAddress, a.test Leaf, a.test Flag, a.test RequireCt, a.test Words, b.test:8443 RuleOfPort, c.test RuleOff",
        ),
    ] {
        let losses = written(format, &policy).losses;
        assert_eq!(sockpin::formats::export::losses(format, policy.rules().iter().map(AsRef::as_ref)), losses);
        let losses: Vec<_> = losses.iter().map(|loss| format!("{} {:?}", loss.host, loss.lost)).collect();
        assert_eq!(losses.join(", "), expected, "{format:?}");
    }
}

fn pinned(host: &str, pins: &[&str], denied: &[&str]) -> RuleDocument {
    let pin = |pin: &&str| PinDocument { sha256: (*pin).to_owned(), label: String::new() };
    RuleDocument {
        id: Some(host.to_owned()),
        host: host.to_owned(),
        pins: pins.iter().map(pin).collect(),
        denied: denied.iter().map(pin).collect(),
        ..RuleDocument::default()
    }
}

/// Where every pattern that matches counts, a wider rule opens what a narrower one has closed.
#[test]
fn that_the_pins_of_wider_rules_count_elsewhere_is_said() {
    let policy =
        policy(&["**.a.test", "*.a.test", "b.a.test", "c.b.a.test", "z.test"].map(|host| pinned(host, &[A], &[])));
    for (format, expected) in [
        (ExportFormat::OkHttp, vec!["*.a.test", "b.a.test", "c.b.a.test"]),
        // It does not have the widest of them.
        (ExportFormat::ApacheHttpClient, vec!["b.a.test"]),
        (ExportFormat::Chromium, vec![]),
        (ExportFormat::Android, vec![]),
    ] {
        let losses = written(format, &policy).losses;
        let wider = losses.iter().filter(|loss| loss.lost == Lost::WiderPins);
        assert_eq!(wider.map(|loss| loss.host.as_str()).collect::<Vec<_>>(), expected, "{format:?}");
    }
}

/// A page that offers what there is not would write another format in its place.
#[test]
fn the_page_offers_every_format() {
    let page = fs::read_to_string(root().join("extension/options.html")).unwrap();
    let (_, choice) = page.split_once("<select id=\"export-format\"").unwrap();
    let (choice, _) = choice.split_once("</select>").unwrap();
    let offered: Vec<_> =
        choice.split("<option value=\"").skip(1).map(|option| option.split('"').next().unwrap()).collect();
    assert_eq!(offered, ExportFormat::ALL.map(ExportFormat::name));
}

/// Each part as Chromium's own tool takes it, and both as they are read here.
#[test]
fn chromiums_two_files_stand_one_behind_the_other() {
    let policy = policy(&[pinned("**.a.test", &[A, B], &[C]), pinned("b.test", &[], &[A])]);
    let file = written(ExportFormat::Chromium, &policy);
    assert_eq!(file.losses, []);
    let (json, keys) = file.text.split_once("\n\n").unwrap();
    let seconds = EXPORTED.as_millis() / 1_000;
    assert_eq!(
        json,
        r#"// transport_security_state_static_pins.json
{
  "pinsets": [
    {"name": "set1", "static_spki_hashes": ["Key1", "Key2"], "bad_static_spki_hashes": ["Key3"]},
    {"name": "set2", "static_spki_hashes": [], "bad_static_spki_hashes": ["Key1"]}
  ],
  "entries": [
    {"name": "a.test", "include_subdomains": true, "pins": "set1"},
    {"name": "b.test", "include_subdomains": false, "pins": "set2"}
  ]
}"#
    );
    assert_eq!(
        keys,
        format!(
            "# transport_security_state_static.pins\nPinsListTimestamp\n{seconds}\n\nKey1\nsha256/{A}\n\nKey2\nsha256/{B}\n\nKey3\nsha256/{C}\n"
        )
    );
    let apart = import(&[json.as_bytes(), keys.as_bytes()]);
    let together = import(&[file.text.as_bytes()]);
    assert_eq!(apart[0], together[0]);
    assert_eq!(apart[0].as_ref().unwrap().rules.len(), 2);
    assert_eq!(apart[1].as_ref().unwrap().keys.len(), 3);
}

/// A key that sorts behind the two of the tables.
const C: &str = "qdKp/DXkw7BdhOaUPKEjEPs6zJpOwo6V5BG0oaRk3sQ=";
