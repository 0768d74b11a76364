//! What the server shows.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use sockpin_e2e::authority::{Authority, Identity, Key};
use sockpin_e2e::demo::{EXCEPTION, PINNED, UNPINNED};
use sockpin_e2e::servers::Server;
use sockpin_e2e::world::World;

use crate::matrix::{Group, PREFLIGHTS, Stage, Tally, scenarios};

pub(crate) const GROUP: Group = Group {
    name: "Chain",
    scenarios: scenarios![
        "private CA, pinned at its root" => pinned_root,
        "private CA, pinned at its intermediate" => pinned_intermediate,
        "private CA, pinned at the server's own key" => pinned_leaf,
        "a pinned CA key, where only the server's own may match" => leaf_only,
        "renewed certificate: the same key opens, a new one does not" => renewed,
        "denied intermediate under a pinned root" => denied_intermediate,
        "local root: enforced, and let through where the rule exempts it" => local_roots,
        "local root, exempt: but not with a denied key" => exempt_and_denied,
        "`requireCt` on a private CA" => certificate_transparency,
        "certificate exception for another name" => other_name,
        "certificate exception, expired certificate" => expired,
        "certificate exception, self-signed certificate" => self_signed,
        "certificate exception, where the rule exempts local roots" => exempt_and_exception,
        "chain of one: a certificate that is its own trusted root" => chain_of_one,
    ],
};

/// A server that breaks the rule, one that keeps it, and what the log has to say.
struct Case {
    wrong: Server,
    right: Server,
    rule: Value,
    reason: &'static str,
}

impl Case {
    async fn run(self, world: &World) -> Result<Tally> {
        let host = self.rule["host"].as_str().unwrap_or_default().to_owned();
        let url = |server: &Server| format!("wss://{host}:{}/", server.port());
        let mut tally = Tally::default();
        // Nothing but the rule is in the way.
        tally.control(&self.wrong, world.firefox.socket(&url(&self.wrong))).await?;
        for preflight in PREFLIGHTS {
            let mut rule = self.rule.clone();
            rule["preflight"] = json!(preflight);
            let rule = world.firefox.save_rule(rule).await?;
            tally.judged(world, self.reason, &self.wrong, world.firefox.socket(&url(&self.wrong))).await?;
            tally.control(&self.right, world.firefox.socket(&url(&self.right))).await?;
            world.firefox.delete_rule(&rule).await?;
        }
        Ok(tally)
    }
}

fn rule(pin: &str) -> Value {
    json!({ "host": PINNED, "mode": "block", "pins": [{ "sha256": pin }] })
}

fn with(mut rule: Value, field: &str, value: Value) -> Value {
    rule[field] = value;
    rule
}

/// The demo's root is trusted, but another authority's server is the one that breaks the rule.
async fn authority_case(world: &World, pin: impl FnOnce(&Authority) -> String) -> Result<Tally> {
    let pinned = Authority::new()?;
    world.firefox.trust(&pinned).await?;
    let wrong = Server::tls(world.demo.authority.issue(&[PINNED], &Key::new()?)?).await?;
    let right = Server::tls(pinned.issue(&[PINNED], &Key::new()?)?).await?;
    Case { wrong, right, rule: rule(&pin(&pinned)), reason: "pin-mismatch" }.run(world).await
}

async fn pinned_root(stage: &mut Stage) -> Result<Tally> {
    authority_case(stage.world().await?, Authority::root_pin).await
}

async fn pinned_intermediate(stage: &mut Stage) -> Result<Tally> {
    authority_case(stage.world().await?, Authority::intermediate_pin).await
}

async fn pinned_leaf(stage: &mut Stage) -> Result<Tally> {
    let world = stage.world().await?;
    let key = Key::new()?;
    let wrong = Server::tls(world.demo.authority.issue(&[PINNED], &Key::new()?)?).await?;
    let right = Server::tls(world.demo.authority.issue(&[PINNED], &key)?).await?;
    Case { wrong, right, rule: rule(&key.pin()), reason: "pin-mismatch" }.run(world).await
}

