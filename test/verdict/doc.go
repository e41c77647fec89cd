// Package verdict holds tests alone: that the webhook, the command line and a scan come to the verdicts that the engine
// is known to come to, so that nobody trusts one of them for what another would refuse. The cases are those of
// test/corpus, and the suites of ../shared/corpus where that is.
package verdict
