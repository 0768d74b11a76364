//! The whole browser killed.

use std::collections::BTreeSet;

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
const ANSWERED: usize = 25;

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
        let plan = Plan { at_once: 10, ..Plan::steadily(url(&format!("k{kill}n{{n}}"), &crowd.wrong)) };
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
        let logged: BTreeSet<_> = log.entries.iter().filter_map(|entry| entry["host"].as_str()).collect();
        let host = |number| format!("k{kill}n{number}.crowd.sockpin.test");
        let lost: Vec<_> =
            reports.iter().map(|report| host(report.number)).filter(|host| !logged.contains(host.as_str())).collect();
        ensure!(lost.is_empty(), "of {} answered violations the log has lost {lost:?}", reports.len());
        let after: Vec<Value> = crowd.world.firefox.rules().await?;
        ensure!(after == rules, "the policy was {rules:?} and is {after:?}");
    }
    tally.leaked = crowd.frames().await? - frames;
    crowd.control_with_rule(&mut tally).await?;
    crowd.world.firefox.quit().await?;
    Ok(tally)
}
