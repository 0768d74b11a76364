//! JSON of any kind, without serde's own readers of numbers, texts and structs: each of them can say what it has met instead,
//! a number with a fraction too, and the code that writes such numbers is 20 KB of a module that is compiled at each wake.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::Fields;

/// A value; `V` is what lists and objects hold.
pub(crate) enum Value<'a, V> {
    Null,
    Truth(bool),
    Whole(u64),
    /// One with a sign or a fraction, which nothing here asks for.
    OtherNumber,
    Text(Cow<'a, str>),
    List(Vec<V>),
    Object(Fields<'a, V>),
}

/// All of a value: for what is small.
pub(crate) struct Json<'a>(pub(super) Value<'a, Self>);

impl<'a> Json<'a> {
    /// # Errors
    /// Anything else than text.
    pub(crate) fn text(self) -> Result<Cow<'a, str>, serde_json::Error> {
        match self.0 {
            Value::Text(text) => Ok(text),
            other => Err(other.instead_of("a string")),
        }
    }

    /// # Errors
    /// Anything else than an object.
    pub(crate) fn object(self) -> Result<Fields<'a, Self>, serde_json::Error> {
        self.0.object()
    }

    /// One of an enum: its name alone, or its name and what belongs to it.
    ///
    /// # Errors
    /// Anything else than text and an object of one field.
    pub(crate) fn variant(self) -> Result<(Cow<'a, str>, Option<Self>), serde_json::Error> {
        let mut fields = match self.0 {
            Value::Text(name) => return Ok((name, None)),
            Value::Object(fields) => fields.into_iter(),
            other => return Err(other.instead_of("a name")),
        };
        match (fields.next(), fields.next()) {
            (Some((name, value)), None) => Ok((name, Some(value))),
            _ => Err(serde_json::Error::custom("expected one name")),
        }
    }
}

impl<'a, V> Value<'a, V> {
    /// # Errors
    /// Anything else than a list.
    pub(super) fn list(self) -> Result<Vec<V>, serde_json::Error> {
        match self {
            Self::List(elements) => Ok(elements),
            other => Err(other.instead_of("a sequence")),
        }
    }

    /// # Errors
    /// Anything else than an object.
    pub(super) fn object(self) -> Result<Fields<'a, V>, serde_json::Error> {
        match self {
            Self::Object(fields) => Ok(fields),
            other => Err(other.instead_of("an object")),
        }
    }

    /// Says it as serde does.
    pub(super) fn instead_of(&self, expected: &str) -> serde_json::Error {
        serde_json::Error::custom(format_args!("invalid type: {self}, expected {expected}"))
    }
}

impl<V> fmt::Display for Value<'_, V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => formatter.write_str("null"),
            Self::Truth(truth) => write!(formatter, "boolean `{truth}`"),
            Self::Whole(number) => write!(formatter, "integer `{number}`"),
            Self::OtherNumber => formatter.write_str("another number"),
            Self::Text(text) => write!(formatter, "string {text:?}"),
            Self::List(_) => formatter.write_str("sequence"),
            Self::Object(_) => formatter.write_str("map"),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Json<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self)
    }
}

impl<'de: 'a, 'a, V: Deserialize<'de>> Deserialize<'de> for Value<'a, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any(PhantomData))
    }
}

/// Takes whatever comes: nothing is left to what serde says of a value that is not wanted.
struct Any<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for Any<V> {
    type Value = Value<'de, V>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Self::Value, E> {
        Ok(Value::Truth(truth))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Value::Whole(number))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Value::OtherNumber)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Value::OtherNumber)
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = seq.next_element()? {
            elements.push(element);
        }
        Ok(Value::List(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Fields(Vec::with_capacity(USUAL_FIELDS));
        while let Some(name) = map.next_key::<Name<'de>>()? {
            let value = map.next_value()?;
            match fields.place(&name.0) {
                Ok(_) => return Err(A::Error::custom(format_args!("duplicate field `{}`", name.0))),
                Err(place) => fields.0.insert(place, (name.0, value)),
            }
        }
        Ok(Value::Object(fields))
    }
}

/// As many as a stored rule has, so that room is made once.
const USUAL_FIELDS: usize = 8;

/// The name of a field, which borrows from the text where it has no escapes.
pub(crate) struct Name<'a>(pub(crate) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl<'de> Visitor<'de> for Text {
            type Value = Name<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a name")
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Owned(text.to_owned())))
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Borrowed(text)))
            }
        }

        deserializer.deserialize_any(Text)
    }
}
