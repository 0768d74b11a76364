//! The proof of a rule: which socket is Sockpin's own, by which rules it is judged, and that nobody else's is.

use serde_json::{Value, json};
use sockpin::connection::{Address, Facts, MissingFacts, SecurityInfo, Target};
use sockpin::engine::{Answer, Effect, Engine, HeadersReceived, Listener, Opening, Socket, Step, Stored};
use sockpin::error::{Error, RuleError};
use sockpin::lock::{OpeningHeaders, WebSocketKey};
use sockpin::pause::PauseLength;
use sockpin::pin::Pin;
use sockpin::preflight::{ProbeAnswer, ProbeFailure, Route};
use sockpin::proof::{Conclusion, Ending, Expected, Proved};
use sockpin::time::UnixMillis;
use sockpin::verdict::{Allowed, Outcome, Reason};
use sockpin::violation::Stage;

use crate::chains::{NOW, TestChain, secure};
use crate::url_host;

const ORIGIN: &str = "moz-extension://own";
const URL: &str = "wss://chat.example.com/";

fn own(request: &str) -> Socket {
    Socket {
        request: request.to_owned(),
        address: Address::read(URL.to_owned(), &url_host),
        page: Some(ORIGIN.to_owned()),
        tab: None,
        route: Route::default(),
        status: None,
        now: NOW,
    }
}

fn of_page(request: &str) -> Socket {
    Socket { page: Some("https://page.example".to_owned()), tab: Some(7), ..own(request) }
}

fn rule(chain: &TestChain, fields: &Value) -> Value {
    let pins = json!([{"sha256": chain.pins[0].to_base64(), "label": "Mine"}]);
    let mut rule = json!({"id": "r", "host": "chat.example.com", "preflight": "off", "pins": pins});
    rule.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    rule
}

fn engine(rules: &Value, managed: &Value) -> Engine {
    let user = Ok(Some(json!({"version": 1, "rules": rules}).to_string()));
    let managed = Ok(Some(json!({"rules": managed}).to_string()));
    Engine::start(Stored { user, managed, pause: None, overruling: None }, NOW, &url_host)
}

fn by(rule: &Value) -> Engine {
    engine(&json!([rule]), &json!([]))
}

fn wrong() -> Pin {
    Pin::of_spki(b"a key that nobody has")
}

fn expected(rule: &str, wrong_pin: Option<Pin>) -> Expected {
    let target = Target::from_url(URL, &url_host).unwrap();
    Expected { origin: ORIGIN.to_owned(), target, rule: rule.to_owned(), wrong_pin, from: NOW }
}

fn facts(chain: &TestChain) -> Facts {
    secure(chain.certificates()).into()
}

/// What the browser was told last, and everything that is to be done beside it.
fn through(engine: &mut Engine, socket: &Socket, facts: &Facts) -> (Vec<Answer>, Vec<Effect>) {
    let key = WebSocketKey::from_header("dGhlIHNhbXBsZSBub25jZQ==");
    let nonce = [7; 16];
    let last = Listener::BeforeSendHeaders { page_key: &|| Some(key.clone()), nonce: &|| Some(nonce) };
    let (mut answers, mut effects) = (Vec::new(), Vec::new());
    let mut take = |Step { answer, effects: more }: Step| {
        let goes_on = answer != Answer::Cancel;
        answers.push(answer);
        effects.extend(more);
        goes_on
    };
    for listener in [Listener::BeforeRequest, last] {
        let step = match engine.opening(socket, &listener) {
            Opening::Decided(step) => step,
            Opening::NeedsProbe(probe) => {
                engine.answered(socket, &listener, &probe, ProbeAnswer::Server(facts.clone()))
            }
        };
        if !take(step) {
            return (answers, effects);
        }
    }
    let sent = engine.sent(&socket.request, socket.now);
    let answered = Socket { status: Some(101), ..socket.clone() };
    let accept = WebSocketKey::from_nonce(&nonce).accept();
    let headers = || OpeningHeaders { accept: Some(accept.clone()), extensions: None };
    take(match engine.headers_received(&answered, &headers) {
        HeadersReceived::Decided(step) => step,
        HeadersReceived::NeedsFacts(target) => engine.judge(&answered, target, facts.clone(), &headers),
    });
    effects.extend(sent);
    effects.extend(engine.opening_answer(&socket.request, Some(101), &headers, socket.now));
    (answers, effects)
}

