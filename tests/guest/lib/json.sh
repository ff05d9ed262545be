# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# shellcheck shell=bash
# Checks that JSON fits its schema. Source this after tap.sh.

json_folder=$(mktemp -d)	# has a folder for each schema, with a file for each value
tap_at_end+=(json_check)

# json_is SCHEMA FILE: the test is that what is in FILE fits docs/schemas/SCHEMA.schema.json. A
# copy of it waits for the end of all tests, because Python takes seconds to start in a guest.
json_is()
{
	mkdir -p "$json_folder/$1"
	cp "$2" "$(mktemp -p "$json_folder/$1")"
}

# json_groups: the words for fits: each schema and its files, with colons between them
json_groups()
{
	local folder first=1
	for folder in "$json_folder"/*/; do
		[ $first = 1 ] || echo :
		first=0
		basename "$folder"
		printf '%s\n' "$folder"*
	done
}

json_check()
{
	local argument said name
	if [ -z "$(ls "$json_folder")" ]; then
		tap_not_ok "JSON" "none was to be checked"
		return
	fi
	mapfile -t argument < <(json_groups)
	name="JSON fits its schema: $(cd "$json_folder" && echo *)"
	if said=$(/src/tests/schemas/fits "${argument[@]}" 2>&1); then
		tap_ok "$name"
	else
		tap_note "$said"
		tap_not_ok "$name" "see above"
	fi
	rm -r "$json_folder"
}
