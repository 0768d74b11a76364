//! The program as a state machine: what the browser is told, and what else is done.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use sockpin::connection::{Address, Facts, MissingFacts};
use sockpin::engine::{Answer, Effect, Engine, HeadersReceived, Listener, Opening, Refusal, Socket, Step, Stored};
use sockpin::error::{Error, HostError, PolicyError, RuleError, StorageError};
use sockpin::lock::OpeningHeaders;
use sockpin::pause::{PauseEvent, PauseLength};
use sockpin::pin::Pin;
use sockpin::preflight::{Probe, ProbeAnswer as Probed, ProbeFailure, Proxy, Route};
use sockpin::rule::{Mode, RuleDocument, RuleStamp};
use sockpin::tab_sockets::{SocketState, Word};
use sockpin::time::UnixMillis;
use sockpin::verdict::{Outcome, Reason};

use crate::chains::{NOW, TestChain, secure};
use crate::url_host;

/// Each with a request of its own.
fn socket(url: &str) -> Socket {
    static REQUESTS: AtomicUsize = AtomicUsize::new(0);
    Socket {
        request: REQUESTS.fetch_add(1, Ordering::Relaxed).to_string(),
        address: Address::read(url.to_owned(), &url_host),
        page: Some("https://page.example".to_owned()),
        tab: Some(7),
        route: Route::default(),
        status: None,
        now: NOW,
    }
}

fn engine(mode: &str, pin: Pin) -> Engine {
    let rule = json!({"id": "r", "host": "chat.example.com", "mode": mode, "pins": [{"sha256": pin.to_base64()}]});
    let record = json!({"version": 1, "rules": [rule]}).to_string();
    start(Ok(Some(record)))
}

fn start(user: Result<Option<String>, Error>) -> Engine {
    Engine::start(Stored { user, managed: Ok(None), pause: None, overruling: None }, NOW, &url_host)
}

/// At the first listener.
fn at_first_listener(engine: &mut Engine, socket: &Socket) -> Opening {
    engine.opening(socket, &Listener::BeforeRequest)
}

/// Before the handshake, where no probe has an answer.
fn opening(engine: &mut Engine, socket: &Socket) -> Step {
    match at_first_listener(engine, socket) {
        Opening::Decided(step) => step,
        Opening::NeedsProbe(probe) => answered(engine, socket, &probe, Probed::None(ProbeFailure::Failed)),
    }
}

fn answered(engine: &mut Engine, socket: &Socket, probe: &Probe, answer: Probed) -> Step {
    engine.answered(socket, &Listener::BeforeRequest, probe, answer)
}

/// A probe as a rule asks for it.
fn probe() -> Probe {
    match at_first_listener(&mut engine("block", Pin::of_spki(b"key")), &socket("wss://chat.example.com")) {
        Opening::NeedsProbe(probe) => probe,
        Opening::Decided(step) => panic!("no probe is sent: {step:?}"),
    }
}

/// An answer to the handshake without headers.
fn handshake(engine: &mut Engine, socket: &Socket, facts: Facts) -> Step {
    match engine.headers_received(socket, &OpeningHeaders::default) {
        HeadersReceived::Decided(step) => step,
        HeadersReceived::NeedsFacts(target) => engine.judge(socket, target, facts, &OpeningHeaders::default),
    }
}

/// The reasons logged and the number of counts on the badge.
fn done(step: &Step) -> (Vec<(Outcome, Reason)>, usize) {
    let logged = step.effects.iter().filter_map(|effect| match effect {
        Effect::Log(violation) => Some((violation.outcome, violation.reason)),
        _ => None,
    });
    let logged: Vec<_> = logged.collect();
    let counted = step.effects.iter().filter(|effect| matches!(effect, Effect::CountOnBadge { .. })).count();
    (logged, counted)
}

/// How often it is noted what a rule has decided.
fn recorded(step: &Step) -> usize {
    step.effects.iter().filter(|effect| matches!(effect, Effect::CountDecision(..))).count()
}

/// The hosts noted, and whether their facts are known.
fn noted(step: &Step) -> Vec<(String, u16, bool)> {
    let noted = step.effects.iter().filter_map(|effect| match effect {
        Effect::NoteSighting { sighting, facts } => Some((sighting.host.clone(), sighting.port, facts.is_some())),
        _ => None,
    });
    noted.collect()
}

