//! The form in which a rule is added or edited. Every field is checked as it is typed; the button stays disabled until
//! nothing is wrong.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use web_sys::{DataTransfer, Element, Event, EventTarget, HtmlButtonElement, HtmlElement, HtmlInputElement};

use super::super::{socket::now, url_host::url_host};
use super::background;
use super::dom::{Fallible, around, by_id, listen, set_notices, spawn, window};
use super::files::{self, Found, accept_drops, ignore_stray_drops};
use super::key_rows::{Key, refused};
use super::rule_fields::RuleFields;
use crate::error::Error;
use crate::formats::pem;
use crate::message::{Request, Response};
use crate::rule::RuleDocument;
use crate::time::UnixMillis;
use crate::view::form::{Checked, Place, check, refusals};
use crate::view::notice::{Kind, Notice};

/// What the form asks and tells the rest of the page.
pub(super) trait Surroundings {
    /// The rules that there are.
    fn rules(&self) -> Vec<RuleDocument>;
    /// The form is closed. `stored` is the rule, if it was stored; `id` the rule's that was in it, if it has one.
    fn closed(&self, stored: Option<RuleDocument>, id: Option<String>) -> Fallible;
}

pub(super) struct RuleForm {
    root: HtmlElement,
    fields: RuleFields,
    /// The rule that is being edited; the default where one is being added.
    original: RefCell<RuleDocument>,
    /// Whether anything has been typed since the form was opened.
    is_changed: Cell<bool>,
    surroundings: Weak<dyn Surroundings>,
}

impl RuleForm {
    pub(super) fn new(surroundings: Weak<dyn Surroundings>) -> Fallible<Rc<Self>> {
        let root: HtmlElement = by_id("rule-form")?;
        let fields = RuleFields::new(root.clone())?;
        let (original, is_changed) = (RefCell::default(), Cell::new(false));
        let form = Rc::new(Self { root, fields, original, is_changed, surroundings });
        form.listen()?;
        Ok(form)
    }

    /// Whether something would be lost if the form were filled anew.
    pub(super) fn is_in_use(&self) -> bool {
        !self.root.hidden() && self.is_changed.get()
    }

    /// The rule in the form, while it is open.
    pub(super) fn edited_id(&self) -> Option<String> {
        if self.root.hidden() { None } else { self.original.borrow().id.clone() }
    }

    /// Opens it for a rule, or for a new one.
    pub(super) fn open(&self, rule: Option<RuleDocument>) -> Fallible {
        let title = rule.as_ref().map_or("Add a rule".to_owned(), |rule| format!("Edit the rule for {}", rule.host));
        by_id::<Element>("form-title")?.set_text_content(Some(&title));
        let rule = rule.unwrap_or_default();
        for name in [TOUCHED_HOST, TOUCHED_PIN] {
            self.root.remove_attribute(name)?;
        }
        self.fields.write(&rule)?;
        self.original.replace(rule);
        self.is_changed.set(false);
        self.root.set_hidden(false);
        set_notices(&by_id("pin-drop-message")?, &[])?;
        self.say()?;
        self.focus()
    }

    /// Brings the form into sight.
    pub(super) fn focus(&self) -> Fallible {
        self.root.scroll_into_view();
        self.fields.focus()
    }

    /// Says beside the button why the page has not done as it was told.
    pub(super) fn object(&self, notice: &Notice) -> Fallible {
        set_notices(&by_id("save-message")?, std::slice::from_ref(notice))?;
        self.focus()
    }

    fn listen(self: &Rc<Self>) -> Fallible {
        // The rows of keys send an `input` event of their own when rows come and go.
        let this = Rc::clone(self);
        listen(&self.root, "input", move |event| {
            touch(&event)?;
            this.changed()
        })?;
        let this = Rc::clone(self);
        listen(&self.root, "submit", move |event| {
            event.prevent_default();
            let this = Rc::clone(&this);
            spawn(async move { this.save().await });
            Ok(())
        })?;
        let this = Rc::clone(self);
        listen(&by_id::<EventTarget>("cancel-edit")?, "click", move |_| {
            let id = this.original.borrow().id.clone();
            this.close(None, id)
        })?;
        let this = Rc::clone(self);
        listen(&by_id::<EventTarget>("pin-file")?, "change", move |event| {
            let Some(input) = around::<HtmlInputElement>(&event, "input") else {
                return Ok(());
            };
            let chosen = files::of_list(input.files());
            let this = Rc::clone(&this);
            spawn(async move {
                let found = files::inspect_files(chosen).await?;
                // So that the same file can be chosen again.
                input.set_value("");
                this.take(found)
            });
            Ok(())
        })?;
        let this = Rc::clone(self);
        accept_drops(&by_id("pin-drop")?, move |data| this.dropped(&data))?;
        ignore_stray_drops()?;
        let this = Rc::clone(self);
        listen(&EventTarget::from(window()?), "beforeunload", move |event| {
            if this.is_in_use() {
                event.prevent_default();
            }
            Ok(())
        })
    }

