//! A rule in words.

use super::date::{ago, count, day, days_until};
use super::notice::{Badge, Notice, NoticeKind, Tone};
use crate::pin::Pin;
use crate::policy::Layer;
use crate::rule::{LocalRoots, MatchScope, Mode, PinDocument, Preflight, RuleDocument};
use crate::time::{Date, UnixMillis};

/// From this many days before its end a rule says so.
const EXPIRES_SOON_DAYS: u64 = 30;

/// What the rule does, at that time.
#[must_use]
pub fn badge(rule: &RuleDocument, now: UnixMillis) -> Badge {
    match rule.mode {
        Mode::Off => Badge::new("Off", Tone::Neutral),
        Mode::Block | Mode::Flag if is_expired(rule, now) => Badge::new("Expired: flags only", Tone::Bad),
        Mode::Block => Badge::new("Blocks", Tone::Good),
        Mode::Flag => Badge::new("Flags", Tone::Warning),
    }
}

/// What a person should look at.
#[must_use]
pub fn notices(rule: &RuleDocument, layer: Layer, now: UnixMillis) -> Vec<Notice> {
    if rule.mode == Mode::Off {
        return Vec::new();
    }
    // Whether there is a backup is for whoever made the rule to know.
    let backup = backup(rule, now).filter(|_| layer == Layer::User);
    expiry(rule, layer, now).into_iter().chain(backup).collect()
}

/// What a mode does, below its field.
#[must_use]
pub const fn mode_help(mode: Mode) -> &'static str {
    match mode {
        Mode::Block => {
            "The socket is stopped before the page can use it, and logged. The page sees a failed connection."
        }
        Mode::Flag => "The socket is let through and logged. Good for trying out a rule.",
        Mode::Off => "Sockets to this host are let through unchecked. Use it to leave a host out of a wider rule.",
    }
}

/// What a choice of the pre-flight does, below its field.
#[must_use]
pub const fn preflight_help(preflight: Preflight, mode: Mode) -> &'static str {
    match (mode, preflight) {
        (Mode::Flag | Mode::Off, _) => "Only a rule that blocks checks the key ahead of the handshake.",
        (Mode::Block, Preflight::Prefer) => {
            "Sockpin first asks the server for its key alone. Who answers with a wrong one never sees the socket’s URL, cookies and \
             subprotocols. Where the server gives no answer, and where it is not asked (in private windows and containers, and \
             for a socket with a proxy of its own), the key is checked at the handshake, which sends them."
        }
        (Mode::Block, Preflight::Off) => {
            "The key is checked at the handshake only: by then the server has received the socket’s URL, cookies and \
             subprotocols. What the page sends after it is stopped."
        }
        (Mode::Block, Preflight::Require) => {
            "As “when possible”, but a socket is stopped where the server gives no answer, or gives it over HTTP/3, and where it is \
             not asked: in private windows and containers, and for a socket with a proxy of its own."
        }
    }
}

/// Everything that is not the default, and when it was changed.
#[must_use]
pub fn facts(rule: &RuleDocument, now: UnixMillis) -> String {
    let mut facts = Vec::new();
    if let Some(date) = date(rule)
        && !is_expired(rule, now)
    {
        facts.push(format!("Expires on {}", day(date)));
    }
    if rule.match_scope == MatchScope::Leaf {
        facts.push("Server’s own certificate only".to_owned());
    }
    if rule.require_ct {
        facts.push("Certificate Transparency required".to_owned());
    }
    if rule.local_roots == LocalRoots::Exempt {
        facts.push("Roots added on this computer are let through".to_owned());
    }
    // Any other rule sends none.
    let blocks = rule.mode == Mode::Block && !is_expired(rule, now);
    match rule.preflight {
        Preflight::Off if blocks => facts.push("No check ahead of the handshake".to_owned()),
        Preflight::Require if blocks => facts.push("Check ahead of the handshake required".to_owned()),
        Preflight::Prefer | Preflight::Off | Preflight::Require => {}
    }
    if let Some(updated) = rule.updated {
        facts.push(format!("Changed {}", ago(updated, now)));
    }
    facts.join(" · ")
}

/// What stands where the user has no rule; `managed` counts the administrator's.
#[must_use]
pub const fn none_yet(managed: usize) -> &'static str {
    if managed == 0 {
        "Nothing is pinned, so Sockpin lets every WebSocket through. Start with a server whose keys you know."
    } else {
        "You have none of your own. Those of your administrator, below, are in force."
    }
}

