//! The catalogues of the extension, a language that nobody speaks, and what is seen on a page.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use crate::doctored::Doctored;
use crate::extension;
use crate::firefox::Firefox;

/// The messages of one language by their ids, each with `$NAME$` where something is put in.
pub type Messages = BTreeMap<String, String>;

/// The messages of the extension in a language.
pub fn messages(language: &str) -> Result<Messages> {
    let catalogue = catalogue(language)?;
    let words = |entry: &Value| entry.get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(catalogue.iter().map(|(id, entry)| (id.clone(), words(entry))).collect())
}

fn catalogue(language: &str) -> Result<Map<String, Value>> {
    let file = extension::checkout().join("extension/_locales").join(language).join("messages.json");
    let json = fs::read(&file).with_context(|| format!("could not read {}", file.display()))?;
    serde_json::from_slice(&json).with_context(|| format!("{} is no catalogue", file.display()))
}

/// What the pages are shown in.
pub struct Edition {
    /// The value of `lang`.
    pub language: &'static str,
    /// The language of the browser.
    pub browser: &'static str,
    /// The extension.
    pub extension: PathBuf,
    /// The lab.
    pub lab: PathBuf,
    // Removed with this.
    _copies: Vec<Doctored>,
}

/// Every language that there is, and one that nobody speaks: English from right to left, with accents, and 1.4 times as long.
/// No layout was made for it, and a text that is in no catalogue is seen at once.
pub fn editions() -> Result<[Edition; 3]> {
    let shipped = |language, browser| -> Result<Edition> {
        Ok(Edition { language, browser, extension: extension::folder()?, lab: extension::lab(), _copies: Vec::new() })
    };
    let catalogue = serde_json::to_vec(&pseudo_catalogue()?)?;
    let (extension, lab) = (Doctored::copy()?, Doctored::copy_of(&extension::lab())?);
    extension.write("_locales/en/messages.json", &catalogue)?;
    lab.write("pkg/_locales/en/messages.json", &catalogue)?;
    let pseudo = Edition {
        language: PSEUDO_LANGUAGE,
        browser: "en-US",
        extension: extension.folder().to_owned(),
        lab: lab.folder().to_owned(),
        _copies: vec![extension, lab],
    };
    Ok([shipped("en", "en-US")?, shipped("de", "de")?, pseudo])
}

fn pseudo_catalogue() -> Result<Map<String, Value>> {
    let mut catalogue = catalogue("en")?;
    for (id, entry) in &mut catalogue {
        let Some(message) = entry.get_mut("message") else { continue };
        *message = match id.as_str() {
            "language" => json!(PSEUDO_LANGUAGE),
            "direction" => json!("rtl"),
            _ => json!(pseudo(message.as_str().unwrap_or_default())),
        };
    }
    Ok(catalogue)
}

/// English as a region writes it that there is not: numbers and dates are English.
const PSEUDO_LANGUAGE: &str = "en-XB";

/// The words with accents, longer, and in the other direction, apart from what is put in.
fn pseudo(message: &str) -> String {
    let mut words = String::new();
    for (index, part) in message.split('$').enumerate() {
        if index % 2 == 1 {
            // A name, or nothing for a dollar.
            let _ = write!(words, "${part}$");
        } else {
            // Spaces stay outside: a line must be able to end at each of them.
            let (text, end) = part.split_at(part.trim_end().len());
            let (start, text) = text.split_at(text.len() - text.trim_start().len());
            words.push_str(start);
            if !text.is_empty() {
                let accented: String = text.chars().flat_map(accented).collect();
                let _ = write!(words, "{RIGHT_TO_LEFT}{accented}{END_OF_DIRECTION}");
            }
            words.push_str(end);
        }
    }
    words
}

/// Every vowel twice is about 1.4 times as long.
fn accented(letter: char) -> impl Iterator<Item = char> {
    let accented = match letter {
        'a' => 'á',
        'e' => 'ê',
        'i' => 'ï',
        'o' => 'ö',
        'u' => 'ũ',
        'A' => 'Å',
        'E' => 'É',
        'I' => 'Î',
        'O' => 'Ø',
        'U' => 'Ü',
        'c' => 'ç',
        'n' => 'ñ',
        's' => 'š',
        other => other,
    };
    let times = if "aeiouAEIOU".contains(letter) { 2 } else { 1 };
    std::iter::repeat_n(accented, times)
}

