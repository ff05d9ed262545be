# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# shellcheck shell=bash
# Keeps JSON that is to fit its schema. Source this after tap.sh.

json_kept=$(mktemp)	# names the schemas; a file, as json_is may run in a subshell
tap_at_end+=(json_check)

# json_is SCHEMA FILE: the test is that what is in FILE fits docs/schemas/SCHEMA.schema.json. A
# copy of it waits in the results: scripts/check looks at all of them when the guest has ended, as
# Python takes seconds to start in a guest.
json_is()
{
	mkdir -p "/results/json/$1"
	cp "$2" "$(mktemp -p "/results/json/$1")" ||
		tap_not_ok "JSON of $1" "there is none to be checked"
	echo "$1" >> "$json_kept"
}

json_check()
{
	[ -s "$json_kept" ] || tap_not_ok "JSON" "none was to be checked"
	rm "$json_kept"
}
