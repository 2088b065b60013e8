//! Random trees of kustomizations over all features.

use std::collections::BTreeMap;

use super::objects::{CONFIGS, NAMES, object};
use super::rng::Rng;
use super::yaml::{Yaml, list, map, raw};

/// A tree and the directory to build.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Case {
    pub(crate) files: BTreeMap<String, String>,
    pub(crate) path: String,
}

/// The tree of a seed.
pub(crate) fn case(seed: u64) -> Case {
    let mut maker = Maker {
        rng: Rng::new(seed),
        files: BTreeMap::new(),
        objects: Vec::new(),
    };
    let levels = 1 + maker.rng.below(3);
    let mut below: Vec<String> = Vec::new();
    for level in 0..levels {
        let name = format!("l{level}");
        let siblings = if level == 0 {
            1 + maker.rng.below(2)
        } else {
            1
        };
        let mut made = Vec::new();
        for sibling in 0..siblings {
            let dir = if sibling == 0 {
                name.clone()
            } else {
                format!("{name}s")
            };
            let bases = if sibling == 0 {
                below.clone()
            } else {
                Vec::new()
            };
            maker.kustomization(&dir, &bases, level == 0);
            made.push(dir);
        }
        below = made;
    }
    Case {
        files: maker.files,
        path: below.swap_remove(0),
    }
}

pub(super) struct Maker {
    pub(super) rng: Rng,
    pub(super) files: BTreeMap<String, String>,
    /// Type and name of everything made so far.
    pub(super) objects: Vec<(String, String, String)>,
}

impl Maker {
    fn kustomization(&mut self, dir: &str, bases: &[String], bottom: bool) {
        let mut resources: Vec<Yaml> = bases.iter().map(|b| raw(format!("../{b}"))).collect();
        if bottom || self.rng.chance(35) {
            for n in 0..=self.rng.below(2) {
                let file = format!("r{n}.yaml");
                let text = self.resources();
                self.files.insert(format!("{dir}/{file}"), text);
                resources.push(raw(file));
            }
        }
        let mut k = map(vec![("resources", list(resources))]);
        if self.rng.chance(18) {
            let component = format!("{dir}c");
            let mut inner = map(vec![
                ("apiVersion", raw("kustomize.config.k8s.io/v1alpha1")),
                ("kind", raw("Component")),
            ]);
            self.fields(&component, &mut inner);
            let text = inner.write(&mut self.rng);
            self.files
                .insert(format!("{component}/kustomization.yaml"), text);
            k.push("components", list(vec![raw(format!("../{component}"))]));
        }
        self.fields(dir, &mut k);
        if self.rng.chance(10) {
            let wanted = [
                "originAnnotations",
                "transformerAnnotations",
                "managedByLabel",
            ];
            k.push("buildMetadata", list(vec![raw(self.rng.pick(&wanted))]));
        }
        if self.rng.chance(8) {
            k.push(
                "sortOptions",
                map(vec![("order", raw(self.rng.pick(&["fifo", "legacy"])))]),
            );
        }
        let text = k.write(&mut self.rng);
        self.files.insert(format!("{dir}/kustomization.yaml"), text);
    }

    fn resources(&mut self) -> String {
        let mut documents = Vec::new();
        for _ in 0..=self.rng.below(3) {
            let (yaml, api, kind, name) = object(&mut self.rng);
            // Most trees are to build.
            let made = self.objects.iter().any(|(_, k, n)| k == kind && *n == name);
            if made && !self.rng.chance(5) {
                continue;
            }
            documents.push(yaml.write(&mut self.rng));
            self.objects.push((api.to_owned(), kind.to_owned(), name));
        }
        documents.join("---\n")
    }

