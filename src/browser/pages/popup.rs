//! `popup.html`: the sockets of the current tab, and the newest of the log. All of it is on a page of its own.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashSet};
use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{EventTarget, HtmlDetailsElement, HtmlElement};

use super::confirmation::Confirmation;
use super::explainer::Explainer;
use super::log_line::{self, ShownLine};
use super::log_reader::LogReader;
use super::masthead::{Masthead, Unread};
use super::messages;
use super::tab_section::{Explanations, TabSection};
use super::ui::list::List;
use super::ui::live_region::announce;
use super::ui::minutes::each_minute;
use crate::browser::clock::now;
use crate::browser::dom::{JsResult, by_id, id, listen, listen_capturing, ready, show, spawn, window};
use crate::browser::part::say_in;
use crate::error::Error;
use crate::log::{Entry, Line, ReadUntil, is_unread};
use crate::message::{Announcement, PageRequest};
use crate::tab_sockets::{SocketPlace, SocketState};
use crate::time::UnixMillis;
use crate::view::{status::Remedy, violation as words};
use crate::violation::Violation;

/// Entries shown unless somebody asks for others; the log itself may hold more.
const SHOWN_ENTRIES: usize = 20;

struct Popup {
    masthead: Rc<Masthead>,
    clearing: Confirmation,
    entries: Rc<Entries>,
    tab: Rc<TabSection>,
    log: Rc<LogReader>,
    explainer: Rc<Explainer>,
    /// How often the log has been read, and the last time of which it was drawn.
    readings: Cell<u64>,
    drawn: Cell<u64>,
}

pub(super) async fn start() -> JsResult {
    let entries = Rc::new(Entries {
        lines: List::new(by_id(id!("log"))?)?,
        older: RefCell::default(),
        asked_for: RefCell::default(),
        read_until: Cell::default(),
    });
    let popup = Rc::new(Popup {
        masthead: Masthead::new(Remedy::OpenRules, || {
            open_options();
            Ok(())
        })?,
        clearing: Confirmation::new(id!("clear-dialog"))?,
        tab: TabSection::new(Rc::clone(&entries))?,
        entries,
        log: Rc::new(LogReader::new()),
        explainer: Explainer::new(&by_id(id!("log"))?)?,
        readings: Cell::new(0),
        drawn: Cell::new(0),
    });
    popup.listen()?;
    // The background may have to be woken for the rest.
    popup.tab.start().await?;
    popup.refresh().await?;
    popup.open_entry_of_address().await?;
    ready()
}

fn open_options() {
    spawn(messages::open_options_page());
}

impl Popup {
    fn listen(self: &Rc<Self>) -> JsResult {
        listen(&by_id::<EventTarget>(id!("open-options"))?, "click", |_| {
            open_options();
            Ok(())
        })?;

        listen(&by_id::<EventTarget>(id!("open-log"))?, "click", |_| {
            spawn(messages::open_log_page());
            Ok(())
        })?;

        let this = Rc::clone(self);
        listen(&by_id::<EventTarget>(id!("clear-log"))?, "click", move |_| this.clearing.open())?;
        let this = Rc::clone(self);
        listen(&self.clearing.confirm, "click", move |_| {
            let this = Rc::clone(&this);
            spawn(async move { this.clear().await });
            Ok(())
        })?;

        // `toggle` does not bubble.
        let this = Rc::clone(self);
        listen_capturing(&by_id::<EventTarget>(id!("log"))?, "toggle", move |event| {
            let this = Rc::clone(&this);
            spawn(
                async move { log_line::fill(&event, &this.entries.lines, &this.log, &this.explainer).await.map(drop) },
            );
            Ok(())
        })?;

        let this = Rc::clone(self);
        each_minute(move || {
            let now = now().unwrap_or_default();
            this.entries.lines.change(|shown| shown.now = now)?;
            this.tab.draw()
        })?;

        let (this, explainer) = (Rc::clone(self), Rc::clone(&self.explainer));
        // Whether the last entry could be written is told with the status, so either announcement is about both.
        messages::listen(move |announcement| match announcement {
            Announcement::RulesChanged => {
                this.tab.rules_have_changed();
                let (this, explainer) = (Rc::clone(&this), Rc::clone(&explainer));
                spawn(async move { this.refresh().await });
                spawn(async move { explainer.refresh().await });
            }
            Announcement::LogChanged | Announcement::StatusChanged => {
                let this = Rc::clone(&this);
                spawn(async move { this.refresh().await });
            }
        });
        Ok(())
    }

