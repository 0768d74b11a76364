//! A pin: the SHA-256 of a `SubjectPublicKeyInfo`.

mod notation;
mod private_key;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::Error as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::error::PinError;
use crate::fields::{Json, Read};
use crate::limits::PIN_BYTES;

pub(crate) use private_key::is_in as holds_private_key;

/// SHA-256 of a certificate's DER `SubjectPublicKeyInfo`
/// ([RFC 7469 section 2.4](https://www.rfc-editor.org/rfc/rfc7469#section-2.4)), always 32 bytes.
///
/// Written `sha256/<base64>`. As JSON it is the bare base64 with padding. The notations of other tools that are read stand
/// as a table in `pin/notation.rs`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pin([u8; PIN_BYTES]);

impl Pin {
    /// The pin of a public key.
    ///
    /// `spki` is the whole DER of the `SubjectPublicKeyInfo` as it was presented, outer `SEQUENCE` tag included.
    #[must_use]
    pub fn of_spki(spki: &[u8]) -> Self {
        Self(Sha256::digest(spki).into())
    }

    /// Whether this is the fingerprint of that whole certificate: what people enter who take it for the pin of its key.
    #[must_use]
    pub fn is_fingerprint_of(&self, certificate: &[u8]) -> bool {
        let Self(digest) = self;
        Sha256::digest(certificate).as_slice() == digest
    }

    /// Reads a pin in any notation that is in use, with what commonly stands around it.
    ///
    /// ```
    /// use sockpin::pin::Pin;
    ///
    /// let pin = Pin::parse("sha256//C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=")?;
    /// assert_eq!(pin.to_string(), "sha256/C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=");
    /// # Ok::<(), sockpin::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`PinError::Empty`], [`PinError::Algorithm`] (SHA-1 and others), [`PinError::PrivateKey`] (in any form, never
    /// repeated), [`PinError::Encoding`] and [`PinError::Character`] (neither base64 nor hex), [`PinError::Length`] (not 32
    /// bytes) and [`PinError::OfCertificate`] (a record that says so).
    pub fn parse(text: &str) -> Result<Self, PinError> {
        notation::digest(text)
            .map(Self)
            .map_err(|error| if holds_private_key(text.as_bytes()) { PinError::PrivateKey } else { error })
    }

    /// Whether a pin that can be read is written as programs write the fingerprint of a whole certificate: in pairs with
    /// colons, or under that name.
    #[must_use]
    pub fn is_like_fingerprint(text: &str) -> bool {
        notation::is_like_fingerprint(text)
    }

    /// Refuses what can be the pin of no key: what the usual commands print when no certificate has come to them, and
    /// bytes that are all equal. Rules that are stored with such a pin are still read: it matches nothing.
    ///
    /// # Errors
    /// [`PinError::OfNothing`] and [`PinError::Placeholder`].
    pub fn check_is_of_a_key(&self) -> Result<(), PinError> {
        let Self(digest) = self;
        if OF_NOTHING.contains(digest) {
            return Err(PinError::OfNothing);
        }
        if digest.iter().all(|byte| digest.first() == Some(byte)) { Err(PinError::Placeholder) } else { Ok(()) }
    }

    /// The digest.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; PIN_BYTES] {
        &self.0
    }

    /// The digest as base64 with padding ([RFC 4648 section 4](https://www.rfc-editor.org/rfc/rfc4648#section-4)), without `sha256/`.
    #[must_use]
    pub fn to_base64(self) -> String {
        STANDARD.encode(self.0)
    }

    /// Whether this is a pin that tutorials use as a placeholder (`AAAA…=`, `BBBB…=`): it belongs to no key, so it is no
    /// backup.
    #[must_use]
    pub fn is_placeholder(&self) -> bool {
        let base64 = self.to_base64();
        let mut letters = base64.trim_end_matches('=').chars();
        // 32 bytes leave two zero bits in the last letter, so a repeated letter may end in its neighbour.
        letters.next_back();
        letters.next().is_some_and(|first| letters.all(|letter| letter == first))
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "sha256/{}", self.to_base64())
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Pin({self})")
    }
}

impl TryFrom<String> for Pin {
    type Error = PinError;

    fn try_from(text: String) -> Result<Self, PinError> {
        Self::parse(&text)
    }
}

impl Read<'_> for Pin {
    fn read(json: Json<'_>) -> Result<Self, serde_json::Error> {
        Self::parse(&json.text()?).map_err(serde_json::Error::custom)
    }
}

impl From<Pin> for String {
    fn from(pin: Pin) -> Self {
        pin.to_base64()
    }
}

