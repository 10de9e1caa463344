//! Accounts that were signed in to: who, where, with which permissions, and where their tokens lie.
//!
//! `accounts.json` in the data folder holds everything but secrets. Those are in the operating system's keyring, or else
//! in `secrets.json` beside it. Both files are for their owner alone; whoever changes them holds a lock, reads, and puts a
//! whole new file in place, so that two running programs do not lose each other's changes. A file that cannot be read is
//! never overwritten. Absent on purpose: the network (`mastodon::oauth`), and what is said to the reader on the way
//! (`login`).

mod command;
mod keyring;

use crate::config::Credentials;
use crate::mastodon::oauth::App;
use crate::mastodon::{Error, Token};
use crate::model::Timestamp;
use crate::private;
use crate::text::Plain;
pub use command::token_from;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use url::Url;

/// Where a secret lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Keeper {
    /// In the operating system's keyring.
    Keyring,
    /// In `secrets.json`.
    File,
}

/// One saved account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedAccount {
    /// `user@domain`.
    pub name: String,
    /// The server's base address.
    pub server: Url,
    /// What its token may be used for.
    pub scopes: Vec<String>,
    /// The registration that its token was made by.
    pub client_id: String,
    /// When it was signed in to.
    pub signed_in: Timestamp,
    /// Where its token lies.
    pub token: Keeper,
}

/// Why an account cannot be used or kept. One line each, with what to do.
#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    /// There is no place for files.
    #[error("accounts cannot be kept: there is no home folder; XDG_DATA_HOME can name one")]
    NoHome,
    /// A file or its folder cannot be used.
    #[error("{}: {source}; nothing in it was changed", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file holds something else.
    #[error("{}: {what}; it is left as it is: mend it, or move it away and sign in again", path.display())]
    Contents {
        /// Which one.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// Another running Trunkline holds the lock.
    #[error("{} is locked by another running Trunkline: try again", .0.display())]
    Locked(PathBuf),
    /// There are none.
    #[error("no account is saved: sign in with trunkline login INSTANCE")]
    Empty,
    /// None is called so.
    #[error("no saved account is called `{name}`: there is {known}")]
    Unknown {
        /// What was asked for.
        name: Plain,
        /// Those there are.
        known: String,
    },
    /// Several are called so.
    #[error("`{name}` could be {known}: write it out")]
    Ambiguous {
        /// What was asked for.
        name: Plain,
        /// Those that it could be.
        known: String,
    },
    /// The keyring does not give or take it.
    #[error("the keyring: {0}; unlock it and try again, or set credentials = \"file\" in the configuration and sign in again")]
    Keyring(Plain),
    /// A secret is not where it was put.
    #[error("the token of {name} is gone from {place}: sign in again with trunkline login {name}")]
    Lost {
        /// Whose.
        name: Plain,
        /// Where it was put.
        place: &'static str,
    },
    /// What was kept is no token.
    #[error("{name}: {source}")]
    Token {
        /// Whose.
        name: Plain,
        /// What is wrong with it.
        source: Error,
    },
    /// The reader's command gives no token.
    #[error("token_command {0}")]
    Command(String),
}

/// The accounts of this user.
#[derive(Debug)]
pub struct Accounts {
    folder: PathBuf,
    credentials: Credentials,
    /// The keyring did not answer once; it is not asked to take anything again.
    is_mute: bool,
    notices: Vec<String>,
}

impl SavedAccount {
    /// Whether its token may be used for something that needs this scope, as in `write:favourites`.
    pub fn can(&self, scope: &str) -> bool {
        let whole = scope.split(':').next().unwrap_or(scope);
        self.scopes.iter().any(|given| given == scope || given == whole)
    }
}

impl Accounts {
    /// The accounts in a folder, which is made when something is saved.
    pub fn new(folder: PathBuf, credentials: Credentials) -> Self {
        Self { folder, credentials, is_mute: false, notices: Vec::new() }
    }

