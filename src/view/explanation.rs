//! What a violation with certificates is about, in words: of a key that its rule did not expect what is likely, of any other what to
//! do; then what was expected, what came and since when.

use super::certificate::{role, shown_name};
use super::foreign::key_name;
use super::notice::{Notice, NoticeKind};
use super::text::{Argument, Text, plural, present, text};
use super::violation::by_reason;
use crate::certificate::Description;
use crate::changed_key::Shown;
use crate::explanation::{AddedRoot, Explanation, Likely, Reader, ReaderKind};
use crate::rule::{Mode, Rule};
use crate::time::UnixMillis;
use crate::verdict::Reason;
use crate::violation::{Mark, RuleSnapshot, Violation};

/// What stands first in an entry of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "a doc stands where the name does not say it")]
pub struct Account {
    /// Over the notice.
    pub heading: Text,
    pub notice: Notice,
    pub expected: Text,
    pub came: Text,
    /// Which certificate of the chain is another, where that is known.
    pub differs: Option<Text>,
    pub since: Text,
}

impl Account {
    /// Of a key that its rule did not expect. `first` is when it came first.
    #[must_use]
    pub fn of_changed_key(explanation: &Explanation, rule: &RuleSnapshot, first: UnixMillis) -> Self {
        Self {
            heading: text!("changed_likely"),
            notice: likely(explanation),
            expected: expected(explanation, rule),
            came: came(&explanation.comparison.now.description),
            differs: differs(explanation),
            since: since(explanation, first),
        }
    }

    /// Of certificates that violate their rule in another way; none where certificates are not what is wrong. `certificates` is
    /// the DER of the chain.
    #[must_use]
    pub fn of_certificates(violation: &Violation, certificates: &[Vec<u8>], first: UnixMillis) -> Option<Self> {
        let (kind, code, expected, mark) = match violation.reason {
            Reason::DeniedKey => {
                (NoticeKind::Error, "denied-key", text!("explanation_expected_no_denied"), Some(Mark::Denied))
            }
            Reason::CtNotCompliant => (NoticeKind::Warning, "ct", text!("explanation_expected_ct"), None),
            Reason::ChainUnknown => (NoticeKind::Warning, "chain-unknown", text!("explanation_expected_chain"), None),
            Reason::UnparsableCertificate => {
                (NoticeKind::Warning, "unreadable", text!("explanation_expected_readable"), Some(Mark::Unparsable))
            }
            // The first has an explanation of its own; of the others most come without a chain.
            Reason::PinMismatch
            | Reason::Cleartext
            | Reason::NoCertificates
            | Reason::ChainTooLong
            | Reason::SecurityInfoFailed
            | Reason::SecurityInfoMalformed
            | Reason::PreflightUnanswered
            | Reason::HandshakeAltered
            | Reason::AnswerDiscarded
            | Reason::Deadline
            | Reason::PolicyUnreadable
            | Reason::UnreadableAddress
            | Reason::InternalError => return None,
        };
        let place = violation.chain.iter().position(|shown| Some(shown.mark) == mark).unwrap_or_default();
        let description = violation
            .chain
            .get(place)
            .map(|shown| super::certificate::description(shown, certificates.get(place).map(Vec::as_slice)));
        Some(Self {
            heading: text!("popup_advice"),
            notice: Notice::new(kind, code, Text::Sentences(by_reason(violation))),
            expected,
            came: came(&description.unwrap_or_default()),
            differs: None,
            since: text!("explanation_since_first", first = Argument::Time(first)),
        })
    }
}

