//! What is accepted, what is refused, and that the page says the same as the table.

use super::*;

const KEY: &str = "main:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn load(vars: &[(&str, &str)], file: Option<&str>) -> Result<Config, Vec<Mistake>> {
    Config::load(vars.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())), file)
}

fn refused(vars: &[(&str, &str)]) -> Vec<String> {
    load(vars, None).unwrap_err().into_iter().map(|mistake| mistake.variable).collect()
}

#[test]
fn nothing_given_is_a_working_installation_in_data() {
    let config = load(&[("PATH", "/bin")], None).unwrap();
    assert!(matches!(&config.database.url, DatabaseAddress::Sqlite(path) if path.as_os_str() == "data/keyrack.db"));
    assert!(matches!(&config.keys.source, MasterKeySource::File(path) if path.as_os_str() == "data/master.keys"));
    assert_eq!(config.server.public_url.as_str(), "http://127.0.0.1:8080/");
    assert_eq!(config.database.wait, Duration::from_secs(1));
    assert_eq!((config.passwords.memory_kib, config.passwords.at_once, config.passwords.waiting), (65_536, 2, 16));
    assert!(!config.server.secure() && matches!(config.mail.way, MailWay::Folder(_)) && config.server.workers >= 2);
}

#[test]
fn the_environment_wins_over_the_file() {
    let file =
        "[server]\nlisten = \"127.0.0.1:1\"\ntrusted_proxies = [\"10.0.0.0/8\", \"192.0.2.7\"]\n[database]\npool = 3\n";
    let config = load(&[("KEYRACK_LISTEN", "127.0.0.1:2")], Some(file)).unwrap();
    assert_eq!(config.server.listen.port(), 2);
    assert_eq!(config.database.readers, 3);
    assert_eq!(config.server.trusted_proxies.len(), 2);
}

#[test]
fn every_mistake_is_reported_at_once() {
    let names = refused(&[
        ("KEYRACK_DATABASE_URL", "postgre://db"),
        ("KEYRACK_DATABASE_POOL", "0"),
        ("KEYRACK_DATABASE_WAIT_MS", "soon"),
        ("KEYRACK_LISTEN", "localhost"),
        ("KEYRACK_PUBLIC_URL", "https://keys.example.com/path"),
        ("KEYRACK_TRUSTED_PROXIES", "10.0.0.0/8,proxy"),
        ("KEYRACK_WORKERS", "-1"),
        ("KEYRACK_MASTER_KEYS", "main:short"),
        ("KEYRACK_PASSWORD_MEMORY_KIB", "1024"),
        ("KEYRACK_SMTP_URL", "http://mail.example.com"),
        ("KEYRACK_MAIL_FROM", "nobody"),
        ("KEYRACK_LOG_FORMAT", "xml"),
        ("KEYRACK_LOG", ""),
        ("KEYRACK_LISTN", "127.0.0.1:1"),
    ]);
    assert_eq!(names.len(), 14, "{names:?}");
    for name in ["KEYRACK_DATABASE_URL", "KEYRACK_PUBLIC_URL", "KEYRACK_WORKERS", "KEYRACK_LOG", "KEYRACK_LISTN"] {
        assert!(names.iter().any(|n| n == name), "{name}");
    }
}

#[test]
fn one_mistake_does_not_hide_another() {
    for (vars, names) in [
        (
            [("KEYRACK_LISTEN", "bad"), ("KEYRACK_PUBLIC_URL", "http://x.example.com")],
            ["KEYRACK_LISTEN", "KEYRACK_PUBLIC_URL"],
        ),
        (
            [("KEYRACK_ALLOW_HTTP", "maybe"), ("KEYRACK_LISTEN", "0.0.0.0:1")],
            ["KEYRACK_ALLOW_HTTP", "KEYRACK_PUBLIC_URL"],
        ),
        (
            [("KEYRACK_BODY_LIMIT_KIB", "1"), ("KEYRACK_LISTEN", "10.0.0.5:1")],
            ["KEYRACK_BODY_LIMIT_KIB", "KEYRACK_PUBLIC_URL"],
        ),
    ] {
        assert_eq!(refused(&vars), names);
    }
}

