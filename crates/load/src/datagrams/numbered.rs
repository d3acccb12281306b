//! A datagram with a number, which survives loss: what it is expected to look like follows from
//! the number alone.

use crate::error::LoadError;
use crate::messages::{NUMBER_DIGITS, body};

#[derive(Debug)]
pub(crate) struct Numbered {
    connection: usize,
    template: Box<[u8]>,
}

impl Numbered {
    pub(crate) fn new(connection: usize, size: usize) -> Result<Self, LoadError> {
        if size < NUMBER_DIGITS {
            return Err(LoadError::TooSmall(NUMBER_DIGITS));
        }
        let template = body(connection, size).into();
        Ok(Self {
            connection,
            template,
        })
    }

    pub(crate) fn size(&self) -> usize {
        self.template.len()
    }

    /// Appends the datagram with this number.
    pub(crate) fn write(&mut self, mut number: u64, datagrams: &mut Vec<u8>) {
        for digit in self.template[..NUMBER_DIGITS].iter_mut().rev() {
            *digit = b'0' + (number % 10) as u8;
            number /= 10;
        }
        datagrams.extend_from_slice(&self.template);
    }

    /// The number of a datagram that is right in everything else.
    pub(crate) fn read(&self, datagram: &[u8]) -> Result<u64, LoadError> {
        let digits = datagram.get(..NUMBER_DIGITS).unwrap_or(datagram);
        let number = digits.iter().try_fold(0, |number, byte| {
            byte.is_ascii_digit()
                .then(|| number * 10 + u64::from(byte - b'0'))
        });
        match number {
            Some(number) if datagram[digits.len()..] == self.template[NUMBER_DIGITS..] => {
                Ok(number)
            }
            _ => Err(LoadError::mismatch(
                self.connection,
                number.unwrap_or_default(),
                &self.template,
                datagram,
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut numbered = Numbered::new(7, 20).unwrap();
        for number in [0, 9, 10, 9_999_999_999] {
            let mut datagram = Vec::new();
            numbered.write(number, &mut datagram);
            assert_eq!(datagram.len(), 20);
            assert_eq!(numbered.read(&datagram).unwrap(), number);
            for position in 0..20 {
                let mut wrong = datagram.clone();
                wrong[position] ^= 0x40;
                assert!(numbered.read(&wrong).is_err(), "{position}");
            }
            assert!(numbered.read(&datagram[..19]).is_err());
            assert!(numbered.read(&datagram[..9]).is_err());
            assert!(numbered.read(b"").is_err());
        }
        assert!(Numbered::new(0, 9).is_err());
    }
}
