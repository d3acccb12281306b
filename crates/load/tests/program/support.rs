//! Starts the program, and servers that are right and wrong.

use std::fmt::Display;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Output};
use std::thread;

use serde_json::Value;

pub(crate) fn command(address: impl Display, options: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pants-load"));
    command.args(options).arg(format!("--address={address}"));
    command
}

pub(crate) fn load(address: impl Display, options: &[&str]) -> Output {
    let mut command = command(address, options);
    if !options.iter().any(|option| option.starts_with("--warm-up")) {
        command.arg("--warm-up=0");
    }
    command.output().unwrap()
}

#[track_caller]
pub(crate) fn report(output: &Output) -> Value {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} {stderr}", output.status);
    serde_json::from_slice(&output.stdout).unwrap()
}

#[track_caller]
pub(crate) fn expect_failure(output: &Output, message: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "succeeded");
    assert!(stderr.contains(message), "stderr: {stderr}");
    assert!(
        output.stdout.is_empty() || output.stdout == b"ready\n",
        "printed a report"
    );
}

/// A server on a free port that answers each chunk with what `transform` makes of it, and closes
/// the connection at `None`. Its threads end with the test process.
pub(crate) fn serve<F>(transform: F) -> SocketAddr
where
    F: FnMut(&mut Vec<u8>) -> Option<()> + Clone + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let transform = transform.clone();
            thread::spawn(move || answer(stream.unwrap(), transform));
        }
    });
    address
}

fn answer(mut stream: TcpStream, mut transform: impl FnMut(&mut Vec<u8>) -> Option<()>) {
    let mut buffer = vec![0; 65_536];
    // Errors end the connection: a client that found a fault does not say goodbye.
    while let Ok(received @ 1..) = stream.read(&mut buffer) {
        let mut chunk = buffer[..received].to_vec();
        if transform(&mut chunk).is_none() || stream.write_all(&chunk).is_err() {
            return;
        }
    }
}

pub(crate) fn echo() -> SocketAddr {
    serve(|_: &mut Vec<u8>| Some(()))
}

pub(crate) fn counting_echo() -> (SocketAddr, impl Fn() -> usize) {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let address = serve(move |_: &mut Vec<u8>| {
        counted.fetch_add(1, Ordering::Relaxed);
        Some(())
    });
    (address, move || count.load(Ordering::Relaxed))
}
