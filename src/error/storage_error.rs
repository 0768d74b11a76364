//! What can go wrong with what the browser keeps.

use super::{area, excerpt};

area! {
    /// Why what is stored cannot be read or written.
    pub enum StorageError {
        /// The browser could not read or write what is stored.
        Failed {
            /// What the browser says.
            #[serde(serialize_with = "excerpt::serialize_detail")]
            detail: String,
        } = "storage",
    }
}
