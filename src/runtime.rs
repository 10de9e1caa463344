//! `App::run`: the loop. It owns the state, the screen and the keys; everything else reaches it as a message.
//!
//! ```text
//! signals, keys, replies, events, deadline ─> Tick(now), Msg.. ─> update ─> effects
//!                                                                    └────> wanted streams ─watch─> connection
//!                                             changed? screen free? ─> view ─> Measured, for the next update
//! ```
//!
//! A turn takes what has come, at most [`TURN_MESSAGES`] or [`TURN_TIME`], and draws once. There is no steady tick: the
//! loop sleeps until something comes or reads differently. Absent on purpose: what any message means (`update`).

mod chores;
mod clipboard;
mod crash;
mod desktop;
mod input;
mod lines;
mod osc;
mod outlet;
mod signals;
mod surface;
mod terminal;
mod wall;

use crate::clocks::{self, Clocks};
use crate::config::Held;
use crate::effects::Effects;
use crate::mastodon::Client;
use crate::mastodon::streaming::{self, Events, Wanted};
use crate::media::{Key, Made, Studio};
use crate::memory::{Keeper, Memory, Remembering, Writing};
use crate::model::{Connection, Spec, TerminalFact};
use crate::opener;
use crate::state::{Measured, Settings, State};
use crate::text::{Plain, WebAddress};
use crate::ui::{Cards, Theme};
use crate::update::{Batch, Effect, Msg, update};
use chores::Chores;
pub(crate) use crash::install_hook as install_panic_hook;
use desktop::{Desktop, Undelivered};
pub use input::Keys;
pub(crate) use input::TerminalKeys;
pub(crate) use lines::LineScreen;
pub(crate) use outlet::stdout as output;
pub use signals::{Signal, SignalSender, Signals};
pub(crate) use signals::{watch_output, watch_terminal};
use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};
pub use terminal::Screen;
pub(crate) use terminal::{TerminalScreen, is_terminal, probe};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinHandle};
use tokio_util::sync::CancellationToken;

/// Most messages between two drawings.
pub const TURN_MESSAGES: usize = 256;
/// Events that are taken in together, and count as one message, where as many have come: no key waits for long behind them.
const EVENTS_TOGETHER: usize = 16;
/// Most time between two drawings that is spent on messages.
pub const TURN_TIME: Duration = Duration::from_millis(8);
/// Least time between two drawings that no key asked for, but that the first may be followed by another at once.
const FRAME: Duration = Duration::from_millis(8);
/// Least time between two drawings that only the clock asked for.
const CLOCK_FRAME: Duration = Duration::from_millis(200);
/// Least time between two titles of the terminal.
const TITLE: Duration = Duration::from_secs(1);
/// How long signals that came during a stop may take to arrive.
const SETTLING: Duration = Duration::from_millis(20);
/// How long the socket may take to close.
const CLOSING: Duration = Duration::from_secs(1);

/// What a run is made of.
#[derive(Debug)]
pub struct Setup {
    /// What the user set.
    pub settings: Settings,
    /// The tabs to open.
    pub specs: Vec<Spec>,
    /// How things are drawn.
    pub theme: Theme,
    /// The server and the account.
    pub client: Client,
    /// What the reader should be told at the start.
    pub notices: Vec<String>,
    /// Where the reader's place is kept, and what was kept there; nothing for a run that leaves nothing behind.
    pub memory: Option<(Keeper, Option<Memory>)>,
    /// Whether the server is told up to where home and notifications were read: where the account allows it.
    pub markers: bool,
}

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The reader or a signal wished it.
    Quit,
    /// The reader wishes to go on with the account at this place among the saved ones.
    Switch(usize),
    /// The terminal has gone.
    Gone,
    /// A part of the program panicked; the report has been printed.
    Panicked,
}

