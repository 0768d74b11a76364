//! One key, from the DER of what carries it.

use serde::Serialize;

use crate::certificate::{Certificate, Description, is_rsa_public_key, public_key_from_der, request_from_der};
use crate::error::InputError;
use crate::pin::Pin;

/// What carries a public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyKind {
    /// An X.509 certificate.
    Certificate,
    /// A bare `SubjectPublicKeyInfo`.
    PublicKey,
    /// A PKCS#10 request: the key of a backup pin, before there is a certificate for it.
    CertificateRequest,
    /// Nothing: the pin alone was written.
    Pin,
}

/// One public key with what is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Key {
    /// What it was found in.
    pub kind: KeyKind,
    /// What a person reads; all `null` for a bare public key and for a pin.
    #[serde(flatten)]
    pub description: Description,
    /// Its pin, as bare base64.
    pub sha256: Pin,
    /// What stood beside a pin.
    #[serde(skip)]
    pub label: String,
}

impl Key {
    /// A key of which nothing but its pin is known, and what stood beside that.
    pub(super) fn of_pin(sha256: Pin, label: String) -> Self {
        Self { kind: KeyKind::Pin, description: Description::default(), sha256, label }
    }

    /// The key in what is known to be one of these.
    pub(super) fn of(kind: KeyKind, der: &[u8]) -> Result<Self, InputError> {
        let (description, sha256) = match kind {
            KeyKind::Certificate => {
                let certificate = Certificate::from_der(der)?;
                (certificate.describe(), certificate.pin())
            }
            KeyKind::PublicKey => (Description::default(), Pin::of_spki(public_key_from_der(der)?)),
            KeyKind::CertificateRequest => {
                let (subject, spki) = request_from_der(der)?;
                (Description::of_subject(subject), Pin::of_spki(spki))
            }
            KeyKind::Pin => return Err(InputError::NothingRecognised),
        };
        Ok(Self { kind, description, sha256, label: String::new() })
    }

    /// The key in bytes of which nothing is known; none where they do not begin as DER does.
    ///
    /// The forms differ in their frames, so at most one of them fits.
    pub(super) fn from_der(der: &[u8]) -> Option<Result<Self, InputError>> {
        const SEQUENCE: u8 = 0x30;
        if der.first() != Some(&SEQUENCE) {
            return None;
        }
        if is_rsa_public_key(der) {
            return Some(Err(InputError::Pkcs1PublicKey));
        }
        Some(Self::of(KeyKind::Certificate, der).or_else(|error| {
            let others = [KeyKind::PublicKey, KeyKind::CertificateRequest];
            others.into_iter().find_map(|kind| Self::of(kind, der).ok()).ok_or(error)
        }))
    }
}
