//! How long entries are kept. A shorter age that would delete any is asked first.

use std::cell::Cell;
use std::rc::Rc;

use web_sys::HtmlSelectElement;

use super::confirmation::Confirmation;
use super::log_reader::LogReader;
use super::messages;
use super::ui::live_region::announce;
use crate::browser::convert::{property, read_js};
use crate::browser::dom::{JsResult, by_id, id, listen, spawn};
use crate::browser::part::say_in;
use crate::browser::{api, clock};
use crate::log::Retention;
use crate::message::PageRequest;
use crate::view::log as words;

pub(super) struct LogRetention {
    /// Nobody chooses before it is known what is stored.
    choice: HtmlSelectElement,
    shortening: Confirmation,
    stored: Cell<Retention>,
    reader: Rc<LogReader>,
}

impl LogRetention {
    pub(super) async fn start(reader: Rc<LogReader>) -> JsResult {
        let kept = api::storage_get(Retention::KEY).await.unwrap_or_default();
        let stored = Retention::stored(read_js(&property(&kept, Retention::KEY)).ok());
        let retention = Rc::new(Self {
            choice: by_id(id!("keep"))?,
            shortening: Confirmation::new(id!("shorten-dialog"))?,
            stored: Cell::new(stored),
            reader,
        });
        retention.show();
        let this = Rc::clone(&retention);
        listen(&retention.choice, "change", move |_| {
            let this = Rc::clone(&this);
            spawn(async move { this.choose().await });
            Ok(())
        })?;
        let this = Rc::clone(&retention);
        listen(&retention.shortening.confirm, "click", move |_| {
            let this = Rc::clone(&this);
            spawn(async move { this.store().await });
            Ok(())
        })?;
        // However the dialog is closed: what is stored is what is chosen.
        let this = Rc::clone(&retention);
        listen(&retention.shortening.dialog, "close", move |_| {
            this.show();
            Ok(())
        })?;
        retention.choice.set_disabled(false);
        Ok(())
    }

    fn show(&self) {
        self.choice.set_value(&self.stored.get().days().to_string());
    }

    fn chosen(&self) -> Retention {
        let chosen = self.choice.value().parse().ok().and_then(Retention::of_days);
        chosen.unwrap_or_else(|| self.stored.get())
    }

    async fn choose(&self) -> JsResult {
        let chosen = self.chosen();
        let begin = clock::now().ok().and_then(|now| chosen.begin(now));
        let older = match begin {
            // Where it is not known whether there are any, it is asked as if there were.
            Some(begin) => self.reader.number_from_before(begin).await.ok(),
            None => Some(0),
        };
        if older == Some(0) {
            return self.store().await;
        }
        say_in(id!("shorten-text"), &words::shorten_text(older.unwrap_or_default(), chosen.days()))?;
        self.shortening.open()
    }

    async fn store(&self) -> JsResult {
        let chosen = self.chosen();
        let answer = messages::ask(&PageRequest::KeepLog { days: chosen.days() }).await;
        if answer.is_ok() {
            self.stored.set(chosen);
            announce(&words::kept())?;
        } else if !self.shortening.dialog.open() {
            // What went wrong is said where it is asked.
            self.shortening.open()?;
        }
        self.shortening.conclude(&answer);
        Ok(())
    }
}
