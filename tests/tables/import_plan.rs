//! What an import would do: each rule beside the stored ones, what is made of it, and how it is taken back.

use std::time::{Duration, Instant};

use sockpin::import_plan::{Conflict, Counts, ItemFinding, ItemOutcome, Laxity, Plan, RuleChanges};
use sockpin::policy::Policy;
use sockpin::rule::{LocalRoots, MatchScope, Mode, PinDocument, RuleDocument, RuleStamp};
use sockpin::view::notice::{NoticeKind, Tone};
use sockpin::view::transfer as words;

use crate::chains::NOW;
use crate::url_host;

const A: &str = "C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=";
const B: &str = "diGVwiVYbubAI3RW4hB9xU8e/CH2GnkuvVFZE8zmgzI=";

fn rule(host: &str, pins: &[&str]) -> RuleDocument {
    let pins = pins.iter().map(|pin| PinDocument { sha256: (*pin).to_owned(), ..PinDocument::default() }).collect();
    RuleDocument { host: host.to_owned(), pins, ..RuleDocument::default() }
}

fn policy(rules: &[RuleDocument]) -> Policy {
    let mut policy = Policy::default();
    for (index, rule) in rules.iter().enumerate() {
        policy.save(rule, &RuleStamp { id: format!("stored-{index}"), time: NOW }, &url_host).unwrap();
    }
    policy
}

fn plan(rules: Vec<RuleDocument>, stored: &Policy) -> Plan {
    let mut plan = Plan::of(rules);
    while !plan.is_complete() {
        plan.advance(2, stored, NOW, &url_host);
    }
    plan
}

fn outcomes(plan: &Plan) -> Vec<ItemOutcome> {
    plan.items().iter().map(|item| item.outcome(plan.conflict())).collect()
}

/// The policy once the changes are made, as the background makes them.
fn after(stored: &Policy, changes: &RuleChanges) -> Policy {
    stored.changed(&changes.save, &changes.delete, NOW, &url_host).unwrap().0
}

