// Package journey says what the clicks and conversions of one route are: which
// records are facts, which impression each click belongs to, which clicks are
// repeats, what each conversion is credited to, and what its rows and its share
// of the aggregates therefore say.
//
// A Journey is resolved as a whole at a cut, from its own records and the live
// impressions that it is handed. Nothing is updated step by step, so nothing
// depends on the order in which records came.
package journey
