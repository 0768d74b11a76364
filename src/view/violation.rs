//! An entry of the log in words.

use std::borrow::Cow;

use super::date::{count, day};
use super::notice::{Badge, Tone};
use crate::log::Tally;
use crate::overruling::Overruled;
use crate::pause::PauseEvent;
use crate::policy::Layer;
use crate::preflight::ProbeFailure;
use crate::rule::{LocalRoots, MatchScope, Mode};
use crate::verdict::{Outcome, Reason};
use crate::violation::{Mark, RuleSnapshot, Stage, Violation};

/// What became of the socket.
#[must_use]
pub fn outcome(violation: &Violation) -> Badge {
    match violation.outcome {
        _ if violation.overruled == Some(Overruled::Opened) => Badge::new("Let through", Tone::Bad),
        Outcome::Flag if violation.paused => Badge::new("Let through", Tone::Warning),
        Outcome::Block => Badge::new("Blocked", Tone::Bad),
        Outcome::Flag => Badge::new("Flagged", Tone::Warning),
        Outcome::Allow => Badge::new("Allowed", Tone::Good),
        Outcome::NotPinned => Badge::new("Not pinned", Tone::Neutral),
    }
}

/// The host, with the port where it is not the usual one.
#[must_use]
pub fn host(violation: &Violation) -> String {
    const USUAL_PORT: u16 = 443;
    match (violation.host.as_str(), violation.port) {
        ("", _) => "(unreadable address)".to_owned(),
        (host, None | Some(USUAL_PORT)) => host.to_owned(),
        (host, Some(port)) => format!("{host}:{port}"),
    }
}

/// Who opened the sockets.
#[must_use]
pub fn pages(tally: &Tally) -> String {
    let [opened, others @ ..] = tally.pages.as_slice() else {
        return UNTOLD.to_owned();
    };
    let others = count(u64::try_from(others.len()).unwrap_or(u64::MAX), "other page");
    let first = opened.page.as_deref().unwrap_or("a page that Firefox did not name");
    match (&opened.page, tally.pages.len(), tally.elsewhere) {
        (None, 1, 0) => UNTOLD.to_owned(),
        (Some(origin), 1, 0) => format!("Opened by {origin}"),
        (_, _, 0) => format!("Opened by {first} and {others}"),
        (..) => format!("Opened by {first} and more than {others}"),
    }
}

const UNTOLD: &str = "Firefox did not say which page opened it";

/// How many sockets an entry stands for, as a picture of it; none for one.
#[must_use]
pub fn times(tally: &Tally) -> Option<String> {
    (tally.count > 1).then(|| format!("× {}", tally.count))
}

/// How often and when, in one sentence. `first` and `last` are the times as the person's browser writes them.
#[must_use]
pub fn when(tally: &Tally, first: &str, last: &str) -> String {
    match tally.count {
        1 => last.to_owned(),
        times => format!("{}, first {first}, last {last}", count(times, "time")),
    }
}

/// Why, in one sentence.
#[must_use]
pub fn reason(violation: &Violation) -> String {
    let mut sentence = cause(violation);
    if let Some(rule) = &violation.rule
        && rule.expired
        && rule.mode == Mode::Block
    {
        let when = rule.expires.map(|date| format!(" on {}", day(date))).unwrap_or_default();
        sentence.push_str("; the rule only flags since it expired");
        sentence.push_str(&when);
    }
    if violation.paused {
        sentence.push_str("; it was let through because Sockpin was paused");
    }
    sentence.push('.');
    if let Some(how) = violation.overruled {
        sentence.push(' ');
        sentence.push_str(overruled(how));
    }
    sentence
}

/// What another extension has made of a stop, in one sentence.
const fn overruled(how: Overruled) -> &'static str {
    match how {
        Overruled::Held => "Another extension has overruled Sockpin here; Sockpin’s lock kept the socket closed.",
        Overruled::Sent => "Another extension has let its request be sent all the same; the socket did not open.",
        Overruled::Opened => "Another extension has let it through all the same.",
    }
}

