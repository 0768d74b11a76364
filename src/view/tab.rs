//! The sockets of the current tab in words: what has become of each, and what can be done about it.

use super::date::ago;
use super::failure::FailedSocket;
use super::foreign::foreign;
use super::notice::{Tag, Tone};
use super::seen::endpoint;
use super::text::{Text, plural, present, text};
use crate::connection::Scheme;
use crate::tab_sockets::{SocketPlace, SocketRow, SocketState, TabSummary};
use crate::time::UnixMillis;

/// What stands in the rest of the browser, as far as it matters for a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Circumstances {
    /// A rule that is in force now would judge such a socket.
    pub is_ruled: bool,
    /// Protection is paused.
    pub is_paused: bool,
    /// What the log says of it.
    pub log: InLog,
}

/// What the log says of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InLog {
    /// Nothing, or nothing any longer.
    #[default]
    Nothing,
    /// There is an entry about it.
    Entry,
    /// The same of a private window: it is kept in memory alone.
    PrivateEntry,
}

/// What can be done about a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// To see the chain of its server, and pin a key of it.
    Pin,
    /// To read why.
    Explain,
    /// To load the page again, so that its sockets are judged.
    Reload,
    /// To see what Firefox does not accept, on a page where it can be decided.
    Decide,
}

impl Action {
    /// The stable name, for style sheets and tests.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pin => "pin",
            Self::Explain => "explain",
            Self::Reload => "reload",
            Self::Decide => "decide",
        }
    }

    /// What its button says.
    #[must_use]
    pub fn label(self) -> Text {
        match self {
            Self::Pin => text!("seen_pin"),
            Self::Explain => text!("tab_explain"),
            Self::Reload => text!("tab_reload"),
            Self::Decide => text!("tab_decide"),
        }
    }

    /// What its button is called for those who do not see what it stands beside.
    #[must_use]
    pub fn label_for(self, place: &SocketPlace) -> Text {
        match self {
            Self::Pin => text!("seen_pin_label", endpoint = address(place)),
            Self::Explain => text!("tab_explain_label", endpoint = address(place)),
            Self::Reload => text!("tab_reload_label", endpoint = address(place)),
            Self::Decide => text!("tab_decide_label", endpoint = address(place)),
        }
    }
}

/// A row as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowWords {
    /// The stable name of what is shown, for style sheets and tests.
    pub name: &'static str,
    /// In a word or two.
    pub tag: Tag,
    /// What the word does not say.
    pub text: Option<Text>,
    /// What can be done about it.
    pub action: Option<Action>,
}

/// What has become of the sockets of a row, and what that means now.
#[must_use]
pub fn row(row: &SocketRow, circumstances: Circumstances) -> RowWords {
    let Circumstances { is_ruled, is_paused, log } = circumstances;
    let SocketPlace { scheme, state, .. } = &row.place;
    let explain = (log != InLog::Nothing).then_some(Action::Explain);
    let private = || (log == InLog::PrivateEntry).then(|| text!("tab_private"));
    let not_judged = |text| (Tag::new(text!("tab_not_judged"), Tone::Warning), Some(text), Some(Action::Reload));
    let mut name = state.name();
    let (tag, text, action) = match state {
        SocketState::NotPinned if is_ruled => {
            name = NOT_JUDGED;
            not_judged(text!("tab_before_rule"))
        }
        SocketState::NotPinned => {
            let tag = Tag::new(text!("seen_not_pinned"), Tone::Neutral);
            match scheme {
                Scheme::Wss => (tag, None, Some(Action::Pin)),
                Scheme::Ws => (tag, Some(text!("tab_not_encrypted")), None),
            }
        }
        SocketState::Allowed(Some(key)) => {
            let said = text!("tab_matched_by", key = foreign(key.as_str()));
            (Tag::new(text!("seen_matched"), Tone::Good), Some(said), None)
        }
        SocketState::Allowed(None) => {
            (Tag::new(text!("seen_allowed"), Tone::Good), Some(text!("tab_allowed_without_pin")), None)
        }
        SocketState::Paused if is_ruled && !is_paused => {
            name = NOT_JUDGED;
            not_judged(text!("tab_during_pause"))
        }
        SocketState::Paused => {
            (Tag::new(text!("tab_paused"), Tone::Warning), Some(text!("tab_let_through_by_pause")), explain)
        }
        SocketState::Failed(failure) => {
            let failed = FailedSocket::new(&row.place, row.pages.first().map(String::as_str), failure, is_ruled);
            let decide = failed.can_be_decided().then_some(Action::Decide);
            (Tag::new(text!("tab_failed"), Tone::Neutral), Some(failed.sentence()), decide)
        }
        SocketState::Flagged(_) => (Tag::new(text!("seen_flagged"), Tone::Warning), private(), explain),
        SocketState::Blocked(_) => (Tag::new(text!("seen_blocked"), Tone::Bad), private(), explain),
        SocketState::Opened(_) => {
            (Tag::new(text!("violation_outcome_let_through"), Tone::Bad), Some(text!("tab_opened")), explain)
        }
    };
    RowWords { name, tag, text, action }
}

