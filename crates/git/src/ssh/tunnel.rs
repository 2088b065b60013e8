//! The TCP stream under an ssh connection, directly or through a proxy.

use std::fmt::Write as _;

use base64::Engine as _;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::error::{Failure, tame};
use crate::proxy::Proxy;

/// Connects to `host`, which a proxy resolves when there is one.
pub(crate) async fn connect(
    host: &str,
    port: u16,
    proxy: Option<&Proxy>,
) -> Result<TcpStream, Failure> {
    let Some(proxy) = proxy else {
        return dial(host, port).await;
    };
    let through = proxy
        .address
        .host_str()
        .unwrap_or_default()
        .trim_matches(['[', ']']);
    match proxy.address.scheme() {
        "socks5" => {
            let mut stream = dial(through, proxy.address.port().unwrap_or(1080)).await?;
            socks5(&mut stream, host, port, proxy)
                .await
                .map_err(|why| refused(through, &why))?;
            Ok(stream)
        }
        "http" => {
            let mut stream =
                dial(through, proxy.address.port_or_known_default().unwrap_or(80)).await?;
            http_connect(&mut stream, host, port, proxy)
                .await
                .map_err(|why| refused(through, &why))?;
            Ok(stream)
        }
        scheme => Err(Failure::Settings(format!(
            "proxies of scheme '{scheme}' are not supported for ssh"
        ))),
    }
}

fn refused(proxy: &str, why: &str) -> Failure {
    Failure::Ssh(format!("proxy {proxy}: {why}"))
}

async fn dial(host: &str, port: u16) -> Result<TcpStream, Failure> {
    TcpStream::connect((host, port)).await.map_err(|error| {
        let why = match error.kind() {
            std::io::ErrorKind::ConnectionRefused => "connect: connection refused".to_owned(),
            std::io::ErrorKind::TimedOut => "i/o timeout".to_owned(),
            _ if error.to_string().contains("failed to lookup address") => {
                return Failure::Ssh(format!("dial tcp: lookup {host}: no such host"));
            }
            _ => error.to_string(),
        };
        Failure::Ssh(format!("dial tcp {host}:{port}: {why}"))
    })
}

async fn http_connect(
    stream: &mut TcpStream,
    host: &str,
    port: u16,
    proxy: &Proxy,
) -> Result<(), String> {
    let target = if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    };
    let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
    if let (Some(user), Some(password)) = (&proxy.username, &proxy.password) {
        let basic = base64::engine::general_purpose::STANDARD
            .encode(format!("{user}:{}", password.expose()));
        let _ = write!(request, "Proxy-Authorization: Basic {basic}\r\n");
    }
    request.push_str("\r\n");
    stream
        .write_all(request.as_bytes())
        .await
        .map_err(|error| error.to_string())?;
    // Byte by byte: what follows the blank line already belongs to the server behind the proxy.
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() > 8192 {
            return Err("answer is too long".to_owned());
        }
        head.push(stream.read_u8().await.map_err(|error| error.to_string())?);
    }
    let status = String::from_utf8_lossy(&head);
    let status = status.lines().next().unwrap_or_default();
    match status.split(' ').nth(1) {
        Some(code) if code.len() == 3 && code.starts_with('2') => Ok(()),
        _ => Err(tame(status)),
    }
}

/// RFC 1928 and 1929.
async fn socks5(
    stream: &mut TcpStream,
    host: &str,
    port: u16,
    proxy: &Proxy,
) -> Result<(), String> {
    let short = |text: &str| {
        u8::try_from(text.len()).map_err(|_| "a name is longer than 255 bytes".to_owned())
    };
    let io = |error: std::io::Error| error.to_string();
    let login = proxy.username.as_deref().zip(proxy.password.as_ref());
    let methods: &[u8] = if login.is_some() {
        &[5, 2, 0, 2]
    } else {
        &[5, 1, 0]
    };
    stream.write_all(methods).await.map_err(io)?;
    let mut answer = [0_u8; 2];
    stream.read_exact(&mut answer).await.map_err(io)?;
    match (answer, login) {
        ([5, 0], _) => {}
        ([5, 2], Some((user, password))) => {
            let mut message = vec![1, short(user)?];
            message.extend_from_slice(user.as_bytes());
            message.push(short(password.expose())?);
            message.extend_from_slice(password.expose().as_bytes());
            stream.write_all(&message).await.map_err(io)?;
            stream.read_exact(&mut answer).await.map_err(io)?;
            if answer[1] != 0 {
                return Err("username or password not accepted".to_owned());
            }
        }
        ([5, _], _) => return Err("no acceptable authentication method".to_owned()),
        _ => return Err("not a SOCKS5 server".to_owned()),
    }
    let mut message = vec![5, 1, 0];
    match host.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(address)) => {
            message.push(1);
            message.extend_from_slice(&address.octets());
        }
        Ok(std::net::IpAddr::V6(address)) => {
            message.push(4);
            message.extend_from_slice(&address.octets());
        }
        Err(_) => {
            message.extend_from_slice(&[3, short(host)?]);
            message.extend_from_slice(host.as_bytes());
        }
    }
    message.extend_from_slice(&port.to_be_bytes());
    stream.write_all(&message).await.map_err(io)?;
    let mut head = [0_u8; 4];
    stream.read_exact(&mut head).await.map_err(io)?;
    if head[1] != 0 {
        return Err(format!("connection refused by proxy, code {}", head[1]));
    }
    let rest = match head[3] {
        1 => 4,
        4 => 16,
        3 => usize::from(stream.read_u8().await.map_err(io)?),
        _ => return Err("malformed answer".to_owned()),
    } + 2;
    stream.read_exact(&mut vec![0; rest]).await.map_err(io)?;
    Ok(())
}
