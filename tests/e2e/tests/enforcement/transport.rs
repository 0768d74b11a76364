//! By which protocol, and by which way, the handshake travels.

use anyhow::{Result, ensure};
use serde_json::json;
use sockpin_e2e::authority::Key;
use sockpin_e2e::demo::{BELOW, PINNED, UNPINNED};
use sockpin_e2e::proxy::{Kind, Proxy};
use sockpin_e2e::servers::{Answering, Server, Speech};
use sockpin_e2e::socket::Sighting;
use sockpin_e2e::world::World;

use crate::matrix::{Group, PREFLIGHTS, Stage, Tally, scenarios, wrong_key, wrong_pin};

pub(crate) const GROUP: Group = Group {
    name: "Transport",
    scenarios: scenarios![
        "HTTP/1.1" => http1,
        "TLS 1.2" => tls12,
        "resumed TLS session" => resumed,
        "HTTP/2, extended CONNECT (RFC 8441)" => http2,
        "second host on a coalesced HTTP/2 connection" => coalesced,
        "handshake answered with a redirect" => redirected,
        "handshake answered with 401" => unauthorised,
        "handshake answered with 403" => forbidden,
        "401 with the pinned key, and the handshake after it with another" => turning,
        "HTTP CONNECT proxy" => http_proxy,
        "HTTP CONNECT proxy that wants a password" => demanding_proxy,
        "HTTP CONNECT proxy that is itself reached over TLS" => tls_proxy,
        "SOCKS proxy" => socks_proxy,
        "IPv6 literal" => ipv6,
        "rule for one of two ports" => one_port,
    ],
};

fn url(host: &str, server: &Server) -> String {
    format!("wss://{host}:{}/", server.port())
}

async fn server(world: &World, speech: Speech, names: &[&str]) -> Result<Server> {
    Server::speaking(speech, world.demo.authority.issue(names, &Key::new()?)?).await
}

async fn http1(stage: &mut Stage) -> Result<Tally> {
    let world = stage.world().await?;
    let attacker = &world.demo.servers.attacker;
    let address = url(PINNED, attacker);
    wrong_key(world, PINNED, attacker, async || world.firefox.socket(&address).await).await
}

async fn tls12(stage: &mut Stage) -> Result<Tally> {
    let world = stage.world().await?;
    let server = server(world, Speech::Tls12, &[PINNED]).await?;
    let address = url(PINNED, &server);
    wrong_key(world, PINNED, &server, async || world.firefox.socket(&address).await).await
}

async fn resumed(stage: &mut Stage) -> Result<Tally> {
    let world = stage.world().await?;
    let server = server(world, Speech::Http1, &[PINNED]).await?;
    let address = url(PINNED, &server);
    let mut tally = Tally::default();
    for _ in 0..2 {
        tally.control(&server, world.firefox.socket(&address)).await?;
    }
    world.firefox.save_rule(wrong_pin(world, PINNED, "off")).await?;
    let before = server.traffic().resumed;
    tally.judged(world, "pin-mismatch", &server, world.firefox.socket(&address)).await?;
    ensure!(server.traffic().resumed == before + 1, "the session was not resumed");
    Ok(tally)
}

/// Firefox takes HTTP/2 for a socket only where it has met it: a request of the page's comes first. What Firefox stops
/// there it does not reset, so the server knows its end only from that of the connection.
async fn over_http2(world: &World, host: &str, server: &Server, keep: Keep) -> Result<Sighting> {
    let script = "return fetch(arguments[0], { mode: 'no-cors', credentials: 'include' }).then(() => true)";
    world.firefox.run(script, vec![json!(format!("https://{host}:{}/", server.port()))]).await?;
    let before = connects(server).len();
    let seen = world.firefox.socket(&url(host, server)).await?;
    if seen.delivered() {
        ensure!(connects(server).len() == before + 1, "it did not go over HTTP/2");
    }
    if keep == Keep::Nothing {
        world.firefox.end_connections().await?;
    }
    Ok(seen)
}

/// What is left of the connection for the next socket.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    Connection,
    Nothing,
}

/// The connections by which an extended CONNECT has come.
fn connects(server: &Server) -> Vec<usize> {
    let requests = server.traffic().requests;
    requests.iter().filter(|request| request.line.starts_with("CONNECT ")).map(|request| request.connection).collect()
}

async fn http2(stage: &mut Stage) -> Result<Tally> {
    let world = stage.world().await?;
    let server = server(world, Speech::Http2, &[PINNED]).await?;
    let tally =
        wrong_key(world, PINNED, &server, async || over_http2(world, PINNED, &server, Keep::Nothing).await).await?;
    ensure!(
        tally.opened > 0 || connects(&server).len() == 2,
        "the control, and the attack without a pre-flight, should have gone over HTTP/2"
    );
    Ok(tally)
}

