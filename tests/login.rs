//! The real binary signs in and out at the demo server; the test plays the browser.
#![cfg(test)]
#![cfg(unix)]

use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStdin, Command};
use tokio_util::sync::{CancellationToken, DropGuard};
use trunkline::demo::{Control, HttpRefusal, Manner, Options, Server, Story};
use url::Url;

const PATIENCE: Duration = Duration::from_secs(30);
const BINARY: &str = env!("CARGO_BIN_EXE_trunkline");

/// A server of its own for each test.
struct Demo {
    control: Control,
    url: String,
    stop: CancellationToken,
    server: Server,
    _stops: DropGuard,
}

async fn demo() -> Demo {
    let stop = CancellationToken::new();
    let stops = stop.clone().drop_guard();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Server::start(listener, Options { story: Story::Empty, ..Options::default() }, stop.clone()).await.unwrap();
    Demo { control: server.control(), url: server.url().to_owned(), stop, server, _stops: stops }
}

/// A home folder of its own, with a browser that only notes what it was to open.
struct Home(PathBuf);

impl Home {
    fn new(name: &str) -> Self {
        Self::with(name, "credentials = \"file\"\n")
    }

    fn with(name: &str, config: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("login-{name}-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&folder));
        for inner in ["bin", "config/trunkline", "run"] {
            std::fs::create_dir_all(folder.join(inner)).unwrap();
        }
        std::fs::write(folder.join("config/trunkline/config.toml"), config).unwrap();
        let opener = folder.join("bin/xdg-open");
        let script =
            format!("#!/bin/sh\ncd '{}'\nenv > environment\nprintf '%s' \"$1\" > opening && mv opening opened\n", folder.display());
        std::fs::write(&opener, script).unwrap();
        std::fs::set_permissions(&opener, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self(folder)
    }

    fn path(&self, inner: &str) -> PathBuf {
        self.0.join(inner)
    }

    /// Everything that the program finds in its environment. No session bus: a keyring of this machine is never asked.
    fn environment(&self) -> Vec<(&'static str, String)> {
        let at = |inner: &str| self.path(inner).display().to_string();
        vec![
            ("HOME", at("")),
            ("XDG_CONFIG_HOME", at("config")),
            ("XDG_DATA_HOME", at("data")),
            ("XDG_STATE_HOME", at("state")),
            ("XDG_CACHE_HOME", at("cache")),
            ("XDG_RUNTIME_DIR", at("run")),
            ("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", at("run/no-bus"))),
            ("PATH", format!("{}:/usr/bin:/bin", at("bin"))),
            ("LANG", "C.UTF-8".to_owned()),
            ("TZ", "UTC".to_owned()),
            ("TRUNKLINE_LOG", "trace".to_owned()),
        ]
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        command.env_clear().envs(self.environment()).args(arguments).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs it to its end: the exit code, what it said, what it complained of.
    async fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        end(self.command(arguments).spawn().unwrap()).await
    }

    /// Starts a sign-in that can be typed into.
    fn login(&self, server: &str, more: &[&str]) -> Login {
        // Of a sign-in before this one, if there was one.
        drop(std::fs::remove_file(self.path("opened")));
        let mut command = self.command(&[&["login", server], more].concat());
        Login::start(command.stdin(Stdio::piped()))
    }

    /// What the browser was to open.
    async fn opened(&self) -> Url {
        let path = self.path("opened");
        let text = until("a browser", || std::fs::read_to_string(&path).ok()).await;
        std::fs::remove_file(path).unwrap();
        Url::parse(&text).unwrap()
    }

    fn data(&self, name: &str) -> String {
        std::fs::read_to_string(self.path("data/trunkline").join(name)).unwrap_or_default()
    }

    /// Every file that is there, but those in which secrets have their place.
    fn everything_else(&self) -> String {
        let mut all = String::new();
        let mut todo = vec![self.0.clone()];
        while let Some(folder) = todo.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    todo.push(path);
                } else if path.file_name().is_some_and(|name| name != "secrets.json") {
                    all.push_str(&String::from_utf8_lossy(&std::fs::read(&path).unwrap()));
                }
            }
        }
        all
    }

    fn mode(&self, inner: &str) -> u32 {
        std::fs::symlink_metadata(self.path(inner)).unwrap().permissions().mode() & 0o777
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// A sign-in under way.
struct Login {
    child: Child,
    input: Option<ChildStdin>,
    lines: tokio::io::Lines<BufReader<tokio::process::ChildStdout>>,
    said: String,
}

impl Login {
    fn start(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let input = child.stdin.take();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, input, lines, said: String::new() }
    }

    /// Reads on until a line is as wished, and gives that line.
    async fn line(&mut self, wished: impl Fn(&str) -> bool) -> String {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.lines.next_line()).await;
            let Ok(Ok(Some(line))) = next else { panic!("not said ({next:?}): {}", self.said) };
            self.said.push_str(&line);
            self.said.push('\n');
            if wished(&line) {
                return line;
            }
        }
    }

    /// The address that it shows.
    async fn address(&mut self) -> Url {
        let line = self.line(|line| line.contains("/oauth/authorize?")).await;
        Url::parse(line.trim()).unwrap()
    }

    async fn say(&mut self, words: &str) {
        self.input.as_mut().unwrap().write_all(words.as_bytes()).await.unwrap();
    }

    /// Closes its input and waits for its end.
    async fn end(mut self) -> (i32, String, String) {
        drop(self.input.take());
        self.wait().await
    }

    /// Waits for its end with its input open.
    async fn wait(mut self) -> (i32, String, String) {
        let rest = async {
            while let Ok(Some(line)) = self.lines.next_line().await {
                self.said.push_str(&line);
                self.said.push('\n');
            }
        };
        assert!(tokio::time::timeout(PATIENCE, rest).await.is_ok(), "it goes on");
        let _input = self.input.take();
        let (code, _, errors) = end(self.child).await;
        (code, self.said, errors)
    }
}