    /// Everything a component may have as well.
    fn fields(&mut self, dir: &str, k: &mut Yaml) {
        if self.rng.chance(30) {
            k.push(
                "namespace",
                raw(self.rng.pick(&["one", "two", "default", "prod"])),
            );
        }
        if self.rng.chance(30) {
            k.push("namePrefix", raw(self.rng.pick(&["p-", "x", "\"1\""])));
        }
        if self.rng.chance(20) {
            k.push("nameSuffix", raw(self.rng.pick(&["-s", "-v2", "\"0\""])));
        }
        self.texts(k);
        self.patches(dir, k);
        self.generators(dir, k);
        if self.rng.chance(25) {
            let images = (0..=self.rng.below(1)).map(|_| self.image()).collect();
            k.push("images", list(images));
        }
        if self.rng.chance(5) && !self.objects.is_empty() {
            let name = self.target().2;
            k.push(
                "replicas",
                list(vec![map(vec![("name", raw(name)), ("count", raw("5"))])]),
            );
        }
        if self.rng.chance(18) && !self.objects.is_empty() {
            let all = (0..=self.rng.below(1))
                .map(|_| self.replacement())
                .collect();
            k.push("replacements", list(all));
        }
        if self.rng.chance(4) && !self.objects.is_empty() {
            let (api, kind, name) = self.target();
            let reference = map(vec![
                ("kind", raw(kind)),
                ("name", raw(name)),
                ("apiVersion", raw(api)),
            ]);
            let mut var = map(vec![("name", raw("VAR")), ("objref", reference)]);
            if self.rng.chance(60) {
                let field = self.rng.pick(&[
                    "spec.replicas",
                    "metadata.namespace",
                    "spec.template.spec.containers[0].image",
                    "data.k",
                ]);
                var.push("fieldref", map(vec![("fieldPath", raw(field))]));
            }
            k.push("vars", list(vec![var]));
        }
        self.plugins(k);
        if self.rng.chance(6) {
            let text = self.configuration();
            self.files.insert(format!("{dir}/config.yaml"), text);
            k.push("configurations", list(vec![raw("config.yaml")]));
        }
    }

    fn configuration(&mut self) -> String {
        self.rng.pick(&[
            "nameReference:\n- kind: Deployment\n  fieldSpecs:\n  - kind: Widget\n    path: spec/value\n",
            "namePrefix:\n- path: metadata/name\n  kind: Widget\n",
            "commonLabels:\n- path: spec/nested\n  create: true\n  kind: Widget\n",
            "images:\n- path: spec/value\n  kind: Widget\n",
            "varReference:\n- path: spec/value\n  kind: Widget\n",
            "replicas:\n- path: spec/size\n  create: true\n  kind: Widget\n",
            "namespace:\n- path: spec/ns\n  create: true\n  kind: Widget\n",
        ]).to_owned()
    }

    fn texts(&mut self, k: &mut Yaml) {
        if self.rng.chance(25) {
            let mut label = map(vec![(
                "pairs",
                map(vec![("team", raw(self.rng.pick(&["x", "\"1\"", "'on'"])))]),
            )]);
            match self.rng.below(10) {
                0..4 => label.push("includeSelectors", raw("true")),
                4..7 => label.push("includeTemplates", raw("true")),
                _ => {}
            }
            if self.rng.chance(15) {
                let field = map(vec![
                    ("path", raw("spec/labels")),
                    ("create", raw("true")),
                    ("kind", raw("Widget")),
                ]);
                label.push("fields", list(vec![field]));
            }
            k.push("labels", list(vec![label]));
        }
        if self.rng.chance(12) {
            k.push("commonLabels", map(vec![("app", raw("common"))]));
        }
        if self.rng.chance(15) {
            k.push(
                "commonAnnotations",
                map(vec![(
                    "note",
                    raw(self.rng.pick(&["hello", "\"5\"", "'a: b'"])),
                )]),
            );
        }
    }

    /// One of the objects made so far, mostly.
    pub(super) fn target(&mut self) -> (String, String, String) {
        let at = self.rng.below(self.objects.len());
        self.objects[at].clone()
    }

