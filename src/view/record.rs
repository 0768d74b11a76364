//! What a rule has decided, in words.

use super::date::ago;
use super::foreign::key_name;
use super::notice::{Notice, NoticeKind};
use super::text::{Argument, Text, plural, present, text};
use crate::record::{PinRecord, RuleRecord, Unrecorded};
use crate::rule::{LabelledPin, Mode, Rule};
use crate::time::UnixMillis;

/// In short, to be shown side by side.
#[must_use]
pub fn summary(record: &RuleRecord, now: UnixMillis) -> Vec<Text> {
    let violations = (record.violations > 0).then(|| plural!("record_violations", record.violations));
    let last = text!("record_last", ago = ago(record.last, now));
    present(vec![Some(plural!("record_judged", record.judged)), Some(last), violations])
}

/// The same of a rule that has no record.
#[must_use]
pub fn no_record(rule: &Rule, why: Unrecorded) -> Option<Text> {
    let said = match why {
        Unrecorded::Never => text!("record_never"),
        Unrecorded::SinceChange => text!("record_none_since_change"),
        Unrecorded::Forgotten => text!("record_forgotten"),
    };
    (rule.mode() != Mode::Off).then_some(said)
}

/// All that is known, a sentence each.
#[must_use]
pub fn details(rule: &Rule, record: &RuleRecord, now: UnixMillis) -> Vec<Text> {
    let violations = match record.last_violation {
        Some(last) => plural!("record_violations_last", record.violations, ago = ago(last, now)),
        None => text!("record_no_violation"),
    };
    let last_match = record.pins.first().and_then(|last| last_match(rule, last, now));
    let pins = rule.pins().iter().map(|pin| match of_pin(record, pin) {
        Some(known) => plural!("record_pin", known.count, pin = name(pin), ago = ago(known.last, now)),
        None => text!("record_pin_never", pin = name(pin)),
    });
    let since = plural!("record_since", record.judged, since = Argument::LocalDay(record.first));
    let mut details = present(vec![Some(since), Some(violations), last_match]);
    details.extend(pins);
    details
}

/// What a person should look at: a rule whose other pins, the first among them, have matched before and fit no longer is kept alive
/// by its backup, and has no other one.
#[must_use]
pub fn notice(rule: &Rule, record: &RuleRecord, now: UnixMillis) -> Option<Notice> {
    let (first, latest) = (rule.pins().first()?, record.pins.first()?);
    let backup = rule.pins().iter().find(|pin| pin.sha256 == latest.sha256)?;
    let mut gone = None;
    for pin in rule.pins().iter().filter(|pin| pin.sha256 != latest.sha256) {
        // One that has never matched is a backup itself.
        let before = of_pin(record, pin)?;
        // Of several pins in one chain the one next to the server has matched: a key further up may still be there.
        let is_gone = before.certificate <= latest.certificate
            && latest.last.as_millis().saturating_sub(before.last.as_millis()) >= DAY;
        if !is_gone {
            return None;
        }
        gone = gone.filter(|(_, known): &(_, &PinRecord)| known.last >= before.last).or(Some((pin, before)));
    }
    let (pin, before) = gone.filter(|_| first.sha256 != latest.sha256)?;
    let text = text!("record_backup_only", pin = name(pin), ago = ago(before.last, now), backup = name(backup));
    Some(Notice::new(NoticeKind::Warning, "backup-only", text))
}

/// That a rule that flags may block, where what it has judged says so; and that its one pin would be all that lets anybody in.
#[must_use]
pub fn offer(rule: &Rule, record: &RuleRecord, now: UnixMillis) -> Option<Text> {
    let is_clean = rule.mode() == Mode::Flag && !rule.is_expired(now) && record.violations == 0;
    let text = || plural!("record_offer", record.judged, since = Argument::LocalDay(record.first));
    let single_pin = (rule.pins().len() == 1).then(|| text!("rule_single_pin"));
    is_clean.then(|| Text::Sentences(present(vec![Some(text()), single_pin])))
}

