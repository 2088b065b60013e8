//! The sets extension: `sets.contains`, `sets.equivalent` and `sets.intersects`.

use cel::common::types::{CelBool, LIST_TYPE};
use cel::common::value::{CowVal, Val};
use cel::{DeclarationError, Env, ExecutionError};

pub(super) fn extension(env: &mut Env) -> Result<(), DeclarationError> {
    env.add_overload(
        "sets.contains",
        "list_sets_contains_list",
        vec![LIST_TYPE, LIST_TYPE],
        contains,
    )?;
    env.add_overload(
        "sets.equivalent",
        "list_sets_equivalent_list",
        vec![LIST_TYPE, LIST_TYPE],
        equivalent,
    )?;
    env.add_overload(
        "sets.intersects",
        "list_sets_intersects_list",
        vec![LIST_TYPE, LIST_TYPE],
        intersects,
    )
}

type Args<'b, 'v> = Vec<CowVal<'b, 'v>>;
type Answer<'b, 'v> = Result<CowVal<'b, 'v>, ExecutionError>;

#[expect(clippy::needless_pass_by_value, reason = "the form of an overload")]
fn contains<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    answer(&args, covers)
}

#[expect(clippy::needless_pass_by_value, reason = "the form of an overload")]
fn equivalent<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    answer(&args, |one, other| {
        Ok(covers(one, other)? && covers(other, one)?)
    })
}

#[expect(clippy::needless_pass_by_value, reason = "the form of an overload")]
fn intersects<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    answer(&args, |one, other| any(other, |item| has(one, item)))
}

fn answer<'b, 'v>(
    args: &[CowVal<'b, 'v>],
    of: impl FnOnce(&dyn Val, &dyn Val) -> Result<bool, ExecutionError>,
) -> Answer<'b, 'v> {
    let [one, other] = args else {
        return Err(ExecutionError::invalid_argument_count(2, args.len()));
    };
    Ok(CowVal::owned(CelBool::from(of(&**one, &**other)?)))
}

/// Whether every item of `part` is in `whole`.
fn covers(whole: &dyn Val, part: &dyn Val) -> Result<bool, ExecutionError> {
    Ok(!any(part, |item| Ok(!has(whole, item)?))?)
}

fn has(list: &dyn Val, wanted: &dyn Val) -> Result<bool, ExecutionError> {
    any(list, |item| Ok(item.equals(wanted)))
}

fn any(
    list: &dyn Val,
    test: impl Fn(&dyn Val) -> Result<bool, ExecutionError>,
) -> Result<bool, ExecutionError> {
    let iterable = list
        .as_iterable()
        .ok_or_else(ExecutionError::missing_argument_or_target)?;
    let mut items = iterable.iter();
    while let Some(item) = items.next() {
        if test(item)? {
            return Ok(true);
        }
    }
    Ok(false)
}
