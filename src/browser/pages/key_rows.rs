//! A list of keys in the form: rows of pin and label.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{ClipboardEvent, Element, Event, EventInit, EventTarget, HtmlElement, HtmlInputElement};

use super::dom::{Fallible, all, append, around, by_id, find, from_template, listen, set_notices};
use crate::formats::{pem::Inspected, pin_list};
use crate::pin::Pin;
use crate::rule::PinDocument;
use crate::view::form::{pasted_pem, taken_notice};
use crate::view::notice::{Kind, Notice};
use crate::view::{certificate::suggested_label, error::sentence};

/// One of the two lists, `pins` or `denied`.
pub(super) struct KeyRows {
    list: Element,
    /// Makes the ids by which screen readers find a row's message.
    count: Cell<u32>,
}

/// A key to be put into a row.
pub(super) struct Key {
    pub(super) pin: Pin,
    pub(super) label: String,
}

impl KeyRows {
    pub(super) fn new(list: &str, add_button: &str) -> Fallible<Rc<Self>> {
        let rows = Rc::new(Self { list: by_id(list)?, count: Cell::new(0) });

        let this = Rc::clone(&rows);
        listen(&by_id::<EventTarget>(add_button)?, "click", move |_| {
            let row = this.add(&PinDocument::default())?;
            find::<HtmlInputElement>(&row, ".pin-value")?.focus()?;
            this.changed()
        })?;

        let this = Rc::clone(&rows);
        let button = add_button.to_owned();
        listen(&rows.list, "click", move |event| {
            let Some(row) =
                around::<Element>(&event, ".pin-remove").and_then(|_| around::<Element>(&event, ".pin-row"))
            else {
                return Ok(());
            };
            remove(&row, &button)?;
            this.changed()
        })?;

        // The form reads the fields once this has run: its own listener is further out.
        let this = Rc::clone(&rows);
        listen(&rows.list, "input", move |event| this.unfold_pem(&event))?;

        let this = Rc::clone(&rows);
        listen(&rows.list, "paste", move |event| if this.unfold_list(&event)? { this.changed() } else { Ok(()) })?;
        Ok(rows)
    }

    /// Rows came, went or were filled by other means than typing: the form hears of it as it hears of typing.
    fn changed(&self) -> Fallible {
        let options = EventInit::new();
        options.set_bubbles(true);
        self.list.dispatch_event(&Event::new_with_event_init_dict("input", &options)?).map(|_| ())
    }

    /// Shows these keys and no others.
    pub(super) fn fill(&self, keys: &[PinDocument]) -> Fallible {
        self.list.set_text_content(None);
        for key in keys {
            self.add(&PinDocument { sha256: with_prefix(&key.sha256), label: key.label.clone() })?;
        }
        Ok(())
    }

    /// Appends a row.
    pub(super) fn add(&self, key: &PinDocument) -> Fallible<Element> {
        let row = from_template("pin-row-template")?;
        let number = self.count.replace(self.count.get().wrapping_add(1));
        let message_id = format!("{}-message-{number}", self.list.id());
        find::<Element>(&row, ".row-message")?.set_id(&message_id);
        let pin: HtmlInputElement = find(&row, ".pin-value")?;
        pin.set_attribute("aria-describedby", &message_id)?;
        pin.set_value(&key.sha256);
        find::<HtmlInputElement>(&row, ".pin-label")?.set_value(&key.label);
        append(&self.list, &row)?;
        Ok(row)
    }

    /// What is in the fields, empty rows included.
    pub(super) fn read(&self) -> Fallible<Vec<PinDocument>> {
        let read = |row: Element| {
            Ok(PinDocument {
                sha256: find::<HtmlInputElement>(&row, ".pin-value")?.value(),
                label: find::<HtmlInputElement>(&row, ".pin-label")?.value(),
            })
        };
        self.rows()?.into_iter().map(read).collect()
    }