#[test]
fn every_socket_over_tls_is_noted_once_but_not_in_a_private_window() {
    let chain = TestChain::new();
    let facts = || Facts::from(secure(chain.certificates()));
    let right = chain.pins[0];
    let host = || "chat.example.com".to_owned();
    for (url, pin, expected) in [
        ("wss://chat.example.com:8443", right, vec![(host(), 8443, true)]),
        ("wss://chat.example.com", Pin::of_spki(b"another key"), vec![(host(), 443, true)]),
        ("wss://other.example", right, vec![("other.example".to_owned(), 443, false)]),
        ("ws://other.example", right, vec![]),
    ] {
        let mut engine = engine("block", pin);
        assert_eq!(noted(&handshake(&mut engine, &socket(url), facts())), expected, "{url}");
        let route = Route { private: true, ..socket(url).route };
        assert_eq!(noted(&handshake(&mut engine, &Socket { route, ..socket(url) }, facts())), [], "{url}");
    }
    // One that a pre-flight has stopped never comes so far; one that it lets go is noted when it does.
    for (pin, expected) in [(right, vec![]), (Pin::of_spki(b"another key"), vec![(host(), 443, true)])] {
        let (mut engine, socket) = (engine("block", pin), socket("wss://chat.example.com"));
        let Opening::NeedsProbe(probe) = at_first_listener(&mut engine, &socket) else { panic!("no probe is sent") };
        let step = engine.answered(&socket, &Listener::BeforeRequest, &probe, Probed::Server(facts()));
        assert_eq!(noted(&step), expected);
    }
}

/// What a step notes of the tab's socket.
fn in_tab(effects: &[Effect]) -> Vec<SocketState> {
    let noted = effects.iter().filter_map(|effect| match effect {
        Effect::NoteInTab(socket) => Some(socket.place.state.clone()),
        _ => None,
    });
    noted.collect()
}

#[test]
fn what_has_become_of_a_socket_is_noted_for_its_tab_a_private_windows_too() {
    let chain = TestChain::new();
    let (right, wrong) = (chain.pins[0], Pin::of_spki(b"another key"));
    let (ruled, other) = ("wss://chat.example.com", "wss://other.example");
    let matched = || SocketState::Allowed(Some(Word::new(&right.to_string())));
    let blocked = || SocketState::Blocked(Reason::PinMismatch.into());
    let cleartext = || SocketState::Blocked(Reason::Cleartext.into());
    for (mode, pin, url, is_paused, expected) in [
        ("block", right, ruled, false, matched()),
        ("block", wrong, ruled, false, blocked()),
        ("flag", wrong, ruled, false, SocketState::Flagged(Reason::PinMismatch.into())),
        ("off", wrong, ruled, false, SocketState::NotPinned),
        ("block", right, other, false, SocketState::NotPinned),
        ("block", right, "ws://other.example", false, SocketState::NotPinned),
        ("block", right, "ws://chat.example.com", false, cleartext()),
        ("block", right, ruled, true, matched()),
        ("block", wrong, ruled, true, SocketState::Paused),
        ("block", wrong, "ws://chat.example.com", true, SocketState::Paused),
        ("block", wrong, other, true, SocketState::NotPinned),
    ] {
        for private in [false, true] {
            let socket = Socket { route: Route { private, ..Route::default() }, ..socket(url) };
            let begin = || {
                let mut engine = engine(mode, pin);
                engine.set_pause(is_paused.then(|| engine.begin_pause(PauseLength::UntilRestart, NOW).unwrap()));
                engine
            };
            let mut engine = begin();
            let step = handshake(&mut engine, &socket, secure(chain.certificates()).into());
            assert_eq!(in_tab(&step.effects), std::slice::from_ref(&expected), "{mode} {url} {is_paused}");
            // What the browser says afterwards of one that was stopped is not said.
            let failed = engine.failed(&socket, "NS_ERROR_ABORT").into_iter().collect::<Vec<_>>();
            let is_stopped = matches!(expected, SocketState::Blocked(_));
            let fails = if is_stopped { vec![] } else { vec![SocketState::Failed(Word::new("NS_ERROR_ABORT"))] };
            assert_eq!(in_tab(&failed), fails, "{mode} {url} {is_paused}");
            // One of no tab has no place.
            let step = handshake(&mut begin(), &Socket { tab: None, ..socket }, secure(chain.certificates()).into());
            assert_eq!(in_tab(&step.effects), []);
        }
    }
    // By a pre-flight, before anything of it is sent.
    let (mut engine, socket) = (engine("block", wrong), socket(ruled));
    let Opening::NeedsProbe(probe) = at_first_listener(&mut engine, &socket) else { panic!("no probe is sent") };
    let step = answered(&mut engine, &socket, &probe, Probed::Server(secure(chain.certificates()).into()));
    assert_eq!(in_tab(&step.effects), [blocked()]);
}