/// The program as it runs.
#[derive(Debug)]
pub struct App<S, K> {
    state: State,
    measured: Measured,
    theme: Theme,
    cards: Cards,
    screen: S,
    keys: K,
    signals: Signals,
    effects: Effects,
    chores: Chores,
    desktop: Desktop,
    events: Option<Events>,
    client: Client,
    /// Who makes pictures, where any are drawn.
    studio: Option<Studio>,
    /// The configuration file, where one is read.
    held: Option<Held>,
    /// What the reader should be told later.
    notices: Option<mpsc::UnboundedReceiver<String>>,
    connection: JoinHandle<()>,
    wanted: watch::Sender<Wanted>,
    shutdown: CancellationToken,
    clocks: Clocks,
    drawing: Drawing,
    /// How many posts the title tells of that the terminal was told, and when.
    titled: Option<(usize, Instant)>,
    keeper: Option<Keeper>,
    /// What the last run left of the tabs that the first frame does not show.
    remembering: Option<Remembering>,
    /// A writing of the reader's place under way.
    writing: Option<JoinHandle<Result<(), String>>>,
    /// Continuations that belong to a stop of our own.
    own_stops: u32,
    end: Option<Outcome>,
}

/// What a wait ended with.
enum Woken {
    Signal(Signal),
    Key(Option<Msg>),
    Msg(Msg),
    /// A task of ours panicked.
    Panicked,
    /// The connection's task has ended.
    EventsEnded,
    /// The time of a deadline or of the next frame has come.
    Time,
    /// A picture was made, or could not be.
    Picture(Box<Made>),
    /// The desktop took an alert, or it did not.
    Desktop(Option<Undelivered>),
    /// The screen took the last frame.
    Free(io::Result<()>),
}

impl<S: Screen, K: Keys> App<S, K> {
    /// Connects, and makes everything ready to run.
    pub fn new(setup: Setup, screen: S, keys: K, signals: Signals) -> Self {
        let clocks = Clocks::read();
        let mut state = State::new(setup.settings, clocks.wall, setup.specs);
        state.positions.local = !setup.markers;
        let (columns, lines) = screen.size();
        let (keeper, memory) = setup.memory.unzip();
        let memory = memory.flatten();
        if let Some(active) = memory.as_ref().and_then(Memory::active) {
            state.tabs.go_to(&active);
        }
        state.unfolded = memory.as_ref().map(Memory::unfolded).unwrap_or_default();
        if let Some((keeper, memory)) = keeper.as_ref().zip(memory.as_ref()) {
            keeper.filters(memory).into_iter().for_each(|(sources, filter)| state.begin_filter(&sources, filter));
        }
        let send = |state: &mut State, msg| {
            let effects = update(state, msg, &Measured::default());
            debug_assert!(effects.is_empty(), "nothing is asked for before the first frame: {effects:?}");
        };
        send(&mut state, Msg::Resized(columns, lines));
        // The first frame waits for what it shows alone.
        let first = state.tabs.active().map(|tab| tab.sources.clone());
        let mut remembering = memory.map(|memory| memory.remembered(first.as_ref()));
        for remembered in remembering.iter_mut().flatten() {
            let is_first = first.as_ref() == Some(&remembered.sources);
            send(&mut state, Msg::Remembered(remembered));
            if is_first {
                break;
            }
        }
        for notice in &setup.notices {
            send(&mut state, Msg::Failed(Plain::line(notice)));
        }
        let (wanted, to_connection) = watch::channel(wanted(&state));
        let shutdown = CancellationToken::new();
        let effects = Effects::new(setup.client.clone());
        let (events, connection) =
            streaming::connect(setup.client.clone(), streaming::Settings::default(), to_connection, shutdown.clone());
        Self {
            state,
            measured: Measured::default(),
            theme: setup.theme,
            cards: Cards::default(),
            screen,
            keys,
            signals,
            effects,
            chores: Chores::default(),
            desktop: Desktop::told(|name| std::env::var(name).ok()),
            events: Some(events),
            client: setup.client,
            studio: None,
            held: None,
            notices: None,
            connection,
            wanted,
            shutdown,
            clocks,
            drawing: Drawing::default(),
            titled: None,
            keeper,
            remembering,
            writing: None,
            own_stops: 0,
            end: None,
        }
    }

    /// Reads this configuration file again when the reader asks for it.
    #[must_use]
    pub fn with_config(self, held: Option<Held>) -> Self {
        Self { held, ..self }
    }

