//! `Table`: the held statuses by id, which each has in itself: a place in the table is as small as a pointer.
//!
//! A table that grows keeps half of its places empty, and with a key beside each pointer those alone took a megabyte. Absent on
//! purpose: order.

use super::Entry;
use crate::model::StatusId;
use crate::state::hashed::Keyed;
use hashbrown::HashTable;
use hashbrown::hash_table;
use std::hash::BuildHasher as _;

/// Statuses by id.
#[derive(Debug, Default)]
pub(super) struct Table(HashTable<Box<Entry>>);

fn hash(id: &StatusId) -> u64 {
    Keyed::default().hash_one(id)
}

impl Table {
    pub(super) fn get(&self, id: &StatusId) -> Option<&Entry> {
        self.0.find(hash(id), |entry| entry.id == *id).map(Box::as_ref)
    }

    pub(super) fn get_mut(&mut self, id: &StatusId) -> Option<&mut Entry> {
        self.0.find_mut(hash(id), |entry| entry.id == *id).map(Box::as_mut)
    }

    pub(super) fn contains(&self, id: &StatusId) -> bool {
        self.get(id).is_some()
    }

    /// Puts a status in the place of one with the same id.
    pub(super) fn insert(&mut self, entry: Entry) {
        match self.0.entry(hash(&entry.id), |held| held.id == entry.id, |held| hash(&held.id)) {
            hash_table::Entry::Occupied(mut place) => **place.get_mut() = entry,
            hash_table::Entry::Vacant(place) => drop(place.insert(Box::new(entry))),
        }
    }

    pub(super) fn remove(&mut self, id: &StatusId) -> Option<Box<Entry>> {
        let found = self.0.find_entry(hash(id), |entry| entry.id == *id).ok()?;
        Some(found.remove().0)
    }

    /// Drops all but some.
    pub(super) fn retain(&mut self, mut stays: impl FnMut(&mut Entry) -> bool) {
        self.0.retain(|entry| stays(entry));
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter().map(Box::as_ref)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|entry| other.get(&entry.id) == Some(entry))
    }
}
