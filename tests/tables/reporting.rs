//! Reports to a collector, and notifications: what is told to whom, how often, and when to nobody.

use std::sync::Arc;

use serde_json::{Value, json};
use sockpin::connection::{Facts, MissingFacts};
use sockpin::engine::{BeforeReport, Engine, Stored};
use sockpin::limits::{MAX_NOTIFIED_HOSTS, MAX_WAITING_REPORT_BYTES, MAX_WAITING_REPORTS};
use sockpin::managed::{Managed, ManagedPlace};
use sockpin::policy::{Layer, Layers, Policy};
use sockpin::preflight::{ProbeAnswer, ProbeFailure};
use sockpin::report::notified::{title, told_of, why_and_what_now};
use sockpin::report::queue::{Report, ReportKey, ReportQueue};
use sockpin::rule::{Field, ReportUri, RuleDocument, RuleStamp};
use sockpin::time::UnixMillis;
use sockpin::verdict::{Outcome, Reason, Verdict, judge};
use sockpin::violation::Violation;

use crate::chains::{NOW, TestChain, connection, secure};
use crate::url_host;

const A: &str = "C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=";
const COLLECTOR: &str = "https://reports.example.net/sockpin";
const MINUTE: u64 = 60 * 1000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

fn after(milliseconds: u64) -> UnixMillis {
    UnixMillis::new(NOW.as_millis() + milliseconds)
}

fn collector(text: &str) -> Arc<ReportUri> {
    Arc::new(ReportUri::parse(text, &url_host).unwrap())
}

fn rule(host: &str, report_uri: Option<&str>) -> Value {
    json!({ "id": host, "host": host, "pins": [{ "sha256": A }], "reportUri": report_uri })
}

fn policy(rules: &[Value]) -> Policy {
    Policy::from_json(&json!({ "version": 1, "rules": rules }).to_string(), NOW, &url_host).unwrap()
}

/// What these rules find wrong with a chain that nobody has pinned.
fn violation(layers: &Layers, url: &str) -> Violation {
    let connection = connection(url, secure(TestChain::new().certificates()));
    let Verdict::Violation(finding) = judge(layers, &connection) else { panic!("no violation of {url}") };
    Violation::new(&finding, &connection, None)
}

fn user(rules: &[Value]) -> Layers {
    Layers { user: policy(rules), ..Layers::default() }
}

fn engine(user: &[Value], managed: Option<&Value>) -> Engine {
    let stored = Stored {
        user: Ok(Some(json!({ "version": 1, "rules": user }).to_string())),
        managed: Ok(managed.map(Value::to_string)),
        pause: None,
        overruling: None,
    };
    Engine::start(stored, NOW, &url_host)
}

