//! The real binary in a pseudo-terminal: it starts, follows keys and size, stops and continues, and however it ends the
//! terminal is as it was.
#![cfg(test)]
#![cfg(unix)]

#[cfg(all(target_os = "linux", feature = "notify"))]
#[path = "common/demo.rs"]
mod demo;

use portable_pty::{ChildKiller, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{BufRead as _, BufReader, Read as _, Write};
use std::num::NonZeroU16;
use std::process::Command;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel, sync_channel};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(40);
const BINARY: &str = env!("CARGO_BIN_EXE_trunkline");

/// A program in a terminal of its own.
struct Terminal {
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    killer: Box<dyn ChildKiller + Send + Sync>,
    pid: String,
    /// The exit code, once there is one.
    ended: Receiver<u32>,
    output: Receiver<Vec<u8>>,
    parser: vt100::Parser,
    raw: Vec<u8>,
    /// The terminal's settings before the program ran.
    before: String,
}

impl Terminal {
    fn run(program: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let (columns, rows) = (120, 36);
        let pair = native_pty_system().openpty(PtySize { rows, cols: columns, ..PtySize::default() }).unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.env_clear();
        let folder = env!("CARGO_TARGET_TMPDIR");
        for (name, value) in [
            ("TERM", "xterm-256color"),
            ("LANG", "C.UTF-8"),
            ("PATH", "/usr/bin:/bin"),
            ("HOME", folder),
            ("XDG_STATE_HOME", folder),
            ("XDG_CONFIG_HOME", folder),
        ] {
            command.env(name, value);
        }
        for (name, value) in environment {
            command.env(name, value);
        }
        let before = format!("{:?}", pair.master.get_termios());
        let mut child = pair.slave.spawn_command(command).unwrap();
        let (killer, pid) = (child.clone_killer(), child.process_id().unwrap().to_string());
        let (code, ended) = channel();
        std::thread::spawn(move || code.send(child.wait().unwrap().exit_code()));
        let mut reader = pair.master.try_clone_reader().unwrap();
        // Hardly anything is read ahead: a test that takes nothing is a terminal that takes nothing.
        let (bytes, output) = sync_channel(1);
        std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(count) = reader.read(&mut buffer) {
                if count == 0 || bytes.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let (rows, columns) = (NonZeroU16::new(rows).unwrap(), NonZeroU16::new(columns).unwrap());
        let parser = vt100::Parser::new(rows, columns, 0);
        let keys = pair.master.take_writer().unwrap();
        Self { master: pair.master, keys, killer, pid, ended, output, parser, raw: Vec::new(), before }
    }

    fn demo(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        Self::run(BINARY, &[&["--demo"], arguments].concat(), environment)
    }

    fn screen(&self) -> String {
        self.parser.screen().contents()
    }

    /// Takes what the program writes until the screen is as wished.
    fn wait(&mut self, what: &str, wished: impl Fn(&vt100::Screen) -> bool) {
        let until = now() + PATIENCE;
        while !wished(self.parser.screen()) {
            match self.output.recv_timeout(until.saturating_duration_since(now())) {
                Ok(bytes) => self.take(&bytes),
                Err(error) => panic!("{what}: not within {PATIENCE:?} ({error}); the screen:\n{}", self.screen()),
            }
        }
    }

    fn wait_for(&mut self, words: &str) {
        self.wait(words, |screen| screen.contents().contains(words));
    }

    fn take(&mut self, bytes: &[u8]) {
        self.raw.extend_from_slice(bytes);
        self.parser.process(bytes);
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    fn resize(&mut self, columns: u16, rows: u16) {
        self.parser.screen_mut().set_size(NonZeroU16::new(rows).unwrap(), NonZeroU16::new(columns).unwrap());
        self.master.resize(PtySize { rows, cols: columns, ..PtySize::default() }).unwrap();
    }

    /// Takes the rest and waits for the end; gives the exit code.
    fn end(&mut self) -> u32 {
        let until = now() + PATIENCE;
        loop {
            // The end of what it writes comes at the latest with its own end.
            match self.output.recv_timeout(Duration::from_millis(20)) {
                Ok(bytes) => self.take(&bytes),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    if let Ok(code) = self.ended.try_recv() {
                        while let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(100)) {
                            self.take(&bytes);
                        }
                        return code;
                    }
                }
            }
            assert!(now() < until, "it does not end; the screen:\n{}", self.screen());
        }
    }

    /// Has it write more than any terminal holds back, of which nobody takes anything from here on, and ends it by keys or by
    /// a signal: it ends well all the same.
    fn end_unread(&mut self, sizes: u16, keys: &str, ending: &str) {
        for size in 0..sizes {
            self.master.resize(PtySize { rows: 60, cols: 150 + size % 2, ..PtySize::default() }).unwrap();
            self.press(keys);
            std::thread::yield_now();
        }
        if ending.starts_with('-') {
            signal(ending, &self.pid);
        } else {
            self.press(ending);
        }
        assert_eq!(self.ended.recv_timeout(PATIENCE), Ok(0), "{ending:?}");
    }

    /// That titles were kept and brought back, and the focus reported and not, so many times.
    fn assert_told_and_untold(&self, times: usize) {
        let raw = String::from_utf8_lossy(&self.raw);
        let counts = ["\x1b[22;2t", "\x1b[23;2t", "\x1b[?1004h", "\x1b[?1004l"].map(|sequence| raw.matches(sequence).count());
        assert_eq!(counts, [times; 4]);
    }

