//! `ws://` to a host with a rule.

use anyhow::{Result, ensure};
use sockpin_e2e::demo::PINNED;
use sockpin_e2e::servers::Server;

use crate::matrix::{Group, PREFLIGHTS, Stage, Tally, scenarios, wrong_pin};

pub(crate) const GROUP: Group = Group {
    name: "Cleartext",
    scenarios: scenarios![
        "`ws://` is upgraded, then judged" => upgraded,
        "`ws://` to a port without TLS: nothing is sent in clear" => no_tls,
    ],
};

fn url(server: &Server) -> String {
    format!("ws://{PINNED}:{}/", server.port())
}

async fn upgraded(stage: &mut Stage) -> Result<Tally> {
    let world = stage.world().await?;
    let (wrong, right) = (&world.demo.servers.attacker, &world.demo.servers.pinned);
    let mut tally = Tally::default();
    // Without a rule nothing is upgraded, and these servers speak only TLS.
    ensure!(world.firefox.socket(&url(right)).await?.refused(), "it opens without an upgrade");
    for preflight in PREFLIGHTS {
        let mut rule = wrong_pin(world, PINNED, preflight);
        rule["pins"] = serde_json::json!([{ "sha256": world.demo.pinned_key.pin() }]);
        let rule = world.firefox.save_rule(rule).await?;
        tally.judged(world, "pin-mismatch", wrong, world.firefox.socket(&url(wrong))).await?;
        tally.control(right, world.firefox.socket(&url(right))).await?;
        world.firefox.delete_rule(&rule).await?;
    }
    Ok(tally)
}

async fn no_tls(stage: &mut Stage) -> Result<Tally> {
    let world = stage.world().await?;
    let clear = Server::clear().await?;
    let mut tally = Tally::default();
    tally.control(&clear, world.firefox.socket(&url(&clear))).await?;
    for preflight in PREFLIGHTS {
        let rule = world.firefox.save_rule(wrong_pin(world, PINNED, preflight)).await?;
        let before = clear.traffic();
        tally.attack(&clear, world.firefox.socket(&url(&clear))).await?;
        let after = clear.traffic();
        ensure!(after.requests == before.requests, "a request was sent in clear");
        ensure!(after.in_clear == before.in_clear, "something was sent in clear");
        ensure!(after.client_hellos > before.client_hellos, "no TLS was tried, so the socket was not upgraded");
        world.firefox.delete_rule(&rule).await?;
    }
    Ok(tally)
}
