//! Random patches of both kinds.

use super::objects::{ODD, body, container, pairs, scalar};
use super::tree::Maker;
use super::yaml::{Yaml, list, map, raw};

impl Maker {
    pub(super) fn patches(&mut self, dir: &str, k: &mut Yaml) {
        if self.objects.is_empty() {
            return;
        }
        if self.rng.chance(45) {
            let mut patches = Vec::new();
            for n in 0..=self.rng.below(1) {
                let mut entry = map(vec![]);
                let text = if self.rng.chance(45) {
                    entry.push("target", self.selector());
                    self.json_patch()
                } else {
                    if self.rng.chance(40) {
                        entry.push("target", self.selector());
                    }
                    if self.rng.chance(8) {
                        entry.push("options", map(vec![("allowNameChange", raw("true"))]));
                    }
                    self.merge_patch()
                };
                if self.rng.chance(30) {
                    let file = format!("p{n}.yaml");
                    self.files.insert(format!("{dir}/{file}"), text);
                    entry.push("path", raw(file));
                } else {
                    entry.push(
                        "patch",
                        raw(format!("|-\n  {}", text.trim_end().replace('\n', "\n  "))),
                    );
                }
                patches.push(entry);
            }
            // Entries hold blocks, which do not fit beside a dash.
            k.push("patches", list(patches));
        }
        if self.rng.chance(8) {
            let text = self.merge_patch();
            self.files.insert(format!("{dir}/sm.yaml"), text);
            k.push("patchesStrategicMerge", list(vec![raw("sm.yaml")]));
        }
        if self.rng.chance(6) {
            let (_, kind, name) = self.target();
            let text = self.json_patch();
            self.files.insert(format!("{dir}/j.yaml"), text);
            let target = map(vec![
                ("version", raw("v1")),
                ("kind", raw(kind)),
                ("name", raw(name)),
            ]);
            k.push(
                "patchesJson6902",
                list(vec![map(vec![("target", target), ("path", raw("j.yaml"))])]),
            );
        }
    }

    fn merge_patch(&mut self) -> String {
        let (api, kind, name) = self.target();
        let mut metadata = map(vec![("name", raw(name))]);
        if self.rng.chance(20) {
            metadata.push("labels", pairs(&mut self.rng, &["app", "new"]));
        }
        if self.rng.chance(20) {
            let annotations = match self.rng.below(4) {
                0 => raw("null"),
                1 => map(vec![("note", raw("null"))]),
                _ => pairs(&mut self.rng, &["note", "z"]),
            };
            metadata.push("annotations", annotations);
        }
        let mut patch = map(vec![("apiVersion", raw(api)), ("kind", raw(kind.as_str()))]);
        patch.push("metadata", metadata);
        match self.rng.below(12) {
            0 => patch.push(
                "$patch",
                raw(self.rng.pick(&["delete", "replace", "merge"])),
            ),
            1 => patch.push("spec", raw("null")),
            2 => {
                let item = map(vec![
                    ("name", raw("main")),
                    ("$patch", raw(self.rng.pick(&["delete", "replace"]))),
                ]);
                let mut containers = vec![item];
                if self.rng.chance(40) {
                    containers.push(container(&mut self.rng));
                }
                let pod = map(vec![("containers", list(containers))]);
                let template = map(vec![("template", map(vec![("spec", pod)]))]);
                patch.push("spec", template);
            }
            3 => {
                let items = vec![
                    map(vec![("$patch", raw("replace"))]),
                    container(&mut self.rng),
                ];
                let pod = map(vec![("containers", list(items))]);
                patch.push("spec", map(vec![("template", map(vec![("spec", pod)]))]));
            }
            4 => patch.push(
                "data",
                map(vec![
                    ("k", raw(self.rng.pick(&ODD))),
                    ("new", scalar(&mut self.rng)),
                ]),
            ),
            _ => body(&mut self.rng, &kind, &mut patch),
        }
        patch.write(&mut self.rng)
    }

    fn json_patch(&mut self) -> String {
        let mut operations = Vec::new();
        for _ in 0..=self.rng.below(2) {
            let op = match self.rng.below(20) {
                0 => "remove",
                1 => "test",
                2 => "copy",
                3 => "move",
                n if n < 12 => "add",
                _ => "replace",
            };
            let path = self.rng.pick(&[
                "/spec/replicas",
                "/metadata/labels/app",
                "/metadata/annotations/x",
                "/metadata/annotations",
                "/spec/template/spec/containers/0/image",
                "/spec",
                "/data/k",
                "/new",
                "/new",
                "/data",
                "/spec/value",
                "/spec/ports/0/port",
                "/metadata/labels",
                "/new",
                "/metadata/annotations",
                "/metadata/labels/a~1b",
                "/kind2",
                "/new",
                "/metadata/x",
            ]);
            let mut operation = map(vec![("op", raw(op)), ("path", raw(path))]);
            match op {
                "add" | "replace" | "test" => operation.push(
                    "value",
                    match self.rng.below(6) {
                        0 => map(vec![("a", scalar(&mut self.rng)), ("b", raw("1"))]),
                        1 => list(vec![raw("1"), raw("x")]),
                        _ => scalar(&mut self.rng),
                    },
                ),
                "copy" | "move" => operation.push("from", raw("/metadata/name")),
                _ => {}
            }
            operations.push(operation);
        }
        list(operations).write(&mut self.rng)
    }
}
