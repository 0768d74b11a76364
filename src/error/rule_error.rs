//! What can be wrong with a rule as a whole, and beside the others.

use super::{area, excerpt};

area! {
    /// Why a rule cannot be stored, though its hosts and pins can be read.
    pub enum RuleError {
        /// A rule that blocks or flags without a pin and without a denied key would stop everything or nothing.
        PinsMissing = "rule-pins-missing",
        /// The same key both as pin and as denied key, or twice in one list.
        PinRepeated = "rule-pin-repeated",
        /// A second rule with this pattern.
        HostTaken {
            /// The pattern.
            #[serde(serialize_with = "excerpt::serialize_checked")]
            pattern: String,
        } = "rule-host-taken",
        /// More rules than a layer may have.
        Count {
            /// The most.
            limit: usize,
        } = "rule-count",
        /// More pins than a rule may have.
        PinCount {
            /// The most.
            limit: usize,
        } = "rule-pin-count",
        /// A text field that is too long.
        TextLength {
            /// The most characters.
            limit: usize,
        } = "text-length",
        /// An address for reports that is none: no `https://`, no host, or something that may not be in it.
        ReportUri = "rule-report-uri",
        /// An identifier that is empty or too long.
        Id = "rule-id",
        /// The rule has been changed since the form that is being saved was opened.
        Changed = "rule-changed",
        /// No rule has this identifier.
        Unknown {
            /// The identifier.
            #[serde(serialize_with = "excerpt::serialize")]
            id: String,
        } = "rule-unknown",
        /// A second rule with this identifier.
        IdTaken {
            /// The identifier.
            #[serde(serialize_with = "excerpt::serialize_checked")]
            id: String,
        } = "rule-id-taken",
    }
}