/// The name of a row whose sockets were open before they could be judged.
const NOT_JUDGED: &str = "not-judged";

/// The address of the page on which [`Action::Decide`] is decided.
#[must_use]
pub fn page_to_decide(place: &SocketPlace) -> String {
    format!("https://{}:{}/", place.host, place.port)
}

/// Host and port. What is not encrypted says so.
#[must_use]
pub fn address(place: &SocketPlace) -> String {
    let SocketPlace { scheme, host, port, .. } = place;
    match (scheme, port) {
        (Scheme::Wss, _) => endpoint(host, *port),
        (Scheme::Ws, 80) => format!("ws://{host}"),
        (Scheme::Ws, _) => format!("ws://{host}:{port}"),
    }
}

/// How many, when the last of them, and from which page: a label each, to be shown side by side.
#[must_use]
pub fn facts(row: &SocketRow, now: UnixMillis) -> Vec<Text> {
    let page = row.pages.first().map(|page| match row.pages.len() {
        1 => text!("seen_page", page = foreign(page)),
        pages => plural!("seen_pages", pages - 1, page = foreign(page)),
    });
    let last = text!("seen_last", ago = ago(row.last, now));
    present(vec![Some(plural!("seen_sockets", row.count)), Some(last), page])
}

/// What can be said of all sockets of a tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummaryWords {
    /// The stable name, for style sheets and tests.
    pub name: &'static str,
    /// A sentence.
    pub text: Text,
}

/// The gravest thing first. `not_judged` are the rows that were open before they could be judged. A page that is earlier than
/// Sockpin may have sockets of which nobody knows.
#[must_use]
pub fn summary(summary: TabSummary, not_judged: usize, is_earlier: bool) -> SummaryWords {
    let (name, text) = match summary {
        TabSummary { opened: count @ 1.., .. } => ("opened", plural!("tab_some_opened", count)),
        TabSummary { blocked: count @ 1.., .. } => ("blocked", plural!("tab_some_blocked", count)),
        TabSummary { flagged: count @ 1.., .. } => ("flagged", plural!("tab_some_flagged", count)),
        _ if not_judged > 0 => ("not-judged", text!("tab_some_not_judged")),
        TabSummary { paused: 1.., .. } => ("paused", text!("tab_some_paused")),
        TabSummary { matched: 1.., not_pinned, without_pin, failed, .. } => {
            match (not_pinned > 0, without_pin > 0, failed > 0) {
                (false, false, _) if is_earlier => ("mixed", text!("tab_all_matched_since")),
                (false, false, false) => ("matched", text!("tab_all_matched")),
                (true, false, false) if is_earlier => ("mixed", text!("tab_some_pinned_since")),
                (true, false, false) => ("mixed", text!("tab_some_pinned")),
                (_, _, false) => ("mixed", text!("tab_some_without_pin")),
                (false, false, true) => ("mixed", text!("tab_some_failed")),
                (_, _, true) => ("mixed", text!("tab_some_failed_or_without_pin")),
            }
        }
        TabSummary { without_pin: 1.., .. } => ("without-pin", text!("tab_none_by_pin")),
        TabSummary { not_pinned: 1.., .. } if is_earlier => ("not-pinned", text!("tab_none_pinned_since")),
        TabSummary { not_pinned: 1.., failed: 1.., .. } => ("not-pinned", text!("tab_none_open_pinned")),
        TabSummary { not_pinned: 1.., .. } => ("not-pinned", text!("tab_none_pinned")),
        TabSummary { failed: 1.., .. } if is_earlier => ("failed", text!("tab_all_failed_since")),
        TabSummary { failed: 1.., .. } => ("failed", text!("tab_all_failed")),
        _ if is_earlier => ("none", text!("tab_no_sockets_since")),
        _ => ("none", text!("tab_no_sockets")),
    };
    SummaryWords { name, text }
}

