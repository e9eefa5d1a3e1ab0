#!/usr/bin/env bash
# The main job on real input, inside the lab: a git repository, two directors that elect a master, three real servers, a client with
# traffic; changes by merge, and the master role moved by handover, by a crash and by a pulled cable.
# Run it with `make demo`. Every command shown is one an operator would type; the output is lbsync's and ipvsadm's own.
set -euo pipefail

bin=$(cd "$(dirname "$0")/../../.." && pwd)/bin
fleet=$(cd "$(dirname "$0")/../../.." && pwd)/examples/pair
PATH=$bin:$PATH
work=$(mktemp -d)
repo=$work/fleet
export GIT_CONFIG_GLOBAL=$work/gitconfig NO_COLOR=1

title() { printf '\n== %s\n' "$*"; }
show() { printf '$ %s\n' "$*"; }
on() { ip netns exec "$1" "${@:2}"; }
# lb DIRECTOR ARGS: an lbsync command on a director, shown as typed there.
lb() {
	local d=$1 code=0
	shift
	show "$d: lbsync $*"
	on "$d" lbsync --socket "$work/$d/agent.sock" "$@" || code=$?
	[ "$code" -eq 0 ] || echo "(exit code $code)"
}
# status DIRECTOR: the agent's, as JSON without blanks. It exits with what is wrong, so its exit code is no failure here.
status() { { on "$1" lbsync --socket "$work/$1/agent.sock" status -o json 2>/dev/null || true; } | tr -d ' \n'; }
# until_status DIRECTOR PATTERN [-v]: waits, for a bounded time, until the agent's status matches; with -v until it does not any more.
until_status() {
	local d=$1 pattern=$2 deadline=$((SECONDS + 120))
	until status "$d" | grep ${3:-} "$pattern" >/dev/null; do
		if [ $SECONDS -ge $deadline ]; then
			echo "demo: $d did not get to ${3:-} $pattern; its status:" >&2
			on "$d" lbsync --socket "$work/$d/agent.sock" status >&2 || true
			tail -qn 20 "$work/$d/agent.log" >&2
			exit 1
		fi
	done
}
# state DIRECTOR: the VRRP state of the instance there.
state() { { on "$1" lbsync --socket "$work/$1/agent.sock" get vrrp -o json 2>/dev/null || true; } | tr -d ' \n' | grep -o '"state":"[a-z]*"' | head -1 | cut -d'"' -f4; }
# until_role DIRECTOR STATE: waits, for a bounded time, until the director has the role; as master also the address.
until_role() {
	local d=$1 want=$2 deadline=$((SECONDS + 60))
	until [ "$(state "$d")" = "$want" ] && { [ "$want" != master ] || on "$d" ip -4 addr show dev eth0 | grep -q 192.0.2.100; }; do
		if [ $SECONDS -ge $deadline ]; then
			echo "demo: $d did not become $want:" >&2
			on "$d" lbsync --socket "$work/$d/agent.sock" get vrrp >&2 || true
			tail -qn 20 "$work/$d/agent.log" "$work/$d/engine.log" >&2
			exit 1
		fi
	done
}
# until_synced DIRECTOR: waits until the director knows the client's long-lived connections, by connection sync.
until_synced() {
	local d=$1 n deadline=$((SECONDS + 60))
	until n=$(on "$d" ipvsadm -Lnc | grep -c ESTABLISHED || true) && [ "$n" -ge 50 ]; do
		if [ $SECONDS -ge $deadline ]; then
			echo "demo: $d has just $n connections" >&2
			exit 1
		fi
	done
	echo "$d knows $n established connections"
}
# until_left DIRECTOR: waits until the director knows that the client's connections have ended. A commit after which most of them are gone
# would be taken back.
until_left() {
	local deadline=$((SECONDS + 60))
	until [ "$(on "$1" ipvsadm -Lnc | grep -c ESTABLISHED || true)" -eq 0 ]; do
		if [ $SECONDS -ge $deadline ]; then
			echo "demo: $1 has still connections" >&2
			exit 1
		fi
	done
}
# longest_wait: since the last time, as soon as all connections are answered again.
longest_wait() {
	rm -f "$work/lap"
	kill -USR1 $client
	until [ -e "$work/lap" ]; do read -rt 0.2 <> <(:) || true; done
	cat "$work/lap"
}
# engine DIRECTOR: starts the real-time half, as lbsync-engine.service does.
engine() {
	show "$1: lbsync engine"
	ip netns exec "$1" lbsync engine --socket "$work/$1/engine.sock" --state "$work/$1/engine.state" 2>>"$work/$1/engine.log" &
	engines[$1]=$!
	disown # or bash tells of its end
}
declare -A engines
head_is_applied() { for d in lb1 lb2; do until_status "$d" "\"applied\":{\"commit\":{\"id\":\"$(git -C "$repo" rev-parse HEAD)\""; done; }