/// How to find an extension that overrules Sockpin.
pub const FIND_EXTENSION: &str = "To find that extension, open about:addons and look for those that may “Access your data for all websites”; turn      them off one at a time until this no longer happens.";

/// What to do next. `certificates` is the DER of the chain, where that is stored.
#[must_use]
pub fn advice(violation: &Violation, certificates: &[Vec<u8>]) -> Cow<'static, str> {
    let advice: Cow<'static, str> = match (violation.reason, fingerprint_advice(violation, certificates)) {
        (Reason::PreflightUnanswered, _) => unanswered_advice(violation).into(),
        (Reason::PinMismatch, Some(advice)) => advice.into(),
        _ => settled_advice(violation).into(),
    };
    match violation.overruled {
        Some(Overruled::Opened) => format!("Close the page that opened the socket. {FIND_EXTENSION} {advice}").into(),
        Some(Overruled::Sent | Overruled::Held) => format!("{FIND_EXTENSION} {advice}").into(),
        None => advice,
    }
}

/// Where one of the rule's pins is the fingerprint of a certificate that was shown: the mistake, and the pin that was meant.
fn fingerprint_advice(violation: &Violation, certificates: &[Vec<u8>]) -> Option<String> {
    let pins = &violation.rule.as_ref()?.pins;
    let (pin, key) = certificates.iter().zip(&violation.chain).find_map(|(certificate, entry)| {
        Some((pins.iter().find(|pin| pin.sha256.is_fingerprint_of(certificate))?.sha256, entry.sha256?))
    })?;
    Some(format!(
        "The rule’s pin {pin} is the fingerprint of a whole certificate of this chain, not the pin of its key. If that is the \
         certificate that you meant, replace that pin by {key}."
    ))
}

const fn settled_advice(violation: &Violation) -> &'static str {
    match violation.reason {
        Reason::PinMismatch | Reason::UnparsableCertificate if violation.exception => {
            "You have told Firefox to accept this server’s certificate although no authority vouches for it. Ask whoever \
             runs the server for its pin before you trust it."
        }
        Reason::PinMismatch if is_managed(violation) => {
            "The rule was set by your administrator: ask there whether the server’s key was changed. If not, someone may be \
             between you and the server; do not use it until that is known."
        }
        Reason::PinMismatch => {
            "If you run this server and changed its key, add the new pin to the rule. If not, someone may be between you \
             and the server: ask whoever runs it, by phone for instance, before you use it again."
        }
        Reason::DeniedKey => {
            "This key was denied on purpose. Do not use the server until whoever runs it has replaced the key."
        }
        Reason::Cleartext => "The page should use wss://. If you run it, change the address; else tell whoever does.",
        Reason::CtNotCompliant => {
            "A certificate that is in no public log can have been issued in secret. If the server’s authority is a private \
             one, take the requirement out of the rule; if not, ask whoever runs the server."
        }
        Reason::ChainUnknown => {
            "Firefox shows no chain once a certificate exception is in force. Remove the exception, or pin the server’s \
             own key."
        }
        Reason::NoCertificates | Reason::SecurityInfoFailed | Reason::SecurityInfoMalformed | Reason::Deadline => {
            "Try again. If it happens each time, another extension or a proxy may be in the way; please report it."
        }
        Reason::ChainTooLong => {
            "Ask whoever runs the server to send only the certificates that lead from its own to a root."
        }
        Reason::UnparsableCertificate if denies_keys(violation) => {
            "Ask whoever runs the server what certificate it uses. As long as the rule denies keys, each certificate of \
             the chain must be readable."
        }
        Reason::UnparsableCertificate => {
            "Ask whoever runs the server what certificate it uses. A pin on a certificate of the chain that can be read \
             helps."
        }
        Reason::HandshakeAltered if matches!(violation.stage, Stage::Handshake) => {
            "The server may not speak WebSocket as it should, or another extension has changed the handshake: open \
             about:addons and turn off those that may “Access your data for all websites” one at a time to find it."
        }
        Reason::HandshakeAltered | Reason::AnswerDiscarded => {
            "Another extension has changed the handshake: open about:addons and turn off those that may “Access your data \
             for all websites” one at a time to find it."
        }
        Reason::PolicyUnreadable => "Open the rules: the page says what is wrong with them and what can be done.",
        Reason::UnreadableAddress => {
            "The page asked for an address that no socket can have. Tell whoever runs the page."
        }
        Reason::InternalError => {
            "Try again. If it happens each time, please report it with what the browser console says."
        }
        Reason::PreflightUnanswered
        | Reason::NoRule
        | Reason::RuleOff
        | Reason::PinMatched
        | Reason::NoDeniedKey
        | Reason::LocalRootExempt => "Nothing needs to be done.",
    }
}

