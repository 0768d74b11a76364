//! Who has changed which rule, as the background keeps it: read now, and again each time that it has changed.

use std::rc::Rc;

use super::record_reader;
use crate::browser::dom::{JsResult, spawn};
use crate::browser::history_store;
use crate::history::{HISTORY, History};

/// Calls the handler with all that is kept, if there is anything, and with what takes its place.
pub(super) fn listen(handler: impl Fn(Rc<History>) -> JsResult + Clone + 'static) -> JsResult {
    let changed = handler.clone();
    record_reader::listen_to(HISTORY, move |text| changed(Rc::new(History::from_text(text))))?;
    spawn(async move {
        // A rule can be read without its history.
        let kept = history_store::load().await.unwrap_or_default();
        if kept.is_empty() { Ok(()) } else { handler(Rc::new(History::from_text(&kept))) }
    });
    Ok(())
}