    /// Says at each row what is to be said there; `of` gives the notices of a row.
    pub(super) fn say(&self, of: impl Fn(usize) -> Vec<Notice>) -> Fallible {
        for (index, row) in self.rows()?.iter().enumerate() {
            let notices = of(index);
            let invalid = notices.iter().any(|notice| notice.kind == Kind::Error);
            let pin: HtmlInputElement = find(row, ".pin-value")?;
            pin.set_attribute("aria-invalid", if invalid { "true" } else { "false" })?;
            set_notices(&find(row, ".row-message")?, &notices)?;
        }
        Ok(())
    }

    /// Puts keys into empty rows, then into new ones, and says what was done. Keys that are there already are left out.
    pub(super) fn take(&self, keys: Vec<Key>, source: &str) -> Fallible<Notice> {
        let mut known: Vec<Pin> = self.read()?.iter().filter_map(|row| Pin::parse(&row.sha256).ok()).collect();
        let mut added = 0_usize;
        let offered = keys.len();
        for key in keys {
            if known.contains(&key.pin) {
                continue;
            }
            known.push(key.pin);
            added = added.saturating_add(1);
            let row = match self.first_empty()? {
                Some(row) => row,
                None => self.add(&PinDocument::default())?,
            };
            find::<HtmlInputElement>(&row, ".pin-value")?.set_value(&key.pin.to_string());
            let label: HtmlInputElement = find(&row, ".pin-label")?;
            if label.value().trim().is_empty() {
                label.set_value(&key.label);
            }
        }
        Ok(taken_notice(source, added, offered.saturating_sub(added)))
    }

    fn rows(&self) -> Fallible<Vec<Element>> {
        all(&self.list, ".pin-row")
    }

    fn first_empty(&self) -> Fallible<Option<Element>> {
        for row in self.rows()? {
            if find::<HtmlInputElement>(&row, ".pin-value")?.value().trim().is_empty() {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    /// PEM text in a pin's field becomes the pins of its keys.
    fn unfold_pem(&self, event: &Event) -> Fallible {
        let Some(pin) = around::<HtmlInputElement>(event, ".pin-value") else {
            return Ok(());
        };
        if let Some(Ok(keys)) = pasted_pem(&pin.value()) {
            pin.set_value("");
            self.take(keys.iter().map(|key| Key::from_inspected(key, None)).collect(), "the pasted text")?;
        }
        Ok(())
    }

    /// Several pins pasted at once become a row each. A single-line field would run their lines together.
    fn unfold_list(&self, event: &Event) -> Fallible<bool> {
        let data = event.dyn_ref::<ClipboardEvent>().and_then(ClipboardEvent::clipboard_data);
        let text = data.map(|data| data.get_data("text")).transpose()?.unwrap_or_default();
        let listed = pin_list::parse(&text);
        let keys: Vec<_> =
            listed.into_iter().filter_map(|key| Some(Key { pin: key.pin.ok()?, label: key.label })).collect();
        if keys.len() < 2 || around::<Element>(event, ".pin-value").is_none() {
            return Ok(false);
        }
        event.prevent_default();
        self.take(keys, "the pasted text")?;
        Ok(true)
    }
}

impl Key {
    /// With the best label that is known.
    pub(super) fn from_inspected(found: &Inspected, file: Option<&str>) -> Self {
        Self { pin: found.sha256, label: suggested_label(found, file) }
    }
}

/// The focus goes to the next row, or to the button that adds one.
fn remove(row: &Element, add_button: &str) -> Fallible {
    let neighbour = row.next_element_sibling().or_else(|| row.previous_element_sibling());
    row.remove();
    match neighbour {
        Some(neighbour) => find::<HtmlInputElement>(&neighbour, ".pin-value")?.focus(),
        None => by_id::<HtmlElement>(add_button)?.focus(),
    }
}

/// Files that hold no keys, each with its reason.
pub(super) fn refused(file: Option<&str>, error: &crate::error::Error) -> Notice {
    let text = match file {
        Some(file) => format!("{file}: {}", sentence(error)),
        None => sentence(error),
    };
    Notice::new(Kind::Error, error.code(), text)
}

fn with_prefix(stored: &str) -> String {
    Pin::parse(stored).map_or_else(|_| stored.to_owned(), |pin| pin.to_string())
}
