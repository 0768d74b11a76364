//! The entries of the log that the popup shows: the newest, and older ones that somebody asks for, by a socket of the tab or a
//! notification.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlDetailsElement, HtmlElement};

use super::log_line::ShownLine;
use super::log_reader::LogReader;
use super::tab_section::Explanations;
use super::ui::list::List;
use crate::browser::clock::now;
use crate::browser::dom::{JsResult, by_id, id};
use crate::browser::part::{part, part_around};
use crate::error::Error;
use crate::log::{Entry, Line, ReadUntil, is_unread};
use crate::tab_sockets::{SocketPlace, SocketRow, SocketState};
use crate::violation::Violation;

/// What is shown of the log, and what is known of the rest.
pub(super) struct Entries {
    pub(super) lines: Rc<List<ShownLine>>,
    /// Those that explain sockets of the tab and are older than what is shown.
    older: RefCell<Vec<Rc<Line>>>,
    /// The ids of those that somebody has asked for or opened: they are shown below the newest once they are none.
    asked_for: RefCell<Vec<u64>>,
    pub(super) read_until: Cell<ReadUntil>,
}

impl Entries {
    /// Fills the log of the popup.
    pub(super) fn new() -> JsResult<Rc<Self>> {
        Ok(Rc::new(Self {
            lines: List::new(by_id(id!("log"))?)?,
            older: RefCell::default(),
            asked_for: RefCell::default(),
            read_until: Cell::default(),
        }))
    }

    pub(super) fn as_shown(&self, line: Rc<Line>) -> ShownLine {
        let is_unread = is_unread(&line, self.read_until.get());
        ShownLine { line, is_unread, now: now().unwrap_or_default(), frame: None }
    }

    /// The first entry that is shown of which this is true.
    pub(super) fn shown(&self, is_it: impl Fn(&Entry) -> bool) -> Option<Rc<Line>> {
        self.lines.find(|shown| is_entry(&shown.line, &is_it).then(|| Rc::clone(&shown.line)))
    }

    /// The newest entry of such a socket, of a private window or not.
    fn of(&self, place: &SocketPlace, is_private: bool) -> Option<Rc<Line>> {
        let explains = |entry: &Entry| explains(entry, place, is_private);
        let older = || self.older.borrow().iter().find(|line| is_entry(line, explains)).cloned();
        self.shown(explains).or_else(older)
    }

    /// Reads anew what somebody has asked for, as far as the log still has it.
    pub(super) async fn read_asked_for(&self, log: &LogReader) -> Result<Vec<Line>, Error> {
        let mut lines = Vec::new();
        // What is asked for meanwhile as well: it is shown already.
        let asked_for = |place: usize| self.asked_for.borrow().get(place).copied();
        let mut place = 0;
        while let Some(id) = asked_for(place) {
            lines.extend(log.entry(id).await?.map(|entry| Line::Violation(Box::new(entry))));
            place += 1;
        }
        Ok(lines)
    }

    /// Reads what explains these sockets and is not shown.
    pub(super) async fn look_for_older(
        &self,
        log: &LogReader,
        rows: &[SocketRow],
        is_private: bool,
    ) -> Result<(), Error> {
        let mut older = Vec::new();
        for SocketRow { place, last, .. } in rows {
            let explains = |entry: &Entry| explains(entry, place, is_private);
            if self.shown(explains).is_some() {
                continue;
            }
            // Its newest socket is that of the row, unless another tab has had one since.
            let near = log.next_to(*last).await?;
            older.extend(near.into_iter().find(|line| is_entry(line, explains)).map(Rc::new));
        }
        self.older.replace(older);
        Ok(())
    }

    /// Keeps the entry that somebody opens, however many newer ones come.
    pub(super) fn keep_opened(&self, event: &Event) {
        let name = part_around(event, part!("violation")).and_then(|violation| violation.root().dataset().get("entry"));
        let id = self.lines.find(|shown| match shown.line.as_ref() {
            Line::Violation(entry) if Some(shown.line.name()) == name => Some(entry.id),
            Line::Violation(_) | Line::Pause(_) => None,
        });
        if let Some(id) = id {
            self.keep(id);
        }
    }

    /// Shows an entry as long as the popup is open.
    fn keep(&self, id: u64) {
        let mut asked_for = self.asked_for.borrow_mut();
        if !asked_for.contains(&id) {
            asked_for.push(id);
        }
    }

    /// Opens an entry and goes there; one that is not shown is from now on.
    pub(super) fn open_line(&self, line: &Rc<Line>) -> JsResult {
        let name = line.name();
        let is_shown = self.lines.find(|shown| (shown.line.name() == name).then_some(())).is_some();
        if let (false, Line::Violation(entry)) = (is_shown, line.as_ref()) {
            self.keep(entry.id);
            self.lines.append(self.as_shown(Rc::clone(line)))?;
        }
        let Some(entry) = self.lines.reveal(&name)?.and_then(|entry| entry.dyn_into::<HtmlDetailsElement>().ok())
        else {
            return Ok(());
        };
        entry.set_open(true);
        entry.scroll_into_view();
        match entry.first_element_child() {
            Some(summary) => Ok(summary.unchecked_into::<HtmlElement>().focus()?),
            None => Ok(()),
        }
    }
}

impl Explanations for Rc<Entries> {
    fn has(&self, place: &SocketPlace, is_private: bool) -> bool {
        self.of(place, is_private).is_some()
    }

    fn open(&self, place: &SocketPlace, is_private: bool) -> JsResult {
        self.of(place, is_private).map_or(Ok(()), |line| self.open_line(&line))
    }
}

/// Whether a line is an entry of which this is true.
pub(super) fn is_entry(line: &Line, is_it: impl Fn(&Entry) -> bool) -> bool {
    matches!(line, Line::Violation(entry) if is_it(entry))
}

/// Whether an entry is about such a socket, of a private window or not.
fn explains(entry: &Entry, place: &SocketPlace, is_private: bool) -> bool {
    let Violation { host, port, .. } = &entry.violation;
    let is_it = *host == place.host && *port == Some(place.port) && SocketState::of(&entry.violation) == place.state;
    is_it && entry.is_private() == is_private
}
