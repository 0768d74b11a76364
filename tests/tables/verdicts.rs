//! Judging a connection: every step and every reason, in the order of the design.

use std::sync::Arc;

use serde_json::{Value, json};
use sockpin::connection::{Connection, Facts, MissingFacts, SecurityInfo};
use sockpin::pin::Pin;
use sockpin::policy::{Layers, Policy};
use sockpin::time::UnixMillis;
use sockpin::verdict::{Allowed, Finding, NotPinned, Outcome, Reason, Verdict, judge};
use sockpin::violation::{Mark, Violation};

use crate::chains::{NOW, TestChain, connection, secure};
use crate::url_host;

const URL: &str = "wss://chat.example.com/socket";

fn policy(rules: &Value) -> Policy {
    Policy::from_json(&json!({"version": 1, "rules": rules}).to_string(), NOW, &url_host).unwrap()
}

fn by_user(rules: &Value) -> Layers {
    Layers { user: policy(rules), ..Layers::default() }
}

/// A rule for the test host with these fields.
fn rule(mut fields: Value) -> Value {
    fields["host"] = json!("chat.example.com");
    json!([fields])
}

fn pins(pins: &[Pin]) -> Value {
    pins.iter().map(|pin| json!({"sha256": pin.to_base64()})).collect()
}

fn other_pin() -> Pin {
    Pin::of_spki(b"another key")
}

/// A verdict without the rule and the keys that it rests on.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Answer {
    NoRule,
    RuleOff,
    PinMatched,
    NoDeniedKey,
    LocalRootExempt,
    Flag(Reason),
    Block(Reason),
}

fn answer(verdict: &Verdict) -> Answer {
    match verdict {
        Verdict::NotPinned(NotPinned::NoRule) => Answer::NoRule,
        Verdict::NotPinned(NotPinned::RuleOff(_)) => Answer::RuleOff,
        Verdict::Allowed(Allowed::PinMatched(_), _) => Answer::PinMatched,
        Verdict::Allowed(Allowed::NoDeniedKey, _) => Answer::NoDeniedKey,
        Verdict::Allowed(Allowed::LocalRootExempt, _) => Answer::LocalRootExempt,
        Verdict::Violation(Finding { outcome: Outcome::Flag, reason, .. }) => Answer::Flag(*reason),
        Verdict::Violation(Finding { outcome: Outcome::Block, reason, .. }) => Answer::Block(*reason),
    }
}

/// What is logged of a verdict.
fn logged(verdict: &Verdict, connection: &Connection) -> Option<Violation> {
    match verdict {
        Verdict::NotPinned(_) | Verdict::Allowed(..) => None,
        Verdict::Violation(finding) => {
            Some(Violation::new(finding, connection, Some("https://page.example".to_owned())))
        }
    }
}

#[test]
fn step_1_no_rule_or_off_is_not_pinned() {
    let chain = TestChain::new();
    for (rules, expected) in [
        (json!([]), Answer::NoRule),
        (json!([{"host": "other.example.com", "pins": pins(&[other_pin()])}]), Answer::NoRule),
        (rule(json!({"mode": "off", "pins": pins(&[other_pin()])})), Answer::RuleOff),
        (
            json!([{"host": "**.example.com", "pins": pins(&[other_pin()])}, {"host": "chat.example.com", "mode": "off"}]),
            Answer::RuleOff,
        ),
    ] {
        let verdict = judge(&by_user(&rules), &connection(URL, secure(chain.certificates())));
        assert_eq!(answer(&verdict), expected, "{rules}");
    }
}

#[test]
fn step_2_cleartext_to_a_ruled_host_is_a_violation() {
    let chain = TestChain::new();
    for (url, rules, expected) in [
        ("ws://chat.example.com/", rule(json!({"pins": pins(&chain.pins)})), Answer::Block(Reason::Cleartext)),
        (
            "ws://chat.example.com/",
            rule(json!({"mode": "flag", "pins": pins(&chain.pins)})),
            Answer::Flag(Reason::Cleartext),
        ),
        // Port 80 would be upgraded to 443, so a rule for that port is about it.
        (
            "ws://chat.example.com/",
            json!([{"host": "chat.example.com:443", "pins": pins(&chain.pins)}]),
            Answer::Block(Reason::Cleartext),
        ),
        (
            "ws://chat.example.com/",
            json!([{"host": "chat.example.com:80", "pins": pins(&chain.pins)}]),
            Answer::Block(Reason::Cleartext),
        ),
        ("ws://other.example.com/", rule(json!({"pins": pins(&chain.pins)})), Answer::NoRule),
    ] {
        let verdict = judge(&by_user(&rules), &connection(url, Facts::Missing(MissingFacts::NoCertificates)));
        assert_eq!(answer(&verdict), expected, "{url} {rules}");
    }
}

