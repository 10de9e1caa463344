//! The bounded queue from the trunk to the app.
//!
//! Pushing never waits, so the socket is read whatever the app does; [`Outbox::load`] says when it had better be read no
//! faster than the app takes. Over the bound the oldest updates are shed: posts that REST can bring back. In their place
//! stands one [`Event::Lagged`] that counts them. Nothing else is ever shed, neither edits nor deletes nor what is said about
//! the connection: if no update is left, the bound is exceeded rather than such an event lost. Absent on purpose: what is
//! worth telling, which `session` decides, and whether reading waits (`brake`).

use super::brake::Load;
use crate::model::{Event, Origin, Payload, Stream, StreamEvent};
use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};
use tokio::sync::Notify;

#[expect(clippy::disallowed_types, reason = "two tasks share the queue; it is held for a few instructions and never across an await")]
type Lock<T> = std::sync::Mutex<T>;

/// What an event costs beside the message that it was made from, in bytes.
const OVERHEAD: usize = 512;
/// Events of a burst after which the reader is woken though more have come already: waking costs about what an event does.
const WORTH_WAKING: usize = 32;
/// From which part of either bound on reading is to wait for the app, and below which part it need not any more. What lies
/// here in a burst is memory that is never given back to the system as a whole: it has to cover a drawing, and no more.
const HEAVY: usize = 32;
const LIGHT: usize = 64;
/// Places that an empty queue may go on holding on either side.
const SPARE: usize = 1024;

/// Makes a queue that holds at most `events` events made from at most `bytes` bytes, as far as shedding updates can do it.
pub(crate) fn outbox(events: usize, bytes: usize) -> (Outbox, Inbox) {
    let queue = Queue { most_events: events.max(1), most_bytes: bytes.max(1), ..Queue::default() };
    let shared = Arc::new(Shared { queue: Lock::new(queue), news: Notify::new(), room: Notify::new() });
    (Outbox { shared: Arc::clone(&shared), untold: 0, is_heavy: false }, Inbox(shared))
}

/// The end that the trunk writes to.
#[derive(Debug)]
pub(crate) struct Outbox {
    shared: Arc<Shared>,
    /// How many events have come since the reader was woken last.
    untold: usize,
    /// Whether much waited when the last event was added, or when that was last asked.
    is_heavy: bool,
}

impl Outbox {
    /// Adds an event that was made from `bytes` bytes of message; never waits. Whoever waits for events is told of it by
    /// [`Self::tell`], or here after so many that it is worth the cost of waking.
    pub(crate) fn push(&mut self, origin: Origin, event: Event, bytes: usize) {
        self.is_heavy = self.shared.with(|queue| {
            queue.push(Item { origin, event, bytes: bytes.saturating_add(OVERHEAD) });
            queue.is_heavy
        });
        self.untold += 1;
        if self.untold >= WORTH_WAKING {
            self.tell();
        }
    }

    /// Whether so much waits that reading is to wait, and the weight of what was taken so far; `None` where little waits.
    pub(crate) fn load(&mut self) -> Option<Load> {
        if !self.is_heavy {
            return None;
        }
        let load = self.shared.with(|queue| Load { is_heavy: queue.is_heavy, taken: queue.taken });
        self.is_heavy = load.is_heavy;
        Some(load)
    }

    /// Resolves when little waits again after much did. May be cancelled at any time.
    pub(crate) fn room(&self) -> impl Future<Output = ()> + Send + 'static {
        let shared = Arc::clone(&self.shared);
        async move { shared.room.notified().await }
    }

    /// Wakes whoever waits for events, if something came since the last time. To be called before waiting.
    pub(crate) fn tell(&mut self) {
        if std::mem::take(&mut self.untold) > 0 {
            self.shared.news.notify_one();
        }
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        self.shared.with(|queue| queue.closed = true);
        self.shared.news.notify_one();
    }
}

/// The end that the app reads from.
#[derive(Debug)]
pub(crate) struct Inbox(Arc<Shared>);

