//! Configuration from the environment and an optional TOML file, one struct per subsystem.
//!
//! Invariant: a `Config` exists only where everything given was understood; otherwise all mistakes are
//! reported together, each with its variable. Secrets are redacted in `Debug`.

mod address;
mod families;
mod mail;
mod parse;
mod providers;
mod reader;
mod redacted;
mod settings;
#[cfg(test)]
mod tests;
mod upstream;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use url::Url;

use crate::crypto::HashSettings;
use crate::domain::{Email, Name};

use reader::{Noted, Reader};

pub use families::{Ending, FAMILIES, Family};
pub use providers::{Issuer, OAuthClient, OAuthClients, Provider, ProviderKind};
pub use reader::Mistake;
pub use redacted::Redacted;
pub use settings::{Fallback, SETTINGS, Setting};
pub use upstream::{Allowed, ProxyConfig, UpstreamConfig};

#[derive(Clone, Debug)]
pub struct Config {
    pub database: DatabaseConfig,
    pub server: ServerConfig,
    pub keys: KeyConfig,
    pub passwords: HashSettings,
    pub mail: MailConfig,
    pub accounts: AccountConfig,
    /// With which people sign in, in the order of the buttons.
    pub providers: Vec<Provider>,
    /// The operator's own, for connecting accounts.
    pub oauth_clients: OAuthClients,
    pub upstream: UpstreamConfig,
    pub proxy: ProxyConfig,
    pub usage: UsageConfig,
    pub probes: ProbeConfig,
    pub log: LogConfig,
}

#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    pub url: DatabaseAddress,
    /// SQLite's readers beside the writer, or the whole pool of PostgreSQL.
    pub readers: u32,
    /// How long a request waits for a connection.
    pub wait: Duration,
    pub slow_query: Duration,
}

#[derive(Clone, Debug)]
pub enum DatabaseAddress {
    Sqlite(PathBuf),
    Postgres(Redacted),
}

#[derive(Clone, Debug)]
pub struct ServerConfig {
    pub listen: SocketAddr,
    pub public_url: Url,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    pub allow_http: bool,
    pub workers: usize,
    /// In bytes.
    pub body_limit: usize,
    /// How long a request body may take to arrive.
    pub body_patience: Duration,
    /// Requests of one service token in a minute; none is no limit.
    pub api_rate: u32,
}

impl ServerConfig {
    /// Whether browsers reach this installation by TLS; a request's headers have no say in it.
    pub fn secure(&self) -> bool {
        self.public_url.scheme() == "https"
    }

    /// What every address in a letter or to be copied begins with; a path follows.
    pub fn base(&self) -> &str {
        self.public_url.as_str().trim_end_matches('/')
    }
}

#[derive(Clone, Debug)]
pub struct KeyConfig {
    pub source: MasterKeySource,
}

#[derive(Clone, Debug)]
pub enum MasterKeySource {
    Inline(Redacted),
    File(PathBuf),
}

#[derive(Clone, Debug)]
pub struct MailConfig {
    pub way: MailWay,
    /// Always there beside a mail server.
    pub from: Option<Sender>,
}

#[derive(Clone, Debug)]
pub enum MailWay {
    Smtp(SmtpConfig),
    /// Letters are written there, for whoever runs Keyrack to hand on.
    Folder(PathBuf),
}

#[derive(Clone, Debug)]
pub struct SmtpConfig {
    pub host: String,
    pub port: u16,
    pub tls: SmtpTls,
    pub credentials: Option<(String, Redacted)>,
    /// Whose certificates are believed besides the public authorities'.
    pub ca_file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpTls {
    /// `smtps://`
    FromTheStart,
    /// `smtp://`; without STARTTLS nothing is sent.
    StartTls,
    /// `smtp://…?tls=none`
    None,
}

/// `Name <name@example.com>`, or the address alone.
#[derive(Clone, Debug)]
pub struct Sender {
    pub name: Option<Name>,
    pub email: Email,
}

#[derive(Clone, Debug)]
pub struct AccountConfig {
    pub sign_up: SignUp,
}

/// Who may make an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignUp {
    /// Whoever was invited to a workspace.
    Invited,
    /// Besides, whoever has an address of one of these domains.
    Domains(Vec<String>),
    Anybody,
}

