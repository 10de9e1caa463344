//! The panic hook: the terminal first, then the report.
//!
//! The report holds where it happened, the program's version and the stack, and of the message only what cannot quote a
//! post or a token. Absent on purpose: panics that `text` provokes in the HTML library and catches; they are nobody's news.

use super::{signals, terminal};
use crate::text::{Plain, guarded};
use std::any::Any;
use std::backtrace::Backtrace;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::panic::PanicHookInfo;
use std::path::{Path, PathBuf};

/// Most characters of a panic's message that are told.
const MOST: usize = 160;

/// From now on a panic on any thread gives the terminal back, reports, and ends the program. The report goes into
/// `folder`, where one is given.
pub(crate) fn install_hook(folder: Option<PathBuf>) {
    std::panic::set_hook(Box::new(move |about| {
        if guarded() {
            return;
        }
        terminal::leave();
        let line = line(about);
        let stack = Backtrace::force_capture();
        let written = folder.as_deref().and_then(|folder| write_report(folder, &line, &stack).ok());
        let mut said = format!("{line}\n");
        match written {
            Some(path) => drop(writeln!(said, "trunkline: the report is in {}", path.display())),
            None if std::env::var_os("RUST_BACKTRACE").is_some_and(|wish| wish != "0") => drop(writeln!(said, "{stack}")),
            None => said.push_str("trunkline: RUST_BACKTRACE=1 shows the stack\n"),
        }
        // Not the macro for it, which panics where the terminal has gone.
        drop(io::stderr().write_all(said.as_bytes()));
        signals::tell_of_panic();
    }));
}

fn line(about: &PanicHookInfo<'_>) -> String {
    let place = about.location().map_or_else(|| "an unknown place".to_owned(), |at| format!("{}:{}", at.file(), at.line()));
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("unnamed");
    let version = env!("TRUNKLINE_VERSION");
    let (system, machine) = (std::env::consts::OS, std::env::consts::ARCH);
    format!(
        "trunkline: a bug ended the program: {} ({place}, thread {thread}, version {version}, {system} {machine})",
        message(about.payload())
    )
}

/// A literal message as it stands; of a made one what comes before the first quotation, which may be of anything.
fn message(payload: &dyn Any) -> String {
    if let Some(literal) = payload.downcast_ref::<&str>() {
        return Plain::line(literal).as_str().chars().take(MOST).collect();
    }
    let made = payload.downcast_ref::<String>().map_or("no message", String::as_str);
    let safe = made.split(['"', '\'', '`']).next().unwrap_or_default();
    Plain::line(safe).as_str().trim_end().chars().take(MOST).collect()
}

fn write_report(folder: &Path, line: &str, stack: &Backtrace) -> io::Result<PathBuf> {
    crate::logging::make_folder(folder)?;
    let path = folder.join(format!("crash-{}.txt", std::process::id()));
    let term = std::env::var("TERM").unwrap_or_default();
    let text = format!("{line}\nTERM={}\n\n{stack}\n", Plain::line(&term));
    crate::logging::open_private(&path)?.write_all(text.as_bytes())?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_made_message_nothing_quoted_is_told() {
        let made: Box<dyn Any> = Box::new("end byte index 3 is not a char boundary; it is inside 'é' of `secret`".to_owned());
        assert_eq!(message(&*made), "end byte index 3 is not a char boundary; it is inside");
        let made: Box<dyn Any> = Box::new("index out of bounds: the len is 3 but the index is 5".to_owned());
        assert_eq!(message(&*made), "index out of bounds: the len is 3 but the index is 5");
        let literal: Box<dyn Any> = Box::new("a \"literal\" one\u{1b}[2J");
        assert!(message(&*literal).starts_with("a \"literal\" one") && !message(&*literal).contains('\u{1b}'));
    }
}
