//! What has become of the sockets that the page of a tab has opened, for the popup and the button.
//!
//! Nothing waits for any of this, and nothing is decided by it. It is kept in memory, and goes with the page, the tab and
//! the browser. One socket is in one row: what is found out about it later moves it to another.

mod known;
mod row;
mod state;

use crate::fields::Line;
use crate::limits::{MAX_DOCUMENTS_PER_TAB, MAX_PAGES_PER_TAB_ROW, MAX_TAB_ROWS, MAX_TAB_TEXT_BYTES};
use crate::time::UnixMillis;

pub use known::KnownSockets;
pub use row::{SocketPlace, SocketRow};
pub use state::{Detail, SocketState};

/// What the keys in `storage.session` begin with, under each of which is the text of a [`TabSockets`].
pub const TAB: &str = "tab/";

/// Under which the sockets of this tab are kept.
#[must_use]
pub fn tab_key(tab: i32) -> String {
    format!("{TAB}{tab}")
}

/// The popup of a tab whose page has opened a socket. Firefox forgets it when the tab goes to another page: that it is
/// still there says that what is kept is about the page that is there. `before` is the popup that the tab has had.
#[must_use]
pub fn popup_of(tab: i32, before: &str) -> String {
    let earlier = if is_of_earlier_page(before) { EARLIER } else { "" };
    format!("popup.html?tab={tab}{earlier}")
}

/// The tab that a popup's address names.
#[must_use]
pub fn tab_of_popup(address: &str) -> Option<i32> {
    let tab = address.split_once("popup.html?tab=")?.1;
    tab.strip_suffix(EARLIER).unwrap_or(tab).parse().ok()
}

/// The popup of a tab whose page was there before Sockpin was on, where it had this one. Firefox forgets it with that page.
#[must_use]
pub fn popup_of_earlier_page(before: &str) -> String {
    tab_of_popup(before).map_or_else(|| format!("popup.html?{EARLIER}"), |tab| format!("popup.html?tab={tab}{EARLIER}"))
}

/// Whether a popup is that of a page that was there before Sockpin was on: Sockpin has seen none of the sockets that the page
/// had by then.
#[must_use]
pub fn is_of_earlier_page(popup: &str) -> bool {
    popup.ends_with(EARLIER)
}

const EARLIER: &str = "&earlier";

/// A socket of a tab, as far as its page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "a doc stands where the name does not say it")]
pub struct TabSocket {
    pub tab: i32,
    /// Whether it is one of a private window.
    pub private: bool,
    pub place: SocketPlace,
    /// The origin of the document that opened it, if the browser told.
    pub page: Option<String>,
    pub time: UnixMillis,
}

/// The document that opened a socket, by the browser's own ids.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Opener {
    /// `documentId`.
    pub document: Option<String>,
    /// `parentDocumentId`: that of the document around a frame.
    pub parent: Option<String>,
}

/// The sockets of the page of one tab.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TabSockets {
    is_private: bool,
    /// Sockets that no row has room for.
    omitted: u64,
    /// The document of the page itself, once one of its sockets has come.
    top: Option<String>,
    /// The documents of this page.
    documents: Vec<String>,
    /// Those of the page before: a socket that one of them opened while it went does not belong here.
    before: Vec<String>,
    /// The one with the newest socket at the end.
    rows: Vec<SocketRow>,
}

/// How many sockets of a tab are in which state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct TabSummary {
    pub not_pinned: u64,
    /// Those whose key a pin has matched.
    pub matched: u64,
    /// Those that their rule allows without a pin.
    pub without_pin: u64,
    pub paused: u64,
    pub failed: u64,
    pub flagged: u64,
    pub blocked: u64,
    /// Those that were to be blocked, and that another extension has let through.
    pub opened: u64,
}

