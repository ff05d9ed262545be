# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# shellcheck shell=bash
# What the benchmarks share: taking samples in turns, summing them up, and showing tables.

HERE=$(dirname "${BASH_SOURCE[0]}")
SAMPLES=/results/samples.jsonl
OURS=peerbar-vfio-pci

progress()
{
	printf '# %4d s  %s\n' $SECONDS "$*" >&2
}

die()
{
	echo "bench: $*" >&2
	exit 1
}

load_our_exporter()
{
	[ -d /sys/bus/pci/drivers/$OURS ] || insmod "/src/build/kernel/$(uname -r)/$OURS.ko"
}

bind_exporter()
{
	peerbar dev bind "$PB_GPU" driver "$1" > /dev/null
}

# in_turns N A B: "A B", or "B A" if N is even, because the first of a pair has a cold cache.
in_turns()
{
	if (($1 % 2)); then echo "$2 $3"; else echo "$3 $2"; fi
}

# sample HEAD CMD ARG...: add the JSON lines of CMD to the samples. HEAD is members that are
# put into each of them and tell which measurement it belongs to.
sample()
{
	local head="{$1,"
	shift
	"$@" | sed "s/^{/$head/" >> $SAMPLES || die "$* failed: $(tail -n 1 $SAMPLES)"
}

# run_control DRIVER BLOCK ARG...: run bench_control and add its lines to the samples.
run_control()
{
	local head="\"driver\":\"$1\",\"block\":$2"
	shift 2
	sample "$head" bench_control "$@"
}

machine()
{
	local how="emulated (TCG)"
	! grep -q kvm-clock /sys/devices/system/clocksource/clocksource0/available_clocksource ||
		how=KVM
	echo "$(nproc) CPUs, $how"
}

# sum_up SUMMARY [OPTION]...: make bench.json of the samples with the function SUMMARY of
# bench.jq.
sum_up()
{
	progress "medians"
	jq -n -L "$HERE" --arg kernel "$(uname -r)" --arg machine "$(machine)" "${@:2}" \
		"include \"bench\"; $1([inputs])" $SAMPLES > /results/bench.json
	jq -r '"kernel   \(.kernel)\nmachine  \(.machine)"' /results/bench.json
}

# fits SCHEMA: does bench.json fit this one of docs/schemas? The last thing that a benchmark does,
# so that its tables are seen in any case.
fits()
{
	/src/tests/schemas/fits "$1" /results/bench.json
}

# show TABLE HEADING...: print the rows that the function TABLE of bench.jq makes, aligned.
show()
{
	local table=$1
	shift
	{
		local IFS=$'\t'
		echo "$*"
		jq -r -L "$HERE" "include \"bench\"; $table | @tsv" /results/bench.json
	} | awk -F '\t' '
		{ for (i = 1; i <= NF; i++) {
			cell[NR, i] = $i
			if (length($i) > width[i]) width[i] = length($i) } }
		END { print ""
			for (r = 1; r <= NR; r++) {
				for (i = 1; i <= NF; i++)
					printf i < NF ? "%-*s  " : "%-*s\n", width[i], cell[r, i] } }'
}
