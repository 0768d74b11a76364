//! A page as people see it, on a desktop and on a phone, light and dark.

use std::path::Path;

use anyhow::{Result, ensure};

use crate::firefox::{ColorScheme, Firefox};

impl Firefox {
    /// That axe objects to nothing on the current page, and that the page is no wider than its window. It is left light and on a
    /// desktop. With `SOCKPIN_PICTURES` a picture of each goes into that folder, called after the state.
    pub async fn look(&self, state: &str) -> Result<()> {
        self.run(DRAW_ALL, Vec::new()).await?;
        for (width, height) in [(360, 740), (1280, 800)] {
            self.set_viewport(width, height).await?;
            for (scheme, name) in [(ColorScheme::Dark, "dark"), (ColorScheme::Light, "light")] {
                self.prefer(scheme).await?;
                let found = self.accessibility_violations().await?;
                ensure!(found.is_empty(), "{state}, {width}, {name}: {found:#?}");
                let fits = self.run(FITS, Vec::new()).await?.as_bool();
                ensure!(fits == Some(true), "{state}: wider than {width}");
                if let Some(folder) = std::env::var_os("SOCKPIN_PICTURES") {
                    self.screenshot(&Path::new(&folder).join(format!("{state}-{name}-{width}.png"))).await?;
                }
            }
        }
        Ok(())
    }
}

/// Cards far below what is looked at are not drawn otherwise. Those that are drawn anew are, too.
pub const DRAW_ALL: &str = r"
const textContent = '.rule, .import-item { content-visibility: visible !important; }';
document.head.append(Object.assign(document.createElement('style'), { textContent }));
";

const FITS: &str = "return document.documentElement.scrollWidth <= document.documentElement.clientWidth";
