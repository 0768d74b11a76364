//! The log as pages read it: from the database itself, and never to write.

use std::cell::RefCell;

use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{IdbCursorDirection, IdbCursorWithValue, IdbDatabase, IdbRequest, IdbTransaction};

use super::messages;
use crate::browser::convert::{property, read_js, storage_error, to_js};
use crate::browser::indexed_db::{answer, answer_if_any};
use crate::browser::log_database::{
    self, ALL, BY_LAST, CHAINS, COUNTS, PAUSES, TOTAL, TransactionMode, VIOLATIONS, store,
};
use crate::error::Error;
use crate::fields::Read;
use crate::log::{Entry, Line, newest_first};
use crate::message::PageRequest;
use crate::violation::ChainDigest;

/// The log, to read. The database is opened when it is first needed, and again after the browser has closed it.
pub(super) struct LogReader {
    database: RefCell<Option<IdbDatabase>>,
}

impl LogReader {
    pub(super) const fn new() -> Self {
        Self { database: RefCell::new(None) }
    }

    /// The newest lines, newest first, and how many there are in all. What an older or newer version wrote in another
    /// shape is passed over, not lost.
    pub(super) async fn newest(&self, limit: usize) -> Result<(Vec<Line>, u64), Error> {
        let transaction = self.begin(&[VIOLATIONS, PAUSES, COUNTS]).await?;
        let (violations, pauses) = (store(&transaction, VIOLATIONS)?, store(&transaction, PAUSES)?);
        let (all, backwards) = (&JsValue::NULL, IdbCursorDirection::Prev);
        let by_last = violations.index(BY_LAST).map_err(|thrown| storage_error(&thrown))?;
        let entries = from_cursor(by_last.open_cursor_with_range_and_direction(all, backwards), limit).await?;
        let newest_pauses = pauses.open_cursor_with_range_and_direction(all, backwards);
        let mut lines = newest_first(entries, from_cursor(newest_pauses, limit).await?);
        lines.truncate(limit);
        let number_of_pauses: u64 = read_js(&answer(pauses.count()).await?)?;
        let counted = store(&transaction, COUNTS)?.get(&JsValue::from_str(ALL));
        let number_of_entries = match answer_if_any(counted).await? {
            Some(record) => read_js(&property(&record, TOTAL))?,
            None => 0,
        };
        Ok((lines, number_of_pauses.saturating_add(number_of_entries)))
    }

    /// The entry with this identifier; none where it has gone.
    pub(super) async fn entry(&self, id: u64) -> Result<Option<Entry>, Error> {
        let transaction = self.begin(&[VIOLATIONS]).await?;
        let found = answer_if_any(store(&transaction, VIOLATIONS)?.get(&to_js(&id)?)).await?;
        Ok(found.map(|record| read_js(&record)).transpose()?)
    }

    /// The DER of a chain's certificates, the server's own first; none where the chain has gone with its last entry.
    pub(super) async fn chain(&self, digest: &ChainDigest) -> Result<Vec<Vec<u8>>, Error> {
        let transaction = self.begin(&[CHAINS]).await?;
        let chain = answer(store(&transaction, CHAINS)?.get(&JsValue::from_str(digest.as_str()))).await?;
        let certificates = property(&chain, "certificates").dyn_into::<Array>().unwrap_or_default();
        Ok(certificates.iter().filter_map(|der| Some(der.dyn_into::<Uint8Array>().ok()?.to_vec())).collect())
    }

    async fn begin(&self, stores: &[&str]) -> Result<IdbTransaction, Error> {
        let begin = |database: IdbDatabase| log_database::begin(&database, stores, TransactionMode::Read);
        match begin(self.database().await?) {
            Ok(transaction) => Ok(transaction),
            Err(_closed) => {
                self.database.replace(None);
                begin(self.database().await?)
            }
        }
    }

    async fn database(&self) -> Result<IdbDatabase, Error> {
        if let Some(database) = self.database.borrow().as_ref() {
            return Ok(database.clone());
        }
        // A database that is still to be made, or of the version before, is the background's to write.
        let database = if let Ok(database) = log_database::open(log_database::abort).await {
            database
        } else {
            messages::ask(&PageRequest::PrepareLog).await?;
            log_database::open(log_database::abort).await?
        };
        self.database.replace(Some(database.clone()));
        Ok(database)
    }
}

async fn from_cursor<T: for<'a> Read<'a>>(request: Result<IdbRequest, JsValue>, limit: usize) -> Result<Vec<T>, Error> {
    let request = request.map_err(|thrown| storage_error(&thrown))?;
    let mut read = Vec::new();
    for _ in 0..limit {
        // Each step is one more answer to the same request.
        let Some(cursor) = answer_if_any(Ok(request.clone())).await? else {
            break;
        };
        let cursor: IdbCursorWithValue = cursor.unchecked_into();
        read.extend(read_js(&cursor.value().map_err(|thrown| storage_error(&thrown))?));
        cursor.continue_().map_err(|thrown| storage_error(&thrown))?;
    }
    Ok(read)
}
