// Package compare says whether two sets of runs differ, and how sure that is.
//
// Each figure of the runs of side A is held against that of side B with the
// Mann-Whitney test: how likely would a separation of the two groups like this
// one, or a clearer one, be if the order of the runs were chance? It asks nothing
// of the shape of the noise. For few runs the answer is counted out exactly, all
// orders of the runs; beyond that it is the normal approximation with its
// correction for ties.
//
// Fewer than MinRuns on a side are no comparison at all. Three against three can
// at best reach p = 0.1, so that no difference can be shown at 95 %; four against
// four reach 0.03.
package compare
