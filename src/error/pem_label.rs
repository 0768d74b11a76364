//! The labels of PEM blocks that a message may name.

use serde::Serialize;

use crate::fields::{Json, Read};

/// The label of a PEM block (RFC 7468 section 2), if it is one that is in use.
///
/// Where a block lacks a line end or a frame is damaged, the text in the place of the label may be anything, the body of
/// a private key for instance. So a label is never repeated: it is looked up, and the name from this table is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct PemLabel(Option<&'static str>);

impl PemLabel {
    /// The label with this text, or the one without a name.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(KNOWN.iter().copied().find(|known| *known == text))
    }

    /// The label; none where it is not a known one.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        self.0
    }
}

impl Read<'_> for PemLabel {
    fn read(json: Json<'_>) -> Result<Self, serde_json::Error> {
        let text: Option<String> = Read::read(json)?;
        Ok(text.as_deref().map(Self::of).unwrap_or_default())
    }
}

/// RFC 7468 section 4 and following, OpenSSL's `pem.h`, RFC 9580 section 6.2.1 and RFC 4716 section 3.2.
const KNOWN: &[&str] = &[
    "CERTIFICATE",
    "X509 CERTIFICATE",
    "TRUSTED CERTIFICATE",
    "ATTRIBUTE CERTIFICATE",
    "CERTIFICATE REQUEST",
    "NEW CERTIFICATE REQUEST",
    "X509 CRL",
    "PUBLIC KEY",
    "RSA PUBLIC KEY",
    "DSA PUBLIC KEY",
    "EC PUBLIC KEY",
    "SSH2 PUBLIC KEY",
    "PGP PUBLIC KEY BLOCK",
    "PGP MESSAGE",
    "PGP SIGNATURE",
    "PGP SIGNED MESSAGE",
    "PKCS7",
    "PKCS #7 SIGNED DATA",
    "CMS",
    "PKCS12",
    "PARAMETERS",
    "DH PARAMETERS",
    "X9.42 DH PARAMETERS",
    "EC PARAMETERS",
    "DSA PARAMETERS",
    "SSL SESSION PARAMETERS",
    "CERTIFICATE PAIR",
    "OPENVPN STATIC KEY V1",
];
