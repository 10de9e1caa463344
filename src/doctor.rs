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
use crate::mastodon::{Client, Credentials, Error, Introduction};
use crate::model::{Connection, Event, Failure, FailureKind, List, Offer, Rung, Server, Spec, Stream, Subscription, Withheld};
use crate::text::Plain;
use futures_util::future::join_all;
use jiff::SignedDuration;
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
/// How long a stream of server-sent events may take to begin.
const EVENTS: Duration = Duration::from_secs(4);
/// A clock that is this far from the server's is wrong.
const SKEW: SignedDuration = SignedDuration::from_mins(5);
/// How many timelines are asked for at most.
const TIMELINES: usize = 8;
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
    if let Some(server) = &server {
        feeds(book, server);
    }
    let accepted = token(book, client).await;
    scopes(book, client, specs).await;
    if let (Some(server), true) = (&server, accepted) {
        streams(book, client, server, specs, address.as_ref()).await;
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

/// Says which feeds the admins have switched off. That is theirs to do: what it means is told of each stream.
fn feeds(book: &mut Book, server: &Server) {
    let off = server.timelines_access.switched_off();
    let words = if off.is_empty() { "none is switched off".to_owned() } else { format!("switched off by the admins: {}", off.join(", ")) };
    book.good("feeds", words);
    let lacks = server.lacks();
    book.good("streaming", if lacks.is_empty() { "every kind of stream".to_owned() } else { lacks.join("; ") });
}

/// Says who the token belongs to, and what the answer tells beside that; whether it makes sense to go on with it.
async fn token(book: &mut Book, client: &Client) -> bool {
    let check = "token";
    book.ask(check);
    match client.credentials().await {
        Ok(Credentials { account, ahead, left }) => {
            book.good(check, format!("belongs to @{}", account.acct));
            if let Some(ahead) = ahead {
                clock(book, ahead);
            }
            limit(book, left);
            true
        }
        Err(failure) => {
            book.failed(check, &failure);
            // A token that may not ask who it is may stream all the same.
            failure.kind != FailureKind::Unauthorized
        }
    }
}

fn clock(book: &mut Book, ahead: SignedDuration) {
    let off = ahead.abs();
    if off < SKEW {
        // A second or two is the way there and back.
        book.good(
            "clock",
            if off.as_secs() < 5 { "as the server's".to_owned() } else { format!("{} s beside the server's", off.as_secs()) },
        );
        return;
    }
    let (minutes, side) = (off.as_mins(), if ahead.is_negative() { "ahead of" } else { "behind" });
    book.bad(
        "clock",
        format!("this computer's is {minutes} min {side} the server's"),
        "set it by the network (timedatectl set-ntp true): until then ages are wrong, and secure connections may fail",
    );
}

fn limit(book: &mut Book, left: Option<(u64, u64)>) {
    match left {
        Some((0, of)) => book.bad("rate limit", format!("none of {of} questions is left"), WAIT),
        Some((left, of)) => book.good("rate limit", format!("{left} of {of} questions are left")),
        None => book.good("rate limit", "not told by this server"),
    }
}

async fn scopes(book: &mut Book, client: &Client, specs: &[Spec]) {
    let check = "scopes";
    book.ask(check);
    match client.scopes().await {
        Ok(None) => book.good(check, "not told by this server"),
        Ok(Some(scopes)) => {
            let told: Vec<&str> = scopes.iter().map(Plain::as_str).collect();
            let (needed, nice) = lacking(&told, specs);
            let told = if told.is_empty() { "none".to_owned() } else { told.join(" ") };
            let lacks = needed.iter().chain(&nice).map(|(feature, scope)| format!("{feature} needs {scope}"));
            let words = [told].into_iter().chain(lacks).collect::<Vec<_>>().join("; ");
            if needed.is_empty() {
                book.good(check, words);
            } else {
                book.bad(check, words, "make a token with the scope `read`, which covers all of them");
            }
        }
        // The token's own finding tells what that means.
        Err(Failure { kind: FailureKind::Unauthorized | FailureKind::Forbidden, .. }) => {}
        Err(failure) => book.failed(check, &failure),
    }
}

/// What the scopes do not cover, each with the scope that it needs: of what was asked for, and of what would be offered.
///
/// Source: STREAMING section 4 and <https://docs.joinmastodon.org/api/oauth-scopes/>.
fn lacking(scopes: &[&str], specs: &[Spec]) -> (Vec<Lacking>, Vec<Lacking>) {
    let covers = |scope: &str| scopes.contains(&"read") || scopes.contains(&scope);
    let notifications = specs.iter().any(|spec| spec.names(&Stream::UserNotification));
    let lists = specs.iter().any(Spec::needs_lists);
    let features = [
        ("reading timelines", "read:statuses", true),
        ("reading notifications", "read:notifications", notifications),
        ("finding lists", "read:lists", lists),
        ("offering followed hashtags", "read:follows", false),
    ];
    let lacking = features.into_iter().filter(|(_, scope, _)| !covers(scope));
    let (needed, nice): (Vec<_>, Vec<_>) = lacking.partition(|(_, _, is_needed)| *is_needed);
    let bare = |all: Vec<(&'static str, &'static str, bool)>| all.into_iter().map(|(feature, scope, _)| (feature, scope)).collect();
    (bare(needed), bare(nice))
}

/// A feature and the scope that it needs.
type Lacking = (&'static str, &'static str);

/// Whether the timelines can be asked for: what was there before, and what fills gaps.
async fn timelines(book: &mut Book, client: &Client, wanted: &[Stream], lists: &[List]) {
    book.ask("timelines");
    let asked = wanted.iter().take(TIMELINES);
    let answers = join_all(asked.map(async |stream| (stream, client.timeline(stream, None, 1).await))).await;
    let mut there = Vec::new();
    for (stream, answer) in answers {
        match answer {
            Ok(_) => there.push(stream.title(lists).to_string()),
            Err(failure) if failure.kind == FailureKind::NotFound => {
                let check = format!("timeline {}", called(stream, lists));
                book.bad(&check, failure.reason.as_str(), "the server has no such timeline (a list may have been deleted): leave it out");
            }
            Err(failure) => book.failed(&format!("timeline {}", called(stream, lists)), &failure),
        }
    }
    if !there.is_empty() {
        book.good("timelines", format!("answered: {}", there.join(", ")));
    }
}

/// A stream as it is typed; a list by its title, as on the screen.
fn called(stream: &Stream, lists: &[List]) -> String {
    match stream {
        Stream::List(_) => format!("list:{}", stream.title(lists)),
        Stream::User | Stream::UserNotification | Stream::Public { .. } | Stream::Hashtag { .. } | Stream::Direct => {
            stream.spec().to_string()
        }
    }
}

async fn streams(book: &mut Book, client: &Client, server: &Server, specs: &[Spec], address: Option<&Url>) {
    book.ask("lists");
    let offer = if specs.iter().any(Spec::needs_lists) {
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
            Ok(sources) => {
                for stream in sources.all() {
                    if !wanted.contains(stream) {
                        wanted.push(stream.clone());
                    }
                }
            }
            Err(error) => book.bad(&format!("stream {spec}"), error.to_string(), "write it otherwise, or leave it out"),
        }
    }
    if wanted.is_empty() {
        return;
    }
    timelines(book, client, &wanted, &offer.lists).await;
    let Some(address) = address else { return };
    book.ask("connection");
    let events = async { tokio::time::timeout(EVENTS, client.sends_events(address)).await.ok() };
    let (trial, events) = tokio::join!(try_streams(client, &wanted), events);
    if let Some((words, advice)) = &trial.trouble {
        book.bad("connection", words.as_str(), advice);
    } else {
        book.good("connection", format!("open, by {}", trial.rung.words()));
        tell_streams(book, server, &wanted, &offer.lists, &trial);
    }
    tell_events(book, events, trial.trouble.is_none());
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

/// The next rung of the ladder of transports, for networks that let no WebSocket pass.
fn tell_events(book: &mut Book, events: Option<Result<bool, Failure>>, has_socket: bool) {
    let check = "server-sent events";
    let words = match events {
        Some(Ok(true)) if has_socket => {
            book.good(check, "there too, should WebSockets be blocked one day");
            return;
        }
        Some(Ok(true)) => {
            book.good(check, "there, and used where no WebSocket can be opened");
            return;
        }
        Some(Ok(false)) => "not there".to_owned(),
        Some(Err(failure)) => failure.reason.to_string(),
        None => format!("nothing within {} s", EVENTS.as_secs()),
    };
    if has_socket {
        book.good(check, format!("{words}; not needed while WebSockets pass"));
    } else {
        book.bad(check, words, "without both there is only polling: ask who runs the network to let WebSockets pass");
    }
}

/// What came of subscribing.
#[derive(Debug, Default)]
struct Trial {
    standings: BTreeMap<Stream, (Subscription, Rung)>,
    /// Where the server's streams as a whole stand on the ladder of transports.
    rung: Rung,
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
            Event::Connection(Connection::Offline { reason, .. }) => self.trouble = Some((reason, advice(FailureKind::Offline))),
            Event::Connection(Connection::Reconnecting { reason, .. } | Connection::Failed { reason }) => {
                self.trouble = Some((
                    reason,
                    "try again in a minute; the token needs the scope `read`, and a proxy or firewall must let WebSockets pass",
                ));
            }
            Event::Subscription { stream, standing, rung } => drop(self.standings.insert(stream, (standing, rung))),
            Event::Stream(event) => {
                for stream in event.streams {
                    self.standings.entry(stream).or_insert((Subscription::Open, Rung::default())).0 = Subscription::Open;
                }
            }
            Event::Ladder { rung, .. } => self.rung = rung,
            Event::Ping(round_trip) => self.round_trip = Some(round_trip),
            Event::Connection(Connection::Connecting | Connection::Live)
            | Event::Server(_)
            | Event::Lagged { .. }
            | Event::Traffic { .. }
            | Event::Malformed { .. } => {}
        }
        let is_settled = |stream| self.standings.get(stream).is_some_and(|(standing, _)| *standing != Subscription::Requested);
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
        let check = format!("stream {}", called(stream, lists));
        let withheld = server.timelines_access.withheld(stream);
        let (standing, rung) = trial.standings.get(stream).map(|(standing, rung)| (standing, *rung)).unzip();
        let by = rung.unwrap_or_default().words();
        match (standing, withheld) {
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
                book.good(&check, format!("open, by {by}; {}", part.words()));
            }
            (Some(Subscription::Open), None) if rung == Some(Rung::Polling) => {
                book.good(&check, "polled: this server does not stream it");
            }
            (Some(Subscription::Open), None) => book.good(&check, format!("open, by {by}")),
            (Some(Subscription::Requested) | None, _) => {
                book.good(&check, format!("asked for, and not refused within {} s", STREAMS.as_secs()));
            }
        }
    }
}

