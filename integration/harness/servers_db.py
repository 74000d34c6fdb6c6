"""Real databases and brokers: PostgreSQL, MariaDB, Redis and RabbitMQ from Debian's packages, each in a directory of its
own, on ports of its own, and without a trace of the system's own configuration."""

import glob
import os
import pwd
import socket
import subprocess

from harness import web
from harness.ports import free_port
from harness.processes import Process, alive, descendants
from harness.wait import eventually

USER = "nerve"
PASSWORD = "s3cr3t-Wd0rt"


class Server:
    """One server with one port for its whole life. `process` is the present one; a restarted server is a new process
    on the same data."""

    START_SECONDS = 60

    def __init__(self, directory):
        self.directory = str(directory)
        self.port = free_port()
        self.process = None
        self._starts = 0
        os.makedirs(self.directory)
        self.prepare()

    def prepare(self):
        """Makes the data directory."""

    def argv(self):
        raise NotImplementedError

    def environment(self):
        return {}

    def ready(self):
        """Whether it serves; an OSError or an AssertionError means "not yet"."""
        raise NotImplementedError

    def launch(self):
        name = type(self).__name__.lower()
        log = self.path(f"log-{self._starts}")
        self._starts += 1
        self.process = Process(name, self.argv(), log, env=self.environment(), cwd=self.directory)
        return self

    def start(self):
        return self.launch().await_ready()

    def await_ready(self):
        def serves():
            if not self.process.running:
                raise RuntimeError(f"{self.process.name} ended:\n{self.process.log()[-5000:]}")
            return self.ready()

        eventually(serves, self.START_SECONDS, f"{self.process.name} serves", interval=0.05)
        return self

    def kill(self):
        self.process.kill()

    def pids(self):
        return [self.process.pid]

    def path(self, name):
        return os.path.join(self.directory, name)

    def run(self, argv):
        """A tool of the server's; its output is shown when it fails."""
        done = subprocess.run(argv, capture_output=True, text=True, timeout=180, stdin=subprocess.DEVNULL, check=False)
        assert done.returncode == 0, f"{argv}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done.stdout


def connected(port):
    with socket.create_connection(("127.0.0.1", port), 1):
        return True


def as_user(name):
    """The start of a command line that runs the rest as this user; PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return []
    user = ["--reuid", name, "--regid", name, "--clear-groups"]
    return ["setpriv", *user, "--pdeathsig", "KILL", "--"]  # which a change of user clears


def give_to(name, directory):
    """Makes the directory this user's, and lets others pass through what is above it and ours."""
    if os.geteuid() != 0:
        return
    user = pwd.getpwnam(name)
    os.chown(directory, user.pw_uid, user.pw_gid)
    above = os.path.dirname(directory)
    while above != "/" and os.stat(above).st_mode & 0o007 == 0:
        os.chmod(above, os.stat(above).st_mode | 0o011)
        above = os.path.dirname(above)


class Postgres(Server):
    """Asks for a password (SCRAM) on TCP and on its unix socket, which is in `directory`."""

    def prepare(self):
        versions = glob.glob("/usr/lib/postgresql/*/bin")
        self.programs = max(versions, key=lambda path: int(path.split("/")[4]))
        give_to("postgres", self.directory)
        with open(self.path("password"), "w", encoding="ascii") as file:
            file.write(PASSWORD)
        os.chmod(self.path("password"), 0o644)
        program = os.path.join(self.programs, "initdb")
        options = ["-D", self.path("data"), "-U", USER, "-A", "scram-sha-256", "--pwfile", self.path("password")]
        self.run([*as_user("postgres"), program, *options, "--no-sync", "--locale=C.UTF-8"])

    def argv(self):
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": self.directory,
            "fsync": "off",
            "shared_buffers": "8MB",
            "max_connections": "20",
        }
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        return [*as_user("postgres"), os.path.join(self.programs, "postgres"), "-D", self.path("data"), *options]

    def ready(self):
        return "ready to accept connections" in self.process.log()

    def kill(self):
        """With its own processes, which hold the shared memory a moment longer: the next one would not start."""
        workers = descendants(self.process.pid)
        super().kill()
        eventually(lambda: not any(map(alive, workers)))


