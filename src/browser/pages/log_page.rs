//! `log.html`: all of the log, for people who live in it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use web_sys::EventTarget;

use super::day_picture::{self, DayPicture};
use super::explainer::Explainer;
use super::log_clearing::LogClearing;
use super::log_files;
use super::log_filters::LogFilters;
use super::log_line::{self, Frame, ShownLine};
use super::log_lines::{Found, LogLines, local_day};
use super::log_reader::LogReader;
use super::log_retention::LogRetention;
use super::log_selection::LogSelection;
use super::masthead::{Masthead, Unread};
use super::messages;
use super::ui::list::List;
use super::ui::minutes::each_minute;
use crate::browser::clock::{Deadline, now};
use crate::browser::dom::{
    JsResult, by_id, document, id, listen, listen_at, listen_capturing, ready, show, spawn, window,
};
use crate::browser::part::say_if_any;
use crate::browser::promise;
use crate::message::{Announcement, PageRequest};
use crate::query::log_query::LogOrder;
use crate::time::UnixMillis;
use crate::view::log::{self as words, Reading};
use crate::view::status::Remedy;

struct LogPage {
    masthead: Rc<Masthead>,
    filters: Rc<LogFilters>,
    list: Rc<List<ShownLine>>,
    selection: Rc<LogSelection>,
    picture: DayPicture,
    lines: LogLines,
    reader: Rc<LogReader>,
    explainer: Rc<Explainer>,
    /// Whether somebody reads what is new, or what is left.
    is_reading: Cell<bool>,
    /// Whether there may be something new that they have not read.
    is_outdated: Cell<bool>,
    /// While the log is read, it is drawn again when this has passed.
    redrawing: RefCell<Deadline>,
    /// Until when the background has been told that somebody has looked at the log.
    told_until: Cell<[UnixMillis; 2]>,
}

pub(super) async fn start() -> JsResult {
    let reader = Rc::new(LogReader::new());
    let page = Rc::new(LogPage {
        masthead: Masthead::new(Remedy::OpenRules, || {
            spawn(messages::open_options_page());
            Ok(())
        })?,
        filters: LogFilters::new()?,
        list: List::new(by_id(id!("log"))?)?,
        selection: LogSelection::new()?,
        picture: DayPicture::new(),
        lines: LogLines::new(Rc::clone(&reader)),
        reader: Rc::clone(&reader),
        explainer: Explainer::new(&by_id(id!("log"))?)?,
        is_reading: Cell::new(true),
        is_outdated: Cell::new(false),
        redrawing: RefCell::new(Deadline::after(0.0)),
        told_until: Cell::default(),
    });
    page.listen()?;
    LogClearing::new(Rc::clone(&reader))?;
    let this = Rc::clone(&page);
    log_files::listen_for_saving(Rc::clone(&reader), Rc::clone(&page.selection), move || {
        this.lines.find(&this.filters.query(), LogOrder::Newest)
    })?;
    // Beside the log: either may be slow.
    let this = Rc::clone(&page);
    spawn(async move { this.masthead.refresh(Unread::Nothing).await });
    // Where this fails, it is said once it has been tried again.
    if page.lines.read_first().await.is_ok() {
        page.draw(List::show)?;
    }
    ready()?;
    page.tell_what_was_seen();
    spawn(LogRetention::start(reader));
    page.finish_reading().await
}

impl LogPage {
    fn listen(self: &Rc<Self>) -> JsResult {
        listen_at(id!("open-options"), "click", |_| {
            spawn(messages::open_options_page());
            Ok(())
        })?;
        let this = Rc::clone(self);
        self.filters.listen(move || {
            this.draw(List::show_from_the_first)?;
            if !this.filters.query().words.is_empty() {
                let this = Rc::clone(&this);
                spawn(async move { this.search_subjects().await });
            }
            Ok(())
        })?;
        let this = Rc::clone(self);
        self.selection.listen(move || this.draw(List::show))?;
        // `toggle` does not bubble.
        let this = Rc::clone(self);
        listen_capturing(&by_id::<EventTarget>(id!("log"))?, "toggle", move |event| {
            let this = Rc::clone(&this);
            spawn(async move {
                let filled = log_line::fill(&event, &this.list, &this.reader, &this.explainer).await?;
                let Some((entry, body)) = filled else { return Ok(()) };
                this.filters.offer(&entry, &body)?;
                if messages::is_private() { Ok(()) } else { LogClearing::offer(&entry, &body) }
            });
            Ok(())
        })?;
        let this = Rc::clone(self);
        listen(document()?.as_ref(), "visibilitychange", move |_| {
            this.tell_what_was_seen();
            Ok(())
        })?;
        let this = Rc::clone(self);
        each_minute(move || {
            let now = now().unwrap_or_default();
            this.list.change(|shown| shown.now = now)
        })?;
        let this = Rc::clone(self);
        listen(window()?.as_ref(), "resize", move |_| this.draw_picture(now().unwrap_or_default()))?;
        let this = Rc::clone(self);
        messages::listen(move |announcement| {
            let this = Rc::clone(&this);
            spawn(async move {
                match announcement {
                    Announcement::LogChanged => this.read_what_is_new().await,
                    Announcement::RulesChanged => {
                        this.masthead.refresh(Unread::Nothing).await?;
                        this.explainer.refresh().await
                    }
                    Announcement::StatusChanged => this.masthead.refresh(Unread::Nothing).await,
                }
            });
        });
        Ok(())
    }

