//! What each rule has decided ([`crate::record`]), kept in `storage.local`, where pages read it themselves. A socket has its
//! answer before any of this is done.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use super::batch::Batch;
use crate::browser::convert::property;
use crate::browser::log_database::set;
use crate::browser::{api, promise};
use crate::limits::RECORDS_DELAY_MS;
use crate::record::{Judged, RECORDS, Records};
use crate::time::UnixMillis;

#[derive(Default)]
pub(super) struct RuleRecords {
    /// What is kept, once it has been read.
    kept: RefCell<Option<Records>>,
    /// What has not been added to it yet.
    waiting: Batch<(Judged, UnixMillis)>,
}

impl RuleRecords {
    pub(super) fn note(self: &Rc<Self>, judged: Judged, time: UnixMillis) {
        if !self.waiting.add((judged, time)) {
            return;
        }
        let this = Rc::clone(self);
        spawn_local(async move {
            promise::after(RECORDS_DELAY_MS).await;
            if this.add_all().await.is_err() {
                // What could not be stored now is stored with the next.
                this.waiting.leave();
            }
        });
    }

    async fn add_all(&self) -> Result<(), JsValue> {
        if self.kept.borrow().is_none() {
            let stored = api::storage_get(RECORDS).await?;
            let text = api::long_text(&property(&stored, RECORDS)).unwrap_or_default();
            self.kept.replace(Some(Records::from_text(&text)));
        }
        while let Some(all) = self.waiting.take() {
            let text = {
                let mut kept = self.kept.borrow_mut();
                let kept = kept.get_or_insert_default();
                for (judged, time) in all {
                    kept.note(&judged, time);
                }
                kept.to_text()
            };
            let items = js_sys::Object::new();
            set(&items, RECORDS, &JsValue::from_str(&text)).map_err(|_| JsValue::UNDEFINED)?;
            api::storage_set(&items).await?;
        }
        Ok(())
    }
}