#[test]
fn an_address_for_reports_is_https_and_no_more_than_an_address() {
    for (text, expected) in [
        ("https://reports.example.net", Some(("reports.example.net", 443))),
        (" https://Reports.Example.NET:8443/a/b?c=d ", Some(("reports.example.net", 8443))),
        ("HTTPS://192.0.2.7/", Some(("192.0.2.7", 443))),
        ("https://[2001:db8::1]:9/x", Some(("[2001:db8::1]", 9))),
        ("http://reports.example.net/", None),
        ("wss://reports.example.net/", None),
        ("reports.example.net", None),
        ("https://", None),
        ("https:///path", None),
        ("https:reports.example.net", None),
        ("https://user:secret@reports.example.net/", None),
        ("https://user@reports.example.net", None),
        ("https://reports.example.net\\@evil.example", None),
        ("https://reports.example.net/#part", None),
        ("https://reports.example.net/a b", None),
        ("https://reports.example.net/a\tb", None),
        ("https://reports.example.net/b\u{fc}cher", None),
        ("https://2001:db8::1/", None),
        ("https://reports..net/", None),
        ("https://reports.example.net:0/", None),
        ("https://reports.example.net:99999/", None),
        ("https://*.example.net/", None),
        ("data:text/plain,https://reports.example.net/", None),
    ] {
        let read = ReportUri::parse(text, &url_host);
        let got = read.as_ref().ok().map(|uri| (uri.host().to_string(), uri.port()));
        assert_eq!(got, expected.map(|(host, port)| (host.to_owned(), port)), "{text}");
        // A browser reads the same host and port of it.
        if let Ok(uri) = &read {
            let url = url::Url::parse(uri.as_str()).unwrap();
            assert_eq!(
                (url.host_str(), url.port_or_known_default()),
                (expected.map(|of| of.0), expected.map(|of| of.1))
            );
            assert_eq!((url.scheme(), url.username(), url.password()), ("https", "", None));
        }
        let document =
            RuleDocument { report_uri: Some(text.to_owned()), ..serde_json::from_value(rule("a.test", None)).unwrap() };
        let stamp = RuleStamp { id: "1".to_owned(), time: NOW };
        let errors = Policy::default().check(&document, &stamp, &url_host).err().unwrap_or_default();
        let codes: Vec<_> = errors.iter().map(|error| (error.field, error.error.code())).collect();
        let refused = [(Field::ReportUri, "rule-report-uri")];
        assert_eq!(codes, if expected.is_some() { &[][..] } else { &refused }, "{text}");
    }
    let long = format!("https://a.test/{}", "x".repeat(2_000));
    assert!(ReportUri::parse(&long, &url_host).is_err());
    for blank in [None, Some(""), Some("  ")] {
        let rule = policy(&[rule("a.test", blank)]);
        assert_eq!(rule.rules()[0].report_uri(), None, "{blank:?}");
        assert!(!rule.to_json().unwrap().contains("reportUri"));
    }
    let stored = policy(&[rule("a.test", Some(COLLECTOR))]).to_json().unwrap();
    assert!(stored.contains(&format!("\"reportUri\":\"{COLLECTOR}\"")), "{stored}");
    assert!(Policy::from_json(&stored, NOW, &url_host).is_ok());
}

#[test]
fn a_violation_is_told_to_whom_its_own_rule_or_the_administrator_names() {
    const THEIRS: &str = "https://siem.example.com/";
    let managed = |uri: Value| json!({ "rules": [rule("work.example", None), rule("own.work.example", Some(COLLECTOR))], "settings": { "reportUri": uri } });
    let (with, without) = (managed(json!(THEIRS)), managed(Value::Null));
    for (url, managed, expected) in [
        ("wss://told.example/", None, Some(COLLECTOR)),
        ("wss://silent.example/", None, None),
        // The administrator's address is for the administrator's rules alone.
        ("wss://silent.example/", Some(&with), None),
        ("wss://told.example/", Some(&with), Some(COLLECTOR)),
        ("wss://work.example/", Some(&with), Some(THEIRS)),
        ("wss://own.work.example/", Some(&with), Some(COLLECTOR)),
        ("wss://work.example/", Some(&without), None),
    ] {
        let user_rules = [rule("told.example", Some(COLLECTOR)), rule("silent.example", None)];
        let engine = engine(&user_rules, managed);
        let found = violation(engine.policy().unwrap(), url);
        let told = engine.collector(&found);
        assert_eq!(told.as_deref().map(ReportUri::as_str), expected, "{url} {managed:?}");
        // A report says nothing of the reason, so nobody is told what has nothing to do with certificates.
        for reason in [Reason::Cleartext, Reason::PreflightUnanswered, Reason::Deadline, Reason::InternalError] {
            assert_eq!(engine.collector(&Violation { reason, ..found.clone() }), None, "{reason:?}");
        }
        assert_eq!(engine.collector(&Violation { rule: None, ..found }), None);
    }
}

