//! A certificate in the chain picker: for whom, by whom, how long, which key, and the box that pins it.

use web_sys::{Element, HtmlElement, HtmlInputElement};

use crate::browser::dom::{JsResult, id};
use crate::browser::part::{Part, part};
use crate::browser::words::say;
use crate::certificate::{Certificate, KeyType, fingerprint, with_colons};
use crate::connection::Facts;
use crate::picking::{Choice, Role, choices};
use crate::view::certificate as certificates;
use crate::view::foreign::whole;
use crate::view::notice::Tag;
use crate::view::picking as words;

/// The box of a choice.
pub(super) struct TickBox {
    pub(super) choice: Choice,
    certificate: Part,
    input: HtmlInputElement,
}

impl TickBox {
    pub(super) fn is_ticked(&self) -> bool {
        self.input.checked()
    }

    /// Whether it is ticked then.
    pub(super) fn tick(&self) -> bool {
        if !self.input.disabled() {
            self.input.set_checked(true);
        }
        self.is_ticked()
    }

    /// Whether it may be ticked; where not it is not.
    pub(super) fn allow(&self, is_allowed: bool) {
        self.input.set_disabled(!is_allowed);
        if !is_allowed {
            self.input.set_checked(false);
        }
    }

    /// Whether it is the one that is recommended.
    pub(super) fn recommend(&self, is_recommended: bool) -> JsResult {
        self.certificate.tag(part!("recommended"), &words::recommended())?;
        self.certificate.show(part!("recommended"), is_recommended)
    }
}

/// Fills a list with the certificates of a chain, and returns the boxes in it.
pub(super) fn draw_all(list: &Part, facts: &Facts) -> JsResult<Vec<TickBox>> {
    let (certificates, _) = facts.certificates();
    let choices = choices(facts);
    list.fill([])?;
    let mut boxes = Vec::new();
    for (place, der) in certificates.iter().enumerate() {
        let certificate = draw(facts, place, certificates.len(), der)?;
        if let Some(choice) = choices.iter().find(|choice| choice.certificate == place) {
            boxes.push(draw_choice(*choice, &certificate)?);
        }
        list.append(&certificate)?;
    }
    Ok(boxes)
}

/// Fills a list with the certificates of a chain, each with what `mark` says of it, and nothing to choose.
pub(super) fn draw_marked(list: &Part, facts: &Facts, mark: impl Fn(usize, &[u8]) -> Tag) -> JsResult {
    let (certificates, _) = facts.certificates();
    list.fill(certificates.iter().enumerate().map(|(place, der)| {
        let certificate = draw(facts, place, certificates.len(), der)?;
        certificate.tag(part!("picked-origin"), &mark(place, der))?;
        Ok(certificate)
    }))
}

fn draw(facts: &Facts, place: usize, length: usize, der: &[u8]) -> JsResult<Part> {
    let element = Part::copy(id!("picked-template"))?;
    let certificate = Certificate::from_der(der);
    let description = certificate.as_ref().map(Certificate::describe).unwrap_or_default();
    element.say(part!("picked-role"), &certificates::role(place, length, &description))?;
    if let Some(origin) = words::origin(facts, place) {
        element.tag(part!("picked-origin"), &origin)?;
    }
    element.text(part!("picked-certificate-fingerprint"), &with_colons(&fingerprint(der)))?;
    let Ok(certificate) = certificate else {
        element.say(part!("picked-subject"), &certificates::unreadable())?;
        element.show(part!("picked-key"), false)?;
        element.show(part!("picked-key-fingerprint-row"), false)?;
        return Ok(element);
    };
    let subject: Element = element.get(part!("picked-subject"))?;
    subject.set_text_content(Some(&say(&certificates::subject(&description))));
    if let Some(name) = &description.subject {
        subject.set_attribute("title", &whole(name))?;
    }
    let facts: Vec<_> = certificates::details(&description).iter().map(say).collect();
    element.text(part!("picked-facts"), &facts.join(" · "))?;
    let spki = certificate.subject_public_key_info();
    element.say(part!("picked-key-type"), &words::key_type(KeyType::of_spki(spki)))?;
    element.text(part!("picked-pin"), &certificate.pin().to_string())?;
    element.text(part!("picked-key-fingerprint"), &with_colons(certificate.pin().as_bytes()))?;
    Ok(element)
}

fn draw_choice(choice: Choice, certificate: &Part) -> JsResult<TickBox> {
    let input: HtmlInputElement = certificate.get(part!("choose"))?;
    let about: HtmlElement = certificate.get(part!("choice-about"))?;
    let id = format!("picker-choice-about-{}", choice.certificate);
    about.set_id(&id);
    input.set_attribute("aria-describedby", &id)?;
    // Not alone: what else is ticked allows it.
    input.set_disabled(choice.role == Role::Issuing);
    certificate.say(part!("choice"), &words::choice(choice.role))?;
    certificate.say(part!("choice-about"), &words::about(choice.role))?;
    certificate.show(part!("picked-choice"), true)?;
    Ok(TickBox { choice, certificate: certificate.clone(), input })
}
