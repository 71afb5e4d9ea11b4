package report

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"strings"
)

// The size of a chart and its margins, in SVG units.
const (
	width, height                                 = 720.0, 240.0
	marginLeft, marginRight, marginTop, marginLow = 64.0, 12.0, 12.0, 44.0
)

// series is one line of a chart. A value that is not a number is a gap.
type series struct {
	name   string
	values []float64
}

// chart is lines or bars over common x values.
type chart struct {
	title, x, y string
	xs          []float64
	labels      []string // instead of xs: evenly spaced
	lines       []series
	bars        bool
	logX        bool
	format      func(float64) string // of y values
}

// colours are told apart by people who see few colours, on light and dark.
func colour(i int) string {
	return []string{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"}[i%6]
}

// svg draws the chart.
func (c *chart) svg() template.HTML {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %g %g" role="img" aria-label="%s">`, width, height, html.EscapeString(c.title))
	top := c.top()
	c.axes(&b, top)
	for i, l := range c.lines {
		if c.bars {
			c.drawBars(&b, l, i, top)
		} else {
			c.drawLine(&b, l, i, top)
		}
	}
	b.WriteString("</svg>")
	return template.HTML(b.String()) // numbers of ours and escaped text
}

// top is a round number at or above every value.
func (c *chart) top() float64 {
	most := 0.0
	for _, l := range c.lines {
		for _, v := range l.values {
			if !math.IsNaN(v) {
				most = max(most, v)
			}
		}
	}
	return roundUp(most)
}

// roundUp is the next of 1, 2 and 5 times a power of ten.
func roundUp(v float64) float64 {
	if !(v > 0) || math.IsInf(v, 0) {
		return 1
	}
	unit := math.Pow(10, math.Floor(math.Log10(v)))
	for _, f := range []float64{1, 2, 5, 10} {
		if v <= f*unit*(1+1e-9) {
			return f * unit
		}
	}
	return 10 * unit
}

func (c *chart) count() int { return max(len(c.xs), len(c.labels)) }

// place is the x coordinate of the i-th value.
func (c *chart) place(i int) float64 {
	inner := width - marginLeft - marginRight
	if len(c.labels) > 0 {
		return marginLeft + inner*(float64(i)+0.5)/float64(len(c.labels))
	}
	scale := func(v float64) float64 { return v }
	if c.logX {
		scale = func(v float64) float64 { return math.Log(max(v, 1e-9)) }
	}
	low, high := scale(c.xs[0]), scale(c.xs[len(c.xs)-1])
	if high <= low {
		return marginLeft + inner/2
	}
	return marginLeft + inner*(scale(c.xs[i])-low)/(high-low)
}

func level(v, top float64) float64 {
	return height - marginLow - (height-marginTop-marginLow)*v/top
}

// axes draws grid, scales and names.
func (c *chart) axes(b *strings.Builder, top float64) {
	for i := range 5 {
		v := top * float64(i) / 4
		y := level(v, top)
		fmt.Fprintf(b, `<line class="grid" x1="%g" x2="%g" y1="%.1f" y2="%.1f"/><text x="%g" y="%.1f" text-anchor="end">%s</text>`,
			marginLeft, width-marginRight, y, y, marginLeft-6, y+4, html.EscapeString(c.say(v)))
	}
	n := c.count()
	step := max(1, (n+7)/8)
	if len(c.labels) > 0 && n <= 12 {
		step = 1
	}
	for i := 0; i < n; i += step {
		label := ""
		if len(c.labels) > 0 {
			label = c.labels[i]
		} else {
			label = short(c.xs[i])
		}
		fmt.Fprintf(b, `<text x="%.1f" y="%g" text-anchor="middle">%s</text>`, c.place(i), height-marginLow+16, html.EscapeString(label))
	}
	fmt.Fprintf(b, `<text x="%g" y="%g" text-anchor="middle">%s</text>`, (marginLeft+width-marginRight)/2, height-6, html.EscapeString(c.x))
}

func (c *chart) say(v float64) string {
	if c.format != nil {
		return c.format(v)
	}
	return short(v)
}

func (c *chart) drawLine(b *strings.Builder, l series, n int, top float64) {
	var points []string
	flush := func() {
		if len(points) > 0 {
			fmt.Fprintf(b, `<polyline fill="none" stroke="%s" stroke-width="2" points="%s"/>`, colour(n), strings.Join(points, " "))
		}
		points = nil
	}
	for i, v := range l.values {
		if math.IsNaN(v) {
			flush()
			continue
		}
		points = append(points, fmt.Sprintf("%.1f,%.1f", c.place(i), level(v, top)))
		if len(l.values) <= 20 {
			fmt.Fprintf(b, `<circle fill="%s" r="3" cx="%.1f" cy="%.1f"><title>%s: %s</title></circle>`, colour(n), c.place(i), level(v, top),
				html.EscapeString(l.name), html.EscapeString(c.say(v)))
		}
	}
	flush()
}

func (c *chart) drawBars(b *strings.Builder, l series, n int, top float64) {
	room := (width - marginLeft - marginRight) / float64(max(1, c.count()))
	each := room * 0.8 / float64(len(c.lines))
	for i, v := range l.values {
		if math.IsNaN(v) {
			continue
		}
		x := c.place(i) - room*0.4 + float64(n)*each
		y := level(v, top)
		fmt.Fprintf(b, `<rect fill="%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f"><title>%s: %s</title></rect>`,
			colour(n), x, y, each, height-marginLow-y, html.EscapeString(l.name), html.EscapeString(c.say(v)))
	}
}

// short writes a number in a few characters.
func short(v float64) string {
	switch a := math.Abs(v); {
	case a >= 1e9:
		return trim(v/1e9) + "G"
	case a >= 1e6:
		return trim(v/1e6) + "M"
	case a >= 1e4:
		return trim(v/1e3) + "k"
	}
	return trim(v)
}

// trim writes three significant digits, and all before the point.
func trim(v float64) string {
	if math.Abs(v) >= 1000 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}

// seconds writes a length of time.
func seconds(v float64) string {
	switch {
	case v == 0:
		return "0"
	case v < 1e-3:
		return fmt.Sprintf("%.0fus", v*1e6)
	case v < 1:
		return fmt.Sprintf("%.3gms", v*1e3)
	}
	return fmt.Sprintf("%.3gs", v)
}

// size writes bytes.
func size(v float64) string {
	for _, u := range []struct {
		name string
		of   float64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if v >= u.of {
			return trim(v/u.of) + " " + u.name
		}
	}
	return trim(v) + " B"
}

func percent(v float64) string { return trim(100*v) + " %" }
