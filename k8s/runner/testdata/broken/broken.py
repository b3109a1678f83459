class Fine:
    value = {"type": "object"}

    @classmethod
    def schema(cls):
        return cls.value

    @classmethod
    def run(cls, storage_context):
        pass


class Raising(Fine):
    @classmethod
    def schema(cls):
        raise KeyError("units")


class NotJSON(Fine):
    value = {"default": {1, 2}}


class NaN(Fine):
    value = {"default": float("nan")}


class List(Fine):
    value = []


class Invalid(Fine):
    value = {"type": "objekt"}


class NoRun:
    @classmethod
    def schema(cls):
        return {}
