//! The browser: bindings of the extension API, event handlers, storage and pages. Nothing here decides anything; it
//! carries facts to the [`crate::engine`] and carries out what that says.

mod api;
mod background;
mod badge;
mod convert;
mod face;
mod pages;
mod policy_store;
mod security_info;
mod serial;
mod socket;
mod url_host;
mod violation_log;
