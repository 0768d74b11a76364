//! From the bytes of a file to its text. Whatever a key is written in is ASCII, so a wrong guess can only spoil a comment.

use std::borrow::Cow;

/// The text: UTF-8, UTF-16 of either byte order with or without its mark, else Latin-1.
pub(super) fn text(input: &[u8]) -> Cow<'_, str> {
    let utf16 = |bytes: &[u8], number: fn([u8; 2]) -> u16| {
        let units = bytes.as_chunks::<2>().0.iter().copied().map(number);
        Cow::Owned(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
    };
    match input {
        [0xef, 0xbb, 0xbf, rest @ ..] => text(rest),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => match half_of_zeros(input) {
            Some(Half::First) => utf16(input, u16::from_be_bytes),
            Some(Half::Second) => utf16(input, u16::from_le_bytes),
            None => str::from_utf8(input)
                .map_or_else(|_| Cow::Owned(input.iter().copied().map(char::from).collect()), Cow::Borrowed),
        },
    }
}

/// Whether there are bytes in it that stand in no text.
pub(super) fn is_binary(input: &[u8]) -> bool {
    text(input).chars().any(|character| character.is_control() && !character.is_whitespace())
}

/// Which byte of each pair is zero: ASCII in UTF-16.
enum Half {
    First,
    Second,
}

fn half_of_zeros(input: &[u8]) -> Option<Half> {
    let (pairs, []) = input.as_chunks::<2>() else { return None };
    let zeros = |half: fn(&[u8; 2]) -> u8| pairs.iter().filter(|pair| half(pair) == 0).count();
    let (first, second) = (zeros(|[first, _]| *first), zeros(|[_, second]| *second));
    // More than nine in ten.
    let is_most = |zeros: usize| zeros.saturating_mul(10) > pairs.len().saturating_mul(9);
    match (is_most(first), is_most(second)) {
        (true, false) => Some(Half::First),
        (false, true) => Some(Half::Second),
        _ => None,
    }
}
