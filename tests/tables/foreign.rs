//! What somebody else has written, in sentences of ours: labels of keys, names in certificates, addresses of pages, who the
//! administrator says to be. All of it can be seen, stays in its place, and is shown up to a limit.

use serde_json::json;
use sockpin::certificate::Description;
use sockpin::changed_key::{Comparison, Field, Shown};
use sockpin::connection::{Connection, Scheme};
use sockpin::explanation::{AddedRoot, Explanation, Likely};
use sockpin::history::{Change, ChangedBy, What};
use sockpin::limits::MAX_NAME_CHARACTERS;
use sockpin::log::{Entry, Tally};
use sockpin::policy::{Layer, Layers, Policy};
use sockpin::rule::{PinDocument, RuleDocument};
use sockpin::seen::{SeenCertificate, SeenEndpoint};
use sockpin::tab_sockets::{Detail, SocketPlace, SocketRow, SocketState};
use sockpin::verdict::{Verdict, judge};
use sockpin::view::explanation::Account;
use sockpin::view::picking::Compared;
use sockpin::view::text::Text;
use sockpin::view::violation::plain_text::plain_text;
use sockpin::view::{
    certificate, changed_key, explanation, history, log, managed, picking, rule, seen, status, tab, transfer, violation,
};
use sockpin::violation::{ChainEntry, Mark, RuleSnapshot, Violation};

use crate::chains::{NOW, TestChain, connection, secure};
use crate::url_host;

/// Markup, an override of the direction, control characters, the end of an isolate, and letters from right to left.
const HOSTILE: &str = "<b>a\u{202e}gnp\u{7}\n\u{2069}\u{200b}\u{5d0}";

fn key() -> PinDocument {
    PinDocument { sha256: TestChain::new().pins[0].to_base64(), label: HOSTILE.to_owned() }
}

/// What a rule decides of a chain, with keys of this name: which of the chain's it pins, and which it denies.
fn decided(chain: &TestChain, pinned: usize, denied: Option<usize>) -> (Verdict, Connection) {
    let named = |place: usize| json!({ "sha256": chain.pins[place].to_base64(), "label": HOSTILE });
    let denied: Vec<_> = denied.into_iter().map(named).collect();
    let rule = json!({ "id": "r", "host": "chat.example.com", "pins": [named(pinned)], "denied": denied });
    let policy = json!({ "version": 1, "rules": [rule] }).to_string();
    let user = Policy::from_json(&policy, NOW, &url_host).unwrap();
    let connection = connection("wss://chat.example.com/", secure(chain.certificates()));
    (judge(&Layers { user, ..Layers::default() }, &connection), connection)
}

/// Of a rule that denies the server's key.
fn entry() -> Entry {
    let (verdict, connection) = decided(&TestChain::new(), 1, Some(0));
    let Verdict::Violation(finding) = verdict else { panic!("no violation") };
    let violation = Violation::new(&finding, &connection, Some(HOSTILE.to_owned()));
    Entry { id: 1, tally: Tally::of(&violation), violation }
}

fn shown() -> Shown {
    let name = Some(format!("CN={HOSTILE}"));
    let description = Description { subject: name.clone(), issuer: name, ..Description::default() };
    Shown { description, ..Shown::default() }
}

fn explained(likely: Likely, snapshot: &RuleSnapshot) -> Explanation {
    let comparison = Comparison { before: Some(shown()), now: shown(), place: 0, length: 3 };
    let expected = snapshot.pins.first().cloned();
    let (leaf_before, leaf) = (Some(shown()), shown());
    Explanation { likely, comparison, leaf_before, leaf, expected, matched: None, ends_in_added_root: false }
}

