//! What testing a credential came to: a closed set of findings, each with its verdict and how far the test got.

use super::word::words;

words! {
    /// What a test says about a value.
    Verdict { Verified = "verified", Rejected = "rejected", Unreachable = "unreachable", Untestable = "untestable" }
}

words! {
    /// A test goes through these in turn.
    Step { Resolved = "resolved", Connected = "connected", Answered = "answered", Understood = "understood" }
}

words! {
    /// Why the verdict is what it is. Nothing of an answer is kept but this, its status and the account's name.
    Finding {
        Accepted = "accepted",
        Refused = "refused",
        /// The status was good, and the body said otherwise.
        RefusedInBody = "refused_in_body",
        /// There is no such name, or it leads to where keys do not go. Which of them, nobody is told who could look for
        /// names of private networks with it.
        AddressNotUsable = "address_not_usable",
        NotConnected = "not_connected",
        ConnectTimeout = "connect_timeout",
        NotTrusted = "not_trusted",
        NoAnswer = "no_answer",
        Broken = "broken_answer",
        SlowBody = "slow_answer",
        TooLarge = "large_answer",
        ServerTrouble = "server_trouble",
        RateLimited = "rate_limited",
        /// To somewhere else, where the value does not follow.
        Redirected = "redirected",
        Unexpected = "unexpected_answer",
        NotUnderstood = "not_understood",
        /// The value cannot be put into a request as its description says.
        NotPlaced = "not_placed",
        /// The stored value does not open.
        Unreadable = "unreadable",
    }
}

impl Finding {
    pub const fn verdict(self) -> Verdict {
        match self {
            Self::Accepted => Verdict::Verified,
            Self::Refused | Self::RefusedInBody => Verdict::Rejected,
            Self::AddressNotUsable
            | Self::NotConnected
            | Self::ConnectTimeout
            | Self::NotTrusted
            | Self::NoAnswer
            | Self::Broken
            | Self::SlowBody
            | Self::TooLarge
            | Self::ServerTrouble
            | Self::RateLimited => Verdict::Unreachable,
            Self::Redirected | Self::Unexpected | Self::NotUnderstood | Self::NotPlaced | Self::Unreadable => {
                Verdict::Untestable
            }
        }
    }

    /// Where the test stopped; none where it went to its end, or never began.
    pub const fn stopped_at(self) -> Option<Step> {
        match self {
            Self::Accepted | Self::Refused | Self::RefusedInBody | Self::NotPlaced | Self::Unreadable => None,
            Self::AddressNotUsable => Some(Step::Resolved),
            Self::NotConnected | Self::ConnectTimeout | Self::NotTrusted => Some(Step::Connected),
            Self::NoAnswer | Self::Broken => Some(Step::Answered),
            Self::SlowBody
            | Self::TooLarge
            | Self::ServerTrouble
            | Self::RateLimited
            | Self::Redirected
            | Self::Unexpected
            | Self::NotUnderstood => Some(Step::Understood),
        }
    }

    /// Whether anything was sent at all.
    pub const fn began(self) -> bool {
        !matches!(self, Self::NotPlaced | Self::Unreadable)
    }
}

/// What one test found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub finding: Finding,
    pub status: Option<u16>,
    /// The account's name, as the answer has it.
    pub account: Option<String>,
}

impl From<Finding> for Found {
    fn from(finding: Finding) -> Self {
        Self { finding, status: None, account: None }
    }
}
