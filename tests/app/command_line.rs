//! The program itself, as somebody types it: in a folder of its own, with an environment of its own.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{Database, EMAIL, PASSWORD};

/// Cheap enough for a test, and no settings besides.
const COSTS: [(&str, &str); 3] =
    [("KEYRACK_PASSWORD_MEMORY_KIB", "19456"), ("KEYRACK_PASSWORD_PASSES", "2"), ("KEYRACK_PASSWORD_LANES", "1")];
const OWNER: [&str; 8] = ["owner", "create", "--email", EMAIL, "--name", "Ada", "--workspace", "Acme"];
const TOKEN: [&str; 10] =
    ["token", "create", "--workspace", "Acme", "--name", "Backend", "--environment", "test", "--allow", "vend,connect"];

struct Place {
    folder: tempfile::TempDir,
    database: Database,
}

struct Said {
    success: bool,
    out: String,
    err: String,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::create(folder.path());
        Self { folder, database }
    }

    fn run(&self, words: &[&str], input: &str) -> Said {
        self.run_with(words, input, &[("KEYRACK_DATABASE_URL", self.database.url.as_str())])
    }

    fn run_with(&self, words: &[&str], input: &str, vars: &[(&str, &str)]) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keyrack"));
        command.args(words).env_clear().envs(COSTS).envs(vars.iter().copied());
        say(command.current_dir(self.folder.path()), input)
    }

    fn key_file(&self) -> std::path::PathBuf {
        self.folder.path().join("data/master.keys")
    }

    /// Everything that lies in the folder, with its size.
    fn files(&self) -> Vec<(String, u64)> {
        let mut found = Vec::new();
        list(self.folder.path(), &mut found);
        found.sort();
        found
    }
}

fn list(folder: &Path, found: &mut Vec<(String, u64)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        found.push((path.display().to_string(), path.metadata().unwrap().len()));
        if path.is_dir() {
            list(&path, found);
        }
    }
}

fn say(command: &mut Command, input: &str) -> Said {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Who needs no password may have ended already.
    let _written = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    Said { success: output.status.success(), out: text(&output.stdout), err: text(&output.stderr) }
}

#[test]
fn the_password_of_the_database_is_never_said() {
    let place = Place::new();
    for address in [
        "postgres://keyrack:hunter2%zzsecret@db/keyrack",
        "postgres://keyrack:hunter2@[::1/keyrack",
        "postgres://keyrack:hunter2/secret@db/keyrack",
        "postgres://keyrack:12/hunter2@127.0.0.1:1/keyrack",
        "postgres://keyrack:secret@hunter2@127.0.0.1:1/keyrack",
        "postgres://keyrack:hunter2:secret/keyrack",
        "postgres://db/keyrack?hunter2",
        // These look like addresses until libpq reads them.
        "postgres://keyrack:secret@127.0.0.1:1/keyrack?sslmode=hunter2",
        "postgres://keyrack:secret@127.0.0.1:1/keyrack?hunter2=1",
        "postgres://keyrack:secret@127.0.0.1:1/keyrack?connect_timeout=hunter2",
    ] {
        for words in [&["migrate"][..], &OWNER, &TOKEN] {
            let said = place.run_with(words, PASSWORD, &[("KEYRACK_DATABASE_URL", address)]);
            assert!(!said.success, "{address}");
            assert!(!said.err.contains("hunter2") && !said.err.contains("secret"), "{address}: {}", said.err);
            assert!(said.err.contains("KEYRACK_DATABASE_URL"), "{address}: {}", said.err);
        }
    }
    let address = "postgres://keyrack:hunter2@127.0.0.1:1/keyrack";
    let said = place.run_with(&["migrate"], "", &[("KEYRACK_DATABASE_URL", address)]);
    assert!(!said.success && !said.err.contains("hunter2"), "{}", said.err);
    assert!(said.err.contains("connection to server at \"127.0.0.1\""), "{}", said.err);
}

#[test]
fn a_start_with_a_wrong_key_does_not_migrate() {
    let place = Place::new();
    assert!(place.run(&OWNER, PASSWORD).success);
    for table in ["audit_entries", "audit_chains"] {
        place.database.execute(&format!("DROP TABLE {table}"));
    }
    let version = "DELETE FROM __diesel_schema_migrations WHERE version = '0005'";
    assert_eq!(place.database.execute(version), 1);

    let right = std::fs::read_to_string(place.key_file()).unwrap();
    let wrong = data_encoding::BASE64.encode(&[7; 32]);
    let other = ["owner", "create", "--email", "grace@example.com", "--name", "Grace", "--workspace", "Acme"];
    for text in [format!("main:{wrong}\n"), format!("other:{wrong}\n"), "main:AAAA\n".to_owned()] {
        write_key_file(&place.key_file(), &text);
        let said = place.run(&other, PASSWORD);
        assert!(!said.success && said.err.contains("master key"), "{}", said.err);
        assert_eq!(place.database.execute(version), 0, "a start that was refused has migrated: {text}");
    }
    std::fs::remove_file(place.key_file()).unwrap();
    assert!(!place.run(&other, PASSWORD).success && !place.key_file().exists());
    assert_eq!(place.database.execute(version), 0, "a start without its key file has migrated");

    write_key_file(&place.key_file(), &right);
    assert!(place.run(&["migrate"], "").success);
}

