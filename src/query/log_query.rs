//! What is looked for in the log, and in which order it stands.

use super::{Choice, Place, SearchWords};
use crate::log::{Day, Line};
use crate::overruling::Overruled;
use crate::verdict::{Outcome, Reason};

/// A line of the log, and what is known of it beside.
#[derive(Debug, Clone, Copy)]
pub struct Logged<'a> {
    /// The line.
    pub line: &'a Line,
    /// The day of its last socket.
    pub day: Day,
    /// Whether nobody has looked at it.
    pub is_unread: bool,
    /// The sentence that is said of it.
    pub said: &'a str,
    /// The subjects of its certificates, as far as they have been read.
    pub subjects: &'a str,
}

/// What a line must be like to be found. Nothing is asked for by default, and every line is found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogQuery {
    /// What it must have in its host, its pages, its rule (the host pattern, labels of keys), the sentence that is said of it, or
    /// the subjects of its certificates.
    pub words: SearchWords,
    /// The host that it must be about, as it stands in the entry.
    pub host: Option<String>,
    /// The origin that must be among those of the pages that have opened its sockets.
    pub page: Option<String>,
    /// What must have become of the socket.
    pub became: Option<Became>,
    /// Why.
    pub reason: Option<Reason>,
    /// The first day on which it may have happened last.
    pub from: Option<Day>,
    /// The last one.
    pub to: Option<Day>,
    /// Whether nobody may have looked at it.
    pub unread: bool,
}

/// What became of a socket, or that the line is no socket's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Became {
    /// It was stopped.
    Blocked,
    /// The rule only flags.
    Flagged,
    /// It was let through although the rule blocks: in a pause, or by another extension.
    LetThrough,
    /// A pause that began or ended.
    Pause,
}

/// In which order lines stand. What is the same in it stands newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogOrder {
    /// The newest first.
    #[default]
    Newest,
    /// The oldest first.
    Oldest,
    /// The one with most sockets first.
    Often,
    /// By host.
    Host,
}

impl Choice for Became {
    const NAMED: &'static [(&'static str, Self)] = &[
        ("blocked", Self::Blocked),
        ("flagged", Self::Flagged),
        ("let-through", Self::LetThrough),
        ("pause", Self::Pause),
    ];
}

impl Choice for LogOrder {
    const NAMED: &'static [(&'static str, Self)] =
        &[("newest", Self::Newest), ("oldest", Self::Oldest), ("often", Self::Often), ("host", Self::Host)];
}

/// The names under which they are stored.
impl Choice for Reason {
    const NAMED: &'static [(&'static str, Self)] = &[
        ("pin-mismatch", Self::PinMismatch),
        ("denied-key", Self::DeniedKey),
        ("chain-unknown", Self::ChainUnknown),
        ("ct-not-compliant", Self::CtNotCompliant),
        ("cleartext", Self::Cleartext),
        ("preflight-unanswered", Self::PreflightUnanswered),
        ("no-certificates", Self::NoCertificates),
        ("chain-too-long", Self::ChainTooLong),
        ("unparsable-certificate", Self::UnparsableCertificate),
        ("security-info-failed", Self::SecurityInfoFailed),
        ("security-info-malformed", Self::SecurityInfoMalformed),
        ("handshake-altered", Self::HandshakeAltered),
        ("answer-discarded", Self::AnswerDiscarded),
        ("deadline", Self::Deadline),
        ("policy-unreadable", Self::PolicyUnreadable),
        ("unreadable-address", Self::UnreadableAddress),
        ("internal-error", Self::InternalError),
    ];
}

impl Became {
    /// What became of it.
    #[must_use]
    pub fn of(line: &Line) -> Self {
        let Line::Violation(entry) = line else { return Self::Pause };
        let violation = &entry.violation;
        match violation.outcome {
            _ if violation.overruled == Some(Overruled::Opened) => Self::LetThrough,
            Outcome::Flag if violation.paused => Self::LetThrough,
            Outcome::Flag => Self::Flagged,
            Outcome::Block => Self::Blocked,
        }
    }
}

impl LogQuery {
    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a line is found.
    #[must_use]
    pub fn finds(&self, logged: Logged<'_>) -> bool {
        // A pause has no reason, is of no host and of no page.
        let entry = match logged.line {
            Line::Violation(entry) => Some(entry),
            Line::Pause(_) => None,
        };
        let reason = entry.map(|entry| entry.violation.reason);
        let is_of_host = |host: &String| entry.is_some_and(|entry| entry.violation.host == *host);
        let is_of_page = |page: &String| {
            entry.is_some_and(|entry| entry.tally.pages.iter().any(|opened| opened.page.as_ref() == Some(page)))
        };
        self.became.is_none_or(|became| Became::of(logged.line) == became)
            && (self.reason.is_none() || self.reason == reason)
            && self.host.as_ref().is_none_or(is_of_host)
            && self.page.as_ref().is_none_or(is_of_page)
            && self.from.is_none_or(|from| logged.day >= from)
            && self.to.is_none_or(|to| logged.day <= to)
            && (!self.unread || logged.is_unread)
            && self.words.are_of(logged)
    }
}

