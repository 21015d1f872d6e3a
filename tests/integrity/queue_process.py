"""A process of the site in `queue_settings`: `queue_process.py COMMAND…`, or `enqueue` for ever."""

import os
import sys
import time
from datetime import timedelta

import django
from django.core.management import CommandError, call_command

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.integrity.queue_settings"
django.setup()

from registries.checking import claims, enqueuing, runner

claims.STORING = 1
enqueuing.PATIENCE = timedelta(seconds=2)
runner.BEAT = runner.IDLE = 0.02

command, *arguments = sys.argv[1:]
if command != "enqueue":
    call_command(command, *arguments)
    sys.exit()
while True:
    try:
        call_command("enqueue_checks")
    except CommandError as error:
        print(error, flush=True)
    time.sleep(0.2)
