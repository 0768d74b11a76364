//! A JSON object taken apart: each field stays text until it is read, so that one that is unknown or cannot be read is
//! known by its name, and what is not asked for costs no memory.

mod json;
mod line;
mod read;

use std::borrow::Cow;
use std::vec;

use serde::de::Error as _;
use serde_json::value::RawValue;

pub(crate) use self::json::Json;
#[cfg(any(not(target_arch = "wasm32"), feature = "pages", feature = "lab"))]
pub(crate) use self::json::Name;
use self::json::Value;
pub(crate) use self::line::Line;
pub(crate) use self::read::{Read, named, read, word, words};

/// The fields that have not been taken out yet, in alphabetical order; each is text, or has been read as `V`.
pub(crate) struct Fields<'a, V = &'a RawValue>(Vec<(Cow<'a, str>, V)>);

impl<'a> Fields<'a> {
    /// Looks through a whole text once.
    ///
    /// # Errors
    /// Text that is no JSON object, or that names a field twice.
    pub(crate) fn from_json(json: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str::<Value<'_, _>>(json)?.object()
    }

    /// The text of one field, which stays.
    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        self.0.get(self.place(name).ok()?).map(|(_, value)| value.get())
    }

    /// Every field's name and text.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.0.iter().map(|(name, value)| (&**name, value.get()))
    }

    /// Takes out the text of one field.
    pub(crate) fn take(&mut self, name: &str) -> Option<&'a str> {
        self.remove(name).map(RawValue::get)
    }

    /// Takes out one field and reads it; none where there is no such field.
    ///
    /// # Errors
    /// A value that is none of this type.
    pub(crate) fn read<T: Read<'a>>(&mut self, name: &str) -> Result<Option<T>, serde_json::Error> {
        self.take(name).map(read).transpose()
    }

    /// Takes out and reads one that there must be.
    ///
    /// # Errors
    /// The same, and no such field.
    pub(crate) fn require<T: Read<'a>>(&mut self, name: &'static str) -> Result<T, serde_json::Error> {
        self.read(name)?.ok_or_else(|| serde_json::Error::missing_field(name))
    }

    /// The same for a long list, of which one element after the other is read.
    ///
    /// # Errors
    /// The same.
    pub(crate) fn require_each<T: Read<'a>>(&mut self, name: &'static str) -> Result<Vec<T>, serde_json::Error> {
        let list = self.take(name).ok_or_else(|| serde_json::Error::missing_field(name))?;
        elements(list)?.into_iter().map(read).collect()
    }
}

impl<'a> Fields<'a, Json<'a>> {
    /// Takes out one field, or its default where there is no such field.
    ///
    /// # Errors
    /// A value that is none of this type.
    pub(crate) fn part_or_default<T: Read<'a> + Default>(&mut self, name: &str) -> Result<T, serde_json::Error> {
        self.remove(name).map_or_else(|| Ok(T::default()), T::read)
    }

    /// Takes out one that there must be.
    ///
    /// # Errors
    /// The same, and no such field.
    pub(crate) fn part<T: Read<'a>>(&mut self, name: &'static str) -> Result<T, serde_json::Error> {
        self.remove(name).map_or_else(|| Err(serde_json::Error::missing_field(name)), T::read)
    }
}

impl<'a, V> IntoIterator for Fields<'a, V> {
    type Item = (Cow<'a, str>, V);
    type IntoIter = vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<V> Fields<'_, V> {
    fn remove(&mut self, name: &str) -> Option<V> {
        let place = self.place(name).ok()?;
        Some(self.0.remove(place).1)
    }

    /// Where a field is, or where it would have to be.
    fn place(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| (**known).cmp(name))
    }

    /// The names of the fields that are left, in alphabetical order.
    pub(crate) fn into_names(self) -> impl Iterator<Item = String> {
        self.0.into_iter().map(|(name, _)| name.into_owned())
    }
}

/// The elements of an array, each still text.
///
/// # Errors
/// Text that is no JSON array.
pub(crate) fn elements(json: &str) -> Result<Vec<&str>, serde_json::Error> {
    let elements = serde_json::from_str::<Value<'_, &RawValue>>(json)?.list()?;
    Ok(elements.into_iter().map(RawValue::get).collect())
}

/// A field that has no place in what is read.
pub(crate) fn unknown(name: &str) -> serde_json::Error {
    serde_json::Error::custom(format_args!("unknown field `{name}`"))
}

/// A name that none of an enum has, or that has what does not belong to it, or has not what does.
pub(crate) fn unknown_variant(name: &str) -> serde_json::Error {
    serde_json::Error::custom(format_args!("unknown variant `{name}`"))
}

/// The name in serde's "unknown field `name`, expected …", if the error is one of `deny_unknown_fields`. An error of serde
/// is its text alone: there is nothing else to tell it by.
pub(crate) fn unknown_field(error: &serde_json::Error) -> Option<String> {
    let text = error.to_string();
    let (name, _) = text.strip_prefix("unknown field `")?.split_once('`')?;
    Some(name.to_owned())
}

/// A field that says nothing to programs: JSON has no comments, so people write them as fields of such names.
pub(crate) fn is_comment(name: &str) -> bool {
    name.starts_with(['_', '$', '#']) || name.starts_with("//") || name.eq_ignore_ascii_case("comment")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::RuleDocument;

    #[test]
    fn each_field_is_read_by_itself() {
        let mut fields = Fields::from_json(r#" {"b": [1, {"x": 2}], "a": "}", "\u0063": 5} "#).unwrap();
        assert_eq!(fields.take("b"), Some(r#"[1, {"x": 2}]"#));
        assert_eq!(fields.take("b"), None);
        assert_eq!(fields.into_names().collect::<Vec<_>>(), ["a", "c"]);
        for (json, expected) in [
            ("", "EOF"),
            ("[]", "an object"),
            (r#"{"a": 1"#, "EOF"),
            (r#"{"a": 1} x"#, "trailing"),
            (r#"{"a": [}"#, "expected value"),
            (r#"{"a": 1, "a": 2}"#, "duplicate field `a`"),
        ] {
            let error = Fields::from_json(json).err().unwrap().to_string();
            assert!(error.contains(expected), "{json}: {error}");
        }
        assert_eq!(elements(r#"[ 1 , {"a": []}, "]"]"#).unwrap(), ["1", r#"{"a": []}"#, r#""]""#]);
        assert!(elements("{}").is_err());
    }

    #[test]
    fn an_unknown_field_is_told_from_every_other_error() {
        let read = |json: &str| serde_json::from_str::<RuleDocument>(json).map_err(|error| unknown_field(&error));
        for (json, expected) in [
            (r#"{"pinz": []}"#, Some("pinz")),
            (r#"{"pins": [{"sha": ""}]}"#, Some("sha")),
            (r#"{"mode": "unknown field `x`"}"#, None),
            (r#"{"host": 5}"#, None),
            ("{", None),
        ] {
            assert_eq!(read(json).unwrap_err().as_deref(), expected, "{json}");
        }
    }
}