#[test]
fn each_rule_of_a_file_is_held_against_the_stored_ones() {
    let stored = policy(&[rule("same.example", &[A]), rule("other.example", &[A]), rule("*.wild.example", &[A])]);
    let flagging = RuleDocument { mode: Mode::Flag, ..rule("same.example", &[A]) };
    for (imported, expected) in [
        (rule("new.example", &[A]), ItemOutcome::Add),
        (rule("new.example:8443", &[A]), ItemOutcome::Add),
        (rule("same.example", &[A]), ItemOutcome::Same),
        // Another way to write it.
        (rule("SAME.example.", &["sha256//C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M="]), ItemOutcome::Same),
        (flagging, ItemOutcome::Keep),
        (rule("other.example", &[B]), ItemOutcome::Keep),
        (rule("**.wild.example", &[A]), ItemOutcome::Add),
        (rule("", &[A]), ItemOutcome::HostMissing),
        (rule("**.", &[A]), ItemOutcome::HostMissing),
        (rule("no host", &[A]), ItemOutcome::Unusable),
        (rule("new.example", &[]), ItemOutcome::Unusable),
        (rule("new.example", &["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]), ItemOutcome::Unusable),
        (rule("other.example", &["no pin"]), ItemOutcome::Unusable),
    ] {
        assert_eq!(outcomes(&plan(vec![imported.clone()], &stored)), [expected], "{imported:?}");
    }
}

#[test]
fn of_two_rules_for_the_same_hosts_the_first_counts_unless_it_is_unusable() {
    let stored = Policy::default();
    let plan = plan(
        vec![rule("a.example", &["bad"]), rule("a.example", &[A]), rule("A.example", &[B]), rule("b.example", &[B])],
        &stored,
    );
    assert_eq!(outcomes(&plan), [ItemOutcome::Unusable, ItemOutcome::Add, ItemOutcome::Repeated, ItemOutcome::Add]);
    let expected = Counts { added: 2, repeated: 1, unusable: 1, ..Counts::default() };
    assert_eq!(plan.counts(), expected);
    assert_eq!(plan.changes(&stored, "x").0.save.len(), 2);
}

#[test]
fn a_conflict_is_decided_by_the_person() {
    let own = RuleDocument { mode: Mode::Flag, note: "mine".to_owned(), ..rule("a.example", &[A]) };
    let stored = policy(&[own, rule("b.example", &[A])]);
    let imported = vec![rule("a.example", &[B, A]), rule("b.example", &[B])];
    for (conflict, expected) in [
        (Conflict::Keep, [("flag", vec![A], "mine"), ("block", vec![A], "")]),
        (Conflict::Replace, [("block", vec![B, A], ""), ("block", vec![B], "")]),
        (Conflict::AddPins, [("flag", vec![A, B], "mine"), ("block", vec![A, B], "")]),
    ] {
        let mut plan = plan(imported.clone(), &stored);
        assert_eq!(plan.conflicts(), 2);
        plan.set_conflict(conflict);
        let (changes, undo) = plan.changes(&stored, "x");
        assert_eq!(undo.is_empty(), conflict == Conflict::Keep);
        let then = after(&stored, &changes);
        let found: Vec<_> = then
            .rules()
            .iter()
            .map(|rule| {
                let pins = rule.pins().iter().map(|pin| pin.sha256.to_base64()).collect::<Vec<_>>();
                (if rule.mode() == Mode::Flag { "flag" } else { "block" }, pins, rule.note().to_owned())
            })
            .collect();
        let expected = expected
            .map(|(mode, pins, note)| (mode, pins.into_iter().map(str::to_owned).collect::<Vec<_>>(), note.to_owned()));
        assert_eq!(found, expected, "{conflict:?}");
        // Taken back, all is as it was, but for the time of the change.
        let restored = after(&then, &undo.changes(&then));
        let documents = |policy: &Policy| -> Vec<_> {
            policy
                .rules()
                .iter()
                .map(|rule| RuleDocument { updated: None, ..RuleDocument::from(rule.as_ref()) })
                .collect()
        };
        assert_eq!(documents(&restored), documents(&stored));
    }
    let mut plan = plan(imported, &stored);
    plan.choose(1, Conflict::Replace);
    assert_eq!(outcomes(&plan), [ItemOutcome::Keep, ItemOutcome::Replace]);
    assert_eq!(plan.changes(&stored, "x").0.save.len(), 1);
}

/// Before the import and after it, and whether it is warned of: a file must not send anybody's reports elsewhere in silence.
#[test]
fn whose_reports_go_where_is_known_before_anything_is_stored() {
    const OURS: &str = "https://ours.example/";
    const THEIRS: &str = "https://theirs.example/";
    let to = |uri: Option<&str>, pins: &[&str]| RuleDocument {
        report_uri: uri.map(str::to_owned),
        ..rule("a.example", pins)
    };
    for (stored, imported, conflict, expected, says) in [
        (None, to(Some(THEIRS), &[A]), Conflict::Keep, (None, Some(THEIRS)), Some("collector")),
        (None, to(Some(" "), &[A]), Conflict::Keep, (None, None), None),
        (None, to(None, &[A]), Conflict::Keep, (None, None), None),
        (Some(to(Some(OURS), &[A])), to(Some(THEIRS), &[A]), Conflict::Keep, (None, None), None),
        (Some(to(Some(OURS), &[A])), to(Some(THEIRS), &[B]), Conflict::AddPins, (None, None), None),
        (
            Some(to(Some(OURS), &[A])),
            to(Some(THEIRS), &[A]),
            Conflict::Replace,
            (Some(OURS), Some(THEIRS)),
            Some("collector"),
        ),
        (Some(to(Some(OURS), &[A])), to(Some(OURS), &[B]), Conflict::Replace, (Some(OURS), Some(OURS)), None),
        (Some(to(Some(OURS), &[A])), to(None, &[A]), Conflict::Replace, (Some(OURS), None), Some("collector")),
        (None, to(Some(THEIRS), &["bad"]), Conflict::Keep, (None, None), Some("pin-length")),
    ] {
        let mut plan = plan(vec![imported], &policy(stored.as_slice()));
        plan.set_conflict(conflict);
        let item = &plan.items()[0];
        assert_eq!(item.collectors(conflict), expected, "{item:?}");
        let is_new = expected.1.is_some() && expected.0 != expected.1;
        assert_eq!((plan.counts().collectors, words::collectors(&plan.counts()).is_some()), (is_new.into(), is_new));
        let said = words::reasons(item, conflict);
        assert_eq!(said.first().map(|notice| notice.code), says, "{said:?}");
        let is_warning = said.first().is_some_and(|notice| notice.kind == NoticeKind::Warning);
        assert_eq!(is_warning, is_new, "{said:?}");
    }
}

/// A rule that is only added can end another's protection of a host, and says so.
#[test]
fn a_new_rule_takes_hosts_from_one_that_blocks_only_with_a_warning() {
    const BLOCKING: Option<Laxity> = Some(Laxity::Blocking);
    const ACCEPTING: Option<Laxity> = Some(Laxity::Accepting);
    let with = |host: &str, pins: &[&str], change: fn(&mut RuleDocument)| {
        let mut rule = rule(host, pins);
        change(&mut rule);
        rule
    };
    let off: fn(&mut RuleDocument) = |rule| rule.mode = Mode::Off;
    let flag: fn(&mut RuleDocument) = |rule| rule.mode = Mode::Flag;
    let leaf: fn(&mut RuleDocument) = |rule| rule.match_scope = MatchScope::Leaf;
    let denying: fn(&mut RuleDocument) = |rule| rule.denied = super::import_plan::rule("", &[B]).pins;
    let exempt: fn(&mut RuleDocument) = |rule| rule.local_roots = LocalRoots::Exempt;
    let ct: fn(&mut RuleDocument) = |rule| rule.require_ct = true;
    let over: fn(&mut RuleDocument) = |rule| rule.expires = Some("2001-01-01".to_owned());
    let early: fn(&mut RuleDocument) = |rule| rule.expires = Some("2098-01-01".to_owned());
    let late: fn(&mut RuleDocument) = |rule| rule.expires = Some("2099-01-01".to_owned());
    let wide = |host| vec![rule(host, &[A])];
    for (stored, imported, hosts, from, expected) in [
        // What is less strict.
        (wide("**.lan"), with("a.lan", &[A], off), "a.lan", "**.lan", BLOCKING),
        (wide("**.lan"), with("a.lan", &[A], flag), "a.lan", "**.lan", BLOCKING),
        (wide("**.lan"), with("a.lan", &[A], over), "a.lan", "**.lan", BLOCKING),
        (wide("**.lan"), with("a.lan", &[A], late), "a.lan", "**.lan", BLOCKING),
        (vec![with("**.lan", &[A], late)], with("a.lan", &[A], early), "a.lan", "**.lan", BLOCKING),
        (vec![with("**.lan", &[A], early)], with("a.lan", &[A], late), "", "", None),
        (wide("**.lan"), rule("a.lan", &[B]), "a.lan", "**.lan", ACCEPTING),
        (wide("**.lan"), rule("a.lan", &[A, B]), "a.lan", "**.lan", ACCEPTING),
        (wide("**.lan"), with("a.lan", &[], denying), "a.lan", "**.lan", ACCEPTING),
        (wide("**.lan"), rule("a.lan", &[A]), "", "", None),
        (vec![rule("**.lan", &[A, B])], rule("a.lan", &[B]), "", "", None),
        (vec![with("**.lan", &[A], leaf)], rule("a.lan", &[A]), "a.lan", "**.lan", ACCEPTING),
        (wide("**.lan"), with("a.lan", &[A], leaf), "", "", None),
        (vec![with("**.lan", &[A], denying)], rule("a.lan", &[A]), "a.lan", "**.lan", ACCEPTING),
        (vec![with("**.lan", &[], denying)], with("a.lan", &[A], denying), "", "", None),
        (wide("**.lan"), with("a.lan", &[A], exempt), "a.lan", "**.lan", ACCEPTING),
        (vec![with("**.lan", &[A], exempt)], rule("a.lan", &[A]), "", "", None),
        (vec![with("**.lan", &[A], ct)], rule("a.lan", &[A]), "a.lan", "**.lan", ACCEPTING),
        // From whom.
        (vec![with("**.lan", &[A], flag)], rule("a.lan", &[B]), "", "", None),
        (vec![with("**.lan", &[A], over)], rule("a.lan", &[B]), "", "", None),
        (wide("**.other.lan"), rule("a.lan", &[B]), "", "", None),
        (vec![rule("**.lan", &[A]), with("*.lan", &[A], off)], with("a.lan", &[A], off), "", "", None),
        // Which pattern goes before which.
        (wide("*.lan"), rule("a.lan", &[B]), "a.lan", "*.lan", ACCEPTING),
        (wide("**.lan"), rule("*.lan", &[B]), "*.lan", "**.lan", ACCEPTING),
        (wide("**.lan"), rule("**.a.lan", &[B]), "**.a.lan", "**.lan", ACCEPTING),
        (wide("*.lan"), rule("**.a.lan", &[B]), "", "", None),
        (wide("*.lan"), rule("**.lan", &[B]), "", "", None),
        (wide("a.lan"), rule("**.lan", &[B]), "", "", None),
        (wide("**.a.lan"), rule("*.lan", &[B]), "a.lan", "**.a.lan", ACCEPTING),
        (vec![rule("**.a.lan", &[A]), rule("a.lan", &[A])], rule("*.lan", &[B]), "", "", None),
        (wide("**.b.a.lan"), rule("*.lan", &[B]), "", "", None),
        (wide("192.0.2.1"), rule("192.0.2.1:8443", &[B]), "192.0.2.1:8443", "192.0.2.1", ACCEPTING),
        // Ports.
        (wide("a.lan"), rule("a.lan:8443", &[B]), "a.lan:8443", "a.lan", ACCEPTING),
        (wide("a.lan:8443"), rule("a.lan", &[B]), "", "", None),
        (wide("a.lan:8443"), rule("a.lan:443", &[B]), "", "", None),
        (wide("**.lan:8443"), rule("a.lan", &[B]), "a.lan", "**.lan:8443", ACCEPTING),
        (wide("**.lan:8443"), rule("a.lan:443", &[B]), "", "", None),
        (wide("**.a.lan:8443"), rule("*.lan:8443", &[B]), "a.lan", "**.a.lan:8443", ACCEPTING),
    ] {
        let plan = plan(vec![imported.clone()], &policy(&stored));
        let item = &plan.items()[0];
        let said = words::reasons(item, Conflict::Keep);
        assert_eq!(outcomes(&plan), [ItemOutcome::Add], "{imported:?}");
        let found = item.taking().map(|taking| (taking.hosts.as_str(), taking.from.to_string(), taking.laxity));
        let expected = expected.map(|laxity| (hosts, from.to_owned(), laxity));
        assert_eq!(found, expected, "{stored:?} and {imported:?}");
        let is_warned_of = found.is_some();
        assert_eq!(said.iter().any(|notice| notice.kind == NoticeKind::Warning), is_warned_of, "{said:?}");
        let tone = if is_warned_of { Tone::Warning } else { Tone::Good };
        assert_eq!(words::outcome(item, Conflict::Keep).tone, tone);
        let counts = plan.counts();
        assert_eq!((counts.takings, words::takings(&counts).is_some()), (is_warned_of.into(), is_warned_of));
    }
}

#[test]
fn a_denied_key_is_not_added_as_a_pin() {
    let denying = RuleDocument { denied: rule("", &[B]).pins, ..rule("a.example", &[A]) };
    let mut plan = plan(vec![rule("a.example", &[B])], &policy(&[denying]));
    plan.set_conflict(Conflict::AddPins);
    assert_eq!(outcomes(&plan), [ItemOutcome::Keep]);
    let ItemFinding::Differs { with_pins: Err(why), .. } = &plan.items()[0].finding else { panic!("{plan:?}") };
    assert_eq!(why.code(), "rule-pin-repeated");
}

#[test]
fn a_host_that_the_file_does_not_have_is_given() {
    let stored = policy(&[rule("taken.example", &[A])]);
    let mut plan = plan(vec![rule("", &[A]), rule("**.", &[B])], &stored);
    assert_eq!(plan.counts().host_missing, 2);
    for (place, typed, expected, outcome) in [
        (0, "chat.example", "chat.example", ItemOutcome::Add),
        (0, "taken.example", "taken.example", ItemOutcome::Same),
        (0, "  ", "", ItemOutcome::HostMissing),
        (0, "*.", "*.", ItemOutcome::Unusable),
        (0, "chat.example", "chat.example", ItemOutcome::Add),
        (1, "chat.example", "**.chat.example", ItemOutcome::Add),
        (1, "*.chat.example", "*.chat.example", ItemOutcome::Add),
        (1, "", "", ItemOutcome::HostMissing),
        (1, "chat.example", "**.chat.example", ItemOutcome::Add),
    ] {
        plan.set_host(place, typed, &stored, NOW, &url_host);
        let item = &plan.items()[place];
        assert!(item.asks_for_host());
        assert_eq!((item.rule.host.as_str(), item.outcome(Conflict::Keep)), (expected, outcome), "{typed}");
    }
    assert_eq!(plan.changes(&stored, "x").0.save.len(), 2);
    // The host of one that has its own stays.
    let mut fixed = super::import_plan::plan(vec![rule("a.example", &[A])], &stored);
    fixed.set_host(0, "b.example", &stored, NOW, &url_host);
    assert_eq!(fixed.items()[0].rule.host, "a.example");
}

#[test]
fn a_host_that_is_given_up_is_free_for_the_others() {
    let stored = Policy::default();
    let mut plan = plan(vec![rule("", &[A]), rule("", &[B]), rule("b.example", &[B])], &stored);
    for (place, typed, expected) in [
        (0, "a.example", [ItemOutcome::Add, ItemOutcome::HostMissing, ItemOutcome::Add]),
        (1, "a.example", [ItemOutcome::Add, ItemOutcome::Repeated, ItemOutcome::Add]),
        (0, "c.example", [ItemOutcome::Add, ItemOutcome::Add, ItemOutcome::Add]),
        (0, "a.example", [ItemOutcome::Repeated, ItemOutcome::Add, ItemOutcome::Add]),
        (1, "", [ItemOutcome::Add, ItemOutcome::HostMissing, ItemOutcome::Add]),
    ] {
        plan.set_host(place, typed, &stored, NOW, &url_host);
        assert_eq!(outcomes(&plan), expected, "{place} {typed}");
    }
}

#[test]
fn ids_are_kept_where_they_are_free() {
    let stored = policy(&[rule("a.example", &[A])]);
    let with_id = |host: &str, id: &str| RuleDocument { id: Some(id.to_owned()), ..rule(host, &[A]) };
    let imported = vec![
        with_id("b.example", "stored-0"),
        with_id("c.example", "own"),
        with_id("d.example", "own"),
        rule("e.example", &[A]),
        // What no rule can have.
        with_id("f.example", ""),
        with_id("g.example", &"i".repeat(65)),
    ];
    let (changes, undo) = plan(imported, &stored).changes(&stored, "x");
    let ids: Vec<_> = changes.save.iter().map(|rule| rule.id.clone().unwrap()).collect();
    assert_eq!(ids, ["x-0", "own", "x-2", "x-3", "x-4", "x-5"]);
    let then = after(&stored, &changes);
    assert_eq!(then.rules().len(), 7);
    assert_eq!(after(&then, &undo.changes(&then)).rules(), stored.rules());
}

#[test]
fn ten_thousand_rules_are_planned_while_one_waits() {
    let stored = policy(&(0..5_000).map(|n| rule(&format!("h{n}.example"), &[A])).collect::<Vec<_>>());
    let start = Instant::now();
    let plan = plan((0..10_000).map(|n| rule(&format!("h{n}.example"), &[A])).collect(), &stored);
    let expected = Counts { added: 5_000, same: 5_000, ..Counts::default() };
    assert_eq!(plan.counts(), expected);
    assert_eq!(plan.changes(&stored, "x").0.save.len(), 5_000);
    // Unoptimised, and ten times what it takes.
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}
