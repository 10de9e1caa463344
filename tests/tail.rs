//! `trunkline tail` as scripts use it: the real binary against the built-in server, its lines, its ends, its exit codes.
#![cfg(test)]

#[path = "common/demo.rs"]
mod demo;

use demo::{Demo, demo};
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::{Output, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStdout, Command};
use trunkline::demo::{Control, HttpRefusal};

const PATIENCE: Duration = Duration::from_secs(40);
const TOKEN: &str = "s3cret-and-not-to-be-seen";

/// The program, without anything of this machine's environment.
fn trunkline(server: Option<&str>, token: Option<&str>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trunkline"));
    let folder = env!("CARGO_TARGET_TMPDIR");
    command.env_clear().env("HOME", folder).env("TZ", "UTC").kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if let Some(server) = server {
        command.env("TRUNKLINE_SERVER", server);
    }
    if let Some(token) = token {
        command.env("TRUNKLINE_TOKEN", token);
    }
    command
}

async fn end(child: Child) -> (i32, String, String) {
    let Output { status, stdout, stderr } =
        tokio::time::timeout(PATIENCE, child.wait_with_output()).await.expect("it does not end").unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap_or(-1), text(stdout), text(stderr))
}

async fn run(command: &mut Command, arguments: &[&str]) -> (i32, String, String) {
    end(command.args(arguments).spawn().unwrap()).await
}

/// A run whose lines are read as they come.
struct Running {
    child: Child,
    lines: tokio::io::Lines<BufReader<ChildStdout>>,
}