fn last_match(rule: &Rule, last: &PinRecord, now: UnixMillis) -> Option<Text> {
    let pin = name(rule.pins().iter().find(|pin| pin.sha256 == last.sha256)?);
    let ago = ago(last.last, now);
    Some(match last.certificate {
        0 => text!("record_match_leaf", ago = ago, pin = pin),
        place => text!("record_match_chain", ago = ago, pin = pin, place = place.saturating_add(1)),
    })
}

fn of_pin<'a>(record: &'a RuleRecord, pin: &LabelledPin) -> Option<&'a PinRecord> {
    record.pins.iter().find(|known| known.sha256 == pin.sha256)
}

/// What the user calls it; the pin itself where it has no label.
fn name(pin: &LabelledPin) -> String {
    key_name(&pin.label, &pin.sha256.to_string())
}

/// Milliseconds for which two keys may take turns before one of them counts as gone.
const DAY: u64 = 24 * 60 * 60 * 1000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Records;
    use crate::rule::{PinDocument, RuleDocument, RuleStamp};

    const NOW: UnixMillis = UnixMillis::new(1_795_305_600_000); // 2026-11-22T00:00:00Z
    const PINS: [&str; 3] = [
        "C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=",
        "diGVwiVYbubAI3RW4hB9xU8e/CH2GnkuvVFZE8zmgzI=",
        "sCkq5UWXjg+7mKu9lMhhYF5bGLsy7VI/UNW3tccdR7w=",
    ];

    fn rule(mode: Mode, labels: &[&str]) -> Rule {
        let pins = labels.iter().zip(PINS);
        let pins = pins.map(|(label, pin)| PinDocument { sha256: pin.to_owned(), label: (*label).to_owned() });
        let document =
            RuleDocument { host: "a.test".to_owned(), mode, pins: pins.collect(), ..RuleDocument::default() };
        Rule::new(&document, &RuleStamp { id: "a".to_owned(), time: NOW }, &|_| None).unwrap()
    }

    /// Days ago, and behind them what has matched: pin, times, days ago, certificate.
    fn record(judged: u64, days: u64, violations: &str, pins: &[(usize, u64, u64, usize)]) -> RuleRecord {
        let at = |days: u64| NOW.as_millis() - days * DAY;
        let pins = pins
            .iter()
            .map(|(pin, count, days, place)| format!(" sha256/{} {count} {} {place}", PINS[*pin], at(*days)));
        let line = format!("user 1 {judged} {} {} {violations}{}\ta\n", at(40), at(days), pins.collect::<String>());
        Records::from_text(&line).into_iter().next().unwrap()
    }

    fn english(texts: &[Text]) -> Vec<String> {
        texts.iter().map(Text::english).collect()
    }

    #[test]
    fn in_short_it_is_how_often_when_and_what_went_wrong() {
        let at = NOW.as_millis() - DAY;
        for (record, expected) in [
            (record(1, 0, "0 -", &[]), &["1 connection judged", "Last judged: just now"][..]),
            (
                record(41, 3, &format!("2 {at}"), &[]),
                &["41 connections judged", "Last judged: 3 days ago", "2 violations"],
            ),
        ] {
            assert_eq!(english(&summary(&record, NOW)), expected);
        }
    }

    #[test]
    fn why_nothing_is_known_of_a_rule_is_said_unless_it_is_off() {
        for (mode, why, expected) in [
            (Mode::Block, Unrecorded::Never, Some("Has not judged any connection yet")),
            (Mode::Block, Unrecorded::SinceChange, Some("Has not judged any connection since it was changed")),
            (Mode::Flag, Unrecorded::Forgotten, Some("Nothing is known of the connections that it has judged")),
            (Mode::Off, Unrecorded::Never, None),
        ] {
            let said = no_record(&rule(mode, &["In use"]), why);
            assert_eq!(said.map(|said| said.english()).as_deref(), expected);
        }
    }

    #[test]
    fn in_full_it_says_what_each_pin_has_matched() {
        let rule = rule(Mode::Block, &["In use", ""]);
        let at = NOW.as_millis() - DAY;
        assert_eq!(
            english(&details(&rule, &record(41, 0, &format!("1 {at}"), &[(0, 40, 0, 0)]), NOW)),
            [
                "41 connections have been judged since 13 October 2026.",
                "1 of them was a violation, 1 day ago.",
                "The last match was just now: “In use”, the key of the server’s own certificate.",
                "“In use” has matched 40 times, the last time just now.",
                "“sha256/diGVwiVYbubAI3RW4hB9xU8e/CH2GnkuvVFZE8zmgzI=” has never matched.",
            ]
        );
        let said = english(&details(&rule, &record(3, 2, "0 -", &[(1, 2, 2, 2), (0, 1, 3, 0)]), NOW));
        assert_eq!(said[1], "None of them was a violation.");
        assert!(said[2].ends_with("the key of certificate 3 of the chain, counted from the server’s own."), "{said:?}");
        assert_eq!(said[3], "“In use” has matched once, 3 days ago.");
    }

    #[test]
    fn a_rule_that_lives_by_its_backup_says_so() {
        let two = rule(Mode::Block, &["In use", "Backup"]);
        for (pins, expected) in [
            (&[(1, 5, 0, 0), (0, 9, 20, 0)][..], true),
            // Both are in use.
            (&[(1, 5, 0, 0), (0, 9, 0, 0)], false),
            (&[(0, 9, 0, 0), (1, 5, 20, 0)], false),
            // The first may still be there, further from the server.
            (&[(1, 5, 0, 0), (0, 9, 20, 2)], false),
            (&[(1, 5, 0, 1), (0, 9, 20, 0)], true),
            (&[(1, 5, 0, 0)], false),
            (&[], false),
        ] {
            let said = notice(&two, &record(14, 0, "0 -", pins), NOW);
            assert_eq!(said.is_some(), expected, "{pins:?}");
            assert!(said.is_none_or(|said| said.text.english().contains("“In use”")));
        }
        assert_eq!(notice(&rule(Mode::Block, &["In use"]), &record(1, 0, "0 -", &[(0, 9, 20, 0)]), NOW), None);
        let three = rule(Mode::Block, &["In use", "Backup", "Third"]);
        for (pins, expected) in [
            // The third is a backup still.
            (&[(1, 5, 0, 0), (0, 9, 20, 0)][..], None),
            (&[(1, 5, 0, 0), (0, 9, 20, 0), (2, 1, 0, 0)], None),
            (
                &[(1, 5, 0, 0), (2, 1, 3, 0), (0, 9, 20, 0)],
                Some("“Third” last matched 3 days ago; since then only “Backup”"),
            ),
            (
                &[(2, 5, 0, 0), (1, 1, 30, 0), (0, 9, 20, 0)],
                Some("“In use” last matched 20 days ago; since then only “Third”"),
            ),
        ] {
            let said = notice(&three, &record(14, 0, "0 -", pins), NOW).map(|said| said.text.english());
            assert_eq!(said.is_some(), expected.is_some(), "{said:?}");
            assert!(said.unwrap_or_default().starts_with(expected.unwrap_or_default()), "{expected:?}");
        }
    }

    #[test]
    fn only_a_rule_that_flags_and_has_seen_no_violation_may_block() {
        let at = NOW.as_millis();
        let could = "41 handshakes, no mismatch since 13 October 2026: this rule could block.";
        for (mode, violations, expected) in [
            (Mode::Flag, "0 -".to_owned(), Some(could)),
            (Mode::Flag, format!("1 {at}"), None),
            (Mode::Block, "0 -".to_owned(), None),
            (Mode::Off, "0 -".to_owned(), None),
        ] {
            let said = offer(&rule(mode, &["In use", "Backup"]), &record(41, 0, &violations, &[]), NOW);
            assert_eq!(said.map(|said| said.english()).as_deref(), expected);
        }
        let said = offer(&rule(Mode::Flag, &["In use"]), &record(41, 0, "0 -", &[]), NOW).unwrap().english();
        assert!(said.starts_with(&format!("{could} This rule has only one pin.")), "{said}");
    }
}
