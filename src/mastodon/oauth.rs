//! Signing in: which server it is, a registration, an address for the browser, and the code that becomes a token.
//!
//! Four requests and PKCE, written out. Sources: <https://docs.joinmastodon.org/spec/oauth/>,
//! <https://docs.joinmastodon.org/methods/oauth/>, <https://docs.joinmastodon.org/methods/apps/#create>. Every refusal has
//! words of its own. Absent on purpose: who opens the browser and waits for it (`login`), and where anything is kept
//! (`accounts`).

use crate::mastodon::door::{self, OpenDoor, Said, Token, Unanswered};
use crate::mastodon::rest::{Links, now};
use crate::mastodon::{Access, Client, Error, ingest};
use crate::model::{Account, FailureKind};
use crate::text::Plain;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::time::Duration;
use url::Url;

/// The redirect that shows the code on a page instead of sending it anywhere.
pub const OUT_OF_BAND: &str = "urn:ietf:wg:oauth:2.0:oob";

/// What reading needs, and all that a sign-in for reading alone asks for.
pub const READING: &str = "read";

/// What a full sign-in asks for beside reading: read positions, posts, boosts and votes; favourites; bookmarks; follows;
/// mutes; blocks.
pub const ACTING: [&str; 6] = ["write:statuses", "write:favourites", "write:bookmarks", "write:follows", "write:mutes", "write:blocks"];

/// Why there is no sign-in. One line each, with what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// What was typed is no server, or this machine cannot make secure connections.
    #[error(transparent)]
    Server(#[from] Error),
    /// Nobody answers.
    #[error("{0}: check the name and your network, then try again")]
    Unreachable(Plain),
    /// TLS failed.
    #[error("{0}: nothing was sent; whoever runs the server or your network can mend that")]
    Tls(Plain),
    /// TLS failed over the time.
    #[error("{words}: this machine's clock says {now}; set it if that is wrong, or else the server's certificate is out of date")]
    Clock {
        /// What the library says.
        words: Plain,
        /// The date and time of this machine.
        now: Plain,
    },
    /// Something answers, but no Mastodon.
    #[error("{host} does not answer as a Mastodon server{hint}: check its name, which is the part after the second @ of an account")]
    NotMastodon {
        /// The server.
        host: Plain,
        /// What else was seen.
        hint: Plain,
    },
    /// No registration.
    #[error(
        "{host} registers no new programs ({words}): ask whoever runs it, or make a token on its website and put it into TRUNKLINE_TOKEN"
    )]
    Closed {
        /// The server.
        host: Plain,
        /// Its words.
        words: Plain,
    },
    /// Too many requests.
    #[error("{host} wants no more sign-ins for now: try again in {minutes} min")]
    Limited {
        /// The server.
        host: Plain,
        /// When to come back.
        minutes: u64,
    },
    /// The code is not known.
    #[error(
        "{host} does not take this code: it was mistyped, has been used already, or is more than some minutes old; sign in again for a new one"
    )]
    WrongCode {
        /// The server.
        host: Plain,
    },
    /// The code was right once.
    #[error("the code has expired ({host} gives it some minutes): sign in again for a new one")]
    ExpiredCode {
        /// The server.
        host: Plain,
    },
    /// The reader, or somebody at the server, said no.
    #[error("access was denied on {host}: nothing has been saved; sign in again when you have changed your mind")]
    Denied {
        /// The server.
        host: Plain,
    },
    /// The address that the browser was to be sent to is another one than was registered.
    #[error(
        "{host} does not send browsers back to this machine ({words}): sign in again and paste the code that the printed address shows"
    )]
    Redirect {
        /// The server.
        host: Plain,
        /// Its words.
        words: Plain,
    },
    /// The registration is not known any more.
    #[error("{host} has forgotten that Trunkline was registered ({words}): sign in again, which registers it anew")]
    UnknownApp {
        /// The server.
        host: Plain,
        /// Its words.
        words: Plain,
    },
    /// A scope is refused.
    #[error("{host} does not give these permissions ({words}): try --read-only")]
    Scopes {
        /// The server.
        host: Plain,
        /// Its words.
        words: Plain,
    },
    /// The server has trouble.
    #[error("{host} has trouble ({words}): try again later")]
    Trouble {
        /// The server.
        host: Plain,
        /// What it answered.
        words: Plain,
    },
    /// Any other refusal.
    #[error("{host} refuses the sign-in: {words}")]
    Refused {
        /// The server.
        host: Plain,
        /// Its words.
        words: Plain,
    },
    /// An answer that cannot be used.
    #[error("{host} answered with something that is not {what}: it may not be a Mastodon server, or something in between answers")]
    Unreadable {
        /// The server.
        host: Plain,
        /// What was expected.
        what: &'static str,
    },
    /// The token was given and does not work.
    #[error("the new token does not work ({words}): nothing has been saved")]
    Unverified {
        /// What happened.
        words: Plain,
    },
    /// There is no randomness.
    #[error("this machine gives no random numbers, without which no sign-in is safe")]
    Random,
}

