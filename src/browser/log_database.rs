//! The log's database in `IndexedDB`: its stores, and how it is opened. The background alone writes and upgrades; pages
//! read.

use std::cell::RefCell;

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::{IdbDatabase, IdbObjectStore, IdbRequest, IdbTransaction, IdbVersionChangeEvent};

use super::convert::{storage_error, to_js};
use super::indexed_db;
use crate::error::{Error, StorageError};

const DATABASE: &str = "sockpin";
const VERSION: u32 = 2;

/// Entries, `{id, key, share, rank, tally, violation}`: [`crate::log::Entry`] with what it is found by.
pub(super) const VIOLATIONS: &str = "violations";
/// Chains, `{digest, certificates, entries}`: the DER of each certificate, and how many entries show the chain.
pub(super) const CHAINS: &str = "chains";
/// Pauses, `{id, time, pause}`: [`crate::pause::PauseEntry`].
pub(super) const PAUSES: &str = "pauses";
/// How many entries there are, `{share, entries}` for each share and `{share: "all", total}`: `IndexedDB` would count
/// them one by one. And what else is known of the log as a whole, which goes when it is cleared: `{share: "dropped", dropped}`
/// and `{share: "since", since}`, [`crate::log::Dropped`], and `{share: "read", until}`, see [`crate::log::is_unread`].
pub(super) const COUNTS: &str = "counts";

pub(super) const STORES: [&str; 4] = [VIOLATIONS, CHAINS, PAUSES, COUNTS];

/// Indexes of [`VIOLATIONS`]: by key, one entry for each.
pub(super) const BY_KEY: &str = "key";
/// By last time.
pub(super) const BY_LAST: &str = "last";
/// By host.
pub(super) const BY_HOST: &str = "host";
/// By share, and in each in the order in which entries go.
pub(super) const BY_SHARE: &str = "share";
/// Index of [`COUNTS`]: by number of entries. What has no such number is not in it.
pub(super) const BY_ENTRIES: &str = "entries";

/// What [`COUNTS`] has the number of all entries under. No origin is called that.
pub(super) const ALL: &str = "all";
/// The field for it: another than that of a share, so that it is not in the index.
pub(super) const TOTAL: &str = "total";
/// What [`COUNTS`] has the number under of those that a full log has let go, and the time of the first; the fields as well.
pub(super) const DROPPED: &str = "dropped";
pub(super) const SINCE: &str = "since";
/// What [`COUNTS`] has the time under until which somebody has looked at the log, and the field for it.
pub(super) const READ: &str = "read";
pub(super) const UNTIL: &str = "until";
/// The field with the number of entries, of a share or with a chain.
pub(super) const ENTRIES: &str = "entries";

/// Whether a transaction only reads.
#[derive(Clone, Copy)]
pub(super) enum TransactionMode {
    Read,
    Write,
}

#[wasm_bindgen]
extern "C" {
    /// `IDBDatabase` with the third argument of `transaction`, which web-sys holds for unstable.
    #[wasm_bindgen(extends = IdbDatabase)]
    type DurableDatabase;

    #[wasm_bindgen(method, catch)]
    fn transaction(
        this: &DurableDatabase,
        stores: &Array,
        mode: &str,
        options: &JsValue,
    ) -> Result<IdbTransaction, JsValue>;
}

/// The database once it has been opened: when it is first needed, and again after the browser has closed it.
pub(super) struct Opened(RefCell<Option<IdbDatabase>>);

impl Opened {
    pub(super) const fn none() -> Self {
        Self(RefCell::new(None))
    }

    /// Begins a transaction, as [`begin`] does. `open` opens the database where that is needed.
    pub(super) async fn begin(
        &self,
        stores: &[&str],
        mode: TransactionMode,
        open: impl AsyncFn() -> Result<IdbDatabase, Error>,
    ) -> Result<IdbTransaction, Error> {
        let known = self.0.borrow().clone();
        if let Some(database) = known
            && let Ok(transaction) = begin(&database, stores, mode)
        {
            return Ok(transaction);
        }
        begin(&self.renew(open().await?), stores, mode)
    }

    /// This is the database from now on.
    pub(super) fn renew(&self, database: IdbDatabase) -> IdbDatabase {
        self.0.replace(Some(database.clone()));
        database
    }
}

/// Opens the database; `upgrade` is called where it has to be made, or is of a version before.
pub(super) async fn open(upgrade: fn(&IdbVersionChangeEvent)) -> Result<IdbDatabase, StorageError> {
    indexed_db::open(DATABASE, VERSION, upgrade).await
}

/// A transaction that, where it writes, is on disk when it is complete, not merely handed to the system. The browser may
/// have closed the database since it was opened.
fn begin(database: &IdbDatabase, stores: &[&str], access: TransactionMode) -> Result<IdbTransaction, Error> {
    let mode = match access {
        TransactionMode::Read => "readonly",
        TransactionMode::Write => "readwrite",
    };
    let options = Object::new();
    set(&options, "durability", &JsValue::from_str("strict"))?;
    let stores = stores.iter().copied().map(JsValue::from_str).collect::<Array>();
    let transaction = database.unchecked_ref::<DurableDatabase>().transaction(&stores, mode, &options);
    Ok(transaction.map_err(|thrown| storage_error(&thrown))?)
}

pub(super) fn store(transaction: &IdbTransaction, name: &str) -> Result<IdbObjectStore, StorageError> {
    transaction.object_store(name).map_err(|thrown| storage_error(&thrown))
}

/// A record of [`COUNTS`].
pub(super) fn counted(share: &str, field: &str, number: u64) -> Result<JsValue, Error> {
    let record = Object::new();
    set(&record, "share", &JsValue::from_str(share))?;
    set(&record, field, &to_js(&number)?)?;
    Ok(record.into())
}

pub(super) fn set(record: &JsValue, name: &str, value: &JsValue) -> Result<(), StorageError> {
    Reflect::set(record, &JsValue::from_str(name), value).map(drop).map_err(|thrown| storage_error(&thrown))
}

/// Takes an upgrade back: it leaves nothing half made, and the opening fails.
pub(super) fn abort(event: &IdbVersionChangeEvent) {
    if let Some(upgrade) = request_of(event).and_then(|request| request.transaction()) {
        let _ = upgrade.abort();
    }
}

/// The request to open that an upgrade belongs to: it has the database and the transaction.
pub(super) fn request_of(event: &IdbVersionChangeEvent) -> Option<IdbRequest> {
    event.target()?.dyn_into().ok()
}
