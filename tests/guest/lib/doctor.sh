# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# shellcheck shell=bash
# Shared by the tests of peerbar doctor. A test breaks the guest on purpose. Registration
# must then fail, doctor must report that failure and no other, and following its advice to
# the letter must make registration work. Source this after tap.sh.
# shellcheck source=tests/guest/lib/json.sh
. "$(dirname "${BASH_SOURCE[0]}")/json.sh"

NIC=efa_0		# literal, as a user types it: PB_IBDEV is empty if efa is broken
DEV=$PB_GPU
IMPORTER=revocable	# the efa driver that "modprobe efa" finds
AS=()			# a command prefix that runs the rest as another user
RANGE=()		# of the BAR, as words of "peerbar mr test"
TRY=mr_test		# the function that registers; its output is in /tmp/works
REPORT=/tmp/doctor.json	# doctor's last report
STATUS=0		# and its exit status

# Install our modules, so that modprobe finds them and applies their options.
install_modules()
{
	local release
	release=$(uname -r)
	cat > /etc/modprobe.d/peerbar-test.conf <<-EOT
	install efa insmod /src/build/modules/$release/$IMPORTER/efa.ko
	install peerbar-vfio-pci insmod /src/build/kernel/$release/peerbar-vfio-pci.ko \$CMDLINE_OPTS
	EOT
}

# Move a little data both ways through a registered BAR.
mr_test()
{
	"${AS[@]}" peerbar mr test "$NIC" "$DEV" total 64k max-op 4k "${RANGE[@]}" > /tmp/works 2>&1
}

# Must not run in a subshell: the advice on memlock names doctor's parent process.
doctor()
{
	STATUS=0
	"${AS[@]}" peerbar -j doctor "$NIC" "$DEV" > $REPORT || STATUS=$?
	json_is peerbar-doctor $REPORT
	return $STATUS
}

# failing KEY: print the value of KEY for each failure in the report.
failing()
{
	jq -r ".checks[] | select(.level == \"failure\") | .$1 // empty" $REPORT
}

# Follow the advice of the first failure, again and again until there is no failure: mending
# one may uncover the next.
follow_commands()
{
	local command try
	for try in 1 2 3 4; do
		command=$(failing command | head -n 1)
		tap_note "advice $try: $command"
		[ -n "$command" ] || return 1
		bash -c "$command" > /tmp/advice 2>&1 || {
			tap_note "$(cat /tmp/advice)"
			return 1
		}
		! doctor || return 0
	done
	return 1
}

# is_broken NAME CHECK WORDS: registration fails, and doctor reports a failure of CHECK and
# no other; its fact, advice or command matches WORDS (an extended regular expression).
is_broken()
{
	local name=$1 check=$2 words=$3
	if $TRY; then
		tap_not_ok "$name: registration fails" "it works"
	else
		tap_note "$(head -n 1 /tmp/works)"
		tap_ok "$name: registration fails"
	fi
	doctor || :
	if [ $STATUS != 1 ] || [ "$(failing check)" != "$check" ]; then
		tap_not_ok "$name: doctor names $check" "status $STATUS: $(jq -c . $REPORT)"
	elif ! jq -r '.checks[] | select(.level == "failure") | .fact, .advice, .command' \
			$REPORT | grep -qE -- "$words"; then
		tap_not_ok "$name: doctor names $check" "no $words in: $(jq -c . $REPORT)"
	else
		tap_note "$(failing fact)"
		tap_note "-> $(failing advice)"
		tap_ok "$name: doctor names $check"
	fi
}

# is_well NAME: registration works, and doctor finds no failure.
is_well()
{
	doctor || :
	judge_well "$1"
}

# judge_well NAME: the same, from the report of a doctor that has run already.
judge_well()
{
	if ! $TRY; then
		tap_not_ok "$1" "$(cat /tmp/works)"
	elif [ $STATUS != 0 ]; then
		tap_not_ok "$1" "doctor: status $STATUS, $(failing check): $(failing fact)"
	else
		tap_ok "$1"
	fi
}

# explains NAME ERRNO CHECK WORDS: registration failed with ERRNO, and doctor, asked about
# that errno, lists the finding of CHECK first.
explains()
{
	local name="$1: --errno $2 puts $3 first" first
	peerbar -j doctor --errno "$2" "$NIC" "$DEV" > /tmp/errno.json || :
	json_is peerbar-doctor-errno /tmp/errno.json
	first=$(jq -r '.[0] | .check, .fact' /tmp/errno.json)
	if [ "${first%%$'\n'*}" = "$3" ] && grep -qE -- "$4" <<< "$first"; then
		tap_ok "$name"
	else
		tap_not_ok "$name" "${first//$'\n'/: }"
	fi
}

# mends NAME [FOLLOW]: registration works once the advice is followed. FOLLOW is the function
# that does so where the advice is not a command.
mends()
{
	if [ $# = 1 ]; then
		follow_commands || tap_note "the advice could not be followed"
	else
		"$2"
		doctor || :
	fi
	judge_well "$1: the advice mends it"
}

# ailment NAME CHECK WORDS [FOLLOW]: is_broken, then mends.
ailment()
{
	is_broken "$1" "$2" "$3"
	mends "$1" "${@:4}"
}
