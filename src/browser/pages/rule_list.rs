//! The list of rules as cards.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::dom::{Fallible, append, document, find, from_template, set_badge, set_notices, set_text};
use crate::rule::{PinDocument, RuleDocument};
use crate::time::UnixMillis;
use crate::view::notice::{Badge, Tone};
use crate::view::rule as words;

/// Who may change the rules of a list.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    User,
    Administrator,
}

/// Draws the list anew. The button that had the focus has it again.
pub(super) fn draw(
    list: &Element,
    rules: &[RuleDocument],
    owner: Owner,
    edited: Option<&str>,
    now: UnixMillis,
) -> Fallible {
    let focused = focused_button(list)?;
    list.set_text_content(None);
    for rule in rules {
        append(list, &draw_rule(rule, owner, edited, now)?)?;
    }
    match focused {
        Some((id, button)) => focus(list, &id, button),
        None => Ok(()),
    }
}

/// Puts the focus on a button of a rule, where there is such a rule.
pub(super) fn focus(list: &Element, id: &str, button: &str) -> Fallible {
    for rule in super::dom::all::<HtmlElement>(list, ".rule")? {
        if rule.dataset().get("rule").as_deref() == Some(id) {
            return find::<HtmlElement>(&rule, button)?.focus();
        }
    }
    Ok(())
}

fn focused_button(list: &Element) -> Fallible<Option<(String, &'static str)>> {
    let Some(active) = document()?.active_element().filter(|active| list.contains(Some(active))) else {
        return Ok(None);
    };
    let button = if active.matches(".rule-edit")? { ".rule-edit" } else { ".rule-delete" };
    let rule = active.closest(".rule")?.and_then(|rule| rule.get_attribute("data-rule"));
    Ok(rule.map(|id| (id, button)))
}

fn draw_rule(rule: &RuleDocument, owner: Owner, edited: Option<&str>, now: UnixMillis) -> Fallible<Element> {
    let element: HtmlElement = from_template("rule-template")?.unchecked_into();
    let id = rule.id.as_deref().unwrap_or_default();
    element.dataset().set("rule", id)?;
    if edited == Some(id) {
        element.dataset().set("editing", "true")?;
    }
    set_text(&element, ".rule-host", &rule.host)?;
    set_badge(&element, ".rule-mode", &words::badge(rule, now))?;
    set_notices(&find(&element, ".rule-notices")?, &words::notices(rule, now))?;
    let keys: Element = find(&element, ".rule-keys")?;
    for pin in &rule.pins {
        append(&keys, &draw_key(pin, None)?)?;
    }
    for pin in &rule.denied {
        append(&keys, &draw_key(pin, Some(Badge::new("Denied", Tone::Bad)))?)?;
    }
    set_text(&element, ".rule-facts", &words::facts(rule, now))?;
    set_text(&element, ".rule-note", &rule.note)?;
    if owner == Owner::Administrator {
        find::<Element>(&element, ".rule-actions")?.remove();
    } else {
        for button in [".rule-edit", ".rule-delete"] {
            let button: Element = find(&element, button)?;
            let action = button.text_content().unwrap_or_default();
            button.set_attribute("aria-label", &format!("{} the rule for {}", action.trim(), rule.host))?;
        }
    }
    Ok(element.into())
}

fn draw_key(pin: &PinDocument, mark: Option<Badge>) -> Fallible<Element> {
    let element = from_template("rule-key-template")?;
    let label = if pin.label.is_empty() { "(no label)" } else { pin.label.as_str() };
    set_text(&element, ".rule-key-name", label)?;
    if let Some(mark) = mark {
        set_badge(&element, ".rule-key-mark", &mark)?;
    }
    set_text(&element, ".rule-key-pin", &format!("sha256/{}", pin.sha256))?;
    Ok(element)
}
