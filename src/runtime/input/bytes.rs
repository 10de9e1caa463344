//! `Bytes`: what the terminal sends, as it comes.
//!
//! On Linux the terminal is opened once more, so that reading it never waits, and the loop's own thread is woken by it: a key
//! has one thread to wake, not two. Elsewhere, and where that cannot be, a thread of its own reads the descriptor that we were
//! given. That one stays as it is, being shared with whoever started us and with our own output. Either way only what is there
//! is read, and nothing while paused. Absent on purpose: what bytes mean (`parser`).

use super::super::outlet::opened_anew;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::OFlags;
use std::fs::File;
use std::future::pending;
use std::io::{self, Read as _};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, Thread};
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe;
use tokio::sync::mpsc;

/// Chunks read ahead by a thread; beyond them the terminal's own queue fills.
const CHUNKS: usize = 16;
/// Bytes read at once.
pub(super) const CHUNK: usize = 4096;
/// How long is waited where the terminal claims to have something and has nothing.
const NOTHING: Duration = Duration::from_millis(100);

/// The bytes of a terminal.
#[derive(Debug)]
pub(super) enum Bytes {
    /// Read where they are asked for.
    Here(Here),
    /// Read ahead by a thread.
    Ahead(Ahead),
}

impl Bytes {
    /// What comes from `input`, on a tokio runtime.
    pub(super) fn of(input: OwnedFd) -> io::Result<Self> {
        // macOS does not tell of terminals among other things.
        let anew = if cfg!(target_os = "linux") { opened_anew(&input, OFlags::RDONLY) } else { None };
        // It is no pipe, but is waited for and read like one.
        if let Some(Ok(terminal)) = anew.map(pipe::Receiver::from_file_unchecked) {
            return Ok(Self::Here(Here { terminal, buffer: [0; CHUNK].into(), paused: false }));
        }
        Ahead::of(input.into()).map(Self::Ahead)
    }

    /// The next bytes; `None` when none will come any more. Can be dropped and asked again.
    pub(super) async fn next(&mut self) -> Option<Vec<u8>> {
        match self {
            Self::Here(here) => here.next().await,
            Self::Ahead(ahead) => ahead.chunks.recv().await,
        }
    }

    /// Reads nothing from now on.
    pub(super) fn pause(&mut self) {
        match self {
            Self::Here(here) => here.paused = true,
            Self::Ahead(ahead) => ahead.listening.store(false, Ordering::SeqCst),
        }
    }

    /// Reads again. What was read and not asked for until now was meant for somebody else, and is left out.
    pub(super) fn resume(&mut self) {
        match self {
            Self::Here(here) => here.paused = false,
            Self::Ahead(ahead) => {
                while ahead.chunks.try_recv().is_ok() {}
                ahead.listening.store(true, Ordering::SeqCst);
                ahead.reader.unpark();
            }
        }
    }
}

/// What reading once came to.
enum Came {
    /// So many bytes.
    Some(usize),
    /// A signal instead.
    Signal,
    /// Nothing, though it was said that there is something.
    Nothing,
    /// Nothing, and nothing will: the terminal has gone, or cannot be read.
    End,
}

