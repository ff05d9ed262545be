# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Makes bench.json of the samples (summary), and the rows of its tables of that.
#
# A figure is the median of all its samples. A ratio is computed in each round or block, whose
# two halves ran right after each other, from the medians of the two halves. The result is the
# median of these ratios, with their minimum and maximum.

def quantile($p): sort | .[(length - 1) * $p | round];
def median: sort | (.[(length - 1) / 2 | floor] + .[length / 2 | floor]) / 2;
def round_to($digits): . * pow(10; $digits) | round / pow(10; $digits);
def spread($digits):
	{min: min, median: median, max: max} | map_values(round_to($digits));

# For samples {group, side, value: [...]}: the ratio of side $over to side $under in each
# group, and the spread of these ratios.
def ratios($over; $under):
	group_by(.group) |
	map((map(select(.side == $over).value) | add | median) /
	    (map(select(.side == $under).value) | add | median)) |
	spread(3);

# All values of one side, as one list.
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

# Both exporters and their ratio; the samples are in the form that ratios() takes.
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

# The times of revokes by the fence and by the NIC's driver, and of deregistration by the
# driver that needs the fence.
def fence:
	map(select(.kind == "fence")) | group_by([.size, .nics, .mrs]) |
	map({size: .[0].size, nics: .[0].nics, mrs: .[0].mrs} +
	    (map({group: .block, side: .by, value: .us.revoke}) +
	     map(select(.by == "fence") | {group: .block, side: "dereg", value: .us.dereg}) |
	     {fence: times("fence"), native: times("native"), dereg: times("dereg"),
	      to_native: ratios("fence"; "native"), to_dereg: ratios("fence"; "dereg")}));

# Who had mappings of the BAR when a reset or a wait was measured; the order is the table's.
def crowd: {mrs, buffers, ranges};
def behaviours: ["idle", "detach", "once", "never", "sit"];
def place($behaviour): [.mrs, .buffers, .ranges, (behaviours | index($behaviour))];

# The spread in ms of a list of times in us.
def ms: if length == 0 then null else map(. / 1000) | spread(1) end;

# For the samples of one crowd and behaviour: resets with the timeout that is set, and revokes
# with a timeout of 1 ms, which take little longer than the closing of what is mapped. $own is
# the time that the device itself takes to reset.
def bound($set; $own):
	map(select(.timeout_ms == $set)) as $reset |
	map(select(.timeout_ms != $set)) as $close |
	(.[0] | crowd) + {
		importers: .[0].importers,
		resets: ($reset | map(.us.reset | length) | add),
		mapped: ($reset | map(.mapped) | add), fenced: ($reset | map(.fenced) | add),
		overdue: ($reset | map(.overdue) | add),
		reset: ($reset | map(.us.reset[] - $own) | ms),
		close: ($close | map(select(.by == "nic").us.revoke[]) | ms),
		close_unwatched: ($close | map(select(.by == "unwatched").us.revoke[]) | ms),
		detach_us: ($reset | map(.us.detach) | add | spread(1)),
		detach_all: ($reset | map(.us.detach_all) | add | ms)
	};

def bounds($set):
	map(select(.kind == "reset")) | (map(.us.own) | add | median) as $own |
	group_by(place(.importers)) | map(bound($set; $own));

# The longest wait for each lock: the longest time of an operation that takes it, less the
# median time of the same operation while nothing else goes on.
def waits:
	map(select(.kind == "waits")) | group_by([.mrs, .buffers, .ranges]) |
	map((map(select(.while == "idle"))[0].median_us) as $idle |
	    sort_by(place(.while))[] |
	    crowd + {while} + {wait: (.longest_us | with_entries(
		.value = ([.value - $idle[.key], 0] | max / 1000 | round_to(1))))});

def summary($samples): $samples | {
	kernel: $ARGS.named.kernel, machine: $ARGS.named.machine,
	bandwidth: bandwidth, cycle: cycle, register: register, revoke: revoke
};

def fence_summary($samples): $samples | {
	kernel: $ARGS.named.kernel, machine: $ARGS.named.machine, fence: fence
};

def bounds_summary($samples): ($ARGS.named.set | tonumber) as $set | $samples | {
	kernel: $ARGS.named.kernel, machine: $ARGS.named.machine,
	revoke_timeout_ms: $set, bounds: bounds($set), waits: waits
};

def bytes:
	if . >= 1073741824 then "\(. / 1073741824) GiB"
	elif . >= 1048576 then "\(. / 1048576) MiB"
	else "\(. / 1024) KiB" end;
# The number with exactly two decimals.
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

def behaviour: {once: "unmap at once", never: "never unmap", sit: "one sits"}[.] // .;
def ms_cell:
	if . == null then "-"
	elif .min == .max then .median
	else "\(.median) (\(.min) to \(.max))" end;

def bounds_table: .bounds[] |
	[.mrs, .buffers, .ranges, (.importers | behaviour),
	 ((.mapped, .fenced) / .resets | round), (.reset, .close, .close_unwatched | ms_cell),
	 .detach_us.median, .detach_all.median];

def waits_table: .waits[] |
	[.mrs, .buffers, .ranges, (.while | behaviour),
	 (.wait | .revokes, .exports, .attachments, .poll)];

# A TAP line for each bound, with the longest reset that was measured.
def bounds_checks: (.revoke_timeout_ms * 1.1) as $allowed | .bounds[] |
	(if .reset.max < $allowed then "ok" else "not ok" end) +
	" reset, \(.mrs) MRs, \(.buffers) buffers, \(.ranges) ranges, " +
	"\(.importers | behaviour): \(.reset.max) ms beyond the device's own, " +
	"less than \($allowed) allowed";