    /// That the terminal is as it was before the program ran.
    fn assert_sane(&self) {
        assert_eq!(format!("{:?}", self.master.get_termios()), self.before, "the terminal's settings");
        let screen = self.parser.screen();
        assert!(!screen.alternate_screen(), "still on the alternate screen");
        assert!(!screen.hide_cursor(), "no cursor");
        assert!(!screen.bracketed_paste(), "still in bracketed paste");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
        let raw = String::from_utf8_lossy(&self.raw);
        assert_eq!(raw.matches("\x1b[22;2t").count(), raw.matches("\x1b[23;2t").count(), "another title");
        // Wherever it was set, it is unset last.
        let is_unset = raw.rsplit_once("\x1b[?1004h").is_none_or(|(_, after)| after.contains("\x1b[?1004l"));
        assert!(is_unset, "the focus is still reported");
        let (_, after) = raw.rsplit_once("\x1b[23;2t").unwrap_or_default();
        assert!(!after.contains("\x1b]2;"), "a title for the shell");
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        drop(self.killer.kill());
    }
}

#[expect(clippy::disallowed_methods, reason = "waiting for another process has a deadline")]
fn now() -> Instant {
    Instant::now()
}

fn signal(name: &str, pid: &str) {
    assert!(Command::new("kill").args([name, pid]).status().unwrap().success());
}

/// Whether the row of tabs marks this one as open: the rule under it is thick there.
fn has_open_tab(screen: &vt100::Screen, title: &str) -> bool {
    let (_, columns) = screen.size();
    let tabs = screen.contents_between(0, 0, 0, columns.get());
    let rule: Vec<char> = screen.contents_between(1, 0, 1, columns.get()).chars().collect();
    let Some((before, _)) = tabs.split_once(title) else { return false };
    rule.get(before.chars().count()).is_some_and(|mark| *mark == '━')
}

#[test]
fn a_newcomer_watches_switches_subscribes_unsubscribes_resizes_and_quits() {
    let mut terminal = Terminal::demo(&[], &[]);
    terminal.wait("posts of home, live", |screen| {
        let words = screen.contents();
        words.contains("Home") && words.contains('●') && words.matches('@').count() > 4
    });
    terminal.press("i");
    terminal.wait("stream health", |screen| {
        let words = screen.contents();
        words.contains("Stream health") && words.contains("Mastodon 4.5.3") && words.contains("last event")
    });
    terminal.press("i3");
    terminal.wait("the third tab", |screen| has_open_tab(screen, "Local"));
    terminal.press("\t");
    terminal.wait("the fourth tab", |screen| has_open_tab(screen, "Federated"));
    terminal.press("a#photography");
    terminal.wait_for("#photography");
    terminal.press("\r");
    terminal.wait("a tab for the hashtag, with posts", |screen| {
        has_open_tab(screen, "#photography") && screen.contents().matches('@').count() > 2
    });
    terminal.press("x");
    terminal.wait("the tab gone", |screen| !screen.contents_between(0, 0, 0, 120).contains("#photography"));
    terminal.press("u");
    terminal.wait("the tab back", |screen| has_open_tab(screen, "#photography"));
    terminal.resize(60, 20);
    terminal.press("1");
    terminal.wait("the small screen", |screen| has_open_tab(screen, "Home") && !screen.contents().contains('┬'));
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
    terminal.assert_sane();
    let raw = String::from_utf8_lossy(&terminal.raw);
    assert!(!raw.contains("\x1b[6n") && raw.matches("\x1b[c").count() == 1, "the terminal was asked more than what it is, once");
    assert!(raw.matches("\x1b[?2026h").count() > 3, "frames are not synchronized");
    assert!(raw.contains("trunkline\x07") && raw.contains("\x1b]2;"), "no title");
}

#[test]
fn the_doctor_knows_the_terminal_without_a_byte_of_control() {
    let mut terminal = Terminal::demo(&["doctor", "-s", "home"], &[]);
    assert_eq!(terminal.end(), 0);
    let said = String::from_utf8_lossy(&terminal.raw);
    assert!(said.contains("120x36, TERM=xterm-256color") && said.contains("UTF-8"), "{said}");
    assert!(!said.contains('\x1b'), "it was asked something: {said}");
}

#[test]
fn it_stops_for_the_shell_and_continues_with_a_whole_screen() {
    let mut terminal = Terminal::run("bash", &["--norc", "--noprofile", "-i"], &[("PS1", "shell> ")]);
    terminal.wait_for("shell>");
    terminal.press(&format!("{BINARY} --demo\n"));
    terminal.wait("live", |screen| screen.alternate_screen() && screen.contents().contains('●'));
    terminal.press("\x1a");
    terminal.wait("the shell", |screen| !screen.alternate_screen() && screen.contents().contains("Stopped"));
    assert!(!terminal.parser.screen().hide_cursor());
    terminal.assert_told_and_untold(1);
    terminal.press("echo o''k\n");
    terminal.wait_for("ok");
    terminal.press("fg\n");
    terminal.wait("the screen again", |screen| {
        let words = screen.contents();
        screen.alternate_screen() && words.contains("Home") && words.contains('●')
    });
    terminal.press("2");
    terminal.wait("keys again", |screen| has_open_tab(screen, "Notifications"));
    if cfg!(target_os = "linux") {
        let shell = &terminal.pid;
        let program = std::fs::read_to_string(format!("/proc/{shell}/task/{shell}/children")).unwrap();
        signal("-TSTP", program.trim());
        terminal.wait("the shell, by a signal", |screen| !screen.alternate_screen());
        terminal.press("fg\n");
        terminal.wait("the screen once more", |screen| screen.alternate_screen() && has_open_tab(screen, "Notifications"));
    }
    terminal.press("q");
    terminal.wait("the shell at the end", |screen| !screen.alternate_screen());
    terminal.press("echo \"left with $?\"\n");
    terminal.wait_for("left with 0");
    terminal.assert_told_and_untold(if cfg!(target_os = "linux") { 3 } else { 2 });
}

