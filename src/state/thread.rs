//! `Detail`: the post that is open for reading, and `Tree`: its thread as far as it is known, which grows while it is open.
//!
//! A tree is links from replies to what they answer, and nothing else: what stands where is found from them when it is
//! looked at, so the order in which posts become known does not matter. Every post has one link and the way down starts at
//! the root alone, so there is no way round in circles, whatever a server says. Absent on purpose: words (the store has
//! them) and lines (the screen measures them).

use crate::model::{Failure, StatusId, Thread};
use crate::state::store::Store;
use std::cell::OnceCell;
use std::collections::{HashMap, HashSet, VecDeque};

/// The most posts of a thread; servers give 4,096 replies (<https://docs.joinmastodon.org/methods/statuses/#context>).
pub const MOST_POSTS: usize = 10_000;
/// Replies that belong nowhere yet and may once what they answer is known, at most.
pub const MOST_STRAYS: usize = 512;
/// How many posts above one are looked up in the store when it is opened, at most.
const MOST_HELD: usize = 64;

/// A post that is read, with its thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail {
    /// The post (never a boost: the boosted post).
    pub status: StatusId,
    /// Which post of the thread has the cursor.
    pub cursor: StatusId,
    /// At which line of the pane that post begins; negative where it begins above. The screen brings it into view.
    pub line: i32,
    /// What is known of the thread.
    pub tree: Tree,
    /// Replies that came while it was open and have not been in view yet.
    pub unread: HashSet<StatusId>,
    /// How the question for the thread stands.
    pub thread: ThreadState,
    /// Whether something may have been missed since it was asked for.
    pub stale: bool,
}

/// How the thread of a post stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ThreadState {
    /// Asked for.
    Asked,
    /// Here.
    Here,
    /// Here, and asked for again.
    Again,
    /// Not to be had.
    Failed(Failure),
}

impl Detail {
    /// Opens a post; what it answers is there at once as far as it is held.
    pub fn new(status: StatusId, store: &Store) -> Self {
        let mut tree = Tree::new(status.clone());
        tree.look_up(store);
        let (cursor, unread) = (status.clone(), HashSet::new());
        Self { status, cursor, line: 0, tree, unread, thread: ThreadState::Asked, stale: false }
    }

    /// Opens another post of the same thread; what is known of it is there at once.
    #[must_use]
    pub fn further(&self, status: StatusId) -> Self {
        let tree = self.tree.focused(status.clone());
        let (cursor, unread) = (status.clone(), self.unread.clone());
        Self { status, cursor, line: 0, tree, unread, thread: ThreadState::Asked, stale: false }
    }

    /// Where the cursor stands in the thread.
    pub fn index(&self) -> usize {
        self.tree.order().index(&self.cursor).unwrap_or_default()
    }

    /// Takes in the server's answer; says whether there had been one. What it brings beyond that has not been read.
    pub fn take(&mut self, answer: &Thread, store: &Store) -> bool {
        let is_again = matches!(self.thread, ThreadState::Again);
        let added = self.tree.merge(answer, store);
        if is_again {
            self.unread.extend(added.into_iter().filter(|id| store.status(id).is_some()));
        }
        self.thread = ThreadState::Here;
        if self.tree.order().index(&self.cursor).is_none() {
            self.cursor.clone_from(&self.status);
        }
        is_again
    }

    /// Takes in that there is no answer. What was there stays.
    pub fn fail(&mut self, failure: &Failure) {
        self.thread = ThreadState::Failed(failure.clone());
    }

    /// Notes that it is asked for, for the first time or again.
    pub fn ask(&mut self) {
        self.stale = false;
        self.thread = match self.thread {
            ThreadState::Here | ThreadState::Again => ThreadState::Again,
            ThreadState::Asked | ThreadState::Failed(_) => ThreadState::Asked,
        };
    }

    /// Whether an answer is due.
    pub fn is_asked(&self) -> bool {
        matches!(self.thread, ThreadState::Asked | ThreadState::Again)
    }

