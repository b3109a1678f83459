"""Something that takes its time, and says how far it is."""

import signal
import sys
import time


class Countdown:
    """Waits in steps, and prints each."""

    @classmethod
    def schema(cls):
        return {
            "type": "object",
            "title": "Countdown",
            "properties": {
                "steps": {"type": "integer", "title": "Steps", "minimum": 0, "maximum": 100000, "default": 10},
                "seconds": {"type": "number", "title": "Seconds a step", "minimum": 0, "maximum": 60, "default": 1},
            },
            "additionalProperties": False,
        }

    @classmethod
    def run(cls, storage_context, steps=10, seconds=1):
        if steps < 0:
            raise ValueError("steps must not be negative")
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("asked to stop"))
        for step in range(1, steps + 1):
            time.sleep(seconds)
            print("step %d of %d" % (step, steps))
        return {"outputs": {"steps": steps}}
