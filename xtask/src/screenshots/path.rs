//! One picture of a person's path: a page whose socket fails, the popup over its tab, and the explanation there.

use std::fs;

use anyhow::{Context, Result};
use sockpin_e2e::firefox::ColorScheme;
use sockpin_e2e::world::World;

use super::{folder, save};

/// Takes a picture of each step, and one of all of them side by side, as `path.png`.
pub(super) async fn take(world: &World) -> Result<()> {
    let firefox = &world.firefox;
    let folder = folder();
    fs::create_dir_all(&folder).with_context(|| format!("could not create {}", folder.display()))?;
    firefox.prefer(ColorScheme::Light).await?;

    // A tab in which nothing has happened yet.
    firefox.open_tab(&world.demo.site.url("/#path")).await?;
    firefox.set_viewport(WIDTH, 900).await?;
    firefox.page_is_ready("the lab page").await?;
    let lab = firefox.this_page().await?;
    for (socket, state) in [("unpinned", "open"), ("pinned", "open"), ("attacker", "refused")] {
        lab.click(&format!("[data-socket={socket}] .socket-try")).await?;
        lab.wait_for_presence(&format!("[data-socket={socket}] [data-state={state}]"), true).await?;
    }
    let mut pictures = vec![lab.picture("[data-socket=attacker]").await?];

    let popup = firefox.page(&firefox.popup_over_tab().await?).await?;
    firefox.set_viewport(WIDTH, 900).await?;
    popup.wait_for_presence("#tab-sockets [data-state=blocked] .tab-action", true).await?;
    pictures.push(popup.picture("#tab").await?);
    popup.click("#tab-sockets [data-state=blocked] .tab-action").await?;
    popup.wait_for_presence("#log .violation[open] .explanation", true).await?;
    pictures.push(popup.picture("#log .violation[open] .explanation").await?);

    for (place, picture) in pictures.iter().enumerate() {
        let file = folder.join(format!("path-{place}.png"));
        fs::write(&file, picture).with_context(|| format!("could not write {}", file.display()))?;
    }
    let sheet = folder.join("path.html");
    fs::write(&sheet, SHEET).with_context(|| format!("could not write {}", sheet.display()))?;
    firefox.open(&format!("file://{}", sheet.display())).await?;
    firefox.set_viewport(1280, 200).await?;
    save(firefox, "path").await
}

/// CSS pixels of each step's page.
const WIDTH: u32 = 440;

const SHEET: &str = r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<style>
body {
  display: grid;
  grid-template-columns: 1fr 1fr 1fr;
  gap: 32px;
  align-items: start;
  margin: 0;
  padding: 32px;
  background: #eceaf4;
  color: #15141a;
  font: 15px/1.5 system-ui, sans-serif;
}
figure { margin: 0; }
figcaption { margin-block-end: 12px; min-block-size: 4.6em; font-weight: 600; }
figcaption span { display: block; color: #00646b; font-size: 13px; }
img {
  display: block;
  box-sizing: border-box;
  inline-size: 100%;
  padding: 12px;
  border-radius: 8px;
  background: #fafafc;
  box-shadow: 0 1px 4px rgb(0 0 0 / 25%);
}
figure:last-of-type img { background: #fff; }
</style>
<figure><figcaption><span>1. The page</span>A socket fails, and the page cannot know why.</figcaption><img src="path-0.png" alt=""></figure>
<figure><figcaption><span>2. The toolbar button</span>The sockets of this tab: one was blocked.</figcaption><img src="path-1.png" alt=""></figure>
<figure><figcaption><span>3. “Why…”</span>What happened, and what can be done.</figcaption><img src="path-2.png" alt=""></figure>
</html>
"#;
