//! The command line: flags win over the environment, the environment over the file, the file over defaults.
//!
//! It puts the parts together and maps how they ended to an exit code: 0 done, 1 failed, 2 wrong usage, with one line on
//! stderr that says what and what to do. Absent on purpose: whatever goes on while the program runs.

use crate::accounts::{self, Accounts, AccountsError, SavedAccount};
use crate::clocks::Clocks;
use crate::config::{self, Config, ConfigError, Held, MediaMode, Overrides, Reading};
use crate::demo;
use crate::doctor::{self, Checkup, Terminal};
use crate::logging::{self, Logging};
use crate::login::{self, Lines, LoginError, Wish};
#[cfg(feature = "images")]
use crate::mastodon::Files;
use crate::mastodon::oauth::SignInError;
use crate::mastodon::{self, Access, Client, Token};
#[cfg(feature = "images")]
use crate::media::Disk;
use crate::media::Studio;
use crate::memory::{Configured, Keeper};
use crate::model::{Spec, Stream};
use crate::recording::{Recorder, Recording};
use crate::replay::{self, Speed, Tape};
use crate::runtime::{self, App, LineScreen, Outcome, Screen, Setup, Signal, Signals, TerminalKeys, TerminalScreen};
use crate::state::Settings;
use crate::tail;
use crate::text::Plain;
use crate::ui::{Depth, Theme};
use clap::{Args, CommandFactory as _, Parser, Subcommand};
use clap_complete::Shell;
use jiff::tz::TimeZone;
use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr as _;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// The tabs of the demo: the usual ones, a hashtag and a quiet list.
const DEMO_STREAMS: [&str; 6] = ["home", "notifications", "local", "federated", "#rust", "list:Slow mail"];
/// How long parts that are still at work may take once all is said and done.
const ENDING: Duration = Duration::from_millis(300);
/// Bytes of a file of authorities at most; those of a whole system are a quarter of this.
const CA_FILE_MOST: u64 = 1024 * 1024;

const EXAMPLES: &str = "\
Examples:
  trunkline --demo                                   a built-in server: no account, no network
  trunkline login mastodon.example                   sign in with the browser, or by pasting a code
  TRUNKLINE_TOKEN=... trunkline --server mastodon.example -s home -s '#rust'
  trunkline --demo tail local --json --count 3       three events as JSON, and done
  trunkline --demo --record evening.ndjson           every frame and answer into a file, for
  trunkline replay evening.ndjson --speed 10         playing it again

Streams (SPEC): home, notifications, local, federated, remote, each of the last three also with :media,
  #tag, #tag:local, list:TITLE, direct; several in one tab: 'home + #rust'

Environment:
  TRUNKLINE_SERVER   the server, as --server; beats the default account
  TRUNKLINE_TOKEN    the access token for it
  TRUNKLINE_CONFIG   the configuration file, instead of the one in the configuration folder
  TRUNKLINE_LOG      what is logged, as in debug or trunkline::mastodon=trace
  NO_COLOR           no colours";

const NO_ACCOUNT: &str = "no account: sign in with `trunkline login mastodon.example`, or try it without one: trunkline --demo \
     (with a token of your own: TRUNKLINE_TOKEN=... trunkline --server mastodon.example)";

const OFFER: &str = "\
Trunkline shows Mastodon as it happens.
It needs an account on a server.

  s  sign in to your server
  d  try the demo, without an account
  q  quit

";

/// Mastodon as it happens, in a terminal: live timelines on one socket.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Debug, Parser)]
#[command(name = "trunkline", version = env!("TRUNKLINE_VERSION"), after_help = EXAMPLES, max_term_width = 100)]
struct Flags {
    /// Use a built-in server: no account, no network, no configuration read or written
    #[arg(long, global = true)]
    demo: bool,
    /// Use this server, with the access token in `TRUNKLINE_TOKEN`
    #[arg(long, global = true, value_name = "URL")]
    server: Option<String>,
    /// Use this saved account, instead of the default one
    #[arg(long, global = true, value_name = "NAME")]
    account: Option<String>,
    /// Write every frame and answer with its time into this new file, a JSON object a line; no token is in it
    #[arg(long, global = true, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Open this stream in a tab, instead of the configured ones; may be given several times
    #[arg(short = 's', long = "stream", value_name = "SPEC")]
    streams: Vec<String>,
    /// Draw with ASCII characters only
    #[arg(long)]
    ascii: bool,
    /// Leave the mouse to the terminal
    #[arg(long)]
    no_mouse: bool,
    /// Say everything in lines, for screen readers and slow links: nothing is drawn
    #[arg(long)]
    linear: bool,
    #[command(subcommand)]
    task: Option<Task>,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Print what arrives, without a screen
    Tail(TailFlags),
    /// Play a recording, or a transcript of its format, into the screen; pauses of more than 5 s count as 5 s
    Replay {
        /// The recording
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// How many times faster than it was, above 0; `max` leaves no pauses
        #[arg(long, value_name = "X", default_value = "1", value_parser = Speed::from_str)]
        speed: Speed,
    },
    /// Tell what works between here and the server, what does not, and what to do
    Doctor(DoctorFlags),
    /// Sign in to a server with the browser, or by pasting the code that it shows
    Login {
        /// The server, as in mastodon.example; an address or an account there will do
        #[arg(value_name = "INSTANCE")]
        instance: String,
        /// Ask for permission to read alone; read positions then stay on this machine
        #[arg(long)]
        read_only: bool,
    },
    /// Sign out: revoke the token on the server and remove it from this machine
    Logout {
        /// The account, as in me@mastodon.example; without it the default one
        #[arg(value_name = "NAME")]
        name: Option<String>,
    },
    /// List the saved accounts; the default one is marked
    Accounts {
        #[command(subcommand)]
        task: Option<AccountsTask>,
    },
    /// Show where the configuration is, what holds, and what is wrong in it
    Config {
        #[command(subcommand)]
        what: ConfigTask,
    },
    /// Run the built-in server by itself; its first line is its address
    DemoServer {
        /// The port on 127.0.0.1; 0 takes any free one
        #[arg(long, value_name = "N", default_value_t = 0)]
        port: u16,
    },
    /// Print completions for a shell, to be put where it looks for them
    Completions {
        /// The shell
        #[arg(value_name = "SHELL")]
        shell: Shell,
    },
    /// Print the manual page, as in: trunkline man | man -l -
    Man,
    #[command(external_subcommand)]
    Other(Vec<OsString>),
}

