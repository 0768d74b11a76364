//! The proof of a rule in words: what came of a socket of Sockpin's own, with the rule and with a wrong key in its place.

use super::notice::{Badge, Notice, NoticeKind, Tone};
use super::seen::endpoint;
use super::text::{Text, text};
use super::violation::reason;
use crate::limits::PROOF_DEADLINE_MS;
use crate::pin::Pin;
use crate::proof::{Conclusion, Ending, Proved};
use crate::rule::{Mode, Rule};
use crate::verdict::{Allowed, Match, Outcome, Reason};
use crate::violation::{Stage, Violation};

/// Of one of the two sockets: its state, and a sentence or more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// In a word or two.
    pub state: Badge,
    /// What came of it.
    pub text: Text,
}

impl Told {
    fn new(state: Text, tone: Tone, text: Text) -> Self {
        Self { state: Badge::new(state, tone), text }
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
    let said = |last: Option<Text>| Text::Sentences([said].into_iter().chain(by_other).chain(last).collect());
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
    let pin = |pin: &Pin| pin.to_string();
    if label.is_empty() { pin(sha256) } else { label.clone() }
}
