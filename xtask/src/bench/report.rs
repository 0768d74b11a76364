//! What was measured, and what it makes of the goals.

use std::collections::BTreeMap;

use super::statistics::{Estimate, Series};
use super::table::Line;
use super::variant::{AGAINST, SOCKPIN};

/// Everything measured for one row of the bench, by case and variant.
#[derive(Debug, Default)]
pub(crate) struct Measurements {
    cells: BTreeMap<(String, String), Cell>,
}

/// The samples of a turn, or why there are none: then there is no number at all, whatever the other turns gave.
pub(crate) type Turn = Result<Vec<f64>, String>;
type Cell = Result<Series, String>;

impl Measurements {
    /// Adds one turn.
    pub(crate) fn record(&mut self, case: &str, variant: &str, turn: Turn) {
        let cell = self.cells.entry((case.to_owned(), variant.to_owned())).or_insert_with(|| Ok(Series::default()));
        match (cell.as_mut(), turn) {
            (Ok(series), Ok(samples)) => series.push(samples),
            (Ok(_), Err(why)) => *cell = Err(why),
            (Err(_), _) => {}
        }
    }

    /// Whether something could not be measured; then further turns are in vain.
    pub(crate) fn has_failed(&self, case: &str, variant: &str) -> bool {
        self.find(case, variant).is_some_and(Result::is_err)
    }

    /// A line of the table with the medians of a case.
    pub(crate) fn line(&self, case: &str, variants: &[&str], unit: Unit) -> Line {
        self.percentile_line(case, variants, unit, 50)
    }

    /// A line of the table with another percentile of a case.
    pub(crate) fn percentile_line(&self, case: &str, variants: &[&str], unit: Unit, percent: u8) -> Line {
        let cell = |variant: &&str| match self.find(case, variant) {
            None => "–".to_owned(),
            Some(Err(why)) => why.clone(),
            Some(Ok(series)) => series.percentile(percent).map_or_else(|| "–".to_owned(), |found| unit.show(found)),
        };
        let mut cells: Vec<_> = variants.iter().map(cell).collect();
        if percent != 50 {
            return Line { name: format!("{case}, p{percent}"), cells };
        }
        if let (Some(Ok(ours)), Some(Ok(theirs))) = (self.find(case, SOCKPIN), self.find(case, AGAINST)) {
            cells.extend(ours.over(theirs).map(|found| unit.show(found)));
        }
        Line { name: case.to_owned(), cells }
    }

    /// A line of the table with what a variant takes longer than another one, within the same turns.
    pub(crate) fn difference(&self, name: &str, case: &str, variant: &str, other: &str, unit: Unit) -> Line {
        let cell = match (self.find(case, variant), self.find(case, other)) {
            (Some(Ok(ours)), Some(Ok(theirs))) => ours.over(theirs).map(|found| unit.show(found)),
            (Some(Err(why)), _) | (_, Some(Err(why))) => Some(why.clone()),
            (None, _) | (_, None) => None,
        };
        Line { name: name.to_owned(), cells: vec![cell.unwrap_or_else(|| "–".to_owned())] }
    }

    /// What Sockpin, and the other build of it where there is one, make of a goal.
    pub(crate) fn goal(&self, goal: &Goal) -> Line {
        let mut cells = vec![goal.unit.limit(goal.at_most)];
        cells.extend([SOCKPIN, AGAINST].map(|variant| self.verdict(goal, variant)));
        Line { name: goal.text.to_owned(), cells }
    }

    fn verdict(&self, goal: &Goal, variant: &str) -> String {
        let Some(measured) = self.find(&goal.case, variant) else {
            return "–".to_owned();
        };
        let series = match measured {
            Ok(series) => series,
            Err(why) => return format!("**missed**: {why}"),
        };
        match self.compare(goal, variant, series) {
            Ok(found) if found.value <= goal.at_most => format!("{}: met", goal.unit.show(found)),
            Ok(found) => format!("{}: **missed**", goal.unit.show(found)),
            Err(why) => format!("not known: {why}"),
        }
    }

    fn compare(&self, goal: &Goal, variant: &str, series: &Series) -> Result<Estimate, String> {
        let other = |case: &str, variant: &str| match self.find(case, variant) {
            Some(Ok(other)) => Ok(other),
            Some(Err(why)) => Err(format!("{case}: {why}")),
            None => Err(format!("{case} of {variant} was not measured")),
        };
        let compared = match &goal.compared {
            Compared::WithNothing => series.median(),
            Compared::Over(case, variant) => series.over(other(case, variant)?),
            Compared::Times(case) => series.times(other(case, variant)?),
        };
        compared.ok_or_else(|| "there are no samples".to_owned())
    }

