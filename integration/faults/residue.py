"""What programs hold of their surroundings, before and after."""

from harness import processes, sanitizers
from harness.wait import eventually

# Caches and the allocator's spare memory. A sanitizer keeps what was freed.
SPARE_KB = 500_000 if sanitizers.ANY else 2_000


class Residue:
    """Descriptors, threads, children, zombies and memory of each program, the processes of HAProxy, files that are there only
    while they are written, and what ZooKeeper holds for all of its clients: sessions, ephemeral nodes, watches. Taken when
    it is made. Connections to the admin API and to what is checked come and go: there is a moment without them.

    A program that was started again is compared with its former life.
    """

    def __init__(self, world, spare_kb=SPARE_KB):
        self._world = world
        # A path that is created between being missed and being watched for has one watch more, until it is removed.
        self._spare = {"descriptors": 1, "threads": 1, "kB": max(spare_kb, SPARE_KB), "watches": 1}
        self._before = eventually(self._now, 30, "everything can be counted")

    def _now(self):
        world = self._world
        figures = {}
        for name, process in world.programs().items():
            pid = process.pid
            haproxies = set(world.haproxies())
            figures[name, "descriptors"] = processes.open_descriptors(pid)
            figures[name, "threads"] = processes.threads(pid)
            figures[name, "children"] = len([child for child in processes.children_of(pid) if child not in haproxies])
            figures[name, "zombies"] = processes.zombies_of(pid)
            figures[name, "kB"] = processes.anonymous_kb(pid)
        figures["HAProxy", "processes"] = len(world.haproxies())
        figures["the disk", "unfinished files"] = len(list(world.unfinished_files()))
        figures.update((("ZooKeeper", what), value) for what, value in self._in_zookeeper().items())
        return figures

    def _in_zookeeper(self):
        sums = {"ephemerals": 0, "sessions": 0, "watches": 0}
        for server in self._world.zookeepers:
            lines = (line.split("\t") for line in server.command("mntr").splitlines())
            told = {line[0]: line[1] for line in lines if len(line) > 1}
            sums["watches"] += int(told["zk_watch_count"])
            # Each server of an ensemble knows all of these.
            sums["ephemerals"] = max(sums["ephemerals"], int(told["zk_ephemerals_count"]))
            sums["sessions"] = max(sums["sessions"], int(told["zk_global_sessions"]))
        return sums

    def _usual(self, what):
        """For what was not there: as much as any other has."""
        return max((value for (_, kind), value in self._before.items() if kind == what), default=0)

    def grown(self, spare=None):
        """In words. `spare`: so much more of what ZooKeeper holds is right (sessions, ephemerals, watches)."""
        found = []
        for (who, what), now in self._now().items():
            before = self._before.get((who, what), self._usual(what))
            if who == "ZooKeeper" and spare:
                before += max(0, spare.get(what, 0))
            if now > before + self._spare.get(what, 0):
                found.append(f"{who} has {now} {what}, {before} before")
        return found
