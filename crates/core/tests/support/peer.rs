//! The other end: blocking sockets of the standard library, with timeouts.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use socket2::SockRef;

use super::PATIENCE;

/// A listener of the standard library.
pub fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

#[track_caller]
pub fn connect(to: SocketAddr) -> TcpStream {
    prepared(TcpStream::connect(to).unwrap())
}

/// An address where nobody listens.
pub fn unused_address() -> SocketAddr {
    listen().1
}

/// Bytes that tell where they belong, so that a lost or moved one shows.
pub fn pattern(length: usize) -> Vec<u8> {
    (0..length)
        .map(|at| at % PATTERN)
        .map(|at| (at % 251) as u8 ^ (at / 251) as u8)
        .collect()
}

/// After so many bytes the pattern begins again.
const PATTERN: usize = 251 * 251;

pub fn prepared(stream: TcpStream) -> TcpStream {
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// What tests do with a peer.
pub trait Peer {
    fn send(&self, data: &[u8]);
    /// Exactly so many bytes.
    fn receive(&self, count: usize) -> Vec<u8>;
    /// All until the other side's FIN.
    fn receive_all(&self) -> Vec<u8>;
    /// Sends FIN.
    fn finish(&self);
    /// Waits for the connection's end, in whatever way; panics where data comes.
    fn expect_gone(&self);
    /// Waits for RST.
    fn expect_reset(&self);
    /// Closes with RST.
    fn reset(self);
    /// Sends the pattern, up to `most` bytes of it, until the other side takes no more.
    fn stuff(&self, most: usize) -> usize;
    /// Sends a byte of urgent data.
    fn send_urgent(&self, byte: u8);
    /// A small receive buffer.
    fn narrow(self) -> Self;
}

impl Peer for TcpStream {
    #[track_caller]
    fn send(&self, data: &[u8]) {
        let mut stream = self;
        stream.write_all(data).unwrap();
    }

    #[track_caller]
    fn receive(&self, count: usize) -> Vec<u8> {
        let mut data = vec![0; count];
        let mut stream = self;
        stream.read_exact(&mut data).unwrap();
        data
    }

    #[track_caller]
    fn receive_all(&self) -> Vec<u8> {
        let mut data = Vec::new();
        let mut stream = self;
        stream.read_to_end(&mut data).unwrap();
        data
    }

    #[track_caller]
    fn finish(&self) {
        self.shutdown(Shutdown::Write).unwrap();
    }

    #[track_caller]
    fn expect_gone(&self) {
        match again(|mut stream| stream.read(&mut [0; 16]), self) {
            Ok(0) => {}
            Ok(n) => panic!("{n} bytes instead of the end"),
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
        }
    }

    #[track_caller]
    fn expect_reset(&self) {
        let error = loop {
            match again(|mut stream| stream.read(&mut [0; 4096]), self) {
                Ok(0) => panic!("FIN instead of RST"),
                Ok(_) => {}
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }

    fn reset(self) {
        SockRef::from(&self)
            .set_linger(Some(Duration::ZERO))
            .unwrap();
    }

    #[track_caller]
    fn stuff(&self, most: usize) -> usize {
        self.set_write_timeout(Some(Duration::from_millis(200)))
            .unwrap();
        let piece = pattern(PATTERN);
        let mut sent = 0;
        while sent < most {
            let from = sent % piece.len();
            let until = piece.len().min(from + most - sent);
            match again(|mut stream| stream.write(&piece[from..until]), self) {
                Ok(n) => sent += n,
                Err(error) => {
                    assert!(matches!(
                        error.kind(),
                        ErrorKind::WouldBlock | ErrorKind::TimedOut
                    ));
                    break;
                }
            }
        }
        self.set_write_timeout(Some(PATIENCE)).unwrap();
        sent
    }

    #[track_caller]
    fn send_urgent(&self, byte: u8) {
        again(
            |stream| SockRef::from(stream).send_out_of_band(&[byte]),
            self,
        )
        .unwrap();
    }

    fn narrow(self) -> Self {
        SockRef::from(&self)
            .set_recv_buffer_size(32 * 1024)
            .unwrap();
        self
    }
}

/// Does it until no signal interrupts it.
fn again(call: impl Fn(&TcpStream) -> io::Result<usize>, stream: &TcpStream) -> io::Result<usize> {
    loop {
        match call(stream) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// An address that answers nothing: a listener whose queue is full. Linux drops what would not
/// fit, as a firewall does; other systems refuse.
#[cfg(target_os = "linux")]
pub struct BlackHole {
    listener: TcpListener,
    queued: Vec<TcpStream>,
    pub address: SocketAddr,
}

#[cfg(target_os = "linux")]
impl BlackHole {
    pub fn new() -> Self {
        use socket2::{Domain, Socket, Type};

        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        socket.bind(&any.into()).unwrap();
        socket.listen(0).unwrap();
        let listener = TcpListener::from(socket);
        let address = listener.local_addr().unwrap();
        let mut queued = Vec::new();
        while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(30)) {
            queued.push(stream);
        }
        Self {
            listener,
            queued,
            address,
        }
    }

    /// Answers from now on.
    pub fn open(&mut self) {
        for _ in self.queued.drain(..) {
            self.listener.accept().unwrap();
        }
    }

    pub fn accept(&self) -> TcpStream {
        prepared(self.listener.accept().unwrap().0)
    }
}
