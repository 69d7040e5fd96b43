//! Keyrack as a whole: the real server with a fresh database for each test, spoken to over HTTP.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

mod canary;
mod crawl;
mod forms;
mod house;
mod pipes;
mod pipes_refusals;
mod routes;
mod sealed;
mod sign_in;
mod support;
mod telling;
