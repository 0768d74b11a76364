//! What was seen in this session, and what a rule makes of it, in words.

use super::certificate::{shown_name, subject};
use super::date::ago;
use super::foreign::{foreign, key_name};
use super::notice::{Notice, NoticeKind, Tag, Tone};
use super::text::{Text, plural, present, text};
use super::violation::{probe_failed, reason};
use crate::certificate::{Certificate, Description};
use crate::connection::{Connection, Facts};
use crate::preflight::ProbeFailure;
use crate::seen::{SeenCertificate, SeenEndpoint};
use crate::time::UnixMillis;
use crate::verdict::{Allowed, Finding, NotPinned, Outcome, Verdict};
use crate::violation::Violation;

/// Host and port, as a rule is written.
#[must_use]
pub fn endpoint(host: &str, port: u16) -> String {
    const USUAL: u16 = 443;
    if port == USUAL { host.to_owned() } else { format!("{host}:{port}") }
}

/// How often it was seen, when last, and from which page: a label each, to be shown side by side.
#[must_use]
pub fn facts(endpoint: &SeenEndpoint, now: UnixMillis) -> Vec<Text> {
    let sockets = match endpoint.count {
        0 => text!("seen_looked_at"),
        count => plural!("seen_sockets", count),
    };
    let page = endpoint.pages.first().map(|page| match endpoint.pages.len() {
        1 => text!("seen_page", page = foreign(page)),
        pages => plural!("seen_pages", pages - 1, page = foreign(page)),
    });
    let last = text!("seen_last", ago = ago(endpoint.last, now));
    present(vec![Some(sockets), Some(last), page])
}

/// Good news: whoever has pinned the key need not do anything.
#[must_use]
pub fn renewed_with_same_key() -> Text {
    text!("seen_renewed_same_key")
}

/// What rules make of it; none of them where its chain is not known.
#[must_use]
pub fn state(verdict: Option<&Verdict>) -> Tag {
    match verdict {
        None => Tag::new(text!("seen_chain_unknown"), Tone::Neutral),
        Some(Verdict::NotPinned(NotPinned::NoRule)) => Tag::new(text!("seen_not_pinned"), Tone::Neutral),
        Some(Verdict::NotPinned(NotPinned::RuleOff(_))) => Tag::new(text!("seen_rule_off"), Tone::Neutral),
        Some(Verdict::Allowed(Allowed::PinMatched(_), _)) => Tag::new(text!("seen_matched"), Tone::Good),
        Some(Verdict::Allowed(Allowed::NoDeniedKey | Allowed::LocalRootExempt, _)) => {
            Tag::new(text!("seen_allowed"), Tone::Good)
        }
        Some(Verdict::Violation(Finding { outcome: Outcome::Flag, .. })) => {
            Tag::new(text!("seen_flagged"), Tone::Warning)
        }
        Some(Verdict::Violation(Finding { outcome: Outcome::Block, .. })) => Tag::new(text!("seen_blocked"), Tone::Bad),
    }
}

/// Why a rule that is tried on what was seen decides so.
#[must_use]
pub fn why(verdict: &Verdict, connection: &Connection) -> Text {
    match verdict {
        Verdict::NotPinned(NotPinned::NoRule) => text!("trial_no_rule"),
        Verdict::NotPinned(NotPinned::RuleOff(_)) => text!("trial_rule_off"),
        Verdict::Allowed(Allowed::PinMatched(matched), _) => {
            text!("trial_matched", label = key_name(&matched.label, &matched.sha256.to_string()))
        }
        Verdict::Allowed(Allowed::NoDeniedKey, _) => text!("trial_no_denied"),
        Verdict::Allowed(Allowed::LocalRootExempt, _) => text!("trial_exempt"),
        Verdict::Violation(finding) => reason(&Violation::new(finding, connection, None)),
    }
}

