# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# shellcheck shell=bash
# Asking kmemleak, which has to be on (kmemleak=on). Sourced.

LEAKS=/sys/kernel/debug/kmemleak

# What is younger than five seconds is not looked at, and what a first scan suspects may
# have been on its way from one place to another: it has to be suspect again.
leaks_scan()
{
	local _
	for _ in 1 2; do
		sleep 6
		echo scan > $LEAKS
	done
}

# What was lost until now is not asked for.
leaks_forget()
{
	leaks_scan
	echo clear > $LEAKS
}
