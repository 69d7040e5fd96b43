//! Letters put into the queue past any page, and a mail server of the test's own.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use keyrack::actions::outbox::{self, Post};
use keyrack::app::App;
use keyrack::domain::audit::Actor;
use keyrack::domain::{Email, Letter, PersonId};
use keyrack::store::access::AskRunner;
use keyrack::store::{Fault, Unrecorded};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::TestApp;

/// Queues letters about this person's account, or about nobody's, as an action does.
pub async fn queue(app: &App, person: Option<PersonId>, letters: Vec<(String, Letter)>) {
    let kit = app.kit(None);
    let queued = app.db.write(AskRunner, move |tx, by| {
        tx.unrecorded(Unrecorded::Work);
        for (to, letter) in &letters {
            let post = Post { to: &Email::parse(to).unwrap(), person: person.as_ref(), letter: letter.clone() };
            kit.by(Actor::Unknown, |tools| outbox::of_person(tx, by, tools, post))?;
        }
        Ok::<_, Fault<Infallible>>(())
    });
    queued.await.unwrap();
}

impl TestApp {
    pub fn person(&self, email: &str) -> PersonId {
        self.database.text(&format!("SELECT id AS text FROM people WHERE email = '{email}'")).parse().unwrap()
    }

    /// Queues a notice to this address about this person's account; the job's id.
    pub async fn queue_notice(&self, person: &str, to: &str) -> String {
        queue(&self.app, Some(self.person(person)), vec![(to.to_owned(), Letter::AccountDeleted)]).await;
        self.database.text(&format!("SELECT MAX(id) AS text FROM jobs WHERE recipient = '{to}'"))
    }

    /// The same, given up already.
    pub async fn failed_notice(&self, person: &str, to: &str) -> String {
        let id = self.queue_notice(person, to).await;
        let failed = "failed_at = run_at, tries = 8, last_error = 'The mail server did not take the letter'";
        assert_eq!(self.database.execute(&format!("UPDATE jobs SET {failed} WHERE id = '{id}'")), 1);
        id
    }
}

/// A mail server without encryption, which says to each recipient what it is told to say.
pub struct Smtp {
    pub port: u16,
    state: Arc<Mutex<State>>,
    /// Whether it answers to recipients at all.
    awake: watch::Sender<bool>,
}

#[derive(Default)]
struct State {
    /// Parts of addresses, and what is answered to them.
    answers: Vec<(String, String)>,
    asked: usize,
    taken: Vec<String>,
    /// Whether it leaves the goodbye without an answer.
    rude: bool,
}

impl Smtp {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State::default()));
        let (awake, waking) = watch::channel(true);
        let shared = state.clone();
        actix_web::rt::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                actix_web::rt::spawn(converse(stream, shared.clone(), waking.clone()));
            }
        });
        Self { port, state, awake }
    }

    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}?tls=none", self.port)
    }

    pub fn answers(&self, answers: &[(&str, &str)]) {
        let owned = answers.iter().map(|(part, words)| ((*part).to_owned(), (*words).to_owned()));
        self.state.lock().unwrap().answers = owned.collect();
    }

    pub fn wakes(&self, is_awake: bool) {
        self.awake.send_replace(is_awake);
    }

    pub fn never_says_goodbye(&self) {
        self.state.lock().unwrap().rude = true;
    }

    /// How often it was asked to take a letter.
    pub fn asked(&self) -> usize {
        self.state.lock().unwrap().asked
    }

    /// The letters that it took.
    pub fn taken(&self) -> Vec<String> {
        self.state.lock().unwrap().taken.clone()
    }
}

async fn converse(stream: TcpStream, state: Arc<Mutex<State>>, mut waking: watch::Receiver<bool>) {
    let mut stream = BufReader::new(stream);
    let mut say = "220 a mail server".to_owned();
    loop {
        if stream.get_mut().write_all(format!("{say}\r\n").as_bytes()).await.is_err() {
            return;
        }
        let Some(line) = read_line(&mut stream).await else { return };
        say = match line.split([' ', ':']).next().unwrap() {
            "EHLO" => "250 a mail server".to_owned(),
            "RCPT" => {
                state.lock().unwrap().asked += 1;
                waking.wait_for(|awake| *awake).await.unwrap();
                let state = state.lock().unwrap();
                let answer = state.answers.iter().find(|(part, _)| line.contains(part.as_str()));
                answer.map_or_else(|| "250 yes".to_owned(), |(_, words)| words.clone())
            }
            "DATA" => {
                stream.get_mut().write_all(b"354 go on\r\n").await.unwrap();
                let mut letter = String::new();
                while let Some(line) = read_line(&mut stream).await.filter(|line| line != ".") {
                    letter.push_str(&line);
                    letter.push('\n');
                }
                state.lock().unwrap().taken.push(letter);
                "250 taken".to_owned()
            }
            "QUIT" if state.lock().unwrap().rude => std::future::pending().await,
            "QUIT" => "221 goodbye".to_owned(),
            _ => "250 yes".to_owned(),
        };
    }
}

async fn read_line(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    let read = stream.read_line(&mut line).await.ok().filter(|read| *read > 0);
    read.map(|_| line.trim_end_matches(['\r', '\n']).to_owned())
}
