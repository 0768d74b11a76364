//! When a probe is sent ahead of a handshake, what its answer stops, and how long that answer holds.

use serde_json::json;
use sockpin::connection::{Address, Facts, MissingFacts};
use sockpin::engine::{Answer, Effect, Engine, Opening, Socket, Step};
use sockpin::pin::Pin;
use sockpin::preflight::{ProbeAnswer as Probed, ProbeFailure, Route};
use sockpin::rule::{RuleDocument, RuleStamp};
use sockpin::time::UnixMillis;
use sockpin::verdict::{Outcome, Reason};

use super::{
    answered, at_first_listener, done, engine, handshake, opening, policy, probe, proxy, recorded, ruled, socket, start,
};
use crate::chains::{NOW, TestChain, secure};
use crate::url_host;

#[test]
fn a_rule_that_requires_a_preflight_stops_the_socket_before_its_handshake() {
    let pin = Pin::of_spki(b"key").to_base64();
    for (fields, answer) in [
        (json!({"preflight": "require"}), Answer::Cancel),
        (json!({"preflight": "prefer"}), Answer::Proceed),
        (json!({"preflight": "off"}), Answer::Proceed),
        (json!({"preflight": "require", "mode": "flag"}), Answer::Proceed),
        (json!({"preflight": "require", "expires": "2020-01-01"}), Answer::Proceed),
    ] {
        let mut rule = json!({"host": "chat.example.com", "pins": [{"sha256": pin}]});
        rule.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let record = json!({"version": 1, "rules": [rule]}).to_string();
        let step = opening(&mut start(Ok(Some(record))), &socket("wss://chat.example.com"));
        assert_eq!(step.answer, answer, "{fields}");
        let logged =
            if answer == Answer::Cancel { vec![(Outcome::Block, Reason::PreflightUnanswered)] } else { vec![] };
        assert_eq!(done(&step).0, logged, "{fields}");
    }
}

#[test]
fn only_a_rule_that_may_block_asks_for_a_preflight() {
    for (fields, asks) in [
        (json!({}), true),
        (json!({"preflight": "require"}), true),
        (json!({"preflight": "off"}), false),
        (json!({"mode": "flag"}), false),
        (json!({"mode": "off"}), false),
        (json!({"expires": "2020-01-01"}), false),
        (json!({"host": "other.example.com"}), false),
        (json!({"host": "chat.example.com:8443"}), false),
    ] {
        let mut engine = start(Ok(Some(policy(&[ruled(&fields)]))));
        let opening = at_first_listener(&mut engine, &socket("wss://chat.example.com/path?secret"));
        assert_eq!(matches!(opening, Opening::NeedsProbe(_)), asks, "{fields}");
        if let Opening::NeedsProbe(probe) = opening {
            assert_eq!(probe.url(), "https://chat.example.com:443/", "nothing of the socket's path");
        }
    }
}

#[test]
fn a_probe_stops_what_the_handshake_would_stop() {
    let chain = TestChain::new();
    let secure = || Facts::from(secure(chain.certificates()));
    let nothing = || Facts::Missing(MissingFacts::SecurityInfoFailed);
    let (pinned, other) = (chain.pins[0], Pin::of_spki(b"key"));
    let mismatch = (Outcome::Block, Reason::PinMismatch);
    let unanswered = (Outcome::Block, Reason::PreflightUnanswered);
    for (pin, preflight, answer, expected, logged) in [
        (pinned, "prefer", Probed::Server(secure()), Answer::Proceed, vec![]),
        (other, "prefer", Probed::Server(secure()), Answer::Cancel, vec![mismatch]),
        (
            pinned,
            "prefer",
            Probed::Server(nothing()),
            Answer::Cancel,
            vec![(Outcome::Block, Reason::SecurityInfoFailed)],
        ),
        (other, "prefer", Probed::None(ProbeFailure::Failed), Answer::Proceed, vec![]),
        (pinned, "require", Probed::Server(secure()), Answer::Proceed, vec![]),
        (pinned, "require", Probed::None(ProbeFailure::Failed), Answer::Cancel, vec![unanswered]),
        // What may be the proxy's key stops like the server's, and vouches for nothing.
        (other, "prefer", Probed::Ambiguous(secure()), Answer::Cancel, vec![mismatch]),
        (pinned, "prefer", Probed::Ambiguous(secure()), Answer::Proceed, vec![]),
        (pinned, "require", Probed::Ambiguous(secure()), Answer::Cancel, vec![unanswered]),
    ] {
        let rule = json!({"preflight": preflight, "pins": [{"sha256": pin.to_base64()}]});
        let mut engine = start(Ok(Some(policy(&[ruled(&rule)]))));
        let step = answered(&mut engine, &socket("wss://chat.example.com"), &probe(), answer.clone());
        let is_judged = logged.first().is_some_and(|(_, reason)| *reason != Reason::PreflightUnanswered);
        assert_eq!((step.answer.clone(), done(&step).0), (expected, logged), "{preflight} {answer:?}");
        assert_eq!(recorded(&step), usize::from(is_judged), "{preflight} {answer:?}");
    }
    // A flagged one is logged at the handshake alone, or it would be there twice.
    let step =
        answered(&mut engine("flag", other), &socket("wss://chat.example.com"), &probe(), Probed::Server(secure()));
    assert_eq!((step.answer.clone(), done(&step), recorded(&step)), (Answer::Proceed, (vec![], 0), 0));
}