    pub(super) fn selector(&mut self) -> Yaml {
        let (_, kind, name) = self.target();
        let mut selector = map(vec![]);
        if self.rng.chance(80) {
            selector.push("kind", raw(kind));
        }
        if self.rng.chance(50) {
            let pattern = if self.rng.chance(20) {
                ".*".to_owned()
            } else {
                name
            };
            selector.push("name", raw(pattern));
        }
        if self.rng.chance(10) {
            selector.push(
                "labelSelector",
                raw(self
                    .rng
                    .pick(&["app=x", "tier", "'!env'", "app in (x, y1)"])),
            );
        }
        if self.rng.chance(5) {
            selector.push("namespace", raw(self.rng.pick(&["one", "default"])));
        }
        selector
    }

    fn generators(&mut self, dir: &str, k: &mut Yaml) {
        for (field, chance) in [("configMapGenerator", 35), ("secretGenerator", 20)] {
            if !self.rng.chance(chance) {
                continue;
            }
            let mut entry = map(vec![("name", raw(self.rng.pick(&CONFIGS)))]);
            if self.rng.chance(12) {
                entry.push(
                    "behavior",
                    raw(self.rng.pick(&["merge", "replace", "create"])),
                );
            }
            let literals = [
                "A=1",
                "B=x=y",
                "k='q'",
                "C=",
                "LONG=a text that is longer than seventy characters once it has been encoded in base64",
            ];
            let first = self.rng.below(3);
            entry.push(
                "literals",
                list(
                    literals[first..first + 2]
                        .iter()
                        .map(|l| raw(format!("\"{l}\"")))
                        .collect(),
                ),
            );
            if self.rng.chance(30) {
                self.files
                    .insert(format!("{dir}/f.txt"), "line 1\nline 2 \n".to_owned());
                entry.push(
                    "files",
                    list(vec![raw(self.rng.pick(&["f.txt", "key=f.txt"]))]),
                );
            }
            if self.rng.chance(20) {
                self.files
                    .insert(format!("{dir}/e.env"), "# c\nX=1\n Y = z\nZ\n".to_owned());
                entry.push("envs", list(vec![raw("e.env")]));
            }
            if self.rng.chance(25) {
                let mut options = map(vec![]);
                if self.rng.chance(50) {
                    options.push("disableNameSuffixHash", raw("true"));
                }
                if self.rng.chance(40) {
                    options.push("labels", map(vec![("g", raw("\"1\""))]));
                }
                if self.rng.chance(20) {
                    options.push("immutable", raw("true"));
                }
                entry.push("options", options);
            }
            let kind = if field.starts_with('c') {
                "ConfigMap"
            } else {
                "Secret"
            };
            if let Yaml::Map(pairs) = &entry
                && let Some((_, Yaml::Raw(name))) = pairs.first()
            {
                self.objects.push(("v1".into(), kind.into(), name.clone()));
            }
            k.push(field, list(vec![entry]));
        }
        if self.rng.chance(8) {
            k.push(
                "generatorOptions",
                map(vec![
                    ("annotations", map(vec![("made", raw("\"yes\""))])),
                    (
                        "disableNameSuffixHash",
                        raw(self.rng.pick(&["true", "false"])),
                    ),
                ]),
            );
        }
    }

    fn image(&mut self) -> Yaml {
        let mut image = map(vec![(
            "name",
            raw(self
                .rng
                .pick(&["nginx", "app", "host:5000/team/app", "repo/app"])),
        )]);
        if self.rng.chance(40) {
            image.push("newName", raw(self.rng.pick(&["other", "reg/x/y"])));
        }
        match self.rng.below(4) {
            0 => image.push("digest", raw("sha256:99")),
            1 => image.push("tagSuffix", raw("-s")),
            _ => image.push("newTag", raw(self.rng.pick(&["\"2\"", "v3", "\"1.10\""]))),
        }
        image
    }

