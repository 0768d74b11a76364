//! From DER to the original `SubjectPublicKeyInfo` bytes, held against parsers and certificates that are not ours.

use der::{Decode as _, Encode as _};
use sockpin::certificate::Certificate;
use sockpin::pin::Pin;

use crate::chains::TestChain;

/// `x509-cert`'s answer: the key decoded and encoded again.
fn reencoded_spki(der: &[u8]) -> Option<Vec<u8>> {
    let certificate = x509_cert::Certificate::from_der(der).ok()?;
    certificate.tbs_certificate().subject_public_key_info().to_der().ok()
}

#[test]
fn every_public_root_gives_the_key_that_x509_cert_finds() {
    let mut compared = 0;
    for root in webpki_root_certs::TLS_SERVER_ROOT_CERTS {
        let certificate = Certificate::from_der(root).unwrap();
        assert_eq!(Some(certificate.subject_public_key_info().to_vec()), reencoded_spki(root));
        let description = certificate.describe();
        assert!(description.subject.is_some() && description.not_after.is_some(), "{description:?}");
        assert_eq!(description.subject, description.issuer, "a root");
        compared += 1;
    }
    assert!(compared > 100, "{compared} roots");
}

#[test]
fn certificates_of_rcgen_give_the_keys_that_made_them() {
    let chain = TestChain::new();
    for (der, pin) in chain.certificates().iter().zip(chain.pins) {
        let certificate = Certificate::from_der(der).unwrap();
        assert_eq!(certificate.pin(), pin);
        assert_eq!(Some(certificate.subject_public_key_info().to_vec()), reencoded_spki(der));
        assert_eq!(certificate.pin(), Pin::of_spki(certificate.subject_public_key_info()));
    }
}

#[test]
fn a_certificate_cut_short_or_with_bytes_behind_it_is_refused() {
    let leaf = TestChain::new().leaf;
    for length in 0..leaf.len() {
        assert!(Certificate::from_der(&leaf[..length]).is_err(), "{length} of {} bytes", leaf.len());
    }
    let longer = [leaf.as_slice(), &[0]].concat();
    assert_eq!(Certificate::from_der(&longer).unwrap_err().code(), "der");
    let huge = vec![0x30; 300 * 1024];
    assert_eq!(Certificate::from_der(&huge).unwrap_err().code(), "input-too-large");
}

/// One flipped bit anywhere: it is refused, or the key found is what `x509-cert` finds too where that reads it at all.
#[test]
fn a_changed_byte_never_makes_us_hash_something_else() {
    let leaf = TestChain::new().leaf;
    let (mut both, mut ours_alone, mut refused) = (0, 0, 0);
    for position in 0..leaf.len() {
        for bit in 0..8 {
            let mut changed = leaf.clone();
            changed[position] ^= 1 << bit;
            match (Certificate::from_der(&changed), reencoded_spki(&changed)) {
                (Ok(certificate), Some(theirs)) => {
                    assert_eq!(certificate.subject_public_key_info(), theirs, "byte {position}, bit {bit}");
                    both += 1;
                }
                (Ok(_), None) => ours_alone += 1,
                (Err(error), theirs) => {
                    assert!(theirs.is_none(), "byte {position}, bit {bit}: refused with {error}, x509-cert reads it");
                    refused += 1;
                }
            }
        }
    }
    // Each way was taken, or the comparison above compares nothing.
    assert!(both > 100 && ours_alone > 100 && refused > 100, "{both} {ours_alone} {refused}");
}