#[cfg(target_os = "linux")]
#[test]
fn a_shell_that_goes_takes_the_stopped_program_with_it() {
    let mut terminal = Terminal::run("bash", &["--norc", "--noprofile", "-i"], &[("PS1", "shell> ")]);
    terminal.wait_for("shell>");
    terminal.press(&format!("{BINARY} --demo\n"));
    terminal.wait("live", |screen| screen.alternate_screen() && screen.contents().contains('●'));
    let shell = &terminal.pid;
    let program = std::fs::read_to_string(format!("/proc/{shell}/task/{shell}/children")).unwrap().trim().to_owned();
    terminal.press("\x1a");
    terminal.wait("the shell", |screen| !screen.alternate_screen() && screen.contents().contains("Stopped"));
    signal("-HUP", &terminal.pid);
    terminal.end();
    let until = now() + PATIENCE;
    // Gone, or ended and waiting for whoever collects orphans here.
    let lives = || std::fs::read_to_string(format!("/proc/{program}/stat")).is_ok_and(|stat| !stat.contains(") Z "));
    while lives() {
        assert!(now() < until, "the stopped program outlives its shell");
        std::thread::yield_now();
    }
}

#[test]
fn it_cannot_be_suspended_where_no_shell_would_continue_it_and_says_so() {
    let mut terminal = Terminal::demo(&[], &[]);
    terminal.wait("live", |screen| screen.contents().contains('●'));
    terminal.press("\x1a");
    terminal.wait_for("cannot be suspended here");
    terminal.press("\x03");
    assert_eq!(terminal.end(), 0);
    terminal.assert_sane();
}

#[test]
fn a_signal_ends_it_cleanly() {
    for name in ["-TERM", "-HUP", "-INT"] {
        let mut terminal = Terminal::demo(&[], &[]);
        terminal.wait("live", |screen| screen.contents().contains('●'));
        signal(name, &terminal.pid);
        assert_eq!(terminal.end(), 0, "{name}");
        terminal.assert_sane();
    }
}

#[test]
fn a_stop_and_a_continuation_from_outside_leave_the_screen_whole() {
    let mut terminal = Terminal::demo(&[], &[]);
    terminal.wait("live", |screen| screen.contents().contains('●'));
    signal("-STOP", &terminal.pid);
    // Whatever the shell draws meanwhile.
    terminal.take(b"\x1b[?1049l\x1b[2J\x1b[Hgarbage");
    signal("-CONT", &terminal.pid);
    terminal.wait("the screen again", |screen| {
        let words = screen.contents();
        screen.alternate_screen() && words.contains("Home") && words.contains('@') && !words.contains("garbage")
    });
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
    terminal.assert_sane();
}

#[cfg(debug_assertions)]
#[test]
fn a_panic_anywhere_gives_the_terminal_back_and_then_reports() {
    for place in ["loop", "task", "thread"] {
        let mut terminal = Terminal::demo(&[], &[("TRUNKLINE_TEST_PANIC", place)]);
        assert_eq!(terminal.end(), 1, "{place}");
        terminal.assert_sane();
        let raw = String::from_utf8_lossy(&terminal.raw);
        let (_, after) = raw.rsplit_once("\x1b[?1049l").unwrap();
        assert!(after.contains("a bug ended the program: asked for by a test (src/cli/screen.rs:"), "no report after leaving: {after:?}");
        assert!(!after.contains("\x1b[?2026h"), "something was drawn on a screen that had been left");
    }
}

#[test]
fn a_terminal_that_goes_ends_it_also_where_nobody_signals_that() {
    // The shell leads the session, so it alone is told of the hang-up, and it does not care; it ends when the program does.
    let script = format!("trap '' HUP; exec 3<&0; {BINARY} --demo <&3 & wait $!");
    let mut terminal = Terminal::run("bash", &["-c", &script], &[]);
    terminal.wait("live", |screen| screen.contents().contains('●'));
    // The terminal hangs up when every descriptor of its master is closed; the thread that reads closes its own when what
    // it reads is not wanted any more.
    let other = native_pty_system().openpty(PtySize::default()).unwrap();
    terminal.keys = other.master.take_writer().unwrap();
    terminal.master = other.master;
    terminal.output = channel().1;
    terminal.ended.recv_timeout(PATIENCE).expect("it lives on without a terminal");
}

#[test]
fn no_key_waits_for_the_next_whatever_comes_with_it() {
    let mut terminal = Terminal::demo(&[], &[]);
    terminal.wait("live", |screen| screen.contents().contains('●'));
    for (round, (key, title)) in
        [("2", "Notif"), ("3", "Local"), ("4", "Fed"), ("5", "#rust"), ("1", "Home")].iter().cycle().take(25).enumerate()
    {
        terminal.resize(100 + u16::try_from(round).unwrap(), 30);
        terminal.press(key);
        terminal.wait(&format!("round {round}: {title}"), |screen| has_open_tab(screen, title));
    }
    // More than one read of the terminal takes.
    terminal.press(&"jk".repeat(1500));
    terminal.press("3");
    terminal.wait("the key after many", |screen| has_open_tab(screen, "Local"));
    terminal.press(&format!("\x1b[200~{}\x1b[201~", "q".repeat(3000)));
    terminal.press("2");
    terminal.wait("the key after a paste, which is no keys", |screen| has_open_tab(screen, "Notif"));
    terminal.press("\x1b[<0;999;999M\x1b[<65;1;5M\x1b[999;999;999~\x1bZ");
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
    terminal.assert_sane();
}

