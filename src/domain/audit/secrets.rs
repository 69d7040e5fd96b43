//! What is done to a secret between its making and its end.

use serde::{Deserialize, Serialize};

use super::super::unusual::Oddity;
use super::super::{Environment, Finding, Moment, PersonId, SecretId, Sharing, Verdict};
use super::SecretFacts;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event")]
pub enum SecretEvent {
    #[serde(rename = "secret.renamed")]
    Renamed { secret: SecretFacts, before: String },
    #[serde(rename = "secret.sharing_changed")]
    SharingChanged { secret: SecretFacts, before: Sharing, until: Option<Moment> },
    #[serde(rename = "secret.share_given")]
    ShareGiven { secret: SecretFacts, person: PersonId, until: Option<Moment> },
    #[serde(rename = "secret.share_taken")]
    ShareTaken { secret: SecretFacts, person: PersonId },
    /// By itself, on its last day. Without a person it was the whole workspace's.
    #[serde(rename = "secret.share_ended")]
    ShareEnded { secret: SecretId, name: String, person: Option<PersonId> },
    /// From vend to proxy; the other way takes a new value.
    #[serde(rename = "secret.delivery_narrowed")]
    DeliveryNarrowed { secret: SecretFacts },
    /// With a new value, and in no other way.
    #[serde(rename = "secret.delivery_widened")]
    DeliveryWidened { secret: SecretFacts },
    #[serde(rename = "secret.dates_changed")]
    DatesChanged { secret: SecretFacts, expires_at: Option<Moment>, rotate_at: Option<Moment> },
    #[serde(rename = "secret.disconnected")]
    Disconnected { secret: SecretFacts },
    #[serde(rename = "secret.value_staged")]
    Staged { secret: SecretFacts, value: i64 },
    #[serde(rename = "secret.staged_value_dropped")]
    StagedDropped { secret: SecretFacts, value: i64 },
    #[serde(rename = "secret.value_promoted")]
    Promoted { secret: SecretFacts, value: i64, before: i64 },
    #[serde(rename = "secret.value_rolled_back")]
    RolledBack { secret: SecretFacts, value: i64, before: i64 },
    /// Nobody can roll back to it any more.
    #[serde(rename = "secret.previous_value_destroyed")]
    PreviousDestroyed { secret: SecretId, name: String, value: i64 },
    /// The value is about to be sent to its provider, to be tested. A use.
    #[serde(rename = "secret.probed")]
    Probed { secret: SecretId, name: String, node_type: String, environment: Environment, value: i64 },
    /// What came of it.
    #[serde(rename = "secret.probe_answered")]
    ProbeAnswered {
        secret: SecretId,
        name: String,
        value: i64,
        verdict: Verdict,
        finding: Finding,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
    },
    /// Somebody wants to hear no more of its dates until then.
    #[serde(rename = "secret.reminder_snoozed")]
    ReminderSnoozed { secret: SecretFacts, until: Moment },
    /// Its provider refused several calls in a row that carried it, and nothing can test it: it is rejected since.
    #[serde(rename = "secret.calls_refused")]
    CallsRefused { secret: SecretId, name: String, value: i64 },
    /// A rejected value was taken in a call: it is rejected no more.
    #[serde(rename = "secret.call_accepted")]
    CallAccepted { secret: SecretId, name: String, value: i64 },
    /// Somebody looked at what was unusual about its use, and found nothing wrong.
    #[serde(rename = "secret.use_found_well")]
    FoundWell { secret: SecretFacts, kind: Oddity },
}

impl SecretEvent {
    pub fn subject(&self) -> &str {
        match self {
            Self::Renamed { secret, .. }
            | Self::SharingChanged { secret, .. }
            | Self::ShareGiven { secret, .. }
            | Self::ShareTaken { secret, .. }
            | Self::DeliveryNarrowed { secret }
            | Self::DeliveryWidened { secret }
            | Self::DatesChanged { secret, .. }
            | Self::Disconnected { secret }
            | Self::Staged { secret, .. }
            | Self::StagedDropped { secret, .. }
            | Self::Promoted { secret, .. }
            | Self::RolledBack { secret, .. }
            | Self::FoundWell { secret, .. }
            | Self::ReminderSnoozed { secret, .. } => secret.id.as_str(),
            Self::ShareEnded { secret, .. }
            | Self::PreviousDestroyed { secret, .. }
            | Self::Probed { secret, .. }
            | Self::ProbeAnswered { secret, .. }
            | Self::CallsRefused { secret, .. }
            | Self::CallAccepted { secret, .. } => secret.as_str(),
        }
    }
}
