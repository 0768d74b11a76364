//! English without a browser, for tests and for programs of one's own: what the pages say in an English Firefox, but for the
//! way of writing dates, which is the browser's.

use std::sync::LazyLock;

use super::catalogue::Catalogue;
use super::text::Words;
use crate::time::{Date, UnixMillis};

static CATALOGUE: LazyLock<Option<Catalogue>> =
    LazyLock::new(|| Catalogue::parse(include_str!("../../extension/_locales/en/messages.json")).ok());

/// The English catalogue.
#[derive(Debug, Clone, Copy)]
pub struct English;

impl Words for English {
    fn message(&self, id: &str, arguments: &[String]) -> String {
        CATALOGUE.as_ref().map_or_else(|| id.to_owned(), |catalogue| catalogue.message(id, arguments))
    }

    fn category(&self, number: u64) -> String {
        if number == 1 { "one" } else { "other" }.to_owned()
    }

    fn number(&self, number: u64) -> String {
        let digits = number.to_string();
        let mut words = String::new();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                words.push(',');
            }
            words.push(digit);
        }
        words
    }

    fn day(&self, date: Date) -> String {
        const MONTHS: [&str; 12] = [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ];
        let iso = date.to_string();
        let mut parts = iso.split('-').map(|part| part.parse::<usize>().unwrap_or_default());
        let (year, month, day) = (parts.next(), parts.next(), parts.next());
        let name = month.and_then(|month| MONTHS.get(month.checked_sub(1)?));
        match (year, name, day) {
            (Some(year), Some(month), Some(day)) => format!("{day} {month} {year}"),
            _ => iso,
        }
    }

    fn local_day(&self, time: UnixMillis) -> String {
        let date = time.to_rfc3339().and_then(|text| Date::parse(text.get(..10)?).ok());
        date.map(|date| self.day(date)).unwrap_or_default()
    }

    fn time(&self, time: UnixMillis) -> String {
        time.to_rfc3339().unwrap_or_default()
    }

    fn time_of_day(&self, time: UnixMillis) -> String {
        time.to_rfc3339().and_then(|text| text.get(11..16).map(str::to_owned)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_numbers_are_written_out() {
        for (text, expected) in [("2026-11-01", "1 November 2026"), ("2028-02-29", "29 February 2028")] {
            assert_eq!(English.day(Date::parse(text).unwrap()), expected);
        }
        for (number, expected) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(English.number(number), expected);
        }
    }
}