    /// What the reader should be told since this was asked last.
    pub fn notices(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notices)
    }

    /// All accounts, in the order in which they were signed in to, and the name of the default one.
    pub fn list(&mut self) -> Result<(Vec<SavedAccount>, Option<String>), AccountsError> {
        let book = self.book()?;
        let default = book.default().map(|account| account.name.clone());
        Ok((book.accounts, default))
    }

    /// The account that is called so (`user@domain`, also with an @ before it, or a part that only one has), or the default.
    pub fn find(&mut self, name: Option<&str>) -> Result<SavedAccount, AccountsError> {
        let book = self.book()?;
        match name {
            None => book.default().cloned().ok_or(AccountsError::Empty),
            Some(name) => book.find(name).cloned(),
        }
    }

    /// Makes an account the default; gives its whole name.
    pub async fn set_default(&mut self, name: &str) -> Result<String, AccountsError> {
        let _lock = self.lock().await?;
        let mut book = self.book()?;
        let name = book.find(name)?.name.clone();
        book.default = Some(name.clone());
        self.write(BOOK, &book)?;
        Ok(name)
    }

    /// The token of an account.
    pub async fn token(&mut self, account: &SavedAccount) -> Result<Token, AccountsError> {
        let name = Plain::line(&account.name);
        match self.fetch(&account.name, account.token).await? {
            Some(secret) => Token::new(&secret).map_err(|source| AccountsError::Token { name, source }),
            None => Err(AccountsError::Lost { name, place: account.token.place() }),
        }
    }

    /// The latest registration at a server that may ask for these scopes, if there is one whose secret is still there.
    pub async fn app(&mut self, server: &Url, scopes: &[String]) -> Result<Option<App>, AccountsError> {
        let book = self.book()?;
        let covers = |app: &&SavedApp| app.server == *server && scopes.iter().all(|scope| app.scopes.contains(scope));
        match book.apps.iter().rev().find(covers) {
            Some(app) => self.with_secret(app).await,
            None => Ok(None),
        }
    }

    /// The registration that an account's token was made by.
    pub async fn app_of(&mut self, account: &SavedAccount) -> Result<Option<App>, AccountsError> {
        let book = self.book()?;
        match book.apps.iter().find(|app| app.server == account.server && app.client_id == account.client_id) {
            Some(app) => self.with_secret(app).await,
            None => Ok(None),
        }
    }

    /// Keeps a registration. Those at the same server that no account needs make way for it.
    pub async fn keep_app(&mut self, server: &Url, app: &App) -> Result<(), AccountsError> {
        let _lock = self.lock().await?;
        let mut book = self.book()?;
        let is_used =
            |app: &SavedApp| book.accounts.iter().any(|account| account.server == app.server && account.client_id == app.client_id);
        let (gone, kept) = book.apps.iter().cloned().partition(|app: &SavedApp| app.server == *server && !is_used(app));
        book.apps = kept;
        let saved = SavedApp {
            server: server.clone(),
            client_id: app.client_id.clone(),
            redirect: app.redirect.clone(),
            scopes: app.scopes.clone(),
            secret: Keeper::File,
        };
        let secret = self.store(&saved.key(), &app.client_secret).await?;
        book.apps.push(SavedApp { secret, ..saved });
        self.write(BOOK, &book)?;
        let gone: Vec<SavedApp> = gone;
        for app in gone.iter().filter(|app| !book.apps.iter().any(|kept| kept.key() == app.key())) {
            self.try_to_forget(&app.key(), app.secret).await;
        }
        Ok(())
    }

    /// Keeps an account in place of one of the same name, and makes it the default where it is the first. Gives where its
    /// token is now.
    pub async fn keep(&mut self, account: SavedAccount, token: &Token) -> Result<Keeper, AccountsError> {
        let _lock = self.lock().await?;
        let mut book = self.book()?;
        let keeper = self.store(&account.name, token).await?;
        let name = account.name.clone();
        let account = SavedAccount { token: keeper, ..account };
        let known = book.accounts.iter_mut().find(|known| known.name == name);
        let before = known.map(|known| std::mem::replace(known, account.clone()).token);
        if before.is_none() {
            book.accounts.push(account);
        }
        self.write(BOOK, &book)?;
        if let Some(before) = before.filter(|before| *before != keeper) {
            self.try_to_forget(&name, before).await;
        }
        Ok(keeper)
    }

    /// Removes an account and its token from this machine; where the token cannot be removed a notice says so. The registration stays for the next sign-in.
    pub async fn remove(&mut self, account: &SavedAccount) -> Result<(), AccountsError> {
        let _lock = self.lock().await?;
        let mut book = self.book()?;
        book.accounts.retain(|known| known.name != account.name);
        if book.default.as_ref() == Some(&account.name) {
            book.default = None;
        }
        // The token first: whoever signs out wants above all that to be gone. Where that fails the account goes all the same.
        self.try_to_forget(&account.name, account.token).await;
        self.write(BOOK, &book)
    }

    async fn with_secret(&mut self, app: &SavedApp) -> Result<Option<App>, AccountsError> {
        let secret = self.fetch(&app.key(), app.secret).await?.and_then(|secret| Token::new(&secret).ok());
        Ok(secret.map(|client_secret| App {
            client_id: app.client_id.clone(),
            client_secret,
            redirect: app.redirect.clone(),
            scopes: app.scopes.clone(),
        }))
    }

    /// Puts a secret where this user wants them. Under the lock.
    async fn store(&mut self, key: &str, secret: &Token) -> Result<Keeper, AccountsError> {
        if self.credentials != Credentials::File && !self.is_mute {
            match keyring::store(key.to_owned(), secret.reveal().to_owned()).await {
                Ok(()) => return Ok(Keeper::Keyring),
                Err(words) if self.credentials == Credentials::Keyring => return Err(AccountsError::Keyring(words)),
                Err(words) => {
                    tracing::warn!(%words, "the keyring takes nothing");
                    self.is_mute = true;
                    let file = self.folder.join(SECRETS);
                    self.notices.push(format!("No keyring answers here: secrets go into {}, which only you can read.", file.display()));
                }
            }
        }
        let mut secrets: Secrets = self.read(SECRETS)?;
        secrets.secrets.insert(key.to_owned(), secret.reveal().to_owned());
        self.write(SECRETS, &secrets)?;
        Ok(Keeper::File)
    }

    async fn fetch(&mut self, key: &str, keeper: Keeper) -> Result<Option<String>, AccountsError> {
        match keeper {
            Keeper::Keyring => keyring::fetch(key.to_owned()).await.map_err(AccountsError::Keyring),
            Keeper::File => Ok(self.read::<Secrets>(SECRETS)?.secrets.remove(key)),
        }
    }

    /// Under the lock.
    async fn forget(&mut self, key: &str, keeper: Keeper) -> Result<(), AccountsError> {
        match keeper {
            Keeper::Keyring => keyring::forget(key.to_owned()).await.map_err(AccountsError::Keyring),
            Keeper::File => {
                let mut secrets: Secrets = self.read(SECRETS)?;
                if secrets.secrets.remove(key).is_some() {
                    self.write(SECRETS, &secrets)?;
                }
                Ok(())
            }
        }
    }

    /// As [`Self::forget`]; what cannot be removed is told, for what comes after does not depend on it.
    async fn try_to_forget(&mut self, key: &str, keeper: Keeper) {
        if let Err(error) = self.forget(key, keeper).await {
            let place = keeper.place();
            self.notices
                .push(format!("A secret that is no longer needed could not be removed from {place}, where it is called `{key}`: {error}"));
        }
    }

    fn book(&mut self) -> Result<Book, AccountsError> {
        self.read(BOOK)
    }

    /// Reads one of the files; one that is missing is empty.
    fn read<T: DeserializeOwned + Default>(&mut self, name: &str) -> Result<T, AccountsError> {
        let path = self.folder.join(name);
        let failed = |source| AccountsError::File { path: path.clone(), source };
        let Some((bytes, told)) = private::read(&path, MOST_BYTES).map_err(failed)? else { return Ok(T::default()) };
        self.notices.extend(told);
        let wrong = |what: String| AccountsError::Contents { path: path.clone(), what };
        let Version { version } = serde_json::from_slice(&bytes).map_err(|error| wrong(place(&error)))?;
        if version != VERSION {
            return Err(wrong(format!("it was written by another version of Trunkline ({version}, and this one knows {VERSION})")));
        }
        serde_json::from_slice(&bytes).map_err(|error| wrong(place(&error)))
    }

    /// Under the lock.
    fn write(&self, name: &str, contents: &impl Serialize) -> Result<(), AccountsError> {
        let path = self.folder.join(name);
        let text = serde_json::to_string_pretty(contents).map_err(io::Error::other);
        text.and_then(|text| private::write(&path, (text + "\n").as_bytes())).map_err(|source| AccountsError::File { path, source })
    }

    /// Makes the folder and takes the lock, which is held until the file is dropped.
    async fn lock(&mut self) -> Result<File, AccountsError> {
        let failed = |path: &Path, source| AccountsError::File { path: path.to_owned(), source };
        let told = private::folder(&self.folder).map_err(|source| failed(&self.folder, source))?;
        self.notices.extend(told);
        let path = self.folder.join(LOCK);
        let file = private::open_lock(&path).map_err(|source| failed(&path, source))?;
        for _ in 0..TRIES {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) => tokio::time::sleep(BETWEEN_TRIES).await,
                Err(TryLockError::Error(source)) => return Err(failed(&path, source)),
            }
        }
        Err(AccountsError::Locked(path))
    }
}

