//! How the host is written, in the rule and in the socket's address.

use anyhow::Result;
use serde_json::json;
use sockpin_e2e::authority::Key;
use sockpin_e2e::demo::{BELOW, FAR_BELOW, INTERNATIONAL, PINNED, UNPINNED};
use sockpin_e2e::servers::Server;
use sockpin_e2e::world::World;

use crate::matrix::{Group, PREFLIGHTS, Stage, Tally, scenarios, wrong_key, wrong_pin};

pub(crate) const GROUP: Group = Group {
    name: "Names",
    scenarios: scenarios![
        "upper case" => upper_case,
        "trailing dot" => trailing_dot,
        "internationalised name, as Unicode and as A-label" => international,
        "user info in the URL" => user_info,
        "`*.` pattern" => one_label,
        "`**.` pattern: the name itself and below it" => subtree,
        "all but what a more specific `off` rule excludes" => exclusion,
        "IPv4 literal, also as `0x7f.1` and `2130706433`" => odd_addresses,
    ],
};

async fn server(world: &World) -> Result<Server> {
    let names = [PINNED, BELOW, FAR_BELOW, UNPINNED, INTERNATIONAL, "localhost", "127.0.0.1"];
    Server::tls(world.demo.authority.issue(&names, &Key::new()?)?).await
}

/// Each spelling of the socket's host, against a rule for this pattern.
async fn spelled(stage: &mut Stage, pattern: &str, spellings: &[&str]) -> Result<Tally> {
    let world = stage.world().await?;
    let server = server(world).await?;
    let mut tally = Tally::default();
    for host in spellings {
        let url = format!("wss://{host}:{}/", server.port());
        tally.add(&wrong_key(world, pattern, &server, async || world.firefox.socket(&url).await).await?);
    }
    Ok(tally)
}

async fn upper_case(stage: &mut Stage) -> Result<Tally> {
    let mut tally = spelled(stage, PINNED, &[&PINNED.to_uppercase()]).await?;
    tally.add(&spelled(stage, &PINNED.to_uppercase(), &[PINNED]).await?);
    Ok(tally)
}

async fn trailing_dot(stage: &mut Stage) -> Result<Tally> {
    let mut tally = spelled(stage, PINNED, &[&format!("{PINNED}.")]).await?;
    tally.add(&spelled(stage, "localhost", &["localhost.", "LOCALHOST."]).await?);
    tally.add(&spelled(stage, "localhost.", &["localhost"]).await?);
    Ok(tally)
}

async fn international(stage: &mut Stage) -> Result<Tally> {
    let unicode = "bücher.sockpin.test";
    let mut tally = spelled(stage, unicode, &[INTERNATIONAL, unicode, "BÜCHER.sockpin.test"]).await?;
    tally.add(&spelled(stage, INTERNATIONAL, &[INTERNATIONAL, unicode]).await?);
    Ok(tally)
}

async fn user_info(stage: &mut Stage) -> Result<Tally> {
    let decoy = format!("{UNPINNED}%40:secret@{PINNED}");
    spelled(stage, PINNED, &[&format!("user:secret@{PINNED}"), &decoy]).await
}

async fn one_label(stage: &mut Stage) -> Result<Tally> {
    let pattern = format!("*.{PINNED}");
    let mut tally = spelled(stage, &pattern, &[BELOW]).await?;
    // It is no rule for what is not exactly one label below.
    let world = stage.world().await?;
    world.firefox.save_rule(wrong_pin(world, &pattern, "off")).await?;
    let server = server(world).await?;
    for host in [PINNED, FAR_BELOW] {
        tally.control(&server, world.firefox.socket(&format!("wss://{host}:{}/", server.port()))).await?;
    }
    Ok(tally)
}

async fn subtree(stage: &mut Stage) -> Result<Tally> {
    spelled(stage, &format!("**.{PINNED}"), &[PINNED, BELOW, FAR_BELOW]).await
}

async fn exclusion(stage: &mut Stage) -> Result<Tally> {
    let world = stage.world().await?;
    let server = server(world).await?;
    let url = |host: &str| format!("wss://{host}:{}/", server.port());
    let off = json!({ "host": BELOW, "mode": "off" });
    world.firefox.save_rule(off).await?;
    let mut tally = Tally::default();
    for preflight in PREFLIGHTS {
        let rule = world.firefox.save_rule(wrong_pin(world, &format!("**.{PINNED}"), preflight)).await?;
        for host in [PINNED, FAR_BELOW] {
            tally.judged(world, "pin-mismatch", &server, world.firefox.socket(&url(host))).await?;
        }
        tally.control(&server, world.firefox.socket(&url(BELOW))).await?;
        world.firefox.delete_rule(&rule).await?;
    }
    Ok(tally)
}

async fn odd_addresses(stage: &mut Stage) -> Result<Tally> {
    spelled(stage, "127.0.0.1", &["127.0.0.1", "0x7f.1", "2130706433", "017700000001"]).await
}
