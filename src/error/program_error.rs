//! What can go wrong between the parts of Sockpin.

use super::{area, excerpt};

area! {
    /// Why one part of Sockpin has no answer from another.
    pub enum ProgramError {
        /// The shape of an argument is wrong.
        Argument {
            /// What the reader says.
            #[serde(serialize_with = "excerpt::serialize_detail")]
            detail: String,
        } = "argument",
        /// The core could not be loaded, or died: `background.js` says so in its stead.
        CoreFailed {
            /// What the browser says.
            #[serde(serialize_with = "excerpt::serialize_detail")]
            detail: String,
        } = "core-failed",
    }
}
