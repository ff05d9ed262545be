#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# kernel_fuzz.sh [SECONDS [OPTION]...]: kernel_fuzz for that long (default 60), from the inputs
# of kernel_seeds.py, with further options of libFuzzer. The inputs that reach all that was reached
# are in the folder corpus of the results, and "missed" there lists the exporter's functions that no
# input reached. An input that breaks something is in the results, too, and "kernel_fuzz.sh 0 FILE"
# runs it again.
set -u
# shellcheck source=tests/guest/lib/tap.sh
. /src/tests/guest/lib/tap.sh

SEED=/tmp/seed
CORPUS=/tmp/corpus
seconds=${1:-60}
[ $# = 0 ] || shift

# functions: the exporter's, "ADDRESS NAME" each, by their addresses; without what the compiler and
# the trace events add, and what runs only when the module or a device comes and goes
functions()
{
	awk '$4 == "[peerbar_vfio_pci]" && $2 ~ /[tT]/ && $3 !~ /^_|trace_|_(init|exit|probe|remove)$/ &&
		$3 !~ /[.]cold|_module$/ { print $1, $3 }' /proc/kallsyms | sort
}

# A function has been reached if one of its lines was.
missed()
{
	{ functions; sed 's/$/ reached/' /results/reached; } | sort -s -k 1,1 |
		awk '$2 == "reached" { hit[name] = 1; next } { name = $2; all[name] }
			END { for (n in all) if (!(n in hit)) print n }' | sort
}

if [ "$seconds" = 0 ]; then
	exec kernel_fuzz "$@"
fi
mkdir -p $CORPUS /results/corpus
touch /results/reached	# which is not written if it crashes
"$(dirname "$0")/kernel_seeds.py" $SEED
kernel_fuzz -max_total_time="$seconds" -max_len=1025 -len_control=0 -timeout=60 \
	-artifact_prefix=/results/ "$@" $CORPUS $SEED > /results/fuzz.log 2>&1
status=$?
missed > /results/missed
name="kernel fuzz, $seconds seconds"
done_line=$(grep -ao '^Done.*' /results/fuzz.log)
if [ $status = 0 ]; then
	tap_ok "$name # $done_line, $(functions | wc -l) functions, $(wc -l < /results/missed) missed"
else
	tail -n 30 /results/fuzz.log | cut -c 1-200 | sed 's/^/# /'
	tap_not_ok "$name" "status $status"
fi
cp /results/reached /tmp/reached
kernel_fuzz -merge=1 /results/corpus $CORPUS $SEED > /results/merge.log 2>&1
mv /tmp/reached /results/reached
exit $((tap_failures > 0))
