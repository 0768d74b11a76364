//! The pre-flight: what a server with the wrong key has received, how often it is asked, and by which route.

use std::net::Ipv4Addr;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use sockpin_e2e::authority::Key;
use sockpin_e2e::demo::PINNED;
use sockpin_e2e::proxy::{Kind, Proxy};
use sockpin_e2e::servers::{Answering, Server};
use sockpin_e2e::traffic::Traffic;
use sockpin_e2e::world::{Installation, World};

fn url(server: &Server) -> String {
    format!("wss://{PINNED}:{}/path?token=secret", server.port())
}

fn rule(pin: &str, preflight: &str) -> Value {
    json!({ "host": PINNED, "mode": "block", "preflight": preflight, "pins": [{ "sha256": pin }] })
}

async fn server(world: &World, key: &Key) -> Result<Server> {
    Server::tls(world.demo.authority.issue(&[PINNED], key)?).await
}

/// How many probes it has received; anything else that is no WebSocket is an error.
fn probes(traffic: &Traffic) -> usize {
    let others = traffic.requests.iter().filter(|request| !request.websocket);
    others.inspect(|request| assert_eq!(request.line, "HEAD /")).count()
}

fn handshakes(traffic: &Traffic) -> usize {
    traffic.requests.iter().filter(|request| request.websocket).count()
}

/// Opens a socket that offers a subprotocol, as a page does that puts its token there.
const WITH_SUBPROTOCOL: &str = r"
const [url, subprotocol] = arguments;
return new Promise((resolve) => {
    const socket = new WebSocket(url, subprotocol);
    socket.addEventListener('close', () => resolve(true));
    socket.addEventListener('open', () => socket.close());
});
";

/// A cookie for every request to this server.
async fn set_cookie(world: &World) -> Result<()> {
    let script = r"
        const [host] = arguments;
        Services.cookies.add(host, '/', 'session', 'secret', true, false, true, Date.now() + 1e6, {},
            Ci.nsICookie.SAMESITE_NONE, Ci.nsICookie.SCHEME_HTTPS);
    ";
    world.firefox.privileged(script, vec![json!(PINNED)]).await?;
    // Firefox keeps cookies of other sites' requests apart from those of the host's own pages.
    world.firefox.set_preference("network.cookie.cookieBehavior", json!(0)).await?;
    world.firefox.open(&world.demo.site.blank()).await
}

#[tokio::test]
async fn a_wrong_key_has_received_nothing_of_the_handshake() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let key = Key::new()?;
    let (control, attacker) = (server(&world, &key).await?, server(&world, &Key::new()?).await?);
    set_cookie(&world).await?;
    world.firefox.save_rule(rule(&key.pin(), "prefer")).await?;
    for server in [&control, &attacker] {
        world.firefox.run(WITH_SUBPROTOCOL, vec![json!(url(server)), json!("secret-token")]).await?;
    }
    // The control: to the right key all of it is sent.
    let received = control.settled_traffic().await?;
    let handshake = received.requests.iter().find(|request| request.websocket).context("there was no handshake")?;
    assert_eq!(handshake.line, "GET /path?token=secret");
    assert_eq!(handshake.header("cookie"), Some("session=secret"));
    assert_eq!(handshake.header("sec-websocket-protocol"), Some("secret-token"));

    let received = attacker.settled_traffic().await?;
    assert_eq!((probes(&received), handshakes(&received)), (1, 0), "{received:?}");
    let told = format!("{:?}", received.requests);
    for secret in ["secret", "token", "path", "moz-extension", "127.0.0.1"] {
        assert!(!told.contains(secret), "the probe carries {secret}: {told}");
    }
    for header in ["cookie", "referer", "origin", "authorization"] {
        assert_eq!(received.requests[0].header(header), None, "the probe carries {header}");
    }
    let log = world.firefox.violations().await?;
    assert_eq!((&log[0]["stage"], &log[0]["reason"]), (&json!("preflight"), &json!("pin-mismatch")));
    world.firefox.quit().await
}

