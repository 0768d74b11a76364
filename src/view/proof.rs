//! The proof of a rule in words: what came of a socket of Sockpin's own, with the rule and with a wrong key in its place.

use super::foreign::key_name;
use super::notice::{Notice, NoticeKind, Tag, Tone};
use super::seen::endpoint;
use super::text::{Text, present, text};
use super::violation::reason;
use crate::limits::PROOF_DEADLINE_MS;
use crate::proof::{Conclusion, Ending, Proved};
use crate::rule::{Mode, Rule};
use crate::verdict::{Allowed, Match, Outcome, Reason};
use crate::violation::{Stage, Violation};

/// Of one of the two sockets: its state, and a sentence or more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// In a word or two.
    pub state: Tag,
    /// What came of it.
    pub text: Text,
}

impl Told {
    fn new(state: Text, tone: Tone, text: Text) -> Self {
        Self { state: Tag::new(state, tone), text }
    }
}

/// What is about to be done.
#[must_use]
pub fn about(host: &str, port: u16) -> Text {
    text!("prove_about", endpoint = endpoint(host, port))
}

/// Where there is no host yet.
#[must_use]
pub fn no_host() -> Text {
    text!("prove_host_help")
}

/// Another rule, or none, decides about what was typed.
#[must_use]
pub fn not_decided(host: &str, port: u16, other: Option<&Rule>) -> Notice {
    let endpoint = endpoint(host, port);
    let said = match other {
        Some(rule) => text!("prove_other_rule", endpoint = endpoint, host = rule.host().to_string()),
        None => text!("prove_not_of_rule", endpoint = endpoint),
    };
    Notice::new(NoticeKind::Error, "not-decided", said)
}

/// Another page proves a rule at this moment.
#[must_use]
pub fn busy() -> Notice {
    Notice::new(NoticeKind::Error, "proving", text!("prove_busy"))
}

/// Which of the two sockets it is.
#[must_use]
pub fn which(has_wrong_pin: bool) -> Text {
    if has_wrong_pin { text!("prove_wrong") } else { text!("prove_right") }
}

/// While it is under way.
#[must_use]
pub fn running() -> Told {
    Told::new(text!("prove_running"), Tone::Neutral, Text::Sentences(Vec::new()))
}

/// The second one, where the first could not be judged.
#[must_use]
pub fn not_tried() -> Told {
    Told::new(text!("prove_not_tried"), Tone::Neutral, text!("prove_not_tried_text"))
}

/// What came of the socket that was judged by the rules as they are.
#[must_use]
pub fn with_rule(proved: &Proved, rule: &Rule) -> Told {
    let allowed = |said: Text| {
        let ending = match proved.ending {
            Ending::Opened => text!("prove_opened"),
            Ending::Failed | Ending::Deadline => text!("prove_no_socket"),
        };
        Text::Sentences(vec![said, ending])
    };
    match &proved.conclusion {
        Conclusion::Unjudged => unjudged(proved, rule),
        Conclusion::Allowed { rule: by, .. } if by != rule.id() => {
            Told::new(text!("seen_allowed"), Tone::Neutral, allowed(text!("prove_by_other")))
        }
        Conclusion::Allowed { how: Allowed::PinMatched(matched), .. } => {
            Told::new(text!("seen_matched"), Tone::Good, allowed(text!("prove_matched", label = name(matched))))
        }
        Conclusion::Allowed { how: Allowed::NoDeniedKey, .. } => {
            Told::new(text!("seen_allowed"), Tone::Good, allowed(text!("trial_no_denied")))
        }
        Conclusion::Allowed { how: Allowed::LocalRootExempt, .. } => {
            Told::new(text!("seen_allowed"), Tone::Warning, allowed(text!("trial_exempt")))
        }
        Conclusion::Violation(violation) => violated(proved, violation, rule, reason(violation)),
    }
}