#[test]
fn a_handshake_is_let_go_flagged_or_cancelled() {
    let chain = TestChain::new();
    let (right, wrong) = (chain.pins[0], Pin::of_spki(b"another key"));
    for (mode, pin, answer, logged, counted) in [
        ("block", right, Answer::Proceed, vec![], 0),
        ("block", wrong, Answer::Cancel, vec![(Outcome::Block, Reason::PinMismatch)], 1),
        ("flag", wrong, Answer::Proceed, vec![(Outcome::Flag, Reason::PinMismatch)], 0),
        ("off", wrong, Answer::Proceed, vec![], 0),
    ] {
        let step =
            handshake(&mut engine(mode, pin), &socket("wss://chat.example.com"), secure(chain.certificates()).into());
        assert_eq!((step.answer.clone(), done(&step)), (answer, (logged, counted)), "{mode}");
    }
}

#[test]
fn an_unpinned_socket_is_let_go_without_its_chain() {
    let mut engine = engine("block", Pin::of_spki(b"key"));
    for url in ["wss://other.example.com", "ws://other.example.com", "wss://chat.example.com.evil.test"] {
        let socket = socket(url);
        assert_eq!(opening(&mut engine, &socket), Step { answer: Answer::Proceed, effects: vec![] }, "{url}");
        let HeadersReceived::Decided(step) = engine.headers_received(&socket, &OpeningHeaders::default) else {
            panic!("{url} asks for facts")
        };
        assert_eq!(step.answer, Answer::Proceed, "{url}");
    }
}

fn proxy(description: &str, over_tls: bool) -> Proxy {
    Proxy { description: description.to_owned(), over_tls }
}

#[test]
fn what_a_proxy_answers_that_wants_a_password_is_not_judged_in_the_servers_place() {
    let chain = TestChain::new();
    let chain = || Facts::from(secure(chain.certificates()));
    let nothing = || Facts::Missing(MissingFacts::NoCertificates);
    let failed = || Facts::Missing(MissingFacts::SecurityInfoFailed);
    let exception = || Facts::LeafOnly { leaf: vec![], exception: true };
    let (plain, tls) = (Some(proxy("http", false)), Some(proxy("https", true)));
    for (proxy, status, facts, answer) in [
        (&plain, Some(407), nothing(), Answer::Proceed),
        // From beyond the proxy: the server's own.
        (&plain, Some(407), chain(), Answer::Cancel),
        (&plain, Some(407), exception(), Answer::Cancel),
        (&plain, Some(407), failed(), Answer::Cancel),
        (&tls, Some(407), nothing(), Answer::Proceed),
        (&tls, Some(407), chain(), Answer::Proceed),
        // No other status is.
        (&plain, Some(401), nothing(), Answer::Cancel),
        (&plain, Some(101), nothing(), Answer::Cancel),
        (&plain, None, nothing(), Answer::Cancel),
        (&tls, Some(101), chain(), Answer::Cancel),
        (&tls, Some(200), chain(), Answer::Cancel),
        (&None, Some(407), nothing(), Answer::Cancel),
        (&None, Some(407), chain(), Answer::Cancel),
    ] {
        let route = Route { proxy: proxy.clone(), ..Route::default() };
        let socket = Socket { route, status, ..socket("wss://chat.example.com") };
        let name = format!("{proxy:?} {status:?} {facts:?}");
        let step = handshake(&mut engine("block", Pin::of_spki(b"key")), &socket, facts);
        assert_eq!(
            (step.answer.clone(), done(&step).0.len()),
            (answer.clone(), usize::from(answer == Answer::Cancel)),
            "{name}"
        );
    }
    // Where nothing is known to be unpinned, the proxy's answer is no way out.
    let mut unreadable = start(Err(StorageError::Failed { detail: "gone".to_owned() }.into()));
    let route = Route { proxy: plain, ..Route::default() };
    let socket = Socket { route, status: Some(407), ..socket("wss://chat.example.com") };
    assert_eq!(handshake(&mut unreadable, &socket, nothing()).answer, Answer::Cancel);
}

