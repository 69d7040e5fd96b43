//! Closed sets of words, as the description names them.

use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

use crate::domain::audit::ChainKind;
use crate::domain::connect_session::{Outcome, SessionState, Shade};
use crate::domain::record::Topic;
use crate::domain::secret::ConnectionRole;
use crate::domain::usage::Stretch;
use crate::domain::{Ability, Delivery, Environment, Kind, Method, Role, SecretState, Sharing};

macro_rules! schemas {
    ($($name:ident $type:ty;)+) => {$(
        pub fn $name() -> Object {
            let words = <$type>::ALL.iter().map(|word| word.as_str());
            ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).build()
        }
    )+};
}

schemas! {
    ability Ability;
    chain ChainKind;
    delivery Delivery;
    environment Environment;
    kind Kind;
    outcome Outcome;
    session_state SessionState;
    shade Shade;
    method Method;
    connection_role ConnectionRole;
    role Role;
    sharing Sharing;
    state SecretState;
    topic Topic;
    stretch Stretch;
}