impl TabSockets {
    /// As [`TabSockets::to_text`] wrote it. A line that cannot be read is passed over.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        let (head, rows) = text.split_once('\n').unwrap_or_default();
        let mut head = Line::new(head, '\t');
        Self {
            is_private: head.text() == Some("private"),
            omitted: head.number().unwrap_or_default(),
            top: head.text().filter(|top| !top.is_empty()).map(str::to_owned),
            documents: head.list().unwrap_or_default(),
            before: head.list().unwrap_or_default(),
            rows: rows.lines().filter_map(SocketRow::from_line).collect(),
        }
    }

    /// As it is kept: a line for the tab and one for each row, fields between tabs, and what is a list between spaces.
    #[must_use]
    pub fn to_text(&self) -> String {
        let Self { is_private, omitted, top, documents, before, rows } = self;
        let kind = if *is_private { "private" } else { "open" };
        let top = top.as_deref().unwrap_or_default();
        let mut text = format!("{kind}\t{omitted}\t{top}\t{}\t{}\n", documents.join(" "), before.join(" "));
        for row in rows {
            row.write_line(&mut text);
        }
        text
    }

    /// The one with the newest socket at the end.
    #[must_use]
    pub fn rows(&self) -> &[SocketRow] {
        &self.rows
    }

    /// How many sockets are in no row, because there is no room for them.
    #[must_use]
    pub const fn omitted(&self) -> u64 {
        self.omitted
    }

    /// Whether the tab is one of a private window.
    #[must_use]
    pub const fn is_private(&self) -> bool {
        self.is_private
    }

    /// How many are in which state.
    #[must_use]
    pub fn summary(&self) -> TabSummary {
        let mut summary = TabSummary::default();
        for row in &self.rows {
            let counted = match row.place.state {
                SocketState::NotPinned => &mut summary.not_pinned,
                SocketState::Allowed(Some(_)) => &mut summary.matched,
                SocketState::Allowed(None) => &mut summary.without_pin,
                SocketState::Paused => &mut summary.paused,
                SocketState::Failed(_) => &mut summary.failed,
                SocketState::Flagged(_) => &mut summary.flagged,
                SocketState::Blocked(_) => &mut summary.blocked,
                SocketState::Opened(_) => &mut summary.opened,
            };
            *counted = counted.saturating_add(row.count);
        }
        summary
    }

    /// Another page is there: nothing of the one before is kept but which documents it had.
    pub fn leave_page(&mut self) {
        let before = std::mem::take(&mut self.documents);
        *self = Self { before, is_private: self.is_private, ..Self::default() };
    }

    /// Notes a socket, and takes it out of the row where it was before. One of the page before does not belong here.
    pub fn note(&mut self, socket: &TabSocket, opener: &Opener, was: Option<&SocketPlace>) {
        if [&opener.document, &opener.parent].into_iter().flatten().any(|id| self.before.contains(id)) {
            return;
        }
        self.know(opener);
        self.is_private = socket.private;
        if let Some(was) = was {
            self.take_back(was);
        }
        self.add(socket);
    }

    /// Remembers who is of this page. A document that no other is around is the page itself.
    fn know(&mut self, opener: &Opener) {
        let Some(document) = &opener.document else {
            return;
        };
        if opener.parent.is_none() && self.top.as_ref() != Some(document) {
            if self.top.is_some() {
                self.leave_page();
            }
            self.top = Some(document.clone());
        }
        for id in [Some(document), opener.parent.as_ref()].into_iter().flatten() {
            if !self.documents.contains(id) && self.documents.len() < MAX_DOCUMENTS_PER_TAB {
                self.documents.push(id.clone());
            }
        }
    }

    fn take_back(&mut self, was: &SocketPlace) {
        let Some(place) = self.rows.iter().position(|row| row.place == *was) else {
            return;
        };
        match self.rows.get_mut(place) {
            Some(row) if row.count > 1 => row.count -= 1,
            _ => drop(self.rows.remove(place)),
        }
    }

    fn add(&mut self, socket: &TabSocket) {
        let known = self.rows.iter().rposition(|row| row.place == socket.place);
        let mut row = known.map_or_else(|| SocketRow::new(socket), |place| self.rows.remove(place));
        row.count = row.count.saturating_add(1);
        row.first = row.first.min(socket.time);
        row.last = row.last.max(socket.time);
        if let Some(page) = &socket.page {
            row.pages.retain(|known| known != page);
            row.pages.insert(0, page.clone());
            row.pages.truncate(MAX_PAGES_PER_TAB_ROW);
        }
        self.rows.push(row);
        if self.rows.len() > MAX_TAB_ROWS {
            self.omit_one();
        }
    }

    /// Leaves out what does not fit into the room of one tab.
    pub fn fit(&mut self) {
        while self.rows.len() > 1 && self.to_text().len() > MAX_TAB_TEXT_BYTES {
            self.omit_one();
        }
    }

    /// The row that matters least goes, and of those the oldest.
    fn omit_one(&mut self) {
        let rows = self.rows.iter().enumerate();
        let least = rows.min_by_key(|(place, row)| (row.place.state.gravity(), *place)).map(|(place, _)| place);
        if let Some(place) = least {
            let row = self.rows.remove(place);
            self.omitted = self.omitted.saturating_add(row.count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::Scheme;
    use crate::verdict::Reason;

    fn socket(host: &str, state: SocketState) -> TabSocket {
        let place = SocketPlace { scheme: Scheme::Wss, host: host.to_owned(), port: 443, state };
        let page = Some("https://page.example".to_owned());
        TabSocket { tab: 7, private: false, place, page, time: UnixMillis::new(5) }
    }

    fn blocked() -> SocketState {
        SocketState::Blocked(Reason::PinMismatch.into())
    }

    fn of_page(document: &str) -> Opener {
        Opener { document: Some(document.to_owned()), parent: None }
    }

    fn of_frame(document: &str, parent: &str) -> Opener {
        Opener { document: Some(document.to_owned()), parent: Some(parent.to_owned()) }
    }

    fn hosts(tab: &TabSockets) -> Vec<(&str, u64)> {
        tab.rows().iter().map(|row| (row.place.host.as_str(), row.count)).collect()
    }

    #[test]
    fn sockets_that_are_alike_are_one_row_with_their_pages() {
        let mut tab = TabSockets::default();
        for number in 0..10_u64 {
            let page = Some(format!("https://{number}.example"));
            let time = UnixMillis::new(100 + number);
            tab.note(&TabSocket { page, time, ..socket("a.test", SocketState::NotPinned) }, &Opener::default(), None);
        }
        tab.note(&socket("a.test", blocked()), &Opener::default(), None);
        let [first, second] = tab.rows() else { panic!("two states are two rows") };
        assert_eq!((first.count, first.first, first.last), (10, UnixMillis::new(100), UnixMillis::new(109)));
        assert_eq!((first.pages.len(), first.pages[0].as_str()), (MAX_PAGES_PER_TAB_ROW, "https://9.example"));
        assert_eq!((second.count, second.place.state.clone()), (1, blocked()));
        assert_eq!(tab.summary(), TabSummary { not_pinned: 10, blocked: 1, ..TabSummary::default() });
    }

    #[test]
    fn one_socket_is_in_one_row_the_gravest() {
        let failed = || SocketState::Failed(Detail::new("NS_ERROR_ABORT"));
        let flagged = || SocketState::Flagged(Reason::Cleartext.into());
        let opened = || SocketState::Opened(Reason::PinMismatch.into());
        for (found, is) in [
            (vec![SocketState::NotPinned, failed()], failed()),
            (vec![SocketState::Allowed(None), failed()], failed()),
            (vec![flagged(), blocked(), opened()], opened()),
            (vec![flagged(), SocketState::Allowed(None)], flagged()),
            // Whichever of the two the browser tells first.
            (vec![blocked(), failed()], blocked()),
            (vec![failed(), blocked()], blocked()),
            (vec![blocked(), blocked()], blocked()),
        ] {
            let (mut tab, mut known) = (TabSockets::default(), KnownSockets::default());
            let mut find = |request: &str, state: &SocketState| {
                let mut socket = socket("a.test", state.clone());
                if let Some(was) = known.take_in(request, &mut socket.place) {
                    tab.note(&socket, &Opener::default(), was.as_ref());
                }
            };
            for state in &found {
                find("1", state);
            }
            find("2", &SocketState::NotPinned);
            let rows: Vec<_> = tab.rows().iter().map(|row| (row.place.state.clone(), row.count)).collect();
            assert_eq!(rows, [(is, 1), (SocketState::NotPinned, 1)], "{found:?}");
        }
    }

    #[test]
    fn a_tab_shows_the_sockets_of_the_page_that_is_there() {
        // Sockets in their order, each with its opener; `None` is a sign of the browser that another page is there.
        type Told<'a> = Vec<Option<(&'a str, Opener)>>;
        let cases: Vec<(Told<'_>, Vec<&str>)> = vec![
            (vec![Some(("a", of_page("1"))), Some(("b", of_frame("2", "1")))], vec!["a", "b"]),
            (vec![Some(("a", of_page("1"))), None, Some(("b", of_page("2")))], vec!["b"]),
            // What a page does while it goes, and what its frames do.
            (vec![Some(("a", of_page("1"))), None, Some(("late", of_page("1"))), Some(("b", of_page("2")))], vec!["b"]),
            (vec![Some(("a", of_page("1"))), None, Some(("b", of_page("2"))), Some(("late", of_page("1")))], vec!["b"]),
            (vec![Some(("a", of_page("1"))), None, Some(("late", of_frame("3", "1")))], vec![]),
            // Both within one batch.
            (vec![Some(("a", of_page("1"))), Some(("b", of_page("2"))), Some(("late", of_page("1")))], vec!["b"]),
            // Back again.
            (
                vec![Some(("a", of_page("1"))), None, Some(("b", of_page("2"))), None, Some(("c", of_page("1")))],
                vec!["c"],
            ),
            // Nothing is known of who opened it.
            (vec![Some(("a", Opener::default())), None, Some(("b", Opener::default()))], vec!["b"]),
        ];
        for (told, expected) in cases {
            let mut tab = TabSockets::default();
            for step in &told {
                match step {
                    Some((host, opener)) => tab.note(&socket(host, SocketState::NotPinned), opener, None),
                    None => tab.leave_page(),
                }
                // The background may sleep at any time.
                tab = TabSockets::from_text(&tab.to_text());
            }
            let shown: Vec<_> = hosts(&tab).into_iter().map(|(host, _)| host).collect();
            assert_eq!(shown, expected, "{told:?}");
        }
    }

    /// Whatever a page does.
    #[test]
    fn a_tab_takes_so_much_room_and_what_has_none_is_counted() {
        let mut tab = TabSockets::default();
        tab.note(&socket("stopped.test", blocked()), &Opener::default(), None);
        for number in 0..5 * MAX_TAB_ROWS {
            let page = Some(format!("https://{number}.{}", "p".repeat(250)));
            let host = format!("{number}.{}", "h".repeat(240));
            let opener = of_frame(&format!("frame-{number}"), "top");
            tab.note(&TabSocket { page, ..socket(&host, SocketState::NotPinned) }, &opener, None);
        }
        assert_eq!(tab.rows().len(), MAX_TAB_ROWS);
        let omitted = |tab: &TabSockets| usize::try_from(tab.omitted()).unwrap();
        assert_eq!(omitted(&tab), 4 * MAX_TAB_ROWS + 1);
        tab.fit();
        assert!(tab.to_text().len() <= MAX_TAB_TEXT_BYTES);
        assert_eq!(tab.rows()[0].place.state, blocked(), "the gravest stays");
        assert_eq!(omitted(&tab) + tab.rows().len(), 5 * MAX_TAB_ROWS + 1);
        assert!(tab.documents.len() <= MAX_DOCUMENTS_PER_TAB);
    }

    #[test]
    fn what_is_kept_is_read_again() {
        let mut tab = TabSockets::default();
        for (number, state) in [
            SocketState::NotPinned,
            SocketState::Allowed(None),
            SocketState::Allowed(Some(Detail::new("Backup key, in the safe"))),
            SocketState::Paused,
            SocketState::Failed(Detail::new("NS_ERROR_UNKNOWN_HOST")),
            SocketState::Failed(Detail::of_status(403)),
            SocketState::Flagged(Reason::CtNotCompliant.into()),
            blocked(),
            SocketState::Opened(Reason::DeniedKey.into()),
        ]
        .into_iter()
        .enumerate()
        {
            let mut socket = TabSocket { private: true, ..socket("[2001:db8::1]", state) };
            socket.place.scheme = if number % 2 == 0 { Scheme::Wss } else { Scheme::Ws };
            tab.note(&socket, &of_frame("frame", "top"), None);
        }
        let text = tab.to_text();
        assert_eq!(TabSockets::from_text(&text), tab);
        assert!(tab.is_private());
        assert_eq!((tab.summary().matched, tab.summary().without_pin), (1, 1), "a pin is what makes the difference");
        assert_eq!(TabSockets::from_text(&format!("{text}nonsense\n\t\n")), tab, "nothing else is lost to a line");
        assert_eq!(TabSockets::from_text(""), TabSockets::default());
        // What could break a line does not.
        let mut tab = TabSockets::default();
        tab.note(&socket("a.test", SocketState::Failed(Detail::new("one\ttwo\nthree"))), &Opener::default(), None);
        assert_eq!(TabSockets::from_text(&tab.to_text()), tab);
    }

    #[test]
    fn a_popup_says_which_tab_it_is_for() {
        for (address, tab) in [
            (format!("moz-extension://id/{}", popup_of(12, "moz-extension://id/popup.html")), Some(12)),
            (popup_of(12, &popup_of_earlier_page("")), Some(12)),
            (popup_of_earlier_page(&popup_of(12, "")), Some(12)),
            (popup_of_earlier_page("moz-extension://id/popup.html"), None),
            ("moz-extension://id/popup.html".to_owned(), None),
            ("moz-extension://id/popup.html?tab=".to_owned(), None),
            ("moz-extension://id/popup.html?tab=x".to_owned(), None),
        ] {
            assert_eq!(tab_of_popup(&address), tab, "{address}");
        }
        // Its own popup is set with its first socket, and says still that there may be others.
        let earlier = popup_of_earlier_page("popup.html");
        for (popup, expected) in [
            (popup_of(12, &earlier), true),
            (popup_of_earlier_page(&popup_of(12, "popup.html")), true),
            (popup_of(12, "popup.html"), false),
            ("popup.html".to_owned(), false),
            (earlier, true),
        ] {
            assert_eq!(is_of_earlier_page(&popup), expected, "{popup}");
        }
    }
}
