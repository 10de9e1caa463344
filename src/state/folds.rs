//! `Folds`: rows of a tab that tell the same of one post, of which one is drawn for all.
//!
//! The ledger keeps every row; this says which of them carries its group. That is the newest one, but for a row that the
//! reader has before them: it goes on carrying until it has left the view, and what comes is told in its place. Each row that
//! comes or goes costs the same however many there are. Absent on purpose: filters. `State` asks them who may be drawn.

use crate::model::{NotificationKind, StatusId, by_age};
use crate::state::hashed::{IdMap, IdSet, make_room};
use crate::state::store::Store;
use crate::state::timeline::{Row, RowKey};
use std::cmp::Ordering;
use std::collections::VecDeque;
use std::mem::{Discriminant, discriminant};

/// What rows of a group have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum FoldKey {
    /// Boosts of this post.
    Boosts(StatusId),
    /// Notifications of one kind about this post.
    Notifications(Discriminant<NotificationKind>, StatusId),
}

impl FoldKey {
    /// The group of a row; `None` for one that stands alone.
    pub fn of(store: &Store, row: &Row) -> Option<Self> {
        match row {
            Row::Status(id) => store.status(id)?.status().reblog.clone().map(Self::Boosts),
            Row::Notification(id) => {
                let held = store.notification(id)?;
                let status = held.status.clone().filter(|_| folds(&held.kind))?;
                Some(Self::Notifications(discriminant(&held.kind), status))
            }
            Row::Conversation(..) | Row::Tombstone(_) | Row::Gap(_) => None,
        }
    }
}

/// Whether several notifications of a kind about one post say the same of it: not where each has its own words.
fn folds(kind: &NotificationKind) -> bool {
    match kind {
        NotificationKind::Reblog
        | NotificationKind::Favourite
        | NotificationKind::Update
        | NotificationKind::QuotedUpdate
        | NotificationKind::PendingFavourite
        | NotificationKind::PendingReblog => true,
        NotificationKind::Mention
        | NotificationKind::Status
        | NotificationKind::Poll
        | NotificationKind::Quote
        | NotificationKind::Follow
        | NotificationKind::FollowRequest
        | NotificationKind::AdminSignUp
        | NotificationKind::AdminReport { .. }
        | NotificationKind::SeveredRelationships { .. }
        | NotificationKind::ModerationWarning { .. }
        | NotificationKind::AnnualReport { .. }
        | NotificationKind::AddedToCollection { .. }
        | NotificationKind::CollectionUpdate { .. }
        | NotificationKind::PendingReply
        | NotificationKind::Other(_) => false,
    }
}

/// The groups of a tab's rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folds {
    groups: IdMap<FoldKey, Group>,
    /// The group of each row that has one, as it was when the row came: a deleted boost tells no more what it boosted.
    of: IdMap<RowKey, FoldKey>,
    /// Groups that another row carries than the newest.
    late: IdSet<FoldKey>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    /// Newest first; never empty.
    rows: VecDeque<RowKey>,
    carrier: RowKey,
}

/// A row that carried its group, and the one that does now.
pub type Handover = (RowKey, RowKey);

impl Folds {
    /// Puts a row into its group. Says from which row it takes over, if it does: not from one that is watched.
    pub fn insert(&mut self, key: RowKey, fold: FoldKey, is_watched: impl FnOnce(&RowKey) -> bool) -> Option<Handover> {
        match self.of.get(&key) {
            Some(known) if *known == fold => return None,
            // What it tells has changed.
            Some(_) => drop(self.remove(&key)),
            None => {}
        }
        make_room(&mut self.of);
        self.of.insert(key.clone(), fold.clone());
        let Some(group) = self.groups.get_mut(&fold) else {
            make_room(&mut self.groups);
            self.groups.insert(fold, Group { rows: VecDeque::from([key.clone()]), carrier: key });
            return None;
        };
        let place = group.rows.partition_point(|row| is_newer(row, &key));
        group.rows.insert(place, key.clone());
        if place > 0 {
            return None;
        }
        if is_watched(&group.carrier) {
            self.late.insert(fold);
            return None;
        }
        self.late.remove(&fold);
        let before = std::mem::replace(&mut group.carrier, key.clone());
        Some((before, key))
    }

    /// Takes a row out of its group. Says which row carries the group instead, where that was this one.
    pub fn remove(&mut self, key: &RowKey) -> Option<Handover> {
        let fold = self.of.remove(key)?;
        let group = self.groups.get_mut(&fold)?;
        let place = group.rows.partition_point(|row| is_newer(row, key));
        if group.rows.get(place) == Some(key) {
            group.rows.remove(place);
        }
        let Some(newest) = group.rows.front().cloned() else {
            self.groups.remove(&fold);
            self.late.remove(&fold);
            return None;
        };
        let handover = (group.carrier == *key).then(|| (std::mem::replace(&mut group.carrier, newest.clone()), newest.clone()));
        if group.carrier == newest {
            self.late.remove(&fold);
        }
        handover
    }

