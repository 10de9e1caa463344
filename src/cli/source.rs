//! Where the streams come from: the demo, a server that is named, or a saved account.
//!
//! Absent on purpose: signing in (`accounts`).

use super::saved::not_signed_in;
use super::settings::read_config;
use super::{Stop, block_on, say, variable};
use crate::accounts::{self, Accounts, AccountsError, SavedAccount};
use crate::demo;
use crate::mastodon::{self, Access, Client, Token};
use crate::recording::{Recorder, Recording};
use crate::replay::{self, Speed, Tape};
use crate::runtime::{Signal, Signals};
use std::io::{self, Write as _};
use std::path::Path;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub(super) const NO_ACCOUNT: &str = "no account: sign in with `trunkline login mastodon.example`, or try it without one: trunkline --demo \
     (with a token of your own: TRUNKLINE_TOKEN=... trunkline --server mastodon.example)";

/// Which server and account the flags name.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    pub(super) demo: bool,
    pub(super) server: Option<String>,
    pub(super) account: Option<String>,
}

impl Chosen {
    pub(super) fn names_server(&self) -> bool {
        self.demo || self.server.is_some()
    }
}

/// Where the streams come from.
#[derive(Debug)]
pub(super) enum Source {
    Demo,
    Server(Access),
    Replay(Box<Tape>, Speed),
}

/// A source, and what there is to tell about how it was found.
pub(super) struct Found {
    pub(super) source: Source,
    pub(super) notices: Vec<String>,
    /// The names of the saved accounts and the place of this one among them, where it is one of them.
    pub(super) accounts: (Vec<String>, Option<usize>),
    /// Whether the account's token may tell the server up to where was read.
    pub(super) markers: bool,
}

impl Found {
    /// The source, after everything has been told: for what has no screen.
    pub(super) fn said(self) -> Source {
        for notice in self.notices {
            say(&notice);
        }
        self.source
    }
}

impl From<Source> for Found {
    fn from(source: Source) -> Self {
        Self { source, notices: Vec::new(), accounts: (Vec::new(), None), markers: false }
    }
}

/// The demo, or a server by flag or environment with the token for it, or a saved account.
pub(super) fn source(chosen: Chosen) -> Result<Found, Stop> {
    if chosen.demo {
        return Ok(Source::Demo.into());
    }
    let named = if chosen.account.is_some() { None } else { variable("TRUNKLINE_SERVER") };
    let Some(server) = chosen.server.or(named) else {
        let account = chosen.account;
        return block_on(async move {
            let mut accounts = open_accounts()?;
            let account = match accounts.find(account.as_deref()) {
                Err(AccountsError::Empty) if account.is_none() => return Err(Stop::NoAccount),
                found => found.map_err(|error| not_signed_in(error.into()))?,
            };
            open_account(&account, &mut accounts).await
        });
    };
    // A server that cannot be one needs no token.
    let server = mastodon::address(&server).map_err(Stop::usage)?;
    let token = match variable("TRUNKLINE_TOKEN") {
        Some(token) => Token::new(&token).map_err(|error| Stop::Usage(format!("TRUNKLINE_TOKEN: {error}")))?,
        None => match read_config()?.token_command {
            command if command.is_empty() => {
                return Err(Stop::usage(
                    "TRUNKLINE_TOKEN is not set: --server needs an access token of your account in it (on the server: Preferences, \
                     Development, New application, with the scope `read`); or sign in with trunkline login, and leave --server out",
                ));
            }
            command => {
                let host = server.host_str().unwrap_or_default().to_owned();
                block_on(async move { accounts::token_from(&command, &host).await.map_err(Stop::failed) })?
            }
        },
    };
    Ok(Source::Server(Access { server, token }).into())
}

/// A saved account with its token.
pub(super) async fn open_account(account: &SavedAccount, accounts: &mut Accounts) -> Result<Found, Stop> {
    let token = accounts.token(account).await.map_err(Stop::failed)?;
    let source = Source::Server(Access { server: account.server.clone(), token });
    let names: Vec<String> = accounts.list().map_err(Stop::failed)?.0.into_iter().map(|account| account.name).collect();
    let here = names.iter().position(|name| *name == account.name);
    Ok(Found { source, notices: accounts.notices(), accounts: (names, here), markers: account.can("write:statuses") })
}

/// The saved accounts of this user, as the configuration has them kept.
pub(super) fn open_accounts() -> Result<Accounts, Stop> {
    let folder = accounts::folder().ok_or(AccountsError::NoHome).map_err(Stop::failed)?;
    Ok(Accounts::new(folder, read_config()?.credentials))
}

/// A server of our own, where one is asked for, and the client for it or for the real one. `tell` is for what happens
/// later and the reader should know.
pub(super) async fn connect(
    source: Source,
    recorder: Option<Recorder>,
    tell: mpsc::UnboundedSender<String>,
    shutdown: &CancellationToken,
) -> Result<(Option<demo::Server>, Client), Stop> {
    let (server, access) = access(source, tell, shutdown).await?;
    let client = match recorder {
        Some(recorder) => Client::recorded(access, recorder),
        None => Client::new(access),
    };
    Ok((server, client.map_err(Stop::failed)?))
}

/// A server of our own, where one is asked for, and the access to it or to the real one.
pub(super) async fn access(
    source: Source,
    tell: mpsc::UnboundedSender<String>,
    shutdown: &CancellationToken,
) -> Result<(Option<demo::Server>, Access), Stop> {
    match source {
        Source::Server(access) => Ok((None, access)),
        Source::Replay(tape, speed) => {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(Stop::failed)?;
            let server = replay::Server::start(listener, *tape, speed, tell, shutdown.clone()).map_err(Stop::failed)?;
            let token = Token::new(server.token()).map_err(Stop::failed)?;
            Ok((None, Access::new(server.url(), token).map_err(Stop::failed)?))
        }
        Source::Demo => {
            let server = start_demo(0, shutdown).await?;
            let token = Token::new("demo").map_err(Stop::failed)?;
            let access = Access::new(server.url(), token).map_err(Stop::failed)?;
            Ok((Some(server), access))
        }
    }
}

/// Begins a recording, where one is asked for.
pub(super) fn begin_recording(path: Option<&Path>, trouble: impl FnOnce(String) + Send + 'static) -> Result<Option<Recording>, Stop> {
    path.map(|path| Recording::begin(path, trouble)).transpose().map_err(Stop::failed)
}

pub(super) fn end_recording(recording: Option<Recording>) {
    for words in recording.map(Recording::finish).unwrap_or_default() {
        say(&words);
    }
}

pub(super) async fn start_demo(port: u16, shutdown: &CancellationToken) -> Result<demo::Server, Stop> {
    let failed = |error| Stop::Failed(format!("the demo server cannot use port {port} of 127.0.0.1: {error}"));
    let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(failed)?;
    demo::Server::start(listener, demo::Options::default(), shutdown.clone()).await.map_err(Stop::failed)
}

pub(super) async fn serve_demo(port: u16) -> Result<(), Stop> {
    let (_sender, mut signals) = Signals::listen_for_ends().map_err(Stop::failed)?;
    let shutdown = CancellationToken::new();
    let server = start_demo(port, &shutdown).await?;
    // Whoever started us may not want to know the address.
    drop(writeln!(io::stdout(), "{}", server.url()).and_then(|()| io::stdout().flush()));
    let signal = signals.next().await;
    shutdown.cancel();
    server.stopped().await;
    if signal == Signal::Panicked { Err(Stop::Said) } else { Ok(()) }
}
