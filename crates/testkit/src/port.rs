use std::collections::HashSet;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::LazyLock;

use parking_lot::Mutex;
use rand::RngExt;

/// What has been handed out: a program that is told a port may bind it only later, or again.
static TAKEN: LazyLock<Mutex<HashSet<u16>>> = LazyLock::new(Mutex::default);

/// A loopback TCP port that nobody listens on now, for a program that has to be told its port.
/// The same process never gets a port twice.
///
/// It lies below the range the kernel hands out to outgoing connections, so that nothing takes
/// it by chance between this call and the program's start, or during the program's restart.
pub fn free_port() -> u16 {
    let mut taken = TAKEN.lock();
    let port = (0..1000)
        .map(|_| rand::rng().random_range(12_000..32_000))
        .filter(|port| !taken.contains(port))
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .expect("one of 20000 ports is free");
    taken.insert(port);
    port
}
