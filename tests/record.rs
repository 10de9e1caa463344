//! `--record` and `replay` as people use them: the real binary, its files and exit codes, and every transcript played.
#![cfg(test)]

#[path = "common/transcripts.rs"]
mod transcripts;

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use transcripts::transcripts;
use trunkline::demo::{Options, Server, Story};
use trunkline::mastodon::streaming::{Settings, Wanted, connect};
use trunkline::mastodon::{Access, Client, Token};
use trunkline::model::{Event, Payload};
use trunkline::replay::{self, Speed, Tape};

const PATIENCE: Duration = Duration::from_secs(30);
const TOKEN: &str = "kJ8_secret-token-of-the-reader.0123456789";

/// A folder for the files of one test, empty.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("record-{name}-{}", std::process::id()));
    drop(std::fs::remove_dir_all(&folder));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

async fn run(arguments: &[&str], server: Option<&str>) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trunkline"));
    command.env_clear().env("HOME", env!("CARGO_TARGET_TMPDIR")).env("TZ", "UTC").kill_on_drop(true).args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if let Some(server) = server {
        command.env("TRUNKLINE_SERVER", server).env("TRUNKLINE_TOKEN", TOKEN);
    }
    let output = tokio::time::timeout(PATIENCE, command.output()).await.unwrap_or_else(|_| panic!("{arguments:?} does not end")).unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tail_records_what_it_prints_and_no_token_and_overwrites_nothing() {
    let folder = folder("tail");
    let file = folder.join("a.ndjson");
    let path = file.to_str().unwrap();
    let shutdown = CancellationToken::new();
    let _stops = shutdown.clone().drop_guard();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Server::start(listener, Options { story: Story::Empty, ..Options::default() }, shutdown).await.unwrap();
    let control = server.control();
    let posting = async {
        let mut looks = tokio::time::interval(Duration::from_millis(10));
        while control.subscriptions().await.first().map(Vec::len) != Some(1) {
            looks.tick().await;
        }
        control.post("wren", "one to keep").await;
        control.post("wren", &format!("the token is {TOKEN}")).await;
    };
    let arguments = ["tail", "federated", "--json", "--count", "2", "--record", path];
    let ((code, out, aside), ()) = tokio::join!(run(&arguments, Some(server.url())), posting);
    assert_eq!((code, out.matches("\"update\"").count(), aside.as_str()), (0, 2, ""), "{out}");

    let recorded = std::fs::read_to_string(&file).unwrap();
    assert!(!recorded.contains(TOKEN) && !recorded.contains("Bearer"), "the token was recorded: {recorded}");
    let rows: Vec<Value> = recorded.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<String> = rows.iter().map(|row| format!("{} {}", row["dir"].as_str().unwrap(), row["kind"].as_str().unwrap())).collect();
    for wanted in ["c2s http", "s2c http", "c2s text", "s2c text", "c2s close", "c2s eof"] {
        assert!(kinds.iter().any(|kind| kind == wanted), "no {wanted} in {kinds:?}");
    }
    assert_eq!(kinds.iter().filter(|kind| *kind == "s2c text").count(), 2);
    let times: Vec<u64> = rows.iter().map(|row| row["t_ms"].as_u64().unwrap()).collect();
    // Two threads give rows, and may overtake each other by as much as a busy machine makes them.
    assert!(times.windows(2).all(|times| times[0] <= times[1] + 100), "{times:?}");
    assert!(rows.iter().any(|row| row["path"] == "/api/v2/instance" && row["status"] == 200 && row["method"] == "GET"), "{recorded}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }

    let (code, out, aside) = run(&arguments, Some(server.url())).await;
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(aside.contains(path) && aside.contains("there already"), "{aside}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), recorded, "overwritten");
    let nowhere = folder.join("missing/a.ndjson");
    let (code, _, aside) = run(&["--demo", "tail", "federated", "--record", nowhere.to_str().unwrap()], None).await;
    assert!(code == 1 && aside.contains("cannot be made"), "{aside}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_in_the_place_of_the_file_is_not_followed() {
    let folder = folder("link");
    let (link, target) = (folder.join("link"), folder.join("target"));
    std::os::unix::fs::symlink(&target, &link).unwrap();
    let (code, _, aside) = run(&["--demo", "tail", "federated", "--record", link.to_str().unwrap()], None).await;
    assert!(code == 1 && aside.contains("there already") && !target.exists(), "{aside}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_are_no_recordings_and_wrong_usage_are_named_before_the_screen() {
    let folder = folder("bad");
    let good = r#"{"dir":"s2c","t_ms":1,"kind":"text","data":"{}"}"#;
    for (name, content, wanted) in [
        ("empty", String::new(), "nothing to play"),
        ("foreign", "root:x:0:0\n".to_owned(), "line 1: not JSON"),
        ("json", format!("{good}\n{{\"a\":1}}\n"), "line 2: missing field `dir`"),
        ("cut in the middle", format!("{good}\n{{\"dir\":\n{good}\n"), "line 2: not JSON"),
        // Whole as far as it goes: the next complaint is that there is no terminal.
        ("cut at the end", format!("{good}\n{{\"dir\":\"s2"), "terminal"),
    ] {
        let path = folder.join(name);
        std::fs::write(&path, content).unwrap();
        let (code, out, aside) = run(&["replay", path.to_str().unwrap()], None).await;
        assert_eq!((code, out.as_str()), (1, ""), "{name}: {aside}");
        assert!(aside.contains(wanted), "{name}: {aside}");
    }
    let missing = folder.join("missing");
    let (code, _, aside) = run(&["replay", missing.to_str().unwrap()], None).await;
    assert!(code == 1 && aside.contains("cannot be read") && aside.contains("missing"), "{aside}");
    for (arguments, wanted) in [
        (&["replay"][..], "FILE"),
        (&["replay", "a", "--speed", "0"], "above 0"),
        (&["replay", "a", "--speed", "fast"], "above 0"),
        (&["--demo", "replay", "a"], "leave --demo"),
        (&["replay", "a", "--record", "b"], "--record is for"),
        (&["demo-server", "--record", "b"], "--record is for"),
    ] {
        let (code, out, aside) = run(arguments, None).await;
        assert_eq!((code, out.as_str()), (2, ""), "{arguments:?}: {aside}");
        assert!(aside.contains(wanted), "{arguments:?}: {aside}");
    }
    let (code, out, _) = run(&["--help"], None).await;
    assert!(code == 0 && out.contains("replay") && out.contains("--record"), "{out}");
    std::fs::remove_dir_all(folder).unwrap();
}

/// Plays a transcript to the ordinary trunk; gives how many events it told of.
async fn play(path: PathBuf) -> (PathBuf, usize) {
    let shutdown = CancellationToken::new();
    let _stops = shutdown.clone().drop_guard();
    let tape = Tape::load(&path).unwrap_or_else(|error| panic!("{error}"));
    assert!(!tape.is_truncated(), "{}", path.display());
    let streams = tape.streams().to_vec();
    let (tell, mut over) = mpsc::unbounded_channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = replay::Server::start(listener, tape, Speed::MAX, tell, shutdown.clone()).unwrap();
    let client = Client::new(Access::new(server.url(), Token::new(server.token()).unwrap()).unwrap()).unwrap();
    let (_wanted, wants) = watch::channel(Wanted { streams, retry: 0, woke: 0 });
    let (mut events, task) = connect(client, Settings::default(), wants, shutdown.clone());
    let mut told = 0;
    let mut count = |event: &Event| {
        if let Event::Stream(_) = event {
            told += 1;
        }
    };
    let ended = async {
        loop {
            tokio::select! {
                event = events.recv() => count(&event.expect("the trunk ended").1),
                _ = over.recv() => return,
            }
        }
    };
    assert!(tokio::time::timeout(PATIENCE, ended).await.is_ok(), "{} did not end", path.display());
    // What was sent last may still be under way.
    let quiet = Duration::from_millis(300);
    while let Ok(Some((_, event))) = tokio::time::timeout(quiet, events.recv()).await {
        count(&event);
    }
    shutdown.cancel();
    task.await.unwrap();
    (path, told)
}

/// A recording of deletes of posts 1, 2, ..., so many milliseconds apart.
fn deletes(path: &Path, count: usize, apart_ms: usize) -> Tape {
    let row = |number: usize| {
        let frame = serde_json::json!({"stream": ["public"], "event": "delete", "payload": number.to_string()}).to_string();
        serde_json::json!({"dir": "s2c", "t_ms": number * apart_ms, "kind": "text", "data": frame}).to_string() + "\n"
    };
    std::fs::write(path, (1..=count).map(row).collect::<String>()).unwrap();
    Tape::load(path).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pauses_are_as_they_were_and_a_new_connection_goes_on_where_the_last_one_ended() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let folder = folder("pauses");
    let tape = deletes(&folder.join("a"), 60, 40);
    let shutdown = CancellationToken::new();
    let _stops = shutdown.clone().drop_guard();
    let (tell, _over) = mpsc::unbounded_channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let streams = tape.streams().to_vec();
    let server = replay::Server::start(listener, tape, "2".parse().unwrap(), tell, shutdown.clone()).unwrap();
    let client = Client::new(Access::new(server.url(), Token::new(server.token()).unwrap()).unwrap()).unwrap();
    let began = tokio::time::Instant::now();
    let mut ids = Vec::new();
    for enough in [10, 60] {
        let wanted = Wanted { streams: streams.clone(), retry: 0, woke: 0 };
        let (_wanted, wants) = watch::channel(wanted);
        let ends = CancellationToken::new();
        let (mut events, task) = connect(client.clone(), Settings::default(), wants, ends.clone());
        let played = async {
            while ids.last().is_none_or(|last| *last < enough) {
                if let Event::Stream(event) = events.recv().await.expect("the trunk ended").1 {
                    let Payload::Delete(id) = &event.payload else { panic!("{event:?}") };
                    ids.push(id.as_str().parse::<usize>().unwrap());
                }
            }
        };
        assert!(tokio::time::timeout(PATIENCE, played).await.is_ok(), "only {ids:?}");
        ends.cancel();
        task.await.unwrap();
    }
    // Pauses of 40 ms, twice as fast.
    assert!(began.elapsed() >= Duration::from_secs(1), "{:?}", began.elapsed());
    // What was under way when the connection went is lost, as on a real one; nothing comes twice or before its time.
    assert!(ids.is_sorted_by(|one, two| one < two) && ids.len() >= 30, "{ids:?}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_transcript_is_played_whole() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let mut waiting = transcripts();
    assert!(waiting.len() > 60, "only {} transcripts were found", waiting.len());
    let mut playing = JoinSet::new();
    let (mut total, mut streamed) = (0, 0);
    loop {
        while playing.len() < 24
            && let Some(path) = waiting.pop()
        {
            playing.spawn(play(path));
        }
        let Some(played) = playing.join_next().await else { break };
        let (path, told) = played.unwrap();
        let rows = std::fs::read_to_string(&path).unwrap();
        let rows: Vec<Value> = rows.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect();
        let came = |kind: &'static str| {
            rows.iter().filter(move |row| row["dir"] == "s2c" && row["kind"] == kind).map(|row| row["data"].as_str().unwrap())
        };
        let frames = came("text")
            .filter_map(|data| serde_json::from_str::<Value>(data).ok())
            .filter(|frame| frame["event"].is_string() && frame["stream"].is_array())
            .count();
        let sent = came("sse").filter(|chunk| chunk.starts_with("event: ")).count();
        assert!(told >= frames + sent, "{}: {told} of {frames} messages and {sent} sent events", path.display());
        total += told;
        streamed += sent;
    }
    assert!(total > 1_000 && streamed > 20, "only {total} events were told, {streamed} of event streams");
}