impl SearchWords {
    /// Whether nothing was typed but space.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    fn are_of(&self, logged: Logged<'_>) -> bool {
        if self.is_empty() {
            return true;
        }
        let Line::Violation(entry) = logged.line else { return self.are_among(&[logged.said].into_iter()) };
        let violation = &entry.violation;
        let host = match violation.port {
            Some(port) => format!("{}:{port}", violation.host),
            None => violation.host.clone(),
        };
        let pages = entry.tally.pages.iter().filter_map(|opened| opened.page.as_deref());
        let rule = violation.rule.iter().flat_map(|rule| {
            let labels = rule.pins.iter().chain(&rule.denied).map(|pin| pin.label.as_str());
            [rule.host.as_str()].into_iter().chain(labels)
        });
        self.are_among(&[host.as_str(), logged.said, logged.subjects].into_iter().chain(pages).chain(rule))
    }
}

impl LogOrder {
    /// The place of a line.
    #[must_use]
    pub fn place(self, line: &Line) -> Place {
        let (place, time) = (Place::default(), line.time().as_millis());
        // A pause is of no host, and stands at the end.
        let place = match (self, line) {
            (Self::Oldest, _) => return place.number(time),
            (Self::Often, Line::Violation(entry)) => place.reverse(entry.tally.count),
            (Self::Often, Line::Pause(_)) => place.reverse(0),
            (Self::Host, Line::Violation(entry)) => place.number(0).text(&entry.violation.host),
            (Self::Host, Line::Pause(_)) => place.number(1),
            (Self::Newest, _) => place,
        };
        place.reverse(time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Entry, Tally};
    use crate::pause::{PauseEntry, PauseEvent};
    use crate::pin::Pin;
    use crate::policy::Layer;
    use crate::query::tests::url_host;
    use crate::rule::{LabelledPin, LocalRoots, MatchScope, Mode};
    use crate::time::{Date, UnixMillis};
    use crate::violation::{RuleSnapshot, Violation};

    fn violation(host: &str, time: u64) -> Violation {
        let pin = |label: &str| LabelledPin { sha256: Pin::of_spki(label.as_bytes()), label: label.to_owned() };
        Violation {
            host: host.to_owned(),
            port: Some(8443),
            page: Some("https://page.example".to_owned()),
            rule: Some(RuleSnapshot {
                id: "the-id".to_owned(),
                layer: Layer::User,
                host: "**.rule.example".to_owned(),
                mode: Mode::Block,
                match_scope: MatchScope::Chain,
                expires: None,
                expired: false,
                local_roots: LocalRoots::Enforce,
                require_ct: false,
                pins: vec![pin("Backup im Tresor")],
                denied: vec![pin("Stolen")],
            }),
            ..Violation::unjudged(Reason::PinMismatch, UnixMillis::new(time), None, None)
        }
    }

    fn line(violation: Violation) -> Line {
        Line::Violation(Box::new(Entry { id: 1, tally: Tally::of(&violation), violation }))
    }

    fn pause() -> Line {
        Line::Pause(PauseEntry { id: Some(1), time: UnixMillis::new(5), pause: PauseEvent::Ended })
    }

    fn logged<'a>(line: &'a Line, day: &str) -> Logged<'a> {
        Logged {
            line,
            day: Day::of(Date::parse(day).unwrap()),
            is_unread: true,
            said: "None of the keys matches.",
            subjects: "CN=Bücher Root",
        }
    }

    #[test]
    fn every_word_is_somewhere_in_what_a_person_reads() {
        let line = line(violation("chat.example.com", 5));
        for (typed, expected) in [
            ("", true),
            ("CHAT.example", true),
            ("chat.example.com:8443", true),
            ("https://page.example", true),
            ("**.rule.example", true),
            ("tresor stolen", true),
            ("matches none", true),
            ("bücher", true),
            ("BÜCHER chat", true),
            ("chat autumn", false),
            // Nobody sees these.
            ("the-id", false),
            ("pin-mismatch", false),
        ] {
            let query = LogQuery { words: SearchWords::new(typed, &|_| None), ..LogQuery::default() };
            assert_eq!(query.finds(logged(&line, "2026-11-22")), expected, "{typed:?}");
        }
        let query = LogQuery { words: SearchWords::new("none", &|_| None), ..LogQuery::default() };
        assert!(query.finds(logged(&pause(), "2026-11-22")), "a pause has nothing but what is said of it");
        let international = self::line(violation("xn--mller-kva.example", 5));
        for (typed, expected) in [
            ("Müller.example", true),
            ("müller.example:8443", true),
            ("https://müller.example", true),
            ("müller.example:443", false),
            // Not each line that has an address in it.
            ("https://bücher.test", false),
        ] {
            let query = LogQuery { words: SearchWords::new(typed, &url_host), ..LogQuery::default() };
            assert_eq!(query.finds(logged(&international, "2026-11-22")), expected, "{typed}");
        }
    }

    #[test]
    fn all_that_is_asked_for_must_be_so() {
        let line = line(violation("chat.example.com", 5));
        let day = |text: &str| Date::parse(text).ok().map(Day::of);
        for (became, reason, from, to, unread, expected) in [
            ("", "", "", "", false, true),
            ("blocked", "pin-mismatch", "2026-11-22", "2026-11-22", true, true),
            ("flagged", "", "", "", false, false),
            ("pause", "", "", "", false, false),
            ("", "deadline", "", "", false, false),
            ("", "", "2026-11-23", "", false, false),
            ("", "", "", "2026-11-21", false, false),
            ("no such thing", "no such thing", "2026", "", false, true),
        ] {
            let query = LogQuery {
                became: Became::named(became),
                reason: Reason::named(reason),
                from: day(from),
                to: day(to),
                unread,
                ..LogQuery::default()
            };
            assert_eq!(query.finds(logged(&line, "2026-11-22")), expected, "{query:?}");
        }
        let unread = LogQuery { unread: true, ..LogQuery::default() };
        assert!(!unread.finds(Logged { is_unread: false, ..logged(&line, "2026-11-22") }));
        let reason = LogQuery { reason: Some(Reason::PinMismatch), ..LogQuery::default() };
        assert!(!reason.finds(logged(&pause(), "2026-11-22")), "a pause has no reason");
        assert!(LogQuery::default().is_empty() && !unread.is_empty());
    }

    #[test]
    fn a_host_and_a_page_are_what_they_are_and_nothing_like_it() {
        let mut tally = Tally::of(&violation("chat.example.com", 5));
        tally.add(&Violation { page: Some("https://other.example".to_owned()), ..violation("chat.example.com", 6) });
        tally.add(&Violation { page: None, ..violation("chat.example.com", 7) });
        let line = Line::Violation(Box::new(Entry { id: 1, tally, violation: violation("chat.example.com", 5) }));
        for (host, page, expected) in [
            ("chat.example.com", "", true),
            ("", "https://page.example", true),
            ("", "https://other.example", true),
            ("chat.example.com", "https://other.example", true),
            // Each word of these is somewhere in the entry.
            ("example.com", "", false),
            ("chat.example.com:8443", "", false),
            ("**.rule.example", "", false),
            ("", "page.example", false),
            ("", "https://chat.example.com", false),
            ("chat.example.com", "https://elsewhere.example", false),
        ] {
            let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            let query = LogQuery { host: given(host), page: given(page), ..LogQuery::default() };
            assert_eq!(query.finds(logged(&line, "2026-11-22")), expected, "{query:?}");
            assert!(!query.finds(logged(&pause(), "2026-11-22")), "a pause is of no host and of no page");
            assert!(!query.is_empty());
        }
    }

    #[test]
    fn what_became_of_a_socket_is_what_the_page_says() {
        let blocked = violation("a.test", 5);
        let flagged = Violation { outcome: Outcome::Flag, ..blocked.clone() };
        for (violation, expected) in [
            (blocked.clone(), Became::Blocked),
            (Violation { overruled: Some(Overruled::Held), ..blocked.clone() }, Became::Blocked),
            (Violation { overruled: Some(Overruled::Opened), ..blocked }, Became::LetThrough),
            (Violation { paused: true, ..flagged.clone() }, Became::LetThrough),
            (flagged, Became::Flagged),
        ] {
            assert_eq!(Became::of(&line(violation)), expected);
        }
        assert_eq!(Became::of(&pause()), Became::Pause);
    }

    #[test]
    fn every_order_begins_with_what_one_looks_for() {
        let mut often = Tally::of(&violation("b.test", 10));
        often.add(&violation("b.test", 20));
        let often = Line::Violation(Box::new(Entry { id: 2, tally: often, violation: violation("b.test", 10) }));
        let lines = [line(violation("c.test", 30)), often, line(violation("a.test", 40)), pause()];
        for (order, expected) in [
            (LogOrder::Newest, [40, 30, 20, 5]),
            (LogOrder::Oldest, [5, 20, 30, 40]),
            (LogOrder::Often, [20, 40, 30, 5]),
            (LogOrder::Host, [40, 20, 30, 5]),
        ] {
            let mut sorted: Vec<_> = lines.iter().collect();
            sorted.sort_by_cached_key(|line| order.place(line));
            let times: Vec<_> = sorted.iter().map(|line| line.time().as_millis()).collect();
            assert_eq!(times, expected, "{order:?}");
        }
    }

    /// Each can be chosen on the page, by the name under which it is stored.
    #[test]
    fn every_choice_is_on_the_page() {
        let page = include_str!("../../extension/log.html");
        for (name, reason) in Reason::NAMED {
            assert_eq!(serde_json::to_value(reason).unwrap(), *name);
            assert!(page.contains(&format!("<option value=\"{name}\"")), "{name}");
        }
        let names = Became::NAMED.iter().map(|(name, _)| name).chain(LogOrder::NAMED.iter().map(|(name, _)| name));
        for name in names {
            assert!(page.contains(&format!("<option value=\"{name}\"")), "{name}");
        }
    }
}
