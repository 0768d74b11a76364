//! What the user sets beside the rules.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The settings. There is none yet that anything depends on; what is stored is kept as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Settings {
    #[serde(flatten)]
    kept: BTreeMap<String, Value>,
}