#[test]
fn what_cannot_be_judged_is_not_a_second_mistake() {
    assert_eq!(refused(&[("KEYRACK_LISTEN", "bad")]), ["KEYRACK_LISTEN"]);
    let unclear = [("KEYRACK_ALLOW_HTTP", "maybe"), ("KEYRACK_PUBLIC_URL", "http://x.example.com")];
    assert_eq!(refused(&unclear), ["KEYRACK_ALLOW_HTTP"]);
}

#[test]
fn an_empty_setting_is_a_mistake() {
    for setting in SETTINGS {
        for empty in ["", "  "] {
            assert_eq!(refused(&[(setting.name, empty)]), [setting.name], "{empty:?}");
        }
    }
}

#[test]
fn an_unknown_variable_is_told_what_it_may_have_meant() {
    let told = |name| load(&[(name, "1")], None).unwrap_err().iter().map(ToString::to_string).collect::<String>();
    for (name, meant) in [
        ("KEYRACK_LISTN", "KEYRACK_LISTEN"),
        ("KEYRACK_LISTEN_", "KEYRACK_LISTEN"),
        ("KEYRACK_DATABSE_URL", "KEYRACK_DATABASE_URL"),
        ("KEYRACK_MASTER_KEY", "KEYRACK_MASTER_KEYS"),
        ("KEYRACK_TRUSTED_PROXY", "KEYRACK_TRUSTED_PROXIES"),
    ] {
        assert!(told(name).ends_with(&format!("did you mean {meant}?")), "{}", told(name));
    }
    for name in ["KEYRACK_TOKEN", "KEYRACK_TEST_DATABASE", "KEYRACK_X", "KEYRACK_"] {
        assert_eq!(told(name), format!("{name}: Keyrack knows no such variable"));
    }
}

#[test]
fn an_address_of_postgresql_is_understood_before_libpq_reads_it() {
    for good in [
        "postgres://keyrack@db.internal/keyrack",
        "postgres://u:p%25%40%2f@db:5433/k?sslmode=verify-full&sslrootcert=/etc/ca.pem",
        "postgres://u:a?b#c@[::1]:5432/k",
        "postgres://one:5432,two:5433/k?target_session_attrs=read-write",
        "postgresql://u@/k?host=/run/postgresql",
        "postgresql://%2Frun%2Fpostgresql/k",
        "postgres:///k",
    ] {
        assert!(load(&[("KEYRACK_DATABASE_URL", good)], None).is_ok(), "{good}");
    }
    for bad in [
        "postgres://u:hunter2%zz@db/k",
        "postgres://u:hunter2%@db/k",
        "postgres://u:hunter2%00@db/k",
        "postgres://u:hunter2@[::1/k",
        "postgres://u:hunter2@[::1]x/k",
        "postgres://u:hunter2@d b/k",
        "postgres://u:hunter2/x@db/k",
        "postgres://u:1/hunter2@db/k",
        "postgres://u:x@hunter2@db/k",
        "postgres://u:hunter2@db:port/k",
        "postgres://u:hunter2@db:70000/k",
        "postgres://u:hunter2@db:1,two:port/k",
        "postgres://db/k?hunter2",
        "postgres://db/k?a=hunter2=b",
    ] {
        let mistakes = load(&[("KEYRACK_DATABASE_URL", bad)], None).map(|_| bad).unwrap_err();
        let shown = format!("{mistakes:?}");
        assert!(mistakes.len() == 1 && shown.contains("KEYRACK_DATABASE_URL") && !shown.contains("hunter2"), "{shown}");
    }
}

#[test]
fn a_mistake_in_the_file_names_variable_and_place() {
    let mistakes = load(&[], Some("[server]\nlisten = \"x\"\nlisen = \"y\"\n[databse]\nurl = 1\n")).unwrap_err();
    let names: Vec<_> = mistakes.iter().map(|m| m.variable.as_str()).collect();
    assert!(names.contains(&"KEYRACK_LISTEN ([server] listen in the file)"), "{names:?}");
    assert!(names.contains(&"[server] lisen in the file") && names.contains(&"[databse] url in the file"));
    let broken = load(&[], Some("[keys]\nmaster_keys = \"hush")).unwrap_err();
    assert_eq!(broken.len(), 1);
    assert!(broken.iter().all(|m| m.message.contains("line 2") && !m.message.contains("hush")), "{broken:?}");
}

