//! The lines of the log as the log page knows them: the newest at once, the others piece by piece, and then what has changed.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use wasm_bindgen::JsValue;

use super::log_reader::{LogReader, Piece};
use crate::browser::dom::JsResult;
use crate::browser::promise;
use crate::browser::words::say;
use crate::certificate::Certificate;
use crate::error::Error;
use crate::limits::LOG_ENTRIES_READ_AT_ONCE;
use crate::log::{AllDropped, Day, DayCounts, Line, ReadUntil, is_unread};
use crate::query::log_query::{LogOrder, LogQuery, Logged};
use crate::time::UnixMillis;
use crate::view::violation as words;
use crate::violation::ChainDigest;

pub(super) struct LogLines {
    reader: Rc<LogReader>,
    rows: RefCell<HashMap<Name, Row>>,
    /// What the certificates of each chain are called, once somebody has searched for words.
    subjects: RefCell<HashMap<ChainDigest, String>>,
    /// Whether there may be chains that have not been read.
    has_unread_chains: Cell<bool>,
    unreadable: Cell<usize>,
    dropped: Cell<AllDropped>,
    /// Until when somebody had looked at the log before this page was opened: what is new stays marked for as long as the page
    /// is there.
    read_until: Cell<ReadUntil>,
    /// Whether the newest have been read.
    has_begun: Cell<bool>,
    /// Before which entries have not been read yet; none once all have been.
    rest: Cell<Option<UnixMillis>>,
}

/// Whether it is a pause, and its id.
type Name = (bool, u64);

struct Row {
    line: Rc<Line>,
    day: Day,
    said: String,
}

/// A line that was found.
#[derive(Clone)]
pub(super) struct Found {
    pub(super) line: Rc<Line>,
    pub(super) is_unread: bool,
}

impl LogLines {
    pub(super) fn new(reader: Rc<LogReader>) -> Self {
        Self {
            reader,
            rows: RefCell::default(),
            subjects: RefCell::default(),
            has_unread_chains: Cell::new(true),
            unreadable: Cell::new(0),
            dropped: Cell::default(),
            read_until: Cell::default(),
            has_begun: Cell::new(false),
            rest: Cell::new(None),
        }
    }

    /// Reads what is in sight when the page is opened.
    pub(super) async fn read_first(&self) -> Result<(), Error> {
        const FIRST: u32 = 30;
        let (overview, piece) = self.reader.first(FIRST).await?;
        self.read_until.set(overview.read_until);
        self.dropped.set(overview.dropped);
        self.put_piece(piece);
        for pause in self.reader.pauses().await? {
            self.put(Line::Pause(pause));
        }
        self.has_begun.set(true);
        Ok(())
    }

    /// Reads all that is left, and calls this after each piece.
    pub(super) async fn read_rest(&self, then: impl Fn() -> JsResult) -> JsResult<Result<(), Error>> {
        if !self.has_begun.get()
            && let Err(error) = self.read_first().await
        {
            return Ok(Err(error));
        }
        while let Some(before) = self.rest.get() {
            promise::after(0).await;
            match self.reader.piece(Some(before), LOG_ENTRIES_READ_AT_ONCE).await {
                Ok(piece) => self.put_piece(piece),
                Err(error) => return Ok(Err(error)),
            }
            then()?;
        }
        Ok(Ok(()))
    }

    fn put_piece(&self, piece: Piece) {
        self.unreadable.set(self.unreadable.get() + piece.unreadable);
        for entry in piece.entries {
            self.put(Line::Violation(Box::new(entry)));
        }
        self.rest.set(piece.next);
    }

    /// Reads what has been written since, once all has been read.
    pub(super) async fn read_new(&self) -> Result<(), Error> {
        let overview = self.reader.overview().await?;
        self.dropped.set(overview.dropped);
        for entry in self.reader.since(self.newest()).await? {
            self.put(Line::Violation(Box::new(entry)));
        }
        let pauses = self.reader.pauses().await?;
        self.rows.borrow_mut().retain(|(is_pause, _), _| !is_pause);
        for pause in pauses {
            self.put(Line::Pause(pause));
        }
        let known = self.rows.borrow().keys().filter(|(is_pause, _)| !is_pause).count() + self.unreadable.get();
        // Private ones that have gone may be as many as others that have come, and must not stay in sight.
        let has_private = self.rows.borrow().values().any(|row| row.line.is_private());
        if has_private || u64::try_from(known) != Ok(overview.entries) {
            let ids = self.reader.ids().await?;
            self.rows.borrow_mut().retain(|(is_pause, id), _| *is_pause || ids.contains(id));
            let left = self.rows.borrow().keys().filter(|(is_pause, _)| !is_pause).count();
            self.unreadable.set(ids.len().saturating_sub(left));
        }
        Ok(())
    }

