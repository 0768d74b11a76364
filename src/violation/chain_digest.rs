//! The name of a chain.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::fields::{Json, Read};

/// The name of a chain, if not [of a text about one](Self::of_text): the SHA-256 of its certificates in their order, each after its length in bytes (64 bits, big
/// endian), so that no other division of the same bytes has the same name.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChainDigest(String);

impl ChainDigest {
    /// The name of a chain; none for one without certificates.
    #[must_use]
    pub fn of(certificates: &[Vec<u8>]) -> Option<Self> {
        let mut digest = Sha256::new();
        for certificate in certificates {
            let length = u64::try_from(certificate.len()).unwrap_or(u64::MAX);
            digest.update(length.to_be_bytes());
            digest.update(certificate);
        }
        (!certificates.is_empty()).then(|| Self(STANDARD.encode(digest.finalize())))
    }

    /// The name of a text about a chain: what is said in it of the same certificates makes another one.
    #[must_use]
    pub fn of_text(text: &str) -> Self {
        Self(STANDARD.encode(Sha256::digest(text)))
    }

    /// One that has this name.
    pub(crate) fn named(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// As it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Read<'_> for ChainDigest {
    fn read(json: Json<'_>) -> Result<Self, serde_json::Error> {
        String::read(json).map(Self)
    }
}

impl fmt::Debug for ChainDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_is_its_certificates_in_their_order() {
        let of = |certificates: &[&[u8]]| {
            ChainDigest::of(&certificates.iter().map(|certificate| certificate.to_vec()).collect::<Vec<_>>())
        };
        assert_eq!(of(&[]), None);
        // printf '\0\0\0\0\0\0\0\003abc\0\0\0\0\0\0\0\001d' | openssl dgst -sha256 -binary | openssl enc -base64
        assert_eq!(of(&[b"abc", b"d"]).unwrap().as_str(), "3TbSu9Uqda4a9pTwq5OzFGJ1k0y1U3bMU8YI16sQv4Y=");
        for other in [&[b"ab".as_slice(), b"cd"][..], &[b"abcd"], &[b"d", b"abc"], &[b"abc", b"d", b""], &[b"abc"]] {
            assert_ne!(of(other), of(&[b"abc", b"d"]), "{other:?}");
        }
    }
}
