//! A rule in words.

use super::date::ago;
use super::foreign::foreign;
use super::notice::{Tag, Tone};
use super::text::{Text, text};
use crate::pin::Pin;
use crate::rule::{LocalRoots, MatchScope, Mode, PinDocument, Preflight, RuleDocument};
use crate::time::{Date, UnixMillis};

/// What the rule does, at that time.
#[must_use]
pub fn mode_tag(rule: &RuleDocument, now: UnixMillis) -> Tag {
    match rule.mode {
        Mode::Off => Tag::new(text!("rule_off"), Tone::Neutral),
        Mode::Block | Mode::Flag if is_expired(rule, now) => Tag::new(text!("rule_expired"), Tone::Bad),
        Mode::Block => Tag::new(text!("rule_blocks"), Tone::Good),
        Mode::Flag => Tag::new(text!("rule_flags"), Tone::Warning),
    }
}

/// What a mode does, below its field.
#[must_use]
pub fn mode_help(mode: Mode) -> Text {
    match mode {
        Mode::Block => text!("rule_help_block"),
        Mode::Flag => text!("rule_help_flag"),
        Mode::Off => text!("rule_help_off"),
    }
}

/// What a choice of the pre-flight does, below its field.
#[must_use]
pub fn preflight_help(preflight: Preflight, mode: Mode) -> Text {
    match (mode, preflight) {
        (Mode::Flag | Mode::Off, _) => text!("rule_help_preflight_unused"),
        (Mode::Block, Preflight::Prefer) => text!("rule_help_preflight_prefer"),
        (Mode::Block, Preflight::Off) => text!("rule_help_preflight_off"),
        (Mode::Block, Preflight::Require) => text!("rule_help_preflight_require"),
    }
}