    fn find(&self, case: &str, variant: &str) -> Option<&Cell> {
        self.cells.get(&(case.to_owned(), variant.to_owned()))
    }
}

/// What a measured number must not exceed.
#[derive(Debug)]
pub(crate) struct Goal {
    pub(crate) text: &'static str,
    /// What is measured.
    pub(crate) case: String,
    pub(crate) compared: Compared,
    pub(crate) at_most: f64,
    pub(crate) unit: Unit,
}

/// What a measured number is held against before it is held against a goal.
#[derive(Debug)]
pub(crate) enum Compared {
    WithNothing,
    /// Its difference from this case of this variant.
    Over(String, &'static str),
    /// Its relation to this case of the same variant.
    Times(String),
}

/// In what a number is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Microseconds,
    Milliseconds,
    /// Of 1,000,000 bytes.
    Megabytes,
    Kilobytes,
    Times,
}

impl Unit {
    fn show(self, Estimate { value, low, high }: Estimate) -> String {
        let [value, low, high] = [value, low, high].map(digits);
        let name = self.name();
        if low == value && high == value {
            format!("{value}{name}")
        } else {
            format!("{value}{name} ({low} to {high})")
        }
    }

    fn limit(self, number: f64) -> String {
        format!("{number}{}", self.name())
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Microseconds => " µs",
            Self::Milliseconds => " ms",
            Self::Megabytes => " MB",
            Self::Kilobytes => " KB",
            Self::Times => " times",
        }
    }
}

/// As many digits as a person compares.
fn digits(number: f64) -> String {
    match number.abs() {
        small if small < 10.0 => format!("{number:.2}"),
        middle if middle < 100.0 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured() -> Measurements {
        let mut measured = Measurements::default();
        for machine in [0.0, 100.0] {
            measured.record("awake", "nothing", Ok(vec![5.0 + machine]));
            measured.record("awake", SOCKPIN, Ok(vec![5.2 + machine]));
            measured.record("asleep", SOCKPIN, Ok(vec![50.0]));
        }
        measured.record("asleep", AGAINST, Ok(vec![50.0]));
        measured.record("asleep", AGAINST, Err("not finished within 60 s".to_owned()));
        measured.record("asleep", AGAINST, Ok(vec![50.0]));
        measured
    }

    fn goal(case: &str, compared: Compared, at_most: f64) -> Goal {
        Goal { text: "the goal", case: case.to_owned(), compared, at_most, unit: Unit::Milliseconds }
    }

    #[test]
    fn what_could_not_be_measured_once_has_no_number() {
        let measured = measured();
        assert!(measured.has_failed("asleep", AGAINST) && !measured.has_failed("asleep", SOCKPIN));
        let line = measured.line("asleep", &["nothing", SOCKPIN, AGAINST], Unit::Milliseconds);
        assert_eq!(line.cells, ["–", "50.0 ms", "not finished within 60 s"]);
    }

    #[test]
    fn a_goal_is_met_missed_or_could_not_be_tried() {
        let over_nothing = || Compared::Over("awake".to_owned(), "nothing");
        let table = [
            (goal("awake", over_nothing(), 0.3), "0.20 ms: met", "–"),
            (goal("awake", over_nothing(), 0.1), "0.20 ms: **missed**", "–"),
            (goal("asleep", Compared::WithNothing, 60.0), "50.0 ms: met", "**missed**: not finished within 60 s"),
            (
                goal("awake", Compared::Over("gone".to_owned(), "nothing"), 1.0),
                "not known: gone of nothing was not measured",
                "–",
            ),
        ];
        for (goal, sockpin, against) in table {
            let line = measured().goal(&goal);
            assert_eq!(line.cells.get(1..).unwrap(), [sockpin, against], "{goal:?}");
        }
    }

    #[test]
    fn numbers_have_as_many_digits_as_a_person_compares() {
        let table = [(0.123, "0.12"), (9.87, "9.87"), (12.34, "12.3"), (1234.5, "1234"), (-0.5, "-0.50")];
        for (number, shown) in table {
            assert_eq!(digits(number), shown);
        }
    }
}