fn stops(engine: &mut Engine, socket: &Socket, facts: &Facts) -> bool {
    through(engine, socket, facts).0.last() == Some(&Answer::Cancel)
}

fn proved(engine: &mut Engine) -> Conclusion {
    let Some(Proved { conclusion, .. }) = engine.proved(Ending::Opened) else { panic!("nothing was expected") };
    conclusion
}

/// The outcome, the reason and how far it came, or the label of the pin that matched.
fn told(conclusion: &Conclusion) -> String {
    match conclusion {
        Conclusion::Unjudged => "unjudged".to_owned(),
        Conclusion::Allowed { rule, how: Allowed::PinMatched(matched) } => format!("{rule} {}", matched.label),
        Conclusion::Allowed { rule, how } => format!("{rule} {how:?}"),
        Conclusion::Violation(violation) => {
            let paused = if violation.paused { " paused" } else { "" };
            format!("{:?} {:?} {:?}{paused}", violation.outcome, violation.reason, violation.stage)
        }
    }
}

#[test]
fn both_sockets_tell_what_the_rule_does_and_leave_no_trace() {
    let chain = TestChain::new();
    for (fields, with_rule, with_wrong_pin) in [
        (json!({}), "r Mine", "Block PinMismatch Handshake"),
        (json!({"preflight": "prefer"}), "r Mine", "Block PinMismatch Preflight"),
        (json!({"preflight": "require"}), "r Mine", "Block PinMismatch Preflight"),
        (json!({"mode": "flag"}), "r Mine", "Flag PinMismatch Handshake"),
        (json!({"expires": "2020-01-01"}), "r Mine", "Flag PinMismatch Handshake"),
        (json!({"mode": "off"}), "unjudged", "unjudged"),
        (json!({"match": "leaf"}), "r Mine", "Block PinMismatch Handshake"),
        // For a rule that only denies keys, a wrong key is one that it does not deny.
        (
            json!({"pins": [], "denied": [{"sha256": wrong().to_base64()}]}),
            "r NoDeniedKey",
            "Block PinMismatch Handshake",
        ),
        (
            json!({"pins": [{"sha256": Pin::of_spki(b"another").to_base64()}]}),
            "Block PinMismatch Handshake",
            "Block PinMismatch Handshake",
        ),
        (json!({"requireCt": true}), "Block CtNotCompliant Handshake", "Block PinMismatch Handshake"),
    ] {
        let rule = rule(&chain, &fields);
        let mut engine = by(&rule);
        for (number, wrong_pin, expected_told) in [("1", None, with_rule), ("2", Some(wrong()), with_wrong_pin)] {
            assert_eq!(engine.expect_proof(expected("r", wrong_pin)), Ok(true), "{fields}");
            let (answers, effects) = through(&mut engine, &own(number), &facts(&chain));
            let conclusion = proved(&mut engine);
            assert_eq!(told(&conclusion), expected_told, "{fields}, {number}");
            assert_eq!(effects, [], "{fields}, {number}");
            let is_block = expected_told.starts_with("Block");
            assert_eq!(answers.last() == Some(&Answer::Cancel), is_block, "{fields}, {number}: {answers:?}");
            let was_sent_with_whatever_it_has = answers.iter().any(|answer| matches!(answer, Answer::Lock(_)));
            assert!(!was_sent_with_whatever_it_has, "{fields}, {number}");
            engine.ended(number);
        }
        assert_eq!(engine.overruling(), None);
    }
}

