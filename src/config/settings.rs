//! The table of all settings.
//!
//! Invariant: a variable that is not in this table is refused, and `docs/configuration.md` says the same as it.

/// What holds where a setting is not given.
#[derive(Clone, Copy, Debug)]
pub enum Fallback {
    /// Read as if it had been given.
    Text(&'static str),
    /// Worked out from something else; the words say from what.
    Computed(&'static str),
    Nothing,
}

#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The environment variable.
    pub name: &'static str,
    /// The table in the file; empty for what only the environment can say.
    pub section: &'static str,
    /// The key in that table.
    pub key: &'static str,
    pub default: Fallback,
    pub about: &'static str,
}

const fn setting(
    name: &'static str,
    place: (&'static str, &'static str),
    default: Fallback,
    about: &'static str,
) -> Setting {
    Setting { name, section: place.0, key: place.1, default, about }
}

use Fallback::{Computed, Nothing, Text};

pub const CONFIG: &str = "KEYRACK_CONFIG";
pub const DATABASE_URL: &str = "KEYRACK_DATABASE_URL";
pub const DATABASE_POOL: &str = "KEYRACK_DATABASE_POOL";
pub const DATABASE_WAIT_MS: &str = "KEYRACK_DATABASE_WAIT_MS";
pub const SLOW_QUERY_MS: &str = "KEYRACK_SLOW_QUERY_MS";
pub const LISTEN: &str = "KEYRACK_LISTEN";
pub const PUBLIC_URL: &str = "KEYRACK_PUBLIC_URL";
pub const ALLOW_HTTP: &str = "KEYRACK_ALLOW_HTTP";
pub const TRUSTED_PROXIES: &str = "KEYRACK_TRUSTED_PROXIES";
pub const WORKERS: &str = "KEYRACK_WORKERS";
pub const BODY_LIMIT_KIB: &str = "KEYRACK_BODY_LIMIT_KIB";
pub const BODY_SECONDS: &str = "KEYRACK_BODY_SECONDS";
pub const API_RATE: &str = "KEYRACK_API_RATE";
pub const MASTER_KEYS: &str = "KEYRACK_MASTER_KEYS";
pub const MASTER_KEY_FILE: &str = "KEYRACK_MASTER_KEY_FILE";
pub const PASSWORD_MEMORY_KIB: &str = "KEYRACK_PASSWORD_MEMORY_KIB";
pub const PASSWORD_PASSES: &str = "KEYRACK_PASSWORD_PASSES";
pub const PASSWORD_LANES: &str = "KEYRACK_PASSWORD_LANES";
pub const SMTP_URL: &str = "KEYRACK_SMTP_URL";
pub const SMTP_CA_FILE: &str = "KEYRACK_SMTP_CA_FILE";
pub const MAIL_FROM: &str = "KEYRACK_MAIL_FROM";
pub const MAIL_FOLDER: &str = "KEYRACK_MAIL_FOLDER";
pub const SIGN_UP: &str = "KEYRACK_SIGN_UP";
pub const UPSTREAM_ALLOW: &str = "KEYRACK_UPSTREAM_ALLOW";
pub const UPSTREAM_CA_FILE: &str = "KEYRACK_UPSTREAM_CA_FILE";
pub const PROXY_SECONDS: &str = "KEYRACK_PROXY_SECONDS";
pub const PROXY_CALLS: &str = "KEYRACK_PROXY_CALLS";
pub const PROBE_EVERY_HOURS: &str = "KEYRACK_PROBE_EVERY_HOURS";
pub const PROBES_PER_HOST: &str = "KEYRACK_PROBES_PER_HOST";
pub const GOOGLE_CLIENT_ID: &str = "KEYRACK_GOOGLE_CLIENT_ID";
pub const GOOGLE_CLIENT_SECRET: &str = "KEYRACK_GOOGLE_CLIENT_SECRET";
pub const GOOGLE_DOMAINS: &str = "KEYRACK_GOOGLE_DOMAINS";
pub const GITHUB_CLIENT_ID: &str = "KEYRACK_GITHUB_CLIENT_ID";
pub const GITHUB_CLIENT_SECRET: &str = "KEYRACK_GITHUB_CLIENT_SECRET";
pub const GITHUB_DOMAINS: &str = "KEYRACK_GITHUB_DOMAINS";
pub const GITHUB_URL: &str = "KEYRACK_GITHUB_URL";
pub const MICROSOFT_CLIENT_ID: &str = "KEYRACK_MICROSOFT_CLIENT_ID";
pub const MICROSOFT_CLIENT_SECRET: &str = "KEYRACK_MICROSOFT_CLIENT_SECRET";
pub const MICROSOFT_DOMAINS: &str = "KEYRACK_MICROSOFT_DOMAINS";
pub const MICROSOFT_TENANT: &str = "KEYRACK_MICROSOFT_TENANT";
pub const USAGE_DAYS: &str = "KEYRACK_USAGE_DAYS";
pub const LOG_FORMAT: &str = "KEYRACK_LOG_FORMAT";
pub const LOG: &str = "KEYRACK_LOG";

const DOMAINS: &str = "Domains of proven addresses, separated by commas, with which an account may be made there; without it `KEYRACK_SIGN_UP` decides.";

pub const SETTINGS: &[Setting] = &[
    setting(
        CONFIG,
        ("", ""),
        Computed("`keyrack.toml` in the working folder, where there is one"),
        "Path of the TOML file.",
    ),
    setting(
        DATABASE_URL,
        ("database", "url"),
        Text("sqlite:data/keyrack.db"),
        "`sqlite:PATH`, or a `postgres://` or `postgresql://` address.",
    ),
    setting(
        DATABASE_POOL,
        ("database", "pool"),
        Text("8"),
        "Connections: readers beside the one writer on SQLite, all of them on PostgreSQL. 1 to 256.",
    ),
    setting(
        DATABASE_WAIT_MS,
        ("database", "wait_ms"),
        Text("1000"),
        "Milliseconds a request waits for a connection before it is answered 503. 1 to 60000.",
    ),
    setting(
        SLOW_QUERY_MS,
        ("database", "slow_query_ms"),
        Text("250"),
        "Milliseconds after which a single statement is logged as slow; 0 logs every one. 0 to 60000.",
    ),
    setting(LISTEN, ("server", "listen"), Text("127.0.0.1:8080"), "IP address and port to listen on."),
    setting(
        PUBLIC_URL,
        ("server", "public_url"),
        Computed("`http://` and the address listened on"),
        "The address people use in a browser, without a path. It decides whether cookies are `Secure`.",
    ),
    setting(
        ALLOW_HTTP,
        ("server", "allow_http"),
        Text("false"),
        "`true` accepts a public URL without TLS on a host that is not loopback.",
    ),
    setting(
        TRUSTED_PROXIES,
        ("server", "trusted_proxies"),
        Nothing,
        "Addresses or networks (`10.0.0.0/8`), separated by commas, whose `X-Forwarded-For` is believed. A list in the file.",
    ),
    setting(
        WORKERS,
        ("server", "workers"),
        Computed("one for each processor core, 2 to 8"),
        "Threads that answer requests. 1 to 256.",
    ),
    setting(BODY_LIMIT_KIB, ("server", "body_limit_kib"), Text("64"), "Largest request body, in KiB. 32 to 16384."),
    setting(
        BODY_SECONDS,
        ("server", "body_seconds"),
        Text("10"),
        "Seconds that a request body may take to arrive. 1 to 600.",
    ),
    setting(
        API_RATE,
        ("server", "api_rate"),
        Text("60000"),
        "Requests that a service token may send in a minute, counted by each process for itself; 0 sets no limit. 0 to 1000000.",
    ),
    setting(
        MASTER_KEYS,
        ("keys", "master_keys"),
        Nothing,
        "`id:base64` entries separated by commas, 32 bytes each; the first wraps what is new. Not together with `KEYRACK_MASTER_KEY_FILE`.",
    ),
    setting(
        MASTER_KEY_FILE,
        ("keys", "master_key_file"),
        Text("data/master.keys"),
        "File of such entries, one a line, readable by its owner only; made at the first start.",
    ),
    setting(
        PASSWORD_MEMORY_KIB,
        ("passwords", "memory_kib"),
        Text("65536"),
        "Memory of one Argon2id hash, in KiB. 19456 to 4194304.",
    ),
    setting(PASSWORD_PASSES, ("passwords", "passes"), Text("3"), "Passes of Argon2id over its memory. 2 to 100."),
    setting(PASSWORD_LANES, ("passwords", "lanes"), Text("4"), "Lanes of Argon2id. 1 to 64."),
    setting(
        SMTP_URL,
        ("mail", "smtp_url"),
        Nothing,
        "`smtps://user:password@host` (TLS from the start, port 465) or `smtp://…` (STARTTLS, port 587) of a mail server.",
    ),
    setting(
        SMTP_CA_FILE,
        ("mail", "smtp_ca_file"),
        Nothing,
        "PEM file of a certificate authority that is believed besides the public ones.",
    ),
    setting(
        MAIL_FROM,
        ("mail", "from"),
        Nothing,
        "Whom letters come from: `Keyrack <keys@example.com>`. Needed with `KEYRACK_SMTP_URL`.",
    ),
    setting(
        MAIL_FOLDER,
        ("mail", "folder"),
        Text("data/mail"),
        "Where letters are written as `.eml` files while there is no mail server. Not together with `KEYRACK_SMTP_URL`.",
    ),
    setting(
        SIGN_UP,
        ("accounts", "sign_up"),
        Text("invited"),
        "Who may make an account: `invited`, `anybody`, or domains of e-mail addresses (`example.com,example.org`). All but `invited` need `KEYRACK_SMTP_URL`.",
    ),
    setting(
        UPSTREAM_ALLOW,
        ("upstream", "allow"),
        Nothing,
        "Hosts (`crm.internal`, `10.0.0.7:8080`) and networks (`10.2.0.0/16`), separated by commas, that keys may travel to although they are private or speak plain http. A list in the file.",
    ),
    setting(
        UPSTREAM_CA_FILE,
        ("upstream", "ca_file"),
        Nothing,
        "PEM file of certificate authorities that are believed besides the public ones.",
    ),
    setting(
        PROXY_SECONDS,
        ("proxy", "seconds"),
        Text("300"),
        "Seconds that the proxy waits for the head of an answer, and for the next piece of one. 1 to 3600.",
    ),
    setting(
        PROXY_CALLS,
        ("proxy", "calls"),
        Text("1024"),
        "Calls through the proxy that one process makes at once; more are answered 503. 1 to 65536.",
    ),
    setting(
        PROBE_EVERY_HOURS,
        ("probes", "every_hours"),
        Text("24"),
        "Hours after which a secret is tested again by itself; 0 tests only what a call was refused with. 0 to 8760.",
    ),
    setting(
        PROBES_PER_HOST,
        ("probes", "per_host"),
        Text("120"),
        "Such tests in an hour for one host, of all workspaces together. 1 to 100000.",
    ),
    setting(
        GOOGLE_CLIENT_ID,
        ("google", "client_id"),
        Nothing,
        "The client id of an OAuth client (“Web application”) in the Google Cloud console. With it people sign in with Google.",
    ),
    setting(GOOGLE_CLIENT_SECRET, ("google", "client_secret"), Nothing, "The secret that belongs to it."),
    setting(GOOGLE_DOMAINS, ("google", "domains"), Nothing, DOMAINS),
    setting(
        GITHUB_CLIENT_ID,
        ("github", "client_id"),
        Nothing,
        "The client id of an OAuth app at GitHub. With it people sign in with GitHub.",
    ),
    setting(GITHUB_CLIENT_SECRET, ("github", "client_secret"), Nothing, "The secret that belongs to it."),
    setting(GITHUB_DOMAINS, ("github", "domains"), Nothing, DOMAINS),
    setting(
        GITHUB_URL,
        ("github", "url"),
        Text("https://github.com"),
        "The address of a GitHub Enterprise Server, without a path.",
    ),
    setting(
        MICROSOFT_CLIENT_ID,
        ("microsoft", "client_id"),
        Nothing,
        "The application (client) id of an app registration at Microsoft Entra. With it people sign in with Microsoft.",
    ),
    setting(MICROSOFT_CLIENT_SECRET, ("microsoft", "client_secret"), Nothing, "The secret that belongs to it."),
    setting(MICROSOFT_DOMAINS, ("microsoft", "domains"), Nothing, DOMAINS),
    setting(
        MICROSOFT_TENANT,
        ("microsoft", "tenant"),
        Text("common"),
        "The directory (tenant) id whose people may come; or `common`, `organizations` or `consumers`.",
    ),
    setting(
        USAGE_DAYS,
        ("usage", "days"),
        Text("400"),
        "Days for which is kept how often things were used, hour by hour. 31 to 3660.",
    ),
    setting(LOG_FORMAT, ("log", "format"), Text("text"), "`text` or `json`."),
    setting(
        LOG,
        ("log", "filter"),
        Text("info"),
        "What is logged: a level, or directives like `info,keyrack::store=debug`.",
    ),
];

pub fn find(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

/// The variable that a mistyped one was probably meant to be.
pub fn nearest(name: &str) -> Option<&'static str> {
    let own = |name: &str| name.trim_start_matches("KEYRACK_").len();
    let distance = |known: &Setting| strsim::osa_distance(known.name, name);
    let near = SETTINGS.iter().map(|known| (distance(known), known.name)).min()?;
    // A third of the letters may be wrong; more would be another word.
    (near.0 <= (own(near.1) / 3).min(own(name) / 3)).then_some(near.1)
}

pub fn find_in_file(section: &str, key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| !section.is_empty() && setting.section == section && setting.key == key)
}