/// A key of a rule, as it stands on a card or beside a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyLine {
    /// The user's own words for it.
    pub name: String,
    /// What is special about it.
    pub mark: Option<Badge>,
    /// The pin in full.
    pub pin: String,
}

/// The keys of a rule: its pins, then what it denies.
#[must_use]
pub fn keys(pins: &[PinDocument], denied: &[PinDocument]) -> Vec<KeyLine> {
    let line = |key: &PinDocument, mark: Option<Badge>| KeyLine {
        name: if key.label.is_empty() { "(no label)".to_owned() } else { key.label.clone() },
        mark,
        pin: full_pin(&key.sha256),
    };
    let denied = denied.iter().map(|key| line(key, Some(Badge::new("Denied", Tone::Bad))));
    pins.iter().map(|key| line(key, None)).chain(denied).collect()
}

/// A stored pin as it is shown and typed, with the name of its algorithm.
#[must_use]
pub fn full_pin(stored: &str) -> String {
    Pin::parse(stored).map_or_else(|_| stored.to_owned(), |pin| pin.to_string())
}

/// What a button of a rule's card does, for those who do not see the card around it. `action` is the word on it.
#[must_use]
pub fn action_on(action: &str, rule: &RuleDocument) -> String {
    format!("{action} the rule for {}", rule.host)
}

/// Said once a rule is stored.
#[must_use]
pub fn stored(rule: &RuleDocument) -> String {
    format!("The rule for {} is stored and in force.", rule.host)
}

/// Said once a rule is deleted.
pub const DELETED: &str = "The rule is deleted.";

/// Said once all rules have been set aside.
pub const SET_ASIDE: &str = "There are no rules now.";

/// What is asked before a rule is deleted.
#[must_use]
pub fn deletion_question(rule: &RuleDocument) -> String {
    format!("Delete the rule for {}?", rule.host)
}

/// What is lost with the rule.
#[must_use]
pub fn deletion(rule: &RuleDocument) -> String {
    match rule.mode {
        Mode::Block | Mode::Flag => format!(
            "Sockpin will no longer check sockets to {}, unless another rule is about it. Its pins are deleted with it.",
            rule.host
        ),
        Mode::Off => format!("A wider rule may then be for {} again.", rule.host),
    }
}

fn expiry(rule: &RuleDocument, layer: Layer, now: UnixMillis) -> Option<Notice> {
    let date = date(rule)?;
    let when = day(date);
    let Some(days) = days_until(date, now) else {
        let text = match rule.mode {
            Mode::Block => {
                let remedy = match layer {
                    Layer::User => "Edit it to set a later date or none.",
                    Layer::Managed => "Only your administrator can set a later date.",
                };
                format!(
                    "This rule expired on {when} and no longer blocks: a wrong key is let through and only logged. {remedy}"
                )
            }
            Mode::Flag | Mode::Off => format!("This rule expired on {when}. It flags as before."),
        };
        return Some(Notice::new(NoticeKind::Warning, "expired", text));
    };
    (days <= EXPIRES_SOON_DAYS && rule.mode == Mode::Block).then(|| {
        let text = format!("In {} this rule expires. It then no longer blocks.", count(days, "day"));
        Notice::new(NoticeKind::Warning, "expires-soon", text)
    })
}

fn backup(rule: &RuleDocument, now: UnixMillis) -> Option<Notice> {
    (rule.mode == Mode::Block && !is_expired(rule, now) && rule.pins.len() == 1).then(|| {
        Notice::new(
            NoticeKind::Note,
            "single-pin",
            "Only one pin. If that key is lost or replaced, nobody connects until the rule is changed: add a backup key.",
        )
    })
}

fn date(rule: &RuleDocument) -> Option<Date> {
    Date::parse(rule.expires.as_deref()?).ok()
}

