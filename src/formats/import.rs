//! Files that name hosts: which format each is of, by its content, and whole rules out of it.

use std::borrow::Cow;

use super::lines::{Lines, offset_in};
use super::taking::{Room, Taking};
use super::value::Table;
use super::xml::Xml;
use super::{
    Format, Reading, admit, android, app_transport, chromium, curl, encoding, hpkp, json, pinner_code, plist, read,
    sockpin, tlsa, trust_kit,
};
use crate::error::{Error, ImportError};
use crate::limits::MAX_IMPORT_BYTES;

/// Reads files for whole rules, each by itself: one that is bad spoils no other. The result has one reading for each file, in
/// their order.
///
/// Chromium's two files belong together: the rules are in the reading of the JSON, wherever the keys stand. They may also
/// stand in one text, one after the other. What names no host is read as [`read`] does, with its smaller limit.
///
/// # Errors
/// Of a file: [`ImportError::TooLarge`] from the one on with which all have more than [`MAX_IMPORT_BYTES`];
/// [`ImportError::BinaryPlist`]; [`InputError::Container`](crate::error::InputError::Container);
/// [`PinError::PrivateKey`](crate::error::PinError::PrivateKey) where one is anywhere in it; [`ImportError::JsonSyntax`], [`ImportError::XmlSyntax`],
/// [`ImportError::Repeated`], [`ImportError::XmlDoctype`], [`ImportError::Newer`], [`ImportError::Limit`]; else those of [`read`].
/// Where the format is known, what cannot be used is in [`Reading::left_out`], and there may be no rule at all.
#[must_use]
pub fn import(files: &[&[u8]]) -> Vec<Result<Reading, Error>> {
    let mut bytes = 0_usize;
    let texts: Vec<_> = files
        .iter()
        .map(|file| {
            bytes = bytes.saturating_add(file.len());
            text(file, bytes)
        })
        .collect();
    let of_chromium: Vec<_> = texts.iter().flatten().filter_map(|text| chromium::names(text)).flatten().collect();
    let keys = chromium::keys(&of_chromium);
    let mut room = Room::default();
    let readings = texts.iter().zip(files).map(|(text, file)| match text {
        Ok(text) => read_text(text, &keys, &mut room).unwrap_or_else(|| read(file)),
        Err(why) => Err(why.clone()),
    });
    readings.collect()
}

/// The text of a file, where all files so far have this many bytes.
fn text(file: &[u8], bytes: usize) -> Result<Cow<'_, str>, Error> {
    if bytes > MAX_IMPORT_BYTES {
        return Err(ImportError::TooLarge { bytes, limit: MAX_IMPORT_BYTES }.into());
    }
    if plist::is_binary(file) {
        return Err(ImportError::BinaryPlist.into());
    }
    admit(file)?;
    Ok(encoding::text(file))
}

/// What a text is read as; none where it is of no format that names hosts.
fn read_text(text: &str, keys: &chromium::Keys<'_>, room: &mut Room) -> Option<Result<Reading, Error>> {
    if let Some(names) = chromium::names(text) {
        let lines = Lines::of(text);
        let mut taking = Taking::of(Format::ChromiumPins, &lines, room);
        return Some(chromium::read_names(&names, &mut taking).map(|()| taking.finish()));
    }
    // A server's configuration may begin so as well, with `<VirtualHost>` or with the brace of a block.
    match read_json_text(text, keys, room).transpose().or_else(|| read_xml(text, room).transpose()) {
        Some(Err(why @ Error::Import(ImportError::JsonSyntax { .. } | ImportError::XmlSyntax { .. }))) => {
            Some(read_lines(text, room).unwrap_or(Err(why)))
        }
        read => read.or_else(|| read_lines(text, room)),
    }
}

/// Texts that have no frame: each is known by what stands somewhere in it.
fn read_lines(text: &str, room: &mut Room) -> Option<Result<Reading, Error>> {
    let lines = Lines::of(text);
    let readers = [pinner_code::read, hpkp::read, curl::read, tlsa::read];
    readers.into_iter().find_map(|read| read(text, &lines, room))
}

fn read_xml(text: &str, room: &mut Room) -> Result<Option<Reading>, Error> {
    let Some(part) = xml_in(text) else { return Ok(None) };
    let lines = Lines::of(text);
    let mut xml = Xml::of(&lines, part);
    let outermost = match xml.root() {
        Ok(tag) => tag,
        // It may be no XML at all.
        Err(Error::Import(ImportError::XmlSyntax { .. })) => return Ok(None),
        Err(why) => return Err(why),
    };
    // What documentation shows of a file begins within its root.
    let mut inner = Xml::of(&lines, part);
    let name = outermost.name();
    let xml = if matches!(name, android::ROOT | "plist") { &mut xml } else { &mut inner };
    let file = match name {
        android::ROOT | android::CONFIG => {
            let mut taking = Taking::of(Format::AndroidNetworkSecurityConfig, &lines, room);
            android::read(xml, &mut taking)?;
            return Ok(Some(taking.finish()));
        }
        "plist" => plist::read(xml)?,
        "dict" | "key" => match if name == "key" { plist::entries(xml) } else { plist::read(xml) } {
            // Others have elements of these names as well.
            Err(Error::Import(ImportError::XmlSyntax { .. })) => return Ok(None),
            read => read?,
        },
        _ => return Ok(None),
    };
    let Some(mut file) = file.into_table() else { return Ok(None) };
    read_apple(&mut file, &lines, room)
}

