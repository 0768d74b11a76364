//! The log in `IndexedDB`: one record for each entry, in the order of their coming, by time and by host, capped.

use std::cell::RefCell;

use idb::request::Request as _;
use idb::{
    CursorDirection, Database, DatabaseEvent as _, Event as _, Factory, KeyPath, ObjectStoreParams, Query, Transaction,
};
use js_sys::Reflect;
use serde::Serialize;
use wasm_bindgen::prelude::*;
use web_sys::{IdbDatabase, IdbTransaction};

use super::convert::{from_js, storage_error, to_js};
use crate::error::Error;
use crate::limits::MAX_LOG_ENTRIES;
use crate::log::LogEntry;

const DATABASE: &str = "sockpin";
const DATABASE_VERSION: u32 = 1;
const STORE: &str = "violations";
const KEY: &str = "id";
const READ_ONLY: &str = "readonly";
const READ_WRITE: &str = "readwrite";

#[wasm_bindgen]
extern "C" {
    /// `IDBDatabase` with the third argument of `transaction`, which web-sys holds for unstable.
    #[wasm_bindgen(extends = IdbDatabase)]
    type DurableDatabase;

    #[wasm_bindgen(method, catch)]
    fn transaction(
        this: &DurableDatabase,
        store: &str,
        mode: &str,
        options: &JsValue,
    ) -> Result<IdbTransaction, JsValue>;
}

#[derive(Serialize)]
struct TransactionOptions {
    durability: &'static str,
}

/// The log. The database is opened when it is first needed, and again after the browser has closed it.
pub(super) struct Log {
    database: RefCell<Option<IdbDatabase>>,
}

impl Log {
    pub(super) const fn new() -> Self {
        Self { database: RefCell::new(None) }
    }

    /// Writes an entry and gives its id; when this returns it is on disk. The oldest go where there are too many.
    pub(super) async fn add(&self, entry: &LogEntry) -> Result<JsValue, Error> {
        let transaction = self.begin(READ_WRITE).await?;
        let store = transaction.object_store(STORE).map_err(idb_error)?;
        let id = store.add(&to_js(entry)?, None).map_err(idb_error)?.await.map_err(idb_error)?;
        let count = store.count(None).map_err(idb_error)?.await.map_err(idb_error)?;
        if count > MAX_LOG_ENTRIES {
            let surplus = store.get_all_keys(None, Some(count - MAX_LOG_ENTRIES)).map_err(idb_error)?;
            for key in surplus.await.map_err(idb_error)? {
                store.delete(Query::Key(key)).map_err(idb_error)?.await.map_err(idb_error)?;
            }
        }
        finish(transaction).await.map(|()| id)
    }

    /// Writes an entry in place of the one with this id.
    pub(super) async fn replace(&self, id: &JsValue, entry: &LogEntry) -> Result<(), Error> {
        let record = to_js(entry)?;
        Reflect::set(&record, &JsValue::from_str(KEY), id).map_err(|thrown| storage_error(&thrown))?;
        let transaction = self.begin(READ_WRITE).await?;
        let store = transaction.object_store(STORE).map_err(idb_error)?;
        store.put(&record, None).map_err(idb_error)?.await.map_err(idb_error)?;
        finish(transaction).await
    }

    /// The newest entries, newest first, and how many there are in all. An entry that an older or newer version wrote
    /// in another shape is passed over, not lost.
    pub(super) async fn newest(&self, limit: u32) -> Result<(Vec<LogEntry>, u32), Error> {
        let store = self.begin(READ_ONLY).await?.object_store(STORE).map_err(idb_error)?;
        let total = store.count(None).map_err(idb_error)?.await.map_err(idb_error)?;
        let mut entries = Vec::new();
        let cursor = store.open_cursor(None, Some(CursorDirection::Prev)).map_err(idb_error)?;
        let Some(cursor) = cursor.await.map_err(idb_error)? else {
            return Ok((entries, total));
        };
        let mut cursor = cursor.into_managed();
        for _ in 0..limit {
            let Some(value) = cursor.value().map_err(idb_error)? else {
                break;
            };
            entries.extend(from_js(&value));
            cursor.next(None).await.map_err(idb_error)?;
        }
        Ok((entries, total))
    }

    /// Empties the log.
    pub(super) async fn clear(&self) -> Result<(), Error> {
        let transaction = self.begin(READ_WRITE).await?;
        let store = transaction.object_store(STORE).map_err(idb_error)?;
        store.clear().map_err(idb_error)?.await.map_err(idb_error)?;
        finish(transaction).await
    }

    /// A transaction that, where it writes, is on disk when it is complete, not merely handed to the system.
    async fn begin(&self, mode: &str) -> Result<Transaction, Error> {
        let options = to_js(&TransactionOptions { durability: "strict" })?;
        let begin =
            |database: IdbDatabase| database.unchecked_into::<DurableDatabase>().transaction(STORE, mode, &options);
        let transaction = match begin(self.database().await?) {
            Ok(transaction) => transaction,
            Err(_closed) => {
                self.database.replace(None);
                begin(self.database().await?).map_err(|thrown| storage_error(&thrown))?
            }
        };
        Ok(Transaction::from(transaction))
    }

    async fn database(&self) -> Result<IdbDatabase, Error> {
        if let Some(database) = self.database.borrow().as_ref() {
            return Ok(database.clone());
        }
        let mut request =
            Factory::new().and_then(|factory| factory.open(DATABASE, Some(DATABASE_VERSION))).map_err(idb_error)?;
        request.on_upgrade_needed(|event| {
            let created = event.database().and_then(|database| create(&database));
            let upgrade = event.target().ok().and_then(|request| request.transaction());
            // Aborted, the upgrade leaves nothing half made, and the request that is awaited below fails.
            if let (Err(_), Some(upgrade)) = (created, upgrade) {
                let _ = upgrade.abort();
            }
        });
        let database = IdbDatabase::from(request.await.map_err(idb_error)?);
        self.database.replace(Some(database.clone()));
        Ok(database)
    }
}

fn create(database: &Database) -> Result<(), idb::Error> {
    let mut parameters = ObjectStoreParams::new();
    parameters.auto_increment(true);
    parameters.key_path(Some(KeyPath::new_single(KEY)));
    let store = database.create_object_store(STORE, parameters)?;
    store.create_index("time", KeyPath::new_single("time"), None)?;
    store.create_index("host", KeyPath::new_single("host"), None)?;
    Ok(())
}

async fn finish(transaction: Transaction) -> Result<(), Error> {
    let result = transaction.await.map_err(idb_error)?;
    if result.is_committed() { Ok(()) } else { Err(Error::Storage { detail: "the write was aborted".to_owned() }) }
}

#[expect(clippy::needless_pass_by_value, reason = "an argument of map_err")]
fn idb_error(error: idb::Error) -> Error {
    Error::Storage { detail: error.to_string() }
}
