//! Terminate, hang up, stop and continue, and a terminal or pipe that has gone.
//!
//! crossterm never returns from a dead terminal and spins, and a hang-up signal can be ignored by whoever started us, so
//! the descriptor is watched as well. Absent on purpose: what follows from any of them.

use std::io;
use tokio::sync::mpsc;
use tokio::sync::watch;

/// What came from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// End, cleanly: SIGTERM, SIGINT, SIGHUP.
    End,
    /// Stop until continued: SIGTSTP from outside; the key does not come as a signal.
    Stop,
    /// Continued after a stop that may not have been ours.
    Continued,
    /// The terminal, or the reader of our output, has gone.
    Gone,
    /// A part of the program has panicked; the screen has been left already.
    Panicked,
}

/// Signals as they come.
#[derive(Debug)]
pub struct Signals {
    received: mpsc::Receiver<Signal>,
}

/// Where signals are put; clones put into the same place.
pub type SignalSender = mpsc::Sender<Signal>;

impl Signals {
    /// Signals that only come from the sender.
    pub fn manual() -> (SignalSender, Self) {
        let (sender, received) = mpsc::channel(16);
        (sender, Self { received })
    }

    /// The process's own signals, on a tokio runtime, and panics of its threads.
    pub(crate) fn listen() -> io::Result<(SignalSender, Self)> {
        let (sender, signals) = Self::listen_for_ends()?;
        listen_for_stops(&sender)?;
        Ok((sender, signals))
    }

    /// The same, but for the stop, which without a screen may do what it always does.
    pub(crate) fn listen_without_a_screen() -> io::Result<(SignalSender, Self)> {
        let (sender, signals) = Self::listen_for_ends()?;
        listen_for_continuations(&sender)?;
        Ok((sender, signals))
    }

    /// The same without stop and continue, which then do what they always do.
    pub(crate) fn listen_for_ends() -> io::Result<(SignalSender, Self)> {
        let (sender, signals) = Self::manual();
        listen_for_ends(&sender)?;
        let to = sender.clone();
        let mut panicked = PANICKED.subscribe();
        tokio::spawn(async move {
            if panicked.wait_for(|panicked| *panicked).await.is_ok() {
                // Without a receiver there is no loop that would have to end.
                to.send(Signal::Panicked).await.ok();
            }
        });
        Ok((sender, signals))
    }

    /// The next signal; waits for ever where none will come. Can be dropped and asked again.
    pub(crate) async fn next(&mut self) -> Signal {
        match self.received.recv().await {
            Some(signal) => signal,
            None => std::future::pending().await,
        }
    }

    /// The next signal, if one has come.
    pub(crate) fn try_next(&mut self) -> Option<Signal> {
        self.received.try_recv().ok()
    }
}

/// Set once by the panic hook.
static PANICKED: std::sync::LazyLock<watch::Sender<bool>> = std::sync::LazyLock::new(|| watch::Sender::new(false));

/// Says that a thread has panicked: whatever loop runs ends.
pub(crate) fn tell_of_panic() {
    PANICKED.send_replace(true);
}

/// Whether a thread has panicked.
pub(crate) fn has_panicked() -> bool {
    *PANICKED.borrow()
}

#[cfg(unix)]
fn listen_for_ends(to: &SignalSender) -> io::Result<()> {
    use tokio::signal::unix::SignalKind;
    let ends = [
        SignalKind::terminate(),
        SignalKind::interrupt(),
        SignalKind::hangup(),
        SignalKind::quit(),
        SignalKind::user_defined1(),
        SignalKind::user_defined2(),
    ];
    for kind in ends {
        forward(kind, Signal::End, to)?;
    }
    Ok(())
}

#[cfg(unix)]
fn listen_for_stops(to: &SignalSender) -> io::Result<()> {
    use rustix::process::Signal as Kind;
    use tokio::signal::unix::SignalKind;
    forward(SignalKind::from_raw(Kind::TSTP.as_raw()), Signal::Stop, to)?;
    listen_for_continuations(to)
}

