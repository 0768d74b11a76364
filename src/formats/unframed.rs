//! Certificates and keys in base64 without the frames of PEM: the `x5c` of a JSON Web Key
//! ([RFC 7517 section 4.7](https://www.rfc-editor.org/rfc/rfc7517#section-4.7)), `X509Certificate` in XML (SAML), the lines
//! between two frames.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::key::Key;
use super::{Format, Reading};
use crate::certificate::der_length;

/// Every certificate, request and public key in a text; nothing at all where there is none.
pub(super) fn read(text: &str) -> Reading {
    let text = text.replace("&#13;", "").replace("&#xD;", "").replace("\\r", "").replace("\\n", "").replace("\\/", "/");
    let mut reading = Reading::of(Format::Base64);
    let mut rest = text.as_str();
    for _ in 0..MOST_TRIED {
        let Some(start) = first_start(rest) else { break };
        let (_, found) = rest.split_at_checked(start).unwrap_or_default();
        let Some((key, behind)) = key_at(found) else {
            rest = found.get(FIRST.len()..).unwrap_or_default();
            continue;
        };
        rest = behind;
        reading.keys.push(key);
    }
    reading
}

/// Where a word begins with [`FIRST`], as a `SEQUENCE` of 128 bytes or more does in base64.
fn first_start(text: &str) -> Option<usize> {
    let begins_word = |start: &usize| {
        !text.get(..*start).is_some_and(|before| before.ends_with(|last: char| last.is_ascii_alphanumeric()))
    };
    text.match_indices(FIRST).map(|(start, _)| start).find(begins_word)
}

/// The key at the beginning of a text, and what follows it.
fn key_at(text: &str) -> Option<(Key, &str)> {
    /// As many characters as hold tag and length.
    const HEADER: usize = 8;
    let header: Vec<u8> = base64_of(text).take(HEADER).map(|(_, byte)| byte).collect();
    let length = der_length(&STANDARD_NO_PAD.decode(header).ok()?)?;
    // Three bytes are four characters.
    let characters = length.checked_mul(4)?.div_ceil(3);
    let found: Vec<(usize, u8)> = base64_of(text).take(characters).collect();
    let (last, _) = found.last().filter(|_| found.len() == characters)?;
    let base64: Vec<u8> = found.iter().map(|(_, byte)| *byte).collect();
    let key = Key::from_der(&decode(&base64)?)?.ok()?;
    Some((key, text.get(last.checked_add(1)?..).unwrap_or_default()))
}

fn decode(base64: &[u8]) -> Option<Vec<u8>> {
    STANDARD_NO_PAD.decode(base64).ok()
}

/// The characters of base64 in either alphabet up to the first other one, white space left out, each with its place.
fn base64_of(text: &str) -> impl Iterator<Item = (usize, u8)> {
    text.bytes()
        .enumerate()
        .filter(|(_, byte)| !byte.is_ascii_whitespace())
        .map(|(place, byte)| match byte {
            b'-' => (place, b'+'),
            b'_' => (place, b'/'),
            other => (place, other),
        })
        .take_while(|(_, byte)| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
}

/// The first letters of a `SEQUENCE` whose length has a byte or two of its own.
const FIRST: &str = "MI";
/// Beginnings that are looked at. More than these are in no file that a person means.
const MOST_TRIED: usize = 1_000;
