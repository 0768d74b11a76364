//! Rules that change, that cannot be read, and those of an administrator.

use serde_json::json;
use sockpin::connection::{Facts, MissingFacts};
use sockpin::engine::{Answer, Engine, HeadersReceived, Refusal, Stored};
use sockpin::error::{Error, HostError, PolicyError, RuleError, StorageError};
use sockpin::lock::OpeningHeaders;
use sockpin::pin::Pin;
use sockpin::rule::{Mode, RuleDocument, RuleStamp};
use sockpin::time::UnixMillis;
use sockpin::verdict::{Outcome, Reason};

use super::{done, handshake, opening, policy, socket, start};
use crate::chains::{NOW, TestChain, secure};
use crate::url_host;

#[test]
fn without_a_readable_policy_every_socket_is_stopped_at_once() {
    for (stored, is_broken) in [
        (Err(StorageError::Failed { detail: "disk".to_owned() }.into()), false),
        (Err(PolicyError::Lost.into()), true),
        (Ok(Some(json!({"version": 99}).to_string())), false),
        (Ok(Some("{".to_owned())), true),
        (Ok(Some(json!({"version": 1}).to_string())), true),
        (Ok(Some(json!({"version": 1, "rules": [{"host": "*.com"}]}).to_string())), true),
    ] {
        let mut engine = start(stored);
        for url in ["wss://anything.example", "ws://anything.example"] {
            let step = opening(&mut engine, &socket(url));
            assert_eq!(step.answer, Answer::Cancel);
            // No number: it would hide the badge that says so on every tab.
            assert_eq!(done(&step), (vec![(Outcome::Block, Reason::PolicyUnreadable)], 0));
            assert_eq!(
                handshake(&mut engine, &socket(url), Facts::Missing(MissingFacts::NoCertificates)).answer,
                Answer::Cancel
            );
        }
        assert!(matches!(engine.delete_rule("r"), Err(Refusal::Policy(_))), "nothing is written over it");
        if !is_broken {
            assert!(matches!(engine.reset_policy(), Err(Refusal::Policy(_))), "what is not broken is not set aside");
            continue;
        }
        let change = engine.reset_policy().unwrap();
        engine.adopt(change);
        assert_eq!(opening(&mut engine, &socket("wss://anything.example")).answer, Answer::Proceed);
        assert!(matches!(engine.reset_policy(), Err(Refusal::Policy(Error::Policy(PolicyError::InForce)))));
    }
}

#[test]
fn a_change_is_in_force_only_when_it_has_been_adopted() {
    let mut engine = start(Ok(None));
    let stamp = RuleStamp { id: "new".to_owned(), time: NOW };
    let document = RuleDocument {
        host: "https://Chat.Example.com/path".to_owned(),
        pins: vec![sockpin::rule::PinDocument { sha256: Pin::of_spki(b"key").to_string(), label: String::new() }],
        ..RuleDocument::default()
    };
    let change = engine.save_rule(&document, &stamp, &url_host).unwrap();
    let socket = socket("wss://chat.example.com");
    let is_ruled = |engine: &mut Engine| {
        matches!(engine.headers_received(&socket, &OpeningHeaders::default), HeadersReceived::NeedsFacts(_))
    };
    assert!(!is_ruled(&mut engine));
    engine.adopt(change);
    assert!(is_ruled(&mut engine));

    let later = RuleStamp { id: "unused".to_owned(), time: UnixMillis::new(NOW.as_millis() + 5) };
    let stale = RuleDocument { id: Some("new".to_owned()), updated: Some(UnixMillis::new(1)), ..document.clone() };
    let Err(Refusal::Rule(errors)) = engine.save_rule(&stale, &later, &url_host) else {
        panic!("a stale edit is saved")
    };
    assert_eq!(errors[0].error, RuleError::Changed.into());
    let edited =
        RuleDocument { id: Some("new".to_owned()), updated: Some(NOW), note: "edited".to_owned(), ..document.clone() };
    let change = engine.save_rule(&edited, &later, &url_host).unwrap();
    let [rule] = change.saved.as_slice() else { panic!("one rule is saved") };
    assert_eq!((rule.created(), rule.updated()), (NOW, later.time));
    engine.adopt(change);
    assert_eq!(engine.policy().unwrap().user.rules().len(), 1);

    let unknown = RuleDocument { id: Some("gone".to_owned()), ..document.clone() };
    assert!(matches!(
        engine.save_rule(&unknown, &later, &url_host),
        Err(Refusal::Policy(Error::Rule(RuleError::Unknown { .. })))
    ));
    assert!(matches!(engine.save_rule(&RuleDocument::default(), &later, &url_host), Err(Refusal::Rule(_))));
    let deleted = engine.delete_rule("new").unwrap();
    engine.adopt(deleted);
    assert!(!is_ruled(&mut engine));
}

