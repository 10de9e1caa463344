//! The rows of the table that look at the program from outside. Each starts what it measures, feeds it, and ends it.

use crate::events::{self, Kind};
use crate::process::Process;
use crate::server::{Job, Server, Told};
use crate::table::{Grade, Line, median, ms, percentile, ratio};
use crate::terminal::Terminal;
use crate::{Bench, now};
use std::collections::{HashMap, VecDeque};
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(300);
/// Time for a program to come to rest.
const REST: Duration = Duration::from_millis(300);
/// Specs of the four tabs that are open without any being named, and the values of the `stream` keys of their events.
const FOUR: [(&str, &str); 4] = [
    ("home", r#"["user"]"#),
    ("notifications", r#"["user:notification"]"#),
    ("local", r#"["public:local"]"#),
    ("federated", r#"["public"]"#),
];
const FEDERATED: [(&str, &str); 1] = [("federated", r#"["public"]"#)];

/// A program without a screen.
struct Headless(Child);

impl Headless {
    fn run(program: impl AsRef<OsStr>, arguments: &[String], home: &Path, out: Stdio) -> Self {
        let mut command = Command::new(program);
        command.args(arguments).env_clear().env("HOME", home).env("TRUNKLINE_TOKEN", "token").env("PATH", "/usr/bin:/bin");
        Self(command.stdin(Stdio::null()).stdout(out).stderr(Stdio::null()).spawn().unwrap())
    }

    fn process(&self) -> Process {
        Process(self.0.id())
    }
}

impl Drop for Headless {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A program that takes events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Trunkline,
    Peer,
}

/// The two, in the order in which they take their turns.
const BOTH: [Who; 2] = [Who::Trunkline, Who::Peer];

fn stream_keys(streams: &[(&str, &str)]) -> Vec<String> {
    streams.iter().map(|(_, key)| (*key).to_owned()).collect()
}

fn myself() -> String {
    std::env::current_exe().unwrap().to_string_lossy().into_owned()
}

/// Arguments for a peer: what it is, where the server is, and the streams by name.
fn as_peer(what: &str, server: &Server, streams: &[(&str, &str)]) -> Vec<String> {
    let names = streams.iter().map(|(_, key)| key.trim_matches(['[', ']', '"']).to_owned());
    ["--as".to_owned(), what.to_owned(), server.address.to_string()].into_iter().chain(names).collect()
}

fn burst_of(streams: &[(&str, &str)], numbers: std::ops::Range<u64>) -> Job {
    Job { streams: stream_keys(streams), numbers, every: None, ends_with_post: false, repeats: false }
}

fn start_server(bench: &Bench, streams: &[(&str, &str)], held: u64) -> Server {
    let keys: Vec<&str> = streams.iter().map(|(_, key)| *key).collect();
    Server::start(&bench.events, &keys, held)
}

/// A home in which every post is shown as it comes, and not a sample of them.
fn following(bench: &Bench) -> PathBuf {
    let home = bench.fresh_home();
    std::fs::create_dir_all(home.join("trunkline")).unwrap();
    std::fs::write(home.join("trunkline/config.toml"), "flood = 0\n").unwrap();
    home
}

/// Trunkline on its screen, live and at rest.
fn screen(bench: &Bench, server: &Server, streams: &[(&str, &str)], home: &Path) -> Terminal {
    let address = format!("http://{}", server.address);
    let mut arguments = vec!["--server", &address];
    arguments.extend(streams.iter().flat_map(|(spec, _)| ["-s", *spec]));
    let mut terminal = Terminal::run(&bench.program, &arguments, home, &[("TRUNKLINE_TOKEN", "token")]);
    server.wait_for_subscriptions(streams.len(), PATIENCE);
    terminal.settle(REST);
    terminal
}

/// The bare list, live and at rest.
fn floor(server: &Server, streams: &[(&str, &str)], home: &Path) -> Terminal {
    let arguments = as_peer("floor", server, streams);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut terminal = Terminal::run(myself(), &arguments, home, &[]);
    server.wait_for_subscriptions(streams.len(), PATIENCE);
    terminal.settle(REST);
    terminal
}

fn on_screen(bench: &Bench, who: Who, server: &Server, streams: &[(&str, &str)], home: &Path) -> Terminal {
    match who {
        Who::Trunkline => screen(bench, server, streams, home),
        Who::Peer => floor(server, streams, home),
    }
}

/// The number of the post that ends a job which is to end with one.
fn last_post(numbers: &std::ops::Range<u64>) -> u64 {
    (numbers.end - 1..numbers.end + 1_000).find(|at| events::kind(*at) == Kind::Update).unwrap()
}

/// Processor time per event without a screen.
pub(crate) fn headless(bench: &Bench) -> Vec<Line> {
    const WHAT: &str = "CPU per event, headless (tail --quiet)";
    let (count, rounds) = (bench.pick(100_000, 20_000), bench.pick(7, 3));
    let mut spent: [Vec<f64>; 2] = Default::default();
    for _ in 0..rounds {
        for who in BOTH {
            let home = bench.fresh_home();
            let mut server = start_server(bench, &FOUR, 0);
            let program = match who {
                Who::Trunkline => {
                    let mut arguments = vec!["--server".to_owned(), format!("http://{}", server.address), "tail".to_owned()];
                    arguments.extend(FOUR.iter().map(|(spec, _)| (*spec).to_owned()));
                    arguments.push("--quiet".to_owned());
                    Headless::run(&bench.program, &arguments, &home, Stdio::null())
                }
                Who::Peer => Headless::run(myself(), &as_peer("reference", &server, &FOUR), &home, Stdio::null()),
            };
            server.wait_for_subscriptions(FOUR.len(), PATIENCE);
            let Some(before) = program.process().wait_until_idle() else { return vec![Line::untold(WHAT, "1.0 x reference", "0.7 x")] };
            server.send(burst_of(&FOUR, 0..count));
            server.wait_until_sent(PATIENCE);
            let after = program.process().wait_until_idle().unwrap_or_default();
            spent[who as usize].push(after.saturating_sub(before).as_secs_f64() * 1e6 / count as f64);
        }
    }
    let [ours, reference] = &spent;
    let times = ratio(ours, reference);
    let measured = format!("{times:.2} x ({:.1} µs, reference {:.1} µs)", median(ours), median(reference));
    vec![Line::new(WHAT, "1.0 x reference", "0.7 x", measured, Grade::of(times, 1.0, 0.7))]
}

/// A burst until its last post is on the screen.
pub(crate) fn burst(bench: &Bench) -> Vec<Line> {
    let (count, rounds) = (bench.pick(100_000, 20_000), bench.pick(7, 3));
    let mut took: [Vec<f64>; 2] = Default::default();
    for _ in 0..rounds {
        for who in BOTH {
            let home = following(bench);
            let mut server = start_server(bench, &FOUR, 0);
            let mut terminal = on_screen(bench, who, &server, &FOUR, &home);
            let job = Job { ends_with_post: true, ..burst_of(&FOUR, 0..count) };
            let last = events::mark(last_post(&job.numbers));
            let began = now();
            server.send(job);
            let at = terminal.wait("the last post", PATIENCE, |screen| screen.contains(&last));
            took[who as usize].push(at.duration_since(began).as_secs_f64());
            terminal.end("q");
        }
    }
    let [ours, floor] = &took;
    let times = ratio(ours, floor);
    let what = format!("{count} events as fast as they come, four tabs, 120x36, until the last is visible");
    let measured = format!("{times:.2} x ({:.2} s, floor {:.2} s)", median(ours), median(floor));
    vec![Line::new(what, "1.5 x floor", "1.15 x", measured, Grade::of(times, 1.5, 1.15))]
}

/// Whether everything that was sent came, once.
pub(crate) fn loss(bench: &Bench) -> Vec<Line> {
    let five: Vec<(&str, &str)> = FOUR.into_iter().chain([("#bench", r#"["hashtag","bench"]"#)]).collect();
    let count = bench.pick(100_000, 20_000);
    let home = bench.fresh_home();
    let mut server = start_server(bench, &five, 0);
    let mut arguments = vec!["--server".to_owned(), format!("http://{}", server.address), "tail".to_owned()];
    arguments.extend(five.iter().map(|(spec, _)| (*spec).to_owned()));
    arguments.push("--json".to_owned());
    let mut program = Headless::run(&bench.program, &arguments, &home, Stdio::piped());
    let out = BufReader::new(program.0.stdout.take().unwrap());
    server.wait_for_subscriptions(five.len(), PATIENCE);
    // Before that nobody can know whether a server has begun to send a stream, and a burst longer than its pages leaves gaps.
    std::thread::sleep(Duration::from_secs(6));
    program.process().wait_until_idle();
    let job = Job { repeats: true, ..burst_of(&five, 0..count) };
    let mut expected: HashMap<(String, String, String), i64> = HashMap::new();
    let name = |number| match events::kind(number) {
        Kind::Update => ("update", number),
        Kind::Edit(of) => ("status.update", of),
        Kind::Delete(of) => ("delete", of),
        Kind::Notification => ("notification", number),
    };
    for number in job.numbers.clone() {
        let stream = events::stream_of(number, &job.streams);
        let (event, of) = name(number);
        *expected.entry((stream.to_owned(), event.to_owned(), events::id(of))).or_default() += 1;
        if let Some(other) = job.repeated_on(number, stream) {
            *expected.entry((other.to_owned(), event.to_owned(), events::id(of))).or_default() += 1;
        }
    }
    let total: i64 = expected.values().sum();
    server.send(job);
    let (tell, lines) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for line in out.lines().map_while(Result::ok) {
            if tell.send(line).is_err() {
                return;
            }
        }
    });
    let (mut seen, mut gaps, mut doubled, mut foreign) = (0, 0, 0, 0);
    while seen < total {
        let Ok(line) = lines.recv_timeout(Duration::from_secs(10)) else { break };
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        match line["event"].as_str() {
            Some("connection" | "subscription") => {}
            Some("gap") => gaps += 1,
            Some(event) => {
                let key = (line["stream"].to_string(), event.to_owned(), line["id"].as_str().unwrap_or_default().to_owned());
                match expected.get_mut(&key) {
                    Some(left @ 1..) => {
                        *left -= 1;
                        seen += 1;
                    }
                    Some(_) => doubled += 1,
                    None => foreign += 1,
                }
            }
            None => foreign += 1,
        }
    }
    let lost = total - seen;
    let mut measured = format!("{lost} lost, {doubled} doubled of {total}");
    if gaps + foreign > 0 {
        write!(measured, ", {gaps} gaps, {foreign} that were never sent").unwrap();
    }
    let grade = Grade::of((lost + doubled + gaps + foreign) as f64, 0.0, 0.0);
    vec![Line::new("events lost or doubled in such a burst, five streams on one socket", "0", "0", measured, grade)]
}

/// Resident memory after many events.
pub(crate) fn memory(bench: &Bench) -> Vec<Line> {
    let home = bench.fresh_home();
    let mut server = start_server(bench, &FOUR, 0);
    let mut terminal = screen(bench, &server, &FOUR, &home);
    let mut held = Vec::new();
    let last = bench.pick(1_000_000, 200_000);
    for (from, to) in [(0, 20_000), (20_000, 100_000), (100_000, last)] {
        let job = Job { ends_with_post: true, ..burst_of(&FOUR, from..to) };
        let mark = events::mark(last_post(&job.numbers));
        server.send(job);
        terminal.wait("the last post", PATIENCE, |screen| screen.contains(&mark));
        server.wait_until_sent(PATIENCE);
        terminal.settle(REST);
        let Some(resident) = terminal.process().resident() else {
            return vec![Line::untold("resident memory after 100,000 events", "24 MB", "12 MB")];
        };
        held.push(resident as f64 / 1024.0);
    }
    terminal.end("q");
    let growth = (held[2] - held[0]) / held[0] * 100.0;
    vec![
        Line::new("resident memory after 100,000 events", "24 MB", "12 MB", format!("{:.1} MB", held[1]), Grade::of(held[1], 24.0, 12.0)),
        Line::new(
            format!("its growth from 20,000 to {last} events"),
            "under 2 %",
            "0",
            format!("{growth:+.1} % ({:.1} to {:.1} MB)", held[0], held[2]),
            Grade::of(growth, 2.0, 0.0),
        ),
    ]
}

/// The terminal's own time to start a program and to echo through one.
fn shell(home: &Path) -> Terminal {
    Terminal::run("/bin/sh", &["-c", "echo; cat"], home, &[])
}

/// Writes an account into the folder, as signing in leaves it.
fn sign_in(home: &Path, server: &Server) {
    let folder = home.join("trunkline");
    std::fs::create_dir_all(&folder).unwrap();
    let account = format!(
        r#"{{"name":"reader@bench.example","server":"http://{}/","scopes":["read"],"client_id":"x","signed_in":"2026-11-25T12:00:00Z","token":"file"}}"#,
        server.address
    );
    let accounts = format!(r#"{{"version":1,"default":"reader@bench.example","accounts":[{account}],"apps":[]}}"#);
    let secrets = r#"{"version":1,"secrets":{"reader@bench.example":"token"}}"#;
    std::fs::write(folder.join("config.toml"), "credentials = \"file\"\n").unwrap();
    for (file, text) in [("accounts.json", accounts.as_str()), ("secrets.json", secrets)] {
        let path = folder.join(file);
        std::fs::write(&path, text).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
}

/// Time to the first frame, empty and with the last session's posts.
pub(crate) fn start(bench: &Bench) -> Vec<Line> {
    let rounds = bench.pick(31, 7);
    let home = bench.fresh_home();
    let server = start_server(bench, &FOUR, 5_000);
    sign_in(&home, &server);
    let mut terminal = Terminal::run(&bench.program, &[], &home, &[]);
    server.wait_for_subscriptions(FOUR.len(), PATIENCE);
    terminal.wait("posts", PATIENCE, |screen| screen.contains("n000"));
    terminal.settle(REST);
    terminal.end("q");
    let (mut empty, mut full, mut pty): (Vec<f64>, Vec<f64>, Vec<f64>) = Default::default();
    let other = home.join("other");
    for _ in 0..rounds {
        let mut terminal = shell(&home);
        let at = terminal.next(PATIENCE).unwrap();
        pty.push(ms(at.duration_since(terminal.began)));
        drop(terminal);
        let address = format!("http://{}", server.address);
        let mut terminal = Terminal::run(&bench.program, &["--server", &address], &other, &[("TRUNKLINE_TOKEN", "token")]);
        let at = terminal.wait("the first frame", PATIENCE, |screen| screen.contains("Federated"));
        empty.push(ms(at.duration_since(terminal.began)));
        terminal.end("q");
        let mut terminal = Terminal::run(&bench.program, &[], &home, &[]);
        let at = terminal.wait("the posts of the last session", PATIENCE, |screen| screen.contains("n000"));
        full.push(ms(at.duration_since(terminal.began)));
        terminal.end("q");
    }
    let line = |what: &str, figures: &[f64]| {
        let times = ratio(figures, &pty);
        let measured = format!("{times:.2} x ({:.1} ms, pty {:.1} ms)", median(figures), median(&pty));
        Line::new(what, "3 x pty", "1.5 x", measured, Grade::of(times, 3.0, 1.5))
    };
    vec![line("first frame", &empty), line("first frame with the last session's posts on it", &full)]
}

/// What it costs when nothing happens.
pub(crate) fn idle(bench: &Bench) -> Vec<Line> {
    let time = bench.pick(Duration::from_secs(60), Duration::from_secs(15));
    let home = bench.fresh_home();
    let server = start_server(bench, &FOUR, 5_000);
    let mut terminal = screen(bench, &server, &FOUR, &home);
    terminal.settle(Duration::from_secs(3));
    // Some seconds after a subscription the beginning of each timeline is asked for once more, and the threads for it go.
    terminal.watch(Duration::from_secs(17), |_, _| {});
    let process = terminal.process();
    let before = (process.spent(), process.wakes(), terminal.bytes);
    terminal.watch(time, |_, _| {});
    let after = (process.spent(), process.wakes(), terminal.bytes);
    terminal.end("q");
    let what = format!("idle and connected, {} s", time.as_secs());
    let (goal, dream) = ("1 wake-up/s, 10 ms CPU, 0 bytes", "keep-alive alone");
    let (Some(spent), Some(wakes)) = (after.0.zip(before.0), after.1.zip(before.1)) else { return vec![Line::untold(what, goal, dream)] };
    let (spent, wakes, bytes) = (ms(spent.0.saturating_sub(spent.1)), wakes.0.saturating_sub(wakes.1), after.2 - before.2);
    let rate = wakes as f64 / time.as_secs_f64();
    let share = spent * 60.0 / time.as_secs_f64();
    let grade = Grade::of(rate, 1.0, 0.2).and(Grade::of(share, 10.0, 3.0)).and(Grade::of(bytes as f64, 0.0, 0.0));
    vec![Line::new(what, goal, dream, format!("{rate:.2} wake-ups/s, {spent:.1} ms CPU, {bytes} bytes"), grade)]
}

/// Milliseconds from a key to what it does on the screen of Trunkline: the cursor goes to the other of two posts.
fn press_in_trunkline(terminal: &mut Terminal, presses: usize, pause: Duration) -> Vec<f64> {
    let mut took = Vec::new();
    terminal.press("j");
    terminal.watch(Duration::from_millis(500), |_, _| {});
    for press in 0..presses {
        let line = terminal.cursor_line();
        let at = terminal.press(if press % 2 == 0 { "k" } else { "j" });
        let seen = terminal.wait_for_cursor(Duration::from_secs(2), |now| now != line);
        took.extend(seen.map(|seen| ms(seen.duration_since(at))));
        terminal.watch(pause, |_, _| {});
    }
    took
}

/// The same in the bare list: a letter appears.
fn press_in_floor(terminal: &mut Terminal, presses: usize, pause: Duration) -> Vec<f64> {
    let mut took = Vec::new();
    for press in 0..presses {
        let letter = if press % 2 == 0 { "X" } else { "Y" };
        let wished = format!("posts  {letter}");
        let at = terminal.press(letter);
        took.push(ms(terminal.wait("the letter", PATIENCE, |screen| screen.contains(&wished)).duration_since(at)));
        terminal.watch(pause, |_, _| {});
    }
    took
}

/// The same through the terminal alone: what was typed comes back from `cat`.
fn press_in_shell(terminal: &mut Terminal, presses: usize, pause: Duration) -> Vec<f64> {
    let mut took = Vec::new();
    for press in 0..presses {
        let word = format!("k{press:04}");
        let at = terminal.press(&format!("{word}\n"));
        took.push(ms(terminal.wait("the echo", PATIENCE, |screen| screen.matches(&word).count() == 2).duration_since(at)));
        terminal.watch(pause, |_, _| {});
    }
    took
}

/// Milliseconds from a key to the screen where nothing else happens: Trunkline, floor, pty.
fn presses(bench: &Bench) -> [Vec<f64>; 3] {
    let (rounds, presses) = (bench.pick(7, 2), bench.pick(100, 40));
    let pause = Duration::from_millis(20);
    let mut took: [Vec<f64>; 3] = Default::default();
    for _ in 0..rounds {
        let home = bench.fresh_home();
        let server = start_server(bench, &FOUR, 5_000);
        let mut terminal = screen(bench, &server, &FOUR, &home);
        took[0].extend(press_in_trunkline(&mut terminal, presses, pause));
        terminal.end("q");
        let mut terminal = floor(&server, &FOUR, &home);
        took[1].extend(press_in_floor(&mut terminal, presses, pause));
        terminal.end("q");
        let mut terminal = shell(&home);
        terminal.settle(REST);
        took[2].extend(press_in_shell(&mut terminal, presses, pause));
    }
    took
}

/// Time from a key to the screen where nothing else happens.
pub(crate) fn keys(bench: &Bench) -> Vec<Line> {
    let took = presses(bench);
    let [ours, floor, pty] = &took;
    let line = |percent| {
        let (ours, floor, pty) = (percentile(ours, percent), percentile(floor, percent), percentile(pty, percent));
        let times = ours / pty;
        let measured = format!("{times:.2} x ({ours:.2} ms, pty {pty:.2} ms, floor {floor:.2} ms)");
        Line::new(format!("key to screen, idle, p{percent}"), "4 x pty", "2.5 x", measured, Grade::of(times, 4.0, 2.5))
    };
    vec![line(50), line(95)]
}

/// Time from a key to the screen while a thousand events a second come.
pub(crate) fn keys_busy(bench: &Bench) -> Vec<Line> {
    let (rounds, presses) = (bench.pick(5, 1), bench.pick(100, 40));
    let pause = Duration::from_millis(50);
    let mut took: [Vec<f64>; 2] = Default::default();
    for _ in 0..rounds {
        for who in BOTH {
            let home = bench.fresh_home();
            let mut server = start_server(bench, &FOUR, 0);
            let mut terminal = on_screen(bench, who, &server, &FOUR, &home);
            server.send(Job { every: Some(Duration::from_millis(1)), ..burst_of(&FOUR, 0..600_000) });
            terminal.watch(Duration::from_secs(1), |_, _| {});
            took[who as usize].extend(match who {
                Who::Trunkline => press_in_trunkline(&mut terminal, presses, pause),
                Who::Peer => press_in_floor(&mut terminal, presses, pause),
            });
            terminal.end("q");
        }
    }
    let [ours, floor] = &took;
    let line = |percent, most: f64| {
        let (ours, floor) = (percentile(ours, percent), percentile(floor, percent));
        let grade = Grade::of(ours / floor, 2.0, 1.0).and(Grade::of(ours, most, most));
        let goal = if percent == 50 { "2 x floor" } else { "2 x floor, at most 3 ms" };
        let measured = format!("{:.2} x ({ours:.2} ms, floor {floor:.2} ms)", ours / floor);
        Line::new(format!("key to screen at 1,000 events/s, p{percent}"), goal, "as idle", measured, grade)
    };
    vec![line(50, f64::INFINITY), line(95, 3.0)]
}

/// Fifty events a second with Federated open: how soon each is seen, what that costs, and how much is written.
pub(crate) fn trickle(bench: &Bench) -> Vec<Line> {
    let (rounds, seconds) = (bench.pick(3, 1), bench.pick(20_u64, 8));
    let mut took: [Vec<f64>; 2] = Default::default();
    let (mut shares, mut rates): ([Vec<f64>; 2], Vec<f64>) = Default::default();
    let mut unseen = 0;
    for _ in 0..rounds {
        for who in BOTH {
            let home = following(bench);
            let mut server = start_server(bench, &FEDERATED, 0);
            let mut terminal = on_screen(bench, who, &server, &FEDERATED, &home);
            let fifty = Duration::from_millis(20);
            // The screen fills first.
            server.send(Job { every: Some(fifty), ..burst_of(&FEDERATED, 0..100) });
            terminal.watch(Duration::from_secs(3), |_, _| {});
            while server.told.try_recv().is_ok() {}
            let before = (terminal.process().spent(), terminal.bytes, now());
            server.send(Job { every: Some(fifty), ..burst_of(&FEDERATED, 100..100 + seconds * 50) });
            let mut waiting: VecDeque<(String, Instant)> = VecDeque::new();
            let sent = &server.told;
            terminal.watch(Duration::from_secs(seconds), |at, screen| {
                while let Ok(told) = sent.try_recv() {
                    if let Told::Sent(number, at) = told
                        && events::kind(number) == Kind::Update
                    {
                        waiting.push_back((events::mark(number), at));
                    }
                }
                waiting.retain(|(mark, since)| {
                    let is_seen = at > *since && screen.contains(mark.as_str());
                    if is_seen {
                        took[who as usize].push(ms(at.duration_since(*since)));
                    }
                    !is_seen
                });
            });
            let passed = before.2.elapsed().as_secs_f64();
            let busy = terminal.process().spent().zip(before.0).map(|(after, before)| after.saturating_sub(before));
            shares[who as usize].extend(busy.map(|busy| busy.as_secs_f64() / passed * 100.0));
            if who == Who::Trunkline {
                unseen += waiting.len();
                rates.push((terminal.bytes - before.1) as f64 / 1024.0 / passed);
            }
            terminal.end("q");
        }
    }
    let [ours, floor] = &took;
    let line = |percent, goal: f64| {
        let (ours, floor) = (percentile(ours, percent), percentile(floor, percent));
        let words = if percent == 50 { "3 ms" } else { "8 ms" };
        let what = format!("event to screen at 50 events/s, p{percent}");
        let dream = if ours <= floor * 1.5 { ours } else { 0.0 };
        Line::new(what, words, "1.5 x floor", format!("{ours:.2} ms (floor {floor:.2} ms)"), Grade::of(ours, goal, dream.min(goal)))
    };
    let mut lines = vec![line(50, 3.0), line(95, 8.0)];
    let what = "CPU at 50 events/s with Federated open";
    if shares.iter().any(Vec::is_empty) {
        lines.push(Line::untold(what, "2.5 % of a core", "1.5 %"));
    } else {
        let [ours, floor] = shares.map(|shares| median(&shares));
        let told = format!("{ours:.2} % (floor {floor:.2} %)");
        lines.push(Line::new(what, "2.5 % of a core", "1.5 %", told, Grade::of(ours, 2.5, 1.5)));
    }
    let rate = median(&rates);
    let mut measured = format!("{rate:.0} KB/s");
    if unseen > 2 * rounds {
        write!(measured, " ({unseen} posts were never seen)").unwrap();
    }
    lines.push(Line::new(
        "bytes to the terminal at 50 events/s while following",
        "60 KB/s",
        "30 KB/s",
        measured,
        Grade::of(rate, 60.0, 30.0),
    ));
    lines
}

/// The size of what is packaged.
pub(crate) fn size(bench: &Bench) -> Vec<Line> {
    const WHAT: &str = "binary of the dist profile, stripped";
    let Ok(found) = std::fs::metadata(&bench.program) else { return vec![Line::untold(WHAT, "15 MB", "10 MB")] };
    let size = found.len() as f64 / 1024.0 / 1024.0;
    vec![Line::new(WHAT, "15 MB", "10 MB", format!("{size:.1} MB"), Grade::of(size, 15.0, 10.0))]
}

/// How cost grows with rows and with tabs: CPU per event and key to screen, each as a ratio to the smallest.
pub(crate) fn growth(bench: &Bench) -> Vec<Line> {
    let rounds = bench.pick(5, 1);
    let all_rows: &[u64] = &[100, 1_000, 10_000];
    let mut cost: Vec<(Vec<f64>, Vec<f64>)> = vec![Default::default(); all_rows.len()];
    for _ in 0..rounds {
        for (at, rows) in all_rows.iter().enumerate() {
            let Some((spent, key)) = one_size(bench, &FEDERATED, *rows) else { return vec![Line::untold("growth with rows", "10 %", "")] };
            cost[at].0.push(spent);
            cost[at].1.push(key);
        }
    }
    let mut tabs: [(Vec<f64>, Vec<f64>); 2] = Default::default();
    let quiet: Vec<(String, String)> = (1..12).map(|at| (format!("#quiet{at}"), format!(r#"["hashtag","quiet{at}"]"#))).collect();
    let twelve: Vec<(&str, &str)> = FEDERATED.into_iter().chain(quiet.iter().map(|(spec, key)| (spec.as_str(), key.as_str()))).collect();
    for _ in 0..rounds {
        for (at, streams) in [&FEDERATED[..], &twelve].into_iter().enumerate() {
            let Some((spent, key)) = one_size(bench, streams, 1_000) else { return Vec::new() };
            tabs[at].0.push(spent);
            tabs[at].1.push(key);
        }
    }
    let line = |what: &str, unit: &str, figures: Vec<&Vec<f64>>| {
        let ratios: Vec<f64> = figures.iter().map(|figure| ratio(figure, figures[0])).collect();
        let worst = ratios.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let each: Vec<String> = figures.iter().map(|figure| format!("{:.1}", median(figure))).collect();
        let measured = format!("{:+.0} % ({} {unit})", (worst - 1.0) * 100.0, each.join(", "));
        Line::new(what, "within 10 %", "", measured, Grade::of(worst, 1.1, 1.0))
    };
    vec![
        line("CPU per event with 100, 1,000, 10,000 rows", "µs", cost.iter().map(|cost| &cost.0).collect()),
        line("key to screen with 100, 1,000, 10,000 rows", "ms", cost.iter().map(|cost| &cost.1).collect()),
        line("CPU per event with 1, 12 tabs", "µs", tabs.iter().map(|cost| &cost.0).collect()),
        line("key to screen with 1, 12 tabs", "ms", tabs.iter().map(|cost| &cost.1).collect()),
    ]
}

/// Microseconds of CPU per event and milliseconds from key to screen, where the first tab is full and keeps so many rows.
fn one_size(bench: &Bench, streams: &[(&str, &str)], rows: u64) -> Option<(f64, f64)> {
    let home = bench.fresh_home();
    std::fs::create_dir_all(home.join("trunkline")).unwrap();
    std::fs::write(home.join("trunkline/config.toml"), format!("rows = {rows}\n")).unwrap();
    let mut server = start_server(bench, streams, 0);
    let mut terminal = screen(bench, &server, streams, &home);
    // Whatever is kept, the same posts come while it is measured, and are on the screen in the end.
    let full = 17_000;
    let count = bench.pick(50_000, 15_000);
    let first = &streams[..1];
    for numbers in [full - (rows * 3 / 2 + 2_000)..full, full..full + count] {
        let mark = events::mark(last_post(&numbers));
        let before = terminal.process().spent()?;
        server.send(Job { ends_with_post: true, ..burst_of(first, numbers.clone()) });
        terminal.wait("the last post", PATIENCE, |screen| screen.contains(&mark));
        server.wait_until_sent(PATIENCE);
        let after = terminal.process().wait_until_idle()?;
        if numbers.start == full {
            let spent = after.saturating_sub(before).as_secs_f64() * 1e6 / count as f64;
            let key = median(&press_in_trunkline(&mut terminal, 30, Duration::from_millis(20)));
            terminal.end("q");
            return Some((spent, key));
        }
    }
    None
}
