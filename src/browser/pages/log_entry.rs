//! An opened entry of the log: the chain as a picture beside the rule's pins.

use web_sys::Element;

use super::{entry_copy, rule_keys};
use crate::browser::dom::{JsResult, id};
use crate::browser::part::{Part, part};
use crate::browser::words::say;
use crate::certificate::Description;
use crate::log::Entry;
use crate::rule::{LabelledPin, PinDocument};
use crate::view::foreign::whole;
use crate::view::text::Text;
use crate::view::violation::whole::{WholeText, whole_texts};
use crate::view::{certificate, violation as words};
use crate::violation::{ChainEntry, Mark, RuleSnapshot};

/// Fills the body of an entry. `certificates` is the DER of its chain, where that is stored; `explained` is what stands first.
pub(super) fn draw(entry: &Entry, certificates: &[Vec<u8>], explained: Option<&Part>, body: &Element) -> JsResult {
    let violation = &entry.violation;
    let content = Part::copy(id!("violation-body-template"))?;
    if let Some(explained) = explained {
        content.root().prepend_with_node_1(explained.root())?;
    }
    let certificate = |(index, shown): (usize, &ChainEntry)| {
        let description = certificate::description(shown, certificates.get(index).map(Vec::as_slice));
        let role = certificate::role(index, violation.chain.len(), &description);
        draw_certificate(shown, &description, &role, violation.rule.as_ref())
    };
    content.list(part!("chain"), violation.chain.iter().enumerate().map(certificate))?;
    content.show(part!("exception"), violation.exception)?;
    content.show(part!("private-kept"), entry.is_private())?;
    content.show(part!("no-chain"), violation.chain.is_empty())?;
    match &violation.rule {
        Some(rule) => draw_rule(rule, &content)?,
        None => content.show(part!("rule"), false)?,
    }
    content.say(part!("sent"), &words::sent(violation))?;
    match words::advice(violation, explained.is_some()) {
        Some(advice) => content.say(part!("advice"), &advice)?,
        None => content.show(part!("advice-section"), false)?,
    }
    let whole = whole_texts(entry);
    content.show(part!("whole-texts"), !whole.is_empty())?;
    content.list(part!("whole-texts"), whole.iter().map(draw_whole))?;
    content.say(part!("when"), &words::when(&entry.tally))?;
    entry_copy::offer(&content, entry, certificates)?;
    Part::of(body).append(&content)
}

fn draw_certificate(
    entry: &ChainEntry,
    description: &Description,
    role: &Text,
    snapshot: Option<&RuleSnapshot>,
) -> JsResult<Part> {
    let element = Part::copy(id!("certificate-template"))?;
    element.root().dataset().set(
        "match",
        match entry.mark {
            Mark::Pin => "pin",
            Mark::Denied => "denied",
            Mark::None => "none",
            Mark::Unparsable => "unparsable",
        },
    )?;
    element.say(part!("role"), role)?;
    element.tag(part!("mark"), &certificate::mark(entry, snapshot))?;
    if let Some(origin) = certificate::root_origin(entry) {
        element.tag(part!("root"), &origin)?;
    }
    let subject: Element = element.get(part!("subject"))?;
    subject.set_text_content(Some(&say(&certificate::subject(description))));
    if let Some(name) = &description.subject {
        subject.set_attribute("title", &whole(name))?;
    }
    element.say(part!("validity"), &certificate::validity(description))?;
    element.say(part!("pin"), &certificate::pin(entry))?;
    Ok(element)
}

fn draw_whole(whole: &WholeText) -> JsResult<Part> {
    let element = Part::copy(id!("whole-text-template"))?;
    element.say(part!("whole-opener"), &whole.opener)?;
    element.text(part!("whole-text"), &whole.text)?;
    element.text(part!("whole-beginning"), &whole.beginning.as_ref().map(say).unwrap_or_default())?;
    Ok(element)
}

fn draw_rule(rule: &RuleSnapshot, content: &Part) -> JsResult {
    let facts: Vec<_> = words::rule(rule).iter().map(say).collect();
    content.text(part!("rule-facts"), &facts.join(" · "))?;
    let documents = |pins: &[LabelledPin]| pins.iter().map(PinDocument::from).collect::<Vec<_>>();
    content.list(part!("rule-keys"), rule_keys::draw(&documents(&rule.pins), &documents(&rule.denied)))
}
