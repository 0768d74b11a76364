//! Lines of the log as a file: JSON lines, or reports.

use super::json_lines::json_line;
use super::rfc7469::report;
use crate::log::{Day, Line};

/// What is in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFile {
    /// Every line as [`json_line`] has it.
    JsonLines,
    /// The report of each violation of a rule, as [`report`] has it.
    Reports,
}

/// How much of the log is in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    All,
    /// What was found, of more.
    Found,
    /// What was selected by hand, of more.
    Selected,
}

impl LogFile {
    /// What the file is called that is made on this day.
    #[must_use]
    pub fn name(self, extent: Extent, day: Day) -> String {
        let what = match self {
            Self::JsonLines => "log",
            Self::Reports => "reports",
        };
        let extent = match extent {
            Extent::All => "",
            Extent::Found => "-found",
            Extent::Selected => "-selected",
        };
        let time = day.start().to_rfc3339().unwrap_or_default();
        let date = time.get(..10).unwrap_or_default();
        format!("sockpin-{what}{extent}-{date}.jsonl")
    }

    /// A line of the file, without its end; none for what has no form in it. `certificates` is the DER of the line's chain, where
    /// that is stored.
    ///
    /// # Errors
    /// As [`json_line`].
    pub fn line(self, line: &Line, certificates: &[Vec<u8>]) -> Result<Option<String>, serde_json::Error> {
        match (self, line) {
            // A file outlives the window.
            (_, line) if line.is_private() => Ok(None),
            (Self::JsonLines, line) => json_line(line, certificates).map(Some),
            (Self::Reports, Line::Violation(entry)) => Ok(report(&entry.violation, certificates, entry.tally.last)),
            (Self::Reports, Line::Pause(_)) => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Date;

    #[test]
    fn a_file_is_called_after_what_is_in_it_and_the_day() {
        let day = Day::of(Date::parse("2026-11-26").unwrap());
        for (file, extent, expected) in [
            (LogFile::JsonLines, Extent::All, "sockpin-log-2026-11-26.jsonl"),
            (LogFile::JsonLines, Extent::Found, "sockpin-log-found-2026-11-26.jsonl"),
            (LogFile::JsonLines, Extent::Selected, "sockpin-log-selected-2026-11-26.jsonl"),
            (LogFile::Reports, Extent::All, "sockpin-reports-2026-11-26.jsonl"),
            (LogFile::Reports, Extent::Selected, "sockpin-reports-selected-2026-11-26.jsonl"),
        ] {
            assert_eq!(file.name(extent, day), expected);
        }
    }
}
