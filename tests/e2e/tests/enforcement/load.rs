//! More sockets than one after the other: what is asked at the same time must not get in each other's way.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;
use sockpin_e2e::connecting::{Begin, Plan};

use crate::crowd::{Crowd, url};
use crate::matrix::{Group, PREFLIGHTS, Stage, Tally, scenarios};

/// One third of this group of the table, for a browser of its own: see [`crate::starts`] and [`crate::life`].
pub(crate) const GROUP: Group = Group {
    name: "Life cycle",
    scenarios: scenarios![
        "a rule added while sockets are being opened, 20 times" => rule_added,
        "1,000 sockets at once from 20 tabs" => a_thousand,
        "a page that reconnects as fast as it can for 30 s" => reconnecting,
    ],
};

const RULES: usize = 20;
/// How many sockets at a time meet each rule.
const LINES: usize = 4;

/// Sockets that are made after the answer carry another word than those before.
async fn rule_added(_: &mut Stage) -> Result<Tally> {
    let crowd = Crowd::start([]).await?;
    let firefox = &crowd.world.firefox;
    let plan = Plan { at_once: LINES, ..Plan::steadily(url("l{line}", &crowd.wrong)) };
    firefox.open(&crowd.pages.page(plan)).await?;
    let set_phase =
        async |phase: String| firefox.run("window.phase = arguments[0]", vec![json!(phase)]).await.map(drop);
    let mut tally = Tally::default();
    for round in 0..RULES {
        set_phase(format!("before {round}")).await?;
        crowd.more(8).await?;
        let rule = firefox.save_rule(crowd.rule(PREFLIGHTS[round % PREFLIGHTS.len()])).await?;
        set_phase(format!("after {round}")).await?;
        crowd.more(12).await?;
        let between = format!("between {round}");
        set_phase(between.clone()).await?;
        // No socket of before is left that the end of the rule would let through.
        crowd.pages.of_each_line(LINES, 1, 0, |report| report.phase == between).await?;
        firefox.delete_rule(&rule).await?;
    }
    crowd.leave().await?;
    for report in crowd.pages.reports().iter().filter(|report| report.phase.starts_with("after")) {
        tally.saw(&report.seen);
    }
    let payloads = crowd.wrong.settled_traffic().await?.payloads;
    tally.leaked = payloads.iter().filter(|payload| payload.contains(" after ")).count();
    tally.control = payloads.iter().filter(|payload| payload.contains(" before ")).count();
    crowd.world.firefox.quit().await?;
    Ok(tally)
}

/// A tab more has sockets that are to be let go.
async fn a_thousand(_: &mut Stage) -> Result<Tally> {
    const TABS: usize = 20;
    const SOCKETS: usize = 1_000;
    let crowd = Crowd::start([]).await?;
    let firefox = &crowd.world.firefox;
    let mut tally = Tally::default();
    crowd.control_without_rule(&mut tally).await?;
    firefox.save_rule(crowd.rule("off")).await?;
    let frames = crowd.frames().await?;
    let each = SOCKETS / TABS;
    let page = |server| {
        let count = u64::try_from(each).ok();
        let plan = Plan { at_once: each, count, begin: Begin::WhenTold, ..Plan::once(url("l{line}", server)) };
        crowd.pages.page(plan)
    };
    for _ in 0..TABS {
        firefox.open_tab(&page(&crowd.wrong)).await?;
    }
    firefox.open_tab(&page(&crowd.right)).await?;
    firefox.begin().await?;
    for report in crowd.pages.ended(TABS + 1).await?.iter().filter(|report| report.page < TABS) {
        tally.saw(&report.seen);
    }
    tally.leaked = crowd.frames().await? - frames;
    let proceed = crowd.right.settled_traffic().await?.frames;
    ensure!(proceed == each, "of {each} sockets to the right key {proceed} delivered their frame");
    tally.control += proceed;
    let log = firefox.whole_log(1).await?.total;
    ensure!(log == u64::try_from(SOCKETS)?, "{log} entries in the log of {SOCKETS} sockets");
    crowd.world.firefox.quit().await?;
    Ok(tally)
}

async fn reconnecting(_: &mut Stage) -> Result<Tally> {
    const TIME: Duration = Duration::from_secs(30);
    let crowd = Crowd::start([]).await?;
    let firefox = &crowd.world.firefox;
    let mut tally = Tally::default();
    crowd.control_without_rule(&mut tally).await?;
    firefox.save_rule(crowd.rule("prefer")).await?;
    let (known, frames) = (crowd.pages.reports().len(), crowd.frames().await?);
    let for_ms = Some(TIME.as_millis().try_into()?);
    let plan = Plan { for_ms, at_once: 4, ..Plan::steadily(url("storm", &crowd.wrong)) };
    firefox.open(&crowd.pages.page(plan)).await?;
    crowd.pages.ended(1).await?;
    crowd.count(&mut tally, known, frames).await?;
    let log = firefox.whole_log(1).await?.total;
    ensure!(log == u64::try_from(tally.tried)?, "{log} entries in the log of {} sockets", tally.tried);
    crowd.control_with_rule(&mut tally).await?;
    crowd.world.firefox.quit().await?;
    Ok(tally)
}