async fn leaf_only(stage: &mut Stage) -> Result<Tally> {
    let world = stage.world().await?;
    let (authority, key) = (&world.demo.authority, Key::new()?);
    let wrong = Server::tls(authority.issue(&[PINNED], &Key::new()?)?).await?;
    let right = Server::tls(authority.issue(&[PINNED], &key)?).await?;
    let pins = json!([{ "sha256": authority.root_pin() }, { "sha256": key.pin() }]);
    let rule = with(with(rule(&key.pin()), "pins", pins), "match", json!("leaf"));
    Case { wrong, right, rule, reason: "pin-mismatch" }.run(world).await
}

async fn renewed(stage: &mut Stage) -> Result<Tally> {
    let world = stage.world().await?;
    let (authority, key) = (&world.demo.authority, Key::new()?);
    let (old, new) = (authority.issue(&[PINNED], &key)?, authority.issue(&[PINNED], &key)?);
    ensure!(old.certificate() != new.certificate(), "the certificate was not renewed");
    let wrong = Server::tls(authority.issue(&[PINNED], &Key::new()?)?).await?;
    Case { wrong, right: Server::tls(new).await?, rule: rule(&key.pin()), reason: "pin-mismatch" }.run(world).await
}

async fn denied_intermediate(stage: &mut Stage) -> Result<Tally> {
    let world = stage.world().await?;
    let authority = &world.demo.authority;
    let wrong = Server::tls(authority.issue(&[PINNED], &Key::new()?)?).await?;
    let right = Server::tls(authority.issue_from_root(&[PINNED], &Key::new()?)?).await?;
    let denied = json!([{ "sha256": authority.intermediate_pin() }]);
    Case { wrong, right, rule: with(rule(&authority.root_pin()), "denied", denied), reason: "denied-key" }
        .run(world)
        .await
}

async fn local_roots(stage: &mut Stage) -> Result<Tally> {
    let world = stage.world().await?;
    let url = format!("wss://{PINNED}:{}/", world.demo.servers.attacker.port());
    let attacker = &world.demo.servers.attacker;
    let mut tally = Tally::default();
    for preflight in PREFLIGHTS {
        let rule = with(rule(&world.demo.unused_key.pin()), "preflight", json!(preflight));
        let enforced = world.firefox.save_rule(with(rule.clone(), "localRoots", json!("enforce"))).await?;
        tally.judged(world, "pin-mismatch", attacker, world.firefox.socket(&url)).await?;
        world.firefox.delete_rule(&enforced).await?;
        // A root that a test has added is a local one.
        let exempt = world.firefox.save_rule(with(rule, "localRoots", json!("exempt"))).await?;
        tally.control(attacker, world.firefox.socket(&url)).await?;
        world.firefox.delete_rule(&exempt).await?;
    }
    Ok(tally)
}

async fn exempt_and_denied(stage: &mut Stage) -> Result<Tally> {
    let world = stage.world().await?;
    let (authority, key) = (&world.demo.authority, Key::new()?);
    let wrong = Server::tls(authority.issue(&[PINNED], &key)?).await?;
    let right = Server::tls(authority.issue(&[PINNED], &Key::new()?)?).await?;
    let denied = json!([{ "sha256": key.pin() }]);
    let rule = with(with(rule(&world.demo.unused_key.pin()), "localRoots", json!("exempt")), "denied", denied);
    Case { wrong, right, rule, reason: "denied-key" }.run(world).await
}

