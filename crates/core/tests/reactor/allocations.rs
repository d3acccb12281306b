//! What a message costs in memory that has to be allocated: once all is warm, nothing. A batch costs
//! the list of what is taken at once.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use allocation_counter::measure;
use pants_core::wire::batch;
use pants_core::{ChannelId, Handle};

use crate::support::{Ask, Cut, Engine, PATIENCE};

const HEADER: usize = batch::WORDS as usize;
/// Messages in flight, and rounds of them that are counted.
const DEPTH: usize = 64;
const ROUNDS: usize = 50;

/// Echoes rounds of messages by turns of the reactor, and returns how often memory was allocated.
fn echoed(engine: &mut Engine, id: ChannelId, peer: &mut TcpStream, message: &[u8]) -> u64 {
    let asked = message.repeat(DEPTH);
    let mut answer = vec![0; asked.len()];
    let records = Ask::default().write(id, &asked).records;
    let (mut words, mut bytes) = (vec![0; 4096], vec![0; 256 * 1024]);
    let handle: Handle = engine.handle().clone();
    let mut round = || {
        peer.write_all(&asked).unwrap();
        let mut taken = 0;
        while taken < asked.len() {
            engine.turn(PATIENCE);
            assert!(handle.take(&mut words, &mut bytes));
            if words[batch::RECORD_WORDS as usize] != 0 {
                taken += words[batch::BYTES as usize] as usize;
            }
        }
        assert!(words.len() > HEADER);
        handle.submit(&records, VecDeque::new());
        engine.turn(Duration::ZERO);
        peer.read_exact(&mut answer).unwrap();
        assert_eq!(answer, asked);
    };
    for _ in 0..ROUNDS {
        round();
    }
    measure(|| {
        for _ in 0..ROUNDS {
            round();
        }
    })
    .count_total
}

fn assert_few(allocations: u64) {
    let messages = DEPTH * ROUNDS;
    assert!(
        allocations <= 2 * ROUNDS as u64,
        "{allocations} allocations for {messages} messages in {ROUNDS} batches"
    );
}

#[test]
fn small_messages_allocate_nothing() {
    let mut engine = Engine::by_turns();
    let (id, mut peer) = engine.started(Cut::lines());
    let allocations = echoed(
        &mut engine,
        id,
        &mut peer,
        b"a line that is not very long\n",
    );
    assert_few(allocations);
}

#[test]
fn kilobytes_allocate_nothing() {
    let mut engine = Engine::by_turns();
    let (id, mut peer) = engine.started(Cut::raw());
    let allocations = echoed(&mut engine, id, &mut peer, &[b'x'; 1024]);
    assert_few(allocations);
}
