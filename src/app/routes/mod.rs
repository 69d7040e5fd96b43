//! Every address that Keyrack answers on, with the least that one must be to get an answer.
//!
//! Invariant: these tables are the only way a handler is reached, so none can be forgotten in them; the tests
//! try each row as every kind of person and machine.

mod machines;
mod pages;

use actix_web::guard;
use actix_web::http::{Method, header};
use actix_web::{HttpResponse, Resource, Route, web};

use crate::domain::{Ability, Role};

pub use machines::MACHINES;
pub use pages::{EMBEDDED, FILES, HEALTH, PAGES};

/// What a caller must be at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Least {
    Anyone,
    SignedIn,
    Role(Role),
    Token(Ability),
    /// Whatever it may do.
    AnyToken,
}

pub struct Entry {
    pub method: Method,
    pub path: &'static str,
    pub least: Least,
    handler: fn(Route) -> Route,
    /// Whether every method is taken.
    any: bool,
}

const fn get(path: &'static str, least: Least, handler: fn(Route) -> Route) -> Entry {
    Entry { method: Method::GET, path, least, handler, any: false }
}

const fn post(path: &'static str, least: Least, handler: fn(Route) -> Route) -> Entry {
    Entry { method: Method::POST, path, least, handler, any: false }
}

const fn put(path: &'static str, least: Least, handler: fn(Route) -> Route) -> Entry {
    Entry { method: Method::PUT, path, least, handler, any: false }
}

const fn delete(path: &'static str, least: Least, handler: fn(Route) -> Route) -> Entry {
    Entry { method: Method::DELETE, path, least, handler, any: false }
}

const fn patch(path: &'static str, least: Least, handler: fn(Route) -> Route) -> Entry {
    Entry { method: Method::PATCH, path, least, handler, any: false }
}

/// Whatever the method: that of the row stands for all of them.
const fn any(path: &'static str, least: Least, handler: fn(Route) -> Route) -> Entry {
    Entry { method: Method::GET, path, least, handler, any: true }
}

/// The rows of a table as resources: one for each path, so that another method answers 405 and names those there are.
pub(super) fn resources(table: &'static [Entry]) -> Vec<Resource> {
    table.chunk_by(|one, next| one.path == next.path).filter_map(resource).collect()
}

fn resource(rows: &'static [Entry]) -> Option<Resource> {
    let methods: Vec<&str> = rows.iter().map(|row| row.method.as_str()).collect();
    let allowed = methods.join(", ").replace("GET", "GET, HEAD");
    let not_allowed = web::to(move || std::future::ready(other_method(&allowed)));
    let resource = Resource::new(rows.first()?.path).default_service(not_allowed);
    Some(rows.iter().fold(resource, |resource, row| resource.route((row.handler)(method(row)))))
}

fn other_method(allowed: &str) -> HttpResponse {
    HttpResponse::MethodNotAllowed().insert_header((header::ALLOW, allowed)).finish()
}

/// Whatever may be read may also be asked for its head.
fn method(row: &Entry) -> Route {
    if row.any {
        // Those two are about the connection that they come by.
        return web::route().guard(guard::Not(guard::Any(guard::Trace()).or(guard::Connect())));
    }
    if row.method == Method::GET {
        return web::route().guard(guard::Any(guard::Get()).or(guard::Head()));
    }
    web::method(row.method.clone())
}
