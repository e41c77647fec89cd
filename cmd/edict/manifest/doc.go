// Package manifest reads Kubernetes manifests from where a user says that they are: files, folders, patterns, standard
// input, and, only when asked, URLs and git repositories. It takes files apart into documents, remembers where each
// stands, and finds the line and column of a field for whoever has something to say about it. What the documents mean is
// not its business. Packages of cmd/edict call it.
package manifest