#[test]
fn in_a_pause_a_wrong_key_is_let_through_and_that_is_said() {
    let chain = TestChain::new();
    let mut engine = by(&rule(&chain, &json!({"preflight": "prefer"})));
    engine.set_pause(Some(engine.begin_pause(PauseLength::TenMinutes, NOW).unwrap()));
    assert_eq!(engine.expect_proof(expected("r", Some(wrong()))), Ok(true));
    assert!(!stops(&mut engine, &own("1"), &facts(&chain)));
    assert_eq!(told(&proved(&mut engine)), "Flag PinMismatch Handshake paused");
}

#[test]
fn nobody_elses_socket_is_judged_by_the_wrong_pin_or_spared() {
    let chain = TestChain::new();
    let right = facts(&chain);
    let attacker = facts(&TestChain::new());
    let later = UnixMillis::new(NOW.as_millis() + 60_000);
    let others = [
        of_page("o"),
        // A page that has got hold of the origin's name, a page of the extension in a tab, and a window that is private.
        Socket { tab: Some(7), ..own("o") },
        Socket { page: Some("moz-extension://other".to_owned()), ..own("o") },
        Socket { page: None, ..own("o") },
        Socket { route: Route { private: true, ..Route::default() }, ..own("o") },
        Socket { address: Address::read("wss://chat.example.com:8443/".to_owned(), &url_host), ..own("o") },
        // Too late, and before it was expected.
        Socket { now: later, ..own("o") },
        Socket { now: UnixMillis::new(NOW.as_millis() - 1), ..own("o") },
    ];
    for (number, other) in others.iter().enumerate() {
        // Before Sockpin's own, while that one is under way, and after it.
        for moment in 0..3 {
            let mut engine = by(&rule(&chain, &json!({})));
            assert_eq!(engine.expect_proof(expected("r", Some(wrong()))), Ok(true));
            if moment == 1 {
                let Opening::Decided(_) = engine.opening(&own("1"), &Listener::BeforeRequest) else {
                    panic!("a probe")
                };
            }
            if moment == 2 {
                assert!(stops(&mut engine, &own("1"), &right));
                assert_eq!(told(&proved(&mut engine)), "Block PinMismatch Handshake");
            }
            assert!(!stops(&mut engine, other, &right), "{number}, {moment}: the right key is stopped");
            let again = Socket { request: "p".to_owned(), ..other.clone() };
            let (answers, effects) = through(&mut engine, &again, &attacker);
            assert_eq!(answers.last(), Some(&Answer::Cancel), "{number}, {moment}: the attacker's is not");
            let logged = effects.iter().any(|effect| matches!(effect, Effect::Log(_)));
            assert_eq!(logged, !other.route.private, "{number}, {moment}");
            // And it has taken nothing from the proof.
            if moment < 2 {
                assert!(stops(&mut engine, &own("1"), &right), "{number}, {moment}");
                assert_eq!(told(&proved(&mut engine)), "Block PinMismatch Handshake", "{number}, {moment}");
            }
        }
    }
}

#[test]
fn only_the_first_socket_of_its_own_is_the_one_that_is_expected() {
    let chain = TestChain::new();
    let mut engine = by(&rule(&chain, &json!({})));
    assert_eq!(engine.expect_proof(expected("r", Some(wrong()))), Ok(true));
    assert!(stops(&mut engine, &own("1"), &facts(&chain)));
    let (answers, effects) = through(&mut engine, &own("2"), &facts(&chain));
    assert_ne!(answers.last(), Some(&Answer::Cancel));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::NoteSighting { .. })), "{effects:?}");
    // Another is not begun meanwhile; but one that never ends holds nobody up for ever.
    assert_eq!(engine.expect_proof(expected("r", None)), Ok(false));
    let late = Expected { from: UnixMillis::new(NOW.as_millis() + 60_000), ..expected("r", None) };
    assert_eq!(engine.expect_proof(late), Ok(true));
}

