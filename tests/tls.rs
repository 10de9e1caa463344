//! A private server with an authority of its own: REST and the trunk over real TLS, trusted by `ca_file` and not without it.
#![cfg(test)]

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_util::sync::{CancellationToken, DropGuard};
use trunkline::demo::{Control, Options, Server, Story};

const PATIENCE: Duration = Duration::from_secs(30);

/// The built-in server behind TLS, with a certificate of an authority that nobody knows.
struct Private {
    url: String,
    authority: String,
    control: Control,
    _stops: DropGuard,
}

async fn private() -> Private {
    let mut of_authority = CertificateParams::new(Vec::new()).unwrap();
    of_authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(of_authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let _first_or_not = rustls::crypto::ring::default_provider().install_default();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));

    let outside = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (seen_as, inside) = (outside.local_addr().unwrap(), listener.local_addr().unwrap());
    let shutdown = CancellationToken::new();
    let options = Options { story: Story::Empty, seen_as: Some(seen_as), behind_tls: true, ..Options::default() };
    let server = Server::start(listener, options, shutdown.clone()).await.unwrap();
    let until = shutdown.clone();
    tokio::spawn(until.run_until_cancelled_owned(async move {
        loop {
            let (client, _) = outside.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // A client that does not trust us goes away in the middle of this.
                let Ok(mut client) = acceptor.accept(client).await else { return };
                let mut server = TcpStream::connect(inside).await.unwrap();
                drop(tokio::io::copy_bidirectional(&mut client, &mut server).await);
            });
        }
    }));
    Private { url: server.url().to_owned(), authority: authority.pem(), control: server.control(), _stops: shutdown.drop_guard() }
}

/// A folder of its own with this configuration; gives its file.
fn configured(name: &str, config: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tls").join(name);
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("config.toml");
    std::fs::write(&file, config).unwrap();
    file
}

fn trunkline(server: &Private, config: &Path, arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trunkline"));
    command.env_clear().env("HOME", config.parent().unwrap()).env("TZ", "UTC").env("TRUNKLINE_TOKEN", "a-token");
    command.env("TRUNKLINE_SERVER", &server.url).env("TRUNKLINE_CONFIG", config).args(arguments).kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

async fn end(child: Child) -> (i32, String, String) {
    let Output { status, stdout, stderr } =
        tokio::time::timeout(PATIENCE, child.wait_with_output()).await.expect("it does not end").unwrap();
    (status.code().unwrap_or(-1), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_authority_of_ones_own_is_trusted_for_questions_and_for_the_stream() {
    let server = private().await;
    let config = configured("trusted", "ca_file = \"authority.pem\"\n");
    std::fs::write(config.with_file_name("authority.pem"), &server.authority).unwrap();
    let child = trunkline(&server, &config, &["tail", "home", "--count", "1"]);
    let carried = async {
        let mut looks = tokio::time::interval(Duration::from_millis(10));
        while server.control.subscriptions().await.first().is_none_or(Vec::is_empty) {
            looks.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, carried).await.expect("no stream is carried");
    server.control.post("ada", "Over TLS.").await;
    let (code, lines, said) = end(child).await;
    assert_eq!(code, 0, "{said}");
    assert!(lines.contains("Over TLS."), "{lines}{said}");
    let asked = server.control.requests().await;
    for way in ["/api/v2/instance", "/api/v1/streaming", "/api/v1/timelines/home"] {
        assert!(asked.iter().any(|request| request.contains(way)), "{way}: {asked:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_it_the_server_is_refused_in_words_and_sees_no_token() {
    let server = private().await;
    let config = configured("unknown", "");
    let (code, lines, said) = end(trunkline(&server, &config, &["tail", "home", "--count", "1"])).await;
    assert_eq!((code, lines.as_str()), (1, ""), "{said}");
    assert!(said.contains("certificate") || said.contains("secure connection"), "{said}");
    assert!(server.control.requests().await.is_empty(), "nothing is asked of a server that is not trusted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_the_file_of_authorities_is_said() {
    let server = private().await;
    let config = configured("wrong", "ca_file = \"authority.pem\"\n");
    let file = config.with_file_name("authority.pem");
    for (bytes, words) in [
        (None, "No such file"),
        (Some(vec![]), "no certificate is in it"),
        (Some(b"not PEM at all".to_vec()), "no certificate is in it"),
        (Some(vec![b'x'; 2 * 1024 * 1024]), "longer than 1 MiB"),
    ] {
        match bytes {
            Some(bytes) => std::fs::write(&file, bytes).unwrap(),
            None => drop(std::fs::remove_file(&file)),
        }
        let (code, lines, said) = end(trunkline(&server, &config, &["tail", "home"])).await;
        assert_eq!((code, lines.as_str()), (1, ""), "{said}");
        assert!(said.contains("`ca_file`") && said.contains("authority.pem") && said.contains(words), "{words}: {said}");
    }
}
