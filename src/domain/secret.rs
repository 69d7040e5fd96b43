//! What a secret is: its kind, environment, sharing, delivery and derived state.

use super::Moment;
use super::word::words;

words! {
    /// Test and live never mix.
    Environment { Test = "test", Live = "live" }
}

words! {
    /// How a node type authenticates.
    Method { Key = "key", OAuth = "oauth", ClientCredentials = "client_credentials" }
}

words! {
    /// Who may add built-in node types to a workspace.
    Adders { Admins = "admins", Everyone = "everyone" }
}

words! {
    /// Where a request to a custom API carries the credential.
    Carried { Bearer = "bearer", Basic = "basic", Header = "header", Query = "query", Cookie = "cookie" }
}

words! {
    /// The forms a credential takes: five under the method `key`, and one under each of the others.
    Kind {
        ApiKey = "api_key",
        AccessToken = "access_token",
        Password = "password",
        ApplicationPassword = "application_password",
        KeyPair = "key_pair",
        TokenSet = "token_set",
        ClientCredentials = "client_credentials",
    }
}

words! {
    /// Who may use a secret.
    Sharing { Private = "private", Members = "members", Workspace = "workspace" }
}

words! {
    /// How a secret may leave.
    Delivery { Proxy = "proxy", Vend = "vend" }
}

words! {
    /// Where a sealed value stands in its secret's life.
    Slot { Current = "current", Next = "next", Previous = "previous" }
}

words! {
    /// An end user's first connection of a node type, or a later one.
    ConnectionRole { Compatibility = "compatibility", Standard = "standard" }
}

words! {
    SecretState {
        Connected = "connected",
        Rejected = "rejected",
        NeedsReauthorization = "needs_reauthorization",
        Expired = "expired",
        Disconnected = "disconnected",
    }
}

/// The facts that a secret's state is derived from.
#[derive(Clone, Copy, Debug)]
pub struct StateFacts {
    pub has_value: bool,
    pub expires_at: Option<Moment>,
    pub needs_reauthorization: bool,
    pub rejected: bool,
}

impl SecretState {
    /// The first that holds, in the order that matters to a user of the secret.
    pub fn derive(facts: StateFacts, now: Moment) -> Self {
        if !facts.has_value {
            Self::Disconnected
        } else if facts.expires_at.is_some_and(|end| end <= now) {
            Self::Expired
        } else if facts.needs_reauthorization {
            Self::NeedsReauthorization
        } else if facts.rejected {
            Self::Rejected
        } else {
            Self::Connected
        }
    }
}

impl Method {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Key => "Key",
            Self::OAuth => "Account (OAuth)",
            Self::ClientCredentials => "Client credentials",
        }
    }

    /// How somebody comes to what is stored.
    pub const fn means(self) -> &'static str {
        match self {
            Self::Key => "What the provider gives you is pasted once and kept.",
            Self::OAuth => "People sign in at the provider and agree; Keyrack holds the access and renews it.",
            Self::ClientCredentials => "A client's id and secret are pasted once; Keyrack fetches tokens with them.",
        }
    }
}

impl Kind {
    /// Those that are entered as a key.
    pub const KEYS: [Self; 5] =
        [Self::ApiKey, Self::AccessToken, Self::Password, Self::ApplicationPassword, Self::KeyPair];

    pub const fn method(self) -> Method {
        match self {
            Self::TokenSet => Method::OAuth,
            Self::ClientCredentials => Method::ClientCredentials,
            Self::ApiKey | Self::AccessToken | Self::Password | Self::ApplicationPassword | Self::KeyPair => {
                Method::Key
            }
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::ApiKey => "API key",
            Self::AccessToken => "Access token",
            Self::Password => "Password",
            Self::ApplicationPassword => "Application password",
            Self::KeyPair => "Key pair",
            Self::TokenSet => "Connected account",
            Self::ClientCredentials => "Client credentials",
        }
    }

    /// The one-sentence picture by which a newcomer tells the kinds apart.
    pub const fn picture(self) -> &'static str {
        match self {
            Self::ApiKey => "Like a hotel key card: it opens the doors it was coded for, whoever holds it.",
            Self::AccessToken => "Like a limited-use key: made for one purpose, and easily taken back.",
            Self::Password => "Like letting us sign in as you: it opens everything your account can.",
            Self::ApplicationPassword => {
                "Like a guest password: it lets one application in and leaves your own untouched."
            }
            Self::KeyPair => "Like a lock that needs two keys: both halves are turned together.",
            Self::TokenSet => "Like a guest pass that is renewed at the desk: you sign in there, and can take it back.",
            Self::ClientCredentials => "Like a staff badge: the program itself is let in, in nobody's name.",
        }
    }
}

const SHORTEST_WITH_TAIL: usize = 12;

/// The last four characters of a value long enough to spare them.
pub fn last_four(value: &str) -> Option<String> {
    let count = value.chars().count();
    (count >= SHORTEST_WITH_TAIL).then(|| value.chars().skip(count - 4).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_values_show_nothing() {
        assert_eq!(last_four("12345678901"), None);
        assert_eq!(last_four("123456789012").as_deref(), Some("9012"));
        assert_eq!(last_four("ünïcödé-välüé").as_deref(), Some("älüé"));
    }

    #[test]
    fn the_state_is_the_gravest_that_holds() {
        let now = Moment::from_micros(10);
        let all = StateFacts { has_value: true, expires_at: Some(now), needs_reauthorization: true, rejected: true };
        assert_eq!(SecretState::derive(StateFacts { has_value: false, ..all }, now), SecretState::Disconnected);
        assert_eq!(SecretState::derive(all, now), SecretState::Expired);
        let lasting = StateFacts { expires_at: None, ..all };
        assert_eq!(SecretState::derive(lasting, now), SecretState::NeedsReauthorization);
        let refused = StateFacts { needs_reauthorization: false, ..lasting };
        assert_eq!(SecretState::derive(refused, now), SecretState::Rejected);
        assert_eq!(SecretState::derive(StateFacts { rejected: false, ..refused }, now), SecretState::Connected);
    }
}
