//! What an administrator has set beside rules, on the options page: to be seen, not to be changed.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use crate::browser::dom::{Fallible, append, by_id, from_template, set_text, show};
use crate::browser::words::say;
use crate::managed::Managed;
use crate::view::error::detail;
use crate::view::managed as words;

/// Draws it anew, or hides it where there is nothing.
pub(super) fn draw(managed: &Managed) -> Fallible {
    by_id::<Element>("managed-heading")?.set_text_content(Some(&say(&words::heading(managed))));
    by_id::<Element>("managed-about")?.set_text_content(Some(&say(&words::about(managed))));
    let problems: Element = by_id("managed-problems")?;
    problems.set_text_content(None);
    for problem in &managed.problems {
        let element: HtmlElement = from_template("managed-problem-template")?.unchecked_into();
        let notice = words::problem(problem);
        element.dataset().set("code", notice.code)?;
        set_text(&element, ".notice", &say(&notice.text))?;
        // Whoever has written the policy reads it here as well.
        set_text(&element, ".managed-problem-detail", detail(&problem.problem).unwrap_or_default())?;
        append(&problems, &element)?;
    }
    show("managed-section", words::is_there(managed))
}
