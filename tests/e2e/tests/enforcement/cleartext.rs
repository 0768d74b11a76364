//! `ws://` to a host with a rule.

use anyhow::{Result, ensure};
use serde_json::json;
use sockpin_e2e::demo::PINNED;
use sockpin_e2e::servers::Server;
use sockpin_e2e::world::World;

use crate::matrix::{Group, PREFLIGHTS, Stage, Tally, scenarios, wrong_pin};

pub(crate) const GROUP: Group = Group {
    name: "Cleartext",
    scenarios: scenarios![
        "`ws://` is upgraded, then judged" => upgraded,
        "`ws://` that Firefox itself upgrades: HTTPS-Only Mode, HSTS, the page's own policy" => upgraded_by_firefox,
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
        rule["pins"] = json!([{ "sha256": world.demo.pinned_key.pin() }]);
        let rule = world.firefox.save_rule(rule).await?;
        tally.judged(world, "pin-mismatch", wrong, world.firefox.socket(&url(wrong))).await?;
        tally.control(right, world.firefox.socket(&url(right))).await?;
        world.firefox.delete_rule(&rule).await?;
    }
    Ok(tally)
}

async fn upgraded_by_firefox(stage: &mut Stage) -> Result<Tally> {
    let world = stage.world().await?;
    let wrong = &world.demo.servers.attacker;
    let mut tally = Tally::default();
    ensure!(world.firefox.socket(&url(wrong)).await?.refused(), "it opens without an upgrade");
    for upgrade in [Upgrade::HttpsOnlyMode, Upgrade::Hsts, Upgrade::Page] {
        upgrade.begin(world).await?;
        tally.control(wrong, world.firefox.socket(&url(wrong))).await?;
        for preflight in PREFLIGHTS {
            let rule = world.firefox.save_rule(wrong_pin(world, PINNED, preflight)).await?;
            tally.judged(world, "pin-mismatch", wrong, world.firefox.socket(&url(wrong))).await?;
            world.firefox.delete_rule(&rule).await?;
        }
        upgrade.end(world).await?;
        ensure!(world.firefox.socket(&url(wrong)).await?.refused(), "{upgrade:?} has not ended");
    }
    Ok(tally)
}

/// By what Firefox makes `wss://` of a page's `ws://`, whatever extensions there are.
#[derive(Debug, Clone, Copy)]
enum Upgrade {
    /// The person wants it everywhere.
    HttpsOnlyMode,
    /// The server has asked for it (RFC 6797).
    Hsts,
    /// `upgrade-insecure-requests` of the page's Content Security Policy.
    Page,
}

impl Upgrade {
    async fn begin(self, world: &World) -> Result<()> {
        match self {
            Self::HttpsOnlyMode => world.firefox.set_preference(HTTPS_ONLY_MODE, json!(true)).await,
            Self::Hsts => world.firefox.privileged(&hsts("max-age=3600"), Vec::new()).await.map(drop),
            Self::Page => world.firefox.run(UPGRADE_INSECURE_REQUESTS, Vec::new()).await.map(drop),
        }
    }

    async fn end(self, world: &World) -> Result<()> {
        match self {
            Self::HttpsOnlyMode => world.firefox.set_preference(HTTPS_ONLY_MODE, json!(false)).await,
            Self::Hsts => world.firefox.privileged(&hsts("max-age=0"), Vec::new()).await.map(drop),
            Self::Page => world.firefox.open(&world.demo.site.blank()).await,
        }
    }
}

const HTTPS_ONLY_MODE: &str = "dom.security.https_only_mode";

/// For the sockets of the current page's site alone: Firefox keeps such requests apart by the site that is open.
fn hsts(header: &str) -> String {
    format!(
        "const {{ partitionKey }} = gBrowser.selectedBrowser.cookieJarSettings;
        Cc['@mozilla.org/ssservice;1'].getService(Ci.nsISiteSecurityService)
            .processHeader(Services.io.newURI('https://{PINNED}/'), '{header}', {{ partitionKey }});"
    )
}

const UPGRADE_INSECURE_REQUESTS: &str = r"
const policy = document.createElement('meta');
policy.httpEquiv = 'Content-Security-Policy';
policy.content = 'upgrade-insecure-requests';
document.head.append(policy);
";

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
        let in_clear = (after.in_clear - before.in_clear).max(after.requests.len() - before.requests.len());
        tally.in_clear = Some(tally.in_clear.unwrap_or(0) + in_clear);
        ensure!(after.requests == before.requests, "a request was sent in clear");
        ensure!(after.in_clear == before.in_clear, "something was sent in clear");
        ensure!(after.client_hellos > before.client_hellos, "no TLS was tried, so the socket was not upgraded");
        world.firefox.delete_rule(&rule).await?;
    }
    Ok(tally)
}
