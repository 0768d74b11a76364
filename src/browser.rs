//! The browser: bindings of the extension API, event handlers, storage and pages. Nothing here decides anything; it
//! carries facts to the [`crate::engine`] and carries out what that says.
//!
//! Each feature is a module of its own, loaded by itself, and has a folder of its own: `background` decides, `pages`
//! shows, `lab` explains. What stands here beside them is what several of them use; what one of them does not use is no
//! part of its build, and the build with all features shows what none of them uses.

#![cfg_attr(not(all(feature = "background", feature = "pages", feature = "lab")), allow(dead_code))]

mod api;
mod clock;
mod convert;
#[cfg(any(feature = "pages", feature = "lab"))]
mod dom;
#[cfg(any(feature = "pages", feature = "lab"))]
mod files;
mod history_store;
mod indexed_db;
mod log_database;
mod managed_store;
#[cfg(any(feature = "pages", feature = "lab"))]
mod part;
mod policy_store;
mod promise;
mod security_info;
mod stored_marker;
mod url_host;
#[cfg(any(feature = "pages", feature = "lab"))]
mod words;

#[cfg(feature = "background")]
mod background;
#[cfg(feature = "lab")]
mod lab;
#[cfg(feature = "pages")]
mod pages;
