//! Demo servers and a driven Firefox.