async fn coalesced(stage: &mut Stage) -> Result<Tally> {
    let world = stage.world().await?;
    let server = server(world, Speech::Http2, &[UNPINNED, BELOW]).await?;
    let mut tally = Tally::default();
    for preflight in PREFLIGHTS {
        let shared = async || {
            let connections = connects(&server);
            let last_two = connections.iter().rev().take(2).collect::<std::collections::BTreeSet<_>>();
            ensure!(last_two.len() == 1, "the second host's socket came by another connection: {connections:?}");
            Ok(())
        };
        tally.control(&server, over_http2(world, UNPINNED, &server, Keep::Connection)).await?;
        tally.control(&server, over_http2(world, BELOW, &server, Keep::Connection)).await?;
        shared().await?;
        let rule = world.firefox.save_rule(wrong_pin(world, BELOW, preflight)).await?;
        let asked = connects(&server).len();
        tally.judged(world, "pin-mismatch", &server, over_http2(world, BELOW, &server, Keep::Nothing)).await?;
        if preflight == "off" {
            ensure!(connects(&server).len() == asked + 1, "it was not judged at its handshake");
            shared().await?;
        }
        world.firefox.delete_rule(&rule).await?;
    }
    Ok(tally)
}

async fn redirected(stage: &mut Stage) -> Result<Tally> {
    let elsewhere = server(stage.world().await?, Speech::Http1, &[UNPINNED]).await?;
    let mut tally = Tally::default();
    for status in [301, 302] {
        for scheme in ["wss", "https"] {
            let location = format!("{scheme}://{UNPINNED}:{}/", elsewhere.port());
            tally.add(&refused(stage, Answering::Refusing(status, Some(location))).await?);
        }
    }
    ensure!(elsewhere.traffic().connections == 0, "a redirect was followed");
    Ok(tally)
}

async fn unauthorised(stage: &mut Stage) -> Result<Tally> {
    refused(stage, Answering::Refusing(401, None)).await
}

async fn forbidden(stage: &mut Stage) -> Result<Tally> {
    refused(stage, Answering::Refusing(403, None)).await
}

/// Both answers are to one request of the page's: what was shown with the first says nothing of the second.
async fn turning(stage: &mut Stage) -> Result<Tally> {
    let world = stage.world().await?;
    let mut tally = Tally::default();
    for preflight in [None, Some("off"), Some("prefer")] {
        let (pinned, other) = (Key::new()?, Key::new()?);
        let authority = &world.demo.authority;
        let server = Server::turning(authority.issue(&[PINNED], &pinned)?, authority.issue(&[PINNED], &other)?).await?;
        server.answer(Answering::Challenging);
        let address = format!("wss://user:secret@{PINNED}:{}/", server.port());
        let socket = world.firefox.socket(&address);
        if let Some(preflight) = preflight {
            let rule = json!({ "host": PINNED, "preflight": preflight, "pins": [{ "sha256": pinned.pin() }] });
            let rule = world.firefox.save_rule(rule).await?;
            tally.judged(world, "pin-mismatch", &server, socket).await?;
            world.firefox.delete_rule(&rule).await?;
        } else {
            tally.control(&server, socket).await?;
        }
        let asked = server.traffic().requests.into_iter().filter(|request| request.websocket);
        let answers: Vec<_> = asked.map(|request| request.header("authorization").is_some()).collect();
        ensure!(answers == [false, true], "{preflight:?}: the handshakes brought a password: {answers:?}");
    }
    Ok(tally)
}

/// To the page such a stop is like the server's own; that it was judged is in the log.
async fn refused(stage: &mut Stage, answering: Answering) -> Result<Tally> {
    let world = stage.world().await?;
    let server = server(world, Speech::Http1, &[PINNED]).await?;
    let address = url(PINNED, &server);
    let mut tally = Tally::default();
    tally.control(&server, world.firefox.socket(&address)).await?;
    server.answer(answering);
    for preflight in PREFLIGHTS {
        let rule = world.firefox.save_rule(wrong_pin(world, PINNED, preflight)).await?;
        tally.judged(world, "pin-mismatch", &server, world.firefox.socket(&address)).await?;
        world.firefox.delete_rule(&rule).await?;
    }
    Ok(tally)
}

async fn http_proxy(stage: &mut Stage) -> Result<Tally> {
    by_proxy(stage, &Proxy::start(Kind::Http).await?, |_| {}).await
}

/// What such a proxy answers first is shown to extensions as if the server had answered it.
async fn demanding_proxy(stage: &mut Stage) -> Result<Tally> {
    let proxy = Proxy::start(Kind::HttpWithDigest).await?;
    stage.world().await?.firefox.remember_password(&proxy).await?;
    by_proxy(stage, &proxy, |_| {}).await
}

/// Then even with certificates: the proxy's. Firefox may keep the connection of a socket that it has stopped there.
async fn tls_proxy(stage: &mut Stage) -> Result<Tally> {
    let mut tally = Tally::default();
    for kind in [Kind::Http, Kind::HttpWithDigest] {
        let world = stage.world().await?;
        let key = Key::new()?;
        let proxy = Proxy::over_tls(kind, world.demo.authority.issue(&["127.0.0.1"], &key)?).await?;
        world.firefox.remember_password(&proxy).await?;
        tally.add(&by_proxy(stage, &proxy, Proxy::end_tunnels).await?);
        tally.add(&beyond_a_pinned_proxy(stage, &proxy, &key).await?);
    }
    Ok(tally)
}

