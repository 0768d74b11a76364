//! Sockets that fail without Sockpin, each cause brought about in a real Firefox, and what the popup says of it.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;
use sockpin_e2e::authority::{Authority, Key};
use sockpin_e2e::demo::{EXCEPTION, PINNED, UNPINNED};
use sockpin_e2e::extension;
use sockpin_e2e::firefox::Firefox;
use sockpin_e2e::servers::{Answering, Server};
use sockpin_e2e::tab::Tab;
use sockpin_e2e::wait;
use sockpin_e2e::world::{Installation, World};
use thirtyfour::Key as Keyboard;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;

/// What the popup is to say of a socket, from its beginning.
struct Cause {
    url: String,
    says: String,
    /// Whether it can be decided on the server's page.
    is_decided: bool,
}

impl Cause {
    fn new(url: String, says: impl Into<String>) -> Self {
        Self { url, says: says.into(), is_decided: false }
    }

    fn of_certificate(server: &Server, says: &str) -> Self {
        Self { is_decided: true, ..Self::new(url(server), says) }
    }
}

fn url(server: &Server) -> String {
    format!("wss://{UNPINNED}:{}/", server.port())
}

/// Opens a socket from the web page, which fails.
async fn fails(firefox: &Firefox, url: &str) -> Result<()> {
    let seen = firefox.socket(url).await?;
    ensure!(seen.refused(), "{url}: the page saw {seen:?}");
    Ok(())
}

/// Waits until the popup says this of each socket, and has the button for those that can be decided.
async fn says(firefox: &Firefox, causes: &[Cause]) -> Result<()> {
    let mut wrong = Vec::new();
    let said = wait::until("the sentences", async || {
        let rows = rows(firefox).await?;
        let is_said = |cause: &&Cause| {
            let row = cause.url.split('/').nth(2).and_then(|address| rows.get(address));
            row.is_some_and(|(said, action)| said.starts_with(&cause.says) && (action == "decide") == cause.is_decided)
        };
        let missing = causes.iter().filter(|cause| !is_said(cause));
        wrong = missing.map(|cause| format!("{} is not “{}”", cause.url, cause.says)).collect();
        Ok(wrong.is_empty().then_some(()))
    })
    .await;
    if said.is_err() {
        bail!("{wrong:#?}\n{:#?}", rows(firefox).await?);
    }
    Ok(())
}

/// Of each row the address, and what is said with the name of what can be done.
async fn rows(firefox: &Firefox) -> Result<BTreeMap<String, (String, String)>> {
    let rows = firefox.run(ROWS, Vec::new()).await?;
    serde_json::from_value(rows).context("the rows are something else")
}

const ROWS: &str = r"
return Object.fromEntries([...document.querySelectorAll('#tab-sockets [data-state=failed]')].map((row) => {
    const part = (name) => row.querySelector(`[data-part=${name}]`);
    const action = part('tab-action').checkVisibility() ? part('tab-action').dataset.action : '';
    return [part('tab-host').textContent, [part('tab-text').innerText, action]];
}));
";

/// A port of this computer at which nobody listens, nor will: it is taken.
fn closed_port() -> Result<(u16, TcpSocket)> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
    Ok((socket.local_addr()?.port(), socket))
}

/// A port at which every connection is dropped at once, until the task ends.
async fn dropping_port() -> Result<(u16, JoinHandle<()>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let dropping = tokio::spawn(async move { while listener.accept().await.is_ok() {} });
    Ok((port, dropping))
}

/// A port that answers every `ClientHello` with a fatal alert, until the task ends: it shows no certificate, so nothing is known of
/// its key.
async fn alerting_port() -> Result<(u16, JoinHandle<()>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let alerting = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut hello = [0; 4096];
                while stream.read(&mut hello).await? > 0 {
                    stream.write_all(&HANDSHAKE_FAILURE).await?;
                }
                std::io::Result::Ok(())
            });
        }
    });
    Ok((port, alerting))
}

/// A TLS record with a fatal alert (RFC 5246 section 7.2).
const HANDSHAKE_FAILURE: [u8; 7] = [21, 3, 3, 0, 2, 2, 40];