title "A git repository with the fleet: examples/pair"
git config --global user.name "Ada Operator"
git config --global user.email ada@example.net
git config --global init.defaultBranch main
cp -r "$fleet" "$repo"
rm -f "$repo"/plan.golden
# Each director has a key of its own; the fleet declares the public halves, and so they know each other.
for d in lb1 lb2; do
	mkdir -p "$work/$d/state"
	show "$d: lbsync keygen --out key.pem"
	lbsync keygen --out "$work/$d/key.pem" | tee "$work/$d/key.pub"
	sed -i "/^director \"$d\"/,/^}/s|public_key = .*|$(grep -o 'public_key = .*' "$work/$d/key.pub")|" "$repo/fleet.hcl"
done
sed -i '/directors = \["lb1", "lb2"\]/a \\n  confirm {\n    timeout = "2s"\n  }' "$repo/fleet.hcl"
lbsync fmt "$repo"
git -C "$repo" init -q
git -C "$repo" add .
git -C "$repo" commit -qm "codis: two real servers"
git -C "$repo" log --oneline

title "Three real servers answer on the virtual address; two directors run the engine and the agent"
# A real server answers on its own address too: there the director checks it.
serve() {
	ip netns exec "$1" lblab echo --name "$1" 0.0.0.0:6379 &
	servers[$1]=$!
	disown # or bash tells of its end
}
declare -A servers
vip=192.0.2.100:6379
for rs in rs1 rs2 rs3; do serve $rs; done
for d in lb1 lb2; do
	cat >"$work/$d/agent.hcl" <<-HCL
		director = "$d"
		state    = "$work/$d/state"
		socket   = "$work/$d/agent.sock"
		engine   = "$work/$d/engine.sock"
		key_file = "$work/$d/key.pem"
		source "git" {
		  url    = "$repo"
		  branch = "main"
		  poll   = "2s"
		}
	HCL
	engine $d
	show "$d: lbsync agent --config agent.hcl"
	on $d lbsync agent --config "$work/$d/agent.hcl" 2>"$work/$d/agent.log" &
	# Without preempt whoever is there first keeps the role: let it be lb1, though lb2 has the higher priority.
	[ $d != lb1 ] || until_role lb1 master
done
head_is_applied
until_role lb2 backup
show "lb1: ipvsadm -ln"
on lb1 ipvsadm -ln
lb lb1 status
lb lb2 get vrrp

title "A client keeps 50 connections open and opens new ones, until the end"
# Not through the function: the client must get the signal itself.
ip netns exec client lblab traffic --connections 50 --every 250ms --patience 30s --ready "$work/flowing" --laps "$work/lap" $vip >"$work/traffic" &
client=$!
until [ -e "$work/flowing" ]; do read -rt 0.2 <> <(:) || true; done
echo "traffic flows"

title "A change: add real server .23, give .21 more weight. What would merging it do?"
git -C "$repo" checkout -qb add-rs3
sed -i 's/redis = .*/redis = ["192.0.2.21", "192.0.2.22", "192.0.2.23"]/; s/content { weight = 1 }/content { weight = real_server.value == "192.0.2.21" ? 3 : 1 }/' "$repo/fleet.hcl"
git -C "$repo" diff -U0 | grep '^[-+] '
show "lbsync validate"
lbsync validate "$repo"
lb lb1 diff "$repo" --director lb1

title "Merged: lb2, the backup, first; lb1, the master, once lb2 has confirmed it"
git -C "$repo" commit -qam "codis: add rs .23, more weight on .21"
git -C "$repo" checkout -q main
git -C "$repo" merge -q --no-ff -m "Merge branch 'add-rs3'" add-rs3
head_is_applied
show "lb1: ipvsadm -ln"
on lb1 ipvsadm -ln
lb lb1 diff "$repo" --director lb1

