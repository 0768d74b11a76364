//! `popup.html`: the sockets of the current tab, and the newest of the log. All of it is on a page of its own.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{EventTarget, HtmlDetailsElement, HtmlElement};

use super::confirmation::Confirmation;
use super::explainer::Explainer;
use super::log_line::{self, ShownLine};
use super::log_reader::{LogReader, Overview};
use super::masthead::{Masthead, Unread};
use super::messages;
use super::tab_section::{Explanations, TabSection};
use super::ui::list::List;
use super::ui::live_region::announce;
use crate::browser::clock::now;
use crate::browser::dom::{JsResult, by_id, id, listen, listen_capturing, ready, show, spawn, window};
use crate::browser::part::say_if_any;
use crate::browser::promise;
use crate::browser::words::say;
use crate::error::Error;
use crate::log::{Line, ReadUntil, is_unread};
use crate::message::{Announcement, PageRequest};
use crate::tab_sockets::{SocketPlace, SocketState};
use crate::time::UnixMillis;
use crate::view::{log::private_dropped, status::Remedy, violation as words};
use crate::violation::Violation;

/// Entries shown; the log itself may hold more.
const SHOWN_ENTRIES: usize = 20;

struct Popup {
    masthead: Rc<Masthead>,
    clearing: Confirmation,
    lines: Rc<List<ShownLine>>,
    tab: Rc<TabSection>,
    log: Rc<LogReader>,
    explainer: Rc<Explainer>,
    /// How often the log has been read, and the last time of which it was drawn.
    readings: Cell<u64>,
    drawn: Cell<u64>,
}

pub(super) async fn start() -> JsResult {
    let lines = List::new(by_id(id!("log"))?)?;
    let popup = Rc::new(Popup {
        masthead: Masthead::new(Remedy::OpenRules, || {
            open_options();
            Ok(())
        })?,
        clearing: Confirmation::new(id!("clear-dialog"))?,
        tab: TabSection::new(Entries(Rc::clone(&lines)))?,
        lines,
        log: Rc::new(LogReader::new()),
        explainer: Explainer::new(&by_id(id!("log"))?)?,
        readings: Cell::new(0),
        drawn: Cell::new(0),
    });
    popup.listen()?;
    // The background may have to be woken for the rest.
    popup.tab.start().await?;
    popup.refresh().await?;
    popup.open_entry_of_address()?;
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
            spawn(async move { log_line::fill(&event, &this.lines, &this.log, &this.explainer).await.map(drop) });
            Ok(())
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
    fn open_entry_of_address(&self) -> JsResult {
        let hash = window()?.location().hash()?;
        let Ok(host) = js_sys::decode_uri_component(hash.trim_start_matches('#')) else {
            return Ok(());
        };
        let host = String::from(host);
        let is_of_host = |violation: &Violation| {
            let port = violation.port.map(|port| format!(":{port}")).unwrap_or_default();
            format!("{}{port}", violation.host) == host
        };
        let name = self.lines.find(|shown| match &*shown.line {
            // Nobody is notified of a private window.
            Line::Violation(entry) => (!entry.is_private() && is_of_host(&entry.violation)).then(|| shown.line.name()),
            Line::Pause(_) => None,
        });
        name.map_or(Ok(()), |name| open_entry(&self.lines, &name))
    }

    /// How things are and the log are asked for at once: neither must wait for the other, which may be slow or broken.
    async fn refresh(&self) -> JsResult {
        let masthead = Rc::clone(&self.masthead);
        let told = promise::of(async move { masthead.refresh(Unread::Nothing).await.map(|()| JsValue::UNDEFINED) });
        let read = self.read_log().await;
        JsFuture::from(told).await?;
        match read? {
            Ok(()) => Ok(()),
            Err(error) => self.masthead.refresh(Unread::Log(&error)).await,
        }
    }

    async fn read_log(&self) -> JsResult<Result<(), Error>> {
        let reading = self.readings.get() + 1;
        self.readings.set(reading);
        let newest = self.log.newest(SHOWN_ENTRIES).await;
        if self.drawn.get() > reading {
            // What was read later is there already.
            return Ok(Ok(()));
        }
        self.drawn.set(reading);
        match newest {
            Ok((lines, total, overview)) => self.draw(lines, total, overview).map(Ok),
            Err(error) => Ok(Err(error)),
        }
    }

    fn draw(&self, lines: Vec<Line>, total: u64, Overview { dropped, read_until, .. }: Overview) -> JsResult {
        show(id!("no-violations"), lines.is_empty())?;
        // What is not shown here is not deleted from here.
        let is_whole = !messages::is_private();
        show(id!("log-private-only"), !is_whole)?;
        say_if_any(id!("log-private-dropped"), dropped.private.map(private_dropped).as_ref())?;
        show(id!("clear-log"), is_whole && !lines.is_empty())?;
        let more: HtmlElement = by_id(id!("log-more"))?;
        more.set_hidden(usize::try_from(total).is_ok_and(|total| total <= lines.len()));
        more.set_text_content(Some(&say(&words::shown_of(lines.len(), total))));
        let now = now().unwrap_or(UnixMillis::new(0));
        let shown =
            |line: Line| ShownLine { is_unread: is_unread(&line, read_until), line: Rc::new(line), now, frame: None };
        self.lines.show(lines.into_iter().map(shown).collect())?;
        self.tab.draw()
    }
}

/// The entries that are shown, for the sockets of the tab.
struct Entries(Rc<List<ShownLine>>);

impl Entries {
    /// The newest entry of such a socket, of a private window or not.
    fn of(&self, place: &SocketPlace, is_private: bool) -> Option<String> {
        self.0.find(|shown| {
            let Line::Violation(entry) = &*shown.line else { return None };
            let Violation { host, port, .. } = &entry.violation;
            let is_it =
                *host == place.host && *port == Some(place.port) && SocketState::of(&entry.violation) == place.state;
            (is_it && entry.is_private() == is_private).then(|| shown.line.name())
        })
    }
}

impl Explanations for Entries {
    fn has(&self, place: &SocketPlace, is_private: bool) -> bool {
        self.of(place, is_private).is_some()
    }

    fn open(&self, place: &SocketPlace, is_private: bool) -> JsResult {
        self.of(place, is_private).map_or(Ok(()), |name| open_entry(&self.0, &name))
    }
}

/// Opens an entry and goes there.
fn open_entry(lines: &Rc<List<ShownLine>>, name: &str) -> JsResult {
    let Some(entry) = lines.reveal(name)?.and_then(|entry| entry.dyn_into::<HtmlDetailsElement>().ok()) else {
        return Ok(());
    };
    entry.set_open(true);
    entry.scroll_into_view();
    match entry.first_element_child() {
        Some(summary) => summary.unchecked_into::<HtmlElement>().focus(),
        None => Ok(()),
    }
}
