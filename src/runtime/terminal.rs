//! `TerminalGuard`: enter, leave, suspend; leaving always works. `TerminalScreen`: frames for the real terminal.
//!
//! Frames are drawn into memory, and what the terminal does not take at once is handed to a thread that writes it, so that a blocked
//! one holds up nobody.
//! Leaving may come from any thread and at any moment (a panic, the end, a drop), happens once, and nothing is drawn after
//! it. Absent on purpose: what is drawn, and waiting for an answer of the terminal, which might not come.

use super::osc::{self, Dialect, Wrapping};
use super::outlet::{self, Outlet, Output};
use super::surface::Surface;
use super::wall::Wall;
use crate::config::Hyperlinks;
use crate::media::Laid;
use crate::state::{Measured, State};
use crate::text::Plain;
use crate::ui::{self, Cards, Sheet, Targets, Theme};
use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use ratatui::layout::{Position, Rect};
use std::future::Future;
use std::io::{self, IsTerminal as _, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Where frames are drawn.
pub trait Screen {
    /// Columns and rows, within what can be drawn.
    fn size(&self) -> (u16, u16);

    /// Width and height of a cell in pixels, where the system knows them.
    fn cell(&self) -> Option<(u16, u16)> {
        None
    }

    /// Draws a frame, and lays the pictures over it that drawing gives back, and the cursor; only where [`Screen::is_free`].
    fn draw(&mut self, draw: impl FnOnce(&mut Sheet) -> (Vec<Laid>, Option<Position>)) -> io::Result<()>;

    /// Shows the state and says what was found while doing so; only where [`Screen::is_free`].
    fn show(&mut self, state: &State, theme: &Theme, cards: &mut Cards, measured: &mut Measured) -> io::Result<()> {
        self.draw(|sheet| {
            *measured = ui::view(state, theme, cards, sheet);
            (std::mem::take(&mut cards.laid), cards.cursor)
        })
    }

    /// Makes the next frame paint every cell.
    fn repaint(&mut self);

    /// Whether the last frame has been taken.
    fn is_free(&self) -> bool;

    /// Takes clicks and the wheel, or leaves them to the terminal.
    fn set_mouse(&mut self, on: bool) -> io::Result<()>;

    /// Has the terminal's title say this with the next frame. Nothing but ASCII is written.
    fn set_title(&mut self, title: &str);

    /// Has the desktop told of these words with the next frame, where the terminal can, and rings the bell; the last one counts.
    fn alert(&mut self, words: Option<&Plain>, bell: bool);

    /// Has the terminal's clipboard hold a text with the next frame, where it takes that; the last one counts. Whether it is
    /// asked at all.
    fn copy(&mut self, text: &str) -> bool;

    /// Says where links on the screen lead; a terminal that knows links is told with each.
    fn link(&mut self, targets: &Targets);

    /// Waits until the last frame has been taken; an error means that the terminal has gone. Can be dropped and asked
    /// again.
    fn free(&mut self) -> impl Future<Output = io::Result<()>>;

    /// Leaves the screen and stops the process group; comes back when that is continued, without the screen. `false` where
    /// nobody could continue it: then nothing happens.
    fn suspend(&mut self) -> impl Future<Output = io::Result<bool>>;

    /// Enters again after a stop, asked for or not: whatever the shell did meanwhile is undone.
    fn reenter(&mut self) -> io::Result<()>;
}

/// Why there can be no screen.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TerminalError {
    /// Standard input or output is something else.
    #[error("{0} is not a terminal; `trunkline tail` prints timelines without one")]
    NotATerminal(&'static str),
    /// It cannot move its cursor.
    #[error(
        "the terminal (TERM=dumb) cannot show a screen; `trunkline --linear` says everything in lines, `trunkline tail` prints timelines"
    )]
    Dumb,
    /// It does not do what it is told.
    #[error("the terminal cannot be used: {0}")]
    Io(#[from] io::Error),
}

/// Whether there is a terminal that can show a screen; writes nothing.
pub(crate) fn probe() -> Result<(), TerminalError> {
    is_terminal()?;
    if is_dumb() { Err(TerminalError::Dumb) } else { Ok(()) }
}

