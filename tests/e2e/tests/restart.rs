//! What is left after the browser has been closed and started again.

use anyhow::Result;
use sockpin_e2e::world::{Installation, World};

#[tokio::test]
async fn rules_and_log_are_still_there_and_in_force_after_a_restart() -> Result<()> {
    let mut world = World::start(Installation::ForGood).await?;
    world.load_policy().await?;
    assert!(world.socket("attacker").await?.refused());
    let rules = world.firefox.rules().await?;
    let log = world.firefox.violations().await?;
    assert_eq!(log.len(), 1, "{log:?}");

    world.restart_firefox().await?;

    assert_eq!(world.firefox.rules().await?, rules);
    assert_eq!(world.firefox.violations().await?, log);
    assert!(world.socket("attacker").await?.refused());
    let traffic = world.demo.servers.attacker.settled_traffic().await?;
    assert_eq!((traffic.frames, traffic.closing_frames), (0, 0), "the server received {traffic:?}");
    assert!(world.socket("pinned").await?.delivered());
    world.firefox.quit().await
}

/// Firefox holds the sockets of a page that is there before Sockpin wakes, so nothing is said of those that it has opened.
#[tokio::test]
async fn what_was_opened_by_a_browser_that_has_just_started_was_not_there_before() -> Result<()> {
    let mut world = World::start(Installation::ForGood).await?;
    let web = world.demo.site.blank();
    world.firefox.set_home_page(&web);
    world.firefox.restart().await?;
    let firefox = &world.firefox;
    let popup = firefox.popup_over_tab().await?;
    let page = firefox.page(&popup).await?;
    page.wait_for_presence("#tab-summary[data-state=none]", true).await?;
    page.wait_for_presence("#tab-earlier", false).await?;
    assert_eq!(page.text("#tab-summary").await?, "This tab has opened no socket.");
    world.firefox.quit().await
}

#[tokio::test]
async fn control_before_any_rule_the_same_socket_delivers_its_frame_after_a_restart() -> Result<()> {
    let mut world = World::start(Installation::ForGood).await?;
    world.restart_firefox().await?;
    assert!(world.socket("attacker").await?.delivered());
    assert_eq!(world.demo.servers.attacker.settled_traffic().await?.frames, 1);
    world.firefox.quit().await
}
