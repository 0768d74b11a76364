//! A line of the log, in the popup and on the log page.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlDetailsElement, HtmlElement};

use super::explainer::Explainer;
use super::log_entry;
use super::log_reader::LogReader;
use super::ui::list::{Item, List};
use crate::browser::dom::{JsResult, id, report};
use crate::browser::part::{Part, part, part_around};
use crate::browser::words::say;
use crate::log::{Entry, Line};
use crate::time::UnixMillis;
use crate::view::date::ago;
use crate::view::violation as words;

/// A line of the log as it is shown.
pub(super) struct ShownLine {
    pub(super) line: Rc<Line>,
    pub(super) is_unread: bool,
    /// When it is shown.
    pub(super) now: UnixMillis,
    /// What stands around it, where something does.
    pub(super) frame: Option<Rc<dyn Frame>>,
}

/// What a page puts around each line.
pub(super) trait Frame {
    /// Puts it around the element of a line.
    fn around(&self, line: &Line, element: &HtmlElement) -> JsResult<HtmlElement>;
    /// Puts in what may be another each time that the line is shown.
    fn update(&self, line: &Line, frame: &Part) -> JsResult;
}

/// Draws the body of an entry that is opened for the first time. The entry and its body, where that was so.
pub(super) async fn fill(
    event: &Event,
    list: &List<ShownLine>,
    log: &LogReader,
    explainer: &Rc<Explainer>,
) -> JsResult<Option<(Entry, Part)>> {
    let Some(violation) = part_around(event, part!("violation")) else {
        return Ok(None);
    };
    let body: Element = violation.get(part!("body"))?;
    let is_open = violation.root().dyn_ref::<HtmlDetailsElement>().is_some_and(HtmlDetailsElement::open);
    if !is_open || body.has_child_nodes() {
        return Ok(None);
    }
    let name = violation.root().dataset().get("entry");
    let entry = list.find(|shown| match shown.line.as_ref() {
        Line::Violation(entry) if Some(shown.line.name()) == name => Some((**entry).clone()),
        Line::Violation(_) | Line::Pause(_) => None,
    });
    let Some(entry) = entry else {
        return Ok(None);
    };
    // Without them the pins can still be shown, and what the rule says of each.
    let certificates = match &entry.violation.chain_digest {
        Some(digest) => log.chain(digest).await.unwrap_or_default(),
        None => Vec::new(),
    };
    // The rest of the entry is there without it.
    let explanation = explainer.explain(&entry, &certificates).await.inspect_err(report).ok().flatten();
    if body.has_child_nodes() {
        return Ok(None);
    }
    log_entry::draw(&entry, &certificates, explanation.as_ref(), &body)?;
    Ok(Some((entry, Part::of(&body))))
}

impl Item for ShownLine {
    /// What makes a line what it is never changes: its element stays, opened or not.
    type Version = ();

    fn key(&self) -> String {
        self.line.name()
    }

    fn version(&self) {}

    fn draw(&self) -> JsResult<HtmlElement> {
        let element = draw_line(&self.line)?;
        self.frame.as_ref().map_or(Ok(element.clone()), |frame| frame.around(&self.line, &element))
    }

    fn update(&self, element: &Element) -> JsResult {
        update_line(self, element)
    }
}

fn draw_line(line: &Line) -> JsResult<HtmlElement> {
    let element = match line {
        Line::Violation(entry) => draw_violation(entry)?,
        Line::Pause(pause) => {
            let element = Part::copy(id!("pause-template"))?;
            element.say(part!("pause"), &words::pause(pause.pause))?;
            element
        }
    };
    element.root().dataset().set("entry", &line.name())?;
    Ok(element.root().clone())
}

fn draw_violation(entry: &Entry) -> JsResult<Part> {
    let violation = &entry.violation;
    let element = Part::copy(id!("violation-template"))?;
    let data = element.root().dataset();
    data.set("outcome", &stable_name(violation.outcome))?;
    data.set("reason", &stable_name(violation.reason))?;
    element.tag(part!("outcome"), &words::outcome(violation))?;
    element.show(part!("private"), entry.is_private())?;
    element.say(part!("host"), &words::host(violation))?;
    element.say(part!("reason"), &words::reason(violation))?;
    Ok(element)
}

/// What one more socket changes, and what time does.
fn update_line(shown: &ShownLine, element: &Element) -> JsResult {
    let element = Part::of(element);
    let (line, now) = (shown.line.as_ref(), shown.now);
    if let Some(frame) = &shown.frame {
        frame.update(line, &element)?;
    }
    let time: Element = element.get(part!("time"))?;
    time.set_attribute("datetime", &line.time().to_rfc3339().unwrap_or_default())?;
    time.set_attribute("title", &say(&words::at(line.time())))?;
    time.set_text_content(Some(&say(&ago(line.time(), now))));
    let Line::Violation(entry) = line else {
        return Ok(());
    };
    element.show(part!("new"), shown.is_unread)?;
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
