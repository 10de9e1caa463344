//! `Outlet`: bytes on their way out, one chunk in flight, which a thread of its own writes where it is not taken at once.
//!
//! Whoever gives it bytes never waits for the reader at the other end: a blocked terminal or pipe costs frames, never
//! events. Absent on purpose: a queue. What cannot be given yet is not made yet.

use std::io::{self, Write};
use std::sync::mpsc;
use tokio::sync::mpsc as async_mpsc;

/// The largest chunk of which it is tried whether it is taken at once, in bytes; whoever gives a larger one would wait for copying.
const SMALL: usize = 16_384;

/// Bytes on their way out.
pub(crate) struct Outlet {
    /// The way out, until the thread has it.
    sink: Option<Box<dyn Write + Send>>,
    /// Whoever writes what is not taken at once; from the first such chunk on.
    thread: Option<Thread>,
    busy: bool,
    /// The same way out, where it never waits.
    at_once: Option<Box<dyn Write + Send>>,
}

/// A thread that writes. It ends when this is dropped and the last chunk is written.
struct Thread {
    chunks: mpsc::Sender<Vec<u8>>,
    written: async_mpsc::UnboundedReceiver<io::Result<()>>,
}

impl std::fmt::Debug for Outlet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outlet").field("busy", &self.busy).finish_non_exhaustive()
    }
}

impl Outlet {
    /// An outlet into `sink`.
    pub(crate) fn new(sink: impl Write + Send + 'static) -> Self {
        Self { sink: Some(Box::new(sink)), thread: None, busy: false, at_once: None }
    }

    /// Tries first whether a chunk is taken at once by `sink`, which leads where the other does, and whose writing never waits.
    pub(crate) fn at_once(self, sink: Option<impl Write + Send + 'static>) -> Self {
        Self { at_once: sink.map(|sink| Box::new(sink) as Box<dyn Write + Send>), ..self }
    }

    /// Whether a chunk is in flight.
    pub(crate) fn is_busy(&self) -> bool {
        self.busy
    }

