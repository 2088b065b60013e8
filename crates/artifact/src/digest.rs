//! Digests of stored files.

use std::fmt;
use std::io::{self, Read};
use std::str::FromStr;

use sha2::Digest as _;

/// The algorithms that an artifact's digest may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum DigestAlgorithm {
    /// The default.
    #[default]
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
    /// BLAKE3 with 256 bits.
    Blake3,
    /// SHA-1; broken, for volumes that still use it.
    Sha1,
}

impl DigestAlgorithm {
    const ALL: [Self; 5] = [
        Self::Sha256,
        Self::Sha384,
        Self::Sha512,
        Self::Blake3,
        Self::Sha1,
    ];

    /// The name before the colon of a digest, as `--artifact-digest-algo` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
            Self::Blake3 => "blake3",
            Self::Sha1 => "sha1",
        }
    }

    fn hex_length(self) -> usize {
        match self {
            Self::Sha256 | Self::Blake3 => 64,
            Self::Sha384 => 96,
            Self::Sha512 => 128,
            Self::Sha1 => 40,
        }
    }
}

impl fmt::Display for DigestAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for DigestAlgorithm {
    type Err = InvalidDigest;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name() == name);
        known.ok_or(InvalidDigest::Algorithm)
    }
}

/// Why a text is no digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDigest {
    /// The part before the colon.
    #[error("unsupported digest algorithm")]
    Algorithm,
    /// The part after it.
    #[error("invalid checksum digest format")]
    Checksum,
}

/// An algorithm and a checksum; displayed and parsed as `sha256:<hex>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest {
    algorithm: DigestAlgorithm,
    hex: String,
}

impl Digest {
    /// The digest of everything that `reader` gives.
    pub fn of_reader(algorithm: DigestAlgorithm, mut reader: impl Read) -> io::Result<Digest> {
        let mut hasher = Hasher::new(algorithm);
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return Ok(hasher.finish()),
                Ok(read) => hasher.update(&buffer[..read]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The algorithm.
    pub fn algorithm(&self) -> DigestAlgorithm {
        self.algorithm
    }

    /// The checksum in lower-case hexadecimal digits.
    pub fn hex(&self) -> &str {
        &self.hex
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm, self.hex)
    }
}

impl FromStr for Digest {
    type Err = InvalidDigest;

    /// A checksum without an algorithm is taken for SHA-256, as old artifacts have it.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (algorithm, hex) = match text.split_once(':') {
            Some((algorithm, hex)) => (algorithm.parse()?, hex),
            None => (DigestAlgorithm::Sha256, text),
        };
        let lower_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if hex.len() != algorithm.hex_length() || !hex.bytes().all(lower_hex) {
            return Err(InvalidDigest::Checksum);
        }
        Ok(Digest {
            algorithm,
            hex: hex.to_owned(),
        })
    }
}

/// Computes a digest from pieces.
pub(crate) struct Hasher(State);

enum State {
    Sha256(sha2::Sha256),
    Sha384(sha2::Sha384),
    Sha512(sha2::Sha512),
    Blake3(Box<blake3::Hasher>),
    Sha1(sha1::Sha1),
}

impl Hasher {
    pub(crate) fn new(algorithm: DigestAlgorithm) -> Self {
        Self(match algorithm {
            DigestAlgorithm::Sha256 => State::Sha256(sha2::Sha256::new()),
            DigestAlgorithm::Sha384 => State::Sha384(sha2::Sha384::new()),
            DigestAlgorithm::Sha512 => State::Sha512(sha2::Sha512::new()),
            DigestAlgorithm::Blake3 => State::Blake3(Box::default()),
            DigestAlgorithm::Sha1 => State::Sha1(sha1::Sha1::new()),
        })
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Sha256(state) => state.update(bytes),
            State::Sha384(state) => state.update(bytes),
            State::Sha512(state) => state.update(bytes),
            State::Blake3(state) => drop(state.update(bytes)),
            State::Sha1(state) => state.update(bytes),
        }
    }

    pub(crate) fn finish(self) -> Digest {
        let (algorithm, hex) = match self.0 {
            State::Sha256(state) => (DigestAlgorithm::Sha256, hex::encode(state.finalize())),
            State::Sha384(state) => (DigestAlgorithm::Sha384, hex::encode(state.finalize())),
            State::Sha512(state) => (DigestAlgorithm::Sha512, hex::encode(state.finalize())),
            State::Blake3(state) => (
                DigestAlgorithm::Blake3,
                state.finalize().to_hex().to_string(),
            ),
            State::Sha1(state) => (DigestAlgorithm::Sha1, hex::encode(state.finalize())),
        };
        Digest { algorithm, hex }
    }
}

#[cfg(test)]
mod tests {
    use super::{Digest, DigestAlgorithm, InvalidDigest};

    #[test]
    fn known_digests_of_abc() {
        for (algorithm, want) in [
            (
                "sha256",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
            ("sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (
                "blake3",
                "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85",
            ),
            (
                "sha384",
                "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed\
                 8086072ba1e7cc2358baeca134c825a7",
            ),
            (
                "sha512",
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
                 2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            ),
        ] {
            let algorithm: DigestAlgorithm = algorithm.parse().unwrap();
            let digest = Digest::of_reader(algorithm, &b"abc"[..]).unwrap();
            assert_eq!(digest.to_string(), format!("{algorithm}:{want}"));
            assert_eq!(digest.to_string().parse(), Ok(digest));
        }
    }

    #[test]
    fn texts_that_are_no_digests() {
        let hex = "0".repeat(64);
        assert_eq!(
            hex.parse::<Digest>().unwrap().to_string(),
            format!("sha256:{hex}")
        );
        assert_eq!(
            format!("md5:{hex}").parse::<Digest>(),
            Err(InvalidDigest::Algorithm)
        );
        for text in [
            "",
            "sha256:",
            "sha256:00",
            &format!("sha512:{hex}"),
            &"A".repeat(64),
        ] {
            assert_eq!(
                text.parse::<Digest>(),
                Err(InvalidDigest::Checksum),
                "{text:?}"
            );
        }
    }
}