/// What has most likely happened, and what speaks for it.
#[must_use]
pub fn likely(explanation: &Explanation) -> Notice {
    let issuer = |shown: &Shown| shown_name(shown.description.issuer.as_deref().unwrap_or_default());
    let subject = |shown: &Shown| shown_name(shown.description.subject.as_deref().unwrap_or_default());
    let unknown = Shown::default();
    let (before, now) = (explanation.leaf_before.as_ref().unwrap_or(&unknown), &explanation.leaf);
    let or_attack = |text| Text::Sentences(vec![text, text!("explanation_attack")]);
    let but_root = |text| {
        let warning = explanation.ends_in_added_root.then(|| text!("explanation_but_added_root"));
        Text::Sentences(present(vec![Some(text), warning]))
    };
    let (kind, code, text) = match &explanation.likely {
        Likely::Exception => (NoticeKind::Error, "exception", text!("changed_exception")),
        Likely::Fingerprint { pin, key } => {
            let said = text!("explanation_fingerprint", pin = pin.to_string(), key = key.to_string());
            (NoticeKind::Warning, "fingerprint", said)
        }
        Likely::OtherPath => (NoticeKind::Note, "other-path", but_root(text!("explanation_other_path"))),
        Likely::SameKey => (NoticeKind::Note, "same-key", but_root(text!("changed_same_key"))),
        Likely::AddedRoot(root) => (NoticeKind::Error, "added-root", added_root(root)),
        Likely::RuleExpired(date) => {
            let said = text!("explanation_rule_expired", date = *date, issuer = issuer(now));
            (NoticeKind::Warning, "rule-expired", or_attack(said))
        }
        Likely::NothingKnown => (NoticeKind::Warning, "nothing-known", text!("changed_nothing_known")),
        Likely::Renewed => (NoticeKind::Warning, "renewed", or_attack(text!("changed_renewed", issuer = issuer(now)))),
        Likely::OtherName => {
            let said =
                text!("explanation_other_name", issuer = issuer(now), before = subject(before), now = subject(now));
            (NoticeKind::Warning, "other-name", or_attack(said))
        }
        Likely::OtherIssuer => {
            let said = text!("changed_other_issuer", before = issuer(before), now = issuer(now));
            (NoticeKind::Warning, "other-issuer", or_attack(said))
        }
    };
    Notice::new(kind, code, text)
}

fn added_root(root: &AddedRoot) -> Text {
    let name = match root.subject.as_deref() {
        None => Argument::Text(text!("certificate_name_unreadable")),
        Some("") => Argument::Text(text!("certificate_unnamed")),
        Some(name) => Argument::Literal(shown_name(name)),
    };
    let who = match root.reader {
        Some(Reader { name: reader, kind: ReaderKind::Scanner }) => {
            text!("explanation_scanner", root = name, reader = reader)
        }
        Some(Reader { name: reader, kind: ReaderKind::Gateway }) => {
            text!("explanation_gateway", root = name, reader = reader)
        }
        Some(Reader { name: reader, kind: ReaderKind::Debugger }) => {
            text!("explanation_debugger", root = name, reader = reader)
        }
        None if root.is_new => text!("explanation_added_root", root = name),
        None => return text!("explanation_added_root_unknown", root = name),
    };
    let before = root.is_new.then(|| text!("explanation_other_root_before"));
    let trust = text!("explanation_trust_root");
    Text::Sentences(present(vec![Some(who), before, Some(trust)]))
}

/// What the rule expected.
fn expected(explanation: &Explanation, rule: &RuleSnapshot) -> Text {
    match &explanation.expected {
        Some(pin) => text!("explanation_expected_pin", pin = key_name(&pin.label, &pin.sha256.to_string())),
        None => plural!("explanation_expected", rule.pins.len()),
    }
}

/// What came in its place: whose certificate, and by whom.
fn came(description: &Description) -> Text {
    let subject = super::certificate::subject(description);
    match description.issuer.as_deref() {
        None | Some("") => subject,
        Some(issuer) => text!("explanation_came", subject = Argument::Text(subject), issuer = shown_name(issuer)),
    }
}

/// Which certificate of the chain is another; none where nothing is known of the one before.
fn differs(explanation: &Explanation) -> Option<Text> {
    let comparison = &explanation.comparison;
    comparison.before.as_ref().map(|_| role(comparison.place, comparison.length, &comparison.now.description))
}

/// Since when, as far as sockets tell. `first` is when the other key came first.
fn since(explanation: &Explanation, first: UnixMillis) -> Text {
    let first_time = Argument::Time(first);
    match explanation.matched {
        None => text!("explanation_since_first", first = first_time),
        Some(matched) if matched <= first => {
            text!("explanation_since_between", matched = Argument::Time(matched), first = first_time)
        }
        Some(matched) => text!("explanation_since_both", first = first_time, matched = Argument::Time(matched)),
    }
}

/// Whether the rule, as it is now, can be told to flag and no longer block.
#[must_use]
pub fn can_flag(rule: &Rule, now: UnixMillis) -> bool {
    rule.mode() == Mode::Block && !rule.is_expired(now)
}

