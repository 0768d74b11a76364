//! What Firefox shows to no extension: said in `SECURITY.md`, and held here against what it really does.

use anyhow::Result;
use sockpin_e2e::authority::Key;
use sockpin_e2e::demo::{PINNED, RESTRICTED};
use sockpin_e2e::servers::Server;

use crate::matrix::{Expect, Group, PREFLIGHTS, Scenario, Stage, Tally, wrong_pin};

pub(crate) const GROUP: Group = Group {
    name: "Not shown to extensions",
    scenarios: &[
        Scenario {
            name: "a socket to one of Mozilla's restricted domains",
            expect: Expect::NotProtected,
            run: |stage| Box::pin(to_restricted(stage)),
        },
        Scenario {
            name: "a socket from a page of one of them",
            expect: Expect::NotProtected,
            run: |stage| Box::pin(from_restricted(stage)),
        },
    ],
};

/// No rule can be stored for such a host alone; a wildcard can be above it.
async fn to_restricted(stage: &mut Stage) -> Result<Tally> {
    let world = stage.world().await?;
    let server = Server::tls(world.demo.authority.issue(&[RESTRICTED], &Key::new()?)?).await?;
    let url = format!("wss://{RESTRICTED}:{}/", server.port());
    let mut tally = Tally::default();
    tally.control(&server, world.firefox.socket(&url)).await?;
    for preflight in PREFLIGHTS {
        let rule = world.firefox.save_rule(wrong_pin(world, "**.mozilla.org", preflight)).await?;
        tally.attack(&server, world.firefox.socket(&url)).await?;
        world.firefox.delete_rule(&rule).await?;
    }
    Ok(tally)
}

async fn from_restricted(stage: &mut Stage) -> Result<Tally> {
    let world = stage.world().await?;
    let page = Server::tls(world.demo.authority.issue(&[RESTRICTED], &Key::new()?)?).await?;
    let (attacker, url) = (&world.demo.servers.attacker, world.demo.servers.url("attacker")?);
    let mut tally = Tally::default();
    world.firefox.open(&format!("https://{RESTRICTED}:{}/", page.port())).await?;
    tally.control(attacker, world.firefox.socket(&url)).await?;
    for preflight in PREFLIGHTS {
        let rule = world.firefox.save_rule(wrong_pin(world, PINNED, preflight)).await?;
        tally.attack(attacker, world.firefox.socket(&url)).await?;
        world.firefox.delete_rule(&rule).await?;
    }
    world.firefox.open(&world.demo.site.blank()).await?;
    Ok(tally)
}
