//! XML as a stream of elements and texts, of which nothing is held, and with what a file from somebody else must not have: deep
//! nesting, and document types with entities of their own or in other files.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};

use super::lines::Lines;
use crate::error::{Error, ImportError, ImportLimit};
use crate::limits::{MAX_IMPORT_DEPTH, MAX_XML_ATTRIBUTES};

/// The elements of a text, in order.
pub(super) struct Xml<'a> {
    reader: Reader<&'a [u8]>,
    text: &'a str,
    lines: &'a Lines<'a>,
    depth: usize,
}

/// What comes next.
pub(super) enum Node<'a> {
    Open(Tag<'a>),
    Text(Cow<'a, str>),
    Comment(&'a str),
    Close,
}

/// An element with its attributes.
pub(super) struct Tag<'a> {
    start: BytesStart<'a>,
    /// The text from its `<` on: where it stands.
    pub(super) at: &'a str,
}

impl Tag<'_> {
    /// Without the prefix of a namespace.
    pub(super) fn name(&self) -> &str {
        self.start.local_name().into_inner()
    }
}

impl<'a> Xml<'a> {
    /// Of a part of a text.
    pub(super) fn of(lines: &'a Lines<'a>, text: &'a str) -> Self {
        let mut reader = Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        Self { reader, text, lines, depth: 0 }
    }

