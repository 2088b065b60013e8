//! What post renderers get of hooks and manifests, and what becomes of what they give back.

use std::cell::RefCell;

use windlass_archive::{Limits, Tree};
use windlass_helm::chart::{LoadLimits, load_directory};
use windlass_helm::values::Map;
use windlass_helm::{PostRenderStrategy, PostRenderer, RenderOptions, Rendered, Renderer};

/// Renames accounts, adds an object to each stream, and remembers the streams.
#[derive(Default)]
struct Renaming(RefCell<Vec<String>>);

impl PostRenderer for Renaming {
    fn run(&self, manifests: &str) -> Result<String, String> {
        self.0.borrow_mut().push(manifests.to_owned());
        let renamed = manifests.replace("name: account", "name: renamed");
        Ok(format!(
            "{renamed}---\nkind: Extra\nmetadata:\n  name: extra\n"
        ))
    }
}

fn render(strategy: PostRenderStrategy) -> (Rendered, Vec<String>) {
    let mut tree = Tree::builder(Limits::default());
    for (path, text) in [
        ("Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.2.3\n"),
        (
            "templates/both.yaml",
            "kind: Account\nmetadata:\n  name: account\n---\nkind: Account\nmetadata:\n  name: account\n  annotations:\n    helm.sh/hook: pre-install\n",
        ),
    ] {
        tree.file(path, text, false).unwrap();
    }
    let chart = load_directory(&tree.build(), &LoadLimits::default()).unwrap();
    let renaming = Renaming::default();
    let options = RenderOptions {
        post_renderer: Some(&renaming),
        post_render_strategy: strategy,
        ..RenderOptions::default()
    };
    let rendered = Renderer::new(chart).render(&Map::new(), &options).unwrap();
    (rendered, renaming.0.into_inner())
}

fn names(rendered: &Rendered) -> (Vec<&str>, Vec<(&str, &str)>) {
    let hooks = rendered.hooks.iter().map(|hook| &*hook.name).collect();
    let manifests = rendered.manifests.iter();
    let manifests = manifests.map(|manifest| (&*manifest.head.name, &*manifest.name));
    (hooks, manifests.collect())
}

#[test]
fn strategies_say_what_a_post_renderer_gets() {
    let file = "c/templates/both.yaml";
    let (rendered, streams) = render(PostRenderStrategy::Combined);
    assert_eq!(streams.len(), 1);
    assert!(streams[0].contains("helm.sh/hook"));
    let extra = ("extra", "generated-by-postrender-2.yaml");
    assert_eq!(
        names(&rendered),
        (vec!["renamed"], vec![("renamed", file), extra])
    );

    let (rendered, streams) = render(PostRenderStrategy::Separate);
    assert_eq!(streams.len(), 2);
    assert!(streams[0].contains("helm.sh/hook") && !streams[1].contains("helm.sh/hook"));
    assert_eq!(
        names(&rendered),
        (
            vec!["renamed"],
            vec![
                ("renamed", file),
                ("extra", "generated-by-postrender-hooks-1.yaml"),
                ("extra", "generated-by-postrender-manifests-1.yaml"),
            ]
        )
    );

    let (rendered, streams) = render(PostRenderStrategy::NoHooks);
    assert_eq!(streams.len(), 1);
    assert!(!streams[0].contains("helm.sh/hook"));
    let extra = ("extra", "generated-by-postrender-manifests-1.yaml");
    assert_eq!(
        names(&rendered),
        (vec!["account"], vec![("renamed", file), extra])
    );
}