/// Whichever of the two decides.
#[test]
fn two_rules_that_are_violated_are_told_to_two_collectors_each_with_its_own_pins() {
    const THEIRS: &str = "https://siem.example.com/";
    let other_pin = TestChain::new().pins[0].to_base64();
    let rule = |id: &str, mode: &str, pin: &str, uri: &str| json!({ "id": id, "host": "told.example", "mode": mode, "pins": [{ "sha256": pin }], "reportUri": uri });
    let connection = connection("wss://told.example/", secure(TestChain::new().certificates()));
    let (mine, theirs) = ((COLLECTOR, A), (THEIRS, other_pin.as_str()));
    for (user_mode, managed_mode, first, second) in [
        ("block", "flag", mine, Some(theirs)),
        ("flag", "block", theirs, Some(mine)),
        ("block", "block", theirs, Some(mine)),
        ("block", "off", mine, None),
    ] {
        let managed = json!({ "rules": [rule("theirs", managed_mode, &other_pin, THEIRS)] });
        let engine = engine(&[rule("mine", user_mode, A, COLLECTOR)], Some(&managed));
        let Verdict::Violation(finding) = judge(engine.policy().unwrap(), &connection) else { panic!("no violation") };
        let found = Violation::new(&finding, &connection, None);
        let told = |violation: &Violation| {
            let collector = engine.collector(violation).unwrap();
            (collector.as_str().to_owned(), Report::of(violation, collector).unwrap().body)
        };
        let as_told = |(collector, pin): (&str, &str), told: (String, String)| {
            assert_eq!(told.0, collector, "{user_mode}, {managed_mode}");
            let pins: Value = serde_json::from_str(&told.1).unwrap();
            assert_eq!(pins["known-pins"], json!([format!("pin-sha256=\"{pin}\"")]), "{user_mode}, {managed_mode}");
        };
        as_told(first, told(&found));
        assert_eq!(found.by_other_rule().is_some(), second.is_some(), "{user_mode}, {managed_mode}");
        if let (Some(expected), Some(other)) = (second, found.by_other_rule()) {
            as_told(expected, told(&other));
            assert_eq!(other.by_other_rule(), None);
        }
        assert_eq!(
            found.to_json(),
            Violation { other_rule: None, ..found.clone() }.to_json(),
            "nothing of it is stored"
        );
    }
    // A rule that is satisfied tells nobody.
    let right = TestChain::new();
    let managed = json!({ "rules": [rule("theirs", "block", &right.pins[2].to_base64(), THEIRS)] });
    let engine = engine(&[rule("mine", "block", A, COLLECTOR)], Some(&managed));
    let connection = crate::chains::connection("wss://told.example/", secure(right.certificates()));
    let Verdict::Violation(finding) = judge(engine.policy().unwrap(), &connection) else { panic!("no violation") };
    assert_eq!(finding.other, None);
}

#[test]
fn an_administrators_address_that_is_none_is_refused_by_itself() {
    for (settings, refused) in [
        (json!({ "reportUri": COLLECTOR }), None),
        (json!({ "reportUri": null }), None),
        (json!({ "reportUri": "http://a.test/" }), Some((ManagedPlace::ReportUri, "rule-report-uri"))),
        (json!({ "reportUri": 5 }), Some((ManagedPlace::Settings, "managed-shape"))),
    ] {
        let mut settings = settings;
        settings["administrator"] = json!("Example Ltd");
        let managed = Managed::from_json(&json!({ "settings": settings }).to_string(), NOW, &url_host);
        let problems: Vec<_> = managed.problems.iter().map(|part| (part.place, part.problem.code())).collect();
        assert_eq!(problems, refused.into_iter().collect::<Vec<_>>(), "{settings}");
        let is_read = settings["reportUri"] != 5;
        assert_eq!(managed.policy.settings().administrator.is_some(), is_read, "{settings}");
        let uri = managed.policy.settings().report_uri.as_deref().map(ReportUri::as_str);
        assert_eq!(uri, (settings["reportUri"] == COLLECTOR).then_some(COLLECTOR), "{settings}");
    }
    // Nobody writes one into the user's settings; a record that has it is taken whole or not at all.
    let user = |uri: &str| json!({ "version": 1, "rules": [], "settings": { "reportUri": uri } }).to_string();
    assert!(Policy::from_json(&user(COLLECTOR), NOW, &url_host).is_ok());
    assert_eq!(Policy::from_json(&user("http://a.test/"), NOW, &url_host).unwrap_err().code(), "policy-syntax");
    let rule = |uri: &str| json!({ "rules": [rule("a.test", Some(uri))] }).to_string();
    let of_rule = Managed::from_json(&rule(COLLECTOR), NOW, &url_host);
    assert_eq!(of_rule.policy.rules()[0].report_uri().map(|uri| uri.as_str()), Some(COLLECTOR));
    assert_eq!(Managed::from_json(&rule("ftp://a.test"), NOW, &url_host).problems[0].problem.code(), "rule-report-uri");
}

