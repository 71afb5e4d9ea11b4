// Package sinktest is the conformance kit for warehouses and the test doubles
// around them: a store with faults, a journal as a list, a warehouse in memory.
//
// Every implementation of sinks.Warehouse runs
//
//	sinktest.Run(t, sinktest.Harness{Open: ..., Rows: ..., Fail: ..., Steps: ...})
//
// which replays commits, offers them out of order, breaks a load at every step,
// lets two loaders race, and damages files. What a warehouse declares in its
// Capabilities is what it is tested for.
package sinktest
