//! The background ends while Firefox holds a socket for its answer.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use sockpin_e2e::connecting::{ConnectingPages, Plan};
use sockpin_e2e::demo::PINNED;
use sockpin_e2e::doctored::Doctored;
use sockpin_e2e::firefox::{ABORTED, Options};
use sockpin_e2e::opener::{OPENERS, Opener};
use sockpin_e2e::servers::Answering;
use sockpin_e2e::wait;
use sockpin_e2e::world::{Installation, World};

use crate::matrix::{Expect, Group, PREFLIGHTS, Scenario, Tally, wrong_pin};

/// Beside the rest of the same group: see [`crate::life`].
pub(crate) const GROUP: Group = Group {
    name: "Life cycle",
    scenarios: &[
        Scenario {
            name: "the event page taken away while it judges a socket",
            expect: Expect::Blocked,
            run: |_| Box::pin(taken_away()),
        },
        Scenario {
            name: "Firefox quits while a service worker's socket is being judged",
            expect: Expect::Blocked,
            run: |_| Box::pin(quitting()),
        },
        Scenario {
            name: "Firefox quits while a service worker's handshake with `preflight` `off` is on its way",
            expect: Expect::NotProtected,
            run: |_| Box::pin(quitting_on_the_way()),
        },
    ],
};

/// A judgement that takes for ever, a sign that it is under way, and a way to keep its end from the background: what then
/// comes of the socket is the control.
const JUDGING: &str = r"
Object.defineProperty(browser.webRequest, 'getSecurityInfo', { value: () => {
    localStorage.judging = true;
    return new Promise(() => {});
} });
addEventListener('pagehide', (event) => { if (localStorage.deaf) event.stopImmediatePropagation(); });
";

async fn start(extension: &Path) -> Result<World> {
    let options = Options { install_for_good: Some(extension.to_owned()), ..Options::default() };
    World::with(Installation::ForGood, options).await
}

/// With which pre-flight the rule is, and whether the background is deaf to its end: the control first.
const ROUNDS: [(&str, bool); 3] = [("off", true), (PREFLIGHTS[0], false), (PREFLIGHTS[1], false)];

/// Stores the rule for one round.
async fn prepare(world: &World, preflight: &str, deaf: bool) -> Result<()> {
    for rule in world.firefox.rules().await? {
        world.firefox.delete_rule(&rule).await?;
    }
    world.firefox.save_rule(wrong_pin(world, PINNED, preflight)).await?;
    let set = "delete localStorage.judging; if (arguments[0]) localStorage.deaf = 1; else delete localStorage.deaf;";
    world.firefox.run_in_extension(set, vec![json!(deaf)]).await.map(drop)
}

async fn judging(world: &World) -> Result<()> {
    wait::until("a socket that is being judged", async || {
        let judging = world.firefox.run_in_extension("return localStorage.judging", Vec::new()).await?;
        Ok((judging == json!("true")).then_some(()))
    })
    .await
}

/// As Firefox does when a judgement takes longer than it lets an event page be idle.
async fn taken_away() -> Result<Tally> {
    let judge = judge()?;
    let world = start(judge.folder()).await?;
    let (attacker, url) = (&world.demo.servers.attacker, world.demo.servers.url("attacker")?);
    let pages = ConnectingPages::start().await?;
    let mut tally = Tally::default();
    for (preflight, deaf) in ROUNDS {
        prepare(&world, preflight, deaf).await?;
        let before = attacker.settled_traffic().await?.all_frames();
        let known = pages.reports().len();
        world.firefox.open(&pages.page(Plan::once(&url))).await?;
        judging(&world).await?;
        world.firefox.end_background().await?;
        let seen = &pages.reported(known + 1).await?[known].seen;
        let frames = attacker.settled_traffic().await?.all_frames() - before;
        if deaf {
            ensure!(seen.delivered(), "control: the page saw {seen:?}");
            tally.control += frames;
        } else {
            tally.saw(seen);
            tally.leaked += frames;
        }
    }
    world.firefox.quit().await?;
    Ok(tally)
}

/// Firefox closes its windows and then ends its extensions. A service worker outlives the windows by a moment.
async fn quitting() -> Result<Tally> {
    let judge = judge()?;
    let mut world = start(judge.folder()).await?;
    let mut tally = Tally::default();
    for (preflight, deaf) in ROUNDS {
        prepare(&world, preflight, deaf).await?;
        let url = world.demo.servers.url("attacker")?;
        let attacker = &world.demo.servers.attacker;
        let before = attacker.settled_traffic().await?.all_frames();
        world.firefox.begin_from(service_worker()?, &url).await?;
        judging(&world).await?;
        let mut blocked = false;
        // One that is let through has done so with its upgrade; its frame comes after that.
        let came_to_something = |status: Option<&str>| {
            blocked = status == Some(ABORTED);
            attacker.traffic().frames > before || (status.is_some() && !deaf)
        };
        world.firefox.close_over(&url.replace("wss:", "https:"), came_to_something).await?;
        let frames = attacker.settled_traffic().await?.all_frames() - before;
        if deaf {
            tally.control += frames;
        } else {
            // There is no page any more that could tell.
            tally.tried += 1;
            tally.opened += frames.min(1);
            tally.blocked += usize::from(blocked);
            tally.leaked += frames;
        }
        world.firefox.start_again().await?;
        world.firefox.open(&world.demo.site.blank()).await?;
    }
    world.firefox.quit().await?;
    Ok(tally)
}

/// Nobody is left to judge what the server answers.
async fn quitting_on_the_way() -> Result<Tally> {
    let mut world = World::start(Installation::ForGood, false).await?;
    let url = world.demo.servers.url("attacker")?;
    let mut tally = Tally::default();
    tally.control(&world.demo.servers.attacker, world.firefox.socket(&url)).await?;
    world.firefox.save_rule(wrong_pin(&world, PINNED, "off")).await?;
    let attacker = &world.demo.servers.attacker;
    let before = attacker.traffic();
    attacker.answer(Answering::Later);
    world.firefox.begin_from(service_worker()?, &url).await?;
    wait::until(
        "the handshake",
        async || Ok((attacker.traffic().requests.len() > before.requests.len()).then_some(())),
    )
    .await?;
    let arrived = |_: Option<&str>| {
        attacker.answer(Answering::Accepting);
        attacker.traffic().frames > before.frames
    };
    world.firefox.close_over(&url.replace("wss:", "https:"), arrived).await?;
    let frames = attacker.settled_traffic().await?.all_frames() - before.all_frames();
    tally.tried += 1;
    tally.opened += frames.min(1);
    tally.leaked += frames;
    Ok(tally)
}

fn judge() -> Result<Doctored> {
    let judge = Doctored::copy()?;
    judge.before_background(JUDGING)?;
    Ok(judge)
}

fn service_worker() -> Result<&'static Opener> {
    OPENERS.iter().find(|opener| opener.name == "a service worker").context("there is no such opener")
}