#[derive(Debug, Subcommand)]
enum AccountsTask {
    /// Make an account the default one
    Default {
        /// The account, as in me@mastodon.example
        #[arg(value_name = "NAME")]
        name: String,
    },
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum ConfigTask {
    /// Print the file's path, whether it is there or not
    Path,
    /// Print every setting as it holds, with where it comes from; the output can be used as a file
    Show,
    /// Print every mistake and every key that means nothing, a line each; exits with 1 when there is one
    Check,
}

#[derive(Debug, Args)]
struct DoctorFlags {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Try this stream, instead of the configured ones; may be given several times
    #[arg(short = 's', long = "stream", value_name = "SPEC")]
    streams: Vec<String>,
}

#[derive(Debug, Args)]
struct TailFlags {
    /// The streams, as in home, local, '#rust'
    #[arg(value_name = "SPEC", required = true)]
    specs: Vec<String>,
    /// One JSON object a line
    #[arg(long, conflicts_with = "quiet")]
    json: bool,
    /// Print no events
    #[arg(long)]
    quiet: bool,
    /// End when the text or content warning of a post matches
    #[arg(long, value_name = "REGEX", value_parser = pattern)]
    until: Option<regex::Regex>,
    /// End after N events
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// Print a line of figures to stderr at the end
    #[arg(long)]
    stats: bool,
}

fn pattern(raw: &str) -> Result<regex::Regex, String> {
    regex::Regex::new(raw).map_err(|error| error.to_string().lines().last().unwrap_or("not a regular expression").trim().to_owned())
}

/// Why the program ends without having done what was asked.
#[derive(Debug)]
enum Stop {
    /// Exit code 2.
    Usage(String),
    /// Exit code 2: no server is named and no account is saved.
    NoAccount,
    /// Exit code 1.
    Failed(String),
    /// Exit code 1; it has been said already.
    Said,
}

impl Stop {
    fn failed(error: impl std::fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }

    fn usage(error: impl std::fmt::Display) -> Self {
        Self::Usage(error.to_string())
    }
}

/// Which server and account the flags name.
#[derive(Debug, Default)]
struct Chosen {
    demo: bool,
    server: Option<String>,
    account: Option<String>,
}

impl Chosen {
    fn names_server(&self) -> bool {
        self.demo || self.server.is_some()
    }
}

/// Where the streams come from.
#[derive(Debug)]
enum Source {
    Demo,
    Server(Access),
    Replay(Box<Tape>, Speed),
}

/// Runs the program with these arguments, the first of which is its own name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let flags = match Flags::try_parse_from(arguments) {
        Ok(flags) => flags,
        Err(error) => {
            // Help and version are no errors and go to stdout. A closed pipe is nobody's fault.
            drop(error.print());
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    // Fails where one is installed already, which is as good.
    drop(rustls::crypto::ring::default_provider().install_default());
    let folder = if flags.demo { None } else { logging::folder() };
    runtime::install_panic_hook(folder);
    // A panic has been reported by the hook; what is left is to end.
    let outcome = catch_unwind(AssertUnwindSafe(|| start(flags))).unwrap_or(Err(Stop::Said));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Stop::Said) => ExitCode::FAILURE,
        Err(Stop::Failed(words)) => {
            say(&words);
            ExitCode::FAILURE
        }
        Err(Stop::Usage(words)) => {
            say(&words);
            ExitCode::from(2)
        }
        Err(Stop::NoAccount) => {
            say(NO_ACCOUNT);
            ExitCode::from(2)
        }
    }
}

/// Says something on stderr, which may have gone. Several lines stand for themselves.
fn say(words: &str) {
    let words = Plain::lines(words);
    let words = words.as_str().trim_end();
    let name = if words.contains('\n') { "" } else { "trunkline: " };
    drop(writeln!(io::stderr(), "{name}{words}"));
}

