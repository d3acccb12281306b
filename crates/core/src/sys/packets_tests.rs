//! The calls themselves, many datagrams at a time and one by one.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{self, Read};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::AsRawFd;

use socket2::{Domain, MsgHdr, SockAddr, Socket, Type};

use super::*;
use crate::addr::Address;

fn carrier() -> (Carrier, SocketAddr) {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None).unwrap();
    socket.set_nonblocking(true).unwrap();
    socket
        .bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())
        .unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    (Carrier::new(socket).unwrap(), address)
}

fn outgoing(to: Option<SocketAddr>, data: &[u8]) -> Outgoing<'_> {
    Outgoing {
        to: to.map(SockAddr::from),
        data,
        segment: 0,
    }
}

/// All that waits, in order. On loopback, what was sent has arrived.
fn drain(carrier: &Carrier, inbound: &mut Inbound) -> Vec<(Option<Address>, Vec<u8>)> {
    let mut all = Vec::new();
    loop {
        match carrier.receive(inbound) {
            Ok(()) => {
                for (index, received) in inbound.received.iter().enumerate() {
                    all.push((received.from.clone(), inbound.bytes(index).to_vec()));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return all,
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn many_and_one_by_one_are_the_same() {
    let largest = vec![7; 65_507];
    let data: [&[u8]; 5] = [b"one", b"", b"three", &largest, b"five"];
    for (mut many, mut inbound) in [
        (SendsMany(true), Inbound::default()),
        (SendsMany(false), Inbound::one_by_one()),
    ] {
        let (from, from_address) = carrier();
        let (to, to_address) = carrier();
        let packets: Vec<_> = data
            .iter()
            .map(|data| outgoing(Some(to_address), data))
            .collect();
        let mut sent = 0;
        while sent < packets.len() {
            sent += from.send(&packets[sent..], &mut many).unwrap();
        }
        let sender = Some(Address::Inet(from_address));
        let expected: Vec<_> = data
            .iter()
            .map(|data| (sender.clone(), data.to_vec()))
            .collect();
        assert_eq!(drain(&to, &mut inbound), expected);
    }
}

/// A kernel, or a sandbox, that does not know the calls: for this test's thread, and for ever.
fn forget_many() {
    let filter = |code, jt, jf, k| libc::sock_filter { code, jt, jf, k };
    let load = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
    let equal = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
    let answer = (libc::BPF_RET | libc::BPF_K) as u16;
    let mut program = [
        filter(load, 0, 0, 0),
        filter(equal, 2, 0, libc::SYS_recvmmsg as u32),
        filter(equal, 1, 0, libc::SYS_sendmmsg as u32),
        filter(answer, 0, 0, libc::SECCOMP_RET_ALLOW),
        filter(answer, 0, 0, libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32),
    ];
    let program = libc::sock_fprog {
        len: program.len() as u16,
        filter: program.as_mut_ptr(),
    };
    // SAFETY: a call without pointers.
    let result = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    assert_eq!(result, 0);
    let mode = libc::SECCOMP_MODE_FILTER;
    // SAFETY: the program and its filters outlive the call, which copies them.
    let result = unsafe { libc::prctl(libc::PR_SET_SECCOMP, mode, &raw const program, 0, 0) };
    assert_eq!(result, 0);
}

#[test]
fn without_the_calls_for_many_it_goes_one_by_one() {
    forget_many();
    let (mut many, mut inbound) = (SendsMany::default(), Inbound::default());
    let (from, _) = carrier();
    let (to, address) = carrier();
    let packets = [&b"one"[..], b"two", b"three"].map(|data| outgoing(Some(address), data));
    for at in 0..packets.len() {
        assert_eq!(from.send(&packets[at..], &mut many).unwrap(), 1);
    }
    let arrived: Vec<_> = drain(&to, &mut inbound)
        .into_iter()
        .map(|(_, data)| data)
        .collect();
    assert_eq!(arrived, [&b"one"[..], b"two", b"three"]);
    assert!(!many.0 && !inbound.many, "it does not ask again");
    from.send(&packets[..1], &mut many).unwrap();
    to.receive(&mut inbound).unwrap();
    assert!(inbound.is_full(), "there may be more");
}

#[test]
fn what_fails_midway_is_first_the_next_time() {
    let too_large = vec![0; 70_000];
    for mut many in [SendsMany(true), SendsMany(false)] {
        let (from, _) = carrier();
        let (to, address) = carrier();
        let data: [&[u8]; 3] = [b"before", &too_large, b"behind"];
        let packets: Vec<_> = data
            .iter()
            .map(|data| outgoing(Some(address), data))
            .collect();
        assert_eq!(from.send(&packets, &mut many).unwrap(), 1);
        let error = from.send(&packets[1..], &mut many).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EMSGSIZE));
        assert_eq!(from.send(&packets[2..], &mut many).unwrap(), 1);
        let arrived: Vec<_> = drain(&to, &mut Inbound::default())
            .into_iter()
            .map(|(_, data)| data)
            .collect();
        assert_eq!(arrived, [b"before", b"behind"]);
    }
}

#[test]
fn segments_arrive_as_datagrams() {
    let mut data = vec![0; 100];
    data.extend([1; 100]);
    data.extend([2; 7]);
    let (from, _) = carrier();
    let (to, address) = carrier();
    let mut first = outgoing(Some(address), &data);
    first.segment = 100;
    let packets = [first, outgoing(Some(address), b"alone")];
    assert_eq!(from.send(&packets, &mut SendsMany(true)).unwrap(), 2);
    let arrived: Vec<_> = drain(&to, &mut Inbound::default())
        .into_iter()
        .map(|(_, data)| data)
        .collect();
    let expected = [&data[..100], &data[100..200], &data[200..], b"alone"];
    assert_eq!(arrived, expected);
    // One by one there are none: whoever asks sends the datagrams themselves.
    let error = from.send(&packets, &mut SendsMany(false)).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::ENOSYS));
}

#[test]
fn without_a_peer_nothing_goes_without_an_address() {
    let (from, _) = carrier();
    let error = from
        .send(&[outgoing(None, b"where to?")], &mut SendsMany::default())
        .unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::EDESTADDRREQ));
}

