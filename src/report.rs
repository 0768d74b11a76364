//! What goes out of the log: to a person's own files, and, where a rule names a collector, to whoever keeps watch for them.
//!
//! - [`rfc7469`]: a violation as [RFC 7469 section 3](https://www.rfc-editor.org/rfc/rfc7469#section-3) has it
//! - [`json_lines`]: the log as one flat JSON object a line
//! - `log_file`: either of them as a file
//! - [`queue`]: the reports that wait to be sent, and which are not sent again
//! - [`notified`]: of which hosts a person has been told by a notification of the system

#[cfg(any(not(target_arch = "wasm32"), feature = "pages", feature = "lab"))]
pub mod json_lines;
#[cfg(any(not(target_arch = "wasm32"), feature = "pages", feature = "lab"))]
pub mod log_file;
pub mod notified;
pub mod queue;
pub mod rfc7469;