/// The folder of this user's accounts: `$XDG_DATA_HOME/trunkline` and its like; `None` where there is no home.
pub fn folder() -> Option<PathBuf> {
    use etcetera::BaseStrategy as _;
    Some(etcetera::choose_base_strategy().ok()?.data_dir().join("trunkline"))
}

const BOOK: &str = "accounts.json";
const SECRETS: &str = "secrets.json";
/// The largest file that is read, in bytes.
const MOST_BYTES: u64 = 1024 * 1024;
const LOCK: &str = "accounts.lock";
/// The version of both files.
const VERSION: u32 = 1;
/// A lock is held while a keyring is asked, which takes 10 s at most.
const TRIES: u32 = 300;
const BETWEEN_TRIES: Duration = Duration::from_millis(50);

/// What `accounts.json` holds.
#[derive(Debug, Serialize, Deserialize)]
struct Book {
    version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    default: Option<String>,
    accounts: Vec<SavedAccount>,
    apps: Vec<SavedApp>,
}

/// A registration without its secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct SavedApp {
    server: Url,
    client_id: String,
    redirect: String,
    scopes: Vec<String>,
    secret: Keeper,
}

/// What `secrets.json` holds. Never printed.
#[derive(Serialize, Deserialize)]
struct Secrets {
    version: u32,
    secrets: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}

