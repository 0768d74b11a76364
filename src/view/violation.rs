//! An entry of the log in words.

mod advice;
pub mod plain_text;
mod reason;
mod sent;
pub mod whole;

pub use advice::advice;
pub(super) use advice::by_reason;
pub(super) use reason::probe_failed;
pub use reason::reason;
pub use sent::sent;

use super::foreign::foreign;
use super::notice::{Tag, Tone};
use super::text::{Argument, Text, plural, text};
use crate::log::Tally;
use crate::overruling::Overruled;
use crate::pause::PauseEvent;
use crate::policy::Layer;
use crate::rule::{LocalRoots, MatchScope};
use crate::time::UnixMillis;
use crate::verdict::Outcome;
use crate::violation::{RuleSnapshot, Violation};

/// What became of the socket.
#[must_use]
pub fn outcome(violation: &Violation) -> Tag {
    match violation.outcome {
        _ if violation.overruled == Some(Overruled::Opened) => {
            Tag::new(text!("violation_outcome_let_through"), Tone::Bad)
        }
        Outcome::Flag if violation.paused => Tag::new(text!("violation_outcome_let_through"), Tone::Warning),
        Outcome::Block => Tag::new(text!("violation_outcome_blocked"), Tone::Bad),
        Outcome::Flag => Tag::new(text!("violation_outcome_flagged"), Tone::Warning),
    }
}

/// The host, with the port where it is not the usual one.
#[must_use]
pub fn host(violation: &Violation) -> Text {
    const USUAL_PORT: u16 = 443;
    match (violation.host.as_str(), violation.port) {
        ("", _) => text!("violation_host_unreadable"),
        (host, None | Some(USUAL_PORT)) => Text::literal(foreign(host)),
        (host, Some(port)) => Text::literal(format!("{}:{port}", foreign(host))),
    }
}

/// Who opened the sockets.
#[must_use]
pub fn pages(tally: &Tally) -> Text {
    let [opened, others @ ..] = tally.pages.as_slice() else {
        return text!("violation_opened_by_unnamed");
    };
    let others = others.len();
    match (opened.page.as_deref(), others, tally.elsewhere) {
        (None, 0, 0) => text!("violation_opened_by_unnamed"),
        (None, _, 0) => plural!("violation_opened_by_unnamed_and", others),
        (None, _, _) => plural!("violation_opened_by_unnamed_and_more", others),
        (Some(origin), 0, 0) => text!("violation_opened_by", page = foreign(origin)),
        (Some(origin), _, 0) => plural!("violation_opened_by_and", others, page = foreign(origin)),
        (Some(origin), _, _) => plural!("violation_opened_by_and_more", others, page = foreign(origin)),
    }
}

/// How many sockets an entry stands for, as a picture of it; none for one.
#[must_use]
pub fn times(tally: &Tally) -> Option<Text> {
    (tally.count > 1).then(|| text!("violation_times_short", count = tally.count))
}

/// How often and when.
#[must_use]
pub fn when(tally: &Tally) -> Text {
    match tally.count {
        1 => at(tally.last),
        times => {
            plural!("violation_times", times, first = Argument::Time(tally.first), last = Argument::Time(tally.last),)
        }
    }
}

/// Date and time of a line of the log.
#[must_use]
pub fn at(time: UnixMillis) -> Text {
    text!("log_time", time = Argument::Time(time))
}

/// A pause in the log.
#[must_use]
pub fn pause(event: PauseEvent) -> Text {
    match event {
        PauseEvent::BegunForTenMinutes => text!("log_paused_for_ten_minutes"),
        PauseEvent::BegunUntilRestart => text!("log_paused_until_restart"),
        PauseEvent::RanOut => text!("log_pause_ran_out"),
        PauseEvent::Ended => text!("log_pause_ended"),
    }
}

/// How much of the log is shown.
#[must_use]
pub fn shown_of(shown: usize, total: u64) -> Text {
    plural!("log_newest", shown, total = total)
}

/// Said where the popup finds no entry to which a notification leads. `endpoint` is host and port.
#[must_use]
pub fn entry_gone(endpoint: &str) -> Text {
    text!("popup_entry_gone", endpoint = foreign(endpoint))
}

/// The mark of an entry of a private window.
#[must_use]
pub fn private() -> Text {
    text!("log_private")
}

/// Said once the log is empty.
#[must_use]
pub fn cleared() -> Text {
    text!("log_cleared")
}

