//! What the log page says of the log as a whole; its lines are in [`super::violation`].

use super::date::day;
use super::foreign::foreign;
use super::text::{Argument, Text, plural, text};
use super::violation;
use crate::log::{Day, DayTally, Dropped, Line};
use crate::query::log_query::LogQuery;
use crate::report::log_file::Extent;

/// How far the log has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// There is more to come.
    UnderWay,
    /// All of it is there.
    Done,
}

/// What a search has found among so many lines; nothing where nothing is searched for.
#[must_use]
pub fn outcome(query: &LogQuery, found: usize, total: usize, reading: Reading) -> Option<Text> {
    match (query.is_empty(), found, reading) {
        (true, ..) => None,
        (false, _, Reading::UnderWay) => Some(plural!("log_search_reading", found, total = total)),
        (false, 0, Reading::Done) => Some(text!("log_search_none")),
        (false, _, Reading::Done) => Some(plural!("log_search_found", found, total = total)),
    }
}

/// That a full log has let entries go, and which.
#[must_use]
pub fn dropped(dropped: Dropped) -> Text {
    plural!("log_dropped", dropped.entries, day = Argument::LocalDay(dropped.since))
}

/// The same of what is kept of private windows.
#[must_use]
pub fn private_dropped(dropped: Dropped) -> Text {
    plural!("log_private_dropped", dropped.entries, day = Argument::LocalDay(dropped.since))
}

/// That some cannot be shown.
#[must_use]
pub fn unreadable(records: usize) -> Text {
    plural!("log_unreadable", records)
}

/// What the box that selects a line does, for those who do not see the line beside it.
#[must_use]
pub fn select(line: &Line) -> Text {
    let time = Argument::Time(line.time());
    match line {
        Line::Violation(entry) => text!("log_select", host = violation::host(&entry.violation), time = time),
        Line::Pause(_) => text!("log_select_pause", time = time),
    }
}

/// Which lines a file would have.
#[must_use]
pub fn saves(extent: Extent, lines: usize) -> Text {
    match extent {
        Extent::All => plural!("log_saves_all", lines),
        Extent::Found => plural!("log_saves_found", lines),
        Extent::Selected => plural!("log_saves_selected", lines),
    }
}

/// Said while a file is made of so many lines.
#[must_use]
pub fn saving(lines: usize) -> Text {
    plural!("log_saving", lines)
}

/// Said once so many lines of the log are in a file.
#[must_use]
pub fn saved(lines: usize) -> Text {
    if lines == 0 { text!("log_saved_none") } else { plural!("log_saved", lines) }
}

/// What is shown of the log where a host is chosen: on the button that chooses it, and above the list.
#[must_use]
pub fn only_host(host: &str) -> Text {
    text!("log_only_host", host = foreign(host))
}

/// The same of a page, by its origin.
#[must_use]
pub fn only_page(page: &str) -> Text {
    text!("log_only_page", page = foreign(page))
}

/// The button of an entry that deletes those of its host.
#[must_use]
pub fn clear_host(host: &str) -> Text {
    if host.is_empty() { text!("log_clear_unreadable_host") } else { text!("log_clear_host", host = foreign(host)) }
}

/// The question before the entries of a host are deleted.
#[must_use]
pub fn clear_host_title(host: &str) -> Text {
    if host.is_empty() {
        text!("log_clear_unreadable_host_title")
    } else {
        text!("log_clear_host_title", host = foreign(host))
    }
}

/// What comes of it.
#[must_use]
pub fn clear_host_text(entries: u64) -> Text {
    plural!("log_clear_host_text", entries)
}

/// Said once they are gone.
#[must_use]
pub fn host_cleared() -> Text {
    text!("log_host_cleared")
}

/// What comes of a shorter age.
#[must_use]
pub fn shorten_text(entries: u64, days: u64) -> Text {
    plural!("log_shorten_text", entries, days = days)
}

/// Said once another age is stored.
#[must_use]
pub fn kept() -> Text {
    text!("log_kept")
}

/// A day by its date.
#[must_use]
pub fn date(of: Day) -> Text {
    text!("log_cell", what = day(of.start()))
}

/// A number of the table.
#[must_use]
pub fn number(count: u64) -> Text {
    text!("log_cell", what = count)
}

/// A bar of the picture.
#[must_use]
pub fn bar(tally: &DayTally) -> Text {
    text!("log_day", day = day(tally.day.start()), blocked = tally.blocked, flagged = tally.flagged)
}

/// What the picture shows.
#[must_use]
pub fn picture(days: &[DayTally]) -> Text {
    let sum = |count: fn(&DayTally) -> u64| days.iter().map(count).sum::<u64>();
    plural!("log_days", days.len(), blocked = sum(|tally| tally.blocked), flagged = sum(|tally| tally.flagged))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::DayCounts;
    use crate::time::{Date, UnixMillis};
    use crate::verdict::Outcome;

    #[test]
    fn how_many_of_how_many_are_shown() {
        let asked = LogQuery { unread: true, ..LogQuery::default() };
        for (query, found, reading, expected) in [
            (&LogQuery::default(), 10_000, Reading::Done, None),
            (&asked, 12, Reading::Done, Some("12 of 10,000 entries are shown.")),
            (&asked, 1, Reading::Done, Some("1 of 10,000 entries is shown.")),
            (&asked, 0, Reading::Done, Some("No entry fits what is searched for and chosen.")),
            (&asked, 0, Reading::UnderWay, Some("0 of the 10,000 entries read so far are shown.")),
        ] {
            let said = outcome(query, found, 10_000, reading).map(|text| text.english());
            assert_eq!(said.as_deref(), expected, "{found}");
        }
    }

    #[test]
    fn days_are_those_that_are_shown() {
        let day = Day::of(Date::parse("2026-11-22").unwrap());
        let mut counts = DayCounts::until(day, 30);
        for outcome in [Outcome::Block, Outcome::Block, Outcome::Flag] {
            counts.count(day, outcome);
        }
        assert_eq!(picture(counts.days()).english(), "The last 30 days: 2 blocked, 1 let through");
        assert_eq!(bar(&counts.days()[29]).english(), "22 November 2026: 2 blocked, 1 let through");
        assert_eq!(date(day).english(), "22 November 2026");
        let gone = Dropped { entries: 1, since: UnixMillis::new(1_795_305_600_000) };
        assert!(dropped(gone).english().starts_with("1 entry has been dropped since 22 November 2026"));
        let gone = Dropped { entries: 12, ..gone };
        let of_private = "12 entries of private windows have been dropped since 22 November 2026";
        assert!(private_dropped(gone).english().starts_with(of_private));
    }
}
