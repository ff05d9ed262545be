# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# From samples to bench.json (summary), and from that to the rows of its tables.
#
# A figure is the median of all its samples. A ratio is taken in each round or block,
# whose two halves ran next to each other, of the medians there; what is given is the
# median of these ratios, and the least and the most of them.

def quantile($p): sort | .[(length - 1) * $p | round];
def median: sort | (.[(length - 1) / 2 | floor] + .[length / 2 | floor]) / 2;
def round_to($digits): . * pow(10; $digits) | round / pow(10; $digits);
def spread($digits):
	{min: min, median: median, max: max} | map_values(round_to($digits));

# Of samples {group, side, value: [...]}: the ratio of @over to @under in each group.
def ratios($over; $under):
	group_by(.group) |
	map((map(select(.side == $over).value) | add | median) /
	    (map(select(.side == $under).value) | add | median)) |
	spread(3);

# The samples of one side, all together.
def side($side): map(select(.side == $side).value) | add;

def times($side): side($side) | {
	median: median, p10: quantile(0.1), p90: quantile(0.9), p99: quantile(0.99)
} | map_values(round_to(1));

def bandwidth:
	map(select(.kind == "bandwidth") |
	    {op, size, group: .round, side: .memory, value: [.mib_s]}) |
	group_by([.op, .size]) |
	map({op: .[0].op, size: .[0].size,
	     host: side("host") | spread(1), bar: side("bar") | spread(1),
	     ratio: ratios("bar"; "host")} |
	    .best = (.bar.max / .host.max | round_to(3)));

# Both exporters and their ratio, of samples as ratios() wants them.
def exporters: {
	kernel: times("vfio-pci"), peerbar: times("peerbar-vfio-pci"),
	ratio: ratios("peerbar-vfio-pci"; "vfio-pci")
};

def samples_of($step): map({group: .block, side: .driver, value: .us[$step]});

def cycle:
	map(select(.kind == ("nic", "importer", "unmap"))) | group_by([.kind, .size]) |
	map(. as $runs | .[0].us | keys_unsorted[] | . as $step |
	    {kind: $runs[0].kind, size: $runs[0].size, step: $step} +
	    ($runs | samples_of($step) | exporters));

def register:
	map(select(.kind == "register")) | group_by([.size, .address]) |
	map({size: .[0].size, address: .[0].address, pages: (map(.pages) | unique),
	     register: samples_of("register") | exporters,
	     dereg: samples_of("dereg") | exporters});

def revoke:
	map(select(.kind == "revoke")) | group_by([.trigger, .load]) |
	map({trigger: .[0].trigger, load: .[0].load,
	     calls: map(.us.revoke | length) | add, cut: map(.cut) | add} +
	    (samples_of("revoke") | exporters));

# Revokes by the fence and by the NIC driver, and deregistration by the driver that needs
# the fence.
def fence:
	map(select(.kind == "fence")) | group_by([.size, .nics, .mrs]) |
	map({size: .[0].size, nics: .[0].nics, mrs: .[0].mrs} +
	    (map({group: .block, side: .by, value: .us.revoke}) +
	     map(select(.by == "fence") | {group: .block, side: "dereg", value: .us.dereg}) |
	     {fence: times("fence"), native: times("native"), dereg: times("dereg"),
	      to_native: ratios("fence"; "native"), to_dereg: ratios("fence"; "dereg")}));

def summary($samples): $samples | {
	kernel: $ARGS.named.kernel, machine: $ARGS.named.machine,
	bandwidth: bandwidth, cycle: cycle, register: register, revoke: revoke
};

def fence_summary($samples): $samples | {
	kernel: $ARGS.named.kernel, machine: $ARGS.named.machine, fence: fence
};

def bytes:
	if . >= 1073741824 then "\(. / 1073741824) GiB"
	elif . >= 1048576 then "\(. / 1048576) MiB"
	else "\(. / 1024) KiB" end;
# Two decimals, always.
def fixed:
	"\(. * 100 | round)" | "0" * ([3 - length, 0] | max) + . | .[:-2] + "." + .[-2:];
def range: "\(.min) to \(.max)";
def cells: (.median | fixed), "\(.min | fixed) to \(.max | fixed)";
def ratio: .ratio | cells;

def bandwidth_table: .bandwidth[] |
	[.op, (.size | bytes), "\(.host.median) (\(.host | range))",
	 "\(.bar.median) (\(.bar | range))", ratio, (.best | fixed)];

def cycle_table: .cycle[] |
	[.kind, (.size | bytes), .step, "\(.kernel.median) (\(.kernel.p10) to \(.kernel.p90))",
	 "\(.peerbar.median) (\(.peerbar.p10) to \(.peerbar.p90))", ratio];

def register_table: .register[] |
	[(.size | bytes), .address, (.pages | join(" or ")), .register.kernel.median,
	 .register.peerbar.median, (.register | ratio)];

def revoke_table: .revoke[] |
	[.trigger, .load, "\(.cut) of \(.calls)", .kernel.median, .kernel.p99,
	 .peerbar.median, .peerbar.p99, ratio];

def fence_table: .fence[] |
	[(.size | bytes), .nics, .mrs, (.fence, .native, .dereg | .median, .p99),
	 (.to_native, .to_dereg | cells)];
