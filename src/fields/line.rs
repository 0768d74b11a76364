//! A line of text as it is stored, field by field.

/// What has not been read yet of a line; none where all has.
pub(crate) struct Line<'a> {
    rest: Option<&'a str>,
    between: char,
}

impl<'a> Line<'a> {
    /// With this character between its fields.
    pub(crate) const fn new(line: &'a str, between: char) -> Self {
        Self { rest: Some(line), between }
    }

    pub(crate) fn text(&mut self) -> Option<&'a str> {
        let rest = self.rest.take()?;
        let Some((field, rest)) = rest.split_once(self.between) else {
            return Some(rest);
        };
        self.rest = Some(rest);
        Some(field)
    }

    /// None as well where it is none of this type.
    pub(crate) fn number<T: TryFrom<u64>>(&mut self) -> Option<T> {
        T::try_from(self.whole()?).ok()
    }

    /// What stands between spaces.
    pub(crate) fn list(&mut self) -> Option<Vec<String>> {
        Some(self.text()?.split_whitespace().map(str::to_owned).collect())
    }

    fn whole(&mut self) -> Option<u64> {
        self.text()?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_field_after_the_other_is_read() {
        let mut line = Line::new("a.test\t443\t\t7\tx  y\t65536\t-1\tlast", '\t');
        assert_eq!(line.text(), Some("a.test"));
        assert_eq!(line.number(), Some(443_u16));
        assert_eq!(line.text(), Some(""));
        assert_eq!(line.time(), Some(crate::time::UnixMillis::new(7)));
        assert_eq!(line.list(), Some(vec!["x".to_owned(), "y".to_owned()]));
        assert_eq!(line.number::<u16>(), None);
        assert_eq!(line.number::<u64>(), None);
        assert_eq!([line.text(), line.text()], [Some("last"), None]);
        assert_eq!(Line::new("", ' ').text(), Some(""));
    }
}