    /// Takes in a reply that came just now, wherever it came, and counts it as unread where it is news; says whether it may have
    /// a place now.
    pub fn joins(&mut self, id: &StatusId, parent: &StatusId, is_news: bool) -> bool {
        let joined = self.tree.join(id, parent);
        if joined == Joined::Known {
            return false;
        }
        if is_news {
            self.unread.insert(id.clone());
        }
        if let Some(forgotten) = self.tree.forget_stray() {
            self.unread.remove(&forgotten);
        }
        joined == Joined::Here
    }

    /// The unread posts of the thread as places in its order, first to last.
    pub fn unread_places(&self) -> Vec<usize> {
        let order = self.tree.order();
        let mut places: Vec<usize> = self.unread.iter().filter_map(|id| order.index(id)).collect();
        places.sort_unstable();
        places
    }

    /// What must hold after every message.
    ///
    /// # Errors
    /// Says in words what does not hold.
    pub fn check(&self, store: &Store) -> Result<(), String> {
        let order = self.tree.order();
        if order.index(&self.status).is_none() || order.index(&self.cursor).is_none() {
            return Err(format!("the thread of {} has no {} or no {}", self.status, self.status, self.cursor));
        }
        if let Some(id) = self.unread.iter().find(|id| !self.tree.knows(id) || store.is_deleted(id)) {
            return Err(format!("{id} is unread in the thread of {}, but gone or not of it", self.status));
        }
        self.tree.check()
    }
}

/// The posts of a thread, each with what it answers.
#[derive(Debug, Clone)]
pub struct Tree {
    focus: StatusId,
    links: HashMap<StatusId, Link>,
    /// Replies that belonged nowhere when they came, oldest first.
    strays: VecDeque<StatusId>,
    order: OnceCell<Order>,
}

/// What a post answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Link {
    parent: Option<StatusId>,
    /// Whether it belonged nowhere when it came.
    stray: bool,
}

/// Equality ignores whether the order has been looked at.
impl PartialEq for Tree {
    fn eq(&self, other: &Self) -> bool {
        (&self.focus, &self.links, &self.strays) == (&other.focus, &other.links, &other.strays)
    }
}

impl Eq for Tree {}

/// What became of a reply that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Joined {
    /// It answers a post that is known, so it may have a place.
    Here,
    /// What it answers is not known.
    Stray,
    /// It was known, or there is no room.
    Known,
}

/// A post in the order of its thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Which.
    pub id: StatusId,
    /// How far it is from the line of posts that leads down to the open one: zero on that line.
    pub level: u16,
}

/// The posts of a thread from top to bottom: each followed by its replies, older ones first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Order {
    places: Vec<Place>,
    index: HashMap<StatusId, usize>,
    focus: usize,
    replies: usize,
}

impl Order {
    /// All posts.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// Where a post stands; `None` where it is not of the thread.
    pub fn index(&self, id: &StatusId) -> Option<usize> {
        self.index.get(id).copied()
    }

    /// Where the open post stands.
    pub fn focus(&self) -> usize {
        self.focus
    }

    /// How many posts answer the open one, and those that do; they stand right after it.
    pub fn replies(&self) -> usize {
        self.replies
    }
}

impl Tree {
    /// The thread of a post of which nothing else is known.
    pub fn new(focus: StatusId) -> Self {
        Self { links: HashMap::from([(focus.clone(), Link::default())]), focus, strays: VecDeque::new(), order: OnceCell::new() }
    }

    /// What stands where.
    pub fn order(&self) -> &Order {
        self.order.get_or_init(|| self.arrange())
    }

    /// Whether a post is of the thread, or may turn out to be.
    pub fn knows(&self, id: &StatusId) -> bool {
        self.links.contains_key(id)
    }

    /// What a post answers, where that is of the thread.
    pub fn parent(&self, id: &StatusId) -> Option<&StatusId> {
        self.links.get(id)?.parent.as_ref().filter(|parent| self.order().index(parent).is_some())
    }

    /// All posts that are known, those without a place as well.
    pub fn known(&self) -> impl Iterator<Item = &StatusId> {
        self.links.keys()
    }