    /// Whoever reads the log at the time reads what is new as well.
    async fn read_what_is_new(self: &Rc<Self>) -> JsResult {
        self.is_outdated.set(true);
        if self.is_reading.replace(true) {
            return Ok(());
        }
        self.finish_reading().await
    }

    async fn finish_reading(self: &Rc<Self>) -> JsResult {
        let this = Rc::clone(self);
        let mut read = self.lines.read_rest(move || this.draw_now_and_then()).await?;
        while read.is_ok() && self.is_outdated.replace(false) {
            read = self.lines.read_new().await;
            self.draw(List::show)?;
            self.tell_what_was_seen();
            // A page that opens one socket after the other gives no reason to read without a break.
            promise::after(BREAK_MS).await;
        }
        self.is_reading.set(false);
        if read.is_ok() {
            self.draw(List::show)?;
        }
        // Whether the last entry could be written is told with the status.
        match read {
            Ok(()) => self.masthead.refresh(Unread::Nothing).await?,
            Err(error) => self.masthead.refresh(Unread::Log(&error)).await?,
        }
        self.search_subjects().await
    }

    /// The names in certificates are read when they are looked for.
    async fn search_subjects(&self) -> JsResult {
        if self.filters.query().words.is_empty() {
            return Ok(());
        }
        match self.lines.read_subjects().await {
            Ok(true) => self.draw(List::show),
            Ok(false) => Ok(()),
            Err(error) => self.masthead.refresh(Unread::Log(&error)).await,
        }
    }

    fn draw_now_and_then(&self) -> JsResult {
        if !self.redrawing.borrow().has_passed() {
            return Ok(());
        }
        self.redrawing.replace(Deadline::after(REDRAWING_MS));
        self.draw(List::show)
    }

    fn draw(&self, show_in: fn(&List<ShownLine>, Vec<ShownLine>) -> JsResult) -> JsResult {
        let (query, now) = (self.filters.query(), now().unwrap_or_default());
        let found = self.lines.find(&query, self.filters.order());
        let total = self.lines.len();
        let reading = if self.lines.is_whole() { Reading::Done } else { Reading::UnderWay };
        LogFilters::say(words::outcome(&query, found.len(), total, reading).as_ref())?;
        show(id!("no-violations"), total == 0 && reading == Reading::Done)?;
        // What is not shown here is not deleted from here.
        let is_whole = !messages::is_private();
        show(id!("log-private-only"), !is_whole)?;
        show(id!("clear-log"), is_whole && total > 0)?;
        show(id!("keeping"), is_whole)?;
        show(id!("log-search"), total > 0 || !query.is_empty())?;
        let dropped = self.lines.dropped();
        say_if_any(id!("log-dropped"), dropped.stored.map(words::dropped).as_ref())?;
        say_if_any(id!("log-private-dropped"), dropped.private.map(words::private_dropped).as_ref())?;
        let unreadable = self.lines.unreadable();
        say_if_any(id!("log-unreadable"), (unreadable > 0).then(|| words::unreadable(unreadable)).as_ref())?;
        self.draw_picture(now)?;
        self.selection.keep(&found, total, reading)?;
        let frame: Rc<dyn Frame> = Rc::<LogSelection>::clone(&self.selection);
        let shown = |Found { line, is_unread }| ShownLine { line, is_unread, now, frame: Some(Rc::clone(&frame)) };
        show_in(&self.list, found.into_iter().map(shown).collect())
    }

    fn draw_picture(&self, now: UnixMillis) -> JsResult {
        self.picture.draw(self.lines.by_day(local_day(now), day_picture::days_by_width()?))
    }

    /// What is in a tab behind others nobody has seen.
    fn tell_what_was_seen(&self) {
        if document().is_ok_and(|document| document.hidden()) {
            return;
        }
        let newest = self.lines.newest();
        let told = self.told_until.replace(newest);
        let requests: [fn(UnixMillis) -> PageRequest; 2] =
            [|until| PageRequest::ReadLog { until }, |until| PageRequest::ReadPrivateLog { until }];
        for ((request, until), told) in requests.into_iter().zip(newest).zip(told) {
            if until > told {
                spawn(async move {
                    // Where this fails they are new once more.
                    let _ = messages::ask(&request(until)).await;
                    Ok(())
                });
            }
        }
    }
}

/// Milliseconds between two drawings while the log is read.
const REDRAWING_MS: f64 = 250.0;
/// Milliseconds between two readings of what is new.
const BREAK_MS: i32 = 250;
