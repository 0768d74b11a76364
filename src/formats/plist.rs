//! Property lists as XML (Apple, `plist(5)`): a tree of values.

use std::borrow::Cow;

use super::value::{Item, Table, Value, place_of};
use super::xml::{Node, Tag, Xml};
use crate::error::{Error, ImportError, ImportLimit};
use crate::limits::MAX_IMPORT_VALUES;

/// Whether a file is a property list in binary form.
pub(super) fn is_binary(input: &[u8]) -> bool {
    input.starts_with(b"bplist")
}

/// The value in a `plist` element that has been opened, up to its end.
///
/// # Errors
/// As [`Xml::next`]; [`ImportError::XmlSyntax`] for what is no property list, [`ImportError::Repeated`], [`ImportError::Limit`].
pub(super) fn read<'a>(xml: &mut Xml<'a>) -> Result<Value<'a>, Error> {
    let mut reading = Plist { xml, left: MAX_IMPORT_VALUES };
    let mut value = None;
    while let Some(part) = reading.xml.next()? {
        match part {
            Node::Open(tag) if value.is_none() => value = Some(reading.value(&tag)?),
            Node::Open(tag) => return Err(reading.xml.damaged_at(tag.at, "more than one value")),
            Node::Text(_) | Node::Comment(_) => {}
            Node::Close => break,
        }
    }
    reading.xml.end()?;
    Ok(value.unwrap_or(Value::Null))
}

/// The value that keys with their values are, of which the dictionary around them is missing.
///
/// # Errors
/// As [`read`].
pub(super) fn entries<'a>(xml: &mut Xml<'a>) -> Result<Value<'a>, Error> {
    Plist { xml, left: MAX_IMPORT_VALUES }.table().map(Value::Table)
}

struct Plist<'x, 'a> {
    xml: &'x mut Xml<'a>,
    /// How many more values there may be.
    left: usize,
}

impl<'a> Plist<'_, 'a> {
    /// The value of an element that has been opened, up to its end.
    fn value(&mut self, tag: &Tag<'a>) -> Result<Value<'a>, Error> {
        self.left = self.left.checked_sub(1).ok_or_else(|| {
            let (line, _) = self.xml.place(tag.at);
            ImportError::Limit { what: ImportLimit::Parts, limit: MAX_IMPORT_VALUES, line }
        })?;
        Ok(match tag.name() {
            "dict" => Value::Table(self.table()?),
            "array" => Value::List(self.list()?),
            "string" | "date" => Value::Text(self.xml.text()?),
            "true" | "false" => {
                self.xml.skip()?;
                Value::Truth(tag.name() == "true")
            }
            "integer" => self.xml.text()?.trim().parse().map_or(Value::Other, Value::Number),
            "real" | "data" => {
                self.xml.skip()?;
                Value::Other
            }
            _ => return Err(self.xml.damaged_at(tag.at, "unknown element")),
        })
    }

    fn list(&mut self) -> Result<Vec<Item<'a>>, Error> {
        let mut items: Vec<Item<'a>> = Vec::new();
        let mut comments = Comments::default();
        while let Some(part) = self.xml.next()? {
            match part {
                Node::Open(tag) => {
                    let comment = comments.before_item();
                    items.push(Item { comment, value: self.value(&tag)? });
                }
                Node::Comment(comment) => {
                    if let Some(item) = items.last_mut().filter(|_| comments.is_of_last())
                        && item.comment.is_empty()
                    {
                        item.comment = comment;
                    } else {
                        comments.note(comment);
                    }
                }
                Node::Text(text) => comments.pass(&text),
                Node::Close => break,
            }
        }
        Ok(items)
    }

    fn table(&mut self) -> Result<Table<'a>, Error> {
        let mut entries = Vec::new();
        let mut name: Option<(Cow<'a, str>, &'a str)> = None;
        while let Some(part) = self.xml.next()? {
            match part {
                Node::Open(tag) => match name.take() {
                    None if tag.name() == "key" => name = Some((self.xml.text()?, tag.at)),
                    None => return Err(self.xml.damaged_at(tag.at, "a value without its key")),
                    Some((_, at)) if tag.name() == "key" => {
                        return Err(self.xml.damaged_at(at, "a key without its value"));
                    }
                    Some((name, _)) => entries.push((name, self.value(&tag)?)),
                },
                Node::Text(_) | Node::Comment(_) => {}
                Node::Close => break,
            }
        }
        if let Some((_, at)) = name {
            return Err(self.xml.damaged_at(at, "a key without its value"));
        }
        Table::of(entries).map_err(|name| {
            let (line, column) = self.xml.place(place_of(&name).unwrap_or_default());
            ImportError::Repeated { name: name.into_owned(), line, column }.into()
        })
    }
}

/// Which of the items of a list a comment is beside: the one behind which it stands on the same line, else the next.
#[derive(Default)]
pub(super) struct Comments<'a> {
    next: &'a str,
    is_same_line: bool,
}