/// A server that can be signed in to.
#[derive(Debug)]
pub struct Host {
    door: OpenDoor,
    /// What accounts there end in.
    pub domain: Plain,
    /// Its title; may be blank.
    pub title: Plain,
    /// Its version; may be blank.
    pub version: Plain,
    /// Whether what was typed is another address, which named this one.
    pub moved_from: Option<Plain>,
    /// How far its clock is ahead of ours, in seconds, where it tells its time.
    pub ahead_s: Option<i64>,
    pkce: bool,
    supported: Option<Vec<String>>,
}

/// A registration of Trunkline at a server. The secret is kept like a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// What it is called there.
    pub client_id: String,
    /// What proves it.
    pub client_secret: Token,
    /// The address on this machine that it was registered with, beside [`OUT_OF_BAND`].
    pub redirect: String,
    /// The scopes that it may ask for.
    pub scopes: Vec<String>,
}

/// What one sign-in proves itself with: 128 bits of state, 256 of verifier. Never printed.
#[derive(Clone)]
pub struct Attempt {
    state: String,
    verifier: String,
}

/// A code, and the address that it was sent or shown for.
#[derive(Clone, PartialEq, Eq)]
pub struct Code {
    /// The code; a secret while it lives.
    pub code: String,
    /// The redirect that it was asked with.
    pub redirect: String,
}

/// What a sign-in gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// The token.
    pub token: Token,
    /// What it may be used for, as the server says.
    pub scopes: Vec<String>,
}

impl Host {
    /// Finds out what server was meant and what it can do. A domain may name another host as its server (by what it keeps
    /// under well-known names, or a redirect), as those do whose accounts end in a shorter name.
    pub async fn discover(typed: &str) -> Result<Self, SignInError> {
        let door = OpenDoor::new(door::address(typed)?, now)?;
        let (door, facts, moved_from) = match instance(&door).await? {
            Instance::Found(facts) => (door, facts, None),
            Instance::Absent { elsewhere, hint } => {
                let named = named_elsewhere(&door).await?.or(elsewhere);
                let first = Plain::line(&door.host());
                let Some(url) = named.filter(|url| door::trusted(door.server(), url).is_ok()) else {
                    return Err(SignInError::NotMastodon { host: first, hint });
                };
                let second = OpenDoor::new(url, now)?;
                match instance(&second).await? {
                    Instance::Found(facts) => (second, facts, Some(first)),
                    Instance::Absent { .. } => return Err(SignInError::NotMastodon { host: first, hint }),
                }
            }
        };
        let Metadata { code_challenge_methods_supported, scopes_supported } = metadata(&door).await;
        Ok(Self {
            domain: if facts.domain.is_blank() { Plain::line(&door.host()) } else { facts.domain },
            title: facts.title,
            version: facts.version,
            moved_from,
            ahead_s: facts.ahead_s,
            pkce: code_challenge_methods_supported.iter().flatten().any(|method| method == "S256"),
            supported: scopes_supported,
            door,
        })
    }

    /// Its base address.
    pub fn server(&self) -> &Url {
        self.door.server()
    }

    /// Whether it says that it checks PKCE.
    pub fn has_pkce(&self) -> bool {
        self.pkce
    }

    /// The scopes to ask for: without those that the server says it does not have.
    pub fn scopes(&self, read_only: bool) -> Vec<String> {
        let acting = ACTING
            .iter()
            .filter(|_| !read_only)
            .filter(|scope| self.supported.as_ref().is_none_or(|supported| supported.iter().any(|known| known == *scope)));
        std::iter::once(&READING).chain(acting).map(|scope| (*scope).to_owned()).collect()
    }

