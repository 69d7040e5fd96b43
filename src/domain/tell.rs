//! What is told of what has happened: to whoever asks, and to whoever has it sent to them.

use super::word::words;

words! {
    /// As the wire calls them.
    TellKind {
        Connected = "pipes.connected_account.connected",
        Disconnected = "pipes.connected_account.disconnected",
        ReauthorizationNeeded = "pipes.connected_account.reauthorization_needed",
        ConnectionFailed = "pipes.connected_account.connection_failed",
        SecretRejected = "secret.rejected",
        SecretExpiring = "secret.expiring",
        NeedsReconfiguration = "workflow.needs_reconfiguration",
        /// Sent because somebody asked for it; nothing has happened.
        Test = "keyrack.test",
    }
}

impl TellKind {
    /// Those of end users' connections: what is listed where no kind is asked for.
    pub const OF_CONNECTIONS: [Self; 4] =
        [Self::Connected, Self::Disconnected, Self::ReauthorizationNeeded, Self::ConnectionFailed];

    /// Those that happen, of which one may choose what is sent.
    pub const HAPPENING: [Self; 7] = [
        Self::Connected,
        Self::Disconnected,
        Self::ReauthorizationNeeded,
        Self::ConnectionFailed,
        Self::SecretRejected,
        Self::SecretExpiring,
        Self::NeedsReconfiguration,
    ];
}
