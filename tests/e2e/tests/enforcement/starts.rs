//! The start of the browser.

use anyhow::{Result, ensure};
use sockpin_e2e::connecting::{ConnectingPages, Plan};
use sockpin_e2e::demo::PINNED;
use sockpin_e2e::world::{Installation, World};

use crate::matrix::{Group, PREFLIGHTS, Stage, Tally, scenarios, wrong_pin};

/// Beside the other half of the same group: these starts take as long as all of that.
pub(crate) const GROUP: Group = Group {
    name: "Life cycle",
    scenarios: scenarios!["20 browser starts with a home page that connects at once" => home_page],
};

const STARTS: usize = 20;

async fn home_page(_: &mut Stage) -> Result<Tally> {
    let mut world = World::start(Installation::ForGood).await?;
    let pages = ConnectingPages::start().await?;
    world.firefox.set_home_page(&pages.page(Plan::once(world.demo.servers.url("attacker")?)));
    let mut tally = Tally::default();
    world.firefox.restart().await?;
    ensure!(pages.reported(1).await?[0].seen.delivered(), "without a rule: {:?}", pages.reports());
    tally.control = world.demo.servers.attacker.settled_traffic().await?.frames;

    let before = world.demo.servers.attacker.settled_traffic().await?.all_frames();
    let mut rule = None;
    for preflight in PREFLIGHTS {
        if let Some(old) = rule {
            world.firefox.delete_rule(&old).await?;
        }
        rule = Some(world.firefox.save_rule(wrong_pin(&world, PINNED, preflight)).await?);
        for _ in 0..STARTS / PREFLIGHTS.len() {
            let known = pages.reports().len();
            world.firefox.restart().await?;
            tally.saw(&pages.reported(known + 1).await?[known].seen);
        }
    }
    tally.leaked = world.demo.servers.attacker.settled_traffic().await?.all_frames() - before;
    let log = world.firefox.violations().await?;
    ensure!(log.len() == tally.tried, "{} entries in the log of {} starts", log.len(), tally.tried);
    world.firefox.quit().await?;
    Ok(tally)
}
