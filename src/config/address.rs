//! The address of the database, understood before any driver reads it.
//!
//! Invariant: a PostgreSQL address that passes is cut by libpq in the same places as here. What libpq calls a host is
//! one then, and never a piece of a password that was written without its escapes.

use std::path::PathBuf;

use url::Url;

use super::{DatabaseAddress, Redacted};

const ESCAPES: &str = "in the user name and the password write % as %25, @ as %40, : as %3A and / as %2F";

pub(super) fn database(text: &str) -> Result<DatabaseAddress, String> {
    if let Some(path) = text.strip_prefix("sqlite:") {
        // SQLite would take these for an address or for a database that each connection has for itself.
        let other = path.is_empty()
            || path.starts_with("//")
            || path.starts_with("file:")
            || path.starts_with("sqlite:")
            || path.starts_with(':');
        return if other {
            Err("sqlite: must be followed by the path of a file, as in sqlite:data/keyrack.db".to_owned())
        } else {
            Ok(DatabaseAddress::Sqlite(PathBuf::from(path)))
        };
    }
    let rest = text.strip_prefix("postgres://").or_else(|| text.strip_prefix("postgresql://"));
    match rest {
        Some("") => Err("names no PostgreSQL server".to_owned()),
        Some(rest) => postgres(rest).map(|()| DatabaseAddress::Postgres(Redacted::new(text))),
        None => Err("must begin with sqlite:, postgres:// or postgresql://".to_owned()),
    }
}

/// Judges what follows the scheme: `user:password@host:port,host:port/database?key=value&key=value`.
fn postgres(rest: &str) -> Result<(), String> {
    if !escapes_are_whole(rest) {
        return Err(format!("has a % that begins no escape; {ESCAPES}"));
    }
    // For libpq an @ behind the first / ends no credentials.
    let after = match rest.split_once('@') {
        Some((credentials, after)) if !credentials.contains('/') => after,
        _ => rest,
    };
    if after.contains('@') {
        return Err(format!("has an @ or a / too many; {ESCAPES}"));
    }
    let (location, query) = after.split_once('?').unwrap_or((after, ""));
    let hosts = location.split('/').next().unwrap_or_default();
    if !hosts.split(',').all(is_host) {
        return Err(format!("has no valid host and port before the database's name; {ESCAPES}"));
    }
    let is_pair = |pair: &str| pair.matches('=').count() == 1;
    if !query.is_empty() && !query.split('&').all(is_pair) {
        return Err(format!("has something other than key=value pairs behind the ?; {ESCAPES}"));
    }
    Ok(())
}

/// Two hexadecimal digits behind each %, which do not stand for the end of a C string.
fn escapes_are_whole(text: &str) -> bool {
    text.split('%').skip(1).all(|behind| {
        let mut digits = behind.bytes().take(2);
        let (first, second) = (digits.next(), digits.next());
        let is_hex = |digit: Option<u8>| digit.is_some_and(|byte| byte.is_ascii_hexdigit());
        is_hex(first) && is_hex(second) && (first, second) != (Some(b'0'), Some(b'0'))
    })
}

/// A host with or without a port; none at all means the usual socket.
fn is_host(text: &str) -> bool {
    text.is_empty() || Url::parse(&format!("postgres://{text}/")).is_ok_and(|url| url.has_host())
}
