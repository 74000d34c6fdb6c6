"""Servers that speak HTTP in more ways than a backend does: scripted ones (plain, TLS, on a unix socket), a fake of the
Kubernetes API, a real gRPC server and a real tinyproxy."""

import http.server
import json
import os
import socket
import ssl
import subprocess
import threading

from harness.ports import free_port
from harness.servers_db import Server, connected


class Certificate:
    """A self-signed certificate for these names, made now. `file` is what a client needs to trust it."""

    def __init__(self, sandbox, *names):
        name = sandbox.unique("certificate")
        self.file, self.key = sandbox.path(f"{name}.pem"), sandbox.path(f"{name}.key")
        kinds = ["IP:" + n if n[0].isdigit() else "DNS:" + n for n in names]
        argv = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        argv += ["-days", "2", "-subj", f"/CN={names[0]}", "-addext", f"subjectAltName={','.join(kinds)}"]
        subprocess.run([*argv, "-keyout", self.key, "-out", self.file], check=True, capture_output=True, timeout=30)


class Request:
    def __init__(self, method, path, headers, body):
        self.method, self.path, self.headers, self.body = method, path, headers, body


def _complete(answer):
    return (*answer, {})[:3] if isinstance(answer, tuple) else (answer, "", {})


class ScriptedServer:
    """Answers each request with what `script(request)` returns: a status, or (status, body), or (status, body,
    headers; a body with Transfer-Encoding is sent as it is); None holds the answer back until the server is closed. A thread of ours; the port stays the same when it
    is closed and opened again."""

    def __init__(self, script, certificate=None, unix_socket=None, host="127.0.0.1"):
        self.script = script
        self.host = host
        self.requests = []
        self.certificate = certificate
        self.unix_socket = unix_socket
        self.port = 0 if unix_socket else free_port()
        self.open()

    def open(self):
        outer = self
        self._closed = threading.Event()
        context = None
        if self.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate.file, self.certificate.key)

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 10

            def setup(self):
                if context:  # in the connection's own thread: a client may take its time
                    self.request.settimeout(self.timeout)
                    self.request = context.wrap_socket(self.request, server_side=True)
                super().setup()

            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                request = Request(self.command, self.path, dict(self.headers), body.decode())
                outer.requests.append(request)
                answer = outer.script(request)
                if answer is None:
                    outer._closed.wait(30)
                    self.close_connection = True
                    return
                status, text, headers = _complete(answer)
                self.send_response(status)
                if "Transfer-Encoding" not in headers:
                    self.send_header("Content-Length", str(len(text.encode())))
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(text.encode())

            do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = handle_any

            def log_message(self, *_):
                pass

        class Listener(http.server.ThreadingHTTPServer):
            address_family = (
                socket.AF_UNIX if self.unix_socket else socket.AF_INET6 if ":" in self.host else socket.AF_INET
            )
            daemon_threads = True
            request_queue_size = 128

            def server_bind(self):  # without asking for our own name
                self.allow_reuse_address = True
                if outer.unix_socket and os.path.exists(outer.unix_socket):
                    os.unlink(outer.unix_socket)
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                self.socket.bind(self.server_address)
                self.server_name, self.server_port = "localhost", outer.port

            def get_request(self):
                connection, _ = self.socket.accept()
                return connection, ("client", 0)

            def handle_error(self, *_):
                pass  # a client that went away, or does not like our certificate

        self._listener = Listener(self.unix_socket or (self.host, self.port), Handler)
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def close(self):
        if self._closed.is_set():
            return
        self._closed.set()
        self._listener.shutdown()
        self._listener.server_close()


class KubernetesApi:
    """Answers as the Kubernetes API does to one who asks for a pod with the token that is in `token_file` now."""

    def __init__(self, sandbox):
        self.certificate = Certificate(sandbox, "127.0.0.1")
        self.token_file = sandbox.path("token")
        self.pods = {}
        self.silent = False
        self.set_token("t0ken-1")
        self.server = ScriptedServer(self._answer, self.certificate)

    @property
    def url(self):
        return f"https://127.0.0.1:{self.server.port}"

    def set_token(self, token, write=True):
        """The token that is accepted from now on; `write`: and the one that clients find."""
        self.token = token
        if write:
            with open(self.token_file, "w", encoding="ascii") as file:
                file.write(token + "\n")

    def set_pod(self, name, ready, reason="", message="", namespace="default"):
        condition = {"type": "Ready", "status": ready, "lastTransitionTime": "2024-01-01T00:00:00Z"}
        if reason:
            condition |= {"reason": reason, "message": message}
        conditions = [{"type": "PodScheduled", "status": "True"}, condition]
        filler = [{"manager": "kubelet", "fieldsV1": {"f:status": "x" * 100_000}}]
        self.pods[f"/api/v1/namespaces/{namespace}/pods/{name}"] = {
            "kind": "Pod",
            "apiVersion": "v1",
            "metadata": {"name": name, "namespace": namespace, "managedFields": filler},
            "status": {"phase": "Running", "conditions": conditions},
        }

    def _answer(self, request):
        if self.silent:
            return None
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return self._status(401, "Unauthorized", "Unauthorized")
        if pod := self.pods.get(request.path):
            return 200, json.dumps(pod), {"Content-Type": "application/json"}
        name = request.path.rpartition("/")[2]
        return self._status(404, "NotFound", f'pods "{name}" not found')

    @staticmethod
    def _status(code, reason, message):
        status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "reason": reason}
        return code, json.dumps({**status, "code": code}), {"Content-Type": "application/json"}


class Tinyproxy(Server):
    """A forward proxy; `users`: the lines of those who may use it, "name password", anybody when there are none."""

    def __init__(self, directory, *users):
        self.users = users
        super().__init__(directory)

    def prepare(self):
        lines = [f"Port {self.port}", "Listen 127.0.0.1", "Timeout 20", "MaxClients 50", "LogLevel Warning"]
        lines += [f"BasicAuth {user}" for user in self.users]
        with open(self.path("tinyproxy.conf"), "w", encoding="ascii") as file:
            file.write("\n".join(lines) + "\n")

    def argv(self):
        return ["tinyproxy", "-d", "-c", self.path("tinyproxy.conf")]

    def ready(self):
        return connected(self.port)


class GrpcServer(Server):
    """grpc_server.py: the health service of a real gRPC server; `certificate`: with TLS."""

    def __init__(self, directory, certificate=None):
        self.certificate = certificate
        super().__init__(directory)

    def prepare(self):
        self.set_health({"": "SERVING"})

    def set_health(self, services):
        """What is answered for each service: SERVING, NOT_SERVING, or "hang"; others are not known."""
        temporary = self.path("health.new")
        with open(temporary, "w", encoding="ascii") as file:
            json.dump(services, file)
        os.rename(temporary, self.path("health"))

    def argv(self):
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "grpc_server.py")
        files = [self.certificate.file, self.certificate.key] if self.certificate else []
        return ["/usr/bin/python3", script, self.port, self.path("health"), *files]

    def ready(self):
        return "serving" in self.process.log()
