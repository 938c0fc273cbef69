package server

import "context"

type identityKey struct{}

func withIdentity(ctx context.Context, by *identity) context.Context {
	return context.WithValue(ctx, identityKey{}, by)
}

// identityOf gives who sent the request that ctx belongs to; nobody when that was never asked.
func identityOf(ctx context.Context) *identity {
	if by, ok := ctx.Value(identityKey{}).(*identity); ok {
		return by
	}
	return &identity{}
}
