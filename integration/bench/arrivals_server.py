"""The backend of `detection`: accepts connections on a port of 127.0.0.1 and prints the time of each.

The clock is the machine's monotonic one, so that other processes can compare.
"""

import socket
import sys
import time

with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as server:
    print("listening", flush=True)
    while True:
        connection, _ = server.accept()
        print(time.perf_counter(), flush=True)
        connection.close()
