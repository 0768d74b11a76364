//! What the driven browser can do. A scenario that only seems to happen would prove nothing.

use anyhow::Result;
use serde_json::{Value, json};
use sockpin_e2e::connecting::{ConnectingPages, Plan};
use sockpin_e2e::doctored::Doctored;
use sockpin_e2e::extension;
use sockpin_e2e::firefox::{Options, Update};
use sockpin_e2e::world::{Installation, World};

#[tokio::test]
async fn an_administrators_policies_reach_this_browser_alone() -> Result<()> {
    let rules = json!({ "rules": [], "who": "the test" });
    let policies = json!({ "3rdparty": { "Extensions": { (extension::ID): rules } } });
    let with = Options { policies: Some(policies), ..Options::default() };
    let (with, without) = tokio::try_join!(
        World::with(Installation::Temporary, with),
        World::with(Installation::Temporary, Options::default()),
    )?;
    let seen = "return Services.policies.getExtensionPolicy(arguments[0]) ?? null";
    for (world, expected) in [(&with, &rules), (&without, &Value::Null)] {
        let policy = world.firefox.privileged(seen, vec![json!(extension::ID)]).await?;
        assert_eq!(&policy, expected);
    }
    let managed = "return browser.storage.managed.get().catch((error) => `${error.name}: ${error.message}`)";
    for (world, expected) in [(&with, &rules), (&without, &json!("Error: Managed storage manifest not found"))] {
        assert_eq!(&world.firefox.run_in_extension(managed, Vec::new()).await?, expected);
    }
    with.firefox.quit().await?;
    without.firefox.quit().await
}

#[tokio::test]
async fn containers_and_private_windows_are_what_they_are_called() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let place = r"
        const { userContextId, privateBrowsingId } = gBrowser.selectedBrowser.contentPrincipal.originAttributes;
        return [userContextId, privateBrowsingId, gBrowser.selectedBrowser.currentURI.spec];
    ";
    let blank = world.demo.site.blank();
    world.firefox.open_container_tab(&blank).await?;
    assert_eq!(world.firefox.privileged(place, Vec::new()).await?, json!([1, 0, blank]));
    world.firefox.close_tab().await?;
    for allowed in [true, false] {
        world.firefox.allow_in_private_windows(allowed).await?;
        world.firefox.open_private_window(&blank).await?;
        assert_eq!(world.firefox.privileged(place, Vec::new()).await?, json!([0, 1, blank]));
        let asked = world.firefox.run_in_extension("return browser.extension.isAllowedIncognitoAccess()", Vec::new());
        assert_eq!(asked.await?, json!(allowed));
        world.firefox.close_tab().await?;
    }
    world.firefox.quit().await
}

#[tokio::test]
async fn a_page_comes_back_and_a_session_is_restored() -> Result<()> {
    let options = Options {
        preferences: [("browser.startup.page".to_owned(), json!(3))].into_iter().collect(),
        ..Options::default()
    };
    let mut world = World::with(Installation::ForGood, options).await?;
    let pages = ConnectingPages::start().await?;
    let page = pages.page(Plan::once(world.demo.servers.url("unpinned")?));
    // The first page of a tab is not kept: what is gone back to must not be near it.
    world.firefox.open(&world.demo.site.url("/opener.html")).await?;
    world.firefox.open(&page).await?;
    pages.reported(1).await?;
    // A page with a request under way is not kept.
    world.firefox.wait_for("the page to be idle", "return window.isIdle?.() === true", Vec::new()).await?;
    world.firefox.open(&world.demo.site.blank()).await?;
    world.firefox.back().await?;
    let reports = pages.reported(2).await?;
    let persisted: Vec<_> = reports.iter().map(|report| (report.number, report.persisted)).collect();
    assert_eq!(persisted, [(0, false), (1, true)]);

    world.firefox.close().await?;
    world.firefox.start_again().await?;
    let reports = pages.reported(3).await?;
    assert_eq!(reports.last().map(|report| (report.number, report.persisted)), Some((0, false)));
    world.firefox.kill().await?;
    world.firefox.start_again().await?;
    world.firefox.status().await?;
    world.firefox.quit().await
}

#[tokio::test]
async fn a_home_page_is_opened_at_every_start() -> Result<()> {
    let pages = ConnectingPages::start().await?;
    let mut world = World::with(Installation::ForGood, Options::default()).await?;
    let page = pages.page(Plan::once(world.demo.servers.url("unpinned")?));
    world.firefox.set_home_page(&page);
    for start in 1..=3 {
        world.firefox.restart().await?;
        pages.reported(start).await?;
    }
    world.firefox.quit().await
}

#[tokio::test]
async fn the_background_is_suspended_ended_killed_and_updated() -> Result<()> {
    let mut world = World::start(Installation::ForGood).await?;
    world.firefox.status().await?;
    world.firefox.suspend_background().await?;
    for _ in 0..3 {
        world.firefox.status().await?;
        world.firefox.end_background().await?;
        world.firefox.status().await?;
        world.firefox.kill_extension_process().await?;
        world.firefox.status().await?;
    }
    let newer = Doctored::copy()?;
    newer.set_version("0.9.9")?;
    if world.firefox.update(newer.folder()).await? == Update::PutOff {
        assert_ne!(world.firefox.running_version().await?, "0.9.9");
        world.firefox.restart().await?;
    }
    assert_eq!(world.firefox.running_version().await?, "0.9.9");
    world.firefox.status().await?;
    world.firefox.quit().await
}