    fn dropped(self: &Rc<Self>, data: &DataTransfer) -> Fallible {
        let dropped = files::of_list(data.files());
        if dropped.is_empty() {
            let text = data.get_data("text")?;
            return self.take(vec![Found { file: None, keys: pem::inspect(text.as_bytes()) }]);
        }
        let this = Rc::clone(self);
        spawn(async move { this.take(files::inspect_files(dropped).await?) });
        Ok(())
    }

    fn take(&self, found: Vec<Found>) -> Fallible {
        let mut notices = Vec::new();
        for Found { file, keys } in found {
            let file = file.as_deref();
            notices.push(match keys {
                Ok(keys) => {
                    let keys = keys.iter().map(|key| Key::from_inspected(key, file)).collect();
                    self.fields.pins.take(keys, file.unwrap_or("the dropped text"))?
                }
                Err(error) => refused(file, &error),
            });
        }
        set_notices(&by_id("pin-drop-message")?, &notices)?;
        self.changed()
    }

    fn changed(&self) -> Fallible {
        self.is_changed.set(true);
        self.say()
    }

    /// Checks what has been typed and says beside each field what there is to say.
    fn say(&self) -> Fallible {
        let Checked { rule, mut notices } = self.check()?;
        by_id::<HtmlButtonElement>("save-rule")?.set_disabled(rule.is_none());
        notices.retain_mut(|(place, notice)| self.is_due(*place, notice));
        self.fields.say(&notices)
    }

    /// What is missing is no mistake before its field has been used: a hint at most, and none in a fresh form.
    fn is_due(&self, place: Place, notice: &mut Notice) -> bool {
        let touched = match place {
            Place::Host if notice.code == "host-empty" => TOUCHED_HOST,
            Place::Pins if notice.code == "rule-pins-missing" => TOUCHED_PIN,
            _ => return true,
        };
        if !self.root.has_attribute(touched) {
            notice.kind = Kind::Note;
        }
        self.is_changed.get()
    }

    async fn save(&self) -> Fallible {
        let Some(rule) = self.check()?.rule else {
            return self.say();
        };
        by_id::<HtmlButtonElement>("save-rule")?.set_disabled(true);
        match background::ask(&Request::SaveRule { rule }).await {
            Ok(Response::Saved { rule }) => {
                let id = rule.id.clone();
                self.close(Some(rule), id)
            }
            Ok(Response::Refused { errors }) => self.fields.say(&refusals(&errors, &self.read()?)),
            Ok(other) => not_saved(&background::unexpected(&other)),
            Err(error) => not_saved(&error),
        }
    }

    fn close(&self, stored: Option<RuleDocument>, id: Option<String>) -> Fallible {
        self.root.set_hidden(true);
        self.is_changed.set(false);
        self.surroundings.upgrade().map_or(Ok(()), |page| page.closed(stored, id))
    }

    fn check(&self) -> Fallible<Checked> {
        let rules = self.surroundings.upgrade().map(|page| page.rules()).unwrap_or_default();
        Ok(check(&self.read()?, &rules, now().unwrap_or(UnixMillis::new(0)), &url_host))
    }

    fn read(&self) -> Fallible<RuleDocument> {
        self.fields.read(&self.original.borrow())
    }
}

/// Nothing is lost: the form stays as it is, to be tried again.
fn not_saved(error: &Error) -> Fallible {
    set_notices(&by_id("save-message")?, &[Notice::from(error)])?;
    by_id::<HtmlButtonElement>("save-rule")?.set_disabled(false);
    Ok(())
}

/// On the form once something has been typed in a field of that name.
const TOUCHED_HOST: &str = "data-touched-host";
const TOUCHED_PIN: &str = "data-touched-pin";

fn touch(event: &Event) -> Fallible {
    let name = around::<Element>(event, "[name]").and_then(|field| field.get_attribute("name"));
    if let (Some(name), Some(form)) = (name, around::<Element>(event, "form")) {
        form.set_attribute(&format!("data-touched-{name}"), "")?;
    }
    Ok(())
}
