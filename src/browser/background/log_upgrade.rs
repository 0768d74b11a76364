//! The log's database as this version has it: made, or made of that of the version before.

use js_sys::{Array, JSON};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::{
    IdbDatabase, IdbIndexParameters, IdbObjectStore, IdbObjectStoreParameters, IdbRequest, IdbTransaction,
    IdbVersionChangeEvent,
};

use crate::browser::convert::{json, storage_error, to_js};
use crate::browser::indexed_db::answers;
use crate::browser::log_database::{
    ALL, BY_ENTRIES, BY_HOST, BY_KEY, BY_LAST, BY_SHARE, CHAINS, COUNTS, ENTRIES, PAUSES, TOTAL, VIOLATIONS, abort,
    counted, request_of, store,
};
use crate::error::{Error, StorageError};
use crate::log::version_1::{self, Upgraded};

/// Does all of it in the transaction of the upgrade, or nothing.
pub(super) fn run(event: &IdbVersionChangeEvent) {
    if prepare(event).is_err() {
        abort(event);
    }
}

fn prepare(event: &IdbVersionChangeEvent) -> Result<(), StorageError> {
    let request = request_of(event);
    let database = request.as_ref().and_then(|request| request.result().ok()?.dyn_into().ok());
    let transaction = request.as_ref().and_then(IdbRequest::transaction);
    let (Some(database), Some(transaction)) = (database, transaction) else {
        return Err(StorageError::Failed { detail: "an upgrade of nothing".to_owned() });
    };
    let is_new = event.old_version() == 0.0;
    let violations = if is_new {
        create_store(&database, VIOLATIONS, "id", true).map_err(|thrown| storage_error(&thrown))?
    } else {
        let violations = store(&transaction, VIOLATIONS)?;
        let deleted = violations.delete_index("time").and_then(|()| violations.delete_index("host"));
        deleted.map_err(|thrown| storage_error(&thrown))?;
        violations
    };
    create(&database, &violations).map_err(|thrown| storage_error(&thrown))?;
    if !is_new {
        // The first request keeps the transaction alive; each later one is made when one has been answered.
        let records = violations.get_all();
        spawn_local(async move {
            let rewritten = async { rewrite(&transaction, &answers(records).await?) };
            if rewritten.await.is_err() {
                let _ = transaction.abort();
            }
        });
    }
    Ok(())
}

fn create(database: &IdbDatabase, violations: &IdbObjectStore) -> Result<(), JsValue> {
    let unique = IdbIndexParameters::new();
    unique.set_unique(true);
    violations.create_index_with_str_and_optional_parameters(BY_KEY, "key", &unique)?;
    violations.create_index_with_str(BY_LAST, "tally.last")?;
    violations.create_index_with_str(BY_HOST, "violation.host")?;
    let goes_first: Array = ["share", "rank", "tally.last"].into_iter().map(JsValue::from_str).collect();
    violations.create_index_with_str_sequence(BY_SHARE, &goes_first)?;
    create_store(database, CHAINS, "digest", false)?;
    create_store(database, PAUSES, "id", true)?;
    let counts = create_store(database, COUNTS, "share", false)?;
    counts.create_index_with_str(BY_ENTRIES, "entries")?;
    Ok(())
}

fn create_store(database: &IdbDatabase, name: &str, key: &str, numbered: bool) -> Result<IdbObjectStore, JsValue> {
    let parameters = IdbObjectStoreParameters::new();
    parameters.set_auto_increment(numbered);
    parameters.set_key_path(&key.into());
    database.create_object_store_with_optional_parameters(name, &parameters)
}

/// What cannot be read stays as it is: no page shows it, and it counts for nothing.
fn rewrite(transaction: &IdbTransaction, records: &Array) -> Result<(), Error> {
    let (violations, pauses, counts) =
        (store(transaction, VIOLATIONS)?, store(transaction, PAUSES)?, store(transaction, COUNTS)?);
    let mut shares = Vec::<(String, u64)>::new();
    for record in records.iter() {
        match json(&record).ok().and_then(|record| version_1::upgrade(&record)) {
            Some(Upgraded::Entry { share, record }) => {
                match shares.iter_mut().find(|(known, _)| *known == share) {
                    Some((_, entries)) => *entries = entries.saturating_add(1),
                    None => shares.push((share, 1)),
                }
                violations.put(&parsed(&record)?).map_err(|thrown| storage_error(&thrown))?;
            }
            Some(Upgraded::Pause { id, record }) => {
                violations.delete(&to_js(&id)?).map_err(|thrown| storage_error(&thrown))?;
                pauses.add(&parsed(&record)?).map_err(|thrown| storage_error(&thrown))?;
            }
            None => {}
        }
    }
    let total: u64 = shares.iter().map(|(_, entries)| entries).sum();
    for (share, entries) in &shares {
        counts.put(&counted(share, ENTRIES, *entries)?).map_err(|thrown| storage_error(&thrown))?;
    }
    counts.put(&counted(ALL, TOTAL, total)?).map_err(|thrown| storage_error(&thrown))?;
    Ok(())
}

fn parsed(record: &str) -> Result<JsValue, StorageError> {
    JSON::parse(record).map_err(|thrown| storage_error(&thrown))
}
