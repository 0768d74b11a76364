//! The notations in which people and tools write a pin.
//!
//! | written | by |
//! |---|---|
//! | `sha256/C5+l…r8M=` | `OkHttp`, this program |
//! | `sha256//C5+l…r8M=` | curl `--pinnedpubkey` |
//! | `pin-sha256="C5+l…r8M="` | `Public-Key-Pins` ([RFC 7469 section 2.1](https://www.rfc-editor.org/rfc/rfc7469#section-2.1)) |
//! | `C5+l…r8M=`, with or without padding, also URL-safe ([RFC 4648 section 5](https://www.rfc-editor.org/rfc/rfc4648#section-5)) | Android, `TrustKit`, `openssl enc -base64` |
//! | `sha256:0B9F…`, bare hex, in pairs with colons, hyphens or spaces, any case | kubeadm, `openssl dgst`, `certutil` |
//! | `3 1 1 0B9F…`, `_443._tcp.example.com. IN TLSA 3 1 1 0B9F…` | DNS tools ([RFC 6698 section 2.2](https://www.rfc-editor.org/rfc/rfc6698#section-2.2)) |
//!
//! Around it may stand quotation marks, brackets, a comma, the name of what it is (`public key hash: …`,
//! `SHA2-256(stdin)= …`) and characters that nobody sees. Whatever stands there, a pin has 32 bytes.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use crate::error::{Excerpt, PinError, is_unseen};
use crate::limits::PIN_BYTES;

type Digest = [u8; PIN_BYTES];

/// The digest that a text names.
pub(super) fn digest(text: &str) -> Result<Digest, PinError> {
    // Nearly all that is stored.
    if let Some(digest) = bare(text) {
        return Ok(digest);
    }
    let seen: String = text.chars().filter(|character| character.is_whitespace() || !is_unseen(*character)).collect();
    seen_digest(undecorated(&seen)).map_err(|error| match error {
        // What cannot be seen may be what is wrong.
        PinError::Length { .. } | PinError::Encoding { .. } if seen != text => {
            PinError::Encoding { text: Excerpt::of(text) }
        }
        other => other,
    })
}

fn seen_digest(text: &str) -> Result<Digest, PinError> {
    if let Some(record) = Tlsa::find(text) {
        return record.digest();
    }
    if let Some(digest) = bare(text) {
        return Ok(digest);
    }
    match named(text) {
        Some((SHA_256, digest)) => of_length(digest),
        Some((algorithm, _)) => Err(PinError::Algorithm { algorithm: algorithm.into() }),
        // `public key hash: …`
        None => [": ", "= "]
            .iter()
            .find_map(|separator| bare(undecorated(text.rsplit_once(separator)?.1)))
            .map_or_else(|| of_length(text), Ok),
    }
}

/// Whether a text writes its digest as programs write that of a whole certificate: all that Firefox and most other viewers
/// show. It has 32 bytes as well, so nobody can tell for certain.
pub(super) fn is_like_fingerprint(text: &str) -> bool {
    let letters = text.to_ascii_lowercase();
    let is_pair = |pair: &str| pair.len() == 2 && pair.bytes().all(|byte| byte.is_ascii_hexdigit());
    letters.contains("fingerprint") || letters.split(':').filter(|part| is_pair(part.trim())).count() + 2 >= PIN_BYTES
}

/// A digest without the name of its algorithm; none for what is none.
fn bare(text: &str) -> Option<Digest> {
    // A pin that was cut may have the length of a bare one, with the letters of its name.
    if strip_prefix_ignoring_case(text.trim_start(), SHA_256).is_some() {
        return None;
    }
    stored(text).or_else(|| decode(text)?.try_into().ok())
}

/// A digest as this program writes it, without a copy of what it is read from.
fn stored(text: &str) -> Option<Digest> {
    // Room for what so many characters could be at most.
    let mut bytes = [0; PIN_BYTES + 1];
    let length = LENIENT.decode_slice(text, &mut bytes).ok()?;
    bytes.get(..length)?.try_into().ok()
}

/// A digest that is named as one of SHA-256, or is not named at all.
fn of_length(text: &str) -> Result<Digest, PinError> {
    if text.is_empty() {
        return Err(PinError::Empty);
    }
    let bytes = decode(text).ok_or_else(|| undecodable(text))?;
    let length = bytes.len();
    bytes.try_into().map_err(|_| match other_algorithm(length) {
        Some(algorithm) => PinError::Algorithm { algorithm: algorithm.into() },
        // Words are base64 as well, but for the spaces between them.
        None if text.contains([' ', '\t']) => undecodable(text),
        None => PinError::Length { bytes: length },
    })
}

/// Where one or two characters are in the way, the first of them is named: it may look like another.
fn undecodable(text: &str) -> PinError {
    const FEWEST: usize = 40;
    let is_of_pin = |character: &char| character.is_ascii_alphanumeric() || "+/-_=:".contains(*character);
    let mut odd = text.chars().filter(|character| !character.is_whitespace() && !is_of_pin(character));
    match (odd.next(), odd.nth(1)) {
        (Some(character), None) if text.chars().filter(is_of_pin).count() >= FEWEST => {
            PinError::Character { character }
        }
        _ => PinError::Encoding { text: Excerpt::of(text) },
    }
}

