//! The lock, and what other extensions make of answers: one socket through all its events.

use std::collections::BTreeSet;

use serde_json::json;
use sockpin::connection::{Address, Facts, MissingFacts};
use sockpin::engine::{Answer, Effect, Engine, HeadersReceived, Listener, Opening, Socket, Step, Stored};
use sockpin::lock::{OpeningHeaders, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, WebSocketKey};
use sockpin::overruling::Overruled;
use sockpin::pause::PauseLength;
use sockpin::pin::Pin;
use sockpin::preflight::{ProbeAnswer as Probed, ProbeFailure, Route};
use sockpin::seal::HostGroup;
use sockpin::verdict::{Outcome, Reason};
use sockpin::violation::{Stage, Violation};

use crate::chains::{NOW, TestChain, secure};
use crate::url_host;

const NONCE: [u8; 16] = [7; 16];
/// The example of RFC 6455 section 1.3.
const PAGE_KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const PAGE_ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

fn socket(url: &str) -> Socket {
    Socket {
        request: "1".to_owned(),
        address: Address::read(url.to_owned(), &url_host),
        page: None,
        tab: Some(7),
        route: Route::default(),
        status: None,
        now: NOW,
    }
}

fn wss() -> Socket {
    socket("wss://chat.example.com/")
}

fn engine(rule: &serde_json::Value) -> Engine {
    let mut whole = json!({"id": "r", "host": "chat.example.com"});
    whole.as_object_mut().unwrap().extend(rule.as_object().unwrap().clone());
    let user = Ok(Some(json!({"version": 1, "rules": [whole]}).to_string()));
    Engine::start(Stored { user, managed: Ok(None), pause: None, overruling: None }, NOW, &url_host)
}

/// A rule for a key that no server has, without a pre-flight unless the fields say otherwise.
fn wrong(fields: &serde_json::Value) -> Engine {
    let mut rule = json!({"preflight": "off", "pins": [{"sha256": Pin::of_spki(b"key").to_base64()}]});
    rule.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    engine(&rule)
}

fn right(chain: &TestChain) -> Engine {
    engine(&json!({"preflight": "off", "pins": [{"sha256": chain.pins[0].to_base64()}]}))
}

fn page_key() -> WebSocketKey {
    WebSocketKey::from_header(PAGE_KEY)
}

/// At both gates one after the other; a probe gets this answer.
fn at_gates(engine: &mut Engine, socket: &Socket, probed: &Probed) -> [Step; 2] {
    let last = Listener::BeforeSendHeaders { page_key: &|| Some(page_key()), nonce: &|| Some(NONCE) };
    [Listener::BeforeRequest, last].map(|listener| match engine.opening(socket, &listener) {
        Opening::Decided(step) => step,
        Opening::NeedsProbe(probe) => engine.answered(socket, &listener, &probe, probed.clone()),
    })
}

fn unanswered() -> Probed {
    Probed::None(ProbeFailure::Failed)
}

fn at_headers(engine: &mut Engine, socket: &Socket, facts: Facts, accept: Option<&str>) -> Step {
    with_headers(engine, socket, facts, &accepting(accept))
}

fn with_headers(engine: &mut Engine, socket: &Socket, facts: Facts, headers: &OpeningHeaders) -> Step {
    let headers = || headers.clone();
    match engine.headers_received(socket, &headers) {
        HeadersReceived::Decided(step) => step,
        HeadersReceived::NeedsFacts(target) => engine.judge(socket, target, facts, &headers),
    }
}

fn accepting(accept: Option<&str>) -> OpeningHeaders {
    OpeningHeaders { accept: accept.map(str::to_owned), extensions: None }
}

/// The answer that gives the page what it waits for.
fn unlocked() -> Answer {
    Answer::Unlock(vec![(SEC_WEBSOCKET_ACCEPT, Some(PAGE_ACCEPT.to_owned()))])
}

