// Package sweep measures how the cost of an event grows with one thing at a time:
// what is live, users, clicks, skew, partitions, the size of records, shards. Each
// point is the whole in-process path of package parts over records made for it.
package sweep
