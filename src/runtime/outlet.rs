//! `Outlet`: bytes on their way out, written by a thread of its own, one chunk in flight.
//!
//! Whoever gives it bytes never waits for the reader at the other end: a blocked terminal or pipe costs frames, never
//! events. Absent on purpose: a queue. What cannot be given yet is not made yet.

use std::io::{self, Write};
use std::sync::mpsc;
use tokio::sync::mpsc as async_mpsc;

/// Bytes on their way out.
#[derive(Debug)]
pub(crate) struct Outlet {
    chunks: mpsc::Sender<Vec<u8>>,
    written: async_mpsc::UnboundedReceiver<io::Result<()>>,
    busy: bool,
}

impl Outlet {
    /// An outlet into `sink`. Its thread ends when the outlet is dropped and the last chunk is written.
    pub(crate) fn new(mut sink: impl Write + Send + 'static) -> io::Result<Self> {
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
        Ok(Self { chunks, written, busy: false })
    }

    /// Whether a chunk is in flight.
    pub(crate) fn is_busy(&self) -> bool {
        self.busy
    }

    /// Gives a chunk to be written; only where none is in flight.
    pub(crate) fn give(&mut self, chunk: Vec<u8>) -> io::Result<()> {
        debug_assert!(!self.busy, "one chunk in flight");
        self.busy = true;
        self.chunks.send(chunk).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    /// Waits until nothing is in flight and says how the last chunk fared. Can be dropped and asked again.
    pub(crate) async fn free(&mut self) -> io::Result<()> {
        if !self.busy {
            return Ok(());
        }
        let outcome = self.written.recv().await.unwrap_or_else(|| Err(io::ErrorKind::BrokenPipe.into()));
        self.busy = false;
        outcome
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn a_blocked_reader_holds_up_nobody() {
        let (reader, writer) = io::pipe().unwrap();
        let mut outlet = Outlet::new(writer).unwrap();
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
}