/// A port that answers no connection any more, since so many wait to be taken as there is room for.
struct FullPort {
    port: u16,
    _listener: TcpListener,
    _waiting: Vec<TcpStream>,
}

impl FullPort {
    async fn new() -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let listener = socket.listen(0)?;
        let address = listener.local_addr()?;
        let waiting = vec![TcpStream::connect(address).await?];
        Ok(Self { port: address.port(), _listener: listener, _waiting: waiting })
    }
}

async fn refusing(world: &World, status: u16, location: Option<String>) -> Result<Server> {
    let server = Server::tls(world.demo.authority.issue(&[UNPINNED], &Key::new()?)?).await?;
    server.answer(Answering::Refusing(status, location));
    Ok(server)
}

/// What Firefox does not accept about a certificate or the TLS, each with a server that shows it.
async fn certificates(authority: &Authority) -> Result<(Vec<Cause>, Vec<Server>)> {
    let mut causes = Vec::new();
    let key = Key::new()?;
    let trusts_no_issuer = format!("Firefox does not trust the issuer of the certificate of {UNPINNED}.");
    let mut servers = Vec::new();
    for (identity, says) in [
        (Authority::named("Somebody else")?.issue(&[UNPINNED], &key)?, trusts_no_issuer.clone()),
        // One that takes the name of a trusted authority.
        (Authority::new()?.issue(&[UNPINNED], &key)?, trusts_no_issuer),
        (key.self_signed(&[UNPINNED])?, format!("The certificate of {UNPINNED} is self-signed")),
        (authority.issue(&[PINNED], &key)?, format!("The certificate that the server showed is not for {UNPINNED}.")),
        (authority.issue_expired(&[UNPINNED], &key)?, format!("The certificate of {UNPINNED} has expired.")),
        (authority.issue_early(&[UNPINNED], &key)?, format!("The certificate of {UNPINNED} is not valid yet.")),
    ] {
        let server = Server::tls(identity).await?;
        causes.push(Cause::of_certificate(&server, &says));
        servers.push(server);
    }
    let revoked = Server::tls(authority.issue_revoked(&[UNPINNED], &key)?).await?;
    causes.push(Cause::new(
        url(&revoked),
        format!("The certificate of {UNPINNED} was revoked by its issuer. Do not use it;"),
    ));
    servers.push(revoked);
    let clear = Server::clear().await?;
    causes.push(Cause::new(url(&clear), format!("{UNPINNED} does not speak TLS at port {}.", clear.port())));
    servers.push(clear);
    Ok((causes, servers))
}

/// What a proxy may do wrong.
async fn proxies(firefox: &Firefox) -> Result<Vec<Cause>> {
    let mut causes = Vec::new();
    let proxy = Server::clear().await?;
    proxy.answer(Answering::Refusing(403, None));
    let (no_proxy, _no_proxy) = closed_port()?;
    let mut behind = Vec::new();
    for (host, port, says) in [
        ("127.0.0.1", no_proxy, "The proxy that Firefox uses cannot be reached.".to_owned()),
        ("nowhere.invalid", 80, "The proxy that Firefox uses cannot be reached.".to_owned()),
        ("127.0.0.1", proxy.port(), format!("The proxy did not connect to {UNPINNED}.")),
    ] {
        for (name, value) in [("ssl", json!(host)), ("ssl_port", json!(port)), ("type", json!(1))] {
            firefox.set_preference(&format!("network.proxy.{name}"), value).await?;
        }
        let (closed, taken) = closed_port()?;
        behind.push(taken);
        let cause = Cause::new(format!("wss://{UNPINNED}:{closed}/"), says);
        fails(firefox, &cause.url).await?;
        causes.push(cause);
    }
    firefox.send_directly().await?;
    Ok(causes)
}

