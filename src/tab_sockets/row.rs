//! Sockets of a tab that are alike, as a line of what is kept.

use std::fmt::Write as _;

use super::{SocketState, TabSocket};
use crate::connection::Scheme;
use crate::fields::Line;
use crate::time::UnixMillis;

/// Which sockets are in one row.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct SocketPlace {
    pub scheme: Scheme,
    /// In canonical form.
    pub host: String,
    pub port: u16,
    pub state: SocketState,
}

/// Sockets of one tab that are alike.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "a doc stands where the name does not say it")]
pub struct SocketRow {
    pub place: SocketPlace,
    /// How many; never 0.
    pub count: u64,
    pub first: UnixMillis,
    pub last: UnixMillis,
    /// The origins of the documents that opened them, the latest first; at most [`MAX_PAGES_PER_TAB_ROW`](crate::limits::MAX_PAGES_PER_TAB_ROW).
    pub pages: Vec<String>,
}

impl SocketRow {
    pub(super) fn new(socket: &TabSocket) -> Self {
        let TabSocket { place, time, .. } = socket;
        Self { place: place.clone(), count: 0, first: *time, last: *time, pages: Vec::new() }
    }

    pub(super) fn from_line(line: &str) -> Option<Self> {
        let mut line = Line::new(line, '\t');
        let scheme = match line.text()? {
            "wss" => Scheme::Wss,
            "ws" => Scheme::Ws,
            _ => return None,
        };
        let (host, port) = (line.text()?.to_owned(), line.number()?);
        let (count, first, last) = (line.number()?, line.time()?, line.time()?);
        let pages = line.list()?;
        let state = SocketState::from_words(line.text()?, line.text()?)?;
        Some(Self { place: SocketPlace { scheme, host, port, state }, count, first, last, pages })
    }

    pub(super) fn write_line(&self, text: &mut String) {
        let Self { place: SocketPlace { scheme, host, port, state }, count, first, last, pages } = self;
        let scheme = match scheme {
            Scheme::Wss => "wss",
            Scheme::Ws => "ws",
        };
        let (name, detail) = state.words();
        let (first, last) = (first.as_millis(), last.as_millis());
        // Writing to a text cannot fail.
        let _ =
            writeln!(text, "{scheme}\t{host}\t{port}\t{count}\t{first}\t{last}\t{}\t{name}\t{detail}", pages.join(" "));
    }
}