    fn replacement(&mut self) -> Yaml {
        let fields = [
            "metadata.name",
            "metadata.namespace",
            "spec.replicas",
            "data.k",
            "spec.value",
            "data.[conf.yaml].a",
            "data.[conf.json].a.b",
            "metadata.labels.app",
            "spec.template.spec.containers.[name=main].image",
            "spec.template.spec.containers.0.image",
            "spec.template.spec.containers.*.image",
            "spec.nested",
            "metadata.annotations.[example.com/x]",
            "spec.items.[name=a].size",
            "spec.template.spec.containers.[name=main].env.[name=A].value",
            "data.conf\\.yaml.b.c",
        ];
        let mut replacement = map(vec![]);
        if self.rng.chance(25) {
            replacement.push(
                "sourceValue",
                raw(self.rng.pick(&["text", "\"5\"", "\"true\"", "\"\""])),
            );
        } else {
            let (_, kind, name) = self.target();
            let mut source = map(vec![("kind", raw(kind)), ("name", raw(name))]);
            if self.rng.chance(30) {
                source.push("fieldPath", raw(self.rng.pick(&fields)));
            }
            if self.rng.chance(8) {
                source.push(
                    "options",
                    map(vec![
                        ("delimiter", raw("\"-\"")),
                        ("index", raw(self.rng.pick(&["0", "1"]))),
                    ]),
                );
            }
            replacement.push("source", source);
        }
        let paths = (0..=self.rng.below(1))
            .map(|_| raw(self.rng.pick(&fields)))
            .collect();
        let mut target = map(vec![
            ("select", self.selector()),
            ("fieldPaths", list(paths)),
        ]);
        let creates = self.rng.chance(85);
        if self.rng.chance(15) {
            target.push(
                "reject",
                list(vec![map(vec![("name", raw(self.rng.pick(&NAMES)))])]),
            );
        }
        if creates {
            let mut options = map(vec![("create", raw("true"))]);
            if self.rng.chance(20) {
                options.push("delimiter", raw("\":\""));
                options.push("index", raw(self.rng.pick(&["0", "1", "-1", "9"])));
            }
            target.push("options", options);
        }
        replacement.push("targets", list(vec![target]));
        replacement
    }

    fn plugins(&mut self, k: &mut Yaml) {
        if self.rng.chance(9) {
            let config = self.rng.pick(&[
                "kind: PrefixTransformer\nmetadata: {name: t}\nprefix: t-\nfieldSpecs:\n- path: metadata/name\n",
                "kind: LabelTransformer\nmetadata: {name: t}\nlabels: {l: \"1\", m: x}\nfieldSpecs:\n- path: metadata/labels\n  create: true\n",
                "kind: AnnotationsTransformer\nmetadata: {name: t}\nannotations: {l: y}\nfieldSpecs:\n- path: metadata/annotations\n  create: true\n",
                "kind: NamespaceTransformer\nmetadata: {name: t, namespace: tns}\nunsetOnly: true\nsetRoleBindingSubjects: allServiceAccounts\n",
                "kind: ImageTagTransformer\nmetadata: {name: t}\nimageTag: {name: nginx, newTag: t}\n",
                "kind: ReplacementTransformer\nmetadata: {name: t}\nreplacements:\n- sourceValue: r\n  targets:\n  - select: {kind: Widget}\n    fieldPaths: [spec.value]\n    options: {create: true}\n",
                "kind: ValueAddTransformer\nmetadata: {name: t}\nvalue: v\ntargets:\n- selector: {kind: Widget}\n  fieldPath: spec/value\n",
                "kind: PatchTransformer\nmetadata: {name: t}\ntarget: {kind: Deployment}\npatch: '[{\"op\": \"add\", \"path\": \"/spec/x\", \"value\": 1000000}]'\n",
                "kind: HashTransformer\nmetadata: {name: t}\n",
                "kind: Unknown\nmetadata: {name: t}\n",
            ]);
            let text = format!(
                "|-\n  apiVersion: builtin\n  {}",
                config.trim_end().replace('\n', "\n  ")
            );
            k.push("transformers", Yaml::List(vec![Yaml::Raw(text)]));
        }
        if self.rng.chance(5) {
            let config = "kind: ConfigMapGenerator\nmetadata: {name: plug}\nliterals: [a=b]\nbehavior: create\n";
            let text = format!(
                "|-\n  apiVersion: builtin\n  {}",
                config.trim_end().replace('\n', "\n  ")
            );
            k.push("generators", Yaml::List(vec![Yaml::Raw(text)]));
        }
    }
}
