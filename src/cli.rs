//! The command line as types.
//!
//! Invariant: what a parsed command holds is valid by the same rules as a form in the browser; nothing secret is an
//! argument, because arguments are seen by every user of the machine.

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, Parser, Subcommand};

use crate::domain::{Abilities, Ability, Email, Environment, Moment, Name, Slug};

const AFTER: &str = "Settings come from KEYRACK_* variables and keyrack.toml; docs/configuration.md lists them all.\n\
                     Without a command, keyrack serves.";

const OWNER_AFTER: &str = "Example:\n  \
    keyrack owner create --email ada@example.com --name 'Ada' --workspace 'Acme' < password.txt";

const TOKEN_AFTER: &str = "Example:\n  \
    keyrack token create --workspace 'Acme' --name 'Backend' --environment test --allow vend,connect,read";

const NODE_TYPE_AFTER: &str = "Example:\n  keyrack node-type add stripe --workspace 'Acme'";

/// A self-hosted rack for the keys that workflows and AI agents call other APIs with.
#[derive(Clone, Debug, Parser)]
#[command(name = "keyrack", version, about, after_help = AFTER)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

impl Cli {
    /// What to do; to serve where nothing is said.
    pub fn into_command(self) -> Command {
        self.command.unwrap_or(Command::Serve)
    }
}

#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Apply missing migrations and answer requests (the default)
    Serve,
    /// Apply missing migrations and stop
    Migrate,
    /// Manage Owners
    #[command(subcommand)]
    Owner(OwnerCommand),
    /// Manage service tokens
    #[command(subcommand)]
    Token(TokenCommand),
    /// Manage the node types of a workspace
    #[command(subcommand)]
    NodeType(NodeTypeCommand),
    /// Look after the record of changes and uses
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Look at the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
}

#[derive(Clone, Debug, Subcommand)]
pub enum OwnerCommand {
    /// Make a person the Owner of a workspace; reads a new person's password from standard input
    #[command(after_help = OWNER_AFTER)]
    Create(OwnerCreate),
}

#[derive(Clone, Debug, Args)]
pub struct OwnerCreate {
    /// The e-mail address the person signs in with
    #[arg(long, value_name = "ADDRESS", value_parser = Email::parse)]
    pub email: Email,
    /// The person's name; needed for a new person
    #[arg(long, value_parser = Name::parse)]
    pub name: Option<Name>,
    /// The workspace's name; made if there is none of that name
    #[arg(long, value_name = "NAME", value_parser = Name::parse)]
    pub workspace: Name,
}

#[derive(Clone, Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a service token and print it, and nothing else; it is never shown again
    #[command(after_help = TOKEN_AFTER)]
    Create(TokenCreate),
}

#[derive(Clone, Debug, Args)]
pub struct TokenCreate {
    /// The workspace's name
    #[arg(long, value_name = "NAME", value_parser = Name::parse)]
    pub workspace: Name,
    /// The token's name, by which people recognise it
    #[arg(long, value_parser = Name::parse)]
    pub name: Name,
    /// Whether the token works with test or with live secrets
    #[arg(long, value_parser = PossibleValuesParser::new(["test", "live"]).try_map(|word| word.parse::<Environment>()))]
    pub environment: Environment,
    /// What the token may do: vend, proxy, connect, read, manage, audit; several separated by commas
    #[arg(long, value_name = "ABILITIES", value_parser = abilities)]
    pub allow: Abilities,
    /// The Owner or Admin who makes it; may be left out where the workspace has a single Owner
    #[arg(long = "as", value_name = "EMAIL", value_parser = Email::parse)]
    pub maker: Option<Email>,
    /// The last day on which the token works, in UTC
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = end_of_day)]
    pub expires: Option<Moment>,
}

#[derive(Clone, Debug, Subcommand)]
pub enum NodeTypeCommand {
    /// Add a node type of the catalogue to a workspace; nothing happens where it is there already
    #[command(after_help = NODE_TYPE_AFTER)]
    Add(NodeTypeAdd),
}

#[derive(Clone, Debug, Args)]
pub struct NodeTypeAdd {
    /// The node type's slug, such as stripe
    #[arg(value_name = "SLUG", value_parser = slug)]
    pub slug: Slug,
    /// The workspace's name
    #[arg(long, value_name = "NAME", value_parser = Name::parse)]
    pub workspace: Name,
    /// The Owner or Admin who adds it; may be left out where the workspace has a single Owner
    #[arg(long = "as", value_name = "EMAIL", value_parser = Email::parse)]
    pub maker: Option<Email>,
}

#[derive(Clone, Debug, Subcommand)]
pub enum AuditCommand {
    /// Walk every chain of the record, say of each whether it holds, and fail where one does not
    Verify(AuditVerify),
}

#[derive(Clone, Debug, Args)]
pub struct AuditVerify {
    /// Only this workspace: its name, or its slug
    #[arg(long, value_name = "NAME", value_parser = Name::parse)]
    pub workspace: Option<Name>,
}

#[derive(Clone, Debug, Subcommand)]
pub enum ConfigCommand {
    /// Check the configuration, name every mistake, and stop
    Check,
}

fn slug(text: &str) -> Result<Slug, String> {
    text.parse().map_err(|_| "use lower-case letters and digits, joined by single hyphens".to_owned())
}

fn abilities(text: &str) -> Result<Abilities, String> {
    text.parse().map_err(|_| {
        let known: Vec<_> = Ability::ALL.iter().map(|ability| ability.as_str()).collect();
        format!("use one or more of {}, separated by commas", known.join(", "))
    })
}

fn end_of_day(text: &str) -> Result<Moment, String> {
    Moment::end_of_day(text).ok_or_else(|| "write a day like 2027-01-31".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn parse(line: &str) -> Result<Command, clap::Error> {
        Cli::try_parse_from(line.split(' ')).map(Cli::into_command)
    }

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn serving_is_the_default() {
        assert!(matches!(parse("keyrack"), Ok(Command::Serve)));
        assert!(matches!(parse("keyrack audit verify --workspace Acme"), Ok(Command::Audit(AuditCommand::Verify(_)))));
        assert!(matches!(parse("keyrack config check"), Ok(Command::Config(ConfigCommand::Check))));
    }

    #[test]
    fn a_token_is_described_in_valid_words() {
        let line = "keyrack token create --workspace Acme --name Backend --environment test --allow vend,connect";
        let Ok(Command::Token(TokenCommand::Create(token))) =
            parse(&format!("{line} --as ada@example.com --expires 2027-01-31"))
        else {
            panic!("refused");
        };
        assert!(token.allow.contains(Ability::Vend) && token.allow.contains(Ability::Connect));
        assert_eq!(token.environment, Environment::Test);
        assert!(token.maker.is_some() && token.expires.is_some());
        assert!(parse(&line.replace("test", "staging")).is_err());
        assert!(parse(&line.replace("vend,", "vend,,")).is_err());
        assert!(parse(&format!("{line} --expires tomorrow")).is_err());
    }

    #[test]
    fn an_owner_needs_a_real_address() {
        assert!(parse("keyrack owner create --email ada@example.com --name Ada --workspace Acme").is_ok());
        assert!(parse("keyrack owner create --email ada --name Ada --workspace Acme").is_err());
    }
}
