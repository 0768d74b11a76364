//! Sockpin.
