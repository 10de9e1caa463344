//! The real loop on a test screen, against the built-in server: what a reader does, and what they then see.
#![cfg(test)]

#[path = "common/demo.rs"]
mod demo;

use demo::{Demo, demo};
use jiff::tz::TimeZone;
use ratatui::layout::{Position, Rect};
use std::future::Future;
use std::io;
use std::path::Path;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use trunkline::config::{Config, Held, Overrides};
use trunkline::demo::{Control, Draft, HttpRefusal, Options, Server, Story};
use trunkline::mastodon::{Access, Client, Token};
use trunkline::media::Laid;
use trunkline::memory::{Configured, Keeper};
use trunkline::model::Spec;
use trunkline::recording::Recording;
use trunkline::replay::{self, Speed, Tape};
use trunkline::runtime::{App, Keys, Outcome, Screen, Setup, Signal, SignalSender, Signals};
use trunkline::state::Settings;
use trunkline::text::Plain;
use trunkline::ui::{Sheet, Theme};
use trunkline::update::{Mouse, Msg};

const PATIENCE: Duration = Duration::from_secs(40);

/// A screen in memory; what is on it can be watched.
struct TestScreen {
    area: Rect,
    shown: watch::Sender<String>,
    /// While this is set, the terminal takes nothing.
    blocked: watch::Receiver<bool>,
    /// Every title and alert that the terminal was told.
    titles: watch::Sender<Vec<String>>,
}

impl Screen for TestScreen {
    fn size(&self) -> (u16, u16) {
        (self.area.width, self.area.height)
    }

