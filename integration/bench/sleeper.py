"""The floor of `scheduling`: sleeps until each point of a grid, and prints how late it woke up, in milliseconds.

    sleeper.py SECONDS INTERVAL
"""

import json
import sys
import time

seconds, interval = float(sys.argv[1]), float(sys.argv[2])
lateness = []
start = time.perf_counter()
for number in range(int(seconds / interval)):
    due = start + number * interval
    time.sleep(max(0.0, due - time.perf_counter()))
    lateness.append((time.perf_counter() - due) * 1000)
print(json.dumps(lateness))
