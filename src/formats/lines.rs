//! Where in a text a part of it stands. Readers borrow from the text, so a part says by its address where it is.

/// A text, and how many lines end before each block of it.
pub(super) struct Lines<'a> {
    text: &'a str,
    before: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let ends = text.as_bytes().chunks(BLOCK).scan(0_usize, |ends, block| {
            let before = *ends;
            *ends = ends.saturating_add(ends_in(block));
            Some(before)
        });
        Self { text, before: ends.collect() }
    }

    /// The line on which a part begins, from 1; none for what is no part of the text.
    pub(super) fn line(&self, part: &str) -> Option<usize> {
        self.offset(part).map(|offset| self.line_at(offset))
    }

    /// Line and column at which a part begins, each from 1.
    pub(super) fn place(&self, part: &str) -> Option<(usize, usize)> {
        let offset = self.offset(part)?;
        let line = self.text.get(..offset)?.rsplit('\n').next()?;
        Some((self.line_at(offset), line.chars().count().saturating_add(1)))
    }

    fn line_at(&self, offset: usize) -> usize {
        let block = offset / BLOCK;
        let whole = self.before.get(block).or(self.before.last()).copied().unwrap_or_default();
        let rest = self.text.as_bytes().get(block.saturating_mul(BLOCK)..offset).unwrap_or_default();
        whole.saturating_add(ends_in(rest)).saturating_add(1)
    }

    fn offset(&self, part: &str) -> Option<usize> {
        offset_in(self.text, part)
    }
}

/// How many bytes stand in front of a part of a text; none for what is no part of it.
pub(super) fn offset_in(text: &str, part: &str) -> Option<usize> {
    let offset = part.as_ptr().addr().checked_sub(text.as_ptr().addr())?;
    (offset <= text.len()).then_some(offset)
}

fn ends_in(bytes: &[u8]) -> usize {
    bytes.split(|byte| *byte == b'\n').skip(1).count()
}

/// So many bytes are counted again for each line that is asked for.
const BLOCK: usize = 4 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_says_where_it_stands() {
        let text = format!("a\r\nbé c\n{}\nend", "x\n".repeat(5_000));
        let lines = Lines::of(&text);
        for (part, expected) in [("a", (1, 1)), ("b", (2, 1)), ("c", (2, 4)), ("x", (3, 1)), ("end", (5_004, 1))] {
            let start = text.find(part).unwrap();
            assert_eq!(lines.place(&text[start..]), Some(expected), "{part}");
            assert_eq!(lines.line(&text[start..]), Some(expected.0), "{part}");
        }
        assert_eq!(lines.place(&text[text.len()..]), Some((5_004, 4)));
        assert_eq!(lines.line(""), None);
        assert_eq!(lines.line(&text.clone()), None);
    }
}