/// Which chain that was.
#[must_use]
pub fn tried(host: &str, port: u16, facts: &Facts, seen: UnixMillis, now: UnixMillis) -> Text {
    text!("trial_chain", endpoint = endpoint(host, port), subject = server(facts), ago = ago(seen, now))
}

/// A chain among several of one endpoint.
#[must_use]
pub fn chain(facts: &Facts, seen: UnixMillis, now: UnixMillis) -> Text {
    text!("picker_chain_of", subject = server(facts), ago = ago(seen, now))
}

/// Whom the server's own certificate is for.
fn server(facts: &Facts) -> Text {
    let (certificates, _) = facts.certificates();
    let read =
        |der: &Vec<u8>| Certificate::from_der(der).map_or_else(|_| Description::default(), |read| read.describe());
    subject(&certificates.first().map(read).unwrap_or_default())
}

/// What a pin's button is called for those who do not see what it stands beside.
#[must_use]
pub fn pin_label(host: &str, port: u16) -> Text {
    text!("seen_pin_label", endpoint = endpoint(host, port))
}

/// What is sent, and to whom, if the chain of this server is asked for.
#[must_use]
pub fn contacts(host: &str, port: u16) -> Text {
    text!("seen_look_contacts", address = format!("https://{host}:{port}/"))
}

/// That a chain is there already.
#[must_use]
pub fn is_known(host: &str, port: u16) -> Text {
    text!("seen_look_known", endpoint = endpoint(host, port))
}

/// Before a host is entered.
#[must_use]
pub fn nothing_entered() -> Text {
    text!("seen_look_about")
}

/// While a server is asked.
#[must_use]
pub fn asking(host: &str, port: u16) -> Notice {
    Notice::new(NoticeKind::Note, "asking", text!("seen_look_running", endpoint = endpoint(host, port)))
}

/// A pattern where one host is wanted.
#[must_use]
pub fn one_host() -> Notice {
    Notice::new(NoticeKind::Error, "wildcard", text!("seen_look_wildcard"))
}

/// Why a server has shown nothing, and what to do.
#[must_use]
pub fn unanswered(failure: ProbeFailure) -> Notice {
    let why = match failure {
        ProbeFailure::Proxy => text!("seen_look_proxy"),
        other => probe_failed(other),
    };
    let sentences = vec![why, text!("seen_look_failed")];
    Notice::new(NoticeKind::Error, "unanswered", Text::Sentences(sentences))
}

/// What was entered in the field of a pin, and what stands there now.
#[must_use]
pub fn replaced(certificate: &SeenCertificate) -> Notice {
    let (subject, host) = (shown_name(&certificate.subject), foreign(&certificate.host));
    let said = text!("form_fingerprint_replaced", subject = subject, host = host);
    Notice::new(NoticeKind::Note, "fingerprint-replaced", said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_says_how_often_when_and_from_where() {
        let now = UnixMillis::new(1_000_000_000);
        let seen = |count, pages: &[&str]| SeenEndpoint {
            host: "a.test".to_owned(),
            port: 443,
            count,
            first: UnixMillis::new(0),
            last: now,
            pages: pages.iter().map(|page| (*page).to_owned()).collect(),
            chains: Vec::new(),
        };
        for (endpoint, expected) in [
            (seen(0, &[]), "Looked at, no socket yet · last just now"),
            (seen(1, &["https://a.test"]), "1 socket · last just now · from https://a.test"),
            (seen(2, &["a", "b"]), "2 sockets · last just now · from a and one other page"),
            (seen(1_234, &["a", "b", "c"]), "1,234 sockets · last just now · from a and 2 other pages"),
        ] {
            let said: Vec<_> = facts(&endpoint, now).iter().map(Text::english).collect();
            assert_eq!(said.join(" · "), expected);
        }
    }

    #[test]
    fn the_usual_port_goes_without_saying() {
        assert_eq!((endpoint("a.test", 443), endpoint("[::1]", 8443)), ("a.test".to_owned(), "[::1]:8443".to_owned()));
    }
}
