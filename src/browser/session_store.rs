//! The pause in `storage.session`: it outlives the event page's sleep, and ends with the browser.

use std::collections::BTreeMap;

use super::api;
use super::convert::{from_js, property, storage_error, to_js};
use crate::error::Error;
use crate::pause::Pause;

const KEY: &str = "pause";

/// The stored pause. Where it cannot be read there is none.
pub(super) async fn load() -> Option<Pause> {
    let items = api::session_get(KEY).await.ok()?;
    from_js(&property(&items, KEY)).ok()
}

/// Stores a pause, or takes the stored one away.
pub(super) async fn store(pause: Option<Pause>) -> Result<(), Error> {
    let done = match pause {
        Some(pause) => api::session_set(&to_js(&BTreeMap::from([(KEY, pause)]))?).await,
        None => api::session_remove(KEY).await,
    };
    done.map(|_| ()).map_err(|thrown| storage_error(&thrown))
}
