//! Which rule applies.

use std::time::Instant;

use sockpin::host::Host;
use sockpin::policy::Policy;
use sockpin::time::UnixMillis;

use crate::url_host;

const NOW: UnixMillis = UnixMillis::new(1_795_305_600_000);

/// A policy of rules whose ids are their patterns.
fn policy<T: AsRef<str>>(patterns: impl IntoIterator<Item = T>) -> Policy {
    let rules: Vec<_> = patterns
        .into_iter()
        .map(|pattern| serde_json::json!({"id": pattern.as_ref(), "host": pattern.as_ref(), "mode": "off"}))
        .collect();
    Policy::from_json(&serde_json::json!({"version": 1, "rules": rules}).to_string(), NOW, &url_host).unwrap()
}

fn found(policy: &Policy, host: &str, port: u16) -> Option<String> {
    let host = Host::parse(host, &url_host).unwrap();
    policy.lookup(&host, port).map(|rule| rule.id().to_owned())
}

#[test]
fn the_most_specific_rule_alone_applies() {
    let all = [
        "a.b.example.com",
        "a.b.example.com:8443",
        "*.b.example.com",
        "*.b.example.com:8443",
        "**.b.example.com",
        "**.example.com",
        "**.example.com:8443",
        "192.0.2.7",
        "[2001:db8::1]:8443",
    ];
    for (host, port, expected) in [
        ("a.b.example.com", 443, Some("a.b.example.com")),
        ("a.b.example.com", 8443, Some("a.b.example.com:8443")),
        ("x.b.example.com", 443, Some("*.b.example.com")),
        ("x.b.example.com", 8443, Some("*.b.example.com:8443")),
        ("b.example.com", 443, Some("**.b.example.com")),
        // A longer base comes before a port.
        ("b.example.com", 8443, Some("**.b.example.com")),
        ("x.y.b.example.com", 443, Some("**.b.example.com")),
        ("example.com", 443, Some("**.example.com")),
        ("c.example.com", 8443, Some("**.example.com:8443")),
        ("badexample.com", 443, None),
        ("com", 443, None),
        ("192.0.2.7", 1, Some("192.0.2.7")),
        ("[2001:db8::1]", 8443, Some("[2001:db8::1]:8443")),
        ("[2001:db8::1]", 443, None),
    ] {
        assert_eq!(found(&policy(all), host, port).as_deref(), expected, "{host}:{port}");
        // The order in which the rules were made is no matter.
        assert_eq!(found(&policy(all.iter().rev()), host, port).as_deref(), expected, "{host}:{port}, reversed");
    }
}

/// Every choice is checked against the plain reading of the rule: of all patterns that match, the first by (scope,
/// length of base, port).
#[test]
fn the_index_agrees_with_a_scan() {
    let names = ["example.com", "a.example.com", "b.a.example.com", "x.b.a.example.com"];
    let mut patterns = Vec::new();
    for name in names {
        for prefix in ["", "*.", "**."] {
            for port in ["", ":443", ":8443"] {
                patterns.push(format!("{prefix}{name}{port}"));
            }
        }
    }
    // Every third pattern left out, in three ways, so that the choice falls on each kind.
    for left_out in 0..3 {
        let some: Vec<_> =
            patterns.iter().enumerate().filter(|(index, _)| index % 3 != left_out).map(|(_, p)| p).collect();
        let policy = policy(&some);
        for name in names.iter().chain(&["y.x.b.a.example.com", "c.example.com", "example.org"]) {
            for port in [443, 8443, 9] {
                let host = Host::parse(name, &url_host).unwrap();
                let best = policy.rules().iter().filter(|rule| rule.host().matches(&host, port)).min_by_key(|rule| {
                    let base = rule.host().base().to_string().len();
                    (rule.host().scope(), std::cmp::Reverse(base), rule.host().port().is_none())
                });
                assert_eq!(
                    policy.lookup(&host, port).map(|rule| rule.id()),
                    best.map(|rule| rule.id()),
                    "{name}:{port} without every third from {left_out}"
                );
            }
        }
    }
}

#[test]
fn a_lookup_costs_the_same_with_a_hundred_thousand_rules() {
    let few = policy((0..10).map(|number| format!("**.host-{number}.example")));
    let many = policy((0..100_000).map(|number| format!("**.host-{number}.example")));
    let host = Host::parse("a.b.c.host-7.example", &url_host).unwrap();
    let time = |policy: &Policy| {
        let start = Instant::now();
        for _ in 0..10_000 {
            assert!(std::hint::black_box(policy.lookup(std::hint::black_box(&host), 443)).is_some());
        }
        start.elapsed()
    };
    // The best of five of each: a scan would be thousands of times slower, noise is not.
    let best = |policy: &Policy| (0..5).map(|_| time(policy)).min().unwrap();
    let (few, many) = (best(&few), best(&many));
    assert!(many < few * 20, "10 rules: {few:?}, 100,000 rules: {many:?}");
}

#[test]
fn a_changed_rule_leaves_no_trace_of_its_old_pattern() {
    let mut policy = policy(["old.example.com", "other.example.com"]);
    let stamp = sockpin::rule::RuleStamp { id: "unused".to_owned(), time: NOW };
    let moved = serde_json::json!({"id": "old.example.com", "host": "new.example.com", "mode": "off"});
    policy.save(&serde_json::from_value(moved).unwrap(), &stamp, &url_host).unwrap();
    assert_eq!(found(&policy, "old.example.com", 443), None);
    assert_eq!(found(&policy, "new.example.com", 443).as_deref(), Some("old.example.com"));
    assert_eq!(policy.rules().len(), 2);

    let (mut policy, _) = policy.changed(&[], &["old.example.com".to_owned()], NOW, &url_host).unwrap();
    assert_eq!(found(&policy, "new.example.com", 443), None);

    let taken = serde_json::json!({"host": "other.example.com", "mode": "off"});
    let errors = policy.save(&serde_json::from_value(taken).unwrap(), &stamp, &url_host).unwrap_err();
    assert_eq!(errors[0].error.code(), "rule-host-taken");
    assert_eq!(policy.rules().len(), 1);
}
