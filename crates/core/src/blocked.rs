//! Addresses that nobody is to connect from.

use std::net::IpAddr;

/// An address as a number: IPv4 ones in their mapped form, so that one order holds of both families.
const BYTES: usize = 16;

/// Ranges of addresses, in order, none of which touches another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Blocked {
    ranges: Vec<(u128, u128)>,
}

impl Blocked {
    /// Of ranges as they cross: the first and the last address of each, as 16 bytes of IPv6. `None`
    /// where it is not a number of those.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (pairs, rest) = bytes.as_chunks::<{ 2 * BYTES }>();
        if !rest.is_empty() {
            return None;
        }
        let number = |bytes: &[u8]| {
            bytes
                .iter()
                .fold(0, |sum, byte| sum << 8 | u128::from(*byte))
        };
        let mut given: Vec<_> = pairs
            .iter()
            .map(|pair| (number(&pair[..BYTES]), number(&pair[BYTES..])))
            .filter(|(first, last)| first <= last)
            .collect();
        given.sort_unstable();
        let mut ranges: Vec<(u128, u128)> = Vec::new();
        for (first, last) in given {
            match ranges.last_mut() {
                Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
                _ => ranges.push((first, last)),
            }
        }
        Some(Self { ranges })
    }

    pub fn has(&self, address: IpAddr) -> bool {
        let number = match address {
            IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
            IpAddr::V6(v6) => v6.to_bits(),
        };
        let behind = self.ranges.partition_point(|(first, _)| *first <= number);
        behind > 0 && number <= self.ranges[behind - 1].1
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use super::*;

    fn blocked(ranges: &[(u128, u128)]) -> Blocked {
        let bytes: Vec<u8> = ranges
            .iter()
            .flat_map(|(first, last)| [first.to_be_bytes(), last.to_be_bytes()])
            .flatten()
            .collect();
        Blocked::parse(&bytes).unwrap()
    }

    fn has(blocked: &Blocked, number: u128) -> bool {
        blocked.has(Ipv6Addr::from_bits(number).into())
    }

    #[test]
    fn ranges_that_overlap_or_touch_are_one() {
        let list = blocked(&[
            (5, 9),
            (20, 30),
            (10, 12),
            (1, 1),
            (25, 26),
            (8, 11),
            (3, 2),
        ]);
        assert_eq!(list.ranges, [(1, 1), (5, 12), (20, 30)]);
        for number in 0..40 {
            let expected = number == 1 || (5..=12).contains(&number) || (20..=30).contains(&number);
            assert_eq!(has(&list, number), expected, "{number}");
        }
        assert_eq!(blocked(&[(0, u128::MAX), (7, u128::MAX)]).ranges.len(), 1);
        assert!(!has(&Blocked::default(), 0));
    }

    #[test]
    fn an_ipv4_address_is_its_mapped_form() {
        let mapped = 0xffff_0102_0304;
        let list = blocked(&[(mapped, mapped)]);
        assert!(list.has(IpAddr::from([1, 2, 3, 4])));
        assert!(!list.has(IpAddr::from([1, 2, 3, 5])));
    }

    #[test]
    fn half_a_range_is_none() {
        assert_eq!(Blocked::parse(&[0; 31]), None);
        assert_eq!(Blocked::parse(&[]), Some(Blocked::default()));
    }
}
