//! The lab's pin calculator. Nothing leaves the page.

use std::rc::Rc;

use web_sys::{Element, EventTarget, HtmlElement, HtmlInputElement, HtmlTextAreaElement};

use crate::browser::dom::{JsResult, around, by_id, id, listen, spawn};
use crate::browser::files::{self, Found, accept_drops, ignore_stray_drops, read_text};
use crate::browser::part::{Part, part};
use crate::browser::words::say;
use crate::formats::Key;
use crate::view::certificate::{details, kind_in, subject};
use crate::view::source::{Source, left_out, refused};
use crate::view::text::Text;

pub(super) fn start() -> JsResult {
    let text: HtmlTextAreaElement = by_id(id!("calculator-text"))?;
    let field = text.clone();
    listen(&text, "input", move |_| {
        let typed = field.value();
        if typed.trim().is_empty() { draw(&[]) } else { draw(&[read_text(Source::Pasted, &typed)]) }
    })?;
    listen(&by_id::<EventTarget>(id!("calculator-file"))?, "change", |event| {
        let Some(input) = around::<HtmlInputElement>(&event, "input") else {
            return Ok(());
        };
        let chosen = files::of_list(input.files());
        spawn(async move {
            let found = files::read_files(chosen).await;
            // So that the same file can be chosen again.
            input.set_value("");
            draw(&found)
        });
        Ok(())
    })?;
    let text = Rc::new(text);
    accept_drops(&HtmlElement::from(text.as_ref().clone()), move |data| {
        let dropped = files::of_list(data.files());
        if dropped.is_empty() {
            let typed = data.get_data("text")?;
            text.set_value(&typed);
            return draw(&[read_text(Source::Dropped, &typed)]);
        }
        spawn(async move { draw(&files::read_files(dropped).await) });
        Ok(())
    })?;
    ignore_stray_drops()
}

fn draw(found: &[Found]) -> JsResult {
    let results = Part::with_id(id!("calculator-results"))?;
    results.fill([])?;
    let mut mistakes = Vec::new();
    for Found { source, reading } in found {
        match reading {
            Ok(reading) => {
                mistakes.extend(left_out(source, &reading.left_out));
                for key in &reading.keys {
                    results.append(&draw_key(key, source.file())?)?;
                }
            }
            Err(problem) => mistakes.push(refused(source, problem)),
        }
    }
    let message: Element = by_id(id!("calculator-message"))?;
    let codes: Vec<_> = mistakes.iter().map(|mistake| mistake.code).collect();
    message.set_attribute("data-code", &codes.join(" "))?;
    let texts = mistakes.into_iter().map(|mistake| mistake.text).collect();
    message.set_text_content(Some(&say(&Text::Sentences(texts))));
    Ok(())
}

fn draw_key(key: &Key, file: Option<&str>) -> JsResult<Part> {
    let element = Part::copy(id!("key-template"))?;
    element.say(part!("kind"), &kind_in(key.kind, file))?;
    let name = key.description.subject.as_ref().map(|_| say(&subject(&key.description)));
    element.text(part!("subject"), name.as_deref().unwrap_or_default())?;
    let details: Vec<_> = details(&key.description).iter().map(say).collect();
    element.text(part!("details"), &details.join(" · "))?;
    element.text(part!("pin"), &key.sha256.to_string())?;
    Ok(element)
}