#[tokio::test]
async fn a_server_that_answers_only_upgrades_is_checked_at_the_handshake_or_not_reached() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    // Firefox repeats a request to which there was no answer, so often that it may take longer than a probe is waited for.
    world.firefox.set_preference("network.http.request.max-attempts", json!(1)).await?;
    let (key, other) = (Key::new()?, Key::new()?);
    let (right, wrong) = (server(&world, &key).await?, server(&world, &other).await?);
    for (preflight, opens) in [("prefer", true), ("require", false)] {
        for server in [&right, &wrong] {
            server.answer(Answering::NothingElse);
        }
        let saved = world.firefox.save_rule(rule(&key.pin(), preflight)).await?;
        let before = handshakes(&right.traffic());
        assert_eq!(world.firefox.socket(&url(&right)).await?.delivered(), opens, "{preflight}");
        assert_eq!(handshakes(&right.settled_traffic().await?) - before, usize::from(opens), "{preflight}");
        assert!(world.firefox.socket(&url(&wrong)).await?.refused(), "{preflight}");
        let log = world.firefox.violations().await?;
        let reason = if opens { "pin-mismatch" } else { "preflight-unanswered" };
        assert_eq!((&log[0]["reason"], &log[0]["noAnswer"]), (&json!(reason), &json!("failed")));
        world.firefox.delete_rule(&saved).await?;

        // The control: a server that answers a probe is reached in either mode.
        right.answer(Answering::Accepting);
        let saved = world.firefox.save_rule(rule(&key.pin(), preflight)).await?;
        assert!(world.firefox.socket(&url(&right)).await?.delivered(), "{preflight}");
        world.firefox.delete_rule(&saved).await?;
    }
    assert_eq!(wrong.settled_traffic().await?.all_frames(), 0);
    world.firefox.quit().await
}

#[tokio::test]
async fn a_reconnect_storm_causes_one_probe() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let key = Key::new()?;
    let (right, wrong) = (server(&world, &key).await?, server(&world, &Key::new()?).await?);
    world.firefox.save_rule(rule(&key.pin(), "prefer")).await?;
    let storm = r"
        const [url, times] = arguments;
        const one = () => new Promise((resolve) => {
            const socket = new WebSocket(url);
            socket.addEventListener('open', () => socket.close());
            socket.addEventListener('close', ({ wasClean }) => resolve(wasClean));
        });
        return (async () => {
            const all = [];
            for (let line = 0; line < 5; line++) {
                all.push((async () => { let open = 0; for (let i = 0; i < times; i++) open += await one(); return open; })());
            }
            return (await Promise.all(all)).reduce((sum, open) => sum + open);
        })();
    ";
    for (server, open) in [(&right, 50), (&wrong, 0)] {
        assert_eq!(world.firefox.run(storm, vec![json!(url(server)), json!(10)]).await?, json!(open));
        let received = server.settled_traffic().await?;
        assert_eq!((probes(&received), handshakes(&received)), (1, open));
    }
    // The control: after a change of the rules it is asked again.
    world.firefox.save_rule(json!({ "host": "elsewhere.test", "mode": "off" })).await?;
    assert_eq!(world.firefox.run(storm, vec![json!(url(&wrong)), json!(1)]).await?, json!(0));
    assert_eq!(probes(&wrong.settled_traffic().await?), 2);
    world.firefox.quit().await
}