    /// Reads what the certificates of chains are called that have come since this was done last. Whether there were any.
    pub(super) async fn read_subjects(&self) -> Result<bool, Error> {
        if !self.has_unread_chains.replace(false) {
            return Ok(false);
        }
        for (digest, certificates) in self.reader.private_chains().await? {
            self.subjects.borrow_mut().entry(digest).or_insert_with(|| subjects(&certificates));
        }
        let mut last = None;
        loop {
            let chains = self.reader.chains_after(last.as_ref()).await?;
            let Some((digest, _)) = chains.last() else {
                return Ok(true);
            };
            last = Some(digest.clone());
            for (digest, certificates) in chains {
                self.subjects.borrow_mut().entry(digest).or_insert_with(|| subjects(&certificates));
            }
            promise::after(0).await;
        }
    }

    fn put(&self, line: Line) {
        let (name, said) = match &line {
            Line::Violation(entry) => {
                let digest = entry.violation.chain_digest.as_ref();
                if digest.is_some_and(|digest| !self.subjects.borrow().contains_key(digest)) {
                    self.has_unread_chains.set(true);
                }
                let mut said = say(&words::reason(&entry.violation));
                if entry.is_private() {
                    said = format!("{said} {}", say(&words::private()));
                }
                ((false, entry.id), said)
            }
            Line::Pause(pause) => ((true, pause.id.unwrap_or_default()), say(&words::pause(pause.pause))),
        };
        let day = local_day(line.time());
        self.rows.borrow_mut().insert(name, Row { line: Rc::new(line), day, said });
    }

    /// The time of the newest entry that is stored, and of the newest of a private window; 0 where there is none.
    pub(super) fn newest(&self) -> [UnixMillis; 2] {
        [false, true].map(|is_private| {
            let rows = self.rows.borrow();
            let entries = rows.iter().filter(|((is_pause, _), row)| !is_pause && row.line.is_private() == is_private);
            entries.map(|(_, row)| row.line.time()).max().unwrap_or_default()
        })
    }

    /// What is looked for, in this order.
    pub(super) fn find(&self, query: &LogQuery, order: LogOrder) -> Vec<Found> {
        let (rows, subjects) = (self.rows.borrow(), self.subjects.borrow());
        let look = |row: &Row| {
            let is_unread = is_unread(&row.line, self.read_until.get());
            let digest = match row.line.as_ref() {
                Line::Violation(entry) => entry.violation.chain_digest.as_ref(),
                Line::Pause(_) => None,
            };
            let subjects = digest.and_then(|digest| subjects.get(digest)).map_or("", String::as_str);
            let logged = Logged { line: &row.line, day: row.day, is_unread, said: &row.said, subjects };
            query.finds(logged).then(|| Found { line: Rc::clone(&row.line), is_unread })
        };
        let mut found: Vec<_> = rows.values().filter_map(look).collect();
        found.sort_by_cached_key(|found| order.place(&found.line));
        found
    }

    /// How many entries there were on each of the last days.
    pub(super) fn by_day(&self, today: Day, days: u64) -> DayCounts {
        let mut counts = DayCounts::until(today, days);
        for row in self.rows.borrow().values() {
            if let Line::Violation(entry) = row.line.as_ref() {
                counts.count(row.day, entry.violation.outcome);
            }
        }
        counts
    }

    /// How many lines have been read.
    pub(super) fn len(&self) -> usize {
        self.rows.borrow().len()
    }

    pub(super) fn is_whole(&self) -> bool {
        self.has_begun.get() && self.rest.get().is_none()
    }

    pub(super) fn unreadable(&self) -> usize {
        self.unreadable.get()
    }

    pub(super) fn dropped(&self) -> AllDropped {
        self.dropped.get()
    }
}

/// The day of a point in time where the browser is.
pub(super) fn local_day(time: UnixMillis) -> Day {
    #[expect(clippy::cast_precision_loss, clippy::as_conversions, reason = "times are far below 2⁵³")]
    let date = js_sys::Date::new(&JsValue::from_f64(time.as_millis() as f64));
    #[expect(clippy::cast_possible_truncation, clippy::as_conversions, reason = "at most a day of minutes, or NaN")]
    let behind = date.get_timezone_offset() as i64;
    Day::at(time, behind)
}

fn subjects(certificates: &[Vec<u8>]) -> String {
    let subject = |der: &Vec<u8>| Certificate::from_der(der).ok()?.describe().subject;
    certificates.iter().filter_map(subject).collect::<Vec<_>>().join("\n")
}
