use std::fmt;
use std::io;
use std::str::FromStr;

use tokio::net::TcpListener;

/// A listen address as Go programs take it: `:8080` (every interface), `127.0.0.1:8080`,
/// `localhost:8080`, or `0`/empty for "do not listen".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenAddr(String);

impl ListenAddr {
    /// Whether the address asks for no listener at all.
    pub fn is_off(&self) -> bool {
        self.0.is_empty() || self.0 == "0"
    }

    /// Binds it. An empty host means every interface, IPv6 and IPv4 alike where the machine has
    /// both.
    ///
    /// # Errors
    /// Whatever the system says when the address cannot be bound or the host not resolved.
    pub async fn bind(&self) -> io::Result<TcpListener> {
        match self.0.strip_prefix(':') {
            Some(port) => match TcpListener::bind(format!("[::]:{port}")).await {
                Ok(listener) => Ok(listener),
                // Machines without IPv6 refuse the wildcard above.
                Err(_) => TcpListener::bind(format!("0.0.0.0:{port}")).await,
            },
            None => TcpListener::bind(&self.0).await,
        }
    }
}

impl FromStr for ListenAddr {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() || text == "0" {
            return Ok(Self(text.to_owned()));
        }
        let port = text
            .rsplit_once(':')
            .ok_or_else(|| format!("address {text}: missing port in address"))?
            .1;
        port.parse::<u16>()
            .map_err(|_| format!("address {text}: invalid port"))?;
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for ListenAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::ListenAddr;

    #[test]
    fn takes_go_addresses_and_refuses_others() {
        for good in [
            ":8080",
            "127.0.0.1:0",
            "localhost:9440",
            "[::1]:80",
            "0",
            "",
        ] {
            assert!(good.parse::<ListenAddr>().is_ok(), "{good}");
        }
        for bad in ["8080", ":http-port-name", "host:70000"] {
            assert!(bad.parse::<ListenAddr>().is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn wildcard_accepts_ipv4() {
        let listener = ":0".parse::<ListenAddr>().unwrap().bind().await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::net::TcpStream::connect(("127.0.0.1", port))
            .await
            .unwrap();
    }
}
