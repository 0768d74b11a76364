//! Pins as other tools write them; one file per format.

pub mod pem;
pub mod pin_list;
