//! The real program, run as an operator runs it: its own folder, its own environment, real signals.

use std::fs::File;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use keyrack::app::App;
use keyrack::app::system::{SystemChance, SystemClock};
use keyrack::config::Config;
use keyrack::domain::Clock as _;

use super::{Database, EMAIL, PASSWORD, Token, WORKSPACE, client};

/// How long a process may take to start or to stop on a slow and busy machine.
const PATIENCE: Duration = Duration::from_mins(1);
const GLANCE: Duration = Duration::from_millis(20);

/// The command with exactly these settings, in this folder.
fn command(folder: &Path, settings: &[(&str, &str)], args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyrack"));
    command.env_clear().current_dir(folder).args(args);
    command.envs(settings.iter().copied());
    command
}

/// Runs the command to its end with this on its standard input.
pub fn run(folder: &Path, settings: &[(&str, &str)], args: &[&str], input: &str) -> Output {
    let mut command = command(folder, settings, args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that refuses at once does not read what it is told.
    let _ignored = child.stdin.take().unwrap().write_all(input.as_bytes());
    let (done, ended) = mpsc::channel::<()>();
    let id = child.id();
    // One that serves where it should have refused would never end.
    let watch = std::thread::spawn(move || {
        if ended.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
            signal("KILL", id);
        }
    });
    let output = child.wait_with_output().unwrap();
    drop(done);
    watch.join().unwrap();
    output
}

fn signal(name: &str, process: u32) {
    let line = format!("kill -{name} {process}");
    assert!(Command::new("sh").args(["-c", &line]).status().unwrap().success());
}

/// A folder and a database on which processes are started.
pub struct Machine {
    pub folder: tempfile::TempDir,
    pub database: Database,
    pub settings: Vec<(String, String)>,
}

impl Machine {
    /// With the key file that the first start makes, and cheap passwords.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::create(folder.path());
        let mut settings = Vec::new();
        let mut set = |name: &str, text: &str| settings.push((name.to_owned(), text.to_owned()));
        set("KEYRACK_DATABASE_URL", &database.url);
        set("KEYRACK_MASTER_KEY_FILE", folder.path().join("master.keys").to_str().unwrap());
        set("KEYRACK_WORKERS", "2");
        // The values of a test are no business of any provider.
        set("KEYRACK_PROBE_EVERY_HOURS", "0");
        set("KEYRACK_PASSWORD_MEMORY_KIB", "19456");
        set("KEYRACK_PASSWORD_PASSES", "2");
        set("KEYRACK_PASSWORD_LANES", "1");
        Self { folder, database, settings }
    }

    pub fn run(&self, args: &[&str], input: &str) -> Output {
        self.run_with(&self.settings, args, input)
    }

    pub fn run_with(&self, settings: &[(String, String)], args: &[&str], input: &str) -> Output {
        run(self.folder.path(), &borrowed(settings), args, input)
    }

    pub fn create_owner(&self, password: &str) -> Output {
        let args = ["owner", "create", "--email", EMAIL, "--name", "Ada", "--workspace", WORKSPACE];
        self.run(&args, &format!("{password}\n"))
    }

    pub fn create_token(&self) -> Output {
        let args = ["token", "create", "--workspace", WORKSPACE, "--name", "Backend"];
        self.run(&[&args[..], &["--environment", "test", "--allow", "vend,connect"]].concat(), "")
    }

    pub fn add_node_type(&self, slug: &str) -> Output {
        self.run(&["node-type", "add", slug, "--workspace", WORKSPACE], "")
    }

    /// An Owner, the node type Stripe and a token's text, made at the command line.
    pub fn set_up(&self) -> String {
        let owner = self.create_owner(PASSWORD);
        assert!(owner.status.success(), "{}", String::from_utf8_lossy(&owner.stderr));
        let added = self.add_node_type("stripe");
        assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
        let token = self.create_token();
        assert!(token.status.success(), "{}", String::from_utf8_lossy(&token.stderr));
        String::from_utf8(token.stdout).unwrap().trim_end().to_owned()
    }

    /// The same parts in this process, to look at what the others have left.
    pub async fn open(&self) -> App {
        let config = Config::load(self.settings.iter().cloned(), None).unwrap();
        App::start(config, Arc::new(SystemClock), Arc::new(SystemChance)).await.unwrap()
    }

    /// Waits until this is so.
    pub async fn until(&self, what: &str, is_so: impl Fn() -> bool) {
        for _ in 0..tries() {
            if is_so() {
                return;
            }
            glance().await;
        }
        panic!("it does not come about that {what}");
    }

    /// Starts a server and does not wait for it.
    pub fn serve(&self) -> Serving {
        let address = format!("127.0.0.1:{}", free_port());
        let base = format!("http://{address}");
        let mut settings = borrowed(&self.settings);
        settings.extend([("KEYRACK_LISTEN", address.as_str()), ("KEYRACK_PUBLIC_URL", base.as_str())]);
        let mut command = command(self.folder.path(), &settings, &[]);
        let log = File::options().create(true).append(true).open(self.log_file()).unwrap();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        Serving { child: command.spawn().unwrap(), base, address }
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("server.log")
    }

    /// What the servers have logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap()
    }
}

fn borrowed(settings: &[(String, String)]) -> Vec<(&str, &str)> {
    settings.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect()
}

/// Below the range from which outgoing connections take theirs, and another one each time.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id() % 9_000).unwrap();
    loop {
        let port = 10_000 + (first + NEXT.fetch_add(1, Ordering::SeqCst)) % 9_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// A running server; killed when the test ends.
pub struct Serving {
    child: Child,
    pub base: String,
    pub address: String,
}

impl Serving {
    pub fn token(&self, text: &str) -> Token {
        Token::new(&self.base, text)
    }

    /// Waits until it answers that it can do its work.
    pub async fn ready(&mut self) {
        let (client, url) = (client(), format!("{}/health/ready", self.base));
        for _ in 0..tries() {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("the server ended with {status} instead of answering");
            }
            if client.get(&url).send().await.is_ok_and(|response| response.status().is_success()) {
                return;
            }
            glance().await;
        }
        panic!("{url} does not answer");
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn terminate(&self) {
        signal("TERM", self.child.id());
    }

    /// Waits until nobody new is let in.
    pub async fn closed(&self) {
        for _ in 0..tries() {
            if std::net::TcpStream::connect(&self.address).is_err() {
                return;
            }
            glance().await;
        }
        panic!("{} still takes connections", self.address);
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> ExitStatus {
        for _ in 0..tries() {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            glance().await;
        }
        panic!("{} does not end", self.address);
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ended_before = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn tries() -> u128 {
    PATIENCE.as_millis() / GLANCE.as_millis()
}

/// Between two looks at another process, which no clock of ours can hurry.
async fn glance() {
    SystemClock.sleep(GLANCE).await;
}
