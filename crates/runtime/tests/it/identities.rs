use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::ListParams;
use kube::discovery::Scope;
use kube::{Api, Client};
use windlass_runtime::mapper::{MapError, RestMapper};
use windlass_testkit::wait_until;

use crate::cluster::{SOON, clients, control_plane};

async fn may_list(client: Client, namespace: &str) -> Result<(), u16> {
    let api: Api<ConfigMap> = Api::namespaced(client, namespace);
    match api.list(&ListParams::default()).await {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) => Err(status.code),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn each_account_has_its_own_rights_and_none_of_the_controllers() {
    let plane = control_plane().await;
    let (one, two) = (
        plane.namespace("tenant").await,
        plane.namespace("tenant").await,
    );
    for namespace in [&one, &two] {
        plane
            .kubectl(&["-n", namespace, "create", "serviceaccount", "deployer"])
            .await;
    }
    plane
        .kubectl(&[
            "-n",
            &one,
            "create",
            "rolebinding",
            "deployer",
            "--clusterrole=view",
            &format!("--serviceaccount={one}:deployer"),
        ])
        .await;
    let clients = clients(plane).await;
    let first = clients.impersonate(&one, "deployer").unwrap();
    let second = clients.impersonate(&two, "deployer").unwrap();
    wait_until("the role binding to count", SOON, async || {
        may_list(first.clone(), &one).await.is_ok()
    })
    .await;
    assert_eq!(may_list(first.clone(), &two).await, Err(403));
    assert_eq!(may_list(second.clone(), &one).await, Err(403));
    assert_eq!(may_list(second, &two).await, Err(403));
    assert_eq!(may_list(clients.own(), &two).await, Ok(()));
}

#[tokio::test]
async fn the_mapper_knows_what_the_server_serves() {
    let plane = control_plane().await;
    let mapper = RestMapper::new(clients(plane).await.own());
    let (pods, scope) = mapper.resolve("", "v1", "Pod").await.unwrap();
    assert_eq!((pods.plural.as_str(), scope), ("pods", Scope::Namespaced));
    let (roles, scope) = mapper
        .resolve("rbac.authorization.k8s.io", "v1", "ClusterRole")
        .await
        .unwrap();
    assert_eq!(
        (roles.plural.as_str(), scope),
        ("clusterroles", Scope::Cluster)
    );
    for (group, version, kind) in [("apps", "v1", "Nope"), ("nope.example.com", "v1", "Pod")] {
        let error = mapper.resolve(group, version, kind).await.unwrap_err();
        assert!(matches!(error, MapError::NoMatch { .. }), "{error}");
    }
}
