//! What the system tells about a running program: processor time, wake-ups, memory. Linux alone tells it in files that a
//! safe program can read; elsewhere the answer is that it does not.

use std::fs;
use std::time::Duration;

/// A running program.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Process(pub(crate) u32);

impl Process {
    /// Processor time of all its threads so far.
    pub(crate) fn spent(self) -> Option<Duration> {
        let nanoseconds = self.threads("schedstat", |text| text.split(' ').next()?.trim().parse::<u64>().ok())?;
        Some(Duration::from_nanos(nanoseconds))
    }

    /// How often its threads have begun to wait so far: each such wait ended or will end with a wake-up.
    pub(crate) fn wakes(self) -> Option<u64> {
        self.threads("status", |text| field(text, "voluntary_ctxt_switches"))
    }

    /// Resident memory now, in KiB.
    pub(crate) fn resident(self) -> Option<u64> {
        field(&fs::read_to_string(format!("/proc/{}/status", self.0)).ok()?, "VmRSS")
    }

    /// The sum of a figure over its threads.
    fn threads(self, file: &str, figure: impl Fn(&str) -> Option<u64>) -> Option<u64> {
        let mut sum = 0;
        for thread in fs::read_dir(format!("/proc/{}/task", self.0)).ok()? {
            // One may end while it is looked at.
            let Ok(text) = fs::read_to_string(thread.ok()?.path().join(file)) else { continue };
            sum += figure(&text)?;
        }
        Some(sum)
    }

    /// Waits until it has had nothing to do for a while, and tells what it has spent by then.
    pub(crate) fn wait_until_idle(self) -> Option<Duration> {
        let (mut before, mut quiet) = (self.spent()?, 0);
        while quiet < 4 {
            std::thread::sleep(Duration::from_millis(50));
            let now = self.spent()?;
            // Timers may still wake it.
            quiet = if now.saturating_sub(before) < Duration::from_micros(500) { quiet + 1 } else { 0 };
            before = now;
        }
        Some(before)
    }
}

fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim_start_matches(':').split_whitespace().next()?.parse().ok()
}