/// A page reconnects before the network is back. What came of that must not stop it for a minute more.
#[tokio::test]
async fn a_socket_is_not_stopped_any_more_once_there_is_a_network_again() -> Result<()> {
    const SET_OFFLINE: &str = "Services.io.offline = arguments[0]; Services.dns.clearCache(true);";
    let nobody = Ipv4Addr::new(127, 0, 9, 9);
    let world = World::start(Installation::Temporary).await?;
    let key = Key::new()?;
    for (offline, probe_failure) in [(true, "offline"), (false, "failed")] {
        let host = format!("{probe_failure}.example");
        let server = Server::tls(world.demo.authority.issue(&[&host], &key)?).await?;
        let address = format!("wss://{host}:{}/", server.port());
        let rule = json!({ "host": host, "preflight": "require", "pins": [{ "sha256": key.pin() }] });
        world.firefox.save_rule(rule).await?;
        // Without a network Firefox still reaches this computer itself, so for that while nobody is there.
        world.firefox.lead(&[(host.clone(), nobody)]).await?;
        world.firefox.privileged(SET_OFFLINE, vec![json!(offline)]).await?;
        assert!(world.firefox.socket(&address).await?.refused());
        let log = world.firefox.violations().await?;
        assert_eq!((&log[0]["reason"], &log[0]["noAnswer"]), (&json!("preflight-unanswered"), &json!(probe_failure)));
        world.firefox.lead(&[(host, Ipv4Addr::LOCALHOST)]).await?;
        world.firefox.privileged(SET_OFFLINE, vec![json!(false)]).await?;
        // The control: what failed with a network is kept.
        assert_eq!(world.firefox.socket(&address).await?.delivered(), offline, "{probe_failure}");
    }
    world.firefox.quit().await
}

#[tokio::test]
async fn from_a_container_or_a_private_window_none_is_sent() -> Result<()> {
    let world = World::start(Installation::ForGood).await?;
    world.firefox.allow_in_private_windows(true).await?;
    let key = Key::new()?;
    let blank = world.demo.site.blank();
    for (place, why) in [("container", "container"), ("private", "private-window")] {
        for (preflight, opens) in [("prefer", true), ("require", false)] {
            let server = server(&world, &key).await?;
            let saved = world.firefox.save_rule(rule(&key.pin(), preflight)).await?;
            let here = world.firefox.this_page().await?;
            match place {
                "container" => world.firefox.open_container_tab(&blank).await?,
                _ => world.firefox.open_private_window(&blank).await?,
            }
            let seen = world.firefox.socket(&url(&server)).await?;
            world.firefox.close_tab().await?;
            here.show().await?;
            assert_eq!(seen.delivered(), opens, "{place}, {preflight}: {seen:?}");
            let received = server.settled_traffic().await?;
            assert_eq!((probes(&received), handshakes(&received)), (0, usize::from(opens)), "{place}, {preflight}");
            // Of a private window nothing is written down.
            if place == "container" && !opens {
                let log = world.firefox.violations().await?;
                assert_eq!((&log[0]["reason"], &log[0]["noAnswer"]), (&json!("preflight-unanswered"), &json!(why)));
            }
            // The control: from an ordinary tab one is sent.
            assert!(world.firefox.socket(&url(&server)).await?.delivered(), "control, {place}, {preflight}");
            assert_eq!(probes(&server.settled_traffic().await?), 1, "control, {place}, {preflight}");
            world.firefox.delete_rule(&saved).await?;
        }
    }
    world.firefox.quit().await
}

/// A proxy for sockets alone, as an extension or a script of the network's may set it; and one for both.
#[tokio::test]
async fn a_probe_takes_the_sockets_proxy_or_is_not_sent() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let (key, proxy) = (Key::new()?, Proxy::start(Kind::Socks).await?);
    let pinned = format!("host == '{PINNED}'");
    let sockets = format!("{pinned} && url.substring(0, 4) == 'wss:'");
    let probes_alone = format!("{pinned} && url.substring(0, 6) == 'https:'");
    for (condition, is_sent) in [(&pinned, true), (&sockets, false), (&probes_alone, false)] {
        world.firefox.send_through(&proxy, condition).await?;
        for preflight in ["prefer", "require"] {
            let server = server(&world, &key).await?;
            let saved = world.firefox.save_rule(rule(&key.pin(), preflight)).await?;
            let tunnels = proxy.tunnels();
            let seen = world.firefox.socket(&url(&server)).await?;
            let opens = is_sent || preflight == "prefer";
            assert_eq!(seen.delivered(), opens, "{condition}, {preflight}: {seen:?}");
            let received = server.settled_traffic().await?;
            assert_eq!(
                (probes(&received), handshakes(&received)),
                (usize::from(is_sent), usize::from(opens)),
                "{condition}"
            );
            ensure!(!is_sent || proxy.tunnels() > tunnels, "nothing went through the proxy");
            if !opens {
                let log = world.firefox.violations().await?;
                assert_eq!((&log[0]["reason"], &log[0]["noAnswer"]), (&json!("preflight-unanswered"), &json!("proxy")));
            }
            world.firefox.delete_rule(&saved).await?;
        }
    }
    world.firefox.quit().await
}

