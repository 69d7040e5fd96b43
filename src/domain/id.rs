//! Ids: a prefix that names the thing, then 26 letters that sort by the time of making.

use std::fmt;
use std::str::FromStr;

use ulid::Ulid;

use super::{Chance, Moment};

/// A text that is not what its type demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {0}")]
pub struct Malformed(pub &'static str);

const BODY: usize = 26;

/// Draws the part of an id after its prefix.
pub(crate) fn draw_body(at: Moment, chance: &dyn Chance) -> String {
    let mut random = [0_u8; 16];
    chance.fill(&mut random);
    Ulid::from_parts(at.millis(), u128::from_be_bytes(random)).to_string().to_ascii_lowercase()
}

fn is_body(text: &str) -> bool {
    text.len() == BODY
        && text
            .bytes()
            .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'h' | b'j' | b'k' | b'm' | b'n' | b'p'..=b't' | b'v'..=b'z'))
}

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident $prefix:literal;)+) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
        pub struct $name(String);

        impl $name {
            pub const PREFIX: &'static str = $prefix;

            pub fn draw(at: Moment, chance: &dyn Chance) -> Self {
                Self(format!("{}{}", $prefix, draw_body(at, chance)))
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// When it was drawn, to the millisecond.
            pub fn drawn_at(&self) -> Option<Moment> {
                let body = Ulid::from_string(self.0.strip_prefix($prefix)?).ok()?;
                Some(Moment::of_millis(body.timestamp_ms()))
            }

            /// For the store alone: what the database holds was checked when it was written.
            pub(crate) fn trusted(text: String) -> Self {
                Self(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = Malformed;

            fn from_str(text: &str) -> Result<Self, Malformed> {
                match text.strip_prefix($prefix) {
                    Some(body) if is_body(body) => Ok(Self(text.to_owned())),
                    _ => Err(Malformed(stringify!($name))),
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

ids! {
    /// A team's space.
    WorkspaceId "wsp_";
    /// A person with an account.
    PersonId "usr_";
    /// One signed-in browser.
    SessionId "ses_";
    /// An integration as one workspace has it.
    NodeTypeId "nt_";
    /// One stored credential.
    SecretId "sec_";
    /// One sealed value of a secret.
    ValueId "val_";
    /// The key that seals one node type's secrets in one environment.
    DataKeyId "dk_";
    /// What a machine signs in with.
    TokenId "tok_";
    /// Somebody outside the workspace who owns connections.
    EndUserId "eu_";
    /// A customer's group of end users.
    OrganizationId "org_";
    /// A single-use link.
    LinkId "lnk_";
    /// A chain of audit entries.
    ChainId "ach_";
    /// A piece of work that is done later.
    JobId "job_";
    /// An offer of membership.
    InvitationId "inv_";
    /// A registered consumer of secrets.
    WorkflowId "wfl_";
    /// One action of a workflow.
    NodeId "nod_";
    /// A round in which many secrets are given new values.
    RotationId "rot_";
    /// Many secrets that somebody is about to store at once.
    ImportId "imp_";
    /// Something that has happened, as machines are told of it.
    EventId "evt_";
    /// Where events are sent to.
    WebhookId "whk_";
    /// An event on its way there.
    DeliveryId "dlv_";
    /// A way to a provider and back.
    FlowId "flw_";
    /// A page on which an end user connects.
    ConnectSessionId "cns_";
    /// A private link by which a calendar reads what ends.
    CalendarId "cal_";
    /// Who somebody is at a provider.
    IdentityId "idn_";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_needs_its_own_prefix_and_a_whole_body() {
        let body = "01jd8x3f5k7q9r2t4v6w8y0z1a";
        assert!(format!("sec_{body}").parse::<SecretId>().is_ok());
        assert!(format!("tok_{body}").parse::<SecretId>().is_err());
        assert!(format!("sec_{}", &body[1..]).parse::<SecretId>().is_err());
        assert!(format!("sec_{}", body.to_uppercase()).parse::<SecretId>().is_err());
        assert!(format!("sec_{}'", &body[1..]).parse::<SecretId>().is_err());
    }
}
