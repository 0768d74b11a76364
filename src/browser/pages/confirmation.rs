//! A dialog that asks before something is lost. What it says of a failure is about the last attempt only.

use web_sys::{Element, EventTarget, HtmlDialogElement};

use crate::browser::dom::{Fallible, by_id, close_by};
use crate::browser::words::say;
use crate::error::Error;
use crate::message::Response;
use crate::view::error::sentence;

/// For a name such as `delete`: `delete-dialog`, with `delete-message`, `cancel-delete` and `confirm-delete` in it.
pub(super) struct Confirmation {
    pub(super) dialog: HtmlDialogElement,
    /// The button that does it.
    pub(super) confirm: EventTarget,
    message: Element,
}

impl Confirmation {
    pub(super) fn new(name: &str) -> Fallible<Self> {
        close_by(&format!("cancel-{name}"), &format!("{name}-dialog"))?;
        Ok(Self {
            dialog: by_id(&format!("{name}-dialog"))?,
            confirm: by_id(&format!("confirm-{name}"))?,
            message: by_id(&format!("{name}-message"))?,
        })
    }

    pub(super) fn open(&self) -> Fallible {
        self.message.set_text_content(None);
        self.dialog.show_modal()
    }

    /// Closes once it is done; says what kept it from being done. Whether it is done.
    pub(super) fn settle(&self, answer: &Result<Response, Error>) -> bool {
        let failure = answer.as_ref().err().map(|error| say(&sentence(error)));
        self.message.set_text_content(failure.as_deref());
        if answer.is_ok() {
            self.dialog.close();
        }
        answer.is_ok()
    }
}