fn is_expired(rule: &RuleDocument, now: UnixMillis) -> bool {
    date(rule).is_some_and(|date| now >= date.start())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis::new(1_795_305_600_000); // 2026-11-22T00:00:00Z

    fn rule(mode: Mode, pins: usize, expires: Option<&str>) -> RuleDocument {
        RuleDocument {
            host: "chat.example.com".to_owned(),
            mode,
            pins: vec![PinDocument::default(); pins],
            expires: expires.map(str::to_owned),
            ..RuleDocument::default()
        }
    }

    #[test]
    fn says_what_it_does_and_what_to_look_at() {
        for (mode, pins, expires, expected, codes) in [
            (Mode::Block, 2, None, "Blocks", &[][..]),
            (Mode::Block, 1, None, "Blocks", &["single-pin"]),
            (Mode::Block, 2, Some("2026-11-23"), "Blocks", &["expires-soon"]),
            (Mode::Block, 2, Some("2027-11-23"), "Blocks", &[]),
            (Mode::Block, 2, Some("2026-11-22"), "Expired: flags only", &["expired"]),
            (Mode::Block, 1, Some("2026-11-22"), "Expired: flags only", &["expired"]),
            (Mode::Flag, 1, None, "Flags", &[]),
            (Mode::Flag, 1, Some("2026-11-01"), "Expired: flags only", &["expired"]),
            (Mode::Off, 1, Some("2026-11-01"), "Off", &[]),
        ] {
            let rule = rule(mode, pins, expires);
            assert_eq!(badge(&rule, NOW).text.english(), expected, "{rule:?}");
            let found: Vec<_> = notices(&rule, Layer::User, NOW).iter().map(|notice| notice.code).collect();
            assert_eq!(found, codes, "{rule:?}");
        }
    }

    #[test]
    fn nobody_is_told_to_edit_what_only_an_administrator_can() {
        let expired = rule(Mode::Block, 1, Some("2026-11-22"));
        let text = |layer| notices(&expired, layer, NOW).iter().map(|notice| notice.text.english()).collect::<String>();
        assert!(text(Layer::User).contains("Edit it") && !text(Layer::Managed).contains("Edit it"));
        let single = rule(Mode::Block, 1, None);
        assert_eq!(notices(&single, Layer::Managed, NOW), []);
    }

    #[test]
    fn keys_are_named_and_marked() {
        const A: &str = "C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=";
        let key = |label: &str| PinDocument { sha256: A.to_owned(), label: label.to_owned() };
        let found = keys(&[key("In use"), key("")], &[key("Stolen")]);
        let found: Vec<_> = found
            .iter()
            .map(|line| (line.name.as_str(), line.mark.as_ref().map(|mark| mark.text.english()), line.pin.as_str()))
            .collect();
        let pin = "sha256/C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=";
        assert_eq!(
            found,
            [("In use", None, pin), ("(no label)", None, pin), ("Stolen", Some("Denied".to_owned()), pin)]
        );
    }

    #[test]
    fn facts_are_what_differs_from_the_default() {
        let plain = rule(Mode::Block, 2, None);
        assert_eq!(facts(&plain, NOW), "");
        let full = RuleDocument {
            match_scope: MatchScope::Leaf,
            require_ct: true,
            local_roots: LocalRoots::Exempt,
            expires: Some("2027-03-01".to_owned()),
            updated: Some(UnixMillis::new(NOW.as_millis() - 3 * 24 * 60 * 60 * 1000)),
            ..plain
        };
        assert_eq!(
            facts(&full, NOW),
            "Expires on 1 March 2027 · Server’s own certificate only · Certificate Transparency required · Roots added \
             on this computer are let through · Changed 3 days ago"
        );
        for (preflight, mode, expires, expected) in [
            (Preflight::Prefer, Mode::Block, None, ""),
            (Preflight::Off, Mode::Block, None, "No check ahead of the handshake"),
            (Preflight::Require, Mode::Block, None, "Check ahead of the handshake required"),
            // None is sent in any case.
            (Preflight::Require, Mode::Flag, None, ""),
            (Preflight::Require, Mode::Block, Some("2026-11-22"), ""),
        ] {
            assert_eq!(facts(&RuleDocument { preflight, ..rule(mode, 2, expires) }, NOW), expected);
        }
    }

    #[test]
    fn a_rule_that_does_not_block_checks_nothing_ahead() {
        for preflight in [Preflight::Prefer, Preflight::Off, Preflight::Require] {
            for (mode, checks) in [(Mode::Block, true), (Mode::Flag, false), (Mode::Off, false)] {
                assert_eq!(!preflight_help(preflight, mode).starts_with("Only a rule that blocks"), checks);
            }
        }
    }
}
