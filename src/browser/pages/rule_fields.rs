//! The fields of the form: a rule in, a rule out, and what is said beside each. Controls have the names that the fields of a
//! [`RuleDocument`] have as JSON, and a message is beside the field that its area names.

use std::rc::Rc;

use js_sys::Reflect;
use wasm_bindgen::prelude::JsValue;
use web_sys::{HtmlDetailsElement, HtmlElement, HtmlInputElement};

use super::key_rows::KeyRows;
use super::seen_store::SeenStore;
use super::ui::notices::set_notices;
use crate::browser::convert::{property, read_js, to_js, to_js_error};
use crate::browser::dom::{JsResult, all, by_id, id};
use crate::browser::part::{Part, part, say_in};
use crate::rule::{Field, PinDocument, RuleDocument};
use crate::view::form::{DateInput, FormPlace};
use crate::view::notice::{Notice, NoticeKind};
use crate::view::rule::{mode_help, preflight_help};

pub(super) struct RuleFields {
    form: HtmlElement,
    controls: Vec<Control>,
    host: HtmlElement,
    expires: HtmlInputElement,
    /// The part of the form that few rules need.
    more: HtmlDetailsElement,
    pub(super) pins: Rc<KeyRows>,
    denied: Rc<KeyRows>,
}

impl RuleFields {
    pub(super) fn new(form: HtmlElement, seen: &Rc<SeenStore>) -> JsResult<Self> {
        let rows = |name| KeyRows::new(&Part::of(&Part::of(&form).get(name)?), Rc::clone(seen));
        let (pins, denied) = (rows(part!("pins"))?, rows(part!("denied"))?);
        let controls = all(&form, CONTROLS)?.into_iter().map(Control).collect();
        let (host, expires) = (by_id(id!("host"))?, by_id(id!("expires"))?);
        Ok(Self { form, controls, host, expires, more: by_id(id!("more"))?, pins, denied })
    }

    /// What has been typed. What has no field in the form stays as it was.
    pub(super) fn read(&self, original: &RuleDocument) -> JsResult<RuleDocument> {
        let typed = object(original)?;
        for control in &self.controls {
            Reflect::set(&typed, &control.name(), &control.value())?;
        }
        let rule: RuleDocument = read_js(&typed).map_err(|error| to_js_error(&error.into()))?;
        Ok(RuleDocument { pins: self.pins.read()?, denied: self.denied.read()?, ..rule })
    }

    /// Whether the expiry date is half typed; its value is then the same as that of an empty field.
    pub(super) fn expiry(&self) -> DateInput {
        // With neither bounds nor a duty to fill it in, only a part of a date makes the field invalid.
        if self.expires.check_validity() { DateInput::Whole } else { DateInput::Partial }
    }

    /// Shows a rule, with an empty row where it has no pins, and all of the form where it differs from the default there.
    pub(super) fn write(&self, rule: &RuleDocument) -> JsResult {
        self.more.set_open(false);
        self.put(rule)
    }

    /// The same, and what is unfolded stays so.
    pub(super) fn put(&self, rule: &RuleDocument) -> JsResult {
        self.pins.fill(&rule.pins)?;
        if rule.pins.is_empty() {
            self.pins.add(&PinDocument::default())?;
        }
        self.denied.fill(&rule.denied)?;
        let (rule, plain) = (object(rule)?, object(&RuleDocument::default())?);
        let mut has_more = !Part::of(&self.more).all(part!("row"))?.is_empty();
        for control in &self.controls {
            let name = control.name();
            let value = Reflect::get(&rule, &name)?;
            control.set_value(&value)?;
            has_more |= self.more.contains(Some(&control.0)) && value != Reflect::get(&plain, &name)?;
        }
        self.more.set_open(has_more || self.more.open());
        Ok(())
    }

    /// Says beside each field what there is to say, and nothing at the others.
    pub(super) fn say(&self, notices: &[(FormPlace, Notice)], rule: &RuleDocument) -> JsResult {
        let at = |wanted: FormPlace| -> Vec<Notice> {
            notices.iter().filter(|(place, _)| *place == wanted).map(|(_, notice)| notice.clone()).collect()
        };
        for area in all::<HtmlElement>(&self.form, AREAS)? {
            let name = JsValue::from(area.dataset().get("messageFor"));
            let field: Field = read_js(&name).map_err(|error| to_js_error(&error.into()))?;
            let notices = at(FormPlace::Field(field));
            set_notices(&area, &notices)?;
            if let Some(Control(control)) = self.controls.iter().find(|control| control.name() == name) {
                let invalid = notices.iter().any(|notice| notice.kind == NoticeKind::Error);
                control.set_attribute("aria-invalid", if invalid { "true" } else { "false" })?;
            }
        }
        self.pins.say(|row| at(FormPlace::Row(Field::Pins, row)))?;
        self.denied.say(|row| at(FormPlace::Row(Field::Denied, row)))?;
        say_in(id!("mode-help"), &mode_help(rule.mode))?;
        say_in(id!("preflight-help"), &preflight_help(rule.preflight, rule.mode))
    }

    pub(super) fn focus(&self) -> JsResult {
        Ok(self.host.focus()?)
    }
}

/// Rows of keys are read by themselves.
const CONTROLS: &str = "[name]:not(li [name])";
const AREAS: &str = "[data-message-for]";

struct Control(HtmlElement);

impl Control {
    fn name(&self) -> JsValue {
        property(&self.0, "name")
    }

    fn value(&self) -> JsValue {
        property(&self.0, self.holds())
    }

    fn set_value(&self, value: &JsValue) -> JsResult {
        Reflect::set(&self.0, &self.holds().into(), value)?;
        Ok(())
    }

    /// The property that is its value, whatever kind of control it is.
    fn holds(&self) -> &'static str {
        if property(&self.0, "type") == "checkbox" { "checked" } else { "value" }
    }
}

fn object(rule: &RuleDocument) -> JsResult<JsValue> {
    Ok(to_js(rule).map_err(|error| to_js_error(&error.into()))?)
}
