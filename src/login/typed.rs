//! Lines that are typed or piped in, read beside everything else.
//!
//! Whoever waits for a line can stop waiting, and then nothing more is taken from the terminal: what is typed next belongs
//! to whoever reads next. Absent on purpose: editing, which the terminal does.

use std::io;
use std::thread::JoinHandle;
use tokio::sync::mpsc;

/// The longest line that is taken, in bytes.
const MOST_BYTES: usize = 16 * 1024;

/// Lines from standard input.
#[derive(Debug)]
pub struct Lines {
    lines: Option<mpsc::Receiver<String>>,
    thread: Option<JoinHandle<()>>,
}

impl Lines {
    /// Begins to read.
    pub fn open() -> io::Result<Self> {
        let (sender, lines) = mpsc::channel(16);
        let thread = std::thread::Builder::new().name("lines".into()).spawn(move || read(&sender))?;
        Ok(Self { lines: Some(lines), thread: Some(thread) })
    }

    /// The next line without its end; `None` at the end of the input. Can be dropped and asked again.
    pub async fn next(&mut self) -> Option<String> {
        self.lines.as_mut()?.recv().await
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.lines = None;
        // It looks up many times a second. Elsewhere it can be stuck in a read, and is left there.
        if cfg!(unix) {
            drop(self.thread.take().map(JoinHandle::join));
        }
    }
}

/// Bytes on their way to becoming lines.
#[derive(Default)]
struct Gathered {
    bytes: Vec<u8>,
}

impl Gathered {
    /// Takes more bytes; gives the lines that are whole now.
    fn take(&mut self, more: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        for byte in more {
            if *byte == b'\n' {
                lines.push(self.line());
            } else if self.bytes.len() < MOST_BYTES {
                self.bytes.push(*byte);
            }
        }
        lines
    }

    fn line(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.bytes)).trim().to_owned()
    }
}

#[cfg(unix)]
fn read(lines: &mpsc::Sender<String>) {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let input = io::stdin();
    let moment = Timespec { tv_sec: 0, tv_nsec: 40_000_000 };
    let mut gathered = Gathered::default();
    let mut buffer = [0; 1024];
    while !lines.is_closed() {
        let mut asked = [PollFd::new(&input, PollFlags::IN)];
        // Where terminals cannot be polled an error says so at once, and reading waits instead.
        if matches!(poll(&mut asked, Some(&moment)), Ok(0) | Err(rustix::io::Errno::INTR)) {
            continue;
        }
        match rustix::io::read(&input, &mut buffer) {
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {}
            Ok(0) | Err(_) => break,
            Ok(count) => {
                for line in gathered.take(buffer.get(..count).unwrap_or_default()) {
                    if lines.blocking_send(line).is_err() {
                        return;
                    }
                }
            }
        }
    }
    if !gathered.bytes.is_empty() {
        drop(lines.blocking_send(gathered.line()));
    }
}

#[cfg(not(unix))]
fn read(lines: &mpsc::Sender<String>) {
    use std::io::Read as _;
    let mut input = io::stdin().lock();
    let mut gathered = Gathered::default();
    let mut buffer = [0; 1024];
    while let Ok(count @ 1..) = input.read(&mut buffer) {
        for line in gathered.take(buffer.get(..count).unwrap_or_default()) {
            if lines.blocking_send(line).is_err() {
                return;
            }
        }
    }
    if !gathered.bytes.is_empty() {
        drop(lines.blocking_send(gathered.line()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_whole_trimmed_and_bounded() {
        let mut gathered = Gathered::default();
        assert_eq!(gathered.take(b" co"), Vec::<String>::new());
        assert_eq!(gathered.take(b"de \r\n\nnext\n\xff"), ["code", "", "next"]);
        assert_eq!(gathered.take(b"\n"), ["\u{fffd}"]);
        gathered.take(&vec![b'x'; MOST_BYTES + 5]);
        assert_eq!(gathered.take(b"y\n").first().map(String::len), Some(MOST_BYTES));
    }
}
