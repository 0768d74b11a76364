//! What came of a socket that the lab opened, in words.

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
    pub fn sentence(self) -> String {
        match self {
            Self::Trying => "Trying…".to_owned(),
            Self::Open => "Open. One frame was sent.".to_owned(),
            Self::Answered => "Open. One frame was sent, and the server answered it.".to_owned(),
            Self::Refused { code } => format!(
                "Not opened (close code {code}). No frame was sent. A page is not told why: look at the Sockpin button in \
                 the toolbar."
            ),
            Self::Silent => "Not opened: no answer in time. No frame was sent.".to_owned(),
            Self::Invalid => {
                "This is not the address of a WebSocket. Enter one that begins with wss:// or ws://.".to_owned()
            }
        }
    }
}

/// What the button of a listed socket does, for those who do not see the list around it.
#[must_use]
pub fn attempt(label: &str) -> String {
    format!("Try: {label}")
}

/// What the demo expects of one of its sockets: `opens`, `blocked`, `unreachable` or `flagged`.
#[must_use]
pub fn expectation(expect: &str) -> String {
    match expect {
        "opens" => "With the demo’s rules it opens.".to_owned(),
        "blocked" => "With the demo’s rules it is blocked.".to_owned(),
        "unreachable" => "With the demo’s rules it is not reached without encryption.".to_owned(),
        "flagged" => "With the demo’s rules it opens and is flagged.".to_owned(),
        other => format!("With the demo’s rules: {other}."),
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
            assert!(progress.sentence().starts_with(start), "{}", progress.sentence());
        }
    }
}