impl<'a> Comments<'a> {
    /// An item begins: the comment that is its own.
    pub(super) fn before_item(&mut self) -> &'a str {
        self.is_same_line = true;
        std::mem::take(&mut self.next)
    }

    /// What stands between items.
    pub(super) fn pass(&mut self, text: &str) {
        self.is_same_line &= !text.contains('\n');
    }

    /// Whether a comment here is that of the last item.
    pub(super) const fn is_of_last(&self) -> bool {
        self.is_same_line
    }

    /// A comment that is of no item before it.
    pub(super) const fn note(&mut self, comment: &'a str) {
        self.next = comment;
    }
}

#[cfg(test)]
mod tests {
    use super::super::lines::Lines;
    use super::*;

    /// As the crate `plist` has it.
    fn as_of_plist(value: &Value<'_>) -> plist::Value {
        match value {
            Value::Text(text) => plist::Value::String(text.to_string()),
            Value::Truth(truth) => plist::Value::Boolean(*truth),
            Value::Number(number) => plist::Value::Integer((*number).into()),
            Value::Null | Value::Other => plist::Value::String("other".to_owned()),
            Value::List(items) => plist::Value::Array(items.iter().map(|item| as_of_plist(&item.value)).collect()),
            Value::Table(table) => {
                let entries = table.clone().into_iter();
                let entries = entries.map(|(name, value)| (name.into_owned(), as_of_plist(&value)));
                plist::Value::Dictionary(entries.collect())
            }
        }
    }

    /// What this reader does not tell apart.
    fn simplified(value: plist::Value) -> plist::Value {
        match value {
            plist::Value::Real(_) | plist::Value::Data(_) => plist::Value::String("other".to_owned()),
            plist::Value::Integer(number) if number.as_unsigned().is_none() => plist::Value::String("other".to_owned()),
            plist::Value::Date(date) => plist::Value::String(date.to_xml_format()),
            plist::Value::Array(items) => plist::Value::Array(items.into_iter().map(simplified).collect()),
            plist::Value::Dictionary(entries) => {
                let entries = entries.into_iter().map(|(name, value)| (name, simplified(value)));
                plist::Value::Dictionary(entries.collect())
            }
            other => other,
        }
    }

    fn ours(text: &str) -> Option<plist::Value> {
        let lines = Lines::of(text);
        let mut xml = Xml::of(&lines, text);
        xml.root().ok().filter(|tag| tag.name() == "plist")?;
        read(&mut xml).ok().map(|value| as_of_plist(&value))
    }

    fn theirs(text: &str) -> Option<plist::Value> {
        plist::Value::from_reader_xml(text.as_bytes()).ok().map(simplified)
    }

    #[test]
    fn property_lists_are_read_as_the_crate_plist_reads_them() {
        for (inner, is_read) in [
            ("<dict/>", true),
            ("<array></array>", true),
            ("<string/>", true),
            ("<true/>", true),
            ("<dict><key>a</key><string>b</string><key>c</key><array><true/><false/></array></dict>", true),
            ("<dict>\n<!-- of a -->\n<key>a</key> <!-- b --> <string> x y </string>\n</dict>", true),
            ("<dict><key>a &amp; &lt;b&gt;</key><string>&#x41;&quot;&apos;é</string></dict>", true),
            ("<array><integer>0</integer><integer>-7</integer><integer>18446744073709551615</integer></array>", true),
            ("<array><real>1.5</real><data>AAAA</data><date>2027-01-02T03:04:05Z</date></array>", true),
            (
                "<dict><key>a</key><dict><key>b</key><array><dict><key></key><string>c</string></dict></array></dict></dict>",
                true,
            ),
            ("<dict><key>a</key></dict>", false),
            ("<dict><string>a</string></dict>", false),
            ("<dict><key>a</key><thing/></dict>", false),
            ("<dict><key>a</key><string>b</string>", false),
            ("<dict></array>", false),
        ] {
            for prologue in ["", PROLOGUE] {
                let text = format!("{prologue}<plist version=\"1.0\">{inner}</plist>");
                let (ours, theirs) = (ours(&text), theirs(&text));
                assert_eq!(ours, theirs, "{text}");
                assert_eq!(ours.is_some(), is_read, "{text}");
            }
        }
    }

    /// Where they differ. Were that crate to read it so, this would fail.
    #[test]
    fn what_is_read_otherwise_here() {
        // It passes over CDATA (XML 1.0 section 2.7).
        let text = "<plist><string>a<![CDATA[ & ]]>b</string></plist>";
        let string = |text: &str| Some(plist::Value::String(text.to_owned()));
        assert_eq!((ours(text), theirs(text)), (string("a & b"), string("ab")));
        // And takes an entity that nobody has declared for nothing.
        let text = "<plist><string>a&unknown;</string></plist>";
        assert_eq!((ours(text), theirs(text)), (None, string("a")));
        for inner in [
            "<dict><key>a</key><true/><key>a</key><false/></dict>", // nobody can tell which is meant
            "<true/><false/>",
        ] {
            let text = format!("<plist>{inner}</plist>");
            assert_eq!((ours(&text).is_some(), theirs(&text).is_some()), (false, inner.contains("dict")), "{text}");
        }
    }

    const PROLOGUE: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \
                            \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n";
}
