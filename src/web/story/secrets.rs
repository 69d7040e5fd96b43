//! What was done to a secret between its making and its end, as sentences.

use crate::domain::audit::{ConnectionEvent, SecretEvent, SecretFacts};
use crate::domain::{Moment, Verdict};
use crate::web::url;

use super::people::audience;
use super::{Deed, Teller, deed, whose};

impl Teller<'_> {
    pub(super) fn deed_to_secret(&self, event: &SecretEvent) -> Deed {
        let on = |what: &str, s: &SecretFacts, icon| self.on(what, (s.id.as_str(), &s.name), url::secret, icon);
        match event {
            SecretEvent::Renamed { secret, before } => on(&format!("renamed {before} to"), secret, "key"),
            SecretEvent::SharingChanged { secret, until, .. } => {
                let of = Some(format!("be used by {}{}", audience(secret.sharing), until_word(*until)));
                Deed { of, ..on("let the secret", secret, "people") }
            }
            SecretEvent::ShareGiven { secret, person, until } => {
                let of = Some(format!("with {}{}", self.person_within(person), until_word(*until)));
                Deed { of, ..on("shared", secret, "people") }
            }
            SecretEvent::ShareTaken { secret, person } => {
                let of = Some(format!("with {}", self.person_within(person)));
                Deed { of, ..on("ended the sharing of", secret, "people") }
            }
            SecretEvent::ShareEnded { secret, name, person } => {
                let with = person.as_ref().map_or_else(|| "the workspace".to_owned(), |id| self.person_within(id));
                let shown = self.on("ended the sharing of", (secret.as_str(), name), url::secret, "people");
                Deed { of: Some(format!("with {with} on its last day")), ..shown }
            }
            SecretEvent::DeliveryNarrowed { secret } => {
                Deed { of: Some("never leave again".to_owned()), ..on("made the value of", secret, "shield") }
            }
            SecretEvent::DeliveryWidened { secret } => Deed {
                of: Some("to service tokens that may vend".to_owned()),
                ..on("let out the value of", secret, "hand-out")
            },
            SecretEvent::DatesChanged { secret, .. } => on("changed the dates of", secret, "hourglass"),
            SecretEvent::Disconnected { secret } => on("disconnected", secret, "unplug"),
            SecretEvent::Staged { secret, .. } => on("entered the next value of", secret, "key"),
            SecretEvent::StagedDropped { secret, .. } => on("dropped the next value of", secret, "trash"),
            SecretEvent::Promoted { secret, .. } => on("promoted the next value of", secret, "key"),
            SecretEvent::RolledBack { secret, .. } => on("rolled back the value of", secret, "key"),
            SecretEvent::FoundWell { secret, .. } => on("found nothing wrong with the use of", secret, "check"),
            SecretEvent::Probed { secret, name, .. } => {
                self.on("sent the value to its provider to test", (secret.as_str(), name), url::secret, "plug")
            }
            SecretEvent::ProbeAnswered { secret, name, verdict, .. } => Deed {
                of: Some(probe_words(*verdict).to_owned()),
                ..self.on("tested", (secret.as_str(), name), url::secret, "plug")
            },
            SecretEvent::ReminderSnoozed { secret, until } => Deed {
                of: Some(format!("until {}", until.readable())),
                ..on("put off reminders of", secret, "hourglass")
            },
            SecretEvent::CallsRefused { secret, name, .. } => Deed {
                of: Some("in several calls".to_owned()),
                ..self.on("found that the provider refuses", (secret.as_str(), name), url::secret, "alert")
            },
            SecretEvent::CallAccepted { secret, name, .. } => Deed {
                of: Some("again".to_owned()),
                ..self.on("found that the provider takes", (secret.as_str(), name), url::secret, "plug")
            },
            SecretEvent::PreviousDestroyed { secret, name, .. } => {
                self.on("destroyed the earlier value of", (secret.as_str(), name), url::secret, "trash")
            }
        }
    }

    /// What was done with the tokens of a connection.
    pub(super) fn deed_to_connection(&self, event: &ConnectionEvent) -> Deed {
        let on = |what: &str, s: &SecretFacts, icon| self.on(what, (s.id.as_str(), &s.name), url::secret, icon);
        match event {
            ConnectionEvent::Connected { secret, missing, .. } => {
                let of = (!missing.is_empty()).then(|| format!("without {}", missing.replace(' ', ", ")));
                Deed { of, ..on("connected", secret, "plug") }
            }
            ConnectionEvent::Exchanged { secret, name, .. } => {
                self.on("exchanged a code for tokens of", (secret.as_str(), name), url::secret, "plug")
            }
            ConnectionEvent::Renewed { secret, name, .. } => {
                self.on("asked the provider for new tokens of", (secret.as_str(), name), url::secret, "refresh")
            }
            ConnectionEvent::Failed { node_type, end_user, organization, .. } => Deed {
                of: whose(end_user.as_ref(), organization.as_ref()),
                ..deed(format!("could not connect an account of {}", node_type.name), None, "alert")
            },
            ConnectionEvent::ConsentLost { secret, name, .. } => Deed {
                of: Some("any more".to_owned()),
                ..self.on("found that the provider does not renew", (secret.as_str(), name), url::secret, "alert")
            },
            ConnectionEvent::RevokedUpstream { secret, name, .. } => {
                self.on("asked the provider to forget the tokens of", (secret.as_str(), name), url::secret, "unplug")
            }
            ConnectionEvent::RevocationAnswered { secret, name, worked } => {
                let what = if *worked {
                    "had the provider forget the tokens of"
                } else {
                    "got no word that the provider forgot the tokens of"
                };
                self.on(what, (secret.as_str(), name), url::secret, "unplug")
            }
        }
    }
}

fn probe_words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Verified => "and found that it works",
        Verdict::Rejected => "and found that its provider refuses it",
        Verdict::Unreachable => "and could not reach its provider",
        Verdict::Untestable => "without learning whether it works",
    }
}

fn until_word(until: Option<Moment>) -> String {
    until.map(|end| format!(" until {}", end.readable())).unwrap_or_default()
}
