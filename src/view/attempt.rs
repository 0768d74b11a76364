//! What came of a socket that the lab opened, in words.

use super::text::{Text, text};

/// How far a socket has got, as its page sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Being opened.
    Trying,
    /// Open, and a frame sent.
    Open,
    /// The server has answered that frame.
    Answered,
    /// Closed before it opened, with this close code.
    Refused {
        /// RFC 6455 section 7.4.1; 1006 where the browser does not say why.
        code: u16,
    },
    /// Neither opened nor closed in time.
    Silent,
    /// The browser took the text for no address of a socket.
    Invalid,
}

impl Progress {
    /// The value of `data-state` in the lab's style sheet.
    #[must_use]
    pub const fn state(self) -> &'static str {
        match self {
            Self::Trying => "trying",
            Self::Open | Self::Answered => "open",
            Self::Refused { .. } | Self::Silent | Self::Invalid => "refused",
        }
    }

    /// One or two sentences.
    #[must_use]
    pub fn sentence(self) -> Text {
        match self {
            Self::Trying => text!("attempt_trying"),
            Self::Open => text!("attempt_open"),
            Self::Answered => text!("attempt_answered"),
            // A code is no count: it is written without separators.
            Self::Refused { code } => text!("attempt_refused", code = code.to_string()),
            Self::Silent => text!("attempt_silent"),
            Self::Invalid => text!("attempt_invalid"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_tells_whether_the_page_got_its_socket() {
        for (progress, state, start) in [
            (Progress::Trying, "trying", "Trying"),
            (Progress::Open, "open", "Open."),
            (Progress::Answered, "open", "Open."),
            (Progress::Refused { code: 1006 }, "refused", "Not opened (close code 1006)."),
            (Progress::Silent, "refused", "Not opened"),
            (Progress::Invalid, "refused", "This is not the address"),
        ] {
            assert_eq!(progress.state(), state);
            let said = progress.sentence().english();
            assert!(said.starts_with(start), "{said}");
        }
    }
}