    /// The same thread around another of its posts.
    fn focused(&self, focus: StatusId) -> Self {
        let mut tree = Self { focus: focus.clone(), order: OnceCell::new(), ..self.clone() };
        tree.links.entry(focus).or_default();
        tree
    }

    /// Takes in the posts above the open one that are held, and no others.
    fn look_up(&mut self, store: &Store) {
        let mut id = self.focus.clone();
        for _ in 0..MOST_HELD {
            let parent = store.status(&id).and_then(|entry| entry.status().in_reply_to_id.clone());
            self.links.insert(id, Link { parent: parent.clone(), stray: false });
            match parent.filter(|parent| store.status(parent).is_some() && !self.knows(parent)) {
                Some(parent) => id = parent,
                None => break,
            }
        }
        self.order = OnceCell::new();
    }

    /// Takes in what a server says of the thread; gives back what was not known. Where it leaves out a post that another one
    /// answers, that one stands under the post above the hole.
    fn merge(&mut self, answer: &Thread, store: &Store) -> Vec<StatusId> {
        let mut added = Vec::new();
        for id in answer.ancestors.iter().chain(&answer.descendants) {
            if self.links.len() < MOST_POSTS && !self.knows(id) {
                self.links.insert(id.clone(), Link::default());
                added.push(id.clone());
            }
        }
        let focus = self.focus.clone();
        let mut above: Option<&StatusId> = None;
        for id in answer.ancestors.iter().chain([&focus]) {
            self.hang(store, id, above);
            above = Some(id);
        }
        for id in answer.descendants.iter().filter(|id| **id != focus) {
            self.hang(store, id, Some(&focus));
        }
        self.order = OnceCell::new();
        added
    }

    /// Hangs a known post under what it answers: by its own word, by what was known of it before it was deleted, or else
    /// under another one.
    fn hang(&mut self, store: &Store, id: &StatusId, otherwise: Option<&StatusId>) {
        let said = store.status(id).and_then(|entry| entry.status().in_reply_to_id.clone());
        let said = said.or_else(|| self.links.get(id)?.parent.clone());
        let parent = said.filter(|said| otherwise.is_none() || self.knows(said)).or_else(|| otherwise.cloned());
        if let Some(link) = self.links.get_mut(id) {
            *link = Link { parent, stray: false };
        }
    }

    /// Takes in a reply that came just now.
    fn join(&mut self, id: &StatusId, parent: &StatusId) -> Joined {
        if self.knows(id) || self.links.len() >= MOST_POSTS {
            return Joined::Known;
        }
        let above = self.links.get(parent).map(|above| above.stray);
        let stray = above.unwrap_or(true);
        self.links.insert(id.clone(), Link { parent: Some(parent.clone()), stray });
        if stray {
            self.strays.push_back(id.clone());
        }
        if above.is_none() {
            return Joined::Stray;
        }
        self.order = OnceCell::new();
        Joined::Here
    }

    /// Forgets the oldest of too many strays, unless it has found its place since.
    fn forget_stray(&mut self) -> Option<StatusId> {
        if self.strays.len() <= MOST_STRAYS {
            return None;
        }
        let oldest = self.strays.pop_front()?;
        if self.order().index(&oldest).is_some() {
            return None;
        }
        self.links.remove(&oldest);
        Some(oldest)
    }

    /// The posts from the one on top down to the open one.
    fn line(&self) -> Vec<&StatusId> {
        let mut line = vec![&self.focus];
        let mut seen: HashSet<&StatusId> = HashSet::from([&self.focus]);
        while let Some(parent) = line.last().and_then(|id| self.links.get(*id)?.parent.as_ref()) {
            // What the server never showed ends the line, and so does a way back into it.
            let Some((parent, _)) = self.links.get_key_value(parent) else { break };
            if !seen.insert(parent) {
                break;
            }
            line.push(parent);
        }
        line.reverse();
        line
    }

