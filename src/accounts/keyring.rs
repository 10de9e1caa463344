//! The operating system's keyring, with a deadline.
//!
//! Every call blocks and may ask the reader for a password, so each runs on a thread for blocking. Absent on purpose: the
//! kernel's keys of Linux, which are gone after a restart.

use crate::text::Plain;
use std::time::Duration;

/// How long a keyring may take, the reader's password included.
const PATIENCE: Duration = Duration::from_secs(10);

/// Puts a secret into the keyring; why not, in words, where that fails.
pub(super) async fn store(key: String, secret: String) -> Result<(), Plain> {
    in_time(move || backend::store(&key, &secret)).await
}

/// Takes a secret out of the keyring; `None` where it holds none.
pub(super) async fn fetch(key: String) -> Result<Option<String>, Plain> {
    in_time(move || backend::fetch(&key)).await
}

/// Removes a secret from the keyring; one that is not there is removed.
pub(super) async fn forget(key: String) -> Result<(), Plain> {
    in_time(move || backend::forget(&key)).await
}

async fn in_time<T: Send + 'static>(work: impl FnOnce() -> Result<T, String> + Send + 'static) -> Result<T, Plain> {
    let words = match tokio::time::timeout(PATIENCE, tokio::task::spawn_blocking(work)).await {
        Ok(Ok(Ok(value))) => return Ok(value),
        Ok(Ok(Err(words))) => words,
        Ok(Err(_panicked)) => "it failed".to_owned(),
        Err(_) => format!("it did not answer within {} s", PATIENCE.as_secs()),
    };
    Err(Plain::line(&words))
}

#[cfg(all(feature = "keyring", any(target_os = "linux", target_os = "macos", windows)))]
mod backend {
    use keyring_core::{CredentialStore, Entry, Error};
    use std::sync::Arc;

    /// What our entries are filed under.
    const SERVICE: &str = "trunkline";

    pub(super) fn store(key: &str, secret: &str) -> Result<(), String> {
        entry(key)?.set_password(secret).map_err(|error| words(&error))
    }

    pub(super) fn fetch(key: &str) -> Result<Option<String>, String> {
        match entry(key)?.get_password() {
            Ok(secret) => Ok(Some(secret)),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(words(&error)),
        }
    }

    pub(super) fn forget(key: &str) -> Result<(), String> {
        match entry(key)?.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(words(&error)),
        }
    }

    fn entry(key: &str) -> Result<Entry, String> {
        open().and_then(|store| Entry::new_in_store(&store, SERVICE, key)).map_err(|error| words(&error))
    }

    fn open() -> keyring_core::Result<Arc<CredentialStore>> {
        #[cfg(target_os = "linux")]
        let store: Arc<CredentialStore> = zbus_secret_service_keyring_store::Store::new()?;
        #[cfg(target_os = "macos")]
        let store: Arc<CredentialStore> = apple_native_keyring_store::keychain::Store::new()?;
        #[cfg(windows)]
        let store: Arc<CredentialStore> = windows_native_keyring_store::Store::new()?;
        Ok(store)
    }

    /// What is wrong, without what some of these errors carry along: the secret's bytes.
    fn words(error: &Error) -> String {
        if matches!(error, Error::BadEncoding(_) | Error::BadDataFormat(..) | Error::Ambiguous(_)) {
            return "what it holds is not what was put there".to_owned();
        }
        error.to_string()
    }
}

#[cfg(not(all(feature = "keyring", any(target_os = "linux", target_os = "macos", windows))))]
mod backend {
    const ABSENT: &str = "this build knows none";

    pub(super) fn store(_key: &str, _secret: &str) -> Result<(), String> {
        Err(ABSENT.to_owned())
    }

    pub(super) fn fetch(_key: &str) -> Result<Option<String>, String> {
        Err(ABSENT.to_owned())
    }

    pub(super) fn forget(_key: &str) -> Result<(), String> {
        Err(ABSENT.to_owned())
    }
}
