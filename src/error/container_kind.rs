//! The containers in which people are handed certificates, and that are not read.

use serde::{Deserialize, Serialize};

use crate::fields::words;

/// A container of certificates, known by its first bytes or its label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Container {
    /// PKCS #12 ([RFC 7292](https://www.rfc-editor.org/rfc/rfc7292)): `.p12`, `.pfx`. As a rule it holds a private key.
    Pkcs12,
    /// PKCS #7 or CMS ([RFC 5652](https://www.rfc-editor.org/rfc/rfc5652)) in another form than DER with certificates.
    Pkcs7,
    /// A key store of Java: `.jks`.
    JavaKeyStore,
    /// The certificate store of Windows as a file: `.sst`.
    SerializedStore,
    /// An archive: `.zip`.
    Zip,
    /// A compressed file: `.gz`.
    Gzip,
}

words!(Container);
