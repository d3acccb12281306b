//! What JS calls for datagram channels.

use std::io;
use std::net::IpAddr;

use napi::bindgen_prelude::*;
use napi_derive::napi;
use pants_core::options::{DatagramOptions, Interface, PacketOption};
use pants_core::{ChannelId, addr, names};

use crate::convert::{NativeAdopted, NativeListening, given};
use crate::engine::NativeEngine;

/// What a datagram socket is to be.
#[napi(object)]
pub struct NativeDatagramOptions {
    /// 0, 4 or 6.
    pub family: u8,
    pub mode: Option<u32>,
    pub reuse_addr: bool,
    pub reuse_port: bool,
    pub ipv6_only: bool,
    pub broadcast: bool,
    pub recv_buffer_size: Option<u32>,
    pub send_buffer_size: Option<u32>,
}

/// One option of a datagram socket, by the name of the method that sets it.
#[napi(object)]
pub struct NativePacketOption {
    pub name: String,
    /// A number, or 0 and 1 for no and yes.
    pub value: u32,
    pub group: Option<String>,
    pub source: Option<String>,
    pub interface: Option<String>,
}

impl From<NativeDatagramOptions> for DatagramOptions {
    fn from(from: NativeDatagramOptions) -> Self {
        Self {
            family: from.family,
            mode: from.mode,
            reuse_addr: from.reuse_addr,
            reuse_port: from.reuse_port,
            ipv6_only: from.ipv6_only,
            broadcast: from.broadcast,
            recv_buffer: from.recv_buffer_size.map(|bytes| bytes as usize),
            send_buffer: from.send_buffer_size.map(|bytes| bytes as usize),
        }
    }
}

/// `None` where a group, a source or an interface is not what it should be.
fn packet_option(from: NativePacketOption) -> Option<PacketOption> {
    let NativePacketOption { name, value, .. } = from;
    let ip = |text: Option<String>| parse_ip(&text?);
    let interface = match from.interface {
        Some(text) => Some(interface(&text)?),
        None => None,
    };
    let on = value != 0;
    Some(match name.as_str() {
        "setBroadcast" => PacketOption::Broadcast(on),
        "setTTL" => PacketOption::Ttl(value),
        "setMulticastTTL" => PacketOption::MulticastTtl(value),
        "setMulticastLoopback" => PacketOption::MulticastLoopback(on),
        "setMulticastInterface" => PacketOption::MulticastInterface(interface?),
        "addMembership" | "dropMembership" => PacketOption::Membership {
            join: name == "addMembership",
            group: ip(from.group)?,
            interface,
        },
        "addSourceSpecificMembership" | "dropSourceSpecificMembership" => {
            PacketOption::SourceMembership {
                join: name == "addSourceSpecificMembership",
                source: ip(from.source)?,
                group: ip(from.group)?,
                interface,
            }
        }
        "setRecvBufferSize" => PacketOption::RecvBuffer(value as usize),
        "setSendBufferSize" => PacketOption::SendBuffer(value as usize),
        _ => return None,
    })
}

/// An address, or as `%eth0` or `::%eth0` the name or the index of an interface.
fn interface(text: &str) -> Option<Interface> {
    let Some((_, zone)) = text.split_once('%') else {
        return parse_ip(text).map(Interface::Address);
    };
    zone.parse()
        .ok()
        .or_else(|| names::interface_index(zone))
        .map(Interface::Index)
}

fn parse_ip(text: &str) -> Option<IpAddr> {
    Some(text.parse::<IpAddr>().ok()?.to_canonical())
}

/// The number of the error; 0 for none, -1 where the channel has closed, -2 for an option that
/// cannot be.
fn errno(result: Option<io::Result<()>>) -> i32 {
    match result {
        None => -1,
        Some(Ok(())) => 0,
        Some(Err(error)) => error.raw_os_error().unwrap_or(-2),
    }
}

/// Binds a datagram socket to an address.
#[napi(catch_unwind, strict)]
pub fn bind_datagram(
    engine: &External<NativeEngine>,
    host: String,
    port: u16,
    options: NativeDatagramOptions,
) -> NativeListening {
    let options = options.into();
    engine.handle(|handle| handle.bind(&host, port, &options).into())
}

/// Binds a Unix datagram socket to a path.
#[napi(catch_unwind, strict)]
pub fn bind_datagram_path(
    engine: &External<NativeEngine>,
    path: &[u8],
    options: NativeDatagramOptions,
) -> NativeListening {
    let options = options.into();
    engine.handle(|handle| handle.bind_path(path, &options).into())
}

/// Takes a bound datagram socket over, by its descriptor; `family` is one of `wire::family`.
#[napi(catch_unwind, strict)]
pub fn adopt_datagram(
    engine: &External<NativeEngine>,
    descriptor: i32,
    family: u32,
    options: NativeDatagramOptions,
) -> NativeAdopted {
    let options = options.into();
    given(descriptor)
        .and_then(|given| engine.handle(|handle| handle.adopt_datagram(given, family, &options)))
        .into()
}

/// Sets an option; see `errno`.
#[napi(catch_unwind, strict)]
pub fn configure_datagram(
    engine: &External<NativeEngine>,
    index: u32,
    generation: u32,
    option: NativePacketOption,
) -> i32 {
    let Some(option) = packet_option(option) else {
        return -2;
    };
    let id = ChannelId { index, generation };
    errno(engine.handle(|handle| handle.configure(id, &option)))
}

/// The sizes of the receive and of the send buffer, or a number as `configure_datagram` gives it.
#[napi(catch_unwind, strict)]
pub fn datagram_buffer_sizes(
    engine: &External<NativeEngine>,
    index: u32,
    generation: u32,
) -> Vec<i32> {
    let id = ChannelId { index, generation };
    match engine.handle(|handle| handle.buffer_sizes(id)) {
        Some(Ok((recv, send))) => vec![recv as i32, send as i32],
        failed => vec![errno(failed.map(|result| result.map(|_| ())))],
    }
}

/// Writes the bytes of a literal's address to `target`; false where it is a name, or none.
#[napi(catch_unwind, strict)]
pub fn parse_address(host: String, port: u16, mut target: Uint8ArraySlice<'_>) -> bool {
    let Some(address) = names::parse(&host, port) else {
        return false;
    };
    let mut bytes = Vec::new();
    addr::encode(Some(&address.into()), &mut bytes);
    // SAFETY: as in `tally`.
    let target = unsafe { target.as_mut() };
    let Some(place) = target.get_mut(..bytes.len()) else {
        return false;
    };
    place.copy_from_slice(&bytes);
    true
}
