//! The running Keyrack of a test, its clock and chance, and the actors who speak to it.

mod browser;
mod calls;
mod chain;
mod database;
mod giving;
mod letters;
mod mailbox;
mod native;
mod oidc;
mod parts;
mod process;
mod provider;
mod receiver;
mod shares;
mod token;
mod usage;
mod wire;
mod workflows;

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use keyrack::app::{App, StartError, commands, server};
use keyrack::cli::{OwnerCreate, TokenCreate};
use keyrack::config::Config;
use keyrack::domain::{Email, Name, Role};
use keyrack::jobs;
use keyrack::upstream::Upstream;

pub use browser::{Browser, Page, STRIPE, attributes};
pub use calls::{BRIEF, Line};
pub use chain::{extend_chain, verify_chains};
pub use database::Database;
pub use giving::{CLIENT, CLIENT_SECRET, Giving, NEW, Stage, back, callback, connect, leave, vend_mine, way};
pub use letters::{Smtp, queue};
pub use mailbox::{Mail, Mailbox};
pub use native::Native;
pub use oidc::Oidc;
pub use parts::{ManualClock, SeededChance};
pub use process::{Machine, Serving, run};
pub use provider::{ELSEWHERE, Names, PATIENT, PROVIDER, Provider, Says};
pub use receiver::{Arrived, WEBHOOKS, Webhook};
pub use shares::share_path;
pub use token::{Answer, Token};
pub use wire::{is_access_token, is_account, is_configuration, is_event, is_integration, is_provider, is_vended_token};
pub use workflows::WORKFLOWS;

pub const EMAIL: &str = "ada@example.com";
pub const PASSWORD: &str = "four plain words suffice";
pub const WORKSPACE: &str = "Acme";

/// With which anybody may make an account. The letters go to the test's mailbox all the same.
pub const OPEN: [(&str, &str); 3] = [
    ("KEYRACK_SIGN_UP", "anybody"),
    ("KEYRACK_SMTP_URL", "smtp://127.0.0.1:9?tls=none"),
    ("KEYRACK_MAIL_FROM", "keys@example.com"),
];

pub struct TestApp {
    pub app: App,
    pub clock: Arc<ManualClock>,
    pub database: Database,
    pub base: String,
    mailbox: Mailbox,
    folder: tempfile::TempDir,
    handle: ServerHandle,
}

impl TestApp {
    pub async fn start() -> Self {
        Self::start_with(1).await
    }

    /// Another installation: other keys, other ids.
    pub async fn start_with(seed: u64) -> Self {
        Self::start_altered(seed, &[], |_| ()).await
    }

    /// With these settings besides the usual ones.
    pub async fn start_set(settings: &[(&str, &str)]) -> Self {
        Self::start_altered(1, settings, |_| ()).await
    }

    /// With these settings, and with parts exchanged before anybody is answered.
    pub async fn start_altered(seed: u64, settings: &[(&str, &str)], alter: impl FnOnce(&mut App)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::create(folder.path());
        let clock = Arc::new(ManualClock::new());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let config = config(&database.url, folder.path(), &base, settings);
        let mut app = App::start(config, clock.clone(), Arc::new(SeededChance::new(seed))).await.unwrap();
        let mailbox = Mailbox::of(&mut app);
        app.upstream = Upstream::open(&app.config.upstream, Arc::new(Names::default()), PATIENT).unwrap();
        alter(&mut app);
        Arc::make_mut(&mut app.renewer).upstream = app.upstream.clone();
        let server = server::listen(&app, listener).unwrap();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self { app, clock, database, base, mailbox, folder, handle }
    }

