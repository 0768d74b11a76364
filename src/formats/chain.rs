//! A chain out of a file: its certificates in the order in which a browser would have them.

use super::{encoding, pem, read};
use crate::certificate::{Certificate, Description, certificates_of_pkcs7, is_pkcs7};
use crate::error::Error;
use crate::limits::MAX_CHAIN_CERTIFICATES;

/// Why there is no chain in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoChain {
    /// It cannot be read, or a part of it cannot.
    Content(Error),
    /// It holds keys, and no certificate.
    NoCertificate,
    /// Its certificates do not follow one from the other.
    Several,
    /// More certificates than any chain has.
    TooLong,
}

/// The DER of the certificates in a file or a text, the server's own first, each one followed by that of its issuer. By their names
/// alone: no signature is checked.
///
/// # Errors
/// See [`NoChain`].
pub fn chain(input: &[u8]) -> Result<Vec<Vec<u8>>, NoChain> {
    let reading = read(input).map_err(NoChain::Content)?;
    if let Some(part) = reading.left_out.into_iter().next() {
        return Err(NoChain::Content(part.why));
    }
    let mut certificates = certificates(input);
    certificates.retain(|der| Certificate::from_der(der).is_ok());
    if certificates.len() > MAX_CHAIN_CERTIFICATES {
        return Err(NoChain::TooLong);
    }
    in_order(certificates)
}

fn certificates(input: &[u8]) -> Vec<Vec<u8>> {
    let owned = |ders: Vec<&[u8]>| ders.into_iter().map(<[u8]>::to_vec).collect();
    if is_pkcs7(input) {
        return certificates_of_pkcs7(input).map(owned).unwrap_or_default();
    }
    if Certificate::from_der(input).is_ok() {
        return vec![input.to_vec()];
    }
    pem::certificates(&encoding::text(input))
}

fn in_order(certificates: Vec<Vec<u8>>) -> Result<Vec<Vec<u8>>, NoChain> {
    let mut left: Vec<(Description, Vec<u8>)> = Vec::new();
    for der in certificates {
        if !left.iter().any(|(_, other)| *other == der) {
            let description = Certificate::from_der(&der).map(|certificate| certificate.describe()).unwrap_or_default();
            left.push((description, der));
        }
    }
    if left.is_empty() {
        return Err(NoChain::NoCertificate);
    }
    let has_issued = |place: usize| {
        let subject = left.get(place).and_then(|(description, _)| description.subject.as_ref());
        left.iter().enumerate().any(|(other, (issued, _))| other != place && issued.issuer.as_ref() == subject)
    };
    let own: Vec<usize> = (0..left.len()).filter(|place| !has_issued(*place)).collect();
    let [own] = own.as_slice() else { return Err(NoChain::Several) };
    let (mut last, der) = left.remove(*own);
    let mut chain = vec![der];
    while let Some(place) = left.iter().position(|(description, _)| description.subject == last.issuer) {
        let (next, der) = left.remove(place);
        chain.push(der);
        last = next;
    }
    if left.is_empty() { Ok(chain) } else { Err(NoChain::Several) }
}
