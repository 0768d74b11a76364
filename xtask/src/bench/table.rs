//! Tables in Markdown, laid out so that they can be read on a terminal as well.

use std::borrow::Cow;

use super::variant::{AGAINST, SOCKPIN};

/// A count as a person reads it.
pub(crate) fn thousands(count: usize) -> String {
    let digits = count.to_string();
    let first = digits.len() % 3;
    let (first, rest) = digits.split_at(first);
    let groups = rest.as_bytes().chunks(3).map(String::from_utf8_lossy);
    let groups = [first.into()].into_iter().filter(|group: &Cow<'_, str>| !group.is_empty()).chain(groups);
    groups.collect::<Vec<_>>().join(",")
}

/// A line of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) cells: Vec<String>,
}

/// One row of the bench, measured.
#[derive(Debug)]
pub(crate) struct Section {
    pub(crate) title: &'static str,
    /// What was done to get the numbers.
    pub(crate) about: String,
    pub(crate) variants: Vec<&'static str>,
    pub(crate) lines: Vec<Line>,
    pub(crate) goals: Vec<Line>,
}

impl Section {
    /// As Markdown.
    pub(crate) fn markdown(&self) -> String {
        let mut text = format!("## {}\n\n{}\n\n", self.title, self.about);
        text += &table("", &[&self.variants[..], &["Sockpin over other build"]].concat(), &self.lines);
        if !self.goals.is_empty() {
            text += "\n";
            text += &table("goal", &["at most", SOCKPIN, AGAINST], &self.goals);
        }
        text
    }
}

fn table(first: &str, columns: &[&str], lines: &[Line]) -> String {
    let head = Line { name: first.to_owned(), cells: columns.iter().map(|&column| column.to_owned()).collect() };
    let rows: Vec<Vec<&str>> = std::iter::once(&head)
        .chain(lines)
        .map(|line| std::iter::once(&line.name).chain(&line.cells).map(String::as_str).collect())
        .collect();
    // A column of which nothing is known says nothing.
    let kept: Vec<usize> = (0..=columns.len())
        .filter(|&column| {
            column == 0 || rows.iter().skip(1).any(|row| row.get(column).is_some_and(|cell| *cell != "–"))
        })
        .collect();
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let draw = |row: &Vec<&str>| {
        let cells = kept.iter().map(|&column| {
            let cell = row.get(column).copied().unwrap_or_default();
            format!(" {cell:<0$} |", width(column).unwrap_or_default())
        });
        format!("|{}\n", cells.collect::<String>())
    };
    let rule = kept.iter().map(|&column| format!("{}|", "-".repeat(width(column).unwrap_or_default() + 2)));
    let rule = format!("|{}\n", rule.collect::<String>());
    let mut drawn = rows.iter().map(draw);
    let head = drawn.next().unwrap_or_default();
    [head, rule, drawn.collect()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_markdown_and_leaves_out_empty_columns() {
        let line = |name: &str, cells: &[&str]| Line {
            name: name.to_owned(),
            cells: cells.iter().map(|&cell| cell.to_owned()).collect(),
        };
        let drawn = table("goal", &["a", "b"], &[line("long name", &["–", "1"]), line("x", &["–", "–"])]);
        assert_eq!(drawn, "| goal      | b |\n|-----------|---|\n| long name | 1 |\n| x         | – |\n");
    }

    #[test]
    fn a_count_has_a_comma_before_every_three_digits() {
        let table = [(0, "0"), (999, "999"), (1_000, "1,000"), (10_000, "10,000"), (1_234_567, "1,234,567")];
        for (count, shown) in table {
            assert_eq!(thousands(count), shown);
        }
    }
}