    /// Registers Trunkline with an address on this machine and [`OUT_OF_BAND`], as one string: GoToSocial takes no list
    /// (recording `apps-create-json-array-redirects`).
    pub async fn register(&self, redirect: &str, scopes: &[String]) -> Result<App, SignInError> {
        let redirects = format!("{redirect}\n{OUT_OF_BAND}");
        let scope = scopes.join(" ");
        let form = [("client_name", "Trunkline"), ("redirect_uris", &redirects), ("scopes", &scope), ("website", WEBSITE)];
        let said = self.say("/api/v1/apps", &form).await?;
        match said.status {
            200 | 201 if !said.is_html => {
                let Application { client_id, client_secret } = parse(&said.body).ok_or_else(|| self.unreadable("a registration"))?;
                let client_secret = Token::new(&client_secret).map_err(|_| self.unreadable("a registration"))?;
                if client_id.is_empty() {
                    return Err(self.unreadable("a registration"));
                }
                Ok(App { client_id, client_secret, redirect: redirect.to_owned(), scopes: scopes.to_vec() })
            }
            200..=299 => Err(self.unreadable("a registration")),
            422 if words(&said).as_str().to_lowercase().contains("scope") => {
                Err(SignInError::Scopes { host: self.host(), words: words(&said) })
            }
            429 => Err(self.limited(&said)),
            500.. => Err(self.trouble(&said)),
            _ => Err(SignInError::Closed { host: self.host(), words: words(&said) }),
        }
    }

    /// Whether a registration of earlier is still known: servers clear away those without tokens, and a browser that is
    /// sent there with one that is gone shows a page from which nothing comes back.
    pub async fn knows(&self, app: &App) -> Result<bool, SignInError> {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &*app.client_id),
            ("client_secret", app.client_secret.reveal()),
            ("redirect_uri", OUT_OF_BAND),
            ("scope", READING),
        ];
        let said = self.say("/oauth/token", &form).await?;
        match said.status {
            200 => {
                // It was for the answer alone; where taking it back fails it is an application's, without an account.
                if let Some(token) = parse::<Grant>(&said.body).and_then(|grant| Token::new(&grant.access_token).ok()) {
                    drop(revoke_at(&self.door, app, &token).await);
                }
                Ok(true)
            }
            429 => Err(self.limited(&said)),
            500.. => Err(self.trouble(&said)),
            _ => Ok(false),
        }
    }

    /// The address at which the reader says yes or no; `redirect` is the app's or [`OUT_OF_BAND`].
    pub fn authorize(&self, app: &App, redirect: &str, scopes: &[String], attempt: &Attempt) -> Url {
        let mut url = self.server().clone();
        url.set_path("/oauth/authorize");
        let mut query = url.query_pairs_mut();
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", &app.client_id)
            .append_pair("redirect_uri", redirect)
            .append_pair("scope", &scopes.join(" "))
            .append_pair("state", &attempt.state);
        if self.pkce {
            query.append_pair("code_challenge", &attempt.challenge()).append_pair("code_challenge_method", "S256");
        }
        drop(query);
        url
    }

    /// Makes a token of a code.
    pub async fn token(&self, app: &App, code: &Code, scopes: &[String], attempt: &Attempt) -> Result<Granted, SignInError> {
        let scope = scopes.join(" ");
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", &*code.code),
            ("client_id", &*app.client_id),
            ("client_secret", app.client_secret.reveal()),
            ("redirect_uri", &*code.redirect),
            ("scope", &*scope),
        ];
        if self.pkce {
            form.push(("code_verifier", &*attempt.verifier));
        }
        let said = self.say("/oauth/token", &form).await?;
        if said.status != 200 {
            return Err(self.refused(&said, code.redirect != OUT_OF_BAND));
        }
        let grant: Grant = parse(&said.body).filter(|_| !said.is_html).ok_or_else(|| self.unreadable("a token"))?;
        let token = Token::new(&grant.access_token).map_err(|_| self.unreadable("a token"))?;
        // One that does not say gives what was asked for (RFC 6749, section 5.1).
        let scopes = grant.scope.map_or_else(|| scopes.to_vec(), |scope| scope.split_whitespace().map(str::to_owned).collect());
        Ok(Granted { token, scopes })
    }

    /// The account that a new token belongs to.
    pub async fn verify(&self, token: &Token) -> Result<Account, SignInError> {
        let access = Access { server: self.server().clone(), token: token.clone() };
        Client::new(access)?.verify_credentials().await.map_err(|failure| match failure.kind {
            FailureKind::Retry | FailureKind::Offline | FailureKind::RateLimited(_) => {
                SignInError::Trouble { host: self.host(), words: failure.reason }
            }
            FailureKind::Unauthorized | FailureKind::Forbidden | FailureKind::NotFound | FailureKind::Unusable => {
                SignInError::Unverified { words: failure.reason }
            }
        })
    }

    /// What it means that the browser came back with an error.
    pub fn turned_back(&self, error: &str, description: &str) -> SignInError {
        let words = if description.is_empty() { error } else { description };
        let words = Plain::line(&short(words));
        let host = self.host();
        match error {
            "access_denied" => SignInError::Denied { host },
            "invalid_scope" => SignInError::Scopes { host, words },
            "invalid_client" | "unauthorized_client" => SignInError::UnknownApp { host, words },
            "temporarily_unavailable" => SignInError::Trouble { host, words },
            "invalid_redirect_uri" => SignInError::Redirect { host, words },
            // GoToSocial says so where the redirect is another one than was registered.
            _ if words.as_str().to_lowercase().contains("redirect") => SignInError::Redirect { host, words },
            "server_error" => SignInError::Trouble { host, words },
            _ => SignInError::Refused { host, words },
        }
    }

    async fn say(&self, path: &str, form: &[(&str, &str)]) -> Result<Said, SignInError> {
        Ok(self.door.post(path, form).await?)
    }

    fn host(&self) -> Plain {
        Plain::line(&self.door.host())
    }

    fn limited(&self, said: &Said) -> SignInError {
        let minutes = said.wait.unwrap_or(UNSTATED).as_secs().div_ceil(60).max(1);
        SignInError::Limited { host: self.host(), minutes }
    }

    fn trouble(&self, said: &Said) -> SignInError {
        SignInError::Trouble { host: self.host(), words: words(said) }
    }

    fn unreadable(&self, what: &'static str) -> SignInError {
        SignInError::Unreadable { host: self.host(), what }
    }

    /// What a refused token means. The status decides, then the code, then the words: GoToSocial's codes are odd (recording
    /// `oauth-token-bad-code`). A code that came from the server by way of the browser was not mistyped.
    fn refused(&self, said: &Said, came_by_itself: bool) -> SignInError {
        let host = self.host();
        match said.status {
            429 => return self.limited(said),
            500.. => return self.trouble(said),
            _ => {}
        }
        let Some(Problem { error, .. }) = parse::<Problem>(&said.body) else { return self.unreadable("a token") };
        let words = words(said);
        let lower = words.as_str().to_lowercase();
        // Doorkeeper lists every reason there can be; only who names this one alone means it.
        let expired = lower.contains("expired") && !lower.contains("revoked");
        match &*error {
            "invalid_grant" | "sql: no rows in result set" if expired || came_by_itself => SignInError::ExpiredCode { host },
            "invalid_grant" | "sql: no rows in result set" => SignInError::WrongCode { host },
            "access_denied" => SignInError::Denied { host },
            "invalid_client" | "unauthorized_client" => SignInError::UnknownApp { host, words },
            "invalid_scope" => SignInError::Scopes { host, words },
            _ if lower.contains("redirect") => SignInError::Redirect { host, words },
            _ if expired => SignInError::ExpiredCode { host },
            _ => SignInError::Refused { host, words },
        }
    }
}