async fn end(child: Child) -> (i32, String, String) {
    let Output { status, stdout, stderr } = tokio::time::timeout(PATIENCE, child.wait_with_output()).await.expect("it goes on").unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap_or(-1), text(stdout), text(stderr))
}

#[expect(clippy::disallowed_methods, reason = "waiting for another process has a deadline")]
fn now() -> Instant {
    Instant::now()
}

/// Waits for something of another process.
async fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = now() + PATIENCE;
    let mut often = tokio::time::interval(Duration::from_millis(10));
    loop {
        if let Some(found) = ask() {
            return found;
        }
        assert!(now() < deadline, "no {what}");
        often.tick().await;
    }
}

fn browser() -> reqwest::Client {
    drop(rustls::crypto::ring::default_provider().install_default());
    let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().tls_certs_only([]);
    builder.build().unwrap()
}

/// Presses a button on the server's page; where the browser is sent then.
async fn press(address: &Url, decision: &str) -> Url {
    let page = browser().get(address.clone()).send().await.unwrap();
    assert_eq!(page.status().as_u16(), 200, "{page:?}");
    let body = page.text().await.unwrap();
    assert!(body.contains("Trunkline") && body.contains("<form"), "{body}");
    let answer = browser().post(address.clone()).form(&[("decision", decision)]).send().await.unwrap();
    let target = answer.headers().get("location").unwrap_or_else(|| panic!("{answer:?}")).to_str().unwrap().to_owned();
    address.join(&target).unwrap()
}

