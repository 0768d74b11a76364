//! From a certificate's DER to the original bytes of its `SubjectPublicKeyInfo`, and to its pin.
//!
//! The hot path slices and hashes; what a person reads ([`Description`]) is parsed only when it is shown.

mod description;
mod fingerprint;
mod key_type;
mod name;
#[cfg(any(not(target_arch = "wasm32"), feature = "pages", feature = "lab"))]
mod pkcs;
mod tlv;

pub use description::Description;
pub use fingerprint::{fingerprint, with_colons};
pub use key_type::KeyType;
#[cfg(any(not(target_arch = "wasm32"), feature = "pages", feature = "lab"))]
pub(crate) use pkcs::{certificates_of_pkcs7, der_length, is_pkcs7, is_pkcs12, is_rsa_public_key, trusted_certificate};

use crate::error::InputError;
use crate::limits::MAX_CERTIFICATE_BYTES;
use crate::pin::Pin;
use tlv::{Reader, Tag};

/// The parts of a certificate that matter here, each as the original DER with its outer tag
/// ([RFC 5280 section 4.1](https://www.rfc-editor.org/rfc/rfc5280#section-4.1)):
///
/// ```text
/// Certificate  ::=  SEQUENCE  {
///      tbsCertificate       SEQUENCE  {
///           version         [0]  EXPLICIT Version DEFAULT v1,
///           serialNumber         CertificateSerialNumber,
///           signature            AlgorithmIdentifier,
///           issuer               Name,
///           validity             Validity,
///           subject              Name,
///           subjectPublicKeyInfo SubjectPublicKeyInfo,
///           ... },
///      signatureAlgorithm   AlgorithmIdentifier,
///      signatureValue       BIT STRING  }
/// ```
///
/// Nothing beyond the frame is looked into, so a long serial, an odd extension or an unknown algorithm is no obstacle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Certificate<'a> {
    /// The bytes of the INTEGER, without tag and length.
    serial: &'a [u8],
    issuer: &'a [u8],
    validity: &'a [u8],
    subject: &'a [u8],
    spki: &'a [u8],
}

impl<'a> Certificate<'a> {
    /// Finds the parts in the DER of one certificate.
    ///
    /// # Errors
    /// [`InputError::TooLarge`], or [`InputError::Der`] with the field at which it stops being a certificate. Bytes after
    /// the certificate are an error as well.
    pub fn from_der(der: &'a [u8]) -> Result<Self, InputError> {
        if der.len() > MAX_CERTIFICATE_BYTES {
            return Err(InputError::TooLarge { bytes: der.len(), limit: MAX_CERTIFICATE_BYTES });
        }
        let mut certificate = Reader::only_child(der, "Certificate")?;
        let mut tbs = certificate.enter(Tag::SEQUENCE, "tbsCertificate")?;
        certificate.element(Tag::SEQUENCE, "signatureAlgorithm")?;
        certificate.element(Tag::BIT_STRING, "signatureValue")?;
        certificate.end("Certificate")?;

        tbs.optional(Tag::CONTEXT_0, "version")?;
        let serial = tbs.contents(Tag::INTEGER, "serialNumber")?;
        tbs.element(Tag::SEQUENCE, "signature")?;
        let issuer = tbs.element(Tag::SEQUENCE, "issuer")?;
        let validity = tbs.element(Tag::SEQUENCE, "validity")?;
        let subject = tbs.element(Tag::SEQUENCE, "subject")?;
        let spki = tbs.element(Tag::SEQUENCE, "subjectPublicKeyInfo")?;
        check_spki(spki)?;
        Ok(Self { serial, issuer, validity, subject, spki })
    }

    /// The `SubjectPublicKeyInfo` exactly as it was presented, outer `SEQUENCE` tag included.
    #[must_use]
    pub const fn subject_public_key_info(&self) -> &'a [u8] {
        self.spki
    }

    /// The pin of its public key.
    #[must_use]
    pub fn pin(&self) -> Pin {
        Pin::of_spki(self.spki)
    }

    /// What a person reads. A part that cannot be read is left out; the others are still there.
    #[must_use]
    pub fn describe(&self) -> Description {
        Description::of(self)
    }
}

/// The `SubjectPublicKeyInfo` of a bare public key (PEM `PUBLIC KEY`): the input itself, once it has been checked.
pub fn public_key_from_der(der: &[u8]) -> Result<&[u8], InputError> {
    check_spki(der)?;
    Ok(der)
}

/// Subject and `SubjectPublicKeyInfo` of a certificate request ([RFC 2986 section 4](https://www.rfc-editor.org/rfc/rfc2986#section-4)), each with its outer tag.
pub fn request_from_der(der: &[u8]) -> Result<(&[u8], &[u8]), InputError> {
    let mut request = Reader::only_child(der, "CertificationRequest")?;
    let mut info = request.enter(Tag::SEQUENCE, "certificationRequestInfo")?;
    request.element(Tag::SEQUENCE, "signatureAlgorithm")?;
    request.element(Tag::BIT_STRING, "signature")?;
    request.end("CertificationRequest")?;
    info.contents(Tag::INTEGER, "version")?;
    let subject = info.element(Tag::SEQUENCE, "subject")?;
    let spki = info.element(Tag::SEQUENCE, "subjectPKInfo")?;
    check_spki(spki)?;
    Ok((subject, spki))
}

/// `SubjectPublicKeyInfo ::= SEQUENCE { algorithm AlgorithmIdentifier, subjectPublicKey BIT STRING }`
/// ([RFC 5280 section 4.1.2.7](https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.7)).
fn check_spki(spki: &[u8]) -> Result<(), InputError> {
    let mut parts = Reader::only_child(spki, "subjectPublicKeyInfo")?;
    parts.element(Tag::SEQUENCE, "algorithm")?;
    parts.element(Tag::BIT_STRING, "subjectPublicKey")?;
    parts.end("subjectPublicKeyInfo")
}
