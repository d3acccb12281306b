//! What is asked of streams besides lines over TCP.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::support::{echo, expect_failure, load, report, serve};

#[test]
fn lengths_are_sent_and_matched() {
    let options = [
        "lines",
        "--framing=length",
        "--connections=3",
        "--depth=10",
        "--size=300",
        "--messages=1000",
    ];
    assert_eq!(report(&load(echo(), &options))["messages"], 1000);
}

#[test]
fn what_set_has_stored_get_must_bring_back() {
    let options = [
        "lines",
        "--framing=resp",
        "--connections=3",
        "--depth=16",
        "--size=16",
        "--messages=1001",
    ];
    assert_eq!(report(&load(store(true), &options))["messages"], 1001);
    expect_failure(&load(store(false), &options), "expected \"$16\\r\\n0000000");
}

#[test]
fn a_long_answer_is_counted_in_megabytes_and_checked() {
    let options = ["lines", "--depth=4", "--answer=100000", "--messages=50"];
    let answer = |wrong: bool| {
        serve(move |chunk: &mut Vec<u8>| {
            let mut pattern: Vec<u8> = (b'a'..=b'z').cycle().take(100_000).collect();
            if wrong {
                pattern[99_999] ^= 1;
            }
            *chunk = chunk
                .split_inclusive(|byte| *byte == b'\n')
                .flat_map(|line| [line, &pattern].concat())
                .collect();
            Some(())
        })
    };
    let right = report(&load(answer(false), &options));
    let throughput = right["throughput"].as_f64().unwrap();
    let megabytes = right["megabytes"].as_f64().unwrap();
    assert!((megabytes / throughput * 1e6 - 100_064.0).abs() < 1.0);
    expect_failure(&load(answer(true), &options), "expected \"");
}

#[test]
fn a_line_is_counted_for_each_that_receives_it() {
    let options = ["fanout", "--connections=7", "--depth=3", "--messages=20"];
    assert_eq!(report(&load(broadcast(true), &options))["messages"], 140);
}

#[test]
fn fanout_needs_a_greeting() {
    let options = ["fanout", "--connections=2", "--messages=1"];
    expect_failure(
        &load(broadcast(false), &options),
        "the server greeted with \"\"",
    );
}

#[test]
fn paced_keeps_to_its_rate() {
    let options = ["paced", "--connections=3", "--rate=2000", "--messages=400"];
    let report = report(&load(echo(), &options));
    assert_eq!(report["messages"], 400);
    // The last one is due 399 intervals after the first.
    assert!(report["seconds"].as_f64().unwrap() >= 0.1995);
}

#[test]
fn paced_gives_up_a_silent_server() {
    let silent = serve(|chunk: &mut Vec<u8>| {
        if !chunk.starts_with(b"0000000000") {
            chunk.clear();
        }
        Some(())
    });
    let options = ["paced", "--connections=2", "--rate=100", "--timeout=0.2"];
    expect_failure(&load(silent, &options), "the server has been silent for");
}

#[test]
fn idle_opens_what_was_asked_for_and_a_tenth_before() {
    let (address, accepted) = crate::support::counting_echo();
    let options = ["idle", "--connections=20", "--warm-up=1"];
    assert_eq!(report(&load(address, &options))["messages"], 20);
    assert_eq!(accepted(), 22);
}

#[cfg(unix)]
#[test]
fn unix_sockets_are_loaded_as_tcp_is() {
    let directory = std::env::temp_dir().join(format!("pants-load-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let path = directory.join("echo");
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            thread::spawn(move || {
                let mut chunk = vec![0; 65_536];
                while let Ok(received @ 1..) = stream.read(&mut chunk) {
                    if stream.write_all(&chunk[..received]).is_err() {
                        return;
                    }
                }
            });
        }
    });
    let address = format!("unix:{}", path.display());
    for mode in ["lines", "bulk", "churn"] {
        let options = [mode, "--connections=2", "--messages=50"];
        assert_eq!(report(&load(&address, &options))["messages"], 50);
    }
    std::fs::remove_dir_all(&directory).unwrap();
    expect_failure(&load(&address, &["lines"]), "cannot connect to unix:");
    expect_failure(&load(&address, &["datagrams"]), "is no UDP address");
}

/// A store that answers GET with what SET has stored last, or with what it was asked first.
fn store(right: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || store_for(stream.unwrap(), right));
        }
    });
    address
}

fn store_for(stream: TcpStream, right: bool) -> Option<()> {
    let mut replies = stream.try_clone().unwrap();
    let mut lines = BufReader::new(stream).lines();
    let mut value: Option<String> = None;
    loop {
        let words = lines.next()?.ok()?[1..].parse::<usize>().unwrap();
        let words: Option<Vec<String>> = (0..words).map(|_| lines.by_ref().nth(1)?.ok()).collect();
        match &words?[..] {
            [set, _, stored] if set == "SET" => {
                if right || value.is_none() {
                    value = Some(stored.clone());
                }
                replies.write_all(b"+OK\r\n").ok()?;
            }
            _ => {
                let value = value.as_deref().unwrap();
                let reply = format!("${}\r\n{value}\r\n", value.len());
                replies.write_all(reply.as_bytes()).ok()?;
            }
        }
    }
}

fn broadcast(greets: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let all: Arc<Mutex<Vec<TcpStream>>> = Arc::default();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            if !greets {
                continue;
            }
            let all = Arc::clone(&all);
            all.lock().unwrap().push(stream.try_clone().unwrap());
            stream.write_all(b"hello\n").unwrap();
            thread::spawn(move || {
                let mut chunk = vec![0; 65_536];
                while let Ok(received @ 1..) = stream.read(&mut chunk) {
                    for receiver in &mut *all.lock().unwrap() {
                        let _ = receiver.write_all(&chunk[..received]);
                    }
                }
            });
        }
    });
    address
}
