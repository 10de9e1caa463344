//! Messages to the user that expire.

use crate::model::Timestamp;
use crate::text::Plain;
use jiff::SignedDuration;

/// How long a notice stays.
const SHOWN: SignedDuration = SignedDuration::from_secs(8);
/// How many may wait; older ones go first.
const KEPT: usize = 8;

/// A message in the status line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its words.
    pub text: Plain,
    /// Whether something went wrong.
    pub grave: bool,
    until: Timestamp,
}

/// The messages that have not expired, the last on screen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notices {
    held: Vec<Notice>,
}

impl Notices {
    /// Says something; the same words again only stay longer.
    pub fn say(&mut self, now: Timestamp, text: Plain, grave: bool) {
        self.held.retain(|notice| notice.text != text);
        let until = now.checked_add(SHOWN).unwrap_or(now);
        self.held.push(Notice { text, grave, until });
        if self.held.len() > KEPT {
            self.held.remove(0);
        }
    }

    /// All that have not expired, the last on screen.
    pub fn all(&self) -> &[Notice] {
        &self.held
    }

    /// The one on screen.
    pub fn shown(&self) -> Option<&Notice> {
        self.held.last()
    }

    /// Drops what has expired; says whether something had.
    pub fn advance(&mut self, now: Timestamp) -> bool {
        let before = self.held.len();
        self.held.retain(|notice| notice.until > now);
        self.held.len() < before
    }

    /// Takes the one on screen away.
    pub fn dismiss(&mut self) -> bool {
        self.held.pop().is_some()
    }

    /// Takes back what was said, wherever it waits.
    pub fn withdraw(&mut self, text: &Plain) {
        self.held.retain(|notice| notice.text != *text);
    }

    /// When the next one expires.
    pub fn next_change(&self) -> Option<Timestamp> {
        self.held.iter().map(|notice| notice.until).min()
    }
}