impl SignUp {
    pub fn allows(&self, email: &Email) -> bool {
        match self {
            Self::Invited => false,
            Self::Domains(domains) => domains.contains(&email.domain()),
            Self::Anybody => true,
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub struct UsageConfig {
    /// For how long is kept what was used.
    pub kept: Duration,
}

/// How secrets are tested by themselves.
#[derive(Clone, Copy, Debug)]
pub struct ProbeConfig {
    /// None where they are only after a refused call.
    pub every: Option<Duration>,
    /// In an hour, for one host.
    pub per_host: i64,
}

#[derive(Clone, Debug)]
pub struct LogConfig {
    pub format: LogFormat,
    /// Directives as `tracing_subscriber::EnvFilter` reads them.
    pub filter: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

const FILE: &str = "keyrack.toml";
const HASHES_AT_ONCE: usize = 2;
const HASHES_WAITING: usize = 16;

impl Config {
    /// Understands what is given. The environment wins over the file.
    pub fn load(vars: impl Iterator<Item = (String, String)>, file: Option<&str>) -> Result<Self, Vec<Mistake>> {
        Self::understand(Reader::new(vars, file))
    }

    /// The process's own environment, and the file that `KEYRACK_CONFIG` names or `keyrack.toml`.
    pub fn from_environment() -> Result<Self, Vec<Mistake>> {
        let mut vars = Vec::new();
        let mut unreadable = Vec::new();
        for (name, text) in std::env::vars_os() {
            let Ok(name) = name.into_string() else { continue };
            match text.into_string() {
                Ok(text) => vars.push((name, text)),
                Err(_) if name.starts_with("KEYRACK_") => unreadable.push(name),
                Err(_) => {}
            }
        }
        let named = vars.iter().find(|(name, text)| name == settings::CONFIG && !text.trim().is_empty());
        let file = read_file(named.map(|(_, path)| path.trim()));
        let mut reader = Reader::new(vars.into_iter(), file.as_ref().ok().and_then(Option::as_deref));
        for name in unreadable {
            reader.refuse(name, "is not valid UTF-8".to_owned());
        }
        if let Err(message) = file {
            reader.refuse(settings::CONFIG.to_owned(), message);
        }
        Self::understand(reader)
    }

    fn understand(mut reader: Reader) -> Result<Self, Vec<Mistake>> {
        // All sections are read before the first failure is looked at, so that every mistake is found.
        let (database, server, keys) = (database(&mut reader), server(&mut reader), keys(&mut reader));
        let (passwords, mail, log) = (passwords(&mut reader), mail::mail(&mut reader), log(&mut reader));
        let (accounts, upstream) = (mail::accounts(&mut reader), upstream::upstream(&mut reader));
        let proxy = upstream::proxy(&mut reader);
        let usage = usage(&mut reader);
        let probes = upstream::probes(&mut reader);
        let (providers, clients) = (providers::providers(&mut reader), providers::oauth_clients(&mut reader));
        let mistakes = reader.into_mistakes();
        let all = move || {
            Ok(Self {
                database: database?,
                server: server?,
                keys: keys?,
                passwords: passwords?,
                mail: mail?,
                accounts: accounts?,
                providers: providers?,
                oauth_clients: clients?,
                upstream: upstream?,
                proxy: proxy?,
                usage: usage?,
                probes: probes?,
                log: log?,
            })
        };
        match all() {
            Ok(config) if mistakes.is_empty() => Ok(config),
            Ok(_) | Err(Noted) => Err(mistakes),
        }
    }
}

/// The file's text; none where no file is named and the usual one is not there.
fn read_file(named: Option<&str>) -> Result<Option<String>, String> {
    match std::fs::read_to_string(named.unwrap_or(FILE)) {
        Ok(text) => Ok(Some(text)),
        Err(cause) if named.is_none() && cause.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(format!("the file {} cannot be read: {cause}", named.unwrap_or(FILE))),
    }
}

fn database(reader: &mut Reader) -> Result<DatabaseConfig, Noted> {
    let url = reader.required(settings::DATABASE_URL, address::database);
    let readers = reader.required(settings::DATABASE_POOL, parse::number(1..=256));
    let wait = reader.required(settings::DATABASE_WAIT_MS, parse::millis);
    let slow_query = reader.required(settings::SLOW_QUERY_MS, parse::millis_or_none);
    Ok(DatabaseConfig { url: url?, readers: readers?, wait: wait?, slow_query: slow_query? })
}

fn server(reader: &mut Reader) -> Result<ServerConfig, Noted> {
    let listen = reader.required(settings::LISTEN, parse::listen);
    let allow_http = reader.required(settings::ALLOW_HTTP, parse::flag);
    let given_url = reader.optional(settings::PUBLIC_URL, parse::public_url);
    let trusted_proxies = reader.optional(settings::TRUSTED_PROXIES, parse::networks);
    let workers = reader.optional(settings::WORKERS, parse::number(1..=256));
    let body_limit = reader.required(settings::BODY_LIMIT_KIB, parse::number(32_usize..=16_384));
    let body_seconds = reader.required(settings::BODY_SECONDS, parse::number(1_u64..=600));
    let api_rate = reader.required(settings::API_RATE, parse::number(0_u32..=1_000_000));
    // Each is judged as far as the others were understood, so that one mistake does not hide another.
    let public_url = match (given_url, listen) {
        (Ok(Some(url)), _) => Ok(url),
        (Ok(None), Ok(listen)) => own_url(reader, listen),
        (Ok(None), Err(noted)) | (Err(noted), _) => Err(noted),
    };
    let public_url = public_url.and_then(|url| keep_private(reader, url, allow_http));
    Ok(ServerConfig {
        listen: listen?,
        public_url: public_url?,
        trusted_proxies: trusted_proxies?.unwrap_or_default(),
        allow_http: allow_http?,
        workers: workers?.unwrap_or_else(cores),
        body_limit: body_limit? * 1_024,
        body_patience: Duration::from_secs(body_seconds?),
        api_rate: api_rate?,
    })
}

/// Plain http must be allowed, unless it stays on the machine.
fn keep_private(reader: &mut Reader, url: Url, allow_http: Result<bool, Noted>) -> Result<Url, Noted> {
    if url.scheme() != "http" || parse::is_loopback(&url) || allow_http? {
        return Ok(url);
    }
    let message = "must begin with https:// unless its host is 127.0.0.1, [::1] or localhost; \
                   KEYRACK_ALLOW_HTTP=true accepts http all the same";
    reader.refuse(settings::PUBLIC_URL.to_owned(), message.to_owned());
    Err(Noted)
}

fn own_url(reader: &mut Reader, listen: SocketAddr) -> Result<Url, Noted> {
    // "Every address" is no address that a browser could be sent to.
    let url = if listen.ip().is_unspecified() { None } else { Url::parse(&format!("http://{listen}")).ok() };
    url.ok_or_else(|| {
        let message = "must be given, because KEYRACK_LISTEN does not say under which address people come";
        reader.refuse(settings::PUBLIC_URL.to_owned(), message.to_owned());
        Noted
    })
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, |count| count.get().clamp(2, 8))
}

fn keys(reader: &mut Reader) -> Result<KeyConfig, Noted> {
    if reader.has(settings::MASTER_KEYS) && reader.has(settings::MASTER_KEY_FILE) {
        let message = "is set together with KEYRACK_MASTER_KEY_FILE; set one of them";
        reader.refuse(settings::MASTER_KEYS.to_owned(), message.to_owned());
    }
    let source = match reader.optional(settings::MASTER_KEYS, parse::master_keys)? {
        Some(keys) => MasterKeySource::Inline(keys),
        None => MasterKeySource::File(reader.required(settings::MASTER_KEY_FILE, parse::path)?),
    };
    Ok(KeyConfig { source })
}

fn passwords(reader: &mut Reader) -> Result<HashSettings, Noted> {
    let memory_kib = reader.required(settings::PASSWORD_MEMORY_KIB, parse::number(19_456..=4_194_304));
    let passes = reader.required(settings::PASSWORD_PASSES, parse::number(2..=100));
    let lanes = reader.required(settings::PASSWORD_LANES, parse::number(1..=64));
    Ok(HashSettings {
        memory_kib: memory_kib?,
        passes: passes?,
        lanes: lanes?,
        at_once: HASHES_AT_ONCE,
        waiting: HASHES_WAITING,
    })
}

fn usage(reader: &mut Reader) -> Result<UsageConfig, Noted> {
    let days = reader.required(settings::USAGE_DAYS, parse::number(31_u64..=3_660))?;
    Ok(UsageConfig { kept: Duration::from_hours(24 * days) })
}

fn log(reader: &mut Reader) -> Result<LogConfig, Noted> {
    let format = reader.required(settings::LOG_FORMAT, parse::log_format);
    let filter = reader.required(settings::LOG, parse::log_filter);
    Ok(LogConfig { format: format?, filter: filter? })
}
