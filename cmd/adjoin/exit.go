package main

// The exit codes. They are an interface for schedulers and scripts and never
// change meaning; `adjoin help exit-codes` prints the same table.
const (
	exitOK            = 0
	exitUnexpected    = 1
	exitUsage         = 2
	exitNo            = 3
	exitUnreachable   = 4
	exitRefused       = 5
	exitPartly        = 6
	exitConfig        = 78
	exitNothingLoaded = 99
	exitInterrupted   = 130
)

// exitCode is one row of the table of exit codes.
type exitCode struct {
	code    int
	meaning string
	note    string
}

func exitCodes() []exitCode {
	return []exitCode{
		{exitOK, "success; also a node that drained on SIGTERM", "\"nothing to do\" is success"},
		{exitUnexpected, "unexpected failure", "please report it"},
		{exitUsage, "wrong usage: flag, argument, missing confirmation", ""},
		{exitNo, "ran fine, the answer is no: a test failed, a threshold was crossed, unhealthy, different", "for gates in CI"},
		{exitUnreachable, "a dependency is unreachable or timed out", "trying again may help"},
		{exitRefused, "authentication or permission refused", "trying again will not help"},
		{exitPartly, "partly done: some files, records or users failed", "the JSON output lists them"},
		{exitConfig, "configuration invalid", ""},
		{exitNothingLoaded, "nothing to load, only with load run --empty-exit-code 99", "Airflow shows \"skipped\""},
		{exitInterrupted, "interrupted by the user", "a second Ctrl-C skips clean-up"},
	}
}