fn start(flags: Flags) -> Result<(), Stop> {
    let Flags { demo, server, account, record, streams, ascii, no_mouse, linear, task } = flags;
    if demo && server.is_some() {
        return Err(Stop::usage("--demo and --server exclude each other: the demo is a server of its own"));
    }
    if account.is_some() && (demo || server.is_some()) {
        return Err(Stop::usage("--account names a saved account, which has its own server: leave --demo and --server out"));
    }
    if account.is_some() && !matches!(task, None | Some(Task::Tail(_) | Task::Doctor(_) | Task::Other(_))) {
        return Err(Stop::usage("--account is for the screen, `tail` and `doctor`; `logout` takes the account after the word"));
    }
    let chosen = Chosen { demo, server, account };
    let asks_a_server =
        matches!(task, None | Some(Task::Tail(_) | Task::Doctor(_) | Task::Login { .. } | Task::Logout { .. } | Task::Accounts { .. }));
    if asks_a_server && !demo {
        trust_own_authorities()?;
    }
    let is_demo = demo;
    let overrides = Overrides { tabs: parse_specs(&streams)?, ascii: ascii_wanted(ascii), no_mouse, linear };
    match task {
        Some(Task::Other(words)) => Err(unknown(&words)),
        Some(Task::Login { .. } | Task::Logout { .. } | Task::Accounts { .. })
            if chosen.names_server() || record.is_some() || !streams.is_empty() =>
        {
            Err(Stop::usage("this is about saved accounts: leave --demo, --server, --record and -s out"))
        }
        Some(Task::Login { instance, read_only }) => block_on(sign_in(&instance, read_only)),
        Some(Task::Logout { name }) => block_on(sign_out(name.as_deref())),
        Some(Task::Accounts { task: None }) => list_accounts(),
        Some(Task::Accounts { task: Some(AccountsTask::Default { name }) }) => block_on(set_default(&name)),
        Some(Task::DemoServer { .. } | Task::Tail(_)) if !streams.is_empty() => {
            Err(Stop::usage("-s is for the screen; `tail` takes its streams after the word, as in: trunkline tail home '#rust'"))
        }
        Some(Task::DemoServer { .. } | Task::Replay { .. } | Task::Doctor(_) | Task::Config { .. }) if record.is_some() => {
            Err(Stop::usage("--record is for the screen and for `tail`"))
        }
        Some(Task::Replay { .. }) if chosen.names_server() => Err(Stop::usage("`replay` asks no server: leave --demo and --server out")),
        Some(Task::Config { .. }) if chosen.names_server() => Err(Stop::usage(
            "`config` is about the file, which the demo does not read and no server changes: leave --demo and --server out",
        )),
        Some(Task::Completions { shell }) => print_whole(&completions(shell)),
        Some(Task::Man) => print_whole(&manual().map_err(Stop::failed)?),
        Some(Task::Config { what }) => tell_config(what, &overrides),
        Some(Task::DemoServer { port }) => block_on(serve_demo(port)),
        Some(Task::Replay { file, speed }) => {
            let tape = Tape::load(&file).map_err(Stop::failed)?;
            can_show(linear)?;
            block_on(show(Source::Replay(Box::new(tape), speed).into(), overrides, None)).map(drop)
        }
        Some(Task::Tail(tail)) => {
            let specs = parse_specs(&tail.specs)?;
            let source = source(chosen)?.said();
            block_on_one(print_events(tail, specs, source, record.as_deref()))
        }
        Some(Task::Doctor(doctor)) => {
            let mut overrides = overrides;
            overrides.tabs.extend(parse_specs(&doctor.streams)?);
            let source = source(chosen)?.said();
            block_on(examine(doctor.json, overrides, source))
        }
        None => {
            let found = match source(chosen) {
                Err(Stop::NoAccount) if is_conversation() => match block_on(offer())? {
                    Some(found) => found,
                    None => return Ok(()),
                },
                other => other?,
            };
            can_show(linear || (!is_demo && read_config().is_ok_and(|config| config.linear)))?;
            match block_on(show(found, overrides, record.as_deref()))? {
                Some(name) => go_on_with(&name),
                None => Ok(()),
            }
        }
    }
}

fn unknown(words: &[OsString]) -> Stop {
    let word = words.first().map(|word| Plain::line(&word.to_string_lossy())).unwrap_or_default();
    let hint = match word.as_str().parse::<Spec>() {
        Ok(_) => format!("; a stream is opened with -s {word}"),
        Err(_) => "; see trunkline --help".to_owned(),
    };
    Stop::usage(format!("there is no subcommand `{word}`{hint}"))
}

fn parse_specs(raw: &[String]) -> Result<Vec<Spec>, Stop> {
    raw.iter().map(|raw| raw.parse().map_err(Stop::usage)).collect()
}

/// A variable of the environment that says something.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

/// A source, and what there is to tell about how it was found.
struct Found {
    source: Source,
    notices: Vec<String>,
    /// The names of the saved accounts and the place of this one among them, where it is one of them.
    accounts: (Vec<String>, Option<usize>),
    /// Whether the account's token may tell the server up to where was read.
    markers: bool,
}