    /// Has groups that another row carries than the newest carried by that one, where the one is not watched any more and
    /// the other may appear.
    pub fn settle(&mut self, is_watched: impl Fn(&RowKey) -> bool, may_appear: impl Fn(&RowKey) -> bool) -> Vec<Handover> {
        let mut handovers = Vec::new();
        let groups = &mut self.groups;
        self.late.retain(|fold| {
            let Some(group) = groups.get_mut(fold) else { return false };
            let Some(newest) = group.rows.front().cloned() else { return false };
            let waits = is_watched(&group.carrier) || !may_appear(&newest);
            if !waits {
                handovers.push((std::mem::replace(&mut group.carrier, newest.clone()), newest));
            }
            waits
        });
        handovers
    }

    /// Whether another row than the newest carries a group.
    pub fn is_late(&self) -> bool {
        !self.late.is_empty()
    }

    /// Whether any row is told together with another one.
    pub fn is_any_shared(&self) -> bool {
        self.of.len() > self.groups.len()
    }

    /// The rows that are told together with a row, newest first, itself among them, and the one that carries them; `None` for
    /// a row without a group.
    pub fn group(&self, key: &RowKey) -> Option<(&VecDeque<RowKey>, &RowKey)> {
        let group = self.groups.get(self.of.get(key)?)?;
        Some((&group.rows, &group.carrier))
    }

    /// What must hold: every row that is in a group is one of `is_row`, and of each group exactly one row carries.
    ///
    /// # Errors
    /// Says in words what does not hold.
    pub fn check(&self, is_row: impl Fn(&RowKey) -> bool) -> Result<(), String> {
        if let Some(key) = self.of.keys().find(|key| !is_row(key)) {
            return Err(format!("{key:?} is in a group, but no row"));
        }
        let held: usize = self.groups.values().map(|group| group.rows.len()).sum();
        if held != self.of.len() {
            return Err(format!("{held} rows in groups, {} with one", self.of.len()));
        }
        for (fold, group) in &self.groups {
            let is_sorted = group.rows.iter().zip(group.rows.iter().skip(1)).all(|(newer, older)| is_newer(newer, older));
            let is_late = group.rows.front() != Some(&group.carrier);
            if !is_sorted || !group.rows.contains(&group.carrier) || is_late != self.late.contains(fold) {
                return Err(format!("{fold:?} is not what it should be: {group:?}"));
            }
        }
        Ok(())
    }
}

fn is_newer(left: &RowKey, right: &RowKey) -> bool {
    by_age(place(left), place(right)) == Ordering::Greater
}

fn place(key: &RowKey) -> &str {
    match key {
        RowKey::Status(id) => id.as_str(),
        RowKey::Notification(id) => id.as_str(),
        RowKey::Conversation(id) => id.as_str(),
        RowKey::Gap(after) => after,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str) -> RowKey {
        RowKey::Status(StatusId::new(id).unwrap())
    }

    fn fold() -> FoldKey {
        FoldKey::Boosts(StatusId::new("1").unwrap())
    }

    fn rows(folds: &Folds, of: &str) -> (Vec<RowKey>, RowKey) {
        let (rows, carrier) = folds.group(&key(of)).unwrap();
        (rows.iter().cloned().collect(), carrier.clone())
    }

    #[test]
    fn the_newest_row_carries_but_not_in_place_of_one_that_is_watched() {
        let mut folds = Folds::default();
        assert_eq!(folds.insert(key("5"), fold(), |_| true), None);
        assert_eq!(folds.insert(key("7"), fold(), |_| false), Some((key("5"), key("7"))));
        assert_eq!(folds.insert(key("6"), fold(), |_| false), None, "an older one is told with the newest");
        assert_eq!(folds.insert(key("7"), fold(), |_| false), None, "each once");
        assert_eq!(folds.insert(key("10"), fold(), |_| true), None);
        assert_eq!(rows(&folds, "5"), (["10", "7", "6", "5"].map(key).to_vec(), key("7")));
        folds.check(|_| true).unwrap();
        assert_eq!(folds.settle(|_| true, |_| true), []);
        assert_eq!(folds.settle(|_| false, |_| false), [], "it would appear before the reader");
        assert_eq!(folds.settle(|_| false, |_| true), [(key("7"), key("10"))]);
        assert!(!folds.is_late());
        folds.check(|_| true).unwrap();
    }

    #[test]
    fn where_the_carrier_goes_the_newest_of_the_others_carries() {
        let mut folds = Folds::default();
        for id in ["5", "7", "9"] {
            folds.insert(key(id), fold(), |_| false);
        }
        assert_eq!(folds.remove(&key("5")), None);
        assert_eq!(folds.remove(&key("9")), Some((key("9"), key("7"))));
        assert_eq!(folds.remove(&key("9")), None);
        assert_eq!(folds.remove(&key("7")), None);
        assert_eq!(folds, Folds::default());
    }
}