/// The rule as it was then, beside its pins: one label for each fact.
#[must_use]
pub fn rule(rule: &RuleSnapshot) -> Vec<Text> {
    let mut facts = vec![text!("violation_rule_host", host = foreign(&rule.host))];
    facts.push(match rule.match_scope {
        MatchScope::Chain => text!("violation_rule_chain"),
        MatchScope::Leaf => text!("violation_rule_leaf"),
    });
    if rule.require_ct {
        facts.push(text!("violation_rule_ct"));
    }
    if rule.local_roots == LocalRoots::Exempt {
        facts.push(text!("violation_rule_local_roots"));
    }
    if rule.layer == Layer::Managed {
        facts.push(text!("violation_rule_managed"));
    }
    facts
}

/// Whether the rule is one that the person cannot change.
const fn is_managed(violation: &Violation) -> bool {
    matches!(&violation.rule, Some(RuleSnapshot { layer: Layer::Managed, .. }))
}

/// Whether the rule denies keys: then it accepts no certificate that it cannot read, whatever its pins.
const fn denies_keys(violation: &Violation) -> bool {
    match &violation.rule {
        Some(rule) => !rule.denied.is_empty(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pin::Pin;
    use crate::preflight::ProbeFailure;
    use crate::rule::{LabelledPin, Mode};
    use crate::time::Date;
    use crate::verdict::Reason;
    use crate::violation::{ChainEntry, Mark, Stage};

    fn entry(mark: Mark, key: &[u8]) -> ChainEntry {
        ChainEntry {
            description: None,
            sha256: (mark != Mark::Unparsable).then(|| Pin::of_spki(key)),
            built_in_root: None,
            mark,
        }
    }

    fn violation(reason: Reason, outcome: Outcome) -> Violation {
        let pin = |label: &str, key: &[u8]| LabelledPin { sha256: Pin::of_spki(key), label: label.to_owned() };
        Violation {
            time: UnixMillis::new(0),
            host: "chat.example.com".to_owned(),
            port: Some(443),
            page: None,
            outcome,
            reason,
            exception: false,
            paused: false,
            stage: Stage::Handshake,
            overruled: None,
            probe_failure: None,
            rule: Some(RuleSnapshot {
                id: "1".to_owned(),
                layer: Layer::User,
                host: "chat.example.com".to_owned(),
                mode: Mode::Block,
                match_scope: MatchScope::Chain,
                expires: Some(Date::parse("2026-11-01").unwrap()),
                expired: false,
                local_roots: LocalRoots::Enforce,
                require_ct: false,
                pins: vec![pin("Current", b"a"), pin("Backup", b"b")],
                denied: vec![pin("Stolen in May", b"c")],
            }),
            matched: None,
            chain: vec![entry(Mark::None, b"x"), entry(Mark::Unparsable, b""), entry(Mark::Denied, b"c")],
            chain_digest: None,
            other_rule: None,
            certificates: std::sync::Arc::default(),
        }
    }

    #[test]
    fn the_reason_is_told_in_whole_sentences() {
        let mismatch = violation(Reason::PinMismatch, Outcome::Block);
        let rule = mismatch.rule.clone().unwrap();
        let leaf = Violation {
            rule: Some(RuleSnapshot { match_scope: MatchScope::Leaf, pins: Vec::new(), ..rule.clone() }),
            ..mismatch.clone()
        };
        let no_denied = Violation {
            reason: Reason::UnparsableCertificate,
            rule: Some(RuleSnapshot { denied: Vec::new(), ..rule.clone() }),
            ..mismatch.clone()
        };
        let expired = Violation {
            outcome: Outcome::Flag,
            rule: Some(RuleSnapshot { expired: true, ..rule }),
            ..mismatch.clone()
        };
        for (violation, expected) in [
            (mismatch.clone(), "None of the 3 keys in the chain matches any of the rule’s 2 pins."),
            (leaf, "The server’s own key does not match any of the rule’s 0 pins."),
            (
                Violation { exception: true, ..mismatch },
                "A certificate exception is in force, and the server’s own key does not match any of the rule’s 2 pins.",
            ),
            (
                expired,
                "None of the 3 keys in the chain matches any of the rule’s 2 pins. The rule expired on 1 November 2026, so it \
                 only flags.",
            ),
            (violation(Reason::DeniedKey, Outcome::Block), "The chain contains a denied key, “Stolen in May”."),
            (
                violation(Reason::UnparsableCertificate, Outcome::Block),
                "1 certificate of the chain could not be read and may hold a denied key.",
            ),
            (no_denied, "1 certificate of the chain could not be read, and no other satisfies the rule."),
            (violation(Reason::Deadline, Outcome::Block), "The check took too long."),
            (
                violation(Reason::Cleartext, Outcome::Flag),
                "The page asked for an unencrypted socket (ws://), and Firefox was told to encrypt it.",
            ),
            (
                Violation { paused: true, ..violation(Reason::Cleartext, Outcome::Flag) },
                "The socket was not encrypted (ws://), so there was no key to check. The socket was let through because \
                 Sockpin was paused.",
            ),
        ] {
            assert_eq!(reason(&violation).english(), expected);
        }
    }

    #[test]
    fn the_usual_port_goes_without_saying() {
        let plain = violation(Reason::Deadline, Outcome::Block);
        for (host_text, port, expected) in [
            ("chat.example.com", Some(443), "chat.example.com"),
            ("[2001:db8::1]", Some(8443), "[2001:db8::1]:8443"),
            ("chat.example.com", None, "chat.example.com"),
            ("", None, "(unreadable address)"),
        ] {
            let violation = Violation { host: host_text.to_owned(), port, ..plain.clone() };
            assert_eq!(host(&violation).english(), expected);
        }
    }

    #[test]
    fn an_entry_says_how_often_when_and_from_where() {
        let origin = |name: &str| Some(format!("https://{name}.example"));
        let tally = |pages: &[Option<String>], elsewhere| {
            let at =
                |page: &Option<String>| Violation { page: page.clone(), ..violation(Reason::Deadline, Outcome::Block) };
            let mut tally = Tally::of(&at(&pages[0]));
            pages[1..].iter().for_each(|page| tally.add(&at(page)));
            Tally { elsewhere, count: tally.count + elsewhere, last: UnixMillis::new(61_000), ..tally }
        };
        let (a, b) = (origin("a"), origin("b"));
        for (pages, elsewhere, times, opened_by, when) in [
            (vec![a.clone()], 0, None, "Opened by https://a.example", "1970-01-01T00:01:01Z"),
            (
                vec![a.clone(), a.clone()],
                0,
                Some("× 2"),
                "Opened by https://a.example",
                "2 times, first 1970-01-01T00:00:00Z, last 1970-01-01T00:01:01Z",
            ),
            (vec![None], 0, None, "Firefox did not say which page opened it", "1970-01-01T00:01:01Z"),
            (
                vec![a.clone(), b.clone(), a.clone()],
                0,
                Some("× 3"),
                "Opened by https://a.example and 1 other page",
                "3 times, first 1970-01-01T00:00:00Z, last 1970-01-01T00:01:01Z",
            ),
            (
                vec![None, b, a],
                38,
                Some("× 41"),
                "Opened by a page that Firefox did not name and more than 2 other pages",
                "41 times, first 1970-01-01T00:00:00Z, last 1970-01-01T00:01:01Z",
            ),
        ] {
            let tally = tally(&pages, elsewhere);
            assert_eq!(super::times(&tally).map(|times| times.english()).as_deref(), times);
            assert_eq!(super::pages(&tally).english(), opened_by);
            assert_eq!(super::when(&tally).english(), when);
        }
    }

    #[test]
    fn advice_depends_on_what_happened() {
        let plain = violation(Reason::PinMismatch, Outcome::Block);
        let advice = |violation: &Violation| advice(violation, false).unwrap().english();
        assert!(advice(&plain).contains("add the new pin"));
        assert!(advice(&Violation { exception: true, ..plain.clone() }).contains("told Firefox to accept"));
        let unreadable = Violation { reason: Reason::UnparsableCertificate, ..plain };
        assert!(advice(&unreadable).contains("As long as the rule denies keys"));
        let preflight = violation(Reason::PreflightUnanswered, Outcome::Block);
        assert!(advice(&preflight).contains("asked again"));
        let private = Violation { probe_failure: Some(ProbeFailure::PrivateWindow), ..preflight };
        assert!(advice(&private).contains("ordinary tab"));
        assert!(reason(&private).english().ends_with("not done for private windows."));
    }

    #[test]
    fn nobody_is_told_to_change_a_rule_that_is_not_theirs() {
        for reason in [Reason::PinMismatch, Reason::PreflightUnanswered] {
            let own = violation(reason, Outcome::Block);
            let rule = RuleSnapshot { layer: Layer::Managed, ..own.rule.clone().unwrap() };
            let managed = Violation { rule: Some(rule), ..own.clone() };
            for (violation, is_managed) in [(own, false), (managed, true)] {
                let text = advice(&violation, false).unwrap().english();
                assert_eq!(text.contains("your administrator"), is_managed, "{text}");
                assert_eq!(
                    text.contains("add the new pin") || text.contains("let the rule check"),
                    !is_managed,
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn what_the_server_has_seen_depends_on_when_it_was_found_out() {
        use {Outcome::*, ProbeFailure::*, Reason::*, Stage::*};
        for (reason, outcome, stage, probe_failure, paused, start) in [
            (PinMismatch, Block, Preflight, None, false, "Nothing from the page was sent"),
            (PreflightUnanswered, Block, Preflight, Some(Failed), false, "Nothing from the page was sent"),
            (PreflightUnanswered, Block, Preflight, Some(Container), false, "Nothing at all"),
            (PreflightUnanswered, Block, Preflight, Some(ProxyPassword), false, "Nothing at all"),
            (PinMismatch, Block, Handshake, None, false, "The server has received the request"),
            (Reason::Deadline, Block, Handshake, None, false, "At most the request"),
            (PreflightUnanswered, Block, Preflight, Some(Offline), false, "Nothing at all"),
            (PinMismatch, Flag, Handshake, None, false, "Everything"),
            (PinMismatch, Flag, Handshake, None, true, "Everything"),
            (Cleartext, Flag, Handshake, None, false, "Nothing without encryption"),
            (Cleartext, Flag, Handshake, None, true, "Everything"),
        ] {
            let text = sent(&Violation { paused, stage, probe_failure, ..violation(reason, outcome) }).english();
            assert!(text.starts_with(start), "{reason:?} {outcome:?} {stage:?}: {text}");
        }
    }

    #[test]
    fn what_was_not_known_beforehand_is_explained() {
        let late = violation(Reason::PinMismatch, Outcome::Block);
        let sent = |violation: &Violation| sent(violation).english();
        assert!(!sent(&late).contains("beforehand"));
        let late = Violation { probe_failure: Some(ProbeFailure::Container), ..late };
        assert!(
            sent(&late).ends_with(
                "The key was not known beforehand. The check ahead of the handshake is not done in container tabs."
            ),
            "{}",
            sent(&late)
        );
        // Everything is what it has received, whatever was known.
        assert!(!sent(&Violation { outcome: Outcome::Flag, ..late }).contains("beforehand"));
    }

    #[test]
    fn a_pause_is_on_the_badge() {
        let flagged = violation(Reason::PinMismatch, Outcome::Flag);
        assert_eq!(outcome(&flagged).text.english(), "Flagged");
        assert_eq!(outcome(&Violation { paused: true, ..flagged }).text.english(), "Let through");
    }

    #[test]
    fn an_entry_whose_stop_was_undone_says_so_and_how_to_find_who_did_it() {
        use {Outcome::*, Overruled::*, Stage::*};
        let reason_of = |violation: &Violation| reason(violation).english();
        let sent = |violation: &Violation| sent(violation).english();
        let advice = |violation: &Violation| advice(violation, false).unwrap().english();
        for (cause, stage, how, tag, said, received) in [
            (Reason::PinMismatch, Handshake, Held, "Blocked", "lock kept the socket closed", "The server has received"),
            (Reason::PinMismatch, Preflight, Sent, "Blocked", "request be sent all the same", "The request that opens"),
            (
                Reason::PinMismatch,
                Preflight,
                Opened,
                "Let through",
                "let the socket through all the same",
                "Everything",
            ),
            (
                Reason::PinMismatch,
                Handshake,
                Opened,
                "Let through",
                "let the socket through all the same",
                "Everything",
            ),
            (
                Reason::Cleartext,
                BeforeRequest,
                Sent,
                "Blocked",
                "request be sent all the same",
                "The request that opens",
            ),
        ] {
            let violation = Violation { stage, overruled: Some(how), ..violation(cause, Block) };
            assert_eq!(outcome(&violation).text.english(), tag);
            assert!(reason_of(&violation).contains(said), "{}", reason_of(&violation));
            assert!(sent(&violation).starts_with(received), "{cause:?} {how:?}: {}", sent(&violation));
            assert_eq!(advice(&violation).matches("about:addons").count(), 1, "{}", advice(&violation));
        }
        let in_clear = Violation { stage: BeforeRequest, overruled: Some(Sent), ..violation(Reason::Cleartext, Block) };
        assert!(sent(&in_clear).contains("without encryption"), "{}", sent(&in_clear));
    }

    #[test]
    fn nothing_was_sent_where_nothing_was() {
        let stopped = |reason| Violation { stage: Stage::BeforeRequest, ..violation(reason, Outcome::Block) };
        let sent = |violation: &Violation| sent(violation).english();
        let reason = |violation: &Violation| reason(violation).english();
        for cause in [Reason::Cleartext, Reason::PolicyUnreadable, Reason::UnreadableAddress, Reason::HandshakeAltered]
        {
            assert!(sent(&stopped(cause)).starts_with("Nothing at all"), "{}", sent(&stopped(cause)));
        }
        assert!(reason(&stopped(Reason::HandshakeAltered)).contains("had lost the WebSocket key"));
        let late = violation(Reason::HandshakeAltered, Outcome::Block);
        assert!(reason(&late).contains("does not fit the WebSocket key"), "{}", reason(&late));
        assert!(sent(&late).starts_with("The server has received"), "{}", sent(&late));
        let discarded = violation(Reason::AnswerDiscarded, Outcome::Block);
        assert!(reason(&discarded).contains("certificate was in order"), "{}", reason(&discarded));
    }
}
