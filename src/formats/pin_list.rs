//! Pins pasted as text: one or many, with or without a label behind each.
//!
//! Reads curl's `sha256//<b64>;sha256//<b64>`, one pin a line, and the lines of `OkHttp`'s failure text
//! (`sha256/<b64>: CN=example.com`), whose subject becomes the label.

use crate::error::Error;
use crate::pin::{Pin, holds_private_key};

/// One pin of a list, or why a piece of it is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The text it was read from.
    pub text: String,
    /// The pin.
    pub pin: Result<Pin, Error>,
    /// What stood behind it.
    pub label: String,
}

/// Takes a text apart at line ends, `;` and `,`. A bad piece spoils no good one.
///
/// # Errors
/// [`Error::PrivateKey`] where one is anywhere in it: taken apart, its pieces would become texts and labels of a list.
pub fn parse(text: &str) -> Result<Vec<Listed>, Error> {
    if holds_private_key(text.as_bytes()) {
        return Err(Error::PrivateKey);
    }
    let pieces = text.split(['\n', '\r', ';', ',']).map(str::trim).filter(|piece| !piece.is_empty());
    Ok(pieces.map(parse_piece).collect())
}

fn parse_piece(piece: &str) -> Listed {
    let (text, label) = match Pin::parse(piece) {
        Ok(_) => (piece, ""),
        Err(_) => piece.split_once(char::is_whitespace).unwrap_or((piece, "")),
    };
    let text = text.trim_end_matches(':');
    Listed { text: text.to_owned(), pin: Pin::parse(text), label: label.trim().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=";
    const B: &str = "diGVwiVYbubAI3RW4hB9xU8e/CH2GnkuvVFZE8zmgzI=";

    #[test]
    fn lists_of_other_tools_are_taken_apart() {
        let (a, b) = (Pin::parse(A).unwrap(), Pin::parse(B).unwrap());
        for (text, expected) in [
            (format!("sha256//{A};sha256//{B}"), vec![(Ok(a), ""), (Ok(b), "")]),
            (format!("{A}\n\n  {B}\n"), vec![(Ok(a), ""), (Ok(b), "")]),
            (format!("  sha256/{A}: CN=example.com, O=E").replace(", O=E", ""), vec![(Ok(a), "CN=example.com")]),
            (format!("sha256/{A} backup key"), vec![(Ok(a), "backup key")]),
            (format!("no-pin,{B}"), vec![(Err("pin-encoding"), ""), (Ok(b), "")]),
            (String::new(), vec![]),
        ] {
            let found = parse(&text).unwrap();
            let found: Vec<_> = found
                .iter()
                .map(|listed| (listed.pin.as_ref().copied().map_err(Error::code), listed.label.as_str()))
                .collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
