//! The formats around certificates and keys: PKCS #1, PKCS #7, PKCS #12, and the trusted certificate of OpenSSL.

use super::tlv::{Reader, Tag};
use crate::error::InputError;

/// The certificate in OpenSSL's `TRUSTED CERTIFICATE`: it stands in front of what OpenSSL is to trust it for.
///
/// # Errors
/// [`InputError::Der`].
pub(crate) fn trusted_certificate(der: &[u8]) -> Result<&[u8], InputError> {
    Reader::of(der).element(Tag::SEQUENCE, "Certificate")
}

/// Whether DER is an `RSAPublicKey`, a modulus and an exponent without the name of their algorithm
/// ([RFC 8017 appendix A.1.1](https://www.rfc-editor.org/rfc/rfc8017#appendix-A.1.1)).
pub(crate) fn is_rsa_public_key(der: &[u8]) -> bool {
    const FIELD: &str = "RSAPublicKey";
    let read = || {
        let mut key = Reader::only_child(der, FIELD)?;
        key.element(Tag::INTEGER, FIELD)?;
        key.element(Tag::INTEGER, FIELD)?;
        key.end(FIELD)
    };
    read().is_ok()
}

/// How many bytes an element has, as its first bytes say.
pub(crate) fn der_length(beginning: &[u8]) -> Option<usize> {
    let (header, length) = match *beginning {
        [_, short @ 0..=0x7f, ..] => (2, usize::from(short)),
        [_, 0x81, length, ..] => (3, usize::from(length)),
        [_, 0x82, high, low, ..] => (4, usize::from(u16::from_be_bytes([high, low]))),
        [_, 0x83, high, middle, low, ..] => (5, usize::try_from(u32::from_be_bytes([0, high, middle, low])).ok()?),
        _ => return None,
    };
    length.checked_add(header)
}

/// Whether something is a `PFX` ([RFC 7292 section 4](https://www.rfc-editor.org/rfc/rfc7292#section-4)), whatever form of
/// length it is written in.
pub(crate) fn is_pkcs12(der: &[u8]) -> bool {
    let contents = |der: &'_ [u8]| -> Option<usize> {
        match *der {
            [0x30, 0..=0x80, ..] => Some(2),
            [0x30, long @ 0x81..=0x84, ..] => Some(2 + usize::from(long & 0x7f)),
            _ => None,
        }
    };
    let read = || {
        let inside = der.get(contents(der)?..)?.strip_prefix(VERSION_3)?;
        inside.get(contents(inside)?..)?.starts_with(DATA_OR_SIGNED).then_some(())
    };
    read().is_some()
}

/// Whether something is a `ContentInfo` of signed data ([RFC 5652 section 3](https://www.rfc-editor.org/rfc/rfc5652#section-3)).
pub(crate) fn is_pkcs7(der: &[u8]) -> bool {
    const HEADERS: std::ops::RangeInclusive<usize> = 2..=6;
    der.first() == Some(&0x30)
        && HEADERS.into_iter().any(|header| der.get(header..).is_some_and(|inside| inside.starts_with(SIGNED_DATA)))
}

/// The certificates in it ([RFC 5652 section 5.1](https://www.rfc-editor.org/rfc/rfc5652#section-5.1)); none where it is not
/// DER.
///
/// ```text
/// SignedData ::= SEQUENCE {
///   version CMSVersion,
///   digestAlgorithms DigestAlgorithmIdentifiers,
///   encapContentInfo EncapsulatedContentInfo,
///   certificates [0] IMPLICIT CertificateSet OPTIONAL,
///   ... }
/// ```
pub(crate) fn certificates_of_pkcs7(der: &[u8]) -> Option<Vec<&[u8]>> {
    const FIELD: &str = "SignedData";
    let read = || {
        let mut info = Reader::only_child(der, FIELD)?;
        info.element(Tag::OBJECT_IDENTIFIER, FIELD)?;
        let mut data = info.enter(Tag::CONTEXT_0, FIELD)?.enter(Tag::SEQUENCE, FIELD)?;
        data.element(Tag::INTEGER, FIELD)?;
        data.element(Tag::SET, FIELD)?;
        data.element(Tag::SEQUENCE, FIELD)?;
        let mut set = data.enter(Tag::CONTEXT_0, FIELD)?;
        let mut certificates = Vec::new();
        while !set.rest().is_empty() {
            certificates.push(set.any(FIELD)?.whole);
        }
        Ok::<_, InputError>(certificates)
    };
    read().ok()
}

/// `INTEGER` 3.
const VERSION_3: &[u8] = &[0x02, 0x01, 0x03];
/// 1.2.840.113549.1.7, of which 1 is data and 2 signed data.
const DATA_OR_SIGNED: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07];
/// 1.2.840.113549.1.7.2
const SIGNED_DATA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
