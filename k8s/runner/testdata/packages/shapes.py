import json
import os
import signal
import sys
import time

print("printed when imported")


class Base:
    @classmethod
    def schema(cls):
        return {"type": "object", "properties": {}}


class Area(Base):
    @classmethod
    def schema(cls):
        return {
            "type": "object",
            "title": "Fläche",
            "properties": {
                "width": {"type": "number", "minimum": 0},
                "height": {"type": "number", "default": 1},
            },
            "required": ["width"],
        }

    @classmethod
    def run(cls, storage_context, width, height=1):
        print("area", width * height)
        return {"outputs": {"area": width * height}}


class Context(Base):
    @classmethod
    def run(cls, storage_context, **parameters):
        print(json.dumps([storage_context, parameters], sort_keys=True))


class Stop(Base):
    @classmethod
    def run(cls, storage_context, code):
        sys.exit(code)


class Raises(Base):
    @classmethod
    def run(cls, storage_context):
        raise ValueError("width must be \u00e4 number")


class Slow(Base):
    @classmethod
    def run(cls, storage_context, polite=True):
        def handle(number, frame):
            print("got", signal.Signals(number).name)
            sys.exit(5)

        if polite:
            signal.signal(signal.SIGTERM, handle)
        print("ready")
        time.sleep(30)


class Chatty(Base):
    @classmethod
    def run(cls, storage_context, n, value="x"):
        return {"outputs": [value] * n}


class Killed(Base):
    @classmethod
    def run(cls, storage_context):
        os.kill(os.getpid(), signal.SIGKILL)
