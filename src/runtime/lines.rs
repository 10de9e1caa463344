//! `LineScreen`: the terminal as a place for lines. They are appended, and nothing that stands there is touched.
//!
//! No other screen, no moves of the cursor, no colours: but for the marks around pastes, which a dumb terminal is not asked
//! for, not one escape sequence is written. Absent on purpose: what is said (`linear`).

use super::outlet::{self, Outlet};
use super::terminal::{Screen, TerminalError, area, is_dumb, is_terminal, leave_and_stop, takes_output};
use crate::linear::Narrator;
use crate::media::Laid;
use crate::state::{Measured, State};
use crate::text::{Plain, wrap};
use crate::ui::{Cards, Sheet, Targets, Theme};
use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use jiff::tz::TimeZone;
use ratatui::layout::Position;
use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use unicode_segmentation::UnicodeSegmentation as _;

/// Pastes come marked, and not as keys.
const MARK_PASTES: &[u8] = b"\x1b[?2004h";
/// Undoes [`MARK_PASTES`].
const UNMARKED: &[u8] = b"\x1b[?2004l";
const BELL: u8 = 0x07;

/// Whether the terminal is ours, for lines.
static TAKEN: AtomicBool = AtomicBool::new(false);
/// Whether it was asked to mark pastes.
static MARKED: AtomicBool = AtomicBool::new(false);

/// Gives the terminal back. Does nothing where it is not taken for lines.
pub(super) fn leave() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    if MARKED.swap(false, Ordering::SeqCst)
        && takes_output()
        && let Ok(mut out) = outlet::stdout()
    {
        drop(out.write_all(UNMARKED).and_then(|()| out.flush()));
    }
    drop(disable_raw_mode());
}

fn take() -> io::Result<()> {
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    if !is_dumb() {
        MARKED.store(true, Ordering::SeqCst);
        let mut out = outlet::stdout()?;
        out.write_all(MARK_PASTES)?;
        out.flush()?;
    }
    Ok(())
}

/// Lines that come after the terminal was given back are dropped.
struct LineSink<W>(W);

impl<W: Write> Write for LineSink<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if TAKEN.load(Ordering::SeqCst) { self.0.write_all(bytes).map(|()| bytes.len()) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// The real terminal as a place for lines.
pub(crate) struct LineScreen {
    outlet: Outlet,
    narrator: Narrator,
    bell: bool,
    ascii: bool,
    _guard: Guard,
}

/// Gives the terminal back when dropped.
struct Guard;

impl Drop for Guard {
    fn drop(&mut self) {
        leave();
    }
}

impl std::fmt::Debug for LineScreen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LineScreen").field("narrator", &self.narrator).finish_non_exhaustive()
    }
}

impl LineScreen {
    /// Takes the terminal, which stays taken until this is dropped. `ascii` where it can show nothing else.
    pub(crate) fn enter(ascii: bool, zone: TimeZone) -> Result<Self, TerminalError> {
        is_terminal()?;
        let outlet = Outlet::new(LineSink(outlet::stdout()?));
        let guard = Guard;
        take()?;
        Ok(Self { outlet, narrator: Narrator::new(zone), bell: false, ascii, _guard: guard })
    }
}

/// Lines as they are written: wrapped at words to the terminal's width, each with its end.
fn written(lines: &[String], width: u16, ascii: bool) -> Vec<u8> {
    let mut text = String::new();
    // A line that is as wide as the terminal would make some of them go on to the next one, which stays empty then.
    let width = width.saturating_sub(1).max(1);
    for line in lines {
        // The last door: whatever made it, a line is printable text.
        let clean = Plain::lines(line);
        // Before it is wrapped: a mark of no width would take a column as one of ASCII.
        let shown = if ascii { Cow::Owned(in_ascii(clean.as_str())) } else { Cow::Borrowed(clean.as_str()) };
        for part in wrap::wrap_str(&shown, width) {
            text.push_str(&part);
            text.push_str("\r\n");
        }
    }
    text.into_bytes()
}

/// Each letter as one of ASCII: without its marks, or a question mark.
fn in_ascii(text: &str) -> String {
    text.graphemes(true).filter_map(|cluster| cluster.chars().next()).map(|ch| if ch.is_ascii() { ch } else { '?' }).collect()
}

impl Screen for LineScreen {
    fn size(&self) -> (u16, u16) {
        let area = area();
        (area.width, area.height)
    }

    fn show(&mut self, state: &State, _theme: &Theme, _cards: &mut Cards, measured: &mut Measured) -> io::Result<()> {
        let (lines, found) = self.narrator.tell(state);
        *measured = found;
        let mut bytes = written(&lines, state.size.0, self.ascii);
        if std::mem::take(&mut self.bell) {
            bytes.push(BELL);
        }
        if bytes.is_empty() { Ok(()) } else { self.outlet.give(bytes) }
    }

    /// There are no frames here; whoever wants one is told so.
    fn draw(&mut self, _draw: impl FnOnce(&mut Sheet) -> (Vec<Laid>, Option<Position>)) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn repaint(&mut self) {
        self.narrator.again();
    }

    fn is_free(&self) -> bool {
        !self.outlet.is_busy()
    }

    fn set_mouse(&mut self, _on: bool) -> io::Result<()> {
        Ok(())
    }

    fn set_title(&mut self, _title: &str) {}

    fn alert(&mut self, _words: Option<&Plain>, bell: bool) {
        // The words are said anyway.
        self.bell |= bell;
    }

    /// What asks a terminal for its clipboard is no line; programs that copy are asked all the same.
    fn copy(&mut self, _text: &str) -> bool {
        false
    }

    fn link(&mut self, _targets: &Targets) {}

    async fn free(&mut self) -> io::Result<()> {
        self.outlet.free().await
    }

    async fn suspend(&mut self) -> io::Result<bool> {
        leave_and_stop(&mut self.outlet).await
    }

    fn reenter(&mut self) -> io::Result<()> {
        // crossterm does nothing where it believes that the terminal is raw.
        disable_raw_mode()?;
        take()?;
        self.narrator.again();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_are_wrapped_at_words_and_end_as_a_raw_terminal_needs() {
        let text = |width, ascii| String::from_utf8(written(&["Post by Ada, 2 minutes ago.".into(), "né".into()], width, ascii)).unwrap();
        assert_eq!(text(80, false), "Post by Ada, 2 minutes ago.\r\nné\r\n");
        assert_eq!(text(13, true), "Post by Ada,\r\n2 minutes\r\nago.\r\nn?\r\n");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn whatever_is_said_is_printable_and_fits(line in any::<String>(), width in 1_u16..60, ascii in any::<bool>()) {
            let text = String::from_utf8(written(&[line], width, ascii)).unwrap();
            for part in text.split_terminator("\r\n") {
                prop_assert!(part.chars().all(|ch| !ch.is_control() && !"\u{202e}\u{2066}".contains(ch)), "{part:?}");
                prop_assert!(wrap::width(part) <= usize::from(width.max(2)), "{part:?} in {width}");
            }
        }
    }
}
