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
//! are taken. Before each line may stand what a log puts there.

use super::key::Key;
use super::pin_list::label_of;
use super::{Format, Reading};
use crate::pin::Pin;

/// The keys of the chain; none where it is no such text.
pub(super) fn read(text: &str) -> Option<Reading> {
    let (before, chain) = text.split_once(CHAIN)?;
    let chain = chain.split(PINNED).next().unwrap_or_default();
    let first = before.lines().count().max(1);
    let mut reading = Reading::of(Format::OkHttpFailure);
    for (line, number) in chain.lines().zip(first..) {
        for entry in line.split(PIN).skip(1) {
            let (pin, name) = entry.split_once(':').unwrap_or((entry, ""));
            let key = Pin::parse(&format!("{PIN}{pin}")).map(|pin| Key::of_pin(pin, label_of(name)));
            reading.take(key, pin, Some(number));
        }
    }
    Some(reading)
}

const CHAIN: &str = "Peer certificate chain:";
const PINNED: &str = "Pinned certificates for";
const PIN: &str = "sha256/";