/// The algorithm that a text names first, and the digest behind that name.
fn named(text: &str) -> Option<(&'static str, &str)> {
    let mut starts = text.char_indices().filter(|(start, _)| {
        let before = text.get(..*start).and_then(|before| before.chars().next_back());
        !before.is_some_and(|before| before.is_ascii_alphanumeric())
    });
    let (algorithm, behind) = starts.find_map(|(start, _)| name_at(text.get(start..)?))?;
    match (algorithm, named(behind)) {
        // `SHA256 of the key: sha256/…`
        (SHA_256, Some(again)) => Some(again),
        _ => Some((algorithm, digest_behind(behind))),
    }
}

/// The name that a text begins with, and what is behind it. A digest may begin with the same letters, so a separator must
/// follow.
fn name_at(text: &str) -> Option<(&'static str, &str)> {
    ALGORITHMS.iter().find_map(|(name, algorithm)| {
        let behind = strip_prefix_ignoring_case(text, name)?;
        let separates = |next: char| next.is_whitespace() || "/:=(\"'\\".contains(next);
        (behind.is_empty() || behind.starts_with(separates)).then_some((*algorithm, behind))
    })
}

/// Without what separates a digest from its name: `(stdin)= `, ` Fingerprint=`, `": "`, `/`, and curl's second slash.
fn digest_behind(name: &str) -> &str {
    let text = undecorated_start(name);
    let text = text.strip_prefix('(').and_then(|text| text.split_once(')')).map_or(text, |(_, text)| text);
    let text = undecorated_start(text);
    let text = strip_prefix_ignoring_case(text, "fingerprint").unwrap_or(text);
    let text = undecorated_start(text);
    let text = text.strip_prefix(['/', ':', '=']).unwrap_or(text);
    let text = undecorated(text);
    // A digest may itself begin with a slash. It is curl's second one only where the text is no digest with it.
    match text.strip_prefix('/') {
        Some(rest) if bare(text).is_none() => undecorated(rest),
        _ => text,
    }
}

/// A TLSA record ([RFC 6698 section 2.1](https://www.rfc-editor.org/rfc/rfc6698#section-2.1)), as far as it is looked at.
struct Tlsa<'a> {
    selector: &'a str,
    matching: &'a str,
    data: String,
}

impl<'a> Tlsa<'a> {
    fn find(text: &'a str) -> Option<Self> {
        let mut words = text.split_whitespace();
        if words.clone().any(is_tlsa) {
            words.by_ref().find(|word| is_tlsa(word));
        }
        let mut number = |values: &[&str]| words.next().filter(|word| values.contains(word));
        number(&["0", "1", "2", "3"])?;
        let (selector, matching) = (number(&["0", "1"])?, number(&["0", "1", "2"])?);
        let data: String = words.filter(|word| !matches!(*word, "(" | ")")).collect();
        let is_hex = !data.is_empty() && data.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hex.then_some(Self { selector, matching, data })
    }

    fn digest(&self) -> Result<Digest, PinError> {
        match (self.selector, self.matching) {
            ("0", _) => Err(PinError::OfCertificate),
            (_, "0") => Err(PinError::Length { bytes: self.data.len() / 2 }),
            _ => of_length(&self.data),
        }
    }
}

fn is_tlsa(word: &str) -> bool {
    word.eq_ignore_ascii_case("tlsa")
}

fn decode(text: &str) -> Option<Vec<u8>> {
    decode_hex(text).or_else(|| decode_base64(text))
}

/// Hex of a digest's length. Shorter or longer runs of hex digits are valid base64 as well, so only the lengths of digests
/// count as hex.
fn decode_hex(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_start();
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let digits: Vec<u8> = digits.bytes().filter(|byte| !byte.is_ascii_whitespace() && !b":-".contains(byte)).collect();
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

/// Both alphabets of RFC 4648, on any number of lines. Words with spaces between them have no padding.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    if !text.ends_with('=') && text.contains([' ', '\t']) {
        return None;
    }
    let standard = |byte: u8| match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => other,
    };
    let text: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).map(standard).collect();
    LENIENT.decode(text).ok()
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

/// Without what lists, programs and word processors put around a value. None of it can be of a digest.
fn undecorated(text: &str) -> &str {
    undecorated_start(text).trim_end_matches(|last: char| is_decoration(last) || matches!(last, '.' | ':' | ')'))
}

fn undecorated_start(text: &str) -> &str {
    let text = text.trim_start_matches(is_decoration);
    // The mark of a list. A digest may begin with a hyphen (URL-safe), but no space follows.
    match text.strip_prefix(['-', '*', '•']) {
        Some(rest) if rest.starts_with(char::is_whitespace) => rest.trim_start_matches(is_decoration),
        _ => text,
    }
}

fn is_decoration(character: char) -> bool {
    character.is_whitespace() || "\"'`\u{2018}\u{2019}\u{201a}\u{201c}\u{201d}\u{201e}«»\\,;[]{}<>@".contains(character)
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, tail) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(tail)
}

const SHA_256: &str = "sha256";

/// How algorithms are written, and what each is called.
const ALGORITHMS: &[(&str, &str)] = &[
    (SHA_256, SHA_256),
    ("sha-256", SHA_256),
    ("sha2-256", SHA_256),
    ("md5", "md5"),
    ("sha1", "sha1"),
    ("sha-1", "sha-1"),
    ("sha224", "sha224"),
    ("sha-224", "sha-224"),
    ("sha2-224", "sha-224"),
    ("sha384", "sha384"),
    ("sha-384", "sha-384"),
    ("sha2-384", "sha-384"),
    ("sha512", "sha512"),
    ("sha-512", "sha-512"),
    ("sha2-512", "sha-512"),
];

/// Padding may be missing, and bits past the last byte are ignored as other tools do (`BBBB…BB=` has them).
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);