#[test]
fn several_rules_are_changed_in_one_step_or_none_of_them() {
    let mut engine = start(Ok(None));
    let document = |id: &str, host: &str| RuleDocument {
        id: Some(id.to_owned()),
        host: host.to_owned(),
        mode: Mode::Off,
        ..RuleDocument::default()
    };
    let hosts = |engine: &Engine| {
        let rules = engine.policy().unwrap().user.rules();
        rules.iter().map(|rule| rule.host().to_string()).collect::<Vec<_>>()
    };
    let three = [document("a", "a.test"), document("b", "b.test"), document("c", "c.test")];
    let change = engine.change_rules(&three, &[], NOW, &url_host).unwrap();
    assert_eq!(hosts(&engine), [""; 0]);
    engine.adopt(change);
    assert_eq!(hosts(&engine), ["a.test", "b.test", "c.test"]);

    let more = [document("d", "d.test"), document("e", "*.com")];
    let Err(Refusal::Rules(refusals)) = engine.change_rules(&more, &["a".to_owned()], NOW, &url_host) else {
        panic!("a rule that nobody may have is stored")
    };
    assert_eq!(refusals.iter().map(|refusal| refusal.place).collect::<Vec<_>>(), [1]);
    let unknown = ["a".to_owned(), "gone".to_owned()];
    assert!(matches!(
        engine.change_rules(&more[..1], &unknown, NOW, &url_host),
        Err(Refusal::Policy(Error::Rule(RuleError::Unknown { id }))) if id == "gone"
    ));
    assert_eq!(hosts(&engine), ["a.test", "b.test", "c.test"]);

    let change = engine.change_rules(&more[..1], &["a".to_owned(), "c".to_owned()], NOW, &url_host).unwrap();
    engine.adopt(change);
    assert_eq!(hosts(&engine), ["b.test", "d.test"]);
}

#[test]
fn an_administrators_rules_hold_beside_the_users_and_the_strictest_wins() {
    let chain = TestChain::new();
    let (right, wrong) = (chain.pins[0].to_base64(), Pin::of_spki(b"key").to_base64());
    let rule = |mode: &str, pin: &str| json!({"host": "chat.example.com", "mode": mode, "pins": [{"sha256": pin}]});
    for (managed, user, answer) in [
        (rule("block", &wrong), rule("off", &wrong), Answer::Cancel),
        (rule("block", &right), rule("block", &wrong), Answer::Cancel),
        (rule("flag", &wrong), rule("block", &right), Answer::Proceed),
        (rule("block", &right), rule("block", &right), Answer::Proceed),
    ] {
        let stored = Stored {
            user: Ok(Some(policy(std::slice::from_ref(&user)))),
            managed: Ok(Some(json!({"rules": [managed]}).to_string())),
            pause: None,
            overruling: None,
        };
        let mut engine = Engine::start(stored, NOW, &url_host);
        let step = handshake(&mut engine, &socket("wss://chat.example.com"), secure(chain.certificates()).into());
        assert_eq!(step.answer, answer, "{managed} and {user}");
    }
}

#[test]
fn without_a_readable_administrators_policy_every_socket_is_stopped() {
    let stored = Stored {
        user: Ok(None),
        managed: Err(StorageError::Failed { detail: "?".to_owned() }),
        pause: None,
        overruling: None,
    };
    let mut engine = Engine::start(stored, NOW, &url_host);
    assert_eq!(opening(&mut engine, &socket("wss://anything.example")).answer, Answer::Cancel);
    assert!(matches!(engine.reset_policy(), Err(Refusal::Policy(Error::Storage(StorageError::Failed { .. })))));
    assert_eq!(engine.managed().map(|_| ()), None);
    engine.set_pause(None);
}

#[test]
fn a_rule_for_a_host_that_firefox_never_shows_is_refused() {
    let engine = start(Ok(None));
    let stamp = RuleStamp { id: "new".to_owned(), time: NOW };
    for (host, refused) in [
        ("addons.mozilla.org", true),
        ("https://Support.Mozilla.org:443/kb", true),
        ("accounts.firefox.com:8443", true),
        ("**.mozilla.org", false),
        ("mozilla.org", false),
        ("example.addons.mozilla.org", false),
    ] {
        let document: RuleDocument = serde_json::from_value(json!({"host": host, "mode": "off"})).unwrap();
        let result = engine.save_rule(&document, &stamp, &url_host);
        assert_eq!(result.is_err(), refused, "{host}");
        if let Err(Refusal::Rule(errors)) = result {
            assert!(matches!(errors[0].error, Error::Host(HostError::NeverShown { .. })), "{errors:?}");
        }
    }
    // One that is stored already, by a version with another list, does not make the rest unreadable.
    let record = policy(&[json!({"host": "addons.mozilla.org", "mode": "off"})]);
    assert!(start(Ok(Some(record))).policy().is_ok());
}
