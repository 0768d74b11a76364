//! What an administrator has set beside rules, on the options page: to be seen, not to be changed.

use crate::browser::dom::{JsResult, id, show};
use crate::browser::part::{Part, part, say_in};
use crate::managed::{Managed, ManagedProblem};
use crate::view::error::detail;
use crate::view::managed as words;

/// Draws it anew, or hides it where there is nothing.
pub(super) fn draw(managed: &Managed) -> JsResult {
    say_in(id!("managed-heading"), &words::heading(managed))?;
    say_in(id!("managed-about"), &words::about(managed))?;
    Part::with_id(id!("managed-problems"))?.fill(managed.problems.iter().map(draw_problem))?;
    show(id!("managed-section"), words::is_there(managed))
}

fn draw_problem(problem: &ManagedProblem) -> JsResult<Part> {
    let element = Part::copy(id!("managed-problem-template"))?;
    let notice = words::problem(problem);
    element.root().dataset().set("code", notice.code)?;
    element.say(part!("problem"), &notice.text)?;
    // Whoever has written the policy reads it here as well.
    element.text(part!("problem-detail"), detail(&problem.problem).unwrap_or_default())?;
    Ok(element)
}
