//! A program in a pseudo-terminal of its own: what it writes, each piece with the time at which it came, and the screen that
//! comes of it.

use crate::process::Process;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::ffi::OsStr;
use std::io::{Read as _, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Columns and rows.
pub(crate) const SIZE: (u16, u16) = (120, 36);

/// A program in a terminal.
pub(crate) struct Terminal {
    /// Our end: the program's is closed where it goes.
    _master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    output: Receiver<(Instant, Vec<u8>)>,
    parser: vt100::Parser,
    /// Bytes that it has written so far.
    pub(crate) bytes: u64,
    /// When it was started.
    pub(crate) began: Instant,
}

impl Terminal {
    /// Starts a program; `home` is the folder where it finds and leaves its files.
    pub(crate) fn run(program: impl AsRef<OsStr>, arguments: &[&str], home: &Path, environment: &[(&str, &str)]) -> Self {
        std::fs::create_dir_all(home).unwrap();
        let (columns, rows) = SIZE;
        let pair = native_pty_system().openpty(PtySize { rows, cols: columns, ..PtySize::default() }).unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.env_clear();
        for (name, value) in [("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("PATH", "/usr/bin:/bin")] {
            command.env(name, value);
        }
        for name in ["HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"] {
            command.env(name, home);
        }
        for (name, value) in environment {
            command.env(name, value);
        }
        let mut reader = pair.master.try_clone_reader().unwrap();
        let keys = pair.master.take_writer().unwrap();
        let began = crate::now();
        let child = pair.slave.spawn_command(command).unwrap();
        let (tell, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = vec![0; 65_536];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if tell.send((crate::now(), buffer[..count].to_vec())).is_err() {
                    return;
                }
            }
        });
        let parser = vt100::Parser::new(NonZeroU16::new(rows).unwrap(), NonZeroU16::new(columns).unwrap(), 0);
        Self { _master: pair.master, keys, child, output, parser, bytes: 0, began }
    }

    pub(crate) fn process(&self) -> Process {
        Process(self.child.process_id().unwrap())
    }

    pub(crate) fn contents(&self) -> String {
        self.parser.screen().contents()
    }

    /// Takes what comes until the screen is as wished; the time at which the last piece came.
    pub(crate) fn wait(&mut self, what: &str, patience: Duration, wished: impl Fn(&str) -> bool) -> Instant {
        let until = crate::now() + patience;
        loop {
            let left = until.saturating_duration_since(crate::now());
            match self.output.recv_timeout(left) {
                Ok((at, bytes)) => {
                    self.take(&bytes);
                    if wished(&self.contents()) {
                        return at;
                    }
                }
                Err(error) => panic!("{what}: not within {patience:?} ({error}); the screen:\n{}", self.contents()),
            }
        }
    }

    /// Takes what comes for so long, and calls `look` with each piece's time and the screen.
    pub(crate) fn watch(&mut self, time: Duration, mut look: impl FnMut(Instant, &str)) {
        let until = crate::now() + time;
        loop {
            match self.output.recv_timeout(until.saturating_duration_since(crate::now())) {
                Ok((at, bytes)) => {
                    self.take(&bytes);
                    look(at, &self.contents());
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// The line of the cursor.
    pub(crate) fn cursor_line(&self) -> u16 {
        self.parser.screen().cursor_position().0
    }

    /// Takes what comes until the cursor is on a line as wished; the time at which the last piece came, if it came in time.
    pub(crate) fn wait_for_cursor(&mut self, patience: Duration, wished: impl Fn(u16) -> bool) -> Option<Instant> {
        let until = crate::now() + patience;
        loop {
            let at = self.next(until.saturating_duration_since(crate::now()))?;
            if wished(self.cursor_line()) {
                return Some(at);
            }
        }
    }

    /// The time at which the next piece came; nothing where none comes in time.
    pub(crate) fn next(&mut self, patience: Duration) -> Option<Instant> {
        let (at, bytes) = self.output.recv_timeout(patience).ok()?;
        self.take(&bytes);
        Some(at)
    }

    /// Takes what comes until nothing has come for a while.
    pub(crate) fn settle(&mut self, quiet: Duration) {
        while self.next(quiet).is_some() {}
    }

    fn take(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.parser.process(bytes);
    }

    /// Presses keys; the time at which that was done.
    pub(crate) fn press(&mut self, keys: &str) -> Instant {
        let at = crate::now();
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
        at
    }

    /// Presses a key that ends it, and waits for the end.
    pub(crate) fn end(mut self, keys: &str) {
        self.press(keys);
        let until = crate::now() + Duration::from_secs(5);
        while self.child.try_wait().is_ok_and(|ended| ended.is_none()) && crate::now() < until {
            self.watch(Duration::from_millis(20), |_, _| {});
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
