// Package controller is the frame of every loop that Edict runs beside its servers: a queue of keys, retries that wait
// longer each time, health that can be read from outside, and a lease for loops of which only one may run at a time.
//
// It knows nothing of what the loops do. Each loop is a package beneath this one, and none imports another: they meet
// through the API. Only loops and cmd/edict-server/app may import this package.
package controller
