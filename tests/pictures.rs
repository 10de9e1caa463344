//! Pictures in a pseudo-terminal: one that knows kitty's protocol, one that knows sixels, one that says nothing. Whatever it
//! is, every sequence that reaches it is one that was meant.
#![cfg(test)]
#![cfg(all(unix, feature = "images"))]
#![expect(clippy::string_slice, reason = "cut at what was found there")]

use portable_pty::{ChildKiller, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read as _, Write};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);
const BINARY: &str = env!("CARGO_BIN_EXE_trunkline");
/// The end of what a terminal is asked.
const ASKED: &str = "\x1b[c\x1b[H\x1b[2J";

#[expect(clippy::disallowed_methods, reason = "a test waits until a deadline")]
fn now() -> Instant {
    Instant::now()
}

/// A terminal that answers what it is asked, or not.
struct Terminal {
    keys: Box<dyn Write + Send>,
    killer: Box<dyn ChildKiller + Send + Sync>,
    output: Receiver<Vec<u8>>,
    /// Holds the other end open.
    master: Box<dyn MasterPty + Send>,
    parser: vt100::Parser,
    raw: Vec<u8>,
}

impl Terminal {
    fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let pair = native_pty_system().openpty(PtySize { rows: 40, cols: 100, ..PtySize::default() }).unwrap();
        let mut command = CommandBuilder::new(BINARY);
        command.args(arguments);
        command.env_clear();
        let folder = env!("CARGO_TARGET_TMPDIR");
        let usual = [("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("LANG", "C.UTF-8"), ("PATH", "/usr/bin:/bin")];
        let folders = [("HOME", folder), ("XDG_STATE_HOME", folder), ("XDG_CONFIG_HOME", folder), ("XDG_CACHE_HOME", folder)];
        for (name, value) in usual.iter().chain(&folders).chain(environment) {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        let killer = child.clone_killer();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (bytes, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = vec![0; 65_536];
            while let Ok(count) = reader.read(&mut buffer) {
                if count == 0 || bytes.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let parser = vt100::Parser::new(40.try_into().unwrap(), 100.try_into().unwrap(), 0);
        let keys = pair.master.take_writer().unwrap();
        Self { keys, killer, output, master: pair.master, parser, raw: Vec::new() }
    }

    fn demo(environment: &[(&str, &str)]) -> Self {
        Self::run(&["--demo", "-s", "federated:media"], environment)
    }

    fn raw(&self) -> String {
        String::from_utf8_lossy(&self.raw).into_owned()
    }

    fn wait(&mut self, what: &str, wished: impl Fn(&str, &vt100::Screen) -> bool) {
        let until = now() + PATIENCE;
        while !wished(&self.raw(), self.parser.screen()) {
            match self.output.recv_timeout(until.saturating_duration_since(now())) {
                Ok(bytes) => {
                    self.raw.extend_from_slice(&bytes);
                    self.parser.process(&bytes);
                }
                Err(error) => panic!("{what}: not within {PATIENCE:?} ({error}); the screen:\n{}", self.parser.screen().contents()),
            }
        }
    }

    fn say(&mut self, bytes: &str) {
        self.keys.write_all(bytes.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    fn leave(mut self) -> String {
        self.say("q");
        self.wait("the end", |raw, _| raw.ends_with("\x1b[?1049l"));
        self.raw()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        drop(self.killer.kill());
    }
}

/// Takes output apart and fails at what nobody meant. Gives how many pictures were handed over, hung and painted.
fn meant(raw: &str) -> (usize, usize, usize) {
    let (mut handed, mut hung, mut painted) = (0, 0, 0);
    let asked = raw.find(ASKED).map_or(0, |at| at + ASKED.len());
    let mut rest = &raw[asked..];
    while let Some(at) = rest.find('\x1b') {
        let plain = &rest[..at];
        assert!(!plain.contains(|ch: char| ch.is_control() && !matches!(ch, '\r' | '\n' | '\x07')), "{plain:?}");
        rest = &rest[at + 1..];
        let kind = rest.chars().next().unwrap();
        rest = &rest[kind.len_utf8()..];
        match kind {
            // The last one ends a string that was cut short; here there is none.
            '7' | '8' | '\\' => {}
            '[' => {
                let end = rest.find(|ch: char| ('@'..='~').contains(&ch)).unwrap();
                let (sequence, last) = (&rest[..end], rest[end..].chars().next().unwrap());
                assert!(
                    "mHKJhlqtGrLM".contains(last) && sequence.chars().all(|ch| ch.is_ascii_digit() || "?; :".contains(ch)),
                    "CSI {sequence}{last}"
                );
                rest = &rest[end + 1..];
            }
            ']' => {
                let (text, after) = rest.split_once('\x07').unwrap();
                assert!(text.starts_with("2;") || text.starts_with("8;"), "OSC {text:?}");
                rest = after;
            }
            '_' => {
                let (text, after) = rest.split_once("\x1b\\").unwrap();
                let (control, payload) = text.split_once(';').unwrap_or((text, ""));
                let control = control.strip_prefix('G').unwrap_or_else(|| panic!("APC {control}"));
                assert!(control.split(',').all(|pair| pair.split_once('=').is_some_and(|(key, _)| key.len() == 1)), "{control}");
                assert!(payload.len() <= 4096 && payload.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)));
                handed += usize::from(control.starts_with("a=t,"));
                hung += usize::from(control.starts_with("a=p,"));
                rest = after;
            }
            'P' => {
                let (text, after) = rest.split_once("\x1b\\").unwrap();
                assert!(text.starts_with("0;1q\"1;1;") && text.is_ascii() && !text.contains(|ch: char| ch.is_control()), "DCS");
                painted += 1;
                rest = after;
            }
            other => panic!("ESC {other:?} {:?}", rest.chars().take(20).collect::<String>()),
        }
    }
    (handed, hung, painted)
}

/// Whether half blocks with colours of their own are on the screen.
fn has_blocks(screen: &vt100::Screen) -> bool {
    let cells = (0..40).flat_map(|row| (0..100).filter_map(move |column| screen.cell(row, column)));
    cells.filter(|cell| cell.contents() == "\u{2580}" && cell.fgcolor() != vt100::Color::Default).count() > 60
}

#[test]
fn a_terminal_that_says_nothing_gets_half_blocks_and_waits_for_nothing() {
    let mut terminal = Terminal::demo(&[]);
    terminal.wait("half blocks", |_, screen| has_blocks(screen));
    terminal.say("jjjk");
    terminal.wait("a picture in more colours than a blurhash has", |_, screen| {
        let cells = (0..40).flat_map(|row| (0..100).filter_map(move |column| screen.cell(row, column)));
        let colors: std::collections::HashSet<String> =
            cells.filter(|cell| cell.contents() == "\u{2580}").map(|cell| format!("{:?}", cell.fgcolor())).collect();
        colors.len() > 80
    });
    let raw = terminal.leave();
    assert_eq!(raw.matches("\x1b_Gi=1,s=1,v=1,a=q").count(), 1);
    assert_eq!(meant(&raw), (0, 0, 0));
}

#[test]
fn a_terminal_that_knows_kittys_protocol_is_handed_pictures() {
    let mut terminal = Terminal::demo(&[]);
    terminal.wait("the question", |raw, _| raw.contains(ASKED));
    terminal.say("\x1b_Gi=1;OK\x1b\\\x1bP>|kitty(0.40)\x1b\\\x1b[6;20;10t\x1b[4;800;1000t\x1b[?62;52;c");
    terminal.wait("a picture", |raw, _| raw.contains("\x1b_Ga=p,"));
    let before = terminal.raw().matches("\x1b_Ga=t,").count();
    terminal.say("jjj");
    terminal.wait("it moves", |raw, _| raw.matches("\x1b_Ga=p,").count() > before);
    terminal.say("m");
    terminal.wait("the viewer", |raw, screen| raw.matches("\x1b_Ga=p,").count() > 2 && screen.contents().contains("esc back"));
    terminal.say("m");
    terminal.wait("the timeline", |_, screen| screen.contents().contains("Federated"));
    // What lies over it has no picture in it.
    terminal.say("?");
    terminal.wait("it goes", |raw, screen| raw.contains("\x1b_Ga=d,d=i,") && screen.contents().contains("Moving"));
    terminal.say("\x1b");
    terminal.wait("the timeline", |_, screen| !screen.contents().contains("Moving"));
    // Wiping the cells does not take down what kitty keeps.
    let before = terminal.raw().matches("\x1b_Ga=p,").count();
    terminal.master.resize(PtySize { rows: 40, cols: 90, ..PtySize::default() }).unwrap();
    terminal.wait("all are taken down", |raw, _| raw.contains("\x1b_Ga=d,d=I,"));
    terminal.wait("a picture again", |raw, _| raw.matches("\x1b_Ga=p,").count() > before);
    let raw = terminal.leave();
    assert!(raw.rsplit_once("\x1b_Ga=d,d=A,q=2\x1b\\").is_some_and(|(_, end)| !end.contains("\x1b_G")), "they stay in the terminal");
    let (handed, hung, painted) = meant(&raw);
    assert!(handed >= 1 && hung > handed && painted == 0, "{handed} {hung} {painted}");
}

#[test]
fn a_terminal_that_knows_sixels_is_painted_on() {
    // Its sixteen colours are those of letters.
    for environment in [&[][..], &[("TERM", "xterm"), ("COLORTERM", "")]] {
        let mut terminal = Terminal::demo(environment);
        terminal.wait("the question", |raw, _| raw.contains(ASKED));
        terminal.say("\x1b[?1;0;256S\x1b[6;20;10t\x1b[?64;1;4;22c");
        terminal.wait("a picture", |raw, _| raw.contains("\x1bP0;1q"));
        terminal.say("jjj");
        terminal.wait("it moves", |raw, _| raw.matches("\x1bP0;1q").count() > 1);
        let (handed, hung, painted) = meant(&terminal.leave());
        assert!(handed == 0 && hung == 0 && painted > 1, "{handed} {hung} {painted}");
    }
}

#[test]
fn where_no_pictures_are_wanted_nothing_is_asked() {
    for environment in [&[("NO_COLOR", "1")][..], &[("TERM", "linux")], &[("LANG", "C")]] {
        let mut terminal = Terminal::demo(environment);
        terminal.wait("a description", |_, screen| screen.contents().contains("Federated"));
        let raw = terminal.leave();
        assert!(!raw.contains("a=q") && !raw.contains("\x1b[16t"), "{environment:?}");
    }
}

#[test]
fn custom_emoji_are_pictures_where_they_can_be_and_names_elsewhere() {
    let story = ["--demo", "-s", "local"];
    let mut plain = Terminal::run(&story, &[]);
    plain.wait("the name of an emoji", |_, screen| screen.contents().contains("Dagny Holm :ferry: @dagny"));
    assert_eq!(meant(&plain.leave()), (0, 0, 0));
    let mut kitty = Terminal::run(&story, &[]);
    kitty.wait("the question", |raw, _| raw.contains(ASKED));
    kitty.say("\x1b_Gi=1;OK\x1b\\\x1b[6;20;10t\x1b[4;800;1000t\x1b[?62;52;c");
    kitty
        .wait("the picture of an emoji", |raw, screen| raw.contains(",c=2,r=1,C=1,") && screen.contents().contains("Dagny Holm    @dagny"));
    let (handed, hung, painted) = meant(&kitty.leave());
    assert!(handed >= 1 && hung >= handed && painted == 0, "{handed} {hung} {painted}");
}