/// Whether the terminal says that it can do nothing but print.
pub(super) fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// Whether there is a terminal at both ends.
pub(crate) fn is_terminal() -> Result<(), TerminalError> {
    if !io::stdout().is_terminal() {
        return Err(TerminalError::NotATerminal("standard output"));
    }
    if !io::stdin().is_terminal() {
        return Err(TerminalError::NotATerminal("standard input"));
    }
    Ok(())
}

/// Whether a shell with job control would continue us after a stop: not in the session leader's own group.
#[cfg(unix)]
fn can_be_continued() -> bool {
    use rustix::process::{getpgrp, getsid};
    !getsid(None).is_ok_and(|leader| leader == getpgrp())
}

/// Elsewhere nobody continues anything.
#[cfg(not(unix))]
fn can_be_continued() -> bool {
    false
}

/// Stops the process group; comes back when it is continued.
#[cfg(unix)]
fn stop() -> io::Result<()> {
    // Not the terminal's stop signal, which is ours to handle and would only come back here.
    Ok(rustix::process::kill_current_process_group(rustix::process::Signal::STOP)?)
}

/// Elsewhere there is no such stop.
#[cfg(not(unix))]
fn stop() -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Gives the terminal back once it has taken what is under way, and stops the process group; comes back when that is
/// continued. `false` where nobody could continue it: then nothing happens.
pub(super) async fn leave_and_stop(outlet: &mut Outlet) -> io::Result<bool> {
    if !can_be_continued() {
        return Ok(false);
    }
    if let Ok(outcome) = tokio::time::timeout(PATIENCE, outlet.free()).await {
        outcome?;
    }
    leave();
    stop()?;
    Ok(true)
}

/// Alternate screen, bracketed paste, reports of the focus, a thin cursor that covers no letter, hidden for now; empty.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?2004h\x1b[?1004h\x1b[6 q\x1b[?25l\x1b[0m\x1b[2J";
/// Clicks and the wheel with any coordinates; motion is not asked for.
#[cfg(unix)]
const MOUSE: &[u8] = b"\x1b[?1000h\x1b[?1006h";
/// What [`MOUSE`] set, unset.
#[cfg(unix)]
const NO_MOUSE: &[u8] = b"\x1b[?1006l\x1b[?1000l";
/// Has the terminal keep the title that it has. It keeps several, so this is written once before [`LEAVE`].
const KEEP_TITLE: &[u8] = b"\x1b[22;2t";
/// Ends a frame cut short first, whatever string of it was not at its end, and whatever rows it was moving; then everything that [`ENTER`] and [`MOUSE`] set, and the title that was kept.
const LEAVE: &[u8] = b"\x1b\\\x1b[r\x1b[?2026l\x1b[?1006l\x1b[?1000l\x1b[?1004l\x1b[?2004l\x1b[0m\x1b[0 q\x1b[?25h\x1b[23;2t\x1b[?1049l";
/// Has kitty take down and forget every picture; written behind the end of whatever was cut short, and before [`LEAVE`].
const TAKE_DOWN: &[u8] = b"\x1b\\\x1b_Ga=d,d=A,q=2\x1b\\";
/// Asks for kitty's graphics (with one pixel that is not kept), the name, the size of a cell and of the room in pixels, the
/// colours of a sixel image, and the attributes. Terminals skip what they do not know, or print it: then it is wiped away.
const ASK: &[u8] = b"\x1b_Gi=1,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[>q\x1b[16t\x1b[14t\x1b[?1;1;0S\x1b[c\x1b[H\x1b[2J";
const BELL: u8 = 0x07;
const BEGIN_FRAME: &[u8] = b"\x1b[?2026h";
const END_FRAME: &[u8] = b"\x1b[?2026l";

/// How long a frame under way, or a terminal that takes nothing, is waited for when leaving.
const PATIENCE: Duration = Duration::from_millis(500);
/// The largest screen that is drawn, in columns and rows; terminals may claim any size.
const LARGEST: (u16, u16) = (1000, 400);

/// The terminal, opened once: there may be no descriptor to be had when it is to be given back.
static TERMINAL: OnceLock<Output> = OnceLock::new();
/// Whether the screen is ours. One terminal, so one flag for all threads.
static ENTERED: AtomicBool = AtomicBool::new(false);
/// Whether somebody is writing, in the middle of a frame.
static WRITING: AtomicBool = AtomicBool::new(false);
/// Whether the terminal keeps pictures of ours.
static KEPT: AtomicBool = AtomicBool::new(false);

