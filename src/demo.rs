//! A small real Mastodon on loopback, inside the program: what `--demo` and `trunkline demo-server` start and what tests
//! steer.
//!
//! It speaks REST, the multiplexed socket, server-sent events and the OAuth of signing in as Mastodon 4.5 does, builds its
//! JSON itself and shares no entity code with the client, so that client and server check each other. Same seed, same
//! story. Deliberately absent: writing through the API but for read positions, passwords, and anything reachable from
//! beyond this machine.

mod assets;
mod control;
mod draft;
mod events;
mod html;
mod hub;
mod json;
mod markers;
mod oauth;
mod pictures;
mod routes;
mod script;
mod search;
mod socket;
mod streams;
mod world;

pub use control::{Control, Feed, HttpRefusal};
pub use draft::{Card, Counts, Draft, Media, Poll, Visibility};
pub use oauth::Manner;

use assets::Assets;
use axum::serve::ListenerExt as _;
use hub::Hub;
use jiff::Timestamp;
use script::Script;
use std::fmt;
use std::future::IntoFuture as _;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use world::World;

/// The Mastodon version that the server claims to be.
const VERSION: &str = "4.5.3";

/// How many posts a story keeps: about half a day of them.
const KEPT: usize = 30_000;

/// How long requests under way are waited for when the server stops.
const STOPPING: Duration = Duration::from_secs(1);

/// What a server is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// The seed of everything random: the same seed tells the same story.
    pub seed: u64,
    /// What there is and what happens by itself.
    pub story: Story,
    /// The time between pings of the streaming socket.
    pub ping_every: Duration,
    /// The time between the `:thump`s of server-sent events.
    pub thump_every: Duration,
    /// Where clients reach it, if something stands between: its links and its streaming address name this instead.
    pub seen_as: Option<SocketAddr>,
    /// Whether what stands between speaks TLS to clients, so that the links say `https` and `wss`.
    pub behind_tls: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 7,
            story: Story::Told,
            ping_every: Duration::from_secs(30),
            thump_every: Duration::from_secs(15),
            seen_as: None,
            behind_tls: false,
        }
    }
}

/// What there is on a server and what happens by itself; the cast is always there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Story {
    /// The backlog, and the story as it goes on.
    Told,
    /// The backlog; nothing happens by itself.
    Backlog,
    /// No posts at all.
    Empty,
}

/// A running server; it stops when its shutdown token is cancelled.
pub struct Server {
    shared: Arc<Shared>,
    http: JoinHandle<()>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("url", &self.shared.url).finish_non_exhaustive()
    }
}

impl Server {
    /// Starts serving on a listener, which should be on loopback; ready when this returns.
    ///
    /// Fails if the listener has no address, or if the story that is compiled in is broken.
    pub async fn start(listener: TcpListener, options: Options, shutdown: CancellationToken) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (assets, mut world) = tokio::task::spawn_blocking(move || set(options.story)).await.map_err(io::Error::other)??;
        let seen_as = options.seen_as.unwrap_or(address);
        let s = if options.behind_tls { "s" } else { "" };
        world.files = format!("http{s}://{seen_as}/system");
        let (orders, ordered) = mpsc::channel(1);
        let shared = Arc::new(Shared {
            hub: Mutex::new(Hub::new(world, options.seed)),
            url: format!("http{s}://{seen_as}"),
            streaming: format!("ws{s}://{seen_as}"),
            thump_every: options.thump_every.max(Duration::from_millis(1)),
            orders,
            shutdown,
            tasks: TaskTracker::new(),
            used: Window::default(),
            requests: AtomicU64::new(0),
        });
        shared.tasks.spawn(ping(Arc::clone(&shared), options.ping_every));
        if options.story == Story::Told {
            shared.tasks.spawn(tell(Arc::clone(&shared), Script::new(&assets, options.seed)));
        }
        let http = tokio::spawn(run(Arc::clone(&shared), listener, address, ordered));
        Ok(Self { shared, http })
    }

    /// The address to give a client: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.shared.url
    }

    /// The strings by which tests move it.
    pub fn control(&self) -> Control {
        Control::new(Arc::clone(&self.shared))
    }

    /// Waits until the server has stopped, which its shutdown token makes it do; sockets end without a close frame, as
    /// when a real server is restarted.
    pub async fn stopped(self) {
        if let Err(error) = self.http.await {
            tracing::warn!(%error, "the demo server failed");
        }
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
    }
}