/// The page is one of the internet, and may not connect to this computer.
async fn local_network(world: &World, tab: &Tab<'_>) -> Result<()> {
    let firefox = &world.firefox;
    let site = world.demo.site.url("/").replace("http://", "").replace('/', "");
    for (name, value) in [
        ("enabled", json!(true)),
        ("blocking", json!(true)),
        ("websocket.enabled", json!(true)),
        ("address_space.public.override", json!(site)),
    ] {
        firefox.set_preference(&format!("network.lna.{name}"), value).await?;
    }
    firefox.open(&world.demo.site.url("/opener.html")).await?;
    firefox.privileged(DENY_LOCAL_NETWORK, Vec::new()).await?;
    let local = Cause::new(
        world.demo.servers.url("unpinned")?,
        format!("Firefox did not let the page connect to {UNPINNED}, a device of the local network."),
    );
    fails(firefox, &local.url).await?;
    tab.popup.show().await?;
    says(firefox, &[local]).await?;
    tab.popup.wait_for_count("#tab-sockets .tab-row", 1).await
}

#[tokio::test]
async fn each_cause_has_its_sentence() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let firefox = &world.firefox;
    let tab = Tab::with_popup(firefox).await?;
    tab.web.show().await?;
    let (mut causes, _servers) = certificates(&world.demo.authority).await?;

    // The network.
    let ((closed, _closed), (dropping, _dropping)) = (closed_port()?, dropping_port().await?);
    causes.push(Cause::new("wss://nowhere.invalid/".to_owned(), "Firefox found no address for nowhere.invalid."));
    causes.push(Cause::new(
        format!("wss://{UNPINNED}:{closed}/"),
        format!("{UNPINNED} accepts no connection at port {closed}."),
    ));
    causes.push(Cause::new(
        format!("wss://{UNPINNED}:{dropping}/"),
        format!("The connection to {UNPINNED} broke off before the socket opened."),
    ));

    // The server.
    let (alerting, _alerting) = alerting_port().await?;
    let (tls_url, no_tls) = (
        format!("wss://{UNPINNED}:{alerting}/"),
        format!("Firefox does not accept the certificate or the TLS of {UNPINNED}. The server’s page may say more. "),
    );
    causes.push(Cause { is_decided: true, ..Cause::new(tls_url.clone(), format!("{no_tls}Firefox says: “")) });
    let forbidden = refusing(&world, 403, None).await?;
    causes
        .push(Cause::new(url(&forbidden), format!("{UNPINNED} answered with status 403 instead of opening a socket.")));
    let elsewhere = format!("https://{PINNED}:{}/login", world.demo.servers.pinned.port());
    let redirecting = refusing(&world, 302, Some(elsewhere)).await?;
    causes.push(Cause::new(url(&redirecting), "The server sent the socket to another address"));
    for cause in &causes {
        fails(firefox, &cause.url).await?;
    }
    let full = FullPort::new().await?;
    let late = Cause::new(
        format!("wss://{UNPINNED}:{}/", full.port),
        format!("{UNPINNED} did not answer at port {} in time.", full.port),
    );
    // For this one alone: a slow machine may take so long to connect anywhere.
    firefox.set_preference("network.http.connection-timeout", json!(1)).await?;
    fails(firefox, &late.url).await?;
    firefox.set_preference("network.http.connection-timeout", json!(90)).await?;
    causes.push(late);

    causes.extend(proxies(firefox).await?);

    // The browser.
    let cause = Cause::new("wss://offline.invalid/".to_owned(), "Firefox works offline.");
    firefox.privileged("Services.io.offline = true", Vec::new()).await?;
    fails(firefox, &cause.url).await?;
    firefox.privileged("Services.io.offline = false", Vec::new()).await?;
    causes.push(cause);

    // Of these Firefox tells nothing.
    let barred = firefox.run(OPEN, vec![json!(format!("wss://{UNPINNED}:25/"))]).await?;
    ensure!(barred == json!("error"), "a barred port: {barred}");
    let silent = refusing(&world, 200, None).await?;
    silent.answer(Answering::Later);
    firefox.set_preference("network.websocket.timeout.open", json!(1)).await?;
    fails(firefox, &url(&silent)).await?;
    firefox.set_preference("network.websocket.timeout.open", json!(20)).await?;
    let closed = firefox.run(CLOSE_AT_ONCE, vec![json!(url(&silent))]).await?;
    ensure!(closed == json!("error"), "a socket that was closed: {closed}");

    // One that opens is none of them, even if it breaks off later.
    assert!(world.socket("unpinned").await?.delivered());
    let server = Server::tls(world.demo.authority.issue(&[UNPINNED], &Key::new()?)?).await?;
    firefox.run(KEEP_OPEN, vec![json!(url(&server))]).await?;
    drop(server);
    let broken = firefox.run("return window.ended", Vec::new()).await?;
    ensure!(broken == json!(1006), "it ended with {broken}");
    tab.popup.show().await?;
    says(firefox, &causes).await?;
    tab.popup.wait_for_count("#tab-sockets [data-state=not-pinned]", 2).await?;
    let rows = rows(firefox).await?;
    assert_eq!(rows.len(), causes.len(), "{rows:#?}");
    let note = format!("Sockpin has stopped none of the {} sockets that failed.", causes.len());
    assert_eq!(tab.popup.text("#tab-without-sockpin").await?, note);
    tab.popup.click("#tab-missing summary").await?;
    assert!(tab.popup.text("#tab-missing").await?.contains("a port that it blocks, such as 25"));
    tab.popup.wait_for_presence("#tab-missing-cleartext", false).await?;
    firefox.look("failures-all").await?;

    // Who breaks TLS off may hold a wrong key: with a rule, no page is offered that it does not protect.
    let rule = json!({ "host": format!("{UNPINNED}:{alerting}"), "pins": [{ "sha256": world.demo.unused_key.pin() }] });
    firefox.save_rule(rule).await?;
    let ruled = [Cause::new(tls_url, format!("{no_tls}A page of this host is not protected by its rule"))];
    says(firefox, &ruled).await?;
    tab.web.show().await?;
    fails(firefox, &ruled[0].url).await?;
    tab.popup.show().await?;
    tab.popup.wait_until("a second socket in its row", TWICE).await?;
    says(firefox, &ruled).await?;

    tab.web.show().await?;
    local_network(&world, &tab).await?;
    world.firefox.quit().await
}