#[test]
fn only_known_schemes_reach_a_database() {
    for good in ["sqlite:x.db", "sqlite:/var/x.db", "postgres://u:p@db/keyrack", "postgresql:///k?host=/run"] {
        assert!(load(&[("KEYRACK_DATABASE_URL", good)], None).is_ok(), "{good}");
    }
    for bad in [
        "x.db",
        "sqlite3:x",
        "SQLITE:x",
        "postgress://db",
        "mysql://db",
        "sqlite:",
        "sqlite://x",
        "sqlite::memory:",
        "postgres:db",
    ] {
        assert_eq!(refused(&[("KEYRACK_DATABASE_URL", bad)]), ["KEYRACK_DATABASE_URL"], "{bad}");
    }
}

#[test]
fn plain_http_stays_on_the_machine() {
    for good in ["https://keys.example.com", "http://localhost:8080", "http://127.9.9.9", "http://[::1]:80/"] {
        assert!(load(&[("KEYRACK_PUBLIC_URL", good)], None).is_ok(), "{good}");
    }
    for bad in [
        "http://keys.example.com",
        "http://10.0.0.1",
        "http://localhost.example.com",
        "https://u@h.io",
        "https://h.io?x",
        "https://h.io#x",
        "ftp://h.io",
        "keys.example.com",
    ] {
        assert_eq!(refused(&[("KEYRACK_PUBLIC_URL", bad)]), ["KEYRACK_PUBLIC_URL"], "{bad}");
    }
    let allowed = [("KEYRACK_PUBLIC_URL", "http://keys.example.com"), ("KEYRACK_ALLOW_HTTP", "true")];
    assert!(load(&allowed, None).is_ok_and(|config| !config.server.secure()));
    assert!(load(&[("KEYRACK_PUBLIC_URL", "https://h.io")], None).is_ok_and(|config| config.server.secure()));
    assert_eq!(refused(&[("KEYRACK_LISTEN", "0.0.0.0:8080")]), ["KEYRACK_PUBLIC_URL"]);
}

#[test]
fn master_keys_come_from_one_place() {
    assert!(load(&[("KEYRACK_MASTER_KEYS", KEY)], None).is_ok());
    assert_eq!(refused(&[("KEYRACK_MASTER_KEYS", KEY), ("KEYRACK_MASTER_KEY_FILE", "k")]), ["KEYRACK_MASTER_KEYS"]);
    assert_eq!(refused(&[("KEYRACK_MASTER_KEYS", "")]), ["KEYRACK_MASTER_KEYS"]);
}

#[test]
fn secrets_show_neither_in_debug_nor_in_mistakes() {
    let vars = [
        ("KEYRACK_DATABASE_URL", "postgres://u:canary@db/k"),
        ("KEYRACK_SMTP_URL", "smtps://u:canary@mail.example.com"),
        ("KEYRACK_MAIL_FROM", "keys@example.com"),
        ("KEYRACK_MASTER_KEYS", KEY),
    ];
    let shown = format!("{:?}", load(&vars, None).unwrap());
    assert!(!shown.contains("canary") && !shown.contains("AAEC") && shown.contains("[redacted]"), "{shown}");
    let wrong = [
        ("KEYRACK_DATABASE_URL", "pg://canary"),
        ("KEYRACK_SMTP_URL", "canary"),
        ("KEYRACK_MASTER_KEYS", "CANARY:canary"),
    ];
    let shown = format!("{:?}", load(&wrong, None).unwrap_err()).to_lowercase();
    assert!(!shown.contains("canary"), "{shown}");
}

