//! Files that hold certificates: PKCS #7 is read, the others are named, so that a person knows how to export from them.

use super::key::{Key, KeyKind};
use super::{Format, Reading};
use crate::certificate::{certificates_of_pkcs7, is_pkcs7, is_pkcs12};
use crate::error::{Container, Error, InputError};

/// Which container a file is, if it is one that is not read.
pub(super) fn named(input: &[u8]) -> Option<Container> {
    let magic = MAGIC.iter().find(|(magic, _)| input.starts_with(magic)).map(|(_, container)| *container);
    magic.or_else(|| is_pkcs12(input).then_some(Container::Pkcs12))
}

/// The certificates of a PKCS #7 file; none where it is no such file.
pub(super) fn pkcs7(der: &[u8]) -> Option<Result<Reading, Error>> {
    is_pkcs7(der).then(|| {
        let certificates = certificates_of_pkcs7(der).ok_or(InputError::Container { container: Container::Pkcs7 })?;
        let mut reading = Reading::of(Format::Pkcs7);
        for certificate in certificates {
            reading.take(Key::of(KeyKind::Certificate, certificate), "PKCS7", None);
        }
        reading.or_reason()
    })
}

const MAGIC: &[(&[u8], Container)] = &[
    (b"\xfe\xed\xfe\xed", Container::JavaKeyStore),
    (b"\xce\xce\xce\xce", Container::JavaKeyStore),
    (b"\0\0\0\0CERT", Container::SerializedStore),
    (b"PK\x03\x04", Container::Zip),
    (b"\x1f\x8b", Container::Gzip),
];
