//! `trunkline doctor`: what works between this machine and a server, what does not, and what to do about it.
//!
//! It asks what the program itself would ask, over the same door and the same trunk, and ends in time whatever the server
//! does. Absent on purpose: repairing anything, questions to the terminal (its answer might never come), and the token,
//! which is in no finding.

mod report;
mod terminal;

use crate::config::ConfigError;
use crate::logging::LoggingError;
use crate::mastodon::streaming::{Settings, Wanted, connect};
use crate::mastodon::{Client, Error, Introduction};
use crate::model::{Connection, Event, Failure, FailureKind, List, Offer, Server, Spec, Stream, Subscription, Withheld};
use crate::text::Plain;
pub use report::{Finding, Report};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
pub use terminal::Terminal;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use url::Url;

/// How long all questions to the server may take together.
const QUESTIONS: Duration = Duration::from_secs(12);
/// How long the streams may take from when the socket is open.
const STREAMS: Duration = Duration::from_secs(3);
/// What to do where the server limits us.
const WAIT: &str = "the server wants fewer questions: wait a few minutes";
/// How long the socket may take to close.
const CLOSING: Duration = Duration::from_millis(500);

/// What is looked at.
#[derive(Debug)]
pub struct Checkup {
    /// The file of settings and what came of reading it; `None` where none is read.
    pub config: Option<(PathBuf, Result<Vec<String>, ConfigError>)>,
    /// The folder of the log and what came of opening it; `None` where none is written.
    pub log: Option<(Option<PathBuf>, Result<(), LoggingError>)>,
    /// The way to the server, or why there is none.
    pub client: Result<Client, Error>,
    /// The streams to try.
    pub specs: Vec<Spec>,
    /// What is known of the terminal.
    pub terminal: Terminal,
}

/// Looks at everything, in at most fifteen seconds.
pub async fn run(checkup: Checkup) -> Report {
    let mut book = Book::default();
    config(&mut book, checkup.config);
    log(&mut book, checkup.log);
    match checkup.client {
        Ok(client) => {
            if tokio::time::timeout(QUESTIONS, ask(&mut book, &client, &checkup.specs)).await.is_err() {
                let words = format!("no answer in time; given up after {} s in all", QUESTIONS.as_secs());
                let check = book.asking.clone();
                book.bad(&check, words, "try again; if it stays so, look at the network between here and the server");
            }
        }
        Err(error) => book.bad("instance", error.to_string(), "until then no server can be asked anything"),
    }
    book.findings.push(checkup.terminal.finding());
    Report::new(book.findings)
}

/// The findings so far, and what is being asked.
#[derive(Debug, Default)]
struct Book {
    findings: Vec<Finding>,
    asking: String,
}

impl Book {
    fn good(&mut self, check: &str, words: impl Into<String>) {
        self.findings.push(Finding::good(check, &words.into()));
    }

    fn bad(&mut self, check: &str, words: impl Into<String>, advice: &str) {
        self.findings.push(Finding::bad(check, &words.into(), advice));
    }

    fn failed(&mut self, check: &str, failure: &Failure) {
        self.bad(check, failure.reason.as_str(), advice(failure.kind));
    }

    fn ask(&mut self, check: &str) {
        check.clone_into(&mut self.asking);
    }
}

fn config(book: &mut Book, config: Option<(PathBuf, Result<Vec<String>, ConfigError>)>) {
    let check = "configuration";
    let Some((path, read)) = config else {
        book.good(check, "none is read");
        return;
    };
    let is_there = path.exists();
    let path = path.display();
    match read {
        Ok(warnings) if warnings.is_empty() && is_there => book.good(check, path.to_string()),
        Ok(warnings) if warnings.is_empty() => book.good(check, format!("the defaults; {path} is not there")),
        Ok(warnings) => book.bad(check, warnings.join("; "), &format!("correct it in {path}")),
        Err(error) => {
            book.bad(check, error.notices().join("; "), "until then nothing starts with it: TRUNKLINE_CONFIG can name another file");
        }
    }
}