fn descriptor() -> io::Result<&'static Output> {
    if let Some(open) = TERMINAL.get() {
        return Ok(open);
    }
    let opened = outlet::stdout()?;
    Ok(TERMINAL.get_or_init(|| opened))
}

/// Holds the terminal as a screen, and leaves it when dropped.
#[derive(Debug)]
pub(crate) struct TerminalGuard {
    mouse: bool,
}

impl TerminalGuard {
    /// Takes the terminal: raw, on its alternate screen.
    pub(crate) fn enter(mouse: bool) -> io::Result<Self> {
        // Otherwise NO_COLOR makes crossterm write empty sequences that undo bold and reverse; the theme leaves colours out.
        crossterm::style::force_color_output(true);
        let guard = Self { mouse };
        guard.take()?;
        Ok(guard)
    }

    fn take(&self) -> io::Result<()> {
        enable_raw_mode()?;
        let has_kept_title = ENTERED.swap(true, Ordering::SeqCst);
        let mut out = descriptor()?;
        if !has_kept_title {
            out.write_all(KEEP_TITLE)?;
        }
        out.write_all(ENTER)?;
        #[cfg(unix)]
        if self.mouse {
            out.write_all(MOUSE)?;
        }
        #[cfg(not(unix))]
        if self.mouse {
            crossterm::execute!(out, crossterm::event::EnableMouseCapture)?;
        }
        out.flush()
    }
}

impl Drop for TerminalGuard {
    fn drop(&mut self) {
        leave();
    }
}

/// Gives the terminal back as it was. Does nothing where it has been given back already.
pub(crate) fn leave() {
    super::lines::leave();
    if !ENTERED.load(Ordering::SeqCst) {
        return;
    }
    // A frame under way is finished first, or its rest would end up in the shell. A panic of the writing thread itself
    // does not get here with the flag set: writing does not panic.
    let mut waited = Duration::ZERO;
    while WRITING.load(Ordering::SeqCst) && waited < PATIENCE {
        std::thread::sleep(Duration::from_millis(5));
        waited += Duration::from_millis(5);
    }
    // A large one on a slow terminal is cut short.
    if !ENTERED.swap(false, Ordering::SeqCst) {
        return;
    }
    if (takes_output() || forgets_output())
        && let Ok(mut out) = descriptor()
    {
        #[cfg(not(unix))]
        drop(crossterm::execute!(out, crossterm::event::DisableMouseCapture));
        let pictures = if KEPT.swap(false, Ordering::SeqCst) { TAKE_DOWN } else { &[] };
        drop(out.write_all(&[pictures, LEAVE].concat()).and_then(|()| out.flush()));
    }
    drop(disable_raw_mode());
}

/// Whether the terminal takes output within [`PATIENCE`]: a blocked one must not keep us.
#[cfg(unix)]
pub(super) fn takes_output() -> bool {
    use rustix::event::{PollFd, PollFlags, poll};
    let out = io::stdout();
    let mut asked = [PollFd::new(&out, PollFlags::OUT)];
    let patience = rustix::event::Timespec { tv_sec: 0, tv_nsec: 500_000_000 };
    // Where terminals cannot be polled, trying is all that is left.
    poll(&mut asked, Some(&patience)).map_or(true, |ready| ready > 0)
}

#[cfg(not(unix))]
pub(super) fn takes_output() -> bool {
    true
}

/// Throws away what a blocked terminal has not taken, and tells whether that made room. It may go on when we are gone, and
/// would then be stuck on our screen, in the middle of a picture.
#[cfg(unix)]
fn forgets_output() -> bool {
    use rustix::termios::{Action, QueueSelector, tcflow, tcflush};
    let out = io::stdout();
    let is_empty = tcflush(&out, QueueSelector::OFlush).is_ok();
    // Linux wakes the writer that waits for room not before output is stopped and started; until then nobody else may write.
    let is_woken = tcflow(&out, Action::OOff).and_then(|()| tcflow(&out, Action::OOn)).is_ok();
    is_empty && is_woken && takes_output()
}

#[cfg(not(unix))]
fn forgets_output() -> bool {
    false
}

/// Bytes of a frame that are written at once: with pictures a frame is large, and leaving cannot interrupt what is being written.
const PIECE: usize = 4096;

/// The descriptor as the writing thread sees it: frames that come after leaving are dropped, and so is the rest of one that
/// is not at its end by then.
struct FrameSink<W>(W);

