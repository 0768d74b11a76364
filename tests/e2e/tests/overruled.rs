//! What a person is told where another extension has undone a stop.

use anyhow::Result;
use serde_json::json;
use sockpin_e2e::demo::PINNED;
use sockpin_e2e::firefox::Options;
use sockpin_e2e::other_extension::OtherExtension;
use sockpin_e2e::page::Page;
use sockpin_e2e::world::{Installation, World};
use sockpin_e2e::{extension, wait};

/// With the other extension asked first: it was installed first.
async fn world() -> Result<(World, OtherExtension)> {
    let preferences = json!({ "extensions.background.idle.timeout": 600_000 });
    let preferences = preferences.as_object().cloned().unwrap_or_default();
    let world = World::with(Installation::Temporary, Options { preferences, ..Options::default() }).await?;
    let other = OtherExtension::make()?;
    world.firefox.install(other.folder()).await?;
    let pins = json!([{ "sha256": world.demo.unused_key.pin() }]);
    world.firefox.save_rule(json!({ "host": PINNED, "preflight": "off", "pins": pins })).await?;
    Ok((world, other))
}

async fn behind(world: &World, events: &[&str], answers: &[&str]) -> Result<()> {
    world.firefox.other_listens(events).await?;
    world.firefox.other_answers(answers, "wss://elsewhere.sockpin.test/").await?;
    // Its listeners are before Sockpin's from here on.
    world.firefox.install(&extension::folder()?).await?;
    world.firefox.rules().await.map(drop)
}

async fn badge_says(world: &World, page: &str, text: &str) -> Result<()> {
    wait::until("the badge", async || Ok((world.firefox.badge(page).await? == text).then_some(()))).await
}

async fn button_says(world: &World, page: &str, title: &str) -> Result<()> {
    let is_said = async || Ok((world.firefox.button(page).await?.title == title).then_some(()));
    wait::until(&format!("the button to say {title}"), is_said).await
}

/// Opens the only entry, once it gives this reason: that of a stop that was overruled takes the place of the one before.
async fn opened_entry(popup: &Page<'_>, reason: &str) -> Result<()> {
    popup.wait_for_words("#log .violation-reason", reason).await?;
    popup.wait_for_count("#log .violation", 1).await?;
    popup.click("#log .violation summary").await?;
    popup.wait_for_presence("#log .violation[open] .violation-sent", true).await
}

#[tokio::test]
async fn a_socket_that_the_lock_kept_closed_and_one_that_was_opened_on_purpose() -> Result<()> {
    /// Events, answers, whether the socket opens, and what the popup says.
    type Case = (&'static [&'static str], &'static [&'static str], bool, [&'static str; 4]);
    let (world, _other) = world().await?;
    let blank = world.demo.site.blank();
    let cases: [Case; 2] = [
        (
            &["onHeadersReceived"],
            &["ownUrl"],
            false,
            [
                "Another extension overruled Sockpin",
                "Blocked",
                "lock kept the socket closed",
                "The server has received the request",
            ],
        ),
        (
            &["onBeforeSendHeaders", "onHeadersReceived", "onHeadersReceived"],
            &["rememberKey", "forged", "ownUrl"],
            true,
            [
                "Another extension let a blocked socket through",
                "Let through",
                "Another extension let the socket through",
                "Everything",
            ],
        ),
    ];
    for (events, answers, opens, [title, outcome, said, sent]) in cases {
        world.firefox.clear_log().await?;
        behind(&world, events, answers).await?;
        let blank_tab = world.firefox.this_page().await?;
        let before = world.demo.servers.attacker.settled_traffic().await?.frames;
        let seen = world.socket("attacker").await?;
        let frames = world.demo.servers.attacker.settled_traffic().await?.frames - before;
        assert_eq!((seen.delivered(), frames > 0), (opens, opens), "{title}: {seen:?}");

        badge_says(&world, &blank, "!").await?;
        button_says(&world, &blank, title).await?;
        let popup = world.firefox.page("popup.html").await?;
        popup.wait_for_presence("#problem", true).await?;
        assert_eq!(popup.text("#problem-title").await?, title);
        assert!(popup.text("#problem-text").await?.contains("about:addons"));
        world.firefox.look(&format!("overruled-opens-{opens}")).await?;
        opened_entry(&popup, said).await?;
        assert_eq!(popup.text("#log .violation-outcome").await?, outcome);
        assert!(popup.text("#log .violation-sent").await?.starts_with(sent), "{sent}");
        assert!(popup.text("#log .violation-advice").await?.contains("about:addons"));

        popup.click("#problem-action").await?;
        popup.wait_for_presence("#problem", false).await?;
        badge_says(&world, &blank, "1").await?;
        let title = if opens {
            "Sockpin (sockets of this tab that were to be blocked: 1; of these, another extension let through: 1)"
        } else {
            "Sockpin (blocked sockets of this tab: 1)"
        };
        button_says(&world, &blank, title).await?;
        blank_tab.show().await?;
    }
    world.firefox.quit().await
}

#[tokio::test]
async fn a_yes_that_another_extension_threw_away_is_explained() -> Result<()> {
    let (world, _other) = world().await?;
    for rule in world.firefox.rules().await? {
        world.firefox.delete_rule(&rule).await?;
    }
    world.load_policy().await?;
    assert!(world.socket("pinned").await?.delivered(), "control: nothing is in its way");
    // Late, so that Sockpin has judged by then: the chain of a request that has gone on is not always shown.
    behind(&world, &["onHeadersReceived"], &["lateOwnUrl"]).await?;
    assert!(world.socket("pinned").await?.refused());
    let popup = world.firefox.page("popup.html").await?;
    opened_entry(&popup, "The certificate was in order, but Firefox did not use").await?;
    assert_eq!(popup.text("#log .violation-outcome").await?, "Blocked");
    assert!(
        popup
            .text("#log .violation-reason")
            .await?
            .starts_with("The certificate was in order, but Firefox did not use")
    );
    assert!(popup.text("#log .violation-advice").await?.contains("about:addons"));
    world.firefox.quit().await
}