#[test]
fn a_collector_whose_own_pins_fail_is_told_nothing() {
    let chain = TestChain::new();
    let good = json!({ "id": "c", "host": "**.example.net", "pins": [{ "sha256": chain.pins[2].to_base64() }] });
    let bad = json!({ "id": "c", "host": "**.example.net", "pins": [{ "sha256": A }] });
    let flags = json!({ "id": "c", "host": "**.example.net", "mode": "flag", "pins": [{ "sha256": A }] });
    let off = json!({ "id": "c", "host": "**.example.net", "mode": "off" });
    let server = || ProbeAnswer::Server(secure(chain.certificates()).into());
    for (name, own, answer, may) in [
        ("no rule", None, None, true),
        ("an exclusion", Some(&off), None, true),
        ("its pins hold", Some(&good), Some(server()), true),
        ("its pins fail", Some(&bad), Some(server()), false),
        ("its pins fail, and are only flagged", Some(&flags), Some(server()), false),
        ("it does not answer", Some(&good), Some(ProbeAnswer::None(ProbeFailure::Failed)), false),
        ("a proxy may answer", Some(&good), Some(ProbeAnswer::Ambiguous(secure(chain.certificates()).into())), false),
        (
            "nothing is shown",
            Some(&good),
            Some(ProbeAnswer::Server(Facts::Missing(MissingFacts::NoCertificates))),
            false,
        ),
    ] {
        let rules: Vec<_> = std::iter::once(rule("told.example", Some(COLLECTOR))).chain(own.cloned()).collect();
        let engine = engine(&rules, None);
        let found = violation(engine.policy().unwrap(), "wss://told.example/");
        let report = Report::of(&found, engine.collector(&found).unwrap()).unwrap();
        match (engine.before_report(&report, NOW), answer) {
            (BeforeReport::Nothing, None) => assert!(may, "{name}"),
            (BeforeReport::Pins(probe), Some(answer)) => {
                assert_eq!(probe.url(), "https://reports.example.net:443/");
                assert_eq!(engine.may_be_told(probe, answer, NOW), may, "{name}");
            }
            (before, answer) => panic!("{name}: {before:?}, {answer:?}"),
        }
    }
}

#[test]
fn nothing_is_sent_that_nobody_wants_sent_any_more() {
    let found = violation(&user(&[rule("told.example", Some(COLLECTOR))]), "wss://told.example/");
    let report = Report::of(&found, collector(COLLECTOR)).unwrap();
    for (rules, expected) in [
        (vec![rule("told.example", Some(COLLECTOR))], BeforeReport::Nothing),
        (vec![rule("told.example", Some("https://other.example/"))], BeforeReport::Drop),
        (vec![rule("told.example", None)], BeforeReport::Drop),
        (vec![], BeforeReport::Drop),
    ] {
        assert_eq!(engine(&rules, None).before_report(&report, NOW), expected, "{rules:?}");
    }
    let stored = Stored { user: Ok(Some("{".to_owned())), managed: Ok(None), pause: None, overruling: None };
    let unreadable = Engine::start(stored, NOW, &url_host);
    assert_eq!(unreadable.before_report(&report, NOW), BeforeReport::Wait);
    assert_eq!(unreadable.collector(&found), None);
}

fn report_of(number: usize) -> Report {
    let mut found = violation(&user(&[rule("told.example", Some(COLLECTOR))]), "wss://told.example/");
    found.host = format!("{number}.example");
    Report::of(&found, collector(COLLECTOR)).unwrap()
}