#[test]
fn step_3_missing_facts_are_never_allowed() {
    let chain = TestChain::new();
    let garbage = vec![0x30, 0x00];
    let many = vec![chain.leaf.clone(); 33];
    for (facts, reason) in [
        (Facts::Missing(MissingFacts::SecurityInfoFailed), Reason::SecurityInfoFailed),
        (Facts::Missing(MissingFacts::SecurityInfoMalformed), Reason::SecurityInfoMalformed),
        (SecurityInfo::default().into(), Reason::NoCertificates),
        (secure(many).into(), Reason::ChainTooLong),
        (secure(vec![garbage.clone(), chain.root.clone()]).into(), Reason::UnparsableCertificate),
        (secure(vec![chain.leaf.clone(), Vec::new()]).into(), Reason::UnparsableCertificate),
    ] {
        for (mode, expected) in [("block", Answer::Block(reason)), ("flag", Answer::Flag(reason))] {
            let rules = rule(json!({"mode": mode, "pins": pins(&[other_pin()])}));
            assert_eq!(answer(&judge(&by_user(&rules), &connection(URL, facts.clone()))), expected, "{facts:?}");
        }
    }
}

#[test]
fn step_3_an_unparsable_certificate_hides_no_match_and_no_denied_key() {
    let chain = TestChain::new();
    let facts = || secure(vec![chain.leaf.clone(), vec![0x30, 0x00], chain.root.clone()]);
    let [leaf, _, root] = chain.pins;
    for (fields, expected) in [
        (json!({"pins": pins(&[root])}), Answer::PinMatched),
        (json!({"pins": pins(&[leaf]), "match": "leaf"}), Answer::PinMatched),
        (json!({"pins": pins(&[root]), "match": "leaf"}), Answer::Block(Reason::PinMismatch)),
        (json!({"pins": pins(&[leaf]), "denied": pins(&[other_pin()])}), Answer::Block(Reason::UnparsableCertificate)),
        (json!({"denied": pins(&[other_pin()])}), Answer::Block(Reason::UnparsableCertificate)),
        (json!({"denied": pins(&[root])}), Answer::Block(Reason::DeniedKey)),
    ] {
        let verdict = judge(&by_user(&rule(fields.clone())), &connection(URL, facts()));
        assert_eq!(answer(&verdict), expected, "{fields}");
    }
}

#[test]
fn step_4_under_an_exception_only_the_leaf_can_match() {
    let chain = TestChain::new();
    let [leaf, intermediate, root] = chain.pins;
    for certificates in [vec![chain.leaf.clone()], chain.certificates()] {
        for (fields, expected) in [
            (json!({"pins": pins(&[leaf])}), Answer::PinMatched),
            (json!({"pins": pins(&[leaf]), "match": "leaf"}), Answer::PinMatched),
            (json!({"pins": pins(&[intermediate, root])}), Answer::Block(Reason::PinMismatch)),
            (json!({"pins": pins(&[other_pin()]), "localRoots": "exempt"}), Answer::Block(Reason::PinMismatch)),
            (json!({"pins": pins(&[leaf]), "denied": pins(&[other_pin()])}), Answer::PinMatched),
            (json!({"denied": pins(&[leaf])}), Answer::Block(Reason::DeniedKey)),
            // That a denied key is nowhere in a chain takes a chain.
            (json!({"denied": pins(&[other_pin()])}), Answer::Block(Reason::ChainUnknown)),
            (json!({"pins": pins(&[leaf]), "requireCt": true}), Answer::Block(Reason::CtNotCompliant)),
        ] {
            for exception in [
                SecurityInfo { is_untrusted: true, ..secure(certificates.clone()) },
                SecurityInfo { is_domain_mismatch: true, ..secure(certificates.clone()) },
                SecurityInfo { is_not_valid_at_this_time: true, ..secure(certificates.clone()) },
                SecurityInfo {
                    overridable_error_category: Some("trust_error".to_owned()),
                    ..secure(certificates.clone())
                },
            ] {
                let connection = connection(URL, exception);
                let verdict = judge(&by_user(&rule(fields.clone())), &connection);
                assert_eq!(answer(&verdict), expected, "{fields}");
                let logged = logged(&verdict, &connection);
                let stopped = matches!(expected, Answer::Block(_));
                assert_eq!(logged.map(|entry| entry.exception), stopped.then_some(true), "{fields}");
            }
        }
    }
}

