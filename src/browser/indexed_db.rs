//! `IndexedDB` with futures: what a request gives, and when a transaction is over. All else is called as web-sys has it.
//!
//! A promise's reactions run before the event that settled it is over, so that the transaction is still open for the next
//! request.

use js_sys::{Array, Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{IdbDatabase, IdbFactory, IdbRequest, IdbTransaction, IdbVersionChangeEvent};

use super::convert::{property, storage_error};
use crate::error::StorageError;

/// What a request gives: to be asked before the browser can have answered, and once more for each step of a cursor.
pub(super) async fn answer(request: Result<IdbRequest, JsValue>) -> Result<JsValue, StorageError> {
    let request = request.map_err(|thrown| storage_error(&thrown))?;
    let answered = first_of(|success, error| {
        request.set_onsuccess(Some(success));
        request.set_onerror(Some(error));
    });
    match answered.await {
        Ok(_) => request.result().map_err(|thrown| storage_error(&thrown)),
        Err(_) => Err(storage_error(&request.error().map_or_else(|thrown| thrown, JsValue::from))),
    }
}

/// The same where there may be nothing to give.
pub(super) async fn answer_if_any(request: Result<IdbRequest, JsValue>) -> Result<Option<JsValue>, StorageError> {
    answer(request).await.map(|value| if value.is_null() || value.is_undefined() { None } else { Some(value) })
}

/// The same of a request for a list.
pub(super) async fn answers(request: Result<IdbRequest, JsValue>) -> Result<Array, StorageError> {
    answer(request).await?.dyn_into().map_err(|_| StorageError::Failed { detail: "not a list".to_owned() })
}

/// Waits until a transaction is complete.
///
/// # Errors
/// One that was aborted instead, by whomever: nothing of it is written.
pub(super) async fn completed(transaction: &IdbTransaction) -> Result<(), StorageError> {
    let over = first_of(|complete, abort| {
        transaction.set_oncomplete(Some(complete));
        transaction.set_onabort(Some(abort));
    });
    match over.await {
        Ok(_) => Ok(()),
        Err(_) => Err(match transaction.error() {
            Some(error) => storage_error(&error),
            None => StorageError::Failed { detail: "the write was aborted".to_owned() },
        }),
    }
}

/// Opens a database of this version; `upgrade` is called where it has to be made, or is of a version before.
pub(super) async fn open(
    name: &str,
    version: u32,
    upgrade: fn(&IdbVersionChangeEvent),
) -> Result<IdbDatabase, StorageError> {
    let factory = property(&js_sys::global(), "indexedDB").dyn_into::<IdbFactory>();
    let factory = factory.map_err(|_| StorageError::Failed { detail: "no IndexedDB".to_owned() })?;
    let request = factory.open_with_u32(name, version).map_err(|thrown| storage_error(&thrown))?;
    let upgrade = Closure::<dyn Fn(IdbVersionChangeEvent)>::new(move |event| upgrade(&event));
    request.set_onupgradeneeded(Some(upgrade.as_ref().unchecked_ref()));
    let database = answer(Ok(request.into())).await?;
    database.dyn_into().map_err(|_| StorageError::Failed { detail: "no database".to_owned() })
}

/// Settled by whichever of the two handlers is called first.
fn first_of(mut set_handlers: impl FnMut(&Function, &Function)) -> JsFuture {
    JsFuture::from(Promise::new(&mut |resolve, reject| set_handlers(&resolve, &reject)))
}