fn word(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

/// Says yes to the address that was shown, and gives the code.
async fn code(address: &Url) -> String {
    word(&press(address, "allow").await, "code").unwrap()
}

async fn visit(url: Url) -> (u16, String) {
    let answer = browser().get(url).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// Signs in with a pasted code.
async fn signed_in(home: &Home, server: &str, more: &[&str]) {
    let mut login = home.login(server, more);
    let code = code(&login.address().await).await;
    login.say(&format!("{code}\n")).await;
    let (status, said, errors) = login.wait().await;
    assert_eq!((status, errors.as_str()), (0, ""), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pasted_code_signs_in_and_everything_works_with_the_account_until_it_is_signed_out() {
    let (demo, home) = (demo().await, Home::new("pasted"));
    let mut login = home.login(&format!("{}/web/home?x=y", demo.url.to_uppercase().replace("HTTP", "Http")), &[]);
    let address = login.address().await;
    assert_eq!(word(&address, "redirect_uri").as_deref(), Some("urn:ietf:wg:oauth:2.0:oob"));
    assert_eq!(word(&address, "code_challenge_method").as_deref(), Some("S256"));
    let asked = "read write:statuses write:favourites write:bookmarks write:follows write:mutes write:blocks";
    assert_eq!(word(&address, "scope").as_deref(), Some(asked));
    for scope in asked.split(' ') {
        assert!(login.said.contains(scope), "{scope} was not named before: {}", login.said);
    }
    let code = code(&address).await;
    login.say(&format!("\n  {code} \r\n")).await;
    let (status, said, errors) = login.wait().await;
    assert_eq!((status, errors.as_str()), (0, ""), "{said}");
    assert!(said.contains("Signed in as you@trunk.example.") && said.contains("only you can read"), "{said}");

    let tokens = demo.control.tokens().await;
    assert_eq!(tokens.len(), 1);
    let (token, scopes) = &tokens[0];
    assert_eq!(scopes, asked);
    assert!(home.data("secrets.json").contains(token));
    assert_eq!(
        ["data/trunkline", "data/trunkline/accounts.json", "data/trunkline/secrets.json"].map(|path| home.mode(path)),
        [0o700, 0o600, 0o600]
    );

    let (status, listed, _) = home.run(&["accounts"]).await;
    assert_eq!(status, 0);
    assert!(listed.starts_with("* you@trunk.example  since 20") && listed.contains(asked), "{listed}");
    for arguments in [&["doctor"][..], &["--account", "@YOU", "doctor"]] {
        let (status, told, errors) = home.run(arguments).await;
        assert!(status == 0 && told.contains("write:statuses"), "{told}{errors}");
    }
    let (status, _, errors) = home.run(&["--account", "nobody@a.example", "tail", "home"]).await;
    assert!(status == 2 && errors.contains("there is you@trunk.example"), "{errors}");

    // The address in the opener's arguments, the log and everything else is without secrets.
    let client_secret = home.data("secrets.json").split('"').find(|word| word.starts_with("demo-client-secret")).unwrap().to_owned();
    let everything = [home.everything_else(), said, listed].concat();
    assert!(everything.contains("trunkline"));
    for secret in [token, &client_secret, &code] {
        assert!(!everything.contains(secret.as_str()), "a secret is where it should not be");
    }

    let (status, said, errors) = home.run(&["logout"]).await;
    assert_eq!((status, errors.as_str()), (0, ""));
    assert!(said.contains("its token is revoked"), "{said}");
    assert_eq!(demo.control.tokens().await, []);
    assert!(!home.data("secrets.json").contains(token) && !home.data("accounts.json").contains("you@"));
    let (status, _, errors) = home.run(&["logout"]).await;
    assert!(status == 2 && errors.contains("no account is saved"), "{errors}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_browser_brings_the_code_and_nothing_else_on_that_port_does_anything() {
    let (demo, home) = (demo().await, Home::new("browser"));
    for round in 1..=2 {
        let mut command = home.command(&["login", &demo.url, "--read-only"]);
        command.env("TRUNKLINE_TOKEN", "another-secret-of-the-reader");
        let login = Login::start(&mut command);
        let address = home.opened().await;
        assert_eq!(word(&address, "scope").as_deref(), Some("read"));
        let redirect = Url::parse(&word(&address, "redirect_uri").unwrap()).unwrap();
        assert_eq!((redirect.host_str(), redirect.path()), (Some("127.0.0.1"), "/callback"));
        // Something holds the port without a word, something guesses.
        let _silent = tokio::net::TcpStream::connect(redirect.socket_addrs(|| None).unwrap()[0]).await.unwrap();
        for other in ["/favicon.ico", "/callback?code=forged&state=guessed", "/callback?code=forged"] {
            assert_eq!(visit(redirect.join(other).unwrap()).await.0, 404, "{other}");
        }
        let target = press(&address, "allow").await;
        assert_eq!(word(&target, "state"), word(&address, "state"));
        let (status, page) = visit(target).await;
        assert!(status == 200 && page.contains("close this page"), "{page}");
        let (status, said, errors) = login.wait().await;
        assert_eq!((status, errors.as_str()), (0, ""), "{said}");
        assert!(said.contains("Signed in as you@trunk.example"), "{said}");
        // The registration of the first time serves the second, and the first token is not left behind.
        assert_eq!((demo.control.registrations().await, demo.control.tokens().await.len()), (1, 1), "round {round}");
        let environment = std::fs::read_to_string(home.path("environment")).unwrap();
        assert!(environment.contains("HOME=") && !environment.contains("another-secret"), "{environment}");
    }
    demo.control.forget_registrations().await;
    let login = home.login(&demo.url, &["--read-only"]);
    let target = press(&home.opened().await, "allow").await;
    assert_eq!(visit(target).await.0, 200);
    assert_eq!(login.wait().await.0, 0, "a registration that the server has cleared away is made anew");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_refusal_has_its_own_words_and_saves_nothing() {
    let (demo, home) = (demo().await, Home::new("refused"));
    let saved = || home.data("accounts.json").contains("you@");

    let login = home.login(&demo.url, &[]);
    let target = press(&home.opened().await, "deny").await;
    let (_, page) = visit(target).await;
    assert!(page.contains("Access was denied"), "{page}");
    let (status, _, errors) = login.wait().await;
    assert!(status == 1 && errors.contains("access was denied on 127.0.0.1") && !saved(), "{errors}");

    demo.control.set_manners(&[Manner::Denies]).await;
    let mut login = home.login(&demo.url, &[]);
    let target = press(&login.address().await, "allow").await;
    login.say(&format!("{target}\n")).await;
    let (status, _, errors) = login.wait().await;
    assert!(status == 1 && errors.contains("access was denied") && !saved(), "{errors}");

    demo.control.set_manners(&[]).await;
    let mut login = home.login(&demo.url, &[]);
    login.address().await;
    login.say("what is this\nnot-a-code\n").await;
    let (status, said, errors) = login.end().await;
    assert!(status == 1 && errors.contains("does not take this code") && !saved(), "{errors}");
    assert!(said.contains("That is no code"), "{said}");

    // At a terminal a mistyped code costs nothing, and so does an address of another sign-in.
    let mut login = home.login(&demo.url, &[]);
    let address = login.address().await;
    login.say("not-a-code\n").await;
    login.line(|line| line.contains("does not take this code")).await;
    login.say("http://127.0.0.1:1/callback?code=forged&state=guessed\n").await;
    login.line(|line| line.contains("belongs to another sign-in")).await;
    login.say(&format!("{}\n", code(&address).await)).await;
    assert_eq!(login.wait().await.0, 0);
    assert_eq!(home.run(&["logout"]).await.0, 0);

    demo.control.set_manners(&[Manner::CodesExpire]).await;
    let login = home.login(&demo.url, &[]);
    visit(press(&home.opened().await, "allow").await).await;
    let (status, _, errors) = login.wait().await;
    assert!(status == 1 && errors.contains("the code has expired") && !saved(), "{errors}");

    let other = Home::new("closed");
    demo.control.set_manners(&[Manner::Closed]).await;
    let (status, _, errors) = other.run(&["login", &demo.url]).await;
    assert!(status == 1 && errors.contains("registers no new programs (This action is not allowed)"), "{errors}");
    demo.control.set_manners(&[]).await;
    for (path, refusal, words) in [
        (
            "/api/v1/apps",
            HttpRefusal::new(429).body("{\"error\":\"Too many requests\"}"),
            "wants no more sign-ins for now: try again in 5 min",
        ),
        ("/api/v1/apps", HttpRefusal::new(503).body("<h1>nginx</h1>"), "has trouble (it answered 503)"),
        ("/api/v2/instance", HttpRefusal::new(500), "has trouble (it answered 500)"),
    ] {
        demo.control.refuse_rest(path, refusal, 1).await;
        let (status, _, errors) = other.run(&["login", &demo.url]).await;
        assert!(status == 1 && errors.contains(words) && errors.trim_end().lines().count() == 1, "{words}: {errors}");
    }
    demo.control.refuse_rest("/", HttpRefusal::new(404).header("content-type", "text/html").body("<h1>a blog</h1>"), 5).await;
    let (status, _, errors) = other.run(&["login", &demo.url]).await;
    assert!(status == 1 && errors.contains("does not answer as a Mastodon server"), "{errors}");

    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let (status, _, errors) = other.run(&["login", &nobody]).await;
    assert!(status == 1 && errors.contains("cannot be reached") && errors.contains("check the name"), "{errors}");
    let (status, _, errors) = other.run(&["login", &demo.url.replace("http://", "https://")]).await;
    assert!(status == 1 && errors.contains("the secure connection to 127.0.0.1") && errors.contains("nothing was sent"), "{errors}");
    for (typed, words) in [
        ("http://mastodon.example", "without encryption"),
        ("@me", "on which server"),
        ("https://me:hunter2@mastodon.example", "must not contain a password"),
        ("", "no server given"),
    ] {
        let (status, _, errors) = other.run(&["login", typed]).await;
        assert!(status == 2 && errors.contains(words) && !errors.contains("hunter2"), "{typed}: {errors}");
    }
    assert_eq!(other.data("secrets.json"), "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_do_it_otherwise_are_signed_in_to_as_well() {
    let demo = demo().await;
    for (name, manners) in [("silent", &[Manner::TellsNothing][..]), ("gotosocial", &[Manner::GoToSocial])] {
        let home = Home::new(name);
        demo.control.set_manners(manners).await;
        let mut login = home.login(&demo.url, &[]);
        let address = login.address().await;
        assert_eq!(word(&address, "code_challenge"), None, "{name}");
        login.say("not-a-code\n").await;
        login.line(|line| line.contains("does not take this code")).await;
        visit(press(&home.opened().await, "allow").await).await;
        let (status, said, errors) = login.wait().await;
        assert_eq!((status, errors.as_str()), (0, ""), "{name}: {said}");
        // And once more, with the port of the registration.
        let login = home.login(&demo.url, &[]);
        visit(press(&home.opened().await, "allow").await).await;
        assert_eq!(login.wait().await.0, 0, "{name}");
        assert_eq!(home.run(&["logout"]).await.0, 0, "{name}");
    }
    // The browser ends at a port where nobody listens; its address has the code all the same.
    let home = Home::new("moved");
    demo.control.set_manners(&[Manner::MovesPort]).await;
    let mut login = home.login(&demo.url, &[]);
    let target = press(&home.opened().await, "allow").await;
    login.say(&format!("{target}\n")).await;
    let (status, said, errors) = login.wait().await;
    assert_eq!((status, errors.as_str()), (0, ""), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_browser_a_code_is_pasted_and_without_hands_it_is_said() {
    let (demo, home) = (demo().await, Home::new("remote"));
    let mut command = home.command(&["login", &demo.url]);
    let mut login = Login::start(command.env("SSH_CONNECTION", "10.0.0.1 1 10.0.0.2 22").stdin(Stdio::piped()));
    let address = login.address().await;
    assert!(login.said.contains("No browser is opened here (you are here over SSH)"), "{}", login.said);
    assert!(!home.path("opened").exists());
    login.say(&code(&address).await).await;
    // A last line without an end is one too.
    let (status, said, errors) = login.end().await;
    assert_eq!((status, errors.as_str()), (0, ""), "{said}");

    let other = Home::new("nobody");
    let (status, _, errors) = end(other.command(&["login", &demo.url]).env("SSH_TTY", "/dev/pts/0").spawn().unwrap()).await;
    assert!(status == 1 && errors.contains("no browser could be opened here"), "{errors}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_works_without_the_server_and_says_so() {
    let (demo, home) = (demo().await, Home::new("gone"));
    signed_in(&home, &demo.url, &[]).await;
    let token = demo.control.tokens().await[0].0.clone();
    demo.stop.cancel();
    demo.server.stopped().await;
    let (status, said, errors) = home.run(&["logout", "you@trunk.example"]).await;
    assert_eq!((status, errors.as_str()), (0, ""));
    assert!(said.contains("Signed out of you@trunk.example on this machine, but the server could not revoke the token"), "{said}");
    assert!(said.contains("cannot be reached"), "{said}");
    assert!(!home.data("secrets.json").contains(&token) && !home.data("accounts.json").contains("you@"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_accounts_have_a_default_and_no_server_takes_the_place_of_another() {
    let (one, other, home) = (demo().await, demo().await, Home::new("several"));
    signed_in(&home, &one.url, &[]).await;
    // It calls itself as the first one does.
    signed_in(&home, &other.url, &["--read-only"]).await;
    let second = format!("you@{}", other.url.trim_start_matches("http://"));
    assert_eq!((one.control.tokens().await.len(), other.control.tokens().await.len()), (1, 1));
    let (_, listed, _) = home.run(&["accounts"]).await;
    assert!(listed.contains("* you@trunk.example ") && listed.contains(&format!("  {second} ")), "{listed}");
    let (status, said, _) = home.run(&["accounts", "default", &second]).await;
    assert!(status == 0 && said.contains("is the default account now"), "{said}");
    let (_, listed, _) = home.run(&["accounts"]).await;
    assert!(listed.contains(&format!("* {second} ")), "{listed}");
    let (status, _, errors) = home.run(&["accounts", "default", "you"]).await;
    assert!(status == 2 && errors.contains("write it out"), "{errors}");
    assert_eq!(home.run(&["logout"]).await.0, 0);
    assert_eq!((one.control.tokens().await.len(), other.control.tokens().await.len()), (1, 0), "the default one was meant");
}

/// Only where the keyring is asked for over the session bus, which these tests have taken away.
#[cfg(all(target_os = "linux", feature = "keyring"))]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_no_keyring_answers_the_file_takes_its_place_or_the_sign_in_ends() {
    let (demo, home) = (demo().await, Home::with("fallback", ""));
    let mut login = home.login(&demo.url, &[]);
    let code = code(&login.address().await).await;
    login.say(&format!("{code}\n")).await;
    let (status, said, errors) = login.wait().await;
    assert_eq!((status, errors.as_str()), (0, ""), "{said}");
    assert_eq!(said.matches("No keyring answers here: secrets go into ").count(), 1, "{said}");
    assert!(home.data("secrets.json").contains(&demo.control.tokens().await[0].0));
    assert_eq!(home.mode("data/trunkline/secrets.json"), 0o600);

    let strict = Home::with("strict", "credentials = \"keyring\"\n");
    let (status, _, errors) = strict.run(&["login", &demo.url]).await;
    assert!(status == 1 && errors.contains("the keyring: ") && errors.contains("credentials = \"file\""), "{errors}");
    assert_eq!((strict.data("secrets.json"), strict.data("accounts.json")), (String::new(), String::new()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_gives_the_token_for_a_server_that_is_named() {
    let (demo, secret) = (demo().await, "secret-from-a-command");
    let home = Home::with("command", &format!("token_command = \"echo {secret}-of-$TRUNKLINE_SERVER; echo user: me\"\n"));
    let (status, told, errors) = home.run(&["--server", &demo.url, "doctor"]).await;
    assert_eq!(status, 0, "{told}{errors}");
    let log = std::fs::read_to_string(home.path("state/trunkline/trunkline.log")).unwrap();
    assert!(![told, errors, log].concat().contains(secret));
    let failing = Home::with("failing", "token_command = \"exit 7\"\n");
    let (status, _, errors) = failing.run(&["--server", &demo.url, "tail", "home"]).await;
    assert!(status == 1 && errors.contains("token_command failed (exit status: 7)"), "{errors}");
}

/// A terminal in which the program runs.
struct Terminal {
    keys: Box<dyn std::io::Write + Send>,
    output: Receiver<Vec<u8>>,
    parser: vt100::Parser,
    raw: String,
    ended: Receiver<u32>,
    _master: Box<dyn MasterPty + Send>,
}

impl Terminal {
    fn run(home: &Home, arguments: &[&str]) -> Self {
        let pair = native_pty_system().openpty(PtySize { rows: 36, cols: 120, ..PtySize::default() }).unwrap();
        let mut command = CommandBuilder::new(BINARY);
        command.args(arguments);
        command.env_clear();
        for (name, value) in home.environment() {
            command.env(name, value);
        }
        command.env("TERM", "xterm-256color");
        let mut child = pair.slave.spawn_command(command).unwrap();
        let (code, ended) = channel();
        std::thread::spawn(move || code.send(child.wait().unwrap().exit_code()));
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (bytes, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if bytes.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let parser = vt100::Parser::new(36.try_into().unwrap(), 120.try_into().unwrap(), 0);
        let keys = pair.master.take_writer().unwrap();
        Self { keys, output, parser, raw: String::new(), ended, _master: pair.master }
    }

    fn wait(&mut self, what: &str, wished: impl Fn(&Self) -> bool) {
        let deadline = now() + PATIENCE;
        while !wished(self) {
            match self.output.recv_timeout(deadline.saturating_duration_since(now())) {
                Ok(bytes) => {
                    self.raw.push_str(&String::from_utf8_lossy(&bytes));
                    self.parser.process(&bytes);
                }
                Err(error) => panic!("{what}: {error}; the screen:\n{}", self.parser.screen().contents()),
            }
        }
    }

    fn wait_for(&mut self, words: &str) {
        self.wait(words, |terminal| terminal.parser.screen().contents().contains(words));
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Waits for its end and takes the rest of what it wrote; gives the exit code.
    fn code(&mut self) -> u32 {
        let code = self.ended.recv_timeout(PATIENCE).expect("it does not end");
        while let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(200)) {
            self.raw.push_str(&String::from_utf8_lossy(&bytes));
        }
        code
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newcomer_signs_in_at_the_first_start_and_is_at_home_at_the_next() {
    let (demo, home) = (demo().await, Home::new("first"));
    demo.control.post("ada", "a post to be seen at once").await;
    let mut terminal = Terminal::run(&home, &[]);
    terminal.wait_for("Your choice:");
    terminal.press("what?\n");
    terminal.wait("asked again", |terminal| terminal.raw.matches("Your choice:").count() == 2);
    // A sign-in that fails leads back.
    terminal.press("s\n");
    terminal.wait_for("Your server");
    terminal.press("http://mastodon.example\n");
    terminal
        .wait("asked again", |terminal| terminal.raw.contains("without encryption") && terminal.raw.matches("Your choice:").count() == 3);
    terminal.press(&format!("s\n{}\n", demo.url));
    terminal.wait("an address", |terminal| terminal.raw.contains("and paste the code"));
    let address = terminal.raw.split_whitespace().find(|word| word.contains("/oauth/authorize?")).unwrap().to_owned();
    let code = code(&Url::parse(&address).unwrap()).await;
    terminal.press(&format!("{code}\n"));
    terminal.wait("the screen", |terminal| terminal.parser.screen().alternate_screen());
    terminal.wait_for("a post to be seen at once");
    // Keys reach the screen: nothing reads beside it any more.
    terminal.press("2");
    terminal.press("i");
    terminal.wait_for("Stream health");
    // The next start opens at the tab that this one ends at.
    terminal.press("i1q");
    assert_eq!(terminal.code(), 0);

    let mut again = Terminal::run(&home, &[]);
    again.wait_for("a post to be seen at once");
    again.press("q");
    assert_eq!(again.code(), 0);
    assert!(!again.raw.contains("Your choice"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_reader_goes_on_with_another_account_without_leaving() {
    let (one, other, home) = (demo().await, demo().await, Home::new("switch"));
    signed_in(&home, &one.url, &[]).await;
    signed_in(&home, &other.url, &[]).await;
    one.control.post("ada", "a post on the first server").await;
    other.control.post("ada", "a post on the other server").await;
    let mut terminal = Terminal::run(&home, &["-s", "home"]);
    terminal.wait_for("a post on the first server");
    terminal.press("@");
    terminal.wait_for("Go on with");
    terminal.press("127.0.0.1\r");
    terminal.wait_for("a post on the other server");
    terminal.press("@");
    terminal.wait_for("Go on with");
    // The one that is open already stays open.
    terminal.press("\r");
    terminal.wait("the timeline alone", |terminal| !terminal.parser.screen().contents().contains("Go on with"));
    terminal.press("q");
    assert_eq!(terminal.code(), 0);
    assert_eq!(
        terminal.raw.matches("\u{1b}[?1049h").count(),
        terminal.raw.matches("\u{1b}[?1049l").count(),
        "the screen was left as often as entered"
    );
}

#[test]
fn who_does_not_sign_in_tries_the_demo_or_leaves() {
    let home = Home::new("visitor");
    let mut terminal = Terminal::run(&home, &[]);
    terminal.wait_for("Your choice:");
    let offer = terminal.parser.screen().contents();
    for choice in ["s  sign in", "d  try the demo", "q  quit"] {
        assert!(offer.lines().any(|line| line.trim().starts_with(choice)), "{offer}");
    }
    assert!(offer.lines().all(|line| line.trim_end().len() <= 40), "it fits a narrow terminal: {offer}");
    terminal.press("d\n");
    terminal.wait("the demo", |terminal| {
        terminal.parser.screen().alternate_screen() && terminal.parser.screen().contents().contains("Federated")
    });
    terminal.press("q");
    assert_eq!(terminal.code(), 0);
    let mut terminal = Terminal::run(&home, &[]);
    terminal.wait_for("Your choice:");
    terminal.press("q\n");
    assert_eq!(terminal.code(), 0);
    assert!(!terminal.raw.contains('\u{1b}'), "{:?}", terminal.raw);
    assert!(!home.path("data").exists(), "nothing was saved");
}

#[tokio::test]
async fn without_a_terminal_the_way_is_told_in_one_line() {
    let home = Home::new("pipe");
    let (status, said, errors) = home.run(&[]).await;
    assert_eq!((status, said.as_str(), errors.lines().count()), (2, "", 1), "{errors}");
    assert!(errors.contains("trunkline login") && errors.contains("trunkline --demo") && !errors.contains('\u{1b}'), "{errors}");
}
