//! The Ready condition, computed from all others (Flux: spec §3).

use windlass_api::meta::{Condition, condition};
use windlass_runtime::conditions::{Conditions, Status};

/// The conditions that Ready sums up, in the order in which ties are broken, with whether `True`
/// is bad news.
const IN_SCOPE: [(&str, bool); 8] = [
    (condition::STORAGE_OPERATION_FAILED, true),
    (condition::FETCH_FAILED, true),
    (condition::INCLUDE_UNAVAILABLE, true),
    (condition::ARTIFACT_OUTDATED, true),
    (condition::ARTIFACT_IN_STORAGE, false),
    (condition::SOURCE_VERIFIED, false),
    (condition::STALLED, true),
    (condition::RECONCILING, true),
];

/// The condition types this controller owns.
pub(crate) const OWNED: &[&str] = &[
    condition::READY,
    condition::STORAGE_OPERATION_FAILED,
    condition::FETCH_FAILED,
    condition::INCLUDE_UNAVAILABLE,
    condition::ARTIFACT_OUTDATED,
    condition::ARTIFACT_IN_STORAGE,
    condition::SOURCE_VERIFIED,
    condition::STALLED,
    condition::RECONCILING,
];

/// Sets Ready to what the most telling condition says; without any, Ready stays as it is.
pub(crate) fn summarise(conditions: &mut Conditions, generation: Option<i64>) {
    let telling = IN_SCOPE
        .iter()
        .filter_map(|(type_, negative)| Some((conditions.get(type_)?, *negative)))
        // `min_by_key` keeps the first of equals, which is the order of the list.
        .min_by_key(|(condition, negative)| rank(condition, *negative));
    let Some((telling, negative)) = telling else {
        return;
    };
    let mut status = match (telling.status.as_str(), negative) {
        ("True", false) | ("False", true) => Status::True,
        ("True", true) | ("False", false) => Status::False,
        _ => Status::Unknown,
    };
    let mut source = telling.clone();
    // Nothing outweighs a signature that does not hold.
    if let Some(verified) = conditions.get(condition::SOURCE_VERIFIED)
        && verified.status == "False"
    {
        status = Status::False;
        source = verified.clone();
    }
    conditions.set(
        condition::READY,
        status,
        &source.reason,
        source.message,
        generation,
    );
}

/// Lower is more telling.
fn rank(condition: &Condition, negative: bool) -> u8 {
    match (condition.status.as_str(), negative) {
        ("True", true) => 0,
        ("False", false) => 1,
        ("True", false) => 2,
        ("False", true) => 3,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Type, status, reason.
    type Given<'a> = (&'a str, Status, &'a str);

    fn ready(given: &[Given<'_>]) -> Option<(String, String, Option<i64>)> {
        let mut conditions = Conditions::default();
        for (type_, status, reason) in given {
            conditions.set(type_, *status, reason, "", Some(1));
        }
        summarise(&mut conditions, Some(2));
        let ready = conditions.get(condition::READY)?;
        Some((
            ready.status.clone(),
            ready.reason.clone(),
            ready.observed_generation,
        ))
    }

    fn expect(given: &[Given<'_>], status: &str, reason: &str) {
        let want = Some((status.to_owned(), reason.to_owned(), Some(2)));
        assert_eq!(ready(given), want, "{given:?}");
    }

    #[test]
    fn bad_news_come_first_and_in_order() {
        use condition::{
            ARTIFACT_IN_STORAGE, ARTIFACT_OUTDATED, FETCH_FAILED, INCLUDE_UNAVAILABLE, RECONCILING,
            STALLED, STORAGE_OPERATION_FAILED,
        };
        let stored = (ARTIFACT_IN_STORAGE, Status::True, "Stored");
        expect(&[stored], "True", "Stored");
        expect(
            &[stored, (RECONCILING, Status::True, "Working")],
            "False",
            "Working",
        );
        expect(
            &[
                stored,
                (RECONCILING, Status::True, "Working"),
                (FETCH_FAILED, Status::True, "Auth"),
            ],
            "False",
            "Auth",
        );
        expect(
            &[
                (STALLED, Status::True, "Stuck"),
                (ARTIFACT_OUTDATED, Status::True, "New"),
            ],
            "False",
            "New",
        );
        expect(
            &[
                (INCLUDE_UNAVAILABLE, Status::True, "Gone"),
                (FETCH_FAILED, Status::True, "Auth"),
                (STORAGE_OPERATION_FAILED, Status::True, "Disk"),
            ],
            "False",
            "Disk",
        );
    }

    #[test]
    fn groups_are_ranked_by_what_they_mean() {
        use condition::{ARTIFACT_IN_STORAGE, FETCH_FAILED, SOURCE_VERIFIED};
        let fine = (FETCH_FAILED, Status::False, "Fine");
        let unknown = (SOURCE_VERIFIED, Status::Unknown, "Unsure");
        expect(&[fine], "True", "Fine");
        expect(&[unknown], "Unknown", "Unsure");
        expect(&[fine, unknown], "True", "Fine");
        expect(
            &[fine, (ARTIFACT_IN_STORAGE, Status::True, "Stored")],
            "True",
            "Stored",
        );
        expect(
            &[fine, (ARTIFACT_IN_STORAGE, Status::False, "Lost")],
            "False",
            "Lost",
        );
    }

    #[test]
    fn a_failed_verification_decides() {
        use condition::{ARTIFACT_IN_STORAGE, FETCH_FAILED, SOURCE_VERIFIED};
        expect(
            &[
                (ARTIFACT_IN_STORAGE, Status::True, "Stored"),
                (FETCH_FAILED, Status::True, "Auth"),
                (SOURCE_VERIFIED, Status::False, "Forged"),
            ],
            "False",
            "Forged",
        );
    }

    #[test]
    fn without_news_ready_stays() {
        assert_eq!(ready(&[]), None);
        let stays = ready(&[(condition::READY, Status::True, "Before")]);
        assert_eq!(
            stays,
            Some(("True".to_owned(), "Before".to_owned(), Some(1)))
        );
    }
}