impl Came {
    fn of(outcome: io::Result<usize>, terminal: impl AsFd) -> Self {
        match outcome {
            // The end of a terminal that has gone. Elsewhere it is a sign typed while the terminal was not ours.
            Ok(0) if rustix::termios::tcgetattr(terminal).is_err() => Self::End,
            Ok(0) => Self::Nothing,
            Ok(count) => Self::Some(count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Self::Signal,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Self::Nothing,
            Err(error) => {
                // Unreadable once is unreadable for good: asking again would spin.
                tracing::error!(%error, "the terminal cannot be read");
                Self::End
            }
        }
    }
}

/// Bytes that are read where they are asked for.
#[derive(Debug)]
pub(super) struct Here {
    terminal: pipe::Receiver,
    buffer: Box<[u8]>,
    paused: bool,
}

impl Here {
    async fn next(&mut self) -> Option<Vec<u8>> {
        if self.paused {
            return pending().await;
        }
        loop {
            let outcome = self.terminal.read(&mut self.buffer).await;
            match Came::of(outcome, &self.terminal) {
                Came::Some(count) => return Some(self.buffer.get(..count).unwrap_or_default().to_vec()),
                Came::Signal => {}
                Came::Nothing => tokio::time::sleep(NOTHING).await,
                Came::End => return None,
            }
        }
    }
}

/// Bytes that a thread reads ahead.
#[derive(Debug)]
pub(super) struct Ahead {
    chunks: mpsc::Receiver<Vec<u8>>,
    listening: Arc<AtomicBool>,
    reader: Thread,
}

impl Ahead {
    fn of(input: File) -> io::Result<Self> {
        let (to, chunks) = mpsc::channel(CHUNKS);
        let listening = Arc::new(AtomicBool::new(true));
        let wished = Arc::clone(&listening);
        let thread = thread::Builder::new().name("keys".into()).spawn(move || listen(&input, &to, &wished))?;
        Ok(Self { chunks, listening, reader: thread.thread().clone() })
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        // The thread sees that nobody listens, and ends.
        self.chunks.close();
        self.reader.unpark();
    }
}

fn listen(input: &File, to: &mpsc::Sender<Vec<u8>>, listening: &AtomicBool) {
    let mut input = input;
    let mut buffer = [0; CHUNK];
    while !to.is_closed() {
        wait_for_bytes(input);
        if !listening.load(Ordering::SeqCst) {
            thread::park();
            continue;
        }
        match Came::of(input.read(&mut buffer), input) {
            Came::Some(count) => {
                let bytes = buffer.get(..count).unwrap_or_default().to_vec();
                if listening.load(Ordering::SeqCst) && to.blocking_send(bytes).is_err() {
                    return;
                }
            }
            Came::Signal => {}
            Came::Nothing => thread::sleep(NOTHING),
            Came::End => return,
        }
    }
}

/// Waits until there is something to read, so that a pause finds the thread here and not inside a read that takes away what
/// is meant for another program. Where terminals cannot be polled (macOS), the read itself waits.
fn wait_for_bytes(input: &File) {
    let mut asked = [PollFd::new(input, PollFlags::IN)];
    while poll(&mut asked, None) == Err(rustix::io::Errno::INTR) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{Mode, open};
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
    use std::io::Write as _;
    use tokio::time::timeout;

    const PATIENCE: Duration = Duration::from_secs(20);

    /// A terminal in raw mode: the end that is typed into, and the one that is read.
    fn terminal() -> (File, OwnedFd) {
        let typed = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&typed).unwrap();
        unlockpt(&typed).unwrap();
        let name = ptsname(&typed, Vec::new()).unwrap();
        let read = open(name.as_c_str(), OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
        let mut mode = tcgetattr(&read).unwrap();
        mode.make_raw();
        tcsetattr(&read, OptionalActions::Now, &mode).unwrap();
        (typed.into(), read)
    }

    /// Both ways to read a terminal.
    fn ways() -> [(Bytes, File, File); 2] {
        [false, true].map(|ahead| {
            let (typed, read) = terminal();
            let other = read.try_clone().unwrap().into();
            let bytes = if ahead { Bytes::Ahead(Ahead::of(read.into()).unwrap()) } else { Bytes::of(read).unwrap() };
            (bytes, typed, other)
        })
    }

    async fn next(bytes: &mut Bytes) -> Option<Vec<u8>> {
        timeout(PATIENCE, bytes.next()).await.expect("nothing came")
    }

    #[tokio::test]
    async fn nothing_is_read_while_paused_and_the_end_is_told() {
        for (mut bytes, mut typed, mut other) in ways() {
            typed.write_all(b"a").unwrap();
            assert_eq!(next(&mut bytes).await, Some(b"a".to_vec()), "{bytes:?}");
            bytes.pause();
            typed.write_all(b"ls").unwrap();
            let mut taken = [0; 2];
            other.read_exact(&mut taken).unwrap();
            assert_eq!(&taken, b"ls", "{bytes:?}");
            bytes.resume();
            assert!(timeout(Duration::from_millis(20), bytes.next()).await.is_err(), "what was announced is gone: {bytes:?}");
            typed.write_all(b"q").unwrap();
            assert_eq!(next(&mut bytes).await, Some(b"q".to_vec()), "{bytes:?}");
            drop(typed);
            assert_eq!(next(&mut bytes).await, None, "{bytes:?}");
        }
    }

    #[tokio::test]
    async fn a_flood_arrives_whole_and_a_chunk_at_a_time() {
        const FLOOD: usize = 1 << 18;
        for (mut bytes, mut typed, other) in ways() {
            let flood = thread::spawn(move || typed.write_all(&vec![b'j'; FLOOD]).map(|()| typed));
            let mut came = 0;
            while came < FLOOD {
                let chunk = next(&mut bytes).await.expect("all of it");
                assert!(chunk.len() <= CHUNK && chunk.iter().all(|byte| *byte == b'j'), "{bytes:?}");
                if let Bytes::Ahead(ahead) = &bytes {
                    assert!(ahead.chunks.len() <= CHUNKS, "what is not asked for stays outside");
                }
                came += chunk.len();
            }
            assert_eq!(came, FLOOD);
            drop((flood.join().unwrap().unwrap(), other));
        }
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_terminal_wakes_the_loop_itself_and_what_is_none_a_thread() {
        let (bytes, ..) = &ways()[0];
        assert!(matches!(bytes, Bytes::Here(_)), "{bytes:?}");
        let (reader, mut writer) = io::pipe().unwrap();
        let mut bytes = Bytes::of(reader.into()).unwrap();
        assert!(matches!(bytes, Bytes::Ahead(_)), "{bytes:?}");
        writer.write_all(b"q").unwrap();
        assert_eq!(next(&mut bytes).await, Some(b"q".to_vec()));
    }
}
