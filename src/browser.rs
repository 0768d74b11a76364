//! The browser: bindings of the extension API, event handlers, storage and pages. Nothing here decides anything; it
//! carries facts to the [`crate::engine`] and carries out what that says.
//!
//! Each feature is a module of its own, loaded by itself: `background` decides, `pages` shows, `lab` explains. What is not
//! named below them is shared; what one of them does not use is no part of it, and the build with all features shows what
//! none of them uses.

#![cfg_attr(not(all(feature = "background", feature = "pages", feature = "lab")), allow(dead_code))]

mod api;
mod clock;
mod convert;
mod log_database;
mod managed_store;
mod policy_store;
mod promise;
mod security_info;
mod url_host;
mod witness;

#[cfg(feature = "background")]
mod background;
#[cfg(feature = "background")]
mod badge;
#[cfg(feature = "background")]
mod headers;
#[cfg(feature = "background")]
mod log;
#[cfg(feature = "background")]
mod log_upgrade;
#[cfg(feature = "background")]
mod preflight;
#[cfg(feature = "background")]
mod seal;
#[cfg(feature = "background")]
mod serial;
#[cfg(feature = "background")]
mod session_store;
#[cfg(feature = "background")]
mod sight;
#[cfg(feature = "background")]
mod socket;

#[cfg(any(feature = "pages", feature = "lab"))]
mod pages;

#[cfg(feature = "lab")]
mod face;
