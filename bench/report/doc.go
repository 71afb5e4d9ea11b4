// Package report shows the documents of package sheet: as text for a terminal,
// and as one HTML page that needs nothing else. Charts are SVG inside the page,
// each with a table of its numbers; there is no script, no font and no address to
// load from.
package report