/// The rule names the proxy's key: that is not the server's.
async fn beyond_a_pinned_proxy(stage: &mut Stage, proxy: &Proxy, key: &Key) -> Result<Tally> {
    let world = stage.world().await?;
    let server = server(world, Speech::Http1, &[PINNED]).await?;
    world.firefox.send_through(proxy, &format!("host == '{PINNED}'")).await?;
    let mut tally = Tally::default();
    for preflight in PREFLIGHTS {
        let rule = json!({ "host": PINNED, "preflight": preflight, "pins": [{ "sha256": key.pin() }] });
        let rule = world.firefox.save_rule(rule).await?;
        let before = proxy.tunnels();
        tally.judged(world, "pin-mismatch", &server, world.firefox.socket(&url(PINNED, &server))).await?;
        ensure!(proxy.tunnels() > before, "it did not go through the proxy");
        proxy.end_tunnels();
        world.firefox.delete_rule(&rule).await?;
    }
    world.firefox.send_directly().await?;
    Ok(tally)
}

async fn socks_proxy(stage: &mut Stage) -> Result<Tally> {
    by_proxy(stage, &Proxy::start(Kind::Socks).await?, |_| {}).await
}

async fn by_proxy(stage: &mut Stage, proxy: &Proxy, afterwards: impl Fn(&Proxy)) -> Result<Tally> {
    let world = stage.world().await?;
    let key = Key::new()?;
    let server = Server::tls(world.demo.authority.issue(&[PINNED], &key)?).await?;
    world.firefox.send_through(proxy, &format!("host == '{PINNED}'")).await?;
    let address = url(PINNED, &server);
    let open = async || {
        let before = proxy.tunnels();
        let seen = world.firefox.socket(&address).await?;
        ensure!(proxy.tunnels() > before, "it did not go through the proxy");
        afterwards(proxy);
        Ok(seen)
    };
    let mut tally = wrong_key(world, PINNED, &server, open).await?;
    // Nor is the proxy itself in the right key's way.
    for preflight in PREFLIGHTS {
        let rule = json!({ "host": PINNED, "preflight": preflight, "pins": [{ "sha256": key.pin() }] });
        let rule = world.firefox.save_rule(rule).await?;
        tally.control(&server, open()).await?;
        world.firefox.delete_rule(&rule).await?;
    }
    // Who is beyond it and passes itself off as the proxy opens nothing by that.
    server.answer(Answering::Refusing(407, None));
    for (preflight, request) in [("prefer", "HEAD /"), ("off", "GET /")] {
        world.firefox.end_connections().await?;
        let rule = world.firefox.save_rule(wrong_pin(world, PINNED, preflight)).await?;
        let (before, entries) = (server.traffic().requests.len(), world.firefox.violations().await?.len());
        if preflight == "off" && proxy.is_over_tls() {
            // Whose it is cannot be told, and it is Firefox that refuses it.
            tally.attack(&server, open()).await?;
            ensure!(
                world.firefox.violations().await?.len() == entries,
                "it is logged: SECURITY.md says that it is not"
            );
        } else {
            tally.judged(world, "pin-mismatch", &server, open()).await?;
        }
        let asked = server.traffic().requests.split_off(before);
        let asked: Vec<_> = asked.into_iter().map(|request| request.line).collect();
        ensure!(asked == [request], "the wrong key's server was asked {asked:?}");
        world.firefox.delete_rule(&rule).await?;
    }
    world.firefox.send_directly().await?;
    Ok(tally)
}

async fn ipv6(stage: &mut Stage) -> Result<Tally> {
    let world = stage.world().await?;
    let server = Server::on_ipv6(world.demo.authority.issue(&["::1"], &Key::new()?)?).await?;
    let address = url("[::1]", &server);
    wrong_key(world, "[::1]", &server, async || world.firefox.socket(&address).await).await
}

async fn one_port(stage: &mut Stage) -> Result<Tally> {
    let world = stage.world().await?;
    let (ruled, free) = (&world.demo.servers.attacker, &world.demo.servers.backup);
    let mut tally = Tally::default();
    tally.control(ruled, world.firefox.socket(&url(PINNED, ruled))).await?;
    for preflight in PREFLIGHTS {
        let host = format!("{PINNED}:{}", ruled.port());
        let rule = world.firefox.save_rule(wrong_pin(world, &host, preflight)).await?;
        tally.judged(world, "pin-mismatch", ruled, world.firefox.socket(&url(PINNED, ruled))).await?;
        tally.control(free, world.firefox.socket(&url(PINNED, free))).await?;
        world.firefox.delete_rule(&rule).await?;
    }
    Ok(tally)
}
