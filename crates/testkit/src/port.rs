use std::net::{Ipv4Addr, TcpListener};

use rand::RngExt;

/// A loopback TCP port that nobody listens on now, for a program that has to be told its port.
///
/// It lies below the range the kernel hands out to outgoing connections, so that nothing takes
/// it by chance between this call and the program's start, or during the program's restart.
pub fn free_port() -> u16 {
    (0..1000)
        .map(|_| rand::rng().random_range(12_000..32_000))
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .expect("one of 20000 ports is free")
}
