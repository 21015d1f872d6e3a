"""The signals of the app.

`state_changed` is sent when a registry needs attention, or is fine again, once CONFIRM_CHECKS
checks in a row said so. It is sent by the process that stored the last of these checks, after its
transaction was committed. A receiver is called with these keyword arguments:

sender: the class `Registry`
registry: the `Registry`
state: `"attention"` or `"fine"`, a value of `registries.models.Health`
previous: the state before; `""` if there was none
result: the `CheckResult` of the last of these checks

If a receiver raises, that is logged, and nothing else is held up. It runs in the thread that
checks, so it must not take long. If the process is killed at that moment, it is not called; the
messages to NOTIFY are sent nevertheless.
"""

from django.dispatch import Signal

state_changed = Signal()
