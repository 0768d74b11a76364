//! The whole browser killed.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use serde_json::Value;
use sockpin_e2e::connecting::Plan;

use crate::crowd::{Crowd, url};
use crate::matrix::{Group, PREFLIGHTS, Stage, Tally, scenarios};

pub(crate) const GROUP: Group = Group {
    name: "Browser killed",
    scenarios: scenarios!["20 times in a burst of violations: what was answered is in the log" => in_a_burst],
};

const KILLS: usize = 20;
/// Violations that are answered before the browser is killed in the midst of more.
const ANSWERED: usize = 15;

/// Each start has a home page of its own, whose sockets go to hosts of their own: what the page has reported names the
/// entries that have to be there after the next start.
async fn in_a_burst(_: &mut Stage) -> Result<Tally> {
    let mut crowd = Crowd::start([]).await?;
    let mut tally = Tally::default();
    crowd.control_without_rule(&mut tally).await?;
    let frames = crowd.frames().await?;
    for kill in 0..KILLS {
        if kill % (KILLS / PREFLIGHTS.len()) == 0 {
            for rule in crowd.world.firefox.rules().await? {
                crowd.world.firefox.delete_rule(&rule).await?;
            }
            crowd.world.firefox.save_rule(crowd.rule(PREFLIGHTS[kill * PREFLIGHTS.len() / KILLS])).await?;
        }
        let rules = crowd.world.firefox.rules().await?;
        let known = crowd.pages.reports().len();
        let prefix = format!("k{kill}");
        crowd.spread(&prefix).await?;
        let plan = Plan { at_once: 10, ..Plan::steadily(url(&format!("{prefix}l{{line}}"), &crowd.wrong)) };
        crowd.world.firefox.open(&crowd.pages.page(plan)).await?;
        crowd.pages.reported(known + ANSWERED).await?;
        crowd.world.firefox.kill().await?;
        // Nothing runs any more that could report: all of these were answered before the kill.
        let reports = crowd.pages.reports().split_off(known);
        for report in &reports {
            tally.saw(&report.seen);
        }

        crowd.world.firefox.start_again().await?;
        let log = crowd.world.firefox.whole_log(500).await?;
        let logged = count(log.entries.iter().filter_map(|entry| entry["host"].as_str()).map(str::to_owned));
        let reported = count(reports.iter().map(|report| format!("{prefix}l{}.crowd.sockpin.test", report.line)));
        for (host, count) in reported {
            let entries = logged.get(&host).copied().unwrap_or_default();
            ensure!(entries >= count, "{count} violations of {host} were answered, {entries} are in the log");
        }
        let after: Vec<Value> = crowd.world.firefox.rules().await?;
        ensure!(after == rules, "the policy was {rules:?} and is {after:?}");
    }
    tally.leaked = crowd.frames().await? - frames;
    crowd.control_with_rule(&mut tally).await?;
    crowd.world.firefox.quit().await?;
    Ok(tally)
}

fn count(names: impl Iterator<Item = String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    names.for_each(|name| *counts.entry(name).or_default() += 1);
    counts
}