#[test]
fn what_is_pasted_or_reported_without_an_end_keeps_no_key() {
    let mut terminal = Terminal::demo(&[], &[]);
    terminal.wait("live", |screen| screen.contents().contains('●'));
    // A field for text shows when the paste has been given up.
    terminal.press(":");
    terminal.press("\x1b[200~unfinished");
    terminal.wait_for("unfinished");
    terminal.press("\x1b");
    terminal.wait("an escape alone", |screen| !screen.contents().contains("unfinished"));
    for begun in ["\x1b[<0;12;", "\x1b[M!", "\x1b]0;title", "\x1b[200~"] {
        for (key, title) in [("2", "Notif"), ("1", "Home")] {
            terminal.press(begun);
            // Nothing on the screen says that it was given up, and a key too early belongs to it: so often as it takes.
            let until = now() + PATIENCE;
            while !has_open_tab(terminal.parser.screen(), title) {
                assert!(now() < until, "{begun:?} keeps {key}; the screen:\n{}", terminal.screen());
                if let Ok(bytes) = terminal.output.recv_timeout(Duration::from_millis(600)) {
                    terminal.take(&bytes);
                } else {
                    terminal.press(key);
                }
            }
        }
    }
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
    terminal.assert_sane();
}

#[cfg(target_os = "linux")]
#[test]
fn without_descriptors_it_says_so_spins_not_recovers_and_leaves_cleanly() {
    let mut server =
        Command::new(BINARY).args(["demo-server", "--port", "0"]).env_clear().stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut address = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut address).unwrap();
    let mut terminal = Terminal::run(BINARY, &[], &[("TRUNKLINE_SERVER", address.trim()), ("TRUNKLINE_TOKEN", "reader")]);
    terminal.wait("live", |screen| screen.contents().contains('●'));
    let pid = terminal.pid.clone();
    let limit = |most: &str| {
        let limited = Command::new("prlimit").args(["--pid", &pid, &format!("--nofile={most}:")]).status().unwrap();
        assert!(limited.success());
    };
    limit("1");
    server.kill().unwrap();
    server.wait().unwrap();
    let (ticks, began) = (cpu_ticks(&pid), now());
    terminal.wait("what is missing", |screen| screen.contents().contains("Too many open files"));
    terminal.press("\x12");
    // The time over which a spin would show.
    while began.elapsed() < Duration::from_secs(3) {
        if let Ok(bytes) = terminal.output.recv_timeout(Duration::from_millis(100)) {
            terminal.take(&bytes);
        }
    }
    // Whoever was stopped takes the terminal anew, which takes no descriptor.
    signal("-STOP", &pid);
    terminal.take(b"\x1b[?1049l\x1b[2J\x1b[Hgarbage");
    signal("-CONT", &pid);
    terminal.wait("the screen again", |screen| screen.alternate_screen() && !screen.contents().contains("garbage"));
    // Of a hundred ticks a second a spin would take nearly all.
    let (spent, passed) = (cpu_ticks(&pid) - ticks, began.elapsed());
    assert!(Duration::from_millis(spent * 10) < passed / 2, "{spent} ticks in {passed:?}");
    limit("1024");
    terminal.press("\x12");
    terminal.wait("a socket again, and nobody there", |screen| screen.contents().contains("refused"));
    limit("1");
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
    terminal.assert_sane();
}

/// Processor time that a process has used, in hundredths of a second.
#[cfg(target_os = "linux")]
fn cpu_ticks(pid: &str) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let (_, after) = stat.rsplit_once(") ").unwrap();
    let fields: Vec<&str> = after.split(' ').collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

#[test]
fn a_terminal_that_takes_nothing_holds_up_no_end() {
    for ending in ["q", "\x03", "-TERM"] {
        let mut terminal = Terminal::demo(&[], &[]);
        terminal.wait("live", |screen| screen.contents().contains('●'));
        terminal.end_unread(60, "23451", ending);
        assert_eq!(format!("{:?}", terminal.master.get_termios()), terminal.before, "{ending:?}: the terminal's settings");
    }
}

/// What is open at the end of some output: the start of a string for the terminal (a picture, a title, a link) that has no end.
fn left_open(raw: &[u8]) -> Option<String> {
    let mut open = None;
    for (at, pair) in raw.windows(2).enumerate() {
        match pair {
            b"\x1b\\" | [7, _] => open = None,
            [b'\x1b', b'P' | b'_' | b']'] => open = Some(at),
            _ => {}
        }
    }
    open.map(|at| String::from_utf8_lossy(&raw[at..]).chars().take(40).collect())
}

#[test]
fn a_terminal_that_stops_in_the_middle_of_a_picture_and_goes_on_when_all_is_over_is_as_it_was() {
    for ending in ["q", "-TERM"] {
        let mut terminal = Terminal::demo(&["-s", "federated:media"], &[("COLORTERM", "truecolor")]);
        let until = now() + PATIENCE;
        let mut has_answered = false;
        // Whatever of a picture comes last is not its end, and nobody takes more.
        while !left_open(&terminal.raw).is_some_and(|open| open.starts_with("\x1bP0;1q")) {
            let bytes = terminal.output.recv_timeout(until.saturating_duration_since(now()));
            terminal.take(&bytes.unwrap_or_else(|error| panic!("no picture ({error}); the screen:\n{}", terminal.screen())));
            if !has_answered && String::from_utf8_lossy(&terminal.raw).contains("\x1b[c\x1b[H\x1b[2J") {
                terminal.press("\x1b[?1;0;256S\x1b[6;20;10t\x1b[?64;1;4;22c");
                has_answered = true;
            }
        }
        terminal.end_unread(20, "jk", ending);
        while let Ok(bytes) = terminal.output.recv_timeout(Duration::from_millis(500)) {
            terminal.take(&bytes);
        }
        assert_eq!(left_open(&terminal.raw), None, "{ending:?}: the shell would be part of it");
        terminal.assert_sane();
    }
}