    /// The element that holds all others.
    ///
    /// # Errors
    /// As [`Self::next`], and where there is none.
    pub(super) fn root(&mut self) -> Result<Tag<'a>, Error> {
        loop {
            match self.next()? {
                Some(Node::Open(tag)) => return Ok(tag),
                Some(Node::Text(_) | Node::Comment(_) | Node::Close) => {}
                None => return Err(self.damaged("no element")),
            }
        }
    }

    /// Reads what follows the end of the root: nothing but comments.
    ///
    /// # Errors
    /// [`ImportError::XmlSyntax`] for anything else.
    pub(super) fn end(&mut self) -> Result<(), Error> {
        while let Some(part) = self.next()? {
            match part {
                Node::Text(text) if text.trim().is_empty() => {}
                Node::Comment(_) => {}
                Node::Text(_) | Node::Open(_) | Node::Close => return Err(self.damaged("more than one root")),
            }
        }
        Ok(())
    }

    /// The next part within the element that is open; none at the end of the text.
    ///
    /// # Errors
    /// [`ImportError::XmlSyntax`], [`ImportError::XmlDoctype`], [`ImportError::Limit`].
    pub(super) fn next(&mut self) -> Result<Option<Node<'a>>, Error> {
        loop {
            let at = self.rest();
            let event = self.reader.read_event().map_err(|error| self.damaged(&error.to_string()))?;
            return Ok(Some(match event {
                Event::Start(start) | Event::Empty(start) => {
                    if self.depth >= MAX_IMPORT_DEPTH {
                        let (line, _) = self.place(at);
                        return Err(
                            ImportError::Limit { what: ImportLimit::Depth, limit: MAX_IMPORT_DEPTH, line }.into()
                        );
                    }
                    self.depth = self.depth.saturating_add(1);
                    Node::Open(Tag { start, at })
                }
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    Node::Close
                }
                Event::Text(text) => Node::Text(text.into_inner()),
                Event::CData(text) => Node::Text(text.into_inner()),
                Event::GeneralRef(reference) => {
                    let character = reference.resolve_char_ref().map_err(|error| self.damaged(&error.to_string()))?;
                    let name = reference.into_inner();
                    match character {
                        Some(character) => Node::Text(Cow::Owned(character.into())),
                        None => Node::Text(Cow::Borrowed(
                            resolve_predefined_entity(&name).ok_or_else(|| self.damaged("unknown entity"))?,
                        )),
                    }
                }
                Event::Comment(comment) => match comment.into_inner() {
                    Cow::Borrowed(comment) => Node::Comment(comment.trim()),
                    Cow::Owned(_) => continue,
                },
                Event::DocType(declaration) if is_harmless(&declaration.xml10_content()) => continue,
                Event::DocType(_) => return Err(ImportError::XmlDoctype { line: self.place(at).0 }.into()),
                Event::Decl(_) | Event::PI(_) => continue,
                Event::Eof if self.depth == 0 => return Ok(None),
                Event::Eof => return Err(self.damaged("the end is missing")),
            }));
        }
    }

    /// The text of the element that has been opened, up to its end; elements within it are passed over.
    ///
    /// # Errors
    /// As [`Self::next`].
    pub(super) fn text(&mut self) -> Result<Cow<'a, str>, Error> {
        let mut text = Cow::Borrowed("");
        while let Some(part) = self.next()? {
            match part {
                Node::Text(more) if text.is_empty() => text = more,
                Node::Text(more) => text.to_mut().push_str(&more),
                Node::Open(_) => self.skip()?,
                Node::Comment(_) => {}
                Node::Close => break,
            }
        }
        Ok(text)
    }

    /// Passes over the rest of the element that has been opened.
    ///
    /// # Errors
    /// As [`Self::next`].
    pub(super) fn skip(&mut self) -> Result<(), Error> {
        let depth = self.depth;
        while self.depth >= depth && self.next()?.is_some() {}
        Ok(())
    }

    /// Names, without their prefix, and values of the attributes.
    ///
    /// # Errors
    /// [`ImportError::XmlSyntax`], also for more than [`MAX_XML_ATTRIBUTES`] of them, or one that is there twice.
    pub(super) fn attributes(&self, tag: &Tag<'_>) -> Result<Vec<(String, String)>, Error> {
        let damaged = |detail: &str| self.damaged_at(tag.at, detail);
        let mut found = Vec::new();
        // The reader's own check compares each with all others.
        for attribute in tag.start.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| damaged(&error.to_string()))?;
            if found.len() == MAX_XML_ATTRIBUTES {
                return Err(damaged("too many attributes"));
            }
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            let value = value.map_err(|error| damaged(&error.to_string()))?.into_owned();
            // What declares a namespace is no attribute of the element.
            if attribute.key.as_namespace_binding().is_none() {
                let name = attribute.key.local_name().into_inner().to_owned();
                if found.iter().any(|(known, _)| *known == name) {
                    return Err(damaged("an attribute twice"));
                }
                found.push((name, value));
            }
        }
        Ok(found)
    }

    /// What has not been read yet.
    fn rest(&self) -> &'a str {
        let position = usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX);
        self.text.get(position..).unwrap_or_default()
    }

    /// Line and column of a part of the text, each from 1.
    pub(super) fn place(&self, part: &str) -> (usize, usize) {
        self.lines.place(part).unwrap_or((1, 1))
    }

    /// What is wrong where a part of the text begins.
    pub(super) fn damaged_at(&self, part: &str, detail: &str) -> Error {
        let (line, column) = self.place(part);
        ImportError::XmlSyntax { line, column, detail: detail.to_owned() }.into()
    }

    fn damaged(&self, detail: &str) -> Error {
        self.damaged_at(self.rest(), detail)
    }
}

/// Whether a document type declaration neither declares anything nor refers to anything. Apple's refers to the definition of
/// property lists, which says nothing of their contents; nothing is ever fetched.
fn is_harmless(declaration: &str) -> bool {
    let mut words = declaration.split_whitespace();
    let (Some(root), reference) = (words.next(), words.next()) else { return false };
    let is_apples = || {
        root == "plist"
            && APPLES.iter().any(|identifier| declaration.contains(identifier))
            && !declaration.contains('[')
    };
    match reference {
        None => !root.contains('['),
        Some("PUBLIC" | "SYSTEM") => is_apples(),
        Some(_) => false,
    }
}

/// The identifiers of its definition, old and new.
const APPLES: [&str; 3] = [
    "\"-//Apple//DTD PLIST 1.0//EN\"",
    "\"-//Apple Computer//DTD PLIST 1.0//EN\"",
    "\"file://localhost/System/Library/DTDs/PropertyList.dtd\"",
];