/// What came of the socket for which a wrong pin stood in the place of the rule's.
#[must_use]
pub fn with_wrong_pin(proved: &Proved, rule: &Rule) -> Told {
    match &proved.conclusion {
        Conclusion::Unjudged => unjudged(proved, rule),
        Conclusion::Allowed { how: Allowed::LocalRootExempt, rule: by } if by == rule.id() => {
            Told::new(text!("prove_let_through"), Tone::Bad, text!("prove_wrong_exempt"))
        }
        Conclusion::Allowed { .. } => Told::new(text!("prove_let_through"), Tone::Bad, text!("prove_wrong_allowed")),
        Conclusion::Violation(violation) if is_by(violation, rule) && violation.reason == Reason::PinMismatch => {
            let said = match (violation.outcome, violation.stage) {
                (Outcome::Block, Stage::Preflight | Stage::BeforeRequest) => {
                    text!("prove_wrong_blocked_before_request")
                }
                (Outcome::Block, Stage::Handshake) => text!("prove_wrong_blocked_before_data"),
                (Outcome::Flag, _) if violation.paused => text!("prove_wrong_paused"),
                (Outcome::Flag, _) if rule.mode() == Mode::Block => text!("prove_wrong_expired"),
                (Outcome::Flag, _) => text!("prove_wrong_flagged"),
            };
            let told = violated(proved, violation, rule, said);
            match (violation.outcome, told.state.tone, proved.ending) {
                // Blocked is what it was to be.
                (Outcome::Block, _, Ending::Failed | Ending::Deadline) => {
                    Told::new(text!("prove_blocked"), Tone::Good, told.text)
                }
                _ => told,
            }
        }
        Conclusion::Violation(violation) => {
            let said = Text::Sentences(vec![text!("prove_wrong_other_reason"), reason(violation)]);
            violated(proved, violation, rule, said)
        }
    }
}

fn violated(proved: &Proved, violation: &Violation, rule: &Rule, said: Text) -> Told {
    let by_other = (!is_by(violation, rule) && violation.rule.is_some()).then(|| text!("prove_by_other"));
    let said = |last: Option<Text>| Text::Sentences(present(vec![Some(said), by_other, last]));
    match (violation.outcome, proved.ending) {
        (Outcome::Block, Ending::Opened) => {
            Told::new(text!("prove_overruled"), Tone::Bad, said(Some(text!("prove_overruled_text"))))
        }
        (Outcome::Block, Ending::Failed | Ending::Deadline) => Told::new(text!("seen_blocked"), Tone::Bad, said(None)),
        (Outcome::Flag, _) if violation.paused => Told::new(text!("prove_let_through"), Tone::Bad, said(None)),
        (Outcome::Flag, _) => Told::new(text!("seen_flagged"), Tone::Warning, said(None)),
    }
}

fn unjudged(proved: &Proved, rule: &Rule) -> Told {
    match (proved.ending, &proved.error) {
        (Ending::Opened, _) if rule.mode() == Mode::Off => {
            Told::new(text!("seen_rule_off"), Tone::Neutral, text!("prove_off"))
        }
        (Ending::Opened, _) => Told::new(text!("prove_unchecked"), Tone::Bad, text!("prove_unchecked_text")),
        (Ending::Deadline, _) => {
            let seconds = u64::from(PROOF_DEADLINE_MS.unsigned_abs() / 1000);
            Told::new(text!("prove_unreached"), Tone::Warning, text!("prove_deadline", seconds = seconds))
        }
        (Ending::Failed, Some(error)) => {
            Told::new(text!("prove_unreached"), Tone::Warning, text!("prove_unreached_error", error = error))
        }
        (Ending::Failed, None) => Told::new(text!("prove_unreached"), Tone::Warning, text!("prove_unreached_text")),
    }
}

fn is_by(violation: &Violation, rule: &Rule) -> bool {
    violation.rule.as_ref().is_some_and(|by| by.id == rule.id())
}

