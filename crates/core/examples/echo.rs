//! A bare echo server on mio, without framing, queues or JavaScript: the limit that the benchmarks
//! compare with.  `echo tcp`, `echo unix <path>`, `echo udp`
//!
//! It serves until its standard input ends.
#![expect(clippy::print_stdout, reason = "it says where it listens")]

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::{env, process, thread};

use mio::event::Source;
use mio::net::{TcpListener, TcpStream, UdpSocket};
use mio::{Events, Interest, Poll, Registry, Token};
use socket2::{Domain, Socket, Type};

fn main() -> io::Result<()> {
    thread::spawn(|| {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        process::exit(0);
    });
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["tcp"] => serve(tcp()?),
        ["udp"] => udp(),
        #[cfg(unix)]
        ["unix", path] => serve(unix(path.as_ref())?),
        _ => Err(io::Error::other("echo tcp | unix <path> | udp")),
    }
}

/// A listener: what it accepts comes as a stream that is ready to be used.
trait Listen: Source {
    type Stream: Read + Write + Source;

    fn accept(&self) -> io::Result<Self::Stream>;
}

impl Listen for TcpListener {
    type Stream = TcpStream;

    fn accept(&self) -> io::Result<TcpStream> {
        let (stream, _) = self.accept()?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

#[cfg(unix)]
impl Listen for mio::net::UnixListener {
    type Stream = mio::net::UnixStream;

    fn accept(&self) -> io::Result<mio::net::UnixStream> {
        self.accept().map(|(stream, _)| stream)
    }
}

fn tcp() -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&any_port().into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    let listener = TcpListener::from_std(socket.into());
    println!("listening on {}", listener.local_addr()?);
    Ok(listener)
}

#[cfg(unix)]
fn unix(path: &std::path::Path) -> io::Result<mio::net::UnixListener> {
    let listener = mio::net::UnixListener::bind(path)?;
    println!("listening on unix:{}", path.display());
    Ok(listener)
}

fn serve<L: Listen>(mut listener: L) -> io::Result<()> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(1024);
    poll.registry()
        .register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut connections = HashMap::new();
    let mut next = LISTENER.0;
    let mut chunk = vec![0; CHUNK];
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            let token = event.token();
            if token == LISTENER {
                next = accept(&listener, poll.registry(), &mut connections, next)?;
            } else if let Some(connection) = connections.get_mut(&token)
                // An error of a connection ends that connection.
                && !matches!(connection.advance(&mut chunk), Ok(true))
            {
                connections.remove(&token);
            }
        }
    }
}

/// Accepts all that wait. Returns the last token given.
fn accept<L: Listen>(
    listener: &L,
    registry: &Registry,
    connections: &mut HashMap<Token, Connection<L::Stream>>,
    mut last: usize,
) -> io::Result<usize> {
    loop {
        match listener.accept() {
            Ok(mut stream) => {
                last += 1;
                let interest = Interest::READABLE | Interest::WRITABLE;
                registry.register(&mut stream, Token(last), interest)?;
                connections.insert(Token(last), Connection::new(stream));
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(last),
            Err(error) => return Err(error),
        }
    }
}

struct Connection<S> {
    stream: S,
    /// What was read and has not been sent: `rest[start..]`. Nothing is read meanwhile.
    rest: Vec<u8>,
    start: usize,
}

impl<S: Read + Write> Connection<S> {
    fn new(stream: S) -> Self {
        Self {
            stream,
            rest: Vec::new(),
            start: 0,
        }
    }

    /// Echoes until the socket has nothing more, or takes nothing more. False: the peer is done.
    fn advance(&mut self, chunk: &mut [u8]) -> io::Result<bool> {
        loop {
            while self.start < self.rest.len() {
                match self.stream.write(&self.rest[self.start..]) {
                    Ok(written) => self.start += written,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                    Err(error) => return Err(error),
                }
            }
            self.rest.clear();
            self.start = 0;
            let received = match self.stream.read(chunk) {
                Ok(0) => return Ok(false),
                Ok(received) => received,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                Err(error) => return Err(error),
            };
            let written = match self.stream.write(&chunk[..received]) {
                Ok(written) => written,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
                Err(error) => return Err(error),
            };
            self.rest.extend_from_slice(&chunk[written..received]);
            // A short read has emptied the socket: the next bytes raise an edge of their own.
            if cfg!(unix) && received < chunk.len() && self.rest.is_empty() {
                return Ok(true);
            }
        }
    }
}

/// One system call a datagram, each way.
fn udp() -> io::Result<()> {
    let mut socket = UdpSocket::bind(any_port())?;
    println!("listening on {}", socket.local_addr()?);
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(8);
    poll.registry()
        .register(&mut socket, LISTENER, Interest::READABLE)?;
    let mut chunk = vec![0; CHUNK];
    loop {
        poll.poll(&mut events, None)?;
        loop {
            match socket.recv_from(&mut chunk) {
                // What the system does not take is lost, as datagrams may be.
                Ok((length, from)) => drop(socket.send_to(&chunk[..length], from)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
    }
}

fn any_port() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

const LISTENER: Token = Token(0);
const BACKLOG: i32 = 1024;
const CHUNK: usize = 64 * 1024;