    fn draw(&mut self, draw: impl FnOnce(&mut Sheet) -> (Vec<Laid>, Option<Position>)) -> io::Result<()> {
        let mut sheet = Sheet::new(self.area);
        draw(&mut sheet);
        let buffer = sheet.cells();
        let lines = (0..buffer.area.height).map(|y| {
            let line: String = (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect();
            line.trim_end().to_owned()
        });
        self.shown.send_replace(lines.collect::<Vec<_>>().join("\n"));
        Ok(())
    }

    fn repaint(&mut self) {}

    fn set_mouse(&mut self, _on: bool) -> io::Result<()> {
        Ok(())
    }

    fn set_title(&mut self, title: &str) {
        self.titles.send_modify(|titles| titles.push(title.to_owned()));
    }

    fn is_free(&self) -> bool {
        !*self.blocked.borrow()
    }

    fn alert(&mut self, words: Option<&Plain>, bell: bool) {
        let words = words.map_or("told elsewhere", Plain::as_str);
        self.titles.send_modify(|titles| titles.push(format!("{words}{}", if bell { ", with the bell" } else { "" })));
    }

    fn link(&mut self, _targets: &trunkline::ui::Targets) {}

    fn copy(&mut self, text: &str) -> bool {
        self.titles.send_modify(|titles| titles.push(format!("copied: {text}")));
        true
    }

    async fn free(&mut self) -> io::Result<()> {
        self.blocked.wait_for(|blocked| !blocked).await.map(|_| ()).map_err(io::Error::other)
    }

    async fn suspend(&mut self) -> io::Result<bool> {
        Ok(false)
    }

    fn reenter(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct TestKeys(mpsc::Receiver<Msg>);

impl Keys for TestKeys {
    async fn next(&mut self) -> Option<Msg> {
        self.0.recv().await
    }

    fn pause(&mut self) {}

    fn resume(&mut self) {}
}

/// Who reads: presses keys and looks at the screen.
struct Reader {
    control: Control,
    keys: mpsc::Sender<Msg>,
    signals: SignalSender,
    shown: watch::Receiver<String>,
    blocked: watch::Sender<bool>,
    titles: watch::Receiver<Vec<String>>,
}

impl Reader {
    /// Presses keys, named as the command table names them and separated by blanks.
    async fn press(&self, keys: &str) {
        for key in keys.split(' ') {
            self.keys.send(Msg::Key(key.parse().unwrap())).await.unwrap();
        }
    }

    async fn type_in(&self, text: &str) {
        self.keys.send(Msg::Paste(text.into())).await.unwrap();
    }

    async fn click(&self, x: u16, y: u16) {
        self.keys.send(Msg::Mouse(Mouse::Click, x, y)).await.unwrap();
    }

    /// Waits until the screen is as wished.
    async fn see(&mut self, what: &str, wished: impl Fn(&str) -> bool) {
        let seen = tokio::time::timeout(PATIENCE, self.shown.wait_for(|shown| wished(shown))).await;
        let failure = match seen.map(|shown| shown.map(drop)) {
            Ok(Ok(())) => return,
            Ok(Err(_)) => "the program ended",
            Err(_) => "not in time",
        };
        panic!(
            "{what}: {failure}; the screen:\n{}\nthe server got: {:?}\nand was asked: {:#?}",
            self.shown.borrow().as_str(),
            self.control.received().await,
            self.control.requests().await
        );
    }

    /// Waits until the terminal's title is this.
    async fn see_title(&mut self, title: &str) {
        self.see_told(title, |told| told == title).await;
    }

    /// Waits until what the terminal was told last is as wished.
    async fn see_told(&mut self, what: &str, wished: impl Fn(&str) -> bool) {
        let told = |titles: &Vec<String>| titles.last().is_some_and(|last| wished(last));
        let is_told = tokio::time::timeout(PATIENCE, self.titles.wait_for(told)).await.is_ok_and(|told| told.is_ok());
        assert!(is_told, "{what}: not told; but {:?}", self.titles.borrow());
    }

    /// Waits until the desktop was told something that begins so.
    async fn see_alert(&mut self, words: &str) {
        let told = |titles: &Vec<String>| titles.iter().any(|told| told.starts_with(words));
        let is_told = tokio::time::timeout(PATIENCE, self.titles.wait_for(told)).await.is_ok_and(|told| told.is_ok());
        assert!(is_told, "{words}: not told; but {:?}", self.titles.borrow());
    }

    async fn focus(&self, here: bool) {
        self.keys.send(Msg::Focused(here)).await.unwrap();
    }

    async fn see_words(&mut self, words: &str) {
        self.see(words, |screen| screen.contains(words)).await;
    }

    /// Waits until the only connection carries these streams, in whatever order.
    async fn carried(&self, wanted: &[&str]) {
        let mut wanted: Vec<String> = wanted.iter().map(ToString::to_string).collect();
        wanted.sort();
        let mut looks = tokio::time::interval(Duration::from_millis(10));
        let same = async {
            loop {
                looks.tick().await;
                let mut carried = self.control.subscriptions().await;
                for streams in &mut carried {
                    streams.sort();
                }
                if carried == [wanted.clone()] {
                    return;
                }
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, same).await;
        assert!(in_time.is_ok(), "wanted {wanted:?}, carried {:?}", self.control.subscriptions().await);
    }
}

/// Whether this tab is open: the rule under it is thick there.
fn is_open(screen: &str, title: &str) -> bool {
    let mut lines = screen.lines();
    let (tabs, rule) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    column(tabs, title).is_some_and(|column| rule.chars().nth(column) == Some('━'))
}

/// Where in a line of narrow characters words begin.
fn column(line: &str, words: &str) -> Option<usize> {
    line.split_once(words).map(|(before, _)| before.chars().count())
}

fn client_of(server: &Demo) -> Client {
    Client::new(Access::new(&server.url, Token::new("token").unwrap()).unwrap()).unwrap()
}

/// Runs the program against a server without a story while `story` moves both, then quits.
async fn read<F: Future<Output = ()>>(specs: &[&str], prepare: impl AsyncFnOnce(&Control), story: impl FnOnce(Reader) -> F) {
    let server = demo().await;
    prepare(&server.control).await;
    let client = client_of(&server);
    let (_, told) = mpsc::unbounded_channel();
    read_from(client, server.control.clone(), specs, told, story).await;
}

/// Runs the program with a client while `story` moves the server and the reader, then quits.
async fn read_from<F: Future<Output = ()>>(
    client: Client,
    control: Control,
    specs: &[&str],
    told: mpsc::UnboundedReceiver<String>,
    story: impl FnOnce(Reader) -> F,
) {
    let config = Config { tabs: specs.iter().map(|spec| spec.parse().unwrap()).collect(), ..Config::default() };
    read_as_set(client, control, Held { file: "/no/such/file.toml".into(), overrides: Overrides::default(), config }, told, story).await;
}

/// Runs the program with a client and the settings of a file while `story` moves the server and the reader, then quits.
async fn read_as_set<F: Future<Output = ()>>(
    client: Client,
    control: Control,
    held: Held,
    told: mpsc::UnboundedReceiver<String>,
    story: impl FnOnce(Reader) -> F,
) {
    let setup = set_up(client, &held.config);
    read_with(setup, Some(held), control, told, story).await;
}

fn set_up(client: Client, config: &Config) -> Setup {
    Setup {
        settings: Settings::from(config),
        specs: config.tabs.clone(),
        theme: Theme::new(true, false, TimeZone::UTC),
        client,
        notices: Vec::new(),
        memory: None,
        markers: false,
    }
}

async fn read_with<F: Future<Output = ()>>(
    setup: Setup,
    held: Option<Held>,
    control: Control,
    told: mpsc::UnboundedReceiver<String>,
    story: impl FnOnce(Reader) -> F,
) {
    let (show, shown) = watch::channel(String::new());
    let (block, blocked) = watch::channel(false);
    let (tell, titles) = watch::channel(Vec::new());
    let (keys, pressed) = mpsc::channel(64);
    let (signals, received) = Signals::manual();
    let screen = TestScreen { area: Rect::new(0, 0, 100, 30), shown: show, blocked, titles: tell };
    let app = App::new(setup, screen, TestKeys(pressed), received).with_config(held).with_notices(told);
    let reader = Reader { control, keys, signals: signals.clone(), shown, blocked: block, titles };
    let (outcome, ()) = tokio::join!(Box::pin(app.run()), async {
        story(reader).await;
        // The keys have gone with the reader, which would mean the same; an end is asked for all the same.
        signals.send(Signal::End).await.ok();
    });
    assert!(matches!(outcome, Outcome::Quit | Outcome::Gone), "{outcome:?}");
}

async fn nothing(_: &Control) {}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn posts_appear_change_and_go_as_it_happens() {
    read(&["local", "federated"], nothing, async |mut reader| {
        reader.see_words("● live").await;
        reader.carried(&["public", "public:local"]).await;
        let id = reader.control.post("wren", "Shipping the new release tonight.").await;
        reader.see_words("Shipping the new release").await;
        reader.control.edit(&id, "Shipping it tomorrow instead.").await;
        reader.see("the edit", |screen| screen.contains("tomorrow instead") && !screen.contains("tonight")).await;
        reader.press("2").await;
        reader.see("it in the other tab", |screen| is_open(screen, "Federated") && screen.contains("tomorrow instead")).await;
        reader.control.delete(&id).await;
        reader.see("it gone", |screen| !screen.contains("tomorrow instead")).await;
        reader.press("1").await;
        reader.see("it gone everywhere", |screen| is_open(screen, "Local") && !screen.contains("tomorrow instead")).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_while_the_reader_is_elsewhere_stays_unseen_and_the_title_counts_it() {
    read(&["local"], nothing, async |mut reader| {
        reader.carried(&["public:local"]).await;
        reader.see_title("trunkline").await;
        reader.control.post("wren", "seen as it comes").await;
        reader.see_words("seen as it comes").await;
        reader.focus(false).await;
        for number in 0..30 {
            reader.control.post("wren", &format!("elsewhere {number:02} \u{1b}]2;a title of theirs\u{7}")).await;
        }
        reader.see_words("elsewhere 29").await;
        reader.see_title("(30) trunkline").await;
        reader.focus(true).await;
        reader.see_told("a lower count", |title| title.starts_with('(') && title != "(30) trunkline").await;
        reader.press("g").await;
        reader.see_title("trunkline").await;
        let titles = reader.titles.borrow().clone();
        assert!(titles.iter().all(|title| !title.contains("theirs")), "{titles:?}");
        assert!(titles.windows(2).all(|two| two[0] != two[1]), "told twice: {titles:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mention_reaches_the_desktop_while_the_reader_is_elsewhere() {
    read_settings("alerts", "tabs = [\"home\"]\nbell = true\nnotify_by = \"terminal\"", async |mut reader, _| {
        reader.carried(&["user"]).await;
        let post = reader.control.post("wren", "are you \u{1b}]0;there;\u{7}?").await;
        reader.focus(false).await;
        // The loop takes what the terminal says in order: once these words are on screen, the focus is lost.
        reader.keys.send(Msg::Failed(Plain::line("looked away"))).await.unwrap();
        reader.see_words("looked away").await;
        reader.control.notify("favourite", "wren", Some(&post)).await;
        reader.control.notify("mention", "wren", Some(&post)).await;
        reader.see_alert("Wren Ashdown mentioned you: are you").await;
        let told = reader.titles.borrow().clone();
        assert!(told.iter().all(|words| !words.contains("favourited") && !words.contains(char::is_control)), "{told:?}");
        assert!(told.iter().any(|words| words.ends_with("with the bell")), "{told:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_no_socket_opens_the_rung_below_is_told_and_posts_come_all_the_same() {
    let prepare = async |control: &Control| control.no_sockets(Some(HttpRefusal::new(404))).await;
    read(&["local"], prepare, async |mut reader| {
        reader.see_words("● live · server-sent events").await;
        reader.control.post("wren", "by another way").await;
        reader.see_words("by another way").await;
        reader.press("i").await;
        reader.see("why", |screen| screen.contains("server-sent events, because") && screen.contains("better is tried again at")).await;
        reader.see("the answers", |screen| screen.contains("streaming server says OK") && screen.contains("● Local")).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tabs_switch_by_number_key_and_mouse_and_the_page_is_there() {
    let prepare = async |control: &Control| {
        control.post("ada", "written before the start").await;
    };
    read(&["home", "local", "federated"], prepare, async |mut reader| {
        reader.see("the start", |screen| is_open(screen, "Home")).await;
        reader.press("3").await;
        reader.see("Federated with its page", |screen| is_open(screen, "Federated") && screen.contains("written before the start")).await;
        reader.press("tab").await;
        reader.see("around to Home", |screen| is_open(screen, "Home")).await;
        reader.press("shift-tab h").await;
        reader.see("back two", |screen| is_open(screen, "Local")).await;
        let tabs = reader.shown.borrow().lines().next().unwrap_or_default().to_owned();
        let column = column(&tabs, "Federated").unwrap();
        reader.click(u16::try_from(column).unwrap() + 1, 0).await;
        reader.see("the clicked tab", |screen| is_open(screen, "Federated")).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_are_subscribed_unsubscribed_and_brought_back() {
    read(&["local"], nothing, async |mut reader| {
        reader.carried(&["public:local"]).await;
        reader.press("a").await;
        reader.type_in("#rust").await;
        reader.see_words("#rust").await;
        reader.press("enter").await;
        reader.see("the new tab", |screen| is_open(screen, "#rust")).await;
        reader.carried(&["public:local", "hashtag rust"]).await;
        reader.control.post("ada", "a word about #rust").await;
        reader.see_words("a word about #rust").await;
        reader.press("x").await;
        reader.see("the tab gone", |screen| is_open(screen, "Local")).await;
        reader.carried(&["public:local"]).await;
        reader.press("u").await;
        reader.see("the tab back with its page", |screen| is_open(screen, "#rust") && screen.contains("a word about #rust")).await;
        reader.carried(&["public:local", "hashtag rust"]).await;
        reader.press("x x").await;
        reader.see("no tab at all", |screen| !screen.lines().next().is_some_and(|tabs| tabs.contains("Local"))).await;
        reader.carried(&[]).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_stream_says_so_in_the_servers_words_and_others_go_on() {
    let prepare = async |control: &Control| {
        control.refuse("user", None, "Insufficient scope for this", 401).await;
    };
    read(&["home", "local"], prepare, async |mut reader| {
        reader.see_words("Insufficient scope for this").await;
        reader.press("2").await;
        reader.control.post("wren", "the others go on").await;
        reader.see("a post in Local", |screen| is_open(screen, "Local") && screen.contains("the others go on")).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_posted_while_the_connection_was_away_is_all_there_and_nothing_moves() {
    let prepare = async |control: &Control| {
        for number in 0..30 {
            control.post("ada", &format!("early {number:02}")).await;
        }
    };
    read(&["federated"], prepare, async |mut reader| {
        reader.carried(&["public"]).await;
        reader.see_words("early 29").await;
        // Parked: what is read stays where it is, whatever comes above.
        reader.press("j j j j j j j j").await;
        reader.see("the ninth", |screen| screen.lines().any(|line| line.starts_with('▌') && line.contains("early 21"))).await;
        let place = |screen: &str| screen.lines().position(|line| line.contains("early 21"));
        let here = place(&reader.shown.borrow());
        reader.control.refuse_upgrades(vec![HttpRefusal::new(502), HttpRefusal::new(502)]).await;
        reader.control.cut().await;
        reader.see("the loss", |screen| !screen.contains("● live")).await;
        for number in 0..60 {
            reader.control.post_with(Draft { unannounced: true, ..Draft::new("bo", &format!("missed {number:02}")) }).await;
        }
        reader.press("ctrl-r").await;
        reader.carried(&["public"]).await;
        reader.control.post("ada", "after the break").await;
        reader.see("61 new", |screen| screen.contains("61 new posts") && screen.contains("complete since")).await;
        assert_eq!(place(&reader.shown.borrow()), here, "{}", reader.shown.borrow().as_str());
        reader.press("g").await;
        reader.see("the newest", |screen| screen.contains("after the break") && screen.contains("missed 59")).await;
        for number in (0..60).rev() {
            let words = format!("missed {number:02}");
            reader.press("j").await;
            let chosen = |screen: &str| screen.lines().any(|line| line.starts_with('▌') && line.contains(&words));
            reader.see(&words, |screen| chosen(screen) && screen.matches(&words).count() == 1 && !screen.contains("missing")).await;
        }
        reader.press("j").await;
        reader.see_words("early 29").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gap_that_cannot_be_filled_stays_and_enter_fills_it_when_it_can() {
    read(&["federated"], nothing, async |mut reader| {
        reader.carried(&["public"]).await;
        reader.control.post("ada", "before the break").await;
        reader.see_words("before the break").await;
        let refusal = HttpRefusal::new(403).header("Content-Type", "application/json").body("{\"error\":\"Not this time\"}");
        reader.control.refuse_rest("/api/v1/timelines/public", refusal, 1).await;
        // Down for as long as it takes to be seen, and longer than what is missed takes to be posted.
        reader.control.refuse_upgrades(vec![HttpRefusal::new(502), HttpRefusal::new(502)]).await;
        reader.control.cut().await;
        reader.see("the loss", |screen| !screen.contains("● live")).await;
        reader.control.post_with(Draft { unannounced: true, ..Draft::new("bo", "missed in between") }).await;
        reader.press("ctrl-r").await;
        reader.carried(&["public"]).await;
        reader.control.post("ada", "after the break").await;
        reader
            .see("the gap between", |screen| {
                let line = |words: &str| screen.lines().position(|line| line.contains(words));
                let (after, gap, before) = (line("after the break"), line("enter to fill"), line("before the break"));
                screen.contains("● live") && after.is_some() && after < gap && gap < before
            })
            .await;
        reader.press("g j enter").await;
        reader
            .see("what was missed", |screen| {
                let line = |words: &str| screen.lines().position(|line| line.contains(words));
                let (after, missed, before) = (line("after the break"), line("missed in between"), line("before the break"));
                after.is_some() && after < missed && missed < before && !screen.contains("missing")
            })
            .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blocked_terminal_costs_frames_and_no_events() {
    read(&["federated"], nothing, async |mut reader| {
        reader.carried(&["public"]).await;
        reader.see_words("● live").await;
        reader.blocked.send_replace(true);
        for number in 0..400 {
            reader.control.post("ada", &format!("post number {number}")).await;
        }
        reader.control.ping_now().await;
        assert!(!reader.shown.borrow().contains("post number"), "drawn on a blocked terminal");
        reader.blocked.send_replace(false);
        reader.see_words("post number 399").await;
        reader.press("G").await;
        reader.see_words("post number 0").await;
        // A server cuts those that have not answered by the next ping.
        reader.control.ping_now().await;
        assert_eq!(reader.control.connections().await, 1);
        assert!(!reader.shown.borrow().contains("missing"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rejected_token_is_said_with_what_to_do() {
    let prepare = async |control: &Control| {
        let refusal = || HttpRefusal::new(401).header("X-Error-Message", "Invalid access token");
        control.refuse_upgrades((0..5).map(|_| refusal()).collect()).await;
        let body = "{\"error\":\"The access token is invalid\"}";
        control.refuse_rest("/api/v1/", HttpRefusal::new(401).header("Content-Type", "application/json").body(body), 1000).await;
    };
    read(&["home"], prepare, async |mut reader| {
        reader.see("signed out", |screen| screen.to_lowercase().contains("signed out")).await;
        reader.press("q").await;
        reader.signals.closed().await;
    })
    .await;
}

/// What stands in the timeline, without what changes with time: the lines between the tabs and the status line. The mark of
/// a removed post is for those who saw the post.
fn posts(screen: &str) -> Vec<String> {
    let lines: Vec<&str> = screen.lines().collect();
    let words = |line: &&str| line.split_whitespace().filter(|word| !is_age(word)).collect::<Vec<_>>().join(" ");
    let kept = |line: &String| !line.is_empty() && !line.contains("was removed");
    lines[2..lines.len() - 1].iter().map(words).filter(kept).collect()
}

/// Whether a word is a relative time, as in `5s`.
fn is_age(word: &str) -> bool {
    word == "now" || word.strip_suffix(['s', 'm', 'h']).is_some_and(|number| number.parse::<u32>().is_ok())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_recorded_is_replayed_with_the_same_posts_in_the_same_tabs_and_holds_no_token() {
    const TOKEN: &str = "a-Token_that.is~secret0123456789";
    drop(rustls::crypto::ring::default_provider().install_default());
    let shutdown = CancellationToken::new();
    let _stops = shutdown.clone().drop_guard();
    let listener = || TcpListener::bind("127.0.0.1:0");
    let options = Options { story: Story::Empty, ..Options::default() };
    let server = Server::start(listener().await.unwrap(), options, shutdown.clone()).await.unwrap();
    let control = server.control();
    control.post("ada", "written before the start").await;

    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("replayed-{}.ndjson", std::process::id()));
    drop(std::fs::remove_file(&path));
    let recording = Recording::begin(&path, |words| panic!("{words}")).unwrap();
    let access = Access::new(server.url(), Token::new(TOKEN).unwrap()).unwrap();
    let client = Client::recorded(access, recording.recorder()).unwrap();
    let (mut public, mut notified) = (Vec::new(), Vec::new());
    let (_, told) = mpsc::unbounded_channel();
    read_from(client, control.clone(), &["home", "notifications", "federated", "#rust"], told, async |mut reader| {
        reader.carried(&["hashtag rust", "public", "user", "user:notification"]).await;
        reader.press("3").await;
        reader.see_words("written before the start").await;
        let edited = reader.control.post("wren", "the first words").await;
        let deleted = reader.control.post("ada", "soon gone").await;
        reader.control.post("wren", &format!("somebody says {TOKEN} about #rust \u{1b}[31m")).await;
        reader.control.notify("favourite", "ada", None).await;
        reader.see_words("about #rust").await;
        reader.control.edit(&edited, "the second words").await;
        reader.control.delete(&deleted).await;
        reader.control.ping_now().await;
        reader.see("the edit", |screen| screen.contains("the second words") && !screen.contains("soon gone")).await;
        reader.press("2").await;
        reader.see("the notification", |screen| is_open(screen, "Notifications") && screen.contains("favourite")).await;
        notified = posts(reader.shown.borrow().as_str());
        reader.press("3").await;
        reader.see("the tab again", |screen| is_open(screen, "Federated")).await;
        public = posts(reader.shown.borrow().as_str());
    })
    .await;
    assert_eq!(recording.finish(), Vec::<String>::new());

    let file = std::fs::read_to_string(&path).unwrap();
    assert!(!file.contains(TOKEN) && !file.to_lowercase().contains("authorization"), "the token was recorded");
    assert!(file.contains("somebody says REDACTED"), "{file}");
    for wanted in
        ["\"subscribe", "/api/v1/timelines/public?limit=", "\"kind\":\"ping\"", "\"kind\":\"pong\"", "\"kind\":\"eof\"", "/api/v2/instance"]
    {
        assert!(file.contains(wanted) || file.contains(&wanted.replace('"', "\\\"")), "no {wanted} in {file}");
    }
    assert!(file.lines().all(|line| line.chars().all(|ch| !ch.is_control())), "a control character");

    let tape = Tape::load(&path).unwrap();
    let specs: Vec<String> = tape.streams().iter().map(|stream| stream.spec().to_string()).collect();
    assert_eq!(specs, ["home", "notifications", "federated", "#rust"]);
    let specs: Vec<&str> = specs.iter().map(String::as_str).collect();
    let (tell, over) = mpsc::unbounded_channel();
    let player = replay::Server::start(listener().await.unwrap(), tape, Speed::MAX, tell, shutdown.clone()).unwrap();
    let client = Client::new(Access::new(player.url(), Token::new(player.token()).unwrap()).unwrap()).unwrap();
    read_from(client, control, &specs, over, async |mut reader| {
        reader.see_words("the recording is over").await;
        reader.press("3").await;
        reader.see("the posts", |screen| is_open(screen, "Federated") && screen.contains("the second words")).await;
        let public: Vec<String> = public.iter().map(|line| line.replace(TOKEN, "REDACTED")).collect();
        reader.see(&format!("{public:#?}"), |screen| posts(screen) == public).await;
        reader.press("2").await;
        reader.see(&format!("{notified:#?}"), |screen| is_open(screen, "Notifications") && posts(screen) == notified).await;
    })
    .await;
    std::fs::remove_file(&path).unwrap();

    // Another user of the machine, who does not have its token.
    let stranger = Client::new(Access::new(player.url(), Token::new("guessed").unwrap()).unwrap()).unwrap();
    assert!(stranger.verify_credentials().await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_told_while_it_runs_is_on_screen_and_the_program_goes_on() {
    let server = demo().await;
    let client = client_of(&server);
    let (tell, told) = mpsc::unbounded_channel();
    read_from(client, server.control.clone(), &["federated"], told, async |mut reader| {
        reader.carried(&["public"]).await;
        tell.send("nothing more is recorded: a.ndjson: no space".into()).unwrap();
        reader.see_words("nothing more is recorded").await;
        drop(tell);
        reader.control.post("ada", "it goes on").await;
        reader.see_words("it goes on").await;
    })
    .await;
}

/// An empty server with the settings in a file of their own.
async fn read_settings<F: Future<Output = ()>>(name: &str, text: &str, story: impl FnOnce(Reader, std::path::PathBuf) -> F) {
    let server = demo().await;
    let client = client_of(&server);
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("app-{name}-{}.toml", std::process::id()));
    std::fs::write(&file, text).unwrap();
    let held = Held { file: file.clone(), overrides: Overrides::default(), config: Config::load(&file).unwrap().config };
    let (_, told) = mpsc::unbounded_channel();
    read_as_set(client, server.control.clone(), held, told, async |reader| story(reader, file.clone()).await).await;
    std::fs::remove_file(file).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_file_is_read_again_when_asked_and_a_broken_one_changes_nothing() {
    read_settings("reload", "tabs = [\"federated\"]\n", async |mut reader, file| {
        let reload = async |reader: &Reader| {
            reader.press(":").await;
            reader.type_in("reload").await;
            reader.press("enter").await;
        };
        reader.carried(&["public"]).await;
        reader.see_words("● live").await;
        std::fs::write(&file, "tabs = [\"federated\", \"#rust\"]\nascii = true\nkeys.help = \"g h\"\n").unwrap();
        reload(&reader).await;
        reader.see("the new tab in ASCII", |screen| screen.contains("2 #rust") && screen.is_ascii() && screen.contains("read again")).await;
        reader.carried(&["public", "hashtag rust"]).await;
        reader.press("g").await;
        reader.see_words("g ~").await;
        reader.press("h").await;
        reader.see_words("- Help -").await;
        reader.press("esc").await;
        reader.press(":").await;
        reader.type_in("theme").await;
        reader.press("enter").await;
        reader.see_words("told apart by all eyes").await;
        reader.press("down enter").await;
        reader.see_words("to keep theme mono:").await;
        std::fs::write(&file, "tabs = [\"nowhere\"]\n").unwrap();
        reload(&reader).await;
        reader.see("what is wrong", |screen| screen.contains(":1:9: `tabs`: unknown stream") && screen.contains("2 #rust")).await;
        std::fs::write(&file, "rosw = 500\n").unwrap();
        reload(&reader).await;
        reader.see("the defaults, and what means nothing", |screen| screen.contains("did you mean `rows`?") && !screen.is_ascii()).await;
    })
    .await;
}

/// A run of a saved account: what the one before it left is taken up.
async fn run_of_account<F: Future<Output = ()>>(server: &Demo, folder: &Path, story: impl FnOnce(Reader) -> F) {
    let tabs: Vec<Spec> = vec!["home".parse().unwrap(), "local".parse().unwrap()];
    let configured = Configured { tabs, theme: Config::default().theme, ..Configured::default() };
    let mut notices = Vec::new();
    let (keeper, memory) = Keeper::open(folder, "ada@tide.example", configured.clone(), &mut notices);
    assert_eq!(notices, Vec::<String>::new());
    let tabs = memory.as_ref().and_then(|memory| memory.tabs(&configured)).unwrap_or(configured.tabs);
    let client = client_of(server);
    let (_, told) = mpsc::unbounded_channel();
    let setup = set_up(client, &Config { tabs, ..Config::default() });
    let setup = Setup { memory: Some((keeper, memory)), markers: true, ..setup };
    read_with(setup, None, server.control.clone(), told, story).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_run_opens_where_this_one_was_left() {
    let server = demo().await;
    let control = server.control.clone();
    let folder = std::env::temp_dir().join(format!("trunkline-memory-{}", std::process::id()));
    let gone = control.post("wren", "This one will be gone.").await;
    let warned = Draft { spoiler_text: "Spoilers".to_owned(), ..Draft::new("wren", "The last one that was read.") };
    let last = control.post_with(warned).await;

    run_of_account(&server, &folder, async |mut reader| {
        reader.see("a warning", |screen| screen.contains("Spoilers") && !screen.contains("The last one that was read.")).await;
        reader.press("space").await;
        reader.see_words("The last one that was read.").await;
        reader.press("a").await;
        reader.type_in("#rust").await;
        reader.press("enter").await;
        reader.see("the tab", |screen| is_open(screen, "#rust")).await;
        reader.press("1").await;
        reader.see("home", |screen| is_open(screen, "Home")).await;
        // When it ends, the server learns up to where was read.
    })
    .await;
    assert_eq!(control.marker("home").await, Some(last));

    control.delete(&gone).await;
    for number in 1..=60 {
        control.post("wren", &format!("While nobody looked, {number}.")).await;
    }
    control.refuse_rest("/api/v1/timelines", HttpRefusal::new(502), 2).await;
    run_of_account(&server, &folder, async |mut reader| {
        // At once, before the server has answered about anything.
        reader.see("what was read", |screen| screen.contains("The last one that was read.") && screen.contains("#rust")).await;
        reader.see("where it was read", |screen| screen.contains("read up to here") && !screen.contains("posts missing")).await;
        reader.see("what came since above it", |screen| screen.contains("While nobody looked, 1.")).await;
        reader.see("what was deleted gone", |screen| !screen.contains("This one will be gone.")).await;
        reader.press("2").await;
        reader.see("the other tab", |screen| is_open(screen, "Local") && screen.contains("While nobody looked, 60.")).await;
        reader.press("1").await;
        reader.see("home", |screen| is_open(screen, "Home")).await;
    })
    .await;

    control.refuse_rest("/api/v1/timelines", HttpRefusal::new(502), 1_000).await;
    run_of_account(&server, &folder, async |mut reader| {
        reader.see("home", |screen| is_open(screen, "Home") && screen.contains("While nobody looked")).await;
        reader.press("2").await;
        reader
            .see("what was left of the other tab", |screen| is_open(screen, "Local") && screen.contains("While nobody looked, 60."))
            .await;
    })
    .await;
    std::fs::remove_dir_all(&folder).unwrap();
}