/// All of a text that begins as XML does, or the part of one that is a file of a known format.
fn xml_in(text: &str) -> Option<&str> {
    let text = text.trim_start();
    if text.starts_with('<') {
        return Some(text);
    }
    ROOTS.iter().find_map(|(begin, end)| text.get(text.find(begin)?..text.rfind(end)?.checked_add(end.len())?))
}

/// What Apple's systems and Expo's `app.json` have in an `Info.plist`, which may have pins for both.
fn read_apple(file: &mut Table<'_>, lines: &Lines<'_>, room: &mut Room) -> Result<Option<Reading>, Error> {
    let mut pins = (app_transport::find(file), trust_kit::find(file));
    for name in ["expo", "ios", "infoPlist"] {
        if matches!(pins, (None, None))
            && let Some(inner) = file.take_table(name)
        {
            *file = inner;
            pins = (app_transport::find(file), trust_kit::find(file));
        }
    }
    let (domains, configuration) = pins;
    let mut reading = None;
    if let Some(domains) = domains {
        let mut taking = Taking::of(Format::AppTransportSecurity, lines, room);
        app_transport::read(domains, &mut taking)?;
        reading = Some(taking.finish());
    }
    if let Some(configuration) = configuration {
        let mut taking = Taking::of(Format::TrustKit, lines, room);
        trust_kit::read(configuration, &mut taking)?;
        let more = taking.finish();
        reading = Some(match reading {
            Some(reading) => reading.with(more),
            None => more,
        });
    }
    Ok(reading)
}

fn read_json_text(text: &str, keys: &chromium::Keys<'_>, room: &mut Room) -> Result<Option<Reading>, Error> {
    let Some((before, rest)) = start_of_json(text).and_then(|start| text.split_at_checked(start)) else {
        return Ok(None);
    };
    let text = match json::without_comments(rest) {
        Cow::Borrowed(_) => Cow::Borrowed(text),
        Cow::Owned(rest) => Cow::Owned(format!("{before}{rest}")),
    };
    let lines = Lines::of(&text);
    let (value, behind) = match json::read(text.get(before.len()..).unwrap_or_default(), &lines) {
        Ok(read) => read,
        // A list of pins may begin in the same way.
        Err(Error::Import(ImportError::JsonSyntax { .. })) if !begins_with_object(rest) => return Ok(None),
        Err(why) => return Err(why),
    };
    let blank = behind.trim();
    // With the comments that are no JSON's.
    let behind = rest.get(rest.len().saturating_sub(behind.len())..).unwrap_or_default();
    let (names_before, names_behind) = (chromium::names(before), chromium::names(behind));
    let ends = || match &names_behind {
        None if !blank.is_empty() => {
            let (line, column) = lines.place(blank).unwrap_or((1, 1));
            Err(Error::from(ImportError::JsonSyntax { line, column, detail: "trailing characters".to_owned() }))
        }
        _ => Ok(()),
    };
    let value = match sockpin::find(value) {
        Ok(document) => {
            ends()?;
            let mut taking = Taking::of(Format::Sockpin, &lines, room);
            sockpin::read(document, &mut taking)?;
            return Ok(Some(taking.finish()));
        }
        Err(value) => value,
    };
    let Some(mut file) = value.into_table() else { return Ok(None) };
    if let Some(reading) = read_apple(&mut file, &lines, room)? {
        ends()?;
        return Ok(Some(reading));
    }
    if chromium::is_of_format(&file) {
        ends()?;
        let mut keys = keys.clone();
        for names in [names_before, names_behind].into_iter().flatten() {
            keys.extend(chromium::keys(&names));
        }
        let mut taking = Taking::of(Format::ChromiumJson, &lines, room);
        chromium::read(file, &keys, &mut taking)?;
        return Ok(Some(taking.finish()));
    }
    Ok(None)
}

/// Where JSON begins: at once but for comments, or behind Chromium's keys.
fn start_of_json(text: &str) -> Option<usize> {
    let (line, _) = chromium::next_line(text)?;
    if line.starts_with(['{', '[']) {
        return offset_in(text, line);
    }
    let start = text.find("\n{")?.checked_add(1)?;
    chromium::names(text.get(..start)?).map(|_| start)
}

/// Objects, alone or in a list.
fn begins_with_object(json: &str) -> bool {
    json.trim_start_matches('[').trim_start().starts_with('{')
}

/// What the files begin and end with that are found inside of other texts.
const ROOTS: [(&str, &str); 2] = [("<network-security-config", "</network-security-config>"), ("<plist", "</plist>")];
