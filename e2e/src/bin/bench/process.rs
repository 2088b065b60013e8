//! What a process has used, as the kernel accounts it.

use std::fs;

use windlass_testkit::ControlPlane;

/// The programs of a cluster that every request goes through, and the bench, which sends and watches.
pub(crate) const AROUND: [&str; 4] = ["kube-apiserver", "etcd", "kube-controller-manager", "bench"];

/// User and system time of [`AROUND`] from a moment on.
pub(crate) struct Around<'a> {
    plane: &'a ControlPlane,
    before: [f64; 4],
}

impl<'a> Around<'a> {
    pub(crate) fn start(plane: &'a ControlPlane) -> Self {
        let before = used(plane);
        Self { plane, before }
    }

    /// Seconds since the start.
    pub(crate) fn seconds(&self) -> [f64; 4] {
        let now = used(self.plane);
        std::array::from_fn(|i| now[i] - self.before[i])
    }
}

/// Seconds since the start of each.
fn used(plane: &ControlPlane) -> [f64; 4] {
    let mut pids = plane.programs();
    pids.insert("bench".to_owned(), std::process::id());
    AROUND.map(|program| Usage::of(pids[program]).cpu_seconds)
}

pub(crate) struct Usage {
    /// User and system time.
    pub(crate) cpu_seconds: f64,
    pub(crate) resident_mib: f64,
    /// The most it has held at any time.
    pub(crate) peak_mib: f64,
}

impl Usage {
    pub(crate) fn of(pid: u32) -> Self {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let kib = |field: &str| -> f64 {
            let line = status.lines().find_map(|line| line.strip_prefix(field));
            line.and_then(|line| line.trim_matches([':', '\t', ' ', 'k', 'B']).parse().ok())
                .unwrap_or_default()
        };
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // The name before the closing parenthesis may hold spaces; times are in ticks of 10 ms.
        let fields = stat
            .rsplit_once(')')
            .map_or("", |(_, rest)| rest)
            .split_whitespace();
        let ticks: f64 = fields
            .skip(11)
            .take(2)
            .filter_map(|f| f.parse::<f64>().ok())
            .sum();
        Self {
            cpu_seconds: ticks / 100.0,
            resident_mib: kib("VmRSS") / 1024.0,
            peak_mib: kib("VmHWM") / 1024.0,
        }
    }
}
