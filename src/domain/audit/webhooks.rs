//! What is done to webhooks: never their keys, and of their addresses the host alone.

use serde::{Deserialize, Serialize};

use super::super::{DeliveryId, Environment, Moment, WebhookId};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event")]
pub enum WebhookEvent {
    /// With the events that are sent; all of them where none are named.
    #[serde(rename = "webhook.created")]
    Created {
        webhook: WebhookFacts,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        events: Option<String>,
    },
    #[serde(rename = "webhook.changed")]
    Changed {
        webhook: WebhookFacts,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        events: Option<String>,
    },
    #[serde(rename = "webhook.paused")]
    Paused { webhook: WebhookFacts },
    #[serde(rename = "webhook.resumed")]
    Resumed { webhook: WebhookFacts },
    #[serde(rename = "webhook.deleted")]
    Deleted { webhook: WebhookFacts },
    /// Another signing key, which signs from then on.
    #[serde(rename = "webhook.key_made")]
    KeyMade { webhook: WebhookFacts, signs_from: Moment },
    /// Before its time, because somebody wanted it.
    #[serde(rename = "webhook.key_took_over")]
    KeyTookOver { webhook: WebhookFacts },
    #[serde(rename = "webhook.tested")]
    Tested { webhook: WebhookFacts },
    #[serde(rename = "webhook.sent_again")]
    SentAgain { webhook: WebhookFacts, delivery: DeliveryId },
    /// By Keyrack itself, because it has taken nothing since then.
    #[serde(rename = "webhook.given_up")]
    GivenUp { webhook: WebhookFacts, failing_since: Option<Moment> },
}

/// A webhook as an entry describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookFacts {
    pub id: WebhookId,
    pub name: String,
    pub environment: Environment,
    pub host: String,
}

impl WebhookEvent {
    pub fn webhook(&self) -> &WebhookFacts {
        match self {
            Self::Created { webhook, .. }
            | Self::Changed { webhook, .. }
            | Self::Paused { webhook }
            | Self::Resumed { webhook }
            | Self::Deleted { webhook }
            | Self::KeyMade { webhook, .. }
            | Self::KeyTookOver { webhook }
            | Self::Tested { webhook }
            | Self::SentAgain { webhook, .. }
            | Self::GivenUp { webhook, .. } => webhook,
        }
    }
}
