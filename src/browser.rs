//! The browser: bindings of the extension API, event handlers, storage and pages. Nothing here decides anything; it
//! carries facts to the [`crate::engine`] and carries out what that says.

mod api;
mod background;
mod badge;
mod convert;
mod face;
mod headers;
mod log;
mod log_database;
mod log_upgrade;
mod managed_store;
mod pages;
mod policy_store;
mod preflight;
mod promise;
mod seal;
mod security_info;
mod serial;
mod session_store;
mod sight;
mod socket;
mod url_host;
mod witness;