impl<W: Write> Write for FrameSink<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !ENTERED.load(Ordering::SeqCst) {
            WRITING.store(false, Ordering::SeqCst);
            return Ok(bytes.len());
        }
        WRITING.store(true, Ordering::SeqCst);
        let outcome = self.0.write(bytes.get(..PIECE).unwrap_or(bytes));
        if outcome.as_ref().is_err_and(|error| error.kind() != io::ErrorKind::Interrupted) {
            WRITING.store(false, Ordering::SeqCst);
        }
        outcome
    }

    /// The frame is whole.
    fn flush(&mut self) -> io::Result<()> {
        WRITING.store(false, Ordering::SeqCst);
        if ENTERED.load(Ordering::SeqCst) { self.0.flush() } else { Ok(()) }
    }
}

/// The real terminal as a screen.
pub(crate) struct TerminalScreen {
    sheet: Sheet,
    surface: Surface,
    outlet: Outlet,
    guard: TerminalGuard,
    /// What the desktop is to be told with the next frame. It is kept apart: a terminal that takes nothing gathers none.
    alert: Vec<u8>,
    /// What its clipboard is to hold with the next frame.
    copied: Vec<u8>,
    wrapping: Wrapping,
    /// Whether it knows links (OSC 8).
    hyperlinks: bool,
    dialect: Dialect,
    ascii: bool,
    wall: Wall,
}

impl std::fmt::Debug for TerminalScreen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TerminalScreen").field("area", &self.sheet.area()).finish_non_exhaustive()
    }
}

impl TerminalScreen {
    /// Takes the terminal, which stays taken until this is dropped. `ascii` where it can show nothing else.
    /// Where it is `asked` how it takes pictures, its answers come by way of the keys, or never.
    pub(crate) fn enter(mouse: bool, ascii: bool, asked: bool) -> Result<Self, TerminalError> {
        probe()?;
        let outlet = Outlet::new(FrameSink(outlet::stdout()?)).at_once(outlet::stdout_at_once().map(FrameSink));
        let guard = TerminalGuard::enter(mouse)?;
        if asked {
            let mut out = descriptor()?;
            out.write_all(ASK)?;
            out.flush()?;
        }
        let (sheet, surface) = (Sheet::new(area()), Surface::new(ascii));
        let dialect = Dialect::told(|name| std::env::var(name).ok());
        let wrapping = Wrapping::told(|name| std::env::var(name).ok());
        let hyperlinks = osc::knows_links(|name| std::env::var(name).ok());
        let (alert, copied, wall) = (Vec::new(), Vec::new(), Wall::default());
        Ok(Self { sheet, surface, outlet, guard, alert, copied, wrapping, hyperlinks, dialect, ascii, wall })
    }
}

impl TerminalScreen {
    /// Tells the terminal where links lead, or does not, as the reader wishes.
    pub(crate) fn with_hyperlinks(self, wished: Hyperlinks) -> Self {
        let hyperlinks = match wished {
            Hyperlinks::Auto => self.hyperlinks,
            Hyperlinks::Always => true,
            Hyperlinks::Never => false,
        };
        Self { hyperlinks, ..self }
    }
}

impl Screen for TerminalScreen {
    fn size(&self) -> (u16, u16) {
        let area = area();
        (area.width, area.height)
    }

    #[cfg(unix)]
    fn cell(&self) -> Option<(u16, u16)> {
        let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
        Some((size.ws_xpixel.checked_div(size.ws_col)?, size.ws_ypixel.checked_div(size.ws_row)?))
    }

    fn draw(&mut self, draw: impl FnOnce(&mut Sheet) -> (Vec<Laid>, Option<Position>)) -> io::Result<()> {
        if area() != self.sheet.area() {
            self.repaint();
        }
        // What hangs moves with the rows in some terminals, and not in others.
        self.sheet.keep_still(self.wall.hangs());
        let (laid, cursor) = draw(&mut self.sheet);
        self.surface.show(&self.sheet, cursor);
        let rewritten = self.surface.take_rewritten();
        let mut frame = std::mem::take(&mut self.alert);
        frame.append(&mut self.copied);
        let mut shown = self.surface.take_output();
        shown.append(&mut self.wall.hang(laid, &rewritten));
        KEPT.store(self.wall.is_kept(), Ordering::SeqCst);
        if !shown.is_empty() {
            frame.extend_from_slice(BEGIN_FRAME);
            frame.append(&mut shown);
            frame.extend_from_slice(END_FRAME);
        }
        if frame.is_empty() { Ok(()) } else { self.outlet.give(frame) }
    }

