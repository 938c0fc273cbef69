package server

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"os"

	"usher.internal/lab/k3s-stand-in/k3s/internal/pki"
)

// encryptionConfig gives the file that tells the API server to keep Secrets encrypted, with a key made once.
func encryptionConfig(options *Options) (string, error) {
	file := options.cred("encryption-config.json")
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails (crypto/rand)
	type object = map[string]any
	content, err := json.Marshal(object{
		"apiVersion": "apiserver.config.k8s.io/v1",
		"kind":       "EncryptionConfiguration",
		"resources": []object{{
			"resources": []string{"secrets"},
			"providers": []object{
				{"secretbox": object{"keys": []object{{"name": "secretboxkey", "secret": base64.StdEncoding.EncodeToString(key)}}}},
				{"identity": object{}},
			},
		}},
	})
	if err != nil {
		return "", err
	}
	return file, pki.WriteFile(file, content, 0o600)
}
