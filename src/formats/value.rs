//! What JSON and property lists have in common: a tree of values, whose texts are parts of the text that was read.

use std::borrow::Cow;
use std::collections::HashSet;

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value<'a> {
    /// A string, or a date.
    Text(Cow<'a, str>),
    /// `true` or `false`.
    Truth(bool),
    /// A whole number that is not negative.
    Number(u64),
    /// JSON's `null`.
    Null,
    /// What no rule has: other numbers, bytes.
    Other,
    /// An array.
    List(Vec<Item<'a>>),
    /// An object or a dictionary.
    Table(Table<'a>),
}

/// An element of an array.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Item<'a> {
    /// The comment beside it, in a format that has comments.
    pub(super) comment: &'a str,
    pub(super) value: Value<'a>,
}

/// Names, each once, with their values, in the order of the text.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Table<'a>(Vec<(Cow<'a, str>, Value<'a>)>);

impl<'a> Value<'a> {
    /// A truth value, or the number that stands for one where there are none: 0 or 1.
    pub(super) const fn truth(&self) -> Option<bool> {
        match self {
            Self::Truth(truth) => Some(*truth),
            Self::Number(0) => Some(false),
            Self::Number(1) => Some(true),
            _ => None,
        }
    }

    pub(super) fn into_table(self) -> Option<Table<'a>> {
        match self {
            Self::Table(table) => Some(table),
            _ => None,
        }
    }

    pub(super) fn into_list(self) -> Option<Vec<Item<'a>>> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// The first text in it that is a part of the text read: where it stands. Empty where there is none.
    pub(super) fn place(&self) -> &'a str {
        match self {
            Self::Text(Cow::Borrowed(text)) => text,
            Self::List(items) => {
                items.iter().map(|item| item.value.place()).find(|place| !place.is_empty()).unwrap_or_default()
            }
            Self::Table(table) => table.place(),
            _ => "",
        }
    }
}

impl<'a> Table<'a> {
    /// # Errors
    /// The second of two equal names.
    pub(super) fn of(entries: Vec<(Cow<'a, str>, Value<'a>)>) -> Result<Self, Cow<'a, str>> {
        let mut names = HashSet::with_capacity(entries.len());
        let repeated = entries.iter().find(|(name, _)| !names.insert(name.as_ref())).map(|(name, _)| name.clone());
        drop(names);
        repeated.map_or(Ok(Self(entries)), Err)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// Takes out the value of a name.
    pub(super) fn take(&mut self, name: &str) -> Option<Value<'a>> {
        let place = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.remove(place).1)
    }

    /// Takes out the table of a name.
    pub(super) fn take_table(&mut self, name: &str) -> Option<Self> {
        self.take(name)?.into_table()
    }

    /// Takes out the value of a name, and where it stands: at its name, or else at what can be found of it.
    pub(super) fn take_with_place(&mut self, name: &str) -> Option<(Value<'a>, &'a str)> {
        let place = self.0.iter().position(|(known, _)| known == name)?;
        let (name, value) = self.0.remove(place);
        let at = place_of(&name).unwrap_or_else(|| value.place());
        Some((value, at))
    }

    pub(super) fn place(&self) -> &'a str {
        let places = self.0.iter().map(|(name, value)| place_of(name).unwrap_or_else(|| value.place()));
        places.into_iter().find(|place| !place.is_empty()).unwrap_or_default()
    }
}

/// Where a text stands; none for one that had escapes in it.
pub(super) const fn place_of<'a>(text: &Cow<'a, str>) -> Option<&'a str> {
    match text {
        Cow::Borrowed(text) => Some(text),
        Cow::Owned(_) => None,
    }
}

impl<'a> IntoIterator for Table<'a> {
    type Item = (Cow<'a, str>, Value<'a>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
