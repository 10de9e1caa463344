//! The run with a screen: from the terminal that is found to the account that is gone on with.

use super::settings::{config_file, settings};
use super::source::{Found, Source, begin_recording, connect, end_recording};
use super::tasks::open_log;
use super::{Stop, variable};
use crate::config::{Config, Held, MediaMode, Overrides};
use crate::doctor::Terminal;
use crate::logging;
use crate::mastodon::Client;
#[cfg(feature = "images")]
use crate::mastodon::Files;
#[cfg(feature = "images")]
use crate::media::Disk;
use crate::media::Studio;
use crate::memory::{Configured, Keeper};
use crate::recording::Recording;
use crate::runtime::{self, App, LineScreen, Outcome, Screen, Setup, Signals, TerminalKeys, TerminalScreen};
use crate::state::Settings;
use crate::text::Plain;
use crate::ui::{Depth, Theme};
use jiff::tz::TimeZone;
use std::ffi::OsString;
use std::io;
use std::path::Path;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Runs the screen to its end; gives the account that the reader wishes to go on with, if any.
pub(super) async fn show(found: Found, overrides: Overrides, record: Option<&Path>) -> Result<Option<String>, Stop> {
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
    let zone = zone();
    let theme = Theme::on(depth(), config.ascii, zone.clone());
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
        let screen = LineScreen::enter(only_ascii, zone).map_err(Stop::failed)?;
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
pub(super) fn studio(client: &Client, config: &Config, demo: bool) -> Option<Studio> {
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
pub(super) fn answers_questions() -> bool {
    !matches!(variable("TERM").as_deref(), None | Some("" | "dumb" | "linux" | "cygwin"))
}

/// Whether the environment names a terminal that takes `iTerm2`'s inline images, which cannot be asked for.
pub(super) fn takes_inline() -> bool {
    variable("TERM_PROGRAM").is_some_and(|name| matches!(name.as_str(), "iTerm.app" | "mintty"))
}

/// What a run is told beside what it is made of.
pub(super) struct About {
    pub(super) held: Option<Held>,
    pub(super) told: mpsc::UnboundedReceiver<String>,
    pub(super) facts: Vec<String>,
    pub(super) studio: Option<Studio>,
    pub(super) accounts: (Vec<Plain>, Option<usize>),
}

/// Runs the program on a screen that has been entered.
pub(super) async fn run_on<S: Screen>(screen: S, setup: Setup, signals: Signals, about: About) -> Result<Outcome, Stop> {
    let About { held, told, facts, studio, accounts: (names, here) } = about;
    // Once the terminal is raw.
    let keys = TerminalKeys::new().map_err(Stop::failed)?;
    let app = App::new(setup, screen, keys, signals).with_config(held).with_notices(told).with_terminal(&facts);
    let app = app.with_pictures(studio, takes_inline()).with_accounts(names, here);
    Ok(Box::pin(run_to_end(app)).await)
}

/// Whether there is a terminal that can show a screen, or at least print lines.
pub(super) fn can_show(linear: bool) -> Result<(), Stop> {
    if linear { runtime::is_terminal() } else { runtime::probe() }.map_err(Stop::failed)
}

/// Begins again as if started with this account, in place of this process where the system can do that.
pub(super) fn go_on_with(name: &str) -> Result<(), Stop> {
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
pub(super) fn with_account(arguments: impl Iterator<Item = OsString>, name: &str) -> Vec<OsString> {
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

pub(super) async fn run_to_end<S: Screen>(app: App<S, TerminalKeys>) -> Outcome {
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
pub(super) async fn panic_for_tests() -> std::convert::Infallible {
    let panic = async {
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
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

/// The system's zone.
fn zone() -> TimeZone {
    // Jiff lists every zone that there is to find the name of this one, which nobody is shown.
    let unnamed = if cfg!(unix) && std::env::var_os("TZ").is_none() { std::fs::read("/etc/localtime").ok() } else { None };
    unnamed.and_then(|tzif| TimeZone::tzif("", &tzif).ok()).unwrap_or_else(TimeZone::system)
}

/// How many colours the terminal shows, by what the environment says.
pub(super) fn depth() -> Depth {
    Depth::told(variable("NO_COLOR").as_deref(), variable("COLORTERM").as_deref(), variable("TERM").as_deref())
}

/// Who wants glyphs of ASCII only, if anybody does.
pub(super) fn ascii_wanted(flag: bool) -> Option<&'static str> {
    if flag { Some("--ascii") } else { locale_is_ascii().then_some("the locale, which is not UTF-8") }
}

/// Whether the locale says that the terminal knows nothing but ASCII. One that says nothing is taken for a modern one.
pub(super) fn locale_is_ascii() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| variable(name)).unwrap_or_default().to_ascii_lowercase();
    !locale.is_empty() && !locale.contains("utf-8") && !locale.contains("utf8")
}
