//! `Folds`: rows of a tab that tell the same of one post, of which one is drawn for all.
//!
//! The ledger keeps every row; this says which of them carries its group. That is the newest one, but for a row that the
//! reader has before them: it goes on carrying until it has left the view, and what comes is told in its place. Each row that
//! comes or goes costs the same however many there are, and so does who is told of. Absent on purpose: filters. `State` asks them who
//! may be drawn.

use crate::model::{AccountId, NotificationKind, StatusId, by_age};
use crate::state::hashed::{Fingerprint, IdMap, IdSet, make_room};
use crate::state::marks::Marks;
use crate::state::store::{Entry, Store};
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
            Row::Status(id) => store.status(id)?.reblog().cloned().map(Self::Boosts),
            Row::Notification(id) => {
                let held = store.notification(id)?;
                let status = held.status.clone().filter(|_| folds(&held.kind))?;
                Some(Self::Notifications(discriminant(&held.kind), status))
            }
            Row::Conversation(..) | Row::Tombstone(_) | Row::Gap(_) => None,
        }
    }
}

/// Whom a row tells of: who boosted, favourited, and so on.
pub fn who<'a>(store: &'a Store, row: &RowKey) -> Option<&'a AccountId> {
    match row {
        RowKey::Status(id) => store.status(id).map(Entry::account),
        RowKey::Notification(id) => store.notification(id)?.account.as_ref(),
        RowKey::Conversation(_) | RowKey::Gap(_) => None,
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
        | NotificationKind::AdminReport(_)
        | NotificationKind::SeveredRelationships(_)
        | NotificationKind::ModerationWarning(_)
        | NotificationKind::AnnualReport { .. }
        | NotificationKind::AddedToCollection { .. }
        | NotificationKind::CollectionUpdate { .. }
        | NotificationKind::PendingReply
        | NotificationKind::Other(_) => false,
    }
}

/// The groups of a tab's rows. A third of the rows of a busy tab have one, and mostly for themselves, so keys are fingerprints.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folds {
    /// By their [`FoldKey`].
    groups: IdMap<Fingerprint, Group>,
    /// The group of each row that has one, as it was when the row came: a deleted boost tells no more what it boosted.
    of: IdMap<Fingerprint, Fingerprint>,
    /// Rows that another one carries.
    carried: Marks,
    /// Groups that another row carries than the newest.
    late: IdSet<Fingerprint>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    carrier: RowKey,
    /// All of its rows, where there are more than that one.
    several: Option<Box<Several>>,
}

/// Rows that are told together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Several {
    /// Each with whom it tells of, newest first.
    rows: VecDeque<(RowKey, Option<AccountId>)>,
    /// In how many of the rows each is told of.
    people: IdMap<AccountId, u32>,
}

impl Several {
    /// The rows, newest first.
    pub fn rows(&self) -> impl Iterator<Item = &RowKey> {
        self.rows.iter().map(|(row, _)| row)
    }

    /// Who is told of first, each once, at most so many.
    pub fn first(&self, most: usize) -> Vec<&AccountId> {
        let mut first: Vec<&AccountId> = Vec::new();
        let wanted = most.min(self.people.len());
        for who in self.rows.iter().filter_map(|(_, who)| who.as_ref()) {
            if first.len() >= wanted {
                break;
            }
            if !first.contains(&who) {
                first.push(who);
            }
        }
        first
    }

    /// How many people are told of.
    pub fn people(&self) -> usize {
        self.people.len()
    }

    fn newest(&self) -> Option<&RowKey> {
        self.rows.front().map(|(row, _)| row)
    }

    /// Where a row stands or would stand.
    fn place(&self, key: &RowKey) -> usize {
        self.rows.partition_point(|(row, _)| is_newer(row, key))
    }

    fn insert(&mut self, key: RowKey, who: Option<AccountId>) {
        if let Some(who) = &who {
            make_room(&mut self.people);
            *self.people.entry(who.clone()).or_default() += 1;
        }
        self.rows.insert(self.place(&key), (key, who));
    }

    fn remove(&mut self, key: &RowKey) {
        let place = self.place(key);
        if self.rows.get(place).is_some_and(|(row, _)| row == key)
            && let Some((_, Some(who))) = self.rows.remove(place)
            && let Some(rows) = self.people.get_mut(&who)
        {
            *rows -= 1;
            if *rows == 0 {
                self.people.remove(&who);
            }
        }
    }
}

impl Group {
    fn newest(&self) -> &RowKey {
        self.several.as_ref().and_then(|several| several.newest()).unwrap_or(&self.carrier)
    }

