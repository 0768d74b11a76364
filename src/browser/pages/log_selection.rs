//! Which lines of the log are selected, and the bar that says what is saved. Only what is found can be.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::rc::Rc;

use web_sys::{HtmlButtonElement, HtmlElement, HtmlInputElement};

use super::log_line::Frame;
use super::log_lines::Found;
use super::messages;
use super::ui::live_region::announce;
use crate::browser::dom::{JsResult, around, by_id, id, listen, listen_at, show};
use crate::browser::part::{Part, part, part_around, say_in};
use crate::log::Line;
use crate::report::log_file::Extent;
use crate::view::log::{self as words, Reading};
use crate::view::text::Text;

pub(super) struct LogSelection {
    all: HtmlInputElement,
    found: RefCell<Vec<Rc<Line>>>,
    /// What is found where nothing is selected: all of the log, or a part of it.
    extent: Cell<Extent>,
    names: RefCell<HashSet<String>>,
}

impl LogSelection {
    pub(super) fn new() -> JsResult<Rc<Self>> {
        Ok(Rc::new(Self {
            all: by_id(id!("select-all"))?,
            found: RefCell::default(),
            extent: Cell::new(Extent::All),
            names: RefCell::default(),
        }))
    }

    /// Calls this once all or none of them are selected, so that they are drawn so.
    pub(super) fn listen(self: &Rc<Self>, changed: impl Fn() -> JsResult + 'static) -> JsResult {
        let this = Rc::clone(self);
        listen(&self.all, "change", move |_| {
            let names = if this.all.checked() { names(&this.found.borrow()) } else { HashSet::new() };
            this.names.replace(names);
            changed()?;
            announce(&this.said())
        })?;
        let this = Rc::clone(self);
        listen_at(id!("log"), "change", move |event| {
            let name = part_around(&event, part!("log-line")).and_then(|line| line.root().dataset().get("entry"));
            if let (Some(name), Some(checkbox)) = (name, around::<HtmlInputElement>(&event, "input")) {
                let mut names = this.names.borrow_mut();
                if checkbox.checked() {
                    names.insert(name)
                } else {
                    names.remove(&name)
                };
            }
            this.say()?;
            announce(&this.said())
        })
    }

    /// Keeps what is found, of so many lines.
    pub(super) fn keep(&self, found: &[Found], total: usize, reading: Reading) -> JsResult {
        self.extent.set(if found.len() < total { Extent::Found } else { Extent::All });
        self.found.replace(found.iter().map(|found| Rc::clone(&found.line)).collect());
        if !self.names.borrow().is_empty() {
            let found = names(&self.found.borrow());
            self.names.borrow_mut().retain(|name| found.contains(name));
            if self.names.borrow().is_empty() {
                // Without a selection all of them would be saved.
                announce(&self.said())?;
            }
        }
        // Of a private window nothing is written to a file.
        show(id!("save-log"), !messages::is_private() && !found.is_empty())?;
        // A part of the log must not be taken for all of it.
        for button in [id!("save-json-lines"), id!("save-reports")] {
            by_id::<HtmlButtonElement>(button)?.set_disabled(reading == Reading::UnderWay);
        }
        self.say()
    }

    /// Whether a line is among those that are selected, or nothing is.
    pub(super) fn has(&self, line: &Line) -> bool {
        let names = self.names.borrow();
        names.is_empty() || names.contains(&line.name())
    }

    pub(super) fn extent(&self) -> Extent {
        if self.names.borrow().is_empty() { self.extent.get() } else { Extent::Selected }
    }

    fn say(&self) -> JsResult {
        let (selected, found) = (self.names.borrow().len(), self.found.borrow().len());
        self.all.set_checked(selected > 0 && selected == found);
        self.all.set_indeterminate(selected > 0 && selected < found);
        say_in(id!("save-about"), &self.said())
    }

    fn said(&self) -> Text {
        let found = self.found.borrow();
        words::saves(self.extent(), found.iter().filter(|line| !line.is_private() && self.has(line)).count())
    }
}

impl Frame for LogSelection {
    fn around(&self, line: &Line, element: &HtmlElement) -> JsResult<HtmlElement> {
        let frame = Part::copy(id!("log-line-template"))?;
        frame.root().dataset().set("entry", &line.name())?;
        frame.root().append_child(element)?;
        Ok(frame.root().clone())
    }

    fn update(&self, line: &Line, frame: &Part) -> JsResult {
        // The browser takes long to write a time, and each line is updated each time that the list is shown.
        let (data, time) = (frame.root().dataset(), line.time().as_millis().to_string());
        if data.get("time").as_ref() != Some(&time) {
            frame.label(part!("selected"), &words::select(line))?;
            data.set("time", &time)?;
        }
        frame.get::<HtmlInputElement>(part!("selected"))?.set_checked(self.names.borrow().contains(&line.name()));
        Ok(())
    }
}

fn names(lines: &[Rc<Line>]) -> HashSet<String> {
    lines.iter().map(|line| line.name()).collect()
}
