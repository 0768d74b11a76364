//! Sockpin's own JSON: the whole policy as it is exported or stored, an administrator's policy or a whole `policies.json`, a list
//! of rules, or one rule.
//!
//! A rule with a value that cannot be read is left out whole: without it, it would say something else. A field that is not
//! known is left out by itself.

use super::json;
use super::lines::Lines;
use super::taking::{Taking, no_part};
use super::value::{Item, Table, Value, place_of};
use crate::error::{Error, ImportError, ImportPart, RuleError};
use crate::fields::is_comment;
use crate::limits::MAX_PINS_PER_RULE;
use crate::pin::Pin;
use crate::policy::POLICY_VERSION;
use crate::rule::{FieldMut, PinDocument, RuleDocument};
use crate::time::UnixMillis;

/// What of it a file is.
pub(super) enum Document<'a> {
    Policy(Table<'a>),
    Rules(Vec<Item<'a>>),
    Rule(Table<'a>),
}

/// Whether a value is of this format, and what it is; else the value again.
pub(super) fn find(value: Value<'_>) -> Result<Document<'_>, Value<'_>> {
    match value {
        Value::Table(mut file) => {
            if let Some(extension) = take_extension(&mut file) {
                return Ok(Document::Policy(extension));
            }
            if file.has(RULES) {
                return Ok(Document::Policy(file));
            }
            if is_rule(&file) { Ok(Document::Rule(file)) } else { Err(Value::Table(file)) }
        }
        Value::List(items) if items.iter().any(|item| matches!(&item.value, Value::Table(rule) if is_rule(rule))) => {
            Ok(Document::Rules(items))
        }
        other => Err(other),
    }
}

/// # Errors
/// [`ImportError::Newer`], and those of [`Taking::rule`].
pub(super) fn read(document: Document<'_>, taking: &mut Taking<'_>) -> Result<(), Error> {
    match document {
        Document::Policy(policy) => read_policy(policy, taking),
        Document::Rules(rules) => read_all(rules, taking),
        Document::Rule(rule) => {
            let at = rule.place();
            read_one(Value::Table(rule), at, taking)
        }
    }
}

fn read_policy(mut policy: Table<'_>, taking: &mut Taking<'_>) -> Result<(), Error> {
    // In a newer one the same field may mean something else.
    match policy.take("version") {
        Some(Value::Number(version)) if version > POLICY_VERSION => return Err(ImportError::Newer { version }.into()),
        _ => {}
    }
    let at = policy.place();
    match policy.take(RULES) {
        Some(Value::List(rules)) => read_all(rules, taking)?,
        // The JSON of the list as a text: it stands there with escapes, so it has no lines of this file.
        Some(Value::Text(text)) => {
            let lines = Lines::of(&text);
            match json::read(&text, &lines)?.0 {
                Value::List(rules) => read_all(rules, taking)?,
                _ => taking.wrong_value(RULES, at)?,
            }
        }
        _ => taking.wrong_value(RULES, at)?,
    }
    for (name, value) in policy.into_iter().filter(|(name, _)| !is_comment(name)) {
        taking.no_counterpart(&name, place_of(&name).unwrap_or_else(|| value.place()))?;
    }
    Ok(())
}

fn read_all(rules: Vec<Item<'_>>, taking: &mut Taking<'_>) -> Result<(), Error> {
    rules.into_iter().try_for_each(|item| {
        let at = item.value.place();
        read_one(item.value, at, taking)
    })
}

fn read_one(value: Value<'_>, at: &str, taking: &mut Taking<'_>) -> Result<(), Error> {
    let Some(mut fields) = value.into_table() else { return taking.wrong_value(RULES, at) };
    let host = match fields.take("host") {
        Some(Value::Text(host)) => host.into_owned(),
        Some(_) => return taking.wrong_value("host", at),
        None => String::new(),
    };
    match document(&mut fields, Pins::Checked) {
        Ok(rule) => {
            let unknown = fields.into_iter().filter(|(name, _)| !is_comment(name));
            for (name, value) in unknown {
                taking.no_counterpart(&name, place_of(&name).unwrap_or_else(|| value.place()))?;
            }
            taking.rule(RuleDocument { host, ..rule }, at)
        }
        Err(wrong) => taking.leave_out(&host, if wrong.at.is_empty() { at } else { wrong.at }, wrong.why),
    }
}

/// What is wrong with a rule, and where in the text; nowhere where that cannot be said.
pub(super) struct Wrong<'a> {
    pub(super) why: Error,
    pub(super) at: &'a str,
}

/// What becomes of a pin that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pins {
    /// It is one, in its canonical form, or the rule is wrong.
    Checked,
    /// It is as it stands there, for a form that says what is wrong with it.
    AsTyped,
}

