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
use crate::connection::Connection;
use crate::last_chain::{LAST_CHAINS, with_chain};
use crate::limits::{MAX_LAST_CHAINS, RECORDS_DELAY_MS};
use crate::record::{Judged, RECORDS, Records};
use crate::time::UnixMillis;

#[derive(Default)]
pub(super) struct RuleRecords {
    /// What is kept, once it has been read.
    kept: RefCell<Option<Records>>,
    /// What has not been added to it yet.
    waiting: Batch<(Judged, UnixMillis)>,
    /// The chains that were matched last, once they have been read.
    chains: RefCell<String>,
    /// What endpoints have shown since, each once.
    shown: RefCell<Vec<Connection>>,
}

impl RuleRecords {
    pub(super) fn note(self: &Rc<Self>, mut judged: Judged, time: UnixMillis) {
        if let Some(connection) = judged.take_shown() {
            let mut shown = self.shown.borrow_mut();
            shown.retain(|other| other.target != connection.target);
            if shown.len() < MAX_LAST_CHAINS {
                shown.push(connection);
            }
        }
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
            let (records, chains) = (stored(RECORDS), stored(LAST_CHAINS));
            let (records, chains) = (records.await?, chains.await?);
            self.kept.replace(Some(Records::from_text(&records)));
            self.chains.replace(chains);
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
            if self.add_chains() {
                let chains = JsValue::from_str(&self.chains.borrow());
                set(&items, LAST_CHAINS, &chains).map_err(|_| JsValue::UNDEFINED)?;
            }
            api::storage_set(&items).await?;
        }
        Ok(())
    }

    /// Whether other chains are kept than before.
    fn add_chains(&self) -> bool {
        let mut chains = self.chains.borrow_mut();
        let mut has_changed = false;
        for connection in self.shown.take() {
            if let Some(with_chain) = with_chain(&chains, &connection) {
                *chains = with_chain;
                has_changed = true;
            }
        }
        has_changed
    }
}

/// Asks when it is called.
fn stored(key: &'static str) -> impl Future<Output = Result<String, JsValue>> {
    let items = api::storage_get(key);
    async move { Ok(api::long_text(&property(&items.await?, key)).unwrap_or_default()) }
}