/// What every task and request of a server shares.
struct Shared {
    hub: Mutex<Hub>,
    url: String,
    streaming: String,
    thump_every: Duration,
    orders: mpsc::Sender<Order>,
    shutdown: CancellationToken,
    tasks: TaskTracker,
    used: Window,
    requests: AtomicU64,
}

impl Shared {
    /// A request id in the shape of the real server's.
    fn request_id(&self) -> String {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        format!("7472756e-6b6c-4696-8e65-{number:012x}")
    }
}

/// Whether the server answers at its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Power {
    On,
    Off,
}

/// An order to stop or to start again, answered when it is done.
#[derive(Debug)]
struct Order {
    power: Power,
    done: oneshot::Sender<io::Result<()>>,
}

/// How many requests were made in the current window of the rate limit.
#[derive(Debug, Default)]
struct Window {
    number: AtomicI64,
    used: AtomicU64,
}

impl Window {
    /// Counts one more, and says how many there were in this window.
    fn count(&self, window: i64) -> u64 {
        if self.number.swap(window, Ordering::Relaxed) != window {
            self.used.store(0, Ordering::Relaxed);
        }
        self.used.fetch_add(1, Ordering::Relaxed) + 1
    }
}

#[expect(clippy::disallowed_methods, reason = "a server stamps what it publishes with the real time")]
fn clock() -> Timestamp {
    Timestamp::now()
}

/// Reads the story's files and puts up the world as it is when the server starts.
fn set(story: Story) -> io::Result<(Assets, World)> {
    let assets = Assets::load().map_err(io::Error::other)?;
    let mut world = World::new(&assets.cast);
    match story {
        Story::Told | Story::Backlog => hub::fill(&mut world, &assets, clock()),
        Story::Empty => {}
    }
    Ok((assets, world))
}

/// Serves until the server's end; on orders it stops in between.
async fn run(shared: Arc<Shared>, listener: TcpListener, address: SocketAddr, mut orders: mpsc::Receiver<Order>) {
    let mut next = Some(listener);
    loop {
        let is_off = next.is_none();
        let order = if let Some(listener) = next.take() {
            serve(&shared, listener, &mut orders).await
        } else {
            tokio::select! {
                () = shared.shutdown.cancelled() => None,
                order = orders.recv() => order,
            }
        };
        let Some(order) = order else { return };
        let done = match order.power {
            Power::On if is_off => bind(address).await.map(|bound| next = Some(bound)),
            Power::On | Power::Off => Ok(()),
        };
        // Whoever ordered may have gone.
        drop(order.done.send(done));
    }
}

/// Serves until ordered to stop, which is given back, or until the server's end or a failure: `None`.
async fn serve(shared: &Arc<Shared>, listener: TcpListener, orders: &mut mpsc::Receiver<Order>) -> Option<Order> {
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection to the demo server waits for full packets");
        }
    });
    let stop = shared.shutdown.child_token();
    let serving = axum::serve(listener, routes::router(shared)).with_graceful_shutdown(stop.clone().cancelled_owned());
    let mut serving = std::pin::pin!(serving.into_future());
    let order = loop {
        let order = tokio::select! {
            served = &mut serving => {
                if let Err(error) = served {
                    tracing::warn!(%error, "the demo server stopped");
                }
                return None;
            }
            () = shared.shutdown.cancelled() => None,
            order = orders.recv() => order,
        };
        match order {
            Some(order) if order.power == Power::On => drop(order.done.send(Ok(()))),
            order => break order,
        }
    };
    stop.cancel();
    if timeout(STOPPING, serving).await.is_err() {
        tracing::debug!("a request to the demo server was not waited for");
    }
    order
}

/// Listens at an address again, which connections that have just ended may still hold.
async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let end = Instant::now() + STOPPING;
    loop {
        match TcpListener::bind(address).await {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && Instant::now() < end => {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            bound => return bound,
        }
    }
}

/// Pings every connection, on one timer for the whole server as in the real one.
async fn ping(shared: Arc<Shared>, every: Duration) {
    let mut ticks = tokio::time::interval_at(Instant::now() + every, every.max(Duration::from_millis(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shared.shutdown.cancelled() => return,
            _ = ticks.tick() => shared.hub.lock().await.ping(),
        }
    }
}

/// Tells the story until the server stops.
async fn tell(shared: Arc<Shared>, script: Script) {
    let start = Instant::now();
    for beat in script {
        tokio::select! {
            () = shared.shutdown.cancelled() => return,
            () = tokio::time::sleep_until(start + beat.at) => {}
        }
        let mut hub = shared.hub.lock().await;
        hub.play(clock(), &beat.act);
        hub.world.prune(KEPT);
    }
}

#[cfg(test)]
mod tests;
