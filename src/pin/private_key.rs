//! Knows a private key when one is given in the place of a pin, so that the person is told and nothing of it is repeated.
//!
//! Never used to accept anything: what is taken for a private key by mistake is only refused with the wrong sentence.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// Whether a text, a file or the DER of something holds a private key in a form that is in use: a frame of PEM, however
/// it was damaged; the same in base64 without a frame; DER; the key files of other tools.
///
/// The text may have any line ends, or none, and any encoding in which ASCII is ASCII; in UTF-16 as well.
pub(crate) fn is_in(input: &[u8]) -> bool {
    // Without the zero bytes of UTF-16, and without what is no ASCII and so no part of a key.
    let text: String = input.iter().filter(|byte| (1..=0x7f).contains(*byte)).copied().map(char::from).collect();
    begins_der(input) || has_frame(&text) || has_jwk(&text) || has_base64(&text)
}

/// Whether DER begins as a private key does: a `SEQUENCE` that starts with its version, a small `INTEGER` (PKCS#8, RFC
/// 5958 section 2; PKCS#1, RFC 8017 appendix A.1.2; SEC 1, [RFC 5915 section 3](https://www.rfc-editor.org/rfc/rfc5915#section-3)), or an `EncryptedPrivateKeyInfo` (RFC
/// 5958 section 3). A PKCS#12 file begins in the same way, and holds a private key as a rule.
fn begins_der(der: &[u8]) -> bool {
    contents_of_sequence(der).is_some_and(|contents| contents.starts_with(SHORT_INTEGER) || begins_encrypted(contents))
        || der.starts_with(OPENSSH_MAGIC)
}

/// `BEGIN` or `END`, a kind of key and `PRIVATE KEY`, in any case and whatever stands between them: dashes may be
/// missing, spaces may be line ends or gone, `\n` may be an escape of JSON.
fn has_frame(text: &str) -> bool {
    const MARK: &str = "PRIVATEKEY";
    let is_letter = |character: &char| character.is_ascii_alphanumeric();
    let letters: String = text.chars().filter(is_letter).map(|letter| letter.to_ascii_uppercase()).collect();
    // `send` ends in END as well, so the dashes must be there.
    // The places are asked for in their order, so that a text of many such words is gone through once.
    let mut places = text.match_indices(char::is_alphanumeric).enumerate();
    let mut has_dash = |before: &str| {
        let end = places.find_map(|(nth, (end, _))| (nth >= before.len()).then_some(end));
        let before = end.and_then(|end| text.get(..end)).unwrap_or_default();
        before.trim_end().ends_with('-')
    };
    let mut begins = |before: &str| before.ends_with("BEGIN") || before.strip_suffix("END").is_some_and(&mut has_dash);
    letters.contains(PUTTY)
        || letters.match_indices(MARK).any(|(start, mark)| {
            let (before, after) = letters.split_at_checked(start).unwrap_or_default();
            let after = after.strip_prefix(mark).unwrap_or_default();
            KINDS.iter().any(|kind| before.strip_suffix(kind).is_some_and(&mut begins)) || is_printed_by_openssl(after)
        })
}

/// `Private-Key: (2048 bit`, as `openssl pkey -text` has it; for other kinds of key it goes on with `priv:`.
fn is_printed_by_openssl(after: &str) -> bool {
    let size = after.trim_start_matches(|character: char| character.is_ascii_digit());
    after.starts_with("PRIV") || (size.len() < after.len() && size.starts_with("BIT"))
}

/// A JSON Web Key with its private part ([RFC 7518 section 6](https://www.rfc-editor.org/rfc/rfc7518#section-6)).
fn has_jwk(text: &str) -> bool {
    text.contains("\"kty\"") && text.contains("\"d\"")
}

/// Base64 that begins as a private key does, wherever a word may begin.
fn has_base64(text: &str) -> bool {
    // A slash is of base64 as well, but `sha256/` ends in one.
    let may_end = |before: &str| {
        !before.ends_with(|last: char| last.is_ascii_alphanumeric())
            || ESCAPES.iter().any(|escape| before.ends_with(escape))
    };
    text.match_indices(FIRST_OF_BASE64).any(|(start, _)| {
        text.split_at_checked(start).is_some_and(|(before, rest)| may_end(before) && begins_base64(rest))
    })
}

fn begins_base64(text: &str) -> bool {
    /// Enough for the longest header and a whole number of quartets.
    const LOOKED_AT: usize = 32;
    let standard = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).map(|byte| match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => other,
    });
    let head: Vec<u8> = standard.take(LOOKED_AT).collect();
    STANDARD_NO_PAD.decode(&head).is_ok_and(|der| begins_strictly(&der))
}

/// As [`begins_der`], for bytes that a text happens to be in base64: with the versions in use and what follows them, so
/// that no line of a certificate is taken for a key.
fn begins_strictly(der: &[u8]) -> bool {
    /// `SEQUENCE` (PKCS#8), `INTEGER` (PKCS#1), `OCTET STRING` (SEC 1).
    const FOLLOWING: [u8; 3] = [0x30, 0x02, 0x04];
    contents_of_sequence(der).is_some_and(|contents| match contents.strip_prefix(SHORT_INTEGER) {
        Some([0 | 1, following, ..]) => FOLLOWING.contains(following),
        _ => begins_encrypted(contents),
    }) || der.starts_with(OPENSSH_MAGIC)
}

/// `AlgorithmIdentifier` of a password-based encryption: PKCS#5 or PKCS#12 (RFC 8018 appendix A, RFC 7292 appendix C).
fn begins_encrypted(contents: &[u8]) -> bool {
    let identifier = contents_of_sequence(contents).and_then(|contents| contents.strip_prefix(OBJECT_IDENTIFIER));
    identifier.and_then(|identifier| identifier.get(1..)).is_some_and(|identifier| {
        identifier.strip_prefix(PKCS).is_some_and(|part| part.starts_with(&[5]) || part.starts_with(&[12, 1]))
    })
}

/// What follows tag and length. The length is not looked at: a key that was cut short is one as well.
fn contents_of_sequence(der: &[u8]) -> Option<&[u8]> {
    match der {
        [0x30, 0..=0x7f, contents @ ..] => Some(contents),
        [0x30, long @ 0x81..=0x84, rest @ ..] => rest.get(usize::from(long & 0x7f)..),
        _ => None,
    }
}

/// Tag and length of an `INTEGER` of one byte.
const SHORT_INTEGER: &[u8] = &[0x02, 0x01];
const OBJECT_IDENTIFIER: &[u8] = &[0x06];
/// 1.2.840.113549.1
const PKCS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01];
/// OpenSSH's `PROTOCOL.key`.
const OPENSSH_MAGIC: &[u8] = b"openssh-key-v1\0";
/// `Private-Lines:` in the key files of `PuTTY`.
const PUTTY: &str = "PRIVATELINES";
/// What stands between `BEGIN` and `PRIVATE KEY`: nothing, or one of these.
const KINDS: &[&str] = &[
    "",
    "RSA",
    "EC",
    "DSA",
    "DH",
    "ENCRYPTED",
    "OPENSSH",
    "PGP",
    "ANY",
    "ED25519",
    "ED448",
    "X25519",
    "X448",
    "SM2",
    "SSH2",
    "SSH2ENCRYPTED",
    "SSHCOMENCRYPTED",
];
/// The first letter of a `SEQUENCE` in base64, and that of OpenSSH's form.
const FIRST_OF_BASE64: [char; 2] = ['M', 'b'];
/// Line ends as JSON and many logs write them.
const ESCAPES: [&str; 2] = ["\\n", "\\r"];
