//! Medians with their spread, and differences between what was measured in the same turn.

/// What one variant gave in one case: the samples of each of its turns.
///
/// The variants take turns, so that whatever else the machine does meets all of them. A turn is what is compared.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Series {
    turns: Vec<Vec<f64>>,
}

/// A number and how far it can be trusted: the first and the third quartile of what the single turns gave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Estimate {
    pub(crate) value: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Series {
    /// Adds the samples of one turn.
    pub(crate) fn push(&mut self, turn: Vec<f64>) {
        self.turns.push(turn);
    }

    /// The median of all samples.
    pub(crate) fn median(&self) -> Option<Estimate> {
        self.percentile(50)
    }

    /// A percentile of all samples; its spread is that of the same percentile of each turn.
    pub(crate) fn percentile(&self, percent: u8) -> Option<Estimate> {
        let value = percentile(&self.turns.concat(), percent)?;
        let of_turns = self.turns.iter().filter_map(|turn| percentile(turn, percent)).collect::<Vec<_>>();
        spread(&of_turns).map(|spread| Estimate { value, ..spread })
    }

    /// By how much the medians of the turns lie over those of another variant in the same turns.
    pub(crate) fn over(&self, other: &Self) -> Option<Estimate> {
        self.pairs(other, |ours, theirs| ours - theirs)
    }

    /// How many times as large the medians of the turns are as those of another variant in the same turns.
    pub(crate) fn times(&self, other: &Self) -> Option<Estimate> {
        self.pairs(other, |ours, theirs| ours / theirs)
    }

    fn pairs(&self, other: &Self, compare: impl Fn(f64, f64) -> f64) -> Option<Estimate> {
        let pairs = self.turns.iter().zip(&other.turns);
        let compared = pairs.filter_map(|(ours, theirs)| Some(compare(median(ours)?, median(theirs)?)));
        spread(&compared.collect::<Vec<_>>())
    }
}

/// The median of some samples.
pub(crate) fn median(samples: &[f64]) -> Option<f64> {
    percentile(samples, 50)
}

fn spread(values: &[f64]) -> Option<Estimate> {
    let [low, value, high] = [25, 50, 75].map(|percent| percentile(values, percent));
    Some(Estimate { value: value?, low: low?, high: high? })
}

/// Between two samples it is interpolated; of no samples there is none.
fn percentile(samples: &[f64], percent: u8) -> Option<f64> {
    let mut samples = samples.to_vec();
    samples.sort_by(f64::total_cmp);
    let hundredths = samples.len().checked_sub(1)? * usize::from(percent);
    let below = *samples.get(hundredths / 100)?;
    let above = samples.get(hundredths / 100 + 1).copied().unwrap_or(below);
    let part = f64::from(u8::try_from(hundredths % 100).ok()?) / 100.0;
    Some(below + (above - below) * part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(turns: &[&[f64]]) -> Series {
        Series { turns: turns.iter().map(|turn| turn.to_vec()).collect() }
    }

    #[test]
    fn a_percentile_is_a_sample_or_lies_between_two() {
        let table: [(&[f64], u8, Option<f64>); 8] = [
            (&[], 50, None),
            (&[7.0], 50, Some(7.0)),
            (&[7.0], 90, Some(7.0)),
            (&[3.0, 1.0, 2.0], 50, Some(2.0)),
            (&[4.0, 1.0], 50, Some(2.5)),
            (&[1.0, 2.0, 3.0, 4.0, 5.0], 25, Some(2.0)),
            (&[1.0, 2.0, 3.0, 4.0, 5.0], 90, Some(4.6)),
            (&[1.0, 2.0, 3.0, 4.0, 5.0], 100, Some(5.0)),
        ];
        for (samples, percent, expected) in table {
            let found = percentile(samples, percent);
            assert!(
                found.zip(expected).map_or(found == expected, |(found, expected)| (found - expected).abs() < 1e-9),
                "{percent} % of {samples:?}: {found:?}"
            );
        }
    }

    #[test]
    fn the_median_is_of_all_samples_and_its_spread_of_the_turns() {
        let measured = series(&[&[1.0, 1.0, 1.0], &[2.0], &[3.0]]);
        assert_eq!(measured.median(), Some(Estimate { value: 1.0, low: 1.5, high: 2.5 }));
        assert_eq!(Series::default().median(), None);
        assert_eq!(series(&[&[]]).median(), None);
    }

    /// What the machine did meanwhile is in both, and cancels out.
    #[test]
    fn a_difference_is_taken_within_each_turn() {
        let (ours, theirs) = (series(&[&[3.0], &[103.0], &[13.0]]), series(&[&[1.0], &[101.0], &[11.0]]));
        assert_eq!(ours.over(&theirs), Some(Estimate { value: 2.0, low: 2.0, high: 2.0 }));
        // The control: two variants that did not take turns differ by what the machine did.
        let apart = series(&[&[101.0], &[11.0], &[1.0]]);
        let Estimate { value, low, high } = ours.over(&apart).unwrap();
        assert!(high - low > 90.0 && (value - 2.0).abs() > 1.0);
        assert_eq!(ours.over(&Series::default()), None);
    }

    #[test]
    fn a_relation_is_taken_within_each_turn() {
        let (ours, theirs) = (series(&[&[2.0], &[20.0]]), series(&[&[1.0], &[10.0]]));
        assert_eq!(ours.times(&theirs), Some(Estimate { value: 2.0, low: 2.0, high: 2.0 }));
    }
}
