//! Demo servers and a driven Firefox, for the browser tests in `tests/` and for `cargo xtask run`.
//!
//! - [`authority`]: certificates of one run, their pins, and that one was taken back
//! - [`servers`] and [`traffic`]: WebSocket servers that record what reaches them; [`proxy`]: proxies on the way to them,
//!   [`relay`]: more addresses of them
//! - [`site`]: the lab page, served on loopback; [`demo`]: the servers and rules that it shows
//! - [`firefox`]: a browser with a fresh profile; [`extension`] speaks with Sockpin in it, [`socket`] opens
//!   sockets as a page does, [`opener`] as frames and workers do
//! - [`connecting`]: pages that open sockets by themselves and report what came of them
//! - [`doctored`]: copies of the extension with a fault in them; [`wasm`] puts a trap into its module
//! - [`other_extension`]: one of somebody else's, which does as a test tells it
//! - [`page`]: a page of this project, used by its controls; [`keyboard`]: by the keyboard alone; [`states`]: states that take several steps
//! - [`tab`]: a web page with the popup over it; [`downloads`]: files that a page gives
//! - [`collector`] takes reports and answers as it is told; [`logprep`] is one that people run
//! - [`world`]: the demo and a browser with Sockpin, ready for a test
//! - [`languages`]: the catalogues, and a language that nobody speaks; [`axe`]: whether a page can be used without seeing it;
//!   [`look`]: the page as people see it
//! - [`programs`]: where geckodriver and Firefox are found
//! - [`wait`]: conditions with a deadline

pub mod authority;
pub mod axe;
pub mod collector;
pub mod connecting;
pub mod demo;
pub mod doctored;
pub mod downloads;
pub mod extension;
pub mod firefox;
pub mod keyboard;
pub mod languages;
pub mod logprep;
pub mod look;
pub mod npm;
mod ocsp;
pub mod opener;
pub mod other_extension;
pub mod page;
pub mod programs;
pub mod proxy;
pub mod relay;
pub mod servers;
pub mod site;
pub mod socket;
pub mod states;
pub mod tab;
pub mod traffic;
pub mod wait;
pub mod wasm;
pub mod world;