    fn arrange(&self) -> Order {
        let line = self.line();
        let on_line: HashSet<&StatusId> = line.iter().copied().collect();
        let mut replies: HashMap<&StatusId, Vec<&StatusId>> = HashMap::new();
        for (id, link) in &self.links {
            if let Some(parent) = &link.parent {
                replies.entry(parent).or_default().push(id);
            }
        }
        for replies in replies.values_mut() {
            replies.sort_unstable();
        }
        let mut order = Order::default();
        // How many posts wait when the open one and all that answers it are done, and where that is.
        let (mut beside, mut end) = (0, None);
        let mut waiting: Vec<(&StatusId, u16)> = line.first().map(|root| (*root, 0)).into_iter().collect();
        while let Some((id, level)) = waiting.pop() {
            let place = order.places.len();
            if end.is_none() && waiting.len() < beside {
                end = Some(place);
            }
            // Only the root can be met again: everything else has one parent.
            if order.index.contains_key(id) {
                continue;
            }
            order.index.insert(id.clone(), place);
            if *id == self.focus {
                (order.focus, beside) = (place, waiting.len());
            }
            order.places.push(Place { id: id.clone(), level });
            for reply in replies.get(id).into_iter().flatten().rev() {
                let level = if on_line.contains(reply) { 0 } else { level.saturating_add(1) };
                waiting.push((reply, level));
            }
        }
        order.replies = end.unwrap_or(order.places.len()).saturating_sub(order.focus + 1);
        order
    }