#[cfg(unix)]
fn listen_for_continuations(to: &SignalSender) -> io::Result<()> {
    use rustix::process::Signal as Kind;
    use tokio::signal::unix::SignalKind;
    forward(SignalKind::from_raw(Kind::CONT.as_raw()), Signal::Continued, to)
}

#[cfg(unix)]
fn forward(kind: tokio::signal::unix::SignalKind, meaning: Signal, to: &SignalSender) -> io::Result<()> {
    let mut source = tokio::signal::unix::signal(kind)?;
    let to = to.clone();
    tokio::spawn(async move { while source.recv().await.is_some() && to.send(meaning).await.is_ok() {} });
    Ok(())
}

#[cfg(not(unix))]
fn listen_for_ends(to: &SignalSender) -> io::Result<()> {
    let to = to.clone();
    tokio::spawn(async move { while tokio::signal::ctrl_c().await.is_ok() && to.send(Signal::End).await.is_ok() {} });
    Ok(())
}

#[cfg(not(unix))]
fn listen_for_stops(_to: &SignalSender) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn listen_for_continuations(_to: &SignalSender) -> io::Result<()> {
    Ok(())
}

/// Watches the terminal until it has gone.
#[cfg(unix)]
pub(crate) fn watch_terminal(to: SignalSender) -> io::Result<()> {
    use std::os::fd::AsFd as _;
    watch_hangup(io::stdin().as_fd().try_clone_to_owned()?, to)
}

/// Watches whoever reads standard output until they have gone.
#[cfg(unix)]
pub(crate) fn watch_output(to: SignalSender) -> io::Result<()> {
    use std::os::fd::AsFd as _;
    watch_hangup(io::stdout().as_fd().try_clone_to_owned()?, to)
}

/// Elsewhere writing and reading have to notice it.
#[cfg(not(unix))]
pub(crate) fn watch_terminal(_to: SignalSender) -> io::Result<()> {
    Ok(())
}

/// Elsewhere writing has to notice it.
#[cfg(not(unix))]
pub(crate) fn watch_output(_to: SignalSender) -> io::Result<()> {
    Ok(())
}

/// Watches a descriptor until whatever is at its other end has gone, in a thread that costs nothing meanwhile.
#[cfg(unix)]
fn watch_hangup(descriptor: std::os::fd::OwnedFd, to: SignalSender) -> io::Result<()> {
    std::thread::Builder::new().name("hang-up".into()).spawn(move || {
        wait_for_hangup(&descriptor);
        // The loop ends with the first of them, so a full channel already holds one that ends it.
        to.try_send(Signal::Gone).ok();
    })?;
    Ok(())
}

#[cfg(unix)]
fn wait_for_hangup(descriptor: &std::os::fd::OwnedFd) {
    use rustix::event::{PollFd, PollFlags, poll};
    use std::time::Duration;
    let is_terminal = rustix::termios::isatty(descriptor);
    loop {
        // Nothing is asked for: hang-ups and errors are told all the same.
        let mut asked = [PollFd::new(descriptor, PollFlags::empty())];
        match poll(&mut asked, None) {
            Ok(_) if asked.iter().any(|asked| asked.revents().intersects(PollFlags::HUP | PollFlags::ERR)) => return,
            Err(rustix::io::Errno::INTR) => continue,
            // Where terminals cannot be polled (macOS) they are asked once a second.
            Ok(_) | Err(_) => std::thread::sleep(Duration::from_secs(1)),
        }
        if is_terminal && rustix::termios::tcgetattr(descriptor).is_err() {
            return;
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn a_reader_that_goes_is_noticed_without_writing() {
        let (reader, writer) = io::pipe().unwrap();
        let (to, mut signals) = Signals::manual();
        watch_hangup(writer.into(), to).unwrap();
        assert!(tokio::time::timeout(Duration::from_millis(50), signals.next()).await.is_err(), "it is still there");
        drop(reader);
        let signal = tokio::time::timeout(Duration::from_secs(20), signals.next()).await;
        assert_eq!(signal, Ok(Signal::Gone));
    }
}
