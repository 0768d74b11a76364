//! A pin: the SHA-256 of a `SubjectPublicKeyInfo`.

mod private_key;

use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Excerpt};
use crate::limits::PIN_BYTES;

pub(crate) use private_key::is_in as holds_private_key;

/// SHA-256 of a certificate's DER `SubjectPublicKeyInfo` (RFC 7469 section 2.4), always 32 bytes.
///
/// Written `sha256/<base64>`. As JSON it is the bare base64 with padding.
///
/// | read by [`Pin::parse`] | as written by |
/// |---|---|
/// | `sha256/C5+l…r8M=` | OkHttp, this program |
/// | `sha256//C5+l…r8M=` | curl `--pinnedpubkey` |
/// | `pin-sha256="C5+l…r8M="` | `Public-Key-Pins` (RFC 7469 section 2.1) |
/// | `C5+l…r8M=`, with or without padding | Android, `TrustKit`, `openssl enc -base64` |
/// | `sha256:0B9F…`, bare hex, with or without colons, any case | kubeadm, DANE, `openssl dgst` |
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

    /// Reads a pin in any of the notations of the table above. White space around it is no matter.
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
    /// [`Error::PinEmpty`], [`Error::PinAlgorithm`] (SHA-1 and others), [`Error::PrivateKey`] (in any form, never
    /// repeated), [`Error::PinEncoding`] (neither base64 nor hex) and [`Error::PinLength`] (not 32 bytes).
    pub fn parse(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        Self::parse_trimmed(text)
            .map_err(|error| if holds_private_key(text.as_bytes()) { Error::PrivateKey } else { error })
    }

    fn parse_trimmed(text: &str) -> Result<Self, Error> {
        let digest = strip_notation(text)?;
        if digest.is_empty() {
            return Err(Error::PinEmpty);
        }
        let bytes = decode_hex(digest)
            .or_else(|| decode_base64(digest))
            .ok_or_else(|| Error::PinEncoding { text: Excerpt::of(text) })?;
        let length = bytes.len();
        bytes.try_into().map(Self).map_err(|_| match other_algorithm(length) {
            Some(algorithm) => Error::PinAlgorithm { algorithm: algorithm.into() },
            None => Error::PinLength { bytes: length },
        })
    }

    /// The digest.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; PIN_BYTES] {
        &self.0
    }

    /// The digest as base64 with padding (RFC 4648 section 4), without `sha256/`.
    #[must_use]
    pub fn to_base64(self) -> String {
        STANDARD.encode(self.0)
    }

    /// Whether this is a pin that tutorials use as a stand-in (`AAAA…=`, `BBBB…=`): it belongs to no key, so it is no
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
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        Self::parse(&text)
    }
}

impl From<Pin> for String {
    fn from(pin: Pin) -> Self {
        pin.to_base64()
    }
}

/// The digest's text without what names the algorithm, or an error where it names another one than SHA-256.
fn strip_notation(text: &str) -> Result<&str, Error> {
    let Some((name, digest)) = text.split_once(['/', ':', '=']) else {
        return Ok(text);
    };
    let name = name.trim();
    let algorithm = name.strip_prefix_ignoring_case("pin-").unwrap_or(name);
    let one_of = |names: &[&'static str]| names.iter().copied().find(|known| algorithm.eq_ignore_ascii_case(known));
    if one_of(&["sha256", "sha-256"]).is_some() {
        return Ok(strip_decoration(digest.trim()));
    }
    // A bare digest may begin like any of these, but none of theirs is as long as a bare digest.
    match one_of(OTHER_ALGORITHMS) {
        Some(algorithm) if !is_digest(text) => Err(Error::PinAlgorithm { algorithm: algorithm.into() }),
        _ => Ok(text),
    }
}

const OTHER_ALGORITHMS: &[&str] =
    &["md5", "sha1", "sha-1", "sha224", "sha-224", "sha384", "sha-384", "sha512", "sha-512"];

/// Without quotation marks and without curl's second slash. A digest may begin with a slash of its own: it is only
/// curl's where the digest is none with it.
fn strip_decoration(digest: &str) -> &str {
    if let Some(quoted) = digest.strip_prefix('"').and_then(|digest| digest.strip_suffix('"')) {
        return quoted.trim();
    }
    match digest.strip_prefix('/') {
        Some(rest) if !is_digest(digest) => rest.trim(),
        _ => digest,
    }
}

fn is_digest(text: &str) -> bool {
    decode_base64(text).is_some_and(|bytes| bytes.len() == PIN_BYTES)
}

/// The algorithm whose digests have this many bytes, if it is one that people confuse with SHA-256.
const fn other_algorithm(bytes: usize) -> Option<&'static str> {
    match bytes {
        16 => Some("MD5"),
        20 => Some("SHA-1"),
        48 => Some("SHA-384"),
        64 => Some("SHA-512"),
        _ => None,
    }
}

/// Hex of a digest's length, with or without colons. Shorter or longer runs of hex digits are valid base64 as well,
/// so only the lengths of digests count as hex.
fn decode_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b':').collect();
    let bytes = digits.len() / 2;
    if !digits.len().is_multiple_of(2) || (bytes != PIN_BYTES && other_algorithm(bytes).is_none()) {
        return None;
    }
    digits
        .chunks_exact(2)
        .map(|pair| std::str::from_utf8(pair).ok().filter(|pair| !pair.starts_with('+')))
        .map(|pair| u8::from_str_radix(pair?, 16).ok())
        .collect()
}

fn decode_base64(text: &str) -> Option<Vec<u8>> {
    LENIENT.decode(text).ok()
}

/// Padding may be missing, and bits past the last byte are ignored as other tools do (`BBBB…BB=` has them).
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

trait StripPrefixIgnoringCase {
    fn strip_prefix_ignoring_case(&self, prefix: &str) -> Option<&str>;
}

impl StripPrefixIgnoringCase for str {
    fn strip_prefix_ignoring_case(&self, prefix: &str) -> Option<&str> {
        let (head, tail) = self.split_at_checked(prefix.len())?;
        head.eq_ignore_ascii_case(prefix).then_some(tail)
    }
}

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
            ("d01115497 1b6d9002f4e4269328081dc0ed9913c", "pin-encoding"),
            ("da39a3ee5e6b4b0d3255bfef95601890afd80709", "pin-algorithm"),
            ("sha512/AAAA", "pin-algorithm"),
            ("sha256/C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna", "pin-length"), // cut short to the length of a bare digest
            ("sha256//C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHF", "pin-length"),
            ("C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFrw==", "pin-length"),
            ("C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=AAAA", "pin-encoding"),
            ("C5-lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=", "pin-encoding"),
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
