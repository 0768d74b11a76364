//! The fields of the form: a rule in, a rule out, and what is said beside each.

use std::rc::Rc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlDetailsElement, HtmlElement, HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement};

use super::key_rows::KeyRows;
use super::ui::notices::set_notices;
use crate::browser::convert::{from_js, to_js, to_js_error};
use crate::browser::dom::{Fallible, all, by_id, id, missing};
use crate::browser::part::{Part, part, say_in};
use crate::rule::{Mode, PinDocument, RuleDocument};
use crate::view::form::{DateInput, FormPlace};
use crate::view::notice::{Notice, NoticeKind};
use crate::view::rule::{mode_help, preflight_help};

pub(super) struct RuleFields {
    form: HtmlElement,
    pub(super) pins: Rc<KeyRows>,
    denied: Rc<KeyRows>,
}

impl RuleFields {
    pub(super) fn new(form: HtmlElement) -> Fallible<Self> {
        let rows = |name| KeyRows::new(&Part::of(&Part::of(&form).get(name)?));
        let (pins, denied) = (rows(part!("pins"))?, rows(part!("denied"))?);
        Ok(Self { form, pins, denied })
    }

    /// What has been typed. What has no field in the form stays as it was.
    pub(super) fn read(&self, original: &RuleDocument) -> Fallible<RuleDocument> {
        let expires = self.field::<HtmlInputElement>("expires")?.value();
        Ok(RuleDocument {
            host: self.field::<HtmlInputElement>("host")?.value(),
            mode: self.choice("mode")?,
            pins: self.pins.read()?,
            denied: self.denied.read()?,
            match_scope: self.choice("match")?,
            expires: (!expires.is_empty()).then_some(expires),
            local_roots: self.choice("localRoots")?,
            require_ct: self.field::<HtmlInputElement>("requireCt")?.checked(),
            preflight: self.choice("preflight")?,
            note: self.field::<HtmlTextAreaElement>("note")?.value(),
            ..original.clone()
        })
    }

    /// Whether the expiry date is half typed; its value is then the same as that of an empty field.
    pub(super) fn expiry(&self) -> Fallible<DateInput> {
        // With neither bounds nor a duty to fill it in, only a part of a date makes the field invalid.
        let is_valid = self.field::<HtmlInputElement>("expires")?.check_validity();
        Ok(if is_valid { DateInput::Whole } else { DateInput::Partial })
    }

    /// Shows a rule, with an empty row where it has no pins.
    pub(super) fn write(&self, rule: &RuleDocument) -> Fallible {
        self.field::<HtmlInputElement>("host")?.set_value(&rule.host);
        self.choose("mode", rule.mode)?;
        self.pins.fill(&rule.pins)?;
        if rule.pins.is_empty() {
            self.pins.add(&PinDocument::default())?;
        }
        self.denied.fill(&rule.denied)?;
        self.choose("match", rule.match_scope)?;
        self.field::<HtmlInputElement>("expires")?.set_value(rule.expires.as_deref().unwrap_or_default());
        self.choose("localRoots", rule.local_roots)?;
        self.field::<HtmlInputElement>("requireCt")?.set_checked(rule.require_ct);
        self.choose("preflight", rule.preflight)?;
        self.field::<HtmlTextAreaElement>("note")?.set_value(&rule.note);
        by_id::<HtmlDetailsElement>(id!("more"))?.set_open(has_more(rule));
        Ok(())
    }

    /// Says beside each field what there is to say, and nothing at the others.
    pub(super) fn say(&self, notices: &[(FormPlace, Notice)]) -> Fallible {
        let at = |wanted: FormPlace| -> Vec<Notice> {
            notices.iter().filter(|(place, _)| *place == wanted).map(|(_, notice)| notice.clone()).collect()
        };
        for (place, area, field) in [
            (FormPlace::Host, id!("host-message"), Some("host")),
            (FormPlace::Pins, id!("pins-message"), None),
            (FormPlace::Denied, id!("denied-message"), None),
            (FormPlace::Expires, id!("expires-message"), Some("expires")),
            (FormPlace::Note, id!("note-message"), Some("note")),
            (FormPlace::Rule, id!("save-message"), None),
        ] {
            let notices = at(place);
            set_notices(&by_id(area)?, &notices)?;
            if let Some(field) = field {
                let invalid = notices.iter().any(|notice| notice.kind == NoticeKind::Error);
                self.field::<Element>(field)?.set_attribute("aria-invalid", if invalid { "true" } else { "false" })?;
            }
        }
        self.pins.say(|row| at(FormPlace::Pin(row)))?;
        self.denied.say(|row| at(FormPlace::DeniedKey(row)))?;
        let mode: Mode = self.choice("mode")?;
        say_in(id!("mode-help"), &mode_help(mode))?;
        say_in(id!("preflight-help"), &preflight_help(self.choice("preflight")?, mode))
    }

    pub(super) fn focus(&self) -> Fallible {
        self.field::<HtmlInputElement>("host")?.focus()
    }

    /// The values of the form's choices are the names under which they are stored.
    fn choice<T: DeserializeOwned>(&self, name: &str) -> Fallible<T> {
        let value = self.field::<HtmlSelectElement>(name)?.value();
        from_js(&value.into()).map_err(|error| to_js_error(&error))
    }

    fn choose(&self, name: &str, value: impl Serialize) -> Fallible {
        let value = to_js(&value).map_err(|error| to_js_error(&error))?;
        self.field::<HtmlSelectElement>(name)?.set_value(&value.as_string().unwrap_or_default());
        Ok(())
    }

    fn field<T: JsCast>(&self, name: &str) -> Fallible<T> {
        let named = all(&self.form, &format!("[name={name}]"))?;
        named.into_iter().next().ok_or_else(|| missing(name))
    }
}

/// Whether anything below "More" is not as it is by default.
fn has_more(rule: &RuleDocument) -> bool {
    let plain = RuleDocument::default();
    !rule.denied.is_empty()
        || rule.expires.is_some()
        || rule.require_ct
        || !rule.note.is_empty()
        || (rule.match_scope, rule.local_roots, rule.preflight)
            != (plain.match_scope, plain.local_roots, plain.preflight)
}
