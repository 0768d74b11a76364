//! An entry of the log as text, to be pasted into a message or a ticket: what its body shows, in the person's language.

use super::{advice, host, outcome, pages, reason, rule, sent, when};
use crate::error::visible;
use crate::log::Entry;
use crate::rule::LabelledPin;
use crate::view::certificate;
use crate::view::text::{Text, text};
use crate::violation::ChainEntry;

/// A line of text; one of nothing divides.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TextLine {
    /// The key that it is about, if it is about one.
    pub pin: Option<Text>,
    /// What is said, side by side.
    pub words: Vec<Text>,
}

impl TextLine {
    fn of(words: impl Into<Vec<Text>>) -> Self {
        Self { pin: None, words: words.into() }
    }

    /// The line in the words of this language.
    #[must_use]
    pub fn said(&self, say: impl Fn(&Text) -> String) -> String {
        let words: Vec<_> = self.words.iter().map(&say).filter(|words| !words.is_empty()).collect();
        let parts = self.pin.as_ref().map(&say).into_iter().chain([words.join(" · ")]);
        parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

/// The lines of an entry. Each key stands on a line of its own, with its name behind it, in the form in which a rule takes both.
/// `certificates` is the DER of its chain, where that is stored.
#[must_use]
pub fn plain_text(entry: &Entry, certificates: &[Vec<u8>]) -> Vec<TextLine> {
    let violation = &entry.violation;
    let length = violation.chain.len();
    let of_chain = |(index, shown): (usize, &ChainEntry)| {
        let description = certificate::description(shown, certificates.get(index).map(Vec::as_slice));
        let whole = description.subject.clone().filter(|subject| !subject.is_empty());
        let whole = whole.map(|subject| Text::literal(visible(&subject)));
        let subject = whole.unwrap_or_else(|| certificate::subject(&description));
        let mark = certificate::mark(shown, violation.rule.as_ref()).text;
        let role = certificate::role(index, length, &description);
        TextLine { pin: Some(certificate::pin(shown)), words: vec![subject, role, mark] }
    };
    let mut lines = vec![
        TextLine::of([outcome(violation).text, host(violation)]),
        TextLine::of([reason(violation)]),
        TextLine::of([when(&entry.tally)]),
        TextLine::of([pages(&entry.tally)]),
    ];
    section(&mut lines, text!("popup_chain"), violation.chain.iter().enumerate().map(of_chain).collect());
    if let Some(snapshot) = &violation.rule {
        section(&mut lines, text!("popup_rule"), vec![TextLine::of(rule(snapshot))]);
        section(&mut lines, text!("copied_pins"), of_rule(&snapshot.pins));
        section(&mut lines, text!("copied_denied"), of_rule(&snapshot.denied));
    }
    section(&mut lines, text!("popup_sent"), vec![TextLine::of([sent(violation)])]);
    if let Some(advice) = advice(violation, false) {
        section(&mut lines, text!("popup_advice"), vec![TextLine::of([advice])]);
    }
    lines
}

/// Nothing where there are no lines below the heading.
fn section(lines: &mut Vec<TextLine>, heading: Text, below: Vec<TextLine>) {
    if !below.is_empty() {
        lines.extend([TextLine::default(), TextLine::of([heading])]);
        lines.extend(below);
    }
}

fn of_rule(pins: &[LabelledPin]) -> Vec<TextLine> {
    let line = |pin: &LabelledPin| TextLine {
        pin: Some(Text::literal(pin.sha256.to_string())),
        words: vec![Text::literal(visible(&pin.label))],
    };
    pins.iter().map(line).collect()
}

/// Said once it has been copied.
#[must_use]
pub fn copied() -> Text {
    text!("entry_copied")
}

/// Said where the browser has refused to copy.
#[must_use]
pub fn not_copied() -> Text {
    text!("entry_not_copied")
}
