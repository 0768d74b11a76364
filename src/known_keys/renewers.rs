//! What makes the certificates of servers anew, and whether the server's key is the same afterwards: only then does a pin on
//! that key live. Read in the source or the documentation of each, up to [`AS_OF`]; habits change.

use self::Setting::{Lasting, Temporary};

/// A program or service that renews certificates.
#[derive(Debug, PartialEq, Eq)]
pub struct Renewer {
    /// As it is called, in every language.
    pub name: &'static str,
    /// What it does with the key.
    pub habit: Habit,
    /// What makes it keep the key, where it otherwise does not.
    pub keeps_with: Option<Setting>,
}

/// A setting, as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// One that is there to stay.
    Lasting(&'static str),
    /// One that its documentation calls temporary.
    Temporary(&'static str),
}

/// What becomes of a server's key at a renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Habit {
    /// It is kept.
    Kept,
    /// It is kept, which nobody has promised.
    KeptForNow,
    /// It is kept until somebody resets the service.
    KeptUntilReset,
    /// It is kept, and the authority above it belongs to the same person and lasts longer.
    KeptUnderOwnCa,
    /// It is made anew.
    Replaced,
    /// It is made anew, always under the same authority.
    ReplacedUnderOneCa,
    /// It is made anew, and the authority may be another as well.
    ReplacedWithCa,
    /// It may be made anew at any time, without a word.
    ReplacedUnannounced,
}

impl Habit {
    /// Whether a pin on the server's key lives through a renewal as things stand.
    #[must_use]
    pub const fn keeps(self) -> bool {
        match self {
            Self::Kept | Self::KeptForNow | Self::KeptUntilReset | Self::KeptUnderOwnCa => true,
            Self::Replaced | Self::ReplacedUnderOneCa | Self::ReplacedWithCa | Self::ReplacedUnannounced => false,
        }
    }
}

/// When the table was last held against what the renewers do.
pub const AS_OF: &str = "2026-11-01";

const fn renewer(name: &'static str, habit: Habit, keeps_with: Option<Setting>) -> Renewer {
    Renewer { name, habit, keeps_with }
}

/// In the order of their names.
pub const RENEWERS: [Renewer; 17] = [
    renewer("acme-companion", Habit::Replaced, Some(Lasting("RENEW_PRIVATE_KEYS=false"))),
    renewer("acme.sh", Habit::Kept, None),
    renewer("AWS ACM, CloudFront", Habit::ReplacedUnderOneCa, None),
    renewer("Caddy", Habit::Replaced, Some(Temporary("reuse_private_keys"))),
    renewer("cert-manager", Habit::Replaced, Some(Lasting("rotationPolicy: Never"))),
    renewer("certbot", Habit::Replaced, Some(Lasting("--reuse-key"))),
    renewer("Cloudflare", Habit::ReplacedWithCa, None),
    renewer("Home Assistant + Let's Encrypt", Habit::Replaced, None),
    renewer("Home Assistant Cloud", Habit::KeptUntilReset, None),
    renewer("lego", Habit::Replaced, Some(Lasting("--reuse-key"))),
    renewer("mailcow", Habit::Kept, None),
    renewer("Posh-ACME", Habit::Kept, None),
    renewer("Proxmox VE", Habit::KeptUnderOwnCa, None),
    renewer("Tailscale", Habit::Replaced, None),
    renewer("Traefik", Habit::KeptForNow, None),
    renewer("UniFi OS", Habit::ReplacedUnannounced, None),
    renewer("win-acme", Habit::Replaced, Some(Lasting("--reuse-privatekey"))),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Date;

    #[test]
    fn names_are_in_order_and_each_stands_once() {
        let names: Vec<_> = RENEWERS.iter().map(|renewer| renewer.name.to_lowercase()).collect();
        assert!(names.is_sorted_by(|one, next| one < next), "{names:?}");
        assert!(Date::parse(AS_OF).is_ok());
    }

    /// What keeps its key needs no setting for it.
    #[test]
    fn a_setting_stands_where_it_makes_a_difference() {
        for Renewer { name, habit, keeps_with } in &RENEWERS {
            assert!(keeps_with.is_none() || !habit.keeps(), "{name}");
        }
    }
}