#[test]
fn the_same_is_told_once_a_day() {
    let found = violation(&user(&[rule("told.example", Some(COLLECTOR))]), "wss://told.example/");
    let key = |violation: &Violation| ReportKey::of(violation, &collector(COLLECTOR));
    let same = Violation {
        time: after(HOUR),
        page: Some("https://other.example".to_owned()),
        port: Some(8443),
        ..found.clone()
    };
    assert_eq!(key(&same), key(&found), "port, page and time make no other report");
    let others = [
        Violation { host: "other.example".to_owned(), ..found.clone() },
        Violation { reason: Reason::DeniedKey, ..found.clone() },
        violation(&user(&[rule("told.example", Some(COLLECTOR))]), "wss://told.example/"), // another chain
        Violation { chain_digest: None, ..found.clone() },
    ];
    for other in &others {
        assert_ne!(key(other), key(&found), "{other:?}");
    }
    assert_ne!(ReportKey::of(&found, &collector("https://other.example/")), key(&found));

    let report = Report::of(&found, collector(COLLECTOR)).unwrap();
    let mut queue = ReportQueue::default();
    assert!(queue.add(report.clone(), NOW));
    assert!(!queue.add(report.clone(), after(1)), "it waits");
    assert_eq!(queue.due(NOW).map(AsRef::as_ref), Some(&report));
    queue.sent(&report.key, after(2));
    assert_eq!((queue.due(after(DAY)), queue.next_due()), (None, None));
    assert!(!queue.add(report.clone(), after(DAY)), "told within a day");
    // The clock was set back by hours: still the same day; by a year: whoever knows.
    assert!(!queue.add(report.clone(), UnixMillis::new(NOW.as_millis() - HOUR)));
    assert!(queue.clone().add(report.clone(), UnixMillis::new(NOW.as_millis() - 365 * DAY)));
    assert!(queue.add(report, after(DAY + 2)));
}

#[test]
fn what_fails_is_tried_after_longer_and_longer_and_dropped_after_a_week() {
    let report = report_of(1);
    let mut queue = ReportQueue::default();
    queue.add(report.clone(), NOW);
    let mut now = 0;
    let mut waits = Vec::new();
    while let Some(due) = queue.next_due() {
        assert!(queue.due(UnixMillis::new(due.as_millis().saturating_sub(1))).is_none());
        now = due.as_millis() - NOW.as_millis();
        queue.failed(&report.key, due);
        waits.extend(queue.next_due().map(|next| (next.as_millis() - due.as_millis()) / MINUTE));
    }
    assert_eq!(waits[..7], [1, 5, 30, 120, 360, 720, 720]);
    assert!((7 * DAY..8 * DAY).contains(&now), "given up after {now} ms");
    // It was never told, so it may be told when it happens again.
    assert!(queue.add(report, after(8 * DAY)));
}

#[test]
fn a_full_queue_keeps_what_came_first() {
    let mut queue = ReportQueue::default();
    let taken = (0..MAX_WAITING_REPORTS + 5).filter(|number| queue.add(report_of(*number), NOW)).count();
    assert_eq!(taken, MAX_WAITING_REPORTS);
    assert!(queue.is_known(&report_of(0).key, NOW) || queue.due(NOW).is_some());
    assert!(queue.due(NOW).unwrap().body.contains("\"0.example\""));
    let mut by_size = ReportQueue::default();
    let large = |number| Report { body: "x".repeat(MAX_WAITING_REPORT_BYTES / 4), ..report_of(number) };
    assert_eq!((0..10).filter(|number| by_size.add(large(*number), NOW)).count(), 4);
}

fn report_of_layer(layer: Layer, number: usize) -> Report {
    Report { layer, ..report_of(number) }
}

#[test]
fn reports_of_one_layer_take_no_room_from_the_other() {
    let large = |layer, number| Report { body: "x".repeat(MAX_WAITING_REPORT_BYTES), ..report_of_layer(layer, number) };
    for (first, then) in [(Layer::User, Layer::Managed), (Layer::Managed, Layer::User)] {
        let mut by_count = ReportQueue::default();
        for layer in [first, then] {
            let more = 0..MAX_WAITING_REPORTS + 5;
            let taken = more.filter(|number| by_count.add(report_of_layer(layer, *number), NOW)).count();
            assert_eq!(taken, MAX_WAITING_REPORTS, "{layer:?} after {first:?}");
        }
        let mut by_size = ReportQueue::default();
        for layer in [first, then] {
            assert!(by_size.add(large(layer, 1), NOW), "{layer:?} after {first:?}");
            assert!(!by_size.add(report_of_layer(layer, 2), NOW), "{layer:?} after {first:?}");
        }
    }
}

