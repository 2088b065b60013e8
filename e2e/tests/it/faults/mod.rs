//! What goes wrong around the controllers, and what they must make of it. `make faults` runs all
//! of it in its long form.

mod disk;
mod edits;
mod election;
mod fairness;
mod fights;
mod kills;
mod late_crds;

/// Whether the long forms were asked for (`WINDLASS_FAULTS=full`).
fn full() -> bool {
    std::env::var("WINDLASS_FAULTS").is_ok_and(|form| form == "full")
}
