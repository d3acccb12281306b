//! The command line, and lines over TCP.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::Stdio;

use serde_json::Value;

use crate::support::{command, counting_echo, echo, expect_failure, load, report, serve};

#[test]
fn lines_counts_what_was_asked_for() {
    let report = report(&load(
        echo(),
        &["lines", "--connections=5", "--messages=1003"],
    ));
    assert_eq!(report["mode"], "lines");
    assert_eq!(report["messages"], 1003);
    assert!(report["throughput"].as_f64().unwrap() > 0.0);
    assert!(report["cpuSeconds"].as_f64().unwrap() > 0.0);
    let latency = |quantile: &str| report["latency"][quantile].as_f64().unwrap();
    assert!(latency("p50") > 0.0);
    for pair in ["p50", "p90", "p99", "p99.9", "max"].windows(2) {
        assert!(latency(pair[0]) <= latency(pair[1]), "{pair:?}");
    }
}

#[test]
fn lines_lasts_as_long_as_was_asked_for() {
    let report = report(&load(echo(), &["lines", "--seconds=0.2", "--warm-up=0.1"]));
    assert!(report["messages"].as_u64().unwrap() > 0);
    assert!(report["seconds"].as_f64().unwrap() >= 0.2);
}

#[test]
fn pipelined_lines_of_an_odd_size_are_matched() {
    let options = [
        "lines",
        "--connections=3",
        "--depth=100",
        "--size=7",
        "--messages=20000",
    ];
    assert_eq!(report(&load(echo(), &options))["messages"], 20_000);
}

#[test]
fn bulk_moves_large_messages() {
    let report = report(&load(echo(), &["bulk", "--messages=200"]));
    assert_eq!(
        (&report["size"], &report["messages"]),
        (&65_536.into(), &200.into())
    );
    assert!(report["megabytes"].as_f64().unwrap() > 0.0);
}

#[test]
fn bulk_survives_messages_larger_than_every_buffer() {
    let options = [
        "bulk",
        "--connections=1",
        "--depth=2",
        "--size=8000000",
        "--messages=3",
    ];
    assert_eq!(report(&load(echo(), &options))["messages"], 3);
}

#[test]
fn churn_opens_a_connection_for_each_line() {
    let (address, accepted) = counting_echo();
    let report = report(&load(
        address,
        &["churn", "--connections=4", "--messages=50"],
    ));
    assert_eq!(report["messages"], 50);
    assert_eq!(accepted(), 50);
}

#[test]
fn a_refused_connection_is_reported() {
    // Bound and closed again: nothing listens there.
    let address = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    for mode in ["lines", "churn", "bulk"] {
        expect_failure(&load(address, &[mode]), "cannot connect to 127.0.0.1:");
    }
}

#[test]
fn a_wrong_byte_is_reported() {
    let mut passed = 0;
    let address = serve(move |chunk: &mut Vec<u8>| {
        passed += chunk.len();
        if passed > 640 {
            chunk[5] ^= 1;
        }
        Some(())
    });
    let output = load(address, &["lines", "--connections=1", "--messages=100"]);
    expect_failure(
        &output,
        "connection 0, reply 10: expected \"0000000010 00000 abcdef",
    );
}

#[test]
fn a_reply_too_many_is_reported() {
    let address = serve(|chunk: &mut Vec<u8>| {
        chunk.extend_from_within(..);
        Some(())
    });
    expect_failure(&load(address, &["lines"]), "which answers nothing");
    expect_failure(&load(address, &["churn"]), "which answers nothing");
}

#[test]
fn a_connection_closed_early_is_reported() {
    let address = serve(|_: &mut Vec<u8>| None);
    expect_failure(
        &load(address, &["lines"]),
        "the server closed it, 1 replies are missing",
    );
    expect_failure(
        &load(address, &["churn"]),
        "the server closed it, 1 replies are missing",
    );
}

#[test]
fn a_silent_server_is_reported() {
    let address = serve(|chunk: &mut Vec<u8>| {
        chunk.clear();
        Some(())
    });
    let output = load(address, &["lines", "--timeout=0.1"]);
    expect_failure(
        &output,
        "the server has been silent for 100ms, 1 replies are missing",
    );
}

#[test]
fn wrong_options_are_refused() {
    let address: SocketAddr = "127.0.0.1:1".parse().unwrap();
    expect_failure(
        &load(address, &["lines", "--depth=none"]),
        "invalid value 'none'",
    );
}

#[test]
fn step_waits_before_and_after_the_measurement() {
    let (address, accepted) = counting_echo();
    let mut child = command(address, &["churn", "--step", "--warm-up=0", "--messages=3"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap()).lines();

    assert_eq!(stdout.next().unwrap().unwrap(), "ready");
    assert_eq!(accepted(), 0);
    stdin.write_all(b"go\n").unwrap();
    let report: Value = serde_json::from_str(&stdout.next().unwrap().unwrap()).unwrap();
    assert_eq!(report["messages"], 3);
    assert!(
        child.try_wait().unwrap().is_none(),
        "ended before it was told to"
    );
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn step_without_a_start_is_a_failure() {
    let output = command(echo(), &["lines", "--step", "--warm-up=0"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    expect_failure(&output, "stdin ended before the measurement");
}