#[test]
fn a_peer_is_set_and_taken_back() {
    let (one, one_address) = carrier();
    let (two, two_address) = carrier();
    one.options().connect(&two_address.into()).unwrap();
    one.send(&[outgoing(None, b"hello")], &mut SendsMany::default())
        .unwrap();
    let arrived = drain(&two, &mut Inbound::default());
    assert_eq!(
        arrived,
        [(Some(Address::Inet(one_address)), b"hello".to_vec())]
    );
    one.disconnect().unwrap();
    assert!(one.options().peer_addr().is_err());
}

/// A Unix datagram may be longer than the room for it, a UDP one never.
#[test]
fn one_that_is_too_long_is_marked() {
    for mut inbound in [Inbound::default(), Inbound::one_by_one()] {
        let (from, to) = Socket::pair(Domain::UNIX, Type::DGRAM, None).unwrap();
        to.set_nonblocking(true).unwrap();
        let to = Carrier::new(to).unwrap();
        from.send(&vec![1; PACKET_BYTES + 1]).unwrap();
        from.send(&vec![2; PACKET_BYTES]).unwrap();
        let mut seen = Vec::new();
        while to.receive(&mut inbound).is_ok() {
            for received in &inbound.received {
                assert_eq!(received.from, None);
                seen.push((received.truncated, received.sent));
            }
        }
        assert_eq!(seen, [(true, PACKET_BYTES + 1), (false, PACKET_BYTES)]);
    }
}

/// Nobody has asked for descriptors: those that are passed are closed, by the kernel.
#[test]
fn descriptors_that_are_passed_are_not_taken() {
    for mut inbound in [Inbound::default(), Inbound::one_by_one()] {
        let (from, to) = Socket::pair(Domain::UNIX, Type::DGRAM, None).unwrap();
        to.set_nonblocking(true).unwrap();
        let to = Carrier::new(to).unwrap();
        let (mut reader, writer) = io::pipe().unwrap();
        // A header of two words, then the descriptor, padded.
        let mut control = 20_u64.to_ne_bytes().to_vec();
        for word in [libc::SOL_SOCKET, libc::SCM_RIGHTS, writer.as_raw_fd(), 0] {
            control.extend(word.to_ne_bytes());
        }
        let data = [IoSlice::new(b"hello")];
        let message = MsgHdr::new().with_buffers(&data).with_control(&control);
        assert_eq!(from.sendmsg(&message, 0).unwrap(), 5);
        drop(writer);
        assert_eq!(drain(&to, &mut inbound), [(None, b"hello".to_vec())]);
        // Were there another descriptor of it, this would wait for ever.
        assert_eq!(reader.read(&mut [0; 1]).unwrap(), 0);
    }
}

#[test]
fn the_kernel_tells_what_it_drops() {
    let (from, _) = carrier();
    let (to, address) = carrier();
    to.options().set_recv_buffer_size(1).unwrap();
    let total: u32 = 500;
    for _ in 0..total {
        from.send(
            &[outgoing(Some(address), &[0; 100])],
            &mut SendsMany::default(),
        )
        .unwrap();
    }
    let received = drain(&to, &mut Inbound::default()).len() as u32;
    assert!(received < total);
    assert_eq!(to.drops(), Some(total - received));
    // The next one to arrive tells it too.
    from.send(
        &[outgoing(Some(address), b"next")],
        &mut SendsMany::default(),
    )
    .unwrap();
    let mut inbound = Inbound::default();
    to.receive(&mut inbound).unwrap();
    assert_eq!(inbound.received[0].drops, Some(total - received));
}