    fn check(&self) -> Result<(), String> {
        let order = self.order();
        if self.strays.len() > MOST_STRAYS || self.links.len() > MOST_POSTS {
            return Err(format!("{} posts of a thread, {} strays", self.links.len(), self.strays.len()));
        }
        if order.places.len() != order.index.len() {
            return Err("a post stands twice in its thread".to_owned());
        }
        for (index, place) in order.places.iter().enumerate() {
            let above = self.parent(&place.id).and_then(|parent| order.index(parent));
            if order.index(&place.id) != Some(index) || (index > 0 && above.is_none_or(|above| above >= index)) {
                return Err(format!("{} does not stand where it answers", place.id));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Bundle;
    use proptest::prelude::*;
    use std::fmt::Write;

    fn sid(id: usize) -> StatusId {
        StatusId::new(&id.to_string()).unwrap()
    }

    /// The order in short: ids, each after as many dots as its level.
    fn drawn(tree: &Tree) -> String {
        tree.order().places().iter().fold(String::new(), |mut all, place| {
            let gap = if all.is_empty() { "" } else { " " };
            write!(all, "{gap}{}{}", ".".repeat(usize::from(place.level)), place.id).unwrap();
            all
        })
    }

    #[test]
    fn replies_stand_under_what_they_answer_older_ones_first() {
        let mut tree = Tree::new(sid(5));
        tree.links.insert(sid(5), Link { parent: Some(sid(2)), stray: false });
        tree.links.insert(sid(2), Link::default());
        for (id, parent) in [(9, 5), (7, 5), (8, 7), (6, 2), (3, 2), (10, 8)] {
            assert_eq!(tree.join(&sid(id), &sid(parent)), Joined::Here, "{id}");
        }
        assert_eq!(drawn(&tree), "2 .3 5 .7 ..8 ...10 .9 .6");
        assert_eq!((tree.order().focus(), tree.order().replies()), (2, 4));
        assert_eq!(tree.check(), Ok(()));
    }

    #[test]
    fn holes_and_circles_of_a_servers_answer_leave_every_post_in_one_place() {
        let store = Store::default();
        let answer = |above: &[usize], below: &[usize]| Thread {
            ancestors: above.iter().copied().map(sid).collect(),
            descendants: below.iter().copied().map(sid).collect(),
            bundle: Bundle::default(),
        };
        let mut tree = Tree::new(sid(5));
        tree.merge(&answer(&[1, 3], &[7, 8]), &store);
        assert_eq!(drawn(&tree), "1 3 5 .7 .8", "nothing is held that says what answers what");
        for (above, below) in [(vec![5], vec![5]), (vec![1, 5, 1], vec![3, 1]), (vec![7, 8], vec![1, 3, 5])] {
            let mut tree = Tree::new(sid(5));
            tree.merge(&answer(&above, &below), &store);
            tree.merge(&answer(&below, &above), &store);
            assert_eq!(tree.check(), Ok(()), "{above:?} {below:?}");
            assert!(tree.order().index(&sid(5)).is_some());
        }
    }

    #[test]
    fn strays_wait_for_what_they_answer_and_not_for_ever() {
        let mut detail = Detail::new(sid(1), &Store::default());
        assert!(!detail.joins(&sid(3), &sid(2), true), "it answers nothing that is known");
        assert_eq!(drawn(&detail.tree), "1");
        assert!(detail.joins(&sid(2), &sid(1), true));
        assert_eq!(drawn(&detail.tree), "1 .2 ..3");
        assert_eq!(detail.unread_places(), [1, 2]);
        for id in 1_000..1_000 + MOST_STRAYS * 2 {
            detail.joins(&sid(id), &sid(900), true);
        }
        assert!(detail.tree.links.len() <= MOST_STRAYS + 3 && detail.unread.len() <= MOST_STRAYS + 3);
        assert_eq!(drawn(&detail.tree), "1 .2 ..3", "what has found its place stays");
        assert_eq!(detail.check(&Store::default()), Ok(()));
    }

    #[test]
    fn a_chain_of_thousands_and_as_many_replies_are_arranged_without_recursion() {
        let mut tree = Tree::new(sid(1));
        for id in 2..4_000 {
            tree.join(&sid(id), &sid(id - 1));
            tree.join(&sid(id + 10_000), &sid(1));
        }
        assert_eq!((tree.order().places().len(), tree.check()), (7_997, Ok(())));
        assert_eq!(tree.order().places().iter().map(|place| place.level).max(), Some(3_998));
    }

    /// The tree as one would draw it by hand: from the links of all posts that were ever told of.
    fn by_hand(parents: &[usize], focus: usize) -> Vec<(StatusId, u16)> {
        let mut line = vec![focus];
        while let Some(above) = line.last().and_then(|last| parents.get(*last).copied()).filter(|above| *above != usize::MAX) {
            line.push(above);
        }
        let mut all = Vec::new();
        down(parents, &line, (0, 0), &mut all);
        all
    }

    fn down(parents: &[usize], line: &[usize], (at, level): (usize, u16), all: &mut Vec<(StatusId, u16)>) {
        all.push((sid(at), level));
        for child in (0..parents.len()).filter(|child| parents[*child] == at) {
            down(parents, line, (child, if line.contains(&child) { 0 } else { level + 1 }), all);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn whatever_comes_first_the_tree_is_the_same(
            raw in proptest::collection::vec(any::<prop::sample::Index>(), 1..40),
            order in proptest::collection::vec(any::<u64>(), 40),
            focus in any::<prop::sample::Index>(),
        ) {
            // Post 0 is the root; each later one answers one before it.
            let parents: Vec<usize> = std::iter::once(usize::MAX).chain(raw.iter().enumerate().map(|(index, parent)| parent.index(index + 1))).collect();
            let focus = focus.index(parents.len());
            let mut tree = Tree::new(sid(focus));
            let mut line = focus;
            while parents[line] != usize::MAX {
                tree.links.insert(sid(line), Link { parent: Some(sid(parents[line])), stray: false });
                line = parents[line];
            }
            tree.links.insert(sid(0), Link::default());
            let mut coming: Vec<usize> = (1..parents.len()).collect();
            coming.sort_by_key(|id| order[*id % order.len()]);
            for id in coming {
                tree.join(&sid(id), &sid(parents[id]));
                prop_assert_eq!(tree.check(), Ok(()));
            }
            let drawn: Vec<(StatusId, u16)> = tree.order().places().iter().map(|place| (place.id.clone(), place.level)).collect();
            prop_assert_eq!(drawn, by_hand(&parents, focus));
        }
    }
}
