//! The keyboard alone, as somebody uses a page who has no mouse.

use anyhow::{Context, Result, bail};
use serde_json::json;
use thirtyfour::{Key, TypingData};

use crate::firefox::Firefox;
use crate::page::{Page, done_to_what_was_found};
use crate::wait;

impl Firefox {
    /// Presses keys where the focus is. Modifiers hold for the keys after them.
    pub async fn press(&self, keys: impl Into<TypingData>) -> Result<()> {
        let keys = keys.into().to_string();
        let pressed = wait::until("what has the focus to be the same from one moment to the next", async || {
            done_to_what_was_found(self.driver()?.active_element().await?.send_keys(keys.as_str()).await)
        });
        pressed.await.context("a key could not be pressed")
    }

    /// Goes on with the tabulator until this element has the focus.
    pub async fn tab_to(&self, selector: &str) -> Result<()> {
        const MOST: usize = 60;
        for _ in 0..MOST {
            // Sent to the window: a field for files would take what is sent to it for a path.
            self.driver()?.action_chain().send_keys(Key::Tab + "").perform().await?;
            let focused = "return document.activeElement.matches(arguments[0])";
            if self.run(focused, vec![json!(selector)]).await? == json!(true) {
                return Ok(());
            }
        }
        bail!("the keyboard does not reach {selector}")
    }
}

impl Page<'_> {
    /// Waits until this element has the focus.
    pub async fn has_focus(&self, selector: &str) -> Result<()> {
        let focused = format!("document.activeElement.matches({})", json!(selector));
        self.wait_until(&format!("the focus on {selector}"), &focused).await
    }
}
