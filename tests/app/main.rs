//! Keyrack as a whole: the real server with a fresh database for each test, spoken to over HTTP.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

mod account_end;
mod account_end_races;
mod accounts;
mod activity;
mod canary;
mod command_line;
mod crawl;
mod email_changes;
mod faults;
mod forms;
mod hashing;
mod house;
mod invitations;
mod jobs;
mod jobs_page;
mod letters;
mod lists;
mod lists_activity;
mod members;
mod operator;
mod panics;
mod pipes;
mod pipes_refusals;
mod processes;
mod record;
mod resets;
mod routes;
mod schema;
mod sealed;
mod sharing;
mod sign_in;
mod support;
mod telling;
mod workspaces;