    /// Gives a chunk to be written; only where none is in flight.
    pub(crate) fn give(&mut self, mut chunk: Vec<u8>) -> io::Result<()> {
        debug_assert!(!self.busy, "one chunk in flight");
        if let Some(sink) = self.at_once.as_mut().filter(|_| chunk.len() <= SMALL) {
            let taken = write_at_once(sink, &chunk);
            if taken == chunk.len() {
                return sink.flush();
            }
            chunk.drain(..taken);
        }
        if let Some(sink) = self.sink.take() {
            self.thread = Some(Thread::spawn(sink)?);
        }
        self.busy = true;
        let thread = self.thread.as_ref().ok_or(io::ErrorKind::BrokenPipe)?;
        thread.chunks.send(chunk).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    /// Waits until nothing is in flight and says how the last chunk fared. Can be dropped and asked again.
    pub(crate) async fn free(&mut self) -> io::Result<()> {
        if !self.busy {
            return Ok(());
        }
        let outcome = match &mut self.thread {
            Some(thread) => thread.written.recv().await,
            None => None,
        };
        self.busy = false;
        outcome.unwrap_or_else(|| Err(io::ErrorKind::BrokenPipe.into()))
    }
}

impl Thread {
    fn spawn(mut sink: Box<dyn Write + Send>) -> io::Result<Self> {
        let (chunks, waiting) = mpsc::channel::<Vec<u8>>();
        let (done, written) = async_mpsc::unbounded_channel();
        std::thread::Builder::new().name("outlet".into()).spawn(move || {
            for chunk in waiting {
                let outcome = sink.write_all(&chunk).and_then(|()| sink.flush());
                if done.send(outcome).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { chunks, written })
    }
}

/// Writes as much as is taken, and gives back how much that was. Whatever else is wrong, the thread meets with the rest.
fn write_at_once(sink: &mut impl Write, chunk: &[u8]) -> usize {
    let mut taken = 0;
    while let Some(rest) = chunk.get(taken..).filter(|rest| !rest.is_empty()) {
        match sink.write(rest) {
            Ok(count @ 1..) => taken += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(0) | Err(_) => break,
        }
    }
    taken
}

/// Standard output as a plain descriptor: no lock that a blocked writer could hold while the program wants to leave.
#[cfg(unix)]
pub(crate) type Output = std::fs::File;

/// Elsewhere it is what the library has.
#[cfg(not(unix))]
pub(crate) type Output = io::Stdout;

/// Standard output; takes a descriptor.
pub(crate) fn stdout() -> io::Result<Output> {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd as _;
        Ok(std::fs::File::from(io::stdout().as_fd().try_clone_to_owned()?))
    }
    #[cfg(not(unix))]
    Ok(io::stdout())
}

/// The terminal at standard output opened once more, so that writing to it never waits; nothing where that cannot be.
#[cfg(unix)]
pub(crate) fn stdout_at_once() -> Option<Output> {
    opened_anew(io::stdout(), rustix::fs::OFlags::WRONLY)
}

/// The terminal behind a descriptor opened once more, so that nothing that is done with it waits; nothing where that cannot be.
///
/// That is said of what was opened, not of a descriptor: saying it of ours would say it of the shell's too.
#[cfg(unix)]
pub(super) fn opened_anew(descriptor: impl std::os::fd::AsFd, access: rustix::fs::OFlags) -> Option<std::fs::File> {
    use rustix::fs::{Mode, OFlags, fstat, open};
    let name = rustix::termios::ttyname(&descriptor, Vec::new()).ok()?;
    let opened = open(name.as_c_str(), access | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty()).ok()?;
    let is_same = fstat(&descriptor).ok()?.st_rdev == fstat(&opened).ok()?.st_rdev;
    is_same.then(|| opened.into())
}

/// Elsewhere there is no such thing.
#[cfg(not(unix))]
pub(crate) fn stdout_at_once() -> Option<Output> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn a_blocked_reader_holds_up_nobody() {
        let (reader, writer) = io::pipe().unwrap();
        let mut outlet = Outlet::new(writer);
        // Larger than any pipe's buffer.
        outlet.give(vec![b'x'; 4 << 20]).unwrap();
        assert!(tokio::time::timeout(Duration::from_millis(50), outlet.free()).await.is_err(), "nobody has read yet");
        assert!(outlet.is_busy());
        let reading = std::thread::spawn(move || io::copy(&mut io::Read::take(reader, 4 << 20), &mut io::sink()).unwrap());
        outlet.free().await.unwrap();
        assert!(!outlet.is_busy());
        assert_eq!(reading.join().unwrap(), 4 << 20);
        outlet.give(b"more".to_vec()).unwrap();
        assert_eq!(outlet.free().await.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }

    /// Takes some bytes at once, and then no more.
    struct Narrow(io::PipeWriter, usize);

    impl Write for Narrow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let count = bytes.len().min(self.1).min(7);
            self.1 -= count;
            if count == 0 { Err(io::ErrorKind::WouldBlock.into()) } else { self.0.write(&bytes[..count]) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn what_is_not_taken_at_once_follows_in_order() {
        let text: Vec<u8> = (0..100).collect();
        for (room, is_busy) in [(0, true), (1, true), (99, true), (100, false), (200, false)] {
            let (mut reader, writer) = io::pipe().unwrap();
            let narrow = Narrow(writer.try_clone().unwrap(), room);
            let mut outlet = Outlet::new(writer).at_once(Some(narrow));
            outlet.give(text.clone()).unwrap();
            assert_eq!(outlet.is_busy(), is_busy, "{room}");
            outlet.free().await.unwrap();
            let mut read = vec![0; text.len()];
            io::Read::read_exact(&mut reader, &mut read).unwrap();
            assert_eq!(read, text, "{room}");
        }
    }
}