fn log(book: &mut Book, log: Option<(Option<PathBuf>, Result<(), LoggingError>)>) {
    let check = "log";
    let Some((folder, opened)) = log else {
        book.good(check, "none is written");
        return;
    };
    match (opened, folder) {
        (Ok(()), Some(folder)) => book.good(check, format!("written to {}", folder.display())),
        (Ok(()), None) => book.good(check, "written"),
        (Err(error @ LoggingError::Filter), _) => book.bad(check, error.to_string(), "correct TRUNKLINE_LOG, or unset it"),
        (Err(error), _) => {
            book.bad(check, error.to_string(), "everything works without it; XDG_STATE_HOME can name a folder that can be written");
        }
    }
}

async fn ask(book: &mut Book, client: &Client, specs: &[Spec]) {
    book.ask("instance");
    let (server, streaming) = match client.introduction().await {
        Ok(introduction) => {
            let Introduction { server, document, streaming } = introduction;
            let Server { domain, version, software, .. } = &server;
            book.good("instance", format!("{domain} runs {} {version} (instance document v{document})", software.name()));
            (Some(server), Some(streaming))
        }
        Err(failure) => {
            book.failed("instance", &failure);
            if failure.kind != FailureKind::Unauthorized {
                // Nobody answers there, or it is something else: every further question would fail by the same.
                return;
            }
            (None, None)
        }
    };
    let address = match (&server, streaming) {
        (Some(server), Some(streaming)) => streams_at(book, client, server, streaming).await,
        (_, _) => None,
    };
    let accepted = token(book, client).await;
    scopes(book, client).await;
    if let (Some(server), true, true) = (&server, address.is_some(), accepted) {
        streams(book, client, server, specs).await;
    }
}

async fn streams_at(book: &mut Book, client: &Client, server: &Server, streaming: Result<Url, Failure>) -> Option<Url> {
    let check = "streaming address";
    let url = match streaming {
        Ok(url) => url,
        Err(failure) => {
            book.bad(
                check,
                failure.reason.as_str(),
                "its admins have to correct what the instance document says; nothing is streamed until then",
            );
            return None;
        }
    };
    let host = &server.streaming_host;
    let whose = if host.as_str() == client.host() { "its own host" } else { "another host, named by the instance" };
    let how = if url.scheme() == "wss" { "encrypted" } else { "on this machine, not encrypted" };
    book.good(check, format!("{host} is trusted: {whose}, {how}"));

    let check = "streaming health";
    book.ask(check);
    match client.streaming_health(&url).await {
        Ok(Some(true)) => book.good(check, "the streaming server says OK"),
        Ok(Some(false)) => {
            book.bad(check, "the streaming server answers, but not with OK", "try again later; its admins should look at it");
        }
        Ok(None) => book.good(check, "not told by this server"),
        Err(failure) => book.failed(check, &failure),
    }
    Some(url)
}

/// Says who the token belongs to; whether it makes sense to go on with it.
async fn token(book: &mut Book, client: &Client) -> bool {
    let check = "token";
    book.ask(check);
    match client.verify_credentials().await {
        Ok(account) => {
            book.good(check, format!("belongs to @{}", account.acct));
            true
        }
        Err(failure) => {
            book.failed(check, &failure);
            // A token that may not ask who it is may stream all the same.
            failure.kind != FailureKind::Unauthorized
        }
    }
}

async fn scopes(book: &mut Book, client: &Client) {
    let check = "scopes";
    book.ask(check);
    match client.scopes().await {
        Ok(None) => book.good(check, "not told by this server"),
        Ok(Some(scopes)) => {
            let told: Vec<&str> = scopes.iter().map(Plain::as_str).collect();
            let has = |scope: &str| told.contains(&scope);
            let told = if told.is_empty() { "none".to_owned() } else { told.join(" ") };
            if has("read") || (has("read:statuses") && has("read:notifications")) {
                book.good(check, told);
            } else {
                book.bad(check, told, "timelines and notifications need `read`: make a token with it");
            }
        }
        // The token's own finding tells what that means.
        Err(Failure { kind: FailureKind::Unauthorized | FailureKind::Forbidden, .. }) => {}
        Err(failure) => book.failed(check, &failure),
    }
}

