//! Waiting for a condition with a deadline. What is asked again is a question, never an action.

use std::time::Duration;

use anyhow::{Result, bail};
use tokio::time::{Instant, sleep};

/// Asks until there is an answer; `what` completes the sentence "waited in vain for …".
pub async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    let deadline = Instant::now() + DEADLINE;
    loop {
        if let Some(answer) = ask().await? {
            return Ok(answer);
        }
        if Instant::now() >= deadline {
            bail!("waited in vain for {what} ({DEADLINE:?})");
        }
        sleep(PAUSE).await;
    }
}

/// Far beyond what any step takes on a slow machine; reached only if it never happens.
const DEADLINE: Duration = Duration::from_secs(30);
/// Between two questions.
const PAUSE: Duration = Duration::from_millis(20);
