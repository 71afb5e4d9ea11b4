// Package placement says which node should have which shard: a pure function of
// the live members, the shards and their present owners. It proposes; only a
// claim in the journal moves a shard, so two nodes with different views of the
// members do no harm, and once their views agree so do their answers.
package placement