    /// Has pictures made by this studio; `inline` where the environment says that the terminal takes `iTerm2`'s.
    #[must_use]
    pub fn with_pictures(mut self, studio: Option<Studio>, inline: bool) -> Self {
        self.state.pictures.wanted = studio.is_some() && self.theme.is_colored();
        self.state.pictures.colorful = self.theme.shows_pictures();
        self.state.pictures.inline = inline;
        self.measure_cell();
        self.studio = studio;
        self
    }

    /// Tells the reader also what comes by this channel while it runs.
    #[must_use]
    pub fn with_notices(self, notices: mpsc::UnboundedReceiver<String>) -> Self {
        Self { notices: Some(notices), ..self }
    }

    /// Tells the reader also what was found out about the terminal.
    #[must_use]
    pub fn with_terminal(mut self, facts: &[String]) -> Self {
        self.state.terminal = facts.iter().map(|fact| Plain::line(fact)).collect();
        self
    }

    /// Lets the reader go on with another of these accounts; the run is with the one at `here`.
    #[must_use]
    pub fn with_accounts(mut self, accounts: Vec<Plain>, here: Option<usize>) -> Self {
        self.state.accounts = accounts;
        self.state.account = here;
        self
    }

    /// Runs until something ends it.
    pub async fn run(mut self) -> Outcome {
        self.screen.link(self.theme.targets());
        self.draw(Hurry::Now);
        if let Some(remembering) = self.remembering.take() {
            remembering.for_each(|remembered| self.update(Msg::Remembered(remembered)));
            self.draw(Hurry::Now);
        }
        loop {
            let woken = self.wait().await;
            self.turn(woken).await;
            if let Some(outcome) = self.end {
                return self.close(outcome).await;
            }
        }
    }

