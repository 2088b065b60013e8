use std::time::Duration;

use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig};
use windlass_runtime::clients::{ClientOptions, Clients};
use windlass_runtime::metrics::Metrics;
use windlass_testkit::{ControlPlane, Options};

/// Long enough for a loaded machine; nothing waits for it when all is well.
pub(crate) const SOON: Duration = Duration::from_mins(1);

pub(crate) async fn control_plane() -> &'static ControlPlane {
    ControlPlane::shared(Options::default()).await
}

/// The clients under test, as an administrator.
pub(crate) async fn clients(plane: &ControlPlane) -> Clients {
    let kubeconfig = Kubeconfig::from_yaml(plane.kubeconfig_yaml()).unwrap();
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
        .await
        .unwrap();
    let options = ClientOptions {
        qps: 50.0,
        burst: 300,
        user_agent: "runtime-test/0".to_owned(),
        metrics: Metrics::new(),
    };
    Clients::new(config, options).unwrap()
}
