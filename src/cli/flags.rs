//! What can be said on the command line, and what tells of it: completions and the manual page.

use crate::replay::Speed;
use clap::{Args, CommandFactory as _, Parser, Subcommand};
use clap_complete::Shell;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::str::FromStr as _;

pub(super) const EXAMPLES: &str = "\
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

/// Mastodon as it happens, in a terminal: live timelines on one socket.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Debug, Parser)]
#[command(name = "trunkline", version = env!("TRUNKLINE_VERSION"), after_help = EXAMPLES, max_term_width = 100)]
pub(super) struct Flags {
    /// Use a built-in server: no account, no network, no configuration read or written
    #[arg(long, global = true)]
    pub(super) demo: bool,
    /// Use this server, with the access token in `TRUNKLINE_TOKEN`
    #[arg(long, global = true, value_name = "URL")]
    pub(super) server: Option<String>,
    /// Use this saved account, instead of the default one
    #[arg(long, global = true, value_name = "NAME")]
    pub(super) account: Option<String>,
    /// Write every frame and answer with its time into this new file, a JSON object a line; no token is in it
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) record: Option<PathBuf>,
    /// Open this stream in a tab, instead of the configured ones; may be given several times
    #[arg(short = 's', long = "stream", value_name = "SPEC")]
    pub(super) streams: Vec<String>,
    /// Draw with ASCII characters only
    #[arg(long)]
    pub(super) ascii: bool,
    /// Leave the mouse to the terminal
    #[arg(long)]
    pub(super) no_mouse: bool,
    /// Say everything in lines, for screen readers and slow links: nothing is drawn
    #[arg(long)]
    pub(super) linear: bool,
    #[command(subcommand)]
    pub(super) task: Option<Task>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Task {
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
pub(super) enum AccountsTask {
    /// Make an account the default one
    Default {
        /// The account, as in me@mastodon.example
        #[arg(value_name = "NAME")]
        name: String,
    },
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(super) enum ConfigTask {
    /// Print the file's path, whether it is there or not
    Path,
    /// Print every setting as it holds, with where it comes from; the output can be used as a file
    Show,
    /// Print every mistake and every key that means nothing, a line each; exits with 1 when there is one
    Check,
}

#[derive(Debug, Args)]
pub(super) struct DoctorFlags {
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
    /// Try this stream, instead of the configured ones; may be given several times
    #[arg(short = 's', long = "stream", value_name = "SPEC")]
    pub(super) streams: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct TailFlags {
    /// The streams, as in home, local, '#rust'
    #[arg(value_name = "SPEC", required = true)]
    pub(super) specs: Vec<String>,
    /// One JSON object a line
    #[arg(long, conflicts_with = "quiet")]
    pub(super) json: bool,
    /// Print no events
    #[arg(long)]
    pub(super) quiet: bool,
    /// End when the text or content warning of a post matches
    #[arg(long, value_name = "REGEX", value_parser = pattern)]
    pub(super) until: Option<regex::Regex>,
    /// End after N events
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) count: Option<u64>,
    /// Print a line of figures to stderr at the end
    #[arg(long)]
    pub(super) stats: bool,
}

pub(super) fn pattern(raw: &str) -> Result<regex::Regex, String> {
    regex::Regex::new(raw).map_err(|error| error.to_string().lines().last().unwrap_or("not a regular expression").trim().to_owned())
}

/// Completions for a shell.
pub(super) fn completions(shell: Shell) -> Vec<u8> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Flags::command(), "trunkline", &mut text);
    text
}

/// The manual page, with a section for each subcommand.
pub(super) fn manual() -> io::Result<Vec<u8>> {
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
pub(super) fn roff(line: &str) -> String {
    let escaped = line.replace('\\', "\\e").replace('-', "\\-");
    if escaped.starts_with(['.', '\'']) { format!("\\&{escaped}") } else { escaped }
}
