//! The buttons of an opened entry of the log that copy it: as text, and as a report.

use web_sys::{Event, EventTarget};

use super::clipboard;
use super::ui::live_region::announce;
use crate::browser::dom::{JsResult, listen, spawn};
use crate::browser::part::{Part, part};
use crate::browser::words::say;
use crate::log::Entry;
use crate::report::rfc7469;
use crate::view::text::Text;
use crate::view::violation::plain_text::{TextLine, copied, not_copied, plain_text};

/// Puts the buttons of an entry to work. `certificates` is the DER of its chain, where that is stored.
pub(super) fn offer(content: &Part, entry: &Entry, certificates: &[Vec<u8>]) -> JsResult {
    let lines: Vec<_> = plain_text(entry, certificates).iter().map(|line: &TextLine| line.said(say)).collect();
    for button in content.all(part!("copy-text"))? {
        copies(button, lines.join("\n") + "\n")?;
    }
    let report = rfc7469::report(&entry.violation, certificates, entry.tally.last);
    for (place, button) in content.all(part!("copy-report"))?.into_iter().enumerate() {
        match &report {
            // It is among the choices of an explanation, which stand first, and elsewhere only where there are none.
            Some(report) if place == 0 => copies(button, format!("{report}\n"))?,
            _ => button.root().remove(),
        }
    }
    Ok(())
}

fn copies(button: Part, text: String) -> JsResult {
    let target: EventTarget = button.root().clone().into();
    listen(&target, "click", move |_: Event| {
        let (copying, button) = (clipboard::copy(&text), button.clone());
        spawn(async move {
            let done = copying.await.map_or_else(|_| not_copied(), |_| copied());
            tell(&button, &done)
        });
        Ok(())
    })
}

/// Beside the button, and to those who do not see it.
fn tell(button: &Part, done: &Text) -> JsResult {
    if let Some(around) = button.root().parent_element() {
        Part::of(&around).say(part!("copied"), done)?;
    }
    announce(done)
}
