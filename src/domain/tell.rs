//! What is told to whoever asks what has happened to the connections of end users.

use super::word::words;

words! {
    /// As the wire calls them.
    TellKind {
        Connected = "pipes.connected_account.connected",
        Disconnected = "pipes.connected_account.disconnected",
        ReauthorizationNeeded = "pipes.connected_account.reauthorization_needed",
        ConnectionFailed = "pipes.connected_account.connection_failed",
    }
}