#[test]
fn a_locale_without_utf_8_gets_ascii() {
    for locale in [("LANG", "C"), ("LC_ALL", "POSIX"), ("LC_CTYPE", "de_DE.ISO-8859-1")] {
        let mut terminal = Terminal::demo(&[], &[locale]);
        terminal.wait("posts of home", |screen| {
            let words = screen.contents();
            words.contains("Home") && words.contains("complete since") && words.matches('@').count() > 4
        });
        terminal.press("3");
        terminal.wait("local posts", |screen| screen.contents().matches('@').count() > 4);
        terminal.press("i");
        terminal.wait_for("Stream health");
        terminal.press("\x03");
        assert_eq!(terminal.end(), 0);
        terminal.assert_sane();
        let beyond: Vec<u8> = terminal.raw.iter().copied().filter(|byte| *byte > 0x7e).take(12).collect();
        assert!(beyond.is_empty(), "{locale:?}: {beyond:x?} in {}", terminal.screen());
    }
}

#[test]
fn without_a_place_for_its_files_it_says_so_and_runs() {
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-folder");
    std::fs::write(&file, "in the way").unwrap();
    let within = file.join("state");
    let environment = [
        ("TRUNKLINE_SERVER", "http://127.0.0.1:9"),
        ("TRUNKLINE_TOKEN", "a-very-secret-token"),
        ("XDG_STATE_HOME", within.to_str().unwrap()),
    ];
    let mut terminal = Terminal::run(BINARY, &[], &environment);
    terminal.wait("what cannot be written, and the server's absence", |screen| {
        let words = squeezed(&screen.contents());
        words.contains("nofolder") && words.contains("Home")
    });
    terminal.press("\x03");
    assert_eq!(terminal.end(), 0);
    terminal.assert_sane();
}

#[test]
fn absurd_sizes_are_survived() {
    let mut terminal = Terminal::demo(&[], &[]);
    terminal.wait("live", |screen| screen.contents().contains('●'));
    for (columns, rows) in [(1, 1), (3, 200), (5000, 2), (65535, 65535)] {
        terminal.master.resize(PtySize { rows, cols: columns, ..PtySize::default() }).unwrap();
        terminal.press("\t");
    }
    terminal.resize(80, 24);
    terminal.press("1");
    terminal.wait("the usual screen", |screen| has_open_tab(screen, "Home") && screen.contents().contains("complete since"));
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
    terminal.assert_sane();
}

#[test]
fn settings_and_log_are_files_and_the_token_is_in_none_of_them() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("settings");
    drop(std::fs::remove_dir_all(&folder));
    std::fs::create_dir_all(&folder).unwrap();
    let (config, state) = (folder.join("trunkline.toml"), folder.join("state"));
    // Nobody listens there.
    let environment = [
        ("TRUNKLINE_SERVER", "http://127.0.0.1:9"),
        ("TRUNKLINE_TOKEN", "a-very-secret-token"),
        ("TRUNKLINE_CONFIG", config.to_str().unwrap()),
        ("XDG_STATE_HOME", state.to_str().unwrap()),
        ("TRUNKLINE_LOG", "trace,hyper=trace,reqwest=trace"),
    ];
    std::fs::write(&config, "rows = 5\n").unwrap();
    let mut terminal = Terminal::run(BINARY, &[], &environment);
    assert_eq!(terminal.end(), 1);
    let said = String::from_utf8_lossy(&terminal.raw).into_owned();
    assert!(said.contains("trunkline.toml:1:8: `rows`") && !said.contains('\x1b'), "{said:?}");

    std::fs::write(&config, "tabs = [\"#settings\"]\nmuose = false\n").unwrap();
    let mut terminal = Terminal::run(BINARY, &["--no-mouse"], &environment);
    terminal.wait("the tab of the file and its unknown key", |screen| {
        has_open_tab(screen, "#settings") && screen.contents().contains("did you mean `mouse`?")
    });
    terminal.press("\x1b");
    // Alone, not with the next key: together they would be one with Alt.
    terminal.wait("the notice gone", |screen| !screen.contents().contains("did you mean"));
    terminal.wait("the server's absence", |screen| !screen.contents().contains('●') && screen.contents().contains("127.0.0.1"));
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
    terminal.assert_sane();
    let raw = String::from_utf8_lossy(&terminal.raw);
    assert!(!raw.contains("\x1b[?1000h") && !raw.contains("a-very-secret-token"));
    let log = state.join("trunkline/trunkline.log");
    assert_eq!(std::fs::metadata(&log).unwrap().permissions().mode() & 0o777, 0o600);
    let logged = std::fs::read_to_string(&log).unwrap();
    assert!(!logged.is_empty() && !logged.contains("a-very-secret-token"), "{logged}");
}