/// The digests of an empty text, of a line end and of that of Windows: `printf '' | openssl dgst -sha256`, `'\n'`, `'\r\n'`.
const OF_NOTHING: [[u8; PIN_BYTES]; 3] = [
    [
        0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae,
        0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
    ],
    [
        0x01, 0xba, 0x47, 0x19, 0xc8, 0x0b, 0x6f, 0xe9, 0x11, 0xb0, 0x91, 0xa7, 0xc0, 0x51, 0x24, 0xb6, 0x4e, 0xee,
        0xce, 0x96, 0x4e, 0x09, 0xc0, 0x58, 0xef, 0x8f, 0x98, 0x05, 0xda, 0xca, 0x54, 0x6b,
    ],
    [
        0x7e, 0xb7, 0x02, 0x57, 0x59, 0x3d, 0xa0, 0x6f, 0x68, 0x2a, 0x3d, 0xdd, 0xa5, 0x4a, 0x9d, 0x26, 0x0d, 0x4f,
        0xc5, 0x14, 0xf6, 0x45, 0x23, 0x7f, 0x5c, 0xa7, 0x4b, 0x08, 0xf8, 0xda, 0x61, 0xa6,
    ],
];

#[cfg(test)]
mod tests {
    use super::*;

    /// ISRG Root X1, as published by Let's Encrypt.
    const ISRG: &str = "C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=";
    /// `echo C5+l…r8M= | base64 -d | xxd -p -c 64`
    const ISRG_HEX: &str = "0b9fa5a59eed715c26c1020c711b4f6ec42d58b0015e14337a39dad301c5afc3";

    #[test]
    fn every_notation_of_one_pin_is_the_same_pin() {
        let expected = Pin::parse(ISRG).unwrap();
        assert_eq!(expected.to_string(), format!("sha256/{ISRG}"));
        for text in [
            format!("sha256/{ISRG}"),
            format!("sha256//{ISRG}"),
            format!("SHA256/{ISRG}"),
            format!("sha-256/{ISRG}"),
            format!("  {ISRG}\n"),
            ISRG.trim_end_matches('=').to_owned(),
            format!("pin-sha256=\"{ISRG}\""),
            format!("Pin-SHA256 = \"{ISRG}\""),
            "C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8N=".to_owned(), // bits past the last byte
            ISRG_HEX.to_owned(),
            ISRG_HEX.to_uppercase(),
            format!("sha256:{ISRG_HEX}"),
            ISRG_HEX.as_bytes().chunks(2).map(|pair| String::from_utf8_lossy(pair)).collect::<Vec<_>>().join(":"),
        ] {
            assert_eq!(Pin::parse(&text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn every_notation_of_every_first_byte_reads_back() {
        for first in 0..=u8::MAX {
            for second in [0x00, 0x5f, 0xff] {
                let mut digest = [0x5a; PIN_BYTES];
                digest[0] = first;
                digest[1] = second;
                let pin = Pin(digest);
                let base64 = pin.to_base64();
                let bare = base64.trim_end_matches('=');
                for text in [
                    base64.clone(),
                    bare.to_owned(),
                    pin.to_string(),
                    format!("sha256/{bare}"),
                    format!("sha256//{base64}"),
                    format!("sha256//{bare}"),
                    format!("pin-sha256=\"{base64}\""),
                ] {
                    assert_eq!(Pin::parse(&text), Ok(pin), "{text}");
                }
            }
        }
    }

    #[test]
    fn a_bare_digest_that_begins_like_another_algorithm_is_a_digest() {
        for beginning in ["sha1/", "SHA512/", "MD5/"] {
            let text = format!("{beginning}{}", &ISRG[beginning.len()..]);
            assert_eq!(Pin::parse(&text).map(Pin::to_base64), Ok(text));
        }
    }

    #[test]
    fn what_is_no_pin_says_why() {
        for (text, code) in [
            ("", "pin-empty"),
            ("sha256/", "pin-empty"),
            ("sha1/0BEVSXG22QAvTkJpMoCB3A7ZkTw=", "pin-algorithm"),
            ("0BEVSXG22QAvTkJpMoCB3A7ZkTw=", "pin-algorithm"),
            ("d01115497 1b6d9002f4e4269328081dc0ed9913c", "pin-algorithm"),
            ("da39a3ee5e6b4b0d3255bfef95601890afd80709", "pin-algorithm"),
            ("sha512/AAAA", "pin-algorithm"),
            ("sha256/C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna", "pin-length"), // cut short to the length of a bare digest
            ("sha256//C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHF", "pin-length"),
            ("C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFrw==", "pin-length"),
            ("C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=AAAA", "pin-encoding"),
            ("C5!lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=", "pin-character"),
            ("hello there", "pin-encoding"),
            ("-----BEGIN EC PRIVATE KEY-----", "private-key"),
            ("-----BEGIN PRIVATE KEY-----\nMIG", "private-key"),
        ] {
            assert_eq!(Pin::parse(text).map_err(|error| error.code()), Err(code), "{text}");
        }
    }

    #[test]
    fn stand_ins_of_tutorials_are_known() {
        for (text, expected) in [
            ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", true),
            ("BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB=", true),
            (ISRG, false),
        ] {
            assert_eq!(Pin::parse(text).unwrap().is_placeholder(), expected, "{text}");
        }
    }
}
