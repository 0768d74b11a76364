//! The buttons of an opened entry of the log that copy it: as text, and as a report.

use std::rc::Rc;

use web_sys::{Event, EventTarget};

use super::clipboard;
use super::ui::live_region::announce;
use crate::browser::dom::{JsResult, listen, spawn};
use crate::browser::part::{Name, Part, part};
use crate::browser::words::say;
use crate::log::Entry;
use crate::report::rfc7469;
use crate::view::text::Text;
use crate::view::violation::plain_text::{TextLine, copied, not_copied, plain_text};

/// Puts the buttons of an entry to work. `certificates` is the DER of its chain, where that is stored.
pub(super) fn offer(content: &Part, entry: &Entry, certificates: &[Vec<u8>]) -> JsResult {
    let lines: Vec<_> = plain_text(entry, certificates).iter().map(|line: &TextLine| line.said(say)).collect();
    copies(content, part!("copy-text"), lines.join("\n") + "\n")?;
    let report = rfc7469::report(&entry.violation, certificates, entry.tally.last);
    content.show(part!("copy-report"), report.is_some())?;
    report.map_or(Ok(()), |report| copies(content, part!("copy-report"), report + "\n"))
}

fn copies(content: &Part, button: Name, text: String) -> JsResult {
    let content = Rc::new(content.clone());
    let target: EventTarget = content.get(button)?;
    listen(&target, "click", move |_: Event| {
        let (copying, content) = (clipboard::copy(&text), Rc::clone(&content));
        spawn(async move {
            let done = copying.await.map_or_else(|_| not_copied(), |_| copied());
            tell(&content, &done)
        });
        Ok(())
    })
}

/// Beside the buttons, and to those who do not see them.
fn tell(content: &Part, done: &Text) -> JsResult {
    content.say(part!("copied"), done)?;
    announce(done)
}
