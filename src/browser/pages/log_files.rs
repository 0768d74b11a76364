//! Lines of the log as a file: those that are selected, else those that are found.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::Array;
use wasm_bindgen::JsValue;

use super::download::Download;
use super::log_lines::{Found, local_day};
use super::log_reader::LogReader;
use super::log_selection::LogSelection;
use crate::browser::clock::now;
use crate::browser::dom::{JsResult, id, listen_at, show, spawn};
use crate::browser::part::say_in;
use crate::browser::promise;
use crate::limits::LOG_LINES_WRITTEN_AT_ONCE;
use crate::log::Line;
use crate::report::log_file::LogFile;
use crate::view::log as words;
use crate::violation::ChainDigest;

struct LogFiles {
    reader: Rc<LogReader>,
    selection: Rc<LogSelection>,
    /// What is found now, the newest first.
    found: Box<dyn Fn() -> Vec<Found>>,
    download: Download,
    /// Whether one is being written.
    is_writing: Cell<bool>,
}

/// Puts the two buttons to work. `found` is what is found when one is clicked, the newest first.
pub(super) fn listen_for_saving(
    reader: Rc<LogReader>,
    selection: Rc<LogSelection>,
    found: impl Fn() -> Vec<Found> + 'static,
) -> JsResult {
    let found = Box::new(found);
    let files =
        Rc::new(LogFiles { reader, selection, found, download: Download::default(), is_writing: Cell::new(false) });
    for (button, file) in [(id!("save-json-lines"), LogFile::JsonLines), (id!("save-reports"), LogFile::Reports)] {
        let files = Rc::clone(&files);
        listen_at(button, "click", move |_| {
            let files = Rc::clone(&files);
            spawn(async move { files.save(file).await });
            Ok(())
        })?;
    }
    Ok(())
}

impl LogFiles {
    async fn save(&self, file: LogFile) -> JsResult {
        if self.is_writing.replace(true) {
            return Ok(());
        }
        let saved = self.write(file).await;
        self.is_writing.set(false);
        say_in(id!("log-saved"), &words::saved(saved?))
    }

    /// Writes what is chosen now, and hands it to the browser. How many lines it has.
    async fn write(&self, file: LogFile) -> JsResult<usize> {
        let (mut lines, extent) = ((self.found)(), self.selection.extent());
        lines.retain(|found| self.selection.has(&found.line));
        show(id!("log-saved-without-private"), lines.iter().any(|found| found.line.is_private()))?;
        lines.retain(|found| !found.line.is_private());
        say_in(id!("log-saved"), &words::saving(lines.len()))?;
        let (parts, mut written, mut last) = (Array::new(), 0, None);
        for portion in lines.chunks(LOG_LINES_WRITTEN_AT_ONCE) {
            let mut text = String::new();
            for Found { line, .. } in portion {
                let certificates = self.certificates(line, &mut last).await;
                let line = file.line(line, certificates).map_err(|error| JsValue::from_str(&error.to_string()))?;
                if let Some(line) = line {
                    text.push_str(&line);
                    text.push('\n');
                    written += 1;
                }
            }
            parts.push(&JsValue::from_str(&text));
            promise::after(0).await;
        }
        if written > 0 {
            self.download.offer_parts(&parts, &file.name(extent, local_day(now().unwrap_or_default())))?;
        }
        Ok(written)
    }

    /// The DER of the chain of a line. One that has gone meanwhile is left out; the keys are known all the same. `last` is the one
    /// that was read last: many entries in a row have the same.
    async fn certificates<'a>(&self, line: &Line, last: &'a mut Option<(ChainDigest, Vec<Vec<u8>>)>) -> &'a [Vec<u8>] {
        let Line::Violation(entry) = line else { return &[] };
        let Some(digest) = &entry.violation.chain_digest else { return &[] };
        if last.as_ref().is_none_or(|(known, _)| known != digest) {
            *last = Some((digest.clone(), self.reader.chain(digest).await.unwrap_or_default()));
        }
        last.as_ref().map_or(&[], |(_, certificates)| certificates)
    }
}
