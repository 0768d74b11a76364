//! What can be wrong with a pin.

use std::borrow::Cow;

use super::{Excerpt, area};

area! {
    /// Why a text is no pin, or a pin that is of no use.
    pub enum PinError {
        /// No pin where one is needed.
        Empty = "pin-empty",
        /// A digest of another length than SHA-256's 32 bytes.
        Length {
            /// How many bytes it decodes to.
            bytes: usize,
        } = "pin-length",
        /// A digest that is named or sized as another algorithm's, SHA-1 for instance.
        Algorithm {
            /// The algorithm, as named or as the length tells.
            algorithm: Cow<'static, str>,
        } = "pin-algorithm",
        /// Neither base64 nor hex.
        Encoding {
            /// The text.
            text: Excerpt,
        } = "pin-encoding",
        /// A pin but for a character that looks like another, or has got into it.
        Character {
            /// The first such character.
            character: char,
        } = "pin-character",
        /// SHA-256 of nothing, or of a line end: the command that should have hashed a key got none.
        OfNothing = "pin-of-nothing",
        /// Bytes that are all equal: they stand for a pin in an example.
        Placeholder = "pin-stand-in",
        /// The digest of a whole certificate where that of its key is wanted, as a TLSA record says itself.
        OfCertificate = "pin-of-certificate",
        /// A private key was given where a public one is wanted.
        PrivateKey = "private-key",
    }
}
