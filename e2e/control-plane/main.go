// Command control-plane is a whole Kubernetes control plane in one executable.
//
// It plays etcd, kube-apiserver, kube-controller-manager, kube-scheduler,
// kubectl and kwok, chosen by the base name it is called by or else by its
// first argument, and with "up" it runs a set of them as child processes.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	_ "time/tzdata" // time zones of CronJobs, on machines without a zone database

	_ "k8s.io/client-go/plugin/pkg/client/auth"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
)

func main() {
	name := filepath.Base(os.Args[0])
	if run, ok := programs[name]; ok {
		os.Exit(run())
	}
	if len(os.Args) < 2 {
		usage()
	}
	name = os.Args[1]
	if name == "up" {
		os.Exit(up(os.Args[2:]))
	}
	run, ok := programs[name]
	if !ok {
		usage()
	}
	// The programs parse os.Args themselves, as if they had been called by name.
	os.Args = append([]string{name}, os.Args[2:]...)
	os.Exit(run())
}

func usage() {
	fmt.Fprintf(os.Stderr, "usage: control-plane up --dir DIR [--with-nodes] [--audit] [--remove]\n"+
		"       control-plane {%s} [argument…]\n", strings.Join(programNames(), "|"))
	os.Exit(2)
}

func programNames() []string {
	names := make([]string, 0, len(programs))
	for name := range programs {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