async fn streams(book: &mut Book, client: &Client, server: &Server, specs: &[Spec]) {
    book.ask("lists");
    let offer = if specs.iter().any(|spec| matches!(spec, Spec::List(_))) {
        client.offer().await.unwrap_or_else(|failure| {
            book.failed("lists", &failure);
            Offer::default()
        })
    } else {
        Offer::default()
    };
    let mut wanted: Vec<Stream> = Vec::new();
    for spec in specs {
        match spec.resolve(&offer.lists) {
            Ok(stream) if wanted.contains(&stream) => {}
            Ok(stream) => wanted.push(stream),
            Err(error) => book.bad(&format!("stream {spec}"), error.to_string(), "write it otherwise, or leave it out"),
        }
    }
    if wanted.is_empty() {
        return;
    }
    book.ask("connection");
    let trial = try_streams(client, &wanted).await;
    match &trial.trouble {
        Some((words, advice)) => book.bad("connection", words.as_str(), advice),
        None => tell_streams(book, server, &wanted, &offer.lists, &trial),
    }
    match trial.round_trip {
        Some(round_trip) if round_trip < Duration::from_millis(1) => book.good("round trip", "under 1 ms"),
        Some(round_trip) => book.good("round trip", format!("{} ms", round_trip.as_millis())),
        None if trial.trouble.is_none() => {
            book.bad(
                "round trip",
                format!("no answer to a ping within {} s", STREAMS.as_secs()),
                "the connection is slow, or does not carry pings",
            );
        }
        None => {}
    }
}