/// What can be done about a failure.
fn advice(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Retry | FailureKind::Offline => "check the server's name and the network, and try again later",
        FailureKind::RateLimited(_) => WAIT,
        FailureKind::Unauthorized => {
            "sign in again with trunkline login, or put a new token into TRUNKLINE_TOKEN (on the server: Preferences, Development)"
        }
        FailureKind::Forbidden => "the token lacks a permission, or the account is limited: make a token with the scope `read`",
        FailureKind::NotFound | FailureKind::Unusable => "check the server's name",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(spec: &str) -> Stream {
        let spec: Spec = spec.parse().unwrap();
        spec.resolve(&[]).unwrap().only().cloned().unwrap()
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
    fn scopes_are_needed_for_what_was_asked_for() {
        let specs = |raw: &[&str]| raw.iter().map(|raw| raw.parse().unwrap()).collect::<Vec<Spec>>();
        let usual = specs(&["home", "notifications"]);
        assert_eq!(lacking(&["read", "write"], &usual), (vec![], vec![]));
        let (needed, nice) = lacking(&["read:statuses", "read:notifications"], &usual);
        assert_eq!((needed.len(), nice.len()), (0, 2), "{nice:?}");
        assert_eq!(lacking(&["read:statuses"], &usual).0, [("reading notifications", "read:notifications")]);
        assert_eq!(lacking(&["read:statuses"], &specs(&["home", "list:Friends"])).0, [("finding lists", "read:lists")]);
        assert_eq!(lacking(&[], &specs(&["local"])).0, [("reading timelines", "read:statuses")]);
    }

    #[test]
    fn a_clock_is_wrong_from_five_minutes_on() {
        let told = |seconds| {
            let mut book = Book::default();
            clock(&mut book, SignedDuration::from_secs(seconds));
            book.findings.pop().map(|finding| (finding.ok, finding.words)).unwrap()
        };
        assert_eq!(told(-3), (true, "as the server's".to_owned()));
        assert_eq!(told(299), (true, "299 s beside the server's".to_owned()));
        assert_eq!(told(300), (false, "this computer's is 5 min behind the server's".to_owned()));
        assert_eq!(told(-420), (false, "this computer's is 7 min ahead of the server's".to_owned()));
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
