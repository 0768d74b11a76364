//! A rule of an administrator's policy, field by field.
//!
//! The Windows registry has no objects, lists, truth values or absent values, so what stands there differs from JSON: a `REG_SZ`
//! with JSON text in it where an object or a list is meant, a `REG_DWORD` 0 or 1, a number as text. Each is taken where its
//! meaning is certain; else the rule is refused, and its field is named.

use std::borrow::Cow;

use crate::error::ManagedError;
use crate::fields::{Fields, elements, is_comment, read};
use crate::rule::{FieldMut, PinDocument, RuleDocument};

/// Reads one rule.
///
/// # Errors
/// [`ManagedError::Shape`] for what is no object, [`ManagedError::Field`] and [`ManagedError::SettingUnknown`] for one of its fields.
pub(super) fn rule(json: &str) -> Result<RuleDocument, ManagedError> {
    let json = unwrapped(json);
    let mut fields = Fields::from_json(&json).map_err(|error| super::shape(&error))?;
    let mut rule = RuleDocument::default();
    for (name, field) in rule.fields_mut() {
        // `null` is as good as nothing.
        if let Some(json) = fields.take(name).filter(|json| *json != "null") {
            put(field, json)
                .map_err(|error| ManagedError::Field { name: name.to_owned(), detail: error.to_string() })?;
        }
    }
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

fn put(field: FieldMut<'_>, json: &str) -> Result<(), serde_json::Error> {
    match (field, json) {
        (FieldMut::Truth(truth), "0") => *truth = false,
        (FieldMut::Truth(truth), "1") => *truth = true,
        (FieldMut::Keys(keys), json) => *keys = read_keys(json)?,
        (mut field, json) => field.read(serde_json::from_str(json)?)?,
    }
    Ok(())
}

/// Each an object, or a pin alone.
fn read_keys(json: &str) -> Result<Vec<PinDocument>, serde_json::Error> {
    let read_key = |key: &str| {
        if key.starts_with('"') {
            read(key).map(|sha256| PinDocument { sha256, label: String::new() })
        } else {
            read(key)
        }
    };
    elements(&unwrapped(json))?.into_iter().map(read_key).collect()
}
