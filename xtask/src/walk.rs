//! A walk through the sockets of the lab page: what the page saw, what the server received, what was promised.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use sockpin_e2e::site::{DemoSocket, Expectation};
use sockpin_e2e::traffic::Traffic;
use sockpin_e2e::world::World;

/// Tries every socket by its button and prints a line for each; an error if one did not keep its promise.
pub(crate) async fn walk(world: &World) -> Result<()> {
    println!("{:<26}{:<48}{:<14}{:>7}  {:<14}promised", "socket", "address", "the page saw", "frames", "in the log");
    let mut broken = Vec::new();
    for socket in world.demo.servers.sockets() {
        let stop = try_socket(world, &socket).await.with_context(|| format!("trying the socket `{}`", socket.id))?;
        println!("{}", stop.line(&socket));
        if !stop.keeps(socket.expect) {
            broken.push(socket.label);
        }
    }
    if broken.is_empty() {
        println!("Every socket did what the demo promises.");
        return Ok(());
    }
    bail!("the demo's promise was not kept by: {}", broken.join(", "))
}

/// What came of one socket.
struct Stop {
    /// What the lab page shows: `open` or `refused`.
    page: String,
    server: Traffic,
    /// The outcome of the newest entry of the violation log for this socket.
    logged: Option<String>,
}

async fn try_socket(world: &World, socket: &DemoSocket) -> Result<Stop> {
    let id = vec![json!(socket.id)];
    world.firefox.run(CLICK, id.clone()).await?;
    world.firefox.wait_for("the page to show what came of it", SETTLED, id.clone()).await?;
    let page = world.firefox.run(STATE, id).await?;
    let server = world.demo.servers.behind(&socket.id)?;
    let traffic = server.settled_traffic().await?;
    let violations = world.firefox.violations().await?;
    let entry = violations.iter().find(|entry| entry.get("port") == Some(&json!(server.port())));
    let outcome = entry.and_then(|entry| entry.get("outcome")).and_then(Value::as_str);
    Ok(Stop { page: page.as_str().unwrap_or_default().to_owned(), server: traffic, logged: outcome.map(str::to_owned) })
}

impl Stop {
    fn keeps(&self, promise: Expectation) -> bool {
        let delivered = self.page == "open" && self.server.frames > 0;
        let stopped = self.page == "refused" && self.server.frames == 0 && self.server.closing_frames == 0;
        match promise {
            Expectation::Opens => delivered && self.logged.is_none(),
            Expectation::Flagged => delivered && self.logged.as_deref() == Some("flag"),
            Expectation::Blocked => stopped && self.logged.as_deref() == Some("block"),
            Expectation::Unreachable => stopped && self.server.requests.is_empty(),
        }
    }

    fn line(&self, socket: &DemoSocket) -> String {
        let verdict = if self.keeps(socket.expect) { "kept" } else { "NOT KEPT" };
        format!(
            "{:<26}{:<48}{:<14}{:>7}  {:<14}{}",
            socket.label,
            socket.url,
            self.page,
            self.server.frames,
            self.logged.as_deref().unwrap_or("nothing"),
            verdict,
        )
    }
}

const CLICK: &str = r#"
document.querySelector(`[data-socket="${arguments[0]}"] .socket-try`).click();
"#;

const SETTLED: &str = r#"
const { state } = document.querySelector(`[data-socket="${arguments[0]}"] .socket-result`).dataset;
return state === "open" || state === "refused";
"#;

const STATE: &str = r#"
return document.querySelector(`[data-socket="${arguments[0]}"] .socket-result`).dataset.state;
"#;

#[cfg(test)]
mod tests {
    use super::*;

    fn stop(page: &str, frames: usize, closing_frames: usize, logged: Option<&str>) -> Stop {
        let server = Traffic { frames, closing_frames, ..Traffic::default() };
        Stop { page: page.to_owned(), server, logged: logged.map(str::to_owned) }
    }

    #[test]
    fn a_promise_is_kept_only_if_page_server_and_log_agree() {
        let table = [
            (Expectation::Opens, stop("open", 1, 1, None), true),
            (Expectation::Opens, stop("open", 0, 1, None), false),
            (Expectation::Opens, stop("open", 1, 1, Some("flag")), false),
            (Expectation::Opens, stop("refused", 0, 0, None), false),
            (Expectation::Flagged, stop("open", 1, 1, Some("flag")), true),
            (Expectation::Flagged, stop("open", 1, 1, None), false),
            (Expectation::Flagged, stop("refused", 0, 0, Some("block")), false),
            (Expectation::Blocked, stop("refused", 0, 0, Some("block")), true),
            (Expectation::Blocked, stop("refused", 0, 0, None), false),
            (Expectation::Unreachable, stop("refused", 0, 0, None), true),
            (Expectation::Unreachable, stop("refused", 1, 0, None), false),
            (Expectation::Unreachable, stop("open", 1, 0, None), false),
            (Expectation::Blocked, stop("refused", 1, 0, Some("block")), false),
            (Expectation::Blocked, stop("refused", 0, 1, Some("block")), false),
            (Expectation::Blocked, stop("open", 1, 1, None), false),
        ];
        for (promise, stop, kept) in table {
            assert_eq!(stop.keeps(promise), kept, "{promise:?}: {}, {:?}, {:?}", stop.page, stop.server, stop.logged);
        }
    }
}
