//! Fetching tokens from a provider: what can come between.

use super::word::words;

words! {
    /// Why no token was had. The first two are the provider's own refusals, and nothing else is.
    Hindrance {
        /// The consent, the code or the refresh token: somebody has to connect the account again.
        Refused = "refused",
        /// The client's id or secret, or that it may ask in this way: whoever set it up has to look.
        ClientRefused = "client_refused",
        NotReached = "not_reached",
        Busy = "busy",
        NotUnderstood = "not_understood",
        NoClient = "no_client",
        /// It was given to another client than the one there is, or by another server.
        OtherClient = "other_client",
        /// What is stored here does not open: no provider was asked.
        Unreadable = "unreadable",
    }
}

impl Hindrance {
    /// What happened and what to do, for whoever may connect the account.
    pub const fn told(self) -> &'static str {
        match self {
            Self::Refused => "The provider does not renew the access any more. Connect the account again.",
            Self::ClientRefused => {
                "The provider did not accept the client that asks for access. An Admin compares its id and secret with what stands at the provider."
            }
            Self::NotReached => "The provider was not reached. Keyrack tries again by itself.",
            Self::Busy => "The provider is busy or has trouble of its own. Keyrack tries again by itself.",
            Self::NotUnderstood => "The provider answered something that is no token. Keyrack tries again by itself.",
            Self::Unreadable => {
                "What is stored of it cannot be read. Connect it again, or enter its client again: everything else is as it was."
            }
            Self::OtherClient => {
                "The client of the node type is another one now, and cannot renew what was given to the former. Connect the account again before its access ends."
            }
            Self::NoClient => "There is no client to ask with. An Admin enters one on the page of the node type.",
        }
    }

    /// The same where a code was to be exchanged, which nobody tries again by themselves.
    pub const fn told_at_once(self) -> &'static str {
        match self {
            Self::Refused => "The provider did not accept what it had sent. Nothing was connected; begin once more.",
            Self::NotReached => "The provider was not reached. Nothing was connected; begin once more.",
            Self::Busy => {
                "The provider is busy or has trouble of its own. Nothing was connected; begin once more later."
            }
            Self::NotUnderstood => "The provider answered something that is no token. Nothing was connected.",
            Self::ClientRefused | Self::NoClient | Self::OtherClient | Self::Unreadable => self.told(),
        }
    }
}
