//! `popup.html`: the sockets of the current tab, and the newest of the log. All of it is on a page of its own.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::EventTarget;

use super::confirmation::Confirmation;
use super::explainer::Explainer;
use super::log_line;
use super::log_reader::{LogReader, Overview};
use super::masthead::{Masthead, Unread};
use super::messages;
use super::popup_entries::{Entries, is_entry};
use super::tab_section::TabSection;
use super::ui::live_region::announce;
use super::ui::minutes::each_minute;
use crate::browser::clock::now;
use crate::browser::dom::{JsResult, by_id, id, listen, listen_at, listen_capturing, ready, show, spawn, window};
use crate::browser::part::{say_if_any, say_in};
use crate::browser::promise;
use crate::error::Error;
use crate::log::{Entry, Line};
use crate::message::{Announcement, PageRequest};
use crate::view::{log::private_dropped, status::Remedy, violation as words};

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
    let entries = Entries::new()?;
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
        listen_at(id!("open-options"), "click", |_| {
            open_options();
            Ok(())
        })?;

        listen_at(id!("open-log"), "click", |_| {
            spawn(messages::open_log_page());
            Ok(())
        })?;

        let this = Rc::clone(self);
        listen_at(id!("clear-log"), "click", move |_| this.clearing.open())?;
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
            this.entries.keep_opened(&event);
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
            line = entries.into_iter().find(|line| is_entry(line, is_it)).map(Rc::new);
        }
        if let Some(line) = line {
            return self.entries.open_line(&line);
        }
        let gone = words::entry_gone(&endpoint);
        show(id!("entry-gone"), true)?;
        say_in(id!("entry-gone"), &gone)?;
        announce(&gone)
    }

    /// How things are and the log are asked for at once: neither must wait for the other, which may be slow or broken.
    async fn refresh(&self) -> JsResult {
        let masthead = Rc::clone(&self.masthead);
        let told = promise::of(async move {
            masthead.refresh(Unread::Nothing).await?;
            Ok(JsValue::UNDEFINED)
        });
        let read = self.read_log().await;
        let told = JsFuture::from(told).await;
        match read? {
            Ok(()) => Ok(told.map(drop)?),
            Err(error) => self.masthead.refresh(Unread::Log(&error)).await,
        }
    }

    async fn read_log(&self) -> JsResult<Result<(), Error>> {
        let reading = self.readings.get() + 1;
        self.readings.set(reading);
        let read = self.read().await;
        if self.drawn.get() > reading {
            // What was read later is there already.
            return Ok(Ok(()));
        }
        self.drawn.set(reading);
        let newest = match read {
            Ok(newest) => newest,
            Err(error) => return Ok(Err(error)),
        };
        let is_all = usize::try_from(newest.total).is_ok_and(|total| total <= newest.lines.len());
        self.draw(newest, is_all)?;
        // Where the log cannot be read by now, the rows have no button.
        let (rows, is_private) = if is_all { Default::default() } else { self.tab.violations() };
        self.entries.look_for_older(&self.log, &rows, is_private).await.unwrap_or_default();
        self.tab.draw().map(Ok)
    }

    async fn read(&self) -> Result<Newest, Error> {
        let (lines, total, overview) = self.log.newest(SHOWN_ENTRIES).await?;
        self.entries.read_until.set(overview.read_until);
        Ok(Newest { lines, total, overview, asked_for: self.entries.read_asked_for(&self.log).await? })
    }

    fn draw(&self, Newest { lines, total, overview, asked_for }: Newest, is_all: bool) -> JsResult {
        show(id!("no-violations"), lines.is_empty())?;
        // What is not shown here is not deleted from here.
        let is_whole = !messages::is_private();
        show(id!("log-private-only"), !is_whole)?;
        say_if_any(id!("log-private-dropped"), overview.dropped.private.map(private_dropped).as_ref())?;
        show(id!("clear-log"), is_whole && !lines.is_empty())?;
        show(id!("log-more"), !is_all)?;
        say_in(id!("log-more"), &words::shown_of(lines.len(), total))?;
        let mut shown = lines;
        for line in asked_for {
            if shown.iter().all(|newer| newer.name() != line.name()) {
                shown.push(line);
            }
        }
        self.entries.lines.show(shown.into_iter().map(|line| self.entries.as_shown(Rc::new(line))).collect())?;
        self.tab.draw()
    }
}

/// What was read of the log.
struct Newest {
    lines: Vec<Line>,
    /// How many there are in all.
    total: u64,
    overview: Overview,
    /// Older ones that are shown as well.
    asked_for: Vec<Line>,
}
