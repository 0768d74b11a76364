//! Who opens the socket.

use anyhow::{Context, Result};
use serde_json::json;
use sockpin_e2e::connecting::{ConnectingPages, Plan};
use sockpin_e2e::demo::PINNED;
use sockpin_e2e::firefox::{Firefox, Options};
use sockpin_e2e::opener::OPENERS;
use sockpin_e2e::socket::Sighting;
use sockpin_e2e::world::{Installation, World};

use crate::matrix::{Expect, Group, PREFLIGHTS, Run, Scenario, Stage, Tally, wrong_key, wrong_pin};

pub(crate) const GROUP: Group = Group {
    name: "Who opens it",
    scenarios: &[
        scenario("a page", |stage| Box::pin(page(stage))),
        scenario("a cross-origin frame", |stage| Box::pin(opener(stage, "a cross-origin frame"))),
        scenario("a sandboxed frame", |stage| Box::pin(opener(stage, "a sandboxed frame"))),
        scenario("an about:blank frame", |stage| Box::pin(opener(stage, "an about:blank frame"))),
        scenario("a data: frame", |stage| Box::pin(opener(stage, "a data: frame"))),
        scenario("a blob: frame", |stage| Box::pin(opener(stage, "a blob: frame"))),
        scenario("a dedicated worker from a blob:", |stage| Box::pin(opener(stage, "a dedicated worker from a blob:"))),
        scenario("a dedicated worker from a data: URL", |stage| {
            Box::pin(opener(stage, "a dedicated worker from a data: URL"))
        }),
        scenario("a shared worker", |stage| Box::pin(opener(stage, "a shared worker"))),
        scenario("a service worker", |stage| Box::pin(opener(stage, "a service worker"))),
        scenario("a top-level about:blank document", |stage| Box::pin(top_level(stage, "about:blank"))),
        scenario("a top-level data: document", |stage| {
            Box::pin(top_level(stage, "data:text/html,<title>data</title>"))
        }),
        scenario("a container tab", |stage| Box::pin(container(stage))),
        scenario("a page restored from the back-forward cache", |stage| Box::pin(back_forward_cache(stage))),
        scenario("a page of a restored session, at browser start", |stage| Box::pin(restored_session(stage))),
        scenario("a private window, Sockpin allowed there", |stage| Box::pin(private_allowed(stage))),
        Scenario {
            name: "a private window, Sockpin not allowed there",
            expect: Expect::NotProtected,
            run: |stage| Box::pin(private_not_allowed(stage)),
        },
    ],
};

const fn scenario(name: &'static str, run: Run) -> Scenario {
    Scenario { name, expect: Expect::Blocked, run }
}

/// Both ways, from wherever `open` opens it.
async fn attacked(world: &World, open: impl AsyncFn(&str) -> Result<Sighting>) -> Result<Tally> {
    let url = world.demo.servers.url("attacker")?;
    wrong_key(world, PINNED, &world.demo.servers.attacker, async || open(&url).await).await
}

async fn page(stage: &mut Stage) -> Result<Tally> {
    let world = stage.world().await?;
    attacked(world, async |url| world.firefox.socket(url).await).await
}

async fn opener(stage: &mut Stage, name: &str) -> Result<Tally> {
    let world = stage.world().await?;
    let opener = OPENERS.iter().find(|opener| opener.name == name).with_context(|| format!("no opener is {name}"))?;
    attacked(world, async |url| world.firefox.socket_from(opener, url).await).await
}

/// In another tab or window, which is closed then.
async fn elsewhere(
    firefox: &Firefox,
    go: impl AsyncFn() -> Result<()>,
    socket: impl AsyncFn() -> Result<Sighting>,
) -> Result<Sighting> {
    let here = firefox.this_page().await?;
    go().await?;
    let seen = socket().await?;
    firefox.close_tab().await?;
    here.show().await?;
    Ok(seen)
}

async fn top_level(stage: &mut Stage, address: &str) -> Result<Tally> {
    let world = stage.world().await?;
    let firefox = &world.firefox;
    attacked(world, async |url| {
        elsewhere(firefox, async || firefox.open_tab(address).await, async || firefox.socket(url).await).await
    })
    .await
}

