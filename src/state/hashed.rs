//! Maps and sets by id, hashed in a few instructions.
//!
//! A server makes the ids, so the hash has a key that differs with each run and that nothing tells; it is no hash for
//! anything that leaves the program. Absent on purpose: order.

use hashbrown::HashTable;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::LazyLock;

/// A map by id.
pub type IdMap<K, V> = HashMap<K, V, Keyed>;

/// A set of ids.
pub type IdSet<K> = HashSet<K, Keyed>;

/// Stands for something that a server gave an id, where nothing is asked about it but whether it is the same.
///
/// That two of those that are held share one takes 2^32 tries of whoever gives out the ids, who does not learn the key of this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// That of an id, or of a key of which one is part.
    pub fn of(id: &impl Hash) -> Self {
        Self(Keyed::default().hash_one(id))
    }

    /// Its bits, each of which depends on the whole id.
    pub(crate) fn bits(self) -> u64 {
        self.0
    }
}

/// Has a map take one more in the room that it has, where enough has left it.
///
/// Where entries come and go, a table whose places were all taken once is doubled if more than half of those that it has room for are
/// left, and stays so: for what a tab holds at most that is twice what it needs.
pub(crate) fn make_room<K: Eq + Hash, V, S: BuildHasher>(map: &mut HashMap<K, V, S>) {
    if is_full(map.len(), map.capacity()) {
        // Put again where it was: another table beside it would leave a hole as large.
        let held: Vec<(K, V)> = map.drain().collect();
        map.reserve(room(held.len()));
        map.extend(held);
    }
}

/// [`make_room`] of a set.
pub(crate) fn make_room_in_set<K: Eq + Hash, S: BuildHasher>(set: &mut HashSet<K, S>) {
    if is_full(set.len(), set.capacity()) {
        let held: Vec<K> = set.drain().collect();
        set.reserve(room(held.len()));
        set.extend(held);
    }
}

/// [`make_room`] of a table of things that can be hashed again.
pub(crate) fn make_room_in_table<T>(table: &mut HashTable<T>, hash: impl Fn(&T) -> u64) {
    if is_full(table.len(), table.capacity()) {
        let held: Vec<T> = table.drain().collect();
        table.reserve(room(held.len()), &hash);
        for one in held {
            table.insert_unique(hash(&one), one, &hash);
        }
    }
}

/// Whether a table that holds so many has no place left that was never taken.
fn is_full(held: usize, capacity: usize) -> bool {
    held > 0 && held >= capacity
}

/// How many entries it is to have room for then. A fifth of it is free, so that making room costs each entry the same however many there
/// are.
fn room(held: usize) -> usize {
    held + held / 4 + 1
}

/// Hashes with the key of this run.
#[derive(Debug, Clone, Copy)]
pub struct Keyed {
    start: u64,
    factor: u64,
}

/// A hash under way.
#[derive(Debug, Clone)]
pub struct Folding {
    state: u64,
    factor: u64,
}

static KEYED: LazyLock<Keyed> = LazyLock::new(|| {
    let random = RandomState::new();
    // An even factor would lose a bit with each word.
    Keyed { start: random.hash_one(0), factor: random.hash_one(1) | 1 }
});

impl Default for Keyed {
    fn default() -> Self {
        *KEYED
    }
}

impl BuildHasher for Keyed {
    type Hasher = Folding;

    #[inline]
    fn build_hasher(&self) -> Folding {
        Folding { state: self.start, factor: self.factor }
    }
}

impl Folding {
    /// Takes a word in: both halves of the product, so that each bit of it reaches the lowest and the highest ones.
    #[inline]
    fn fold(&mut self, word: u64) {
        let product = u128::from(self.state ^ word) * u128::from(self.factor);
        // The mask makes both halves fit.
        let half = |part: u128| u64::try_from(part & u128::from(u64::MAX)).unwrap_or_default();
        self.state = half(product) ^ half(product >> 64);
    }
}

impl Hasher for Folding {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.fold(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let last = rest.iter().fold(0, |last, byte| last << 8 | u64::from(*byte));
            self.fold(last ^ (rest.len() as u64) << 56);
        }
    }

    #[inline]
    fn write_u8(&mut self, byte: u8) {
        self.fold(u64::from(byte));
    }

    #[inline]
    fn write_u64(&mut self, word: u64) {
        self.fold(word);
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_through_which_entries_pass_stays_as_large_as_they_need() {
        let mut map: IdMap<usize, usize> = IdMap::default();
        let mut set: IdSet<usize> = IdSet::default();
        for held in [1, 9, 600, 2_000, 3_000] {
            for entry in 0..held * 20 {
                make_room(&mut map);
                map.insert(entry, entry);
                make_room_in_set(&mut set);
                set.insert(entry);
                if let Some(old) = entry.checked_sub(held) {
                    assert_eq!((map.remove(&old), set.remove(&old)), (Some(old), true));
                }
            }
            assert!((held * 19..held * 20).all(|entry| map[&entry] == entry && set.contains(&entry)), "{held}");
            // As many as double the next power of two would hold is what it had without.
            let needed = IdMap::<usize, usize>::with_capacity_and_hasher(held + held / 4 + 2, Keyed::default()).capacity();
            assert!(map.capacity() <= needed && set.capacity() <= needed, "{held}: {} and {} of {needed}", map.capacity(), set.capacity());
            map.clear();
            set.clear();
        }
    }

    #[test]
    fn ids_as_servers_count_them_up_are_spread_evenly() {
        let hashes: Vec<u64> =
            (0..4_096_u64).map(|at| Keyed::default().hash_one((117_000_000_000_000_000 + at * 1_000).to_string())).collect();
        // A table looks at the lowest bits for the place and at the highest ones for the entry there.
        for part in [|hash: u64| hash & 0xff, |hash: u64| hash >> 56] {
            let mut counts = [0_u32; 256];
            for hash in &hashes {
                counts[usize::try_from(part(*hash)).unwrap()] += 1;
            }
            let most = counts.iter().max().unwrap();
            assert!(*most < 64, "{most} of 4,096 are in one of 256 places");
        }
        let different: HashSet<&u64> = hashes.iter().collect();
        assert_eq!(different.len(), hashes.len());
    }

    #[test]
    fn what_is_equal_is_found_and_nothing_else() {
        let mut map: IdMap<String, usize> = IdMap::default();
        for length in 0..40 {
            map.insert("x".repeat(length), length);
            map.insert(format!("{}y", "x".repeat(length)), 100 + length);
        }
        assert!(
            (0..40).all(|length| map["x".repeat(length).as_str()] == length && map[&format!("{}y", "x".repeat(length))] == 100 + length)
        );
        assert_eq!(map.get("z"), None);
    }
}
