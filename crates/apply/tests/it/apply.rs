use serde_json::json;
use windlass_api::kustomize::{IgnoreRule, Selector};
use windlass_apply::{AppliedMemory, IgnoreRules, inventory, prepare, stages};
use windlass_health::ObjectId;
use windlass_testkit::wait_until;

use crate::world::{SOON, World};

#[tokio::test(flavor = "multi_thread")]
async fn creates_then_asks_for_nothing_then_corrects_drift() {
    let world = World::new().await;
    let (applier, memory) = (world.applier(|_| {}), AppliedMemory::new());
    let objects = vec![world.config_map("cm", &json!({"a": "1"}))];
    let id = world.config_map_id("cm");

    let changes = world.run(&applier, &memory, objects.clone()).await.unwrap();
    assert_eq!(changes.to_string(), format!("{id} created"));
    assert_eq!(world.requests(), ["PATCH cm dry-run", "PATCH cm"]);
    let entries = inventory::from_change_set(&changes).entries;
    assert_eq!(entries[0].id, format!("{}_cm__ConfigMap", world.namespace));

    world.tracked(&id).await;
    let changes = world.run(&applier, &memory, objects.clone()).await.unwrap();
    assert_eq!(changes.to_string(), format!("{id} unchanged"));
    assert_eq!(world.requests(), Vec::<String>::new());

    // Somebody else's field is no drift, and costs nothing.
    world
        .edit(&id, "someone", &json!({"data": {"extra": "1"}}))
        .await;
    world.tracked(&id).await;
    world.run(&applier, &memory, objects.clone()).await.unwrap();
    assert_eq!(world.requests(), Vec::<String>::new());

    world
        .edit(&id, "someone", &json!({"data": {"a": "edited"}}))
        .await;
    world.tracked(&id).await;
    let changes = world.run(&applier, &memory, objects).await.unwrap();
    assert_eq!(changes.to_string(), format!("{id} configured"));
    assert_eq!(world.requests(), ["PATCH cm dry-run", "PATCH cm"]);
    assert_eq!(world.data("cm").await, json!({"a": "1", "extra": "1"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unchanged_object_is_not_written_after_a_restart() {
    let world = World::new().await;
    let applier = world.applier(|_| {});
    let objects = vec![world.config_map("cm", &json!({"a": "1"}))];
    let id = world.config_map_id("cm");
    world
        .run(&applier, &AppliedMemory::new(), objects.clone())
        .await
        .unwrap();
    let version = world.get(&id).await.unwrap()["metadata"]["resourceVersion"].clone();
    world.tracked(&id).await;
    world.requests();

    // Nothing is remembered: one dry run, and no read, because the watch knows the object.
    let memory = AppliedMemory::new();
    world.run(&applier, &memory, objects.clone()).await.unwrap();
    assert_eq!(world.requests(), ["PATCH cm dry-run"]);
    world.run(&applier, &memory, objects).await.unwrap();
    assert_eq!(world.requests(), Vec::<String>::new());
    assert_eq!(
        world.get(&id).await.unwrap()["metadata"]["resourceVersion"],
        version
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_with_unknown_fields_and_bare_ports_settles() {
    let world = World::new().await;
    let (applier, memory) = (world.applier(|_| {}), AppliedMemory::new());
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": world.namespace},
        "spec": {
            "replicas": 0, "nope": 1,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}, "creationTimestamp": null},
                "spec": {"containers": [{"name": "c", "image": "example.invalid/web:1",
                    "imagePullpolicy": "Always", "ports": [{"containerPort": 80}],
                    "resources": {"limits": {"cpu": 1}}}]},
            },
        },
    });
    let created = world
        .run(&applier, &memory, vec![deployment.clone()])
        .await
        .unwrap();
    assert!(created.to_string().ends_with("/web created"), "{created}");
    let again = world
        .run(&applier, &AppliedMemory::new(), vec![deployment])
        .await
        .unwrap();
    assert!(again.to_string().ends_with("/web unchanged"), "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_a_custom_resource_does_not_have_is_refused_by_name() {
    let world = World::new().await;
    let (applier, memory) = (world.applier(|_| {}), AppliedMemory::new());
    let crd = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "lamps.fields.example.invalid"},
        "spec": {
            "group": "fields.example.invalid", "scope": "Namespaced",
            "names": {"kind": "Lamp", "plural": "lamps"},
            "versions": [{"name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                    "spec": {"type": "object", "properties": {"watts": {"type": "integer"}}},
                }}}}],
        },
    });
    world.run(&applier, &memory, vec![crd]).await.unwrap();
    let lamp = |spec: serde_json::Value| {
        vec![
            json!({"apiVersion": "fields.example.invalid/v1", "kind": "Lamp",
            "metadata": {"name": "lamp", "namespace": world.namespace}, "spec": spec}),
        ]
    };
    wait_until("the kind to be served", SOON, async || {
        world
            .run(&applier, &memory, lamp(json!({"watts": 5})))
            .await
            .is_ok()
    })
    .await;
    for (spec, message) in [
        (
            json!({"watts": 5, "wats": 5}),
            ".spec.wats: field not declared in schema",
        ),
        (
            json!({"watts": "five"}),
            ".spec.watts: expected numeric (int or float), got string",
        ),
    ] {
        let refused = world.run(&applier, &memory, lamp(spec)).await.unwrap_err();
        assert!(refused.to_string().contains(message), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn apply_modes_of_single_objects() {
    let world = World::new().await;
    let (applier, memory) = (world.applier(|_| {}), AppliedMemory::new());
    for name in ["once", "merged", "ignored"] {
        world
            .create(&world.config_map(name, &json!({"a": "mine", "b": "mine"})))
            .await;
    }
    let object = |name: &str, key: &str, value: &str| {
        let mut object = world.config_map(name, &json!({"a": "git"}));
        object["metadata"]["annotations"] =
            json!({format!("kustomize.toolkit.fluxcd.io/{key}"): value});
        object
    };
    let objects = vec![
        object("once", "ssa", "IfNotPresent"),
        object("fresh", "ssa", "IfNotPresent"),
        object("merged", "ssa", "Merge"),
        object("ignored", "ssa", "Ignore"),
        object("unreconciled", "reconcile", "disabled"),
    ];
    let changes = world.run(&applier, &memory, objects).await.unwrap();
    let lines: Vec<String> = changes
        .entries
        .iter()
        .map(|c| format!("{} {}", c.id.name, c.action))
        .collect();
    assert_eq!(
        lines,
        [
            "fresh created",
            "ignored skipped",
            "merged configured",
            "once skipped",
            "unreconciled skipped"
        ]
    );
    assert_eq!(world.data("once").await["a"], "mine");
    assert_eq!(world.data("merged").await, json!({"a": "git", "b": "mine"}));
    assert_eq!(world.data("ignored").await["a"], "mine");
    assert_eq!(world.get(&world.config_map_id("unreconciled")).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn ignored_fields_keep_their_live_value() {
    let world = World::new().await;
    let rule = IgnoreRule {
        paths: vec!["/data/a".to_owned()],
        target: Some(Selector {
            kind: Some("ConfigMap".to_owned()),
            ..Selector::default()
        }),
    };
    let rules = IgnoreRules::compile(&[rule]).unwrap();
    let (applier, memory) = (
        world.applier(|options| options.ignore = rules),
        AppliedMemory::new(),
    );
    let id = world.config_map_id("cm");
    let object = |b: &str| vec![world.config_map("cm", &json!({"a": "git", "b": b}))];

    world.run(&applier, &memory, object("1")).await.unwrap();
    assert_eq!(world.data("cm").await["a"], "git");
    world
        .edit(&id, "someone", &json!({"data": {"a": "live"}}))
        .await;
    world.tracked(&id).await;
    let changes = world.run(&applier, &memory, object("1")).await.unwrap();
    assert_eq!(changes.to_string(), format!("{id} unchanged"));
    let changes = world.run(&applier, &memory, object("2")).await.unwrap();
    assert_eq!(changes.to_string(), format!("{id} configured"));
    assert_eq!(world.data("cm").await, json!({"a": "live", "b": "2"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crd_comes_before_its_objects() {
    let world = World::new().await;
    let (applier, memory) = (world.applier(|_| {}), AppliedMemory::new());
    let group = format!("{}.example.com", world.namespace);
    let crd = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("widgets.{group}")},
        "spec": {
            "group": group, "scope": "Cluster",
            "names": {"kind": "Widget", "plural": "widgets", "singular": "widget", "listKind": "WidgetList"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {
                "openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}],
        },
    });
    // A namespace on a cluster-scoped object is dropped, in the inventory too.
    let widget = json!({"apiVersion": format!("{group}/v1"), "kind": "Widget",
        "metadata": {"name": "w", "namespace": world.namespace}, "spec": {"x": 1}});
    let missing = world
        .run(&applier, &memory, vec![widget.clone()])
        .await
        .unwrap_err();
    assert_eq!(
        missing.to_string(),
        format!(
            "Widget/{}/w dry-run failed: no matches for kind \"Widget\" in version \"{group}/v1\"",
            world.namespace
        )
    );

    world
        .run(&applier, &memory, vec![crd.clone()])
        .await
        .unwrap();
    let crd_id = ObjectId::from_object(&crd);
    windlass_testkit::wait_until("the CRD to be established", SOON, async || {
        let live = world.get(&crd_id).await.unwrap();
        let conditions = live["status"]["conditions"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        conditions
            .iter()
            .any(|c| c["type"] == "Established" && c["status"] == "True")
    })
    .await;
    let changes = world
        .run(&applier, &memory, vec![widget, crd])
        .await
        .unwrap();
    assert_eq!(
        changes.to_string(),
        format!("CustomResourceDefinition/widgets.{group} unchanged\nWidget/w created")
    );
    let entries = inventory::from_change_set(&changes).entries;
    assert_eq!(entries[1].id, format!("_w_{group}_Widget"));
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_name_the_object_and_leave_the_stage_unapplied() {
    let world = World::new().await;
    let (applier, memory) = (world.applier(|_| {}), AppliedMemory::new());
    let ns = &world.namespace;
    let good = world.config_map("a", &json!({"a": "1"}));

    let bad = json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "bad", "namespace": ns}, "spec": {"template": {"spec": {"containers": []}}}});
    let error = world
        .run(&applier, &memory, vec![good.clone(), bad])
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "Deployment/{ns}/bad dry-run failed (Invalid): Deployment.apps \"bad\" is invalid: \
            [spec.selector: Required value, spec.template.metadata.labels: Invalid value: null: \
            `selector` does not match template `labels`, spec.template.spec.containers: Required value]"
        )
    );
    assert_eq!(world.get(&world.config_map_id("a")).await, None);

    let mut elsewhere = good.clone();
    elsewhere["metadata"]["namespace"] = json!("not-there");
    let error = world
        .run(&applier, &memory, vec![elsewhere])
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "ConfigMap/not-there/a not found: namespaces \"not-there\" not found"
    );

    let mut nowhere = good.clone();
    nowhere["metadata"]
        .as_object_mut()
        .unwrap()
        .remove("namespace");
    let error = world
        .run(&applier, &memory, vec![nowhere])
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "ConfigMap/a namespace not specified: the server could not find the requested resource"
    );

    let secret = |data: serde_json::Value| json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "bad", "namespace": ns}, "data": data});
    let secret_error = async |data| {
        world
            .run(&applier, &memory, vec![secret(data)])
            .await
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        secret_error(json!({"password": "not base64 hunter2"})).await,
        format!(
            "Secret/{ns}/bad dry-run failed: failed to convert new object ({ns}/bad; /v1, Kind=Secret) \
            to proper version: unable to convert unstructured object to /v1, Kind=Secret: error decoding \
            from json: illegal base64 data at input byte 3"
        )
    );
    let error = secret_error(json!({"password": 98_765_432})).await;
    assert!(
        error.contains("dry-run failed") && !error.contains("98765432"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_weak_account_is_told_what_it_may_not_do() {
    let world = World::new().await;
    let options = windlass_apply::ApplyOptions::new(world.owner("app"));
    let applier = windlass_apply::Applier::new(
        world.impersonating("weak"),
        world.mapper.clone(),
        world.tracker.clone(),
        options,
    );
    let objects = vec![world.config_map("cm", &json!({}))];
    let error = world
        .run(&applier, &AppliedMemory::new(), objects)
        .await
        .unwrap_err();
    let ns = &world.namespace;
    assert_eq!(
        error.to_string(),
        format!(
            "ConfigMap/{ns}/cm dry-run failed (Forbidden): configmaps \"cm\" is forbidden: User \
            \"system:serviceaccount:{ns}:weak\" cannot patch resource \"configmaps\" in API group \"\" in the \
            namespace \"{ns}\""
        )
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_failed_write_stops_the_run() {
    let world = World::new().await;
    let ns = &world.namespace;
    let config_maps = async || {
        let list = world
            .cluster
            .kubectl(&["get", "cm", "-n", ns, "-o", "name"])
            .await;
        list.lines().count()
    };
    // A quota lets each dry run pass by itself, and only one of the writes.
    windlass_testkit::wait_until("the ConfigMap of every namespace", SOON, async || {
        config_maps().await == 1
    })
    .await;
    let quota = json!({"apiVersion": "v1", "kind": "ResourceQuota",
        "metadata": {"name": "few", "namespace": ns}, "spec": {"hard": {"configmaps": "2"}}});
    world.create(&quota).await;
    let quota = ObjectId::from_object(&quota);
    windlass_testkit::wait_until("the quota to be counted", SOON, async || {
        world.get(&quota).await.unwrap()["status"]["used"]["configmaps"] == "1"
    })
    .await;

    let applier = world.applier(|options| options.concurrency = 1);
    let memory = AppliedMemory::new();
    let objects = ["a", "b", "c"].map(|name| world.config_map(name, &json!({})));
    let stage = stages(
        prepare(objects.to_vec(), &world.owner("app"), None).unwrap(),
        &[],
    );
    let plan = applier.plan(&stage[0], &memory).await.unwrap();
    assert!(plan.writes());
    assert_eq!(inventory::from_change_set(&plan.changes()).entries.len(), 3);
    world.requests();
    let (done, error) = applier.apply(plan, &memory).await;
    assert_eq!(done.to_string(), format!("ConfigMap/{ns}/a created"));
    let error = error.unwrap().to_string();
    let expected =
        format!("ConfigMap/{ns}/b apply failed: configmaps \"b\" is forbidden: exceeded quota");
    assert!(error.starts_with(&expected), "{error}");
    assert_eq!(world.requests(), ["PATCH a", "PATCH b"]);
}
