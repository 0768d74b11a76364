//! The command lines that the documents give for the pin of a server, run as they stand there against one.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use crate::root;

#[test]
fn what_the_documents_say_of_openssl_gives_the_pin_or_nothing() {
    let server = Server::start();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    for (document, (command, endpoint, name)) in [("README.md", of_readme()), ("www/index.html", of_lab())] {
        assert!(command.contains(endpoint), "{document}: {command}");
        let answer = |address: &str| {
            let command = command.replace(endpoint, address).replace(name, "-servername localhost");
            let output = Command::new("sh").args(["-c", &command]).output().unwrap();
            (String::from_utf8(output.stdout).unwrap(), output.status.success())
        };
        assert_eq!(answer(&server.address), (format!("{}\n", server.pin), true), "{document}");
        // Else the pin of an empty text would be there.
        assert_eq!(answer(&closed), (String::new(), false), "{document}: nobody answers");
    }
}

/// A command, what stands in it for host and port, and for the name of the host.
type Given = (String, &'static str, &'static str);

fn of_readme() -> Given {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let (_, command) = readme.split_once("```\n   key=").unwrap();
    let (command, _) = command.split_once("```").unwrap();
    (format!("key={command}"), "H:443", "-servername H")
}

fn of_lab() -> Given {
    let page = std::fs::read_to_string(root().join("www/index.html")).unwrap();
    let (_, command) = page.split_once("<pre class=\"code\">key=").unwrap();
    let (command, _) = command.split_once("</pre>").unwrap();
    let command = command.replace("&lt;", "<").replace("&amp;", "&");
    (format!("key={command}"), "chat.example.com:443", "-servername chat.example.com")
}

/// A server of OpenSSL, with a key that is made for it.
struct Server {
    child: Child,
    address: String,
    pin: String,
}

impl Server {
    fn start() -> Self {
        let file = |name: &str| format!("{}/commands-{name}.pem", env!("CARGO_TARGET_TMPDIR"));
        let (key, certificate) = (file("key"), file("certificate"));
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2"])
            .args(["-keyout", &key, "-out", &certificate])
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let pin = sockpin::formats::inspect(&std::fs::read(&certificate).unwrap()).unwrap()[0].sha256.to_base64();
        let mut child = Command::new("openssl")
            .args(["s_server", "-accept", "127.0.0.1:0", "-www", "-key", &key, "-cert", &certificate])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // It says where it listens once it does.
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines.map_while(Result::ok).find_map(|line| line.strip_prefix("ACCEPT ").map(str::to_owned));
        Self { child, address: address.unwrap(), pin }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
