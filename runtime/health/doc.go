// Package health runs the checks of real servers and says what they come to: which are up, and which are down and why. It decides
// nothing of pools and weights.
package health
