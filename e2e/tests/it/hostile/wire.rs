//! A server that answers whatever a case wants, and requests as a case wants them.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

/// A request as it arrived.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    /// `name: value`, as they were sent.
    pub(crate) headers: Vec<String>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut pairs = self.headers.iter().filter_map(|line| line.split_once(':'));
        let found = pairs.find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        Some(found.1.trim())
    }
}

/// A server on loopback for as long as the test process lives.
pub(crate) struct Wire {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Wire {
    /// Lets `answer` write the whole answer to every request.
    pub(crate) fn start(
        answer: impl Fn(&Request, &mut TcpStream) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (answer, record) = (Arc::new(answer), seen.clone());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, record) = (answer.clone(), record.clone());
                // Whoever hangs up early is served no further.
                thread::spawn(move || serve(stream, &*answer, &record).ok());
            }
        });
        Self { url, seen }
    }

    /// Serves each of these bodies at its path.
    pub(crate) fn files(files: Vec<(String, Vec<u8>)>) -> Self {
        Self::start(move |request, stream| {
            match files.iter().find(|(path, _)| *path == request.target) {
                Some((_, body)) => ok(stream, "application/octet-stream", body),
                None => stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"),
            }
        })
    }

    /// The requests so far.
    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }
}

fn serve(
    mut stream: TcpStream,
    answer: &(dyn Fn(&Request, &mut TcpStream) -> io::Result<()> + Send + Sync),
    record: &Mutex<Vec<Request>>,
) -> io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?);
    let mut request = Request::default();
    let mut line = String::new();
    lines.read_line(&mut line)?;
    let mut words = line.split_whitespace().map(str::to_owned);
    request.method = words.next().unwrap_or_default();
    request.target = words.next().unwrap_or_default();
    loop {
        let mut line = String::new();
        lines.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        request.headers.push(line.trim().to_owned());
    }
    let length = request
        .header("content-length")
        .and_then(|n| n.parse().ok());
    request.body = vec![0; length.unwrap_or(0)];
    lines.read_exact(&mut request.body)?;
    record.lock().unwrap().push(request.clone());
    answer(&request, &mut stream)
}

/// Answers 200 with a body, and closes.
pub(crate) fn ok(stream: &mut TcpStream, kind: &str, body: &[u8]) -> io::Result<()> {
    begin(stream, kind)?;
    stream.write_all(body)
}

/// Answers 200; what follows, up to the end of the connection, is the body.
pub(crate) fn begin(stream: &mut TcpStream, kind: &str) -> io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\nconnection: close\r\n\r\n"
    )
}

/// Status and body of the answer to a request for a target, which is sent as it is.
pub(crate) fn get(port: u16, target: &str) -> (u16, String) {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    write!(
        stream,
        "GET {target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok());
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    (status.unwrap_or(0), body.to_owned())
}
