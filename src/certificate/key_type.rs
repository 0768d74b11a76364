//! The type and size of a public key, as people compare it with what another program shows.

use super::tlv::{Reader, Tag};
use crate::error::InputError;

/// What kind of key a `SubjectPublicKeyInfo` holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyType {
    /// RSA, with the bits of its modulus ([RFC 8017 appendix A.1.1](https://www.rfc-editor.org/rfc/rfc8017#appendix-A.1.1)).
    Rsa(usize),
    /// An algorithm that has one size, or a curve, by its name.
    Named(&'static str),
    /// Another.
    Other,
}

impl KeyType {
    /// Of a whole `SubjectPublicKeyInfo`.
    #[must_use]
    pub fn of_spki(spki: &[u8]) -> Self {
        read(spki).unwrap_or(Self::Other)
    }
}

/// ```text
/// SubjectPublicKeyInfo ::= SEQUENCE { algorithm AlgorithmIdentifier, subjectPublicKey BIT STRING }
/// AlgorithmIdentifier  ::= SEQUENCE { algorithm OBJECT IDENTIFIER, parameters ANY DEFINED BY algorithm OPTIONAL }
/// ```
fn read(spki: &[u8]) -> Result<KeyType, InputError> {
    const FIELD: &str = "subjectPublicKeyInfo";
    let mut parts = Reader::only_child(spki, FIELD)?;
    let mut algorithm = parts.enter(Tag::SEQUENCE, FIELD)?;
    let key = parts.contents(Tag::BIT_STRING, FIELD)?;
    let name = match algorithm.contents(Tag::OBJECT_IDENTIFIER, FIELD)? {
        RSA_ENCRYPTION => return modulus_bits(key).map(KeyType::Rsa),
        EC_PUBLIC_KEY => algorithm.contents(Tag::OBJECT_IDENTIFIER, FIELD)?,
        other => other,
    };
    let known = NAMES.iter().find(|(identifier, _)| *identifier == name);
    Ok(known.map_or(KeyType::Other, |(_, name)| KeyType::Named(name)))
}

/// A bit string begins with the number of bits that its last byte lacks.
fn modulus_bits(key: &[u8]) -> Result<usize, InputError> {
    const FIELD: &str = "RSAPublicKey";
    let mut key = Reader::only_child(key.get(1..).unwrap_or_default(), FIELD)?;
    let modulus = key.contents(Tag::INTEGER, FIELD)?;
    let digits = modulus.iter().skip_while(|byte| **byte == 0);
    let unused = digits.clone().next().map_or(0, |first| first.leading_zeros());
    Ok((digits.count() * 8).saturating_sub(usize::try_from(unused).unwrap_or(0)))
}

/// 1.2.840.113549.1.1.1
const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// 1.2.840.10045.2.1
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];

/// Curves ([RFC 5480 section 2.1.1.1](https://www.rfc-editor.org/rfc/rfc5480#section-2.1.1.1)), [RFC 8410](https://www.rfc-editor.org/rfc/rfc8410) and [RFC 9881](https://www.rfc-editor.org/rfc/rfc9881).
const NAMES: [(&[u8], &str); 8] = [
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07], "ECDSA P-256"),
    (&[0x2b, 0x81, 0x04, 0x00, 0x22], "ECDSA P-384"),
    (&[0x2b, 0x81, 0x04, 0x00, 0x23], "ECDSA P-521"),
    (&[0x2b, 0x65, 0x70], "Ed25519"),
    (&[0x2b, 0x65, 0x71], "Ed448"),
    (&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x11], "ML-DSA-44"),
    (&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x12], "ML-DSA-65"),
    (&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x13], "ML-DSA-87"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::Certificate;

    /// As each root is called by those who keep it.
    #[test]
    fn keys_of_real_roots_have_the_type_that_their_names_tell() {
        let mut found = 0;
        for der in webpki_root_certs::TLS_SERVER_ROOT_CERTS {
            let certificate = Certificate::from_der(der).unwrap();
            let subject = certificate.describe().subject.unwrap_or_default();
            let expected = match () {
                () if subject.contains("CN=ISRG Root X1,") => KeyType::Rsa(4096),
                () if subject.contains("CN=Amazon Root CA 1,") => KeyType::Rsa(2048),
                () if subject.contains("CN=Amazon Root CA 3,") => KeyType::Named("ECDSA P-256"),
                () if subject.contains("CN=ISRG Root X2,") => KeyType::Named("ECDSA P-384"),
                () => continue,
            };
            found += 1;
            assert_eq!(KeyType::of_spki(certificate.subject_public_key_info()), expected, "{subject}");
        }
        assert_eq!(found, 4);
    }

    #[test]
    fn what_is_no_key_that_is_known_is_another() {
        for spki in [&b""[..], &[0x30, 0x00], &[0x30, 0x07, 0x30, 0x03, 0x06, 0x01, 0x2a, 0x03, 0x00]] {
            assert_eq!(KeyType::of_spki(spki), KeyType::Other);
        }
    }
}