title "A bad commit: a second cluster takes syncid 11, which the first one sends with"
cat >"$repo/web.hcl" <<'HCL'
director "lb3" {}
director "lb4" {}

cluster "web" {
  directors = ["lb3", "lb4"]
  connection_sync {
    syncid    = 11
    interface = "eth0"
  }
  virtual_server "web" {
    address    = "192.0.2.110"
    port       = 80
    protocol   = "tcp"
    scheduler  = "rr"
    forwarding = "dr"
    real_server "192.0.2.31" { weight = 1 }
  }
}
HCL
git -C "$repo" add .
git -C "$repo" commit -qm "web: a cluster of its own"
show "lbsync validate"
lbsync validate "$repo" || echo "(exit code $?)"
until_status lb1 '"refusal":{"commit":{"id":"'"$(git -C "$repo" rev-parse HEAD)"
lb lb1 status
sed -i 's/syncid    = 11/syncid    = 12/' "$repo/web.hcl"
git -C "$repo" commit -qam "web: syncid 12"
head_is_applied
echo "with syncid 12 it is accepted, and changes nothing on lb1 and lb2"

title "A hand-made change on lb1 is drift; it is repaired and kept in the audit"
show "lb1: ipvsadm -e -t 192.0.2.100:6379 -r 192.0.2.22 -g -w 0"
on lb1 ipvsadm -e -t 192.0.2.100:6379 -r 192.0.2.22 -g -w 0
until_status lb1 '"repaired":1'
on lb1 ipvsadm -ln
lb lb1 audit show --event drift --state "$work/lb1/state"

title "Rollback of lb1 to the first commit, while main stays where it is"
first=$(git -C "$repo" rev-list --max-parents=0 HEAD)
lb lb1 rollback "$(git -C "$repo" rev-parse --short "$first")" --reason "rs .23 is slow"
until_status lb1 "\"applied\":{\"commit\":{\"id\":\"$first\""
lb lb1 status
on lb1 ipvsadm -ln
lb lb1 unpin
head_is_applied

title "Another syncid, under traffic: the backup accepts all, the master switches, the backup closes again"
sed -i 's/syncid    = 11/syncid    = 21/' "$repo/fleet.hcl"
git -C "$repo" commit -qam "codis: syncid 21"
head_is_applied
for d in lb1 lb2; do until_status $d '"phase":"idle"'; done
lb lb1 get sync
lb lb2 get sync
lb lb1 audit show --event resynced,confirmed --state "$work/lb1/state"

title "A commit that these hosts cannot carry: the sync interface is misspelt. Both refuse it, by what they know of themselves"
sed -i '/syncid/,/}/s/interface = "eth0"/interface = "eth9"/' "$repo/fleet.hcl"
git -C "$repo" commit -qam "codis: sync over eth9"
for d in lb1 lb2; do until_status $d '"refusal":{"commit":{"id":"'"$(git -C "$repo" rev-parse HEAD)"; done
lb lb2 status
git -C "$repo" revert --no-edit HEAD >/dev/null
head_is_applied

title "A commit that cannot work: sync messages are to be larger than the wire takes. The backup takes it back by itself, the master never touches it"
sed -i '/syncid/,/}/s/interface = "eth0"/&\n    maxlen    = 9000/' "$repo/fleet.hcl"
git -C "$repo" commit -qam "codis: larger sync messages"
until_status lb2 '"reverted":{"commit":{"id":"'"$(git -C "$repo" rev-parse HEAD)"
lb lb2 status
until_status lb1 "lb2holds.*wentback"
lb lb1 status
git -C "$repo" revert --no-edit HEAD >/dev/null
head_is_applied

title "Git is down: a rollback works all the same"
mv "$repo" "$repo.away"
lb lb2 rollback "$(git -C "$repo.away" rev-parse --short HEAD~5)" --reason "syncid 21 looks odd"
lb lb2 get sync
mv "$repo.away" "$repo"
lb lb2 unpin
head_is_applied
for d in lb1 lb2; do until_status $d '"phase":"idle"'; done

