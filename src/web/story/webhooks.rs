//! What was done to webhooks.

use crate::domain::audit::WebhookEvent;
use crate::web::url;

use super::{Deed, Teller, deed};

impl Teller<'_> {
    pub(super) fn deed_to_webhook(&self, event: &WebhookEvent) -> Deed {
        let webhook = event.webhook();
        let what = match event {
            WebhookEvent::Created { .. } => "made the webhook",
            WebhookEvent::Changed { .. } => "changed the webhook",
            WebhookEvent::Paused { .. } => "paused the webhook",
            WebhookEvent::Resumed { .. } => "resumed the webhook",
            WebhookEvent::Deleted { .. } => {
                return deed(format!("deleted the webhook {}", webhook.name), None, "trash");
            }
            WebhookEvent::KeyMade { .. } => "made a new signing key for the webhook",
            WebhookEvent::KeyTookOver { .. } => "had the new signing key take over at the webhook",
            WebhookEvent::Tested { .. } => "sent a test event to the webhook",
            WebhookEvent::SentAgain { .. } => "had an event sent again to the webhook",
            WebhookEvent::GivenUp { .. } => "gave up on the webhook",
        };
        let of = matches!(event, WebhookEvent::GivenUp { .. }).then(|| "which takes nothing any more".to_owned());
        Deed { of, ..self.on(what, (webhook.id.as_str(), &webhook.name), url::webhook, "bell") }
    }
}
