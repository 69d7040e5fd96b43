//! Pure rules and values: what Keyrack's words mean, without databases, keys or HTTP.
//!
//! Invariant: nothing in here does I/O, reads a clock or draws a random number by itself.

pub mod ability;
pub mod audit;
pub mod chance;
pub mod clock;
pub mod email;
pub mod errand;
pub mod fetching;
pub mod id;
pub mod identity;
pub mod keys;
pub mod letter;
pub mod limits;
pub mod message;
pub mod moment;
pub mod name;
pub mod node;
pub mod password;
pub mod path;
pub mod policy;
pub mod probe;
pub mod record;
pub mod return_to;
pub mod role;
pub mod rotation;
pub mod scopes;
pub mod secret;
pub mod slug;
pub mod tell;
pub mod token;
pub(crate) mod word;
pub mod work;
pub mod workflow;

pub use ability::{Abilities, Ability};
pub use chance::Chance;
pub use clock::Clock;
pub use email::Email;
pub use errand::Errand;
pub use fetching::Hindrance;
pub use id::*;
pub use identity::Seen;
pub use letter::Letter;
pub use limits::{Networks, NodeTypes};
pub use moment::Moment;
pub use name::Name;
pub use node::{Trouble, TroubleBy, TroubleWhy, Unready};
pub use probe::{Finding, Step, Verdict};
pub use role::Role;
pub use scopes::Scopes;
pub use secret::{Adders, Carried, Delivery, Environment, Kind, Method, SecretState, Sharing};
pub use slug::Slug;
pub use tell::TellKind;
pub use token::TokenState;
pub use work::{JobKind, Work};
pub use workflow::{Called, Handle};