/// Makes a token worthless on its server.
pub async fn revoke(server: &Url, app: &App, token: &Token) -> Result<(), SignInError> {
    revoke_at(&OpenDoor::new(server.clone(), now)?, app, token).await
}

impl Attempt {
    /// Throws the dice.
    pub fn new() -> Result<Self, SignInError> {
        let mut random = [0; 48];
        getrandom::fill(&mut random).map_err(|_| SignInError::Random)?;
        let (state, verifier) = random.split_at(16);
        Ok(Self { state: URL_SAFE_NO_PAD.encode(state), verifier: URL_SAFE_NO_PAD.encode(verifier) })
    }

    /// Whether this is the state that was sent; in time that does not depend on how much of it is right.
    pub fn is_state(&self, given: &str) -> bool {
        let differences = self.state.bytes().zip(given.bytes()).fold(0, |all, (ours, theirs)| all | (ours ^ theirs));
        self.state.len() == given.len() && differences == 0
    }

    /// The verifier's hash, for the browser (RFC 7636, section 4.2).
    fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.as_bytes()))
    }
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Attempt(…)")
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Code(… for {})", self.redirect)
    }
}

impl From<Unanswered> for SignInError {
    fn from(unanswered: Unanswered) -> Self {
        match unanswered {
            Unanswered::Unreachable(words) => Self::Unreachable(words),
            Unanswered::Tls(words) => Self::Tls(words),
            Unanswered::Clock(words) => Self::Clock { words, now: Plain::line(&now().strftime("%Y-%m-%d %H:%M UTC").to_string()) },
        }
    }
}

/// Where people read what Trunkline is.
const WEBSITE: &str = "https://crates.io/crates/trunkline";
/// How long to stay away where a server limits us without saying until when.
const UNSTATED: Duration = Duration::from_secs(5 * 60);
/// Most characters of a server's words.
const MOST: usize = 160;

#[derive(Deserialize)]
struct Application {
    client_id: String,
    client_secret: String,
}