/// What the server has received of the page's, and why that was not prevented where the rule asks for it.
#[must_use]
pub fn sent(violation: &Violation) -> Cow<'static, str> {
    let received = received(violation);
    match (violation.outcome, violation.stage, violation.probe_failure) {
        (Outcome::Block, Stage::Handshake, Some(probe_failure)) => {
            format!("{received} The key was not known beforehand: {}.", unanswered(probe_failure)).into()
        }
        _ => received.into(),
    }
}

const fn received(violation: &Violation) -> &'static str {
    match (violation.outcome, violation.stage, violation.reason) {
        _ if matches!(violation.overruled, Some(Overruled::Opened)) => {
            "Everything: another extension let the socket through, with its URL, cookies and subprotocols and all that the \
             page sent."
        }
        (_, Stage::BeforeRequest, Reason::Cleartext) if matches!(violation.overruled, Some(Overruled::Sent)) => {
            "The request that opens the socket, with its URL, cookies and subprotocols, without encryption; nothing after it."
        }
        _ if matches!(violation.overruled, Some(Overruled::Sent)) => {
            "The request that opens the socket, with its URL, cookies and subprotocols, and nothing after it."
        }
        (Outcome::Flag, _, Reason::Cleartext) if !violation.paused => {
            "Nothing without encryption. The encrypted socket in its place was checked by itself."
        }
        (Outcome::Flag | Outcome::Allow | Outcome::NotPinned, _, _) => {
            "Everything: the socket was let through, with its URL, cookies and subprotocols and all that the page sent."
        }
        (Outcome::Block, Stage::Preflight, _) => match violation.probe_failure {
            Some(
                ProbeFailure::PrivateWindow
                | ProbeFailure::Container
                | ProbeFailure::Proxy
                | ProbeFailure::ProxyPassword
                | ProbeFailure::Offline,
            ) => "Nothing at all: the server was not even asked for its key.",
            None | Some(ProbeFailure::Http3 | ProbeFailure::Failed | ProbeFailure::Deadline) => {
                "Nothing of the page’s was sent: the server was asked for its key beforehand, without the socket’s URL, \
                 cookies and subprotocols."
            }
        },
        (Outcome::Block, Stage::BeforeRequest, _) => {
            "Nothing at all: the socket was stopped before its request was sent."
        }
        (Outcome::Block, Stage::Handshake, Reason::UnreadableAddress) => "Nothing: there was no server to be asked.",
        // How far such a socket had got is not written down.
        (
            Outcome::Block,
            Stage::Handshake,
            Reason::Cleartext | Reason::PolicyUnreadable | Reason::Deadline | Reason::InternalError,
        ) => "At most the request that opens the socket, with its URL, cookies and subprotocols, and nothing after it.",
        (Outcome::Block, Stage::Handshake, _) => {
            "The server has received the request that opens the socket, with its URL, cookies and subprotocols, and nothing \
             after it."
        }
    }
}