impl Running {
    fn start(demo: &Demo, arguments: &[&str]) -> Self {
        let mut child = trunkline(Some(&demo.url), Some(TOKEN)).arg("tail").args(arguments).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    async fn line(&mut self) -> Value {
        let line = tokio::time::timeout(PATIENCE, self.lines.next_line()).await.expect("no line in time").unwrap().expect("no more lines");
        assert!(line.bytes().all(|byte| byte >= b' ' && byte != 0x7f), "a control byte in {line:?}");
        assert!(!line.contains(TOKEN), "the token is shown");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// Lines until one is of this event.
    async fn line_of(&mut self, event: &str) -> Value {
        loop {
            let line = self.line().await;
            if line["event"] == event {
                return line;
            }
        }
    }
}

/// Waits until the only connection carries so many streams.
async fn carried(control: &Control, count: usize) {
    let mut looks = tokio::time::interval(Duration::from_millis(10));
    let there = async {
        while control.subscriptions().await.first().map(Vec::len) != Some(count) {
            looks.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, there).await.expect("not subscribed in time");
}

/// How many requests were made that have all these words.
async fn requests(control: &Control, words: &[&str]) -> usize {
    control.requests().await.iter().filter(|request| words.iter().all(|word| request.contains(word))).count()
}

/// Waits until so many requests with these words have been made.
async fn asked(control: &Control, words: &[&str], count: usize) {
    let mut looks = tokio::time::interval(Duration::from_millis(10));
    let there = async {
        while requests(control, words).await < count {
            looks.tick().await;
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, there).await.is_ok();
    assert!(in_time, "not {count} times {words:?} in {:#?}", control.requests().await);
}

/// The streams are carried and their first pages are there, which a post of each shows that came live. Gives its id.
async fn settled(demo: &Demo, tail: &mut Running, streams: usize) -> String {
    carried(&demo.control, streams).await;
    asked(&demo.control, &["/api/v1/timelines/"], streams).await;
    let id = demo.control.post("wren", "settled #rust").await;
    for _ in 0..streams {
        assert_eq!(tail.line_of("update").await["id"], id.as_str());
    }
    id
}

/// The connection is lost, and not back before this happened.
async fn away<T>(demo: &Demo, happens: impl Future<Output = T>) -> T {
    demo.control.refuse_upgrades(vec![HttpRefusal::new(502), HttpRefusal::new(502)]).await;
    demo.control.cut().await;
    happens.await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_event_is_a_json_object_with_the_entity_as_it_was_sent() {
    let demo = demo().await;
    let mut tail = Running::start(&demo, &["federated", "#rust", "--json"]);
    carried(&demo.control, 2).await;
    assert_eq!(tail.line().await["state"], "connecting");
    let live = tail.line().await;
    assert_eq!((&live["event"], &live["state"], &live["reason"]), (&"connection".into(), &"live".into(), &Value::Null));

    let id = demo.control.post("wren", "a word about #rust").await;
    // One line for each stream that it came on, in whatever order the server chose.
    let (one, two) = (tail.line().await, tail.line().await);
    let mut streams = [one["stream"].clone(), two["stream"].clone()];
    streams.sort_by_key(ToString::to_string);
    assert_eq!(streams, [serde_json::json!(["hashtag", "rust"]), serde_json::json!(["public"])]);
    for line in [&one, &two] {
        assert_eq!((&line["event"], &line["source"], &line["id"]), (&"update".into(), &"live".into(), &Value::from(id.as_str())));
        assert_eq!(line["payload"]["id"], line["id"]);
        let at = line["at"].as_str().unwrap();
        assert!(at.len() == "2026-11-23T12:00:00.000Z".len() && at.ends_with('Z'), "{at}");
    }

    demo.control.push(&["public"], "odd.event", "{\"big\":12345678901234567890,\"one\":1.0,\"bidi\":\"\u{202e}\"}").await;
    let odd = tail.line().await;
    assert_eq!((&odd["event"], &odd["id"]), (&"odd.event".into(), &Value::Null));
    assert_eq!((odd["payload"]["big"].as_u64(), odd["payload"]["bidi"].as_str()), (Some(12_345_678_901_234_567_890), Some("\u{202e}")));
    demo.control.push(&["public"], "odd.event", "no json").await;
    assert_eq!(tail.line().await["payload"], "no json");

    demo.control.delete(&id).await;
    let gone = tail.line_of("delete").await;
    assert_eq!((&gone["id"], &gone["payload"]), (&Value::from(id.as_str()), &Value::Null));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_missed_is_printed_once_in_order_and_says_that_it_was() {
    let demo = demo().await;
    demo.control.post("wren", "backlog #rust").await;
    let mut tail = Running::start(&demo, &["federated", "#rust", "--json"]);
    let gone = settled(&demo, &mut tail, 2).await;
    let before = settled(&demo, &mut tail, 2).await;
    let post = async |words: &str| demo.control.post("wren", words).await;
    let missed = away(&demo, async {
        demo.control.edit(&before, "settled, and better #rust").await;
        demo.control.delete(&gone).await;
        [post("one #rust").await, post("two #rust").await, post("three #rust").await]
    })
    .await;
    carried(&demo.control, 2).await;
    let mut told: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let mut last = None;
    while told.len() < 2 || told.values().any(|lines| Some(lines.last().unwrap()["id"].as_str().unwrap()) != last.as_deref()) {
        let line = tail.line().await;
        if line["event"] != "connection" {
            told.entry(line["stream"].to_string()).or_default().push(line);
        }
        // What is gone is found last, when a later look at the newest page does not list it.
        if last.is_none() && told.len() == 2 && told.values().all(|lines| lines.last().unwrap()["event"] == "delete") {
            last = Some(post("last #rust").await);
        }
    }
    let last = last.unwrap();
    let [one, two, three] = missed.each_ref().map(String::as_str);
    let expected = [
        ("status.update", "refill", before.as_str()),
        ("update", "refill", one),
        ("update", "refill", two),
        ("update", "refill", three),
        ("delete", "refill", gone.as_str()),
    ];
    assert_eq!(told.keys().collect::<Vec<_>>(), ["[\"hashtag\",\"rust\"]", "[\"public\"]"]);
    drop(rustls::crypto::ring::default_provider().install_default());
    let page = reqwest::Client::new().get(format!("{}/api/v1/timelines/public?limit=40", &demo.url)).bearer_auth(TOKEN);
    let page: Vec<Value> = serde_json::from_str(&page.send().await.unwrap().text().await.unwrap()).unwrap();
    // The author counts what has been posted since.
    let but_author = |post: &Value| post.as_object().unwrap().clone().into_iter().filter(|(name, _)| name != "account").collect::<Vec<_>>();
    for (stream, lines) in &told {
        let words = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
        let seen: Vec<_> = lines.iter().map(|line| (words(line, "event"), words(line, "source"), words(line, "id"))).collect();
        let seen: Vec<_> = seen.iter().map(|(event, source, id)| (event.as_str(), source.as_str(), id.as_str())).collect();
        assert_eq!(seen[..5], expected, "{stream}");
        // A look at the newest page of this stream may still be under way when the last one is made, and bring it first.
        let last = ["live", "refill"].map(|source| ("update", source, last.as_str()));
        assert!(seen.len() == 6 && last.contains(&seen[5]), "{stream}: {seen:?}");
        assert_eq!(lines[4]["payload"], Value::Null);
        for line in lines.iter().filter(|line| line["event"] != "delete") {
            assert_eq!(line["payload"]["id"], line["id"]);
            let is_as_asked = page.iter().any(|post| but_author(post) == but_author(&line["payload"]));
            assert_eq!(is_as_asked, line["source"] == "refill", "as REST has it: {line}");
        }
        assert!(lines[0]["payload"]["edited_at"].is_string(), "{}", lines[0]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_cut_each_post_is_told_once_on_each_stream() {
    let demo = demo().await;
    demo.control.post("wren", "backlog #rust").await;
    let mut tail = Running::start(&demo, &["federated", "#rust", "--json"]);
    settled(&demo, &mut tail, 2).await;
    let mut posted = Vec::new();
    for cut in 0..5 {
        // Some of these are under way when the connection goes, or come while it is coming back.
        for post in 0..cut * 7 {
            if post == cut * 3 {
                demo.control.cut().await;
            }
            posted.push(demo.control.post("wren", &format!("post {post} of cut {cut} #rust")).await);
        }
        carried(&demo.control, 2).await;
    }
    posted.push(demo.control.post("wren", "the last #rust").await);
    let mut told: BTreeMap<String, Vec<String>> = BTreeMap::new();
    while told.values().map(Vec::len).sum::<usize>() < posted.len() * 2 {
        let line = tail.line().await;
        match line["event"].as_str().unwrap() {
            "update" => told.entry(line["stream"].to_string()).or_default().push(line["id"].as_str().unwrap().to_owned()),
            "connection" => {}
            _ => panic!("{line}"),
        }
    }
    posted.sort();
    for (stream, ids) in &mut told {
        ids.sort();
        assert_eq!(*ids, posted, "{stream}");
    }
    assert_eq!(told.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_asked_for_leaves_a_gap_line() {
    let demo = demo().await;
    let mut tail = Running::start(&demo, &["federated", "--json"]);
    let id = settled(&demo, &mut tail, 1).await;
    let refusal = HttpRefusal::new(403).header("Content-Type", "application/json").body("{\"error\":\"This is not allowed\"}");
    demo.control.refuse_rest("/api/v1/timelines/public", refusal, 1).await;
    away(&demo, demo.control.post("wren", "never seen")).await;
    let gap = tail.line_of("gap").await;
    assert_eq!((&gap["stream"], &gap["after"]), (&serde_json::json!(["public"]), &Value::from(id.as_str())));
    assert_eq!((&gap["reason"], &gap["lost"], &gap["before"]), (&"disconnected".into(), &Value::Null, &Value::Null));
    assert!(gap["since"].as_str().unwrap() < gap["until"].as_str().unwrap(), "{gap}");
    carried(&demo.control, 1).await;
    let next = demo.control.post("wren", "and on").await;
    assert_eq!(tail.line().await["id"], next.as_str(), "once, and nothing else");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_refill_brings_counts_and_matches() {
    let demo = demo().await;
    for arguments in [["--count", "3"], ["--until", "the needle"]] {
        let mut tail = Running::start(&demo, &[&["federated", "--json"][..], &arguments].concat());
        settled(&demo, &mut tail, 1).await;
        let id = away(&demo, async {
            demo.control.post("wren", "missed").await;
            demo.control.post("wren", "missed, with the needle").await
        })
        .await;
        while tail.line_of("update").await["id"] != id.as_str() {}
        let status = tokio::time::timeout(PATIENCE, tail.child.wait()).await.expect("it does not end").unwrap();
        assert_eq!(status.code(), Some(0), "{arguments:?}");
        demo.control.cut().await;
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_of_the_process_costs_a_reconnect_and_no_post() {
    let demo = demo().await;
    demo.control.post("wren", "backlog").await;
    let mut tail = Running::start(&demo, &["federated", "--json"]);
    settled(&demo, &mut tail, 1).await;
    // By then the socket is older than the pause, which would have killed it.
    asked(&demo.control, &["/api/v1/timelines/public"], 2).await;
    let pid = tail.child.id().unwrap().to_string();
    let kill = async |name: &str| assert!(Command::new("kill").args([name, &pid]).status().await.unwrap().success());
    kill("-STOP").await;
    let missed = demo.control.post("wren", "while it was stopped").await;
    kill("-CONT").await;
    asked(&demo.control, &["/api/v1/streaming"], 2).await;
    carried(&demo.control, 1).await;
    let last = demo.control.post("wren", "afterwards").await;
    let (mut told, mut states) = (Vec::new(), Vec::new());
    while !(told.contains(&missed) && told.contains(&last)) {
        let line = tail.line().await;
        match line["event"].as_str().unwrap() {
            "connection" => states.push(line["state"].as_str().unwrap().to_owned()),
            "update" => told.push(line["id"].as_str().unwrap().to_owned()),
            _ => panic!("{line}"),
        }
    }
    // What was in the socket may have come live or with the refill, and that after what came live.
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!((states.first().map(String::as_str), states.last().map(String::as_str)), (Some("reconnecting"), Some("live")), "{states:?}");
    assert_eq!(requests(&demo.control, &["/api/v1/streaming"]).await, 2, "one pause, one reconnect");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_ends_on_a_match_or_a_count_and_tells_figures() {
    let demo = demo().await;
    let mut tail = trunkline(Some(&demo.url), Some("token"));
    let child = tail.args(["tail", "federated", "--quiet", "--stats", "--until", "(?i)THE\\s+needle"]).spawn().unwrap();
    carried(&demo.control, 1).await;
    demo.control.post("wren", "nothing here").await;
    demo.control.post("wren", "the `needle` is here").await;
    let (code, out, aside) = end(child).await;
    assert_eq!((code, out.as_str()), (0, ""), "{aside}");
    let figures: Value = serde_json::from_str(aside.lines().last().unwrap()).unwrap();
    assert_eq!((&figures["events"], &figures["duplicates"]), (&2.into(), &0.into()));
    for name in ["bytes", "user_s", "sys_s", "wall_s", "peak_rss_kb", "rss_kb"] {
        assert!(figures[name].is_number() || !cfg!(target_os = "linux"), "{name} in {figures}");
    }

    let (code, out, aside) = run(&mut trunkline(None, None), &["--demo", "tail", "federated", "local", "--count", "2"]).await;
    assert_eq!((code, out.lines().count(), aside.as_str()), (0, 2, ""), "{out}");
    assert!(out.lines().all(|line| line.contains(" update ")), "{out}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_is_found_by_its_title_and_a_wrong_one_names_those_there_are() {
    let demo = demo().await;
    demo.control.befriend("wren", true, &["Slow mail"]).await;
    let mut tail = Running::start(&demo, &["list:slow MAIL", "--json", "--count", "1"]);
    carried(&demo.control, 1).await;
    demo.control.post("wren", "to the list").await;
    assert_eq!(tail.line_of("update").await["stream"][0], "list");
    let (code, _, aside) = run(&mut trunkline(Some(&demo.url), Some("token")), &["tail", "list:Nobody"]).await;
    assert_eq!(code, 2);
    assert!(aside.contains("Nobody") && aside.contains("Slow mail"), "{aside}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signals_and_a_closed_pipe_end_it_cleanly() {
    let demo = demo().await;
    for name in ["-TERM", "-INT"] {
        let mut tail = Running::start(&demo, &["federated", "--json"]);
        assert_eq!(tail.line_of("connection").await["state"], "connecting");
        let pid = tail.child.id().unwrap().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().await.unwrap().success());
        let status = tokio::time::timeout(PATIENCE, tail.child.wait()).await.expect("it does not end").unwrap();
        assert_eq!(status.code(), Some(0), "{name}");
    }
    let mut tail = Running::start(&demo, &["federated", "--json"]);
    tail.line().await;
    // Nothing will be written to notice it by.
    drop(tail.lines);
    let status = tokio::time::timeout(PATIENCE, tail.child.wait()).await.expect("it does not notice").unwrap();
    assert_eq!(status.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_usage_exits_with_2_and_says_what_to_do() {
    let with = |server, token| trunkline(server, token);
    for (mut command, arguments, wanted) in [
        (with(None, None), &["tail", "home"][..], "TRUNKLINE_TOKEN=..."),
        (with(None, None), &[], "trunkline --demo"),
        (with(None, None), &["--server", "social.example", "tail", "home"], "TRUNKLINE_TOKEN is not set"),
        (with(None, Some("  ")), &["--server", "social.example", "-s", "home"], "TRUNKLINE_TOKEN is not set"),
        (with(Some("http://social.example"), Some("t")), &["tail", "home"], "https://"),
        (with(Some("not a server"), Some("t")), &["tail", "home"], "not a server"),
        (with(None, None), &["tail", "--demo", "home", "hom"], "unknown stream `hom`"),
        (with(None, None), &["tail", "--demo"], "SPEC"),
        (with(None, None), &["--demo", "tail", "home", "--until", "("], "--until"),
        (with(None, None), &["login", "http://social.example"], "without encryption"),
        (with(None, None), &["--account", "me@social.example", "tail", "home"], "trunkline login"),
        (with(None, None), &["--frobnicate"], "--frobnicate"),
    ] {
        let (code, out, aside) = run(&mut command, arguments).await;
        assert_eq!((code, out.as_str()), (2, ""), "{arguments:?}: {aside}");
        assert!(aside.contains(wanted), "{arguments:?}: {aside}");
    }
    let (code, out, _) = run(&mut with(None, None), &["--version"]).await;
    assert!(code == 0 && out.starts_with(concat!("trunkline ", env!("CARGO_PKG_VERSION"))) && out.lines().count() == 1, "{out}");
    let (code, out, _) = run(&mut with(None, None), &["--help"]).await;
    assert!(code == 0 && out.contains("trunkline --demo") && out.contains("TRUNKLINE_TOKEN"), "{out}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rejected_token_and_refused_streams_exit_with_1_and_the_servers_words() {
    let demo = demo().await;
    demo.control.refuse("public:local", None, "Not for you", 401).await;
    let (code, _, aside) = run(&mut trunkline(Some(&demo.url), Some("secret-token")), &["tail", "local"]).await;
    assert_eq!(code, 1, "{aside}");
    assert!(aside.contains("every stream was refused") && aside.contains("Not for you"), "{aside}");

    let upgrade = HttpRefusal::new(401).header("X-Error-Message", "Invalid access token");
    demo.control.refuse_upgrades(vec![upgrade.clone(), upgrade]).await;
    let body = "{\"error\":\"The access token is invalid\"}";
    demo.control.refuse_rest("/api/v1/", HttpRefusal::new(401).header("Content-Type", "application/json").body(body), 1000).await;
    let (code, out, aside) = run(&mut trunkline(Some(&demo.url), Some("secret-token")), &["tail", "home", "--json"]).await;
    assert_eq!(code, 1, "{aside}");
    assert!(out.contains("\"state\":\"signed_out\"") && aside.contains("signed out"), "{out}{aside}");
    assert!(!out.contains("secret-token") && !aside.contains("secret-token"), "the token is shown");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_not_there_or_not_mastodon_is_named() {
    // A port that nobody listens on any more.
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let mut child = trunkline(Some(&format!("http://127.0.0.1:{port}")), Some("t")).args(["tail", "local"]).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let line = tokio::time::timeout(PATIENCE, lines.next_line()).await.expect("nothing is said").unwrap().unwrap();
    assert!(line.contains("127.0.0.1") && line.contains("next try in"), "{line}");
    drop(child);

    for (answer, wanted) in [("200 OK", "a login page"), ("404 Not Found", "does not answer as a Mastodon server")] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let page = "<p>My home page.</p>";
                let head = format!("HTTP/1.1 {answer}\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close", page.len());
                let mut request = [0; 4096];
                drop(socket.read(&mut request).await);
                drop(socket.write_all(format!("{head}\r\n\r\n{page}").as_bytes()).await);
            }
        });
        let mut child = trunkline(Some(&format!("http://{address}")), Some("t")).args(["tail", "local"]).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let line = tokio::time::timeout(PATIENCE, lines.next_line()).await.expect("nothing is said").unwrap().unwrap();
        assert!(line.contains(wanted) && line.contains("127.0.0.1") && !line.contains("home page"), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_server_tells_its_address_first_and_wants_a_token() {
    let mut child = trunkline(None, None).args(["demo-server", "--port", "0"]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let url = tokio::time::timeout(PATIENCE, lines.next_line()).await.expect("no address").unwrap().unwrap();
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    let (code, out, aside) = run(&mut trunkline(Some(&url), Some("any")), &["tail", "federated", "--count", "1"]).await;
    assert_eq!((code, out.lines().count()), (0, 1), "{aside}");
    let port = url.rsplit(':').next().unwrap();
    let (code, _, aside) = run(&mut trunkline(None, None), &["demo-server", "--port", port]).await;
    assert!(code == 1 && aside.contains(port), "{aside}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_is_a_failure_and_says_so() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_trunkline"));
    command.args(["--demo", "tail", "federated", "--count", "1"]).stdout(full).stderr(Stdio::piped()).kill_on_drop(true);
    let running = command.spawn().unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(60), running.wait_with_output()).await.expect("it did not end").unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(said.contains("standard output cannot be written"), "{said}");
}