/// What a server that was sent our key answers.
fn accept_of_ours() -> String {
    WebSocketKey::from_nonce(&NONCE).accept()
}

fn switching(socket: &Socket) -> Socket {
    Socket { status: Some(101), ..socket.clone() }
}

/// The entries written for new, those written in place of one, and the counts on the badge.
fn done(effects: &[Effect]) -> (Vec<&Violation>, Vec<&Violation>, usize) {
    let (mut new, mut amended, mut counted) = (Vec::new(), Vec::new(), 0);
    for effect in effects {
        match effect {
            Effect::Log(written) => new.push(&**written),
            Effect::Amend { now, .. } => amended.push(&**now),
            Effect::CountOnBadge { .. } => counted += 1,
            Effect::NoteSighting { .. }
            | Effect::LogPrivately { .. }
            | Effect::NoteInTab(_)
            | Effect::CountDecision(..)
            | Effect::ShowOverruling(_) => {}
        }
    }
    (new, amended, counted)
}

#[test]
fn the_value_that_fits_a_key_is_that_of_the_rfc() {
    let key = WebSocketKey::from_header(&format!(" {PAGE_KEY} "));
    assert_eq!(key.accept(), PAGE_ACCEPT);
    for (accept, fits) in [
        (Some(PAGE_ACCEPT), true),
        (Some(" s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\t"), true),
        (Some("S3pPLMBiTxaQ9kYGzzhZRbK+xOo="), false),
        (Some(PAGE_KEY), false),
        (Some(""), false),
        (None, false),
    ] {
        assert_eq!(key.is_answered_by(accept), fits, "{accept:?}");
    }
    let ours = WebSocketKey::from_nonce(&NONCE);
    assert_eq!(ours.as_str().len(), 24, "16 bytes in base64");
    assert_eq!(format!("{ours:?}"), "WebSocketKey", "a key is not for logs");
}

#[test]
fn what_its_rule_would_stop_is_locked_and_nothing_else() {
    let locked = Answer::Lock(WebSocketKey::from_nonce(&NONCE));
    for (rule, url, answer) in [
        (json!({}), "wss://chat.example.com/", &locked),
        (json!({"preflight": "prefer"}), "wss://chat.example.com/", &locked),
        (json!({"mode": "flag"}), "wss://chat.example.com/", &Answer::Proceed),
        (json!({"mode": "off"}), "wss://chat.example.com/", &Answer::Proceed),
        (json!({"expires": "2020-01-01"}), "wss://chat.example.com/", &Answer::Proceed),
        (json!({}), "wss://other.example.com/", &Answer::Proceed),
        (json!({}), "ws://other.example.com/", &Answer::Proceed),
    ] {
        let [first, last] = at_gates(&mut wrong(&rule), &socket(url), &unanswered());
        assert_eq!((&first.answer, &last.answer), (&Answer::Proceed, answer), "{rule} {url}");
        assert_eq!(last.effects, [], "{rule} {url}");
    }
    let mut paused = wrong(&json!({}));
    let pause = paused.begin_pause(PauseLength::TenMinutes, NOW).unwrap();
    paused.set_pause(Some(pause));
    assert_eq!(at_gates(&mut paused, &wss(), &unanswered())[1].answer, Answer::Proceed);
}

#[test]
fn a_request_that_cannot_be_locked_is_stopped() {
    for (page_key, nonce, reason) in
        [(None, Some(NONCE), Reason::HandshakeAltered), (Some(page_key()), None, Reason::InternalError)]
    {
        let listener = Listener::BeforeSendHeaders { page_key: &|| page_key.clone(), nonce: &|| nonce };
        let Opening::Decided(step) = wrong(&json!({})).opening(&wss(), &listener) else {
            panic!("no pre-flight is asked for")
        };
        let (new, _, counted) = done(&step.effects);
        assert_eq!((step.answer.clone(), new[0].reason, counted), (Answer::Cancel, reason, 1));
        assert_eq!(new[0].rule.as_ref().map(|rule| rule.id.as_str()), Some("r"));
    }
}