/// What the user calls a pin; the pin itself where it has no label.
fn name(Match { sha256, label, .. }: &Match) -> String {
    key_name(label, &sha256.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pin::Pin;
    use crate::rule::{PinDocument, RuleDocument, RuleStamp};
    use crate::time::UnixMillis;
    use crate::violation::RuleSnapshot;

    const NOW: UnixMillis = UnixMillis::new(1_795_305_600_000);

    fn rule(mode: Mode, expires: Option<&str>) -> Rule {
        let document = RuleDocument {
            host: "a.test".to_owned(),
            mode,
            pins: vec![PinDocument { sha256: Pin::of_spki(b"a").to_string(), label: "Mine".to_owned() }],
            expires: expires.map(str::to_owned),
            ..RuleDocument::default()
        };
        Rule::new(&document, &RuleStamp { id: "r".to_owned(), time: NOW }, &|_| None).unwrap()
    }

    fn matched() -> Conclusion {
        let matched = Match { certificate: 0, sha256: Pin::of_spki(b"a"), label: "Mine".to_owned() };
        Conclusion::Allowed { rule: "r".to_owned(), how: Allowed::PinMatched(matched) }
    }

    fn violation(rule: &Rule, reason: Reason, outcome: Outcome, stage: Stage, paused: bool) -> Conclusion {
        let snapshot = RuleSnapshot::of(crate::policy::Layer::User, rule, NOW);
        let unjudged = Violation::unjudged(reason, NOW, None, None);
        Conclusion::Violation(Box::new(Violation { outcome, stage, paused, rule: Some(snapshot), ..unjudged }))
    }

    fn proved(ending: Ending, conclusion: Conclusion) -> Proved {
        Proved { ending, error: None, conclusion }
    }

    #[test]
    fn only_a_stop_that_held_and_that_the_wrong_pin_caused_is_good() {
        use {Ending::*, Outcome::*, Reason::*, Stage::*};
        let (block, flag) = (rule(Mode::Block, None), rule(Mode::Flag, None));
        let expired = rule(Mode::Block, Some("2020-01-01"));
        for (rule, ending, reason, outcome, stage, paused, tone, expected) in [
            (
                &block,
                Failed,
                PinMismatch,
                Block,
                Preflight,
                false,
                Tone::Good,
                "A wrong key was stopped before the request",
            ),
            (&block, Failed, PinMismatch, Block, Handshake, false, Tone::Good, "A wrong key was stopped before data"),
            (
                &block,
                Opened,
                PinMismatch,
                Block,
                Handshake,
                false,
                Tone::Bad,
                "A wrong key was stopped before data flowed",
            ),
            (
                &flag,
                Opened,
                PinMismatch,
                Flag,
                Handshake,
                false,
                Tone::Warning,
                "A wrong key would be flagged, and the",
            ),
            (
                &expired,
                Opened,
                PinMismatch,
                Flag,
                Handshake,
                false,
                Tone::Warning,
                "A wrong key would be flagged, and the",
            ),
            (
                &block,
                Opened,
                PinMismatch,
                Flag,
                Handshake,
                true,
                Tone::Bad,
                "A wrong key would be let through, because",
            ),
            (&block, Failed, PreflightUnanswered, Block, Preflight, false, Tone::Bad, "It was not the wrong key"),
            (&block, Failed, PolicyUnreadable, Block, Handshake, false, Tone::Bad, "It was not the wrong key"),
        ] {
            let told = with_wrong_pin(&proved(ending, violation(rule, reason, outcome, stage, paused)), rule);
            let text = told.text.english();
            assert!(text.starts_with(expected), "{text}");
            assert_eq!(told.state.tone, tone, "{text}");
        }
        for conclusion in [
            matched(),
            Conclusion::Allowed { rule: "r".to_owned(), how: Allowed::LocalRootExempt },
            Conclusion::Allowed { rule: "other".to_owned(), how: Allowed::NoDeniedKey },
        ] {
            let told = with_wrong_pin(&proved(Opened, conclusion), &block);
            assert_eq!((told.state.tone, told.state.text.english().as_str()), (Tone::Bad, "Would be let through"));
        }
        // Another rule has stopped it.
        let by_other = match violation(&block, PinMismatch, Block, Handshake, false) {
            Conclusion::Violation(mut found) => {
                if let Some(rule) = &mut found.rule {
                    rule.id = "other".to_owned();
                }
                Conclusion::Violation(found)
            }
            conclusion => conclusion,
        };
        let told = with_wrong_pin(&proved(Failed, by_other), &block);
        assert_eq!(told.state.tone, Tone::Bad);
        assert!(told.text.english().contains("another rule"), "{}", told.text.english());
    }

    #[test]
    fn what_was_not_judged_proves_nothing() {
        let (block, off) = (rule(Mode::Block, None), rule(Mode::Off, None));
        let refused = Some("NS_ERROR_CONNECTION_REFUSED".to_owned());
        for (rule, ending, error, tone, expected) in [
            (&block, Ending::Failed, refused, Tone::Warning, "NS_ERROR_CONNECTION_REFUSED."),
            (&block, Ending::Failed, None, Tone::Warning, "nothing was checked."),
            (&block, Ending::Deadline, None, Tone::Warning, "within 8 seconds, so nothing was checked."),
            (&block, Ending::Opened, None, Tone::Bad, "have changed meanwhile."),
            (&off, Ending::Opened, None, Tone::Neutral, "let through as well."),
        ] {
            let proved = Proved { ending, error, conclusion: Conclusion::Unjudged };
            for told in [with_rule(&proved, rule), with_wrong_pin(&proved, rule)] {
                assert!(told.text.english().ends_with(expected), "{}", told.text.english());
                assert_eq!(told.state.tone, tone, "{expected}");
            }
        }
        let told = with_rule(&proved(Ending::Failed, matched()), &block);
        assert!(told.text.english().starts_with("Matched by “Mine”. But the server opened no WebSocket"));
    }
}
