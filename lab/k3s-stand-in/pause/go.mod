module usher.internal/lab/k3s-stand-in/pause

go 1.24
