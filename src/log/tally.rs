//! How often equal violations happened, when, and from which pages.

use serde::{Deserialize, Serialize};

use crate::fields::{Json, Read};
use crate::limits::MAX_PAGES_PER_ENTRY;
use crate::time::UnixMillis;
use crate::violation::Violation;

/// What differs between the sockets of one entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tally {
    /// How many sockets; never 0.
    pub count: u64,
    /// When the first of them was stopped or flagged.
    pub first: UnixMillis,
    /// When the last of them was.
    pub last: UnixMillis,
    /// When the last but one of them was, where that is still known.
    pub before_last: Option<UnixMillis>,
    /// The pages that have opened them, first come first; at most [`MAX_PAGES_PER_ENTRY`].
    pub pages: Vec<OpenedBy>,
    /// How many sockets further pages have opened.
    pub elsewhere: u64,
}

/// A page, and how many sockets of an entry it has opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenedBy {
    /// Its origin; none where the browser does not report it.
    pub page: Option<String>,
    /// How many; never 0.
    pub count: u64,
}

impl Read<'_> for Tally {
    fn read(json: Json<'_>) -> Result<Self, serde_json::Error> {
        let mut fields = json.object()?;
        Ok(Self {
            count: fields.part("count")?,
            first: fields.part("first")?,
            last: fields.part("last")?,
            before_last: fields.part_or_default("beforeLast")?,
            pages: fields.part("pages")?,
            elsewhere: fields.part("elsewhere")?,
        })
    }
}

impl Read<'_> for OpenedBy {
    fn read(json: Json<'_>) -> Result<Self, serde_json::Error> {
        let mut fields = json.object()?;
        Ok(Self { page: fields.part_or_default("page")?, count: fields.part("count")? })
    }
}

/// Whose share of the log an entry is part of: of a full log, the largest share loses one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share<'a> {
    /// The share of the page with this origin, which has opened all of its sockets.
    Page(&'a str),
    /// The share of pages that the browser does not report.
    Unreported,
    /// More than one page has opened its sockets, the first of them the page with this origin. A share for each, so that two pages
    /// of one site cannot displace what others have opened by opening the same, and much more, together.
    Several(Option<&'a str>),
}

impl Share<'_> {
    /// As it is stored: an origin, or words that cannot be one.
    #[must_use]
    pub fn to_text(self) -> String {
        match self {
            Self::Page(origin) => origin.to_owned(),
            Self::Unreported => "untold".to_owned(),
            Self::Several(first) => format!("several {}", first.unwrap_or_default()),
        }
    }
}

impl Tally {
    /// The tally of one socket.
    #[must_use]
    pub fn of(violation: &Violation) -> Self {
        Self {
            count: 1,
            first: violation.time,
            last: violation.time,
            before_last: None,
            pages: vec![OpenedBy { page: violation.page.clone(), count: 1 }],
            elsewhere: 0,
        }
    }

    /// Counts one socket more. Times need not be in order: a clock may have been set back.
    pub fn add(&mut self, violation: &Violation) {
        let time = violation.time;
        self.count = self.count.saturating_add(1);
        self.first = self.first.min(time);
        self.before_last = Some(self.last.min(time).max(self.before_last.unwrap_or(self.first)));
        self.last = self.last.max(time);
        let is_full = self.pages.len() >= MAX_PAGES_PER_ENTRY;
        match self.pages.iter_mut().find(|opened| opened.page == violation.page) {
            Some(opened) => opened.count = opened.count.saturating_add(1),
            None if !is_full => {
                self.pages.push(OpenedBy { page: violation.page.clone(), count: 1 });
            }
            None => self.elsewhere = self.elsewhere.saturating_add(1),
        }
    }

    /// Counts one socket less, which has become part of another entry. Says whether any is left.
    #[must_use]
    pub fn subtract(&mut self, violation: &Violation) -> bool {
        self.count = self.count.saturating_sub(1);
        if self.last == violation.time {
            self.last = self.before_last.take().unwrap_or(self.first);
        }
        match self.pages.iter_mut().find(|opened| opened.page == violation.page) {
            Some(opened) => opened.count = opened.count.saturating_sub(1),
            None => self.elsewhere = self.elsewhere.saturating_sub(1),
        }
        self.pages.retain(|opened| opened.count > 0);
        self.count > 0
    }

