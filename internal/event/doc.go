// Package event is the vocabulary of adjoin: what an event is, where it came
// from, and the few types that cross between the pure parts of the engine.
//
// It holds data and pure functions on that data. Nothing in it has a
// goroutine, a clock, a file, a logger or a lock, so every other package may
// import it and any value of it may be compared, hashed and replayed.
//
// Text fields are Go strings that usually alias the bytes they were decoded
// from (a fetched record or a batch between two actors). Those bytes are never
// written again, which is what makes the aliasing safe; whoever keeps a string
// beyond the life of its batch copies it, or it keeps the whole batch alive.
package event
