//! `popup.html`: the log, newest first.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{Element, Event, EventTarget, HtmlDetailsElement, HtmlElement};

use super::super::clock::now;
use super::confirmation::Confirmation;
use super::dom::{Fallible, announce, around, by_id, find, from_template, listen, listen_capturing, ready};
use super::dom::{set_badge, set_text, show, spawn};
use super::masthead::{Masthead, Unread};
use super::{background, entry};
use crate::log::LogEntry;
use crate::message::{Notice, Request, Response};
use crate::time::UnixMillis;
use crate::view::date::ago;
use crate::view::{status::Remedy, violation as words};
use crate::violation::Violation;

/// Entries shown; the log itself may hold more.
const SHOWN_ENTRIES: u32 = 100;

struct Popup {
    masthead: Rc<Masthead>,
    clearing: Confirmation,
    /// What is shown, for the entries that are still to be opened.
    entries: RefCell<Vec<LogEntry>>,
}

pub(super) async fn start() -> Fallible {
    let popup = Rc::new(Popup {
        masthead: Masthead::new(Remedy::OpenRules, || {
            open_options();
            Ok(())
        })?,
        clearing: Confirmation::new("clear")?,
        entries: RefCell::default(),
    });
    popup.listen()?;
    popup.refresh().await?;
    ready()
}

fn open_options() {
    spawn(background::open_options_page());
}

impl Popup {
    fn listen(self: &Rc<Self>) -> Fallible {
        listen(&by_id::<EventTarget>("open-options")?, "click", |_| {
            open_options();
            Ok(())
        })?;

        let this = Rc::clone(self);
        listen(&by_id::<EventTarget>("clear-log")?, "click", move |_| this.clearing.open())?;
        let this = Rc::clone(self);
        listen(&self.clearing.confirm, "click", move |_| {
            let this = Rc::clone(&this);
            spawn(async move { this.clear().await });
            Ok(())
        })?;

        // `toggle` does not bubble.
        let this = Rc::clone(self);
        listen_capturing(&by_id::<EventTarget>("log")?, "toggle", move |event| this.fill(&event))?;

        let this = Rc::clone(self);
        // Whether the last entry could be written is told with the status, so either notice is about both.
        background::listen(move |notice| match notice {
            Notice::LogChanged | Notice::RulesChanged | Notice::StatusChanged => {
                let this = Rc::clone(&this);
                spawn(async move { this.refresh().await });
            }
        });
        Ok(())
    }

    async fn clear(&self) -> Fallible {
        if !self.clearing.settle(&background::ask(&Request::ClearLog).await) {
            return Ok(());
        }
        announce(words::CLEARED)?;
        self.refresh().await
    }

    /// How things are comes first: it must not wait for a log that may be large or broken.
    async fn refresh(&self) -> Fallible {
        self.masthead.refresh(Unread::Nothing).await?;
        match background::ask(&Request::Log { limit: SHOWN_ENTRIES }).await {
            Ok(Response::Log { entries, total }) => {
                self.entries.replace(entries);
                self.draw(total)
            }
            Ok(other) => self.masthead.show_failure(&background::unexpected(&other)),
            Err(error) => self.masthead.refresh(Unread::Log(&error)).await,
        }
    }

    /// Entries that are there already stay as they are, opened or not.
    fn draw(&self, total: u32) -> Fallible {
        let entries = self.entries.borrow();
        let now = now().unwrap_or(UnixMillis::new(0));
        let log: Element = by_id("log")?;
        let names: Vec<_> = entries.iter().map(name).collect();
        for old in super::dom::all::<HtmlElement>(&log, "[data-entry]")? {
            if !old.dataset().get("entry").is_some_and(|name| names.contains(&name)) {
                old.remove();
            }
        }
        let mut place = log.first_element_child();
        for (entry, name) in entries.iter().zip(&names) {
            let element = match place {
                Some(element) if element.get_attribute("data-entry").as_ref() == Some(name) => {
                    place = element.next_element_sibling();
                    element
                }
                _ => {
                    let element = draw_entry(entry, name)?;
                    log.insert_before(&element, place.as_ref().map(AsRef::as_ref))?;
                    element
                }
            };
            set_text(&element, ".entry-time", &ago(entry.time(), now))?;
        }
        show("no-violations", entries.is_empty())?;
        show("clear-log", !entries.is_empty())?;
        let more: HtmlElement = by_id("log-more")?;
        more.set_hidden(usize::try_from(total).is_ok_and(|total| total <= entries.len()));
        more.set_text_content(Some(&words::shown_of(entries.len(), total)));
        Ok(())
    }

    /// An entry gets its body when it is opened for the first time.
    fn fill(&self, event: &Event) -> Fallible {
        let Some(details) = around::<HtmlDetailsElement>(event, "details.violation") else {
            return Ok(());
        };
        let body: Element = find(&details, ".violation-body")?;
        if !details.open() || body.has_child_nodes() {
            return Ok(());
        }
        let entries = self.entries.borrow();
        let opened = details.get_attribute("data-entry");
        match entries.iter().find(|entry| Some(name(entry)) == opened) {
            Some(LogEntry::Violation(violation)) => entry::draw(violation, &body),
            Some(LogEntry::Pause(_)) | None => Ok(()),
        }
    }
}

/// What an entry is called in the document.
fn name(entry: &LogEntry) -> String {
    entry.id().unwrap_or_default().to_string()
}

fn draw_entry(entry: &LogEntry, name: &str) -> Fallible<Element> {
    let element = match entry {
        LogEntry::Violation(violation) => draw_violation(violation)?,
        LogEntry::Pause(pause) => {
            let element: HtmlElement = from_template("pause-template")?.unchecked_into();
            set_text(&element, ".pause-text", words::pause(pause.pause))?;
            element
        }
    };
    element.dataset().set("entry", name)?;
    let time: Element = find(&element, ".entry-time")?;
    time.set_attribute("datetime", &entry.time().to_rfc3339().unwrap_or_default())?;
    time.set_attribute("title", &entry::local_time(entry.time()))?;
    Ok(element.into())
}

fn draw_violation(violation: &Violation) -> Fallible<HtmlElement> {
    let element: HtmlElement = from_template("violation-template")?.unchecked_into();
    let data = element.dataset();
    data.set("outcome", &stable_name(violation.outcome))?;
    data.set("reason", &stable_name(violation.reason))?;
    set_badge(&element, ".violation-outcome", &words::outcome(violation))?;
    set_text(&element, ".violation-host", &words::host(violation))?;
    set_text(&element, ".violation-page", &words::page(violation))?;
    set_text(&element, ".violation-reason", &words::reason(violation))?;
    Ok(element)
}

/// The name under which it is stored.
fn stable_name(value: impl serde::Serialize) -> String {
    let value = super::super::convert::to_js(&value).ok();
    value.and_then(|value| value.as_string()).unwrap_or_default()
}