/// All of a rule but its host, which has been taken out before.
pub(super) fn document<'a>(fields: &mut Table<'a>, how: Pins) -> Result<RuleDocument, Wrong<'a>> {
    let mut rule = RuleDocument::default();
    for (name, field) in rule.fields_mut() {
        let Some((value, at)) = take(fields, name) else { continue };
        match (field, value) {
            (FieldMut::Text(text), Value::Text(found)) => *text = found.into_owned(),
            (FieldMut::OptionalText(text), Value::Text(found)) => *text = Some(found.into_owned()),
            (FieldMut::Keyword(keyword), Value::Text(found)) => keyword.set(&found).map_err(|_| wrong(name, at))?,
            (FieldMut::Truth(truth), value) => *truth = value.truth().ok_or_else(|| wrong(name, at))?,
            (FieldMut::Keys(keys), Value::List(items)) => *keys = pins(items, name, at, how)?,
            (FieldMut::OptionalTime(time), Value::Number(number)) => *time = Some(UnixMillis::new(number)),
            _ => return Err(wrong(name, at)),
        }
    }
    Ok(rule)
}

/// A field and where it stands; none where it is absent or `null`.
fn take<'a>(fields: &mut Table<'a>, name: &str) -> Option<(Value<'a>, &'a str)> {
    fields.take_with_place(name).filter(|(value, _)| *value != Value::Null)
}

/// A text; none where it is absent or `null`.
pub(super) fn text<'a>(fields: &mut Table<'a>, name: &str) -> Result<Option<String>, Wrong<'a>> {
    match take(fields, name) {
        None => Ok(None),
        Some((Value::Text(text), _)) => Ok(Some(text.into_owned())),
        Some((_, at)) => Err(wrong(name, at)),
    }
}

/// Each an object, or a pin alone.
fn pins<'a>(items: Vec<Item<'a>>, name: &str, at: &'a str, how: Pins) -> Result<Vec<PinDocument>, Wrong<'a>> {
    if items.len() > MAX_PINS_PER_RULE {
        return Err(Wrong { why: RuleError::PinCount { limit: MAX_PINS_PER_RULE }.into(), at });
    }
    items.into_iter().map(|item| pin(item.value, name, at, how)).collect()
}

fn pin<'a>(value: Value<'a>, name: &str, list: &'a str, how: Pins) -> Result<PinDocument, Wrong<'a>> {
    let at = match value.place() {
        "" => list,
        at => at,
    };
    let (sha256, label) = match value {
        Value::Text(sha256) => (Some(sha256.into_owned()), None),
        Value::Table(mut fields) => {
            let found = (text(&mut fields, "sha256")?, text(&mut fields, "label")?);
            // A pin of which a part is not known may be none.
            if let Some((name, _)) = fields.into_iter().find(|(name, _)| !is_comment(name)) {
                return Err(wrong(&name, place_of(&name).unwrap_or(at)));
            }
            found
        }
        _ => return Err(wrong(name, at)),
    };
    let (sha256, label) = (sha256.unwrap_or_default(), label.unwrap_or_default());
    let sha256 = match how {
        Pins::AsTyped => sha256,
        Pins::Checked => Pin::parse(&sha256).map_err(|why| Wrong { why: why.into(), at })?.to_base64(),
    };
    Ok(PinDocument { sha256, label })
}

pub(super) fn wrong<'a>(name: &str, at: &'a str) -> Wrong<'a> {
    Wrong { why: no_part(ImportPart::Value, name), at }
}

fn is_rule(fields: &Table<'_>) -> bool {
    fields.has("host") && ["pins", "denied", "mode"].iter().any(|name| fields.has(name))
}

/// What Firefox's `policies.json` has for Sockpin.
fn take_extension<'a>(file: &mut Table<'a>) -> Option<Table<'a>> {
    let mut part = file.take("policies")?.into_table()?;
    for name in ["3rdparty", "Extensions", ADD_ON] {
        part = part.take(name)?.into_table()?;
    }
    Some(part)
}

const RULES: &str = "rules";
const ADD_ON: &str = "sockpin@sockpin.dev";
