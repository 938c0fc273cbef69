package server

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sirupsen/logrus"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
)

const (
	// orphanAge is how long a node-password Secret may wait for its Node (contract line 6).
	orphanAge        = 10 * time.Minute
	orphanSweep      = time.Minute
	controlPlaneRole = "node-role.kubernetes.io/control-plane"
)

// nodeController ties node-password Secrets to their Nodes, sweeps those that never got one, and puts the role label on
// this server's own Node.
type nodeController struct {
	api       kubernetes.Interface
	passwords *nodePasswords
	ownNode   string
	nodes     cache.SharedIndexInformer
	secrets   cache.SharedIndexInformer
	queue     workqueue.TypedRateLimitingInterface[string]
}

func newNodeController(api kubernetes.Interface, passwords *nodePasswords, ownNode string) *nodeController {
	onlyPasswords := func(list *metav1.ListOptions) {
		list.FieldSelector = fields.OneTermEqualSelector("type", string(nodePasswordType)).String()
	}
	limited := informers.NewSharedInformerFactoryWithOptions(api, 0, informers.WithNamespace(metav1.NamespaceSystem), informers.WithTweakListOptions(onlyPasswords))
	return &nodeController{
		api:       api,
		passwords: passwords,
		ownNode:   ownNode,
		nodes:     informers.NewSharedInformerFactory(api, 0).Core().V1().Nodes().Informer(),
		secrets:   limited.Core().V1().Secrets().Informer(),
		queue:     workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[string]()),
	}
}

// run works until ctx ends.
func (c *nodeController) run(ctx context.Context) {
	_, _ = c.nodes.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { c.queue.Add(object.(*corev1.Node).Name) },
		UpdateFunc: func(_, object any) { c.queue.Add(object.(*corev1.Node).Name) },
	})
	_, _ = c.secrets.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(object any) { c.queue.Add(strings.TrimSuffix(object.(*corev1.Secret).Name, nodePasswordSuffix)) },
		DeleteFunc: func(object any) {
			if secret, ok := object.(*corev1.Secret); ok {
				c.passwords.forget(secret)
			}
		},
	})
	go c.nodes.RunWithContext(ctx)
	go c.secrets.RunWithContext(ctx)
	if !cache.WaitForCacheSync(ctx.Done(), c.nodes.HasSynced, c.secrets.HasSynced) {
		return
	}
	go wait.UntilWithContext(ctx, c.sweep, orphanSweep)
	go func() {
		<-ctx.Done()
		c.queue.ShutDown()
	}()
	for {
		name, closed := c.queue.Get()
		if closed {
			return
		}
		if err := c.settle(ctx, name); err != nil {
			logrus.Warnf("Node %s: %v", name, err)
			c.queue.AddRateLimited(name)
		} else {
			c.queue.Forget(name)
		}
		c.queue.Done(name)
	}
}

// settle brings one Node's Secret, and our own Node's label, to where they should be.
func (c *nodeController) settle(ctx context.Context, name string) error {
	object, found, err := c.nodes.GetStore().GetByKey(name)
	if err != nil || !found {
		return err
	}
	node := object.(*corev1.Node)
	if err := c.adopt(ctx, node); err != nil {
		return err
	}
	if name == c.ownNode && node.Labels[controlPlaneRole] == "" {
		patch := fmt.Appendf(nil, `{"metadata":{"labels":{%q:"true"}}}`, controlPlaneRole)
		_, err = c.api.CoreV1().Nodes().Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{})
	}
	return err
}

// adopt makes the Node the owner of its password's Secret, so that the Secret goes when the Node does.
func (c *nodeController) adopt(ctx context.Context, node *corev1.Node) error {
	object, found, err := c.secrets.GetStore().GetByKey(metav1.NamespaceSystem + "/" + node.Name + nodePasswordSuffix)
	if err != nil || !found {
		return err
	}
	secret := object.(*corev1.Secret)
	if slices.ContainsFunc(secret.OwnerReferences, func(owner metav1.OwnerReference) bool { return owner.UID == node.UID }) {
		return nil
	}
	logrus.Infof("Adding node OwnerReference to node-password secret %s", secret.Name)
	owned := secret.DeepCopy()
	owned.OwnerReferences = append(owned.OwnerReferences, metav1.OwnerReference{APIVersion: "v1", Kind: "Node", Name: node.Name, UID: node.UID})
	_, err = c.api.CoreV1().Secrets(secret.Namespace).Update(ctx, owned, metav1.UpdateOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// sweep removes the Secrets of machines that asked for certificates long ago and never became a Node.
func (c *nodeController) sweep(ctx context.Context) {
	youngest := time.Now().Add(-orphanAge)
	for _, object := range c.secrets.GetStore().List() {
		secret := object.(*corev1.Secret)
		_, hasNode, _ := c.nodes.GetStore().GetByKey(strings.TrimSuffix(secret.Name, nodePasswordSuffix))
		if hasNode || secret.CreationTimestamp.After(youngest) {
			continue
		}
		options := metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &secret.UID}}
		if err := c.api.CoreV1().Secrets(secret.Namespace).Delete(ctx, secret.Name, options); err != nil {
			logrus.Errorf("Failed to delete orphaned node-password secret %s: %v", secret.Name, err)
			continue
		}
		logrus.Warnf("Deleted orphaned node-password secret %s created %s", secret.Name, secret.CreationTimestamp)
	}
}