const RIGHT_TO_LEFT: char = '\u{202e}';
const END_OF_DIRECTION: char = '\u{202c}';

impl Firefox {
    /// Gives the browser another language, as a language pack does, for the extensions that are installed from then on and
    /// for pages that are opened from then on.
    pub async fn speak(&self, language: &str) -> Result<()> {
        let spoken = self.privileged(SPEAK, vec![json!(language)]).await?;
        anyhow::ensure!(spoken == json!(language), "Firefox speaks {spoken}");
        self.set_preference("intl.accept_languages", json!(format!("{language}, en"))).await
    }

    /// Every text that the current page shows or that a screen reader says: of each element with words, all that is in it, and the
    /// attributes that are read.
    pub async fn texts(&self) -> Result<Vec<String>> {
        let texts = self.run(TEXTS, Vec::new()).await?;
        serde_json::from_value(texts).context("the page's texts are no list")
    }
}

/// Which texts are not in the language of `messages`: ids that stand for themselves, and sentences of `others` that this language
/// says differently.
#[must_use]
pub fn untranslated(texts: &[String], messages: &Messages, others: &Messages) -> Vec<String> {
    let foreign: Vec<_> = others.iter().filter(|(id, words)| messages.get(*id) != Some(words)).collect();
    let is_untranslated = |text: &&String| {
        let is_id = text.split_whitespace().any(|word| word.contains('_') && messages.contains_key(word));
        is_id || foreign.iter().any(|(_, words)| says(text, words))
    };
    texts.iter().filter(is_untranslated).cloned().collect()
}

/// Whether a text is this message, or has it among its sentences.
fn says(text: &str, message: &str) -> bool {
    let parts: Vec<_> = message.split('$').step_by(2).map(str::trim).filter(|part| !part.is_empty()).collect();
    let is_sentence = message.contains(' ') && parts.iter().map(|part| part.len()).sum::<usize>() >= SENTENCE;
    if !is_sentence {
        return parts == [text];
    }
    let mut rest = Some(text);
    for part in parts {
        rest = rest.and_then(|rest| Some(rest.split_once(part)?.1));
    }
    rest.is_some()
}

/// From this length on words are looked for within longer texts too: nothing in another language is like them by chance.
const SENTENCE: usize = 12;

const SPEAK: &str = r"
const [language] = arguments;
Services.locale.availableLocales = [language, 'en-US'];
Services.locale.requestedLocales = [language];
return Services.locale.appLocaleAsBCP47;
";

const TEXTS: &str = r"
const texts = [document.title];
for (const element of document.querySelectorAll('body *')) {
    if (!element.checkVisibility({ visibilityProperty: true })) continue;
    if ([...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim())) texts.push(element.textContent);
    for (const name of ['aria-label', 'title', 'placeholder', 'alt']) texts.push(element.getAttribute(name) ?? '');
}
return texts.map((text) => text.replace(/\s+/g, ' ').trim()).filter((text) => text);
";

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(entries: &[(&str, &str)]) -> Messages {
        entries.iter().map(|(id, words)| ((*id).to_owned(), (*words).to_owned())).collect()
    }

    #[test]
    fn what_is_not_translated_is_found() {
        let english = messages(&[("a_b", "Rule $N$ was refused."), ("c_d", "More"), ("e_f", "Details")]);
        let german = messages(&[("a_b", "Regel $N$ wurde abgelehnt."), ("c_d", "Mehr"), ("e_f", "Details")]);
        for (text, is_found) in [
            ("Regel 3 wurde abgelehnt.", false),
            ("So ist es. Rule 3 was refused.", true),
            ("Mehr", false),
            ("More", true),
            ("Moreover", false),
            ("Details", false),
            ("c_d", true),
            ("some_host", false),
        ] {
            assert_eq!(!untranslated(&[text.to_owned()], &german, &english).is_empty(), is_found, "{text}");
        }
    }

    #[test]
    fn the_pseudo_language_is_long_and_keeps_what_is_put_in() {
        let message = "Rule $NUMBER$ and every rule after it were refused; those before it are in force.";
        let pseudo = pseudo(message);
        let ratio = pseudo.chars().count() * 100 / message.chars().count();
        assert!(pseudo.contains("$NUMBER$") && (130..=160).contains(&ratio), "{ratio}: {pseudo}");
    }
}