/// A probe has nobody whom it could ask for a password; one that Firefox has is used, whatever was answered before.
#[tokio::test]
async fn a_probe_passes_a_proxy_that_wants_a_password_and_asks_nobody_for_it() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let (key, proxy) = (Key::new()?, Proxy::start(Kind::HttpWithDigest).await?);
    let server = server(&world, &key).await?;
    world.firefox.send_through(&proxy, &format!("host == '{PINNED}'")).await?;
    world.firefox.save_rule(rule(&key.pin(), "require")).await?;
    assert!(world.firefox.socket(&url(&server)).await?.refused());
    let log = world.firefox.violations().await?;
    assert_eq!((&log[0]["reason"], &log[0]["noAnswer"]), (&json!("preflight-unanswered"), &json!("proxy-password")));
    assert_eq!((proxy.tunnels(), server.settled_traffic().await?.connections), (0, 0));

    world.firefox.remember_password(&proxy).await?;
    assert!(world.firefox.socket(&url(&server)).await?.delivered());
    let received = server.settled_traffic().await?;
    assert_eq!((probes(&received), handshakes(&received)), (1, 1));
    world.firefox.quit().await
}

/// A socket whose name the proxy looks up: this machine must not do so on the probe's behalf.
#[tokio::test]
async fn a_probe_by_another_road_is_stopped_before_its_host_is_looked_up() -> Result<()> {
    const REMOTE: &str = "known-to-the-proxy.example";
    let world = World::start(Installation::Temporary).await?;
    let (key, proxy) = (Key::new()?, Proxy::start(Kind::Socks).await?);
    let server = Server::tls(world.demo.authority.issue(&[REMOTE], &key)?).await?;
    let sockets = format!("host == '{REMOTE}' && url.substring(0, 4) == 'wss:'");
    world.firefox.set_preference("network.proxy.socks5_remote_dns", json!(true)).await?;
    world.firefox.send_through(&proxy, &sockets).await?;
    world.firefox.save_rule(json!({ "host": REMOTE, "pins": [{ "sha256": key.pin() }] })).await?;
    let address = format!("wss://{REMOTE}:{}/", server.port());
    assert!(world.firefox.socket(&address).await?.delivered());
    assert_eq!(probes(&server.settled_traffic().await?), 0);

    let looked_up = async || {
        let names = world.firefox.privileged(LOOKED_UP, Vec::new()).await?;
        Ok::<_, anyhow::Error>(names.as_array().is_some_and(|names| names.contains(&json!(REMOTE))))
    };
    assert!(!looked_up().await?);
    // The control: a request that does leave by that route has its host looked up, in vain.
    let fetch = "return fetch(arguments[0], { mode: 'no-cors' }).then(() => true, () => true)";
    world.firefox.run(fetch, vec![json!(address.replace("wss", "https"))]).await?;
    assert!(looked_up().await?);
    world.firefox.quit().await
}

const LOOKED_UP: &str = r"
return new Promise((resolve) => Cc['@mozilla.org/network/dashboard;1'].getService(Ci.nsIDashboard)
    .requestDNSInfo(({ entries }) => resolve(entries.map(({ hostname }) => hostname))));
";