#[test]
fn a_mail_server_is_spoken_to_in_the_open_only_where_that_is_said() {
    let smtp = |url: &str| {
        let vars = [("KEYRACK_SMTP_URL", url), ("KEYRACK_MAIL_FROM", "Keys <keys@example.com>")];
        load(&vars, None).map(|config| match config.mail.way {
            MailWay::Smtp(smtp) => {
                (smtp.tls, smtp.port, smtp.credentials.map(|(user, word)| (user, word.expose().to_owned())))
            }
            MailWay::Folder(_) => panic!("a mail server was given"),
        })
    };
    let user = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
    assert_eq!(smtp("smtps://mail.example.com"), Ok((SmtpTls::FromTheStart, 465, None)));
    assert_eq!(smtp("smtp://a%40b:p%25%C3%BC@mail.example.com"), Ok((SmtpTls::StartTls, 587, user("a@b", "p%ü"))));
    assert_eq!(smtp("smtp://mail.example.com:2525?tls=none"), Ok((SmtpTls::None, 2525, None)));
    assert_eq!(smtp("smtp://u:p@127.0.0.1?tls=none"), Ok((SmtpTls::None, 25, user("u", "p"))));
    for wrong in [
        "mail.example.com",
        "http://mail.example.com",
        "smtp://u:p@mail.example.com?tls=none",
        "smtp://mail.example.com?tls=opportunistic",
        "smtps://mail.example.com?tls=none",
        "smtp://u@mail.example.com",
        "smtp://u:100%@mail.example.com",
        "smtp://mail.example.com/path",
    ] {
        assert!(smtp(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn mail_and_sign_up_go_together() {
    let server = ("KEYRACK_SMTP_URL", "smtps://mail.example.com");
    let from = ("KEYRACK_MAIL_FROM", "keys@example.com");
    assert_eq!(refused(&[server]), ["KEYRACK_MAIL_FROM"]);
    assert_eq!(refused(&[server, from, ("KEYRACK_MAIL_FOLDER", "mail")]), ["KEYRACK_MAIL_FOLDER"]);
    assert_eq!(refused(&[("KEYRACK_SMTP_CA_FILE", "ca.pem")]), ["KEYRACK_SMTP_CA_FILE"]);
    assert_eq!(refused(&[("KEYRACK_MAIL_FROM", "Keys <nobody>")]), ["KEYRACK_MAIL_FROM"]);
    assert_eq!(refused(&[("KEYRACK_MAIL_FROM", "Keys\r\nBcc: <a@example.com>")]), ["KEYRACK_MAIL_FROM"]);
    for open in ["anybody", "example.com", "example.com, example.org"] {
        assert_eq!(refused(&[("KEYRACK_SIGN_UP", open)]), ["KEYRACK_SIGN_UP"], "{open} without a mail server");
        assert!(load(&[server, from, ("KEYRACK_SIGN_UP", open)], None).is_ok(), "{open}");
    }
    assert_eq!(refused(&[server, from, ("KEYRACK_SIGN_UP", "everyone!")]), ["KEYRACK_SIGN_UP"]);
    let ours = SignUp::Domains(vec!["example.com".to_owned()]);
    let allows = |sign_up: &SignUp, email: &str| sign_up.allows(&Email::parse(email).unwrap());
    assert!(
        allows(&ours, "ada@Example.COM")
            && !allows(&ours, "ada@sub.example.com")
            && !allows(&ours, "ada@badexample.com")
    );
    assert!(allows(&SignUp::Anybody, "ada@any.example") && !allows(&SignUp::Invited, "ada@example.com"));
}

fn row(setting: &Setting) -> String {
    let default = match setting.default {
        Fallback::Text(text) => format!("`{text}`"),
        Fallback::Computed(words) => words.to_owned(),
        Fallback::Nothing => "none".to_owned(),
    };
    let key = if setting.section.is_empty() { "–".to_owned() } else { format!("`{}`", setting.key) };
    format!("| `{}` | {key} | {default} | {} |", setting.name, setting.about)
}

/// The rows of a family, of which each has a section of its own.
fn rows(family: &Family) -> Vec<(String, String)> {
    let section = format!("{}.{}", family.section, family.middle.to_lowercase().replace('_', "-"));
    let row = |ending: &Ending| {
        let name = format!("{}{}{}", family.prefix, family.middle, ending.ending);
        (section.clone(), format!("| `{name}` | `{}` | {} |", ending.key, ending.about))
    };
    family.endings.iter().map(row).collect()
}

#[test]
fn the_page_says_what_the_table_says() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/configuration.md")).unwrap();
    let mut section = String::new();
    let mut found = Vec::new();
    for line in page.lines() {
        if line.starts_with("## ") {
            section = line
                .split_once("`[")
                .and_then(|(_, rest)| rest.split_once("]`"))
                .map_or("", |(name, _)| name)
                .to_owned();
        } else if line.starts_with("| `KEYRACK_") {
            found.push((section.clone(), line.to_owned()));
        }
    }
    let settings = SETTINGS.iter().map(|setting| (setting.section.to_owned(), row(setting)));
    let wanted: Vec<_> = settings.chain(FAMILIES.iter().flat_map(|family| rows(family))).collect();
    let lines: Vec<_> = wanted.iter().map(|(_, line)| line.as_str()).collect();
    assert_eq!(found, wanted, "the rows of docs/configuration.md should be:\n{}", lines.join("\n"));
}
