//! Distinguished names as text: [RFC 5280 section 4.1.2.4](https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.4) in, RFC 4514 out.
//!
//! ```text
//! Name ::= SEQUENCE OF RelativeDistinguishedName
//! RelativeDistinguishedName ::= SET OF AttributeTypeAndValue
//! AttributeTypeAndValue ::= SEQUENCE { type OBJECT IDENTIFIER, value ANY }
//! ```
//!
//! `x509-cert` reads names as well, but refuses the strings of old or careless authorities, and brings the name of every
//! object identifier there is into the module.

use std::fmt::Write as _;

use super::tlv::{Element, Reader, Tag};
use crate::error::{InputError, is_unseen};
use crate::limits::MAX_NAME_CHARACTERS;

/// The name as RFC 4514 text, the last part first as section 2.1 has it; none where the frame of the DER is damaged.
///
/// All of it can be seen: characters that cannot, or that change the order of others, are escaped as section 2.4 allows
/// for any character. At most [`MAX_NAME_CHARACTERS`], never ending within an escape.
pub(super) fn to_rfc4514(der: &[u8]) -> Option<String> {
    let mut text = Text { written: String::new(), left: MAX_NAME_CHARACTERS };
    for (index, attributes) in relative_names(der).ok()?.iter().rev().enumerate() {
        for (position, Attribute { kind, value }) in attributes.iter().enumerate() {
            match (index, position) {
                (0, 0) => {}
                (_, 0) => text.push(","),
                _ => text.push("+"),
            }
            let name = KINDS.iter().find(|(_, known)| known == kind).map(|(name, _)| *name);
            text.push(name.map_or_else(|| dotted(kind), |name| Some(name.to_owned()))?.as_str());
            text.push("=");
            match name.and_then(|_| string(value)) {
                Some(string) => text.push_escaped(&string),
                // Section 2.4: a value without a string, and every value of a kind without a name, is `#` and its DER.
                None => text.push_hex(value),
            }
        }
    }
    Some(text.written)
}

struct Attribute<'a> {
    /// The contents of the object identifier.
    kind: &'a [u8],
    /// The DER of the value; not checked.
    value: &'a [u8],
}

fn relative_names(der: &[u8]) -> Result<Vec<Vec<Attribute<'_>>>, InputError> {
    const FIELD: &str = "name";
    let mut names = Vec::new();
    let mut sequence = Reader::only_child(der, FIELD)?;
    while !sequence.rest().is_empty() {
        let mut attributes = Vec::new();
        let mut set = sequence.enter(Tag::SET, FIELD)?;
        while !set.rest().is_empty() {
            let mut attribute = set.enter(Tag::SEQUENCE, FIELD)?;
            let kind = attribute.contents(Tag::OBJECT_IDENTIFIER, FIELD)?;
            attributes.push(Attribute { kind, value: attribute.rest() });
        }
        names.push(attributes);
    }
    Ok(names)
}

/// What a string of ASN.1 says; none for what is no string or is not encoded as one.
///
/// The types of one byte a character are all read as Latin-1: that is what stands in a `TeletexString` in the field, and
/// in a `PrintableString` that should not have it. OpenSSL reads them in the same way.
fn string(der: &[u8]) -> Option<String> {
    let mut reader = Reader::of(der);
    let Element { tag, contents, .. } = reader.any("value").ok()?;
    reader.end("value").ok()?;
    match tag {
        Tag::UTF8_STRING => String::from_utf8(contents.to_vec()).ok(),
        Tag::NUMERIC_STRING | Tag::PRINTABLE_STRING | Tag::TELETEX_STRING | Tag::IA5_STRING | Tag::VISIBLE_STRING => {
            Some(contents.iter().copied().map(char::from).collect())
        }
        Tag::BMP_STRING => {
            let (pairs, []) = contents.as_chunks::<2>() else { return None };
            char::decode_utf16(pairs.iter().copied().map(u16::from_be_bytes)).collect::<Result<_, _>>().ok()
        }
        Tag::UNIVERSAL_STRING => {
            let (quads, []) = contents.as_chunks::<4>() else { return None };
            quads.iter().copied().map(|quad| char::from_u32(u32::from_be_bytes(quad))).collect()
        }
        _ => None,
    }
}

/// X.690 section 8.19: numbers of seven bits a byte, the first two as one.
fn dotted(kind: &[u8]) -> Option<String> {
    let mut text = String::new();
    let mut number: u128 = 0;
    let mut is_whole = false;
    for byte in kind {
        number = number.checked_mul(0x80)?.checked_add(u128::from(byte & 0x7f))?;
        is_whole = byte & 0x80 == 0;
        if is_whole {
            let dotted = match (text.is_empty(), number) {
                (true, 0..40) => write!(text, "0.{number}"),
                (true, 40..80) => write!(text, "1.{}", number - 40),
                (true, _) => write!(text, "2.{}", number - 80),
                (false, _) => write!(text, ".{number}"),
            };
            dotted.ok()?;
            number = 0;
        }
    }
    is_whole.then_some(text)
}

/// A text that stops growing at its limit. What is pushed at once is never divided.
struct Text {
    written: String,
    /// How many characters may follow.
    left: usize,
}

impl Text {
    fn push(&mut self, piece: &str) {
        match self.left.checked_sub(piece.chars().count()) {
            Some(left) => {
                self.left = left;
                self.written.push_str(piece);
            }
            None => self.left = 0,
        }
    }

    fn push_hex(&mut self, bytes: &[u8]) {
        self.push("#");
        for byte in bytes {
            self.push(&format!("{byte:02X}"));
        }
    }

