//! What sockets were seen in this session, as the background keeps it for the pages.

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sockpin_e2e::authority::Key;
use sockpin_e2e::demo::{EXCEPTION, FLAGGED, PINNED, UNPINNED};
use sockpin_e2e::servers::Server;
use sockpin_e2e::world::{Installation, World};

/// What is kept of an endpoint.
struct Seen {
    /// The text about all endpoints.
    all: String,
    first: String,
    pages: String,
    /// For each chain the words about it, and its certificates in base64.
    chains: Vec<(String, Vec<String>)>,
}

/// What is kept, once there are so many sockets of an endpoint.
async fn seen(world: &World, host: &str, port: u16, count: u64) -> Result<Seen> {
    let kept = world.firefox.run_in_extension(KEPT, vec![json!(host), json!(port), json!(count)]).await?;
    let text = |key: &str| {
        kept.get(key).and_then(Value::as_str).map(str::to_owned).with_context(|| format!("{key} has no text"))
    };
    let all = text("seen")?;
    let line = all.lines().find(|line| line.starts_with(&format!("{host}\t{port}\t"))).context("no such endpoint")?;
    let fields: Vec<_> = line.split('\t').collect();
    let [_, _, _, first, _, pages, chains] = fields[..] else { bail!("another line: {line}") };
    let digests = chains.split_whitespace().step_by(3);
    let chains = digests.map(|digest| {
        let chain = text(&format!("chain/{digest}"))?;
        let mut lines = chain.lines().map(|line| line.trim_end().to_owned());
        Ok((lines.next().context("a chain without its words")?, lines.collect()))
    });
    Ok(Seen { first: first.to_owned(), pages: pages.to_owned(), chains: chains.collect::<Result<_>>()?, all })
}

/// Waits for it: the background adds what it has seen after the sockets have had their answers.
const KEPT: &str = r"
const [host, port, count] = arguments;
const { session } = browser.storage;
const kept = () => session.get(null);
const isThere = ({ seen = '' }) => seen.split('\n').some((line) => line.startsWith([host, port, count, ''].join('\t')));
return new Promise(async (resolve) => {
    const look = async () => { const all = await kept(); if (isThere(all)) { session.onChanged.removeListener(look); resolve(all); } };
    session.onChanged.addListener(look);
    await look();
});
";

#[tokio::test]
async fn every_endpoint_is_kept_with_its_chain_while_the_background_sleeps_but_none_of_a_private_window() -> Result<()>
{
    let world = World::start(Installation::Temporary).await?;
    world.firefox.allow_in_private_windows(true).await?;
    let servers = &world.demo.servers;
    let (unpinned, pinned) = (servers.unpinned.port(), servers.pinned.port());
    let (url, page) = (servers.url("unpinned")?, world.demo.site.blank());
    world.firefox.save_rule(world.demo.rules()[0].clone()).await?;

    world.firefox.open(&page).await?;
    for _ in 0..2 {
        assert!(world.firefox.socket(&url).await?.delivered());
    }
    assert!(world.firefox.socket(&servers.url("pinned")?).await?.delivered());
    let before = seen(&world, UNPINNED, unpinned, 2).await?;
    assert!(page.starts_with(&before.pages) && before.pages.starts_with("http"), "{}", before.pages);
    let [(words, certificates)] = before.chains.as_slice() else { panic!("{:?}", before.chains) };
    assert_eq!(words, "validated local-root");
    assert_eq!(certificates.len(), 3, "the server's own, the intermediate and the root");
    assert_eq!(certificates[2], STANDARD.encode(world.demo.authority.root()));
    let judged = seen(&world, PINNED, pinned, 1).await?;
    assert_eq!(judged.chains.len(), 1);

    // Firefox gives 10 MB for all of it, and pages choose the chains: each character of theirs is one byte there.
    let sizes = world.firefox.run_in_extension(SIZES, Vec::new()).await?;
    let sizes: Vec<(String, usize, usize)> = serde_json::from_value(sizes)?;
    assert!(sizes.iter().filter(|(key, ..)| key.starts_with("chain/")).count() == 2, "{sizes:?}");
    assert!(sizes.iter().all(|(key, characters, bytes)| *bytes < characters + key.len() + 50), "{sizes:?}");

    // A new background goes on where the last one has stopped.
    world.firefox.end_background().await?;
    assert!(world.firefox.socket(&url).await?.delivered());
    let after = seen(&world, UNPINNED, unpinned, 3).await?;
    assert_eq!((after.first, after.chains), (before.first, before.chains));

    // Sockets of a private window pass unnoted; the one that comes after them is the control.
    let here = world.firefox.this_page().await?;
    world.firefox.open_private_window(&page).await?;
    assert!(world.firefox.socket(&url).await?.delivered());
    assert!(world.firefox.socket(&servers.url("backup")?).await?.delivered());
    // What somebody has only looked at there as well.
    let private = world.firefox.this_page().await?;
    let own = world.firefox.page("options.html").await?;
    own.type_into("#look-host", &format!("{FLAGGED}:{}", servers.flagged.port())).await?;
    own.click("#look").await?;
    own.wait_for_count("#picker[open] .picked", 3).await?;
    world.firefox.close_tab().await?;
    private.show().await?;
    world.firefox.close_tab().await?;
    here.show().await?;
    assert!(world.firefox.socket(&url).await?.delivered());
    let all = seen(&world, UNPINNED, unpinned, 4).await?.all;
    for unnoted in [&servers.backup, &servers.flagged] {
        assert!(!all.contains(&format!("\t{}\t", unnoted.port())), "{all}");
    }
    assert_eq!(servers.flagged.traffic().requests.len(), 1);
    world.firefox.quit().await
}