#[test]
fn the_lock_opens_for_the_answer_to_our_key_alone() {
    let chain = TestChain::new();
    let facts = || Facts::from(secure(chain.certificates()));
    let ours = accept_of_ours();
    let altered = Some(Reason::HandshakeAltered);
    for (status, accept, answer, logged) in [
        (101, Some(ours.as_str()), unlocked(), None),
        // Somebody has put the page's own key back, another one in, or taken the answer out.
        (101, Some(PAGE_ACCEPT), Answer::Cancel, altered),
        (101, Some("b3RoZXI="), Answer::Cancel, altered),
        (101, None, Answer::Cancel, altered),
        // These open nothing; over HTTP/2 (200) there is no key.
        (401, None, Answer::Proceed, None),
        (302, Some(ours.as_str()), Answer::Proceed, None),
        (200, None, Answer::Proceed, None),
    ] {
        let mut engine = right(&chain);
        at_gates(&mut engine, &wss(), &unanswered());
        let step = at_headers(&mut engine, &Socket { status: Some(status), ..wss() }, facts(), accept);
        assert_eq!(step.answer, answer, "{status} {accept:?}");
        assert_eq!(done(&step.effects).0.first().map(|entry| entry.reason), logged, "{status} {accept:?}");
    }
    // A wrong key's server that answers to ours stays locked out.
    let mut engine = wrong(&json!({}));
    at_gates(&mut engine, &wss(), &unanswered());
    let step = at_headers(&mut engine, &switching(&wss()), facts(), Some(&ours));
    assert_eq!((step.answer, done(&step.effects).0[0].reason), (Answer::Cancel, Reason::PinMismatch));
}

#[test]
fn a_lock_outlives_the_rule_and_the_pause_that_came_meanwhile() {
    let chain = TestChain::new();
    let facts = || Facts::from(secure(chain.certificates()));
    let open = unlocked();
    let mut engine = wrong(&json!({}));
    at_gates(&mut engine, &wss(), &unanswered());
    let change = engine.delete_rule("r").unwrap();
    engine.adopt(change);
    assert_eq!(at_headers(&mut engine, &switching(&wss()), facts(), Some(&accept_of_ours())).answer, open);

    let mut engine = wrong(&json!({}));
    at_gates(&mut engine, &wss(), &unanswered());
    let pause = engine.begin_pause(PauseLength::TenMinutes, NOW).unwrap();
    engine.set_pause(Some(pause));
    assert_eq!(at_headers(&mut engine, &switching(&wss()), facts(), Some(&accept_of_ours())).answer, open);
}

#[test]
fn after_a_password_the_pages_first_key_counts() {
    let chain = TestChain::new();
    let mut engine = right(&chain);
    at_gates(&mut engine, &wss(), &unanswered());
    // The request comes by again with our key in it, at both gates (407) or at the last one (401); no other nonce is used.
    let ours = WebSocketKey::from_nonce(&NONCE);
    let sent = || Some(WebSocketKey::from_nonce(&NONCE));
    let last = Listener::BeforeSendHeaders { page_key: &sent, nonce: &|| Some([9; 16]) };
    for (listener, answer) in
        [(&last, Answer::Lock(ours.clone())), (&Listener::BeforeRequest, Answer::Proceed), (&last, Answer::Lock(ours))]
    {
        let Opening::Decided(step) = engine.opening(&wss(), listener) else { panic!("a probe is sent") };
        assert_eq!(step.answer, answer);
    }
    let facts = Facts::from(secure(chain.certificates()));
    let step = at_headers(&mut engine, &switching(&wss()), facts, Some(&accept_of_ours()));
    assert_eq!(step.answer, unlocked());
}

