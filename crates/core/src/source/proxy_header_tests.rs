use super::*;

fn v2(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = SIGNATURE.to_vec();
    bytes.extend([0x20 | command, family]);
    bytes.extend((body.len() as u16).to_be_bytes());
    bytes.extend_from_slice(body);
    bytes
}

fn inet(text: &str) -> Option<Address> {
    Some(text.parse::<SocketAddr>().unwrap().into())
}

/// Byte by byte: nothing is decided before the last byte, and nothing behind it changes that.
#[track_caller]
fn whole(bytes: &[u8]) -> Header {
    for n in 0..bytes.len() {
        assert_eq!(parse(&bytes[..n]), Parsed::Incomplete, "{n} bytes");
    }
    let mut more = bytes.to_vec();
    more.extend_from_slice(b"GET / HTTP/1.1\r\n\r\n");
    let Parsed::Whole(header, length) = parse(&more) else {
        panic!("{:?}", parse(&more));
    };
    assert_eq!(length, bytes.len());
    header
}

#[track_caller]
fn malformed(bytes: &[u8]) {
    assert_eq!(parse(bytes), Parsed::Malformed, "{}", bytes.escape_ascii());
}

#[test]
fn lines_of_version_1() {
    let header = whole(b"PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n");
    assert_eq!((header.version, header.local), (1, false));
    let ends = (inet("192.0.2.1:56324"), inet("198.51.100.7:443"));
    assert_eq!(header.ends, Some(ends));
    let header = whole(b"PROXY TCP6 2001:db8::1 ::ffff:192.0.2.9 1 65535\r\n");
    assert_eq!(
        header.ends,
        Some((inet("[2001:db8::1]:1"), inet("192.0.2.9:65535")))
    );
    assert_eq!(whole(b"PROXY UNKNOWN\r\n").ends, None);
    assert_eq!(
        whole(b"PROXY UNKNOWN ffff::1 whatever 1 2 3\r\n").ends,
        None
    );
    // The longest that there is.
    let long = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
    let line = format!("PROXY UNKNOWN {long} {long} 65535 65535\r\n");
    assert_eq!(line.len(), 107);
    whole(line.as_bytes());
}

#[test]
fn lines_that_are_none() {
    for line in [
        "PROXY \r\n",
        "PROXY TCP4\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.7 56324\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443 1\r\n",
        "PROXY TCP4 192.0.2.1  198.51.100.7 56324 443\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443 \r\n",
        "PROXY TCP4 192.0.2.256 198.51.100.7 56324 443\r\n",
        "PROXY TCP4 ::1 ::1 56324 443\r\n",
        "PROXY TCP6 192.0.2.1 198.51.100.7 56324 443\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.7 65536 443\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.7 +1 443\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.7 01 443\r\n",
        "PROXY UDP4 192.0.2.1 198.51.100.7 1 443\r\n",
        "PROXY tcp4 192.0.2.1 198.51.100.7 1 443\r\n",
        "PROXY UNKNOWN2\r\n",
    ] {
        malformed(line.as_bytes());
    }
    malformed(b"PROXY TCP4 \xff\r\n");
    malformed(&[LINE, &[b'x'; 101]].concat());
    assert_eq!(
        parse(&[LINE, &[b'x'; 100]].concat()),
        Parsed::Incomplete,
        "a line may end yet"
    );
}

#[test]
fn what_begins_otherwise_is_no_header() {
    for bytes in [&b"G"[..], b"PRO\0", b"proxy ", b"\r\n\r\n\r", b"\0"] {
        assert_eq!(parse(bytes), Parsed::None, "{}", bytes.escape_ascii());
    }
}

