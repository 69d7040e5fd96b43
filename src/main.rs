//! The command line: reads what is asked, builds the parts it takes, and says what went wrong.

use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser as _;
use keyrack::app::system::{SystemChance, SystemClock};
use keyrack::app::{App, commands, logging, server, terminal, verify};
use keyrack::cli::{AuditCommand, Cli, Command, ConfigCommand, NodeTypeCommand, OwnerCommand, TokenCommand};
use keyrack::config::Config;
use keyrack::jobs;
use keyrack::store::migrate::{self, MigrateError, WhereNew};

type Failure = Box<dyn std::error::Error>;

/// Also SQLite's: an answer makes and drops hundreds of small things.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[actix_web::main]
#[expect(clippy::print_stderr, reason = "speaks to whoever typed the command")]
async fn main() -> ExitCode {
    let command = Cli::parse().into_command();
    let config = match Config::from_environment() {
        Ok(config) => config,
        Err(mistakes) => {
            for mistake in mistakes {
                eprintln!("keyrack: {mistake}");
            }
            return ExitCode::from(2);
        }
    };
    logging::start(&config.log);
    match run(command, config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("keyrack: {failure}");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "prints what the command was asked for")]
async fn run(command: Command, config: Config) -> Result<(), Failure> {
    if matches!(command, Command::Config(ConfigCommand::Check)) {
        commands::check(&config)?;
        println!("The configuration is complete.");
        return Ok(());
    }
    if matches!(command, Command::Migrate) {
        let applied = migrate::run::<MigrateError>(&config.database, WhereNew::Make, |_| Ok(()))?;
        println!("{} migrations applied.", applied.len());
        return Ok(());
    }
    // A token needs somebody who makes it, and a record something to hold; in a new database there is nothing.
    let needs_one = matches!(command, Command::Token(_) | Command::NodeType(_) | Command::Audit(_));
    let where_new = if needs_one { WhereNew::Refuse } else { WhereNew::Make };
    let app = App::open(config, where_new, Arc::new(SystemClock), Arc::new(SystemChance)).await?;
    let done = obey(command, &app).await;
    app.close().await;
    done
}

#[expect(clippy::print_stdout, reason = "prints what the command was asked for")]
async fn obey(command: Command, app: &App) -> Result<(), Failure> {
    match command {
        Command::Owner(OwnerCommand::Create(ask)) => terminal::create_owner(app, &ask).await?,
        Command::Token(TokenCommand::Create(ask)) => println!("{}", commands::create_token(app, &ask).await?),
        Command::NodeType(NodeTypeCommand::Add(ask)) => commands::add_node_type(app, &ask).await?,
        Command::Audit(AuditCommand::Verify(ask)) => verify::verify(app, &ask).await?,
        _ => serve(app).await?,
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the set-up link is for the terminal, not for the log")]
async fn serve(app: &App) -> Result<(), Failure> {
    let listener = TcpListener::bind(app.config.server.listen)?;
    let address = app.config.server.public_url.as_str();
    println!("Keyrack answers at {address}");
    if let Some(link) = commands::offer_set_up(app).await {
        println!("Set it up within 24 hours by opening this link once:\n\n  {link}\n");
    }
    let server = server::listen(app, listener)?;
    let runner = jobs::start(app.clone());
    let served = server.await;
    runner.stop().await;
    app.recorder.settle().await;
    Ok(served?)
}
