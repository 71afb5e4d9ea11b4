package kafka

import "context"
var errSkeleton error
func Check(ctx context.Context, cfg Config) error { return errSkeleton }
