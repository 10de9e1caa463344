//! `Effects`: carries out what `update` asks of a server; every question ends in a reply, also when it fails.
//!
//! The screen's loop, `tail` and tests use the same ones. Absent on purpose: suspending, repainting and quitting, which are
//! the loop's own because it owns the terminal.

use crate::mastodon::Client;
use crate::model::{Bundle, Cursor, Failure, StatusId, Thread};
use crate::update::{Question, Reply};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinSet};

/// Posts asked for at once: the most that servers give.
const PAGE: u16 = 40;
/// Posts of a profile asked for.
const RECENT: u16 = 20;
/// Questions under way at once; others wait.
const AT_ONCE: usize = 6;
/// Looks at what is held, of those: nobody waits for them, and a page takes up to a megabyte while it is read. Not fewer, as what is
/// missing from one stream is told after what another one's look finds.
const LOOKS_AT_ONCE: usize = 3;

/// Questions under way.
#[derive(Debug)]
pub struct Effects {
    client: Client,
    gate: Arc<Semaphore>,
    /// In front of it, for looks at what is held.
    looks: Arc<Semaphore>,
    tasks: JoinSet<Reply>,
}

impl Effects {
    /// None yet; they will be asked of this client's server.
    pub fn new(client: Client) -> Self {
        let [gate, looks] = [AT_ONCE, LOOKS_AT_ONCE].map(|most| Arc::new(Semaphore::new(most)));
        Self { client, gate, looks, tasks: JoinSet::new() }
    }

    /// Asks; needs a Tokio runtime.
    pub fn ask(&mut self, question: Question) {
        let client = self.client.clone();
        match question {
            Question::Page { stream, cursor } => self.spawn(async move {
                let result = client.timeline(&stream, cursor.as_ref(), PAGE).await;
                Reply::Page { stream, cursor, result }
            }),
            Question::Newer { stream, after, asked } => self.spawn(async move {
                let result = client.timeline(&stream, Some(&Cursor::After(after)), PAGE).await;
                Reply::Newer { stream, asked, result }
            }),
            Question::Review { stream, cursor, asked, deep: _ } => {
                let looks = Arc::clone(&self.looks);
                self.spawn_in_turn(Some(looks), async move {
                    let result = client.timeline(&stream, cursor.as_ref(), PAGE).await;
                    Reply::Review { stream, asked, result }
                });
            }
            Question::Status { id, asked } => self.spawn(async move {
                let (result, raw) = match client.status_with_text(&id).await {
                    Ok((bundle, raw)) => (Ok(bundle), raw),
                    Err(failure) => (Err(failure), None),
                };
                Reply::Status { id, asked, result, raw }
            }),
            Question::Notification { id, asked } => self.spawn(async move {
                let result = client.notification(&id).await;
                Reply::Notification { id, asked, result }
            }),
            Question::Thread { id, asked } => self.spawn(async move {
                let result = thread(&client, &id).await;
                Reply::Thread { id, asked, result }
            }),
            Question::History(id) => self.spawn(async move {
                let result = client.history(&id).await;
                Reply::History(id, result)
            }),
            Question::Profile(id) => self.spawn(async move {
                let result = client.profile(&id).await;
                Reply::Profile(id, result.map(|(profile, bundle)| (Box::new(profile), bundle)))
            }),
            Question::ProfilePosts(id) => self.spawn(async move {
                let result = client.account_statuses(&id, RECENT).await;
                Reply::ProfilePosts(id, result)
            }),
            Question::Relationship(id) => self.spawn(async move {
                let result = client.relationship(&id).await;
                Reply::Relationship(id, result)
            }),
            Question::Search { query, resolve } => self.spawn(async move {
                let result = client.search(&query, resolve).await;
                Reply::Search { query, result }
            }),
            Question::Offer => self.spawn(async move { Reply::Offer(client.offer().await) }),
            Question::Account => self.spawn(async move { Reply::Account(client.verify_credentials().await) }),
            Question::Health => self.spawn(async move { Reply::Health(health(&client).await) }),
            Question::Scopes => self.spawn(async move { Reply::Scopes(client.scopes().await) }),
            Question::Markers => self.spawn(async move { Reply::Markers(client.markers().await) }),
            Question::RaiseMarkers(read) => self.spawn(async move { Reply::Markers(client.raise_markers(read).await) }),
        }
    }

