//! A list of keys in the form: rows of pin and label.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{ClipboardEvent, Element, Event, EventInit, HtmlElement, HtmlInputElement};

use super::seen_store::SeenStore;
use super::ui::notices::set_notices;
use crate::browser::dom::{JsResult, around, id, listen};
use crate::browser::part::{Part, part, part_around};
use crate::formats::{self, Reading};
use crate::pin::Pin;
use crate::rule::PinDocument;
use crate::view::certificate::short_name;
use crate::view::notice::{Notice, NoticeKind};
use crate::view::rule::full_pin;
use crate::view::seen::replaced;
use crate::view::source::{Source, Taken, left_out, rows, taken};

/// One of the two lists, of pins or of denied keys.
pub(super) struct KeyRows {
    list: Part,
    /// The button that adds a row.
    add: HtmlElement,
    /// Says what came of the last text that was pasted into the list.
    taken: Element,
    /// The certificates whose fingerprints people may enter for the pins of their keys.
    seen: Rc<SeenStore>,
    /// Makes the ids by which screen readers find a row's message.
    count: Cell<u32>,
}

impl KeyRows {
    /// `field` is all that belongs to the list.
    pub(super) fn new(field: &Part, seen: Rc<SeenStore>) -> JsResult<Rc<Self>> {
        let list = Part::of(&field.get(part!("rows"))?);
        let (add, taken) = (field.get(part!("add-row"))?, field.get(part!("taken"))?);
        let rows = Rc::new(Self { list, add, taken, seen, count: Cell::new(0) });

        let this = Rc::clone(&rows);
        listen(&rows.add, "click", move |_| {
            pin(&this.add(&PinDocument::default())?)?.focus()?;
            this.changed()
        })?;

        let this = Rc::clone(&rows);
        listen(rows.list.root(), "click", move |event| {
            let removed = part_around(&event, part!("remove")).and_then(|_| part_around(&event, part!("row")));
            let Some(row) = removed else {
                return Ok(());
            };
            this.remove(&row)?;
            this.changed()
        })?;

        // The form reads the fields once this has run: its own listener is further out.
        let this = Rc::clone(&rows);
        listen(rows.list.root(), "input", move |event| this.unfold_pem(&event))?;

        let this = Rc::clone(&rows);
        listen(
            rows.list.root(),
            "paste",
            move |event| if this.unfold_pasted(&event)? { this.changed() } else { Ok(()) },
        )?;
        Ok(rows)
    }

    /// Rows came, went or were filled by other means than typing: the form hears of it as it hears of typing.
    fn changed(&self) -> JsResult {
        let options = EventInit::new();
        options.set_bubbles(true);
        Ok(self.list.root().dispatch_event(&Event::new_with_event_init_dict("input", &options)?).map(drop)?)
    }

    /// Shows these keys and no others.
    pub(super) fn fill(&self, keys: &[PinDocument]) -> JsResult {
        self.taken.set_text_content(None);
        let row =
            |key: &PinDocument| self.row(&PinDocument { sha256: full_pin(&key.sha256), label: key.label.clone() });
        self.list.fill(keys.iter().map(row))
    }

    /// Appends a row.
    pub(super) fn add(&self, key: &PinDocument) -> JsResult<Part> {
        let row = self.row(key)?;
        self.list.append(&row)?;
        Ok(row)
    }

    fn row(&self, key: &PinDocument) -> JsResult<Part> {
        let row = Part::copy(id!("pin-row-template"))?;
        let number = self.count.replace(self.count.get().wrapping_add(1));
        let message_id = format!("{}-message-{number}", self.list.root().id());
        row.get::<Element>(part!("row-message"))?.set_id(&message_id);
        let pin = pin(&row)?;
        pin.set_attribute("aria-describedby", &message_id)?;
        pin.set_value(&key.sha256);
        label(&row)?.set_value(&key.label);
        Ok(row)
    }

    /// What is in the fields, empty rows included.
    pub(super) fn read(&self) -> JsResult<Vec<PinDocument>> {
        let read = |row: &Part| Ok(PinDocument { sha256: pin(row)?.value(), label: label(row)?.value() });
        self.rows()?.iter().map(read).collect()
    }

    /// Says at each row what is to be said there; `of` gives the notices of a row.
    pub(super) fn say(&self, of: impl Fn(usize) -> Vec<Notice>) -> JsResult {
        for (index, row) in self.rows()?.iter().enumerate() {
            let notices = of(index);
            let invalid = notices.iter().any(|notice| notice.kind == NoticeKind::Error);
            pin(row)?.set_attribute("aria-invalid", if invalid { "true" } else { "false" })?;
            set_notices(&row.get(part!("row-message"))?, &notices)?;
        }
        Ok(())
    }