/// What came of subscribing.
#[derive(Debug, Default)]
struct Trial {
    standings: BTreeMap<Stream, Subscription>,
    round_trip: Option<Duration>,
    /// Why there is no connection, and what to do.
    trouble: Option<(Plain, &'static str)>,
}

impl Trial {
    /// Takes an event; whether there is anything more to wait for.
    fn take(&mut self, event: Event, wanted: &[Stream]) -> bool {
        match event {
            Event::Connection(Connection::SignedOut { reason }) => {
                self.trouble = Some((reason, advice(FailureKind::Unauthorized)));
            }
            Event::Connection(Connection::RateLimited { reason, .. }) => {
                self.trouble = Some((reason, WAIT));
            }
            Event::Connection(Connection::Offline { reason, .. }) => self.trouble = Some((reason, advice(FailureKind::Retry))),
            Event::Connection(Connection::Reconnecting { reason, .. } | Connection::Failed { reason }) => {
                self.trouble = Some((reason, "try again in a minute; a proxy or firewall must let WebSockets pass"));
            }
            Event::Subscription { stream, standing, rung: _ } => drop(self.standings.insert(stream, standing)),
            Event::Stream(event) => self.standings.extend(event.streams.into_iter().map(|stream| (stream, Subscription::Open))),
            Event::Ping(round_trip) => self.round_trip = Some(round_trip),
            Event::Connection(Connection::Connecting | Connection::Live)
            | Event::Server(_)
            | Event::Lagged { .. }
            | Event::Ladder { .. }
            | Event::Traffic { .. }
            | Event::Malformed { .. } => {}
        }
        let is_settled = |stream| self.standings.get(stream).is_some_and(|standing| *standing != Subscription::Requested);
        self.trouble.is_none() && (self.round_trip.is_none() || !wanted.iter().all(is_settled))
    }
}

async fn try_streams(client: &Client, wanted: &[Stream]) -> Trial {
    let shutdown = CancellationToken::new();
    let _ends = shutdown.clone().drop_guard();
    let (_wants, wants) = watch::channel(Wanted { streams: wanted.to_vec(), retry: 0, woke: 0 });
    let (mut events, task) = connect(client.clone(), Settings::default(), wants, shutdown.clone());
    let mut trial = Trial::default();
    // Until the socket is open the deadline over all questions counts.
    let mut goes_on = true;
    while goes_on {
        let Some((_, event)) = events.recv().await else { break };
        let is_live = matches!(event, Event::Connection(Connection::Live));
        goes_on = trial.take(event, wanted);
        if is_live {
            break;
        }
    }
    let settle = async {
        while goes_on {
            let Some((_, event)) = events.recv().await else { break };
            goes_on = trial.take(event, wanted);
        }
    };
    // What is not settled by then is told as it stands.
    let _settled = tokio::time::timeout(STREAMS, settle).await;
    shutdown.cancel();
    if let Ok(Err(error)) = tokio::time::timeout(CLOSING, task).await {
        tracing::error!(%error, "the trunk did not end well");
    }
    trial
}

fn tell_streams(book: &mut Book, server: &Server, wanted: &[Stream], lists: &[List], trial: &Trial) {
    for stream in wanted {
        // A list is named by its title, as on the screen.
        let check = match stream {
            Stream::List(_) => format!("stream list:{}", stream.title(lists)),
            Stream::User | Stream::UserNotification | Stream::Public { .. } | Stream::Hashtag { .. } | Stream::Direct => {
                format!("stream {}", stream.spec())
            }
        };
        let withheld = server.timelines_access.withheld(stream);
        match (trial.standings.get(stream), withheld) {
            (Some(Subscription::Refused(words)), _) => {
                book.bad(&check, format!("refused: {words}"), "a missing scope needs another token; a list may have been deleted");
            }
            (Some(Subscription::Interrupted(words)), _) => {
                book.bad(&check, format!("its connection was lost: {words}"), "try again in a minute");
            }
            (Some(Subscription::NotStreamed), _) => {
                book.bad(
                    &check,
                    "not streamed by this server",
                    "its tab shows what was there when it was opened; leave it out, or follow the hashtag",
                );
            }
            (Some(Subscription::Open | Subscription::Requested) | None, Some(Withheld::Everything)) => {
                book.bad(&check, Withheld::Everything.words(), "only the server's admins, or a role that may see it, can change that");
            }
            (Some(Subscription::Open), Some(part @ (Withheld::Local | Withheld::Remote))) => {
                book.good(&check, format!("open; {}", part.words()));
            }
            (Some(Subscription::Open), None) => book.good(&check, "open"),
            (Some(Subscription::Requested) | None, _) => {
                book.good(&check, format!("asked for, and not refused within {} s", STREAMS.as_secs()));
            }
        }
    }
}

/// What can be done about a failure.
fn advice(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Retry => "check the server's name and the network, and try again later",
        FailureKind::RateLimited(_) => WAIT,
        FailureKind::Unauthorized => {
            "make a new token on the server (Preferences, Development, scope `read`) and put it into TRUNKLINE_TOKEN"
        }
        FailureKind::Forbidden => "the token lacks a permission, or the account is limited: make a token with the scope `read`",
        FailureKind::NotFound | FailureKind::Unusable => "check the server's name",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Rung;

    fn stream(spec: &str) -> Stream {
        let spec: Spec = spec.parse().unwrap();
        spec.resolve(&[]).unwrap()
    }

    fn standing(spec: &str, standing: Subscription) -> Event {
        Event::Subscription { stream: stream(spec), standing, rung: Rung::Multiplexed }
    }

    #[test]
    fn a_trial_waits_for_every_stream_and_the_round_trip() {
        let wanted = [stream("home"), stream("local")];
        let mut trial = Trial::default();
        assert!(trial.take(Event::Connection(Connection::Live), &wanted));
        assert!(trial.take(standing("home", Subscription::Requested), &wanted));
        assert!(trial.take(standing("local", Subscription::Refused(Plain::line("no"))), &wanted));
        assert!(trial.take(Event::Ping(Duration::from_millis(4)), &wanted), "home is not settled");
        assert!(!trial.take(standing("home", Subscription::Open), &wanted));
        assert_eq!(trial.round_trip, Some(Duration::from_millis(4)));
    }

    #[test]
    fn trouble_with_the_connection_ends_a_trial() {
        let mut trial = Trial::default();
        let lost = Connection::Reconnecting { reason: Plain::line("reset"), attempt: 1, retry_in: Duration::from_secs(1) };
        assert!(!trial.take(Event::Connection(lost), &[stream("home")]));
        assert_eq!(trial.trouble.unwrap().0.as_str(), "reset");
    }

    #[test]
    fn files_are_told_with_their_trouble_and_what_to_do() {
        let mut book = Book::default();
        config(&mut book, None);
        config(&mut book, Some((PathBuf::from("/c.toml"), Ok(Vec::new()))));
        config(&mut book, Some((PathBuf::from("/c.toml"), Ok(vec!["/c.toml:1:1: `colour` means nothing".to_owned()]))));
        log(&mut book, Some((None, Err(LoggingError::NoHome))));
        let told: Vec<(bool, &str)> = book.findings.iter().map(|finding| (finding.ok, finding.words.as_str())).collect();
        assert_eq!(
            told,
            [
                (true, "none is read"),
                (true, "the defaults; /c.toml is not there"),
                (false, "/c.toml:1:1: `colour` means nothing"),
                (false, "no log is written: there is no home folder"),
            ]
        );
        assert!(book.findings.iter().all(|finding| finding.ok == finding.advice.is_none()));
    }
}
