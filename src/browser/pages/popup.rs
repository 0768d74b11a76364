//! `popup.html`: the log, newest first.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{Element, Event, EventTarget, HtmlDetailsElement, HtmlElement};

use super::confirmation::Confirmation;
use super::explainer::Explainer;
use super::log_reader::LogReader;
use super::masthead::{Masthead, Unread};
use super::ui::list::{Item, List};
use super::ui::live_region::announce;
use super::{log_entry, messages};
use crate::browser::clock::now;
use crate::browser::dom::{JsResult, by_id, id, listen, listen_capturing, ready, report, show, spawn};
use crate::browser::part::{Part, part, part_around};
use crate::browser::words::say;
use crate::log::{Entry, Line};
use crate::message::{Announcement, PageRequest};
use crate::time::UnixMillis;
use crate::view::date::ago;
use crate::view::{status::Remedy, violation as words};
use crate::violation::Violation;

/// Entries shown; the log itself may hold more.
const SHOWN_ENTRIES: usize = 100;

struct Popup {
    masthead: Rc<Masthead>,
    clearing: Confirmation,
    lines: Rc<List<Shown>>,
    log: LogReader,
    explainer: Rc<Explainer>,
    /// How often the log has been read, and the last time of which it was drawn.
    readings: Cell<u64>,
    drawn: Cell<u64>,
}

