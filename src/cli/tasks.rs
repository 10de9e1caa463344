//! The runs without a screen that ask a server: `tail` and `doctor`.

use super::flags::TailFlags;
use super::settings::{config_file, settings};
use super::source::{Source, access, begin_recording, connect, end_recording};
use super::{Stop, print_wanted, say, variable};
use crate::config::{Config, Overrides};
use crate::doctor::{self, Checkup, Terminal};
use crate::logging::{self, Logging};
use crate::mastodon::Client;
use crate::model::Spec;
use crate::recording::Recording;
use crate::runtime::{self, Signal, Signals};
use crate::tail;
use std::io::{self, Write as _};
use std::path::Path;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

pub(super) fn open_log(source: &Source) -> (Option<Logging>, Option<String>) {
    if matches!(source, Source::Demo | Source::Replay(..)) {
        return (None, None);
    }
    match logging::open(variable("TRUNKLINE_LOG").as_deref()) {
        Ok(log) => (Some(log), None),
        Err(error) => (None, Some(error.to_string())),
    }
}

pub(super) fn open_log_or_say() -> Option<Logging> {
    match logging::open(variable("TRUNKLINE_LOG").as_deref()) {
        Ok(log) => Some(log),
        Err(error) => {
            say(&error.to_string());
            None
        }
    }
}

pub(super) async fn print_events(flags: TailFlags, specs: Vec<Spec>, source: Source, record: Option<&Path>) -> Result<(), Stop> {
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

pub(super) async fn examine(json: bool, overrides: Overrides, source: Source) -> Result<(), Stop> {
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
