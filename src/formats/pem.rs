//! PEM (RFC 7468) and DER: certificates, public keys and certificate requests, each with its pin.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::certificate::{Certificate, Description, public_key_from_der, request_from_der};
use crate::error::{Error, PemLabel};
use crate::limits::MAX_INSPECT_BYTES;
use crate::pin::{Pin, holds_private_key};

/// What carries a public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// An X.509 certificate.
    Certificate,
    /// A bare `SubjectPublicKeyInfo`.
    PublicKey,
    /// A PKCS#10 request: the key of a backup pin, before there is a certificate for it.
    CertificateRequest,
}

/// One public key with what is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Inspected {
    /// What it was found in.
    pub kind: Kind,
    /// What a person reads; all `null` for a bare public key.
    #[serde(flatten)]
    pub description: Description,
    /// Its pin, as bare base64.
    pub sha256: Pin,
}

/// Every public key in a file or a pasted text: PEM with any number of blocks and any text around them, or the DER of
/// one certificate, certificate request or public key.
///
/// # Errors
/// [`Error::InputTooLarge`] over [`MAX_INSPECT_BYTES`]; [`Error::PrivateKey`] where one is anywhere in it;
/// [`Error::NothingRecognised`]; for PEM, what is wrong with the first bad block, with its line:
/// [`Error::Pkcs1PublicKey`], [`Error::PemKind`], [`Error::PemEnd`], [`Error::PemEncoding`], [`Error::Der`].
pub fn inspect(input: &[u8]) -> Result<Vec<Inspected>, Error> {
    if input.len() > MAX_INSPECT_BYTES {
        return Err(Error::InputTooLarge { bytes: input.len(), limit: MAX_INSPECT_BYTES });
    }
    if holds_private_key(input) {
        return Err(Error::PrivateKey);
    }
    let input = input.strip_prefix(BYTE_ORDER_MARK).unwrap_or(input);
    match std::str::from_utf8(input) {
        Ok(text) if text.contains(BEGIN) => {
            let found: Vec<_> = blocks(text).map(|block| inspect_block(&block?)).collect::<Result<_, _>>()?;
            if found.is_empty() { Err(Error::NothingRecognised) } else { Ok(found) }
        }
        _ => inspect_der(input).map(|inspected| vec![inspected]),
    }
}

/// One block of PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Block<'a> {
    label: &'a str,
    /// Line of the `BEGIN`, from 1.
    line: usize,
    base64: String,
}

fn inspect_block(block: &Block<'_>) -> Result<Inspected, Error> {
    let (label, line) = (PemLabel::of(block.label), block.line);
    let kind = match block.label {
        "CERTIFICATE" | "X509 CERTIFICATE" => Kind::Certificate,
        "PUBLIC KEY" => Kind::PublicKey,
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => Kind::CertificateRequest,
        "RSA PUBLIC KEY" => return Err(Error::Pkcs1PublicKey),
        _ => return Err(Error::PemKind { label, line }),
    };
    let der = STANDARD.decode(&block.base64).map_err(|_| Error::PemEncoding { label, line })?;
    inspect_as(kind, &der)
}

fn inspect_as(kind: Kind, der: &[u8]) -> Result<Inspected, Error> {
    let (description, sha256) = match kind {
        Kind::Certificate => {
            let certificate = Certificate::from_der(der)?;
            (certificate.describe(), certificate.pin())
        }
        Kind::PublicKey => (Description::default(), Pin::of_spki(public_key_from_der(der)?)),
        Kind::CertificateRequest => {
            let (subject, spki) = request_from_der(der)?;
            (Description::of_subject(subject), Pin::of_spki(spki))
        }
    };
    Ok(Inspected { kind, description, sha256 })
}

/// The three forms differ in their frames, so at most one of them fits.
fn inspect_der(der: &[u8]) -> Result<Inspected, Error> {
    const DER_SEQUENCE: u8 = 0x30;
    if der.first() != Some(&DER_SEQUENCE) {
        return Err(Error::NothingRecognised);
    }
    let as_certificate = inspect_as(Kind::Certificate, der);
    as_certificate
        .or_else(|error| inspect_as(Kind::PublicKey, der).map_err(|_| error))
        .or_else(|error| inspect_as(Kind::CertificateRequest, der).map_err(|_| error))
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// The blocks of a text, in order. After a block without an end there is nothing left to trust.
fn blocks(text: &str) -> impl Iterator<Item = Result<Block<'_>, Error>> {
    let mut lines = text.lines().zip(1..);
    std::iter::from_fn(move || {
        let (label, line) = lines.find_map(|(text, line)| Some((label_of(text, BEGIN)?, line)))?;
        let mut base64 = String::new();
        loop {
            let Some((text, _)) = lines.next().filter(|(text, _)| label_of(text, BEGIN).is_none()) else {
                lines.by_ref().for_each(drop);
                return Some(Err(Error::PemEnd { label: PemLabel::of(label), line }));
            };
            match label_of(text, END) {
                Some(end) if end == label => return Some(Ok(Block { label, line, base64 })),
                Some(_) => {
                    lines.by_ref().for_each(drop);
                    return Some(Err(Error::PemEnd { label: PemLabel::of(label), line }));
                }
                None => base64.extend(text.split_whitespace()),
            }
        }
    })
}

fn label_of<'a>(line: &'a str, start: &str) -> Option<&'a str> {
    line.trim().strip_prefix(start)?.strip_suffix(DASHES)
}