title "Planned: lb1 gives the master role to lb2, under traffic"
until_synced lb2
echo "the client's longest wait for an answer so far: $(longest_wait)"
lb lb1 handover codis_6379 --reason "kernel update"
until_role lb2 master
lb lb2 get vrrp
echo "the client's longest wait for an answer: $(longest_wait)"

title "A crash: kill -9 of the engine on lb2; lb1 takes over after the master-down interval"
until_synced lb1
show "lb2: kill -9 \$(pidof lbsync engine)     # the address stays on lb2, which forwards until lb1 announces it"
kill -9 "${engines[lb2]}"
until_role lb1 master
echo "the client's longest wait for an answer: $(longest_wait)"
engine lb2
until_role lb2 backup
lb lb1 get vrrp

title "A pulled cable: lb1 loses its link, lb2 takes over"
until_synced lb2
show "lb1: ip link set eth0 down"
on lb1 ip link set eth0 down
until_role lb2 master
echo "the client's longest wait for an answer: $(longest_wait)"
show "lb1: ip link set eth0 up"
on lb1 ip link set eth0 up
until_role lb1 backup
lb lb1 get vrrp

title "And back: lb2 hands over to lb1"
until_synced lb1
until_status lb2 '"director":"lb1","answers":true' # the cable was in its way too
lb lb2 handover codis_6379 --reason "the cable is in again"
until_role lb1 master
echo "the client's longest wait for an answer: $(longest_wait)"

title "The audit"
lb lb1 history --state "$work/lb1/state"
lb lb1 audit verify --state "$work/lb1/state"

title "What the client saw, through a merge, a refusal, a repair, a rollback and four changes of the master"
kill -TERM $client
code=0
wait $client || code=$?
cat "$work/traffic"

title "Health checks come with a commit too; removed real servers are drained from now on"
for d in lb1 lb2; do until_left $d; done
sed -i '/forwarding = "dr"/a \\    slow_start    = "5s"\n    drain_timeout = "60s"\n\n    health_check "tcp" {\n      interval = "1s"\n      timeout  = "500ms"\n      fall     = 2\n    }' "$repo/fleet.hcl"
sed -i 's/content { weight = .*/content { weight = 10 }/' "$repo/fleet.hcl"
lbsync fmt "$repo"
git -C "$repo" commit -qam "codis: check the real servers"
head_is_applied
for d in lb1 lb2; do until_status $d '"up":3'; done
lb lb1 get checks

title "rs3 dies: within two checks it is out, and traffic goes round it"
ip netns exec client lblab traffic --connections 0 --every 50ms --patience 5s $vip >"$work/round" 2>&1 &
client=$!
show "rs3: kill -9 \$(pidof redis)"
kill -9 "${servers[rs3]}"
for d in lb1 lb2; do until_status $d '"state":"out"'; done
show "lb1: ipvsadm -ln"
on lb1 ipvsadm -ln
lb lb1 status
kill -TERM $client
wait $client || true # what was refused until then is counted
cat "$work/round"

title "It is back, and takes its share in steps"
serve rs3
for d in lb1 lb2; do until_status $d '"state":"rising"'; done
show "lb1: ipvsadm -ln"
on lb1 ipvsadm -ln
for d in lb1 lb2; do until_status $d '"state":"rising"' -v; done
show "lb1: ipvsadm -ln"
on lb1 ipvsadm -ln

title "A commit takes rs3 away: it gets no new connections, and is removed when its last one has ended"
ip netns exec client lblab traffic --connections 30 --every 250ms --ready "$work/draining" $vip >"$work/drained" &
client=$!
until [ -e "$work/draining" ]; do read -rt 0.2 <> <(:) || true; done
sed -i 's/redis = .*/redis = ["192.0.2.21", "192.0.2.22"]/' "$repo/fleet.hcl"
lb lb1 diff "$repo" --director lb1
git -C "$repo" commit -qam "codis: rs .23 retires"
head_is_applied
lb lb1 get real-servers
# Not before it is confirmed: a commit after which most connections are gone is taken back.
for d in lb1 lb2; do until_status $d '"phase":"idle"'; done
kill -TERM $client
wait $client || code=$?
cat "$work/drained"
for d in lb1 lb2; do until_status $d '"drains"' -v; done
lb lb1 audit show --event health,drain_ended --state "$work/lb1/state"
exit $code
