"""The spectrum of a signal."""

import cmath


class Spectrum:
    """How strong each frequency is in a few real samples."""

    @classmethod
    def schema(cls):
        return {
            "type": "object",
            "title": "Spectrum",
            "description": "Magnitude of each frequency in a real signal.",
            "properties": {
                "samples": {
                    "type": "array",
                    "title": "Samples",
                    "description": "The signal, at equal distances in time.",
                    "items": {"type": "number"},
                    "minItems": 1,
                    "maxItems": 4096,
                },
                "window": {
                    "type": "string",
                    "title": "Window",
                    "enum": ["none", "hann"],
                    "default": "none",
                },
            },
            "required": ["samples"],
            "additionalProperties": False,
        }

    @classmethod
    def run(cls, storage_context, samples, window="none"):
        n = len(samples)
        if window == "hann":
            samples = [x * (1 - cmath.cos(2 * cmath.pi * i / n).real) / 2 for i, x in enumerate(samples)]
        magnitudes = [abs(value) for value in transform([complex(x) for x in samples])[: n // 2 + 1]]
        magnitudes = [round(value, 9) + 0.0 for value in magnitudes]
        strongest = max(range(len(magnitudes)), key=magnitudes.__getitem__)
        print("process %s: strongest: %d of %d" % (storage_context["process_id"], strongest, n))
        return {"outputs": {"magnitudes": magnitudes, "strongest": strongest}}


def transform(values):
    """The discrete Fourier transform: by halves while there are two, term by term where not."""
    n = len(values)
    if n == 1:
        return values
    if n % 2:
        return [sum(v * cmath.exp(-2j * cmath.pi * i * k / n) for i, v in enumerate(values)) for k in range(n)]
    even, odd = transform(values[::2]), transform(values[1::2])
    turned = [cmath.exp(-2j * cmath.pi * k / n) * odd[k] for k in range(n // 2)]
    return [even[k] + turned[k] for k in range(n // 2)] + [even[k] - turned[k] for k in range(n // 2)]