impl Found {
    /// The source, after everything has been told: for what has no screen.
    fn said(self) -> Source {
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
fn source(chosen: Chosen) -> Result<Found, Stop> {
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
async fn open_account(account: &SavedAccount, accounts: &mut Accounts) -> Result<Found, Stop> {
    let token = accounts.token(account).await.map_err(Stop::failed)?;
    let source = Source::Server(Access { server: account.server.clone(), token });
    let names: Vec<String> = accounts.list().map_err(Stop::failed)?.0.into_iter().map(|account| account.name).collect();
    let here = names.iter().position(|name| *name == account.name);
    Ok(Found { source, notices: accounts.notices(), accounts: (names, here), markers: account.can("write:statuses") })
}

/// The saved accounts of this user, as the configuration has them kept.
fn open_accounts() -> Result<Accounts, Stop> {
    let folder = accounts::folder().ok_or(AccountsError::NoHome).map_err(Stop::failed)?;
    Ok(Accounts::new(folder, read_config()?.credentials))
}

/// Tells something of a conversation on stdout, which may have gone.
fn tell(words: &str) {
    drop(writeln!(io::stdout(), "{}", Plain::lines(words)).and_then(|()| io::stdout().flush()));
}

async fn sign_in(instance: &str, read_only: bool) -> Result<(), Stop> {
    let mut accounts = open_accounts()?;
    let _log = open_log_or_say();
    let mut lines = Lines::open().map_err(Stop::failed)?;
    let account = login::sign_in(wish(instance, read_only), &mut accounts, &mut lines, &mut tell).await.map_err(not_signed_in)?;
    let (_, default) = accounts.list().map_err(Stop::failed)?;
    let name = account.name;
    if default.as_ref() == Some(&name) {
        tell("Start with: trunkline");
    } else {
        tell(&format!("Start with: trunkline --account {name}   (or make it the default: trunkline accounts default {name})"));
    }
    Ok(())
}

async fn sign_out(name: Option<&str>) -> Result<(), Stop> {
    let mut accounts = open_accounts()?;
    let _log = open_log_or_say();
    login::sign_out(name, &mut accounts, &mut tell).await.map_err(not_signed_in)
}

fn list_accounts() -> Result<(), Stop> {
    let mut accounts = open_accounts()?;
    let (saved, default) = accounts.list().map_err(Stop::failed)?;
    for notice in accounts.notices() {
        say(&notice);
    }
    if saved.is_empty() {
        return print_wanted("No account is saved: sign in with trunkline login INSTANCE\n");
    }
    let mut list = String::new();
    let width = saved.iter().map(|account| account.name.chars().count()).max().unwrap_or_default();
    for account in saved {
        let mark = if default.as_ref() == Some(&account.name) { '*' } else { ' ' };
        let date = account.signed_in.strftime("%Y-%m-%d");
        let line = format!("{mark} {:<width$}  since {date}  {}", account.name, account.scopes.join(" "));
        list.push_str(Plain::lines(&line).as_str());
        list.push('\n');
    }
    print_wanted(&list)
}

async fn set_default(name: &str) -> Result<(), Stop> {
    let name = open_accounts()?.set_default(name).await.map_err(|error| not_signed_in(error.into()))?;
    tell(&format!("{name} is the default account now."));
    Ok(())
}

/// Whether somebody can be asked something.
fn is_conversation() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// What there is to do without an account; `None` where the reader wants nothing. A sign-in that fails leads back here.
async fn offer() -> Result<Option<Found>, Stop> {
    let mut lines = Lines::open().map_err(Stop::failed)?;
    ask(OFFER);
    loop {
        ask("Your choice: ");
        let Some(choice) = lines.next().await else { return Ok(None) };
        let instance = match choice.to_lowercase().as_str() {
            "q" | "quit" => return Ok(None),
            "d" | "demo" => return Ok(Some(Source::Demo.into())),
            "s" | "sign in" => {
                ask("Your server, as in mastodon.social: ");
                match lines.next().await {
                    Some(instance) if instance.is_empty() => continue,
                    Some(instance) => instance,
                    None => return Ok(None),
                }
            }
            // Whoever names a server wants to sign in to it.
            other if other.contains(['.', '@']) => choice,
            _ => {
                ask("Type s, d or q, or the name of a server.\n");
                continue;
            }
        };
        let mut accounts = open_accounts()?;
        match login::sign_in(wish(&instance, false), &mut accounts, &mut lines, &mut tell).await {
            Ok(account) => return open_account(&account, &mut accounts).await.map(Some),
            Err(error) => say(&error.to_string()),
        }
    }
}

/// Asks something at the terminal; the answer is typed behind it.
fn ask(words: &str) {
    drop(write!(io::stdout(), "{words}").and_then(|()| io::stdout().flush()));
}

fn wish(instance: &str, read_only: bool) -> Wish<'_> {
    Wish { instance, read_only, now: Clocks::read().wall }
}

/// What was typed wrongly is wrong usage; the rest has failed.
fn not_signed_in(error: LoginError) -> Stop {
    match &error {
        LoginError::SignIn(SignInError::Server(server)) if !matches!(server, mastodon::Error::Setup(_)) => Stop::usage(error),
        LoginError::Accounts(AccountsError::Empty | AccountsError::Unknown { .. } | AccountsError::Ambiguous { .. }) => Stop::usage(error),
        LoginError::SignIn(_) | LoginError::Accounts(_) | LoginError::TooLate | LoginError::NoWay(_) => Stop::failed(error),
    }
}

fn block_on<T>(task: impl Future<Output = Result<T, Stop>>) -> Result<T, Stop> {
    // One worker for the trunk and what is asked, beside the loop on this thread: an event is then always made in the same
    // place, where the allocator finds room again. With two workers each kept a heap of its own for a whole burst.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().map_err(Stop::failed)?;
    finish(runtime, task)
}

/// The same on one thread, for what nobody looks at: handing each event to another costs about as much as reading it.
fn block_on_one<T>(task: impl Future<Output = Result<T, Stop>>) -> Result<T, Stop> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Stop::failed)?;
    finish(runtime, task)
}

fn finish<T>(runtime: tokio::runtime::Runtime, task: impl Future<Output = Result<T, Stop>>) -> Result<T, Stop> {
    let outcome = runtime.block_on(task);
    // Not by dropping it, which waits for threads that may be blocked on a pipe or a name server.
    runtime.shutdown_timeout(ENDING);
    outcome
}