const TWICE: &str = "[...document.querySelectorAll('#tab-sockets [data-state=failed] [data-part=tab-facts]')]\
    .some((facts) => facts.textContent.startsWith('2 sockets'))";

/// Gives the name of what was thrown, or of the event by which it ended.
const OPEN: &str = r"
try {
    const socket = new WebSocket(arguments[0]);
    return new Promise((resolve) => {
        for (const type of ['open', 'error']) socket.addEventListener(type, () => resolve(type));
    });
} catch ({ name }) {
    return name;
}
";

const CLOSE_AT_ONCE: &str = r"
const socket = new WebSocket(arguments[0]);
const ended = new Promise((resolve) => socket.addEventListener('error', () => resolve('error')));
socket.close();
return ended;
";

const KEEP_OPEN: &str = r"
const socket = new WebSocket(arguments[0]);
window.ended = new Promise((resolve) => socket.addEventListener('close', ({ code }) => resolve(code)));
return new Promise((resolve) => socket.addEventListener('open', () => resolve()));
";

const DENY_LOCAL_NETWORK: &str = r"
for (const type of ['loopback-network', 'local-network']) {
    Services.perms.addFromPrincipal(gBrowser.contentPrincipal, type, Services.perms.DENY_ACTION);
}
";

#[tokio::test]
async fn an_exception_of_the_page_is_none_of_its_socket_and_what_a_page_over_tls_may_not_open_is_said() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let firefox = &world.firefox;
    let key = Key::new()?;
    let page = key.self_signed(&[EXCEPTION])?;
    let certificate = page.certificate().to_vec();
    let page = Server::tls(page).await?;
    page.answer(Answering::Refusing(200, None));
    let identity = key.self_signed(&[EXCEPTION])?;
    let second = identity.certificate().to_vec();
    let server = Server::tls(identity).await?;
    firefox.add_exception(EXCEPTION, page.port(), &certificate).await?;
    firefox.open(&format!("https://{EXCEPTION}:{}/", page.port())).await?;
    let tab = Tab::with_popup(firefox).await?;
    tab.popup.wait_for_presence("#tab-summary[data-state=none]", true).await?;
    tab.popup.click("#tab-missing summary").await?;
    let missing = tab.popup.text("#tab-missing-cleartext").await?;
    assert!(
        missing.starts_with("This page was loaded over https. Firefox lets it open no unencrypted socket (ws://)"),
        "{missing}"
    );
    firefox.look("failures-empty").await?;

    // As it says.
    tab.web.show().await?;
    let clear = world.demo.servers.clear.port();
    let mixed = firefox.run(OPEN, vec![json!(format!("ws://{UNPINNED}:{clear}/"))]).await?;
    let loopback = firefox.run(OPEN, vec![json!(format!("ws://127.0.0.1:{clear}/"))]).await?;
    assert_eq!([mixed, loopback], [json!("SecurityError"), json!("open")]);

    let port = server.port();
    let cause = Cause {
        url: format!("wss://{EXCEPTION}:{port}/"),
        says: format!(
            "The certificate of {EXCEPTION} is self-signed, and Firefox trusts such a certificate only by an exception. Open \
             the server’s page and decide there. If you have made an exception for the page at port {}: it does not count \
             for port {port}. Firefox says: “",
            page.port()
        ),
        is_decided: true,
    };
    fails(firefox, &cause.url).await?;
    tab.popup.show().await?;
    says(firefox, &[cause]).await?;
    tab.popup.wait_for_count("#tab-sockets .tab-row", 2).await?;
    firefox.look("failures-exception").await?;

    // There it can be decided.
    let before = firefox.driver()?.windows().await?.len();
    let click = async {
        firefox.run("document.querySelector('[data-action=decide]').focus()", Vec::new()).await?;
        firefox.driver()?.action_chain().send_keys(Keyboard::Enter).perform().await?;
        Ok(())
    };
    firefox.open_by(click).await?;
    let address = format!("https://{EXCEPTION}:{port}/");
    wait::until("Firefox's own page about it", async || {
        let shown = firefox.privileged(SHOWN, Vec::new()).await?;
        Ok((shown == json!([address, "about:certerror"])).then_some(()))
    })
    .await?;
    assert_eq!(firefox.driver()?.windows().await?.len(), before + 1, "it opens one tab");
    firefox.add_exception(EXCEPTION, port, &second).await?;
    tab.web.show().await?;
    assert!(firefox.socket(&format!("wss://{EXCEPTION}:{port}/")).await?.delivered());
    world.firefox.quit().await
}

