//! The whole log as a file: JSON lines, or reports.

use std::rc::Rc;

use web_sys::EventTarget;

use super::download::Download;
use super::log_reader::LogReader;
use crate::browser::convert::to_js_error;
use crate::browser::dom::{JsResult, by_id, id, listen, show, spawn};
use crate::browser::part::say_in;
use crate::error::{Error, ProgramError};
use crate::log::Line;
use crate::report::json_lines::json_line;
use crate::report::rfc7469::report;
use crate::view::violation as words;

/// What is in the file.
#[derive(Clone, Copy)]
enum LogFile {
    JsonLines,
    Reports,
}

impl LogFile {
    const fn name(self) -> &'static str {
        match self {
            Self::JsonLines => "sockpin-log.jsonl",
            Self::Reports => "sockpin-reports.jsonl",
        }
    }

    /// A line of the file; none for what it has no form for.
    fn line(self, line: &Line, certificates: &[Vec<u8>]) -> Result<Option<String>, Error> {
        match (self, line) {
            // What a file is written to outlives the window.
            (_, line) if line.is_private() => Ok(None),
            (Self::JsonLines, line) => json_line(line, certificates)
                .map(Some)
                .map_err(|error| ProgramError::Argument { detail: error.to_string() }.into()),
            (Self::Reports, Line::Violation(entry)) => Ok(report(&entry.violation, certificates, entry.tally.last)),
            (Self::Reports, Line::Pause(_)) => Ok(None),
        }
    }
}

/// Puts the two buttons to work.
pub(super) fn listen_for_saving() -> JsResult {
    let files = Rc::new((LogReader::new(), Download::default()));
    for (button, file) in [(id!("save-json-lines"), LogFile::JsonLines), (id!("save-reports"), LogFile::Reports)] {
        let files = Rc::clone(&files);
        listen(&by_id::<EventTarget>(button)?, "click", move |_| {
            let files = Rc::clone(&files);
            spawn(async move {
                let (log, download) = &*files;
                let (lines, left_out) = lines(log, file).await.map_err(|error| to_js_error(&error))?;
                let text: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
                download.offer(&text, file.name())?;
                say_in(id!("log-saved"), &words::saved(lines.len()))?;
                show(id!("log-saved-without-private"), left_out)
            });
            Ok(())
        })?;
    }
    Ok(())
}

/// And whether entries of private windows are left out.
async fn lines(log: &LogReader, file: LogFile) -> Result<(Vec<String>, bool), Error> {
    let (all, _) = log.newest(usize::MAX).await?;
    let mut lines = Vec::with_capacity(all.len());
    for line in &all {
        let certificates = match line {
            Line::Violation(entry) => match &entry.violation.chain_digest {
                // One that has gone meanwhile is left out; the keys are known all the same.
                Some(digest) => log.chain(digest).await.unwrap_or_default(),
                None => Vec::new(),
            },
            Line::Pause(_) => Vec::new(),
        };
        lines.extend(file.line(line, &certificates)?);
    }
    Ok((lines, all.iter().any(Line::is_private)))
}
