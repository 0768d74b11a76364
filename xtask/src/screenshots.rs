//! Pictures of the pages as the demo leaves them: light and dark, as wide as a desktop and as a phone.

use anyhow::{Context, Result};
use sockpin_e2e::firefox::ColorScheme;
use sockpin_e2e::world::World;

use crate::workspace;

/// Takes the pictures, each of a whole page, into `target/screenshots`.
pub(crate) async fn take(world: &World) -> Result<()> {
    let folder = workspace::target().join("screenshots");
    eprintln!("Taking pictures of the pages into {}", folder.display());
    let firefox = &world.firefox;
    for page in ["lab", "popup", "options"] {
        match page {
            "lab" => {}
            _ => firefox.open_extension_page(&format!("{page}.html")).await?,
        }
        if page == "popup" {
            firefox.run(OPEN_BLOCKED, Vec::new()).await?;
        }
        for (width, height) in [(1280, 800), (360, 740)] {
            firefox.set_viewport(width, height).await?;
            for (scheme, name) in [(ColorScheme::Light, "light"), (ColorScheme::Dark, "dark")] {
                firefox.prefer(scheme).await?;
                let file = folder.join(format!("{page}-{name}-{width}.png"));
                firefox.screenshot(&file).await.with_context(|| format!("the {page} page in {name}"))?;
            }
        }
    }
    Ok(())
}

/// The newest blocked socket of the log is shown with its chain.
const OPEN_BLOCKED: &str = "document.querySelector('#log [data-outcome=block]')?.setAttribute('open', '');";
