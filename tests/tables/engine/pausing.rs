//! A while without protection.

use serde_json::json;
use sockpin::connection::{Facts, MissingFacts};
use sockpin::engine::{Answer, Effect, Engine, Opening, Socket, Stored};
use sockpin::error::StorageError;
use sockpin::pause::{PauseEvent, PauseLength};
use sockpin::pin::Pin;
use sockpin::preflight::ProbeAnswer as Probed;
use sockpin::time::UnixMillis;
use sockpin::verdict::{Outcome, Reason};

use super::{answered, at_first_listener, done, engine, handshake, opening, probe, ruled, socket, start};
use crate::chains::{NOW, TestChain, secure};
use crate::url_host;

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
