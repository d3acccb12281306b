//! The layout of what crosses between the threads: 32-bit words, in the machine's byte order.
//!
//! The TypeScript side of these numbers, `js/generated/wire.ts`, is generated from here
//! (`npm run generate`) and compared in CI.
//!
//! ```text
//! a submission (JS → reactor), one after the other in a batch of bytes, each padded to 4
//!   [ op | flags << 8 ][ index ][ generation ][ payload length ] payload …
//!
//! a completion (reactor → JS); its payload stands in the batch's bytes, in the same order
//!   [ kind | flags << 8 ][ index ][ generation ] words of the kind …
//! ```

/// Declares constants of one group, and a table of them for the generator.
macro_rules! constants {
    ($(#[$doc:meta])* $module:ident, $ts:literal { $($(#[$item_doc:meta])* $name:ident = $value:expr),* $(,)? }) => {
        $(#[$doc])*
        pub mod $module {
            $($(#[$item_doc])* pub const $name: u32 = $value;)*
            pub(super) const TS: (&str, &[(&str, u32)]) = ($ts, &[$((stringify!($name), $name)),*]);
        }
    };
}

constants! {
    /// What a submission asks for.
    op, "Op" {
        /// payload: the bytes. flags: [`flag::WANTS_DRAIN`].
        WRITE = 1,
        /// The next of the batch's owned pieces: bytes, or part of a file. flags:
        /// [`flag::WANTS_DRAIN`]. No payload.
        WRITE_OWNED = 2,
        /// Begin to read. payload: [`settings`], then [`reframe`].
        START = 3,
        /// The delimiter, its limit, or who cuts has changed. payload: [`reframe`].
        REFRAME = 4,
        PAUSE = 5,
        RESUME = 6,
        /// Send what is pending, then FIN, linger and close.
        END = 7,
        /// Send what is pending, then FIN; go on reading.
        SHUTDOWN = 8,
        /// Close at once. flags: [`flag::RESET`].
        CLOSE = 9,
        /// Say [`kind::DRAINED`] when (or as) nothing is pending.
        WANTS_DRAIN = 10,
        /// A datagram. payload: the address, then the bytes. flags: [`flag::WANTS_DRAIN`], and from
        /// [`packet::ADDRESS_SHIFT`] on the length of the address; 0: to the channel's peer.
        SEND = 11,
        /// Datagrams without an address go to, and come from, this one. payload: the address.
        SET_PEER = 12,
        /// Takes [`op::SET_PEER`] back.
        DROP_PEER = 13,
        /// Some of the settings have changed. payload: [`settings`].
        CONFIGURE = 14,
        /// Nobody is to connect from these addresses. payload: see [`crate::blocked::Blocked`].
        BLOCK = 15,
    }
}

constants! {
    /// What a completion reports.
    kind, "Kind" {
        /// [epoch][bytes][frames] then [start][end] a frame, counted from the chunk's first byte.
        DATA = 1,
        /// [bytes]: the peer has finished sending; the bytes are what no delimiter completed.
        FINISHED = 2,
        /// [errno][syscall], then low and high of each number of the [`tally`], then [bytes]: the
        /// last word on a channel, and how far it has come. flags: the [`reason`]. The bytes, as
        /// text: the failed attempts of a connect.
        CLOSED = 3,
        /// [fd][bytes]: a connect succeeded. The bytes: local and remote address (see [`family`]),
        /// then, where they are known, the peer's process, user and group.
        CONNECTED = 4,
        /// [server index][server generation][fd][bytes]: a server accepted the channel. The bytes:
        /// as those of a connect. flags: [`flag::PROXIED`].
        ACCEPTED = 5,
        /// [errno]: a server could not accept for now, and goes on by itself. Once until it can
        /// again, once a second at most.
        ACCEPT_ERROR = 6,
        /// [low][high]: everything written so far has been taken by the operating system; that many
        /// bytes since the channel began. Of a datagram channel: sent or refused, and that many
        /// datagrams.
        DRAINED = 7,
        /// [bytes]: a frame outgrew the limit. The bytes are all
        /// that had been received; the reactor reads no more until it is told how to go on.
        OVERFLOW = 8,
        /// [bytes][senders][datagrams], then each sender's address length, then for each datagram
        /// sender << [`packet::SENDER_SHIFT`] | length. The bytes: the addresses, the datagrams.
        DATAGRAMS = 9,
        /// [errno][syscall][size][bytes]: a datagram of that size was not sent or (syscall
        /// [`syscall::RECVMSG`]) not received whole, or the socket said that an earlier one did not
        /// arrive (size 0). The bytes: the address. errno 0: it was longer than the buffer.
        DATAGRAM_FAILED = 10,
        /// [errno][bytes]: [`op::SET_PEER`] has been done, or has failed. The bytes: the local
        /// address then.
        PEER_SET = 11,
        /// [bytes]: a server has refused a connection; so many a second at most. The bytes: its
        /// peer's address.
        DROPPED = 12,
        /// [why][bytes]: a server has refused a connection for its header (see [`proxy`](super::proxy)).
        /// So many a second at most. The bytes: the proxy's address.
        PROXY_FAILED = 13,
    }
}

constants! {
    /// Flags of submissions and completions.
    flag, "Flag" {
        /// Submission: report [`kind::DRAINED`] when this write has left.
        WANTS_DRAIN = 1,
        /// Close: by a reset, also where nothing is pending.
        RESET = 1,
        /// Data: every byte of the chunk is ASCII.
        ASCII = 1,
        /// Accepted: behind the addresses stand the version of the proxy's header, whether it speaks for
        /// itself, the length of the TLVs (2 bytes, big-endian), the TLVs, and the proxy's address.
        PROXIED = 1,
        /// Reframe: the reactor may cut (else it passes bytes on as they come, uncut).
        MAY_CUT = 1,
        /// Reframe: JS wants strings of this channel's bytes.
        TEXT = 2,
        /// Reframe, of a cut: no byte will follow.
        LAST = 4,
    }
}

constants! {
    /// Why a channel has closed.
    reason, "Reason" {
        /// This side called `close()`.
        CLOSE = 0,
        /// Both sides had finished.
        END = 1,
        /// The socket failed: see errno and syscall.
        ERROR = 2,
        /// A frame, or what was pending, outgrew its limit.
        OVERFLOW = 3,
        /// Nothing was sent or received for `idleTimeout`.
        IDLE = 4,
        /// A frame was not completed within `frameTimeout`.
        FRAME = 5,
        /// `end()` made no progress for `lingerTimeout`.
        LINGER = 6,
        /// The connect failed: every attempt is in the bytes.
        CONNECT = 7,
        /// A file has become shorter than what was to be sent of it.
        TRUNCATED = 8,
    }
}

constants! {
    /// Why a connection was refused whose proxy should have said whose it is.
    proxy, "ProxyFault" {
        /// It is no header at all.
        MISSING = 0,
        MALFORMED = 1,
        LATE = 2,
    }
}

constants! {
    /// Which call failed.
    syscall, "Syscall" {
        NONE = 0,
        READ = 1,
        WRITE = 2,
        CONNECT = 3,
        ACCEPT = 4,
        SHUTDOWN = 5,
        BIND = 6,
        SENDFILE = 7,
        SEND = 8,
        RECVMSG = 9,
    }
}

constants! {
    /// How a channel's bytes are cut.
    framing, "FramingKind" {
        RAW = 0,
        SEQUENCE = 1,
        FIXED = 2,
        LENGTH_PREFIX = 3,
        REGEXP = 4,
    }
}

constants! {
    /// Words of a channel's settings; times are in milliseconds, 0: none.
    settings, "Settings" {
        /// Which of them count: [`change`].
        SET = 0,
        IDLE_TIMEOUT = 1,
        FRAME_TIMEOUT = 2,
        LINGER_TIMEOUT = 3,
        /// Of the socket: 1 or 0.
        NO_DELAY = 4,
        KEEP_ALIVE = 5,
        /// 0 leaves what it has; so it is with those below.
        KEEP_ALIVE_IDLE = 6,
        KEEP_ALIVE_INTERVAL = 7,
        KEEP_ALIVE_COUNT = 8,
        RECV_BUFFER = 9,
        SEND_BUFFER = 10,
        USER_TIMEOUT = 11,
        TYPE_OF_SERVICE = 12,
        WORDS = 13,
    }
}

constants! {
    /// Which of the [`settings`] count.
    change, "Change" {
        IDLE = 1,
        FRAME = 2,
        LINGER = 4,
        SOCKET = 8,
        TIMEOUTS = 7,
    }
}

constants! {
    /// Words of a reframe's payload; the delimiter's bytes follow: of a `RegExp` the flags, a slash
    /// and the source.
    reframe, "Reframe" {
        /// The number that the chunks cut this way will carry. 0 is never given: it means uncut.
        EPOCH = 0,
        FLAGS = 1,
        /// How many of the bytes that the reactor passed on JS has taken in.
        PASSED_ON_LOW = 2,
        PASSED_ON_HIGH = 3,
        LIMIT_LOW = 4,
        LIMIT_HIGH = 5,
        KIND = 6,
        /// Fixed: the length. Length prefix: the header's bytes (0: a varint) | little-endian << 8.
        PARAMETER_LOW = 7,
        PARAMETER_HIGH = 8,
        ADJUST_LOW = 9,
        ADJUST_HIGH = 10,
        DELIMITER_BYTES = 11,
        WORDS = 12,
    }
}

constants! {
    /// How two numbers share a word of a datagram's record.
    packet, "Packet" {
        ADDRESS_SHIFT = 8,
        SENDER_SHIFT = 20,
    }
}

constants! {
    /// The numbers of a [`Tally`](crate::Tally).
    tally, "Tally" {
        RECEIVED = 0,
        SENT = 1,
        READS = 2,
        WRITES = 3,
        FAILED = 4,
        DATAGRAMS = 5,
        DROPS = 6,
        ACCEPTED = 7,
        REFUSED = 8,
        BAD_PROXY_HEADERS = 9,
        WORDS = 10,
    }
}

constants! {
    /// The words at the front of what [`take`](crate::Handle::take) hands over.
    batch, "BatchHeader" {
        /// How many words of records follow; 0: nothing to do, the doorbell will ring.
        RECORD_WORDS = 0,
        /// How many bytes they have.
        BYTES = 1,
        /// 1 where the reactor has died.
        FAILED = 2,
        /// Where not 0: nothing was taken, because there must be room for so many words …
        NEEDED_WORDS = 3,
        /// … and for so many bytes.
        NEEDED_BYTES = 4,
        /// Where not 0: the bytes stand in the loan of the number before this one, which is the
        /// caller's again.
        LOAN = 5,
        WORDS = 6,
    }
}

constants! {
    /// The words in which [`cut`](super::recut::cut) answers.
    cut, "CutResult" {
        FRAMES = 0,
        CONSUMED = 1,
        /// What to give to the next cut, of the bytes behind those that were consumed.
        SCAN = 2,
        STOP = 3,
        ANNOUNCED_LOW = 4,
        ANNOUNCED_HIGH = 5,
        WORDS = 6,
    }
}

constants! {
    /// Why a cut stopped.
    stop, "Stop" {
        INCOMPLETE = 0,
        BUDGET = 1,
        NO_DELIMITER = 2,
        TOO_LONG = 3,
        NEGATIVE = 4,
        MATCH = 5,
    }
}

constants! {
    /// The first byte of an address; see [`crate::addr::encode`].
    family, "Family" {
        NONE = 0,
        UNIX = 1,
        INET = 4,
        INET6 = 6,
    }
}

/// A submission's header.
pub const HEADER_WORDS: usize = 4;
/// What a batch of completions may hold before it takes no further reads or accepts, at a pace of 1.
pub const BATCH_BYTES: usize = 256 * 1024;
pub const BATCH_WORDS: usize = 16 * 1024;
/// An IP address as it crosses: see [`crate::addr::encode`].
pub const ADDRESS_BYTES: usize = 24;
/// A Unix address without its path, or no address.
pub const UNIX_ADDRESS_BYTES: usize = 4;

/// A word of a submission, counted from its first byte.
pub(crate) fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(4 * at..4 * at + 4)?;
    Some(u32::from_ne_bytes(bytes.try_into().ok()?))
}

/// The TypeScript module with the same numbers.
pub fn typescript() -> String {
    let mut text = String::from(
        "// Generated from crates/core/src/wire.rs by `npm run generate`. Do not edit.\n",
    );
    text.push_str("\n/** Of the addon that has this layout. */\n");
    text.push_str(&format!("export const VERSION = '{}';\n", crate::VERSION));
    let groups = [
        op::TS,
        kind::TS,
        flag::TS,
        reason::TS,
        proxy::TS,
        syscall::TS,
        framing::TS,
        settings::TS,
        change::TS,
        reframe::TS,
        packet::TS,
        tally::TS,
        batch::TS,
        cut::TS,
        stop::TS,
        family::TS,
    ];
    for (name, constants) in groups {
        text.push_str(&format!("\nexport const {name} = {{\n"));
        for (constant, value) in constants {
            text.push_str(&format!("  {constant}: {value},\n"));
        }
        text.push_str("} as const;\n");
    }
    text.push_str(&format!("\nexport const HEADER_WORDS = {HEADER_WORDS};\n"));
    text.push_str(&format!("export const BATCH_BYTES = {BATCH_BYTES};\n"));
    text.push_str(&format!("export const BATCH_WORDS = {BATCH_WORDS};\n"));
    text.push_str(&format!("export const ADDRESS_BYTES = {ADDRESS_BYTES};\n"));
    text.push_str(&format!(
        "export const UNIX_ADDRESS_BYTES = {UNIX_ADDRESS_BYTES};\n"
    ));
    text
}