const SHOWN: &str = r"
const { currentURI, documentURI } = gBrowser.selectedBrowser;
return [currentURI.spec, documentURI?.spec.split('?')[0]];
";

#[tokio::test]
async fn in_a_german_firefox_the_sentences_are_german() -> Result<()> {
    let world = World::in_language("de", &extension::folder()?).await?;
    let firefox = &world.firefox;
    let tab = Tab::with_popup(firefox).await?;
    tab.web.show().await?;
    let expired = Server::tls(world.demo.authority.issue_expired(&[UNPINNED], &Key::new()?)?).await?;
    let forbidden = refusing(&world, 403, None).await?;
    let causes = [
        Cause::new("wss://nowhere.invalid/".to_owned(), "Firefox hat keine Adresse für nowhere.invalid gefunden."),
        Cause::of_certificate(&expired, &format!("Das Zertifikat von {UNPINNED} ist abgelaufen.")),
        Cause::new(
            url(&forbidden),
            format!("{UNPINNED} hat mit Status 403 geantwortet, statt einen Socket zu öffnen."),
        ),
    ];
    for cause in &causes {
        fails(firefox, &cause.url).await?;
    }
    tab.popup.show().await?;
    says(firefox, &causes).await?;
    assert_eq!(tab.popup.text("[data-action=decide]").await?, "Seite öffnen");
    firefox.look("failures-german").await?;
    world.firefox.quit().await
}