    fn repaint(&mut self) {
        self.sheet.resize(area());
        self.wall.wiped();
        self.surface.clear();
    }

    fn is_free(&self) -> bool {
        !self.outlet.is_busy()
    }

    fn set_mouse(&mut self, on: bool) -> io::Result<()> {
        if on == self.guard.mouse {
            return Ok(());
        }
        self.guard.mouse = on;
        #[cfg(unix)]
        self.surface.put(if on { MOUSE } else { NO_MOUSE });
        #[cfg(not(unix))]
        if on {
            crossterm::execute!(io::stdout(), crossterm::event::EnableMouseCapture)?;
        } else {
            crossterm::execute!(io::stdout(), crossterm::event::DisableMouseCapture)?;
        }
        Ok(())
    }

    fn set_title(&mut self, title: &str) {
        self.surface.put(&osc::title(title));
    }

    fn alert(&mut self, words: Option<&Plain>, bell: bool) {
        self.alert = words.map(|words| self.wrapping.wrap(&osc::alert(words, self.dialect, self.ascii))).unwrap_or_default();
        if bell {
            self.alert.push(BELL);
        }
    }

    fn link(&mut self, targets: &Targets) {
        if self.hyperlinks {
            self.surface.link(targets.clone());
        }
    }

    fn copy(&mut self, text: &str) -> bool {
        let wanted = if self.dialect == Dialect::Mute { None } else { osc::clipboard(text) };
        self.copied = wanted.map(|sequence| self.wrapping.wrap_for_clipboard(&sequence)).unwrap_or_default();
        !self.copied.is_empty()
    }

    async fn free(&mut self) -> io::Result<()> {
        self.outlet.free().await
    }

    async fn suspend(&mut self) -> io::Result<bool> {
        leave_and_stop(&mut self.outlet).await
    }

    fn reenter(&mut self) -> io::Result<()> {
        // crossterm does nothing where it believes that the terminal is raw.
        disable_raw_mode()?;
        self.guard.take()?;
        self.repaint();
        Ok(())
    }
}

/// The terminal's size, clamped. Where it cannot be told, the most common one.
pub(super) fn area() -> Rect {
    let (columns, lines) = told_size().unwrap_or((80, 24));
    Rect::new(0, 0, columns.min(LARGEST.0), lines.min(LARGEST.1))
}

#[cfg(unix)]
fn told_size() -> Option<(u16, u16)> {
    // Not crossterm's, which starts a program where the terminal does not answer.
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    (size.ws_col > 0 && size.ws_row > 0).then_some((size.ws_col, size.ws_row))
}

#[cfg(not(unix))]
fn told_size() -> Option<(u16, u16)> {
    crossterm::terminal::size().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaving_undoes_whatever_entering_sets() {
        let leave = String::from_utf8(LEAVE.to_vec()).unwrap();
        let mut set: Vec<u8> = ENTER.to_vec();
        set.extend_from_slice(MOUSE);
        set.extend_from_slice(BEGIN_FRAME);
        for mode in String::from_utf8(set).unwrap().split("\x1b[?").skip(1) {
            let number: String = mode.chars().take_while(char::is_ascii_digit).collect();
            let undone = if number == "25" { "\x1b[?25h".to_owned() } else { format!("\x1b[?{number}l") };
            assert!(leave.contains(&undone), "mode {number} stays");
        }
        assert!(leave.contains("\x1b[0 q"), "the shape of the cursor stays");
        assert_eq!((KEEP_TITLE, leave.matches("\x1b[23;2t").count()), (&b"\x1b[22;2t"[..], 1), "the title stays");
    }

    #[test]
    fn nothing_is_drawn_on_a_screen_that_is_not_ours() {
        let mut sink = FrameSink(Vec::new());
        sink.write_all(b"a late frame").unwrap();
        assert!(sink.0.is_empty());
    }

    #[test]
    fn whatever_a_frame_was_cut_short_in_ends_before_the_terminal_is_given_back() {
        for end in [LEAVE, TAKE_DOWN] {
            assert!(end.starts_with(b"\x1b\\"), "the rest would be part of a picture or a link");
        }
    }
}