/// Everything that is not the default, and when it was changed: a label each, to be shown side by side.
#[must_use]
pub fn facts(rule: &RuleDocument, now: UnixMillis) -> Vec<Text> {
    let is_expired = is_expired(rule, now);
    let expiry = date(rule).filter(|_| !is_expired).map(|date| text!("rule_expires_on", date = date));
    // Any other rule sends none.
    let blocks = rule.mode == Mode::Block && !is_expired;
    let preflight = match rule.preflight {
        Preflight::Off if blocks => Some(text!("rule_preflight_off")),
        Preflight::Require if blocks => Some(text!("rule_preflight_required")),
        Preflight::Prefer | Preflight::Off | Preflight::Require => None,
    };
    let reports = rule.report_uri.as_deref().filter(|_| rule.mode != Mode::Off);
    let reports = reports.map(|uri| text!("rule_reports_to", uri = uri));
    [
        expiry,
        (rule.match_scope == MatchScope::Leaf).then(|| text!("rule_leaf_only")),
        rule.require_ct.then(|| text!("rule_ct_required")),
        (rule.local_roots == LocalRoots::Exempt).then(|| text!("rule_local_roots_exempt")),
        preflight,
        reports,
        rule.updated.map(|updated| text!("rule_changed", ago = ago(updated, now))),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What stands where the user has no rule; `managed` counts the administrator's.
#[must_use]
pub fn none_yet(managed: usize) -> Text {
    if managed == 0 { text!("rule_none") } else { text!("rule_none_but_managed") }
}

/// A key of a rule, as it stands on a card or beside a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyLine {
    /// The user's own words for it, if there are any.
    pub name: Text,
    /// What is special about it.
    pub mark: Option<Tag>,
    /// The pin in full.
    pub pin: String,
}

/// The keys of a rule: its pins, then what it denies.
#[must_use]
pub fn keys(pins: &[PinDocument], denied: &[PinDocument]) -> Vec<KeyLine> {
    let line = |key: &PinDocument, mark: Option<Tag>| KeyLine {
        name: if key.label.is_empty() { text!("rule_key_unnamed") } else { Text::literal(foreign(&key.label)) },
        mark,
        pin: full_pin(&key.sha256),
    };
    let denied = denied.iter().map(|key| line(key, Some(Tag::new(text!("rule_key_denied"), Tone::Bad))));
    pins.iter().map(|key| line(key, None)).chain(denied).collect()
}

/// A stored pin as it is shown and typed, with the name of its algorithm.
#[must_use]
pub fn full_pin(stored: &str) -> String {
    Pin::parse(stored).map_or_else(|_| stored.to_owned(), |pin| pin.to_string())
}

/// What the button that opens the form does, for those who do not see the card around it; the title of that form, too.
#[must_use]
pub fn edit(rule: &RuleDocument) -> Text {
    text!("rule_edit", host = &rule.host)
}

/// What the button that makes a copy does, for those who do not see the card around it.
#[must_use]
pub fn duplicate(rule: &RuleDocument) -> Text {
    text!("rule_duplicate", host = &rule.host)
}

/// What the box that selects does, for those who do not see the card around it.
#[must_use]
pub fn select(rule: &RuleDocument) -> Text {
    text!("rule_select", host = &rule.host)
}

/// What opens the choice of modes, for those who do not see the card around it; `mode` is what it shows.
#[must_use]
pub fn mode_menu(rule: &RuleDocument, mode: Text) -> Text {
    text!("rule_mode_menu", mode = mode, host = &rule.host)
}

/// What the button that deletes does, for those who do not see the card around it.
#[must_use]
pub fn delete(rule: &RuleDocument) -> Text {
    text!("rule_delete", host = &rule.host)
}

/// Said once a rule is stored.
#[must_use]
pub fn stored(rule: &RuleDocument) -> Text {
    text!("rule_stored", host = &rule.host)
}

/// Said once all rules have been set aside.
#[must_use]
pub fn set_aside() -> Text {
    text!("rule_all_set_aside")
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
    fn says_what_it_does() {
        for (mode, expires, expected) in [
            (Mode::Block, None, "Blocks"),
            (Mode::Block, Some("2026-11-23"), "Blocks"),
            (Mode::Block, Some("2026-11-22"), "Expired: flags only"),
            (Mode::Flag, None, "Flags"),
            (Mode::Flag, Some("2026-11-01"), "Expired: flags only"),
            (Mode::Off, Some("2026-11-01"), "Off"),
        ] {
            assert_eq!(mode_tag(&rule(mode, 2, expires), NOW).text.english(), expected, "{mode:?} {expires:?}");
        }
    }

    #[test]
    fn keys_are_named_and_marked() {
        const A: &str = "C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=";
        let key = |label: &str| PinDocument { sha256: A.to_owned(), label: label.to_owned() };
        let found = keys(&[key("In use"), key("")], &[key("Stolen")]);
        let found: Vec<_> = found
            .iter()
            .map(|line| (line.name.english(), line.mark.as_ref().map(|mark| mark.text.english()), line.pin.as_str()))
            .collect();
        let pin = "sha256/C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=";
        assert_eq!(
            found,
            [
                ("In use".to_owned(), None, pin),
                ("(no label)".to_owned(), None, pin),
                ("Stolen".to_owned(), Some("Denied".to_owned()), pin),
            ]
        );
    }

    #[test]
    fn facts_are_what_differs_from_the_default() {
        let plain = rule(Mode::Block, 2, None);
        let facts = |rule: &RuleDocument| -> Vec<String> { facts(rule, NOW).iter().map(Text::english).collect() };
        assert_eq!(facts(&plain), [""; 0]);
        let full = RuleDocument {
            match_scope: MatchScope::Leaf,
            require_ct: true,
            local_roots: LocalRoots::Exempt,
            expires: Some("2027-03-01".to_owned()),
            updated: Some(UnixMillis::new(NOW.as_millis() - 3 * 24 * 60 * 60 * 1000)),
            ..plain
        };
        assert_eq!(
            facts(&full),
            [
                "Expires on 1 March 2027",
                "Server’s own certificate only",
                "Certificate Transparency required",
                "Roots added on this computer are let through",
                "Last changed: 3 days ago",
            ]
        );
        for (preflight, mode, expires, expected) in [
            (Preflight::Prefer, Mode::Block, None, &[][..]),
            (Preflight::Off, Mode::Block, None, &["No check ahead of the handshake"]),
            (Preflight::Require, Mode::Block, None, &["Check ahead of the handshake required"]),
            // None is sent in any case.
            (Preflight::Require, Mode::Flag, None, &[]),
            (Preflight::Require, Mode::Block, Some("2026-11-22"), &[]),
        ] {
            assert_eq!(facts(&RuleDocument { preflight, ..rule(mode, 2, expires) }), expected);
        }
    }

    #[test]
    fn a_rule_that_does_not_block_checks_nothing_ahead() {
        for preflight in [Preflight::Prefer, Preflight::Off, Preflight::Require] {
            for (mode, checks) in [(Mode::Block, true), (Mode::Flag, false), (Mode::Off, false)] {
                let help = preflight_help(preflight, mode).english();
                assert_eq!(!help.starts_with("Only a rule that blocks"), checks);
            }
        }
    }
}
