package bench

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// The picture in pixels: the field of the plot, and around it room for words.
const (
	plotWidth, plotHeight   = 760, 460
	left, right, top, under = 80, 560, 40, 400
)

// line is one system in the plot.
type line struct {
	name, color string
	at          func(Start) Sample
}

var plotLines = []line{
	{"keepalived", "#c0392b", func(s Start) Sample { return s.Keepalived }},
	{"lbsync, cold", "#2980b9", func(s Start) Sample { return s.Cold }},
	{"lbsync, last known good", "#27ae60", func(s Start) Sample { return s.LastGood }},
}

// axes are both logarithmic.
type axes struct{ fromX, toX, fromY, toY float64 }

func (a axes) x(services int) float64 {
	return left + (right-left)*(math.Log10(float64(services))-a.fromX)/(a.toX-a.fromX)
}

func (a axes) y(d time.Duration) float64 {
	return under - (under-top)*(math.Log10(d.Seconds())-a.fromY)/(a.toY-a.fromY)
}

// Plot is an SVG of the start's time against the number of services, both axes logarithmic; the bars are the fastest and slowest round.
func (r Results) Plot() string {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13">`+"\n", plotWidth, plotHeight)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="white"/>`+"\n", plotWidth, plotHeight)
	label(&b, (left+right)/2, 22, "middle", "Start to everything programmed in an empty kernel (10 real servers each)")
	label(&b, (left+right)/2, under+42, "middle", "services (logarithmic)")
	fmt.Fprintf(&b, `<text transform="translate(22 %d) rotate(-90)" text-anchor="middle">time (logarithmic)</text>`+"\n", (top+under)/2)
	a := r.axes()
	a.grid(&b, r.Starts)
	for _, l := range plotLines {
		a.line(&b, r.Starts, l)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// axes reach over whole decades of time, and a little beyond the sizes.
func (r Results) axes() axes {
	a := axes{fromX: math.Inf(1), toX: math.Inf(-1), fromY: math.Inf(1), toY: math.Inf(-1)}
	for _, s := range r.Starts {
		x := math.Log10(float64(s.Rules.Services))
		a.fromX, a.toX = min(a.fromX, x-0.1), max(a.toX, x+0.1)
		for _, l := range plotLines {
			a.fromY = min(a.fromY, math.Floor(math.Log10(l.at(s).Min().Seconds())))
			a.toY = max(a.toY, math.Ceil(math.Log10(l.at(s).Max().Seconds())))
		}
	}
	a.toY = max(a.toY, a.fromY+1)
	return a
}

func (a axes) grid(b *strings.Builder, starts []Start) {
	for _, s := range starts {
		x := a.x(s.Rules.Services)
		fmt.Fprintf(b, `<path d="M%.1f %d V%d" stroke="#ddd"/>`+"\n", x, top, under)
		label(b, x, under+20, "middle", thousands(s.Rules.Services))
	}
	for e := a.fromY; e <= a.toY; e++ {
		d := time.Duration(math.Round(math.Pow(10, e) * float64(time.Second)))
		fmt.Fprintf(b, `<path d="M%d %.1f H%d" stroke="#ddd"/>`+"\n", left, a.y(d), right)
		label(b, left-8, a.y(d)+4, "end", d.String())
	}
}

func (a axes) line(b *strings.Builder, starts []Start, l line) {
	var points []string
	for _, s := range starts {
		x, at := a.x(s.Rules.Services), l.at(s)
		points = append(points, fmt.Sprintf("%.1f,%.1f", x, a.y(at.Median())))
		fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="4" fill="%s"/>`, x, a.y(at.Median()), l.color)
		fmt.Fprintf(b, `<path d="M%.1f %.1f V%.1f" stroke="%s" stroke-width="2"/>`+"\n", x, a.y(at.Min()), a.y(at.Max()), l.color)
	}
	fmt.Fprintf(b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", strings.Join(points, " "), l.color)
	last := starts[len(starts)-1]
	label(b, right+8, a.y(l.at(last).Median())+4, "start", l.name+", "+human(l.at(last).Median()))
}

func label(b *strings.Builder, x, y float64, anchor, text string) {
	fmt.Fprintf(b, `<text x="%.1f" y="%.1f" text-anchor="%s">%s</text>`+"\n", x, y, anchor, text)
}