pub(super) async fn start() -> JsResult {
    let popup = Rc::new(Popup {
        masthead: Masthead::new(Remedy::OpenRules, || {
            open_options();
            Ok(())
        })?,
        clearing: Confirmation::new(id!("clear-dialog"))?,
        lines: List::new(by_id(id!("log"))?)?,
        log: LogReader::new(),
        explainer: Explainer::new(&by_id(id!("log"))?)?,
        readings: Cell::new(0),
        drawn: Cell::new(0),
    });
    popup.listen()?;
    popup.refresh().await?;
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
            spawn(async move { this.fill(&event).await });
            Ok(())
        })?;

        let (this, explainer) = (Rc::clone(self), Rc::clone(&self.explainer));
        // Whether the last entry could be written is told with the status, so either announcement is about both.
        messages::listen(move |announcement| match announcement {
            Announcement::LogChanged | Announcement::RulesChanged | Announcement::StatusChanged => {
                let this = Rc::clone(&this);
                spawn(async move { this.refresh().await });
                if announcement == Announcement::RulesChanged {
                    let explainer = Rc::clone(&explainer);
                    spawn(async move { explainer.refresh().await });
                }
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

    /// How things are comes first: it must not wait for a log that may be large or broken.
    async fn refresh(&self) -> JsResult {
        self.masthead.refresh(Unread::Nothing).await?;
        let reading = self.readings.get() + 1;
        self.readings.set(reading);
        let newest = self.log.newest(SHOWN_ENTRIES).await;
        if self.drawn.get() > reading {
            // What was read later is there already.
            return Ok(());
        }
        self.drawn.set(reading);
        match newest {
            Ok((lines, total)) => self.draw(lines, total),
            Err(error) => self.masthead.refresh(Unread::Log(&error)).await,
        }
    }

    fn draw(&self, lines: Vec<Line>, total: u64) -> JsResult {
        show(id!("no-violations"), lines.is_empty())?;
        show(id!("clear-log"), !lines.is_empty())?;
        let more: HtmlElement = by_id(id!("log-more"))?;
        more.set_hidden(usize::try_from(total).is_ok_and(|total| total <= lines.len()));
        more.set_text_content(Some(&say(&words::shown_of(lines.len(), total))));
        let now = now().unwrap_or(UnixMillis::new(0));
        self.lines.show(lines.into_iter().map(|line| Shown { line, now }).collect())
    }

    /// An entry gets its body when it is opened for the first time.
    async fn fill(&self, event: &Event) -> JsResult {
        let Some(violation) = part_around(event, part!("violation")) else {
            return Ok(());
        };
        let body: Element = violation.get(part!("body"))?;
        let is_open = violation.root().dyn_ref::<HtmlDetailsElement>().is_some_and(HtmlDetailsElement::open);
        if !is_open || body.has_child_nodes() {
            return Ok(());
        }
        let Some(entry) = self.entry(violation.root().dataset().get("entry").as_deref()) else {
            return Ok(());
        };
        // Without them the pins can still be shown, and what the rule says of each.
        let certificates = match &entry.violation.chain_digest {
            Some(digest) => self.log.chain(digest).await.unwrap_or_default(),
            None => Vec::new(),
        };
        // The rest of the entry is there without it.
        let explained = self.explainer.explain(&entry, &certificates).await.inspect_err(report).ok().flatten();
        if body.has_child_nodes() {
            return Ok(());
        }
        log_entry::draw(&entry, &certificates, explained.as_ref(), &body)
    }

    fn entry(&self, name: Option<&str>) -> Option<Entry> {
        self.lines.find(|Shown { line, .. }| match line {
            Line::Violation(entry) if Some(line.name().as_str()) == name => Some((**entry).clone()),
            Line::Violation(_) | Line::Pause(_) => None,
        })
    }
}

/// A line of the log, and when it is shown.
struct Shown {
    line: Line,
    now: UnixMillis,
}

impl Item for Shown {
    /// What makes a line what it is never changes: its element stays, opened or not.
    type Version = ();

    fn key(&self) -> String {
        self.line.name()
    }

    fn version(&self) {}

    fn draw(&self) -> JsResult<HtmlElement> {
        draw_line(&self.line)
    }

    fn update(&self, element: &Element) -> JsResult {
        update_line(&self.line, element, self.now)
    }
}

fn draw_line(line: &Line) -> JsResult<HtmlElement> {
    let element = match line {
        Line::Violation(entry) => draw_violation(&entry.violation)?,
        Line::Pause(pause) => {
            let element = Part::copy(id!("pause-template"))?;
            element.say(part!("pause"), &words::pause(pause.pause))?;
            element
        }
    };
    element.root().dataset().set("entry", &line.name())?;
    Ok(element.root().clone())
}

fn draw_violation(violation: &Violation) -> JsResult<Part> {
    let element = Part::copy(id!("violation-template"))?;
    let data = element.root().dataset();
    data.set("outcome", &stable_name(violation.outcome))?;
    data.set("reason", &stable_name(violation.reason))?;
    element.tag(part!("outcome"), &words::outcome(violation))?;
    element.say(part!("host"), &words::host(violation))?;
    element.say(part!("reason"), &words::reason(violation))?;
    Ok(element)
}

/// What one more socket changes, and what time does.
fn update_line(line: &Line, element: &Element, now: UnixMillis) -> JsResult {
    let element = Part::of(element);
    let time: Element = element.get(part!("time"))?;
    time.set_attribute("datetime", &line.time().to_rfc3339().unwrap_or_default())?;
    time.set_attribute("title", &say(&words::at(line.time())))?;
    time.set_text_content(Some(&say(&ago(line.time(), now))));
    let Line::Violation(entry) = line else {
        return Ok(());
    };
    element.say(part!("page"), &words::pages(&entry.tally))?;
    let times = words::times(&entry.tally);
    element.show(part!("times"), times.is_some())?;
    element.text(part!("times-short"), &times.as_ref().map(say).unwrap_or_default())?;
    let when = say(&words::when(&entry.tally));
    element.text(part!("times-in-words"), &when)?;
    // In the body, where that is filled already.
    for shown in element.all(part!("when"))? {
        shown.root().set_text_content(Some(&when));
    }
    Ok(())
}

/// The name under which it is stored.
fn stable_name(value: impl serde::Serialize) -> String {
    let value = crate::browser::convert::to_js(&value).ok();
    value.and_then(|value| value.as_string()).unwrap_or_default()
}
