//! A rule in words.

use super::foreign::foreign;
use super::notice::{Tag, Tone};
use super::text::{Text, text};
use crate::pin::Pin;
use crate::rule::{Mode, PinDocument, Preflight, RuleDocument};
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

pub(super) fn date(rule: &RuleDocument) -> Option<Date> {
    Date::parse(rule.expires.as_deref()?).ok()
}

pub(super) fn is_expired(rule: &RuleDocument, now: UnixMillis) -> bool {
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
    fn a_rule_that_does_not_block_checks_nothing_ahead() {
        for preflight in [Preflight::Prefer, Preflight::Off, Preflight::Require] {
            for (mode, checks) in [(Mode::Block, true), (Mode::Flag, false), (Mode::Off, false)] {
                let help = preflight_help(preflight, mode).english();
                assert_eq!(!help.starts_with("Only a rule that blocks"), checks);
            }
        }
    }
}