    /// Starts once more on the same data, without listening.
    pub async fn start_again(&self) -> Result<App, StartError> {
        let config = config(&self.database.url, self.folder(), &self.base, &[]);
        App::start(config, self.clock.clone(), Arc::new(SeededChance::new(2))).await
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Every file of this installation, with what is in it.
    pub fn files(&self) -> Vec<(String, Vec<u8>)> {
        let mut found = Vec::new();
        let mut folders = vec![self.folder().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
                }
            }
        }
        found
    }

    pub fn master_key_file(&self) -> PathBuf {
        master_key_file(self.folder.path())
    }

    pub fn advance(&self, span: Duration) {
        self.clock.advance(span);
    }

    /// Does the work that is due, and gives the letters that were sent meanwhile. Nobody does it unasked in a test.
    pub async fn post(&self) -> Vec<Mail> {
        jobs::run_due(&self.app).await;
        self.mailbox.take()
    }

    /// The one letter to this address.
    pub async fn letter_to(&self, email: &str) -> Mail {
        let mut to_them: Vec<Mail> = self.post().await.into_iter().filter(|mail| mail.to == email).collect();
        assert_eq!(to_them.len(), 1, "letters to {email}: {to_them:#?}");
        to_them.remove(0)
    }

    pub fn anonymous(&self) -> Browser {
        Browser::new(&self.base)
    }

    /// The path of a fresh set-up link.
    pub async fn set_up_path(&self) -> String {
        let link = commands::offer_set_up(&self.app).await.expect("nobody is there yet");
        link.strip_prefix(&self.base).expect("the link begins with the public address").to_owned()
    }

    /// The first Owner of a workspace with the node types that most tests store keys for.
    pub async fn owner(&self) -> Browser {
        let mut browser = self.bare_owner().await;
        browser.add_node_types("/w/acme").await;
        browser
    }

    /// The first Owner, made through the set-up link and signed in, of a workspace in which nothing is yet.
    pub async fn bare_owner(&self) -> Browser {
        let path = self.set_up_path().await;
        let mut browser = self.anonymous();
        let fields = [("name", "Ada"), ("email", EMAIL), ("password", PASSWORD), ("workspace", WORKSPACE)];
        let page = browser.submit(&path, &path, &fields).await;
        assert_eq!(page.status, 303, "{}", page.text);
        assert_eq!(page.location(), "/w/acme");
        browser
    }

    /// One more Owner of the same workspace, made at the command line.
    pub async fn other_owner(&self, email: &str) -> Browser {
        self.owner_of(WORKSPACE, email).await
    }

    /// An Owner of this workspace, which is made where it is not there yet.
    pub async fn owner_of(&self, workspace: &str, email: &str) -> Browser {
        let ask = OwnerCreate {
            email: Email::parse(email).unwrap(),
            name: Some(Name::parse("Grace").unwrap()),
            workspace: Name::parse(workspace).unwrap(),
        };
        let known = commands::find_person(&self.app, &ask.email).await.unwrap();
        let founded = commands::create_owner(&self.app, &ask, known.as_ref(), PASSWORD.to_owned()).await.unwrap();
        assert_eq!(founded.workspace.as_str(), workspace.to_lowercase());
        let mut browser = self.anonymous();
        assert_eq!(browser.sign_in(email, PASSWORD).await.status, 303);
        if founded.made {
            browser.add_node_types(&format!("/w/{}", founded.workspace)).await;
        }
        browser
    }

    /// A member with this role, which is set past the program: an invitation would cost each test a letter.
    pub async fn member(&self, email: &str, role: Role) -> Browser {
        let browser = self.other_owner(email).await;
        let of = format!("person_id = (SELECT id FROM people WHERE email = '{email}')");
        assert_eq!(self.database.execute(&format!("UPDATE members SET role = '{}' WHERE {of}", role.as_str())), 1);
        browser
    }

    /// Somebody who was a member and is none any more.
    pub async fn removed_member(&self, email: &str) -> Browser {
        let browser = self.other_owner(email).await;
        let of = format!("person_id = (SELECT id FROM people WHERE email = '{email}')");
        assert_eq!(self.database.execute(&format!("DELETE FROM members WHERE {of}")), 1);
        browser
    }

    /// Stores a Stripe key for the whole workspace to use, and gives its id.
    pub async fn share(&self, owner: &mut Browser, name: &str, value: &str) -> String {
        let id = owner.add_stripe(name, value, "vend").await;
        self.database.execute(&format!("UPDATE secrets SET sharing = 'workspace' WHERE id = '{id}'"));
        id
    }

    /// Returns once everything is counted that was used so far.
    pub async fn counted(&self) {
        self.app.recorder.settle().await;
    }

    /// A token made at the command line by the first Owner.
    pub async fn token(&self, environment: &str, abilities: &str) -> Token {
        self.token_of(WORKSPACE, EMAIL, environment, abilities).await
    }

    /// An end user with a key in an organization: the ids of the two.
    pub async fn outsiders(&self, user: &str, organization: &str, key: &str) -> (String, String) {
        let body = serde_json::json!({ "user_id": user, "organization_id": organization, "secret": key });
        let stored = self.token("test", "connect").await.put_with("stripe", &body).await;
        assert_eq!(stored.status, 200, "{}", stored.text);
        let id = |table: &str, external: &str| {
            self.database.text(&format!("SELECT id AS text FROM {table} WHERE external_id = '{external}'"))
        };
        (id("end_users", user), id("organizations", organization))
    }

    pub async fn token_of(&self, workspace: &str, maker: &str, environment: &str, abilities: &str) -> Token {
        let ask = TokenCreate {
            workspace: Name::parse(workspace).unwrap(),
            name: Name::parse("Backend").unwrap(),
            environment: environment.parse().unwrap(),
            allow: abilities.parse().unwrap(),
            maker: Some(Email::parse(maker).unwrap()),
            expires: None,
        };
        Token::new(&self.base, &commands::create_token(&self.app, &ask).await.unwrap())
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        // The command is sent by the call itself; nobody waits for the future.
        drop(self.handle.stop(false));
    }
}

fn master_key_file(folder: &Path) -> PathBuf {
    folder.join("master.keys")
}

fn config(database: &str, folder: &Path, base: &str, settings: &[(&str, &str)]) -> Config {
    let (keys, mail) = (master_key_file(folder), folder.join("mail"));
    let usual = [
        ("KEYRACK_DATABASE_URL", database),
        ("KEYRACK_DATABASE_POOL", "4"),
        // A disk that stands still for a second, as shared ones do, is no fault of whoever waits for its writer.
        ("KEYRACK_DATABASE_WAIT_MS", "20000"),
        ("KEYRACK_MASTER_KEY_FILE", keys.to_str().unwrap()),
        ("KEYRACK_MAIL_FOLDER", mail.to_str().unwrap()),
        ("KEYRACK_LISTEN", "127.0.0.1:0"),
        ("KEYRACK_PUBLIC_URL", base),
        ("KEYRACK_WORKERS", "2"),
        ("KEYRACK_PASSWORD_MEMORY_KIB", "19456"),
        ("KEYRACK_PASSWORD_PASSES", "2"),
        ("KEYRACK_PASSWORD_LANES", "1"),
    ];
    // A mail server takes the folder's place; what is named later replaces what was named before.
    let served = settings.iter().any(|(name, _)| *name == "KEYRACK_SMTP_URL");
    let usual = usual.iter().filter(|(name, _)| !(served && *name == "KEYRACK_MAIL_FOLDER"));
    let vars = usual.chain(settings).map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    Config::load(vars, None).unwrap()
}

pub fn client() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap()
}

/// Fails where there is no answer; how quick is quick is left to slow machines.
pub async fn soon<T>(answer: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), answer).await.expect("an answer, though it be a refusal")
}
