//! Datagrams, with servers that lose, repeat and spoil them.

use std::net::{SocketAddr, UdpSocket};
use std::thread;

use crate::support::{expect_failure, load, report};

const ECHO: [&str; 5] = [
    "datagrams",
    "--connections=2",
    "--depth=8",
    "--size=100",
    "--messages=500",
];

#[test]
fn datagrams_are_echoed_and_counted() {
    let report = report(&load(answer(|_, datagram| vec![datagram]), &ECHO));
    assert_eq!(
        (&report["messages"], &report["lost"]),
        (&500.into(), &0.into())
    );
    assert!(report["latency"]["p50"].as_f64().unwrap() > 0.0);
}

#[test]
fn a_datagram_that_is_not_answered_is_lost_and_the_run_goes_on() {
    let lossy = answer(|number, datagram| {
        if number % 100 == 99 {
            vec![]
        } else {
            vec![datagram]
        }
    });
    let report = report(&load(lossy, &ECHO));
    assert_eq!(
        (&report["messages"], &report["lost"]),
        (&495.into(), &5.into())
    );
}

#[test]
fn an_answer_too_many_is_reported() {
    let double = answer(|_, datagram| vec![datagram.clone(), datagram]);
    let options = ["datagrams", "--connections=1", "--messages=2"];
    expect_failure(&load(double, &options), "which answers nothing");
}

#[test]
fn an_answer_that_comes_late_has_been_counted_as_lost() {
    let mut kept = None;
    let late = answer(move |number, datagram| match number {
        // The first is answered after the last, which is sent when the first is given up.
        0 => {
            kept = Some(datagram);
            vec![]
        }
        _ => [Some(datagram), kept.take()]
            .into_iter()
            .flatten()
            .collect(),
    });
    let options = ["datagrams", "--connections=1", "--depth=1", "--messages=3"];
    let report = report(&load(late, &options));
    assert_eq!(
        (&report["messages"], &report["lost"]),
        (&2.into(), &1.into())
    );
}

#[test]
fn a_wrong_byte_and_a_byte_too_many_are_reported() {
    let spoilt = answer(|_, mut datagram| {
        datagram[99] ^= 1;
        vec![datagram]
    });
    expect_failure(&load(spoilt, &ECHO), "expected \"0000000");
    let longer = answer(|_, mut datagram| {
        datagram.push(b'x');
        vec![datagram]
    });
    expect_failure(&load(longer, &ECHO), "expected \"0000000");
}

#[test]
fn a_server_that_answers_nothing_is_silent() {
    let silent = answer(|_, _| vec![]);
    expect_failure(
        &load(silent, &["datagrams", "--timeout=0.1"]),
        "the server has been silent for 100ms",
    );
}

#[test]
fn flood_reports_what_the_server_has_counted() {
    let mut count = 0;
    let counting = answer(move |_, datagram| {
        if datagram[0] == b'?' {
            let question = String::from_utf8(datagram).unwrap();
            return vec![format!("{question} {count}").into_bytes()];
        }
        count += 1;
        vec![]
    });
    let options = ["flood", "--connections=3", "--depth=5", "--messages=100"];
    let report = report(&load(counting, &options));
    let number = |name: &str| report[name].as_u64().unwrap();
    assert_eq!(number("messages") + number("lost"), 100);
}

#[test]
fn flood_does_not_believe_what_cannot_be() {
    let answers = |count: &'static str| {
        answer(move |number, datagram| {
            if datagram[0] != b'?' {
                return vec![];
            }
            let question = String::from_utf8(datagram).unwrap();
            let count = if number == 0 { "0" } else { count };
            vec![format!("{question} {count}").into_bytes()]
        })
    };
    let options = ["flood", "--connections=1", "--messages=10"];
    expect_failure(
        &load(answers("11"), &options),
        "says that it received 11 of 10",
    );
    expect_failure(
        &load(answers("many"), &options),
        "the server answered \"?2 many\"",
    );
}

#[test]
fn sink_counts_what_arrives_and_what_does_not() {
    let report = report(&load(
        source(|number| number % 10 != 4),
        &["sink", "--messages=500"],
    ));
    let number = |name: &str| report[name].as_u64().unwrap();
    assert!(number("messages") >= 500);
    assert!(number("lost") >= 500 / 9);
}

#[test]
fn sink_refuses_a_datagram_that_came_before() {
    let backwards = answer(|_, datagram| {
        let text = |number| format!("{number:010} 00000 abc").into_bytes();
        match &datagram[..] {
            b"stop" => vec![],
            _ => vec![text(0), text(1), text(1)],
        }
    });
    let options = ["sink", "--size=20", "--messages=5"];
    expect_failure(&load(backwards, &options), "which answers nothing");
}

/// A server that answers each datagram with what `transform` makes of it. Its thread ends with
/// the test process.
fn answer<F>(mut transform: F) -> SocketAddr
where
    F: FnMut(usize, Vec<u8>) -> Vec<Vec<u8>> + Send + 'static,
{
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut buffer = vec![0; 65_536];
        for number in 0.. {
            // A client that has gone shows as an error here, on some systems.
            let Ok((length, from)) = socket.recv_from(&mut buffer) else {
                continue;
            };
            for reply in transform(number, buffer[..length].to_vec()) {
                let _ = socket.send_to(&reply, from);
            }
        }
    });
    address
}

/// A server that sends the numbers which `keep` lets through, until it is told to stop.
fn source(keep: fn(u64) -> bool) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 100];
        let (length, from) = socket.recv_from(&mut buffer).unwrap();
        assert_eq!(&buffer[..length], b"start 64");
        socket.set_nonblocking(true).unwrap();
        let filler: String = ('a'..='z').cycle().take(47).collect();
        for number in 0_u64.. {
            if keep(number) {
                let text = format!("{number:010} 00000 {filler}");
                let _ = socket.send_to(text.as_bytes(), from);
            }
            if matches!(socket.recv(&mut buffer), Ok(4)) {
                return;
            }
        }
    });
    address
}
