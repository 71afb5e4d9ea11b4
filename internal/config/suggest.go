package config

import "strings"

// nearest is the candidate that text most probably meant, or "" when none is
// near. Case, underscores and hyphens do not count as differences; otherwise at
// most a third of the longer word may differ.
func nearest(text string, candidates []string) string {
	best, bestDistance := "", 0
	folded := fold(text)
	for _, c := range candidates {
		f := fold(c)
		d := distance(folded, f)
		if d > max(len(folded), len(f))/3 {
			continue
		}
		if best == "" || d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

func fold(s string) string {
	return strings.NewReplacer("_", "", "-", "", ".", "").Replace(strings.ToLower(s))
}

// distance is the number of insertions, deletions, substitutions and swaps of
// neighbours that turn a into b.
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(a)][len(b)]
}
