//! An administrator's policy: each bad part is refused by itself, and the rest holds.

use serde_json::{Value, json};
use sockpin::known_keys::set_of;
use sockpin::limits::{MAX_LISTED_MANAGED_RULES, MAX_RULES};
use sockpin::managed::{Managed, ManagedPlace};
use sockpin::policy::POLICY_VERSION;
use sockpin::rule::RuleDocument;
use sockpin::settings::Pausing;

use crate::chains::NOW;
use crate::{root, url_host};

const PIN: &str = "C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=";

fn read(policy: &Value) -> Managed {
    Managed::from_json(&policy.to_string(), NOW, &url_host)
}

fn rule(host: &str) -> Value {
    json!({"host": host, "pins": [{"sha256": PIN}]})
}

/// The hosts that hold, and place and code of what was refused.
fn outcome(managed: &Managed) -> (Vec<String>, Vec<(ManagedPlace, &'static str)>) {
    let hosts = managed.policy.rules().iter().map(|rule| rule.host().to_string()).collect();
    let problems = managed.problems.iter().map(|problem| (problem.place, problem.problem.code())).collect();
    (hosts, problems)
}

/// `policy-<version>.json` has a value for every field.
#[test]
fn an_administrators_rule_may_have_every_field_of_the_users() {
    let file = root().join(format!("tests/data/policy-{POLICY_VERSION}.json"));
    let record: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let managed = read(&record);
    assert_eq!(managed.problems, []);
    let untimed = |mut rule: Value| {
        rule.as_object_mut().unwrap().retain(|field, _| !["created", "updated"].contains(&field.as_str()));
        rule
    };
    let read: Vec<_> = managed.policy.rules().iter().map(|rule| RuleDocument::from(rule.as_ref())).collect();
    let read: Vec<_> = read.iter().map(|rule| untimed(serde_json::to_value(rule).unwrap())).collect();
    let given: Vec<_> = record["rules"].as_array().unwrap().iter().cloned().map(untimed).collect();
    assert_eq!(read, given);
}

#[test]
fn a_bad_rule_is_refused_by_itself() {
    let good = rule("a.test");
    let cases = [
        (json!({"host": "*.com", "pins": [{"sha256": PIN}]}), "host-wildcard-top-level"),
        (json!({"host": "b.test", "pins": [{"sha256": "short"}]}), "pin-encoding"),
        (json!({"host": "b.test"}), "rule-pins-missing"),
        (json!({"host": "b.test", "pinz": []}), "setting-unknown"),
        (json!("b.test"), "managed-shape"),
        (json!({"host": "b.test", "mode": "blok", "pins": [{"sha256": PIN}]}), "managed-field"),
        (rule("a.test"), "rule-host-taken"),
        (json!({"id": "managed-0", "host": "b.test", "pins": [{"sha256": PIN}]}), "rule-id-taken"),
        (rule("addons.mozilla.org"), "host-never-shown"),
    ];
    for (bad, code) in cases {
        let managed = read(&json!({"rules": [good, bad, rule("c.test")]}));
        let expected = (vec!["a.test".to_owned(), "c.test".to_owned()], vec![(ManagedPlace::Rule(1), code)]);
        assert_eq!(outcome(&managed), expected, "{bad}");
    }
}

#[test]
fn of_several_fields_that_are_wrong_the_first_is_named() {
    let order = "id host mode pins denied match expires localRoots requireCt preflight reportUri note created updated";
    let mut rule = json!({"_comment": "by IT"});
    for name in order.split(' ').rev() {
        rule[name] = json!({});
        let managed = read(&json!({ "rules": [rule] }));
        let [problem] = managed.problems.as_slice() else { panic!("{name}: {:?}", managed.problems) };
        let said = sockpin::view::error::sentence(&problem.problem).english();
        assert!(problem.problem.code() == "managed-field" && said.contains(&format!("“{name}”")), "{name}: {said}");
    }
}

/// Without its rule a host would not be protected at all.
#[test]
fn a_pin_of_no_key_takes_no_rule_away() {
    for pins in [
        json!([{"sha256": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}]),
        json!([PIN, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="]),
    ] {
        let managed = read(&json!({"rules": [{"host": "a.test", "pins": pins}]}));
        assert_eq!(outcome(&managed), (vec!["a.test".to_owned()], vec![]), "{pins}");
    }
}

/// Row 14 of the cases from the field: what the Windows registry makes of the same policy.
#[test]
fn case_14_a_policy_from_the_windows_registry() {
    let good = json!([{"host": "a.test", "pins": [{"sha256": PIN}]}]);
    for policy in [
        json!({"rules": good.to_string()}),
        json!({"rules": good, "version": "1"}),
        json!({"rules": [good[0].to_string()]}),
        json!({"rules": good, "_comment": "by IT"}),
        json!({"rules": good, "settings": "{\"pausing\": \"allowed\"}"}),
        json!({"rules": [{"host": "a.test", "pins": [PIN]}]}),
        json!({"rules": [{"host": "a.test", "pins": json!([PIN]).to_string()}]}),
        json!({"rules": [{"host": "a.test", "pins": [{"sha256": PIN}], "requireCt": 0, "note": null, "_comment": "x"}]}),
        json!(json!({"rules": good}).to_string()),
    ] {
        assert_eq!(outcome(&read(&policy)), (vec!["a.test".to_owned()], vec![]), "{policy}");
    }
    let with_ct = |value: Value| read(&json!({"rules": [{"host": "a.test", "pins": [PIN], "requireCt": value}]}));
    for (value, expected) in [(json!(1), true), (json!(0), false), (json!(true), true), (json!(null), false)] {
        let managed = with_ct(value.clone());
        assert_eq!(
            managed.policy.rules().iter().map(|rule| rule.require_ct()).collect::<Vec<_>>(),
            [expected],
            "{value}"
        );
    }
    // What is not certain is refused by itself, and its field is named.
    for (name, value) in
        [("requireCt", json!(2)), ("requireCt", json!("yes")), ("note", json!(5)), ("pins", json!(PIN))]
    {
        let managed = read(&json!({"rules": [{"host": "b.test", "mode": "off", name: value}, rule("a.test")]}));
        assert_eq!(outcome(&managed).0, ["a.test"], "{name}: {value}");
        let problem = &managed.problems[0].problem;
        assert_eq!((managed.problems.len(), problem.code()), (1, "managed-field"), "{name}: {value}");
        let said = sockpin::view::error::sentence(problem).english();
        assert!(said.contains(&format!("“{name}”")), "{said}");
    }
}

#[test]
fn rules_past_the_limit_are_refused_together_and_those_before_hold() {
    let rules = |count| -> Value {
        (0..count).map(|number| json!({"host": format!("h{number}.test"), "mode": "off"})).collect()
    };
    let as_text = |count| json!(rules(count).to_string());
    for (limit, given) in
        [(MAX_LISTED_MANAGED_RULES, rules(MAX_LISTED_MANAGED_RULES + 2)), (MAX_RULES, as_text(MAX_RULES + 2))]
    {
        let (hosts, problems) = outcome(&read(&json!({"rules": given})));
        assert_eq!((hosts.len(), problems), (limit, vec![(ManagedPlace::RulesFrom(limit), "rule-count")]));
    }
    for given in [rules(MAX_LISTED_MANAGED_RULES), as_text(MAX_LISTED_MANAGED_RULES + 1)] {
        assert_eq!(outcome(&read(&json!({"rules": given}))).1, []);
    }
}

#[test]
fn rules_may_be_the_text_of_their_list_and_are_checked_like_it() {
    let rules = json!([rule("a.test"), rule("*.com"), rule("b.test")]);
    let expected = outcome(&read(&json!({"rules": rules})));
    assert_eq!(expected.1, [(ManagedPlace::Rule(1), "host-wildcard-top-level")]);
    assert_eq!(outcome(&read(&json!({"rules": rules.to_string()}))), expected);
    for text in ["", "[", "{}", "5"] {
        let managed = read(&json!({"rules": text, "settings": {"pausing": "forbidden"}}));
        assert_eq!(outcome(&managed), (vec![], vec![(ManagedPlace::Policy, "managed-shape")]), "{text}");
        assert_eq!(managed.policy.settings().pausing, Pausing::Forbidden);
    }
}

#[test]
fn what_is_not_a_policy_is_refused_whole_and_a_misspelling_is_shown() {
    let rules = json!([rule("a.test")]);
    let holds = || vec!["a.test".to_owned()];
    for (policy, hosts, problems) in [
        (json!({}), vec![], vec![]),
        (json!({"rules": rules}), holds(), vec![]),
        (json!({"version": 1, "rules": rules}), holds(), vec![]),
        (json!({"version": "one", "rules": rules}), vec![], vec![(ManagedPlace::Policy, "managed-version")]),
        (json!({"rules": {}}), vec![], vec![(ManagedPlace::Policy, "managed-shape")]),
        (json!([]), vec![], vec![(ManagedPlace::Policy, "managed-shape")]),
        (json!({"rules": rules, "rule": []}), holds(), vec![(ManagedPlace::Policy, "setting-unknown")]),
        (
            json!({"rules": rules, "settings": {"pauseing": 1}}),
            holds(),
            vec![(ManagedPlace::Settings, "setting-unknown")],
        ),
        (json!({"rules": rules, "settings": 5}), holds(), vec![(ManagedPlace::Settings, "managed-shape")]),
    ] {
        assert_eq!(outcome(&read(&policy)), (hosts, problems), "{policy}");
    }
    let newer = read(&json!({"rules": rules, "version": 2}));
    assert_eq!(
        outcome(&newer),
        (vec![], vec![(ManagedPlace::Policy, "policy-newer")]),
        "whatever the order of the fields"
    );
}

#[test]
fn what_settings_may_forbid_is_forbidden_where_they_cannot_be_read() {
    for (settings, pausing) in [
        (json!({}), Pausing::Allowed),
        (json!({"pausing": "allowed"}), Pausing::Allowed),
        (json!({"pausing": "forbidden"}), Pausing::Forbidden),
        (json!({"pausing": "forbiden"}), Pausing::Forbidden),
        (json!({"administrator": 5}), Pausing::Forbidden),
        (json!("forbidden"), Pausing::Forbidden),
        (json!({"pauseing": "forbidden"}), Pausing::Forbidden),
    ] {
        assert_eq!(read(&json!({"settings": settings})).policy.settings().pausing, pausing, "{settings}");
        // Rules that cannot be read take no setting with them.
        let beside = read(&json!({"rules": {}, "settings": settings}));
        assert_eq!(beside.policy.settings().pausing, pausing, "{settings}");
    }
}

#[test]
fn a_policy_that_cannot_be_read_at_all_forbids_what_it_may_forbid() {
    for policy in [json!([]), json!({"version": 2}), json!({"version": "one"}), json!("policy")] {
        assert_eq!(read(&policy).policy.settings().pausing, Pausing::Forbidden, "{policy}");
    }
    assert_eq!(read(&json!({})).policy.settings().pausing, Pausing::Allowed);
}

#[test]
fn the_example_of_the_readme_is_one() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let (_, example) = readme.split_once("```json\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let policies: Value = serde_json::from_str(example).unwrap();
    let managed = read(&policies["policies"]["3rdparty"]["Extensions"]["sockpin@sockpin.dev"]);
    assert_eq!(outcome(&managed), (vec!["**.example.com".to_owned()], vec![]));
    assert_eq!(managed.policy.settings().pausing, Pausing::Forbidden);
    assert_eq!(managed.policy.settings().administrator.as_deref(), Some("Example Ltd, IT"));
    // Its pins are what they are called, and none that belongs to them is missing.
    let pins: Vec<_> =
        managed.policy.rules()[0].pins().iter().map(|pin| (pin.label.as_str(), pin.sha256.to_base64())).collect();
    let set = set_of(managed.policy.rules()[0].pins()[0].sha256).unwrap();
    assert_eq!(pins, set.keys.iter().map(|key| (key.label, key.sha256.to_owned())).collect::<Vec<_>>());
}