    async fn wait(&mut self) -> Woken {
        let sleep = self.sleep();
        let busy = !self.screen.is_free();
        let events = async {
            match &mut self.events {
                Some(events) => events.recv().await,
                None => std::future::pending().await,
            }
        };
        let notice = async {
            match &mut self.notices {
                Some(notices) => notices.recv().await,
                None => std::future::pending().await,
            }
        };
        let picture = async {
            match &mut self.studio {
                Some(studio) => studio.next().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            signal = self.signals.next() => Woken::Signal(signal),
            msg = self.keys.next() => Woken::Key(msg),
            reply = self.effects.next() => replied(reply),
            event = events => event.map_or(Woken::EventsEnded, |(origin, event)| Woken::Msg(Msg::Event(origin, event))),
            chore = self.chores.next() => chored(chore),
            undelivered = self.desktop.next() => Woken::Desktop(undelivered),
            Some(words) = notice => Woken::Msg(Msg::Failed(Plain::line(&words))),
            // A fault of ours in making one costs that one.
            Ok(made) = picture => Woken::Picture(Box::new(made)),
            outcome = self.screen.free(), if busy => Woken::Free(outcome),
            () = tokio::time::sleep(sleep) => Woken::Time,
        }
    }

    /// How long nothing has to be done by itself.
    fn sleep(&self) -> Duration {
        let clocks = Clocks::read();
        let frame = self.drawing.due_in(clocks.steady).filter(|_| self.screen.is_free());
        let deadline = self.state.next_deadline(&self.measured).map(|at| {
            if at > self.state.now {
                return Duration::try_from(at.duration_since(clocks.wall)).unwrap_or_default();
            }
            // It has passed, and the last turn did not change that: the screen is blocked. No spinning on it.
            CLOCK_FRAME.saturating_sub(clocks.steady.duration_since(self.clocks.steady))
        });
        let title = self.title_due_in(clocks.steady).filter(|_| self.screen.is_free());
        [frame, deadline, title].into_iter().flatten().fold(clocks::LOOK, Duration::min)
    }

    async fn turn(&mut self, woken: Woken) {
        // The time is told with what came first: what follows from a message is most of the work on a single one.
        let mut batch = Some(self.tick());
        let began = self.clocks.steady;
        let mut hurry = None;
        let mut next = Some(woken);
        let mut taken = 0;
        while let Some(woken) = next.take() {
            if matches!(woken, Woken::Key(_) | Woken::Signal(_)) {
                hurry = Some(Hurry::Now);
            }
            let batch = batch.take().unwrap_or_else(|| Batch::begin(&mut self.state, &self.measured));
            self.take(woken, batch).await;
            taken += 1;
            if self.end.is_some() {
                return;
            }
            if taken < TURN_MESSAGES && Clocks::read().steady.duration_since(began) < TURN_TIME {
                next = self.poll().await;
            }
        }
        self.publish();
        self.draw(hurry.unwrap_or_else(|| self.hurry_of_clock(began)));
        self.keep().await;
    }

    /// Has the reader's place written now and then, beside the loop.
    async fn keep(&mut self) {
        if self.writing.as_ref().is_some_and(|writing| !writing.is_finished()) {
            return;
        }
        if let Some(writing) = self.writing.take()
            && let Ok(Err(words)) = writing.await
        {
            tracing::error!(%words, "the reader's place could not be written");
            self.update(Msg::Failed(Plain::line(&words)));
        }
        let due = self.keeper.as_mut().and_then(|keeper| keeper.due(&self.state));
        self.writing = due.map(|due| tokio::task::spawn_blocking(|| due.write()));
    }

    /// Begins with the time; a jump of the clock means that the machine slept.
    fn tick(&mut self) -> Batch {
        let clocks = Clocks::read();
        let slept = clocks.slept_since(&self.clocks);
        self.clocks = clocks;
        let mut batch = Batch::begin(&mut self.state, &self.measured);
        batch.take(&mut self.state, Msg::Tick(clocks.wall), &self.measured);
        if slept {
            tracing::info!("the clock jumped: the machine was asleep");
            batch.take(&mut self.state, Msg::Resumed, &self.measured);
        }
        batch
    }

    /// Something that has come already, in the order in which waiting prefers.
    async fn poll(&mut self) -> Option<Woken> {
        if let Some(signal) = self.signals.try_next() {
            return Some(Woken::Signal(signal));
        }
        // In the context of the task that waits: some sources of keys keep the first waker that they see.
        let mut key = std::pin::pin!(self.keys.next());
        if let Poll::Ready(msg) = poll_fn(|context| Poll::Ready(key.as_mut().poll(context))).await {
            return Some(Woken::Key(msg));
        }
        if let Some(reply) = self.effects.try_next() {
            return Some(replied(reply));
        }
        let (origin, event) = self.events.as_mut()?.try_recv()?;
        Some(Woken::Msg(Msg::Event(origin, event)))
    }

    /// Takes in what woke the loop, with what the batch has already; events together with those that wait behind them.
    async fn take(&mut self, woken: Woken, mut batch: Batch) {
        let (Woken::Key(Some(msg)) | Woken::Msg(msg)) = woken else {
            self.finish(batch).await;
            self.wake(woken).await;
            return;
        };
        let more = if matches!(msg, Msg::Event(..)) { EVENTS_TOGETHER - 1 } else { 0 };
        batch.take(&mut self.state, msg, &self.measured);
        for _ in 0..more {
            let Some((origin, event)) = self.events.as_mut().and_then(Events::try_recv) else { break };
            batch.take(&mut self.state, Msg::Event(origin, event), &self.measured);
        }
        self.finish(batch).await;
    }

    async fn finish(&mut self, batch: Batch) {
        for effect in batch.end(&mut self.state, &self.measured) {
            self.carry_out(effect).await;
        }
    }

    /// Takes in what is no message.
    async fn wake(&mut self, woken: Woken) {
        match woken {
            Woken::Signal(signal) => self.signalled(signal).await,
            Woken::Key(None) | Woken::Free(Err(_)) => self.end = Some(Outcome::Gone),
            Woken::Panicked => self.end = Some(Outcome::Panicked),
            Woken::EventsEnded => self.connection_ended().await,
            Woken::Picture(made) => self.hang(*made),
            Woken::Desktop(Some(undelivered)) => self.undelivered(undelivered),
            Woken::Time | Woken::Desktop(None) | Woken::Free(Ok(())) | Woken::Key(Some(_)) | Woken::Msg(_) => {}
        }
    }

    /// Takes in how large a cell is: with another font it is another one.
    fn measure_cell(&mut self) {
        if let Some((width, height)) = self.screen.cell() {
            self.update(Msg::Answered(TerminalFact::Cell(width, height)));
        }
    }

    /// Takes in a picture; it is drawn with the next frame.
    fn hang(&mut self, (key, canvas, outcome): Made) {
        if let Err(reason) = &outcome {
            tracing::info!(%reason, "an image is not shown");
        }
        if self.state.canvas() == Some(canvas) {
            self.cards.gallery.hang(key, outcome, Clocks::read().steady);
            self.drawing.wanted = true;
        }
    }

    /// Has the pictures made that are in view and not here yet.
    fn want_pictures(&mut self) {
        let (Some(studio), Some(canvas)) = (&mut self.studio, self.state.canvas()) else { return };
        let now = Clocks::read().steady;
        let mut wanted: Vec<Key> = Vec::new();
        for place in &self.measured.pictures {
            let Some(address) = &place.address else { continue };
            let key = Key { address: Arc::clone(address), columns: place.columns, rows: place.rows, clear: place.clear };
            if self.cards.gallery.lacks(&key, now) && !wanted.contains(&key) {
                wanted.push(key);
            }
        }
        studio.want(&wanted, canvas);
    }

    /// Changes the state by a message of the loop's own making.
    fn update(&mut self, msg: Msg) {
        for effect in update(&mut self.state, msg, &self.measured) {
            match effect {
                Effect::Ask(question) => self.effects.ask(question),
                Effect::Alert { words, bell } => self.alert(&words, bell),
                Effect::Suspend
                | Effect::Reload
                | Effect::Redraw
                | Effect::Open(_)
                | Effect::Copy { .. }
                | Effect::SwitchAccount(_)
                | Effect::Quit => {
                    debug_assert!(false, "time and size ask for nothing of the loop, but for {effect:?}");
                }
            }
        }
    }

    async fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Ask(question) => self.effects.ask(question),
            Effect::Suspend => self.suspend().await,
            Effect::Reload => self.reload(),
            Effect::Redraw => {
                self.screen.repaint();
                self.drawing.wanted = true;
            }
            Effect::Alert { words, bell } => self.alert(&words, bell),
            Effect::Open(address) => self.open(address),
            Effect::Copy { what, text } => self.copy(what, text),
            Effect::SwitchAccount(place) => self.end = Some(Outcome::Switch(place)),
            Effect::Quit => self.end = Some(Outcome::Quit),
        }
    }

    fn alert(&mut self, words: &Plain, bell: bool) {
        let by_desktop = self.desktop.is_wanted(self.state.settings.notify_by);
        if by_desktop {
            self.desktop.tell(words.clone());
        }
        self.screen.alert((!by_desktop).then_some(words), bell);
        self.drawing.wanted |= !by_desktop || bell;
    }

    /// Has the terminal told what the desktop's service did not take; it takes the rest of this run.
    fn undelivered(&mut self, Undelivered { words, why }: Undelivered) {
        tracing::warn!(%why, "the desktop's notification service failed");
        self.screen.alert(Some(&words), false);
        self.drawing.wanted = true;
        self.update(Msg::Failed(Plain::line(&format!("notifications go by way of the terminal: the desktop's service failed: {why}"))));
    }

    /// Hands an address to the browser; over SSH, where there is none, to the clipboard.
    fn open(&mut self, address: WebAddress) {
        if opener::is_remote() {
            self.screen.copy(address.as_str());
            self.drawing.wanted = true;
            self.update(Msg::Told(Plain::line(&format!(
                "no browser over SSH; copied, where the terminal takes it: {}",
                brief(address.as_str())
            ))));
            return;
        }
        self.chores.start(async move {
            Some(match opener::open(&address).await {
                Ok(()) => Msg::Told(Plain::line(&format!("handed to your browser: {}", brief(address.as_str())))),
                Err(error) => Msg::Failed(Plain::line(&format!("{error}: {} was not opened, but can be copied", brief(address.as_str())))),
            })
        });
    }

    /// Puts a text into the clipboard of the terminal and of this machine.
    fn copy(&mut self, what: &'static str, text: String) {
        let asked = self.screen.copy(&text);
        self.drawing.wanted |= asked;
        self.chores.start(async move {
            let tool = clipboard::put(&text).await;
            let words = brief(&text);
            Some(match tool {
                Some(tool) => Msg::Told(Plain::line(&format!("copied {what} with {tool}: {words}"))),
                None if asked => Msg::Told(Plain::line(&format!("copied {what}, where the terminal takes it: {words}"))),
                None => Msg::Failed(Plain::line(&format!("{what} could not be copied: no way to a clipboard from here"))),
            })
        });
    }

    /// Reads the configuration file again. Where that fails everything stays as it is.
    fn reload(&mut self) {
        let told = match &mut self.held {
            None => vec!["no configuration file is read here".to_owned()],
            Some(held) => match held.reload() {
                // The last one said is the first one read.
                Err(error) => error.notices().into_iter().rev().collect(),
                Ok((tabs, told)) => {
                    let settings = Settings::from(&held.config);
                    self.theme.set_ascii(settings.ascii);
                    let shown = self.screen.set_mouse(held.config.mouse);
                    self.on_screen(shown);
                    self.update(Msg::Reloaded(settings, tabs));
                    told
                }
            },
        };
        for words in told {
            self.update(Msg::Failed(Plain::line(&words)));
        }
    }

    async fn signalled(&mut self, signal: Signal) {
        match signal {
            Signal::End => self.end = Some(Outcome::Quit),
            Signal::Gone => self.end = Some(Outcome::Gone),
            Signal::Panicked => self.end = Some(Outcome::Panicked),
            Signal::Stop => self.suspend().await,
            Signal::Continued if self.own_stops > 0 => self.own_stops -= 1,
            Signal::Continued => {
                self.come_back().await;
            }
        }
    }

    /// Takes the terminal back after a stop, unless what came meanwhile ends the program; says whether it did.
    async fn come_back(&mut self) -> bool {
        self.settle().await;
        let goes_on = self.end.is_none();
        if goes_on {
            let entered = self.screen.reenter();
            self.on_screen(entered);
            self.resumed();
        }
        goes_on
    }

    async fn suspend(&mut self) {
        self.keys.pause();
        match self.screen.suspend().await {
            Ok(true) => {
                self.own_stops += 1;
                if !self.come_back().await {
                    return;
                }
            }
            Ok(false) => {
                self.update(Msg::Failed(Plain::line("cannot be suspended here: no shell would continue it")));
            }
            Err(error) => self.on_screen(Err(error)),
        }
        self.keys.resume();
    }

    /// Takes the signals that came while the process was stopped. A shell that goes away ends its stopped programs: then
    /// the terminal must not be touched any more, which would stop us in the background, for good.
    async fn settle(&mut self) {
        while let Ok(signal) = tokio::time::timeout(SETTLING, self.signals.next()).await {
            match signal {
                Signal::End => self.end = Some(Outcome::Quit),
                Signal::Gone => self.end = Some(Outcome::Gone),
                Signal::Panicked => self.end = Some(Outcome::Panicked),
                Signal::Continued => self.own_stops = self.own_stops.saturating_sub(1),
                Signal::Stop => {}
            }
        }
    }

    /// Goes on after a stop of the process.
    fn resumed(&mut self) {
        self.clocks = Clocks::read();
        self.update(Msg::Tick(self.clocks.wall));
        self.update(Msg::Resumed);
        // Whoever continues it is here, and what the terminal told meanwhile went elsewhere.
        self.update(Msg::Focused(true));
        self.drawing.wanted = true;
        self.titled = None;
    }

    async fn connection_ended(&mut self) {
        self.events = None;
        if (&mut self.connection).await.is_err_and(|error| error.is_panic()) {
            self.end = Some(Outcome::Panicked);
        } else {
            // Nothing but our own wish ends it otherwise.
            self.update(Msg::Failed(Plain::line("the connection has ended by itself; please restart Trunkline")));
        }
    }

    /// Lets the connection know which streams are wanted, where that has changed.
    fn publish(&self) {
        let state = &self.state;
        self.wanted.send_if_modified(|published| {
            let is_same = (published.retry, published.woke) == (state.retries, state.wakes) && state.subscribed().eq(&published.streams);
            if !is_same {
                *published = wanted(state);
            }
            !is_same
        });
    }

    fn hurry_of_clock(&self, now: Instant) -> Hurry {
        let due = self.state.next_deadline(&self.measured).is_some_and(|at| at <= self.state.now);
        if due && self.drawing.clock_frame_in(now).is_zero() { Hurry::Clock } else { Hurry::Soon }
    }

    /// Draws if there is something to draw, the screen has taken the last frame, and it is time.
    fn draw(&mut self, hurry: Hurry) {
        let (columns, lines) = self.screen.size();
        if self.state.size != (columns, lines) {
            self.update(Msg::Resized(columns, lines));
            self.measure_cell();
        }
        let now = Clocks::read().steady;
        self.drawing.wanted |= self.drawing.revision != Some(self.state.revision) || hurry == Hurry::Clock;
        let titles = self.title_due_in(now).is_some_and(|left| left.is_zero());
        self.drawing.wanted |= titles;
        let in_time = hurry == Hurry::Now || self.drawing.due_in(now).is_some_and(|left| left.is_zero());
        if !self.drawing.wanted || !in_time || !self.screen.is_free() {
            return;
        }
        if titles {
            let unseen = in_title(&self.state);
            self.screen.set_title(&title(unseen));
            self.titled = Some((unseen, now));
        }
        let Self { state, theme, cards, measured, .. } = self;
        let drawn = self.screen.show(state, theme, cards, measured);
        self.drawing.drew(self.state.revision, now);
        self.on_screen(drawn);
        self.want_pictures();
    }

    /// Time until the terminal's title may be told, where it would be another one.
    fn title_due_in(&self, now: Instant) -> Option<Duration> {
        let Some((told, at)) = &self.titled else { return self.state.settings.title.then_some(Duration::ZERO) };
        // What was told while titles were wished for is not left behind.
        (*told != in_title(&self.state)).then(|| TITLE.saturating_sub(now.duration_since(*at)))
    }

    /// Only the terminal itself can end the program.
    fn on_screen(&mut self, outcome: io::Result<()>) {
        if let Err(error) = outcome {
            tracing::error!(%error, "the terminal cannot be written");
            self.end = Some(Outcome::Gone);
        }
    }

    async fn close(mut self, outcome: Outcome) -> Outcome {
        self.keys.pause();
        self.shutdown.cancel();
        // What was in view up to now has been read.
        self.update(Msg::Tick(self.state.now));
        let writing = self.keeper.as_mut().and_then(|keeper| keeper.writing(&self.state));
        let unsaid = self.state.unsaid().filter(|_| self.state.line.state == Connection::Live);
        let Self { client, connection, writing: before, .. } = &mut self;
        let told = async {
            if let Some(read) = unsaid
                && let Err(failure) = client.raise_markers(read).await
            {
                tracing::warn!(reason = %failure.reason, "the server was not told up to where was read");
            }
        };
        let closed = async {
            if !connection.is_finished() {
                // A panic of it has set the mark that is looked at below.
                drop(connection.await);
            }
        };
        let last = async { tokio::join!(told, closed, kept(before.take(), writing)) };
        if tokio::time::timeout(CLOSING, last).await.is_err() {
            self.connection.abort();
        }
        if signals::has_panicked() { Outcome::Panicked } else { outcome }
    }
}

