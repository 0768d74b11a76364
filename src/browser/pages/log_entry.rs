//! An opened entry of the log: the chain as a picture beside the rule's pins.

use js_sys::{Date, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, HtmlElement};

use super::rule_keys;
use crate::browser::dom::{Fallible, append, find, from_template, set_badge, set_text};
use crate::browser::words::say;
use crate::certificate::Description;
use crate::log::{Entry, Tally};
use crate::rule::{LabelledPin, PinDocument};
use crate::time::UnixMillis;
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
    set_text(&content, ".violation-sent", &words::sent(violation))?;
    set_text(&content, ".violation-advice", &words::advice(violation, certificates))?;
    set_text(&content, ".violation-when", &when(&entry.tally))?;
    append(body, &content)?;
    Ok(())
}

/// How often and when.
pub(super) fn when(tally: &Tally) -> String {
    words::when(tally, &local_time(tally.first), &local_time(tally.last))
}

/// Date and time as the person's browser writes them.
pub(super) fn local_time(time: UnixMillis) -> String {
    in_local_words(time, &[("dateStyle", "medium"), ("timeStyle", "medium")])
}

/// Hours and minutes as the person's browser writes them.
pub(super) fn local_time_of_day(time: UnixMillis) -> String {
    in_local_words(time, &[("timeStyle", "short")])
}

fn in_local_words(time: UnixMillis, styles: &[(&str, &str)]) -> String {
    let options = Object::new();
    for (name, style) in styles {
        // Setting a property of an object that was made above cannot fail.
        let _ = Reflect::set(&options, &(*name).into(), &(*style).into());
    }
    let Some(text) = time.to_rfc3339() else {
        return String::new();
    };
    String::from(Date::new(&JsValue::from_str(&text)).to_locale_string("default", &options))
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
    set_text(content, ".rule-facts", &words::rule(rule))?;
    let documents = |pins: &[LabelledPin]| pins.iter().map(PinDocument::from).collect::<Vec<_>>();
    rule_keys::draw(&find(content, ".rule-pins")?, &documents(&rule.pins), &documents(&rule.denied))
}