impl Default for Book {
    fn default() -> Self {
        Self { version: VERSION, default: None, accounts: Vec::new(), apps: Vec::new() }
    }
}

impl Default for Secrets {
    fn default() -> Self {
        Self { version: VERSION, secrets: BTreeMap::new() }
    }
}

impl Book {
    /// The chosen one, or the first.
    fn default(&self) -> Option<&SavedAccount> {
        let chosen = self.accounts.iter().find(|account| Some(&account.name) == self.default.as_ref());
        chosen.or_else(|| self.accounts.first())
    }

    fn find(&self, typed: &str) -> Result<&SavedAccount, AccountsError> {
        if self.accounts.is_empty() {
            return Err(AccountsError::Empty);
        }
        let name = typed.trim().trim_start_matches('@').to_lowercase();
        if let Some(account) = self.accounts.iter().find(|account| account.name.to_lowercase() == name) {
            return Ok(account);
        }
        let is_part = |account: &&SavedAccount| {
            let whole = account.name.to_lowercase();
            whole.split_once('@').is_some_and(|(user, domain)| user == name || domain == name)
        };
        let found: Vec<&SavedAccount> = self.accounts.iter().filter(is_part).collect();
        let names = |accounts: &[&SavedAccount]| accounts.iter().map(|account| account.name.as_str()).collect::<Vec<_>>().join(", ");
        let typed = Plain::line(typed);
        match *found {
            [account] => Ok(account),
            [] => Err(AccountsError::Unknown { name: typed, known: names(&self.accounts.iter().collect::<Vec<_>>()) }),
            _ => Err(AccountsError::Ambiguous { name: typed, known: names(&found) }),
        }
    }
}

