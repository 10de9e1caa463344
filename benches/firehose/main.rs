//! The whole program under a firehose, beside the least that could do the same: one table of ratios.
//!
//! ```text
//! cargo bench --bench firehose                          everything, a quarter of an hour once it is packaged
//! cargo bench --bench firehose -- --quick               smaller figures of everything in some three minutes
//! cargo bench --bench firehose -- --quick headless keys     some rows of it
//! cargo bench --bench firehose -- --program FILE            of a program that was built before
//! ```
//!
//! What is measured is what is packaged: `.ci/package` is run first, which in its turn has the rows of this bench drive the program
//! that counts what runs. What it is measured against, and what single frames take, is built with the bench, for speed. They take
//! turns on the same machine, fed by a generator in this process (`server`) from seeded events (`events`); each figure is the median
//! of its rounds, each ratio the median of the ratios of rounds. Absent on purpose: passing or failing. A table is looked at.
#![cfg(test)]
#![expect(clippy::cast_precision_loss, reason = "figures for people")]

mod events;
mod inside;
mod peers;
mod process;
mod rows;
mod server;
mod table;
mod terminal;

use events::Events;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Instant;
use table::Line;

/// What rows need.
pub(crate) struct Bench {
    pub(crate) events: Arc<Events>,
    pub(crate) quick: bool,
    /// What is measured.
    pub(crate) program: PathBuf,
    /// Where programs find and leave their files.
    pub(crate) home: PathBuf,
}

impl Bench {
    /// One of two numbers: the whole one, or the one for a quick look.
    pub(crate) fn pick<T>(&self, whole: T, quick: T) -> T {
        if self.quick { quick } else { whole }
    }

    /// A folder that holds nothing.
    pub(crate) fn fresh_home(&self) -> PathBuf {
        drop(std::fs::remove_dir_all(&self.home));
        std::fs::create_dir_all(&self.home).unwrap();
        self.home.clone()
    }
}

type Row = (&'static str, fn(&Bench) -> Vec<Line>);

/// The rows, in the order of the table.
const ROWS: &[Row] = &[
    ("headless", rows::headless),
    ("burst", rows::burst),
    ("loss", rows::loss),
    ("memory", rows::memory),
    ("start", rows::start),
    ("idle", rows::idle),
    ("keys", rows::keys),
    ("keys-busy", rows::keys_busy),
    ("trickle", rows::trickle),
    ("scroll", inside::scroll),
    ("size", rows::size),
    ("growth", rows::growth),
];

/// The clock.
#[expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// A program that was built before.
fn named(file: Option<&String>) -> PathBuf {
    let Some(file) = file else { refuse("--program needs the file of one") };
    std::fs::canonicalize(file).unwrap_or_else(|error| refuse(&format!("{file}: {error}")))
}

/// Ends where what was asked for cannot be done.
fn refuse(why: &str) -> ! {
    eprintln!("{why}");
    std::process::exit(2);
}

/// A command that is told nothing of the package that this bench is of: what looks at that would be built anew.
fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(name);
        }
    }
    command
}

/// Packages the program; where that cannot be done, says so and builds the `dist` profile alone.
fn packaged() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let packed = command("bash").arg(root.join(".ci/package")).env("CARGO_TARGET_DIR", target).stdout(Stdio::null()).status();
    if packed.as_ref().is_ok_and(ExitStatus::success) {
        return target.join("package").join("trunkline");
    }
    println!("measured is the `dist` profile alone, which is slower and larger in memory than what is packaged (.ci/package: {packed:?})");
    let mut cargo = command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--locked", "--profile", "dist", "--bin", "trunkline", "--target-dir"]).arg(target);
    let built = cargo.current_dir(root).status();
    assert!(built.as_ref().is_ok_and(ExitStatus::success), "the dist profile could not be built: {built:?}");
    target.join("dist").join("trunkline").with_extension(std::env::consts::EXE_EXTENSION)
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--as", "reference", address, ..] => return peers::reference(address, &arguments[3..]),
        ["--as", "floor", address, ..] => return peers::floor(address, &arguments[3..]),
        _ => {}
    }
    let (mut quick, mut built, mut chosen) = (false, None, Vec::new());
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--quick" => quick = true,
            "--program" => built = Some(named(arguments.next())),
            row => chosen.push(row),
        }
    }
    let unknown = chosen.iter().find(|name| !ROWS.iter().any(|(row, _)| row == *name));
    if let Some(name) = unknown {
        let names: Vec<&str> = ROWS.iter().map(|(row, _)| *row).collect();
        refuse(&format!("there is no row `{name}`; there are {}", names.join(", ")));
    }
    let home = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("firehose-{}", std::process::id()));
    let program = built.unwrap_or_else(packaged);
    let bench = Bench { events: Arc::new(Events::new()), quick, program, home };
    println!("events of {} bytes on average, {}", bench.events.mean(), table::machine());
    let mut lines = Vec::new();
    let began = now();
    for (name, row) in ROWS.iter().filter(|(name, _)| chosen.is_empty() || chosen.contains(name)) {
        let began = now();
        let measured = row(&bench);
        eprintln!("{name}: {:.0} s", began.elapsed().as_secs_f64());
        for line in &measured {
            eprintln!("  {}", line.in_short());
        }
        lines.extend(measured);
    }
    drop(std::fs::remove_dir_all(&bench.home));
    println!("\n{}", table::print(&lines));
    println!("{:.0} s{}", began.elapsed().as_secs_f64(), if quick { ", quick: look at it, do not quote it" } else { "" });
}