#[test]
fn no_probe_is_sent_by_another_road_and_one_that_is_required_is_missed() {
    let routes = [
        (Route { private: true, ..Route::default() }, ProbeFailure::PrivateWindow),
        (Route { container: true, ..Route::default() }, ProbeFailure::Container),
    ];
    for (route, why) in routes {
        for (preflight, answer) in [("prefer", Answer::Proceed), ("require", Answer::Cancel)] {
            let mut engine = start(Ok(Some(policy(&[ruled(&json!({"preflight": preflight}))]))));
            let socket = Socket { route: route.clone(), ..socket("wss://chat.example.com") };
            let Opening::Decided(step) = at_first_listener(&mut engine, &socket) else {
                panic!("a probe is sent for {route:?}");
            };
            assert_eq!(step.answer, answer, "{route:?}");
            for effect in &step.effects {
                if let Effect::Log(violation) = effect {
                    assert_eq!(violation.probe_failure, Some(why));
                }
            }
        }
    }
}

#[test]
fn what_did_not_get_to_the_server_is_tried_again_and_explained_where_the_handshake_is_judged() {
    let chain = TestChain::new();
    let facts = || Facts::from(secure(chain.certificates()));
    let explained = |step: &Step| {
        let mut logged = step.effects.iter().filter_map(|effect| match effect {
            Effect::Log(violation) => Some(violation.probe_failure),
            _ => None,
        });
        logged.next().expect("a violation")
    };
    for (answer, is_asked_again, why) in [
        (Probed::Server(facts()), false, None),
        (Probed::Ambiguous(facts()), false, Some(ProbeFailure::ProxyPassword)),
        (Probed::None(ProbeFailure::Failed), false, Some(ProbeFailure::Failed)),
        (Probed::None(ProbeFailure::Deadline), false, Some(ProbeFailure::Deadline)),
        (Probed::None(ProbeFailure::Http3), false, Some(ProbeFailure::Http3)),
        (Probed::None(ProbeFailure::Proxy), true, Some(ProbeFailure::Proxy)),
        (Probed::None(ProbeFailure::ProxyPassword), true, Some(ProbeFailure::ProxyPassword)),
        (Probed::None(ProbeFailure::Offline), true, Some(ProbeFailure::Offline)),
    ] {
        let next = || socket("wss://chat.example.com");
        let mut engine = engine("block", Pin::of_spki(b"key"));
        let Opening::NeedsProbe(probe) = at_first_listener(&mut engine, &next()) else { panic!("no probe is sent") };
        let _ = answered(&mut engine, &next(), &probe, answer.clone());
        let again = matches!(at_first_listener(&mut engine, &next()), Opening::NeedsProbe(_));
        assert_eq!(again, is_asked_again, "{answer:?}");
        assert_eq!(explained(&handshake(&mut engine, &next(), facts())), why, "{answer:?}");
    }
    let container = Route { container: true, ..Route::default() };
    for (preflight, route, why) in [
        ("prefer", container.clone(), Some(ProbeFailure::Container)),
        ("prefer", Route::default(), None),
        ("off", container, None),
    ] {
        let mut engine = start(Ok(Some(policy(&[ruled(&json!({"preflight": preflight}))]))));
        let socket = Socket { route, ..socket("wss://chat.example.com") };
        assert_eq!(explained(&handshake(&mut engine, &socket, facts())), why, "{preflight}");
    }
}

#[test]
fn an_answer_holds_for_a_minute_and_never_across_a_change_of_policy() {
    let chain = TestChain::new();
    let at = |seconds: u64| UnixMillis::new(NOW.as_millis() + seconds * 1000);
    let socket = |seconds: u64| Socket { now: at(seconds), ..socket("wss://chat.example.com") };
    let mut engine = engine("block", Pin::of_spki(b"key"));
    let probe = |engine: &mut Engine, seconds| match at_first_listener(engine, &socket(seconds)) {
        Opening::NeedsProbe(probe) => Some(probe),
        Opening::Decided(_) => None,
    };
    let first = probe(&mut engine, 0).unwrap();
    let _ = answered(&mut engine, &socket(0), &first, Probed::Server(Facts::from(secure(chain.certificates()))));
    assert_eq!(opening(&mut engine, &socket(59)).answer, Answer::Cancel, "by the kept answer");
    assert!(probe(&mut engine, 60).is_some(), "a minute later it is asked again");
    let _ = answered(&mut engine, &socket(100), &first, Probed::None(ProbeFailure::Failed));
    assert_eq!(probe(&mut engine, 120), None, "that there is no answer is one as well: a storm sends no more");
    assert!(probe(&mut engine, 99).is_some(), "nor is one believed that comes from the future");
    let proxied = Socket { route: Route { proxy: Some(proxy("socks", false)), ..Route::default() }, ..socket(101) };
    assert!(
        matches!(at_first_listener(&mut engine, &proxied), Opening::NeedsProbe(_)),
        "by another route it is not known"
    );
    let other_port =
        Socket { address: Address::read("wss://chat.example.com:8443".to_owned(), &url_host), ..socket(101) };
    assert!(matches!(at_first_listener(&mut engine, &other_port), Opening::NeedsProbe(_)));

    let stamp = RuleStamp { id: "s".to_owned(), time: at(101) };
    let document: RuleDocument = serde_json::from_value(json!({"host": "a.test", "mode": "off"})).unwrap();
    let change = engine.save_rule(&document, &stamp, &url_host).unwrap();
    engine.adopt(change);
    assert!(probe(&mut engine, 102).is_some(), "the policy has changed");
    let _ = answered(&mut engine, &socket(102), &first, Probed::None(ProbeFailure::Failed));
    assert!(probe(&mut engine, 103).is_some(), "the answer to a probe of before is not kept");
}