    /// Has another row carry it.
    fn hand_over(&mut self, to: RowKey, carried: &mut Marks) -> Handover {
        carried.remove(&to);
        let from = std::mem::replace(&mut self.carrier, to.clone());
        carried.insert(&from);
        (from, to)
    }

    /// Its rows.
    fn rows(&self) -> impl Iterator<Item = &RowKey> {
        let alone = if self.several.is_none() { Some(&self.carrier) } else { None };
        alone.into_iter().chain(self.several.iter().flat_map(|several| several.rows()))
    }
}

/// A row that carried its group, and the one that does now.
pub type Handover = (RowKey, RowKey);

impl Folds {
    /// Puts a row into its group; `who` is whom a row of it tells of. Says from which row it takes over, if it does: not from one that
    /// is watched.
    pub fn insert(
        &mut self,
        key: RowKey,
        fold: &FoldKey,
        who: impl Fn(&RowKey) -> Option<AccountId>,
        is_watched: impl FnOnce(&RowKey) -> bool,
    ) -> Option<Handover> {
        let (row, fold) = (Fingerprint::of(&key), Fingerprint::of(fold));
        match self.of.get(&row) {
            Some(known) if *known == fold => return None,
            // What it tells has changed.
            Some(_) => drop(self.remove(&key)),
            None => {}
        }
        make_room(&mut self.of);
        self.of.insert(row, fold);
        let Some(group) = self.groups.get_mut(&fold) else {
            make_room(&mut self.groups);
            self.groups.insert(fold, Group { carrier: key, several: None });
            return None;
        };
        let several = group.several.get_or_insert_with(|| {
            let mut several = Several::default();
            several.insert(group.carrier.clone(), who(&group.carrier));
            Box::new(several)
        });
        several.insert(key.clone(), who(&key));
        let is_newest = several.newest() == Some(&key);
        if !is_newest || is_watched(&group.carrier) {
            if is_newest {
                self.late.insert(fold);
            }
            self.carried.insert(&key);
            return None;
        }
        self.late.remove(&fold);
        Some(group.hand_over(key, &mut self.carried))
    }

    /// Takes a row out of its group. Says which row carries the group instead, where that was this one.
    pub fn remove(&mut self, key: &RowKey) -> Option<Handover> {
        let fold = self.of.remove(&Fingerprint::of(key))?;
        let group = self.groups.get_mut(&fold)?;
        let Some(several) = &mut group.several else {
            self.groups.remove(&fold);
            self.late.remove(&fold);
            return None;
        };
        several.remove(key);
        let newest = several.newest()?.clone();
        if several.rows.len() < 2 {
            group.several = None;
        }
        let is_carrier = group.carrier == *key;
        if is_carrier || group.carrier == newest {
            self.late.remove(&fold);
        }
        let handover = is_carrier.then(|| group.hand_over(newest, &mut self.carried));
        self.carried.remove(key);
        handover
    }