/// Somebody has accepted a certificate at one port, and then makes it a root: what a rule makes of it at another port is another
/// thing.
#[tokio::test]
async fn a_certificate_that_rested_on_an_exception_is_shown_as_trusted_where_it_is() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let firefox = &world.firefox;
    let identity = Key::new()?.self_signed(&[EXCEPTION])?;
    let certificate = identity.certificate().to_vec();
    // Firefox goes on with what it knew of a server that it has a session with.
    let again = identity.through(world.demo.authority.intermediate().clone());
    let (first, second) = (Server::tls(identity).await?, Server::tls(again).await?);
    let url = |server: &Server| format!("wss://{EXCEPTION}:{}/", server.port());
    let state = |server: &Server| format!("#seen [data-endpoint='{EXCEPTION}:{}'] .tag", server.port());
    let other_key = json!([{ "sha256": Key::new()?.pin() }]);
    firefox.save_rule(json!({ "host": EXCEPTION, "mode": "flag", "pins": other_key, "localRoots": "exempt" })).await?;
    firefox.add_exception(EXCEPTION, first.port(), &certificate).await?;
    let page = firefox.page("options.html").await?;
    firefox.open_tab(&world.demo.site.blank()).await?;
    assert!(firefox.socket(&url(&first)).await?.delivered());
    let kept = seen(&world, EXCEPTION, first.port(), 1).await?.chains;
    assert_eq!((kept.len(), kept[0].0.as_str()), (1, "exception"));

    firefox.trust_certificate(&certificate).await?;
    assert!(firefox.socket(&url(&second)).await?.delivered());
    let kept = seen(&world, EXCEPTION, second.port(), 1).await?.chains;
    assert_eq!((kept.len(), kept[0].0.as_str()), (1, "validated local-root"));
    assert_eq!(firefox.violations().await?.len(), 1, "the rule has flagged the second one as well");
    page.show().await?;
    page.wait_for_text(&state(&first), "Flagged").await?;
    page.wait_for_text(&state(&second), "Allowed").await?;
    page.click(&format!("#seen [data-endpoint='{EXCEPTION}:{}'] .seen-pin", second.port())).await?;
    page.wait_for_presence("#picker[open]", true).await?;
    assert_eq!(page.text("#picker .picked-head .tag").await?, "Added on this computer");
    let said = page.text("#picker-renewal").await?;
    assert!(said.starts_with("The server’s certificate is its own authority"), "{said}");
    firefox.look("picker-own-root").await?;
    world.firefox.quit().await
}

/// Of each text that is kept for the session: its key, its characters, and its bytes as Firefox counts them, with the key's.
const SIZES: &str = r"
const { session } = browser.storage;
return session.get(null).then((all) => {
    const texts = Object.entries(all).filter(([, value]) => typeof value === 'string');
    return Promise.all(texts.map(async ([key, text]) => [key, text.length, await session.getBytesInUse(key)]));
});
";

#[tokio::test]
async fn a_rule_knows_how_often_it_has_judged_and_by_which_pin() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let rule = world.firefox.save_rule(world.demo.rules()[0].clone()).await?;
    let (servers, id) = (&world.demo.servers, rule["id"].as_str().context("a rule without id")?);
    world.firefox.open(&world.demo.site.blank()).await?;
    for _ in 0..3 {
        assert!(world.firefox.socket(&servers.url("pinned")?).await?.delivered());
    }
    let record = world.firefox.run_in_extension(RECORD, vec![json!(id), json!(3)]).await?;
    let record = record.as_str().context("no record")?;
    let words: Vec<_> = record.split([' ', '\t']).collect();
    let ["user", _, "3", _, _, "0", "-", pin, "3", _, "0", known] = words[..] else { panic!("{record}") };
    assert_eq!((pin, known), (format!("sha256/{}", world.demo.pinned_key.pin()).as_str(), id));

    // A new background counts on.
    world.firefox.end_background().await?;
    assert!(world.firefox.socket(&servers.url("pinned")?).await?.delivered());
    world.firefox.run_in_extension(RECORD, vec![json!(id), json!(4)]).await?;
    world.firefox.quit().await
}

/// Waits for a record with so many connections.
const RECORD: &str = r"
const [id, judged] = arguments;
const { local } = browser.storage;
const record = async () => ((await local.get('records-1'))['records-1'] ?? '').split('\n')
    .find((line) => line.endsWith('\t' + id) && line.split(' ')[2] === String(judged));
return new Promise(async (resolve) => {
    const look = async () => { const line = await record(); if (line) { local.onChanged.removeListener(look); resolve(line); } };
    local.onChanged.addListener(look);
    await look();
});
";
