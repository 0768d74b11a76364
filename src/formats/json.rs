//! JSON as a tree of values, with what a file from somebody else must not have: names twice in one object, deep nesting, more
//! values than any real file.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::lines::Lines;
use super::value::{Item, Table, Value, place_of};
use crate::error::{Error, ImportError, ImportLimit, InputError};
use crate::fields::Name;
use crate::limits::{MAX_IMPORT_DEPTH, MAX_IMPORT_VALUES};

/// The value with which a text begins, and what follows it.
///
/// # Errors
/// [`ImportError::JsonSyntax`], [`ImportError::Repeated`], [`ImportError::Limit`].
pub(super) fn read<'a>(text: &'a str, lines: &Lines<'a>) -> Result<(Value<'a>, &'a str), Error> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    match values.next() {
        Some(Ok(_)) => {}
        Some(Err(error)) => {
            let (line, column) = place(&error, lines, text);
            return Err(ImportError::JsonSyntax { line, column, detail: error.to_string() }.into());
        }
        None => return Err(InputError::NothingRecognised.into()),
    }
    let (raw, rest) = text.split_at_checked(values.byte_offset()).unwrap_or((text, ""));
    let state = ReaderState { left: Cell::new(MAX_IMPORT_VALUES), problem: RefCell::new(None) };
    let mut deserializer = serde_json::Deserializer::from_str(raw);
    let value = Node { state: &state, depth: 0 }.deserialize(&mut deserializer).map_err(|error| {
        let (line, column) = place(&error, lines, raw);
        match state.problem.take() {
            None => ImportError::JsonSyntax { line, column, detail: error.to_string() },
            Some(Problem::Depth) => ImportError::Limit { what: ImportLimit::Depth, limit: MAX_IMPORT_DEPTH, line },
            Some(Problem::Parts) => ImportError::Limit { what: ImportLimit::Parts, limit: MAX_IMPORT_VALUES, line },
            Some(Problem::Repeated(name)) => {
                let (line, column) = place_of(&name).and_then(|name| lines.place(name)).unwrap_or((line, column));
                ImportError::Repeated { name: name.into_owned(), line, column }
            }
        }
    })?;
    Ok((value, rest))
}

/// With every `// …` that stands outside of a string blanked, so that all else keeps its place.
pub(super) fn without_comments(text: &str) -> Cow<'_, str> {
    if !text.contains("//") {
        return Cow::Borrowed(text);
    }
    let mut blanked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.find(['"', '/']) {
        let (before, found) = rest.split_at_checked(next).unwrap_or((rest, ""));
        blanked.push_str(before);
        let length = if found.starts_with("//") {
            let length = found.find('\n').unwrap_or(found.len());
            blanked.extend(std::iter::repeat_n(' ', length));
            length
        } else {
            let length = if found.starts_with('"') { length_of_string(found) } else { 1 };
            blanked.push_str(found.get(..length).unwrap_or_default());
            length
        };
        rest = found.get(length..).unwrap_or_default();
    }
    blanked.push_str(rest);
    Cow::Owned(blanked)
}

/// Bytes of the string with which a text begins, both quotation marks included.
fn length_of_string(text: &str) -> usize {
    let mut is_escaped = true;
    let end = text.bytes().position(|byte| match byte {
        // The first is the one that opens it.
        _ if is_escaped => {
            is_escaped = false;
            false
        }
        b'\\' => {
            is_escaped = true;
            false
        }
        byte => byte == b'"',
    });
    end.map_or(text.len(), |end| end.saturating_add(1))
}

/// Line and column in the whole text of an error in the part that was read.
fn place(error: &serde_json::Error, lines: &Lines<'_>, part: &str) -> (usize, usize) {
    let (line, column) = lines.place(part).unwrap_or((1, 1));
    let of_first = if error.line() <= 1 { column.saturating_sub(1) } else { 0 };
    (error.line().max(1).saturating_add(line).saturating_sub(1), error.column().max(1).saturating_add(of_first))
}

/// What the whole tree shares.
struct ReaderState<'a> {
    /// How many more values there may be.
    left: Cell<usize>,
    /// An error of serde is its text alone, so what is wrong is kept beside it.
    problem: RefCell<Option<Problem<'a>>>,
}

enum Problem<'a> {
    Depth,
    Parts,
    Repeated(Cow<'a, str>),
}

impl<'a> ReaderState<'a> {
    fn refuse<E: serde::de::Error>(&self, problem: Problem<'a>) -> E {
        self.problem.replace(Some(problem));
        E::custom("")
    }
}

/// The place of one value in the tree.
#[derive(Clone, Copy)]
struct Node<'s, 'a> {
    state: &'s ReaderState<'a>,
    depth: usize,
}

impl Node<'_, '_> {
    fn below<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth >= MAX_IMPORT_DEPTH {
            return Err(self.state.refuse(Problem::Depth));
        }
        Ok(Self { depth: self.depth.saturating_add(1), ..self })
    }
}

impl<'a> DeserializeSeed<'a> for Node<'_, 'a> {
    type Value = Value<'a>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Value<'a>, D::Error> {
        let left = self.state.left.get().checked_sub(1).ok_or_else(|| self.state.refuse(Problem::Parts))?;
        self.state.left.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Node<'_, 'a> {
    type Value = Value<'a>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value<'a>, E> {
        Ok(Value::Truth(truth))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value<'a>, E> {
        Ok(Value::Number(number))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value<'a>, E> {
        Ok(Value::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value<'a>, E> {
        Ok(Value::Other)
    }

    fn visit_unit<E>(self) -> Result<Value<'a>, E> {
        Ok(Value::Null)
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<Value<'a>, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'a>, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut sequence: A) -> Result<Value<'a>, A::Error> {
        let below = self.below()?;
        let mut items = Vec::new();
        while let Some(value) = sequence.next_element_seed(below)? {
            items.push(Item { comment: "", value });
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Value<'a>, A::Error> {
        let below = self.below()?;
        let mut entries = Vec::new();
        while let Some(Name(name)) = map.next_key::<Name<'a>>()? {
            entries.push((name, map.next_value_seed(below)?));
        }
        Table::of(entries).map(Value::Table).map_err(|name| self.state.refuse(Problem::Repeated(name)))
    }
}
