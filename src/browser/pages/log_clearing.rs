//! What deletes entries: all of them, or those of a host. Each is asked first.

use std::cell::RefCell;
use std::rc::Rc;

use web_sys::{Element, HtmlElement};

use super::confirmation::Confirmation;
use super::log_reader::LogReader;
use super::messages;
use super::ui::live_region::announce;
use crate::browser::dom::{JsResult, document, focus, id, listen, listen_at, spawn};
use crate::browser::part::{Part, part, part_around, say_in};
use crate::log::Entry;
use crate::message::PageRequest;
use crate::view::text::Text;
use crate::view::{log, violation};

pub(super) struct LogClearing {
    all: Confirmation,
    of_host: Confirmation,
    /// The host that is asked about.
    host: RefCell<String>,
    reader: Rc<LogReader>,
}

impl LogClearing {
    pub(super) fn new(reader: Rc<LogReader>) -> JsResult<Rc<Self>> {
        let clearing = Rc::new(Self {
            all: Confirmation::new(id!("clear-dialog"))?,
            of_host: Confirmation::new(id!("clear-host-dialog"))?,
            host: RefCell::default(),
            reader,
        });
        let this = Rc::clone(&clearing);
        listen_at(id!("clear-log"), "click", move |_| this.all.open())?;
        let this = Rc::clone(&clearing);
        listen(&clearing.all.confirm, "click", move |_| {
            let this = Rc::clone(&this);
            spawn(async move { conclude(&this.all, PageRequest::ClearLog, &violation::cleared()).await });
            Ok(())
        })?;
        let this = Rc::clone(&clearing);
        listen_at(id!("log"), "click", move |event| {
            let Some(button) = part_around(&event, part!("clear-host")) else {
                return Ok(());
            };
            let host = button.root().dataset().get("host").unwrap_or_default();
            let this = Rc::clone(&this);
            spawn(async move { this.ask_about(host).await });
            Ok(())
        })?;
        let this = Rc::clone(&clearing);
        listen(&clearing.of_host.confirm, "click", move |_| {
            let this = Rc::clone(&this);
            spawn(async move {
                let host = this.host.borrow().clone();
                conclude(&this.of_host, PageRequest::ClearLogOf { host }, &log::host_cleared()).await
            });
            Ok(())
        })?;
        Ok(clearing)
    }

    /// Offers to delete the entries of an entry's host, below all else that is in its body.
    pub(super) fn offer(entry: &Entry, body: &Part) -> JsResult {
        let actions = Part::copy(id!("entry-actions-template"))?;
        let host = &entry.violation.host;
        actions.get::<HtmlElement>(part!("clear-host"))?.dataset().set("host", host)?;
        actions.say(part!("clear-host"), &log::clear_host(host))?;
        body.append(&actions)
    }

    async fn ask_about(&self, host: String) -> JsResult {
        // The question can be put without their number.
        let entries = self.reader.number_of_host(&host).await.unwrap_or_default();
        say_in(id!("clear-host-title"), &log::clear_host_title(&host))?;
        say_in(id!("clear-host-text"), &log::clear_host_text(entries))?;
        self.host.replace(host);
        self.of_host.open()
    }
}

/// What has the focus may go with the entries; whoever has closed the question in the meantime may be somewhere else.
async fn conclude(confirmation: &Confirmation, request: PageRequest, done: &Text) -> JsResult {
    let answer = messages::ask(&request).await;
    let goes =
        |focused: Element| focused.tag_name() == "BODY" || focused.closest("dialog, #log, #clear-log") != Ok(None);
    let is_lost = document()?.active_element().is_none_or(goes);
    if !confirmation.conclude(&answer) {
        return Ok(());
    }
    announce(done)?;
    if is_lost { focus(id!("log-heading")) } else { Ok(()) }
}