/// Writes the reader's place for the last time, after a writing that may be under way.
async fn kept(before: Option<JoinHandle<Result<(), String>>>, last: Option<Writing>) {
    if let Some(before) = before {
        drop(before.await);
    }
    let Some(last) = last else { return };
    if let Ok(Err(words)) = tokio::task::spawn_blocking(|| last.write()).await {
        tracing::error!(%words, "the reader's place could not be written");
    }
}

fn wanted(state: &State) -> Wanted {
    Wanted { streams: state.subscriptions(), retry: state.retries, woke: state.wakes }
}

/// How many posts the terminal's title is to tell of.
fn in_title(state: &State) -> usize {
    if state.settings.title { state.unseen() } else { 0 }
}

/// The terminal's title: nothing in it comes from a server.
fn title(unseen: usize) -> String {
    if unseen > 0 { format!("({unseen}) trunkline") } else { "trunkline".to_owned() }
}

/// The beginning of a text, for a message.
fn brief(text: &str) -> String {
    Plain::line(text).truncate(80).into_owned()
}

fn chored(chore: Result<Option<Msg>, JoinError>) -> Woken {
    match chore {
        Ok(Some(msg)) => Woken::Msg(msg),
        Ok(None) => Woken::Time,
        // Nobody aborts these tasks while the loop runs.
        Err(_) => Woken::Panicked,
    }
}

