//! The catalogue of node types: data, one TOML file each in this folder.
//!
//! Invariant: a `NodeType` that can be had from a `Catalog` has passed every check of `check`.

mod check;
mod loader;
mod spec;

pub use loader::{Catalog, CatalogError};
pub use spec::{
    ChoiceName, FieldSpec, Format, Guide, KindSpec, NodeType, Placement, PlacementChoice, Prefix, Probe, Revoke,
};
