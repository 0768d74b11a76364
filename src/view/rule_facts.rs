//! What a rule says, field by field, in words: what stands on its card, and what a change has made of it.

use super::date::ago;
use super::foreign::{foreign, key_name};
use super::rule::{date, full_pin, is_expired};
use super::text::{Text, present, text};
use crate::rule::{LocalRoots, MatchScope, Mode, PinDocument, Preflight, RuleDocument};
use crate::time::UnixMillis;

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
    present(vec![
        expiry,
        (rule.match_scope == MatchScope::Leaf).then(|| text!("rule_leaf_only")),
        rule.require_ct.then(|| text!("rule_ct_required")),
        (rule.local_roots == LocalRoots::Exempt).then(|| text!("rule_local_roots_exempt")),
        preflight,
        reports,
        rule.updated.map(|updated| text!("rule_changed", ago = ago(updated, now))),
    ])
}

/// What has become of a rule by a change: a sentence for each difference, but for the times.
#[must_use]
pub fn changes(before: &RuleDocument, after: &RuleDocument) -> Vec<Text> {
    // All of them are named, so that the compiler asks what is to be said of a new one.
    let RuleDocument {
        id: _,
        created: _,
        updated: _,
        host,
        mode,
        pins,
        denied,
        match_scope,
        expires,
        local_roots,
        require_ct,
        preflight,
        note,
        report_uri,
    } = after;
    let mut changes = Vec::new();
    if before.host != *host {
        changes.push(text!("history_host", before = foreign(&before.host), after = foreign(host)));
    }
    if before.mode != *mode {
        changes.push(text!("history_mode", before = mode_name(before.mode), after = mode_name(*mode)));
    }
    let of_rule = changes.len();
    let mut say_missing = |of: &[PinDocument], other: &[PinDocument], say: fn(String) -> Text| {
        // The keys of a list that the other one has not.
        let missing = of.iter().filter(|key| !other.iter().any(|known| known.sha256 == key.sha256));
        changes.extend(missing.map(|pin| say(name(pin))));
    };
    say_missing(pins, &before.pins, |pin| text!("history_pin_added", pin = pin));
    say_missing(&before.pins, pins, |pin| text!("history_pin_removed", pin = pin));
    say_missing(denied, &before.denied, |pin| text!("history_denied_added", pin = pin));
    say_missing(&before.denied, denied, |pin| text!("history_denied_removed", pin = pin));
    // The same keys, called otherwise or in another order.
    if changes.len() == of_rule && (&before.pins, &before.denied) != (pins, denied) {
        changes.push(text!("history_labels"));
    }
    let others = vec![
        (before.match_scope != *match_scope).then(|| match match_scope {
            MatchScope::Chain => text!("history_match_chain"),
            MatchScope::Leaf => text!("history_match_leaf"),
        }),
        (before.expires != *expires).then(|| match date(after) {
            Some(day) => text!("history_expires", day = day),
            None => text!("history_expires_never"),
        }),
        (before.local_roots != *local_roots).then(|| match local_roots {
            LocalRoots::Enforce => text!("history_local_roots_enforce"),
            LocalRoots::Exempt => text!("history_local_roots_exempt"),
        }),
        (before.require_ct != *require_ct)
            .then(|| if *require_ct { text!("history_ct_required") } else { text!("history_ct_not_required") }),
        (before.preflight != *preflight).then(|| match preflight {
            Preflight::Prefer => text!("history_preflight_prefer"),
            Preflight::Off => text!("history_preflight_off"),
            Preflight::Require => text!("history_preflight_require"),
        }),
        (before.note != *note).then(|| text!("history_note")),
        (before.report_uri != *report_uri).then(|| match report_uri {
            Some(uri) => text!("history_reports", uri = foreign(uri)),
            None => text!("history_no_reports"),
        }),
    ];
    changes.extend(present(others));
    changes
}

fn mode_name(mode: Mode) -> Text {
    match mode {
        Mode::Block => text!("rule_blocks"),
        Mode::Flag => text!("rule_flags"),
        Mode::Off => text!("rule_off"),
    }
}

