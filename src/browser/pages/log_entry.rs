//! An opened entry of the log: the chain as a picture beside the rule's pins.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::rule_keys;
use crate::browser::dom::{Fallible, append, find, from_template, set_badge, set_text};
use crate::browser::words::say;
use crate::certificate::Description;
use crate::log::Entry;
use crate::rule::{LabelledPin, PinDocument};
use crate::view::text::Text;
use crate::view::{certificate, violation as words};
use crate::violation::{ChainEntry, Mark, RuleSnapshot};

/// Fills the body of an entry. `certificates` is the DER of its chain, where that is stored.
pub(super) fn draw(entry: &Entry, certificates: &[Vec<u8>], body: &Element) -> Fallible {
    let violation = &entry.violation;
    let content = from_template("violation-body-template")?;
    let chain: Element = find(&content, ".chain")?;
    for (index, shown) in violation.chain.iter().enumerate() {
        let role = certificate::role(index, violation.chain.len());
        let description = certificate::description(shown, certificates.get(index).map(Vec::as_slice));
        append(&chain, &draw_certificate(shown, &description, &role, violation.rule.as_ref())?)?;
    }
    find::<HtmlElement>(&content, ".exception")?.set_hidden(!violation.exception);
    find::<HtmlElement>(&content, ".no-chain")?.set_hidden(!violation.chain.is_empty());
    match &violation.rule {
        Some(rule) => draw_rule(rule, &content)?,
        None => find::<HtmlElement>(&content, ".rule-section")?.set_hidden(true),
    }
    set_text(&content, ".violation-sent", &say(&words::sent(violation)))?;
    set_text(&content, ".violation-advice", &say(&words::advice(violation, certificates)))?;
    set_text(&content, ".violation-when", &say(&words::when(&entry.tally)))?;
    append(body, &content)?;
    Ok(())
}

fn draw_certificate(
    entry: &ChainEntry,
    description: &Description,
    role: &Text,
    snapshot: Option<&RuleSnapshot>,
) -> Fallible<Element> {
    let element: HtmlElement = from_template("certificate-template")?.unchecked_into();
    element.dataset().set(
        "match",
        match entry.mark {
            Mark::Pin => "pin",
            Mark::Denied => "denied",
            Mark::None => "none",
            Mark::Unparsable => "unparsable",
        },
    )?;
    set_text(&element, ".certificate-role", &say(role))?;
    set_badge(&element, ".certificate-mark", &certificate::mark(entry, snapshot))?;
    if let Some(origin) = certificate::root_origin(entry) {
        set_badge(&element, ".certificate-root", &origin)?;
    }
    let subject: Element = find(&element, ".certificate-subject")?;
    subject.set_text_content(Some(&say(&certificate::subject(description))));
    if let Some(whole) = &description.subject {
        subject.set_attribute("title", whole)?;
    }
    set_text(&element, ".certificate-validity", &say(&certificate::validity(description)))?;
    set_text(&element, ".certificate-pin", &say(&certificate::pin(entry)))?;
    Ok(element.into())
}

fn draw_rule(rule: &RuleSnapshot, content: &Element) -> Fallible {
    let facts: Vec<_> = words::rule(rule).iter().map(say).collect();
    set_text(content, ".rule-facts", &facts.join(" · "))?;
    let documents = |pins: &[LabelledPin]| pins.iter().map(PinDocument::from).collect::<Vec<_>>();
    rule_keys::draw(&find(content, ".rule-pins")?, &documents(&rule.pins), &documents(&rule.denied))
}
