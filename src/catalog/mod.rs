//! The catalogue of node types: data, one TOML file each in `types/`.
//!
//! Invariant: a `NodeType` that can be had from a `Catalog` has passed every check of `check`.

mod address;
mod check;
mod custom;
mod further;
mod loader;
pub mod openapi;
mod probe_draft;
mod spec;
mod under;

pub use address::{Address, PartFault, put_in};
pub use custom::{ACCOUNT, AUTHORIZE_URL, AUTHS, BODIES, CLIENT, PARAMETERS, REFRESH_URL, REVOKE_URL, SEPARATORS};
pub use custom::{Asking, AskingNames, CUSTOM, Draft, DraftFault, parameters_written};
pub use further::{FurtherField, PLACES, ROWS};
pub use loader::{Catalog, CatalogError};
pub use spec::{BodyFormat, ClientAuth, ClientCredentials, OAuth, Part, PartOption, Scope};
pub use spec::{
    ChoiceName, Confirmed, FieldSpec, Format, Guide, KindSpec, NodeType, Placement, PlacementChoice, Prefix,
};
pub use spec::{Probe, RateLimits, Revoke};
pub use under::SCOPES;