    /// [RFC 4514 section 2.4](https://www.rfc-editor.org/rfc/rfc4514#section-2.4).
    fn push_escaped(&mut self, value: &str) {
        let last = value.chars().count().saturating_sub(1);
        for (index, character) in value.chars().enumerate() {
            match character {
                '"' | '+' | ',' | ';' | '<' | '>' | '\\' => self.push(&format!("\\{character}")),
                '#' if index == 0 => self.push("\\#"),
                ' ' if index == 0 || index == last => self.push("\\ "),
                _ if is_unseen(character) => {
                    let mut escape = String::new();
                    for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                        // Writing to a String cannot fail.
                        let _ = write!(escape, "\\{byte:02X}");
                    }
                    self.push(&escape);
                }
                _ => self.push(character.encode_utf8(&mut [0; 4])),
            }
        }
    }
}

/// The short names of [RFC 4514 section 3](https://www.rfc-editor.org/rfc/rfc4514#section-3) and RFC 4519, of [RFC 2985 section 5.2.1](https://www.rfc-editor.org/rfc/rfc2985#section-5.2.1) and RFC 5280 appendix A.1, and those of
/// certificates with extended validation, which have none but OpenSSL's; each with the contents of its object identifier.
const KINDS: &[(&str, &[u8])] = &[
    ("CN", &[0x55, 4, 3]),
    ("SN", &[0x55, 4, 4]),
    ("serialNumber", &[0x55, 4, 5]),
    ("C", &[0x55, 4, 6]),
    ("L", &[0x55, 4, 7]),
    ("ST", &[0x55, 4, 8]),
    ("STREET", &[0x55, 4, 9]),
    ("O", &[0x55, 4, 10]),
    ("OU", &[0x55, 4, 11]),
    ("title", &[0x55, 4, 12]),
    ("businessCategory", &[0x55, 4, 15]),
    ("postalCode", &[0x55, 4, 17]),
    ("givenName", &[0x55, 4, 42]),
    ("organizationIdentifier", &[0x55, 4, 97]),
    ("UID", &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 1]),
    ("DC", &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25]),
    ("emailAddress", &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1]),
    ("jurisdictionL", &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 60, 2, 1, 1]),
    ("jurisdictionST", &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 60, 2, 1, 2]),
    ("jurisdictionC", &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 60, 2, 1, 3]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn object_identifiers_are_dotted() {
        for (kind, expected) in [
            (&[0x55, 4, 3][..], Some("2.5.4.3")),
            (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1], Some("1.2.840.113549.1.9.1")),
            (&[0x88, 0x37, 3], Some("2.999.3")),
            (&[0x09, 0x92, 0x26], Some("0.9.2342")),
            (&[0x27], Some("0.39")),
            (&[], None),
            (&[0x55, 0x84], None), // ends within a number
            (
                &[
                    0x55, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                    0xff, 0xff, 0xff, 0x7f,
                ],
                None,
            ),
        ] {
            assert_eq!(dotted(kind).as_deref(), expected, "{kind:02x?}");
        }
    }

    /// Tag, length in two bytes where one does not do, contents.
    fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
        let [.., high, low] = contents.len().to_be_bytes();
        let length = if contents.len() < 0x80 { vec![low] } else { vec![0x82, high, low] };
        [&[tag], &length[..], contents].concat()
    }

    /// A name of one common name, whose value has this DER.
    fn common_name(value: &[u8]) -> Vec<u8> {
        let attribute = element(0x30, &[&[0x06, 3, 0x55, 4, 3], value].concat());
        element(0x30, &element(0x31, &attribute))
    }

    #[test]
    fn a_value_that_is_no_string_stands_as_its_der() {
        for (value, expected) in [
            (&[0x0c, 1, b'a'][..], "CN=a"),
            (&[0x1e, 3, 0, b'a', 0], "CN=#1E03006100"), // half a character
            (&[0x1e, 2, 0xd8, 0x3d], "CN=#1E02D83D"),   // half a pair
            (&[0x1c, 4, 0, 0x11, 0, 0], "CN=#1C0400110000"), // past the last character
            (&[0x0c, 2, 0xc3, 0x28], "CN=#0C02C328"),   // not UTF-8
            (&[0x0c, 5, b'a'], "CN=#0C0561"),           // runs past the end
            (&[0x0c, 1, b'a', 0x0c, 1, b'b'], "CN=#0C01610C0162"), // two
            (&[0x2c, 3, 0x0c, 1, b'a'], "CN=#2C030C0161"), // in pieces (BER)
            (&[0x30, 0], "CN=#3000"),
            (&[], "CN=#"),
        ] {
            assert_eq!(to_rfc4514(&common_name(value)).as_deref(), Some(expected), "{value:02x?}");
        }
    }

    #[test]
    fn a_damaged_frame_is_no_name() {
        let whole = common_name(&[0x0c, 1, b'a']);
        assert_eq!(to_rfc4514(&whole).as_deref(), Some("CN=a"));
        for length in 0..whole.len() {
            assert_eq!(to_rfc4514(&whole[..length]), None, "{length} bytes");
        }
        for tag in [0, 2, 4, 6] {
            let mut changed = whole.clone();
            changed[tag] ^= 1;
            assert_eq!(to_rfc4514(&changed), None, "byte {tag}");
        }
    }

    #[test]
    fn a_long_name_ends_between_two_escapes() {
        for (character, written) in [("\u{202e}", r"\E2\80\AE"), ("a", "a"), ("\u{fc}", "\u{fc}")] {
            let name = to_rfc4514(&common_name(&element(0x0c, character.repeat(600).as_bytes()))).unwrap();
            let count = name.chars().count();
            assert!(count <= MAX_NAME_CHARACTERS && count + written.len() > MAX_NAME_CHARACTERS, "{count}");
            assert!(name.strip_prefix("CN=").is_some_and(|value| value.replace(written, "").is_empty()), "{name}");
        }
    }
}
