//! The messages of one language, as an extension keeps them: `_locales/<language>/messages.json`.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The messages of one language by their ids.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Catalogue {
    messages: BTreeMap<String, Message>,
}

/// A message as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// The words, with `$NAME$` where something is put in, and `$$` for a dollar.
    pub message: String,
    /// For translators.
    #[serde(default)]
    pub description: String,
    /// What the names in the message stand for.
    #[serde(default)]
    pub placeholders: BTreeMap<String, Placeholder>,
}

/// What a name in a message stands for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Placeholder {
    /// `$1` for the first argument, and so on.
    pub content: String,
    /// For translators.
    #[serde(default)]
    pub example: String,
}

impl Catalogue {
    /// Reads the text of a `messages.json`.
    ///
    /// # Errors
    /// What the reader of JSON says.
    pub fn parse(json: &str) -> Result<Self, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    /// Every message with its id, in the order of the ids.
    pub fn messages(&self) -> impl Iterator<Item = (&str, &Message)> {
        self.messages.iter().map(|(id, message)| (id.as_str(), message))
    }

    /// The message with this id, the arguments put in; the id where there is no such message.
    #[must_use]
    pub fn message(&self, id: &str, arguments: &[String]) -> String {
        self.messages.get(id).map_or_else(|| id.to_owned(), |message| message.with(arguments))
    }
}

impl Message {
    fn with(&self, arguments: &[String]) -> String {
        let mut words = String::new();
        // Between two dollars stands a name; nothing stands for a dollar itself.
        for (index, part) in self.message.split('$').enumerate() {
            match part {
                _ if index % 2 == 0 => words.push_str(part),
                "" => words.push('$'),
                name => words.push_str(self.argument(name, arguments).unwrap_or_default()),
            }
        }
        words
    }

    fn argument<'a>(&self, name: &str, arguments: &'a [String]) -> Option<&'a str> {
        let place: usize = self.placeholders.get(&name.to_ascii_lowercase())?.place()?;
        arguments.get(place).map(String::as_str)
    }

    /// The names in the message, in the order of the arguments.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.placeholders.iter().collect();
        names.sort_by_key(|(_, placeholder)| placeholder.place());
        names.into_iter().map(|(name, _)| name.as_str()).collect()
    }
}

impl Placeholder {
    /// Which argument it stands for, from 0.
    #[must_use]
    pub fn place(&self) -> Option<usize> {
        self.content.strip_prefix('$')?.parse::<usize>().ok()?.checked_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_stand_where_the_message_has_their_names() {
        let catalogue = Catalogue::parse(
            r#"{"a": {"message": "$TWO$ after $one$, for 3 $$.",
                      "placeholders": {"one": {"content": "$1"}, "two": {"content": "$2"}}}}"#,
        )
        .unwrap();
        let arguments = ["first $two$".to_owned(), "second".to_owned()];
        assert_eq!(catalogue.message("a", &arguments), "second after first $two$, for 3 $.");
        assert_eq!(catalogue.message("b", &arguments), "b");
    }
}