impl SavedApp {
    /// What its secret is filed under. Account names hold no spaces.
    fn key(&self) -> String {
        format!("app {} at {}", self.client_id, self.server)
    }
}

impl Keeper {
    fn place(self) -> &'static str {
        match self {
            Self::Keyring => "the keyring",
            Self::File => SECRETS,
        }
    }
}

/// Where a file is broken, without a word of what it holds.
fn place(error: &serde_json::Error) -> String {
    let kind = if error.is_data() { "not what Trunkline writes" } else { "not JSON" };
    format!("{kind} (line {}, column {})", error.line(), error.column())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const SECRET: &str = "the-token-of-the-reader";

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("trunkline-accounts-{name}-{}", std::process::id()));
        drop(fs::remove_dir_all(&folder));
        folder
    }

    fn open(folder: &Path) -> Accounts {
        Accounts::new(folder.to_owned(), Credentials::File)
    }

    fn account(name: &str) -> SavedAccount {
        SavedAccount {
            name: name.to_owned(),
            server: Url::parse("https://a.example").unwrap(),
            scopes: vec!["read".to_owned(), "write:favourites".to_owned()],
            client_id: "id".to_owned(),
            signed_in: "2026-11-23T12:00:00Z".parse().unwrap(),
            token: Keeper::File,
        }
    }

    fn app(id: &str, scopes: &[&str]) -> App {
        App {
            client_id: id.to_owned(),
            client_secret: Token::new(&format!("secret-of-{id}")).unwrap(),
            redirect: "http://127.0.0.1:4711/callback".to_owned(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        }
    }

    fn token() -> Token {
        Token::new(SECRET).unwrap()
    }

    #[tokio::test]
    async fn accounts_are_kept_found_made_default_and_removed() {
        let folder = folder("round");
        let mut accounts = open(&folder);
        assert!(matches!(accounts.find(None), Err(AccountsError::Empty)));
        assert!(!folder.exists(), "looking makes nothing");
        for name in ["me@a.example", "Me@b.example", "you@b.example"] {
            assert_eq!(accounts.keep(account(name), &token()).await.unwrap(), Keeper::File);
        }
        let found = |accounts: &mut Accounts, name| accounts.find(name).map(|account| account.name).map_err(|error| error.to_string());
        assert_eq!(found(&mut accounts, None).unwrap(), "me@a.example");
        assert_eq!(found(&mut accounts, Some("@me@B.example")).unwrap(), "Me@b.example");
        assert_eq!(found(&mut accounts, Some("you")).unwrap(), "you@b.example");
        assert_eq!(found(&mut accounts, Some("a.example")).unwrap(), "me@a.example");
        assert!(found(&mut accounts, Some("me")).unwrap_err().contains("could be me@a.example, Me@b.example"));
        assert!(found(&mut accounts, Some("nobody")).unwrap_err().contains("there is me@a.example, Me@b.example, you@b.example"));
        assert_eq!(accounts.set_default("you").await.unwrap(), "you@b.example");
        let default = open(&folder).find(None).unwrap();
        assert_eq!(open(&folder).token(&default).await.unwrap(), token());
        open(&folder).remove(&default).await.unwrap();
        assert_eq!(found(&mut accounts, None).unwrap(), "me@a.example");
        assert!(matches!(accounts.token(&default).await, Err(AccountsError::Lost { .. })));
        assert!(!fs::read_to_string(folder.join(BOOK)).unwrap().contains(SECRET));
        fs::remove_dir_all(folder).unwrap();
    }

    #[tokio::test]
    async fn a_registration_is_found_again_where_it_suffices_and_makes_way_where_nobody_needs_it() {
        let folder = folder("apps");
        let mut accounts = open(&folder);
        let server = Url::parse("https://a.example").unwrap();
        let read = ["read".to_owned()];
        accounts.keep_app(&server, &app("id", &["read"])).await.unwrap();
        assert_eq!(accounts.app(&server, &read).await.unwrap(), Some(app("id", &["read"])));
        assert_eq!(accounts.app(&server, &["write:statuses".to_owned()]).await.unwrap(), None);
        assert_eq!(accounts.app(&Url::parse("https://b.example").unwrap(), &read).await.unwrap(), None);
        accounts.keep(account("me@a.example"), &token()).await.unwrap();
        accounts.keep_app(&server, &app("second", &["read", "write:statuses"])).await.unwrap();
        // The account still needs the first one to sign out.
        assert_eq!(accounts.app_of(&account("me@a.example")).await.unwrap().unwrap().client_id, "id");
        accounts.keep_app(&server, &app("third", &["read"])).await.unwrap();
        let secrets = fs::read_to_string(folder.join(SECRETS)).unwrap();
        assert!(secrets.contains("secret-of-id") && secrets.contains("secret-of-third") && !secrets.contains("secret-of-second"));
        fs::remove_dir_all(folder).unwrap();
    }

    #[tokio::test]
    async fn a_file_that_is_not_understood_is_never_overwritten() {
        let folder = folder("broken");
        let mut accounts = open(&folder);
        accounts.keep(account("me@a.example"), &token()).await.unwrap();
        for (file, text, words) in [
            (BOOK, "{\"version\":1,\"accounts\":[", "not JSON (line 1, column "),
            (BOOK, "{\"version\":2}", "another version"),
            (BOOK, "{\"version\":1,\"accounts\":[{\"name\":\"the-words-of-the-file\"}],\"apps\":[]}", "not what Trunkline writes"),
            (SECRETS, "{\"version\":1,\"secrets\":{\"me@a.example\":[\"the-words-of-the-file\"]}}", "not what Trunkline writes"),
        ] {
            let path = folder.join(file);
            let good = fs::read(&path).unwrap();
            fs::write(&path, text).unwrap();
            let error = accounts.keep(account("you@a.example"), &token()).await.unwrap_err().to_string();
            assert!(error.contains(words) && error.contains(file) && !error.contains("the-words"), "{error}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
            fs::write(&path, good).unwrap();
        }
        // Nor is anything lost where the new file cannot be written.
        let before = fs::read(folder.join(BOOK)).unwrap();
        fs::create_dir(folder.join("accounts.json.new")).unwrap();
        assert!(accounts.keep(account("you@a.example"), &token()).await.is_err());
        assert_eq!(fs::read(folder.join(BOOK)).unwrap(), before);
        fs::remove_dir(folder.join("accounts.json.new")).unwrap();
        // What an interrupted write left is no hindrance.
        fs::write(folder.join("accounts.json.new"), "half").unwrap();
        accounts.keep(account("you@a.example"), &token()).await.unwrap();
        assert!(!folder.join("accounts.json.new").exists());
        fs::remove_dir_all(folder).unwrap();
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn programs_that_run_at_once_lose_nothing_of_each_other() {
        let folder = folder("race");
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..16 {
            let mut accounts = open(&folder);
            tasks.spawn(async move { accounts.keep(account(&format!("user{number}@a.example")), &token()).await });
        }
        while let Some(kept) = tasks.join_next().await {
            kept.unwrap().unwrap();
        }
        let (saved, _) = open(&folder).list().unwrap();
        assert_eq!(saved.len(), 16);
        for account in saved {
            assert_eq!(open(&folder).token(&account).await.unwrap(), token());
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn only_the_owner_can_read_and_links_are_not_followed() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let mode = |path: &Path| fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777;
        let folder = folder("modes");
        let mut accounts = open(&folder);
        accounts.keep(account("me@a.example"), &token()).await.unwrap();
        let files = [BOOK, SECRETS, LOCK].map(|name| folder.join(name));
        assert_eq!((mode(&folder), files.each_ref().map(|file| mode(file))), (0o700, [0o600; 3]));
        assert_eq!(accounts.notices(), Vec::<String>::new());

        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(folder.join(SECRETS), fs::Permissions::from_mode(0o644)).unwrap();
        accounts.token(&account("me@a.example")).await.unwrap();
        accounts.keep(account("me@a.example"), &token()).await.unwrap();
        assert_eq!((mode(&folder), mode(&folder.join(SECRETS))), (0o700, 0o600));
        let notices = accounts.notices().join("\n");
        assert!(notices.contains("secrets.json could be read by others") && notices.contains("was open to others"), "{notices}");

        let elsewhere = folder.join("elsewhere");
        fs::rename(folder.join(SECRETS), &elsewhere).unwrap();
        symlink(&elsewhere, folder.join(SECRETS)).unwrap();
        let error = accounts.token(&account("me@a.example")).await.unwrap_err().to_string();
        assert!(error.contains("a symbolic link, which is not followed"), "{error}");
        let before = fs::read(&elsewhere).unwrap();
        assert!(accounts.keep(account("you@a.example"), &token()).await.is_err());
        assert_eq!(fs::read(&elsewhere).unwrap(), before);

        let linked = folder.join("linked");
        symlink(&folder, &linked).unwrap();
        let error = open(&linked).keep(account("me@a.example"), &token()).await.unwrap_err().to_string();
        assert!(error.contains("a symbolic link"), "{error}");
        // A pipe does not make anybody wait.
        fs::remove_file(folder.join(SECRETS)).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(folder.join(SECRETS)).status().unwrap().success());
        let error = accounts.token(&account("me@a.example")).await.unwrap_err().to_string();
        assert!(error.contains("not a file"), "{error}");
        fs::remove_dir_all(folder).unwrap();
    }

    #[tokio::test]
    async fn an_account_goes_also_where_its_token_cannot_be_removed() {
        let folder = folder("stuck");
        let mut accounts = open(&folder);
        accounts.keep(account("me@a.example"), &token()).await.unwrap();
        fs::write(folder.join(SECRETS), "broken").unwrap();
        accounts.remove(&account("me@a.example")).await.unwrap();
        let notices = accounts.notices();
        assert!(matches!(&*notices, [notice] if notice.contains("secrets.json") && notice.contains("`me@a.example`")), "{notices:?}");
        assert!(matches!(accounts.find(None), Err(AccountsError::Empty)));
        assert_eq!(fs::read_to_string(folder.join(SECRETS)).unwrap(), "broken");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn an_account_knows_what_it_may() {
        let account = account("me@a.example");
        assert!(account.can("read") && account.can("read:statuses") && account.can("write:favourites"));
        assert!(!account.can("write:statuses") && !account.can("write"));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_command_gives_the_first_line_that_it_prints() {
        let ask = async |command: &str| token_from(command, "a.example").await.map_err(|error| error.to_string());
        assert_eq!(ask("printf '\\n  the-token-of-the-reader \\nurl: https://x\\n'").await, Ok(token()));
        assert_eq!(ask("echo the-token-of-the-$TRUNKLINE_SERVER").await, Ok(Token::new("the-token-of-the-a.example").unwrap()));
        for (command, words) in [
            ("echo the-token-of-the-reader; exit 3", "token_command failed (exit status: 3)"),
            ("true", "printed no token: the access token is empty"),
            ("echo the token of the reader", "printed no token"),
            ("exec trunkline-no-such-program 2>/dev/null", "token_command failed"),
        ] {
            let error = ask(command).await.unwrap_err();
            assert!(error.contains(words) && !error.contains("reader"), "{command}: {error}");
        }
    }
}
