//! Keyrack: a rack for the keys that workflows and agents call other companies' APIs with.
//!
//! The layers, from the outside in; each may call those to its right and none to its left:
//! `web, api, jobs → actions → store → domain`, with `crypto → domain` beside the store, `mail → domain` beside the
//! jobs, and `upstream`, which alone speaks HTTP outwards, below the actions.

pub mod actions;
pub mod api;
pub mod app;
pub mod catalog;
pub mod cli;
pub mod config;
pub mod crypto;
pub mod domain;
pub mod jobs;
pub mod mail;
pub mod store;
pub mod upstream;
pub mod web;
