use super::*;

/// Every frame and the rest, feeding `chunks` one after the other.
fn feed(
    framing: &Framing,
    limit: usize,
    chunks: &[&[u8]],
) -> (Vec<Vec<u8>>, Vec<u8>, Option<Overflow>) {
    let (mut held, mut scan, mut frames) = (Vec::new(), Scan::default(), Vec::new());
    for chunk in chunks {
        held.extend_from_slice(chunk);
        let run = cut_many(
            framing,
            &held,
            &mut scan,
            limit,
            usize::MAX,
            |start, end| {
                frames.push(held[start..end].to_vec());
            },
        );
        held.drain(..run.consumed);
        if let Stop::Overflow(why) = run.stop {
            return (frames, held, Some(why));
        }
        assert_eq!(
            run.stop,
            if matches!(framing, Framing::Raw) {
                Stop::Incomplete
            } else {
                run.stop
            }
        );
    }
    (frames, held, None)
}

fn delimiter(sequence: &[u8]) -> Framing {
    Framing::Sequence(Delimiter::new(sequence).expect("not empty"))
}

/// The definition, without any cleverness: the leftmost match at each step.
fn naive_split(bytes: &[u8], sequence: &[u8]) -> (Vec<Vec<u8>>, Vec<u8>) {
    let (mut frames, mut rest) = (Vec::new(), bytes);
    'next: loop {
        for at in 0..=rest.len() {
            if rest[at..].starts_with(sequence) {
                frames.push(rest[..at].to_vec());
                rest = &rest[at + sequence.len()..];
                continue 'next;
            }
        }
        return (frames, rest.to_vec());
    }
}

fn strings_over(alphabet: &[u8], longest: usize) -> Vec<Vec<u8>> {
    let mut all = vec![Vec::new()];
    let mut from = 0;
    for _ in 0..longest {
        let until = all.len();
        for at in from..until {
            for byte in alphabet {
                let mut longer: Vec<u8> = all[at].clone();
                longer.push(*byte);
                all.push(longer);
            }
        }
        from = until;
    }
    all
}

/// Every way to cut `bytes` into chunks, as a bit mask of the places between bytes.
fn chunkings(bytes: &[u8]) -> impl Iterator<Item = Vec<&[u8]>> {
    let places = bytes.len().saturating_sub(1);
    (0..1_u32 << places).map(move |mask| {
        let (mut chunks, mut from) = (Vec::new(), 0);
        for place in 0..places {
            if mask & (1 << place) != 0 {
                chunks.push(&bytes[from..=place]);
                from = place + 1;
            }
        }
        chunks.push(&bytes[from..]);
        chunks
    })
}

#[test]
fn every_chunking_of_every_short_string_agrees_with_a_naive_splitter() {
    let delimiters: Vec<_> = strings_over(b"\r\na", 3)
        .into_iter()
        .filter(|d| !d.is_empty())
        .collect();
    for text in strings_over(b"\r\na", 8) {
        for sequence in &delimiters {
            let (frames, rest) = naive_split(&text, sequence);
            let framing = delimiter(sequence);
            for chunks in chunkings(&text) {
                let got = feed(&framing, 64, &chunks);
                assert_eq!(
                    (&got.0, &got.1, got.2),
                    (&frames, &rest, None),
                    "{} at {} in {chunks:?}",
                    text.escape_ascii(),
                    sequence.escape_ascii()
                );
            }
        }
    }
}

#[test]
fn a_frame_of_exactly_the_limit_passes_and_one_byte_more_does_not() {
    for sequence in [&b"\n"[..], b"\r\n", b"abcabd"] {
        let framing = delimiter(sequence);
        let mut fits = vec![b'x'; 100];
        fits.extend_from_slice(sequence);
        for chunks in [
            vec![&fits[..]],
            fits.chunks(1).collect(),
            fits.chunks(99).collect(),
        ] {
            let (frames, rest, overflow) = feed(&framing, 100, &chunks);
            assert_eq!(
                (frames.len(), rest.len(), overflow),
                (1, 0, None),
                "{framing:?}"
            );
            let (frames, _, overflow) = feed(&framing, 99, &chunks);
            assert_eq!(
                (frames.len(), overflow),
                (0, Some(Overflow::NoDelimiter)),
                "{framing:?}"
            );
        }
    }
}

#[test]
fn an_overflow_is_reported_with_the_first_byte_that_makes_it_certain() {
    let framing = delimiter(b"\r\n");
    assert_eq!(feed(&framing, 3, &[b"abc"]).2, None);
    assert_eq!(
        feed(&framing, 3, &[b"abc", b"\r"]).2,
        None,
        "could still become a delimiter"
    );
    assert_eq!(
        feed(&framing, 3, &[b"abc", b"d"]).2,
        Some(Overflow::NoDelimiter)
    );
    assert_eq!(
        feed(&framing, 3, &[b"abc", b"\r", b"x"]).2,
        Some(Overflow::NoDelimiter)
    );
}

#[test]
fn frames_before_an_overflow_are_delivered() {
    let (frames, rest, overflow) = feed(&delimiter(b"\n"), 4, &[b"one\ntwo\ntoolong\n"]);
    assert_eq!(frames, [b"one".to_vec(), b"two".to_vec()]);
    assert_eq!(
        (rest, overflow),
        (b"toolong\n".to_vec(), Some(Overflow::NoDelimiter))
    );
}