/// The link to the certificates side by side.
#[must_use]
pub fn compare(can_be_trusted: bool) -> Text {
    if can_be_trusted { text!("explanation_trust") } else { text!("popup_compare") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::changed_key::Comparison;
    use crate::pin::Pin;
    use crate::rule::LabelledPin;
    use crate::time::Date;
    use crate::violation::ChainEntry;

    fn shown(subject: &str, issuer: &str) -> Shown {
        let description = Description {
            subject: Some(format!("CN={subject}")),
            issuer: Some(format!("CN={issuer}")),
            ..Description::default()
        };
        Shown { description, ..Shown::default() }
    }

    fn explanation(likely: Likely) -> Explanation {
        let (before, now) = (shown("old.example", "Old CA"), shown("chat.example", "New CA"));
        let comparison = Comparison { before: Some(before.clone()), now: now.clone(), place: 0, length: 3 };
        Explanation {
            likely,
            comparison,
            leaf_before: Some(before),
            leaf: now,
            expected: None,
            matched: None,
            ends_in_added_root: false,
        }
    }

    fn added(reader: Option<(&'static str, ReaderKind)>, is_new: bool) -> Likely {
        let reader = reader.map(|(name, kind)| Reader { name, kind });
        Likely::AddedRoot(Box::new(AddedRoot { subject: Some("CN=Some Root".to_owned()), reader, is_new }))
    }

    #[test]
    fn what_is_likely_is_said_with_what_speaks_for_it() {
        use NoticeKind::{Error, Note, Warning};
        let fingerprint = Likely::Fingerprint { pin: Pin::of_spki(b"a"), key: Pin::of_spki(b"b") };
        let attack = "take it for an attack";
        for (case, kind, code, start, contained) in [
            (Likely::SameKey, Note, "same-key", "Good news", "own key is the same as before"),
            (Likely::OtherPath, Note, "other-path", "Good news", "very same"),
            (
                Likely::Renewed,
                Warning,
                "renewed",
                "Most likely the certificate was renewed with a new key: New CA",
                attack,
            ),
            (
                Likely::OtherIssuer,
                Warning,
                "other-issuer",
                "The certificate is from New CA, and was from Old CA",
                attack,
            ),
            (Likely::OtherName, Warning, "other-name", "The certificate is from New CA, as before, but", attack),
            (
                Likely::Exception,
                Error,
                "exception",
                "Firefox accepts this certificate only because",
                "Ask whoever runs",
            ),
            (Likely::NothingKnown, Warning, "nothing-known", "Nothing is known", "for an attack"),
            (
                fingerprint,
                Warning,
                "fingerprint",
                "The rule’s pin sha256/",
                "is the fingerprint of a whole certificate",
            ),
            (
                Likely::RuleExpired(Date::parse("2026-01-01").unwrap()),
                Warning,
                "rule-expired",
                "The rule’s pins were meant to hold until 1 January 2026",
                attack,
            ),
            (
                added(Some(("Kaspersky", ReaderKind::Scanner)), true),
                Error,
                "added-root",
                "Most likely a virus scanner or filter on this computer reads this connection",
                "“Some Root”, which by its name belongs to Kaspersky. Before, it ended in another one.",
            ),
            (
                added(Some(("Zscaler", ReaderKind::Gateway)), false),
                Error,
                "added-root",
                "Most likely the proxy of your company or school reads this connection",
                "by its name belongs to Zscaler. Whoever trusts",
            ),
            (
                added(Some(("mitmproxy", ReaderKind::Debugger)), true),
                Error,
                "added-root",
                "Most likely a tool of developers reads this connection",
                "by its name belongs to mitmproxy.",
            ),
            (added(None, true), Error, "added-root", "Most likely this connection is read on the way", "“Some Root”"),
            (added(None, false), Error, "added-root", "The chain ends in a root", "an authority of its own"),
        ] {
            let said = likely(&explanation(case));
            let text = said.text.english();
            assert_eq!((said.kind, said.code), (kind, code), "{text}");
            assert!(text.starts_with(start) && text.contains(contained), "{text}");
        }
    }

    /// Nothing is wrong with the server then, but a pin on that root would let in whoever added it.
    #[test]
    fn good_news_warn_of_a_root_that_was_added() {
        for case in [Likely::SameKey, Likely::OtherPath] {
            for ends_in_added_root in [false, true] {
                let said = likely(&Explanation { ends_in_added_root, ..explanation(case.clone()) }).text.english();
                assert_eq!(said.ends_with("trusts whoever added it."), ends_in_added_root, "{said}");
            }
        }
    }

    #[test]
    fn what_was_expected_and_what_came_is_named() {
        let pin = |label: &str| LabelledPin { sha256: Pin::of_spki(b"a"), label: label.to_owned() };
        let rule = |count: usize| RuleSnapshot {
            id: String::new(),
            layer: crate::policy::Layer::User,
            host: String::new(),
            mode: Mode::Block,
            match_scope: crate::rule::MatchScope::Chain,
            expires: None,
            expired: false,
            local_roots: crate::rule::LocalRoots::Enforce,
            require_ct: false,
            pins: vec![pin(""); count],
            denied: Vec::new(),
        };
        let plain = explanation(Likely::Renewed);
        for (pinned, count, said) in [
            (Some(pin("First key")), 2, "The key of the pin “First key”".to_owned()),
            (Some(pin("")), 1, format!("The key of the pin “{}”", Pin::of_spki(b"a"))),
            (None, 2, "A key of one of the rule’s 2 pins".to_owned()),
        ] {
            let explanation = Explanation { expected: pinned, ..plain.clone() };
            assert_eq!(expected(&explanation, &rule(count)).english(), said);
        }
        assert_eq!(came(&plain.comparison.now.description).english(), "chat.example, issued by New CA");
        assert_eq!(differs(&plain).map(|text| text.english()).as_deref(), Some("Server"));
        let comparison = Comparison { before: None, ..plain.comparison.clone() };
        assert_eq!(differs(&Explanation { comparison, ..plain }), None, "what is not known is not said");
    }

    /// Of a denied key the certificate is named that has it, wherever it stands in the chain.
    #[test]
    fn what_is_no_changed_key_says_what_to_do_and_what_came() {
        let entry = |mark, name: &str| ChainEntry {
            sha256: None,
            built_in_root: None,
            mark,
            description: Some(shown(name, "Some CA").description),
        };
        let chain = vec![entry(Mark::None, "leaf"), entry(Mark::Denied, "stolen"), entry(Mark::Unparsable, "odd")];
        for (reason, kind, code, expected, came, advice) in [
            (Reason::DeniedKey, NoticeKind::Error, "denied-key", "No key that the rule denies", "stolen", "on purpose"),
            (Reason::CtNotCompliant, NoticeKind::Warning, "ct", "A certificate that is in enough", "leaf", "in secret"),
            (Reason::ChainUnknown, NoticeKind::Warning, "chain-unknown", "A chain that Firefox", "leaf", "exception"),
            (
                Reason::UnparsableCertificate,
                NoticeKind::Warning,
                "unreadable",
                "Certificates whose",
                "odd",
                "Ask whoever",
            ),
        ] {
            let violation =
                Violation { chain: chain.clone(), ..Violation::unjudged(reason, UnixMillis::new(0), None, None) };
            let said = Account::of_certificates(&violation, &[], UnixMillis::new(60_000)).unwrap();
            assert_eq!((said.notice.kind, said.notice.code), (kind, code));
            assert!(said.notice.text.english().contains(advice), "{}", said.notice.text.english());
            assert!(said.expected.english().starts_with(expected), "{}", said.expected.english());
            assert_eq!(said.came.english(), format!("{came}, issued by Some CA"));
            assert_eq!(said.since.english(), "At the latest since 1970-01-01T00:01:00Z");
            assert_eq!((said.heading.english().as_str(), said.differs), ("What to do", None));
        }
        let nothing = Violation::unjudged(Reason::CtNotCompliant, UnixMillis::new(0), None, None);
        let said = Account::of_certificates(&nothing, &[], UnixMillis::new(0)).unwrap();
        assert_eq!(said.came.english(), super::super::certificate::subject(&Description::default()).english());
        for reason in [Reason::AnswerDiscarded, Reason::HandshakeAltered, Reason::PinMismatch] {
            let other = Violation::unjudged(reason, UnixMillis::new(0), None, None);
            let other = Violation { chain: chain.clone(), ..other };
            assert_eq!(Account::of_certificates(&other, &[], UnixMillis::new(0)), None, "{reason:?}");
        }
    }

    #[test]
    fn since_when_is_said_as_far_as_it_is_known() {
        let at = |matched| Explanation { matched, ..explanation(Likely::Renewed) };
        let (first, earlier, later) = (UnixMillis::new(60_000), UnixMillis::new(0), UnixMillis::new(120_000));
        for (matched, expected) in [
            (None, "At the latest since 1970-01-01T00:01:00Z"),
            (
                Some(earlier),
                "The rule matched last on 1970-01-01T00:00:00Z; the other key came first on 1970-01-01T00:01:00Z",
            ),
            (
                Some(later),
                "The other key came first on 1970-01-01T00:01:00Z; the rule has matched since then, last on \
                 1970-01-01T00:02:00Z",
            ),
        ] {
            assert_eq!(since(&at(matched), first).english(), expected);
        }
    }
}