fn unanswered_advice(violation: &Violation) -> String {
    let first = match violation.probe_failure {
        Some(ProbeFailure::PrivateWindow | ProbeFailure::Container) => "Open the page in an ordinary tab.",
        Some(ProbeFailure::Http3) => {
            "Turn HTTP/3 off for this server, or in Firefox (network.http.http3.enable in about:config)."
        }
        Some(ProbeFailure::Proxy) => {
            "See whether Firefox’s settings, or another extension, send sockets and other requests by different proxies."
        }
        Some(ProbeFailure::ProxyPassword) => {
            "Open any page by way of the proxy, so that Firefox asks you for the password, then try again."
        }
        Some(ProbeFailure::Offline) => "Try again once there is a network.",
        Some(ProbeFailure::Failed | ProbeFailure::Deadline) | None => {
            "Check that the server can be reached, and that it answers requests that open no socket. After a minute it is asked \
             again."
        }
    };
    let second = if is_managed(violation) {
        "The rule was set by your administrator: ask there if it stays so."
    } else {
        "Or let the rule check “when possible” instead of always: the key is then checked at the handshake."
    };
    format!("{first} {second}")
}

/// A pause in the log.
#[must_use]
pub const fn pause(event: PauseEvent) -> &'static str {
    match event {
        PauseEvent::BegunForTenMinutes => "Paused for 10 minutes",
        PauseEvent::BegunUntilRestart => "Paused until Firefox restarts",
        PauseEvent::RanOut => "The pause ran out",
        PauseEvent::Ended => "The pause was ended",
    }
}

/// How much of the log is shown.
#[must_use]
pub fn shown_of(shown: usize, total: u64) -> String {
    format!("The {shown} newest of {total} entries.")
}

/// Said once the log is empty.
pub const CLEARED: &str = "The log has been cleared.";

/// The rule as it was then, beside its pins.
#[must_use]
pub fn rule(rule: &RuleSnapshot) -> String {
    let mut facts = vec![format!("Rule for {}", rule.host)];
    facts.push(match rule.match_scope {
        MatchScope::Chain => "any certificate of the chain may match".to_owned(),
        MatchScope::Leaf => "only the server’s own certificate may match".to_owned(),
    });
    if rule.require_ct {
        facts.push("Certificate Transparency required".to_owned());
    }
    if rule.local_roots == LocalRoots::Exempt {
        facts.push("roots added on this computer are let through".to_owned());
    }
    if rule.layer == Layer::Managed {
        facts.push("set by an administrator".to_owned());
    }
    facts.join(", ")
}

fn cause(violation: &Violation) -> String {
    let keys = |number: usize, noun: &str| count(u64::try_from(number).unwrap_or(u64::MAX), noun);
    match violation.reason {
        Reason::PinMismatch => mismatch(violation),
        Reason::DeniedKey => {
            let denied = violation.chain.iter().find(|entry| entry.mark == Mark::Denied).and_then(|entry| entry.sha256);
            let rule = violation.rule.as_ref();
            let pin = rule.and_then(|rule| rule.denied.iter().find(|pin| Some(pin.sha256) == denied));
            match pin.map(|pin| pin.label.as_str()) {
                Some(label) if !label.is_empty() => format!("The chain contains a denied key, “{label}”"),
                _ => "The chain contains a denied key".to_owned(),
            }
        }
        // During a pause it goes on as it is.
        Reason::Cleartext if violation.outcome == Outcome::Flag && !violation.paused => {
            "The page asked for an unencrypted socket (ws://), and Firefox was told to encrypt it".to_owned()
        }
        Reason::Cleartext => "The socket was not encrypted (ws://), so there was no key to check".to_owned(),
        Reason::NoCertificates => "Firefox did not show the server’s certificate".to_owned(),
        Reason::ChainTooLong => "The server’s chain is longer than any real one".to_owned(),
        Reason::UnparsableCertificate => {
            let unreadable = violation.chain.iter().filter(|entry| entry.mark == Mark::Unparsable).count();
            let certificates = keys(unreadable, "certificate");
            if denies_keys(violation) {
                format!("{certificates} of the chain could not be read and may hold a denied key")
            } else {
                format!("{certificates} of the chain could not be read, and no other satisfies the rule")
            }
        }
        Reason::SecurityInfoFailed => "Firefox refused to tell about the connection’s certificate".to_owned(),
        Reason::SecurityInfoMalformed => {
            "What Firefox told about the connection’s certificate could not be understood".to_owned()
        }
        Reason::ChainUnknown => {
            "A certificate exception is in force, so the chain, which may hold a denied key, is not shown".to_owned()
        }
        Reason::CtNotCompliant => {
            "The certificate is not in enough public logs (Certificate Transparency), which the rule requires"
                .to_owned()
        }
        Reason::PreflightUnanswered => {
            let why = unanswered(violation.probe_failure.unwrap_or(ProbeFailure::Failed));
            format!("The rule requires the key to be checked ahead of the handshake, and {why}")
        }
        Reason::HandshakeAltered if violation.stage == Stage::Handshake => {
            "The server’s answer does not fit the key that it was sent".to_owned()
        }
        Reason::HandshakeAltered => "The request had lost the key that Sockpin replaces".to_owned(),
        Reason::AnswerDiscarded => {
            "The certificate was in order, but Firefox did not use Sockpin’s answer, so the socket stayed closed"
                .to_owned()
        }
        Reason::Deadline => "The check took too long".to_owned(),
        Reason::PolicyUnreadable => "The stored rules could not be read, so every socket is stopped".to_owned(),
        Reason::UnreadableAddress => "The address of the socket could not be read".to_owned(),
        Reason::InternalError => "Sockpin itself failed during the check, so the socket was stopped".to_owned(),
        Reason::NoRule => "No rule is for this host".to_owned(),
        Reason::RuleOff => "The rule for this host is off".to_owned(),
        Reason::PinMatched => "A pin matched".to_owned(),
        Reason::NoDeniedKey => "The chain contains no denied key".to_owned(),
        Reason::LocalRootExempt => "The chain ends in a root that was added on this computer".to_owned(),
    }
}

