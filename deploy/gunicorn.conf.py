"""gunicorn in the container image: sized by the environment.

WEB_CONCURRENCY is the number of processes (2), WEB_THREADS how many threads each has (8), and PORT
where they listen (8000). GUNICORN_CMD_ARGS may change everything else.
"""

import os

bind = f"0.0.0.0:{os.environ.get('PORT') or 8000}"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
worker_class = "gthread"
threads = int(os.environ.get("WEB_THREADS") or 8)
# In memory, and writable in every container: a worker that waits for a disk would look dead.
worker_tmp_dir = "/dev/shm"  # noqa: S108 - not for data
control_socket_disable = True
