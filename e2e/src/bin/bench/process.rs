//! What a process has used, as the kernel accounts it.

use std::fs;

use windlass_testkit::ControlPlane;

/// The programs of a cluster that every request goes through, and the bench, which sends and watches.
pub(crate) const AROUND: [&str; 4] = ["kube-apiserver", "etcd", "kube-controller-manager", "bench"];

/// User and system seconds of [`AROUND`] so far.
pub(crate) fn around(plane: &ControlPlane) -> [f64; 4] {
    let mut pids = plane.pids();
    pids.push(std::process::id());
    AROUND.map(|program| {
        let of_it = pids.iter().filter(|pid| name(**pid) == program);
        of_it.map(|pid| Usage::of(*pid).cpu_seconds).sum()
    })
}

/// The file name of a process's program.
fn name(pid: u32) -> String {
    let line = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let program = line.split('\0').next().unwrap_or_default();
    let name = program.rsplit('/').next().unwrap_or_default();
    name.to_owned()
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