#[test]
fn without_a_terminal_not_one_escape_byte_is_written() {
    let folder = env!("CARGO_TARGET_TMPDIR");
    let output = Command::new(BINARY).arg("--demo").env_clear().env("HOME", folder).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    assert!(said.contains("trunkline tail") && said.lines().count() == 1 && !said.contains('\x1b'), "{said:?}");
    let mut terminal = Terminal::demo(&[], &[("TERM", "dumb")]);
    assert_eq!(terminal.end(), 1);
    let said = String::from_utf8_lossy(&terminal.raw).into_owned();
    assert!(said.contains("trunkline tail") && said.contains("--linear") && !said.contains('\x1b'), "{said:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn where_nothing_can_be_printed_nothing_panics() {
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    for arguments in [&["--help"][..], &["--version"], &["tail"], &["tail", "nonsense:"], &["--no-such-flag"], &["--demo"]] {
        let mut command = Command::new(BINARY);
        command.args(arguments).env_clear().env("HOME", env!("CARGO_TARGET_TMPDIR")).stdin(std::process::Stdio::null());
        let code = command.stdout(full()).stderr(full()).status().unwrap().code();
        // A panic ends with 101, or with a signal.
        assert!(code.is_some_and(|code| code <= 2), "{arguments:?}: {code:?}");
    }
}

#[test]
fn a_recording_of_the_demo_is_replayed_in_the_real_screen() {
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("pty-{}.ndjson", std::process::id()));
    drop(std::fs::remove_file(&file));
    let path = file.to_str().unwrap();
    let mut terminal = Terminal::demo(&["--record", path], &[]);
    terminal.wait("posts of home, live", |screen| screen.contents().contains('●') && screen.contents().matches('@').count() > 4);
    terminal.press("G");
    // Names stand still at the end of the list, whatever comes at its top.
    terminal.wait("the end of the page", |screen| !names(screen).is_empty() && screen.contents().contains('▌'));
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
    terminal.assert_sane();
    let recorded = std::fs::read_to_string(&file).unwrap();
    assert!(recorded.lines().any(|line| line.contains("\"path\":\"/api/v1/timelines/home?limit=")), "{recorded}");
    assert!(!recorded.contains("Bearer"), "the token was recorded");

    let mut terminal = Terminal::run(BINARY, &["replay", path, "--speed", "max"], &[]);
    terminal.wait_for("recording");
    terminal.wait("the tabs and posts", |screen| {
        let words = screen.contents();
        ["Home", "Notifications", "Local", "Federated", "#rust"].iter().all(|title| words.contains(title)) && !names(screen).is_empty()
    });
    terminal.press("G");
    let last = last_words(&recorded);
    terminal.wait(&format!("the oldest post, {last:?}"), |screen| squeezed(&screen.contents()).contains(&last));
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
    terminal.assert_sane();

    let mut again = Terminal::demo(&["--record", path], &[]);
    assert_eq!(again.end(), 1);
    let raw = String::from_utf8_lossy(&again.raw).into_owned();
    assert!(raw.contains("there already") && !raw.contains("\x1b[?1049h"), "{raw:?}");
    again.assert_sane();
    std::fs::remove_file(&file).unwrap();
}

/// The accounts named on a screen.
fn names(screen: &vt100::Screen) -> Vec<String> {
    screen.contents().split_whitespace().filter(|word| word.starts_with('@')).map(str::to_owned).collect()
}

fn squeezed(text: &str) -> String {
    text.chars().filter(|ch| ch.is_alphanumeric()).collect()
}

/// The first words of the oldest post on the recorded page of home.
fn last_words(recorded: &str) -> String {
    let rows = recorded.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let mut pages =
        rows.filter(|row| row["dir"] == "s2c" && row["path"].as_str().is_some_and(|path| path.starts_with("/api/v1/timelines/home")));
    let first = pages.next().expect("a page of home");
    let (_, body) = first["data"].as_str().unwrap().split_once("\r\n\r\n").unwrap();
    let page: Vec<serde_json::Value> = serde_json::from_str(body).unwrap();
    let content = page.last().unwrap()["content"].as_str().unwrap();
    let text = content.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text).collect::<String>();
    squeezed(&text).chars().take(12).collect()
}

/// A folder with programs that write what they are given into files beside them.
fn witnesses(name: &str, programs: &[&str]) -> std::path::PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    drop(std::fs::remove_dir_all(&folder));
    std::fs::create_dir_all(&folder).unwrap();
    for program in programs {
        let file = folder.join(program);
        // Whole or not at all, so that whoever waits for it sees all of it.
        let script = "#!/bin/sh\nfor one in \"$@\"; do printf '%s\\n' \"$one\"; done >\"$0.new\"\nprintf 'in: ' >>\"$0.new\"\ncat >>\"$0.new\"\n\
            readlink /proc/$$/fd/1 /proc/$$/fd/2 | cat >>\"$0.new\"\nenv >>\"$0.new\"\nmv \"$0.new\" \"$0.given\"\n";
        std::fs::write(&file, script).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    folder
}

