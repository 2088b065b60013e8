use std::collections::BTreeMap;

use super::parse_bool;

/// The feature gates of one controller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeatureGates(BTreeMap<&'static str, bool>);

impl FeatureGates {
    /// The gates a controller supports with their defaults, overridden by `--feature-gates`
    /// (`A=true,B=false`).
    ///
    /// # Errors
    /// `feature-gate '<x>' not supported`, or what is wrong with the syntax.
    pub fn parse(supported: &[(&'static str, bool)], flag: &str) -> Result<Self, String> {
        let mut gates: BTreeMap<_, _> = supported.iter().copied().collect();
        for entry in flag.split(',').map(str::trim).filter(|e| !e.is_empty()) {
            let (gate, value) = entry
                .split_once('=')
                .ok_or_else(|| format!("missing bool value for {entry}"))?;
            let (gate, value) = (gate.trim(), value.trim());
            let value = parse_bool(value)
                .map_err(|why| format!("invalid value of {gate}={value}: {why}"))?;
            *gates
                .get_mut(gate)
                .ok_or_else(|| format!("feature-gate '{gate}' not supported"))? = value;
        }
        Ok(Self(gates))
    }

    /// Whether a gate is on. A gate the controller does not support is off.
    pub fn enabled(&self, gate: &str) -> bool {
        self.0.get(gate).copied().unwrap_or_default()
    }
}
