//! Repositories and remote files as bases. What is expected was recorded with the original, its
//! temporary directories aside.

use windlass_archive::Tree;
use windlass_kustomize::{
    BuildOptions, FileSystem, RemoteError, RemoteLoader, RepoSpec, Repository, RepositoryError,
    build, build_repository, repository,
};

const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n";

fn tree(files: &[(&str, &str)]) -> Tree {
    super::tree(files.iter().map(|(path, text)| (*path, text.as_bytes())))
}

struct Internet;

const COMPONENT: &str = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n\
                         nameSuffix: -c\n";

impl RemoteLoader for Internet {
    fn file(&self, url: &str) -> Result<Vec<u8>, RemoteError> {
        match url.trim_start_matches("http://h/") {
            "a.yaml" => Ok(CONFIG.into()),
            "e.env" => Ok("K=v\n".into()),
            "h.html" => Ok("<html><a b=c>: x\n".into()),
            "bad.yaml" => Ok("a: b: c\n".into()),
            "p.yaml" => Ok(format!("{CONFIG}data: {{p: q}}\n").into()),
            "down.yaml" => Err(RemoteError::Failed(format!("Get {url:?}: refused"))),
            _ => Err(RemoteError::Status(404, "Not Found".into())),
        }
    }

    fn repository(&self, spec: &RepoSpec) -> Result<Repository, RepositoryError> {
        if spec.url != "file:///repo.git" {
            let reference = spec.reference.as_deref().unwrap_or("HEAD");
            let text = format!("failed to fetch {} {reference}", spec.url);
            return Err(RepositoryError::Failed(text));
        }
        if spec.timeout.as_millis() < 1 {
            return Err(RepositoryError::TimedOut("git init".to_owned()));
        }
        let cycle = "resources: ['file:///repo.git//cyc?ref=main']\n";
        let tree = tree(&[
            ("kustomization.yaml", "resources: [base]\n"),
            ("base/kustomization.yaml", "resources: [a.yaml]\n"),
            ("base/a.yaml", CONFIG),
            (
                "dir/kustomization.yaml",
                "resources: [../base]\nnamePrefix: r-\n",
            ),
            (
                "over/kustomization.yaml",
                "configMapGenerator: [{name: g, literals: [a=b]}]\n",
            ),
            ("comp/kustomization.yaml", COMPONENT),
            ("out/kustomization.yaml", "resources: [../../x]\n"),
            (
                "files/kustomization.yaml",
                "configMapGenerator: [{name: g, files: [../base/a.yaml]}]\n",
            ),
            (
                "secret/kustomization.yaml",
                "configMapGenerator: [{name: g, files: [/etc/hostname]}]\n",
            ),
            ("cyc/kustomization.yaml", cycle),
            ("bad/kustomization.yaml", "resources: [x.yaml]\n"),
            ("bad/x.yaml", "a: b: c\n"),
            ("up/kustomization.yaml", "resources: [..]\n"),
            ("abs/kustomization.yaml", "resources: [/srv]\n"),
            ("none/f", "x\n"),
        ]);
        Ok(tree.into())
    }
}

fn options() -> BuildOptions<'static> {
    BuildOptions {
        files: FileSystem::Disk("/k"),
        remote: Some(&Internet),
        ..BuildOptions::default()
    }
}

fn built(kustomization: &str) -> Result<String, String> {
    let tree = tree(&[("kustomization.yaml", kustomization)]);
    build(&tree, "", &options())
        .map(|build| build.to_yaml())
        .map_err(|error| error.to_string())
}

fn with_origin(text: &str) -> Result<String, String> {
    let metadata = "buildMetadata: [originAnnotations, transformerAnnotations]\n";
    let yaml = built(&format!("{text}{metadata}"))?;
    let lines = yaml
        .lines()
        .skip_while(|line| !line.ends_with("annotations:"));
    let lines = lines.skip(1).take_while(|line| !line.starts_with("  name"));
    Ok(lines
        .map(|line| line.trim_start_matches("    "))
        .collect::<Vec<_>>()
        .join("\n"))
}

#[test]
fn origins_name_the_repository() {
    let repo = "repo: file:///repo.git";
    let table = [
        (
            "resources: ['file:///repo.git//over']\n",
            format!(
                "config.kubernetes.io/origin: |\n  {repo}\n  configuredIn: \
                     over/kustomization.yaml\n  configuredBy:\n    apiVersion: builtin\n    kind: \
                     ConfigMapGenerator"
            ),
        ),
        (
            "resources: ['file:///repo.git']\n",
            // So the original calls the place of a clone before there is one.
            format!("config.kubernetes.io/origin: |\n  path: notCloned/base/a.yaml\n  {repo}"),
        ),
        (
            "resources: ['http://h/a.yaml']\n",
            "config.kubernetes.io/origin: |\n  path: http:/h/a.yaml".to_owned(),
        ),
    ];
    for (kustomization, wanted) in table {
        let given = with_origin(kustomization).expect(kustomization);
        let given: Vec<&str> = given
            .lines()
            .map(|line| line.trim_start_matches(' '))
            .collect();
        let wanted: Vec<&str> = wanted
            .lines()
            .map(|line| line.trim_start_matches(' '))
            .collect();
        assert_eq!(given, wanted, "{kustomization}");
    }
    let given = with_origin("resources: ['file:///repo.git//dir?ref=main']\n").expect("builds");
    for wanted in [
        "path: base/a.yaml",
        "ref: main",
        "configuredIn: dir/kustomization.yaml",
    ] {
        assert!(given.contains(wanted), "{given}");
    }
    let both = "resources: ['file:///repo.git//base']\ncomponents: ['file:///repo.git//comp']\n";
    assert!(built(both).expect("builds").ends_with("name: a-c\n"));
}