    /// Puts keys into empty rows, then into new ones, and says what was done. Keys that are there already are left out.
    pub(super) fn take(&self, reading: &Reading, source: &Source) -> JsResult<Vec<Notice>> {
        let mut known: Vec<Pin> = self.read()?.iter().filter_map(|row| Pin::parse(&row.sha256).ok()).collect();
        let mut counts = Taken::default();
        for (key, row) in reading.keys.iter().zip(rows(&reading.keys, source)) {
            if known.contains(&key.sha256) {
                counts.known = counts.known.saturating_add(1);
                continue;
            }
            known.push(key.sha256);
            counts.added = counts.added.saturating_add(1);
            self.put(&row)?;
        }
        let mut notices = vec![taken(source, counts)];
        notices.extend(left_out(source, &reading.left_out));
        Ok(notices)
    }

    /// Into the first row that is empty, or a new one.
    fn put(&self, key: &PinDocument) -> JsResult {
        let row = match self.first_empty()? {
            Some(row) => row,
            None => self.add(&PinDocument::default())?,
        };
        pin(&row)?.set_value(&key.sha256);
        let label = label(&row)?;
        if label.value().trim().is_empty() {
            label.set_value(&key.label);
        }
        Ok(())
    }

    fn rows(&self) -> JsResult<Vec<Part>> {
        self.list.all(part!("row"))
    }

    /// The focus goes to the next row, or to the button that adds one.
    fn remove(&self, row: &Part) -> JsResult {
        let neighbour = row.root().next_element_sibling().or_else(|| row.root().previous_element_sibling());
        row.root().remove();
        match neighbour {
            Some(neighbour) => Ok(pin(&Part::of(&neighbour))?.focus()?),
            None => Ok(self.add.focus()?),
        }
    }

    fn first_empty(&self) -> JsResult<Option<Part>> {
        for row in self.rows()? {
            if pin(&row)?.value().trim().is_empty() {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    /// PEM text in a pin's field becomes the pins of its keys.
    fn unfold_pem(&self, event: &Event) -> JsResult {
        // The list's own events come by here as well, and change nothing that was said of a paste.
        let Some(field) = around::<HtmlInputElement>(event, "input") else {
            return Ok(());
        };
        let notices = match formats::typed_block(&field.value()) {
            _ if part_around(event, part!("pin")).is_none() => Vec::new(),
            Some(Ok(reading)) => {
                field.set_value("");
                self.take(&reading, &Source::Pasted)?
            }
            Some(Err(_)) | None => self.replace_fingerprint(&field, event)?,
        };
        set_notices(&self.taken, &notices)
    }

    /// The fingerprint of a whole certificate that was seen becomes the pin of its key, which alone can match.
    fn replace_fingerprint(&self, field: &HtmlInputElement, event: &Event) -> JsResult<Vec<Notice>> {
        let seen = self.seen.certificates();
        let Some(meant) = Pin::parse(&field.value()).ok().and_then(|entered| seen.meant_by(entered)) else {
            return Ok(Vec::new());
        };
        field.set_value(&meant.key.to_string());
        if let Some(row) = part_around(event, part!("row")) {
            let label = label(&row)?;
            if label.value().trim().is_empty() {
                label.set_value(&short_name(&meant.subject));
            }
        }
        Ok(vec![replaced(meant)])
    }

    /// A pasted text with several keys becomes a row each. A single-line field would run its lines together.
    fn unfold_pasted(&self, event: &Event) -> JsResult<bool> {
        let data = event.dyn_ref::<ClipboardEvent>().and_then(ClipboardEvent::clipboard_data);
        let text = data.map(|data| data.get_data("text")).transpose()?.unwrap_or_default();
        let Some(read) = formats::pasted(&text).filter(|_| part_around(event, part!("pin")).is_some()) else {
            return Ok(false);
        };
        event.prevent_default();
        let notices = match read {
            Ok(reading) => self.take(&reading, &Source::Pasted)?,
            Err(error) => vec![Notice::from(&error)],
        };
        set_notices(&self.taken, &notices)?;
        Ok(true)
    }
}

fn pin(row: &Part) -> JsResult<HtmlInputElement> {
    row.get(part!("pin"))
}

fn label(row: &Part) -> JsResult<HtmlInputElement> {
    row.get(part!("pin-label"))
}
