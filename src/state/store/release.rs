//! What rows that were dropped leave behind goes at once, where nothing else needs it: in a flood that is nearly everything that
//! goes, and a sweep, which has to look at all that is held, is then hardly ever due.
//!
//! Absent on purpose: everything that panes and tombstones may still need, and accounts. The next sweep knows better.

use super::Store;
use crate::model::StatusId;
use crate::state::timeline::RowKey;

/// With more conversations than these, each of which may name a status, all is left to the sweep.
const MOST_CONVERSATIONS: usize = 64;

impl Store {
    /// Drops what rows that were dropped showed. `is_row` says whether some ledger still has a row.
    pub fn release(&mut self, dropped: impl IntoIterator<Item = RowKey>, is_row: impl Fn(&RowKey) -> bool) {
        if self.conversations.len() > MOST_CONVERSATIONS {
            return;
        }
        let mut todo: Vec<StatusId> = Vec::new();
        for key in dropped {
            match &key {
                RowKey::Status(id) => todo.push(id.clone()),
                RowKey::Notification(id) if !is_row(&key) => {
                    let Some(about) = self.notifications.remove(id).and_then(|notification| notification.status) else { continue };
                    self.told_of.remove(&about, id);
                    todo.push(about);
                }
                RowKey::Notification(_) | RowKey::Conversation(_) | RowKey::Gap(_) => {}
            }
        }
        while let Some(id) = todo.pop() {
            let is_talked_of = || self.conversations.values().any(|conversation| conversation.last_status.as_ref() == Some(&id));
            let is_needed =
                self.mentioned_by.contains(&id) || self.told_of.contains(&id) || is_talked_of() || is_row(&RowKey::Status(id.clone()));
            if is_needed {
                continue;
            }
            let Some(entry) = self.statuses.remove(&id) else { continue };
            let shown = entry.related();
            self.unlink(&id, &shown);
            todo.extend(shown.into_iter().flatten());
        }
    }
}
