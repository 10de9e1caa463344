//! The command line: flags win over the environment, the environment over the file, the file over defaults.
//!
//! It puts the parts together and maps how they ended to an exit code: 0 done, 1 failed, 2 wrong usage, with one line on
//! stderr that says what and what to do. Absent on purpose: whatever goes on while the program runs.

mod flags;
mod saved;
mod screen;
mod settings;
mod source;
mod tasks;

use crate::config::Overrides;
use crate::logging;
use crate::model::Spec;
use crate::replay::Tape;
use crate::runtime;
use crate::text::Plain;
use clap::Parser;
use flags::{AccountsTask, Flags, Task, completions, manual};
use saved::{is_conversation, list_accounts, offer, set_default, sign_in, sign_out};
use screen::{ascii_wanted, can_show, go_on_with, show};
use settings::{read_config, tell_config, trust_own_authorities};
use source::{Chosen, NO_ACCOUNT, Source, serve_demo, source};
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Duration;
use tasks::{examine, print_events};

/// How long parts that are still at work may take once all is said and done.
const ENDING: Duration = Duration::from_millis(300);
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
            block_on(print_events(tail, specs, source, record.as_deref()))
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

fn block_on<T>(task: impl Future<Output = Result<T, Stop>>) -> Result<T, Stop> {
    // On one thread: handing an event to another costs more than to read it, and a key then has to wake two. What would
    // hold this one up (files, images, name servers) has threads of its own.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Stop::failed)?;
    let outcome = runtime.block_on(task);
    // Not by dropping it, which waits for threads that may be blocked on a pipe or a name server.
    runtime.shutdown_timeout(ENDING);
    outcome
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

#[cfg(test)]
mod tests {
    use super::screen::with_account;
    use super::settings::{DEMO_STREAMS, demo_streams};
    use super::*;
    use clap::CommandFactory as _;
    use clap_complete::Shell;
    use std::ffi::OsString;

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