#[test]
fn what_its_request_still_does_once_it_is_over_is_its_own_and_no_other_is_expected() {
    let chain = TestChain::new();
    let mut engine = by(&rule(&chain, &json!({})));
    assert_eq!(engine.expect_proof(expected("r", Some(wrong()))), Ok(true));
    let Opening::Decided(_) = engine.opening(&own("1"), &Listener::BeforeRequest) else { panic!("a probe") };
    let given_up = engine.proved(Ending::Deadline).unwrap();
    assert_eq!((given_up.ending, given_up.conclusion), (Ending::Deadline, Conclusion::Unjudged));
    assert!(!stops(&mut engine, &own("2"), &facts(&chain)), "it is over");
    let (answers, effects) = through(&mut engine, &own("1"), &facts(&chain));
    assert_eq!((answers.last(), effects), (Some(&Answer::Cancel), vec![]));
    engine.ended("1");
    assert!(!engine.is_proof("1"));
    assert!(!stops(&mut engine, &own("1"), &facts(&chain)), "the request is another one now");
    // One that has never left is gone at once.
    assert_eq!(engine.expect_proof(expected("r", Some(wrong()))), Ok(true));
    assert!(engine.proved(Ending::Failed).is_some());
    assert!(!stops(&mut engine, &own("3"), &facts(&chain)));
    assert_eq!(engine.proved(Ending::Failed), None);
}

/// Whatever the rule, whatever the server shows: what the rule stops or flags is stopped or flagged with the wrong pin as well.
#[test]
fn a_wrong_pin_only_makes_a_rule_stricter() {
    let chain = TestChain::new();
    let (key, other) = (chain.pins[2].to_base64(), Pin::of_spki(b"another").to_base64());
    let local = |facts: SecurityInfo| {
        let mut facts = facts;
        facts.certificates.last_mut().unwrap().is_built_in_root = Some(false);
        facts
    };
    let exception = SecurityInfo { is_untrusted: true, ..secure(vec![chain.leaf.clone()]) };
    let shown: [Facts; 6] = [
        facts(&chain),
        local(secure(chain.certificates())).into(),
        exception.into(),
        secure(vec![chain.leaf.clone(), vec![1, 2, 3], chain.root.clone()]).into(),
        Facts::Missing(MissingFacts::NoCertificates),
        Facts::Missing(MissingFacts::SecurityInfoFailed),
    ];
    let (mut allowed, mut stricter) = (0, 0);
    for mode in ["block", "flag", "off"] {
        for pins in [vec![&key], vec![&other], vec![&other, &key], vec![]] {
            for denied in [vec![], vec![chain.pins[1].to_base64()], vec![wrong().to_base64()]] {
                for (matching, roots) in
                    [("chain", "enforce"), ("leaf", "exempt"), ("leaf", "enforce"), ("chain", "exempt")]
                {
                    let list =
                        |pins: Vec<&String>| -> Vec<_> { pins.iter().map(|pin| json!({"sha256": pin})).collect() };
                    let fields = json!({
                        "mode": mode, "pins": list(pins.clone()), "denied": list(denied.iter().collect()),
                        "match": matching, "localRoots": roots,
                    });
                    if pins.is_empty() && denied.is_empty() && mode != "off" {
                        continue;
                    }
                    for facts in &shown {
                        let conclude = |wrong_pin| {
                            let mut engine = by(&rule(&chain, &fields));
                            assert_eq!(engine.expect_proof(expected("r", wrong_pin)), Ok(true));
                            let stopped = stops(&mut engine, &own("1"), facts);
                            (stopped, proved(&mut engine))
                        };
                        let ((was_stopped, real), (is_stopped, with_wrong)) = (conclude(None), conclude(Some(wrong())));
                        assert!(is_stopped || !was_stopped, "{fields} {facts:?}");
                        let severity = |conclusion: &Conclusion| match conclusion {
                            Conclusion::Unjudged => 0,
                            Conclusion::Allowed { .. } => 1,
                            Conclusion::Violation(violation) if violation.outcome == Outcome::Flag => 2,
                            Conclusion::Violation(_) => 3,
                        };
                        assert!(severity(&with_wrong) >= severity(&real), "{fields} {facts:?}");
                        let matched = matches!(with_wrong, Conclusion::Allowed { how: Allowed::PinMatched(_), .. });
                        assert!(!matched, "{fields} {facts:?}");
                        allowed += usize::from(severity(&real) == 1);
                        stricter += usize::from(severity(&with_wrong) > severity(&real));
                    }
                }
            }
        }
    }
    assert!(allowed > 40 && stricter > 40, "{allowed} {stricter}");
}