#[test]
fn without_its_lock_a_socket_is_judged_as_ever() {
    // Its rule was stored meanwhile, or the background has slept: then the browser refuses what is locked.
    let chain = TestChain::new();
    let facts = || Facts::from(secure(chain.certificates()));
    let accept = Some(PAGE_ACCEPT);
    assert_eq!(at_headers(&mut right(&chain), &switching(&wss()), facts(), accept).answer, Answer::Proceed);
    assert_eq!(at_headers(&mut wrong(&json!({})), &switching(&wss()), facts(), accept).answer, Answer::Cancel);
}

#[test]
fn what_the_first_gate_could_not_hold_the_last_one_stops_and_writes_down_once() {
    let chain = TestChain::new();
    let wrong_key = Probed::Server(Facts::from(secure(chain.certificates())));
    for (fields, url, probed, reason, stage) in [
        (json!({"preflight": "prefer"}), "wss://chat.example.com/", &wrong_key, Reason::PinMismatch, Stage::Preflight),
        (
            json!({"preflight": "require"}),
            "wss://chat.example.com/",
            &unanswered(),
            Reason::PreflightUnanswered,
            Stage::Preflight,
        ),
    ] {
        let [first, last] = at_gates(&mut wrong(&fields), &socket(url), probed);
        let (new, _, counted) = done(&first.effects);
        assert_eq!((new[0].reason, new[0].stage, counted), (reason, stage, 1), "{fields} {url}");
        assert_eq!((first.answer, last.answer), (Answer::Cancel, Answer::Cancel), "{fields} {url}");
        assert_eq!(last.effects, [], "{fields} {url}");
    }
}

#[test]
fn an_upgrade_comes_too_late_at_the_last_gate() {
    let cleartext = socket("ws://chat.example.com/");
    let [first, last] = at_gates(&mut wrong(&json!({})), &cleartext, &unanswered());
    let (new, _, counted) = done(&last.effects);
    assert_eq!((first.answer, last.answer), (Answer::Upgrade, Answer::Cancel));
    assert_eq!((new[0].reason, new[0].stage, counted), (Reason::Cleartext, Stage::BeforeRequest, 1));
    // One that is flagged has its entry already; what became of it takes its place.
    let [first, last] = at_gates(&mut wrong(&json!({"mode": "flag"})), &cleartext, &unanswered());
    assert_eq!((first.answer, done(&first.effects).0[0].outcome), (Answer::Upgrade, Outcome::Flag));
    let (new, amended, counted) = done(&last.effects);
    assert_eq!((last.answer, new.len(), counted), (Answer::Cancel, 0, 1));
    assert_eq!((amended[0].outcome, amended[0].reason), (Outcome::Block, Reason::Cleartext));
    // An upgrade that is honoured asks for another address under the same request: that is a socket of its own.
    let mut engine = wrong(&json!({"mode": "flag"}));
    at_gates(&mut engine, &cleartext, &unanswered());
    let [_, last] = at_gates(&mut engine, &wss(), &unanswered());
    assert_eq!(last, Step { answer: Answer::Proceed, effects: vec![] });
}

