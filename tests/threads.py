"""Functions that run at the same time."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connections


def together(*functions: Callable[[], Any]) -> list[Any]:
    """Call the functions in threads that start at once; what each returned or raised, in order."""
    gate = threading.Barrier(len(functions))
    ended: dict[int, Any] = {}

    def call(number: int) -> None:
        try:
            gate.wait()
            ended[number] = functions[number]()
        except Exception as error:  # noqa: BLE001 - handed to the test
            ended[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=call, args=(number,)) for number in range(len(functions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [ended[number] for number in range(len(functions))]
