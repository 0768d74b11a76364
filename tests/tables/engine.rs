//! The program as a state machine: what the browser is told, and what else is done.

mod pausing;
mod policies;
mod preflight;

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use sockpin::connection::{Address, Facts, MissingFacts};
use sockpin::engine::{Answer, Effect, Engine, HeadersReceived, Listener, Opening, Socket, Step, Stored};
use sockpin::error::{Error, StorageError};
use sockpin::lock::OpeningHeaders;
use sockpin::pause::PauseLength;
use sockpin::pin::Pin;
use sockpin::preflight::{Probe, ProbeAnswer as Probed, ProbeFailure, Proxy, Route};
use sockpin::tab_sockets::{Detail, SocketState};
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
    let matched = || SocketState::Allowed(Some(Detail::new(&right.to_string())));
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
            let failed = engine.failed(&socket, Detail::new("NS_ERROR_ABORT")).into_iter().collect::<Vec<_>>();
            let is_stopped = matches!(expected, SocketState::Blocked(_));
            let fails = if is_stopped { vec![] } else { vec![SocketState::Failed(Detail::new("NS_ERROR_ABORT"))] };
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
fn an_address_that_cannot_be_read_is_stopped() {
    for url in ["wss://a..b/", "wss://[::1/", "https://example.com/", "wss://example.com:99999/", "nonsense"] {
        let step = opening(&mut engine("block", Pin::of_spki(b"key")), &socket(url));
        assert_eq!(done(&step).0, [(Outcome::Block, Reason::UnreadableAddress)], "{url}");
        assert_eq!(step.answer, Answer::Cancel, "{url}");
    }
}

#[test]
fn what_is_of_a_private_window_is_kept_apart() {
    let private = Socket { route: Route { private: true, ..Route::default() }, ..socket("wss://chat.example.com") };
    let step = handshake(
        &mut engine("block", Pin::of_spki(b"key")),
        &private,
        Facts::Missing(MissingFacts::SecurityInfoFailed),
    );
    assert_eq!((step.answer.clone(), done(&step)), (Answer::Cancel, (vec![], 1)));
    let kept = step.effects.iter().filter_map(|effect| match effect {
        Effect::LogPrivately { before: None, now } => Some((now.host.as_str(), now.reason)),
        _ => None,
    });
    assert_eq!(kept.collect::<Vec<_>>(), [("chat.example.com", Reason::SecurityInfoFailed)]);
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
