//! The log by day: a bar for each of the last days, and the same as a table.

use std::cell::RefCell;

use web_sys::Element;

use crate::browser::dom::{JsResult, id, show, window};
use crate::browser::part::{Part, part, say_in};
use crate::browser::words::say;
use crate::log::{DayCounts, DayTally};
use crate::view::log as words;

pub(super) struct DayPicture {
    drawn: RefCell<Option<DayCounts>>,
}

impl DayPicture {
    pub(super) const fn new() -> Self {
        Self { drawn: RefCell::new(None) }
    }

    /// Shows it; nothing where there is nothing to be seen.
    pub(super) fn draw(&self, counts: DayCounts) -> JsResult {
        if self.drawn.borrow().as_ref() == Some(&counts) {
            return Ok(());
        }
        let days = counts.days();
        let most = days.iter().map(all).max().unwrap_or_default();
        show(id!("by-day"), most > 0)?;
        say_in(id!("days-about"), &words::picture(days))?;
        Part::with_id(id!("days"))?.fill(days.iter().map(|tally| draw_day(tally, most)))?;
        let rows = days.iter().rev().filter(|tally| all(tally) > 0);
        Part::with_id(id!("day-rows"))?.fill(rows.map(draw_row))?;
        self.drawn.replace(Some(counts));
        Ok(())
    }
}

const fn all(tally: &DayTally) -> u64 {
    tally.blocked + tally.flagged
}

/// What was let through stands on what was blocked. A bar is a hundred high, and one that is there can be seen.
fn draw_day(tally: &DayTally, most: u64) -> JsResult<Part> {
    let element = Part::copy(id!("day-template"))?;
    element.root().set_attribute("title", &say(&words::bar(tally)))?;
    let height = |count: u64| if count == 0 { 0 } else { (count * 100 / most.max(1)).max(LEAST) };
    let (blocked, flagged) = (height(tally.blocked), height(tally.flagged));
    let place = |name, height: u64, below: u64| -> JsResult {
        let bar: Element = element.get(name)?;
        bar.set_attribute("height", &height.to_string())?;
        Ok(bar.set_attribute("y", &(100 + LEAST).saturating_sub(height + below).to_string())?)
    };
    place(part!("day-blocked"), blocked, 0)?;
    place(part!("day-flagged"), flagged, blocked)?;
    Ok(element)
}

fn draw_row(tally: &DayTally) -> JsResult<Part> {
    let element = Part::copy(id!("day-row-template"))?;
    element.say(part!("date"), &words::date(tally.day))?;
    element.say(part!("blocked"), &words::number(tally.blocked))?;
    element.say(part!("flagged"), &words::number(tally.flagged))?;
    Ok(element)
}

/// For how many days there is room.
pub(super) fn days_by_width() -> JsResult<u64> {
    /// CSS pixels of a window in which a bar for each of ninety days is wide enough to be pointed at.
    const WIDE: f64 = 640.0;
    let is_wide = window()?.inner_width()?.as_f64().is_some_and(|width| width >= WIDE);
    Ok(if is_wide { 90 } else { 30 })
}

const LEAST: u64 = 4;