    /// Has groups that another row carries than the newest carried by that one, where the one is not watched any more and
    /// the other may appear.
    pub fn settle(&mut self, is_watched: impl Fn(&RowKey) -> bool, may_appear: impl Fn(&RowKey) -> bool) -> Vec<Handover> {
        let mut handovers = Vec::new();
        let Self { groups, carried, late, .. } = self;
        late.retain(|fold| {
            let Some(group) = groups.get_mut(fold) else { return false };
            let newest = group.newest().clone();
            let waits = is_watched(&group.carrier) || !may_appear(&newest);
            if !waits {
                handovers.push(group.hand_over(newest, carried));
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
        !self.carried.is_empty()
    }

    /// Whether another row carries a row.
    pub fn is_carried(&self, key: &RowKey) -> bool {
        self.carried.contains(key)
    }

    /// The rows that are told together with a row, itself among them, and the one that carries them; `None` for a row that is told
    /// alone.
    pub fn group(&self, key: &RowKey) -> Option<(&Several, &RowKey)> {
        let group = self.groups.get(self.of.get(&Fingerprint::of(key))?)?;
        Some((group.several.as_ref()?, &group.carrier))
    }

    /// What must hold: every row that is in a group is one of these, and of each group exactly one row carries.
    ///
    /// # Errors
    /// Says in words what does not hold.
    pub fn check<'k>(&self, rows: impl IntoIterator<Item = &'k RowKey>) -> Result<(), String> {
        let rows: IdSet<&RowKey> = rows.into_iter().collect();
        let members = || self.groups.iter().flat_map(|(fold, group)| group.rows().map(move |row| (fold, group, row)));
        for (fold, group, row) in members() {
            if !rows.contains(row) || self.of.get(&Fingerprint::of(row)) != Some(fold) {
                return Err(format!("{row:?} is in {group:?}, but no row, or of another group"));
            }
            if self.carried.contains(row) == (group.carrier == *row) {
                return Err(format!("{row:?} carries {group:?} and is carried, or neither"));
            }
        }
        let (held, groups) = (members().count(), self.groups.len());
        if held != self.of.len() || self.carried.len() + groups != held {
            return Err(format!("{held} rows in {groups} groups, {} with one, and {} are carried", self.of.len(), self.carried.len()));
        }
        for (fold, group) in &self.groups {
            let rows = || group.several.iter().flat_map(|several| &several.rows);
            let is_sorted = rows().zip(rows().skip(1)).all(|((newer, _), (older, _))| is_newer(newer, older));
            let carries =
                group.several.as_ref().is_none_or(|several| several.rows.len() > 1 && several.rows().any(|row| *row == group.carrier));
            let told = rows().filter(|(_, who)| who.is_some()).count();
            let counted: u32 = group.several.iter().flat_map(|several| several.people.values()).sum();
            let is_late = *group.newest() != group.carrier;
            if !is_sorted || !carries || usize::try_from(counted) != Ok(told) || is_late != self.late.contains(fold) {
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

    /// Each row tells of one of three.
    fn who(row: &RowKey) -> Option<AccountId> {
        AccountId::new(&(place(row).parse::<u32>().unwrap() % 3).to_string())
    }

    fn rows(folds: &Folds, of: &str) -> (Vec<RowKey>, RowKey) {
        let (several, carrier) = folds.group(&key(of)).unwrap();
        (several.rows().cloned().collect(), carrier.clone())
    }

    #[test]
    fn the_newest_row_carries_but_not_in_place_of_one_that_is_watched() {
        let mut folds = Folds::default();
        assert_eq!(folds.insert(key("5"), &fold(), who, |_| true), None);
        assert_eq!(folds.insert(key("7"), &fold(), who, |_| false), Some((key("5"), key("7"))));
        assert_eq!(folds.insert(key("6"), &fold(), who, |_| false), None, "an older one is told with the newest");
        assert_eq!(folds.insert(key("7"), &fold(), who, |_| false), None, "each once");
        assert_eq!(folds.insert(key("10"), &fold(), who, |_| true), None);
        assert_eq!(rows(&folds, "5"), (["10", "7", "6", "5"].map(key).to_vec(), key("7")));
        folds.check(&["5", "6", "7", "8", "9", "10"].map(key)).unwrap();
        assert_eq!(folds.settle(|_| true, |_| true), []);
        assert_eq!(folds.settle(|_| false, |_| false), [], "it would appear before the reader");
        assert_eq!(folds.settle(|_| false, |_| true), [(key("7"), key("10"))]);
        assert!(!folds.is_late());
        folds.check(&["5", "6", "7", "8", "9", "10"].map(key)).unwrap();
    }

    #[test]
    fn where_the_carrier_goes_the_newest_of_the_others_carries() {
        let mut folds = Folds::default();
        for id in ["5", "7", "9"] {
            folds.insert(key(id), &fold(), who, |_| false);
        }
        assert_eq!(folds.remove(&key("5")), None);
        assert_eq!(folds.remove(&key("9")), Some((key("9"), key("7"))));
        assert_eq!(folds.remove(&key("9")), None);
        assert_eq!(folds.remove(&key("7")), None);
        assert_eq!(folds, Folds::default());
    }
    #[test]
    fn who_is_told_of_is_told_once_the_newest_first() {
        let mut folds = Folds::default();
        for id in ["5", "6", "8", "9"] {
            folds.insert(key(id), &fold(), who, |_| false);
        }
        let told = |folds: &Folds, most| {
            let (several, _) = folds.group(&key("5")).unwrap();
            (several.first(most).into_iter().map(ToString::to_string).collect::<Vec<_>>(), several.people())
        };
        assert_eq!(told(&folds, 3), (vec!["0".to_owned(), "2".to_owned()], 2));
        assert_eq!(told(&folds, 1), (vec!["0".to_owned()], 2));
        folds.remove(&key("9"));
        assert_eq!(told(&folds, 3), (vec!["2".to_owned(), "0".to_owned()], 2));
        folds.remove(&key("6"));
        assert_eq!(told(&folds, 3), (vec!["2".to_owned()], 1));
        folds.check(&["5", "6", "7", "8", "9", "10"].map(key)).unwrap();
        folds.remove(&key("8"));
        assert_eq!(folds.group(&key("5")), None, "told alone");
        folds.check(&["5", "6", "7", "8", "9", "10"].map(key)).unwrap();
    }
}
