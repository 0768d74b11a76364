//! Texts before they are put into words. What is said is the id of a message in
//! `extension/_locales/<language>/messages.json` with its arguments; the words are looked up where they are shown, in the
//! language of the browser, and numbers and dates are written as that language writes them.
//!
//! `text!` and `plural!` make them. A test holds every use of the two against
//! every catalogue, names and order of the arguments included.

use crate::time::{Date, UnixMillis};

/// Something to be said. Whole sentences, or whole labels: no text is put together from parts of sentences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text {
    /// Text that is the same in every language: a host, a name that somebody has given.
    Literal(String),
    /// A message of the catalogue.
    Message {
        /// Its id.
        id: &'static str,
        /// What is put in, in the order of the catalogue's placeholders.
        arguments: Vec<Argument>,
    },
    /// A message that depends on a number: the catalogue has one for each plural category of its language (CLDR), as `id_one`
    /// and `id_other`.
    Plural {
        /// The id without the category.
        id: &'static str,
        /// The number, which is also the first argument.
        count: u64,
        /// What else is put in.
        arguments: Vec<Argument>,
    },
    /// Whole sentences one after the other.
    Sentences(Vec<Text>),
}

/// What is put into a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Argument {
    /// As it is.
    Literal(String),
    /// A number, with the separators of the language.
    Number(u64),
    /// A day in UTC, written out.
    Day(Date),
    /// The local day of a point in time.
    LocalDay(UnixMillis),
    /// A point in time in local time, date and time.
    Time(UnixMillis),
    /// Hours and minutes in local time.
    TimeOfDay(UnixMillis),
    /// Another message.
    Text(Text),
}

/// A message of the catalogue: `text!("rule_stored", host = pattern)`. The names are those of the catalogue's placeholders, in
/// their order.
#[macro_export]
#[doc(hidden)]
macro_rules! __text {
    ($id:literal $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::view::text::Text::Message {
            id: $id,
            arguments: vec![$($crate::view::text::Argument::from($value)),*],
        }
    };
}

/// A message that depends on a number: `plural!("mistakes", count)`.
#[macro_export]
#[doc(hidden)]
macro_rules! __plural {
    ($id:literal, $count:expr $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::view::text::Text::Plural {
            id: $id,
            count: $crate::view::text::number($count),
            arguments: vec![$($crate::view::text::Argument::from($value)),*],
        }
    };
}

#[doc(inline)]
pub use crate::{__plural as plural, __text as text};

/// Those of several texts that there are.
#[must_use]
pub fn present(texts: Vec<Option<Text>>) -> Vec<Text> {
    texts.into_iter().flatten().collect()
}

/// What puts texts into words: the browser on the pages, a catalogue in the lab and in tests.
pub trait Words {
    /// The message with this id, the arguments put in.
    fn message(&self, id: &str, arguments: &[String]) -> String;
    /// The plural category of a number (CLDR): `one`, `other`.
    fn category(&self, number: u64) -> String;
    /// A number with separators.
    fn number(&self, number: u64) -> String;
    /// A day in UTC, written out.
    fn day(&self, date: Date) -> String;
    /// The local day of a point in time, written out.
    fn local_day(&self, time: UnixMillis) -> String;
    /// Date and time in local time.
    fn time(&self, time: UnixMillis) -> String;
    /// Hours and minutes in local time.
    fn time_of_day(&self, time: UnixMillis) -> String;
}

impl Text {
    /// Text that is the same in every language.
    #[must_use]
    pub fn literal(text: impl Into<String>) -> Self {
        Self::Literal(text.into())
    }

    /// What is shown.
    #[must_use]
    pub fn in_words(&self, words: &dyn Words) -> String {
        match self {
            Self::Literal(text) => text.clone(),
            Self::Message { id, arguments } => {
                let arguments: Vec<_> = arguments.iter().map(|argument| argument.in_words(words)).collect();
                words.message(id, &arguments)
            }
            Self::Plural { id, count, arguments } => {
                let id = format!("{id}_{}", words.category(*count));
                let mut all = vec![words.number(*count)];
                all.extend(arguments.iter().map(|argument| argument.in_words(words)));
                words.message(&id, &all)
            }
            Self::Sentences(sentences) => {
                let sentences: Vec<_> = sentences.iter().map(|sentence| sentence.in_words(words)).collect();
                sentences.join(" ")
            }
        }
    }

    /// In English, as tests and programs without a browser show it.
    #[cfg(not(target_arch = "wasm32"))]
    #[must_use]
    pub fn english(&self) -> String {
        self.in_words(&super::english::English)
    }
}

impl Argument {
    fn in_words(&self, words: &dyn Words) -> String {
        match self {
            Self::Literal(text) => text.clone(),
            Self::Number(number) => words.number(*number),
            Self::Day(date) => words.day(*date),
            Self::LocalDay(time) => words.local_day(*time),
            Self::Time(time) => words.time(*time),
            Self::TimeOfDay(time) => words.time_of_day(*time),
            Self::Text(text) => text.in_words(words),
        }
    }
}

/// A count as the plural needs it.
#[doc(hidden)]
pub fn number(count: impl TryInto<u64>) -> u64 {
    count.try_into().unwrap_or(u64::MAX)
}

impl From<Text> for Argument {
    fn from(text: Text) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Argument {
    fn from(text: &str) -> Self {
        Self::Literal(text.to_owned())
    }
}

impl From<String> for Argument {
    fn from(text: String) -> Self {
        Self::Literal(text)
    }
}

impl From<&String> for Argument {
    fn from(text: &String) -> Self {
        Self::Literal(text.clone())
    }
}

impl From<Date> for Argument {
    fn from(date: Date) -> Self {
        Self::Day(date)
    }
}

impl From<u64> for Argument {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<usize> for Argument {
    fn from(count: usize) -> Self {
        Self::Number(number(count))
    }
}
