// Package spill sorts more records than memory holds.
//
// A record is a key and a value, both bytes. A Sorter keeps what it is given in
// pieces of memory without pointers; when they exceed its budget it sorts them
// and writes them to a temporary file, a run. Sort then merges the runs and what
// is still in memory.
//
//	s := spill.New(dir, 128<<20)
//	defer s.Close()
//	s.Add(key, value)
//	r, err := s.Sort()
//	for {
//		rec, err := r.Next() // io.EOF after the last
//		...
//	}
//
// Runs are compressed and have no name: a file is removed as soon as it is open,
// so that nothing is left behind by a process that is killed.
package spill
