//! `Chores`: what the loop has done beside itself, each ending in words for the reader or in nothing.
//!
//! Absent on purpose: what they are; each has its own deadline.

use crate::text::Plain;
use crate::update::Msg;
use tokio::task::{JoinError, JoinSet};

/// Most of them at once.
const AT_ONCE: usize = 16;

/// Things under way.
#[derive(Debug, Default)]
pub(super) struct Chores {
    tasks: JoinSet<Option<Msg>>,
}

impl Chores {
    /// Starts one; needs a Tokio runtime.
    pub(super) fn start(&mut self, chore: impl Future<Output = Option<Msg>> + Send + 'static) {
        if self.tasks.len() < AT_ONCE {
            self.tasks.spawn(chore);
        } else {
            self.tasks
                .spawn(async { Some(Msg::Failed(Plain::line("too much at once: this machine has not finished what was asked before"))) });
        }
    }

    /// What the next one ends with; waits for ever where none is under way. Can be dropped and asked again.
    pub(super) async fn next(&mut self) -> Result<Option<Msg>, JoinError> {
        match self.tasks.join_next().await {
            Some(outcome) => outcome,
            None => std::future::pending().await,
        }
    }
}
