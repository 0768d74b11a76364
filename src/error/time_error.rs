//! What can be wrong with a date or a time.

use super::{area, excerpt};

area! {
    /// Why something is no date, or no point in time.
    pub enum TimeError {
        /// Not a calendar date `yyyy-MM-dd`.
        Date {
            /// The text.
            #[serde(serialize_with = "excerpt::serialize")]
            text: String,
        } = "invalid-date",
        /// Not a point in time.
        Time = "invalid-time",
    }
}
