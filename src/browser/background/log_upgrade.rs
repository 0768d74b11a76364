//! The log's database as this version has it: made, or made of that of the version before.

use std::collections::HashMap;

use idb::event::VersionChangeEvent;
use idb::request::Request as _;
use idb::{
    Database, DatabaseEvent as _, Event as _, IndexParams, KeyPath, ObjectStore, ObjectStoreParams, Transaction,
};
use js_sys::JSON;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use crate::browser::convert::{json, storage_error, to_js};
use crate::browser::log_database::{
    ALL, BY_ENTRIES, BY_HOST, BY_KEY, BY_LAST, BY_SHARE, CHAINS, COUNTS, ENTRIES, PAUSES, TOTAL, VIOLATIONS, abort,
    counted, idb_error, store,
};
use crate::error::Error;
use crate::log::version_1::{self, Upgraded};

/// Does all of it in the transaction of the upgrade, or nothing.
pub(super) fn run(event: &VersionChangeEvent) {
    if prepare(event).is_err() {
        abort(event);
    }
}

fn prepare(event: &VersionChangeEvent) -> Result<(), Error> {
    let database = event.database().map_err(idb_error)?;
    let transaction = event.target().ok().and_then(|request| request.transaction());
    let transaction = transaction.ok_or_else(|| Error::Storage { detail: "an upgrade without end".to_owned() })?;
    let is_new = event.old_version().map_err(idb_error)? == 0;
    if is_new {
        create_store(&database, VIOLATIONS, "id", true).map_err(idb_error)?;
    } else {
        let violations = store(&transaction, VIOLATIONS)?;
        violations.delete_index("time").and_then(|()| violations.delete_index("host")).map_err(idb_error)?;
    }
    create(&database, &store(&transaction, VIOLATIONS)?).map_err(idb_error)?;
    if !is_new {
        // The first request keeps the transaction alive; each later one is made when one has been answered.
        let records = store(&transaction, VIOLATIONS)?.get_all(None, None).map_err(idb_error)?;
        spawn_local(async move {
            let rewritten = async {
                let records = records.await.map_err(idb_error)?;
                rewrite(&transaction, records)
            };
            if rewritten.await.is_err() {
                let _ = transaction.abort();
            }
        });
    }
    Ok(())
}

fn create(database: &Database, violations: &ObjectStore) -> Result<(), idb::Error> {
    let mut unique = IndexParams::new();
    unique.unique(true);
    violations.create_index(BY_KEY, KeyPath::new_single("key"), Some(unique))?;
    violations.create_index(BY_LAST, KeyPath::new_single("tally.last"), None)?;
    violations.create_index(BY_HOST, KeyPath::new_single("violation.host"), None)?;
    violations.create_index(BY_SHARE, KeyPath::new_array(["share", "rank", "tally.last"]), None)?;
    create_store(database, CHAINS, "digest", false)?;
    create_store(database, PAUSES, "id", true)?;
    let counts = create_store(database, COUNTS, "share", false)?;
    counts.create_index(BY_ENTRIES, KeyPath::new_single("entries"), None)?;
    Ok(())
}

fn create_store(database: &Database, name: &str, key: &str, numbered: bool) -> Result<ObjectStore, idb::Error> {
    let mut parameters = ObjectStoreParams::new();
    parameters.auto_increment(numbered);
    parameters.key_path(Some(KeyPath::new_single(key)));
    database.create_object_store(name, parameters)
}

/// What cannot be read stays as it is: no page shows it, and it counts for nothing.
fn rewrite(transaction: &Transaction, records: Vec<JsValue>) -> Result<(), Error> {
    let (violations, pauses, counts) =
        (store(transaction, VIOLATIONS)?, store(transaction, PAUSES)?, store(transaction, COUNTS)?);
    let mut shares = HashMap::<String, u64>::new();
    for record in records {
        match json(&record).ok().and_then(|record| version_1::upgrade(&record)) {
            Some(Upgraded::Entry { share, record }) => {
                *shares.entry(share).or_default() += 1;
                violations.put(&parsed(&record)?, None).map_err(idb_error)?;
            }
            Some(Upgraded::Pause { id, record }) => {
                violations.delete(to_js(&id)?).map_err(idb_error)?;
                pauses.add(&parsed(&record)?, None).map_err(idb_error)?;
            }
            None => {}
        }
    }
    let total: u64 = shares.values().sum();
    for (share, entries) in &shares {
        counts.put(&counted(share, ENTRIES, *entries)?, None).map_err(idb_error)?;
    }
    counts.put(&counted(ALL, TOTAL, total)?, None).map_err(idb_error)?;
    Ok(())
}

fn parsed(record: &str) -> Result<JsValue, Error> {
    JSON::parse(record).map_err(|thrown| storage_error(&thrown))
}
