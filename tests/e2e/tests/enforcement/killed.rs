//! The whole browser killed.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use serde_json::Value;
use sockpin_e2e::connecting::Plan;
use sockpin_e2e::doctored::Doctored;
use sockpin_e2e::firefox::Options;

use crate::crowd::{Crowd, url};
use crate::matrix::{Group, PREFLIGHTS, Stage, Tally, scenarios};

pub(crate) const GROUP: Group = Group {
    name: "Browser killed",
    scenarios: scenarios!["20 times in a burst of violations: what was answered is in the log" => in_a_burst],
};

const KILLS: usize = 20;
/// Violations that are answered before the browser is killed in the midst of more.
const ANSWERED: usize = 15;

async fn in_a_burst(_: &mut Stage) -> Result<Tally> {
    for preflight in PREFLIGHTS {
        ensure!(
            Box::pin(lost_by_a_late_log(preflight)).await? > 0,
            "control: a log that is written too late has lost nothing"
        );
    }
    let mut crowd = Crowd::start([]).await?;
    let mut tally = Tally::default();
    crowd.control_without_rule(&mut tally).await?;
    let frames = crowd.frames().await?;
    for preflight in PREFLIGHTS {
        for rule in crowd.world.firefox.rules().await? {
            crowd.world.firefox.delete_rule(&rule).await?;
        }
        crowd.world.firefox.save_rule(crowd.rule(preflight)).await?;
        for kill in 0..KILLS / PREFLIGHTS.len() {
            let lost = kill_and_look(&mut crowd, &format!("{preflight}{kill}"), &mut tally).await?;
            ensure!(lost.is_empty(), "violations that were answered and are not in the log: {lost:?}");
        }
    }
    tally.leaked = crowd.frames().await? - frames;
    crowd.control_with_rule(&mut tally).await?;
    crowd.world.firefox.quit().await?;
    Ok(tally)
}

/// Answers first, writes later: how many violations are missing after one kill.
async fn lost_by_a_late_log(preflight: &str) -> Result<usize> {
    let late = Doctored::copy()?;
    late.before_background(LATE_LOG)?;
    let mut crowd =
        Crowd::with(Options { install_for_good: Some(late.folder().to_owned()), ..Options::default() }).await?;
    crowd.world.firefox.save_rule(crowd.rule(preflight)).await?;
    let lost = kill_and_look(&mut crowd, "late", &mut Tally::default()).await?;
    crowd.world.firefox.quit().await?;
    Ok(lost.values().sum())
}

/// Whatever is written, for a new entry or for one that counts one more, is written late.
const LATE_LOG: &str = r"
for (const name of ['add', 'put']) {
    const write = IDBObjectStore.prototype[name];
    IDBObjectStore.prototype[name] = function (record) {
        const [store, { db }] = [this.name, this.transaction];
        setTimeout(() => write.call(db.transaction(store, 'readwrite').objectStore(store), record), 5_000);
        return this.count();
    };
}
";

/// Kills the browser in the midst of violations and starts it again: how many were answered and are not in the log, by
/// host. Those of each `prefix` are hosts of their own, so that what the page has reported names its entries.
async fn kill_and_look(crowd: &mut Crowd, prefix: &str, tally: &mut Tally) -> Result<BTreeMap<String, usize>> {
    let rules = crowd.world.firefox.rules().await?;
    let known = crowd.pages.reports().len();
    crowd.spread(prefix).await?;
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
    let after: Vec<Value> = crowd.world.firefox.rules().await?;
    ensure!(after == rules, "the policy was {rules:?} and is {after:?}");
    let log = crowd.world.firefox.whole_log(500).await?;
    let logged = count(log.entries.iter().filter_map(|entry| entry["host"].as_str()).map(str::to_owned));
    let mut lost = count(reports.iter().map(|report| format!("{prefix}l{}.crowd.sockpin.test", report.line)));
    lost.retain(|host, count| {
        *count = count.saturating_sub(logged.get(host).copied().unwrap_or_default());
        *count > 0
    });
    Ok(lost)
}

fn count(names: impl Iterator<Item = String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    names.for_each(|name| *counts.entry(name).or_default() += 1);
    counts
}