/// A server of our own, where one is asked for, and the client for it or for the real one. `tell` is for what happens
/// later and the reader should know.
async fn connect(
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
async fn access(
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
fn begin_recording(path: Option<&Path>, trouble: impl FnOnce(String) + Send + 'static) -> Result<Option<Recording>, Stop> {
    path.map(|path| Recording::begin(path, trouble)).transpose().map_err(Stop::failed)
}

fn end_recording(recording: Option<Recording>) {
    for words in recording.map(Recording::finish).unwrap_or_default() {
        say(&words);
    }
}

async fn start_demo(port: u16, shutdown: &CancellationToken) -> Result<demo::Server, Stop> {
    let failed = |error| Stop::Failed(format!("the demo server cannot use port {port} of 127.0.0.1: {error}"));
    let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(failed)?;
    demo::Server::start(listener, demo::Options::default(), shutdown.clone()).await.map_err(Stop::failed)
}

async fn serve_demo(port: u16) -> Result<(), Stop> {
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

fn open_log(source: &Source) -> (Option<Logging>, Option<String>) {
    if matches!(source, Source::Demo | Source::Replay(..)) {
        return (None, None);
    }
    match logging::open(variable("TRUNKLINE_LOG").as_deref()) {
        Ok(log) => (Some(log), None),
        Err(error) => (None, Some(error.to_string())),
    }
}

fn open_log_or_say() -> Option<Logging> {
    match logging::open(variable("TRUNKLINE_LOG").as_deref()) {
        Ok(log) => Some(log),
        Err(error) => {
            say(&error.to_string());
            None
        }
    }
}

async fn print_events(flags: TailFlags, specs: Vec<Spec>, source: Source, record: Option<&Path>) -> Result<(), Stop> {
    let (_log, notice) = open_log(&source);
    if let Some(notice) = notice {
        say(&notice);
    }
    let (sender, mut signals) = Signals::listen_without_a_screen().map_err(Stop::failed)?;
    runtime::watch_output(sender).map_err(Stop::failed)?;
    let shutdown = CancellationToken::new();
    let recording = begin_recording(record, |words| say(&words))?;
    // Nothing is told later but by a replay, which has a screen.
    let (tell, _) = mpsc::unbounded_channel();
    let (_server, client) = connect(source, recording.as_ref().map(Recording::recorder), tell, &shutdown).await?;
    let form = match (flags.json, flags.quiet) {
        (true, _) => tail::Form::Json,
        (false, true) => tail::Form::Nothing,
        (false, false) => tail::Form::Words,
    };
    let options = tail::Options { form, until: flags.until, count: flags.count, stats: flags.stats };
    let mut panicked = false;
    let (continued, continuations) = watch::channel(0);
    let stop = async {
        loop {
            let signal = signals.next().await;
            if signal != Signal::Continued {
                break panicked = signal == Signal::Panicked;
            }
            continued.send_modify(|count| *count += 1);
        }
    };
    let out = runtime::output().map_err(Stop::failed)?;
    let outcome = tail::run(client, &specs, &options, out, &mut say, continuations, stop).await;
    shutdown.cancel();
    end_recording(recording);
    if panicked {
        return Err(Stop::Said);
    }
    let stats = outcome.map_err(|error| match error {
        tail::Error::Spec(error) => Stop::usage(error),
        tail::Error::Lists(_)
        | tail::Error::SignedOut(_)
        | tail::Error::Unusable(_)
        | tail::Error::AllRefused(_)
        | tail::Error::Output(_)
        | tail::Error::Broken => Stop::failed(error),
    })?;
    if flags.stats {
        drop(writeln!(io::stderr(), "{}", stats.line()));
    }
    Ok(())
}

async fn examine(json: bool, overrides: Overrides, source: Source) -> Result<(), Stop> {
    let is_demo = matches!(source, Source::Demo);
    let (mut config, read) = match settings(&source) {
        Ok((config, notices)) => (config, Ok(notices)),
        Err(error) => (Config::default(), Err(error)),
    };
    overrides.apply(&mut config);
    let read = config_file(&source).map(|(path, _)| (path, read));
    let (_log, log) = if is_demo {
        (None, None)
    } else {
        match logging::open(variable("TRUNKLINE_LOG").as_deref()) {
            Ok(log) => (Some(log), Some((logging::folder(), Ok(())))),
            Err(error) => (None, Some((logging::folder(), Err(error)))),
        }
    };
    let shutdown = CancellationToken::new();
    let (tell, _told) = mpsc::unbounded_channel();
    let (_server, access) = access(source, tell, &shutdown).await?;
    let checkup = Checkup {
        config: read,
        log,
        client: Client::new(access),
        specs: config.tabs,
        terminal: Terminal::look(config.ascii, config.mouse),
    };
    let report = doctor::run(checkup).await;
    shutdown.cancel();
    let text = if json { report.json() } else { report.text(overrides.ascii.is_some()) };
    // Whoever closed the pipe learns it from the exit code.
    print_wanted(&text)?;
    if report.ok { Ok(()) } else { Err(Stop::Said) }
}

/// Completions for a shell.
fn completions(shell: Shell) -> Vec<u8> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Flags::command(), "trunkline", &mut text);
    text
}

/// The manual page, with a section for each subcommand.
fn manual() -> io::Result<Vec<u8>> {
    let command = Flags::command().version(env!("CARGO_PKG_VERSION"));
    let mut text = Vec::new();
    let page = clap_mangen::Man::new(command.clone());
    page.render_title(&mut text)?;
    page.render_name_section(&mut text)?;
    page.render_synopsis_section(&mut text)?;
    page.render_options_section(&mut text)?;
    for part in command.get_subcommands() {
        let name = part.get_name();
        writeln!(text, ".SH {}\n{}", roff(&name.to_uppercase()), roff(&part.get_about().map(ToString::to_string).unwrap_or_default()))?;
        let inside = clap_mangen::Man::new(part.clone().bin_name(format!("trunkline {name}")));
        let mut own = Vec::new();
        inside.render_synopsis_section(&mut own)?;
        inside.render_options_section(&mut own)?;
        // Its headings stand one step lower here.
        text.write_all(String::from_utf8_lossy(&own).replace("\n.SH ", "\n.SS ").as_bytes())?;
        for task in part.get_subcommands() {
            let about = task.get_about().map(ToString::to_string).unwrap_or_default();
            writeln!(text, ".TP\n\\fBtrunkline {name} {}\\fR\n{}", roff(task.get_name()), roff(&about))?;
        }
    }
    writeln!(text, ".SH NOTES\n.nf")?;
    for line in EXAMPLES.lines() {
        writeln!(text, "{}", roff(line))?;
    }
    writeln!(text, ".fi")?;
    Ok(text)
}

/// A line of text as the manual's language writes it.
fn roff(line: &str) -> String {
    let escaped = line.replace('\\', "\\e").replace('-', "\\-");
    if escaped.starts_with(['.', '\'']) { format!("\\&{escaped}") } else { escaped }
}

/// Prints what is of use only as a whole.
fn print_whole(text: &[u8]) -> Result<(), Stop> {
    write_out(text).map_err(|error| unprinted(&error))
}

fn write_out(text: &[u8]) -> io::Result<()> {
    io::stdout().write_all(text).and_then(|()| io::stdout().flush())
}

fn unprinted(error: &io::Error) -> Stop {
    Stop::failed(format!("cannot be printed: {error}"))
}

/// Prints what may be read in part: whoever closed the pipe does not want to know more, and nothing else may swallow it.
fn print_wanted(text: &str) -> Result<(), Stop> {
    match write_out(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(unprinted(&error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Tells about the configuration file on standard output.
fn tell_config(what: ConfigTask, overrides: &Overrides) -> Result<(), Stop> {
    let Some((path, is_named)) = named_config_file() else {
        return Err(Stop::failed("there is no home folder to look for a configuration in; TRUNKLINE_CONFIG can name a file"));
    };
    let file = path.display();
    let print = |text: &str| print_wanted(Plain::lines(text).as_str());
    let is_missing = !path.exists();
    if is_missing && is_named && !matches!(what, ConfigTask::Path) {
        return Err(Stop::failed(format!("TRUNKLINE_CONFIG names {file}, which is not there")));
    }
    match what {
        ConfigTask::Path => print(&format!("{file}\n"))?,
        ConfigTask::Show => {
            let mut reading = Config::load(&path).map_err(Stop::failed)?;
            overrides.apply(&mut reading.config);
            let origin = |key: &str| match (overrides.origin(key), reading.set.get(key)) {
                (Some(who), _) => who.to_owned(),
                (None, Some(place)) => format!("line {}", place.line),
                (None, None) => config::DEFAULT.to_owned(),
            };
            let about = if is_missing { " is not there" } else { "" };
            print(&format!("# {file}{about}\n{}", reading.config.show(origin)))?;
            for notice in reading.notices() {
                say(&notice);
            }
        }
        ConfigTask::Check => {
            let mistakes = match Config::load(&path) {
                Ok(reading) => reading.warnings,
                Err(ConfigError::Wrong(mistakes)) => mistakes,
                Err(error @ ConfigError::Unreadable { .. }) => return Err(Stop::failed(error)),
            };
            if mistakes.is_empty() {
                let words = if is_missing { "is not there: the defaults hold" } else { "has no mistakes" };
                return print(&format!("{file} {words}\n"));
            }
            let count = mistakes.len();
            print(&(ConfigError::Wrong(mistakes).to_string() + "\n"))?;
            let mistakes = if count == 1 { "mistake" } else { "mistakes" };
            return Err(Stop::failed(format!("{count} {mistakes} in {file}; the file is never changed by Trunkline: correct it there")));
        }
    }
    Ok(())
}

/// Runs the screen to its end; gives the account that the reader wishes to go on with, if any.
async fn show(found: Found, overrides: Overrides, record: Option<&Path>) -> Result<Option<String>, Stop> {
    let Found { source, notices: told_before, accounts: (names, here), markers } = found;
    let (mut config, mut notices) = settings(&source).map_err(Stop::failed)?;
    notices.extend(told_before);
    // Tabs that were asked for by hand are for this run.
    let account = here.and_then(|place| names.get(place)).filter(|_| overrides.tabs.is_empty());
    let memory = account.zip(logging::folder()).map(|(account, folder)| {
        let configured = Configured {
            tabs: config.tabs.clone(),
            filters: config.filters.clone(),
            theme: config.theme.clone(),
            reader: config.reader,
            columns: config.columns,
        };
        let (keeper, memory) = Keeper::open(&folder.join("accounts"), account, configured.clone(), &mut notices);
        if let Some(tabs) = memory.as_ref().and_then(|memory| memory.tabs(&configured)) {
            config.tabs = tabs;
        }
        if let Some(theme) = memory.as_ref().and_then(|memory| memory.theme(&configured)) {
            theme.clone_into(&mut config.theme);
        }
        if let Some(reader) = memory.as_ref().and_then(|memory| memory.reader(&configured)) {
            config.reader = reader;
        }
        if let Some(columns) = memory.as_ref().and_then(|memory| memory.columns(&configured)) {
            config.columns = columns;
        }
        (keeper, memory)
    });
    overrides.apply(&mut config);
    let is_demo = matches!(source, Source::Demo);
    // What is replayed has been; nobody is asked for its images now.
    let is_replay = matches!(source, Source::Replay(..));
    let held = config_file(&source).map(|(file, _)| Held { file, overrides, config: config.clone() });
    let (_log, notice) = open_log(&source);
    notices.extend(notice);
    let shutdown = CancellationToken::new();
    let (tell, told) = mpsc::unbounded_channel();
    let trouble = tell.clone();
    let recording = begin_recording(record, move |words| drop(trouble.send(words)))?;
    let (_server, client) = connect(source, recording.as_ref().map(Recording::recorder), tell, &shutdown).await?;
    let (sender, signals) = Signals::listen().map_err(Stop::failed)?;
    runtime::watch_terminal(sender).map_err(Stop::failed)?;
    let only_ascii = locale_is_ascii();
    if only_ascii {
        notices.push("the locale is not UTF-8, so other letters than those of ASCII read as ?; LC_ALL=C.UTF-8 shows them".to_owned());
    }
    let theme = Theme::on(depth(), config.ascii, TimeZone::system());
    let settings = Settings::from(&config);
    let facts = Terminal::look(config.ascii, config.mouse).facts();
    let linear = config.linear;
    let studio = if config.ascii || linear || is_replay { None } else { studio(&client, &config, is_demo) };
    let asked = studio.is_some() && config.media == MediaMode::Auto && depth() != Depth::None && answers_questions();
    let (mouse, hyperlinks, specs) = (config.mouse, config.hyperlinks, config.tabs);
    let setup = Setup { settings, specs, theme, client, notices, memory, markers };
    let accounts = (names.iter().map(|name| Plain::line(name)).collect(), here);
    let about = About { held, told, facts, studio, accounts };
    let outcome = if linear {
        let screen = LineScreen::enter(only_ascii, TimeZone::system()).map_err(Stop::failed)?;
        run_on(screen, setup, signals, about).await?
    } else {
        let screen = TerminalScreen::enter(mouse, only_ascii, asked).map_err(Stop::failed)?.with_hyperlinks(hyperlinks);
        run_on(screen, setup, signals, about).await?
    };
    shutdown.cancel();
    end_recording(recording);
    match outcome {
        Outcome::Quit => Ok(None),
        Outcome::Switch(place) => Ok(names.into_iter().nth(place)),
        Outcome::Gone => Err(Stop::failed("the terminal has gone")),
        Outcome::Panicked => Err(Stop::Said),
    }
}

/// Who makes pictures, where any are drawn. A demo leaves nothing on the disk.
fn studio(client: &Client, config: &Config, demo: bool) -> Option<Studio> {
    #[cfg(feature = "images")]
    {
        let bytes = u64::from(config.media_cache_mb) * 1024 * 1024;
        let disk = if demo || bytes == 0 { None } else { Disk::usual(bytes) };
        let files = Files::new(client.server().clone()).inspect_err(|error| tracing::warn!(%error, "no images are fetched")).ok()?;
        Some(Studio::new(files, disk))
    }
    #[cfg(not(feature = "images"))]
    {
        let (_, _, _) = (client, config, demo);
        None
    }
}

/// Whether the terminal skips questions that it does not know.
fn answers_questions() -> bool {
    !matches!(variable("TERM").as_deref(), None | Some("" | "dumb" | "linux" | "cygwin"))
}

/// Whether the environment names a terminal that takes `iTerm2`'s inline images, which cannot be asked for.
fn takes_inline() -> bool {
    variable("TERM_PROGRAM").is_some_and(|name| matches!(name.as_str(), "iTerm.app" | "mintty"))
}

/// What a run is told beside what it is made of.
struct About {
    held: Option<Held>,
    told: mpsc::UnboundedReceiver<String>,
    facts: Vec<String>,
    studio: Option<Studio>,
    accounts: (Vec<Plain>, Option<usize>),
}

/// Runs the program on a screen that has been entered.
async fn run_on<S: Screen>(screen: S, setup: Setup, signals: Signals, about: About) -> Result<Outcome, Stop> {
    let About { held, told, facts, studio, accounts: (names, here) } = about;
    // Once the terminal is raw.
    let keys = TerminalKeys::new().map_err(Stop::failed)?;
    let app = App::new(setup, screen, keys, signals).with_config(held).with_notices(told).with_terminal(&facts);
    let app = app.with_pictures(studio, takes_inline()).with_accounts(names, here);
    Ok(Box::pin(run_to_end(app)).await)
}

/// Whether there is a terminal that can show a screen, or at least print lines.
fn can_show(linear: bool) -> Result<(), Stop> {
    if linear { runtime::is_terminal() } else { runtime::probe() }.map_err(Stop::failed)
}

/// Begins again as if started with this account, in place of this process where the system can do that.
fn go_on_with(name: &str) -> Result<(), Stop> {
    let failed = |error: io::Error| Stop::Failed(format!("cannot go on with {name} ({error}): start with trunkline --account {name}"));
    let mut command = std::process::Command::new(std::env::current_exe().map_err(failed)?);
    command.args(with_account(std::env::args_os().skip(1), name));
    #[cfg(unix)]
    return Err(failed(std::os::unix::process::CommandExt::exec(&mut command)));
    #[cfg(not(unix))]
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(Stop::Said),
        Err(error) => Err(failed(error)),
    }
}

/// The arguments of a run with another account: without another server, and without the recording of this run.
fn with_account(arguments: impl Iterator<Item = OsString>, name: &str) -> Vec<OsString> {
    let mut kept: Vec<OsString> = vec!["--account".into(), name.into()];
    let mut is_value = false;
    for argument in arguments {
        if std::mem::take(&mut is_value) {
            continue;
        }
        let text = argument.to_string_lossy();
        let (flag, value) = text.split_once('=').map_or((&*text, None), |(flag, value)| (flag, Some(value)));
        if matches!(flag, "--account" | "--server" | "--record") {
            is_value = value.is_none();
        } else {
            kept.push(argument);
        }
    }
    kept
}

async fn run_to_end<S: Screen>(app: App<S, TerminalKeys>) -> Outcome {
    #[cfg(debug_assertions)]
    return tokio::select! {
        outcome = app.run() => outcome,
        never = panic_for_tests() => match never {},
    };
    #[cfg(not(debug_assertions))]
    app.run().await
}

/// Panics where a test of the binary asks for it: in the task that draws, or in one beside it. Not in release builds.
#[cfg(debug_assertions)]
async fn panic_for_tests() -> std::convert::Infallible {
    let panic = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        panic!("asked for by a test");
    };
    match variable("TRUNKLINE_TEST_PANIC").as_deref() {
        Some("loop") => panic.await,
        Some("task") => drop(tokio::spawn(panic)),
        Some("thread") => drop(std::thread::spawn(|| panic!("asked for by a test"))),
        Some(_) | None => {}
    }
    std::future::pending().await
}

/// Trusts the authorities that the file names. What else is wrong in it is told by those who need it.
fn trust_own_authorities() -> Result<(), Stop> {
    let Some((config, _)) = named_config_file() else { return Ok(()) };
    let Ok(Reading { config: Config { ca_file, .. }, .. }) = Config::load(&config) else { return Ok(()) };
    if ca_file.is_empty() {
        return Ok(());
    }
    let path = config.parent().map_or_else(|| PathBuf::from(&ca_file), |folder| folder.join(&ca_file));
    let wrong = |what: &dyn std::fmt::Display| Stop::Failed(format!("`ca_file`: {}: {what}", path.display()));
    let mut pem = Vec::new();
    let file = std::fs::File::open(&path).map_err(|error| wrong(&error))?;
    file.take(CA_FILE_MOST + 1).read_to_end(&mut pem).map_err(|error| wrong(&error))?;
    if u64::try_from(pem.len()).is_ok_and(|length| length > CA_FILE_MOST) {
        return Err(wrong(&"it is longer than 1 MiB: it must hold the certificates of the authorities alone"));
    }
    mastodon::trust(&pem).map_err(|what| wrong(&what))
}

/// What the file says beside this run's screen; mistakes end what needs it.
fn read_config() -> Result<Config, Stop> {
    match named_config_file() {
        Some((path, _)) => Ok(Config::load(&path).map_err(Stop::failed)?.config),
        None => Ok(Config::default()),
    }
}

/// The file of settings of this run, and whether it was named; `None` where there is none.
fn config_file(source: &Source) -> Option<(PathBuf, bool)> {
    if matches!(source, Source::Demo | Source::Replay(..)) {
        return None;
    }
    named_config_file()
}

fn named_config_file() -> Option<(PathBuf, bool)> {
    let named = std::env::var_os("TRUNKLINE_CONFIG").filter(|path| !path.is_empty()).map(|path| (PathBuf::from(path), true));
    named.or_else(|| config::default_path().map(|path| (path, false)))
}

/// The settings of this run and what there is to tell about the file.
fn settings(source: &Source) -> Result<(Config, Vec<String>), ConfigError> {
    if let Source::Replay(tape, _) = source {
        let mut notices = vec!["a recording: nothing here is live".to_owned()];
        if tape.is_truncated() {
            notices.push("the recording breaks off in its last line, which is left out".to_owned());
        }
        let tabs = tape.streams().iter().map(Stream::spec).collect();
        return Ok((Config { tabs, ..Config::default() }, notices));
    }
    let Some((path, is_named)) = config_file(source) else {
        let tabs = if matches!(source, Source::Demo) { demo_streams() } else { Config::default().tabs };
        return Ok((Config { tabs, ..Config::default() }, Vec::new()));
    };
    let reading = Config::load(&path)?;
    let mut notices = reading.notices();
    if is_named && !path.exists() {
        notices.push(format!("TRUNKLINE_CONFIG names {}, which is not there", path.display()));
    }
    Ok((reading.config, notices))
}

fn demo_streams() -> Vec<Spec> {
    DEMO_STREAMS.iter().filter_map(|spec| spec.parse().ok()).collect()
}

/// How many colours the terminal shows, by what the environment says.
fn depth() -> Depth {
    Depth::told(variable("NO_COLOR").as_deref(), variable("COLORTERM").as_deref(), variable("TERM").as_deref())
}

/// Who wants glyphs of ASCII only, if anybody does.
fn ascii_wanted(flag: bool) -> Option<&'static str> {
    if flag { Some("--ascii") } else { locale_is_ascii().then_some("the locale, which is not UTF-8") }
}

/// Whether the locale says that the terminal knows nothing but ASCII. One that says nothing is taken for a modern one.
fn locale_is_ascii() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| variable(name)).unwrap_or_default().to_ascii_lowercase();
    !locale.is_empty() && !locale.contains("utf-8") && !locale.contains("utf8")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(arguments: &[&str]) -> Result<Flags, clap::Error> {
        Flags::try_parse_from(std::iter::once(&"trunkline").chain(arguments))
    }

    fn refused(arguments: &[&str]) -> String {
        match start(flags(arguments).unwrap()) {
            Err(Stop::Usage(words)) => words,
            other => panic!("{arguments:?}: {other:?}"),
        }
    }

    #[test]
    fn the_flags_are_consistent_and_global_ones_stand_on_either_side() {
        Flags::command().debug_assert();
        for arguments in [&["--demo", "tail", "home"], &["tail", "--demo", "home"], &["tail", "home", "--demo"]] {
            let flags = flags(arguments).unwrap();
            assert!(flags.demo && matches!(flags.task, Some(Task::Tail(_))), "{arguments:?}");
        }
        let before = flags(&["--server", "https://a.example", "tail", "home"]).unwrap();
        assert_eq!(before.server.as_deref(), Some("https://a.example"));
    }

    #[test]
    fn the_streams_of_the_demo_are_streams() {
        assert_eq!(demo_streams().len(), DEMO_STREAMS.len());
    }

    #[test]
    fn another_account_is_gone_on_with_as_this_one_was_begun() {
        let before = ["--record", "a.ndjson", "-s", "home", "--account=me@a.example", "--ascii", "--server", "x", "-s", "#a=b"];
        let after = with_account(before.iter().map(OsString::from), "you@b.example");
        assert_eq!(after, ["--account", "you@b.example", "-s", "home", "--ascii", "-s", "#a=b"]);
    }

    #[test]
    fn words_that_are_no_subcommands_are_told_with_what_was_meant() {
        assert_eq!(refused(&["frobnicate"]), "there is no subcommand `frobnicate`; see trunkline --help");
        assert_eq!(refused(&["#rust"]), "there is no subcommand `#rust`; a stream is opened with -s #rust");
    }

    #[test]
    fn completions_and_the_manual_know_every_subcommand_and_flag() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell, Shell::Elvish] {
            let text = String::from_utf8(completions(shell)).unwrap();
            for word in ["doctor", "demo-server", "no-mouse", "completions", "check"] {
                assert!(text.contains(word), "{shell}: {word}");
            }
        }
        let page = String::from_utf8(manual().unwrap()).unwrap().replace("\\-", "-");
        for word in [".TH trunkline 1", ".SH SYNOPSIS", ".SH TAIL", "--until", "--no-mouse", "TRUNKLINE_TOKEN", ".SH CONFIG"] {
            assert!(page.contains(word), "{word} is not in:\n{page}");
        }
    }

    #[test]
    fn wrong_usage_is_told_by_what_is_wrong() {
        for (arguments, wanted) in [
            (&["--demo", "-s", "hom"][..], "unknown stream `hom`"),
            (&["--demo", "tail", "home", "#:local"], "is not a hashtag"),
            (&["--demo", "doctor", "-s", "hom"], "unknown stream `hom`"),
            (&["--demo", "tail", "list:"], "`list:` needs"),
            (&["--demo", "--server", "a.example"], "exclude each other"),
            (&["--demo", "-s", "home", "tail", "home"], "-s is for the screen"),
        ] {
            let said = refused(arguments);
            assert!(said.contains(wanted), "{arguments:?}: {said}");
        }
        for arguments in [
            &["tail"][..],
            &["tail", "home", "--until", "("],
            &["tail", "home", "--count", "0"],
            &["--wrong"],
            &["tail", "--json", "--quiet", "home"],
        ] {
            assert_eq!(flags(arguments).unwrap_err().exit_code(), 2, "{arguments:?}");
        }
    }
}
