//! A reader for the frame of DER (ITU-T X.690 section 8.1): tag, length, contents. It copies nothing and cannot panic.
//!
//! The `der` crate reads whole types and refuses a certificate for a field that does not matter here; this reader stops
//! at the frame.

use crate::error::InputError;

/// A single-byte tag (X.690 section 8.1.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag(u8);

impl Tag {
    pub(super) const INTEGER: Self = Self(0x02);
    pub(super) const BIT_STRING: Self = Self(0x03);
    pub(super) const OBJECT_IDENTIFIER: Self = Self(0x06);
    pub(super) const UTF8_STRING: Self = Self(0x0c);
    pub(super) const NUMERIC_STRING: Self = Self(0x12);
    pub(super) const PRINTABLE_STRING: Self = Self(0x13);
    pub(super) const TELETEX_STRING: Self = Self(0x14);
    pub(super) const IA5_STRING: Self = Self(0x16);
    pub(super) const VISIBLE_STRING: Self = Self(0x1a);
    pub(super) const UNIVERSAL_STRING: Self = Self(0x1c);
    pub(super) const BMP_STRING: Self = Self(0x1e);
    pub(super) const SET: Self = Self(0x31);
    pub(super) const SEQUENCE: Self = Self(0x30);
    /// `[0]`, constructed.
    pub(super) const CONTEXT_0: Self = Self(0xa0);
}

/// What is left to read at one level.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

/// One element: the whole of it, and what is inside.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element<'a> {
    pub(super) tag: Tag,
    pub(super) whole: &'a [u8],
    pub(super) contents: &'a [u8],
}

impl<'a> Reader<'a> {
    /// What these bytes hold.
    pub(super) const fn of(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The inside of the one `SEQUENCE` that these bytes are.
    pub(super) fn only_child(bytes: &'a [u8], field: &'static str) -> Result<Self, InputError> {
        let mut outer = Self::of(bytes);
        let inner = outer.enter(Tag::SEQUENCE, field)?;
        outer.end(field)?;
        Ok(inner)
    }

    /// The inside of the next element.
    pub(super) fn enter(&mut self, tag: Tag, field: &'static str) -> Result<Self, InputError> {
        self.contents(tag, field).map(|rest| Self { rest })
    }

    /// The next element with tag and length.
    pub(super) fn element(&mut self, tag: Tag, field: &'static str) -> Result<&'a [u8], InputError> {
        self.next(tag, field).map(|element| element.whole)
    }

    /// The next element without tag and length.
    pub(super) fn contents(&mut self, tag: Tag, field: &'static str) -> Result<&'a [u8], InputError> {
        self.next(tag, field).map(|element| element.contents)
    }

    /// The next element, whatever its tag.
    pub(super) fn any(&mut self, field: &'static str) -> Result<Element<'a>, InputError> {
        let (element, rest) = split_element(self.rest).ok_or_else(|| InputError::Der { field: field.into() })?;
        self.rest = rest;
        Ok(element)
    }

    /// All that is left.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Passes over the next element if it has this tag.
    pub(super) fn optional(&mut self, tag: Tag, field: &'static str) -> Result<(), InputError> {
        if self.rest.first() == Some(&tag.0) { self.next(tag, field).map(|_| ()) } else { Ok(()) }
    }

    /// Nothing may be left.
    pub(super) fn end(&self, field: &'static str) -> Result<(), InputError> {
        if self.rest.is_empty() { Ok(()) } else { Err(InputError::Der { field: field.into() }) }
    }

    fn next(&mut self, tag: Tag, field: &'static str) -> Result<Element<'a>, InputError> {
        if self.rest.first() == Some(&tag.0) { self.any(field) } else { Err(InputError::Der { field: field.into() }) }
    }
}

/// The first element and what follows it; none where the tag has several bytes or the length is not DER or runs past the
/// end.
fn split_element(bytes: &[u8]) -> Option<(Element<'_>, &[u8])> {
    const SEVERAL_BYTES: u8 = 0x1f;
    let (&tag, after_tag) = bytes.split_first()?;
    if tag & SEVERAL_BYTES == SEVERAL_BYTES {
        return None;
    }
    let (&first, after_first) = after_tag.split_first()?;
    let (length, contents) = match first {
        0..=0x7f => (usize::from(first), after_first),
        // X.690 section 10.1: definite form in the fewest bytes. Four bytes are more than any input that is read.
        0x81..=0x84 => {
            let (length_bytes, contents) = after_first.split_at_checked(usize::from(first & 0x7f))?;
            let length = length_bytes.iter().try_fold(0usize, |length, byte| {
                length.checked_mul(256).and_then(|length| length.checked_add(usize::from(*byte)))
            })?;
            let fewest = length > 0x7f && length_bytes.first() != Some(&0);
            (fewest.then_some(length)?, contents)
        }
        _ => return None,
    };
    let (contents, rest) = contents.split_at_checked(length)?;
    let whole = bytes.get(..bytes.len().checked_sub(rest.len())?)?;
    Some((Element { tag: Tag(tag), whole, contents }, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_der_or_refused() {
        let long = [&[0x30, 0x81, 0x80][..], &[0; 128]].concat();
        for (bytes, expected) in [
            (&[0x30, 0x00][..], Some(0)),
            (&[0x30, 0x01, 0xff], Some(1)),
            (&long, Some(128)),
            (&[], None),
            (&[0x30], None),
            (&[0x1f, 0x1f, 0x00], None),             // a tag of several bytes
            (&[0x30, 0x02, 0xff], None),             // runs past the end
            (&[0x30, 0x80, 0x00, 0x00], None),       // indefinite form
            (&[0x30, 0x81, 0x01, 0xff], None),       // short form would do
            (&[0x30, 0x82, 0x00, 0x80], None),       // leading zero
            (&[0x30, 0x85, 0, 0, 0, 0, 1, 0], None), // more than four bytes
            (&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff], None),
            (&[0x30, 0xff], None), // reserved
        ] {
            let found = split_element(bytes).map(|(element, _)| element.contents.len());
            assert_eq!(found, expected, "{bytes:02x?}");
        }
    }

    #[test]
    fn another_tag_is_refused() {
        let mut reader = Reader { rest: &[0x31, 0x00] };
        assert!(reader.element(Tag::SEQUENCE, "x").is_err());
        assert!(reader.element(Tag::SET, "x").is_ok());
    }
}
