//! Who opens the socket.

use anyhow::{Context, Result};
use serde_json::json;
use sockpin_e2e::demo::PINNED;
use sockpin_e2e::firefox::Firefox;
use sockpin_e2e::opener::OPENERS;
use sockpin_e2e::socket::Sighting;
use sockpin_e2e::world::{Installation, Setup, World};

use crate::matrix::{Expect, Group, PREFLIGHTS, Scenario, Stage, Tally, wrong_key, wrong_pin};

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

const fn scenario(
    name: &'static str,
    run: for<'a> fn(&'a mut Stage) -> std::pin::Pin<Box<dyn Future<Output = Result<Tally>> + 'a>>,
) -> Scenario {
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

/// In another tab or window; then back to where it was.
async fn elsewhere(
    firefox: &Firefox,
    go: impl AsyncFn() -> Result<()>,
    socket: impl AsyncFn() -> Result<Sighting>,
) -> Result<Sighting> {
    let here = firefox.driver()?.window().await?;
    go().await?;
    let seen = socket().await?;
    firefox.close_tab(here).await?;
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

async fn back_forward_cache(stage: &mut Stage) -> Result<Tally> {
    let world = stage.world().await?;
    attacked(world, async |url| {
        world.firefox.connect_when_shown_again(url).await?;
        world.firefox.leave_and_come_back(&world.demo.site.url("/")).await?;
        let seen = world.firefox.run("return window.connected", Vec::new()).await?;
        world.firefox.open(&world.demo.site.blank()).await?;
        serde_json::from_value(seen).context("the page has not opened a socket")
    })
    .await
}

/// The page is open when the browser quits; at the next start it is restored and connects before anything else is done.
async fn restored_session(_: &mut Stage) -> Result<Tally> {
    const RESTORE_SESSION: u32 = 3;
    let setup = Setup {
        installation: Installation::ForGood,
        preferences: vec![
            ("browser.startup.page", json!(RESTORE_SESSION)),
            ("browser.sessionstore.restore_on_demand", json!(false)),
            ("browser.sessionstore.persist_certs", json!(true)),
        ],
        ..Setup::default()
    };
    let mut world = World::set_up(setup).await?;
    let url = world.demo.servers.url("attacker")?;
    let restless = world.demo.site.restless(&url, 1, Some(1));
    let mut tally = Tally::default();
    for preflight in ["control", "off", "prefer"] {
        for rule in world.firefox.rules().await? {
            world.firefox.delete_rule(&rule).await?;
        }
        if preflight != "control" {
            world.firefox.save_rule(wrong_pin(&world, PINNED, preflight)).await?;
        }
        world.firefox.open(&restless).await?;
        world.demo.site.reported(1).await?;
        let before = world.demo.servers.attacker.settled_traffic().await?.all_frames();
        world.demo.site.forget_reports();
        world.firefox.restart().await?;
        let reports = world.demo.site.reported(1).await?;
        let received = world.demo.servers.attacker.settled_traffic().await?.all_frames() - before;
        if preflight == "control" {
            tally.control += received;
        } else {
            reports.iter().for_each(|seen| tally.saw(seen));
            tally.leaked += received;
        }
        world.demo.site.forget_reports();
        world.firefox.open(&world.demo.site.blank()).await?;
    }
    world.firefox.quit().await?;
    Ok(tally)
}

async fn private_allowed(_: &mut Stage) -> Result<Tally> {
    let world = World::set_up(Setup { installation: Installation::ForGood, ..Setup::default() }).await?;
    world.firefox.allow_in_private_windows().await?;
    let tally = private_window(&world).await?;
    world.firefox.quit().await?;
    Ok(tally)
}

async fn private_not_allowed(stage: &mut Stage) -> Result<Tally> {
    let world = stage.world().await?;
    private_window(world).await
}

/// Of a private window nothing is logged.
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
