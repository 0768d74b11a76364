//! What can be wrong with an administrator's policy.

use super::{area, excerpt};

area! {
    /// What an administrator has set and cannot be used, or has forbidden.
    pub enum ManagedError {
        /// A part of an administrator's policy that has not the right shape.
        Shape {
            /// What the JSON reader says.
            #[serde(serialize_with = "excerpt::serialize_detail")]
            detail: String,
        } = "managed-shape",
        /// A field of an administrator's rule that holds the wrong kind of value.
        Field {
            /// Its name.
            #[serde(serialize_with = "excerpt::serialize")]
            name: String,
            /// What the JSON reader says.
            #[serde(serialize_with = "excerpt::serialize_detail")]
            detail: String,
        } = "managed-field",
        /// A version of an administrator's policy that is no number.
        Version = "managed-version",
        /// A field or setting that is not known, perhaps misspelt.
        SettingUnknown {
            /// Its name.
            #[serde(serialize_with = "excerpt::serialize")]
            name: String,
        } = "setting-unknown",
        /// Pausing is forbidden.
        PauseForbidden = "pause-forbidden",
    }
}
