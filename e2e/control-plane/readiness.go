package main

import (
	"context"
	"errors"

	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

const nodeName = "windlass"

// client is made anew for each question, so that a restarted server is asked
// over a fresh connection.
func (l *layout) client() (*kubernetes.Clientset, error) {
	config, err := clientcmd.BuildConfigFromFlags("", l.kubeconfig("admin"))
	if err != nil {
		return nil, err
	}
	return kubernetes.NewForConfig(config)
}

func (l *layout) apiServerReady(ctx context.Context) error {
	client, err := l.client()
	if err != nil {
		return err
	}
	return client.RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
}

func (l *layout) defaultAccountExists(ctx context.Context) error {
	client, err := l.client()
	if err != nil {
		return err
	}
	_, err = client.CoreV1().ServiceAccounts("default").Get(ctx, "default", meta.GetOptions{})
	return err
}

// nodeReady creates the one node unless it exists and tells whether kwok has
// made it ready.
func (l *layout) nodeReady(ctx context.Context) error {
	client, err := l.client()
	if err != nil {
		return err
	}
	node, err := client.CoreV1().Nodes().Get(ctx, nodeName, meta.GetOptions{})
	if apierrors.IsNotFound(err) {
		node, err = client.CoreV1().Nodes().Create(ctx, newNode(), meta.CreateOptions{})
	}
	if err != nil {
		return err
	}
	for _, condition := range node.Status.Conditions {
		if condition.Type == core.NodeReady && condition.Status == core.ConditionTrue {
			return nil
		}
	}
	return errors.New("the node is not ready")
}

func newNode() *core.Node {
	resources := core.ResourceList{
		core.ResourceCPU:              resource.MustParse("10k"),
		core.ResourceMemory:           resource.MustParse("100Ti"),
		core.ResourceEphemeralStorage: resource.MustParse("100Ti"),
		core.ResourcePods:             resource.MustParse("1M"),
	}
	return &core.Node{
		ObjectMeta: meta.ObjectMeta{
			Name:        nodeName,
			Annotations: map[string]string{"kwok.x-k8s.io/node": "fake"},
			Labels: map[string]string{
				core.LabelHostname:   nodeName,
				core.LabelArchStable: "amd64",
				core.LabelOSStable:   "linux",
			},
		},
		Status: core.NodeStatus{Allocatable: resources, Capacity: resources},
	}
}
