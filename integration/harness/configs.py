"""Configurations in the smallest form that a test needs.

Checks are frequent and warm-ups short, so that nobody waits for long. What ends a wait for somebody else (the timeout of a
check, of a session, of a report) is long: on a machine that is busy a stall must not look like a failure. A test whose
subject is such an end gives a shorter one itself.
"""

CHECK = {"type": "tcp", "checkIntervalInMilli": 50, "timeoutInMilli": 5000, "rise": 1, "fall": 1}


def check(type="tcp", **keys):
    return {**CHECK, "type": type, **keys}


def nerve_service(port, registry=None, **keys):
    """A service with one quick tcp check, hardly any warm-up, and a registration below `registry` (if given)."""
    service = {
        "name": "web",
        "host": "127.0.0.1",
        "port": port,
        "checks": [check()],
        "reporters": [reporter(registry)] if registry else [],
        "enableWarmupIntervalInMilli": 1,
        "disableMinDurationInMilli": 1,
        "reportReplayInMilli": 2000,  # a report that is not acknowledged by then begins the warm-up anew
    }
    return {**service, **keys}


def reporter(registry, **keys):
    where = {"type": "zookeeper", "hosts": [registry.server.hosts], "path": registry.path}
    return {**where, "connectionTimeoutInMilli": 10_000, **keys}


def explained_service(registry, *checks, **keys):
    """A service with these checks whose registration stays while it is down, with the reason."""
    shown = reporter(registry, exposeOnUnavailable=True)
    return nerve_service(1, registry, checks=list(checks), reporters=[shown], **keys)


def nerve(*services, **keys):
    return {"services": list(services), **keys}


def synapse_service(registry, port=None, **keys):
    """The smallest service: a watcher and a port."""
    service = {"watcher": {"type": "zookeeper", "hosts": [registry.server.hosts], "path": registry.path}}
    if port is not None:
        service["port"] = port
    return {**service, **keys}


def synapse(*services, **router_keys):
    """One synapse with one router of type haproxy that runs its HAProxy itself."""
    return {"routers": [{"type": "haproxy", "services": list(services), **router_keys}]}


def start_synapse(sandbox, mode, *services, **router_keys):
    """A synapse in one of the two ways to run HAProxy: "managed" as its child, "external" through reloadCommand."""
    if mode == "managed":
        return sandbox.synapse(synapse(*services, **router_keys))
    return sandbox.synapse({"routers": [sandbox.haproxy().router(list(services), **router_keys)]})
