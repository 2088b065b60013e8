use kube::Config;
use kube::config::{AuthInfo, Cluster, KubeConfigOptions, Kubeconfig};

use super::ClientError;

/// What a kubeconfig from a Secret may do beyond naming a server and credentials.
#[derive(Clone, Copy, Debug, Default)]
pub struct RemoteAccess {
    /// Run commands to authenticate (`--insecure-kubeconfig-exec`).
    pub exec: bool,
    /// Skip the verification of the server's certificate (`--insecure-kubeconfig-tls`).
    pub insecure_tls: bool,
}

/// The configuration of the cluster that a kubeconfig names, for [`super::Clients::new`]. Of the
/// kubeconfig only what it carries itself counts: the server, its CA, name and proxy, and inline
/// credentials (Flux: kustomize-controller spec §11). Files it names would be ours, commands would
/// run here, and identities it impersonates are the caller's to choose.
///
/// # Errors
/// [`ClientError::Config`]; the text never quotes the kubeconfig.
pub async fn remote_config(kubeconfig: &[u8], allow: RemoteAccess) -> Result<Config, ClientError> {
    let invalid = || ClientError::Config("the kubeconfig is not valid YAML".to_owned());
    let text = std::str::from_utf8(kubeconfig).map_err(|_| invalid())?;
    // The parser's message would show the line it stumbled over.
    let mut kubeconfig = Kubeconfig::from_yaml(text).map_err(|_| invalid())?;
    for named in &mut kubeconfig.clusters {
        named.cluster = named.cluster.take().map(|c| cluster(c, allow));
    }
    for named in &mut kubeconfig.auth_infos {
        named.auth_info = named.auth_info.take().map(|user| credentials(user, allow));
    }
    Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
        .await
        .map_err(|error| ClientError::Config(error.to_string()))
}

fn cluster(given: Cluster, allow: RemoteAccess) -> Cluster {
    Cluster {
        server: given.server,
        insecure_skip_tls_verify: given
            .insecure_skip_tls_verify
            .filter(|_| allow.insecure_tls),
        certificate_authority_data: given.certificate_authority_data,
        proxy_url: given.proxy_url,
        disable_compression: given.disable_compression,
        tls_server_name: given.tls_server_name,
        ..Cluster::default()
    }
}

fn credentials(given: AuthInfo, allow: RemoteAccess) -> AuthInfo {
    AuthInfo {
        username: given.username,
        password: given.password,
        token: given.token,
        client_certificate_data: given.client_certificate_data,
        client_key_data: given.client_key_data,
        exec: given.exec.filter(|_| allow.exec),
        ..AuthInfo::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KUBECONFIG: &str = r"
apiVersion: v1
kind: Config
current-context: c
contexts: [{name: c, context: {cluster: k, user: u}}]
clusters:
- name: k
  cluster: {server: 'https://k.example.com', insecure-skip-tls-verify: true,
            tls-server-name: name.example.com}
users:
- name: u
  user:
    tokenFile: /etc/passwd
    as: system:admin
    exec: {apiVersion: client.authentication.k8s.io/v1, command: /bin/evil,
           interactiveMode: Never}
";

    #[tokio::test]
    async fn only_what_the_kubeconfig_carries_itself_counts() {
        let config = remote_config(KUBECONFIG.as_bytes(), RemoteAccess::default())
            .await
            .unwrap();
        assert_eq!(config.cluster_url.host(), Some("k.example.com"));
        assert_eq!(config.tls_server_name.as_deref(), Some("name.example.com"));
        assert!(!config.accept_invalid_certs);
        let user = &config.auth_info;
        assert!(user.exec.is_none() && user.token_file.is_none() && user.impersonate.is_none());
        let all = RemoteAccess {
            exec: true,
            insecure_tls: true,
        };
        let config = remote_config(KUBECONFIG.as_bytes(), all).await.unwrap();
        assert!(config.accept_invalid_certs && config.auth_info.exec.is_some());
        assert!(config.auth_info.token_file.is_none());
    }

    #[tokio::test]
    async fn errors_do_not_quote_the_kubeconfig() {
        let broken = KUBECONFIG.replace("kind: Config", "kind: [hunter2");
        let error = remote_config(broken.as_bytes(), RemoteAccess::default())
            .await
            .unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}