    fn spawn(&mut self, question: impl Future<Output = Reply> + Send + 'static) {
        self.spawn_in_turn(None, question);
    }

    /// Asks once the gate is passed, and before it another one where there is one.
    fn spawn_in_turn(&mut self, first: Option<Arc<Semaphore>>, question: impl Future<Output = Reply> + Send + 'static) {
        let gate = Arc::clone(&self.gate);
        self.tasks.spawn(async move {
            // The gates are never closed; without a permit asking is still right.
            let _turn = match first {
                Some(first) => first.acquire_owned().await.ok(),
                None => None,
            };
            let _permit = gate.acquire_owned().await.ok();
            question.await
        });
    }

    /// The next reply; waits for ever where none is due. Can be dropped and asked again.
    ///
    /// # Errors
    /// When a question panicked: a fault of ours.
    pub async fn next(&mut self) -> Result<Reply, JoinError> {
        match self.tasks.join_next().await {
            Some(outcome) => outcome,
            None => std::future::pending().await,
        }
    }

    /// The next reply, if one has come; as [`Self::next`].
    pub fn try_next(&mut self) -> Option<Result<Reply, JoinError>> {
        self.tasks.try_join_next()
    }
}

/// The streaming server may be another host, which only the instance knows.
async fn health(client: &Client) -> Result<Option<bool>, Failure> {
    let (_, streaming) = client.instance().await?;
    client.streaming_health(&streaming).await
}

async fn thread(client: &Client, id: &StatusId) -> Result<(Bundle, Thread), Failure> {
    tokio::try_join!(client.status(id), client.thread(id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mastodon::door::tests::access;
    use crate::model::Stream;
    use std::time::Duration;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};

    /// The next question that reaches the server, which is left unanswered.
    async fn asked(listener: &TcpListener) -> (TcpStream, String) {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            assert!(socket.read_buf(&mut head).await.unwrap() > 0, "the question ended early: {}", String::from_utf8_lossy(&head));
        }
        let head = String::from_utf8(head).unwrap();
        (socket, head.split(' ').nth(1).unwrap().to_owned())
    }

    #[tokio::test]
    async fn looks_wait_for_each_other_and_nothing_waits_for_them() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        let mut effects = Effects::new(Client::new(access(&url)).unwrap());
        let looks = 5;
        for asked in 0..looks {
            effects.ask(Question::Review { stream: Stream::User, cursor: None, asked, deep: false });
        }
        effects.ask(Question::Account);
        let (look, account) = ("/api/v1/timelines/home?limit=40", "/api/v1/accounts/verify_credentials");
        let lives = async {
            let mut under_way = Vec::new();
            for _ in 0..=LOOKS_AT_ONCE {
                under_way.push(asked(&listener).await);
            }
            under_way.sort_by(|(_, one), (_, other)| one.cmp(other));
            let paths: Vec<&str> = under_way.iter().map(|(_, path)| &**path).collect();
            assert_eq!(paths, [account, look, look, look]);
            // Each that ends lets one go that waited.
            for next in LOOKS_AT_ONCE as u64..looks {
                let (mut socket, _) = under_way.pop().unwrap();
                socket
                    .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: 2\r\n\r\n[]")
                    .await
                    .unwrap();
                assert!(matches!(effects.next().await, Ok(Reply::Review { result: Ok(_), .. })), "{next}");
                under_way.insert(0, asked(&listener).await);
                assert_eq!(under_way.first().map(|(_, path)| &**path), Some(look), "{next}");
            }
        };
        tokio::time::timeout(Duration::from_secs(20), lives).await.expect("all that may be asked is asked");
    }
}