fn write_key_file(file: &Path, text: &str) {
    std::fs::write(file, text).unwrap();
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn a_known_person_keeps_name_and_password_and_is_told_so() {
    let place = Place::new();
    let first = place.run(&OWNER, PASSWORD);
    assert!(first.success && !first.err.contains("keeps"), "{}", first.err);
    assert!(first.out.contains("ada@example.com is an Owner of the new workspace acme."), "{}", first.out);
    let id = first.out.split_whitespace().find(|word| word.starts_with("usr_")).expect("the id is said").to_owned();

    let again = ["owner", "create", "--email", "ADA@example.com", "--name", "Lovelace", "--workspace", "Second"];
    let second = place.run(&again, "another password altogether");
    assert!(second.success, "{}", second.err);
    assert!(
        second.out.contains("is an Owner of the new workspace second.") && second.out.contains(&id),
        "{}",
        second.out
    );
    assert!(second.err.contains("keeps its password"), "{}", second.err);
    assert!(second.err.contains("keeps its name"), "{}", second.err);

    let bare = ["owner", "create", "--email", EMAIL, "--workspace", "Third"];
    let third = place.run(&bare, "");
    assert!(third.success && third.err.is_empty(), "{}", third.err);
    assert!(third.out.contains(&id), "{}", third.out);
}

#[test]
fn a_new_person_needs_a_name_and_a_password() {
    let place = Place::new();
    let nameless = place.run(&["owner", "create", "--email", EMAIL, "--workspace", "Acme"], PASSWORD);
    assert!(!nameless.success && nameless.err.contains("--name"), "{}", nameless.err);
    let open = place.run(&OWNER, "");
    assert!(!open.success && open.err.contains("password"), "{}", open.err);
}

#[test]
fn a_token_is_not_made_where_there_is_no_database() {
    let place = Place::new();
    let before = place.files();
    let said = place.run(&TOKEN, "");
    assert!(!said.success && said.out.is_empty());
    assert!(said.err.contains("there is no Keyrack database at"), "{}", said.err);
    for word in ["KEYRACK_DATABASE_URL", "keyrack serve", "keyrack owner create"] {
        assert!(said.err.contains(word), "{word}: {}", said.err);
    }
    assert_eq!(place.files(), before, "something was made all the same");

    assert!(place.run(&["migrate"], "").success);
    let said = place.run(&TOKEN, "");
    assert!(!said.success && said.err.contains("there is no Keyrack database at"), "{}", said.err);
    assert!(!place.key_file().exists(), "a master key was made all the same");
}

#[test]
fn another_programs_file_is_left_as_it_was() {
    let place = Place::new();
    let file = place.folder.path().join("theirs.db");
    let url = format!("sqlite:{}", file.display());
    let theirs = Database::of(&url);
    theirs.run("CREATE TABLE theirs (id TEXT)");
    drop(theirs);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let before = std::fs::read(&file).unwrap();
    let said = place.run_with(&TOKEN, "", &[("KEYRACK_DATABASE_URL", url.as_str())]);
    assert!(!said.success && said.err.contains("there is no Keyrack database at"), "{}", said.err);
    assert!(std::fs::read(&file).unwrap() == before, "the file was changed");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o644);
}

#[test]
fn a_name_that_two_workspaces_have_names_none() {
    let place = Place::new();
    assert!(place.run(&OWNER, PASSWORD).success);
    let said = place.run(&["owner", "create", "--email", EMAIL, "--workspace", "Second"], "");
    assert!(said.success && said.out.contains("an Owner of the new workspace second."), "{}", said.out);
    place.database.run("UPDATE workspaces SET name = 'Second'");
    let second = |name| {
        place.run(
            &["token", "create", "--workspace", name, "--name", "B", "--environment", "test", "--allow", "vend"],
            "",
        )
    };
    let said = second("Second");
    assert!(
        !said.success && said.out.is_empty() && said.err.contains("several workspaces have this name"),
        "{}",
        said.err
    );
    assert!(second("second").success, "its slug is its own");
}

#[test]
fn a_token_ends_on_a_day_to_come() {
    let place = Place::new();
    assert!(place.run(&OWNER, PASSWORD).success);
    let until = |day| place.run(&[&TOKEN[..], &["--expires", day]].concat(), "");
    let over = until("2020-01-01");
    assert!(!over.success && over.out.is_empty(), "{}", over.out);
    assert!(over.err.contains("That day is over. Choose a later one."), "{}", over.err);
    let later = until("2999-12-31");
    assert!(later.success && later.out.starts_with("kr_test_"), "{}", later.err);
}

/// The shell lines under a heading of the README.
fn readme(heading: &str) -> String {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let (_, section) = page.split_once(&format!("## {heading}\n")).expect("the heading is there");
    let (_, block) = section.split_once("```sh\n").unwrap();
    block.split_once("```").unwrap().0.to_owned()
}

#[test]
fn the_walk_without_a_browser_does_what_it_says() {
    let place = Place::new();
    std::fs::write(place.folder.path().join("password.txt"), format!("{PASSWORD}\n")).unwrap();
    // Serving would not end; checking the configuration refuses the same variables.
    let lines = readme("The same without a browser")
        .replace("cargo build --release\n", "")
        .replace("target/release/keyrack serve", "target/release/keyrack config check; echo $TOKEN")
        .replace("target/release/keyrack", env!("CARGO_BIN_EXE_keyrack"));
    let mut shell = Command::new("sh");
    shell.args(["-euc", &lines]).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
    if place.database.is_postgres() {
        shell.env("KEYRACK_DATABASE_URL", &place.database.url);
    }
    let said = say(shell.current_dir(place.folder.path()), "");
    assert!(said.success && !said.err.contains("keyrack:"), "{}{}", said.out, said.err);
    assert!(
        said.out.contains("is an Owner of the new workspace acme") && said.out.contains("kr_test_"),
        "{}",
        said.out
    );
}