    async fn clear(&self) -> JsResult {
        if !self.clearing.conclude(&messages::ask(&PageRequest::ClearLog).await) {
            return Ok(());
        }
        announce(&words::cleared())?;
        self.refresh().await
    }

    /// A notification leads to the newest entry of a host.
    async fn open_entry_of_address(&self) -> JsResult {
        let hash = window()?.location().hash()?;
        let Ok(endpoint) = js_sys::decode_uri_component(hash.trim_start_matches('#')) else {
            return Ok(());
        };
        let endpoint = String::from(endpoint);
        if endpoint.is_empty() {
            return Ok(());
        }
        let (host, port) = endpoint.rsplit_once(':').unwrap_or((&endpoint, ""));
        let port = port.parse().ok();
        // Nobody is notified of a private window.
        let is_it = |entry: &Entry| !entry.is_private() && entry.violation.host == host && entry.violation.port == port;
        let mut line = self.entries.shown(is_it);
        if line.is_none() {
            // Where the log cannot be read, that is said already.
            let Ok(entries) = self.log.of_host(host).await else { return Ok(()) };
            line = entries.into_iter().find(is_it).map(|entry| Rc::new(Line::Violation(Box::new(entry))));
        }
        if let Some(line) = line {
            return self.entries.open_line(&line);
        }
        let gone = words::entry_gone(&endpoint);
        show(id!("entry-gone"), true)?;
        say_in(id!("entry-gone"), &gone)?;
        announce(&gone)
    }

    /// How things are comes first: it must not wait for a log that may be large or broken.
    async fn refresh(&self) -> JsResult {
        self.masthead.refresh(Unread::Nothing).await?;
        let reading = self.readings.get() + 1;
        self.readings.set(reading);
        let read = self.read().await;
        if self.drawn.get() > reading {
            // What was read later is there already.
            return Ok(());
        }
        self.drawn.set(reading);
        let newest = match read {
            Ok(newest) => newest,
            Err(error) => return self.masthead.refresh(Unread::Log(&error)).await,
        };
        let is_all = usize::try_from(newest.total).is_ok_and(|total| total <= newest.lines.len());
        self.draw(newest, is_all)?;
        // Where the log cannot be read by now, the rows have no button.
        let (places, is_private) = if is_all { Default::default() } else { self.tab.violations() };
        self.entries.look_for_older(&self.log, &places, is_private).await.unwrap_or_default();
        self.tab.draw()
    }

    async fn read(&self) -> Result<Newest, Error> {
        let (lines, total) = self.log.newest(SHOWN_ENTRIES).await?;
        // Without it nothing is new, and all of it is there.
        let all = ReadUntil { stored: UnixMillis::new(u64::MAX), private: UnixMillis::new(u64::MAX) };
        self.entries.read_until.set(self.log.overview().await.map_or(all, |known| known.read_until));
        let mut asked_for = Vec::new();
        let ids = self.entries.asked_for.borrow().clone();
        for id in ids {
            asked_for.extend(self.log.entry(id).await?.map(|entry| Line::Violation(Box::new(entry))));
        }
        Ok(Newest { lines, total, asked_for })
    }

