//! `cargo xtask run`: everything for a first look, in one command.
//!
//! With a display, a Firefox to play with; without one, a walk through the demo that fails if anything happens
//! otherwise than the demo promises.

use std::env;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use sockpin_e2e::firefox::{Firefox, Options};
use sockpin_e2e::world::{Installation, World};
use tokio::runtime::Runtime;

use crate::{build, screenshots, tools, walk};

pub(crate) fn command(arguments: &[String]) -> Result<()> {
    let headless = match arguments {
        [] => !has_display(),
        [flag] if flag == "--headless" => true,
        _ => bail!("`run` takes no argument but --headless"),
    };
    tools::browser()?;
    build::build()?;
    let runtime = Runtime::new().context("could not start the demo's runtime")?;
    runtime.block_on(async {
        tokio::select! {
            done = run(headless) => done,
            interrupt = tokio::signal::ctrl_c() => {
                // The demo has been dropped by now, and with it the browser and its profile.
                interrupt.context("could not wait for Ctrl-C")?;
                eprintln!("Stopped: Firefox has been closed and its profile removed");
                if headless { bail!("the demo did not come to its end") }
                Ok(())
            }
        }
    })
}

async fn run(headless: bool) -> Result<()> {
    eprintln!("Starting the demo servers and Firefox");
    let world = World::with(Installation::Temporary, Options { visible: !headless, ..Options::default() }).await?;
    eprintln!("Loading the demo's policy");
    world.load_policy().await?;
    let lab = world.demo.site.url("/");
    world.firefox.open(&lab).await?;
    world.firefox.page_is_ready("the lab page").await?;
    if headless {
        let outcome = walk::walk(&world).await;
        // The pictures are most wanted where something went wrong; that they fail too must not hide it.
        let pictures = screenshots::take(&world).await;
        outcome?;
        pictures?;
        world.firefox.quit().await
    } else {
        println!("The lab page is at {lab}; Sockpin's button is in the toolbar.");
        println!("Close the window or press Ctrl-C to end the demo.");
        closed(&world.firefox).await;
        Ok(())
    }
}

/// Returns once the person has closed the last window.
async fn closed(firefox: &Firefox) {
    while let Ok(driver) = firefox.driver()
        && driver.windows().await.is_ok_and(|windows| !windows.is_empty())
    {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

fn has_display() -> bool {
    let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(target_os = "macos") || set("DISPLAY") || set("WAYLAND_DISPLAY")
}