#[test]
fn an_entry_says_what_another_extension_has_made_of_a_stop() {
    let chain = TestChain::new();
    let facts = || Facts::from(secure(chain.certificates()));
    let ours = accept_of_ours();
    // Whether the pre-flight stops it or the handshake does; the answer with which the browser goes on in the end.
    for (preflight, accept, overruled, kept) in [
        ("off", Some(ours.as_str()), vec![Overruled::Held], Overruled::Held),
        ("off", None, vec![Overruled::Held], Overruled::Held),
        ("off", Some(PAGE_ACCEPT), vec![Overruled::Opened], Overruled::Opened),
        ("prefer", Some(ours.as_str()), vec![Overruled::Sent], Overruled::Sent),
        ("prefer", Some(PAGE_ACCEPT), vec![Overruled::Sent, Overruled::Opened], Overruled::Opened),
    ] {
        let mut engine = wrong(&json!({"preflight": preflight}));
        let mut effects = Vec::new();
        for step in at_gates(&mut engine, &wss(), &Probed::Server(facts())) {
            effects.extend(step.effects);
        }
        effects.extend(engine.sent("1", NOW));
        effects.extend(at_headers(&mut engine, &switching(&wss()), facts(), Some(&ours)).effects);
        effects.extend(engine.opening_answer("1", Some(101), &|| accepting(accept), NOW));
        let (new, amended, counted) = done(&effects);
        assert_eq!((new.len(), counted), (1, 1), "{preflight} {accept:?}: one socket, one entry");
        // Stopped by the pre-flight it has no lock, so whatever fits nothing is an open door.
        let overruled = if preflight == "prefer" { vec![Overruled::Sent, Overruled::Opened] } else { overruled };
        let said: Vec<_> = amended.iter().filter_map(|entry| entry.overruled).collect();
        assert_eq!(said, overruled, "{preflight} {accept:?}");
        let kept = if preflight == "prefer" { Overruled::Opened } else { kept };
        let overruling = engine.overruling().unwrap();
        assert_eq!((overruling.how, overruling.host.as_deref()), (kept, Some("chat.example.com")));
        engine.forget_overruling();
        assert_eq!(engine.overruling(), None);
    }
}

#[test]
fn where_the_browser_does_not_wait_for_the_verdict_the_entry_is_one_and_true() {
    let chain = TestChain::new();
    let facts = || Facts::from(secure(chain.certificates()));
    let missing = || Facts::Missing(MissingFacts::NoCertificates);
    let sealed = OpeningHeaders { accept: None, extensions: Some("sockpin-lock; closed".to_owned()) };
    for (is_right, facts, headers, reason, overruled) in [
        (false, facts(), accepting(None), Reason::PinMismatch, Some(Overruled::Held)),
        (false, facts(), accepting(Some(PAGE_ACCEPT)), Reason::PinMismatch, Some(Overruled::Opened)),
        (true, missing(), sealed, Reason::NoCertificates, Some(Overruled::Held)),
        (true, facts(), accepting(None), Reason::AnswerDiscarded, None),
    ] {
        let mut engine = if is_right { right(&chain) } else { wrong(&json!({})) };
        at_gates(&mut engine, &wss(), &unanswered());
        let HeadersReceived::NeedsFacts(target) = engine.headers_received(&switching(&wss()), &OpeningHeaders::default)
        else {
            panic!("no facts are asked for")
        };
        let mut effects = engine.opening_answer("1", Some(101), &|| headers.clone(), NOW);
        engine.ended("1");
        assert_eq!(effects, [], "nothing is said before it is judged");
        let ours = || accepting(Some(&accept_of_ours()));
        effects.extend(engine.judge(&switching(&wss()), target, facts, &ours).effects);
        let (new, amended, counted) = done(&effects);
        assert_eq!((new.len(), new[0].reason, counted), (1, reason, 1));
        assert_eq!(amended.last().and_then(|entry| entry.overruled), overruled, "{reason:?}");
        assert_eq!(engine.opening_answer("1", Some(101), &OpeningHeaders::default, NOW), [], "it is forgotten");
    }
}

#[test]
fn a_stop_that_is_honoured_says_nothing_more() {
    let chain = TestChain::new();
    let mut engine = wrong(&json!({}));
    at_gates(&mut engine, &wss(), &unanswered());
    assert_eq!(engine.sent("1", NOW), [], "it was let go until then");
    let facts = Facts::from(secure(chain.certificates()));
    let step = at_headers(&mut engine, &switching(&wss()), facts, Some(&accept_of_ours()));
    assert_eq!(done(&step.effects).0.len(), 1);
    engine.ended("1");
    assert_eq!(
        engine.opening_answer("1", Some(101), &|| accepting(None), NOW),
        [],
        "of an ended request nothing is known"
    );
}