impl Inbox {
    /// Waits for the next event; `None` once the trunk has ended and everything was taken. May be cancelled at any time.
    pub(crate) async fn recv(&mut self) -> Option<(Origin, Event)> {
        loop {
            if let Some(event) = self.try_recv() {
                return Some(event);
            }
            if self.0.with(|queue| queue.closed && queue.is_empty()) {
                return None;
            }
            self.0.news.notified().await;
        }
    }

    /// Takes the next event if there is one.
    pub(crate) fn try_recv(&mut self) -> Option<(Origin, Event)> {
        let (item, has_room) = self.0.with(|queue| {
            let was_heavy = queue.is_heavy;
            (queue.pop(), was_heavy && !queue.is_heavy)
        });
        if has_room {
            self.0.room.notify_one();
        }
        item.map(|item| (item.origin, item.event))
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        // Nobody will read: what is queued goes, and what comes is not kept.
        self.0.with(|queue| *queue = Queue { closed: true, abandoned: true, ..Queue::default() });
        self.0.room.notify_one();
    }
}

#[derive(Debug)]
struct Shared {
    queue: Lock<Queue>,
    news: Notify,
    room: Notify,
}

impl Shared {
    fn with<T>(&self, f: impl FnOnce(&mut Queue) -> T) -> T {
        // A panic elsewhere cannot leave the queue half changed in a way that matters more than losing it would.
        f(&mut self.queue.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[derive(Debug)]
struct Item {
    origin: Origin,
    event: Event,
    bytes: usize,
}

impl Item {
    fn is_sheddable(&self) -> bool {
        matches!(self.event, Event::Stream(StreamEvent { payload: Payload::Update(_), .. }))
    }
}

/// `settled`, then `fresh`, in the order of arrival. `settled` holds no update and `fresh` is empty or begins with one, so the
/// oldest update is always at hand and shedding costs the same however long the queue is. Marks of losses count for nothing:
/// between two of them stands something else, so there are never more of them than of the rest, and one.
#[derive(Debug, Default)]
struct Queue {
    settled: VecDeque<Item>,
    fresh: VecDeque<Item>,
    marks: usize,
    bytes: usize,
    most_events: usize,
    most_bytes: usize,
    /// Whether reading is to wait: from [`HEAVY`] on until below [`LIGHT`].
    is_heavy: bool,
    /// The weight of all that was taken.
    taken: u64,
    closed: bool,
    abandoned: bool,
}

impl Queue {
    fn push(&mut self, item: Item) {
        if self.abandoned {
            return;
        }
        self.bytes += item.bytes;
        if self.fresh.is_empty() && !item.is_sheddable() {
            self.settled.push_back(item);
        } else {
            self.fresh.push_back(item);
        }
        while self.len() > self.most_events || self.bytes > self.most_bytes {
            if !self.shed() {
                break;
            }
        }
        self.is_heavy |= self.holds(HEAVY);
    }

    fn len(&self) -> usize {
        self.settled.len() + self.fresh.len() - self.marks
    }

    fn is_empty(&self) -> bool {
        self.settled.is_empty() && self.fresh.is_empty()
    }

    /// Whether this part of a bound is held.
    fn holds(&self, part: usize) -> bool {
        self.bytes > self.most_bytes / part || self.len() > self.most_events / part
    }

    fn pop(&mut self) -> Option<Item> {
        let item = self.settled.pop_front().or_else(|| self.fresh.pop_front())?;
        self.bytes = self.bytes.saturating_sub(item.bytes);
        self.taken += item.bytes as u64;
        self.marks -= usize::from(matches!(item.event, Event::Lagged { .. }));
        self.is_heavy &= self.holds(LIGHT);
        self.settle();
        for side in [&mut self.settled, &mut self.fresh] {
            // A burst comes once in a while; its room would be held for good.
            if side.is_empty() && side.capacity() > SPARE {
                *side = VecDeque::new();
            }
        }
        Some(item)
    }

    /// Replaces the oldest update by a mark, or counts it into the mark that stands right before it.
    fn shed(&mut self) -> bool {
        let Some(item) = self.fresh.pop_front() else { return false };
        self.bytes = self.bytes.saturating_sub(item.bytes);
        let streams = match item.event {
            Event::Stream(event) => event.streams,
            Event::Connection(_)
            | Event::Subscription { .. }
            | Event::Server(_)
            | Event::Lagged { .. }
            | Event::Ladder { .. }
            | Event::Traffic { .. }
            | Event::Ping(_)
            | Event::Malformed { .. } => Vec::new(),
        };
        match self.settled.back_mut() {
            Some(Item { origin, event: Event::Lagged { shed }, .. }) if *origin == item.origin => count(shed, streams),
            Some(_) | None => {
                let mut shed = Vec::new();
                count(&mut shed, streams);
                self.marks += 1;
                self.settled.push_back(Item { origin: item.origin, event: Event::Lagged { shed }, bytes: 0 });
            }
        }
        self.settle();
        true
    }

    /// Moves what is no update from the front of `fresh` to the end of `settled`.
    fn settle(&mut self) {
        while self.fresh.front().is_some_and(|item| !item.is_sheddable()) {
            self.settled.extend(self.fresh.pop_front());
        }
    }
}

fn count(shed: &mut Vec<(Stream, u64)>, streams: Vec<Stream>) {
    for stream in streams {
        match shed.iter_mut().find(|(known, _)| *known == stream) {
            Some((_, count)) => *count += 1,
            None => shed.push((stream, 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Bundle, Connection, StatusId, Tag};
    use crate::text::Plain;
    use proptest::prelude::*;

    const HERE: Origin = Origin { account: 0, epoch: 1 };

    fn stream(payload: Payload, streams: Vec<Stream>, number: usize) -> Event {
        let name = Plain::line(&number.to_string());
        Event::Stream(StreamEvent { streams, named: None, name, payload, raw: None })
    }

    fn update(number: usize) -> Event {
        stream(Payload::Update(Bundle::default()), vec![Stream::User], number)
    }

    fn delete(number: usize) -> Event {
        stream(Payload::Delete(StatusId::new("1").unwrap()), vec![Stream::User], number)
    }

    fn drain(inbox: &mut Inbox) -> Vec<Event> {
        std::iter::from_fn(|| inbox.try_recv()).map(|(_, event)| event).collect()
    }

    #[test]
    fn the_oldest_updates_go_and_the_loss_stands_in_their_place() {
        let (mut outbox, mut inbox) = outbox(4, usize::MAX);
        for event in [delete(0), update(1), update(2), delete(3), update(4), update(5)] {
            outbox.push(HERE, event, 10);
        }
        let lagged = |number| Event::Lagged { shed: vec![(Stream::User, number)] };
        assert_eq!(drain(&mut inbox), [delete(0), lagged(2), delete(3), update(4), update(5)]);
    }

    #[test]
    fn what_no_page_brings_back_is_kept_beyond_the_bound() {
        let (mut outbox, mut inbox) = outbox(2, 1_000);
        let live = Event::Connection(Connection::Live);
        for number in 0..10 {
            outbox.push(HERE, delete(number), 5_000);
        }
        outbox.push(HERE, live.clone(), 0);
        let taken = drain(&mut inbox);
        assert_eq!(taken.len(), 11);
        assert_eq!(taken.last(), Some(&live));
    }

    #[test]
    fn bytes_are_a_bound_too() {
        let (mut outbox, mut inbox) = outbox(1_000, 10 * (1_000 + OVERHEAD));
        for number in 0..20 {
            outbox.push(HERE, update(number), 1_000);
        }
        let taken = drain(&mut inbox);
        assert_eq!(taken.first(), Some(&Event::Lagged { shed: vec![(Stream::User, 10)] }));
        assert_eq!(taken.get(1), Some(&update(10)));
        assert_eq!(inbox.0.with(|queue| queue.bytes), 0);
    }

    #[tokio::test]
    async fn much_that_waits_is_heavy_until_little_does() {
        let (mut outbox, mut inbox) = outbox(640, usize::MAX);
        for number in 0..20 {
            outbox.push(HERE, update(number), 0);
            assert_eq!(outbox.load(), None, "{number}");
        }
        outbox.push(HERE, update(20), 0);
        let taken = |outbox: &mut Outbox| outbox.load().map(|load| (load.is_heavy, load.taken / OVERHEAD as u64));
        assert_eq!(taken(&mut outbox), Some((true, 0)));
        for number in 1..=10 {
            inbox.try_recv().unwrap();
            assert_eq!(taken(&mut outbox), Some((true, number)));
        }
        let room = outbox.room();
        inbox.try_recv().unwrap();
        tokio::time::timeout(std::time::Duration::from_secs(20), room).await.expect("nothing was said of the room");
        assert_eq!(taken(&mut outbox), Some((false, 11)));
        assert_eq!(taken(&mut outbox), None);
    }

    #[test]
    fn losses_of_two_lives_are_told_apart() {
        let (mut outbox, mut inbox) = outbox(2, usize::MAX);
        for (epoch, number) in [(1, 0), (1, 1), (2, 2), (2, 3), (2, 4), (2, 5)] {
            outbox.push(Origin { account: 0, epoch }, update(number), 0);
        }
        let taken: Vec<u64> = std::iter::from_fn(|| inbox.try_recv()).map(|(origin, _)| origin.epoch).collect();
        assert_eq!(taken, [1, 2, 2, 2], "a mark for each life, then the two that fit");
    }

    #[test]
    fn room_for_a_burst_is_given_back_after_it() {
        let (mut outbox, mut inbox) = outbox(100_000, usize::MAX);
        for number in 0..50_000 {
            outbox.push(HERE, if number % 2 == 0 { delete(number) } else { update(number) }, 10);
        }
        assert_eq!(drain(&mut inbox).len(), 50_000);
        let room = inbox.0.with(|queue| queue.settled.capacity() + queue.fresh.capacity());
        assert!(room <= 2 * SPARE, "{room} places are still held");
    }

    #[tokio::test]
    async fn the_end_comes_after_the_last_event() {
        let (mut outbox, mut inbox) = outbox(8, usize::MAX);
        outbox.push(HERE, delete(1), 0);
        drop(outbox);
        assert_eq!(inbox.recv().await, Some((HERE, delete(1))));
        assert_eq!(inbox.recv().await, None);
        assert_eq!(inbox.recv().await, None);
    }

    #[tokio::test]
    async fn a_waiting_reader_is_woken() {
        let (mut outbox, mut inbox) = outbox(8, usize::MAX);
        let reader = tokio::spawn(async move { inbox.recv().await });
        tokio::task::yield_now().await;
        outbox.push(HERE, delete(7), 0);
        outbox.tell();
        assert_eq!(reader.await.unwrap(), Some((HERE, delete(7))));
    }

    #[tokio::test]
    async fn a_reader_is_woken_in_the_middle_of_a_burst() {
        let (mut outbox, mut inbox) = outbox(1_000, usize::MAX);
        let reader = tokio::spawn(async move { inbox.recv().await });
        tokio::task::yield_now().await;
        for number in 0..WORTH_WAKING {
            outbox.push(HERE, delete(number), 0);
        }
        // The trunk says nothing: it has more to read.
        let woken = tokio::time::timeout(std::time::Duration::from_secs(20), reader).await;
        assert_eq!(woken.expect("the reader was not woken").unwrap(), Some((HERE, delete(0))));
    }

    #[test]
    fn without_a_reader_nothing_is_kept() {
        let (mut outbox, inbox) = outbox(8, usize::MAX);
        drop(inbox);
        outbox.push(HERE, delete(1), 0);
        assert_eq!(outbox.shared.with(|queue| queue.settled.len() + queue.fresh.len()), 0);
    }

    #[derive(Debug, Clone)]
    enum Step {
        Push { sheddable: bool, streams: Vec<u8>, bytes: usize },
        Pop,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let push = (any::<bool>(), proptest::collection::vec(0..3_u8, 0..3), 0..4_000_usize)
            .prop_map(|(sheddable, streams, bytes)| Step::Push { sheddable, streams, bytes });
        proptest::collection::vec(prop_oneof![3 => push, 1 => Just(Step::Pop)], 0..200)
    }

    fn tag(number: u8) -> Stream {
        Stream::Hashtag { tag: Tag::new(&format!("t{number}")).unwrap(), local: false }
    }

    proptest! {
        /// Order is kept, only updates are missing, every one that is missing was counted for its streams in its place, and
        /// the bounds hold while an update is left.
        #[test]
        fn only_updates_are_missing_and_they_are_counted(steps in steps(), events in 1..20_usize, bytes in 1..40_000_usize) {
            let (mut outbox, mut inbox) = outbox(events, bytes);
            let mut pushed: Vec<(bool, Vec<Stream>)> = Vec::new();
            let mut taken = Vec::new();
            for step in steps {
                match step {
                    Step::Push { sheddable, streams, bytes } => {
                        let mut streams: Vec<Stream> = streams.into_iter().map(tag).collect();
                        streams.sort();
                        streams.dedup();
                        let payload = if sheddable { Payload::Update(Bundle::default()) } else { Payload::FiltersChanged };
                        outbox.push(HERE, stream(payload, streams.clone(), pushed.len()), bytes);
                        pushed.push((sheddable, streams));
                    }
                    Step::Pop => taken.extend(inbox.try_recv()),
                }
                let (held, weight, updates) = inbox.0.with(|queue| {
                    let items = || queue.settled.iter().chain(&queue.fresh);
                    assert_eq!(queue.bytes, items().map(|item| item.bytes).sum::<usize>());
                    (items().count() - queue.marks, queue.bytes, items().filter(|item| item.is_sheddable()).count())
                });
                prop_assert!(updates == 0 || (held <= events && weight <= bytes), "{held} events and {weight} bytes with {updates} updates");
            }
            taken.extend(std::iter::from_fn(|| inbox.try_recv()));
            let mut next = 0;
            let mut lost: Option<Vec<(Stream, u64)>> = None;
            for (_, event) in taken {
                match event {
                    // Two marks follow each other where the first was taken before the second loss.
                    Event::Lagged { shed } => lost.get_or_insert_default().extend(shed),
                    Event::Stream(event) => {
                        let number: usize = event.name.as_str().parse().unwrap();
                        prop_assert!(number >= next, "{number} after {next}");
                        check(&pushed[next..number], lost.take())?;
                        next = number + 1;
                    }
                    Event::Connection(_)
                    | Event::Subscription { .. }
                    | Event::Ladder { .. }
                    | Event::Traffic { .. }
                    | Event::Server(_)
                    | Event::Ping(_)
                    | Event::Malformed { .. } => {
                        prop_assert!(false, "{event:?}");
                    }
                }
            }
            check(&pushed[next..], lost.take())?;
        }
    }

    fn check(missing: &[(bool, Vec<Stream>)], lost: Option<Vec<(Stream, u64)>>) -> Result<(), TestCaseError> {
        prop_assert_eq!(missing.is_empty(), lost.is_none());
        let mut expected = Vec::new();
        for (sheddable, streams) in missing {
            prop_assert!(sheddable, "something else than an update is missing");
            count(&mut expected, streams.clone());
        }
        let mut sums: Vec<(Stream, u64)> = Vec::new();
        for (stream, number) in lost.unwrap_or_default() {
            match sums.iter_mut().find(|(known, _)| *known == stream) {
                Some((_, sum)) => *sum += number,
                None => sums.push((stream, number)),
            }
        }
        let mut lost = sums;
        lost.sort();
        expected.sort();
        prop_assert_eq!(lost, expected);
        Ok(())
    }
}
