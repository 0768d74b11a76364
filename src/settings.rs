//! What the user sets beside the rules.

use serde::{Deserialize, Serialize};

/// The settings. Absent ones have their default, so that an older record reads as well.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Settings {}
