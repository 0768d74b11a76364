//! `storage.session`: it outlives the event page's sleep, ends with the browser, and is never written to disk.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::api;
use super::convert::{from_js, property, storage_error, to_js};
use crate::error::Error;

/// A [`crate::pause::Pause`].
pub(super) const PAUSE: &str = "pause";
/// A [`crate::overruling::Overruling`].
pub(super) const OVERRULING: &str = "overruling";

/// Whether the seal has been compared with the rules in this session: `true` or nothing.
pub(super) const SEALED: &str = "sealed";

/// The stored value. Where it cannot be read there is none.
pub(super) async fn load<T: DeserializeOwned>(key: &'static str) -> Option<T> {
    let items = api::session_get(key).await.ok()?;
    from_js(&property(&items, key)).ok()
}

/// Stores a value, or takes the stored one away.
pub(super) async fn store<T: Serialize>(key: &str, value: Option<T>) -> Result<(), Error> {
    let done = match value {
        Some(value) => api::session_set(&to_js(&BTreeMap::from([(key, value)]))?).await,
        None => api::session_remove(key).await,
    };
    done.map(|_| ()).map_err(|thrown| storage_error(&thrown))
}
