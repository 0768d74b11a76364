//! A rule of an administrator's policy, field by field.
//!
//! The Windows registry has no objects, lists, truth values or absent values, so what stands there differs from JSON: a `REG_SZ`
//! with JSON text in it where an object or a list is meant, a `REG_DWORD` 0 or 1, a number as text. Each is taken where its
//! meaning is certain; else the rule is refused, and its field is named.

use std::borrow::Cow;

use crate::error::ManagedError;
use crate::fields::{Fields, Read, is_comment, read};
use crate::rule::{PinDocument, RuleDocument};

/// Reads one rule.
///
/// # Errors
/// [`ManagedError::Shape`] for what is no object, [`ManagedError::Field`] and [`ManagedError::SettingUnknown`] for one of its fields.
pub(super) fn rule(json: &str) -> Result<RuleDocument, ManagedError> {
    let json = unwrapped(json);
    let mut fields = Fields::from_json(&json).map_err(|error| super::shape(&error))?;
    let mut rule = RuleDocument::default();
    take(&mut fields, "id", &mut rule.id)?;
    take(&mut fields, "host", &mut rule.host)?;
    take(&mut fields, "mode", &mut rule.mode)?;
    take_pins(&mut fields, "pins", &mut rule.pins)?;
    take_pins(&mut fields, "denied", &mut rule.denied)?;
    take(&mut fields, "match", &mut rule.match_scope)?;
    take(&mut fields, "expires", &mut rule.expires)?;
    take(&mut fields, "localRoots", &mut rule.local_roots)?;
    take_truth(&mut fields, "requireCt", &mut rule.require_ct)?;
    take(&mut fields, "preflight", &mut rule.preflight)?;
    take(&mut fields, "reportUri", &mut rule.report_uri)?;
    take(&mut fields, "note", &mut rule.note)?;
    take(&mut fields, "created", &mut rule.created)?;
    take(&mut fields, "updated", &mut rule.updated)?;
    match fields.into_names().find(|name| !is_comment(name)) {
        Some(name) => Err(ManagedError::SettingUnknown { name }),
        None => Ok(rule),
    }
}

/// JSON text that stands as a string where an object or a list is meant.
pub(super) fn unwrapped(json: &str) -> Cow<'_, str> {
    if !json.trim_start().starts_with('"') {
        return Cow::Borrowed(json);
    }
    let inner: Option<String> = read(json).ok();
    inner.filter(|inner| inner.trim_start().starts_with(['{', '['])).map_or(Cow::Borrowed(json), Cow::Owned)
}

/// The text of a field; none where it is absent or `null`.
fn text<'a>(fields: &mut Fields<'a>, name: &str) -> Option<&'a str> {
    fields.take(name).filter(|text| *text != "null")
}

fn take<'a, T: Read<'a>>(fields: &mut Fields<'a>, name: &str, field: &mut T) -> Result<(), ManagedError> {
    if let Some(json) = text(fields, name) {
        *field = read(json).map_err(|error| of_field(name, &error))?;
    }
    Ok(())
}

fn take_truth(fields: &mut Fields<'_>, name: &str, field: &mut bool) -> Result<(), ManagedError> {
    match text(fields, name) {
        Some("0") => *field = false,
        Some("1") => *field = true,
        Some(json) => *field = read(json).map_err(|error| of_field(name, &error))?,
        None => {}
    }
    Ok(())
}

/// Each an object, or a pin alone.
fn take_pins(fields: &mut Fields<'_>, name: &str, field: &mut Vec<PinDocument>) -> Result<(), ManagedError> {
    let Some(json) = text(fields, name) else { return Ok(()) };
    let json = unwrapped(json);
    for pin in crate::fields::elements(&json).map_err(|error| of_field(name, &error))? {
        let pin = if pin.starts_with('"') {
            read(pin).map(|sha256| PinDocument { sha256, label: String::new() })
        } else {
            read(pin)
        };
        field.push(pin.map_err(|error| of_field(name, &error))?);
    }
    Ok(())
}

fn of_field(name: &str, error: &serde_json::Error) -> ManagedError {
    ManagedError::Field { name: name.to_owned(), detail: error.to_string() }
}