#[test]
fn faults_in_repositories_are_told_as_by_the_original() {
    let table = [
        (
            "nope/x",
            "evalsymlink failure on '/tmp/kustomize-0/nope/x' : lstat /tmp/kustomize-0/nope: no such file or directory",
        ),
        (
            "base/a.yaml",
            "'/tmp/kustomize-0/base/a.yaml' refers to file 'a.yaml'; expecting directory",
        ),
        (
            "base/a.yaml/x",
            "evalsymlink failure on '/tmp/kustomize-0/base/a.yaml/x' : not a directory",
        ),
        (
            "out",
            "recursed accumulation of path '/tmp/kustomize-0/out': accumulating resources: accumulation err='accumulating resources from '../../x': security; file '/tmp/x' is not in or below '/tmp/kustomize-0/out'': security; bases in kustomizations found in cloned git repos must be within the repo, but base '/tmp/x' is outside '/tmp/kustomize-0'",
        ),
        (
            "cyc?ref=main",
            "recursed accumulation of path '/tmp/kustomize-0/cyc': accumulating resources: accumulation err='accumulating resources from 'file:///repo.git//cyc?ref=main': evalsymlink failure on '/tmp/kustomize-0/cyc/file:/repo.git/cyc?ref=main' : lstat /tmp/kustomize-0/cyc/file:: no such file or directory': cycle detected: URI 'file:///repo.git//cyc?ref=main' referenced by previous URI 'file:///repo.git//cyc?ref=main'",
        ),
        (
            "bad",
            "recursed accumulation of path '/tmp/kustomize-0/bad': accumulating resources: accumulating resources from 'x.yaml': MalformedYAMLError: yaml: mapping values are not allowed in this context in File: x.yaml",
        ),
        (
            "none",
            "couldn't make target for path '/tmp/kustomize-0/none': unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '/tmp/kustomize-0/none'",
        ),
        (
            "up",
            "recursed accumulation of path '/tmp/kustomize-0/up': accumulating resources: accumulation err='accumulating resources from '..': '/tmp/kustomize-0' must resolve to a file': cycle detected: candidate root '/tmp/kustomize-0' contains visited root '/tmp/kustomize-0/up'",
        ),
        (
            "abs",
            "recursed accumulation of path '/tmp/kustomize-0/abs': accumulating resources: accumulation err='accumulating resources from '/srv': security; file '/srv' is not in or below '/tmp/kustomize-0/abs'': new root '/srv' cannot be absolute",
        ),
        (
            "files",
            "recursed accumulation of path '/tmp/kustomize-0/files': loading KV pairs: file sources: [../base/a.yaml]: security; file '/tmp/kustomize-0/base/a.yaml' is not in or below '/tmp/kustomize-0/files'",
        ),
        (
            "secret",
            "recursed accumulation of path '/tmp/kustomize-0/secret': loading KV pairs: file sources: [/etc/hostname]: security; file '/etc/hostname' is not in or below '/tmp/kustomize-0/secret'",
        ),
        (
            "comp",
            "expected kind != 'Component' for path '/tmp/kustomize-0/comp'",
        ),
        (
            "base?timeout=0.0001s",
            "hit 100µs timeout running 'git init'",
        ),
    ];
    for (path, wanted) in table {
        let name = format!("file:///repo.git//{path}");
        let given = built(&format!("resources: ['{name}']\n")).expect_err(path);
        let as_file = format!(
            "accumulating resources: accumulation err='accumulating resources from '{name}': \
             evalsymlink failure on '/k/file:/repo.git/{path}' : lstat /k/file:: no such file or \
             directory': "
        );
        assert_eq!(given, format!("{as_file}{wanted}"), "{path}");
    }
    assert_eq!(
        built("components: ['file:///other.git//x?version=v1']\n").expect_err("no repository"),
        "accumulating components: loader.New \"failed to fetch file:///other.git v1\""
    );
}

