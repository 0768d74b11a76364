//! A dialog that asks before something is lost. What it says of a failure is about the last attempt only.

use web_sys::{Element, EventTarget, HtmlDialogElement};

use crate::browser::dom::{Id, JsResult, by_id, listen};
use crate::browser::part::{Part, part};
use crate::browser::words::say;
use crate::error::Error;
use crate::message::Response;
use crate::view::error::sentence;

pub(super) struct Confirmation {
    pub(super) dialog: HtmlDialogElement,
    /// The button that does it.
    pub(super) confirm: EventTarget,
    message: Element,
}

impl Confirmation {
    /// For the dialog with this id.
    pub(super) fn new(dialog: Id) -> JsResult<Self> {
        let dialog: HtmlDialogElement = by_id(dialog)?;
        let parts = Part::of(&dialog);
        let closed = dialog.clone();
        listen(&parts.get::<EventTarget>(part!("cancel"))?, "click", move |_| {
            closed.close();
            Ok(())
        })?;
        Ok(Self { dialog, confirm: parts.get(part!("confirm"))?, message: parts.get(part!("message"))? })
    }

    pub(super) fn open(&self) -> JsResult {
        self.message.set_text_content(None);
        Ok(self.dialog.show_modal()?)
    }

    /// Closes the dialog if the request was carried out, else says why it was not. Returns whether it was.
    pub(super) fn conclude(&self, answer: &Result<Response, Error>) -> bool {
        let failure = answer.as_ref().err().map(|error| say(&sentence(error)));
        self.message.set_text_content(failure.as_deref());
        if answer.is_ok() {
            self.dialog.close();
        }
        answer.is_ok()
    }
}
