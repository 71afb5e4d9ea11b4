// Package credit says how much of a conversion each touch of its path earned,
// under five models (semantics A5, A6). Everything is integers: weights are
// integers, and a total is split by them with the largest remainder, so the
// parts always sum to the total.
package credit