/// Why a pre-flight had no answer, as the end of a sentence.
const fn unanswered(probe_failure: ProbeFailure) -> &'static str {
    match probe_failure {
        ProbeFailure::PrivateWindow => "this is not done for private windows",
        ProbeFailure::Container => "this is not done for tabs of a container",
        ProbeFailure::Http3 => "the server answered over HTTP/3, by which no WebSocket travels",
        ProbeFailure::Proxy => "the check would not have gone through the same proxy",
        ProbeFailure::ProxyPassword => "the proxy wants a password first",
        ProbeFailure::Offline => "this computer was connected to no network",
        ProbeFailure::Deadline => "the server took too long to answer",
        ProbeFailure::Failed => "the server gave no answer over TLS",
    }
}

/// Whether the rule is one that the person cannot change.
const fn is_managed(violation: &Violation) -> bool {
    matches!(&violation.rule, Some(RuleSnapshot { layer: Layer::Managed, .. }))
}

/// A rule that denies keys takes no certificate that it cannot read, whatever its pins.
const fn denies_keys(violation: &Violation) -> bool {
    match &violation.rule {
        Some(rule) => !rule.denied.is_empty(),
        None => false,
    }
}

fn mismatch(violation: &Violation) -> String {
    let pins = violation.rule.as_ref().map_or(0, |rule| rule.pins.len());
    let pins = match pins {
        1 => "the rule’s pin".to_owned(),
        pins => format!("any of the rule’s {pins} pins"),
    };
    let only_leaf = violation.rule.as_ref().is_some_and(|rule| rule.match_scope == MatchScope::Leaf);
    match violation.chain.len() {
        _ if violation.exception => {
            format!("A certificate exception is in force, and the server’s own key does not match {pins}")
        }
        0 | 1 => format!("The server’s key does not match {pins}"),
        _ if only_leaf => format!("The server’s own key does not match {pins}"),
        keys => format!("None of the {keys} keys in the chain matches {pins}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pin::Pin;
    use crate::rule::LabelledPin;
    use crate::time::{Date, UnixMillis};
    use crate::violation::ChainEntry;

    fn entry(mark: Mark, key: &[u8]) -> ChainEntry {
        ChainEntry {
            description: None,
            sha256: (mark != Mark::Unparsable).then(|| Pin::of_spki(key)),
            built_in_root: None,
            mark,
        }
    }

    fn violation(reason: Reason, outcome: Outcome) -> Violation {
        let pin = |label: &str, key: &[u8]| LabelledPin { sha256: Pin::of_spki(key), label: label.to_owned() };
        Violation {
            time: UnixMillis::new(0),
            host: "chat.example.com".to_owned(),
            port: Some(443),
            page: None,
            outcome,
            reason,
            exception: false,
            paused: false,
            stage: Stage::Handshake,
            overruled: None,
            probe_failure: None,
            rule: Some(RuleSnapshot {
                id: "1".to_owned(),
                layer: Layer::User,
                host: "chat.example.com".to_owned(),
                mode: Mode::Block,
                match_scope: MatchScope::Chain,
                expires: Some(Date::parse("2026-11-01").unwrap()),
                expired: false,
                local_roots: LocalRoots::Enforce,
                require_ct: false,
                pins: vec![pin("Current", b"a"), pin("Backup", b"b")],
                denied: vec![pin("Stolen in May", b"c")],
            }),
            matched: None,
            chain: vec![entry(Mark::None, b"x"), entry(Mark::Unparsable, b""), entry(Mark::Denied, b"c")],
            chain_digest: None,
            certificates: std::sync::Arc::default(),
        }
    }

    #[test]
    fn the_reason_is_one_sentence() {
        let mismatch = violation(Reason::PinMismatch, Outcome::Block);
        let rule = mismatch.rule.clone().unwrap();
        let leaf = Violation {
            rule: Some(RuleSnapshot { match_scope: MatchScope::Leaf, pins: Vec::new(), ..rule.clone() }),
            ..mismatch.clone()
        };
        let no_denied = Violation {
            reason: Reason::UnparsableCertificate,
            rule: Some(RuleSnapshot { denied: Vec::new(), ..rule.clone() }),
            ..mismatch.clone()
        };
        let expired = Violation {
            outcome: Outcome::Flag,
            rule: Some(RuleSnapshot { expired: true, ..rule }),
            ..mismatch.clone()
        };
        for (violation, expected) in [
            (mismatch.clone(), "None of the 3 keys in the chain matches any of the rule’s 2 pins."),
            (leaf, "The server’s own key does not match any of the rule’s 0 pins."),
            (
                Violation { exception: true, ..mismatch },
                "A certificate exception is in force, and the server’s own key does not match any of the rule’s 2 pins.",
            ),
            (
                expired,
                "None of the 3 keys in the chain matches any of the rule’s 2 pins; the rule only flags since it expired on \
                 1 November 2026.",
            ),
            (violation(Reason::DeniedKey, Outcome::Block), "The chain contains a denied key, “Stolen in May”."),
            (
                violation(Reason::UnparsableCertificate, Outcome::Block),
                "1 certificate of the chain could not be read and may hold a denied key.",
            ),
            (no_denied, "1 certificate of the chain could not be read, and no other satisfies the rule."),
            (violation(Reason::Deadline, Outcome::Block), "The check took too long."),
            (
                violation(Reason::Cleartext, Outcome::Flag),
                "The page asked for an unencrypted socket (ws://), and Firefox was told to encrypt it.",
            ),
            (
                Violation { paused: true, ..violation(Reason::Cleartext, Outcome::Flag) },
                "The socket was not encrypted (ws://), so there was no key to check; it was let through because Sockpin was \
                 paused.",
            ),
        ] {
            assert_eq!(reason(&violation), expected);
        }
    }

    #[test]
    fn the_usual_port_goes_without_saying() {
        let plain = violation(Reason::Deadline, Outcome::Block);
        for (host_text, port, expected) in [
            ("chat.example.com", Some(443), "chat.example.com"),
            ("[2001:db8::1]", Some(8443), "[2001:db8::1]:8443"),
            ("chat.example.com", None, "chat.example.com"),
            ("", None, "(unreadable address)"),
        ] {
            let violation = Violation { host: host_text.to_owned(), port, ..plain.clone() };
            assert_eq!(host(&violation), expected);
        }
    }

    #[test]
    fn an_entry_says_how_often_when_and_from_where() {
        let origin = |name: &str| Some(format!("https://{name}.example"));
        let tally = |pages: &[Option<String>], elsewhere| {
            let at =
                |page: &Option<String>| Violation { page: page.clone(), ..violation(Reason::Deadline, Outcome::Block) };
            let mut tally = Tally::of(&at(&pages[0]));
            pages[1..].iter().for_each(|page| tally.add(&at(page)));
            Tally { elsewhere, count: tally.count + elsewhere, ..tally }
        };
        let (a, b) = (origin("a"), origin("b"));
        for (pages, elsewhere, times, opened_by, when) in [
            (vec![a.clone()], 0, None, "Opened by https://a.example", "LAST"),
            (
                vec![a.clone(), a.clone()],
                0,
                Some("× 2"),
                "Opened by https://a.example",
                "2 times, first FIRST, last LAST",
            ),
            (vec![None], 0, None, "Firefox did not say which page opened it", "LAST"),
            (
                vec![a.clone(), b.clone(), a.clone()],
                0,
                Some("× 3"),
                "Opened by https://a.example and 1 other page",
                "3 times, first FIRST, last LAST",
            ),
            (
                vec![None, b, a],
                38,
                Some("× 41"),
                "Opened by a page that Firefox did not name and more than 2 other pages",
                "41 times, first FIRST, last LAST",
            ),
        ] {
            let tally = tally(&pages, elsewhere);
            assert_eq!(super::times(&tally).as_deref(), times);
            assert_eq!(super::pages(&tally), opened_by);
            assert_eq!(super::when(&tally, "FIRST", "LAST"), when);
        }
    }

    #[test]
    fn advice_depends_on_what_happened() {
        let plain = violation(Reason::PinMismatch, Outcome::Block);
        assert!(advice(&plain, &[]).contains("add the new pin"));
        assert!(advice(&Violation { exception: true, ..plain.clone() }, &[]).contains("told Firefox to accept"));
        let unreadable = Violation { reason: Reason::UnparsableCertificate, ..plain };
        assert!(advice(&unreadable, &[]).contains("As long as the rule denies keys"));
        let preflight = violation(Reason::PreflightUnanswered, Outcome::Block);
        assert!(advice(&preflight, &[]).contains("asked again"));
        let private = Violation { probe_failure: Some(ProbeFailure::PrivateWindow), ..preflight };
        assert!(advice(&private, &[]).contains("ordinary tab"));
        assert!(reason(&private).ends_with("not done for private windows."));
    }

    #[test]
    fn nobody_is_told_to_change_a_rule_that_is_not_theirs() {
        for reason in [Reason::PinMismatch, Reason::PreflightUnanswered] {
            let own = violation(reason, Outcome::Block);
            let rule = RuleSnapshot { layer: Layer::Managed, ..own.rule.clone().unwrap() };
            let managed = Violation { rule: Some(rule), ..own.clone() };
            for (violation, is_managed) in [(own, false), (managed, true)] {
                let text = advice(&violation, &[]);
                assert_eq!(text.contains("your administrator"), is_managed, "{text}");
                assert_eq!(
                    text.contains("add the new pin") || text.contains("let the rule check"),
                    !is_managed,
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn what_the_server_has_seen_depends_on_when_it_was_found_out() {
        use {Outcome::*, ProbeFailure::*, Reason::*, Stage::*};
        for (reason, outcome, stage, probe_failure, paused, start) in [
            (PinMismatch, Block, Preflight, None, false, "Nothing of the page’s was sent"),
            (PreflightUnanswered, Block, Preflight, Some(Failed), false, "Nothing of the page’s was sent"),
            (PreflightUnanswered, Block, Preflight, Some(Container), false, "Nothing at all"),
            (PreflightUnanswered, Block, Preflight, Some(ProxyPassword), false, "Nothing at all"),
            (PinMismatch, Block, Handshake, None, false, "The server has received the request"),
            (Reason::Deadline, Block, Handshake, None, false, "At most the request"),
            (PreflightUnanswered, Block, Preflight, Some(Offline), false, "Nothing at all"),
            (PinMismatch, Flag, Handshake, None, false, "Everything"),
            (PinMismatch, Flag, Handshake, None, true, "Everything"),
            (Cleartext, Flag, Handshake, None, false, "Nothing without encryption"),
            (Cleartext, Flag, Handshake, None, true, "Everything"),
        ] {
            let text = sent(&Violation { paused, stage, probe_failure, ..violation(reason, outcome) });
            assert!(text.starts_with(start), "{reason:?} {outcome:?} {stage:?}: {text}");
        }
    }

    #[test]
    fn what_was_not_known_beforehand_is_explained() {
        let late = violation(Reason::PinMismatch, Outcome::Block);
        assert!(!sent(&late).contains("beforehand"));
        let late = Violation { probe_failure: Some(ProbeFailure::Container), ..late };
        assert!(
            sent(&late).ends_with("The key was not known beforehand: this is not done for tabs of a container."),
            "{}",
            sent(&late)
        );
        // Everything is what it has received, whatever was known.
        assert!(!sent(&Violation { outcome: Outcome::Flag, ..late }).contains("beforehand"));
    }

    #[test]
    fn a_pause_is_on_the_badge() {
        let flagged = violation(Reason::PinMismatch, Outcome::Flag);
        assert_eq!(outcome(&flagged).text.english(), "Flagged");
        assert_eq!(outcome(&Violation { paused: true, ..flagged }).text.english(), "Let through");
    }

    #[test]
    fn an_entry_whose_stop_was_undone_says_so_and_how_to_find_who_did_it() {
        use {Outcome::*, Overruled::*, Stage::*};
        let reason_of = |violation: &Violation| reason(violation);
        for (cause, stage, how, badge, said, received) in [
            (Reason::PinMismatch, Handshake, Held, "Blocked", "lock kept the socket closed", "The server has received"),
            (Reason::PinMismatch, Preflight, Sent, "Blocked", "request be sent all the same", "The request that opens"),
            (Reason::PinMismatch, Preflight, Opened, "Let through", "let it through all the same", "Everything"),
            (Reason::PinMismatch, Handshake, Opened, "Let through", "let it through all the same", "Everything"),
            (
                Reason::Cleartext,
                BeforeRequest,
                Sent,
                "Blocked",
                "request be sent all the same",
                "The request that opens",
            ),
        ] {
            let violation = Violation { stage, overruled: Some(how), ..violation(cause, Block) };
            assert_eq!(outcome(&violation).text.english(), badge);
            assert!(reason_of(&violation).contains(said), "{}", reason_of(&violation));
            assert!(sent(&violation).starts_with(received), "{cause:?} {how:?}: {}", sent(&violation));
            assert!(advice(&violation, &[]).contains("about:addons"), "{}", advice(&violation, &[]));
        }
        let in_clear = Violation { stage: BeforeRequest, overruled: Some(Sent), ..violation(Reason::Cleartext, Block) };
        assert!(sent(&in_clear).contains("without encryption"), "{}", sent(&in_clear));
    }

    #[test]
    fn nothing_was_sent_where_nothing_was() {
        let stopped = |reason| Violation { stage: Stage::BeforeRequest, ..violation(reason, Outcome::Block) };
        for reason in [Reason::Cleartext, Reason::PolicyUnreadable, Reason::UnreadableAddress, Reason::HandshakeAltered]
        {
            assert!(sent(&stopped(reason)).starts_with("Nothing at all"), "{}", sent(&stopped(reason)));
        }
        assert!(reason(&stopped(Reason::HandshakeAltered)).contains("had lost the key"));
        let late = violation(Reason::HandshakeAltered, Outcome::Block);
        assert!(reason(&late).contains("does not fit the key"), "{}", reason(&late));
        assert!(sent(&late).starts_with("The server has received"), "{}", sent(&late));
        let discarded = violation(Reason::AnswerDiscarded, Outcome::Block);
        assert!(reason(&discarded).contains("certificate was in order"), "{}", reason(&discarded));
    }
}
