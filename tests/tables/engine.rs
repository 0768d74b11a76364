//! The program as a state machine: what the browser is told, and what else is done.

use serde_json::json;
use sockpin::connection::{Facts, MissingFacts};
use sockpin::engine::{Answer, Effect, Engine, OnHeaders, Refusal, Socket, Step};
use sockpin::error::Error;
use sockpin::pin::Pin;
use sockpin::rule::{Birth, RuleDocument};
use sockpin::time::UnixMillis;
use sockpin::verdict::{Outcome, Reason};

use crate::chains::{NOW, TestChain, secure};
use crate::url_host;

fn socket(url: &str) -> Socket {
    Socket {
        url: url.to_owned(),
        page: Some("https://page.example".to_owned()),
        tab: Some(7),
        private: false,
        now: NOW,
    }
}

fn engine(mode: &str, pin: Pin) -> Engine {
    let rule = json!({"id": "r", "host": "chat.example.com", "mode": mode, "pins": [{"sha256": pin.to_base64()}]});
    let record = json!({"version": 1, "rules": [rule]}).to_string();
    Engine::start(Ok(Some(record)), NOW, &url_host)
}

fn handshake(engine: &Engine, socket: &Socket, facts: Facts) -> Step {
    match engine.headers_received(socket, &url_host) {
        OnHeaders::Decided(step) => step,
        OnHeaders::NeedsFacts(target) => engine.judge(socket, target, facts),
    }
}

/// The reasons logged and the number of counts on the badge.
fn done(step: &Step) -> (Vec<(Outcome, Reason)>, usize) {
    let logged = step.effects.iter().filter_map(|effect| match effect {
        Effect::Log(violation) => Some((violation.outcome, violation.reason)),
        Effect::CountOnBadge { .. } => None,
    });
    let logged: Vec<_> = logged.collect();
    let counted = step.effects.len() - logged.len();
    (logged, counted)
}

#[test]
fn a_handshake_is_let_go_flagged_or_cancelled() {
    let chain = TestChain::new();
    let (right, wrong) = (chain.pins[0], Pin::of_spki(b"another key"));
    for (mode, pin, answer, logged, counted) in [
        ("block", right, Answer::LetGo, vec![], 0),
        ("block", wrong, Answer::Cancel, vec![(Outcome::Block, Reason::PinMismatch)], 1),
        ("flag", wrong, Answer::LetGo, vec![(Outcome::Flag, Reason::PinMismatch)], 0),
        ("off", wrong, Answer::LetGo, vec![], 0),
    ] {
        let step =
            handshake(&engine(mode, pin), &socket("wss://chat.example.com"), secure(chain.certificates()).into());
        assert_eq!((step.answer, done(&step)), (answer, (logged, counted)), "{mode}");
    }
}

#[test]
fn an_unpinned_socket_is_let_go_without_its_chain() {
    let engine = engine("block", Pin::of_spki(b"key"));
    for url in ["wss://other.example.com", "ws://other.example.com", "wss://chat.example.com.evil.test"] {
        let socket = socket(url);
        assert_eq!(engine.opening(&socket, &url_host), Step { answer: Answer::LetGo, effects: vec![] }, "{url}");
        let OnHeaders::Decided(step) = engine.headers_received(&socket, &url_host) else {
            panic!("{url} asks for facts")
        };
        assert_eq!(step.answer, Answer::LetGo, "{url}");
    }
}

#[test]
fn cleartext_to_a_ruled_host_is_upgraded_and_never_let_go() {
    for (mode, on_opening, logged) in [
        ("block", Answer::Upgrade, vec![]),
        ("flag", Answer::Upgrade, vec![(Outcome::Flag, Reason::Cleartext)]),
        ("off", Answer::LetGo, vec![]),
    ] {
        let step = engine(mode, Pin::of_spki(b"key")).opening(&socket("ws://chat.example.com"), &url_host);
        assert_eq!((step.answer, done(&step).0), (on_opening, logged), "{mode}");
    }
    // A rule for the cleartext port alone: upgraded to 443, the socket would escape it.
    let pin = Pin::of_spki(b"key").to_base64();
    for (host, url, answer) in [
        ("chat.example.com:80", "ws://chat.example.com", Answer::Cancel),
        ("chat.example.com:80", "ws://chat.example.com:8080", Answer::LetGo),
        ("chat.example.com:443", "ws://chat.example.com", Answer::Upgrade),
        ("chat.example.com:443", "ws://chat.example.com:8080", Answer::LetGo),
        ("chat.example.com:8080", "ws://chat.example.com:8080", Answer::Upgrade),
    ] {
        let record = json!({"version": 1, "rules": [{"host": host, "pins": [{"sha256": pin}]}]}).to_string();
        let step = Engine::start(Ok(Some(record)), NOW, &url_host).opening(&socket(url), &url_host);
        assert_eq!(step.answer, answer, "{host} for {url}");
    }
    // One that was under way when the rule was made.
    let late = handshake(
        &engine("block", Pin::of_spki(b"key")),
        &socket("ws://chat.example.com"),
        Facts::Missing(MissingFacts::NoCertificates),
    );
    assert_eq!((late.answer, done(&late)), (Answer::Cancel, (vec![(Outcome::Block, Reason::Cleartext)], 1)));
}