#[test]
fn cleartext_to_a_ruled_host_is_upgraded_and_never_let_go() {
    for (mode, answer, logged) in [
        ("block", Answer::Upgrade, vec![]),
        ("flag", Answer::Upgrade, vec![(Outcome::Flag, Reason::Cleartext)]),
        ("off", Answer::Proceed, vec![]),
    ] {
        let step = opening(&mut engine(mode, Pin::of_spki(b"key")), &socket("ws://chat.example.com"));
        assert_eq!((step.answer.clone(), done(&step).0), (answer, logged), "{mode}");
    }
    // A rule for the cleartext port alone: upgraded to 443, the socket would escape it.
    let pin = Pin::of_spki(b"key").to_base64();
    for (host, url, answer) in [
        ("chat.example.com:80", "ws://chat.example.com", Answer::Cancel),
        ("chat.example.com:80", "ws://chat.example.com:8080", Answer::Proceed),
        ("chat.example.com:443", "ws://chat.example.com", Answer::Upgrade),
        ("chat.example.com:443", "ws://chat.example.com:8080", Answer::Proceed),
        ("chat.example.com:8080", "ws://chat.example.com:8080", Answer::Upgrade),
    ] {
        let record = json!({"version": 1, "rules": [{"host": host, "pins": [{"sha256": pin}]}]}).to_string();
        let step = opening(&mut start(Ok(Some(record))), &socket(url));
        assert_eq!(step.answer, answer, "{host} for {url}");
    }
    // One that was under way when the rule was made.
    let late = handshake(
        &mut engine("block", Pin::of_spki(b"key")),
        &socket("ws://chat.example.com"),
        Facts::Missing(MissingFacts::NoCertificates),
    );
    assert_eq!((late.answer.clone(), done(&late)), (Answer::Cancel, (vec![(Outcome::Block, Reason::Cleartext)], 1)));
}

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
fn an_address_that_cannot_be_read_is_stopped() {
    for url in ["wss://a..b/", "wss://[::1/", "https://example.com/", "wss://example.com:99999/", "nonsense"] {
        let step = opening(&mut engine("block", Pin::of_spki(b"key")), &socket(url));
        assert_eq!(done(&step).0, [(Outcome::Block, Reason::UnreadableAddress)], "{url}");
        assert_eq!(step.answer, Answer::Cancel, "{url}");
    }
}