#[test]
fn step_5_a_denied_key_wins_over_every_pin() {
    let chain = TestChain::new();
    let [leaf, intermediate, root] = chain.pins;
    for denied in [leaf, intermediate, root] {
        let kept: Vec<_> = chain.pins.into_iter().filter(|pin| *pin != denied).collect();
        for scope in ["chain", "leaf"] {
            let fields =
                json!({"pins": pins(&kept), "denied": pins(&[denied]), "match": scope, "localRoots": "exempt"});
            let mut info = secure(chain.certificates());
            info.certificates[2].is_built_in_root = Some(false);
            let verdict = judge(&by_user(&rule(fields.clone())), &connection(URL, info));
            assert_eq!(answer(&verdict), Answer::Block(Reason::DeniedKey), "{fields}");
        }
    }
}

#[test]
fn step_6_a_local_root_is_exempt_only_where_the_rule_says_so() {
    let chain = TestChain::new();
    for (built_in, local_roots, expected) in [
        (Some(false), "exempt", Answer::LocalRootExempt),
        (Some(false), "enforce", Answer::Block(Reason::PinMismatch)),
        (Some(true), "exempt", Answer::Block(Reason::PinMismatch)),
        (None, "exempt", Answer::Block(Reason::PinMismatch)),
    ] {
        let mut info = secure(chain.certificates());
        info.certificates[2].is_built_in_root = built_in;
        let rules = rule(json!({"pins": pins(&[other_pin()]), "localRoots": local_roots}));
        assert_eq!(answer(&judge(&by_user(&rules), &connection(URL, info))), expected, "{built_in:?} {local_roots}");
    }
}

#[test]
fn step_7_any_pin_on_any_certificate_in_scope_is_enough() {
    let chain = TestChain::new();
    let [leaf, intermediate, root] = chain.pins;
    let allowed = Answer::PinMatched;
    let mismatch = Answer::Block(Reason::PinMismatch);
    for (listed, scope, expected, at) in [
        (vec![leaf], "chain", allowed, Some(0)),
        (vec![other_pin(), intermediate], "chain", allowed, Some(1)),
        (vec![root], "chain", allowed, Some(2)),
        (vec![root, leaf], "chain", allowed, Some(0)),
        (vec![leaf], "leaf", allowed, Some(0)),
        (vec![intermediate, root], "leaf", mismatch, None),
        (vec![other_pin()], "chain", mismatch, None),
    ] {
        let rules = rule(json!({"pins": pins(&listed), "match": scope}));
        let verdict = judge(&by_user(&rules), &connection(URL, secure(chain.certificates())));
        assert_eq!(answer(&verdict), expected, "{rules}");
        let matched = match verdict {
            Verdict::Allowed(Allowed::PinMatched(matched), _) => Some(matched),
            Verdict::Violation(finding) => {
                assert_eq!(finding.keys, chain.pins.map(Some));
                finding.matched
            }
            Verdict::NotPinned(_) | Verdict::Allowed(..) => None,
        };
        assert_eq!(matched.map(|matched| matched.certificate), at, "{rules}");
    }
    let denied_only = rule(json!({"denied": pins(&[other_pin()])}));
    let verdict = judge(&by_user(&denied_only), &connection(URL, secure(chain.certificates())));
    assert_eq!(answer(&verdict), Answer::NoDeniedKey);
    let alone =
        judge(&by_user(&rule(json!({"pins": pins(&[leaf])}))), &connection(URL, secure(vec![chain.leaf.clone()])));
    assert_eq!(answer(&alone), allowed, "a chain of one");
}