#[test]
fn the_seal_is_taken_out_and_nothing_else() {
    for (extensions, without) in [
        (None, None),
        (Some(""), None),
        (Some("permessage-deflate"), None),
        (Some("sockpin-lock"), None),
        (Some("sockpin-lock; open"), None),
        (Some("sockpin-lock; closed"), Some(None)),
        (Some(" sockpin-lock; closed ,"), Some(None)),
        (Some("permessage-deflate, sockpin-lock; closed"), Some(Some("permessage-deflate"))),
        (Some("a; b=15, c; d, sockpin-lock; closed"), Some(Some("a; b=15, c; d"))),
        (Some("sockpin-lock; closed,a"), Some(Some("a"))),
        (Some("a,sockpin-lock; closed, sockpin-lock; closed"), Some(Some("a"))),
    ] {
        let headers = OpeningHeaders { accept: None, extensions: extensions.map(str::to_owned) };
        assert_eq!(headers.unsealed(), without.map(|rest| rest.map(str::to_owned)), "{extensions:?}");
    }
}

#[test]
fn whatever_is_let_go_is_unsealed_and_what_is_not_stays_sealed() {
    let chain = TestChain::new();
    let facts = || Facts::from(secure(chain.certificates()));
    let sealed = |accept: Option<&str>| OpeningHeaders {
        accept: accept.map(str::to_owned),
        extensions: Some("permessage-deflate, sockpin-lock; closed".to_owned()),
    };
    let unsealed = (SEC_WEBSOCKET_EXTENSIONS, Some("permessage-deflate".to_owned()));
    let below = socket("wss://below.chat.example.com/");
    let http2 = Socket { status: Some(200), ..wss() };
    // A host below a ruled one, or a rule that only flags; HTTP/2; HTTP/1.1 with both parts of the lock.
    for (mut engine, socket, accept, changes) in [
        (wrong(&json!({})), switching(&below), Some(PAGE_ACCEPT), vec![unsealed.clone()]),
        (wrong(&json!({"mode": "flag"})), switching(&wss()), Some(PAGE_ACCEPT), vec![unsealed.clone()]),
        (right(&chain), http2.clone(), None, vec![unsealed.clone()]),
        (
            right(&chain),
            switching(&wss()),
            Some(accept_of_ours().as_str()),
            vec![unsealed, (SEC_WEBSOCKET_ACCEPT, Some(PAGE_ACCEPT.to_owned()))],
        ),
    ] {
        at_gates(&mut engine, &Socket { status: None, ..socket.clone() }, &unanswered());
        let step = with_headers(&mut engine, &socket, facts(), &sealed(accept));
        assert_eq!(step.answer, Answer::Unlock(changes), "{socket:?}");
    }
    // Undone over HTTP/2 the stop holds as long as the seal is on, and an undone "yes" is noticed by it.
    for (mut engine, headers, overruled, discarded) in [
        (wrong(&json!({})), sealed(None), Some(Overruled::Held), 0),
        (wrong(&json!({})), OpeningHeaders::default(), Some(Overruled::Opened), 0),
        (right(&chain), sealed(None), None, 1),
        (right(&chain), OpeningHeaders::default(), None, 0),
    ] {
        at_gates(&mut engine, &wss(), &unanswered());
        with_headers(&mut engine, &http2, facts(), &sealed(None));
        let effects = engine.opening_answer("1", Some(200), &|| headers.clone(), NOW);
        let (new, amended, _) = done(&effects);
        assert_eq!(amended.first().and_then(|entry| entry.overruled), overruled, "{headers:?}");
        assert_eq!(new.len(), discarded, "{headers:?}");
    }
}

