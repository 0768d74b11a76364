//! What can be wrong with a block of PEM ([RFC 7468](https://www.rfc-editor.org/rfc/rfc7468)).

use super::{PemLabel, area};

area! {
    /// Why a block of PEM gives no key.
    pub enum PemError {
        /// A PEM block of a kind that holds no public key.
        Kind {
            /// The label between `BEGIN` and the dashes.
            label: PemLabel,
            /// Line of the `BEGIN`, from 1.
            line: usize,
        } = "pem-kind",
        /// A PEM block without its end line.
        End {
            /// The label between `BEGIN` and the dashes.
            label: PemLabel,
            /// Line of the `BEGIN`, from 1.
            line: usize,
        } = "pem-end",
        /// The text between the lines of a PEM block is not base64.
        Encoding {
            /// The label between `BEGIN` and the dashes.
            label: PemLabel,
            /// Line of the `BEGIN`, from 1.
            line: usize,
        } = "pem-encoding",
    }
}