/// A bus that is not there is the surest service that fails.
#[cfg(all(target_os = "linux", feature = "notify"))]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_desktops_service_does_not_take_the_terminal_tells_and_the_reader_hears_why() {
    let demo = demo::demo().await;
    let mut terminal = Terminal::run(
        BINARY,
        &["-s", "home", "-s", "notifications"],
        &[
            ("TRUNKLINE_SERVER", &demo.url),
            ("TRUNKLINE_TOKEN", "reader"),
            ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/at/all"),
            ("TERM", "xterm-256color"),
        ],
    );
    terminal.wait("live", |screen| screen.contents().contains('●'));
    let post = demo.control.post("wren", "are you there?").await;
    let marked = |screen: &vt100::Screen| {
        let (rows, _) = screen.size();
        (0..rows.get()).filter_map(|row| screen.cell(row, 0)).find(|cell| cell.contents() == "▌").map(vt100::Cell::fgcolor)
    };
    terminal.wait("the post, chosen", |screen| marked(screen).is_some());
    let bright = marked(terminal.parser.screen());
    terminal.press("\x1b[O");
    terminal.wait("the mark, quiet", |screen| marked(screen) != bright);
    demo.control.notify("mention", "wren", Some(&post)).await;
    terminal.wait_for("notifications go by way of the terminal");
    let raw = String::from_utf8_lossy(&terminal.raw);
    assert_eq!(raw.matches("\x1b]9;Trunkline: Wren Ashdown mentioned you").count(), 1);
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
    terminal.assert_sane();
}

/// What a witness was given, once it was.
fn given(folder: &std::path::Path, program: &str) -> String {
    let (file, until) = (folder.join(format!("{program}.given")), now() + PATIENCE);
    loop {
        if let Ok(given) = std::fs::read_to_string(&file) {
            return given;
        }
        assert!(now() < until, "{program} was given nothing");
        std::thread::yield_now();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_link_is_shown_opened_by_one_argument_and_copied_by_tool_and_terminal() {
    let folder = witnesses("witnesses", &["xdg-open", "wl-copy"]);
    let path = format!("{}:/usr/bin:/bin", folder.display());
    let mut terminal =
        Terminal::demo(&[], &[("PATH", &path), ("WAYLAND_DISPLAY", "wayland-0"), ("TRUNKLINE_TOKEN", "a-very-secret-token")]);
    terminal.wait("posts of home, live", |screen| screen.contents().contains('●') && screen.contents().matches('@').count() > 4);
    // A row that stays where it is while others come.
    terminal.press("jo");
    terminal
        .wait("the links with their addresses", |screen| screen.contents().contains("─ Links") && screen.contents().contains("https://"));
    let shown = terminal.screen();
    let (_, after) = shown.split_once("─ Links").unwrap();
    let address = after.split_whitespace().find(|word| word.starts_with("http")).unwrap().to_owned();
    terminal.press("y");
    terminal.wait_for("copied the link with wl-copy");
    let copied = given(&folder, "wl-copy");
    assert!(copied.contains(&format!("in: {address}")), "{address}: {copied}");
    terminal.press("1");
    terminal.wait_for("handed to your browser");
    let opened = given(&folder, "xdg-open");
    assert!(opened.starts_with(&format!("{address}\nin: ")), "one argument: {opened}");
    for given in [&copied, &opened] {
        assert_eq!(given.matches("/dev/null").count(), 2, "a child has the terminal: {given}");
        assert!(!given.contains("a-very-secret-token"), "{given}");
    }
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
    terminal.assert_sane();
    let raw = String::from_utf8_lossy(&terminal.raw);
    let (_, rest) = raw.split_once("\x1b]52;c;").expect("the terminal was not asked");
    let (sequence, _) = rest.split_once('\x07').unwrap();
    assert!(sequence.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)), "{sequence:?}");
}

#[test]
fn over_ssh_no_browser_is_started_and_the_terminal_is_asked_to_copy() {
    let folder = witnesses("witnesses-ssh", &["xdg-open", "xclip", "wl-copy"]);
    let path = format!("{}:/usr/bin:/bin", folder.display());
    let mut terminal = Terminal::demo(&[], &[("PATH", &path), ("SSH_TTY", "/dev/pts/1"), ("TMUX", "/nowhere,1,0")]);
    terminal.wait("posts of home, live", |screen| screen.contents().contains('●') && screen.contents().matches('@').count() > 4);
    terminal.press("jo");
    terminal.wait("the links", |screen| screen.contents().contains("─ Links") && screen.contents().contains("https://"));
    terminal.press("1");
    terminal.wait_for("no browser over SSH; copied");
    terminal.press("Y");
    terminal.wait_for("copied the text");
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
    terminal.assert_sane();
    let raw = String::from_utf8_lossy(&terminal.raw);
    let told = [raw.matches("\x1b]52;c;").count(), raw.matches("\x1bPtmux;\x1b\x1b]52;c;").count()];
    assert_eq!(told, [4, 2], "as it is and wrapped, twice");
    assert!(!std::fs::read_dir(&folder).unwrap().any(|file| file.unwrap().path().extension().is_some()), "a program was started");
}

#[test]
fn a_terminal_that_knows_links_is_told_where_they_lead_and_no_link_stays_open() {
    let mut terminal = Terminal::demo(&[], &[("VTE_VERSION", "7600")]);
    terminal.wait("posts of home, live", |screen| screen.contents().contains('●') && screen.contents().matches('@').count() > 4);
    terminal.press("3\t\t2j\r");
    terminal.wait("a post open", |screen| screen.contents().contains("Thread"));
    terminal.press("\x03");
    assert_eq!(terminal.end(), 0);
    terminal.assert_sane();
    let raw = String::from_utf8_lossy(&terminal.raw);
    let mut told = raw.split("\x1b]8;").skip(1);
    let mut count = 0;
    while let Some(opening) = told.next() {
        let (target, _) = opening.split_once("\x1b\\").unwrap();
        let (id, address) = target.split_once(';').unwrap();
        assert!(
            id.starts_with("id=tl") && address.starts_with("http") && address.bytes().all(|byte| byte.is_ascii_graphic()),
            "{target:?}"
        );
        assert!(told.next().is_some_and(|closing| closing.starts_with(";\x1b\\")), "{target:?} stays open");
        count += 1;
    }
    assert!(count > 0, "no link was told");
}

