//! Commands that read what is typed and answer whoever typed it.

use std::io::{IsTerminal as _, Read as _};

use crate::cli::OwnerCreate;

use super::{App, commands};

/// Reads the password that a new person needs, makes an Owner and says whom.
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "speaks to whoever typed the command")]
pub async fn create_owner(app: &App, ask: &OwnerCreate) -> Result<(), Box<dyn std::error::Error>> {
    let known = commands::find_person(app, &ask.email).await?;
    let mut password = String::new();
    // Somebody known is not asked at a terminal; a pipe is read, so that its other end does not break.
    if known.is_none() || !std::io::stdin().is_terminal() {
        std::io::stdin().take(4_096).read_to_string(&mut password)?;
    }
    let password = password.trim_end_matches(['\r', '\n']);
    let founded = commands::create_owner(app, ask, known.as_ref(), password.to_owned()).await?;
    for words in known.iter().flat_map(|known| commands::left_aside(ask, known, password)) {
        eprintln!("keyrack: {words}");
    }
    let which = if founded.made { "new workspace" } else { "existing workspace" };
    println!("{} is an Owner of the {which} {}.", ask.email, founded.workspace);
    println!("Their id is {}", founded.person);
    Ok(())
}
