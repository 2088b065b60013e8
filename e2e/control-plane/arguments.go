package main

import "fmt"

// programsToRun are the programs of this control plane in the order they start in.
func (l *layout) programsToRun() []string {
	names := []string{"etcd", "kube-apiserver", "kube-controller-manager"}
	if l.withNodes {
		names = append(names, "kube-scheduler", "kwok")
	}
	return names
}

func (l *layout) arguments(name string) []string {
	switch name {
	case "etcd":
		return l.etcd()
	case "kube-apiserver":
		return l.apiServer()
	case "kube-controller-manager":
		return append(l.component(name),
			"--service-account-private-key-file="+l.path("accounts.key"),
			"--root-ca-file="+l.path("ca.crt"),
			// Nothing sends heartbeats for the node: a busy machine must not evict its pods.
			"--node-monitor-grace-period=24h")
	case "kube-scheduler":
		return l.component(name)
	case "kwok":
		return []string{
			"--kubeconfig=" + l.kubeconfig("kwok"),
			"--config=" + l.path("stages.yaml"),
			"--manage-all-nodes=true",
			"--node-ip=127.0.0.1",
			"--node-lease-duration-seconds=0",
		}
	}
	panic("no such program: " + name)
}

func (l *layout) etcd() []string {
	client := fmt.Sprintf("http://127.0.0.1:%d", l.ports["etcd"])
	peer := fmt.Sprintf("http://127.0.0.1:%d", l.ports["etcd-peer"])
	return []string{
		"--name=windlass",
		"--data-dir=" + l.etcdData,
		"--unsafe-no-fsync",
		"--log-level=warn",
		"--listen-client-urls=" + client,
		"--advertise-client-urls=" + client,
		"--listen-peer-urls=" + peer,
		"--initial-advertise-peer-urls=" + peer,
		"--initial-cluster=windlass=" + peer,
	}
}

func (l *layout) apiServer() []string {
	arguments := []string{
		fmt.Sprintf("--etcd-servers=http://127.0.0.1:%d", l.ports["etcd"]),
		fmt.Sprintf("--secure-port=%d", l.ports["kube-apiserver"]),
		"--bind-address=127.0.0.1",
		// Without it the server looks for a default route, which a sandbox may lack.
		"--advertise-address=127.0.0.1",
		"--endpoint-reconciler-type=none",
		"--cert-dir=" + l.path("apiserver"),
		"--tls-cert-file=" + l.path("server.crt"),
		"--tls-private-key-file=" + l.path("server.key"),
		"--token-auth-file=" + l.path("tokens.csv"),
		"--authorization-mode=RBAC",
		"--service-account-key-file=" + l.path("accounts.key"),
		"--service-account-signing-key-file=" + l.path("accounts.key"),
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-cluster-ip-range=10.96.0.0/16",
		"--allow-privileged=true",
		"--max-requests-inflight=4000",
		"--max-mutating-requests-inflight=2000",
	}
	if l.audit {
		// The default mode writes a line before the answer is sent: a test may read the
		// log as soon as it has the answer.
		arguments = append(arguments,
			"--audit-policy-file="+l.path("audit.yaml"),
			"--audit-log-path="+l.path("audit.log"),
			"--audit-log-maxsize=4096")
	}
	return arguments
}

func (l *layout) component(name string) []string {
	return []string{
		"--kubeconfig=" + l.kubeconfig(name),
		"--authentication-kubeconfig=" + l.kubeconfig(name),
		"--authorization-kubeconfig=" + l.kubeconfig(name),
		"--leader-elect=false",
		"--secure-port=0",
		"--kube-api-qps=500",
		"--kube-api-burst=1000",
	}
}