/// Every place that shows such a text.
fn said() -> Vec<(&'static str, Text)> {
    let entry = entry();
    let violation = &entry.violation;
    let snapshot = violation.rule.clone().unwrap();
    let description = shown().description;
    let certificate = SeenCertificate {
        key: violation.chain[0].sha256.unwrap(),
        subject: format!("CN={HOSTILE}"),
        host: HOSTILE.to_owned(),
    };
    let mark = |mark, place: usize| {
        let entry = ChainEntry { mark, ..violation.chain[place].clone() };
        certificate::mark(&entry, Some(&snapshot)).text
    };
    let root = AddedRoot { subject: Some(format!("CN={HOSTILE}")), reader: None, is_new: true };
    let (allowed, connection) = decided(&TestChain::new(), 0, None);
    let place = SocketPlace {
        scheme: Scheme::Wss,
        host: "chat.example.com".to_owned(),
        port: 443,
        state: SocketState::Allowed(Some(Detail::new(HOSTILE))),
    };
    let row = SocketRow { place, count: 1, first: NOW, last: NOW, pages: vec![HOSTILE.to_owned()] };
    let endpoint = SeenEndpoint {
        host: "chat.example.com".to_owned(),
        port: 443,
        count: 1,
        first: NOW,
        last: NOW,
        pages: vec![HOSTILE.to_owned(), HOSTILE.to_owned()],
        chains: Vec::new(),
    };
    let before = RuleDocument { host: "a.test".to_owned(), pins: vec![key()], ..RuleDocument::default() };
    let after = RuleDocument { denied: vec![key()], pins: Vec::new(), ..before.clone() };
    let what = What::Changed { before: Box::new(before), after: Box::new(after) };
    let change = Change { time: NOW, by: ChangedBy::List, what };
    let changed_key::Offer::Nothing(offered) =
        changed_key::offer(&explained(Likely::Renewed, &snapshot).comparison, Layer::Managed, None, Some(HOSTILE))
    else {
        panic!("a managed rule can be changed")
    };
    let administered = sockpin::managed::Managed::from_json(
        &json!({ "settings": { "administrator": HOSTILE } }).to_string(),
        NOW,
        &url_host,
    );
    let explanation = |likely| explanation::likely(&explained(likely, &snapshot)).text;
    let plain = Account::of_changed_key(&explained(Likely::Renewed, &snapshot), &snapshot, NOW);
    let named = ChainEntry { description: Some(shown().description), ..violation.chain[0].clone() };
    let denied = Account::of_certificates(&Violation { chain: vec![named], ..violation.clone() }, &[], NOW).unwrap();
    vec![
        ("an entry's reason", violation::reason(violation)),
        ("an entry's page", violation::pages(&entry.tally)),
        ("an entry that has gone", violation::entry_gone(HOSTILE)),
        ("the one host that is shown", log::only_host(HOSTILE)),
        ("the one page that is shown", log::only_page(HOSTILE)),
        ("a host", violation::host(&Violation { host: HOSTILE.to_owned(), ..violation.clone() })),
        ("a certificate that matches", mark(Mark::Pin, 1)),
        ("a certificate that is denied", mark(Mark::Denied, 0)),
        ("a subject", certificate::subject(&description)),
        ("an issuer", certificate::details(&description).remove(0)),
        ("a key of a rule", rule::keys(&[key()], &[]).remove(0).name),
        ("what was expected", plain.expected),
        ("what came", plain.came),
        ("what came with a denied key", denied.came),
        ("a renewed key", explanation(Likely::Renewed)),
        ("another issuer", explanation(Likely::OtherIssuer)),
        ("another name", explanation(Likely::OtherName)),
        ("an added root", explanation(Likely::AddedRoot(Box::new(root)))),
        ("a field of a changed key", changed_key::value(&shown(), Field::Issuer)),
        (
            "the pin that matched before",
            changed_key::source(&changed_key::Source::Matched(sockpin::view::foreign::key_name(HOSTILE, ""), NOW)),
        ),
        ("who manages a rule", offered.text),
        ("who manages the rules", managed::heading(&administered)),
        ("who forbids pausing", status::pausing_forbidden(Some(HOSTILE))),
        ("a change of a rule", history::what(&change)),
        ("a rule that is tried", seen::why(&allowed, &connection)),
        ("a page that was seen", seen::facts(&endpoint, NOW).remove(2)),
        ("a fingerprint that was typed", seen::replaced(&certificate).text),
        ("a fingerprint that was compared", picking::compared(Compared::Key(&certificate.subject)).text),
        ("one that was seen elsewhere", picking::compared(Compared::Elsewhere(&certificate)).text),
        ("a socket of the tab", tab::row(&row, tab::Circumstances::default()).text.unwrap()),
        ("a page of the tab", tab::facts(&row, NOW).remove(2)),
        ("a rule of a file", transfer::rule_refused(HOSTILE, Text::literal("why"))),
    ]
}

#[test]
fn what_others_have_written_can_be_seen_and_stays_in_its_place() {
    let expected = "\u{2068}<b>a\\u{202e}gnp\\u{7}\\u{a}\\u{2069}\\u{200b}\u{5d0}\u{2069}";
    // A name in a line of a tab has lost what breaks lines already.
    let in_a_word = "\u{2068}<b>a\\u{202e}gnp  \\u{2069}\\u{200b}\u{5d0}\u{2069}";
    for (place, text) in said() {
        let said = text.english();
        assert!(said.contains(expected) || said.contains(in_a_word), "{place}: {said:?}");
        let rest = said.replace(expected, "").replace(in_a_word, "");
        assert!(!rest.contains(['\u{5d0}', '\u{202e}', '\u{7}', '\u{2069}']), "{place}: {said:?}");
    }
}

/// What is pasted elsewhere has no isolates in it, which would become a part of a label.
#[test]
fn what_is_copied_can_be_seen_and_breaks_no_line() {
    let lines: Vec<_> = plain_text(&entry(), &[]).iter().map(|line| line.said(Text::english)).collect();
    let named: Vec<_> = lines.iter().filter(|line| line.starts_with("sha256/") && line.contains("<b>a")).collect();
    assert!(named.len() >= 2, "{lines:#?}");
    assert!(lines.iter().all(|line| !line.contains(['\n', '\u{202e}', '\u{7}'])), "{lines:#?}");
}

/// JSON can carry half a character; a text cannot.
#[test]
fn half_a_character_is_no_label() {
    let policy = |label: &str| {
        let pin = key().sha256;
        let json = format!(
            r#"{{"version": 1, "rules": [{{"host": "a.test", "pins": [{{"sha256": "{pin}", "label": "{label}"}}]}}]}}"#
        );
        Policy::from_json(&json, NOW, &url_host)
    };
    assert!(policy(r"\ud83d\ude00").is_ok());
    for half in [r"\ud83d", r"\ude00", r"\ude00\ud83d"] {
        assert!(policy(half).is_err(), "{half}");
    }
}

#[test]
fn a_name_is_shown_as_far_as_it_is_read() {
    let name = |length| format!("CN={}", "x".repeat(length));
    let shown = |length| certificate::shown_name(&name(length));
    assert_eq!(shown(MAX_NAME_CHARACTERS), "x".repeat(MAX_NAME_CHARACTERS));
    assert_eq!(shown(MAX_NAME_CHARACTERS + 1).trim_matches(['\u{2068}', '\u{2069}']), format!("{}…", "x".repeat(500)));
}