#[test]
fn nothing_of_a_private_window_is_written_down() {
    let private = Socket { route: Route { private: true, ..Route::default() }, ..socket("wss://chat.example.com") };
    let step = handshake(
        &mut engine("block", Pin::of_spki(b"key")),
        &private,
        Facts::Missing(MissingFacts::SecurityInfoFailed),
    );
    assert_eq!((step.answer.clone(), done(&step)), (Answer::Cancel, (vec![], 1)));
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

fn ruled(fields: &serde_json::Value) -> serde_json::Value {
    let mut rule =
        json!({"id": "r", "host": "chat.example.com", "pins": [{"sha256": Pin::of_spki(b"key").to_base64()}]});
    rule.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    rule
}

fn policy(rules: &[serde_json::Value]) -> String {
    json!({"version": 1, "rules": rules}).to_string()
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
fn what_a_rule_has_decided_is_noted_once_for_a_socket_and_never_for_a_private_window() {
    let chain = TestChain::new();
    let secure = || Facts::from(secure(chain.certificates()));
    for (pin, private, expected) in
        [(chain.pins[0], false, (0, 1)), (Pin::of_spki(b"key"), false, (1, 0)), (Pin::of_spki(b"key"), true, (0, 0))]
    {
        let mut engine = engine("block", pin);
        let route = Route { private, ..Route::default() };
        let socket = Socket { route, ..socket("wss://chat.example.com") };
        let early = answered(&mut engine, &socket, &probe(), Probed::Server(secure()));
        // Whether it was stopped or not: another extension may have undone that.
        let HeadersReceived::NeedsFacts(target) = engine.headers_received(&socket, &OpeningHeaders::default) else {
            panic!("a ruled socket is not judged")
        };
        let late = engine.judge(&socket, target, secure(), &OpeningHeaders::default);
        assert_eq!((recorded(&early), recorded(&late)), expected, "{private}");
    }
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

#[test]
fn nothing_is_stopped_during_a_pause_and_what_would_have_been_is_logged() {
    let chain = TestChain::new();
    let facts = || Facts::from(secure(chain.certificates()));
    let mut engine = engine("block", Pin::of_spki(b"key"));
    let pause = engine.begin_pause(PauseLength::TenMinutes, NOW).unwrap();
    let wss = || socket("wss://chat.example.com");
    assert_eq!(handshake(&mut engine, &wss(), facts()).answer, Answer::Cancel, "it is in force only when it is stored");
    engine.set_pause(Some(pause));

    let Opening::Decided(step) = at_first_listener(&mut engine, &wss()) else {
        panic!("a probe is sent during a pause")
    };
    assert_eq!((step.answer.clone(), done(&step)), (Answer::Proceed, (vec![], 0)));
    let step = handshake(&mut engine, &wss(), facts());
    assert_eq!((step.answer.clone(), done(&step)), (Answer::Proceed, (vec![(Outcome::Flag, Reason::PinMismatch)], 0)));
    assert!(matches!(&step.effects[0], Effect::Log(violation) if violation.paused));
    // One that was being probed when the pause began.
    assert_eq!(answered(&mut engine, &wss(), &probe(), Probed::Server(facts())).answer, Answer::Proceed);
    let ws = socket("ws://chat.example.com");
    let step = opening(&mut engine, &ws);
    assert_eq!((step.answer.clone(), done(&step)), (Answer::Proceed, (vec![(Outcome::Flag, Reason::Cleartext)], 0)));
    let step = handshake(&mut engine, &ws, facts());
    assert_eq!((step.answer.clone(), done(&step)), (Answer::Proceed, (vec![], 0)), "it is logged once");
    // One that would be flagged, and upgraded, goes in clear because of the pause as well.
    let mut flagging = self::engine("flag", Pin::of_spki(b"key"));
    flagging.set_pause(Some(pause));
    let step = opening(&mut flagging, &ws);
    assert_eq!(step.answer, Answer::Proceed);
    assert!(matches!(&step.effects[0], Effect::Log(violation) if violation.paused));

    let later = Socket { now: UnixMillis::new(NOW.as_millis() + 10 * 60 * 1000), ..wss() };
    assert_eq!(handshake(&mut engine, &later, facts()).answer, Answer::Cancel, "whether or not anybody has noticed");
    let Some(entry) = engine.end_pause_if_over(later.now) else { panic!("its end is not logged") };
    assert_eq!(entry.pause, PauseEvent::RanOut);
    assert_eq!(engine.end_pause_if_over(later.now), None, "once");
}

#[test]
fn a_pause_helps_where_the_policy_cannot_be_read() {
    let mut engine = start(Ok(Some("{".to_owned())));
    let pause = engine.begin_pause(PauseLength::UntilRestart, NOW).unwrap();
    engine.set_pause(Some(pause));
    for url in ["wss://anything.example", "ws://anything.example", "wss://[::1/"] {
        let step = handshake(&mut engine, &socket(url), Facts::Missing(MissingFacts::NoCertificates));
        assert_eq!((step.answer.clone(), done(&step)), (Answer::Proceed, (vec![], 0)), "{url}");
        assert_eq!(opening(&mut engine, &socket(url)).answer, Answer::Proceed, "{url}");
    }
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
fn an_administrator_can_forbid_a_pause_and_one_under_way_ends_by_that() {
    let wrong = ruled(&json!({}));
    for (managed, forbidden) in [
        (Ok(Some(json!({"rules": [wrong.clone()], "settings": {"pausing": "forbidden"}}).to_string())), true),
        (Ok(Some(json!({"rules": [wrong.clone()], "settings": {"pausing": "never"}}).to_string())), true),
        (Ok(Some(json!({"rules": [wrong.clone()], "settings": {}}).to_string())), false),
        (Err(StorageError::Failed { detail: "?".to_owned() }), true),
    ] {
        let pause = sockpin::pause::Pause::begin(PauseLength::UntilRestart, NOW);
        let mut engine = Engine::start(
            Stored { user: Ok(None), managed: managed.clone(), pause: Some(pause), overruling: None },
            NOW,
            &url_host,
        );
        assert_eq!(engine.begin_pause(PauseLength::TenMinutes, NOW).is_err(), forbidden, "{managed:?}");
        let chain = TestChain::new();
        let step = handshake(&mut engine, &socket("wss://chat.example.com"), secure(chain.certificates()).into());
        assert_eq!(step.answer == Answer::Cancel, forbidden, "{managed:?}");
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