    /// Whose share the entry is part of.
    #[must_use]
    pub fn share(&self) -> Share<'_> {
        match self.pages.as_slice() {
            [OpenedBy { page: Some(origin), .. }] if self.elsewhere == 0 => Share::Page(origin),
            [OpenedBy { page: None, .. }] if self.elsewhere == 0 => Share::Unreported,
            pages => Share::Several(pages.first().and_then(|first| first.page.as_deref())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Reason;

    fn socket(time: u64, page: Option<&str>) -> Violation {
        Violation::unjudged(Reason::Deadline, UnixMillis::new(time), None, page.map(str::to_owned))
    }

    /// When, and by which page.
    type Socket = (u64, Option<&'static str>);

    fn tally(sockets: &[Socket]) -> Tally {
        let mut sockets = sockets.iter().map(|(time, page)| socket(*time, *page));
        let mut tally = Tally::of(&sockets.next().unwrap());
        sockets.for_each(|socket| tally.add(&socket));
        tally
    }

    const A: Option<&str> = Some("https://a.example");
    const B: Option<&str> = Some("https://b.example");

    #[test]
    fn times_are_the_first_and_the_last_whatever_the_order() {
        for (sockets, expected) in [
            (&[(5, A)][..], (1, 5, 5)),
            (&[(5, A), (7, A), (9, B)], (3, 5, 9)),
            (&[(5, A), (9, A), (7, A)], (3, 5, 9)),
            (&[(5, A), (3, A)], (2, 3, 5)),
        ] {
            let tally = tally(sockets);
            assert_eq!((tally.count, tally.first.as_millis(), tally.last.as_millis()), expected, "{sockets:?}");
        }
    }

    #[test]
    fn pages_are_named_up_to_a_bound_and_counted_past_it() {
        let mut tally = tally(&[(0, A), (1, None), (2, A)]);
        let pages: Vec<_> = tally.pages.iter().map(|opened| (opened.page.as_deref(), opened.count)).collect();
        assert_eq!((pages, tally.elsewhere), (vec![(A, 2), (None, 1)], 0));
        for number in 0..100_000 {
            tally.add(&socket(number, Some(&format!("https://{number}.example"))));
        }
        tally.add(&socket(9, A));
        assert_eq!((tally.pages.len(), tally.pages[0].count), (MAX_PAGES_PER_ENTRY, 3));
        let named: u64 = tally.pages.iter().map(|opened| opened.count).sum();
        assert_eq!((tally.count, named + tally.elsewhere), (100_004, 100_004), "each socket counts once");
    }

    #[test]
    fn a_socket_that_is_taken_off_leaves_what_was_before() {
        let cases: [(&[Socket], Socket, Option<Tally>); 5] = [
            (&[(5, A)], (5, A), None),
            (&[(5, A), (7, B)], (7, B), Some(tally(&[(5, A)]))),
            (&[(5, A), (6, A), (7, A)], (7, A), Some(Tally { before_last: None, ..tally(&[(5, A), (6, A)]) })),
            // Another one has come since.
            (
                &[(5, A), (6, B), (7, A)],
                (6, B),
                Some(Tally { before_last: Some(UnixMillis::new(6)), ..tally(&[(5, A), (7, A)]) }),
            ),
            // One that is not named there.
            (&[(5, A), (6, A)], (5, B), Some(Tally { count: 1, ..tally(&[(5, A), (6, A)]) })),
        ];
        for (sockets, (time, page), expected) in cases {
            let mut left = tally(sockets);
            let any = left.subtract(&socket(time, page));
            assert_eq!(any.then_some(left), expected, "{sockets:?} without {time}");
        }
    }

    #[test]
    fn an_entry_is_taken_from_the_page_that_has_opened_all_of_it() {
        for (sockets, share) in [
            (&[(0, A), (1, A)][..], "https://a.example"),
            (&[(0, None), (1, None)], "untold"),
            (&[(0, A), (1, B)], "several https://a.example"),
            (&[(0, B), (1, A), (2, None)], "several https://b.example"),
            (&[(0, None), (1, A)], "several "),
        ] {
            assert_eq!(tally(sockets).share().to_text(), share, "{sockets:?}");
        }
        let beyond = Tally { elsewhere: 1, ..tally(&[(0, A)]) };
        assert_eq!(beyond.share(), Share::Several(A));
    }
}
