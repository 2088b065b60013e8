//! The tree that builds are measured with: pairs of a Deployment and a Service, every Deployment
//! with a reference to one of fifty generated config maps; on top a prefix, a namespace, labels with
//! selectors, images and a JSON patch for all Deployments.

use std::{fmt::Write as _, fs, io, path::Path};

const CONFIG_MAPS: usize = 50;
const PAIRS_PER_FILE: usize = 50;

fn pair(n: usize) -> String {
    let config = n % CONFIG_MAPS;
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-{n}
  labels:
    app: app-{n}
spec:
  replicas: 1
  selector:
    matchLabels:
      app: app-{n}
  template:
    metadata:
      labels:
        app: app-{n}
    spec:
      containers:
      - name: main
        image: registry.example.com/team/app:1.0
        ports:
        - containerPort: 8080
          name: http
        env:
        - name: LOG_LEVEL
          value: info
        - name: SETTING
          valueFrom:
            configMapKeyRef:
              name: config-{config}
              key: setting
        resources:
          limits:
            memory: 128Mi
          requests:
            cpu: 10m
---
apiVersion: v1
kind: Service
metadata:
  name: app-{n}
spec:
  ports:
  - port: 80
    targetPort: http
  selector:
    app: app-{n}
"
    )
}

/// Writes the tree below `root`; its `overlay` is what is built, of `2 * pairs + 50` resources.
pub(super) fn write(root: &Path, pairs: usize) -> io::Result<()> {
    let (base, overlay) = (root.join("base"), root.join("overlay"));
    for directory in [&base, &overlay] {
        fs::create_dir_all(directory)?;
    }
    let mut kustomization = String::from("resources:\n");
    for (number, first) in (0..pairs).step_by(PAIRS_PER_FILE).enumerate() {
        let last = (first + PAIRS_PER_FILE).min(pairs);
        let documents: Vec<String> = (first..last).map(pair).collect();
        fs::write(
            base.join(format!("apps-{number}.yaml")),
            documents.join("---\n"),
        )?;
        // Writing to a string cannot fail.
        let _ = writeln!(kustomization, "- apps-{number}.yaml");
    }
    kustomization.push_str("configMapGenerator:\n");
    for n in 0..CONFIG_MAPS {
        let _ = write!(
            kustomization,
            "- name: config-{n}\n  literals:\n  - setting=value-{n}\n  - other=\"a longer text\"\n"
        );
    }
    fs::write(base.join("kustomization.yaml"), kustomization)?;
    let kustomization = "resources:
- ../base
namePrefix: prod-
namespace: production
labels:
- pairs:
    environment: production
  includeSelectors: true
images:
- name: registry.example.com/team/app
  newTag: '2.0'
patches:
- target:
    kind: Deployment
  patch: |-
    - op: replace
      path: /spec/replicas
      value: 3
    - op: add
      path: /spec/template/spec/serviceAccountName
      value: runner
";
    fs::write(overlay.join("kustomization.yaml"), kustomization)
}
