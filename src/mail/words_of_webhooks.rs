//! What those who look after a workspace read of its webhooks.

use crate::domain::{Letter, path};

use super::words::{Button, Sheet};

/// None for a letter about something else.
pub(super) fn sheet(letter: &Letter, base: &str) -> Option<Sheet> {
    let Letter::WebhookGivenUp { workspace, slug, id, name, host, since } = letter else { return None };
    let since = since.map(|at| format!(" since {}", at.readable())).unwrap_or_default();
    Some(Sheet {
        subject: format!("The webhook {name} of {workspace} is paused"),
        lines: vec![
            format!(
                "The webhook “{name}” of the workspace “{workspace}” has taken no event{since}, though Keyrack has tried \
                 again and again. Nothing is sent to {host} any more."
            ),
            "Look at the log of its deliveries, mend what is wrong, and resume it. What was not delivered is kept for 30 \
             days and can be sent again there."
                .to_owned(),
        ],
        button: Some(Button { label: "Look at the webhook", url: format!("{base}{}", path::webhook(slug, id.as_str())) }),
        ..Sheet::default()
    })
}
