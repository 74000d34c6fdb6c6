"""A gRPC server with the standard health service; run as a process of its own by harness.servers_http.

    grpc_server.py PORT HEALTH_FILE [CERTIFICATE KEY]

HEALTH_FILE is JSON, read for each call: {"service": "SERVING" | "NOT_SERVING" | "hang"}. The generated classes of the
health service are in no package of Debian 12, so its two messages of one field each are put together here.
"""

import json
import sys
import time
from concurrent import futures

import grpc

port, health_file = sys.argv[1], sys.argv[2]
STATUS = {"SERVING": b"\x08\x01", "NOT_SERVING": b"\x08\x02"}


def check(request, context):
    """Field 1 of the request is the service's name; names of up to 127 bytes are enough here."""
    service = request[2 : 2 + request[1]].decode() if request else ""
    with open(health_file, encoding="ascii") as file:
        state = json.load(file).get(service)
    if state == "hang":
        time.sleep(5)
    if state not in STATUS:
        context.abort(grpc.StatusCode.NOT_FOUND, f"unknown service «{service}»")
    return STATUS[state]


def main():
    server = grpc.server(futures.ThreadPoolExecutor(8))
    methods = {"Check": grpc.unary_unary_rpc_method_handler(check)}
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("grpc.health.v1.Health", methods)])
    if len(sys.argv) > 3:
        with open(sys.argv[3], "rb") as certificate, open(sys.argv[4], "rb") as key:
            credentials = grpc.ssl_server_credentials([(key.read(), certificate.read())])
        server.add_secure_port(f"127.0.0.1:{port}", credentials)
    else:
        server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    print("serving", flush=True)
    server.wait_for_termination()


main()
