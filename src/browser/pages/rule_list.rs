//! The list of rules as cards.

use std::sync::Arc;

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::rule_keys;
use crate::browser::dom::{Fallible, all, append, document, find, from_template, set_badge, set_notices, set_text};
use crate::browser::words::say;
use crate::policy::Layer;
use crate::rule::{Rule, RuleDocument};
use crate::time::UnixMillis;
use crate::view::rule as words;

/// Draws the list anew, unless it would look the same: a card must not be exchanged under the pointer for nothing. The
/// button that had the focus has it again.
pub(super) fn draw(list: &Element, rules: &[Arc<Rule>], edited: Option<&str>, now: UnixMillis) -> Fallible {
    let mut drawn = Vec::new();
    for rule in rules {
        let element = draw_rule(&RuleDocument::from(rule.as_ref()), Layer::User, now)?;
        if Some(rule.id()) == edited {
            element.dataset().set("editing", "true")?;
        }
        drawn.push(element);
    }
    let shown = all::<HtmlElement>(list, ".rule")?;
    if shown.len() == drawn.len() && shown.iter().zip(&drawn).all(|(shown, drawn)| shown.is_equal_node(Some(drawn))) {
        return Ok(());
    }
    let focused = focused_button(list)?;
    list.set_text_content(None);
    for element in drawn {
        append(list, &element)?;
    }
    match focused {
        Some((id, button)) => focus(list, &id, button),
        None => Ok(()),
    }
}

/// Draws rules that cannot be changed here.
pub(super) fn draw_managed(list: &Element, rules: &[Arc<Rule>], now: UnixMillis) -> Fallible {
    list.set_text_content(None);
    for rule in rules {
        // They have no times of their own, only that of the background's start.
        let rule = RuleDocument { updated: None, ..RuleDocument::from(rule.as_ref()) };
        let element = draw_rule(&rule, Layer::Managed, now)?;
        find::<Element>(&element, ".rule-actions")?.remove();
        append(list, &element)?;
    }
    Ok(())
}

/// Puts the focus on a button of a rule, where there is such a rule.
pub(super) fn focus(list: &Element, id: &str, button: &str) -> Fallible {
    for rule in all::<HtmlElement>(list, ".rule")? {
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

fn draw_rule(rule: &RuleDocument, layer: Layer, now: UnixMillis) -> Fallible<HtmlElement> {
    let element: HtmlElement = from_template("rule-template")?.unchecked_into();
    element.dataset().set("rule", rule.id.as_deref().unwrap_or_default())?;
    set_text(&element, ".rule-host", &rule.host)?;
    set_badge(&element, ".rule-mode", &words::badge(rule, now))?;
    set_notices(&find(&element, ".rule-notices")?, &words::notices(rule, layer, now))?;
    rule_keys::draw(&find(&element, ".rule-keys")?, &rule.pins, &rule.denied)?;
    let facts: Vec<_> = words::facts(rule, now).iter().map(say).collect();
    set_text(&element, ".rule-facts", &facts.join(" · "))?;
    set_text(&element, ".rule-note", &rule.note)?;
    for (button, label) in [(".rule-edit", words::edit(rule)), (".rule-delete", words::delete(rule))] {
        find::<Element>(&element, button)?.set_attribute("aria-label", &say(&label))?;
    }
    Ok(element)
}
