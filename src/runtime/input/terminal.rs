//! `TerminalKeys`: the bytes of the terminal, understood as they come.
//!
//! Absent on purpose: how they are read (`bytes`), and what they mean (`parser`).

use super::super::terminal::area;
use super::Keys;
use super::bytes::Bytes;
use super::parser::Parser;
use crate::update::Msg;
use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, sleep_until};

/// How long a paste may take, also where its bytes keep coming: keys held in a paste without an end are such bytes.
const LONGEST_PASTE: Duration = Duration::from_secs(5);

/// The terminal's keys.
#[derive(Debug)]
pub(crate) struct TerminalKeys {
    bytes: Bytes,
    resizes: Signal,
    parser: Parser,
    /// What has been read and not been asked for yet; no more than one chunk holds.
    msgs: VecDeque<Msg>,
    /// When the last bytes came.
    heard: Instant,
    /// The paste under way and when it began.
    paste: Option<(u32, Instant)>,
}

impl TerminalKeys {
    /// Begins to listen on standard input, on a tokio runtime; only while the terminal is in raw mode.
    pub(crate) fn new() -> io::Result<Self> {
        Self::reading(io::stdin().as_fd().try_clone_to_owned()?)
    }

    fn reading(input: OwnedFd) -> io::Result<Self> {
        Ok(Self {
            bytes: Bytes::of(input)?,
            resizes: signal(SignalKind::window_change())?,
            parser: Parser::default(),
            msgs: VecDeque::new(),
            heard: Instant::now(),
            paste: None,
        })
    }

    fn heard(&mut self, bytes: &[u8]) {
        self.heard = Instant::now();
        self.parser.read(bytes, &mut self.msgs);
        let began = |number| self.paste.filter(|(known, _)| *known == number).map_or(self.heard, |(_, began)| began);
        self.paste = self.parser.paste().map(|number| (number, began(number)));
    }

    /// When the rest of what has begun is not waited for any longer.
    fn deadline(&self) -> Option<Instant> {
        let silent = self.heard + self.parser.patience()?;
        Some(self.paste.map_or(silent, |(_, began)| silent.min(began + LONGEST_PASTE)))
    }
}

impl Keys for TerminalKeys {
    async fn next(&mut self) -> Option<Msg> {
        loop {
            if let Some(msg) = self.msgs.pop_front() {
                return Some(msg);
            }
            let deadline = self.deadline();
            tokio::select! {
                biased;
                // Before the clock: where this was not asked for a while, the rest may lie here already.
                bytes = self.bytes.next() => self.heard(&bytes?),
                Some(()) = self.resizes.recv() => {
                    let area = area();
                    return Some(Msg::Resized(area.width, area.height));
                }
                () = sleep_until(deadline.unwrap_or(self.heard)), if deadline.is_some() => {
                    self.parser.silence(&mut self.msgs);
                    self.paste = None;
                }
            }
        }
    }

    fn pause(&mut self) {
        self.bytes.pause();
    }

    fn resume(&mut self) {
        // What came until then was meant for somebody else.
        self.parser = Parser::default();
        self.msgs.clear();
        self.paste = None;
        self.bytes.resume();
    }
}

#[cfg(test)]
mod tests {
    use super::super::bytes::CHUNK;
    use super::*;
    use crate::keymap::{Key, KeyCode};
    use std::io::{Read as _, Write as _};
    use std::thread;
    use tokio::time::timeout;

    const PATIENCE: Duration = Duration::from_secs(20);

    fn pair() -> (io::PipeWriter, TerminalKeys) {
        let (reader, writer) = io::pipe().unwrap();
        (writer, TerminalKeys::reading(reader.into()).unwrap())
    }

    async fn next(keys: &mut TerminalKeys) -> Option<Msg> {
        timeout(PATIENCE, keys.next()).await.expect("nothing came")
    }

    fn key(letter: char) -> Msg {
        Msg::Key(Key::plain(KeyCode::Char(letter)))
    }

    #[tokio::test]
    async fn what_has_no_end_ends_by_itself_and_the_next_key_counts() {
        let (mut terminal, mut keys) = pair();
        for (begun, meant) in
            [("\x1b[200~abc", Some(Msg::Paste("abc".into()))), ("\x1b[<0;12;", None), ("\x1b", Some(Msg::Key(Key::plain(KeyCode::Esc))))]
        {
            terminal.write_all(begun.as_bytes()).unwrap();
            if let Some(meant) = meant {
                assert_eq!(next(&mut keys).await, Some(meant), "{begun:?}");
            } else {
                assert!(timeout(Duration::from_millis(300), keys.next()).await.is_err(), "{begun:?}");
            }
            terminal.write_all(b"q").unwrap();
            assert_eq!(next(&mut keys).await, Some(key('q')), "{begun:?}");
        }
        drop(terminal);
        assert_eq!(next(&mut keys).await, None, "nobody will type any more");
    }

    #[tokio::test]
    async fn a_paste_ends_though_its_bytes_keep_coming() {
        let (mut terminal, mut keys) = pair();
        terminal.write_all(b"\x1b[200~j").unwrap();
        while keys.paste.is_none() {
            assert!(timeout(Duration::from_millis(1), keys.next()).await.is_err(), "a paste has begun");
        }
        let (number, began) = keys.paste.unwrap();
        let passed = began.checked_sub(LONGEST_PASTE).unwrap();
        keys.paste = Some((number, passed));
        keys.heard(b"jj");
        assert_eq!(next(&mut keys).await, Some(Msg::Paste("jjj".into())));
        // The next one has its own time.
        keys.heard(b"\x1b[200~k");
        assert!(keys.paste.is_some_and(|(_, began)| began > passed));
        keys.heard(b"\x1b[201~");
        assert_eq!(next(&mut keys).await, Some(Msg::Paste("k".into())));
        assert_eq!((keys.paste, keys.deadline()), (None, None));
    }

    #[tokio::test]
    async fn a_pause_leaves_what_is_typed_to_others_and_a_flood_stays_outside() {
        let (reader, mut terminal) = io::pipe().unwrap();
        let other = reader.try_clone().unwrap();
        let mut keys = TerminalKeys::reading(reader.into()).unwrap();
        terminal.write_all(b"a").unwrap();
        assert_eq!(next(&mut keys).await, Some(key('a')));
        keys.pause();
        terminal.write_all(b"ls").unwrap();
        let mut taken = [0; 2];
        (&other).read_exact(&mut taken).unwrap();
        assert_eq!(&taken, b"ls");
        keys.resume();
        let flood = thread::spawn(move || terminal.write_all(&vec![b'j'; 1 << 20]).unwrap());
        for _ in 0..(1 << 20) {
            assert_eq!(next(&mut keys).await, Some(key('j')));
            assert!(keys.msgs.len() <= CHUNK);
        }
        flood.join().unwrap();
    }
}
