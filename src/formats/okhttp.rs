//! `OkHttp`'s failure text, as it stands in a log:
//!
//! ```text
//! Certificate pinning failure!
//!   Peer certificate chain:
//!     sha256/C5+l…r8M=: CN=chat.example.com, OU="(c) 2006 Example, Inc."
//!   Pinned certificates for chat.example.com:
//!     sha256/diGV…gzI=
//! ```
//!
//! The chain's keys are those that the server shows now, and the pins below are those that no longer match, so the former alone
//! are taken. Before each line may stand what a log puts there, and a log may have several such texts, also of the same chain.

use super::key::Key;
use super::pin_list::label_of;
use super::{Format, Reading};
use crate::pin::Pin;

/// The keys of each chain; none where it is no such text.
pub(super) fn read(text: &str) -> Option<Reading> {
    let (before, chains) = text.split_once(CHAIN)?;
    let mut reading = Reading::of(Format::OkHttpFailure);
    let mut first = line_ends(before).saturating_add(1);
    for part in chains.split(CHAIN) {
        let chain = part.split(PINNED).next().unwrap_or_default();
        for (line, number) in chain.lines().zip(first..) {
            read_line(line, number, &mut reading);
        }
        first = first.saturating_add(line_ends(part));
    }
    Some(reading)
}

fn read_line(line: &str, number: usize, reading: &mut Reading) {
    for (prefix, entry) in PINS.iter().flat_map(|prefix| line.split(prefix).skip(1).map(move |entry| (prefix, entry))) {
        // A log of JSON writes the end of a line as `\n`.
        let entry = entry.split("\\n").next().unwrap_or_default();
        let (pin, name) = entry.split_once(':').unwrap_or((entry, ""));
        match Pin::parse(&format!("{prefix}{pin}")) {
            Ok(pin) if reading.keys.iter().any(|key| key.sha256 == pin) => {}
            key => reading.take(key.map(|pin| Key::of_pin(pin, label_of(name))), pin, Some(number)),
        }
    }
}

fn line_ends(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

const CHAIN: &str = "Peer certificate chain:";
const PINNED: &str = "Pinned certificates for";
/// Older versions print SHA-1, which is no pin here.
const PINS: [&str; 2] = ["sha256/", "sha1/"];
