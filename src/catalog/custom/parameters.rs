//! What is added to the address at which people agree, as it is typed: one parameter on each line, its name, an equals
//! sign, and its value.

use std::collections::BTreeMap;

use crate::domain::name::is_hidden;

const MOST: usize = 30;
const LONGEST_NAME: usize = 100;
const LONGEST_VALUE: usize = 500;

/// What Keyrack itself says there, and by what all of it could be said otherwise.
const OWN: [&str; 10] = [
    "client_id",
    "code_challenge",
    "code_challenge_method",
    "nonce",
    "redirect_uri",
    "request",
    "request_uri",
    "response_type",
    "scope",
    "state",
];

/// The parameters, or what is wrong with them and in which line.
pub(super) fn read(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut found = BTreeMap::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let in_line = |fault: &str| format!("In line {}: {fault}", at + 1);
        let (name, value) = parameter(line.trim()).map_err(|fault| in_line(&fault))?;
        if found.len() == MOST {
            return Err(format!("Add at most {MOST} parameters."));
        }
        if found.insert(name.clone(), value).is_some() {
            return Err(in_line(&format!("{name} stands there twice.")));
        }
    }
    Ok(found)
}

fn parameter(line: &str) -> Result<(String, String), String> {
    let (name, value) = line.split_once('=').ok_or("write the name, an equals sign, and the value.")?;
    let (name, value) = (name.trim_end(), value.trim_start());
    if name.is_empty() || name.len() > LONGEST_NAME || !name.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(format!("a name has at most {LONGEST_NAME} plain letters and signs."));
    }
    // Providers read names as they please, in whatever case.
    if OWN.iter().any(|own| own.eq_ignore_ascii_case(name)) {
        return Err(format!("{name} is Keyrack’s own to say."));
    }
    if value.chars().count() > LONGEST_VALUE || value.chars().any(is_hidden) {
        return Err(format!("a value has at most {LONGEST_VALUE} visible characters."));
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// The lines that lead to these parameters.
pub fn written(all: &BTreeMap<String, String>) -> String {
    all.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_line_is_a_parameter() {
        let read = read(" audience = https://api.example.com/?a=b \r\n\nprompt=consent\nempty=\n").unwrap();
        let told: Vec<_> = read.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(told, [("audience", "https://api.example.com/?a=b"), ("empty", ""), ("prompt", "consent")]);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        for (text, fault) in [
            ("a=b\nprompt", "In line 2: write the name"),
            ("=b", "In line 1: a name has"),
            ("ü=b", "In line 1: a name has"),
            ("a b=c", "In line 1: a name has"),
            ("state=x", "In line 1: state is Keyrack"),
            ("Redirect_URI=x", "In line 1: Redirect_URI is Keyrack"),
            ("request_uri=x", "In line 1: request_uri is"),
            ("a=b\na=c", "In line 2: a stands there twice"),
            ("a=x\u{202e}y", "In line 1: a value has"),
            (&format!("a={}", "x".repeat(501)), "In line 1: a value has"),
            (&format!("{}=x", "x".repeat(101)), "In line 1: a name has"),
            (&(0..31).map(|at| format!("p{at}=1\n")).collect::<String>(), "Add at most 30"),
        ] {
            let told = read(text).unwrap_err();
            assert!(told.starts_with(fault), "{fault}: {told}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_comes_back(text in "([a-zA-Z=_]{0,5} ?=? ?[a-z=& \u{e9}]{0,6}\r?\n){0,5}") {
            if let Ok(all) = read(&text) {
                prop_assert_eq!(read(&written(&all)).unwrap(), all);
            }
        }

        #[test]
        fn any_text_gets_an_answer(text in "\\PC{0,200}") {
            let _answer = read(&text);
        }
    }
}