/// That those which failed have failed by themselves; none where none has.
#[must_use]
pub fn without_sockpin(summary: TabSummary) -> Option<Text> {
    (summary.failed > 0).then(|| plural!("tab_failed_without_sockpin", summary.failed))
}

/// That some are in no row.
#[must_use]
pub fn omitted(sockets: u64) -> Text {
    plural!("tab_omitted", sockets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tab_sockets::Detail;
    use crate::verdict::Reason;

    fn of(scheme: Scheme, port: u16, state: SocketState) -> SocketRow {
        let (first, last) = (UnixMillis::new(0), UnixMillis::new(0));
        let place = SocketPlace { scheme, host: "a.test".to_owned(), port, state };
        SocketRow { place, count: 1, first, last, pages: Vec::new() }
    }

    const NONE: Circumstances = Circumstances { is_ruled: false, is_paused: false, log: InLog::Nothing };
    const RULED: Circumstances = Circumstances { is_ruled: true, ..NONE };
    const LOGGED: Circumstances = Circumstances { log: InLog::Entry, ..RULED };
    const PRIVATE: Circumstances = Circumstances { log: InLog::PrivateEntry, ..RULED };
    const PAUSED: Circumstances = Circumstances { is_paused: true, ..LOGGED };

    /// The stable name, the tag and the text in English, and what can be done.
    fn said(row: &SocketRow, circumstances: Circumstances) -> (&'static str, String, String, Option<Action>) {
        let words = super::row(row, circumstances);
        let text = words.text.as_ref().map(Text::english).unwrap_or_default();
        (words.name, words.tag.text.english(), text, words.action)
    }

    #[test]
    fn a_row_says_what_has_become_of_its_sockets_and_what_can_be_done() {
        let failed = |error: &str| SocketState::Failed(Detail::new(error));
        let matched = SocketState::Allowed(Some(Detail::new("Backup")));
        let mismatch = || Detail::from(Reason::PinMismatch);
        let (flagged, blocked) = (SocketState::Flagged(mismatch()), SocketState::Blocked(mismatch()));
        let not_found =
            "Firefox found no address for a.test. The name may be mistyped, or this network does not know it.";
        let expired = "Peer’s Certificate has expired.";
        let decide = "The certificate of a.test has expired. Whoever runs the server has to renew it; also check the clock of \
                      this computer. Firefox says: “\u{2068}Peer’s Certificate has expired.\u{2069}”";
        let tls = "Cannot communicate securely with peer: no common encryption algorithm(s).";
        let broken = "Firefox does not accept the certificate or the TLS of a.test. The server’s page may say more.";
        let unprotected = "A page of this host is not protected by its rule: pins protect sockets, not pages.";
        let decide_ruled = decide.replace(" Firefox says", &format!(" {unprotected} Firefox says"));
        let (tls_failed, with_rule) =
            (format!("{broken} Firefox says: “{tls}”"), format!("{broken} {unprotected} Firefox says: “{tls}”"));
        let in_memory = "Kept in memory only, until the last private window is closed.";
        let overruled = "Another extension let it through although Sockpin had blocked it.";
        let by_pause = "It was let through because Sockpin was paused.";
        let explain = Some(Action::Explain);
        for (state, circumstances, name, tag, text, action) in [
            (SocketState::NotPinned, NONE, "not-pinned", "Not pinned", "", Some(Action::Pin)),
            (matched, RULED, "matched", "Matches", "Matched by the key “Backup”.", None),
            (SocketState::Allowed(None), RULED, "allowed", "Allowed", "Its rule lets it through without a pin.", None),
            (SocketState::Paused, PAUSED, "paused", "Paused", by_pause, explain),
            (failed("NS_ERROR_UNKNOWN_HOST"), NONE, "failed", "Failed", not_found, None),
            (failed(expired), NONE, "failed", "Failed", decide, Some(Action::Decide)),
            (failed(expired), RULED, "failed", "Failed", decide_ruled.as_str(), Some(Action::Decide)),
            (failed(tls), NONE, "failed", "Failed", tls_failed.as_str(), Some(Action::Decide)),
            (failed(tls), RULED, "failed", "Failed", with_rule.as_str(), None),
            (flagged, LOGGED, "flagged", "Flagged", "", explain),
            (blocked.clone(), LOGGED, "blocked", "Blocked", "", explain),
            (blocked.clone(), RULED, "blocked", "Blocked", "", None),
            (blocked, PRIVATE, "blocked", "Blocked", in_memory, explain),
            (SocketState::Opened(mismatch()), LOGGED, "opened", "Let through", overruled, explain),
        ] {
            let said = said(&of(Scheme::Wss, 443, state.clone()), circumstances);
            assert_eq!(said, (name, tag.to_owned(), text.to_owned(), action), "{state:?} {circumstances:?}");
        }
        let said = said(&of(Scheme::Ws, 80, SocketState::NotPinned), NONE);
        let text = "It is not encrypted, so there is no key to pin.";
        assert_eq!(said, ("not-pinned", "Not pinned".to_owned(), text.to_owned(), None));
    }

    #[test]
    fn what_is_decided_is_decided_at_the_address_of_the_socket() {
        let place = of(Scheme::Wss, 8443, SocketState::Failed(Detail::new("Peer’s Certificate has expired."))).place;
        assert_eq!(page_to_decide(&place), "https://a.test:8443/");
    }

    #[test]
    fn what_was_open_before_it_could_be_judged_says_so() {
        for (state, text) in [
            (
                SocketState::NotPinned,
                "It was opened before its rule was in force. Sockpin judges it once the tab is loaded again.",
            ),
            (
                SocketState::Paused,
                "It was let through while Sockpin was paused. Sockpin judges it once the tab is loaded again.",
            ),
        ] {
            let said = said(&of(Scheme::Wss, 443, state), LOGGED);
            assert_eq!(said, ("not-judged", "Not judged".to_owned(), text.to_owned(), Some(Action::Reload)));
        }
    }

    #[test]
    fn the_usual_port_goes_without_saying_and_cleartext_does_not() {
        for (scheme, port, expected) in [
            (Scheme::Wss, 443, "a.test"),
            (Scheme::Wss, 80, "a.test:80"),
            (Scheme::Ws, 80, "ws://a.test"),
            (Scheme::Ws, 8080, "ws://a.test:8080"),
        ] {
            assert_eq!(address(&of(scheme, port, SocketState::NotPinned).place), expected);
        }
    }

    #[test]
    fn the_gravest_is_said_of_all_sockets_and_the_empty_states_differ() {
        let none = TabSummary::default();
        for (counts, not_judged, name, said) in [
            (none, 0, "none", "This tab has opened no socket."),
            (TabSummary { not_pinned: 2, ..none }, 0, "not-pinned", "No socket of this tab is pinned."),
            // What failed may have had a rule.
            (
                TabSummary { not_pinned: 2, failed: 1, ..none },
                0,
                "not-pinned",
                "No socket that this tab has opened is pinned; others failed.",
            ),
            (
                TabSummary { matched: 2, ..none },
                0,
                "matched",
                "Every socket of this tab is pinned and matched its rule.",
            ),
            (
                TabSummary { matched: 2, failed: 1, ..none },
                0,
                "mixed",
                "Every socket of this tab that connected matched its pins; others failed.",
            ),
            (
                TabSummary { matched: 2, without_pin: 1, ..none },
                0,
                "mixed",
                "Some sockets of this tab matched their pins; others were let through without a pin.",
            ),
            (
                TabSummary { matched: 2, without_pin: 1, not_pinned: 1, ..none },
                0,
                "mixed",
                "Some sockets of this tab matched their pins; others were let through without a pin.",
            ),
            (
                TabSummary { matched: 2, not_pinned: 1, failed: 1, ..none },
                0,
                "mixed",
                "Some sockets of this tab matched their pins; others failed or were let through without a pin.",
            ),
            (
                TabSummary { without_pin: 2, failed: 1, ..none },
                0,
                "without-pin",
                "Sockets of this tab were let through without a pin.",
            ),
            (
                TabSummary { without_pin: 2, not_pinned: 1, ..none },
                0,
                "without-pin",
                "Sockets of this tab were let through without a pin.",
            ),
            (
                TabSummary { matched: 2, not_pinned: 1, ..none },
                0,
                "mixed",
                "The pinned sockets of this tab matched their rules; others are not pinned.",
            ),
            (TabSummary { failed: 2, ..none }, 0, "failed", "No socket of this tab has opened."),
            (
                TabSummary { paused: 1, matched: 1, ..none },
                0,
                "paused",
                "Sockets of this tab were let through because Sockpin was paused.",
            ),
            (
                TabSummary { not_pinned: 1, matched: 4, ..none },
                1,
                "not-judged",
                "Sockets of this tab were opened before they could be judged.",
            ),
            (TabSummary { flagged: 1, not_pinned: 1, ..none }, 1, "flagged", "One socket of this tab was flagged."),
            (TabSummary { flagged: 1, blocked: 2, ..none }, 0, "blocked", "2 sockets of this tab were blocked."),
            (
                TabSummary { opened: 1, blocked: 2, ..none },
                0,
                "opened",
                "Another extension let one socket of this tab through although Sockpin had blocked it.",
            ),
        ] {
            let words = summary(counts, not_judged, false);
            assert_eq!((words.name, words.text.english().as_str()), (name, said));
        }
    }

    #[test]
    fn of_a_page_that_was_there_before_nothing_is_said_that_nobody_knows() {
        let none = TabSummary::default();
        for (counts, name, said) in [
            (none, "none", "This tab has opened no socket since Sockpin was started."),
            (TabSummary { failed: 1, ..none }, "failed", "No socket of this tab has opened since Sockpin was started."),
            (
                TabSummary { matched: 1, failed: 1, ..none },
                "mixed",
                "Every socket that this tab has opened since Sockpin was started matched its pins.",
            ),
            (
                TabSummary { matched: 1, not_pinned: 1, ..none },
                "mixed",
                "The pinned sockets that this tab has opened since Sockpin was started matched their rules; others are not pinned.",
            ),
            (
                TabSummary { not_pinned: 1, failed: 1, ..none },
                "not-pinned",
                "No socket that this tab has opened since Sockpin was started is pinned.",
            ),
            (TabSummary { blocked: 1, ..none }, "blocked", "One socket of this tab was blocked."),
        ] {
            let words = summary(counts, 0, true);
            assert_eq!((words.name, words.text.english().as_str()), (name, said));
        }
    }

    #[test]
    fn a_row_says_how_many_when_and_from_where() {
        let mut row = of(Scheme::Wss, 443, SocketState::NotPinned);
        row.pages = vec!["https://a".to_owned(), "https://b".to_owned()];
        let said: Vec<_> = facts(&row, UnixMillis::new(0)).iter().map(Text::english).collect();
        assert_eq!(said.join(" · "), "1 socket · last just now · from https://a and one other page");
    }
}
