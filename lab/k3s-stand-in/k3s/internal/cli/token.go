package cli

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	bootstrapapi "k8s.io/cluster-bootstrap/token/api"

	"usher.internal/lab/k3s-stand-in/k3s/internal/config"
	"usher.internal/lab/k3s-stand-in/k3s/internal/token"
	"usher.internal/lab/k3s-stand-in/k3s/internal/upstream"
)

const (
	tokenAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
	tokenTimeout  = 30 * time.Second
	nodeTokens    = "system:bootstrappers:k3s:default-node-token"
)

var tokenFlags = []config.Flag{
	{Name: "config", Short: "c"},
	{Name: "kubeconfig", Env: "KUBECONFIG"},
	{Name: "description"},
	{Name: "groups", Kind: config.List},
	{Name: "ttl"},
	{Name: "usages", Kind: config.List},
	{Name: "output", Short: "o"},
	{Name: "data-dir", Short: "d", Env: "K3S_DATA_DIR"},
}

func runToken(args []string) error {
	if len(args) == 0 {
		return errors.New("usage: k3s token create|list|delete")
	}
	verb, args := args[0], args[1:]
	var operands []string
	for len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		operands, args = append(operands, args[0]), args[1:]
	}
	values, err := config.Parse(tokenFlags, args)
	if err != nil {
		return err
	}
	rest, err := clientcmd.BuildConfigFromFlags("", values.Text("kubeconfig", upstream.Kubeconfig))
	if err != nil {
		return err
	}
	api, err := kubernetes.NewForConfig(rest)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), tokenTimeout)
	defer cancel()
	switch verb {
	case "create":
		return createToken(ctx, api, values, rest.CAData, operands)
	case "list":
		return listTokens(ctx, api, values.Text("output", ""))
	case "delete":
		return deleteTokens(ctx, api, operands)
	}
	return fmt.Errorf("no such command: token %s", verb)
}

func createToken(ctx context.Context, api kubernetes.Interface, values *config.Values, ca []byte, operands []string) error {
	credentials := randomText(6) + "." + randomText(16)
	if len(operands) > 0 {
		credentials = operands[0]
	}
	parsed, err := token.Parse(credentials, "node")
	if err != nil || parsed.Bearer == "" {
		return fmt.Errorf("%q is not a bootstrap token", credentials)
	}
	id, secret, _ := strings.Cut(parsed.Bearer, ".")
	life, err := time.ParseDuration(values.Text("ttl", "24h"))
	if err != nil {
		return err
	}
	groups := values.List("groups")
	if groups == nil {
		groups = []string{nodeTokens}
	}
	data := map[string]string{
		bootstrapapi.BootstrapTokenIDKey:               id,
		bootstrapapi.BootstrapTokenSecretKey:           secret,
		bootstrapapi.BootstrapTokenDescriptionKey:      values.Text("description", ""),
		bootstrapapi.BootstrapTokenUsageAuthentication: "true",
		bootstrapapi.BootstrapTokenUsageSigningKey:     "true",
		bootstrapapi.BootstrapTokenExtraGroupsKey:      strings.Join(groups, ","),
	}
	if life > 0 {
		data[bootstrapapi.BootstrapTokenExpirationKey] = time.Now().Add(life).UTC().Format(time.RFC3339)
	}
	object := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: bootstrapapi.BootstrapTokenSecretPrefix + id, Namespace: metav1.NamespaceSystem},
		Type:       bootstrapapi.SecretTypeBootstrapToken,
		StringData: data,
	}
	if _, err := api.CoreV1().Secrets(metav1.NamespaceSystem).Create(ctx, object, metav1.CreateOptions{}); err != nil {
		return err
	}
	long, err := token.Format(ca, parsed.Bearer)
	if err != nil {
		return err
	}
	fmt.Println(long)
	return nil
}

func listTokens(ctx context.Context, api kubernetes.Interface, output string) error {
	onlyTokens := metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector("type", string(bootstrapapi.SecretTypeBootstrapToken)).String()}
	found, err := api.CoreV1().Secrets(metav1.NamespaceSystem).List(ctx, onlyTokens)
	if err != nil {
		return err
	}
	if output == "json" {
		for _, one := range found.Items {
			line := map[string]string{
				"token":       string(one.Data[bootstrapapi.BootstrapTokenIDKey]),
				"description": string(one.Data[bootstrapapi.BootstrapTokenDescriptionKey]),
				"expires":     string(one.Data[bootstrapapi.BootstrapTokenExpirationKey]),
			}
			if err := json.NewEncoder(os.Stdout).Encode(line); err != nil {
				return err
			}
		}
		return nil
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(table, "TOKEN\tEXPIRES\tDESCRIPTION")
	for _, one := range found.Items {
		fmt.Fprintf(table, "%s\t%s\t%s\n", one.Data[bootstrapapi.BootstrapTokenIDKey], one.Data[bootstrapapi.BootstrapTokenExpirationKey], one.Data[bootstrapapi.BootstrapTokenDescriptionKey])
	}
	return table.Flush()
}

func deleteTokens(ctx context.Context, api kubernetes.Interface, operands []string) error {
	if len(operands) == 0 {
		return errors.New("missing argument; 'token delete' is missing token")
	}
	for _, operand := range operands {
		id := operand
		if parsed, err := token.Parse(operand, "node"); err == nil && parsed.Bearer != "" {
			id, _, _ = strings.Cut(parsed.Bearer, ".")
		}
		if err := api.CoreV1().Secrets(metav1.NamespaceSystem).Delete(ctx, bootstrapapi.BootstrapTokenSecretPrefix+id, metav1.DeleteOptions{}); err != nil {
			return err
		}
		fmt.Printf("bootstrap token %q deleted\n", id)
	}
	return nil
}

func randomText(length int) string {
	text := make([]byte, 0, length)
	for random := make([]byte, 1); len(text) < length; {
		_, _ = rand.Read(random) // never fails (crypto/rand)
		if int(random[0]) < 256/len(tokenAlphabet)*len(tokenAlphabet) {
			text = append(text, tokenAlphabet[int(random[0])%len(tokenAlphabet)])
		}
	}
	return string(text)
}
