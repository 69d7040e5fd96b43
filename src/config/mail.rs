//! How letters leave, and who may make an account: the one needs the other.

use url::Url;

use crate::domain::{Email, Name};

use super::reader::{Noted, Reader};
use super::{AccountConfig, MailConfig, MailWay, Redacted, Sender, SignUp, SmtpConfig, SmtpTls, parse, settings};

pub(super) fn mail(reader: &mut Reader) -> Result<MailConfig, Noted> {
    let (has_folder, has_server) = (reader.has(settings::MAIL_FOLDER), reader.has(settings::SMTP_URL));
    let smtp = reader.optional(settings::SMTP_URL, smtp);
    let ca_file = reader.optional(settings::SMTP_CA_FILE, parse::path);
    let from = reader.optional(settings::MAIL_FROM, sender);
    let folder = reader.required(settings::MAIL_FOLDER, parse::path);
    if has_server && has_folder {
        refuse(reader, settings::MAIL_FOLDER, "is set together with KEYRACK_SMTP_URL; set one of them");
    }
    if has_server && !reader.has(settings::MAIL_FROM) {
        refuse(reader, settings::MAIL_FROM, "must be given together with KEYRACK_SMTP_URL");
    }
    if !has_server && reader.has(settings::SMTP_CA_FILE) {
        refuse(reader, settings::SMTP_CA_FILE, "is for a mail server; give KEYRACK_SMTP_URL too");
    }
    let (smtp, ca_file, from, folder) = (smtp?, ca_file?, from?, folder?);
    let way = match smtp {
        Some(smtp) => MailWay::Smtp(SmtpConfig { ca_file, ..smtp }),
        None => MailWay::Folder(folder),
    };
    Ok(MailConfig { way, from })
}

pub(super) fn accounts(reader: &mut Reader) -> Result<AccountConfig, Noted> {
    let sign_up = reader.required(settings::SIGN_UP, sign_up)?;
    if sign_up != SignUp::Invited && !reader.has(settings::SMTP_URL) {
        let message = "needs KEYRACK_SMTP_URL, because whoever signs up proves their address by mail";
        refuse(reader, settings::SIGN_UP, message);
        return Err(Noted);
    }
    Ok(AccountConfig { sign_up })
}

fn refuse(reader: &mut Reader, name: &str, message: &str) {
    reader.refuse(name.to_owned(), message.to_owned());
}

fn smtp(text: &str) -> Result<SmtpConfig, String> {
    let form = || "must be an address like smtps://user:password@mail.example.com".to_owned();
    let url = Url::parse(text).map_err(|_| form())?;
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(form)?;
    // Brackets belong to the address of a page, not to that of a machine.
    let host = host.trim_matches(['[', ']']).to_owned();
    let (tls, port) = match (url.scheme(), url.query()) {
        ("smtps", None) => (SmtpTls::FromTheStart, 465),
        ("smtp", None) => (SmtpTls::StartTls, 587),
        ("smtp", Some("tls=none")) => (SmtpTls::None, 25),
        ("smtp" | "smtps", Some(_)) => return Err("may have ?tls=none behind smtp:// and no other query".to_owned()),
        _ => return Err(form()),
    };
    if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
        return Err("must not have a path or a fragment".to_owned());
    }
    let credentials = credentials(&url)?;
    if tls == SmtpTls::None && credentials.is_some() && !is_this_machine(&host) {
        return Err("would send the password in the clear; leave ?tls=none away".to_owned());
    }
    Ok(SmtpConfig { host, port: url.port().unwrap_or(port), tls, credentials, ca_file: None })
}

fn credentials(url: &Url) -> Result<Option<(String, Redacted)>, String> {
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        (user, Some(password)) if !user.is_empty() => Ok(Some((decoded(user)?, Redacted::new(decoded(password)?)))),
        _ => Err("must have both a user name and a password, or neither".to_owned()),
    }
}

/// Takes percent-encoding away.
fn decoded(text: &str) -> Result<String, String> {
    let wrong = || "has a % in the user name or password that begins no escape; write it as %25".to_owned();
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2).ok_or_else(wrong)?;
        bytes.extend(data_encoding::HEXLOWER_PERMISSIVE.decode(digits).map_err(|_| wrong())?);
        rest = after;
    }
    String::from_utf8(bytes).map_err(|_| wrong())
}

fn is_this_machine(host: &str) -> bool {
    let address = host.parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

fn sender(text: &str) -> Result<Sender, String> {
    let form = || "must be an address like Keyrack <keys@example.com>".to_owned();
    let email = |text: &str| Email::parse(text).map_err(|_| form());
    match text.trim().strip_suffix('>').and_then(|text| text.split_once('<')) {
        None => Ok(Sender { name: None, email: email(text)? }),
        Some(("", address)) => Ok(Sender { name: None, email: email(address)? }),
        Some((name, address)) => {
            Ok(Sender { name: Some(Name::parse(name).map_err(|_| form())?), email: email(address)? })
        }
    }
}

fn sign_up(text: &str) -> Result<SignUp, String> {
    match text {
        "invited" => Ok(SignUp::Invited),
        "anybody" => Ok(SignUp::Anybody),
        _ => domains(text).map(SignUp::Domains).map_err(|_| {
            "must be invited, anybody, or domains separated by commas, as in example.com,example.org".to_owned()
        }),
    }
}

pub(super) fn domains(text: &str) -> Result<Vec<String>, String> {
    let domains: Vec<String> = text.split(',').map(|part| part.trim().to_ascii_lowercase()).collect();
    let good = domains.iter().all(|domain| Email::parse(&format!("somebody@{domain}")).is_ok());
    if good {
        Ok(domains)
    } else {
        Err("must be domains separated by commas, as in example.com,example.org".to_owned())
    }
}
