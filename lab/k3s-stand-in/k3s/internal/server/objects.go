package server

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

const controllerUser = "system:k3s-controller"

// ensureObjects puts the objects into the cluster that k3s puts there itself.
func ensureObjects(ctx context.Context, options *Options, api kubernetes.Interface) error {
	if err := ensureRole(ctx, api); err != nil {
		return err
	}
	bindings := map[string]string{
		controllerUser: controllerUser,
		// The API server asks kubelets for logs and runs commands through them.
		"kube-apiserver": "system:kubelet-api-admin",
	}
	for user, role := range bindings {
		if err := ensureBinding(ctx, api, user, role); err != nil {
			return err
		}
	}
	return ensureEndpoint(ctx, options, api)
}

// ensureRole makes the role of the certificate every agent shares: it may read all nodes and pods, and patch the status
// of any node (contract line 11).
func ensureRole(ctx context.Context, api kubernetes.Interface) error {
	read := []string{"get", "list", "watch"}
	role := &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: controllerUser},
		Rules: []rbacv1.PolicyRule{
			{APIGroups: []string{""}, Resources: []string{"nodes", "pods", "endpoints", "namespaces"}, Verbs: read},
			{APIGroups: []string{""}, Resources: []string{"nodes/status"}, Verbs: []string{"patch"}},
			{APIGroups: []string{"networking.k8s.io"}, Resources: []string{"networkpolicies"}, Verbs: read},
			{APIGroups: []string{"discovery.k8s.io"}, Resources: []string{"endpointslices"}, Verbs: read},
		},
	}
	roles := api.RbacV1().ClusterRoles()
	_, err := roles.Create(ctx, role, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		_, err = roles.Update(ctx, role, metav1.UpdateOptions{})
	}
	return err
}

func ensureBinding(ctx context.Context, api kubernetes.Interface, user, role string) error {
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: role + "-" + user},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}},
	}
	_, err := api.RbacV1().ClusterRoleBindings().Create(ctx, binding, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

// ensureEndpoint says where the Service kubernetes leads to: to the supervisor, not to the API server behind it.
func ensureEndpoint(ctx context.Context, options *Options, api kubernetes.Interface) error {
	name, port, protocol := "https", int32(options.Port), corev1.ProtocolTCP
	ready := true
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta:  metav1.ObjectMeta{Name: "kubernetes", Namespace: metav1.NamespaceDefault, Labels: map[string]string{discoveryv1.LabelServiceName: "kubernetes"}},
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints:   []discoveryv1.Endpoint{{Addresses: []string{options.AdvertiseAddress.String()}, Conditions: discoveryv1.EndpointConditions{Ready: &ready}}},
		Ports:       []discoveryv1.EndpointPort{{Name: &name, Port: &port, Protocol: &protocol}},
	}
	if options.AdvertiseAddress.To4() == nil {
		slice.AddressType = discoveryv1.AddressTypeIPv6
	}
	slices := api.DiscoveryV1().EndpointSlices(metav1.NamespaceDefault)
	_, err := slices.Create(ctx, slice, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		_, err = slices.Update(ctx, slice, metav1.UpdateOptions{})
	}
	return err
}
