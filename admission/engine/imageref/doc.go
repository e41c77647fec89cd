// Package imageref reads references to container images and finds them in objects: in Pods, in what makes Pods, and where
// a rule says that its own kinds of objects name some. It does not ask registries and judges nothing. The stages of the
// engine that need the variable images, or the normal form of a reference, call it.
package imageref
