//! Development commands: see `cargo xtask help`.
fn main() {}