fn replied(reply: Result<crate::update::Reply, JoinError>) -> Woken {
    match reply {
        Ok(reply) => Woken::Msg(Msg::Reply(reply)),
        // Nobody aborts these tasks while the loop runs.
        Err(_) => Woken::Panicked,
    }
}

/// How soon a change has to be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hurry {
    /// At once: the reader did something.
    Now,
    /// With the next frame.
    Soon,
    /// With the next frame, also where the state stands still: something reads differently by now.
    Clock,
}

/// What was drawn and what is to be.
#[derive(Debug, Default)]
struct Drawing {
    wanted: bool,
    revision: Option<u64>,
    last: Option<Instant>,
    /// The time that the frames so far take up, each [`FRAME`].
    taken_up: Option<Instant>,
}

impl Drawing {
    /// Time until the next frame may be drawn, if one is wanted.
    fn due_in(&self, now: Instant) -> Option<Duration> {
        // One frame may come early: of two posts close to each other the second need not wait.
        self.wanted.then(|| self.taken_up.map_or(Duration::ZERO, |until| until.saturating_duration_since(now + FRAME)))
    }

    /// Takes in that a frame was drawn.
    fn drew(&mut self, revision: u64, now: Instant) {
        // What keys ask for does not hold up others for longer than one frame.
        let until = self.taken_up.map_or(now, |until| until.clamp(now, now + FRAME)) + FRAME;
        *self = Self { wanted: false, revision: Some(revision), last: Some(now), taken_up: Some(until) };
    }

