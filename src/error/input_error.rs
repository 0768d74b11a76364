//! What can be wrong with a file or a certificate.

use std::borrow::Cow;

use super::{Container, area};

area! {
    /// Why bytes, of a file or of a certificate, give no key.
    pub enum InputError {
        /// `RSA PUBLIC KEY` is PKCS#1 (RFC 8017 appendix A.1.1), not a `SubjectPublicKeyInfo`.
        Pkcs1PublicKey = "pkcs1-public-key",
        /// Certificates in a container that is not read.
        Container {
            /// Which.
            container: Container,
        } = "container",
        /// Bytes that are neither PEM text nor the DER of a certificate, a certificate request or a public key.
        NothingRecognised = "nothing-recognised",
        /// More bytes than are read.
        TooLarge {
            /// The size of the input in bytes.
            bytes: usize,
            /// The most that is read.
            limit: usize,
        } = "input-too-large",
        /// DER (X.690) that ends early, has a wrong tag or a wrong length.
        Der {
            /// The field that was being read, in the names of RFC 5280 section 4.1.
            field: Cow<'static, str>,
        } = "der",
    }
}