async fn container(stage: &mut Stage) -> Result<Tally> {
    let world = stage.world().await?;
    let (firefox, blank) = (&world.firefox, world.demo.site.blank());
    attacked(world, async |url| {
        elsewhere(firefox, async || firefox.open_container_tab(&blank).await, async || firefox.socket(url).await).await
    })
    .await
}

/// A page that connects when it is loaded, and once more when it is come back to.
async fn back_forward_cache(stage: &mut Stage) -> Result<Tally> {
    let world = stage.world().await?;
    let pages = ConnectingPages::start().await?;
    let firefox = &world.firefox;
    attacked(world, async |url| {
        let known = pages.reports().len();
        // What it does when it is loaded is not the attack: nobody is there.
        firefox.open(&pages.page(Plan { count: Some(0), ..Plan::once(url) })).await?;
        // A page with a request under way is not kept.
        firefox.wait_for("the page to be idle", "return window.isIdle?.() === true", Vec::new()).await?;
        firefox.open(&world.demo.site.blank()).await?;
        firefox.back().await?;
        let reports = pages.reported(known + 1).await?;
        let report = reports.last().context("the page has reported nothing")?;
        anyhow::ensure!(report.persisted, "the page was loaded anew");
        firefox.open(&world.demo.site.blank()).await?;
        Ok(report.seen.clone())
    })
    .await
}

/// The page is open when the browser quits; at the next start it is restored and connects before anything else is done.
async fn restored_session(_: &mut Stage) -> Result<Tally> {
    const RESTORE_SESSION: u32 = 3;
    let preferences = [("browser.startup.page".to_owned(), json!(RESTORE_SESSION))].into_iter().collect();
    let options = Options { preferences, ..Options::default() };
    let mut world = World::with(Installation::ForGood, options).await?;
    let pages = ConnectingPages::start().await?;
    let page = pages.page(Plan::once(world.demo.servers.url("attacker")?));
    let mut tally = Tally::default();
    for rule in [None, Some("off"), Some("prefer")] {
        if let Some(preflight) = rule {
            for old in world.firefox.rules().await? {
                world.firefox.delete_rule(&old).await?;
            }
            world.firefox.save_rule(wrong_pin(&world, PINNED, preflight)).await?;
        }
        let known = pages.reports().len();
        world.firefox.open(&page).await?;
        pages.reported(known + 1).await?;
        let before = world.demo.servers.attacker.settled_traffic().await?.all_frames();
        world.firefox.restart().await?;
        let reports = pages.reported(known + 2).await?;
        let received = world.demo.servers.attacker.settled_traffic().await?.all_frames() - before;
        if rule.is_none() {
            tally.control += received;
        } else {
            reports.iter().skip(known + 1).for_each(|report| tally.saw(&report.seen));
            tally.leaked += received;
        }
        world.firefox.open(&world.demo.site.blank()).await?;
    }
    world.firefox.quit().await?;
    Ok(tally)
}

async fn private_allowed(_: &mut Stage) -> Result<Tally> {
    let world = World::start(Installation::ForGood).await?;
    world.firefox.allow_in_private_windows(true).await?;
    let tally = private_window(&world).await?;
    world.firefox.quit().await?;
    Ok(tally)
}

async fn private_not_allowed(stage: &mut Stage) -> Result<Tally> {
    let world = stage.world().await?;
    private_window(world).await
}

/// Of a private window nothing is in the log's database.
async fn private_window(world: &World) -> Result<Tally> {
    let (firefox, attacker, blank) = (&world.firefox, &world.demo.servers.attacker, world.demo.site.blank());
    let url = world.demo.servers.url("attacker")?;
    let socket = async || {
        elsewhere(firefox, async || firefox.open_private_window(&blank).await, async || firefox.socket(&url).await)
            .await
    };
    let mut tally = Tally::default();
    tally.control(attacker, socket()).await?;
    for preflight in PREFLIGHTS {
        let rule = firefox.save_rule(wrong_pin(world, PINNED, preflight)).await?;
        tally.attack(attacker, socket()).await?;
        anyhow::ensure!(firefox.log().await?.is_empty(), "something of a private window was written down");
        firefox.delete_rule(&rule).await?;
    }
    Ok(tally)
}