#[test]
fn the_rule_that_is_proved_decides_about_its_host_and_others_are_asked_as_well() {
    let chain = TestChain::new();
    let unknown = |engine: &mut Engine, id: &str| {
        let refused = engine.expect_proof(expected(id, Some(wrong())));
        assert_eq!(refused, Err(Error::Rule(RuleError::Unknown { id: id.to_owned() })));
    };
    let exact = rule(&chain, &json!({}));
    let wide = rule(&chain, &json!({"id": "wide", "host": "**.example.com"}));
    let mut engine = engine(&json!([exact, wide]), &json!([]));
    unknown(&mut engine, "wide");
    unknown(&mut engine, "gone");
    assert_eq!(engine.proved(Ending::Failed), None);

    // An administrator's rule beside it is judged as it is; and can be proved itself.
    let managed = json!({"id": "m", "host": "chat.example.com", "mode": "flag", "preflight": "off",
        "pins": [{"sha256": chain.pins[1].to_base64(), "label": "Theirs"}]});
    let mut engine = self::engine(&json!([exact]), &json!([managed]));
    let id = engine.policy().unwrap().managed.rules()[0].id().to_owned();
    for (rule, wrong_pin, expected_told) in [
        ("r", None, format!("{id} Theirs")),
        ("r", Some(wrong()), "Block PinMismatch Handshake".to_owned()),
        (id.as_str(), Some(wrong()), "Flag PinMismatch Handshake".to_owned()),
    ] {
        assert_eq!(engine.expect_proof(expected(rule, wrong_pin)), Ok(true));
        through(&mut engine, &own("1"), &facts(&chain));
        assert_eq!(told(&proved(&mut engine)), expected_told, "{rule}");
        engine.ended("1");
    }
}

#[test]
fn what_stops_a_socket_for_another_reason_is_told_as_that() {
    let chain = TestChain::new();
    let mut engine = by(&rule(&chain, &json!({"preflight": "require"})));
    assert_eq!(engine.expect_proof(expected("r", Some(wrong()))), Ok(true));
    let socket = own("1");
    let Opening::NeedsProbe(probe) = engine.opening(&socket, &Listener::BeforeRequest) else { panic!("no probe") };
    let step = engine.answered(&socket, &Listener::BeforeRequest, &probe, ProbeAnswer::None(ProbeFailure::Failed));
    assert_eq!(step, Step { answer: Answer::Cancel, effects: vec![] });
    let Conclusion::Violation(violation) = proved(&mut engine) else { panic!("it is no violation") };
    assert_eq!((violation.reason, violation.stage), (Reason::PreflightUnanswered, Stage::Preflight));
    engine.ended("1");

    // The guard has stopped it.
    assert_eq!(engine.expect_proof(expected("r", None)), Ok(true));
    let Opening::Decided(_) = engine.opening(&own("2"), &Listener::BeforeRequest) else { return };
    assert_eq!(engine.guard_stopped(&own("2"), Reason::Deadline), Step { answer: Answer::Cancel, effects: vec![] });
    assert_eq!(told(&proved(&mut engine)), "Block Deadline Handshake");
}
