//! Texts in the browser's language: the messages of `_locales`, numbers and dates by `Intl`.

use std::cell::OnceCell;

use js_sys::{Array, Date as JsDate, Object, Reflect};
use wasm_bindgen::prelude::*;

use super::dom::JsResult;
use crate::time::{Date, UnixMillis};
use crate::view::catalogue::Catalogue;
use crate::view::text::{Text, Words};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["browser", "i18n"], js_name = getMessage)]
    fn get_message(id: &str, arguments: &Array) -> Result<String, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "i18n"], js_name = getUILanguage)]
    fn get_ui_language() -> Result<String, JsValue>;

    type PluralRules;

    #[wasm_bindgen(constructor, js_namespace = Intl)]
    fn new(locale: &str) -> PluralRules;

    #[wasm_bindgen(method)]
    fn select(this: &PluralRules, number: f64) -> String;
}

/// Where the words come from.
pub(super) enum WordSource {
    /// What the browser has chosen of the extension's catalogues.
    Extension,
    /// A catalogue that a page without an extension has chosen for these languages, the first preferred.
    Catalogue(Catalogue, Vec<String>),
}

struct InBrowser {
    source: WordSource,
    /// In which words, numbers and dates are written: one language, with the browser's region where it has one.
    locale: String,
}

thread_local! {
    static WORDS: OnceCell<InBrowser> = const { OnceCell::new() };
}

/// The message with the language of the catalogue.
pub(super) const LANGUAGE: &str = "language";

/// Chooses where words come from. To be called once, before anything is said.
pub(super) fn begin(source: WordSource) -> JsResult {
    let (language, preferred) = match &source {
        WordSource::Extension => (get_message(LANGUAGE, &Array::new())?, vec![get_ui_language()?]),
        WordSource::Catalogue(catalogue, preferred) => (catalogue.message(LANGUAGE, &[]), preferred.clone()),
    };
    // German dates in English sentences help nobody, but an English reader's own way of writing them does.
    let is_same = |locale: &String| locale.split('-').next() == Some(language.as_str());
    let locale = preferred.into_iter().find(is_same).unwrap_or_else(|| language.clone());
    WORDS
        .with(|words| words.set(InBrowser { source, locale }))
        .map_err(|_| JsValue::from_str("words have been chosen already").into())
}

/// What is shown for a text.
pub(super) fn say(text: &Text) -> String {
    WORDS.with(|words| words.get().map(|words| text.in_words(words))).unwrap_or_default()
}

/// The words of a message; none before they have been chosen.
#[cfg(feature = "lab")]
pub(super) fn message(id: &str, arguments: &[String]) -> String {
    WORDS.with(|words| words.get().map(|words| words.message(id, arguments))).unwrap_or_default()
}

impl Words for InBrowser {
    fn message(&self, id: &str, arguments: &[String]) -> String {
        match &self.source {
            WordSource::Extension => {
                let arguments: Array = arguments.iter().map(|argument| JsValue::from_str(argument)).collect();
                get_message(id, &arguments).ok().filter(|words| !words.is_empty()).unwrap_or_else(|| id.to_owned())
            }
            WordSource::Catalogue(catalogue, _) => catalogue.message(id, arguments),
        }
    }

    fn category(&self, number: u64) -> String {
        PluralRules::new(&self.locale).select(exact(number))
    }

    fn number(&self, number: u64) -> String {
        js_sys::Number::from(exact(number)).to_locale_string(&self.locale).into()
    }

    fn day(&self, date: Date) -> String {
        self.written(date.start(), &[("dateStyle", "long"), ("timeZone", "UTC")])
    }

    fn local_day(&self, time: UnixMillis) -> String {
        self.written(time, &[("dateStyle", "long")])
    }

    fn time(&self, time: UnixMillis) -> String {
        self.written(time, &[("dateStyle", "medium"), ("timeStyle", "medium")])
    }

    fn time_of_day(&self, time: UnixMillis) -> String {
        self.written(time, &[("timeStyle", "short")])
    }
}

impl InBrowser {
    fn written(&self, time: UnixMillis, styles: &[(&str, &str)]) -> String {
        let options = Object::new();
        for (name, style) in styles {
            // Setting a property of an object that was made above cannot fail.
            let _ = Reflect::set(&options, &(*name).into(), &(*style).into());
        }
        let date = JsDate::new(&JsValue::from_f64(exact(time.as_millis())));
        date.to_locale_string(&self.locale, &options).into()
    }
}

/// As JavaScript counts: exact up to 2⁵³, and nothing that is counted here comes near.
fn exact(number: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, clippy::as_conversions, reason = "counts and times are far below 2⁵³")]
    let exact = number as f64;
    exact
}