#[derive(Deserialize)]
struct Grant {
    access_token: String,
    #[serde(default)]
    scope: Option<String>,
}

#[derive(Deserialize)]
struct Problem {
    error: String,
    #[serde(default)]
    error_description: Option<String>,
}

/// What a server says about its OAuth since Mastodon 4.3.
///
/// Source: <https://docs.joinmastodon.org/methods/oauth/#authorization-server-metadata>.
#[derive(Deserialize, Default)]
struct Metadata {
    #[serde(default)]
    code_challenge_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    scopes_supported: Option<Vec<String>>,
}

/// What was found at an address.
enum Instance {
    Found(Facts),
    Absent { elsewhere: Option<Url>, hint: Plain },
}

#[derive(Default)]
struct Facts {
    domain: Plain,
    title: Plain,
    version: Plain,
    ahead_s: Option<i64>,
}

/// Asks for the instance document, the new one first.
async fn instance(door: &OpenDoor) -> Result<Instance, SignInError> {
    let mut elsewhere = None;
    let mut hint = Plain::default();
    for (path, read) in [("/api/v2/instance", ingest::instance_v2 as fn(&[u8]) -> _), ("/api/v1/instance", ingest::instance_v1)] {
        let said = door.get(path).await?;
        let host = Plain::line(&door.host());
        match said.status {
            200 if !said.is_html => {
                if let Some(facts) = read(&said.body) {
                    let ahead_s = said.ahead_s;
                    return Ok(Instance::Found(Facts { domain: facts.domain, title: facts.title, version: facts.version, ahead_s }));
                }
            }
            // One that shows itself to members only says so in its own words.
            401 | 403 if ingest::error_words(&said.body).is_some() => {
                return Ok(Instance::Found(Facts { ahead_s: said.ahead_s, ..Facts::default() }));
            }
            429 => {
                let minutes = said.wait.unwrap_or(UNSTATED).as_secs().div_ceil(60).max(1);
                return Err(SignInError::Limited { host, minutes });
            }
            500.. => return Err(SignInError::Trouble { host, words: words(&said) }),
            _ => {}
        }
        if let Some(target) = said.location.filter(|target| target.origin() != door.server().origin()) {
            elsewhere.get_or_insert(base(&target));
        }
        let kind = if said.is_html { " with a page for people" } else { "" };
        hint = Plain::line(&format!(" (it answered {}{kind})", said.status));
    }
    Ok(Instance::Absent { elsewhere, hint })
}

/// The other host that a domain names as its server, if it names one: by its nodeinfo, or by sending on what other servers
/// ask for, as Mastodon's guide has it (<https://docs.joinmastodon.org/admin/config/#web_domain>).
async fn named_elsewhere(door: &OpenDoor) -> Result<Option<Url>, SignInError> {
    let elsewhere = |url: Url| (url.origin() != door.server().origin()).then(|| base(&url));
    for name in ["nodeinfo", "webfinger", "host-meta"] {
        let said = door.get(&format!("/.well-known/{name}")).await?;
        if let Some(url) = said.location.and_then(elsewhere) {
            return Ok(Some(url));
        }
        let links = parse::<Links>(&said.body).map(|links| links.links).unwrap_or_default();
        let ours = links.into_iter().find(|link| link.rel.contains("nodeinfo.diaspora.software/ns/schema/"));
        if let Some(url) = ours.and_then(|link| Url::parse(&link.href).ok()).and_then(elsewhere) {
            return Ok(Some(url));
        }
    }
    Ok(None)
}

/// What the server says about its OAuth; nothing where it says nothing, as servers did before Mastodon 4.3 and GoToSocial
/// does (recording `well-known-oauth-authorization-server`).
async fn metadata(door: &OpenDoor) -> Metadata {
    match door.get("/.well-known/oauth-authorization-server").await {
        Ok(said) if said.status == 200 && !said.is_html => parse(&said.body).unwrap_or_default(),
        Ok(_) | Err(_) => Metadata::default(),
    }
}

async fn revoke_at(door: &OpenDoor, app: &App, token: &Token) -> Result<(), SignInError> {
    let form = [("client_id", &*app.client_id), ("client_secret", app.client_secret.reveal()), ("token", token.reveal())];
    let said = door.post("/oauth/revoke", &form).await?;
    let host = Plain::line(&door.host());
    match said.status {
        200..=299 => Ok(()),
        500.. => Err(SignInError::Trouble { host, words: words(&said) }),
        _ => Err(SignInError::Refused { host, words: words(&said) }),
    }
}

/// The origin of an address, without what follows.
fn base(url: &Url) -> Url {
    let mut base = url.clone();
    base.set_path("/");
    base.set_query(None);
    base.set_fragment(None);
    base
}

fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Option<T> {
    serde_json::from_slice(body).ok()
}

/// The server's own words, cleaned and short, or its status.
fn words(said: &Said) -> Plain {
    let problem = parse::<Problem>(&said.body);
    let own = problem.map(|problem| problem.error_description.filter(|words| !words.trim().is_empty()).unwrap_or(problem.error));
    let own = own.map(|words| Plain::line(&short(&words))).filter(|words| !words.is_blank());
    own.unwrap_or_else(|| Plain::line(&format!("it answered {}", said.status)))
}

/// The first sentence or so. GoToSocial's end in advice that is not for our reader.
fn short(words: &str) -> String {
    let words = words.split(": If you arrived").next().unwrap_or_default();
    words.chars().take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    /// Answers every request with what `answer` makes of its target, when it has been read whole.
    async fn serve(answer: impl Fn(&str) -> String + Send + 'static) -> Url {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let mut request = Vec::new();
                let mut buffer = [0; 4096];
                loop {
                    let text = String::from_utf8_lossy(&request).to_lowercase();
                    if let Some((head, body)) = text.split_once("\r\n\r\n") {
                        let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
                        if body.len() >= length.unwrap_or(0) {
                            break;
                        }
                    }
                    match socket.read(&mut buffer).await {
                        Ok(count @ 1..) => request.extend_from_slice(&buffer[..count]),
                        Ok(0) | Err(_) => break,
                    }
                }
                let target = String::from_utf8_lossy(&request).split(' ').nth(1).unwrap_or_default().to_owned();
                let _gone = socket.write_all(answer(&target).as_bytes()).await;
                let _gone = socket.shutdown().await;
            }
        });
        url
    }

    fn reply(status: &str, kind: &str, body: &str) -> String {
        format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
    }

    const JSON: &str = "application/json";
    const INSTANCE: &str = r#"{"domain":"a.example","title":"A","version":"4.5.0"}"#;

    fn at(server: &Url, pkce: bool, supported: Option<&[&str]>) -> Host {
        Host {
            door: OpenDoor::new(server.clone(), now).unwrap(),
            domain: Plain::line("a.example"),
            title: Plain::default(),
            version: Plain::default(),
            moved_from: None,
            ahead_s: None,
            pkce,
            supported: supported.map(|scopes| scopes.iter().map(|scope| (*scope).to_owned()).collect()),
        }
    }

    fn nowhere() -> Host {
        at(&Url::parse("http://127.0.0.1:9/").unwrap(), true, None)
    }

    fn app() -> App {
        App {
            client_id: "the-client".to_owned(),
            client_secret: Token::new("the-secret").unwrap(),
            redirect: "http://127.0.0.1:4711/callback".to_owned(),
            scopes: vec![READING.to_owned()],
        }
    }

    fn said(status: u16, body: &str) -> Said {
        Said { status, body: body.into(), is_html: false, location: None, wait: None, ahead_s: None }
    }

    /// What GoToSocial said, from the recordings.
    fn recorded(name: &str) -> Said {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/wire-gotosocial/rest/{name}.json"));
        let recording: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        said(u16::try_from(recording["status"].as_u64().unwrap()).unwrap(), &recording["body"].to_string())
    }

    #[test]
    fn the_challenge_is_that_of_the_standard() {
        // RFC 7636, appendix B.
        let attempt = Attempt { state: String::new(), verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned() };
        assert_eq!(attempt.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn every_attempt_has_its_own_state_and_verifier_and_prints_neither() {
        let (one, other) = (Attempt::new().unwrap(), Attempt::new().unwrap());
        assert!(one.state != other.state && one.verifier != other.verifier);
        // 128 and 256 bits.
        assert_eq!((one.state.len(), one.verifier.len()), (22, 43));
        assert!(one.is_state(&one.state.clone()));
        let shorter: String = one.state.chars().skip(1).collect();
        for wrong in ["", &shorter, &other.state, &format!("{}A", one.state), &format!("-{}-", one.state)] {
            assert!(!one.is_state(wrong), "{wrong}");
        }
        let code = Code { code: "the-code".to_owned(), redirect: OUT_OF_BAND.to_owned() };
        let printed = format!("{one:?} {code:?} {:?}", app());
        for secret in [&one.state, &one.verifier, "the-code", "the-secret"] {
            assert!(!printed.contains(secret), "{printed}");
        }
    }

    #[test]
    fn scopes_are_those_that_the_server_has() {
        let server = Url::parse("https://a.example").unwrap();
        assert_eq!(at(&server, true, None).scopes(true), ["read"]);
        let all = at(&server, true, None).scopes(false);
        assert_eq!((all.len(), all[0].as_str(), all[1].as_str()), (7, "read", "write:statuses"));
        let few = at(&server, true, Some(&["read", "write", "write:favourites", "push"]));
        assert_eq!(few.scopes(false), ["read", "write:favourites"]);
    }

    #[test]
    fn the_browser_is_told_everything_but_secrets() {
        let attempt = Attempt::new().unwrap();
        for (pkce, redirect) in [(true, app().redirect), (false, OUT_OF_BAND.to_owned())] {
            let host = at(&Url::parse("https://a.example").unwrap(), pkce, None);
            let url = host.authorize(&app(), &redirect, &["read".to_owned(), "write:statuses".to_owned()], &attempt);
            assert!(url.as_str().starts_with("https://a.example/oauth/authorize?response_type=code&"), "{url}");
            let word = |name: &str| url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned());
            assert_eq!(word("redirect_uri"), Some(redirect));
            assert_eq!(word("scope").as_deref(), Some("read write:statuses"));
            assert_eq!(word("state").as_ref(), Some(&attempt.state));
            assert_eq!(word("code_challenge"), pkce.then(|| attempt.challenge()));
            assert!(!url.as_str().contains(&attempt.verifier) && !url.as_str().contains("the-secret"), "{url}");
        }
    }

    #[test]
    fn what_gotosocial_refuses_is_understood() {
        let host = nowhere();
        for (name, words) in [
            ("oauth-token-bad-code", "does not take this code"),
            ("oauth-token-code-used-twice", "does not take this code"),
            ("oauth-token-bad-client", "does not take this code"),
            ("oauth-token-bad-secret", "has forgotten that Trunkline was registered"),
            ("oauth-token-no-redirect", "does not send browsers back"),
            ("error-429-rate-limited-post", "wants no more sign-ins for now"),
        ] {
            let error = host.refused(&recorded(name), false).to_string();
            assert!(error.contains(words) && !error.contains("If you arrived") && !error.contains('\n'), "{name}: {error}");
        }
    }

    #[test]
    fn what_mastodon_refuses_is_understood() {
        let host = nowhere();
        let grant = r#"{"error":"invalid_grant","error_description":"The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client."}"#;
        for (status, body, came_by_itself, words) in [
            (400, grant, false, "does not take this code"),
            (400, grant, true, "has expired"),
            (400, r#"{"error":"invalid_grant","error_description":"The code has expired"}"#, false, "has expired"),
            (401, r#"{"error":"invalid_client","error_description":"unknown client"}"#, false, "has forgotten"),
            (400, r#"{"error":"invalid_scope","error_description":"scope \u001b[2J"}"#, false, "--read-only"),
            (403, r#"{"error":"invalid redirect uri"}"#, false, "does not send browsers back"),
            (403, r#"{"error":"access_denied"}"#, false, "denied"),
            (418, r#"{"error":"I'm a teapot"}"#, false, "refuses the sign-in: I'm a teapot"),
            (503, "<h1>nginx</h1>", false, "has trouble (it answered 503)"),
            (404, "<h1>hotel</h1>", false, "not a token"),
        ] {
            let error = host.refused(&said(status, body), came_by_itself).to_string();
            assert!(error.contains(words) && !error.contains(['\n', '\u{1b}', '<']), "{status} {body}: {error}");
        }
        for (error, description, words) in [
            ("access_denied", "The resource owner denied the request.", "was denied"),
            ("server_error", "invalid redirect uri", "does not send browsers back"),
            ("server_error", "", "has trouble"),
            ("invalid_scope", "", "--read-only"),
            ("weird\u{1b}[2J", "", "refuses the sign-in"),
        ] {
            let turned = host.turned_back(error, description).to_string();
            assert!(turned.contains(words) && !turned.contains('\u{1b}'), "{error}: {turned}");
        }
    }

    #[tokio::test]
    async fn a_registration_is_taken_or_its_refusal_told() {
        let created = String::from_utf8(recorded("apps-create").body).unwrap();
        for (status, kind, body, expected) in [
            ("200 OK", JSON, &*created, Ok("01ZE93AVCME67GBKV2QGT9ZV1F")),
            ("200 OK", "text/html", "<h1>hello</h1>", Err("not a registration")),
            ("200 OK", JSON, "{}", Err("not a registration")),
            (
                "403 Forbidden",
                JSON,
                r#"{"error":"This action is not allowed"}"#,
                Err("registers no new programs (This action is not allowed)"),
            ),
            ("422 Unprocessable Entity", JSON, r#"{"error":"Validation failed: Scopes doesn't match"}"#, Err("--read-only")),
            ("429 Too Many Requests", JSON, r#"{"error":"Too many requests"}"#, Err("try again in 5 min")),
            ("502 Bad Gateway", "text/html", "<h1>nginx</h1>", Err("has trouble (it answered 502)")),
        ] {
            let (answer, wanted) = (reply(status, kind, body), expected);
            let server = serve(move |_| answer.clone()).await;
            match (at(&server, true, None).register("http://127.0.0.1:1/callback", &["read".to_owned()]).await, wanted) {
                (Ok(app), Ok(id)) => assert_eq!(app.client_id, id),
                (Err(error), Err(words)) => assert!(error.to_string().contains(words), "{status}: {error}"),
                (got, _) => panic!("{status} {body}: {got:?}"),
            }
        }
    }

    #[tokio::test]
    async fn a_server_is_found_also_under_another_name_and_what_is_none_is_told() {
        let metadata = r#"{"code_challenge_methods_supported":["S256"],"scopes_supported":["read","write:statuses"]}"#;
        let real = serve(move |target| match target {
            "/api/v2/instance" => reply("200 OK", JSON, INSTANCE),
            "/.well-known/oauth-authorization-server" => reply("200 OK", JSON, metadata),
            _ => reply("404 Not Found", JSON, r#"{"error":"Not Found"}"#),
        })
        .await;
        let host = Host::discover(real.as_str()).await.unwrap();
        assert_eq!((host.domain.as_str(), host.has_pkce(), &host.moved_from), ("a.example", true, &None));
        assert_eq!(host.scopes(false), ["read", "write:statuses"]);

        let there = real.clone();
        let named = serve(move |target| match target {
            "/.well-known/nodeinfo" => {
                let link =
                    format!(r#"{{"links":[{{"rel":"http://nodeinfo.diaspora.software/ns/schema/2.0","href":"{there}nodeinfo/2.0"}}]}}"#);
                reply("200 OK", JSON, &link)
            }
            _ => reply("404 Not Found", "text/html", "<h1>a blog</h1>"),
        })
        .await;
        let host = Host::discover(named.as_str()).await.unwrap();
        assert_eq!(host.server(), &real);
        assert!(host.moved_from.is_some());

        let there = real.clone();
        let redirecting = serve(move |target| {
            format!(
                "HTTP/1.1 302 Found\r\nLocation: {there}{}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                target.trim_start_matches('/')
            )
        })
        .await;
        assert_eq!(Host::discover(redirecting.as_str()).await.unwrap().server(), &real);

        let there = real.clone();
        let sending_on = serve(move |target| match target {
            "/.well-known/webfinger" => {
                format!("HTTP/1.1 301 Moved Permanently\r\nLocation: {there}x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            }
            _ => reply("404 Not Found", "text/html", "<h1>a blog</h1>"),
        })
        .await;
        assert_eq!(Host::discover(sending_on.as_str()).await.unwrap().server(), &real);

        // GoToSocial says nothing of its OAuth, and before Mastodon 4 there was only the old document.
        let old = serve(|target| match target {
            "/api/v1/instance" => reply("200 OK", JSON, r#"{"uri":"b.example","title":"B","version":"3.5.0"}"#),
            _ => reply("404 Not Found", JSON, r#"{"error":"Not Found"}"#),
        })
        .await;
        let host = Host::discover(old.as_str()).await.unwrap();
        assert_eq!((host.domain.as_str(), host.has_pkce()), ("b.example", false));

        let blog = serve(|_| reply("200 OK", "text/html", "<h1>a blog</h1>")).await;
        let error = Host::discover(blog.as_str()).await.unwrap_err().to_string();
        assert!(error.contains("does not answer as a Mastodon server") && error.contains("page for people"), "{error}");
        let down = serve(|_| reply("503 Service Unavailable", JSON, r#"{"error":"maintenance"}"#)).await;
        let error = Host::discover(down.as_str()).await.unwrap_err().to_string();
        assert!(error.contains("has trouble (maintenance)"), "{error}");
        let members = serve(|target| match target {
            "/api/v2/instance" => reply("401 Unauthorized", JSON, r#"{"error":"This API requires an authenticated user"}"#),
            _ => reply("404 Not Found", JSON, "{}"),
        })
        .await;
        assert!(Host::discover(members.as_str()).await.is_ok());
    }

    #[test]
    fn a_certificate_of_another_time_is_the_clocks_fault() {
        let error = SignInError::from(Unanswered::Clock(Plain::line("the secure connection to a.example failed: expired"))).to_string();
        assert!(error.contains("this machine's clock says 20") && error.contains("UTC; set it"), "{error}");
    }
}