#[test]
fn headers_of_version_2() {
    let v4 = [192, 0, 2, 1, 198, 51, 100, 7, 0xdc, 4, 1, 187];
    let header = whole(&v2(1, 0x11, &v4));
    assert_eq!((header.version, header.local), (2, false));
    let ends = Some((inet("192.0.2.1:56324"), inet("198.51.100.7:443")));
    assert_eq!(header.ends, ends);
    assert_eq!(whole(&v2(1, 0x12, &v4)).ends, ends, "a datagram's");
    let mut v6 = [0; 36];
    v6[15] = 1;
    v6[26..32].copy_from_slice(&[255, 255, 192, 0, 2, 9]);
    v6[33] = 1;
    v6[35] = 2;
    assert_eq!(
        whole(&v2(1, 0x21, &v6)).ends,
        Some((inet("[::1]:1"), inet("192.0.2.9:2")))
    );
    let mut unix = [0; 216];
    unix[..8].copy_from_slice(b"/run/one");
    unix[108..113].copy_from_slice(b"\0name");
    let at = |path: &[u8]| Some(Address::Unix(path.into()));
    assert_eq!(
        whole(&v2(1, 0x31, &unix)).ends,
        Some((at(b"/run/one"), at(b"\0name")))
    );
    assert_eq!(whole(&v2(1, 0x31, &[0; 216])).ends, Some((None, None)));
}

#[test]
fn a_proxy_that_speaks_for_itself_tells_no_ends() {
    let header = whole(&v2(0, 0x00, &[]));
    assert_eq!((header.local, header.ends), (true, None));
    // Addresses mean nothing then, and TLVs are behind them.
    let header = whole(&v2(0, 0x11, &[1; 12]));
    assert_eq!((header.local, header.ends), (true, None));
    let header = whole(&v2(1, 0x00, &[4, 0, 1, 7]));
    assert_eq!((header.local, header.ends), (false, None));
    assert_eq!(header.tlvs, [4, 0, 1, 7]);
}

#[test]
fn tlvs_and_their_checksum() {
    let tlvs = [1, 0, 2, b'h', b'2', 0xee, 0, 0];
    let header = whole(&v2(1, 0x11, &[&[1; 12][..], &tlvs].concat()));
    assert_eq!(header.tlvs, tlvs);
    // From the specification of CRC-32C.
    assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    let mut bytes = v2(
        1,
        0x11,
        &[&[1; 12][..], &tlvs, &[3, 0, 4, 0, 0, 0, 0]].concat(),
    );
    let sum = crc32c(&bytes);
    let at = bytes.len() - 4;
    bytes[at..].copy_from_slice(&sum.to_be_bytes());
    assert_eq!(whole(&bytes).tlvs.len(), tlvs.len() + 7);
    bytes[20] ^= 1;
    malformed(&bytes);
    for cut_off in [&[1][..], &[1, 0], &[1, 0, 2, 0], &[3, 0, 3, 0, 0, 0]] {
        malformed(&v2(1, 0x11, &[&[1; 12][..], cut_off].concat()));
    }
}

#[test]
fn what_is_wrong_is_known_from_the_front() {
    // The version, the command, the family, the transport.
    malformed(&[SIGNATURE, &[0x11, 0x11, 0, 0]].concat());
    malformed(&v2(2, 0x11, &[0; 12]));
    malformed(&v2(1, 0x41, &[0; 12]));
    malformed(&v2(1, 0x13, &[0; 12]));
    // Too short for what it says.
    malformed(&v2(1, 0x11, &[0; 11]));
    malformed(&v2(1, 0x21, &[0; 35]));
    malformed(&v2(1, 0x31, &[0; 215]));
}

#[test]
fn a_header_has_4096_bytes_at_most() {
    let tlv = |length: u16| [&[5][..], &length.to_be_bytes(), &vec![7; length.into()]].concat();
    let most = v2(1, 0x11, &[&[1; 12][..], &tlv(4096 - 16 - 12 - 3)].concat());
    assert_eq!(most.len(), 4096);
    let Parsed::Whole(_, length) = parse(&most) else {
        panic!("it fits");
    };
    assert_eq!(length, 4096);
    let more = v2(1, 0x11, &[&[1; 12][..], &tlv(4097 - 16 - 12 - 3)].concat());
    // Before a byte of it has come.
    malformed(&more[..16]);
}
