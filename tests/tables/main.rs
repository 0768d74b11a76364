//! The core through its public API: tables of input and expected answer, grouped as `design.md` groups the rules.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod catalogues;
mod certificates;
mod chains;
mod engine;
mod field_cases;
mod hosts;
mod import_android;
mod import_app_transport;
mod import_cases;
mod import_chromium;
mod import_hardening;
mod import_sockpin;
mod import_trust_kit;
mod lock;
mod log;
mod lookup;
mod managed;
mod names;
mod pem;
mod rules;
mod secrets;
mod verdicts;

/// A host parser that we did not write, in the place of the browser's.
fn url_host(host: &str) -> Option<String> {
    let url = url::Url::parse(&format!("https://{host}/")).ok()?;
    url.host_str().map(ToOwned::to_owned)
}