    fn draw(&self, Newest { lines, total, asked_for }: Newest, is_all: bool) -> JsResult {
        show(id!("no-violations"), lines.is_empty())?;
        // What is not shown here is not deleted from here.
        let is_whole = !messages::is_private();
        show(id!("log-private-only"), !is_whole)?;
        show(id!("clear-log"), is_whole && !lines.is_empty())?;
        show(id!("log-more"), !is_all)?;
        say_in(id!("log-more"), &words::shown_of(lines.len(), total))?;
        let names: HashSet<String> = lines.iter().map(Line::name).collect();
        let beside = asked_for.into_iter().filter(|line| !names.contains(&line.name()));
        let lines = lines.into_iter().chain(beside).map(|line| self.entries.as_shown(Rc::new(line)));
        self.entries.lines.show(lines.collect())?;
        self.tab.draw()
    }
}

/// What was read of the log.
struct Newest {
    lines: Vec<Line>,
    /// How many there are in all.
    total: u64,
    /// Older ones that are shown as well.
    asked_for: Vec<Line>,
}

/// The entries of the log, for the sockets of the tab and for notifications.
struct Entries {
    lines: Rc<List<ShownLine>>,
    /// Those that explain sockets of the tab and are older than what is shown.
    older: RefCell<Vec<Rc<Line>>>,
    /// The ids of those that somebody has asked for: they are shown below the newest.
    asked_for: RefCell<Vec<u64>>,
    read_until: Cell<ReadUntil>,
}

impl Entries {
    fn as_shown(&self, line: Rc<Line>) -> ShownLine {
        let is_unread = is_unread(&line, self.read_until.get());
        ShownLine { line, is_unread, now: now().unwrap_or_default(), frame: None }
    }

    /// The first entry that is shown of which this is true.
    fn shown(&self, is_it: impl Fn(&Entry) -> bool) -> Option<Rc<Line>> {
        self.lines.find(|shown| is_entry(&shown.line, &is_it).then(|| Rc::clone(&shown.line)))
    }

    /// The newest entry of such a socket, of a private window or not.
    fn of(&self, place: &SocketPlace, is_private: bool) -> Option<Rc<Line>> {
        let explains = |entry: &Entry| explains(entry, place, is_private);
        let older = || self.older.borrow().iter().find(|line| is_entry(line, explains)).cloned();
        self.shown(explains).or_else(older)
    }

    /// Reads what explains these sockets and is not shown.
    async fn look_for_older(&self, log: &LogReader, places: &[SocketPlace], is_private: bool) -> Result<(), Error> {
        let is_shown = |place: &&SocketPlace| self.shown(|entry| explains(entry, place, is_private)).is_some();
        let hosts: BTreeSet<&str> =
            places.iter().filter(|place| !is_shown(place)).map(|place| place.host.as_str()).collect();
        let mut older = Vec::new();
        for host in hosts {
            older.extend(log.of_host(host).await?.into_iter().map(|entry| Rc::new(Line::Violation(Box::new(entry)))));
        }
        self.older.replace(older);
        Ok(())
    }

    /// Opens an entry and goes there; one that is not shown is from now on.
    fn open_line(&self, line: &Rc<Line>) -> JsResult {
        let name = line.name();
        let is_shown = self.lines.find(|shown| (shown.line.name() == name).then_some(())).is_some();
        if let (false, Line::Violation(entry)) = (is_shown, line.as_ref()) {
            self.asked_for.borrow_mut().push(entry.id);
            self.lines.append(self.as_shown(Rc::clone(line)))?;
        }
        let Some(entry) = self.lines.reveal(&name)?.and_then(|entry| entry.dyn_into::<HtmlDetailsElement>().ok())
        else {
            return Ok(());
        };
        entry.set_open(true);
        entry.scroll_into_view();
        match entry.first_element_child() {
            Some(summary) => summary.unchecked_into::<HtmlElement>().focus(),
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

fn is_entry(line: &Line, is_it: impl Fn(&Entry) -> bool) -> bool {
    matches!(line, Line::Violation(entry) if is_it(entry))
}

/// Whether an entry is about such a socket, of a private window or not.
fn explains(entry: &Entry, place: &SocketPlace, is_private: bool) -> bool {
    let Violation { host, port, .. } = &entry.violation;
    let is_it = *host == place.host && *port == Some(place.port) && SocketState::of(&entry.violation) == place.state;
    is_it && entry.is_private() == is_private
}
