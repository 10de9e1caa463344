//! What a tab tells in one row of several people: which of the rows is drawn, and who is named.
//!
//! Costs the same however many they are, but for where a filter hides any of the tab's rows.

use super::folds::who;
use super::hashed::IdSet;
use super::{Row, RowKey, Rows, State, Tab};
use crate::model::AccountId;

/// Who is told of in one row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told<'a> {
    /// The first of them, newest first, each once.
    pub first: Vec<&'a AccountId>,
    /// How many there are.
    pub count: usize,
}

impl State {
    /// Whether a row is drawn in a tab: no filter hides it, and no other row is drawn for it.
    pub fn is_shown(&self, tab: &Tab, row: &Row) -> bool {
        let key = row.key();
        // Most rows that are not drawn are told so at once.
        let is_carried = hides_nothing(tab) && tab.folds.is_carried(&key);
        !is_carried && self.is_let_through(tab, row) && self.drawn_for(tab, &key).is_none()
    }

    /// Whether rows of a tab are drawn, to count many of them: where no filter hides any, none is looked at for it.
    pub fn are_shown<'a>(&'a self, tab: &'a Tab) -> impl Fn(&Row) -> bool + 'a {
        let (hides, shares) = (!hides_nothing(tab), tab.folds.is_any_shared());
        move |row| if hides { self.is_shown(tab, row) } else { !shares || !tab.folds.is_carried(&row.key()) }
    }

    /// The row that is drawn in a tab for another one that tells the same; `None` where a row stands for itself. Where a filter
    /// hides the one that carries its group, the newest that none hides does.
    pub fn drawn_for<'a>(&self, tab: &'a Tab, key: &RowKey) -> Option<&'a RowKey> {
        let is_alone = if hides_nothing(tab) { !tab.folds.is_carried(key) } else { !tab.folds.is_any_shared() };
        if is_alone {
            return None;
        }
        let (several, carrier) = tab.folds.group(key)?;
        let drawn = if self.lets_through(tab, carrier) { Some(carrier) } else { several.rows().find(|row| self.lets_through(tab, row)) };
        drawn.filter(|drawn| *drawn != key)
    }

    fn lets_through(&self, tab: &Tab, key: &RowKey) -> bool {
        if hides_nothing(tab) {
            return true;
        }
        match key {
            RowKey::Status(id) => self.is_let_through(tab, &Row::Status(id.clone())),
            RowKey::Notification(id) => self.is_let_through(tab, &Row::Notification(id.clone())),
            RowKey::Conversation(_) | RowKey::Gap(_) => true,
        }
    }

    /// Who is told of in one row of a tab, the first so many by name: who boosted, or favourited, and so on.
    pub fn told<'a>(&'a self, tab: &'a Tab, key: &RowKey, most: usize) -> Told<'a> {
        match tab.folds.group(key) {
            Some((several, _)) if hides_nothing(tab) => Told { first: several.first(most), count: several.people() },
            Some(_) => {
                let mut first = self.together(tab, key);
                let count = first.len();
                first.truncate(most);
                Told { first, count }
            }
            None => {
                let first: Vec<&AccountId> = who(&self.store, key).into_iter().collect();
                Told { count: first.len(), first }
            }
        }
    }

    /// All who are told of in one row of a tab, each once, newest first.
    pub fn together<'a>(&'a self, tab: &'a Tab, key: &RowKey) -> Vec<&'a AccountId> {
        let mut seen: IdSet<&AccountId> = IdSet::default();
        let mut all = Vec::new();
        let mut add = |row: &RowKey| all.extend(who(&self.store, row).filter(|id| seen.insert(*id)));
        match tab.folds.group(key) {
            Some((several, _)) => several.rows().filter(|row| self.lets_through(tab, row)).for_each(&mut add),
            None => add(key),
        }
        all
    }

    /// What must hold: of rows that are told together the one is drawn that no filter hides, whichever way that is asked, and who is
    /// told of is who they are by the store.
    pub(super) fn check_together(&self, tab: &Tab, rows: &Rows) -> Result<(), String> {
        let is_let_through = |key: &&RowKey| rows.get(key).is_some_and(|row| self.is_let_through(tab, row));
        let are_shown = self.are_shown(tab);
        for row in rows.all() {
            let key = row.key();
            let group = tab.folds.group(&key);
            let drawn = group.and_then(|(several, carrier)| std::iter::once(carrier).chain(several.rows()).find(is_let_through));
            let is_drawn = self.is_let_through(tab, row) && drawn.is_none_or(|drawn| *drawn == key);
            if self.is_shown(tab, row) != is_drawn
                || are_shown(row) != is_drawn
                || self.drawn_for(tab, &key) != drawn.filter(|drawn| **drawn != key)
            {
                return Err(format!("{:?}: {key:?} is drawn: {is_drawn}, but that is told otherwise", tab.sources));
            }
            let (told, all) = (self.told(tab, &key, usize::MAX), self.together(tab, &key));
            if told.first != all || told.count != all.len() {
                return Err(format!("{:?}: {key:?} tells of {told:?}, and should of {all:?}", tab.sources));
            }
        }
        Ok(())
    }
}

/// Whether no filter hides any row of a tab.
fn hides_nothing(tab: &Tab) -> bool {
    tab.hidden.is_empty() && !tab.sieve.hides_any()
}
