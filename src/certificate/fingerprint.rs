//! Fingerprints as browsers and devices show them.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::limits::PIN_BYTES;

/// The SHA-256 of a whole certificate: what most programs call its fingerprint. No pin.
#[must_use]
pub fn fingerprint(certificate: &[u8]) -> [u8; PIN_BYTES] {
    Sha256::digest(certificate).into()
}

/// Pairs of upper-case hex digits between colons.
#[must_use]
pub fn with_colons(digest: &[u8]) -> String {
    let mut text = String::with_capacity(digest.len() * 3);
    for (index, byte) in digest.iter().enumerate() {
        let separator = if index == 0 { "" } else { ":" };
        // Writing to a text cannot fail.
        let _ = write!(text, "{separator}{byte:02X}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Mozilla's list of roots has them.
    #[test]
    fn a_fingerprint_is_what_everybody_shows() {
        let root = webpki_root_certs::TLS_SERVER_ROOT_CERTS
            .iter()
            .find(|der| {
                crate::certificate::Certificate::from_der(der).unwrap().pin().to_base64().starts_with("C5+lpZ7t")
            })
            .unwrap();
        assert_eq!(
            with_colons(&fingerprint(root)),
            "96:BC:EC:06:26:49:76:F3:74:60:77:9A:CF:28:C5:A7:CF:E8:A3:C0:AA:E1:1A:8F:FC:EE:05:C0:BD:DF:08:C6"
        );
        assert_eq!(with_colons(&[]), "");
    }
}
