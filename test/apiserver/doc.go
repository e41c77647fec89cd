// Package apiserver tests the API server as clients meet it: the real server of cmd/edict-server/app on temporary files,
// over TLS, with the generated clients. Only who is who comes from the tests. There is nothing in it but tests.
package apiserver