#[test]
fn any_file_may_be_remote() {
    let generator = "configMapGenerator:\n- name: g\n  files: ['http://h/e.env', 'x=HTTP://h/e.env']\n  \
                     envs: ['http://h/e.env']\n";
    let error = built(generator).expect_err("the scheme is not rewritten here");
    assert!(
        error.ends_with("HTTP Error: status code 404 (Not Found)"),
        "{error}"
    );
    let built_of = |text: &str| built(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let generated = built_of(&generator.replace("HTTP", "http"));
    assert!(
        generated.contains("  K: v\n  e.env: |\n    K=v\n  x: |\n"),
        "{generated}"
    );
    for patch in [
        "patches: [{path: 'http://h/p.yaml'}]",
        "patchesStrategicMerge: ['http://h/p.yaml']",
    ] {
        assert!(
            built_of(&format!("resources: ['http://h/a.yaml']\n{patch}\n")).contains("  p: q\n")
        );
    }
    let not_found = "HTTP Error: status code 404 (Not Found)";
    let table = [
        ("resources: ['http://h/none.yaml']", format!("accumulating resources: accumulating resources from 'http://h/none.yaml': {not_found}")),
        ("resources: ['http://h/o/none.yaml']", "accumulating resources: accumulation err='accumulating resources from 'http://h/o/none.yaml': URL is a git repository': failed to fetch http://h/o/none.yaml HEAD".to_owned()),
        ("resources: ['http://h/h.html']", "accumulating resources: accumulation err='accumulating resources from 'http://h/h.html': missing Resource metadata': must build at directory: not a valid directory: evalsymlink failure on '/k/http:/h/h.html' : lstat /k/http:: no such file or directory".to_owned()),
        ("resources: ['http://h/bad.yaml']", "accumulating resources: accumulating resources from 'http://h/bad.yaml': MalformedYAMLError: yaml: mapping values are not allowed in this context in File: http://h/bad.yaml".to_owned()),
        ("resources: ['http://h/down.yaml']", "accumulating resources: accumulation err='accumulating resources from 'http://h/down.yaml': Get \"http://h/down.yaml\": refused': must build at directory: not a valid directory: evalsymlink failure on '/k/http:/h/down.yaml' : lstat /k/http:: no such file or directory".to_owned()),
        ("resources: ['http://h/%zz']", "accumulating resources: accumulation err='accumulating resources from 'http://h/%zz': evalsymlink failure on '/k/http:/h/%zz' : lstat /k/http:: no such file or directory': must build at directory: not a valid directory: evalsymlink failure on '/k/http:/h/%zz' : lstat /k/http:: no such file or directory".to_owned()),
        ("configMapGenerator: [{name: g, files: ['http://h/o/none']}]", "loading KV pairs: file sources: [http://h/o/none]: URL is a git repository".to_owned()),
        ("configMapGenerator: [{name: g, envs: ['http://h/none']}]", format!("loading KV pairs: env source files: [http://h/none]: {not_found}")),
        ("namePrefix: p-\nconfigurations: ['http://h/none.yaml']", not_found.to_owned()),
        ("namePrefix: p-\ncrds: ['http://h/none.yaml']", format!("loading CRDs [http://h/none.yaml]: {not_found}")),
        ("namePrefix: p-\nopenapi: {path: 'http://h/none.yaml'}", not_found.to_owned()),
        ("replacements: [{path: 'http://h/none.yaml'}]", format!("trouble configuring builtin ReplacementTransformer with config: `\nReplacements:\n- path: http://h/none.yaml\n`: {not_found}")),
        ("transformers: ['http://h/none.yaml']", format!("accumulating resources from 'http://h/none.yaml': {not_found}")),
        ("components: ['http://h/a.yaml']", "accumulating components: loader.New \"must build at directory: not a valid directory: evalsymlink failure on '/k/http:/h/a.yaml' : lstat /k/http:: no such file or directory\"".to_owned()),
        ("resources: ['github.com/o']", "accumulating resources: accumulation err='accumulating resources from 'github.com/o': evalsymlink failure on '/k/github.com/o' : lstat /k/github.com: no such file or directory': must build at directory: not a valid directory: evalsymlink failure on '/k/github.com/o' : lstat /k/github.com: no such file or directory".to_owned()),
    ];
    for (kustomization, wanted) in table {
        assert_eq!(
            built(kustomization).expect_err(kustomization),
            wanted,
            "{kustomization}"
        );
    }
}

#[test]
fn a_build_may_start_from_a_repository() {
    let build = |name| build_repository(name, &options()).map(|build| build.to_yaml());
    assert_eq!(
        build("file:///repo.git//base?ref=main").expect("builds"),
        CONFIG
    );
    assert_eq!(
        build("file:///repo.git//nope")
            .expect_err("no such directory")
            .to_string(),
        "evalsymlink failure on '/tmp/kustomize-0/nope' : lstat /tmp/kustomize-0/nope: no such \
         file or directory"
    );
    assert!(repository("github.com/o/r/dir").is_some());
    assert!(repository("overlays/github.com").is_none());
}

#[test]
fn the_prefix_of_another_tool_is_warned_of() {
    let heard = std::cell::RefCell::new(Vec::new());
    let warn = |text: &str| heard.borrow_mut().push(text.to_owned());
    let options = BuildOptions {
        warn: Some(&warn),
        ..options()
    };
    let tree = tree(&[(
        "kustomization.yaml",
        "resources: ['git::file:///repo.git//base']\n",
    )]);
    assert_eq!(
        build(&tree, "", &options).expect("builds").to_yaml(),
        CONFIG
    );
    assert!(heard.borrow()[0].starts_with("Warning: Forcing the git protocol using"));
}