#[test]
fn what_has_failed_least_goes_first_and_then_what_came_first() {
    let mut queue = ReportQueue::default();
    let [first, second] = [report_of(1), report_of(2)];
    for report in [&first, &second] {
        queue.add(report.clone(), NOW);
        queue.failed(&report.key, NOW);
    }
    queue.failed(&first.key, NOW);
    let [third, fourth] = [3, 4].map(|number| report_of_layer(Layer::Managed, number));
    for report in [&third, &fourth] {
        queue.add(report.clone(), after(HOUR));
    }
    let mut order = Vec::new();
    while let Some(report) = queue.due(after(HOUR)).map(Arc::clone) {
        queue.drop(&report.key);
        order.push(report.key.clone());
    }
    assert_eq!(order, [third, fourth, second, first].map(|report| report.key));
}

#[test]
fn the_queue_outlives_a_restart_as_text() {
    let mut queue = ReportQueue::default();
    for number in 0..3 {
        queue.add(report_of(number), NOW);
    }
    let (first, second) = (report_of(0), Arc::clone(queue.due(NOW).unwrap()));
    queue.failed(&second.key, after(MINUTE));
    let third = Report { rule: "an id\twith\nwhite space".to_owned(), layer: Layer::Managed, ..report_of(9) };
    queue.add(third.clone(), after(MINUTE));
    let sent = queue.due(NOW).unwrap().key.clone();
    queue.sent(&sent, after(MINUTE));
    assert_ne!(first.key, second.key, "each chain is made anew");
    let text = queue.to_text();
    let read = ReportQueue::from_text(&text, &url_host);
    assert_eq!(read, queue);
    assert!(read.is_known(&third.key, NOW));
    // What cannot be read is passed over, and takes nothing with it.
    let damaged = format!("waits\tkey\n\nnonsense\ntold\tx\ty\n{text}waits\t1\t2\t3\t4\t5\t6\t7\n");
    assert_eq!(ReportQueue::from_text(&damaged, &url_host), queue);
    assert_eq!(ReportQueue::from_text("", &url_host), ReportQueue::default());
}

#[test]
fn a_person_is_told_of_a_host_once_an_hour() {
    let mut kept = String::new();
    for (host, time, expected) in [
        ("a.test", 0, true),
        ("a.test", 1, false),
        ("b.test", 2, true),
        ("a.test", HOUR - 1, false),
        ("a.test", HOUR, true),
        ("a.test", HOUR + 1, false),
        ("b.test", HOUR + 2, true),
    ] {
        let told = told_of(&kept, host, after(time));
        assert_eq!(told.is_some(), expected, "{host} after {time} ms");
        kept = told.unwrap_or(kept);
        assert!(!kept.contains("test"), "a host that has gone from the log must not stand here");
    }
    let mut flooded = String::new();
    let told = (0..100).filter_map(|number| {
        flooded = told_of(&flooded, &format!("{number}.test"), NOW)?;
        Some(())
    });
    assert_eq!(told.count(), MAX_NOTIFIED_HOSTS);
    assert!(told_of("no time\n\nx a.test\n", "a.test", NOW).is_some());
}

#[test]
fn a_notification_says_what_happened_why_and_what_now() {
    let found = violation(&user(&[rule("told.example", None)]), "wss://told.example/");
    let flagged = Violation { outcome: Outcome::Flag, ..found.clone() };
    let paused = Violation { paused: true, ..flagged.clone() };
    let titles = [&found, &flagged, &paused].map(title);
    assert_eq!(titles, ["notification_blocked", "notification_flagged", "notification_let_through"]);
    assert_eq!(why_and_what_now(Reason::PinMismatch), ["notification_pins", "notification_compare"]);
    assert_eq!(why_and_what_now(Reason::DeniedKey), ["notification_denied", "notification_look"]);
    assert_eq!(why_and_what_now(Reason::Deadline), ["notification_unknown", "notification_look"]);
}