class Mariadb(Server):
    """Its user has a password; its unix socket is `socket`."""

    def prepare(self):
        self.socket = self.path("socket")
        self.user = ["--user=root"] if os.geteuid() == 0 else []
        options = ["--no-defaults", f"--datadir={self.path('data')}", "--auth-root-authentication-method=normal"]
        self.run(["mariadb-install-db", *options, "--skip-test-db", "--skip-name-resolve", *self.user])
        with open(self.path("init.sql"), "w", encoding="ascii") as file:
            file.write(f"CREATE USER IF NOT EXISTS {USER}@'%' IDENTIFIED BY '{PASSWORD}';\n")
            file.write(f"CREATE USER IF NOT EXISTS {USER}@localhost IDENTIFIED BY '{PASSWORD}';\n")

    def argv(self):
        settings = {
            "datadir": self.path("data"),
            "socket": self.socket,
            "pid-file": self.path("pid"),
            "bind-address": "127.0.0.1",
            "port": self.port,
            "init-file": self.path("init.sql"),
            "innodb-flush-log-at-trx-commit": 0,
            "innodb-buffer-pool-size": "8M",
        }
        options = [f"--{key}={value}" for key, value in settings.items()]
        return ["mariadbd", "--no-defaults", *self.user, "--skip-name-resolve", *options]

    def ready(self):
        return os.path.exists(self.socket) and connected(self.port)

    def kill(self):
        super().kill()
        os.unlink(self.socket)


class Redis(Server):
    """The default user needs PASSWORD; a second one, USER, has a password of the same text."""

    def prepare(self):
        with open(self.path("redis.conf"), "w", encoding="ascii") as file:
            file.write(
                f'bind 127.0.0.1\nport {self.port}\ndir {self.directory}\nsave ""\n'
                f"requirepass {PASSWORD}\nuser {USER} on >{PASSWORD} +ping\n"
            )

    def argv(self):
        return ["redis-server", self.path("redis.conf")]

    def ready(self):
        return connected(self.port)


class Rabbitmq(Server):
    """With the management plugin on `management_port`. It takes seconds to start: launch() early, await_ready() late."""

    START_SECONDS = 90

    def prepare(self):
        self.management_port = free_port()
        self.epmd_port = free_port()
        self.epmd = None
        settings = {
            "listeners.tcp.default": f"127.0.0.1:{self.port}",
            "management.tcp.ip": "127.0.0.1",
            "management.tcp.port": self.management_port,
            "default_user": USER,
            "default_pass": PASSWORD,
            "log.file": "false",
            "log.console": "true",
        }
        with open(self.path("rabbitmq.conf"), "w", encoding="ascii") as file:
            file.writelines(f"{key} = {value}\n" for key, value in settings.items())
        with open(self.path("enabled_plugins"), "w", encoding="ascii") as file:
            file.write("[rabbitmq_management].\n")

    def environment(self):
        return {
            "HOME": self.directory,  # for the cookie
            "ERL_EPMD_PORT": str(self.epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"nerve{self.port}@localhost",
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_CONFIG_FILE": self.path("rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_ENABLED_PLUGINS_FILE": self.path("enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": self.path("data"),
            "RABBITMQ_LOG_BASE": self.path("logs"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none",
            "RUNNING_UNDER_SYSTEMD": "true",  # no shell between us and the broker
        }

    def launch(self):
        # The broker would start this one as a daemon, and it would stay.
        if self.epmd is None:
            argv = ["epmd", "-port", self.epmd_port, "-address", "127.0.0.1"]
            self.epmd = Process("epmd", argv, self.path("epmd.log"))
            eventually(lambda: connected(self.epmd_port))
        return super().launch()

    def argv(self):
        return ["/usr/lib/rabbitmq/bin/rabbitmq-server"]

    def ready(self):
        started = "Server startup complete" in self.process.log()
        return started and connected(self.port) and web.request(self.management_port)[0] == 200

    def pids(self):
        return [self.process.pid, self.epmd.pid]


class SharedServers:
    """One server of each kind for all tests, started when a test first asks for it. close() is the sandbox's."""

    def __init__(self, sandbox):
        self._sandbox = sandbox
        self._servers = {}

    def launch(self, kind):
        """Lets it start while something else is done."""
        if kind not in self._servers:
            self._servers[kind] = kind(self._sandbox.path(kind.__name__.lower())).launch()
        return self._servers[kind]

    def lend(self, kind):
        """For a fixture: the server, serving; afterwards it is mended if the test has paused or killed it."""
        server = self.launch(kind)
        server.await_ready()
        yield server
        server.process.resume()
        if not server.process.running:
            server.start()

    def pids(self):
        return [pid for server in self._servers.values() for pid in server.pids()]