#[test]
fn fixed_frames_ignore_the_limit() {
    let (frames, rest, overflow) = feed(&Framing::Fixed(5), 2, &[b"12", b"3451", b"2345123"]);
    assert_eq!(frames, [b"12345".to_vec(), b"12345".to_vec()]);
    assert_eq!((rest, overflow), (b"123".to_vec(), None));
}

#[test]
fn length_prefixes_of_every_width_and_order() {
    for (bytes, endian, header) in [
        (1, Endian::Big, &[3][..]),
        (1, Endian::Little, &[3]),
        (2, Endian::Big, &[0, 3]),
        (2, Endian::Little, &[3, 0]),
        (4, Endian::Big, &[0, 0, 0, 3]),
        (4, Endian::Little, &[3, 0, 0, 0]),
        (8, Endian::Big, &[0, 0, 0, 0, 0, 0, 0, 3]),
        (8, Endian::Little, &[3, 0, 0, 0, 0, 0, 0, 0]),
    ] {
        let framing = Framing::LengthPrefix(LengthPrefix::new(bytes, endian, 0).unwrap());
        let mut wire = header.to_vec();
        wire.extend_from_slice(b"abc");
        wire.extend_from_slice(header);
        for chunks in chunkings(&wire[..wire.len().min(12)]) {
            let (frames, _, overflow) = feed(&framing, 3, &chunks);
            assert_eq!(
                (frames.first().map(Vec::as_slice), overflow),
                (Some(&b"abc"[..]), None)
            );
        }
    }
    assert_eq!(LengthPrefix::new(3, Endian::Big, 0), None);
}

#[test]
fn length_prefix_limits_are_judged_from_the_header() {
    let two = |adjust| Framing::LengthPrefix(LengthPrefix::new(2, Endian::Big, adjust).unwrap());
    assert_eq!(
        feed(&two(0), 10, &[&[0, 11]]).2,
        Some(Overflow::Announced(11))
    );
    assert_eq!(
        feed(&two(-2), 10, &[&[0, 2], &[0, 3, b'a']]).0,
        [vec![], vec![b'a']]
    );
    assert_eq!(
        feed(&two(-2), 10, &[&[0, 1]]).2,
        Some(Overflow::Negative(-1))
    );
    let eight = Framing::LengthPrefix(LengthPrefix::new(8, Endian::Big, i64::MAX).unwrap());
    assert_eq!(
        feed(&eight, 10, &[&[255; 8]]).2,
        Some(Overflow::Announced(u64::MAX))
    );
}

#[test]
fn varints_of_every_length() {
    let varint = |adjust| Framing::LengthPrefix(LengthPrefix::varint(adjust));
    for (header, length) in [
        (&[0][..], 0),
        (&[3], 3),
        (&[127], 127),
        (&[0x80, 1], 128),
        // More bytes than it takes are none too many.
        (&[0x83, 0], 3),
        (
            &[0x83, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0],
            3,
        ),
    ] {
        let mut wire = header.to_vec();
        wire.resize(wire.len() + length, b'x');
        for chunks in chunkings(&wire[..wire.len().min(12)]) {
            let (frames, _, overflow) = feed(&varint(0), 127, &chunks);
            assert_eq!(overflow, (length > 127).then_some(Overflow::Announced(128)));
            assert_eq!(frames.len(), usize::from(wire.len() <= 12));
        }
        assert_eq!(feed(&varint(0), 128, &[&wire]).0, [vec![b'x'; length]]);
    }
}

#[test]
fn varint_limits_are_judged_from_the_header() {
    let varint = |adjust| Framing::LengthPrefix(LengthPrefix::varint(adjust));
    let most = Some(Overflow::Announced(u64::MAX));
    assert_eq!(
        feed(&varint(0), 10, &[&[0x80 | 11, 0]]).2,
        Some(Overflow::Announced(11))
    );
    assert_eq!(
        feed(&varint(-2), 10, &[&[1]]).2,
        Some(Overflow::Negative(-1))
    );
    // 2^64 - 1, more than that, and what does not end.
    let mut header = [0xff; 10];
    header[9] = 1;
    assert_eq!(feed(&varint(0), 10, &[&header]).2, most);
    header[9] = 0x7f;
    assert_eq!(feed(&varint(i64::MIN), 10, &[&header]).2, most);
    assert_eq!(feed(&varint(0), 10, &[&[0x80; 9]]).2, None);
    assert_eq!(feed(&varint(0), 10, &[&[0x80; 10]]).2, most);
}

#[test]
fn a_long_frame_in_small_pieces_is_searched_once() {
    // Without a resumable scan this is 2^40 comparisons and does not finish.
    let framing = delimiter(b"\r\n");
    let (mut held, mut scan) = (Vec::with_capacity(1 << 20), Scan::default());
    for _ in 0..1 << 20 {
        held.push(b'x');
        assert_eq!(framing.cut(&held, &mut scan, usize::MAX), Cut::Incomplete);
        assert!(held.len() - scan.offset() <= 1);
    }
}
