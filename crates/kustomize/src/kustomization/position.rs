//! The line of a field in a kustomization file, for errors.

use windlass_yaml::{Limits, Node};

use crate::loader::Loader;
use crate::{Location, kustomization::names};

/// The place of a field, or of an entry of its list, in kustomization file `file`. The file is read
/// again, so this is for errors only.
pub(crate) fn location(
    loader: &Loader<'_>,
    file: &str,
    field: &str,
    entry: Option<usize>,
) -> Location {
    let line = loader.own_file(file).and_then(|bytes| {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let documents = windlass_yaml::parse(&text, &Limits::default()).ok()?;
        line_of(documents.first()?, field, entry)
    });
    Location {
        file: loader.located(file),
        line,
    }
}

fn line_of(root: &Node, field: &str, entry: Option<usize>) -> Option<usize> {
    debug_assert!(names::KUSTOMIZATION.contains(&field), "{field}");
    let (key, value) = root
        .pairs()
        .find(|(key, _)| key.value.eq_ignore_ascii_case(field))?;
    let item = entry.and_then(|at| value.children.get(at));
    Some(item.map_or(key.line, |item| item.line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_found_by_number() {
        let text = "kind: Kustomization\npatches:\n- path: a\n- path: b\n";
        let root = windlass_yaml::parse(text, &Limits::default())
            .unwrap()
            .remove(0);
        assert_eq!(line_of(&root, "patches", Some(1)), Some(4));
        assert_eq!(line_of(&root, "patches", None), Some(2));
        assert_eq!(line_of(&root, "images", None), None);
    }
}