#[test]
fn without_a_readable_policy_every_socket_is_stopped_at_once() {
    for (stored, is_broken) in [
        (Err(Error::Storage { detail: "disk".to_owned() }), false),
        (Ok(Some(json!({"version": 99}).to_string())), false),
        (Ok(Some("{".to_owned())), true),
        (Ok(Some(json!({"version": 1}).to_string())), true),
        (Ok(Some(json!({"version": 1, "rules": [{"host": "*.com"}]}).to_string())), true),
    ] {
        let mut engine = Engine::start(stored, NOW, &url_host);
        for url in ["wss://anything.example", "ws://anything.example"] {
            let step = engine.opening(&socket(url), &url_host);
            assert_eq!(step.answer, Answer::Cancel);
            // No number: it would hide the badge that says so on every tab.
            assert_eq!(done(&step), (vec![(Outcome::Block, Reason::PolicyUnreadable)], 0));
            assert_eq!(
                handshake(&engine, &socket(url), Facts::Missing(MissingFacts::NoCertificates)).answer,
                Answer::Cancel
            );
        }
        assert!(matches!(engine.delete_rule("r"), Err(Refusal::Policy(_))), "nothing is written over it");
        if !is_broken {
            assert!(matches!(engine.start_afresh(), Err(Refusal::Policy(_))), "what is not broken is not set aside");
            continue;
        }
        let change = engine.start_afresh().unwrap();
        engine.adopt(change);
        assert_eq!(engine.opening(&socket("wss://anything.example"), &url_host).answer, Answer::LetGo);
        assert!(matches!(engine.start_afresh(), Err(Refusal::Policy(Error::PolicyInForce))));
    }
}

#[test]
fn a_rule_that_requires_a_preflight_stops_the_socket_before_its_handshake() {
    let pin = Pin::of_spki(b"key").to_base64();
    for (fields, answer) in [
        (json!({"preflight": "require"}), Answer::Cancel),
        (json!({"preflight": "prefer"}), Answer::LetGo),
        (json!({"preflight": "off"}), Answer::LetGo),
        (json!({"preflight": "require", "mode": "flag"}), Answer::LetGo),
        (json!({"preflight": "require", "expires": "2020-01-01"}), Answer::LetGo),
    ] {
        let mut rule = json!({"host": "chat.example.com", "pins": [{"sha256": pin}]});
        rule.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let record = json!({"version": 1, "rules": [rule]}).to_string();
        let step =
            Engine::start(Ok(Some(record)), NOW, &url_host).opening(&socket("wss://chat.example.com"), &url_host);
        assert_eq!(step.answer, answer, "{fields}");
        let logged =
            if answer == Answer::Cancel { vec![(Outcome::Block, Reason::PreflightUnanswered)] } else { vec![] };
        assert_eq!(done(&step).0, logged, "{fields}");
    }
}

#[test]
fn an_address_that_cannot_be_read_is_stopped() {
    for url in ["wss://a..b/", "wss://[::1/", "https://example.com/", "wss://example.com:99999/", "nonsense"] {
        let step = engine("block", Pin::of_spki(b"key")).opening(&socket(url), &url_host);
        assert_eq!(done(&step).0, [(Outcome::Block, Reason::UnreadableAddress)], "{url}");
        assert_eq!(step.answer, Answer::Cancel, "{url}");
    }
}

#[test]
fn nothing_of_a_private_window_is_written_down() {
    let private = Socket { private: true, ..socket("wss://chat.example.com") };
    let step =
        handshake(&engine("block", Pin::of_spki(b"key")), &private, Facts::Missing(MissingFacts::SecurityInfoFailed));
    assert_eq!((step.answer, done(&step)), (Answer::Cancel, (vec![], 1)));
}

#[test]
fn a_change_is_in_force_only_when_it_has_been_adopted() {
    let mut engine = Engine::start(Ok(None), NOW, &url_host);
    let birth = Birth { id: "new".to_owned(), time: NOW };
    let document = RuleDocument {
        host: "https://Chat.Example.com/path".to_owned(),
        pins: vec![sockpin::rule::PinDocument { sha256: Pin::of_spki(b"key").to_string(), label: String::new() }],
        ..RuleDocument::default()
    };
    let change = engine.save_rule(document.clone(), &birth, &url_host).unwrap();
    let socket = socket("wss://chat.example.com");
    let is_ruled = |engine: &Engine| matches!(engine.headers_received(&socket, &url_host), OnHeaders::NeedsFacts(_));
    assert!(!is_ruled(&engine));
    engine.adopt(change);
    assert!(is_ruled(&engine));

    let later = Birth { id: "unused".to_owned(), time: UnixMillis::new(NOW.as_millis() + 5) };
    let stale = RuleDocument { id: Some("new".to_owned()), updated: Some(UnixMillis::new(1)), ..document.clone() };
    let Err(Refusal::Rule(errors)) = engine.save_rule(stale, &later, &url_host) else {
        panic!("a stale edit is saved")
    };
    assert_eq!(errors[0].error, Error::RuleChanged);
    let edited =
        RuleDocument { id: Some("new".to_owned()), updated: Some(NOW), note: "edited".to_owned(), ..document.clone() };
    let change = engine.save_rule(edited, &later, &url_host).unwrap();
    let rule = change.rule.clone().unwrap();
    assert_eq!((rule.created(), rule.updated()), (NOW, later.time));
    engine.adopt(change);
    assert_eq!(engine.policy().unwrap().user.rules().len(), 1);

    let unknown = RuleDocument { id: Some("gone".to_owned()), ..document.clone() };
    assert!(matches!(engine.save_rule(unknown, &later, &url_host), Err(Refusal::Policy(Error::RuleUnknown { .. }))));
    assert!(matches!(engine.save_rule(RuleDocument::default(), &later, &url_host), Err(Refusal::Rule(_))));
    let deleted = engine.delete_rule("new").unwrap();
    engine.adopt(deleted);
    assert!(!is_ruled(&engine));
}
