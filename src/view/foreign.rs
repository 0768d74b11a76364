//! Texts that somebody else has made, within sentences of ours.

use std::borrow::Cow;

use crate::error::visible;
use crate::limits::{MAX_FOREIGN_CHARACTERS, MAX_NAME_CHARACTERS, MAX_WHOLE_CHARACTERS};

/// What is shown of a host, an address or another text from outside: all of its characters can be seen, and none changes the
/// order or the look of what stands around it. What is written from right to left stays in its place (Unicode UAX 9 section 2.4.2,
/// isolates), and what is longer than [`MAX_FOREIGN_CHARACTERS`] is cut.
#[must_use]
pub fn foreign(text: &str) -> String {
    cut(text, MAX_FOREIGN_CHARACTERS)
}

/// The same of a name out of a certificate, which is read up to [`MAX_NAME_CHARACTERS`] and shown as far.
#[must_use]
pub fn foreign_name(name: &str) -> String {
    cut(name, MAX_NAME_CHARACTERS)
}

/// The same of a text that somebody wants to see whole; what is longer than [`MAX_WHOLE_CHARACTERS`] is cut here, too.
#[must_use]
pub fn whole(text: &str) -> String {
    cut(text, MAX_WHOLE_CHARACTERS)
}

/// What somebody calls a key; the pin itself where they call it nothing.
#[must_use]
pub fn key_name(label: &str, pin: &str) -> String {
    if label.is_empty() { pin.to_owned() } else { foreign(label) }
}

fn cut(text: &str, limit: usize) -> String {
    let shown = match text.char_indices().nth(limit).and_then(|(end, _)| text.get(..end)) {
        Some(beginning) => Cow::Owned(format!("{}…", visible(beginning))),
        None => visible(text),
    };
    if shown.is_ascii() {
        shown.into_owned()
    } else {
        format!("{FIRST_STRONG_ISOLATE}{shown}{POP_DIRECTIONAL_ISOLATE}")
    }
}

const FIRST_STRONG_ISOLATE: char = '\u{2068}';
const POP_DIRECTIONAL_ISOLATE: char = '\u{2069}';

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_from_outside_stays_in_its_place() {
        for (text, expected) in [
            ("chat.example.com", "chat.example.com"),
            ("<b>&amp;", "<b>&amp;"),
            ("a\u{202e}moc", "a\\u{202e}moc"),
            ("a\nb\u{0}", "a\\u{a}b\\u{0}"),
            // Who ends the isolate from within would be outside of it.
            ("\u{2069}x", "\\u{2069}x"),
            ("אבג.example", "\u{2068}אבג.example\u{2069}"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ] {
            assert_eq!(foreign(text), expected, "{text:?}");
        }
        let long = foreign(&"a".repeat(10_000));
        assert_eq!(long.chars().count(), MAX_FOREIGN_CHARACTERS + 3, "the end, and an isolate around it");
        assert!(long.ends_with("…\u{2069}"));
    }
}