async fn certificate_transparency(stage: &mut Stage) -> Result<Tally> {
    let world = stage.world().await?;
    let (pinned, url) = (&world.demo.servers.pinned, format!("wss://{PINNED}:{}/", world.demo.servers.pinned.port()));
    let mut tally = Tally::default();
    for preflight in PREFLIGHTS {
        let met = with(rule(&world.demo.pinned_key.pin()), "preflight", json!(preflight));
        let plain = world.firefox.save_rule(met.clone()).await?;
        tally.control(pinned, world.firefox.socket(&url)).await?;
        world.firefox.delete_rule(&plain).await?;
        let strict = world.firefox.save_rule(with(met, "requireCt", json!(true))).await?;
        tally.judged(world, "ct-not-compliant", pinned, world.firefox.socket(&url)).await?;
        world.firefox.delete_rule(&strict).await?;
    }
    Ok(tally)
}

async fn other_name(stage: &mut Stage) -> Result<Tally> {
    under_an_exception(stage, "enforce", |world, key| world.demo.authority.issue(&[UNPINNED], key)).await
}

async fn expired(stage: &mut Stage) -> Result<Tally> {
    under_an_exception(stage, "enforce", |world, key| world.demo.authority.issue_expired(&[EXCEPTION], key)).await
}

async fn self_signed(stage: &mut Stage) -> Result<Tally> {
    under_an_exception(stage, "enforce", |_, key| key.self_signed(&[EXCEPTION])).await
}

/// Nobody has validated a chain, so that there is no root to exempt.
async fn exempt_and_exception(stage: &mut Stage) -> Result<Tally> {
    under_an_exception(stage, "exempt", |world, key| world.demo.authority.issue(&[UNPINNED], key)).await
}

async fn chain_of_one(stage: &mut Stage) -> Result<Tally> {
    let world = stage.world().await?;
    let (pinned, other) = (Key::new()?, Key::new()?);
    let (right, wrong) = (pinned.self_signed(&[PINNED])?, other.self_signed(&[PINNED])?);
    for identity in [&right, &wrong] {
        world.firefox.trust_certificate(identity.certificate()).await?;
    }
    let (right, wrong) = (Server::tls(right).await?, Server::tls(wrong).await?);
    let tally = Case { wrong, right, rule: rule(&pinned.pin()), reason: "pin-mismatch" }.run(world).await?;
    let log = world.firefox.violations().await?;
    let chain = log.first().and_then(|entry| entry["chain"].as_array()).map(Vec::len);
    ensure!(chain == Some(1), "the log shows a chain of {chain:?} certificates");
    ensure!(log[0]["exception"] == json!(false), "it rested on an exception");
    Ok(tally)
}

/// The server's own key alone decides: even the root's, which is pinned too, does not help a wrong one.
async fn under_an_exception(
    stage: &mut Stage,
    local_roots: &str,
    issue: impl Fn(&World, &Key) -> Result<Identity>,
) -> Result<Tally> {
    let world = stage.world().await?;
    let (pinned, other) = (Key::new()?, Key::new()?);
    let mut servers = Vec::new();
    for key in [&other, &pinned] {
        let identity = issue(world, key)?;
        let certificate = identity.certificate().to_vec();
        let server = Server::tls(identity).await?;
        let url = format!("wss://{EXCEPTION}:{}/", server.port());
        ensure!(world.firefox.socket(&url).await?.refused(), "it opens without an exception");
        world.firefox.add_exception(EXCEPTION, server.port(), &certificate).await?;
        servers.push(server);
    }
    let mut servers = servers.into_iter();
    let (Some(wrong), Some(right)) = (servers.next(), servers.next()) else {
        anyhow::bail!("two servers were started");
    };
    let pins = json!([{ "sha256": pinned.pin() }, { "sha256": world.demo.authority.root_pin() }]);
    let rule = json!({ "host": EXCEPTION, "mode": "block", "pins": pins, "localRoots": local_roots });
    let tally = Case { wrong, right, rule, reason: "pin-mismatch" }.run(world).await?;
    let log = world.firefox.violations().await?;
    ensure!(
        log.first().is_some_and(|entry| entry["exception"] == json!(true)),
        "the log does not tell of the exception"
    );
    Ok(tally)
}
