//! Replacements into the documents that texts hold, with what kustomize 5.8.1 makes of them: all
//! that is not replaced stays as it is written.

use serde_json::json;
use windlass_kustomize::{BuildOptions, build};

/// A text, the field to set to `text`, whether it may be made, and the text afterwards or the error.
type Recorded = (
    &'static str,
    &'static str,
    bool,
    Result<&'static str, &'static str>,
);

#[test]
fn what_is_not_replaced_stays_as_it_is_written() {
    let recorded: &[Recorded] = &[
        (
            "# c\n\na: 1 # d\n# e\nb: two # f\n# g\n",
            "spec.b",
            false,
            Ok("# c\n\na: 1 # d\n# e\nb: text # f\n# g"),
        ),
        (
            "a: &x {b: 1}\nc: *x\nd:\n  <<: *x\n  e: two\n",
            "spec.d.e",
            false,
            Ok("a: &x {b: 1}\nc: *x\nd:\n  !!merge <<: *x\n  e: text"),
        ),
        (
            "a: &x {b: 1}\nc: *x\n",
            "spec.c.b",
            false,
            Err(
                "unable to find field \"spec.c.b\" in replacement target: wrong node kind: expected MappingNode but got AliasNode: node contents:\n*x",
            ),
        ),
        (
            "key: !secret one\nother: !list [1]\n",
            "spec.key",
            false,
            Ok("key: !secret text\nother: !list [1]"),
        ),
        ("a: one\n---\nb: [\n", "spec.a", false, Ok("a: text")),
        (
            "# nothing\n",
            "spec.a",
            true,
            Err(
                "unable to find or create field \"spec.a\" in replacement target: wrong node kind: expected MappingNode but got : node contents:\nnull",
            ),
        ),
        (
            "# nothing\n",
            "spec.0",
            false,
            Err(
                "unable to find field \"spec.0\" in replacement target: wrong node kind: expected SequenceNode but got : node contents:\nnull",
            ),
        ),
        ("null", "spec.a.0.b", true, Ok("null")),
        ("null", "spec.[a=b].c", true, Ok("null")),
        (
            "- a # c\n- b: 1 # d\n",
            "spec.b",
            false,
            Err(
                "unable to find field \"spec.b\" in replacement target: wrong node kind: expected MappingNode but got SequenceNode: node contents:\n- a # c\n- b: 1 # d",
            ),
        ),
    ];
    for (text, field, create, wanted) in recorded {
        let resource = json!({
            "apiVersion": "v1", "kind": "X", "metadata": {"name": "b"}, "spec": text,
        });
        let kustomization = json!({
            "resources": ["r.yaml"],
            "replacements": [{
                "sourceValue": "text",
                "targets": [{
                    "select": {"kind": "X"},
                    "fieldPaths": [field],
                    "options": {"create": create},
                }],
            }],
        });
        let files = [
            ("r.yaml", resource.to_string()),
            ("kustomization.yaml", kustomization.to_string()),
        ];
        let tree = super::tree(files.iter().map(|(path, text)| (*path, text.as_bytes())));
        let given = match build(&tree, "", &BuildOptions::default()) {
            Ok(build) => Ok(build.resources[0].object["spec"].clone()),
            Err(error) => Err(error.to_string().trim_end().to_owned()),
        };
        let wanted = wanted.map(|text| json!(text)).map_err(str::to_owned);
        assert_eq!(given, wanted, "{field} in {text:?}");
    }
}
