//! What can be wrong with a stored policy.

use super::{Error, area, excerpt};

area! {
    /// Why a record of rules and settings cannot be used, or is not put away.
    pub enum PolicyError {
        /// A policy written by a newer version.
        Newer {
            /// Its version.
            version: u64,
        } = "policy-newer",
        /// A stored policy with a field that this version does not know, so written by a newer one.
        FieldNewer {
            /// The field's name.
            #[serde(serialize_with = "excerpt::serialize")]
            name: String,
        } = "policy-field-newer",
        /// A policy that is no JSON of the right shape.
        Syntax {
            /// What the JSON reader says, with line and column.
            #[serde(serialize_with = "excerpt::serialize_detail")]
            detail: String,
        } = "policy-syntax",
        /// A policy has been stored and is no longer there.
        Lost = "policy-lost",
        /// A policy that can be read is not set aside for an empty one.
        InForce = "policy-in-force",
        /// A rule of a policy that was refused.
        Rule {
            /// Which, from 0.
            index: usize,
            /// The first thing wrong with it.
            problem: Box<Error>,
        } = "policy-rule",
    }
}