/// What a program has printed, without the line ends and without the marks of pastes.
fn printed(terminal: &Terminal) -> String {
    let raw = String::from_utf8_lossy(&terminal.raw).replace("\r\n", "\n");
    raw.replace("\x1b[?2004h", "").replace("\x1b[?2004l", "")
}

impl Terminal {
    /// Takes what the program writes until it has printed this.
    fn wait_printed(&mut self, words: &str) {
        let until = now() + PATIENCE;
        while !printed(self).contains(words) {
            match self.output.recv_timeout(until.saturating_duration_since(now())) {
                Ok(bytes) => self.take(&bytes),
                Err(error) => panic!("{words:?}: not within {PATIENCE:?} ({error}); it printed:\n{}", printed(self)),
            }
        }
    }
}

#[test]
fn in_lines_everything_is_said_and_not_one_move_of_the_cursor_is_written() {
    for (term, marks) in [("xterm-256color", 1), ("dumb", 0)] {
        let mut terminal = Terminal::demo(&["--linear"], &[("TERM", term)]);
        terminal.wait_printed("Connection: live.");
        terminal.wait_printed("Post by ");
        terminal.press("2");
        terminal.wait_printed("Notifications, tab 2 of ");
        terminal.press("?");
        terminal.wait_printed("End of Help. escape closes it.");
        terminal.press("?i");
        terminal.wait_printed("End of Stream health.");
        terminal.press("i");
        terminal.press("a#photo");
        terminal.wait_printed("#photo: #photo");
        terminal.press("\r");
        terminal.wait_printed("#photo, tab ");
        terminal.press("x");
        terminal.wait_printed("closed and unsubscribed");
        terminal.press("1");
        terminal.press("j");
        terminal.press("\r");
        terminal.wait_printed("Open post by ");
        terminal.wait_printed("Thread: ");
        terminal.press("q");
        assert_eq!(terminal.end(), 0, "{term}");
        terminal.assert_sane();
        let raw = String::from_utf8_lossy(&terminal.raw).into_owned();
        assert_eq!((raw.matches("\x1b[?2004h").count(), raw.matches("\x1b[?2004l").count()), (marks, marks), "{term}");
        let said = printed(&terminal);
        let controls: Vec<char> = said.chars().filter(|ch| ch.is_control() && *ch != '\n').collect();
        assert!(controls.is_empty(), "{term}: {controls:?} in\n{said}");
        assert!(said.lines().all(|line| line.chars().count() < 120), "{term}: a line is too long:\n{said}");
    }
}

#[test]
fn in_lines_it_suspends_and_ends_by_signals_and_panics_with_a_sane_terminal() {
    let mut terminal = Terminal::run("bash", &["--norc", "--noprofile", "-i"], &[("PS1", "shell> ")]);
    terminal.wait_for("shell>");
    terminal.press(&format!("{BINARY} --demo --linear\n"));
    terminal.wait_printed("Connection: live.");
    terminal.press("\x1a");
    terminal.wait_printed("Stopped");
    terminal.press("echo o''k\n");
    terminal.wait_printed("ok\n");
    terminal.press("fg\n");
    terminal.press("2");
    terminal.wait_printed("Notifications, tab 2 of ");
    terminal.press("q");
    terminal.wait("the shell at the end", |screen| screen.contents().trim_end().ends_with("shell>"));
    terminal.press("echo \"left with $?\"\n");
    terminal.wait_printed("left with 0");

    let mut terminal = Terminal::demo(&["--linear"], &[]);
    terminal.wait_printed("Connection: live.");
    signal("-TERM", &terminal.pid);
    assert_eq!(terminal.end(), 0);
    terminal.assert_sane();
    if cfg!(debug_assertions) {
        let mut terminal = Terminal::demo(&["--linear"], &[("TRUNKLINE_TEST_PANIC", "loop")]);
        assert_eq!(terminal.end(), 1);
        terminal.assert_sane();
        assert!(printed(&terminal).contains("a bug ended the program"), "{}", printed(&terminal));
    }
}

#[test]
fn in_lines_one_searches_filters_and_goes_through_media_and_links_by_keys() {
    let mut terminal = Terminal::demo(&["--linear"], &[]);
    terminal.wait_printed("Connection: live.");
    terminal.wait_printed("Post by ");
    for (keys, told) in [
        ("/", "Search in Home: type words"),
        ("e", "e: found."),
        ("qxqx", "eqxqx: not found."),
        ("\x15", "nothing typed."),
        ("e", "e: found."),
        ("\r", "Home. n and N go on to what has e."),
        ("&", "Filter of Home, none so far"),
        ("has:vidoe", "has:vidoe: not right"),
        ("\x15has:media", "has:media: "),
        ("\r", "Home, filter has:media, "),
        ("j", "Media 1 of "),
        ("m", "End of Media 1 of "),
        ("\x07o", "Its number opens a link"),
        ("\x07\r", "Open post by "),
        ("/", "Search in this thread: type words"),
        ("\x07\x07", "hidden."),
        ("&\x15\r", "give"),
    ] {
        terminal.press(keys);
        terminal.wait_printed(told);
    }
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
    terminal.assert_sane();
    let said = printed(&terminal);
    let controls: Vec<char> = said.chars().filter(|ch| ch.is_control() && *ch != '\n').collect();
    assert!(controls.is_empty(), "{controls:?} in\n{said}");
    assert!(said.contains("Description: ") || said.contains("No description."), "{said}");
    assert!(said.contains(", leads to https://"), "{said}");
}
