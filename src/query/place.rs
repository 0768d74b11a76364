//! A place in an order.

/// Where something stands among others of its kind: the lower, the further to the front. What it is found by is put in one after
/// the other, the most important first. One type for all orders: sorting is code that every type gets anew.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(Vec<u8>);

impl Place {
    /// Small ones first.
    #[must_use]
    pub fn number(mut self, number: u64) -> Self {
        self.0.extend(number.to_be_bytes());
        self
    }

    /// Large ones first.
    #[must_use]
    pub fn reverse(self, number: u64) -> Self {
        self.number(u64::MAX - number)
    }

    /// By its bytes; one that is the beginning of another goes before it.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        self.0.extend(text.as_bytes());
        self.0.push(0);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_decides() {
        let place = Place::default;
        let in_order = [
            place().number(1).text("a").reverse(256),
            place().number(1).text("a").reverse(255),
            place().number(1).text("a.test").reverse(u64::MAX),
            place().number(1).text("a.test").reverse(0),
            place().number(1).text("b"),
            place().number(256).text(""),
            place().number(u64::MAX),
        ];
        assert!(in_order.is_sorted_by(|one, next| one < next), "{in_order:?}");
    }
}