#[test]
fn step_8_certificate_transparency_is_asked_for_last() {
    let chain = TestChain::new();
    for (status, listed, expected) in [
        (Some("policy_compliant"), chain.pins[0], Answer::PinMatched),
        (Some("policy_not_enough_scts"), chain.pins[0], Answer::Block(Reason::CtNotCompliant)),
        (None, chain.pins[0], Answer::Block(Reason::CtNotCompliant)),
        (None, other_pin(), Answer::Block(Reason::PinMismatch)),
    ] {
        let info = SecurityInfo {
            certificate_transparency_status: status.map(ToOwned::to_owned),
            ..secure(chain.certificates())
        };
        let rules = rule(json!({"pins": pins(&[listed]), "requireCt": true}));
        assert_eq!(answer(&judge(&by_user(&rules), &connection(URL, info))), expected, "{status:?}");
    }
}

#[test]
fn an_expired_rule_flags_from_the_first_second_of_its_day() {
    let chain = TestChain::new();
    for (expires, outcome, expired) in [
        (json!(null), Outcome::Block, false),
        (json!("2026-11-23"), Outcome::Block, false),
        (json!("2026-11-22"), Outcome::Flag, true), // NOW is its first millisecond
        (json!("2020-01-01"), Outcome::Flag, true),
    ] {
        let connection = connection(URL, secure(chain.certificates()));
        let rules = rule(json!({"pins": pins(&[other_pin()]), "expires": expires}));
        let entry = logged(&judge(&by_user(&rules), &connection), &connection).unwrap();
        assert_eq!((entry.outcome, entry.rule.unwrap().expired), (outcome, expired), "{expires}");
        let satisfied = rule(json!({"pins": pins(&chain.pins), "expires": expires}));
        assert_eq!(answer(&judge(&by_user(&satisfied), &connection)), Answer::PinMatched, "{expires}");
    }
}

#[test]
fn the_strictest_layer_wins() {
    let chain = TestChain::new();
    let (right, wrong) = (pins(&chain.pins), pins(&[other_pin()]));
    let layer = |mode: &str, pins: &Value| rule(json!({"mode": mode, "pins": pins}));
    let (blocked, flagged) = (Answer::Block(Reason::PinMismatch), Answer::Flag(Reason::PinMismatch));
    for (managed, user, expected) in [
        (layer("block", &wrong), layer("off", &right), blocked),
        (layer("block", &wrong), layer("block", &right), blocked),
        (layer("block", &right), layer("block", &wrong), blocked),
        (layer("flag", &wrong), layer("block", &wrong), blocked),
        (layer("block", &right), layer("flag", &wrong), flagged),
        (layer("flag", &wrong), layer("block", &right), flagged),
        (layer("flag", &wrong), json!([]), flagged),
        (layer("off", &right), layer("flag", &wrong), flagged),
        (layer("off", &right), layer("block", &right), Answer::PinMatched),
        (layer("off", &right), json!([]), Answer::RuleOff),
        (json!([]), layer("off", &right), Answer::RuleOff),
    ] {
        let layers = Layers { managed: policy(&managed).into(), user: policy(&user) };
        let verdict = judge(&layers, &connection(URL, secure(chain.certificates())));
        assert_eq!(answer(&verdict), expected, "managed {managed}, user {user}");
    }
}

#[test]
fn an_entry_shows_every_key_and_marks_what_the_rule_says_of_it() {
    let chain = TestChain::new();
    let [leaf, intermediate, root] = chain.pins;
    let rules = rule(json!({"pins": pins(&[leaf, root]), "denied": pins(&[intermediate]), "match": "leaf"}));
    let connection = connection(URL, secure(chain.certificates()));
    let verdict = judge(&by_user(&rules), &connection);
    let entry = logged(&verdict, &connection).unwrap();
    // A pin on the root does not count where the rule looks at the leaf only.
    assert_eq!(entry.chain.iter().map(|entry| entry.mark).collect::<Vec<_>>(), [Mark::Pin, Mark::Denied, Mark::None]);
    assert_eq!(entry.chain.iter().map(|entry| entry.sha256).collect::<Vec<_>>(), chain.pins.map(Some));
    assert_eq!(entry.chain.iter().map(|entry| entry.built_in_root).collect::<Vec<_>>(), [None, None, Some(true)]);
    assert_eq!(*entry.certificates, *chain.certificates());
    assert_eq!((entry.host.as_str(), entry.port), ("chat.example.com", Some(443)));
    // Time, page and the certificates themselves are stored elsewhere.
    let stored = Violation { time: UnixMillis::default(), page: None, certificates: Arc::default(), ..entry.clone() };
    assert_eq!(serde_json::from_str::<Violation>(&entry.to_json().unwrap()).unwrap(), stored);
}
