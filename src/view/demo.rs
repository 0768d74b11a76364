//! The sockets of the demo, as the lab shows them.

use serde::Deserialize;

use super::text::{Text, text};

/// A socket of the demo, by its name in `demo.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DemoSocket {
    /// To a host without a rule.
    Unpinned,
    /// To the pinned key.
    Pinned,
    /// To the backup key of the same rule.
    Backup,
    /// To a key that the rule does not name.
    Attacker,
    /// Without TLS to a host with a rule.
    Clear,
    /// To a key that the rule does not name, and the rule only flags.
    Flagged,
}

/// What the demo's rules make of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Expectation {
    /// It opens and nothing is logged.
    Opens,
    /// It never opens, and is logged.
    Blocked,
    /// It never opens, since the server does not speak TLS.
    Unreachable,
    /// It opens and is logged.
    Flagged,
}

impl DemoSocket {
    /// The value of `data-socket` in the lab.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unpinned => "unpinned",
            Self::Pinned => "pinned",
            Self::Backup => "backup",
            Self::Attacker => "attacker",
            Self::Clear => "clear",
            Self::Flagged => "flagged",
        }
    }

    /// A few words.
    #[must_use]
    pub fn label(self) -> Text {
        match self {
            Self::Unpinned => text!("demo_unpinned"),
            Self::Pinned => text!("demo_pinned"),
            Self::Backup => text!("demo_backup"),
            Self::Attacker => text!("demo_attacker"),
            Self::Clear => text!("demo_clear"),
            Self::Flagged => text!("demo_flagged"),
        }
    }

    /// One sentence.
    #[must_use]
    pub fn about(self) -> Text {
        match self {
            Self::Unpinned => text!("demo_unpinned_about"),
            Self::Pinned => text!("demo_pinned_about"),
            Self::Backup => text!("demo_backup_about"),
            Self::Attacker => text!("demo_attacker_about"),
            Self::Clear => text!("demo_clear_about"),
            Self::Flagged => text!("demo_flagged_about"),
        }
    }

    /// What its button does, for those who do not see the list around it.
    #[must_use]
    pub fn attempt(self) -> Text {
        text!("demo_try", socket = self.label())
    }
}

impl Expectation {
    /// One sentence.
    #[must_use]
    pub fn sentence(self) -> Text {
        match self {
            Self::Opens => text!("demo_opens"),
            Self::Blocked => text!("demo_blocked"),
            Self::Unreachable => text!("demo_unreachable"),
            Self::Flagged => text!("demo_opens_and_flagged"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_read_by_the_name_that_it_has_in_the_page() {
        for name in ["unpinned", "pinned", "backup", "attacker", "clear", "flagged"] {
            let socket: DemoSocket = serde_json::from_value(name.into()).unwrap();
            assert_eq!(socket.as_str(), name);
            assert_eq!(socket.attempt().english(), format!("Try: {}", socket.label().english()));
        }
    }
}