#[test]
fn the_hosts_of_rules_that_block_are_sealed() {
    let rule = |host: &str, mode: &str| json!({"host": host, "mode": mode, "pins": [{"sha256": Pin::of_spki(b"key").to_base64()}]});
    let mut expired = rule("old.example.com", "block");
    expired["expires"] = json!("2020-01-01");
    let rules = [
        rule("b.example.com:8443", "block"),
        rule("**.a.example.com", "block"),
        rule("*.c.example.com", "block"),
        rule("flagged.example.com", "flag"),
        rule("off.example.com", "off"),
        rule("[2001:db8::1]", "block"),
        expired,
    ];
    let user = Ok(Some(json!({"version": 1, "rules": rules}).to_string()));
    let managed = Ok(Some(json!({"rules": [rule("managed.example.com", "block")]}).to_string()));
    let engine = Engine::start(Stored { user, managed, pause: None, overruling: None }, NOW, &url_host);
    let names = ["a.example.com", "b.example.com", "c.example.com", "managed.example.com"];
    let mut expected = BTreeSet::from(["[2001:db8::1]".to_owned()]);
    expected.extend(names.iter().flat_map(|name| [(*name).to_owned(), format!("{name}.")]));
    let sealed = engine.sealed(NOW).unwrap();
    assert_eq!(sealed.groups().iter().flat_map(HostGroup::domains).collect::<BTreeSet<_>>(), expected);
}

#[test]
fn over_http_2_the_key_neither_holds_nor_is_missed() {
    let chain = TestChain::new();
    let facts = || Facts::from(secure(chain.certificates()));
    let answered = |socket: &Socket| Socket { status: Some(200), ..socket.clone() };
    for (mut engine, answer, overruled) in
        [(right(&chain), Answer::Proceed, None), (wrong(&json!({})), Answer::Cancel, Some(Overruled::Opened))]
    {
        at_gates(&mut engine, &wss(), &unanswered());
        assert_eq!(at_headers(&mut engine, &answered(&wss()), facts(), None).answer, answer);
        let effects = engine.opening_answer("1", Some(200), &|| accepting(None), NOW);
        assert_eq!(done(&effects).0.len(), 0, "nothing new is written down");
        assert_eq!(done(&effects).1.first().and_then(|entry| entry.overruled), overruled);
    }
}

#[test]
fn a_yes_that_does_not_count_is_written_down() {
    let chain = TestChain::new();
    let facts = || Facts::from(secure(chain.certificates()));
    for (accept, logged) in [(Some(PAGE_ACCEPT), 0), (Some("b3RoZXI="), 1), (None, 1)] {
        let mut engine = right(&chain);
        at_gates(&mut engine, &wss(), &unanswered());
        at_headers(&mut engine, &switching(&wss()), facts(), Some(&accept_of_ours()));
        let effects = engine.opening_answer("1", Some(101), &|| accepting(accept), NOW);
        let (new, _, counted) = done(&effects);
        assert_eq!((new.len(), counted), (logged, logged), "{accept:?}");
        if let Some(entry) = new.first() {
            assert_eq!((entry.outcome, entry.reason), (Outcome::Block, Reason::AnswerDiscarded));
        }
    }
}

#[test]
fn what_is_of_a_private_window_is_kept_apart_and_an_overruling_names_no_host() {
    let chain = TestChain::new();
    let private = Socket { route: Route { private: true, ..Route::default() }, ..wss() };
    let mut engine = wrong(&json!({}));
    at_gates(&mut engine, &private, &unanswered());
    let facts = Facts::from(secure(chain.certificates()));
    let step = at_headers(&mut engine, &switching(&private), facts, Some(&accept_of_ours()));
    assert_eq!(step.answer, Answer::Cancel);
    let effects = [step.effects, engine.opening_answer("1", Some(101), &|| accepting(Some(PAGE_ACCEPT)), NOW)].concat();
    let (new, amended, counted) = done(&effects);
    assert_eq!((new.len(), amended.len(), counted), (0, 0, 1));
    let private = effects.iter().filter_map(|effect| match effect {
        Effect::LogPrivately { before, now } => Some((before.as_ref().map(|entry| entry.overruled), now.overruled)),
        _ => None,
    });
    let private: Vec<_> = private.collect();
    assert_eq!(private, [(None, None), (Some(None), Some(Overruled::Opened))]);
    assert_eq!(engine.overruling().map(|overruling| overruling.host.clone()), Some(None));
}
