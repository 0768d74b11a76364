//! The rule in the form as JSON: it follows the fields, and the fields follow what is typed into it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{EventTarget, HtmlTextAreaElement};

use super::ui::live_region::announce;
use super::ui::notices::set_notices;
use crate::browser::dom::{JsResult, by_id, id, listen_at, spawn};
use crate::error::Error;
use crate::formats::rule_json;
use crate::rule::RuleDocument;
use crate::time::Date;
use crate::view::form::{json_copied, json_not_copied, json_problems};
use crate::view::notice::{Notice, NoticeKind};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["navigator", "clipboard"], js_name = writeText)]
    fn write_text(text: &str) -> Result<Promise, JsValue>;
}

pub(super) struct RuleJson {
    text: HtmlTextAreaElement,
    /// Whether it was typed in it since a field was: then it is not written anew under the caret.
    is_typed: Cell<bool>,
    /// What keeps the text from being the rule in the fields.
    problems: RefCell<Vec<Notice>>,
}

impl RuleJson {
    pub(super) fn new() -> JsResult<Rc<Self>> {
        let json =
            Rc::new(Self { text: by_id(id!("rule-json"))?, is_typed: Cell::new(false), problems: RefCell::default() });
        let this = Rc::clone(&json);
        listen_at(id!("copy-rule-json"), "click", move |_| {
            let this = Rc::clone(&this);
            spawn(async move { this.copy().await });
            Ok(())
        })?;
        Ok(json)
    }

    /// Whether this is what has been typed into.
    pub(super) fn is(&self, target: Option<&EventTarget>) -> bool {
        target == Some(self.text.as_ref())
    }

    /// The rule that has been typed, if it is one.
    pub(super) fn read(&self) -> JsResult<Option<RuleDocument>> {
        self.is_typed.set(true);
        let (rule, problems) = match rule_json::read(&self.text.value()) {
            Ok(rule) => match rule.expires.as_deref().filter(|text| !text.is_empty()).map(Date::parse) {
                // Its field would be empty, as if the rule never expired.
                Some(Err(error)) => (None, vec![Notice::from(&Error::from(error))]),
                Some(Ok(_)) | None => (Some(rule), Vec::new()),
            },
            Err(parts) => (None, json_problems(&parts)),
        };
        self.problems.replace(problems);
        self.say(&[])?;
        Ok(rule)
    }

    /// A field has been typed into, or another rule is in them: that holds from now on.
    pub(super) fn forget(&self) -> JsResult {
        self.is_typed.set(false);
        self.problems.take();
        self.say(&[])
    }

    /// Shows the rule in the fields.
    pub(super) fn show(&self, rule: &RuleDocument) {
        if !self.is_typed.get() {
            self.text.set_value(&rule_json::write(rule));
        }
    }

    /// Whether what has been typed is no rule.
    pub(super) fn is_wrong(&self) -> bool {
        !self.problems.borrow().is_empty()
    }

    async fn copy(&self) -> JsResult {
        let copied = match write_text(&self.text.value()) {
            Ok(copying) => JsFuture::from(copying).await.is_ok(),
            Err(_) => false,
        };
        let said = if copied { json_copied() } else { json_not_copied() };
        if !copied {
            self.text.focus()?;
            self.text.select();
        }
        announce(&said)?;
        let kind = if copied { NoticeKind::Note } else { NoticeKind::Warning };
        self.say(&[Notice::new(kind, "copied", said)])
    }

    fn say(&self, more: &[Notice]) -> JsResult {
        let problems = self.problems.borrow();
        self.text.set_attribute("aria-invalid", if problems.is_empty() { "false" } else { "true" })?;
        set_notices(&by_id(id!("rule-json-message"))?, &[problems.as_slice(), more].concat())
    }
}