    fn clock_frame_in(&self, now: Instant) -> Duration {
        self.last.map_or(Duration::ZERO, |last| CLOCK_FRAME.saturating_sub(now.duration_since(last)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_may_follow_at_once_and_others_keep_their_distance() {
        let now = Clocks::read().steady;
        let at = |millis| now + Duration::from_millis(millis);
        let mut drawing = Drawing { wanted: true, ..Drawing::default() };
        // Frames that come as early as they may, for a second: two at the beginning, then evenly.
        let (mut time, mut drawn) = (now, Vec::new());
        while time < at(1_000) {
            drawing.wanted = true;
            time += drawing.due_in(time).unwrap();
            assert_eq!(drawing.due_in(time), Some(Duration::ZERO));
            drawing.drew(0, time);
            drawn.push(time);
        }
        assert_eq!(drawn.get(1), Some(&now), "the second need not wait");
        assert!(drawn.windows(2).skip(1).all(|pair| pair[1] - pair[0] == FRAME), "{drawn:?}");
        assert_eq!(drawing.due_in(time), None, "none is wanted");
        // After keys, which wait for nothing, no frame waits longer than one.
        for _ in 0..10 {
            drawing.drew(0, time);
        }
        drawing.wanted = true;
        assert_eq!(drawing.due_in(time), Some(FRAME));
        assert_eq!(drawing.clock_frame_in(time + Duration::from_millis(50)), Duration::from_millis(150));
        assert_eq!(drawing.due_in(time + FRAME * 2), Some(Duration::ZERO));
    }
}