/// What the user calls it; the pin itself where it has no label.
fn name(pin: &PinDocument) -> String {
    key_name(&pin.label, &full_pin(&pin.sha256))
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

    fn pin(sha256: &str, label: &str) -> PinDocument {
        PinDocument { sha256: sha256.to_owned(), label: label.to_owned() }
    }

    #[test]
    fn each_change_is_told_by_itself() {
        let before = RuleDocument {
            host: "a.test".to_owned(),
            pins: vec![pin("one", "One"), pin("two", "Two")],
            ..RuleDocument::default()
        };
        let all = RuleDocument {
            match_scope: MatchScope::Leaf,
            expires: Some("2030-01-02".to_owned()),
            local_roots: LocalRoots::Exempt,
            require_ct: true,
            preflight: Preflight::Off,
            report_uri: Some("https://reports.test/".to_owned()),
            ..before.clone()
        };
        let told = |before: &RuleDocument, change: fn(&mut RuleDocument)| -> Vec<String> {
            let mut after = before.clone();
            change(&mut after);
            changes(before, &after).iter().map(Text::english).collect()
        };
        for (told, expected) in [
            (told(&before, |_| ()), &[][..]),
            (told(&before, |rule| rule.updated = Some(UnixMillis::new(5))), &[]),
            (told(&before, |rule| rule.host = "b.test".to_owned()), &["Host: a.test became b.test."]),
            (told(&before, |rule| rule.mode = Mode::Off), &["Mode: “Blocks” became “Off”."]),
            (
                told(&before, |rule| rule.pins = vec![pin("three", ""), pin("one", "Renamed")]),
                &["Pin “three” added.", "Pin “Two” removed."],
            ),
            (told(&before, |rule| rule.pins.reverse()), &["Names or order of the keys changed."]),
            (
                told(&before, |rule| {
                    rule.mode = Mode::Flag;
                    rule.pins = vec![pin("one", "Renamed"), pin("two", "Two")];
                }),
                &["Mode: “Blocks” became “Flags”.", "Names or order of the keys changed."],
            ),
            (told(&before, |rule| rule.denied = vec![pin("bad", "")]), &["Key “bad” denied."]),
            (
                told(&before, |rule| rule.match_scope = MatchScope::Leaf),
                &["A pin may now match the server’s own certificate only."],
            ),
            (
                told(&all, |rule| rule.match_scope = MatchScope::Chain),
                &["A pin may now match any certificate of the chain."],
            ),
            (told(&before, |rule| rule.expires = Some("2030-01-01".to_owned())), &["Now expires on 1 January 2030."]),
            (told(&all, |rule| rule.expires = None), &["No longer expires."]),
            (
                told(&before, |rule| rule.local_roots = LocalRoots::Exempt),
                &["Chains from roots added on this computer are now let through."],
            ),
            (
                told(&all, |rule| rule.local_roots = LocalRoots::Enforce),
                &["Chains from roots added on this computer must now match too."],
            ),
            (told(&before, |rule| rule.require_ct = true), &["Certificate Transparency is now required."]),
            (told(&all, |rule| rule.require_ct = false), &["Certificate Transparency is no longer required."]),
            (
                told(&before, |rule| rule.preflight = Preflight::Require),
                &["The key must now be checked before the handshake."],
            ),
            (
                told(&before, |rule| rule.preflight = Preflight::Off),
                &["The key is no longer checked before the handshake."],
            ),
            (
                told(&all, |rule| rule.preflight = Preflight::Prefer),
                &["The key is now checked before the handshake where that is possible."],
            ),
            (told(&before, |rule| rule.note = "new".to_owned()), &["Note changed."]),
            (told(&all, |rule| rule.report_uri = None), &["Violations are no longer reported."]),
            (
                told(&before, |rule| rule.report_uri = Some("https://reports.test/".to_owned())),
                &["Violations are now reported to https://reports.test/."],
            ),
        ] {
            assert_eq!(told, expected);
        }
    }
}
